//! What holds whatever happens: nothing is lost or doubled, and FIFO queues keep their order.

use std::collections::{BTreeMap, HashMap, HashSet};

use proptest::prelude::*;

use super::*;

/// What a client may do next.
#[derive(Clone, Debug)]
enum Step {
    Send { group: u8, id: u8 },
    Receive { count: i32 },
    Delete { which: prop::sample::Index },
    Change { which: prop::sample::Index, seconds: i32 },
    Advance { seconds: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..3u8, 0..12u8).prop_map(|(group, id)| Step::Send { group, id }),
        3 => (1..=4i32).prop_map(|count| Step::Receive { count }),
        3 => any::<prop::sample::Index>().prop_map(|which| Step::Delete { which }),
        1 => (any::<prop::sample::Index>(), 0..20i32).prop_map(|(which, seconds)| Step::Change { which, seconds }),
        2 => prop_oneof![Just(1), Just(5), Just(11), Just(301)].prop_map(|seconds| Step::Advance { seconds }),
    ]
}

fn run<F: Future<Output = ()>>(test: F) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(test);
}

/// A FIFO queue as the documentation describes it, with no regard to how fast it is.
#[derive(Default)]
struct Model {
    /// By group, in order: body and when it becomes visible.
    groups: BTreeMap<u8, Vec<(String, u64)>>,
    /// When each deduplication id was accepted.
    accepted: HashMap<u8, u64>,
    now: u64,
}

impl Model {
    fn send(&mut self, group: u8, id: u8, body: &str) {
        if self.accepted.get(&id).is_some_and(|at| self.now < at + 300) {
            return;
        }
        self.accepted.insert(id, self.now);
        self.groups.entry(group).or_default().push((body.to_owned(), self.now));
    }

    /// How many messages of each group can be received: those before the first hidden one.
    fn available(&self, group: u8) -> usize {
        let messages = self.groups.get(&group).into_iter().flatten();
        messages.take_while(|(_, visible_at)| *visible_at <= self.now).count()
    }

    /// The answer must be a prefix of what is available in each group, and as long as it can be.
    fn receive(&mut self, got: &[(u8, String)], count: usize, timeout: u64) {
        let possible: usize = self.groups.keys().map(|group| self.available(*group)).sum();
        assert_eq!(got.len(), possible.min(count));
        let mut taken: HashMap<u8, usize> = HashMap::new();
        for (group, body) in got {
            let position = taken.entry(*group).or_default();
            assert!(*position < self.available(*group));
            assert_eq!(self.groups[group][*position].0, *body);
            *position += 1;
        }
        for (group, count) in taken {
            let messages = self.groups.get_mut(&group).unwrap();
            for message in &mut messages[..count] {
                message.1 = self.now + timeout;
            }
        }
    }

    /// The message, if it is in flight.
    fn in_flight(&mut self, group: u8, body: &str) -> Option<&mut (String, u64)> {
        let now = self.now;
        let messages = self.groups.get_mut(&group)?;
        messages.iter_mut().find(|message| message.0 == body && message.1 > now)
    }
}

async fn fifo_law(steps: Vec<Step>) {
    const TIMEOUT: u64 = 10;
    let bench = Bench::open();
    let url = bench.create("laws.fifo", &[("FifoQueue", "true"), ("VisibilityTimeout", "10")]).await;
    let mut model = Model::default();
    // The latest handle of each message, and how often it was received since.
    let mut held: Vec<(u8, Message)> = Vec::new();
    for (number, step) in steps.into_iter().enumerate() {
        match step {
            Step::Send { group, id } => {
                let body = format!("{number}");
                let input = SendMessageRequest {
                    message_deduplication_id: Some(format!("id-{id}")),
                    ..fifo_letter(&url, &format!("g{group}"), &body)
                };
                bench.try_send(input).await.unwrap();
                model.send(group, id, &body);
            }
            Step::Receive { count } => {
                let messages = bench.receive(&url, count).await;
                let got: Vec<(u8, String)> = messages
                    .iter()
                    .map(|message| {
                        let group = system(message, "MessageGroupId").unwrap();
                        (group[1..].parse().unwrap(), message.body.clone().unwrap())
                    })
                    .collect();
                model.receive(&got, count.unsigned_abs() as usize, TIMEOUT);
                for ((group, _), message) in got.into_iter().zip(messages) {
                    held.retain(|(_, other)| other.message_id != message.message_id);
                    held.push((group, message));
                }
            }
            Step::Delete { which } if !held.is_empty() => {
                let (group, message) = held.swap_remove(which.index(held.len()));
                let body = message.body.clone().unwrap();
                let deleted = bench.delete(&url, &message).await.is_ok();
                assert_eq!(deleted, model.in_flight(group, &body).is_some());
                if deleted {
                    model.groups.get_mut(&group).unwrap().retain(|other| other.0 != body);
                }
            }
            Step::Change { which, seconds } if !held.is_empty() => {
                let (group, message) = &held[which.index(held.len())];
                let changed = bench.change_visibility(&url, message, seconds).await.is_ok();
                let now = model.now;
                let found = model.in_flight(*group, message.body.as_ref().unwrap());
                assert_eq!(changed, found.is_some());
                if let Some(found) = found {
                    found.1 = now + u64::from(seconds.unsigned_abs());
                }
            }
            Step::Delete { .. } | Step::Change { .. } => {}
            Step::Advance { seconds } => {
                bench.advance(seconds).await;
                model.now += seconds;
            }
        }
        let all = model.groups.values().flatten();
        let hidden = all.clone().filter(|(_, visible_at)| *visible_at > model.now).count() as u64;
        let total = all.count() as u64;
        assert_eq!(bench.counts(&url).await, (total - hidden, hidden, 0));
    }
    let report = bench.house.platform.store.check(crate::sqs::tables()).await.unwrap();
    assert!(report.is_clean(), "{:?}", report.problems);
}

async fn conservation_law(steps: Vec<Step>) {
    let bench = Bench::open();
    let dead = bench.create("dead", &[]).await;
    let redrive = redrive_to("dead", 3);
    let url = bench.create("laws", &[("VisibilityTimeout", "10"), ("RedrivePolicy", &redrive)]).await;
    let (mut sent, mut deleted) = (HashSet::new(), HashSet::new());
    let mut held: Vec<Message> = Vec::new();
    for (number, step) in steps.into_iter().enumerate() {
        match step {
            Step::Send { id, .. } => {
                let input =
                    SendMessageRequest { delay_seconds: Some(i32::from(id)), ..letter(&url, &number.to_string()) };
                sent.insert(bench.try_send(input).await.unwrap().message_id.unwrap());
            }
            Step::Receive { count } => {
                for message in bench.receive(&url, count).await {
                    held.retain(|other| other.message_id != message.message_id);
                    held.push(message);
                }
            }
            Step::Delete { which } if !held.is_empty() => {
                let message = held.swap_remove(which.index(held.len()));
                let total = |counts: (u64, u64, u64)| counts.0 + counts.1 + counts.2;
                let before = total(bench.counts(&url).await);
                bench.delete(&url, &message).await.unwrap();
                if total(bench.counts(&url).await) < before {
                    assert!(deleted.insert(message.message_id.unwrap()), "deleted twice");
                }
            }
            Step::Change { which, seconds } if !held.is_empty() => {
                // A message that has moved to the dead-letter queue is refused.
                let _ = bench.change_visibility(&url, &held[which.index(held.len())], seconds).await;
            }
            Step::Delete { .. } | Step::Change { .. } => {}
            Step::Advance { seconds } => bench.advance(seconds).await,
        }
    }
    bench.advance(43_200).await;
    let mut remaining = HashSet::new();
    for queue in [&url, &dead] {
        loop {
            let messages = bench.receive(queue, 10).await;
            // A receive can bring nothing but moves to the dead-letter queue.
            if messages.is_empty() {
                break;
            }
            for message in messages {
                assert!(remaining.insert(message.message_id.clone().unwrap()), "two of one");
                bench.delete(queue, &message).await.unwrap();
            }
        }
        assert_eq!(bench.counts(queue).await, (0, 0, 0));
    }
    assert!(remaining.is_disjoint(&deleted));
    assert_eq!(sent, remaining.union(&deleted).cloned().collect());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..Default::default() })]

    #[test]
    fn fifo_queues_keep_order_and_deliver_once_within_the_window(steps in prop::collection::vec(step(), 1..60)) {
        run(fifo_law(steps));
    }

    #[test]
    fn what_was_sent_was_deleted_or_is_still_there(steps in prop::collection::vec(step(), 1..60)) {
        run(conservation_law(steps));
    }
}
