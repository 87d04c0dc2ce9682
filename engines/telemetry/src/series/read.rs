//! Reading: the samples of a series, taken together by periods.

use haar_store::{Read, ReadTx, Span};

use super::chunk;
use super::head::{Fresh, Head};
use super::metric::Metric;
use super::model::{CHUNKS, ChunkKey, STATE};
use super::sample::{Summary, Tally};
use super::store::{SeriesError, SeriesStore};
use super::tier::{FUTURE_SECONDS, TIERS, finest_since};

/// What is asked of one series. Times are seconds since 1970.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// One unit's points only.
    pub unit: Option<u8>,
    /// The first period begins here.
    pub from: i64,
    /// Nothing of this moment or later.
    pub to: i64,
    /// Length of a period.
    pub period: i64,
    /// The time: old points answer only to periods as long as they are kept.
    pub now: i64,
    /// Also the single values, not only count, sum and bounds.
    pub values: bool,
}

/// A period that has data.
#[derive(Clone, Debug, PartialEq)]
pub struct Bucket {
    /// When the period begins.
    pub time: i64,
    /// Settled: ready for every statistic.
    pub tally: Tally,
}

/// Turns of waiting for the moment between a commit and its notice; far more than it takes.
const TURNS_MAX: usize = 100_000;

impl SeriesStore {
    /// The periods that have data, in order. Reads the store: not for an async thread.
    pub fn read(&self, metric: &Metric, question: Question) -> Result<Vec<Bucket>, SeriesError> {
        let Some(mut buckets) = Buckets::over(&question) else { return Ok(Vec::new()) };
        let (snapshot, fresh) = self.consistent(|head| {
            let wanted = |point: &&Fresh| {
                question.unit.is_none_or(|unit| unit == point.unit)
                    && question.period % TIERS[usize::from(point.tier)].resolution == 0
                    && buckets.holds(point.time)
            };
            head.of(metric.id).iter().filter(wanted).cloned().collect::<Vec<_>>()
        })?;
        for point in &fresh {
            let summarize = |summary: &mut Summary| {
                let mut tally = Tally::default();
                tally.add(&point.sample);
                summary.merge(&tally.summary);
            };
            buckets.tally(point.time, |tally| tally.add(&point.sample), summarize);
        }
        for unit in units_of(&snapshot, metric.id, question.unit)? {
            for tier in TIERS.iter().filter(|tier| question.period % tier.resolution == 0) {
                let spans = tier.span_of(buckets.from)..=tier.span_of(buckets.to - 1);
                let span: Span<ChunkKey> = Span::between((metric.id, unit, tier.number), spans);
                for entry in snapshot.scan(CHUNKS, span) {
                    let (_, packed) = entry?;
                    buckets.take_chunk(&packed.0)?;
                }
            }
        }
        Ok(buckets.finish())
    }

    /// The units that a metric has points in.
    pub fn units(&self, metric: &Metric) -> Result<Vec<u8>, SeriesError> {
        let (snapshot, mut units) =
            self.consistent(|head| head.of(metric.id).iter().map(|point| point.unit).collect::<Vec<_>>())?;
        units.extend(units_of(&snapshot, metric.id, None)?);
        units.sort_unstable();
        units.dedup();
        Ok(units)
    }

    /// What is in columns and what is not yet, of the same moment: between the commit of an upkeep and its notice in
    /// memory a point would be seen twice.
    fn consistent<T>(&self, look: impl Fn(&Head) -> T) -> Result<(ReadTx, T), SeriesError> {
        let mut turn = 0;
        loop {
            let head = self.inner.head.lock();
            let (moved, seen) = (head.moved, look(&head));
            drop(head);
            let snapshot = self.inner.store.snapshot();
            if snapshot.get(STATE, &0u8)?.unwrap_or_default().moved == moved || turn == TURNS_MAX {
                return Ok((snapshot, seen));
            }
            turn += 1;
            std::thread::yield_now();
        }
    }
}

/// The units of a series' chunks: few, so each is looked for behind the last.
fn units_of(snapshot: &ReadTx, series: u64, only: Option<u8>) -> Result<Vec<u8>, SeriesError> {
    if let Some(unit) = only {
        return Ok(vec![unit]);
    }
    let mut units = Vec::new();
    let mut from = 0;
    loop {
        let rest: Span<ChunkKey> = Span::between((series,), from..=u8::MAX);
        let Some(entry) = snapshot.scan_keys(CHUNKS, rest).next() else { return Ok(units) };
        let (_, unit, ..) = entry?;
        units.push(unit);
        match unit.checked_add(1) {
            Some(next) => from = next,
            None => return Ok(units),
        }
    }
}

/// All periods of a question; a retention's worth at most, because older points do not answer.
struct Buckets {
    from: i64,
    to: i64,
    period: i64,
    content: Content,
}

enum Content {
    Summaries(Vec<Summary>),
    Tallies(Vec<Tally>),
}

impl Buckets {
    fn over(question: &Question) -> Option<Self> {
        let Question { from, to, period, now, .. } = *question;
        if period <= 0 {
            return None;
        }
        let earliest = finest_since(period, now);
        // Only whole periods are cut off, so that those that remain stay where they were.
        let from = if from < earliest { from + (earliest - from).div_euclid(period) * period } else { from };
        let to = to.min(now + FUTURE_SECONDS + period);
        if from >= to {
            return None;
        }
        let count = usize::try_from((to - from).div_euclid(period) + 1).ok()?;
        let content = if question.values {
            Content::Tallies(vec![Tally::default(); count])
        } else {
            Content::Summaries(vec![Summary::EMPTY; count])
        };
        Some(Self { from, to, period, content })
    }

    fn holds(&self, time: i64) -> bool {
        time >= self.from && time < self.to
    }

    fn tally(&mut self, time: i64, tally: impl FnOnce(&mut Tally), summarize: impl FnOnce(&mut Summary)) {
        let index = ((time - self.from) / self.period) as usize;
        match &mut self.content {
            Content::Summaries(summaries) => summarize(&mut summaries[index]),
            Content::Tallies(tallies) => tally(&mut tallies[index]),
        }
    }

    fn take_chunk(&mut self, bytes: &[u8]) -> Result<(), SeriesError> {
        let Self { from, to, period, content } = self;
        let (from, to, period) = (*from, *to, *period);
        match content {
            Content::Summaries(summaries) => {
                // The times ascend, so that a period's end is compared with and not divided by.
                let (mut index, mut ends) = (0usize, i64::MIN);
                chunk::visit(bytes, &mut |time, item| {
                    if time < from || time >= to {
                        return;
                    }
                    if time >= ends {
                        let number = (time - from) / period;
                        (index, ends) = (number as usize, from + (number + 1) * period);
                    }
                    item.summarize(&mut summaries[index]);
                })?;
            }
            Content::Tallies(tallies) => chunk::visit(bytes, &mut |time, item| {
                if time >= from && time < to {
                    item.tally(&mut tallies[((time - from) / period) as usize]);
                }
            })?,
        }
        Ok(())
    }

    fn finish(self) -> Vec<Bucket> {
        let (from, period) = (self.from, self.period);
        let tallies: Vec<Tally> = match self.content {
            Content::Tallies(tallies) => tallies,
            Content::Summaries(summaries) => summaries.into_iter().map(Tally::of_summary).collect(),
        };
        let numbered = tallies.into_iter().enumerate().filter(|(_, tally)| !tally.is_empty());
        numbered
            .map(|(index, mut tally)| {
                tally.settle();
                Bucket { time: from + index as i64 * period, tally }
            })
            .collect()
    }
}
