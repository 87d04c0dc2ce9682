//! The `AWS/…` metrics of our own services: values that their calls measured, read from the ledger.

use std::sync::Arc;

use haar_platform::aws::cloudwatch::StandardUnit;
use haar_platform::kernel::job::Next;
use haar_platform::kernel::{Ctx, Timestamp, Waker};
use haar_platform::ledger::{Ledger, Line};
use haar_platform::store::{Position, Read, Record, Table};
use haar_telemetry::series::{MetricName, NewPoint, Sample};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::error::Error;
use super::place::partition;
use super::{CloudWatch, unit};

/// Under key 0: behind the last line whose measures are in the series.
pub const POSITIONS: Table<u8, Place> = Table::new("cloudwatch.measures_read");

/// Lines that are read at once.
const LINES_MAX: usize = 4096;

const MINUTE_MILLIS: i64 = 60_000;

/// A place in the ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Place(Position);

impl Record for Place {}

/// How far the ledger has been read.
#[derive(Clone, Default)]
pub struct Reading {
    /// At least as far as the stored place: lines without measures are passed over and nothing is written for them.
    /// `None` before the first look. Held while reading, so that each line is taken once.
    place: Arc<tokio::sync::Mutex<Option<Position>>>,
    /// The minute that the job last read in.
    minute: Arc<Mutex<Option<i64>>>,
}

impl Reading {
    /// The waker of the job that reads, which lines in the ledger wake.
    pub fn waker(&self, ledger: &Ledger) -> Waker {
        let waker = Waker::default();
        let woken = waker.clone();
        ledger.wake_with(move || woken.wake());
        waker
    }
}

/// Reads the ledger once in each minute of the clock that brings lines: often enough for nothing to be dropped unread,
/// because whoever asks for metrics reads it first.
pub async fn read(ctx: &Ctx, cloudwatch: &CloudWatch) -> Result<Next, Error> {
    let minute = ctx.now().millis().div_euclid(MINUTE_MILLIS);
    let last = cloudwatch.reading.minute.lock().replace(minute);
    if last == Some(minute) {
        return Ok(Next::At(Timestamp::from_millis((minute + 1) * MINUTE_MILLIS)));
    }
    cloudwatch.catch_up().await?;
    Ok(Next::WhenWoken)
}

impl CloudWatch {
    /// Takes in what was measured up to now. The points and the place behind their lines are stored together, so that
    /// each line counts exactly once, whenever the house is killed.
    pub async fn catch_up(&self) -> Result<(), Error> {
        let mut place = self.reading.place.lock().await;
        let mut from = match *place {
            Some(known) => known,
            None => self.store.read(|tx| tx.get(POSITIONS, &0u8))?.unwrap_or_default().0,
        };
        loop {
            let tail = self.ledger.tail(from, LINES_MAX).await?;
            let points: Vec<NewPoint> = tail.lines.iter().flat_map(points).collect();
            from = tail.position;
            if !points.is_empty() {
                let batch = self.series.batch(points, self.clock.now().millis());
                let written = self.store.write(move |tx| -> Result<(), Error> {
                    batch.write(tx)?;
                    Ok(tx.put(POSITIONS, &0u8, &Place(from))?)
                });
                written.await?;
                self.tend();
            }
            *place = Some(from);
            if !tail.more {
                return Ok(());
            }
        }
    }
}

/// The points of a line's measures, in the account and region that the call worked in.
fn points(line: &Line) -> impl Iterator<Item = NewPoint> {
    let partition = partition(&line.account, &line.region);
    line.measures.iter().filter(|measure| measure.value.is_finite()).map(move |measure| {
        let dimensions = measure.dimensions.iter();
        let metric = MetricName {
            partition: partition.clone(),
            namespace: measure.namespace.to_string(),
            name: measure.name.to_string(),
            dimensions: dimensions.map(|(name, value)| (name.to_string(), value.clone())).collect(),
        };
        let unit = StandardUnit::parse(&measure.unit).unwrap_or(StandardUnit::None);
        let time = line.time.seconds();
        NewPoint { metric, unit: unit::number(unit), time, fine: false, sample: Sample::One(measure.value) }
    })
}
