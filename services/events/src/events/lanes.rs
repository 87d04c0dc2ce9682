//! What the courier has before it: deliveries in a line for each target, so that a slow one holds up no other.

use std::collections::{BTreeMap, HashMap, VecDeque};

use haar_platform::kernel::Timestamp;
use haar_platform::store::{Read, Span, Store, StoreError};

use super::model::OUTSTANDING;

/// Deliveries to one target at a time.
pub const LANE_MAX: usize = 32;

/// Deliveries by target.
#[derive(Debug, Default)]
pub struct Lanes {
    lanes: HashMap<String, Lane>,
    /// Targets that have a delivery to be begun, each once.
    turn: VecDeque<String>,
    /// Deliveries that failed, by when they are due again.
    waiting: BTreeMap<(Timestamp, u64), String>,
    /// The newest that was stored when all were loaded.
    loaded: u64,
}

#[derive(Debug, Default)]
struct Lane {
    ready: VecDeque<u64>,
    in_flight: usize,
    /// Whether it is in `turn`.
    queued: bool,
}

impl Lanes {
    /// All that is stored: after a start.
    pub fn load(store: &Store) -> Result<Self, StoreError> {
        let mut lanes = Self::default();
        for row in store.snapshot().scan(OUTSTANDING, Span::all()) {
            let (number, delivery) = match row {
                Ok(row) => row,
                Err(cause @ StoreError::Corrupt { .. }) => {
                    tracing::error!(%cause, "skipped a damaged delivery");
                    continue;
                }
                Err(cause) => return Err(cause),
            };
            lanes.waiting.insert((delivery.due, number), delivery.target.arn);
            lanes.loaded = number;
        }
        Ok(lanes)
    }

    /// One that was written; it may have been loaded already.
    pub fn arrive(&mut self, number: u64, target: String) {
        if number > self.loaded {
            self.add(number, target);
        }
    }

    /// One more that can be begun.
    fn add(&mut self, number: u64, target: String) {
        let lane = self.lanes.entry(target.clone()).or_default();
        lane.ready.push_back(number);
        self.queue(target);
    }

    /// One that failed.
    pub fn wait(&mut self, number: u64, target: String, due: Timestamp) {
        self.waiting.insert((due, number), target);
    }

    /// Those that failed and are due again.
    pub fn wake(&mut self, now: Timestamp) {
        while let Some(entry) = self.waiting.first_entry().filter(|entry| entry.key().0 <= now) {
            let ((_, number), target) = entry.remove_entry();
            self.add(number, target);
        }
    }

    /// When the next that failed is due again.
    pub fn due(&self) -> Option<Timestamp> {
        self.waiting.keys().next().map(|(due, _)| *due)
    }

    /// Begins the next: targets take turns.
    pub fn begin(&mut self) -> Option<(u64, String)> {
        loop {
            let target = self.turn.pop_front()?;
            let Some(lane) = self.lanes.get_mut(&target) else { continue };
            lane.queued = false;
            if let Some(number) = lane.ready.pop_front() {
                lane.in_flight += 1;
                self.queue(target.clone());
                return Some((number, target));
            }
        }
    }

    /// One that was begun has ended.
    pub fn end(&mut self, target: &str) {
        let Some(lane) = self.lanes.get_mut(target) else { return };
        lane.in_flight = lane.in_flight.saturating_sub(1);
        if lane.in_flight == 0 && lane.ready.is_empty() {
            self.lanes.remove(target);
        } else {
            self.queue(target.to_owned());
        }
    }

    fn queue(&mut self, target: String) {
        let Some(lane) = self.lanes.get_mut(&target) else { return };
        if !lane.queued && !lane.ready.is_empty() && lane.in_flight < LANE_MAX {
            lane.queued = true;
            self.turn.push_back(target);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_that_does_not_answer_holds_up_no_other() {
        let mut lanes = Lanes::default();
        (1..=1000).for_each(|number| lanes.arrive(number, "slow".into()));
        lanes.arrive(1001, "quick".into());
        let begun: Vec<_> = std::iter::from_fn(|| lanes.begin()).collect();
        assert_eq!(begun.len(), LANE_MAX + 1);
        assert_eq!(begun[1], (1001, "quick".into()));
        lanes.end("slow");
        assert_eq!(lanes.begin(), Some((LANE_MAX as u64 + 1, "slow".into())));
        assert_eq!(lanes.begin(), None);
    }

    #[test]
    fn what_failed_comes_again_when_it_is_due() {
        let mut lanes = Lanes::default();
        let at = Timestamp::from_seconds;
        lanes.wait(7, "t".into(), at(10));
        lanes.wake(at(9));
        assert_eq!((lanes.begin(), lanes.due()), (None, Some(at(10))));
        lanes.wake(at(10));
        assert_eq!((lanes.begin(), lanes.due()), (Some((7, "t".into())), None));
    }
}
