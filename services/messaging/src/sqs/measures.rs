//! The metrics of AWS/SQS.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html>
//!
//! What calls do is measured in the calls. What a queue holds is looked at every minute while it is used, and less often
//! until it is not active any more; a queue that was found empty is not looked at again before its next call.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use haar_platform::kernel::{AccountId, Caller, Ctx, Measure, Next, Region, Timestamp};
use haar_platform::store::{Read, Span};
use parking_lot::Mutex;

use crate::deadline::Deadline;

use super::Sqs;
use super::address::Address;
use super::error::SqsError;
use super::model::{MESSAGES, STOCKS};

const NAMESPACE: &str = "AWS/SQS";

/// A queue is looked at for that long after its last call.
const ACTIVE: Duration = Duration::from_secs(6 * 60 * 60);

/// It is looked at every minute for so long, then every five: moving the clock by a month takes a step for each look.
const BUSY: Duration = Duration::from_secs(15 * 60);

const MINUTE_SECONDS: i64 = 60;

/// The queues that were called lately.
#[derive(Default)]
pub struct Gauges {
    active: Mutex<HashMap<u64, Active>>,
    pub due: Deadline,
}

#[derive(Clone)]
struct Active {
    address: Address,
    called: Timestamp,
    /// When it is looked at next.
    due: Timestamp,
}

impl Gauges {
    /// A queue was called: it is looked at with the next minute.
    pub fn called(&self, number: u64, address: &Address, now: Timestamp) {
        let mut active = self.active.lock();
        match active.get_mut(&number) {
            Some(known) => known.called = now,
            None => {
                let due = next_look(now, now);
                active.insert(number, Active { address: address.clone(), called: now, due });
                drop(active);
                self.due.note(due);
            }
        }
    }

    /// After the store was emptied.
    pub fn forget(&self) {
        self.active.lock().clear();
    }

    fn due(&self, now: Timestamp) -> Vec<(u64, Active)> {
        let active = self.active.lock();
        let due = active.iter().filter(|(_, active)| active.due <= now);
        due.map(|(number, active)| (*number, active.clone())).collect()
    }

    /// A queue was looked at: it is again with the next minute, or forgotten, unless it was called since.
    fn looked(&self, number: u64, seen: &Active, is_over: bool, now: Timestamp) {
        let mut active = self.active.lock();
        let Some(known) = active.get_mut(&number) else { return };
        if is_over && known.called == seen.called {
            active.remove(&number);
        } else {
            known.due = next_look(known.called, now);
        }
    }

    fn next(&self) -> Option<Timestamp> {
        self.active.lock().values().map(|active| active.due).min()
    }
}

/// A full minute, or a full five minutes.
fn next_look(called: Timestamp, now: Timestamp) -> Timestamp {
    let step = if now - called < BUSY { MINUTE_SECONDS } else { 5 * MINUTE_SECONDS };
    Timestamp::from_seconds((now.seconds().div_euclid(step) + 1) * step)
}

/// Counts something that a call did with a queue.
pub fn count(ctx: &Ctx, name: &'static str, address: &Address, count: usize) {
    if count > 0 {
        ctx.measure(Measure::count(NAMESPACE, name, count as f64).of("QueueName", &*address.name));
    }
}

/// The size of a message that was sent.
pub fn sent(ctx: &Ctx, address: &Address, bytes: usize) {
    ctx.measure(Measure::new(NAMESPACE, "SentMessageSize", bytes as f64, "Bytes").of("QueueName", &*address.name));
}

/// Looks at what the active queues hold.
pub async fn sample(ctx: &Ctx, sqs: &Sqs) -> Result<Next, SqsError> {
    let (now, gauges) = (ctx.now(), &sqs.live.gauges);
    gauges.due.reset();
    for (number, seen) in gauges.due(now) {
        let held = look(ctx, sqs, number, &seen.address, now).await?;
        gauges.looked(number, &seen, held == 0 || seen.called + ACTIVE <= now, now);
    }
    let next = gauges.next();
    gauges.due.set(next);
    Ok(Next::at(next))
}

/// Reports what one queue holds, and how many messages that are.
async fn look(ctx: &Ctx, sqs: &Sqs, number: u64, address: &Address, now: Timestamp) -> Result<u64, SqsError> {
    let (Some(account), Some(region)) = (AccountId::parse(&address.account), Region::parse(&address.region)) else {
        return Ok(0);
    };
    let (stock, oldest) = sqs.store.read(|tx| {
        let oldest = tx.scan_keys(MESSAGES, Span::under((number,))).next().transpose()?;
        Ok::<_, SqsError>((tx.get(STOCKS, &number)?, oldest))
    })?;
    // Deleted or purged since.
    let Some(stock) = stock else { return Ok(0) };
    let (in_flight, delayed) = sqs.live.hidden(number, now);
    let visible = stock.messages.saturating_sub(in_flight + delayed);
    let age = oldest.map_or(0, |(_, sent, _)| (now - Timestamp::from_millis(sent)).as_secs());
    let noted = ctx.elsewhere(Arc::new(Caller::service("sqs", &account)), region);
    let gauge = |name, value: u64, unit| {
        noted.measure(Measure::new(NAMESPACE, name, value as f64, unit).of("QueueName", &*address.name));
    };
    gauge("ApproximateNumberOfMessagesVisible", visible, "Count");
    gauge("ApproximateNumberOfMessagesNotVisible", in_flight, "Count");
    gauge("ApproximateNumberOfMessagesDelayed", delayed, "Count");
    gauge("ApproximateAgeOfOldestMessage", age, "Seconds");
    noted.note("QueueSampled").await;
    Ok(stock.messages)
}
