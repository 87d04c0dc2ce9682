//! Writing points, durable when answered; and what the store of the series is made of.

use std::collections::HashSet;
use std::sync::Arc;

use haar_store::{Read, Span, Store, StoreError, TableInfo, Tx};
use parking_lot::{Mutex, RwLock};

use super::chunk::Damaged;
use super::head::Head;
use super::metric::{Metric, MetricName, Metrics};
use super::model::{BY_SPAN, CHUNKS, INCOMING, Incoming, METRICS, MetricKey, MetricRow, Point, STATE, State};
use super::sample::Sample;
use super::tier::TIERS;

/// What can go wrong with the series.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SeriesError {
    /// The disk, or the house is closing.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A chunk that cannot be read.
    #[error(transparent)]
    Damaged(#[from] Damaged),
}

/// A point to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct NewPoint {
    pub metric: MetricName,
    /// The room's number for it.
    pub unit: u8,
    /// Seconds since 1970.
    pub time: i64,
    /// Kept by the second for a while, not by the minute.
    pub fine: bool,
    pub sample: Sample,
}

/// The series of a house. Clones are the same.
#[derive(Clone)]
pub struct SeriesStore {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub store: Store,
    pub metrics: RwLock<Metrics>,
    pub head: Mutex<Head>,
    /// Stretches with more than one chunk: tier, span, series and unit.
    pub crowded: Mutex<HashSet<(u8, i64, u64, u8)>>,
    /// One upkeep at a time.
    pub upkeep: tokio::sync::Mutex<()>,
}

/// The tables of the series, for `haar data check`.
pub fn tables() -> Vec<TableInfo> {
    vec![METRICS.info(), INCOMING.info(), CHUNKS.info(), STATE.info()]
}

impl SeriesStore {
    /// Reads what is known of the metrics and what is not in columns yet. Blocks: for startup.
    pub fn open(store: &Store) -> Result<Self, SeriesError> {
        let inner = Inner {
            store: store.clone(),
            metrics: RwLock::default(),
            head: Mutex::default(),
            crowded: Mutex::default(),
            upkeep: tokio::sync::Mutex::default(),
        };
        let series = Self { inner: Arc::new(inner) };
        series.load()?;
        Ok(series)
    }

    fn load(&self) -> Result<(), SeriesError> {
        let now = self.inner.store.snapshot();
        let mut metrics = Metrics::default();
        for entry in now.scan(METRICS, Span::all()) {
            let (key, row) = entry?;
            metrics.insert(key, row);
        }
        let state = now.get(STATE, &0u8)?.unwrap_or_default();
        let mut head = Head::behind(state.next_incoming.saturating_sub(1), state.moved);
        for entry in now.scan(INCOMING, Span::all()) {
            let (number, incoming) = entry?;
            note(&metrics, &incoming);
            head.take_in(number, incoming);
        }
        let mut crowded = HashSet::new();
        let mut last = None;
        for entry in now.scan_index_keys(BY_SPAN, Span::all()) {
            let (_, (series, unit, tier, span, _)) = entry?;
            let stretch = (tier, span, series, unit);
            if last == Some(stretch) {
                crowded.insert(stretch);
            }
            last = Some(stretch);
        }
        *self.inner.metrics.write() = metrics;
        *self.inner.head.lock() = head;
        *self.inner.crowded.lock() = crowded;
        Ok(())
    }

    /// The store was emptied: nothing is known any more.
    pub fn forget(&self) {
        *self.inner.metrics.write() = Metrics::default();
        *self.inner.head.lock() = Head::default();
        self.inner.crowded.lock().clear();
    }

    /// Makes a write of points that came at `published` (milliseconds).
    pub fn batch(&self, points: Vec<NewPoint>, published: i64) -> Batch {
        let metrics = self.inner.metrics.read();
        let mut named: Vec<Named> = Vec::new();
        // Neighbours are often of one metric.
        let mut last: Option<MetricName> = None;
        let points = points.into_iter().map(|NewPoint { metric, unit, time, fine, sample }| {
            if last.as_ref() != Some(&metric) {
                let key = metric.key();
                let id = metrics.get(&key).map(|known| known.id);
                named.push(Named { id, key, dimensions: metric.dimensions.clone() });
                last = Some(metric);
            }
            let tier = &TIERS[usize::from(!fine)];
            (named.len() - 1, Point { series: 0, unit, tier: tier.number, time: tier.point_of(time), sample })
        });
        let points = points.collect();
        Batch { series: self.clone(), named, points, published }
    }

    /// Writes points in a transaction of their own: durable when it returns.
    pub async fn put(&self, points: Vec<NewPoint>, published: i64) -> Result<(), StoreError> {
        let batch = self.batch(points, published);
        self.inner.store.write(move |tx| batch.write(tx)).await
    }

    /// A partition's metrics in the order of namespace, name and dimensions; of one namespace, if it is given.
    pub fn metrics(&self, partition: &str, namespace: Option<&str>) -> Vec<Arc<Metric>> {
        self.inner.metrics.read().under(partition, namespace)
    }

    /// One metric, if it has data.
    pub fn metric(&self, name: &MetricName) -> Option<Arc<Metric>> {
        self.inner.metrics.read().get(&name.key())
    }

    /// Points in memory that are not in columns yet.
    #[cfg(test)]
    pub fn waiting(&self) -> usize {
        self.inner.head.lock().len()
    }
}

fn note(metrics: &Metrics, incoming: &Incoming) {
    for point in &incoming.points {
        if let Some((_, metric)) = metrics.by_id(point.series) {
            metric.note(incoming.published);
        }
    }
}

/// Points on their way into a transaction.
pub struct Batch {
    series: SeriesStore,
    named: Vec<Named>,
    /// Each with the place of its metric in `named`.
    points: Vec<(usize, Point)>,
    published: i64,
}

/// A metric that points are written to.
struct Named {
    /// As of when the batch was made.
    id: Option<u64>,
    key: MetricKey,
    dimensions: Vec<(String, String)>,
}

impl Batch {
    /// Writes the points with whatever else the transaction does. Readers see them once it is committed.
    pub fn write(self, tx: &mut Tx) -> Result<(), StoreError> {
        if self.points.is_empty() {
            return Ok(());
        }
        let Self { series, named, points, published } = self;
        let mut state = tx.get(STATE, &0u8)?.unwrap_or_default();
        let mut added: Vec<(MetricKey, MetricRow)> = Vec::new();
        let mut ids = Vec::with_capacity(named.len());
        for named in named {
            ids.push(find_or_add(&series, tx, named, published, &mut state, &mut added)?);
        }
        let points = points.into_iter().map(|(named, point)| Point { series: ids[named], ..point }).collect();
        let number = state.next_incoming;
        state.next_incoming += 1;
        let incoming = Incoming { published, points };
        tx.put(INCOMING, &number, &incoming)?;
        tx.put(STATE, &0u8, &state)?;
        tx.on_commit(move || {
            let mut metrics = series.inner.metrics.write();
            for (key, row) in added {
                metrics.insert(key, row);
            }
            note(&metrics, &incoming);
            drop(metrics);
            series.inner.head.lock().take_in(number, incoming);
        });
        Ok(())
    }
}

/// The number of a metric; a new one if it was never seen, neither committed nor earlier in this commit.
fn find_or_add(
    series: &SeriesStore,
    tx: &mut Tx,
    named: Named,
    published: i64,
    state: &mut State,
    added: &mut Vec<(MetricKey, MetricRow)>,
) -> Result<u64, StoreError> {
    // It may have been dropped since the batch was made.
    if let Some(id) = named.id.filter(|id| series.inner.metrics.read().by_id(*id).is_some()) {
        return Ok(id);
    }
    let Named { key, dimensions, .. } = named;
    if let Some(row) = tx.get(METRICS, &key)? {
        return Ok(row.id);
    }
    let row = MetricRow { id: state.next_series, dimensions, published };
    state.next_series += 1;
    tx.put(METRICS, &key, &row)?;
    added.push((key, row.clone()));
    Ok(row.id)
}
