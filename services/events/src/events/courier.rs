//! Makes the deliveries: many at once, each with its target's retry policy, and to dead-letter queues in the end.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html>

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use haar_platform::bus::retry_delay;
use haar_platform::kernel::{Arn, Caller, Ctx, Delivery, Next, Timestamp};
use haar_platform::role;
use haar_platform::store::{Read, StoreError};
use serde_json::json;

use super::Events;
use super::error::Error;
use super::failure::{Exhausted, Failure};
use super::lanes::Lanes;
use super::measures::Measures;
use super::model::{BusKey, OUTSTANDING, Outstanding};
use super::place::BusPlace;
use super::receive::FORWARDED;

/// Deliveries at a time.
const IN_FLIGHT_MAX: usize = 1024;

/// Deliveries that were made and are still stored, while others go on: a crash repeats them, and those that are being
/// removed.
const UNSAVED_MAX: usize = 64;

/// Removals at a time: one commit of the store serves them all.
const SAVES_MAX: usize = 4;

/// A target that has not answered by then has failed: all of them take what they get and work on it later.
const PATIENCE: Duration = Duration::from_secs(60);

/// How something that the courier began has ended.
enum Step {
    /// A delivery, to this target.
    Tried { number: u64, target: String, attempt: Attempt },
    /// The removal of deliveries that were made.
    Saved(Result<(), StoreError>),
}

struct Attempt {
    /// None when there was nothing to deliver.
    rule: Option<(BusKey, String)>,
    /// Of the rule: milliseconds, or something that is counted.
    measures: Vec<(&'static str, Option<f64>)>,
    end: Result<End, StoreError>,
}

impl Attempt {
    fn none(end: Result<End, StoreError>) -> Self {
        Self { rule: None, measures: Vec::new(), end }
    }
}

enum End {
    /// Nothing is left to be done; what is stored of it can go.
    Over,
    /// It is stored when it is due again.
    Again(Timestamp),
}

/// Delivers until nothing is left that could be delivered now.
pub async fn work(ctx: &Ctx, events: &Events) -> Result<Next, Error> {
    let mut lanes = match events.outbox.take_lanes() {
        Some(lanes) => lanes,
        None => Lanes::load(&events.store)?,
    };
    let mut begun: FuturesUnordered<BoxFuture<'_, Step>> = FuturesUnordered::new();
    let (mut done, mut measures, mut saves) = (Vec::new(), Measures::default(), 0);
    loop {
        for (number, target) in events.outbox.take_arrived() {
            lanes.arrive(number, target);
        }
        lanes.wake(ctx.now());
        while begun.len() < IN_FLIGHT_MAX
            && let Some((number, target)) = lanes.begin()
        {
            begun.push(Box::pin(async move {
                let attempt = attempt(ctx, events, number).await;
                Step::Tried { number, target, attempt }
            }));
        }
        if saves < SAVES_MAX && !done.is_empty() && (done.len() >= UNSAVED_MAX || begun.is_empty()) {
            saves += 1;
            begun.push(Box::pin(save(ctx, events, std::mem::take(&mut done), std::mem::take(&mut measures))));
        }
        if begun.is_empty() {
            measures.note(ctx, "EventsDelivered").await;
            let due = lanes.due();
            events.outbox.keep_lanes(lanes);
            return Ok(Next::at(due));
        }
        // While something is in flight, virtual clocks wait for it; others go on, and retries fall due.
        let step = tokio::select! {
            step = begun.next() => step,
            () = events.outbox.news() => None,
            () = ctx.sleep_until(lanes.due().unwrap_or(Timestamp::MAX)) => None,
        };
        match step {
            None => {}
            Some(Step::Saved(saved)) => {
                saves -= 1;
                saved?;
            }
            Some(Step::Tried { number, target, attempt }) => {
                lanes.end(&target);
                if let Some((bus, rule)) = &attempt.rule {
                    for (name, value) in attempt.measures {
                        match value {
                            None => measures.count(bus, rule, name),
                            Some(value) => measures.milliseconds(bus, rule, name, value),
                        }
                    }
                }
                match attempt.end? {
                    End::Over => done.push(number),
                    End::Again(due) => lanes.wait(number, target, due),
                }
            }
        }
    }
}

async fn save(ctx: &Ctx, events: &Events, done: Vec<u64>, measures: Measures) -> Step {
    let removed = events.store.write(move |tx| {
        for number in &done {
            tx.delete(OUTSTANDING, number)?;
        }
        Ok::<_, StoreError>(())
    });
    let (removed, ()) = tokio::join!(removed, measures.note(ctx, "EventsDelivered"));
    Step::Saved(removed)
}

async fn attempt(ctx: &Ctx, events: &Events, number: u64) -> Attempt {
    let stored = events.store.read(|tx| tx.get(OUTSTANDING, &number));
    let mut delivery = match stored {
        Ok(Some(delivery)) => delivery,
        // The store was emptied.
        Ok(None) => return Attempt::none(Ok(End::Over)),
        Err(cause) => return Attempt::none(Err(cause)),
    };
    let Some(place) = BusPlace::of_key(&delivery.bus) else { return Attempt::none(Ok(End::Over)) };
    let milliseconds = |from: Timestamp| Some((ctx.now() - from).as_millis() as f64);
    let mut measures = vec![("InvocationAttempts", None)];
    match delivery.attempts {
        0 => measures.push(("IngestionToInvocationStartLatency", milliseconds(delivery.ingested))),
        _ => measures.push(("RetryInvocationAttempts", None)),
    }
    let attempts = delivery.attempts + 1;
    let here = ctx.elsewhere(sender(&place, &delivery), place.region.clone());
    let end = match deliver(&here, number, &delivery).await {
        Ok(()) => {
            measures.push(("Invocations", None));
            measures.push(("SuccessfulInvocationAttempts", None));
            for name in ["IngestionToInvocationCompleteLatency", "IngestionToInvocationSuccessLatency"] {
                measures.push((name, milliseconds(delivery.ingested)));
            }
            Ok(End::Over)
        }
        Err(failure) => match failure.exhausted(&delivery.target, attempts, delivery.ingested, ctx.now()) {
            None => {
                delivery.attempts = attempts;
                delivery.due = ctx.now() + retry_delay(attempts);
                again(events, number, &delivery).await.map(|()| End::Again(delivery.due))
            }
            Some(exhausted) => {
                measures.push(("Invocations", None));
                measures.push(("FailedInvocations", None));
                measures.push(("IngestionToInvocationCompleteLatency", milliseconds(delivery.ingested)));
                measures.extend(bury(&here, number, &place, &delivery, &failure, exhausted, attempts).await);
                Ok(End::Over)
            }
        },
    };
    Attempt { rule: Some((delivery.bus, delivery.rule)), measures, end }
}

/// Stores that a delivery failed, and when it is due again; unless the store was emptied.
async fn again(events: &Events, number: u64, delivery: &Outstanding) -> Result<(), StoreError> {
    let delivery = delivery.clone();
    events
        .store
        .write(move |tx| match tx.contains(OUTSTANDING, &number)? {
            true => tx.put(OUTSTANDING, &number, &delivery),
            false => Ok(()),
        })
        .await
}

/// In whose name targets without a role are reached: EventBridge's, on behalf of the rule.
fn sender(place: &BusPlace, delivery: &Outstanding) -> Arc<Caller> {
    let rule_arn = place.rule_arn(&delivery.rule).to_string();
    let caller = Caller::service("events", &place.account);
    Arc::new(caller.with_key("aws:SourceArn", rule_arn).with_key("aws:SourceAccount", place.account.to_string()))
}

async fn deliver(here: &Ctx, number: u64, delivery: &Outstanding) -> Result<(), Failure> {
    let target: Arn = delivery.target.arn.parse().map_err(|_| Failure {
        code: "NO_RESOURCE",
        message: "the target is no ARN".into(),
        retry: false,
    })?;
    let mut sent = Delivery::new(target, delivery.payload.as_str(), id(number, delivery));
    if let Some(group) = &delivery.target.message_group_id {
        sent.parameters["SqsParameters"] = json!({ "MessageGroupId": group });
    }
    let to_bus = BusPlace::of_arn(&sent.target).is_some();
    if to_bus {
        if delivery.hops > 0 {
            return Err(Failure::hop());
        }
        sent.parameters[FORWARDED] = json!(delivery.hops + 1);
    }
    let caller = match &delivery.target.role_arn {
        // Another bus is asked whether it lets the account of the rule in; its own account always may.
        None if to_bus => Arc::new(Caller { keys: here.caller.keys.clone(), ..Caller::root(&here.account) }),
        None => here.caller.clone(),
        Some(role_arn) => {
            let session = role::assume(here, "events", role_arn, &session_name(delivery)).await;
            session.map_err(|fault| Failure::of_role(&fault))?.caller
        }
    };
    tokio::select! {
        delivered = here.deliver(caller, sent) => delivered.map_err(|fault| Failure::of(&fault)),
        () = here.house.clock.patience(PATIENCE) => Err(Failure::timeout()),
    }
}

/// The same for every attempt.
fn id(number: u64, delivery: &Outstanding) -> String {
    format!("{}-{number}", delivery.event_id)
}

fn session_name(delivery: &Outstanding) -> String {
    const CHARACTERS_MAX: usize = 64;
    let name: String = delivery.event_id.chars().filter(|c| c.is_ascii_alphanumeric()).collect();
    name[..name.len().min(CHARACTERS_MAX)].to_owned()
}

/// Sends a dead letter, if there is a queue for it; what is measured of that.
async fn bury(
    here: &Ctx,
    number: u64,
    place: &BusPlace,
    delivery: &Outstanding,
    failure: &Failure,
    exhausted: Exhausted,
    attempts: u32,
) -> Option<(&'static str, Option<f64>)> {
    let rule_arn = place.rule_arn(&delivery.rule).to_string();
    tracing::debug!(rule_arn, target = delivery.target.arn, code = failure.code, attempts, "gave up a delivery");
    let queue: Arn = delivery.target.dead_letter_arn.as_ref()?.parse().ok()?;
    let mut letter = Delivery::new(queue, delivery.payload.as_str(), id(number, delivery));
    letter.parameters["MessageAttributes"] = failure.attributes(delivery, &rule_arn, exhausted, attempts);
    // A dead-letter queue is not tried twice; the metric tells.
    match here.deliver(here.caller.clone(), letter).await {
        Ok(()) => Some(("InvocationsSentToDlq", None)),
        Err(fault) => {
            tracing::warn!(rule_arn, %fault, "failed to send a dead letter");
            Some(("InvocationsFailedToBeSentToDlq", None))
        }
    }
}
