//! Asynchronous invocations: accepted when they are durable, run at least once, tried again, and told about.
//!
//! ```text
//!   accept ──▶ EVENTS ──▶ dispatch (job) ──▶ attempt ──▶ success ──▶ destination
//!                  ▲                            │ error: again after 1 and 2 minutes
//!                  └────────────────────────────┤ no room: again, up to the event's age
//!                                               └ given up ──▶ destination, dead-letter queue
//! ```
//! <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html>

pub mod configuration;
pub mod destination;
pub mod record;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use haar_platform::kernel::{Bytes, Ctx, Next, Timestamp};
use haar_platform::store::{Read, Span};
use parking_lot::Mutex;

use self::record::{Condition, Record};
use super::Lambda;
use super::error::LambdaError;
use super::lookup::{described, function_in};
use super::model::{BY_DUE, EVENT_CONFIGS, EVENTS, EventConfig, LATEST, QueuedEvent};
use super::name::Reference;
use super::run::{self, Order, Ran, observed};

/// Attempts after the first, and the age at which an event is given up, where nothing is configured.
const RETRIES_MAX: u32 = 2;
const AGE_SECONDS_MAX: u32 = 21_600;

/// What lies between an attempt that failed and the next.
const RETRY_AFTER: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(120)];

/// The longest wait for room; the first is a second, and each is twice the one before.
const ROOM_WAIT_MAX: Duration = Duration::from_secs(300);

/// Asynchronous invocations that the house runs at once: each is a process, and the queue is there to wait in.
const AT_ONCE_MAX: usize = 64;

/// Events that are being attempted, by request id.
#[derive(Default)]
pub struct InFlight(Mutex<HashSet<String>>);

/// Accepts an event: when this returns it is durable.
pub async fn accept(
    ctx: &Ctx,
    lambda: &Lambda,
    reference: Reference,
    payload: Bytes,
    client_context: Option<String>,
) -> Result<(), LambdaError> {
    let event = QueuedEvent {
        function: reference.owned_key(),
        qualifier: reference.qualifier.clone(),
        payload: payload.into(),
        client_context,
        received: ctx.now(),
        due: ctx.now(),
        attempts: 0,
        throttles: 0,
    };
    let (id, place, waker) = (ctx.request_id.clone(), reference.clone(), lambda.events.clone());
    lambda
        .store
        .write(move |tx| {
            described(tx, &place)?;
            tx.put(EVENTS, &id, &event)?;
            tx.on_commit(move || waker.wake());
            Ok::<_, LambdaError>(())
        })
        .await?;
    observed::of_function(&reference, "AsyncEventsReceived", 1.0, "Count")
        .into_iter()
        .for_each(|measure| ctx.measure(measure));
    Ok(())
}

/// The job that attempts what is due.
pub async fn dispatch(ctx: &Ctx, lambda: &Lambda) -> Result<Next, LambdaError> {
    let now = ctx.now();
    let mut in_flight = lambda.in_flight.0.lock();
    let found = lambda.store.read(|tx| {
        let mut due = Vec::new();
        for entry in tx.scan_index_keys(BY_DUE, Span::all()) {
            let ((at, _), id) = entry?;
            if at > now.millis() {
                return Ok((due, Some(Timestamp::from_millis(at))));
            }
            if in_flight.len() + due.len() >= AT_ONCE_MAX {
                // Whatever ends wakes this job.
                return Ok((due, None));
            }
            if !in_flight.contains(&id) {
                due.push(id);
            }
        }
        Ok::<_, LambdaError>((due, None))
    });
    let (due, next) = found?;
    for id in due {
        in_flight.insert(id.clone());
        // The clock waits for what falls due.
        let runner = ctx.house.clock.runner();
        let own = Arc::new(ctx.elsewhere(ctx.caller.clone(), ctx.region.clone()));
        let lambda = lambda.clone();
        ctx.house.tasks.spawn_forever("lambda event", async move {
            let _done = Done { lambda: lambda.clone(), id: id.clone() };
            if let Err(error) = attempt(&own, &lambda, &id).await {
                tracing::error!(%error, id, "failed to run an asynchronous invocation");
                if let Err(error) = postpone(&own, &lambda, &id).await {
                    tracing::error!(%error, id, "failed to postpone an asynchronous invocation");
                }
            }
            drop(_done);
            drop(runner);
        });
    }
    Ok(Next::at(next))
}

/// An attempt that ends, one way or another.
struct Done {
    lambda: Lambda,
    id: String,
}

impl Drop for Done {
    fn drop(&mut self) {
        self.lambda.in_flight.0.lock().remove(&self.id);
        self.lambda.events.wake();
    }
}

/// How the events of what was invoked are to end.
fn config(lambda: &Lambda, reference: &Reference) -> Result<EventConfig, LambdaError> {
    let mut key = reference.qualified_key();
    if key.3.is_empty() {
        key.3 = LATEST.to_owned();
    }
    Ok(lambda.store.read(|tx| tx.get(EVENT_CONFIGS, &key))?.unwrap_or_default())
}

/// Runs an event once, and decides what becomes of it.
async fn attempt(ctx: &Ctx, lambda: &Lambda, id: &str) -> Result<(), LambdaError> {
    let Some(event) = lambda.store.read(|tx| tx.get(EVENTS, id))? else { return Ok(()) };
    let reference = Reference::of(&event.function, event.qualifier.clone());
    let inner = run::inside(ctx, &reference)?;
    if lambda.store.read(|tx| function_in(tx, &reference)).is_err() {
        return forget(lambda, id).await;
    }
    let config = config(lambda, &reference)?;
    let age_max = Duration::from_secs(u64::from(config.age_seconds_max.unwrap_or(AGE_SECONDS_MAX)));
    let ended = Ended { ctx: &inner, lambda, id, event: &event, reference: &reference, config: &config };
    if inner.now() > event.received + age_max {
        return ended.give_up(Condition::EventAgeExceeded, None).await;
    }
    let found = match lambda.resolve(&reference) {
        Ok(found) => found,
        // The version or alias has gone since.
        Err(LambdaError::FunctionNotFound(_)) => return ended.give_up(Condition::RetriesExhausted, None).await,
        Err(error) => return Err(error),
    };
    let age = inner.now() - event.received;
    let order = Order {
        reference: reference.clone(),
        found,
        request_id: id.to_owned(),
        payload: event.payload.clone().into(),
        client_context: event.client_context.clone(),
    };
    let ran = match run::run(&inner, lambda, order).await {
        Ok(ran) => ran,
        Err(error) => {
            if !matches!(error, LambdaError::TooManyRequests(_)) {
                tracing::warn!(%error, function = reference.name, "an asynchronous invocation could not be run");
            }
            return postpone(&inner, lambda, id).await;
        }
    };
    if event.attempts == 0 {
        // The age counts to the first attempt that runs.
        let millis = age.as_secs_f64() * 1000.0;
        let own = inner.elsewhere(inner.caller.clone(), inner.region.clone());
        let measures = observed::of_function(&reference, "AsyncEventAge", millis, "Milliseconds");
        measures.into_iter().for_each(|measure| own.measure(measure));
        own.note("AsyncEventAttempted").await;
    }
    ended.after(ran).await
}

/// An event and what was decided about it.
struct Ended<'a> {
    ctx: &'a Ctx,
    lambda: &'a Lambda,
    id: &'a str,
    event: &'a QueuedEvent,
    reference: &'a Reference,
    config: &'a EventConfig,
}

impl Ended<'_> {
    async fn after(&self, ran: Ran) -> Result<(), LambdaError> {
        let retries_max = self.config.retries_max.unwrap_or(RETRIES_MAX);
        let failed = ran.error_type.is_some();
        let Ran { payload, error_type, executed_version, observed, .. } = ran;
        observed.note(self.ctx).await;
        let response = record::Response { payload, error_type, executed_version };
        if !failed {
            let record = self.record(Condition::Success, Some(response));
            destination::succeeded(self.ctx, self.lambda, self.reference, self.config, &record).await;
            return forget(self.lambda, self.id).await;
        }
        if self.event.attempts >= retries_max {
            return self.give_up(Condition::RetriesExhausted, Some(response)).await;
        }
        let wait = RETRY_AFTER[(self.event.attempts as usize).min(RETRY_AFTER.len() - 1)];
        let (id, due) = (self.id.to_owned(), self.ctx.now() + wait);
        self.lambda
            .store
            .write(move |tx| {
                if let Some(mut event) = tx.get(EVENTS, &id)? {
                    event.attempts += 1;
                    event.throttles = 0;
                    event.due = due;
                    tx.put(EVENTS, &id, &event)?;
                }
                Ok(())
            })
            .await
    }

    async fn give_up(&self, condition: Condition, response: Option<record::Response>) -> Result<(), LambdaError> {
        let own = self.ctx.elsewhere(self.ctx.caller.clone(), self.ctx.region.clone());
        let measures = observed::of_function(self.reference, "AsyncEventsDropped", 1.0, "Count");
        measures.into_iter().for_each(|measure| own.measure(measure));
        own.note("AsyncEventDropped").await;
        let record = self.record(condition, response);
        destination::failed(self.ctx, self.lambda, self.reference, self.config, &record).await;
        forget(self.lambda, self.id).await
    }

    fn record(&self, condition: Condition, response: Option<record::Response>) -> Record {
        Record {
            time: self.ctx.now(),
            request_id: self.id.to_owned(),
            function_arn: self.reference.arn_of(self.reference.qualifier.as_deref().unwrap_or(LATEST)).to_string(),
            condition,
            invoke_count: self.event.attempts + u32::from(response.is_some()),
            request: self.event.payload.clone(),
            response,
        }
    }
}

/// There was no room, or Lambda itself failed: later, and later each time.
async fn postpone(ctx: &Ctx, lambda: &Lambda, id: &str) -> Result<(), LambdaError> {
    let (id, now) = (id.to_owned(), ctx.now());
    lambda
        .store
        .write(move |tx| {
            if let Some(mut event) = tx.get(EVENTS, &id)? {
                let wait = Duration::from_secs(1 << event.throttles.min(16)).min(ROOM_WAIT_MAX);
                event.throttles += 1;
                event.due = now + wait;
                tx.put(EVENTS, &id, &event)?;
            }
            Ok(())
        })
        .await
}

async fn forget(lambda: &Lambda, id: &str) -> Result<(), LambdaError> {
    let id = id.to_owned();
    lambda
        .store
        .write(move |tx| {
            tx.delete(EVENTS, &id)?;
            Ok(())
        })
        .await
}
