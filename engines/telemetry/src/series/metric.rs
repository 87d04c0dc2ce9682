//! Which series there are: in memory for every write and every listing, in a table for ever.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use super::model::{MetricKey, MetricRow};

/// What names a metric. Two with the same dimensions in another order are the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricName {
    /// Whose: opaque to the engine.
    pub partition: String,
    /// `AWS/Lambda`.
    pub namespace: String,
    /// `Duration`.
    pub name: String,
    /// Pairs of name and value.
    pub dimensions: Vec<(String, String)>,
}

impl MetricName {
    pub(super) fn key(&self) -> MetricKey {
        (self.partition.clone(), self.namespace.clone(), self.name.clone(), identity(&self.dimensions))
    }
}

/// Dimensions as one text that does not depend on their order. Neither names nor values can hold the separator.
fn identity(dimensions: &[(String, String)]) -> String {
    let mut sorted: Vec<_> = dimensions.iter().collect();
    sorted.sort_unstable();
    let mut text = String::new();
    for (name, value) in sorted {
        text.push_str(name);
        text.push('\u{1}');
        text.push_str(value);
        text.push('\u{1}');
    }
    text
}

/// A metric that has data.
#[derive(Debug)]
pub struct Metric {
    pub(super) id: u64,
    pub namespace: String,
    pub name: String,
    /// In the order in which they came first.
    pub dimensions: Vec<(String, String)>,
    published: AtomicI64,
}

impl Metric {
    /// When data last came, in milliseconds since 1970.
    pub fn published(&self) -> i64 {
        self.published.load(Ordering::Relaxed)
    }

    pub(super) fn note(&self, published: i64) {
        self.published.fetch_max(published, Ordering::Relaxed);
    }

    pub(super) fn row(&self) -> MetricRow {
        MetricRow { id: self.id, dimensions: self.dimensions.clone(), published: self.published() }
    }
}

/// All metrics by their keys, in order.
#[derive(Default)]
pub(super) struct Metrics {
    by_key: BTreeMap<MetricKey, Arc<Metric>>,
    by_id: std::collections::HashMap<u64, MetricKey>,
}

impl Metrics {
    pub fn insert(&mut self, key: MetricKey, row: MetricRow) -> Arc<Metric> {
        if let Some(known) = self.by_key.get(&key) {
            known.note(row.published);
            return known.clone();
        }
        let metric = Arc::new(Metric {
            id: row.id,
            namespace: key.1.clone(),
            name: key.2.clone(),
            dimensions: row.dimensions,
            published: AtomicI64::new(row.published),
        });
        self.by_id.insert(row.id, key.clone());
        self.by_key.insert(key, metric.clone());
        metric
    }

    pub fn get(&self, key: &MetricKey) -> Option<Arc<Metric>> {
        self.by_key.get(key).cloned()
    }

    pub fn by_id(&self, id: u64) -> Option<(&MetricKey, &Arc<Metric>)> {
        let key = self.by_id.get(&id)?;
        Some((key, self.by_key.get(key)?))
    }

    /// Takes a metric out whose data is all gone.
    pub fn remove(&mut self, id: u64) {
        if let Some(key) = self.by_id.remove(&id) {
            self.by_key.remove(&key);
        }
    }

    /// A partition's metrics in the order of namespace, name and dimensions; of one namespace, if it is given.
    pub fn under(&self, partition: &str, namespace: Option<&str>) -> Vec<Arc<Metric>> {
        let from = (partition.to_owned(), namespace.unwrap_or_default().to_owned(), String::new(), String::new());
        self.by_key
            .range((Bound::Included(from), Bound::Unbounded))
            .take_while(|(key, _)| key.0 == partition && namespace.is_none_or(|namespace| key.1 == namespace))
            .map(|(_, metric)| metric.clone())
            .collect()
    }

    pub fn all(&self) -> impl Iterator<Item = &Arc<Metric>> {
        self.by_key.values()
    }
}
