//! What was acknowledged and is not in columns yet: in memory as it is in the table of what came in.

use std::collections::HashMap;

use super::model::{Incoming, Point};
use super::sample::Sample;

/// One such point.
#[derive(Clone, Debug)]
pub(super) struct Fresh {
    /// The write that brought it.
    pub incoming: u64,
    pub unit: u8,
    pub tier: u8,
    pub time: i64,
    pub sample: Sample,
}

/// By series.
#[derive(Default)]
pub(super) struct Head {
    points: HashMap<u64, Vec<Fresh>>,
    count: usize,
    /// The newest write that was ever in here.
    pub newest: u64,
    /// When the oldest point in here came, in milliseconds.
    pub oldest_published: Option<i64>,
    /// The upkeep that last took points out.
    pub moved: u64,
    /// Whether upkeep knows that there are points.
    pub planned: bool,
}

impl Head {
    /// Empty, behind what was done before the start.
    pub fn behind(newest: u64, moved: u64) -> Self {
        Self { newest, moved, ..Self::default() }
    }

    pub fn take_in(&mut self, number: u64, incoming: Incoming) {
        self.newest = number;
        self.oldest_published.get_or_insert(incoming.published);
        self.count += incoming.points.len();
        for Point { series, unit, tier, time, sample } in incoming.points {
            self.points.entry(series).or_default().push(Fresh { incoming: number, unit, tier, time, sample });
        }
    }

    pub fn len(&self) -> usize {
        self.count
    }

    pub fn of(&self, series: u64) -> &[Fresh] {
        self.points.get(&series).map_or(&[], Vec::as_slice)
    }

    pub fn all(&self) -> impl Iterator<Item = (&u64, &Vec<Fresh>)> {
        self.points.iter()
    }

    /// The points of all writes up to `number` are in columns since `now`: those that remain are newer than that.
    pub fn let_go(&mut self, number: u64, moved: u64, now: i64) {
        self.points.retain(|_, points| {
            points.retain(|point| point.incoming > number);
            !points.is_empty()
        });
        self.count = self.points.values().map(Vec::len).sum();
        self.moved = moved;
        self.oldest_published = (self.count > 0).then_some(now);
        self.planned = self.count > 0;
    }
}
