//! What follows from log events: metric values, minutes without a match, events for subscribers. All of it is worked out
//! before the transaction that stores the events, and stored in it.

use haar_platform::kernel::{Ctx, Measure};
use haar_platform::store::{Read, StoreError, Tx};
use haar_telemetry::logs::LogEvent;

use super::emf::{self, Rejected};
use super::filters::Filters;
use super::model::{
    Class, Datum, FORWARDS, Forward, Group, GroupKey, METRIC_OUTBOX, MINUTES, Metric, MetricBatch, MetricFilter, Minute,
};
use super::pattern::{Captures, Pattern};
use super::tally::Tally;

/// Metric filters count by the minute.
pub const MINUTE_MS: i64 = 60_000;

/// Bytes of messages that one delivery carries, about: as base64 of gzip they stay below what Lambda takes.
const FORWARDED_BYTES_MAX: usize = 192 * 1024;

/// What follows from the events of one call.
pub struct Consequences {
    key: GroupKey,
    data: Vec<Datum>,
    /// Filter, minute, and whether an event of it matched.
    minutes: Vec<(String, i64, bool)>,
    forwards: Vec<Forwarded>,
    emf_parsing_errors: u64,
    emf_validation_errors: u64,
}

/// Events of one delivery, each with its place among those of the call.
struct Forwarded {
    filter: String,
    destination: String,
    stream: String,
    events: Vec<(u64, i64, String)>,
}

impl Consequences {
    /// Of the events of one stream, in the order in which they will be numbered.
    pub fn of(filters: &Filters, group: &Group, key: &GroupKey, stream: &str, events: &[LogEvent]) -> Self {
        let mut all = Self {
            key: key.clone(),
            data: Vec::new(),
            minutes: Vec::new(),
            forwards: Vec::new(),
            emf_parsing_errors: 0,
            emf_validation_errors: 0,
        };
        if group.class == Class::InfrequentAccess {
            return all;
        }
        let mut tally = Tally::default();
        for event in events {
            match emf::extract(&event.message, &mut tally) {
                Ok(()) => {}
                Err(Rejected::Parsing) => all.emf_parsing_errors += 1,
                Err(Rejected::Validation) => all.emf_validation_errors += 1,
            }
        }
        for (name, filter, pattern) in &filters.metrics {
            all.count(name, filter, pattern, events, &mut tally);
        }
        all.data = tally.into_data();
        for (name, subscription, pattern) in &filters.subscriptions {
            let matching = events.iter().enumerate().filter(|(_, event)| pattern.matches(&event.message));
            for events in chunks(matching) {
                all.forwards.push(Forwarded {
                    filter: name.clone(),
                    destination: subscription.destination.clone(),
                    stream: stream.to_owned(),
                    events,
                });
            }
        }
        all
    }

    fn count(&mut self, name: &str, filter: &MetricFilter, pattern: &Pattern, events: &[LogEvent], tally: &mut Tally) {
        let mut minute: Option<(i64, bool)> = None;
        for event in events {
            let minute_ms = event.timestamp_ms.div_euclid(MINUTE_MS) * MINUTE_MS;
            let found = pattern.captures(&event.message).and_then(|captures| value(filter, &captures, minute_ms));
            let matched = found.is_some();
            if let Some((metric, value)) = found {
                tally.add(metric, value, 1.0);
            }
            minute = match minute {
                Some((known, any)) if known == minute_ms => Some((known, any || matched)),
                earlier => {
                    self.close(name, filter, earlier);
                    Some((minute_ms, matched))
                }
            };
        }
        self.close(name, filter, minute);
    }

    fn close(&mut self, name: &str, filter: &MetricFilter, minute: Option<(i64, bool)>) {
        if let (Some((minute_ms, matched)), Some(_)) = (minute, filter.default_value) {
            self.minutes.push((name.to_owned(), minute_ms, matched));
        }
    }

    /// Whether anything is left to do once the events are stored.
    pub fn is_any(&self) -> bool {
        !self.data.is_empty() || !self.minutes.is_empty() || !self.forwards.is_empty()
    }

    /// Stores what is left to do, with the events themselves.
    pub fn store_in(self, tx: &mut Tx, first_sequence: u64, now_ms: i64) -> Result<(), StoreError> {
        let Self { key: (account, region, group), data, minutes, forwards, .. } = self;
        if !data.is_empty() {
            let batch = MetricBatch { account: account.clone(), region: region.clone(), data };
            tx.put(METRIC_OUTBOX, &first_sequence, &batch)?;
        }
        for (filter, minute_ms, matched) in minutes {
            let key = (account.clone(), region.clone(), group.clone(), filter, minute_ms);
            let known = tx.get(MINUTES, &key)?;
            let due_ms = (minute_ms + MINUTE_MS).max((now_ms.div_euclid(MINUTE_MS) + 1) * MINUTE_MS);
            let matched = matched || known.is_some_and(|minute| minute.matched);
            tx.put(MINUTES, &key, &Minute { due_ms, matched })?;
        }
        for forwarded in forwards {
            let Forwarded { filter, destination, stream, mut events } = forwarded;
            events.iter_mut().for_each(|(place, ..)| *place += first_sequence);
            let first = events.first().map_or(first_sequence, |(sequence, ..)| *sequence);
            let key = (account.clone(), region.clone(), group.clone(), filter, first);
            let forward = Forward { destination, stream, events, due_ms: now_ms, since_ms: now_ms, attempts: 0 };
            tx.put(FORWARDS, &key, &forward)?;
        }
        Ok(())
    }

    /// What CloudWatch Logs measures of embedded metrics.
    /// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html>
    pub fn measure(&self, ctx: &Ctx) {
        let errors =
            [("EMFParsingErrors", self.emf_parsing_errors), ("EMFValidationErrors", self.emf_validation_errors)];
        for (name, count) in errors.into_iter().filter(|(_, count)| *count > 0) {
            ctx.measure(Measure::count("AWS/Logs", name, count as f64).of("LogGroupName", self.key.2.as_str()));
        }
    }
}

/// The metric value of an event that matched; `None` when it has no number or lacks a dimension.
fn value(filter: &MetricFilter, captures: &Captures<'_, '_>, minute_ms: i64) -> Option<(Metric, f64)> {
    let value: f64 = match filter.value.starts_with('$') {
        true => captures.get(&filter.value)?.parse().ok()?,
        false => filter.value.parse().ok()?,
    };
    let mut dimensions = Vec::with_capacity(filter.dimensions.len());
    for (name, selector) in &filter.dimensions {
        dimensions.push((name.clone(), captures.get(selector).filter(|value| !value.is_empty())?));
    }
    let metric = Metric {
        namespace: filter.namespace.clone(),
        name: filter.metric.clone(),
        dimensions,
        unit: filter.unit.clone(),
        resolution: None,
        time_ms: minute_ms,
    };
    value.is_finite().then_some((metric, value))
}

/// Events in pieces that one delivery can carry.
fn chunks<'e>(events: impl Iterator<Item = (usize, &'e LogEvent)>) -> Vec<Vec<(u64, i64, String)>> {
    let mut chunks: Vec<Vec<(u64, i64, String)>> = Vec::new();
    let mut room = 0_usize;
    for (place, event) in events {
        let event = (place as u64, event.timestamp_ms, event.message.clone());
        match chunks.last_mut().filter(|_| event.2.len() <= room) {
            Some(chunk) => {
                room -= event.2.len();
                chunk.push(event);
            }
            None => {
                room = FORWARDED_BYTES_MAX.saturating_sub(event.2.len());
                chunks.push(vec![event]);
            }
        }
    }
    chunks
}
