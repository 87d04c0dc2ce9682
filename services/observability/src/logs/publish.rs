//! Metric values on their way to CloudWatch: out of the store, in as few calls as they fit in.

use std::collections::BTreeMap;
use std::sync::Arc;

use haar_platform::aws::cloudwatch as aws;
use haar_platform::kernel::{AccountId, Caller, Ctx, Fault, Next, Region, Timestamp};
use haar_platform::store::{Read, Span};

use super::Logs;
use super::error::LogsError;
use super::model::{Datum, METRIC_FILTERS, METRIC_OUTBOX, MINUTES, MINUTES_BY_DUE, Metric, MetricBatch, Minute};
use super::tally::Tally;

/// Batches that are taken out at once.
const BATCHES_AT_ONCE: usize = 1024;

/// Data of one call.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html>
const DATA_MAX: usize = 1000;

/// Values of one datum.
const VALUES_MAX: usize = 150;

/// Values by account and region.
type Pending = BTreeMap<(String, String), Tally>;

/// Sends what waits; then looks at the minutes that are over. What was sent is removed afterwards: after a crash in
/// between it is sent again, because nothing of an acknowledged event may be lost.
pub async fn publish(ctx: &Ctx, logs: &Logs) -> Result<Next, Fault> {
    loop {
        let batches: Vec<(u64, MetricBatch)> = logs
            .store
            .read(|tx| tx.scan(METRIC_OUTBOX, Span::all()).take(BATCHES_AT_ONCE).collect::<Result<_, _>>())
            .map_err(LogsError::from)?;
        if batches.is_empty() {
            break;
        }
        let mut pending = Pending::new();
        let keys: Vec<u64> = batches.iter().map(|(key, _)| *key).collect();
        for (_, MetricBatch { account, region, data }) in batches {
            let tally = pending.entry((account, region)).or_default();
            for Datum { metric, values } in data {
                values.into_iter().for_each(|(value, count)| tally.add(metric.clone(), value, count));
            }
        }
        send(ctx, pending).await?;
        logs.store
            .write(move |tx| -> Result<(), LogsError> {
                for key in &keys {
                    tx.delete(METRIC_OUTBOX, key)?;
                }
                Ok(())
            })
            .await?;
    }
    defaults(ctx, logs).await
}

/// Default values for the minutes that are over and had no match.
async fn defaults(ctx: &Ctx, logs: &Logs) -> Result<Next, Fault> {
    let now_ms = ctx.now().millis();
    let due: Vec<_> = logs
        .store
        .read(|tx| {
            tx.scan_index(MINUTES_BY_DUE, Span::between((), ..=now_ms))
                .map(|found| found.map(|(_, key, minute)| (key, minute)))
                .collect::<Result<Vec<_>, _>>()
        })
        .map_err(LogsError::from)?;
    let mut pending = Pending::new();
    for (key, Minute { matched, .. }) in &due {
        let (account, region, group, filter, minute_ms) = key;
        let filter = logs
            .store
            .read(|tx| tx.get(METRIC_FILTERS, &(account.as_str(), region.as_str(), group.as_str(), filter.as_str())))
            .map_err(LogsError::from)?;
        if let (false, Some(filter)) = (*matched, filter)
            && let Some(value) = filter.default_value
        {
            let metric = Metric {
                namespace: filter.namespace,
                name: filter.metric,
                dimensions: Vec::new(),
                unit: filter.unit,
                resolution: None,
                time_ms: *minute_ms,
            };
            pending.entry((account.clone(), region.clone())).or_default().add(metric, value, 1.0);
        }
    }
    send(ctx, pending).await?;
    let next = logs
        .store
        .write(move |tx| -> Result<_, LogsError> {
            for (key, seen) in &due {
                // An event that came meanwhile may have moved the minute on.
                if tx.get(MINUTES, key)?.is_some_and(|minute| minute.due_ms == seen.due_ms) {
                    tx.delete(MINUTES, key)?;
                }
            }
            Ok(tx.scan_index_keys(MINUTES_BY_DUE, Span::all()).next().transpose()?)
        })
        .await?;
    Ok(Next::at(next.map(|(due_ms, _)| Timestamp::from_millis(due_ms))))
}

async fn send(ctx: &Ctx, pending: Pending) -> Result<(), Fault> {
    for ((account, region), tally) in pending {
        let (Some(account), Some(region)) = (AccountId::parse(&account), Region::parse(&region)) else { continue };
        // Metrics have no policies that could let a service in: the account itself writes them, as on AWS nobody has to
        // permit it.
        let caller = Arc::new(Caller { arn: "logs.amazonaws.com".to_owned(), ..Caller::root(&account) });
        let there = ctx.elsewhere(caller.clone(), region);
        let mut by_namespace: BTreeMap<String, Vec<aws::MetricDatum>> = BTreeMap::new();
        for datum in tally.into_data() {
            let namespace = datum.metric.namespace.clone();
            by_namespace.entry(namespace).or_default().extend(wire(datum));
        }
        for (namespace, data) in by_namespace {
            for data in data.chunks(DATA_MAX) {
                put(&there, &caller, &namespace, data).await?;
            }
        }
    }
    Ok(())
}

/// One call. What CloudWatch refuses for good (a value that is too old) spoils only itself.
async fn put(ctx: &Ctx, caller: &Arc<Caller>, namespace: &str, data: &[aws::MetricDatum]) -> Result<(), Fault> {
    let Err(fault) = call(ctx, caller, namespace, data).await else { return Ok(()) };
    if fault.is_not_served() {
        // A house without metrics.
        return Ok(());
    }
    if !fault.sender {
        return Err(fault);
    }
    for datum in data {
        match call(ctx, caller, namespace, std::slice::from_ref(datum)).await {
            Err(fault) if !fault.sender => return Err(fault),
            Err(fault) => {
                tracing::warn!(namespace, metric = datum.metric_name, %fault, "dropped a metric value of log events");
            }
            Ok(()) => {}
        }
    }
    Ok(())
}

async fn call(ctx: &Ctx, caller: &Arc<Caller>, namespace: &str, data: &[aws::MetricDatum]) -> Result<(), Fault> {
    let input = aws::PutMetricDataInput {
        namespace: namespace.to_owned(),
        metric_data: Some(data.to_vec()),
        ..Default::default()
    };
    ctx.call_as::<aws::PutMetricData>(caller.clone(), input).await.map(drop)
}

/// A datum as the API takes it: several, where it has more values than fit in one.
fn wire(datum: Datum) -> Vec<aws::MetricDatum> {
    let Datum { metric, values } = datum;
    let dimensions: Vec<_> =
        metric.dimensions.into_iter().map(|(name, value)| aws::Dimension { name, value }).collect();
    let one = |values: &[(f64, f64)]| aws::MetricDatum {
        metric_name: metric.name.clone(),
        dimensions: (!dimensions.is_empty()).then(|| dimensions.clone()),
        timestamp: Some(Timestamp::from_millis(metric.time_ms)),
        values: Some(values.iter().map(|(value, _)| *value).collect()),
        counts: Some(values.iter().map(|(_, count)| *count).collect()),
        unit: metric.unit.as_deref().and_then(aws::StandardUnit::parse),
        storage_resolution: metric.resolution,
        ..Default::default()
    };
    values.chunks(VALUES_MAX).map(one).collect()
}
