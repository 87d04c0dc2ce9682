//! ListMetrics: what had data lately.

use std::sync::Arc;

use haar_platform::aws::cloudwatch::{Dimension, ListMetricsInput, ListMetricsOutput, Metric as Listed};
use haar_platform::kernel::{Access, Ctx, Fault};
use haar_telemetry::series::Metric;

use crate::cloudwatch::CloudWatch;
use crate::cloudwatch::error::Error;
use crate::cloudwatch::place::Place;

/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_ListMetrics.html>
const PAGE_MAX: usize = 500;

/// Metrics without new data for two weeks are not listed, and not found by searches.
pub const VISIBLE_MILLIS: i64 = 14 * 86_400_000;

/// PT3H.
const RECENT_MILLIS: i64 = 3 * 3_600_000;

/// No resource.
pub fn access(_: &Ctx, _: &CloudWatch, _: &ListMetricsInput) -> Result<Access, Fault> {
    Ok(Access::all())
}

/// A page of the metrics that the request is about, in the order of namespace, name and dimensions.
pub async fn list(ctx: &Ctx, cloudwatch: &CloudWatch, input: ListMetricsInput) -> Result<ListMetricsOutput, Error> {
    cloudwatch.catch_up().await?;
    let scope = format!(
        "ListMetrics {:?} {:?} {:?}",
        input.namespace,
        input.metric_name,
        input.dimensions.iter().flatten().map(|filter| (&filter.name, &filter.value)).collect::<Vec<_>>()
    );
    let from = match &input.next_token {
        None => 0,
        Some(token) => {
            let cursor = ctx.page_cursor(&scope, token).map_err(|_| Error::InvalidNextToken)?;
            cursor.parse().map_err(|_| Error::InvalidNextToken)?
        }
    };
    let place = Place::of(ctx);
    // There are no linked accounts: this one is its own monitoring account.
    let elsewhere = input.owning_account.as_ref().is_some_and(|owner| *owner != *place.account);
    let age_max = if input.recently_active.is_some() { RECENT_MILLIS } else { VISIBLE_MILLIS };
    let since = ctx.now().millis() - age_max;
    let all = cloudwatch.series.metrics(&place.partition(), input.namespace.as_deref());
    let fitting = all.into_iter().filter(|metric| !elsewhere && metric.published() >= since && fits(&input, metric));
    let mut page: Vec<Arc<Metric>> = fitting.skip(from).take(PAGE_MAX + 1).collect();
    let more = page.len() > PAGE_MAX;
    page.truncate(PAGE_MAX);
    let owners = input.include_linked_accounts.unwrap_or(false);
    Ok(ListMetricsOutput {
        owning_accounts: owners.then(|| vec![place.account.to_string(); page.len()]),
        next_token: more.then(|| ctx.page_token(&scope, &(from + PAGE_MAX).to_string())),
        metrics: Some(page.iter().map(|metric| listed(metric)).collect()),
    })
}

fn fits(input: &ListMetricsInput, metric: &Metric) -> bool {
    input.metric_name.as_ref().is_none_or(|name| *name == metric.name)
        && input.dimensions.iter().flatten().all(|filter| {
            let value_fits = |value: &String| filter.value.as_ref().is_none_or(|wanted| wanted == value);
            metric.dimensions.iter().any(|(name, value)| *name == filter.name && value_fits(value))
        })
}

fn listed(metric: &Metric) -> Listed {
    let dimensions = metric.dimensions.iter().cloned();
    Listed {
        namespace: Some(metric.namespace.clone()),
        metric_name: Some(metric.name.clone()),
        dimensions: Some(dimensions.map(|(name, value)| Dimension { name, value }).collect()),
    }
}
