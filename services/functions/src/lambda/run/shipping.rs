//! Brings logs to CloudWatch Logs, behind the answer: as the function's role, which needs the permissions. Whose role
//! has none has no logs, as on AWS.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream;
use haar_platform::aws::logs;
use haar_platform::kernel::{Caller, Ctx, Fault, Next, Region, Waker};
use parking_lot::Mutex;

use super::report::Line;
use crate::lambda::Lambda;
use crate::lambda::error::LambdaError;

/// What one call of PutLogEvents takes, and what each event counts beyond its text.
/// <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html>
const EVENTS_MAX: usize = 10_000;
const BYTES_MAX: usize = 1_000_000;
const EVENT_BYTES: usize = 26;

/// Bytes that wait at most; lines beyond are dropped.
const WAITING_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Streams that are written to at once.
const STREAMS_AT_ONCE: usize = 16;

/// A place for lines.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Place {
    region: Region,
    group: String,
    stream: String,
    /// The session of the role that writes.
    caller_arn: String,
}

struct Waiting {
    caller: Arc<Caller>,
    lines: Vec<Line>,
}

/// Lines on their way.
#[derive(Default)]
pub struct Shipping {
    waiting: Mutex<(HashMap<Place, Waiting>, usize)>,
    /// Of the job that ships.
    pub waker: Waker,
}

impl Shipping {
    /// Takes the lines of an invocation; they are brought on their way soon.
    pub fn push(&self, ctx: &Ctx, caller: &Arc<Caller>, group: String, stream: String, lines: Vec<Line>) {
        let place = Place { region: ctx.region.clone(), group, stream, caller_arn: caller.arn.clone() };
        let bytes: usize = lines.iter().map(|line| line.text.len() + EVENT_BYTES).sum();
        let mut waiting = self.waiting.lock();
        if waiting.1 + bytes > WAITING_BYTES_MAX {
            tracing::warn!(group = place.group, "logs of functions are dropped: too many wait");
            return;
        }
        waiting.1 += bytes;
        waiting
            .0
            .entry(place)
            .or_insert_with(|| Waiting { caller: caller.clone(), lines: Vec::new() })
            .lines
            .extend(lines);
        drop(waiting);
        self.waker.wake();
    }
}

/// The job that ships what waits.
pub async fn ship(ctx: &Ctx, lambda: &Lambda) -> Result<Next, LambdaError> {
    let (waiting, _) = std::mem::take(&mut *lambda.shipping.waiting.lock());
    stream::iter(waiting)
        .for_each_concurrent(STREAMS_AT_ONCE, |(place, waiting)| async move {
            let own = ctx.elsewhere(waiting.caller.clone(), place.region.clone());
            for batch in batches(waiting.lines) {
                if let Err(fault) = put(&own, &place, batch).await {
                    tracing::debug!(group = place.group, %fault, "a function's logs were refused");
                    return;
                }
            }
        })
        .await;
    Ok(Next::WhenWoken)
}

/// Lines in the order of their times, as many as a call takes.
fn batches(mut lines: Vec<Line>) -> Vec<Vec<logs::InputLogEvent>> {
    lines.sort_by_key(|line| line.time);
    let (mut batches, mut batch, mut bytes) = (Vec::new(), Vec::new(), 0);
    for line in lines {
        let size = line.text.len() + EVENT_BYTES;
        if !batch.is_empty() && (batch.len() == EVENTS_MAX || bytes + size > BYTES_MAX) {
            batches.push(std::mem::take(&mut batch));
            bytes = 0;
        }
        bytes += size;
        batch.push(logs::InputLogEvent { timestamp: line.time.millis(), message: line.text });
    }
    if !batch.is_empty() {
        batches.push(batch);
    }
    batches
}

/// Writes a batch; makes the stream, and the group if need be, when they are not there.
async fn put(own: &Ctx, place: &Place, events: Vec<logs::InputLogEvent>) -> Result<(), Fault> {
    let request = logs::PutLogEventsRequest {
        log_group_name: place.group.clone(),
        log_stream_name: place.stream.clone(),
        log_events: events,
        ..Default::default()
    };
    match own.call_as::<logs::PutLogEvents>(own.caller.clone(), request.clone()).await {
        Err(fault) if is(&fault, "ResourceNotFoundException") => {}
        other => return other.map(|_| ()),
    }
    if let Err(fault) = make_stream(own, place).await
        && is(&fault, "ResourceNotFoundException")
    {
        let group = logs::CreateLogGroupRequest { log_group_name: place.group.clone(), ..Default::default() };
        accept_existing(own.call_as::<logs::CreateLogGroup>(own.caller.clone(), group).await)?;
        make_stream(own, place).await?;
    }
    own.call_as::<logs::PutLogEvents>(own.caller.clone(), request).await.map(|_| ())
}

async fn make_stream(own: &Ctx, place: &Place) -> Result<(), Fault> {
    let request =
        logs::CreateLogStreamRequest { log_group_name: place.group.clone(), log_stream_name: place.stream.clone() };
    accept_existing(own.call_as::<logs::CreateLogStream>(own.caller.clone(), request).await)
}

fn accept_existing(made: Result<(), Fault>) -> Result<(), Fault> {
    match made {
        Err(fault) if is(&fault, "ResourceAlreadyExistsException") => Ok(()),
        other => other,
    }
}

fn is(fault: &Fault, name: &str) -> bool {
    fault.name == name
}

#[cfg(test)]
mod tests {
    use haar_platform::kernel::Timestamp;

    use super::*;

    #[test]
    fn batches_keep_to_the_limits_and_the_order() {
        let line = |second, bytes: usize| Line { time: Timestamp::from_seconds(second), text: "x".repeat(bytes) };
        let found = batches(vec![line(2, 600_000), line(1, 600_000), line(3, 10)]);
        let sizes: Vec<_> = found.iter().map(Vec::len).collect();
        assert_eq!(sizes, [1, 2]);
        assert_eq!(found[0][0].timestamp, 1000);
        let many = batches((0..10_001).map(|second| line(second, 1)).collect());
        assert_eq!(many.iter().map(Vec::len).collect::<Vec<_>>(), [10_000, 1]);
    }
}
