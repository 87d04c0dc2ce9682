//! Pollers: one for each enabled mapping. It receives as the function's role, waits as long as SQS lets it, and hands
//! batches on.
//!
//! A poller takes part in the clock, which waits for it while it works. While it waits for messages the clock does
//! not, because nobody knows when they come; while it collects a batch it is due when the window ends.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use haar_platform::aws::sqs::{self, Message};
use haar_platform::kernel::clock::{Runner, RunnerHandle};
use haar_platform::kernel::{Caller, Ctx, Fault, Next, Timestamp};
use haar_platform::role::Session;
use haar_platform::store::{Read, Span};
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::batch::{Batch, End};
use super::filter::Filters;
use super::queue;
use crate::lambda::Lambda;
use crate::lambda::error::LambdaError;
use crate::lambda::invoke::PAYLOAD_BYTES_MAX;
use crate::lambda::lookup::described;
use crate::lambda::model::{MAPPINGS, Mapping, MappingKey};
use crate::lambda::name::Reference;
use crate::lambda::{role, run};

/// Messages of one receive, and how long it waits: SQS's limits.
const RECEIVED_MAX: u32 = 10;
const WAIT_SECONDS: i32 = 20;

/// Batches of a mapping that are at work at once, where nothing else is said: each is a process.
const BATCHES_AT_ONCE: u32 = 16;

/// The first pause after something went wrong, and the longest; each is twice the one before.
const PAUSE_FIRST: Duration = Duration::from_secs(5);
const PAUSE_MAX: Duration = Duration::from_secs(3600);

/// A session is renewed when less than this is left of it.
const SESSION_LEFT: Duration = Duration::from_secs(300);

/// The pollers that run, and how their batches went.
#[derive(Default)]
pub struct Pollers {
    running: Mutex<HashMap<MappingKey, Running>>,
    results: Mutex<HashMap<MappingKey, &'static str>>,
}

struct Running {
    /// Of the mapping as the poller knows it.
    generation: u64,
    handle: RunnerHandle,
}

impl Pollers {
    /// `LastProcessingResult`.
    pub fn result(&self, key: &MappingKey) -> Option<String> {
        Some(self.results.lock().get(key).copied().unwrap_or("No records processed").to_owned())
    }

    /// A mapping was changed: its poller looks again, before it takes another message.
    pub fn changed(&self, key: &MappingKey) {
        if let Some(running) = self.running.lock().get(key) {
            running.handle.wake();
        }
    }

    /// After the store was emptied: pollers find that their mappings have gone.
    pub fn forget(&self) {
        self.results.lock().clear();
        self.running.lock().values().for_each(|running| running.handle.wake());
    }
}

/// The job that starts pollers, and tells those whose mappings changed.
pub async fn supervise(ctx: &Ctx, lambda: &Lambda) -> Result<Next, LambdaError> {
    let mappings = lambda.store.read(|tx| tx.scan(MAPPINGS, Span::all()).collect::<Result<HashMap<_, _>, _>>())?;
    let mut running = lambda.pollers.running.lock();
    for (key, known) in running.iter() {
        if mappings.get(key).is_none_or(|mapping| mapping.generation != known.generation) {
            known.handle.wake();
        }
    }
    for (key, mapping) in mappings {
        if !mapping.enabled || running.contains_key(&key) {
            continue;
        }
        let runner = ctx.house.clock.runner();
        running.insert(key.clone(), Running { generation: mapping.generation, handle: runner.handle() });
        let reference = Reference::of(&mapping.function, mapping.qualifier.clone());
        let own = Arc::new(run::inside(ctx, &reference)?);
        let lambda = lambda.clone();
        ctx.house.tasks.spawn_forever("lambda poller", async move {
            let ended = Ended { lambda: &lambda, key: &key };
            Poller::new(&own, &lambda, &key, &runner).run().await;
            drop(ended);
        });
    }
    Ok(Next::WhenWoken)
}

/// A poller that goes, and lets another one come.
struct Ended<'a> {
    lambda: &'a Lambda,
    key: &'a MappingKey,
}

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.lambda.pollers.running.lock().remove(self.key);
        self.lambda.mappings.wake();
    }
}

struct Poller<'a> {
    ctx: &'a Arc<Ctx>,
    lambda: &'a Lambda,
    key: &'a MappingKey,
    runner: &'a Runner,
    session: Option<(String, Session)>,
    pause: Duration,
    /// The last receive brought something: there may be more, for which the clock waits.
    flowing: bool,
    work: Arc<Work>,
}

/// The batches of a poller that are at work.
#[derive(Default)]
struct Work {
    count: AtomicUsize,
    ended: Notify,
    /// Since the last look.
    throttled: AtomicUsize,
}

impl<'a> Poller<'a> {
    fn new(ctx: &'a Arc<Ctx>, lambda: &'a Lambda, key: &'a MappingKey, runner: &'a Runner) -> Self {
        Self { ctx, lambda, key, runner, session: None, pause: PAUSE_FIRST, flowing: true, work: Arc::default() }
    }

    /// Until the mapping is changed or gone; then the job starts another poller, if there is to be one.
    async fn run(&mut self) {
        let mapping = self.lambda.store.read(|tx| tx.get(MAPPINGS, self.key));
        let Ok(Some(mapping)) = mapping else { return };
        let filters = Arc::new(Filters::compile(&mapping.filters));
        while self.is_current(&mapping) {
            match self.turn(&mapping, &filters).await {
                Ok(()) if self.work.throttled.swap(0, Ordering::AcqRel) == 0 => self.pause = PAUSE_FIRST,
                Ok(()) => self.rest().await,
                Err(fault) => {
                    tracing::debug!(%fault, queue = mapping.queue_arn, "a queue could not be read for a function");
                    self.lambda.pollers.results.lock().insert(self.key.clone(), "PROBLEM: Queue could not be read");
                    self.rest().await;
                }
            }
        }
    }

    fn is_current(&self, mapping: &Mapping) -> bool {
        let now = self.lambda.store.read(|tx| tx.get(MAPPINGS, self.key));
        matches!(now, Ok(Some(now)) if now.generation == mapping.generation && now.enabled)
    }

    async fn rest(&mut self) {
        self.runner.sleep(Some(self.ctx.now() + self.pause)).await;
        self.pause = (self.pause * 2).min(PAUSE_MAX);
    }

    /// Waits for room, receives a batch, and hands it on.
    async fn turn(&mut self, mapping: &Mapping, filters: &Arc<Filters>) -> Result<(), Fault> {
        let reference = Reference::of(&mapping.function, mapping.qualifier.clone());
        let found = self.lambda.store.read(|tx| described(tx, &reference))?;
        let most = mapping.concurrency_max.unwrap_or(BATCHES_AT_ONCE);
        let most = found.reserved_concurrency.map_or(most, |reserved| reserved.min(most)) as usize;
        if self.work.count.load(Ordering::Acquire) >= most {
            // A function whose reservation is zero is not to run at all: only a change of it can end this wait.
            let freed = self.work.ended.notified();
            let wait = if most == 0 { Some(self.ctx.now() + PAUSE_MAX) } else { None };
            if self.work.count.load(Ordering::Acquire) >= most {
                aside(self.runner, wait, freed).await;
            }
            return Ok(());
        }
        let caller = self.session(&found.version.role, &reference).await?;
        let queue = queue::parse(&mapping.queue_arn)?;
        let messages = self.gather(mapping, &queue::url(&queue), &caller).await?;
        if messages.is_empty() {
            return Ok(());
        }
        let reports_failures = mapping.reports_failures;
        let filters = filters.clone();
        self.start(Batch { reference, queue, caller, filters, reports_failures, messages });
        Ok(())
    }

    async fn session(&mut self, role_arn: &str, reference: &Reference) -> Result<Arc<Caller>, Fault> {
        if let Some((of, session)) = &self.session {
            let ends = session.credentials.as_ref().map(|credentials| credentials.expiration);
            if of == role_arn && ends.is_none_or(|ends| self.ctx.now() + SESSION_LEFT < ends) {
                return Ok(session.caller.clone());
            }
        }
        let session = role::assume(self.ctx, role_arn, &reference.name).await?;
        let caller = session.caller.clone();
        self.session = Some((role_arn.to_owned(), session));
        Ok(caller)
    }

    /// One receive without a window; with one, receives until the batch is full or the window ends, counted from the
    /// first message.
    async fn gather(&mut self, mapping: &Mapping, url: &str, caller: &Arc<Caller>) -> Result<Vec<Message>, Fault> {
        let (mut messages, mut bytes) = (Vec::new(), 0);
        let mut ends: Option<Timestamp> = None;
        loop {
            let left = mapping.batch_size.saturating_sub(u32::try_from(messages.len()).unwrap_or(u32::MAX));
            if left == 0 || bytes >= PAYLOAD_BYTES_MAX || ends.is_some_and(|ends| ends <= self.ctx.now()) {
                return Ok(messages);
            }
            let receive = sqs::ReceiveMessageRequest {
                queue_url: url.to_owned(),
                message_system_attribute_names: Some(vec!["All".into()]),
                message_attribute_names: Some(vec!["All".into()]),
                max_number_of_messages: Some(left.min(RECEIVED_MAX).cast_signed()),
                wait_time_seconds: Some(if self.flowing { 0 } else { WAIT_SECONDS }),
                ..Default::default()
            };
            let call = self.ctx.call_as::<sqs::ReceiveMessage>(caller.clone(), receive);
            let received = if self.flowing { Some(call.await) } else { aside(self.runner, ends, call).await };
            // The window has ended, or the mapping was changed: what is there goes on its way.
            let Some(received) = received else { return Ok(messages) };
            let received = received?.messages.unwrap_or_default();
            self.flowing = !received.is_empty();
            if received.is_empty() && messages.is_empty() {
                return Ok(messages);
            }
            bytes += received.iter().filter_map(|message| message.body.as_ref()).map(String::len).sum::<usize>();
            messages.extend(received);
            if mapping.window_seconds == 0 {
                return Ok(messages);
            }
            let window = Duration::from_secs(u64::from(mapping.window_seconds));
            ends.get_or_insert(self.ctx.now() + window);
        }
    }

    /// The batch goes its way; the clock waits for it.
    fn start(&self, batch: Batch) {
        self.work.count.fetch_add(1, Ordering::AcqRel);
        let going = Going { work: self.work.clone() };
        let runner = self.ctx.house.clock.runner();
        let (ctx, lambda, key) = (self.ctx.clone(), self.lambda.clone(), self.key.clone());
        self.ctx.house.tasks.spawn_forever("lambda batch", async move {
            let end = batch.process(&ctx, &lambda).await;
            let result = match end {
                Ok(End::Done) => "OK",
                Ok(End::Failed) => "PROBLEM: Function call failed",
                Ok(End::Throttled) => {
                    going.work.throttled.fetch_add(1, Ordering::AcqRel);
                    "PROBLEM: Function call throttled"
                }
                Err(fault) => {
                    tracing::debug!(%fault, "a batch could not be brought to its function");
                    "PROBLEM: Function call failed"
                }
            };
            lambda.pollers.results.lock().insert(key, result);
            drop(going);
            drop(runner);
        });
    }
}

/// A batch at work, until this is dropped.
struct Going {
    work: Arc<Work>,
}

impl Drop for Going {
    fn drop(&mut self) {
        self.work.count.fetch_sub(1, Ordering::AcqRel);
        self.work.ended.notify_one();
    }
}

/// Waits for something that the clock does not wait for, until it has come, `due` is there, or somebody wakes the
/// runner, which goes first; only what has come is given back. From then on the clock waits again.
async fn aside<T>(runner: &Runner, due: Option<Timestamp>, wait: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        () = runner.sleep(due) => None,
        came = wait => {
            runner.handle().wake();
            runner.sleep(None).await;
            Some(came)
        }
    }
}
