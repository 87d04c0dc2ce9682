//! What happens to points by themselves: into columns, merged, coarser with age, gone.

use std::collections::{BTreeMap, HashSet};

use haar_store::{Read, Span, StoreError, Tx};

use super::chunk;
use super::head::Fresh;
use super::model::{BY_SPAN, CHUNKS, ChunkKey, INCOMING, METRICS, MetricKey, Packed, STATE};
use super::sample::{Sample, Tally};
use super::store::{SeriesError, SeriesStore};
use super::tier::{TIERS, Tier};

/// Points stay in memory for so long at most, in milliseconds.
const MOVE_AFTER: i64 = 3_600_000;

/// So many points at most stay in memory, about 8 MB; then they are moved into columns at once.
pub(super) const WAITING_MAX: usize = 100_000;

/// Chunks that one transaction works on.
const CHUNKS_AT_ONCE: usize = 128;

/// Chunks to be: their stretches, and their points.
type Stretches = BTreeMap<Stretch, Vec<(i64, Sample)>>;

/// Series, unit, tier, span.
type Stretch = (u64, u8, u8, i64);

impl SeriesStore {
    /// Whether upkeep has something new to plan for: the first points since it moved all, or too many. For whoever wakes
    /// it after a write.
    pub fn wants_upkeep(&self) -> bool {
        let mut head = self.inner.head.lock();
        let first = head.len() > 0 && !std::mem::replace(&mut head.planned, true);
        first || head.len() >= WAITING_MAX
    }

    /// Does what is due at `now` (milliseconds), and says when something will be due next.
    pub async fn upkeep(&self, now: i64) -> Result<Option<i64>, SeriesError> {
        let _turn = self.inner.upkeep.lock().await;
        let (waiting, oldest) = {
            let head = self.inner.head.lock();
            (head.len(), head.oldest_published)
        };
        if waiting >= WAITING_MAX || oldest.is_some_and(|oldest| oldest + MOVE_AFTER <= now) {
            self.move_into_columns(now).await?;
        }
        let seconds = now.div_euclid(1000);
        self.merge(seconds).await?;
        for tier in &TIERS {
            self.age(tier, seconds).await?;
        }
        self.drop_empty(seconds).await?;
        self.next_due()
    }

    /// Moves all that waits in memory into columns.
    async fn move_into_columns(&self, now: i64) -> Result<(), SeriesError> {
        let (through, points) = {
            let head = self.inner.head.lock();
            let points: Vec<(u64, Vec<Fresh>)> = head.all().map(|(series, points)| (*series, points.clone())).collect();
            (head.newest, points)
        };
        let mut touched = HashSet::new();
        let mut stretches = Stretches::new();
        for (series, points) in points {
            touched.insert(series);
            for Fresh { unit, tier, time, sample, .. } in points {
                let span = TIERS[usize::from(tier)].span_of(time);
                stretches.entry((series, unit, tier, span)).or_default().push((time, sample));
            }
        }
        let packed: Vec<_> =
            stretches.into_iter().map(|(stretch, points)| (stretch, Packed(chunk::encode(&ordered(points))))).collect();
        let rows: Vec<_> = {
            let metrics = self.inner.metrics.read();
            touched
                .into_iter()
                .filter_map(|id| metrics.by_id(id))
                .map(|(key, metric)| (key.clone(), metric.row()))
                .collect()
        };
        let series = self.clone();
        let crowded = self
            .inner
            .store
            .write(move |tx| -> Result<_, StoreError> {
                let mut state = tx.get(STATE, &0u8)?.unwrap_or_default();
                let part = state.next_part;
                state.next_part += 1;
                // One more than the part, so that also the first differs from what an empty store says.
                state.moved = state.next_part;
                let crowded = put_chunks(tx, part, packed)?;
                for (key, row) in rows {
                    tx.put(METRICS, &key, &row)?;
                }
                let done: Vec<u64> = tx.scan_keys(INCOMING, Span::between((), ..=through)).collect::<Result<_, _>>()?;
                for number in done {
                    tx.delete(INCOMING, &number)?;
                }
                tx.put(STATE, &0u8, &state)?;
                let moved = state.moved;
                tx.on_commit(move || series.inner.head.lock().let_go(through, moved, now));
                Ok(crowded)
            })
            .await?;
        self.inner.crowded.lock().extend(crowded);
        Ok(())
    }

    /// Merges the chunks of stretches that are over.
    async fn merge(&self, now: i64) -> Result<(), SeriesError> {
        loop {
            let due: Vec<_> = {
                let crowded = self.inner.crowded.lock();
                let due = crowded.iter().filter(|(tier, span, ..)| merge_due(*tier, *span) <= now);
                due.copied().take(CHUNKS_AT_ONCE).collect()
            };
            if due.is_empty() {
                return Ok(());
            }
            let snapshot = self.inner.store.snapshot();
            let (mut gone, mut packed) = (Vec::new(), Vec::new());
            for (tier, span, series, unit) in &due {
                let mut points = Vec::new();
                let chunks: Span<ChunkKey> = Span::under((*series, *unit, *tier, *span));
                for entry in snapshot.scan(CHUNKS, chunks) {
                    let (key, bytes) = entry?;
                    points.extend(chunk::decode(&bytes.0)?);
                    gone.push(key);
                }
                if !points.is_empty() {
                    packed.push(((*series, *unit, *tier, *span), Packed(chunk::encode(&ordered(points)))));
                }
            }
            drop(snapshot);
            self.replace(gone, packed).await?;
            let mut crowded = self.inner.crowded.lock();
            due.iter().for_each(|stretch| {
                crowded.remove(stretch);
            });
        }
    }

    /// Makes points coarser that were kept as finely as the tier for long enough; those of the last tier go.
    async fn age(&self, tier: &'static Tier, now: i64) -> Result<(), SeriesError> {
        let last = tier.span_of(now - tier.retention) - 1;
        loop {
            let snapshot = self.inner.store.snapshot();
            let due: Span<(u8, i64)> = Span::between((tier.number,), ..=last);
            let mut keys: Vec<ChunkKey> = Vec::new();
            for entry in snapshot.scan_index_keys(BY_SPAN, due).take(CHUNKS_AT_ONCE) {
                keys.push(entry?.1);
            }
            if keys.is_empty() {
                return Ok(());
            }
            let mut stretches = Stretches::new();
            for key in &keys {
                let (Some(next), Some(bytes)) = (tier.next(), snapshot.get(CHUNKS, key)?) else { continue };
                let (series, unit, ..) = *key;
                for (time, sample) in chunk::decode(&bytes.0)? {
                    let stretch = (series, unit, next.number, next.span_of(time));
                    stretches.entry(stretch).or_default().push((next.point_of(time), sample));
                }
            }
            drop(snapshot);
            let packed = stretches.into_iter().map(|(key, points)| (key, Packed(chunk::encode(&ordered(points)))));
            self.replace(keys, packed.collect()).await?;
        }
    }

    /// Puts chunks in the place of others.
    async fn replace(&self, gone: Vec<ChunkKey>, packed: Vec<(Stretch, Packed)>) -> Result<(), SeriesError> {
        let crowded = self
            .inner
            .store
            .write(move |tx| -> Result<_, StoreError> {
                let mut state = tx.get(STATE, &0u8)?.unwrap_or_default();
                let part = state.next_part;
                state.next_part += 1;
                tx.put(STATE, &0u8, &state)?;
                for key in gone {
                    tx.delete(CHUNKS, &key)?;
                }
                put_chunks(tx, part, packed)
            })
            .await?;
        self.inner.crowded.lock().extend(crowded);
        Ok(())
    }

    /// Forgets metrics whose last point has gone.
    async fn drop_empty(&self, now: i64) -> Result<(), SeriesError> {
        let Some(coarsest) = TIERS.last() else { return Ok(()) };
        let before = (now - coarsest.retention - coarsest.span).saturating_mul(1000);
        let newest = self.inner.head.lock().newest;
        let old: Vec<(u64, MetricKey)> = {
            let metrics = self.inner.metrics.read();
            let old = metrics.all().filter(|metric| metric.published() < before);
            old.filter_map(|metric| Some((metric.id, metrics.by_id(metric.id)?.0.clone()))).collect()
        };
        if old.is_empty() {
            return Ok(());
        }
        let series = self.clone();
        let removed = self.inner.store.write(move |tx| -> Result<(), StoreError> {
            // A write that came meanwhile may be to one of them: next time, then.
            if tx.get(STATE, &0u8)?.unwrap_or_default().next_incoming.saturating_sub(1) != newest {
                return Ok(());
            }
            for (_, key) in &old {
                tx.delete(METRICS, key)?;
            }
            tx.on_commit(move || {
                let mut metrics = series.inner.metrics.write();
                old.iter().for_each(|(id, _)| metrics.remove(*id));
            });
            Ok(())
        });
        Ok(removed.await?)
    }

    /// The earliest of all that will have to be done, in milliseconds.
    fn next_due(&self) -> Result<Option<i64>, SeriesError> {
        let moving = self.inner.head.lock().oldest_published.map(|oldest| oldest + MOVE_AFTER);
        let merging = self.inner.crowded.lock().iter().map(|(tier, span, ..)| merge_due(*tier, *span)).min();
        let snapshot = self.inner.store.snapshot();
        let mut ageing: Option<i64> = None;
        for tier in &TIERS {
            let chunks: Span<(u8, i64)> = Span::under((tier.number,));
            if let Some(entry) = snapshot.scan_index_keys(BY_SPAN, chunks).next() {
                let ((_, span), _) = entry?;
                let due = tier.end_of(span) + tier.retention;
                ageing = Some(ageing.map_or(due, |earlier| earlier.min(due)));
            }
        }
        let seconds = merging.into_iter().chain(ageing).min();
        Ok(moving.into_iter().chain(seconds.map(|seconds| seconds.saturating_mul(1000))).min())
    }
}

fn merge_due(tier: u8, span: i64) -> i64 {
    let tier = &TIERS[usize::from(tier)];
    tier.end_of(span) + tier.settling
}

/// Writes chunks, and says which of their stretches have others already.
fn put_chunks(tx: &mut Tx, part: u64, packed: Vec<(Stretch, Packed)>) -> Result<Vec<(u8, i64, u64, u8)>, StoreError> {
    let mut crowded = Vec::new();
    for ((series, unit, tier, span), packed) in packed {
        let others: Span<ChunkKey> = Span::under((series, unit, tier, span));
        if tx.scan_keys(CHUNKS, others).next().transpose()?.is_some() {
            crowded.push((tier, span, series, unit));
        }
        tx.put(CHUNKS, &(series, unit, tier, span, part), &packed)?;
    }
    Ok(crowded)
}

/// In the order of their times, those of one time together.
fn ordered(mut points: Vec<(i64, Sample)>) -> Vec<(i64, Sample)> {
    points.sort_by_key(|(time, _)| *time);
    let mut ordered: Vec<(i64, Sample)> = Vec::with_capacity(points.len());
    let mut together: Option<(i64, Tally)> = None;
    for (time, sample) in points {
        match (&mut together, ordered.last()) {
            (Some((at, tally)), _) if *at == time => tally.add(&sample),
            (None, Some((at, first))) if *at == time => {
                let mut tally = Tally::default();
                tally.add(first);
                tally.add(&sample);
                ordered.pop();
                together = Some((time, tally));
            }
            _ => {
                close(&mut together, &mut ordered);
                ordered.push((time, sample));
            }
        }
    }
    close(&mut together, &mut ordered);
    ordered
}

fn close(together: &mut Option<(i64, Tally)>, ordered: &mut Vec<(i64, Sample)>) {
    if let Some((time, tally)) = together.take() {
        ordered.extend(tally.into_sample().map(|sample| (time, sample)));
    }
}
