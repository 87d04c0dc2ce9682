//! Events in the order of their times, forward or backward, a bounded number of parts in memory: what pages are cut of.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{TimestampMillisecondType, UInt64Type};

use super::part::LogPart;
use super::schema::Column;
use super::{LogStore, LogsError, Scan};

/// A place in the order of events: by time, then by number.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Point {
    /// Milliseconds since 1970.
    pub ms: i64,
    /// The event's number.
    pub sequence: u64,
}

/// One event, as it is read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Event {
    /// Its stream.
    pub stream: String,
    /// When it happened, and its number.
    pub point: Point,
    /// When it came.
    pub ingestion_ms: i64,
    /// What it says.
    pub message: String,
}

/// From old to new, or from new to old.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Direction {
    /// From old to new.
    Forward,
    /// From new to old.
    Backward,
}

/// What to walk over.
#[derive(Clone, Debug)]
pub struct Walk {
    /// The group.
    pub group: String,
    /// Only these streams.
    pub streams: Option<Vec<String>>,
    /// The earliest time, included.
    pub from_ms: i64,
    /// The latest time, excluded.
    pub to_ms: i64,
    /// Where to go on: the events from here on, this place included (forward), or those before it (backward).
    pub start: Option<Point>,
    /// The order.
    pub direction: Direction,
    /// Texts that must occur in the message: see [`Scan::needles`].
    pub needles: Vec<Vec<u8>>,
    /// The walk pauses when it has read so many bytes of messages.
    pub bytes_max: u64,
}

/// A step of a walk.
#[derive(Debug)]
pub enum Step {
    /// The next event.
    Event(Event),
    /// Enough was read; a walk that starts here goes on.
    Paused(Point),
    /// There is no further event.
    End,
}

/// A walk under way. Its steps block on the disk and on decoding: not for async threads.
pub struct Walker {
    direction: Direction,
    start: Option<Point>,
    /// The next one to load is the last.
    parts: Vec<LogPart>,
    loaded: Vec<Option<Loaded>>,
    /// The next event of each loaded part, the walk's next on top.
    heads: BinaryHeap<Head>,
    bytes_left: u64,
}

/// A part in memory, with the order of its events: the next one is the last.
struct Loaded {
    batches: Vec<RecordBatch>,
    order: Vec<(Point, u32, u32)>,
}

/// Greater is sooner.
#[derive(Eq, Ord, PartialEq, PartialOrd)]
enum Head {
    Forward(Reverse<Point>, usize),
    Backward(Point, usize),
}

impl Head {
    fn of(direction: Direction, point: Point, part: usize) -> Self {
        match direction {
            Direction::Forward => Self::Forward(Reverse(point), part),
            Direction::Backward => Self::Backward(point, part),
        }
    }

    fn place(&self) -> (Point, usize) {
        match self {
            Self::Forward(Reverse(point), part) | Self::Backward(point, part) => (*point, *part),
        }
    }
}

/// Columns of a walk's batches.
const COLUMNS: [Column; 5] = [Column::Stream, Column::Timestamp, Column::Ingestion, Column::Message, Column::Sequence];

impl LogStore {
    /// Plans a walk over what is committed now.
    pub async fn walk(&self, walk: Walk) -> Result<Walker, LogsError> {
        let (mut from_ms, mut to_ms) = (walk.from_ms, walk.to_ms);
        match (walk.direction, walk.start) {
            (_, None) => {}
            (Direction::Forward, Some(start)) => from_ms = from_ms.max(start.ms),
            // Events of the same millisecond with lower numbers are still to come.
            (Direction::Backward, Some(start)) => to_ms = to_ms.min(start.ms.saturating_add(1)),
        }
        let scan = Scan {
            groups: vec![walk.group],
            streams: walk.streams,
            from_ms,
            to_ms,
            projection: COLUMNS.to_vec(),
            needles: walk.needles,
        };
        let mut parts = self.scan(scan).await?.parts;
        match walk.direction {
            Direction::Forward => parts.sort_by_key(|part| Reverse(part.min_ms())),
            Direction::Backward => parts.sort_by_key(LogPart::max_ms),
        }
        Ok(Walker {
            direction: walk.direction,
            start: walk.start,
            parts,
            loaded: Vec::new(),
            heads: BinaryHeap::new(),
            bytes_left: walk.bytes_max,
        })
    }
}

impl Walker {
    /// The next step.
    pub fn step(&mut self) -> Result<Step, LogsError> {
        while let Some(next) = self.parts.last() {
            let due = match (self.heads.peek().map(Head::place), self.direction) {
                (None, _) => true,
                (Some((head, _)), Direction::Forward) => next.min_ms() <= head.ms,
                (Some((head, _)), Direction::Backward) => next.max_ms() >= head.ms,
            };
            if !due {
                break;
            }
            if self.heads.is_empty() && self.bytes_left == 0 {
                return Ok(Step::Paused(match self.direction {
                    Direction::Forward => Point { ms: next.min_ms(), sequence: 0 },
                    Direction::Backward => Point { ms: next.max_ms(), sequence: u64::MAX },
                }));
            }
            self.load()?;
        }
        let Some(head) = self.heads.pop() else { return Ok(Step::End) };
        let (point, part) = head.place();
        let broken = || LogsError::Damaged("a walk lost its place");
        let loaded = self.loaded[part].as_mut().ok_or_else(broken)?;
        let (_, batch, row) = loaded.order.pop().ok_or_else(broken)?;
        let event = event(&loaded.batches[batch as usize], row as usize, point);
        match loaded.order.last() {
            Some((next, ..)) => self.heads.push(Head::of(self.direction, *next, part)),
            None => self.loaded[part] = None,
        }
        Ok(Step::Event(event))
    }

    fn load(&mut self) -> Result<(), LogsError> {
        let Some(part) = self.parts.pop() else { return Ok(()) };
        self.bytes_left = self.bytes_left.saturating_sub(part.bytes());
        let batches = part.read()?.collect::<Result<Vec<_>, _>>()?;
        let mut order = Vec::new();
        for (index, batch) in batches.iter().enumerate() {
            let times = batch.column(1).as_primitive::<TimestampMillisecondType>().values();
            let sequences = batch.column(4).as_primitive::<UInt64Type>().values();
            let points =
                times.iter().zip(sequences.iter()).map(|(ms, sequence)| Point { ms: *ms, sequence: *sequence });
            order.extend(
                points
                    .enumerate()
                    .filter(|(_, point)| self.wants(*point))
                    .map(|(row, point)| (point, index as u32, row as u32)),
            );
        }
        match self.direction {
            Direction::Forward => order.sort_unstable_by(|one, other| other.cmp(one)),
            Direction::Backward => order.sort_unstable(),
        }
        if let Some((point, ..)) = order.last() {
            self.heads.push(Head::of(self.direction, *point, self.loaded.len()));
            self.loaded.push(Some(Loaded { batches, order }));
        }
        Ok(())
    }

    fn wants(&self, point: Point) -> bool {
        match (self.direction, self.start) {
            (_, None) => true,
            (Direction::Forward, Some(start)) => point >= start,
            (Direction::Backward, Some(start)) => point < start,
        }
    }
}

fn event(batch: &RecordBatch, row: usize, point: Point) -> Event {
    Event {
        stream: batch.column(0).as_string_view().value(row).to_owned(),
        point,
        ingestion_ms: batch.column(2).as_primitive::<TimestampMillisecondType>().value(row),
        message: batch.column(3).as_string_view().value(row).to_owned(),
    }
}
