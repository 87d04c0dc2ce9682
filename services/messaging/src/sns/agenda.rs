//! What is still to be delivered, in memory: lanes of messages that go one by one or side by side, and what waits for
//! another attempt.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use haar_platform::kernel::Timestamp;

/// Deliveries of one subscription at a time.
const PER_LANE_MAX: usize = 32;

/// A subscription's messages; of a FIFO topic, those of one group.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LaneKey {
    /// Number of the subscription.
    pub subscription: u64,
    /// FIFO topics only.
    pub group: Option<String>,
}

/// One delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    pub message: u64,
    pub lane: LaneKey,
    pub due: Timestamp,
}

#[derive(Default)]
struct Lane {
    waiting: VecDeque<u64>,
    in_flight: usize,
    /// It is in the list of lanes that have something to do.
    listed: bool,
    /// How far apart deliveries begin, for endpoints that want only so many a second. Unknown until the first delivery
    /// has looked; it goes alone.
    pause: Option<Duration>,
    /// The next one begins at that time at the earliest.
    open_at: Option<Timestamp>,
}

/// See the module's documentation.
#[derive(Default)]
pub struct Agenda {
    /// Messages up to this one were read from the store; `None`: nothing was.
    pub loaded_until: Option<u64>,
    lanes: HashMap<LaneKey, Lane>,
    ready: VecDeque<LaneKey>,
    /// By when another attempt is due; without a message a lane that may go on.
    later: BTreeSet<(Timestamp, LaneKey, Option<u64>)>,
}

impl LaneKey {
    fn side_by_side(&self) -> usize {
        if self.group.is_some() { 1 } else { PER_LANE_MAX }
    }
}

impl Agenda {
    /// After the store was emptied: nothing is left, and nothing is to be read.
    pub fn clear(&mut self) {
        let loaded_until = self.loaded_until;
        *self = Self { loaded_until, ..Self::default() };
    }

    /// One more.
    pub fn add(&mut self, parcel: Parcel, now: Timestamp) {
        let Parcel { message, lane, due } = parcel;
        if due > now {
            self.postpone(message, lane, due);
        } else {
            self.lanes.entry(lane.clone()).or_default().waiting.push_back(message);
            self.list(lane);
        }
    }

    /// The next delivery that can begin; it counts as in flight from here on.
    pub fn next(&mut self, now: Timestamp) -> Option<(u64, LaneKey)> {
        while let Some((due, key, message)) = self.later.first().filter(|(due, _, _)| *due <= now).cloned() {
            self.later.remove(&(due, key.clone(), message));
            if let Some(message) = message {
                let lane = self.lanes.entry(key.clone()).or_default();
                lane.waiting.push_front(message);
                if key.group.is_some() {
                    lane.in_flight = lane.in_flight.saturating_sub(1);
                }
            }
            self.list(key);
        }
        while let Some(key) = self.ready.pop_front() {
            let Some(lane) = self.lanes.get_mut(&key) else { continue };
            lane.listed = false;
            let side_by_side = if lane.pause.is_some() { key.side_by_side() } else { 1 };
            if lane.in_flight >= side_by_side {
                continue;
            }
            if let Some(open_at) = lane.open_at.filter(|open_at| *open_at > now) {
                self.later.insert((open_at, key, None));
                continue;
            }
            let Some(message) = lane.waiting.pop_front() else {
                if lane.in_flight == 0 && lane.open_at.is_none_or(|open_at| open_at <= now) {
                    self.lanes.remove(&key);
                }
                continue;
            };
            lane.in_flight += 1;
            lane.open_at = lane.pause.filter(|pause| !pause.is_zero()).map(|pause| now + pause);
            self.list(key.clone());
            return Some((message, key));
        }
        None
    }

    /// How far apart deliveries of a lane begin; true if more of them can begin now.
    pub fn pace(&mut self, key: &LaneKey, pause: Duration, now: Timestamp) -> bool {
        let Some(lane) = self.lanes.get_mut(key) else { return false };
        let is_news = lane.pause.replace(pause).is_none();
        if is_news {
            lane.open_at = (!pause.is_zero()).then(|| now + pause);
            self.list(key.clone());
        }
        is_news
    }

    /// A delivery has ended, well or for good.
    pub fn end(&mut self, key: &LaneKey) {
        if let Some(lane) = self.lanes.get_mut(key) {
            lane.in_flight = lane.in_flight.saturating_sub(1);
            self.list(key.clone());
        }
    }

    /// A delivery failed and is tried again then. In a FIFO topic its group waits for it.
    pub fn retry(&mut self, message: u64, key: LaneKey, due: Timestamp) {
        if key.group.is_some() {
            self.later.insert((due, key, Some(message)));
            return;
        }
        self.end(&key);
        self.later.insert((due, key, Some(message)));
    }

    fn postpone(&mut self, message: u64, key: LaneKey, due: Timestamp) {
        if key.group.is_some() {
            // What was read at start and waits for another attempt holds its group up, as it did before.
            self.lanes.entry(key.clone()).or_default().in_flight += 1;
        }
        self.later.insert((due, key, Some(message)));
    }

    /// When something waits to begin.
    pub fn due(&self) -> Option<Timestamp> {
        self.later.first().map(|(due, _, _)| *due)
    }

    fn list(&mut self, key: LaneKey) {
        let lane = self.lanes.entry(key.clone()).or_default();
        if !lane.listed {
            lane.listed = true;
            self.ready.push_back(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(100);
    const LATER: Timestamp = Timestamp::from_seconds(110);

    fn lane(group: Option<&str>) -> LaneKey {
        LaneKey { subscription: 1, group: group.map(str::to_owned) }
    }

    fn agenda(group: Option<&str>, messages: &[u64]) -> Agenda {
        let mut agenda = Agenda::default();
        for message in messages {
            agenda.add(Parcel { message: *message, lane: lane(group), due: NOW }, NOW);
        }
        agenda
    }

    fn begin(agenda: &mut Agenda, now: Timestamp) -> Vec<u64> {
        std::iter::from_fn(|| agenda.next(now).map(|(message, _)| message)).collect()
    }

    #[test]
    fn a_group_goes_one_by_one_and_waits_for_a_retry() {
        let mut agenda = agenda(Some("a"), &[1, 2, 3]);
        assert_eq!(begin(&mut agenda, NOW), [1]);
        agenda.retry(1, lane(Some("a")), LATER);
        assert!(begin(&mut agenda, NOW).is_empty());
        assert_eq!(agenda.due(), Some(LATER));
        assert_eq!(begin(&mut agenda, LATER), [1]);
        agenda.end(&lane(Some("a")));
        assert_eq!(begin(&mut agenda, LATER), [2]);
    }

    #[test]
    fn others_go_side_by_side_and_past_a_retry() {
        let mut agenda = agenda(None, &[1, 2]);
        assert_eq!(begin(&mut agenda, NOW), [1]);
        assert!(agenda.pace(&lane(None), Duration::ZERO, NOW));
        assert_eq!(begin(&mut agenda, NOW), [2]);
        agenda.retry(1, lane(None), LATER);
        agenda.end(&lane(None));
        assert!(begin(&mut agenda, NOW).is_empty());
        assert_eq!(begin(&mut agenda, LATER), [1]);
        let mut many = self::agenda(None, &(0..100).collect::<Vec<_>>());
        begin(&mut many, NOW);
        many.pace(&lane(None), Duration::ZERO, NOW);
        assert_eq!(begin(&mut many, NOW).len(), PER_LANE_MAX - 1);
    }

    #[test]
    fn a_paced_lane_opens_again_in_time() {
        let mut agenda = agenda(None, &[1, 2]);
        assert_eq!(agenda.next(NOW).map(|(message, _)| message), Some(1));
        agenda.pace(&lane(None), Duration::from_secs(10), NOW);
        assert!(begin(&mut agenda, NOW).is_empty());
        assert_eq!(agenda.due(), Some(LATER));
        assert_eq!(begin(&mut agenda, LATER), [2]);
    }
}
