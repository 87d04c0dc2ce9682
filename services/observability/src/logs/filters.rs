//! The filters of a group, compiled once and kept until they change.

use std::collections::HashMap;
use std::sync::Arc;

use haar_platform::store::{Read, Span, Store};
use parking_lot::Mutex;

use super::error::LogsError;
use super::model::{Group, GroupKey, METRIC_FILTERS, MetricFilter, SUBSCRIPTIONS, Subscription};
use super::pattern::Pattern;

/// Groups whose filters are kept; beyond, all are forgotten and compiled again.
const GROUPS_MAX: usize = 1000;

/// What happens to the events of a group.
#[derive(Default)]
pub struct Filters {
    /// Names, filters, patterns.
    pub metrics: Vec<(String, MetricFilter, Pattern)>,
    /// Names, filters, patterns.
    pub subscriptions: Vec<(String, Subscription, Pattern)>,
}

/// Compiled filters by group, with the version that they are of.
#[derive(Default)]
pub struct FilterCache(Mutex<HashMap<GroupKey, (u64, Arc<Filters>)>>);

impl FilterCache {
    /// The filters of a group as its record has them.
    pub fn of(&self, store: &Store, key: &GroupKey, group: &Group) -> Result<Arc<Filters>, LogsError> {
        if group.metric_filters == 0 && group.subscriptions == 0 {
            return Ok(Arc::default());
        }
        if let Some((version, filters)) = self.0.lock().get(key)
            && *version == group.filters_version
        {
            return Ok(filters.clone());
        }
        let filters = Arc::new(store.read(|tx| compile(tx, key))?);
        let mut known = self.0.lock();
        if known.len() >= GROUPS_MAX {
            known.clear();
        }
        known.insert(key.clone(), (group.filters_version, filters.clone()));
        Ok(filters)
    }

    /// The store was emptied.
    pub fn forget(&self) {
        self.0.lock().clear();
    }
}

fn compile(tx: &impl Read, key: &GroupKey) -> Result<Filters, LogsError> {
    let under = (key.0.as_str(), key.1.as_str(), key.2.as_str());
    let mut filters = Filters::default();
    for found in tx.scan(METRIC_FILTERS, Span::under(under)) {
        let ((.., name), filter) = found?;
        // What was stored was checked before; a pattern that no longer parses matches nothing.
        if let Ok(pattern) = Pattern::parse(&filter.pattern) {
            filters.metrics.push((name, filter, pattern));
        }
    }
    for found in tx.scan(SUBSCRIPTIONS, Span::under(under)) {
        let ((.., name), subscription) = found?;
        if let Ok(pattern) = Pattern::parse(&subscription.pattern) {
            filters.subscriptions.push((name, subscription, pattern));
        }
    }
    Ok(filters)
}
