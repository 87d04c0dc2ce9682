//! Alarms, evaluated on the clock: once a minute, every ten seconds where their periods are shorter than a minute, and
//! once an hour where they look back for more than a day.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html>
//!
//! Which alarms there are is kept in memory and read anew when one changes. An alarm is evaluated over what its metrics
//! say now, so nothing is stored unless the state changes; a metric that has said nothing for so long that nothing of it
//! can be in sight is not even read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use haar_platform::kernel::{AccountId, Ctx, Next, Region, Timestamp, Waker};
use haar_platform::store::{Read, Span};
use haar_telemetry::series::MetricName;
use parking_lot::Mutex;

use super::model::{ALARMS, AlarmKey, LowSamples, MetricWatch, SUPPRESSED, Source, Threshold, Value, Watch};
use super::reason::{self, Seen};
use super::state::{Change, NewState};
use super::verdict::{self, Datapoint, EXTRA_PERIODS, Rule, Verdict};
use crate::cloudwatch::CloudWatch;
use crate::cloudwatch::error::Error;
use crate::cloudwatch::metrics::evaluate::Evaluated;
use crate::cloudwatch::metrics::query::{self, Kind, Query};
use crate::cloudwatch::metrics::window::Window;
use crate::cloudwatch::place::Place;

const DAY_SECONDS: i64 = 86_400;

/// Data may be this far ahead of the clock when it comes.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html>
const AHEAD_MILLIS: i64 = 2 * 3_600_000;

/// Which alarms are evaluated, and when they last were.
#[derive(Clone, Default)]
pub struct Agenda {
    pub waker: Waker,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    /// `None` when an alarm has changed.
    plans: Option<Arc<Vec<Plan>>>,
    /// By cadence: the moment of the last evaluation, in seconds since 1970.
    evaluated: BTreeMap<i64, i64>,
    /// Alarms whose expressions had no value when they were last evaluated.
    failing: BTreeSet<AlarmKey>,
}

impl Agenda {
    /// An alarm was put or deleted.
    pub fn changed(&self) {
        self.inner.lock().plans = None;
        self.waker.wake();
    }

    /// The store was emptied.
    pub fn forget(&self) {
        *self.inner.lock() = Inner::default();
    }

    /// Whether an alarm's expression had no value when it was last evaluated.
    pub fn is_failing(&self, key: &AlarmKey) -> bool {
        self.inner.lock().failing.contains(key)
    }
}

/// How one alarm is evaluated.
struct Plan {
    key: AlarmKey,
    place: Place,
    watch: MetricWatch,
    queries: Vec<Query>,
    /// When it was put: what is found is about this alarm and no later one of its name.
    configured: Timestamp,
    period: i64,
    /// Seconds between two evaluations.
    cadence: i64,
    /// Metrics whose silence means that there is nothing to see; `None` where an expression may make values itself.
    metrics: Option<Vec<MetricName>>,
}

impl Plan {
    fn of(key: AlarmKey, watch: MetricWatch, configured: Timestamp) -> Option<Self> {
        let place = Place { account: AccountId::parse(&key.0)?, region: Region::parse(&key.1)? };
        // They were checked when the alarm was put.
        let queries = query::check(&place, "Metrics", &watch.source.queries()).ok()?;
        let period = subject(&queries, &watch.threshold)?.period;
        let cadence = match period {
            ..60 => 10,
            _ if period.saturating_mul(i64::from(watch.evaluation_periods)) > DAY_SECONDS => 3600,
            _ => 60,
        };
        let metrics = needed_metrics(&queries, &watch);
        Some(Self { key, place, watch, queries, configured, period, cadence, metrics })
    }

    /// From when to when it looks at `now`: periods slide with the clock.
    fn window(&self, now: Timestamp) -> Window {
        let step = if self.cadence == 10 { self.period } else { self.cadence };
        let to = now.seconds() - now.seconds().rem_euclid(step);
        let from = to - self.range() as i64 * self.period;
        Window::new(Timestamp::from_seconds(from), Timestamp::from_seconds(to), now)
    }

    /// Whether what is to be compared came to several series.
    fn is_ambiguous(&self, evaluated: &[Evaluated]) -> bool {
        let subject = subject(&self.queries, &self.watch.threshold).map(|query| query.id.as_str());
        evaluated.iter().filter(|evaluated| Some(evaluated.id.as_str()) == subject).count() > 1
    }

    /// Periods that it looks at.
    fn range(&self) -> usize {
        self.watch.periods() + EXTRA_PERIODS
    }
}

/// The metrics without whose data there is nothing to compare. Arithmetic makes nothing of nothing; of functions (`FILL`,
/// `TIME_SERIES`) that is not known.
fn needed_metrics(queries: &[Query], watch: &MetricWatch) -> Option<Vec<MetricName>> {
    let subject = subject(queries, &watch.threshold)?;
    if let Kind::Metric(metric) = &subject.kind {
        return Some(vec![metric.metric.clone()]);
    }
    let given = watch.source.queries();
    let calls = |text: &str| text.contains('(') && text.contains(|c: char| c.is_ascii_uppercase());
    if given.iter().filter_map(|query| query.expression.as_deref()).any(calls) {
        return None;
    }
    let metrics = queries.iter().filter_map(|query| match &query.kind {
        Kind::Metric(metric) => Some(metric.metric.clone()),
        Kind::Expression(_) => None,
    });
    let metrics: Vec<_> = metrics.collect();
    (!metrics.is_empty()).then_some(metrics)
}

/// The query whose values are compared.
pub fn subject<'a>(queries: &'a [Query], threshold: &Threshold) -> Option<&'a Query> {
    let band = match threshold {
        Threshold::Band(id) => Some(id),
        Threshold::Static(_) => None,
    };
    queries.iter().find(|query| query.return_data && Some(&query.id) != band)
}

/// Evaluates what is due.
pub async fn evaluate(ctx: &Ctx, cloudwatch: &CloudWatch) -> Result<Next, Error> {
    let plans = cloudwatch.plans()?;
    let now = ctx.now();
    let due = cloudwatch.agenda.due(&plans, now);
    if !due.is_empty() {
        cloudwatch.catch_up().await?;
    }
    for plan in plans.iter().filter(|plan| due.contains(&plan.cadence)) {
        cloudwatch.run(plan, now).await?;
    }
    let waiting = cloudwatch.release(now).await?;
    let next = plans.iter().map(|plan| Timestamp::from_seconds(boundary(now, plan.cadence) + plan.cadence)).min();
    Ok(Next::at(next.into_iter().chain(waiting).min()))
}

/// The last moment at which alarms of a cadence were due.
fn boundary(now: Timestamp, cadence: i64) -> i64 {
    now.seconds() - now.seconds().rem_euclid(cadence)
}

impl Agenda {
    /// The cadences that are due, which from now on are not.
    fn due(&self, plans: &[Plan], now: Timestamp) -> Vec<i64> {
        let mut inner = self.inner.lock();
        let mut due = Vec::new();
        // An alarm waits for its first moment, also when it is the first of its cadence for a long time.
        inner.evaluated.retain(|cadence, _| plans.iter().any(|plan| plan.cadence == *cadence));
        for plan in plans {
            let boundary = boundary(now, plan.cadence);
            let last = inner.evaluated.insert(plan.cadence, boundary);
            if last.is_some_and(|last| last < boundary) {
                due.push(plan.cadence);
            }
        }
        due
    }
}

impl CloudWatch {
    /// Performs actions that have waited long enough; when the next have.
    async fn release(&self, now: Timestamp) -> Result<Option<Timestamp>, Error> {
        let next = self.store.read(|tx| tx.scan_index_keys(SUPPRESSED, Span::all()).next().transpose())?;
        if next.as_ref().is_none_or(|(until, _)| *until > now.millis()) {
            return Ok(next.map(|(until, _)| Timestamp::from_millis(until)));
        }
        let cloudwatch = self.clone();
        let left = self.store.write(move |tx| -> Result<_, Error> {
            let due = tx.scan_index(SUPPRESSED, Span::between((), ..=now.millis()));
            let due = due.collect::<Result<Vec<_>, _>>()?;
            for (_, (account, region, _), alarm) in due {
                if let (Some(account), Some(region)) = (AccountId::parse(&account), Region::parse(&region)) {
                    Change::new(&cloudwatch, tx, &Place { account, region }, now).release(alarm)?;
                }
            }
            Ok(tx.scan_index_keys(SUPPRESSED, Span::all()).next().transpose()?)
        });
        Ok(left.await?.map(|(until, _)| Timestamp::from_millis(until)))
    }

    fn plans(&self) -> Result<Arc<Vec<Plan>>, Error> {
        if let Some(plans) = &self.agenda.inner.lock().plans {
            return Ok(plans.clone());
        }
        let mut plans = Vec::new();
        // An alarm that changes from here on takes these plans away again, under the same lock.
        let mut inner = self.agenda.inner.lock();
        self.store.read(|tx| {
            for row in tx.scan(ALARMS, Span::all()) {
                let (key, alarm) = row?;
                if let Watch::Metric(watch) = alarm.watch {
                    plans.extend(Plan::of(key, watch, alarm.configured));
                }
            }
            Ok::<_, haar_platform::store::StoreError>(())
        })?;
        let plans = Arc::new(plans);
        inner.plans = Some(plans.clone());
        Ok(plans)
    }

    /// Evaluates one alarm.
    async fn run(&self, plan: &Plan, now: Timestamp) -> Result<(), Error> {
        let window = plan.window(now);
        let silent = plan.metrics.as_ref().is_some_and(|metrics| {
            let silent_since = window.from.saturating_mul(1000) - AHEAD_MILLIS;
            metrics.iter().all(|name| self.series.metric(name).is_none_or(|it| it.published() < silent_since))
        });
        let evaluated = if silent { Ok(Vec::new()) } else { self.evaluate(&plan.place, &plan.queries, window).await };
        let seen = match evaluated {
            Ok(evaluated) if !plan.is_ambiguous(&evaluated) => seen(plan, window, &evaluated),
            // An expression without a value, or with several: as AWS says it, the alarm's setup needs correction.
            Ok(_) | Err(Error::Validation(_)) => {
                self.agenda.inner.lock().failing.insert(plan.key.clone());
                return Ok(());
            }
            Err(other) => return Err(other),
        };
        self.agenda.inner.lock().failing.remove(&plan.key);
        let watch = &plan.watch;
        let points: Vec<Datapoint> = seen.iter().map(|seen| datapoint(watch, seen)).collect();
        let rule = Rule { periods: watch.periods(), to_alarm: watch.to_alarm(), missing: watch.missing() };
        let verdict = verdict::judge(&points, rule);
        let Some(value) = verdict.value else { return Ok(()) };
        if verdict.considered.iter().any(|place| is_too_small(watch, &seen[*place])) {
            return Ok(());
        }
        let known = self.store.read(|tx| tx.get(ALARMS, &plan.key))?;
        let unchanged = known.is_none_or(|alarm| alarm.state.value == value && alarm.state.reason != reason::INITIAL);
        if unchanged {
            return Ok(());
        }
        self.settle(plan, value, &verdict, &seen, now).await
    }

    async fn settle(
        &self,
        plan: &Plan,
        value: Value,
        verdict: &Verdict,
        seen: &[Seen],
        now: Timestamp,
    ) -> Result<(), Error> {
        let reason = reason::text(&plan.watch, value, verdict, seen);
        let data = reason::data(&plan.watch, plan.period, verdict, seen, now);
        let new = NewState { value, reason, reason_data: Some(data) };
        let (cloudwatch, place) = (self.clone(), plan.place.clone());
        let (key, configured) = (plan.key.clone(), plan.configured);
        let written = self.store.write(move |tx| -> Result<(), Error> {
            // It may have been put anew or deleted meanwhile.
            let Some(alarm) = tx.get(ALARMS, &key)?.filter(|alarm| alarm.configured == configured) else {
                return Ok(());
            };
            Ok(Change::new(&cloudwatch, tx, &place, now).enter(alarm, new)?)
        });
        written.await
    }
}

/// What there is at each period of the evaluation range, newest first.
fn seen(plan: &Plan, window: Window, evaluated: &[Evaluated]) -> Vec<Seen> {
    let from = window.start(plan.period);
    let mut seen: Vec<Seen> =
        (0..plan.range() as i64).map(|step| Seen { time: from + step * plan.period, ..Seen::default() }).collect();
    let place = |time: i64| usize::try_from((time - from).div_euclid(plan.period)).ok();
    let mut each = |points: &[(i64, f64)], set: &dyn Fn(&mut Seen, f64)| {
        for (time, value) in points {
            if let Some(seen) = place(*time).and_then(|place| seen.get_mut(place)) {
                set(seen, *value);
            }
        }
    };
    let subject = subject(&plan.queries, &plan.watch.threshold).map(|query| query.id.as_str());
    let mut bands = 0;
    for Evaluated { id, series, .. } in evaluated {
        match &plan.watch.threshold {
            _ if Some(id.as_str()) == subject => each(&series.points, &|seen, value| seen.value = Some(value)),
            // The upper bound comes first.
            Threshold::Band(band) if id == band => {
                bands += 1;
                let upper = bands == 1;
                each(&series.points, &|seen, value| {
                    let (lower, other) = seen.bounds.unwrap_or((value, value));
                    seen.bounds = Some(if upper { (lower, value) } else { (value, other) });
                });
            }
            _ => each(&series.points, &|seen, value| seen.samples = Some(value)),
        }
    }
    if let Threshold::Static(threshold) = plan.watch.threshold {
        seen.iter_mut().for_each(|seen| seen.bounds = Some((threshold, threshold)));
    }
    seen.reverse();
    seen
}

fn datapoint(watch: &MetricWatch, seen: &Seen) -> Datapoint {
    match (seen.value, seen.bounds) {
        (Some(value), Some(bounds)) if watch.comparison.is_breached(value, bounds) => Datapoint::Breaching,
        (Some(_), Some(_)) => Datapoint::Good,
        // A value without a band is nothing yet.
        _ => Datapoint::Missing,
    }
}

/// Whether a percentile is of too few samples to say anything, and the alarm is to keep its state then.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/percentiles-with-low-samples.html>
fn is_too_small(watch: &MetricWatch, seen: &Seen) -> bool {
    let Source::Single { stat, extended: true, .. } = &watch.source else { return false };
    let percentile = stat.strip_prefix('p').and_then(|number| number.parse::<f64>().ok());
    let (Some(LowSamples::Ignore), Some(percentile)) = (watch.low_samples, percentile) else { return false };
    let needed = if percentile >= 50.0 { 1000.0 / (100.0 - percentile) } else { 1000.0 / percentile };
    // What is left of 100 after 99.9 is not quite 0.1.
    seen.samples.unwrap_or_default() < needed.round()
}
