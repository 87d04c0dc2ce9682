//! Reading one page of events: so many, so large, and no more work than one call may take.

use haar_telemetry::logs::{Direction, Event, LogsError as EngineError, Point, Step, Walk, Walker};

use super::Logs;
use super::error::LogsError;

/// Events of a page.
/// <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html>
pub const EVENTS_MAX: usize = 10_000;

/// Bytes of a page's messages, each with its overhead.
const PAGE_BYTES_MAX: usize = 1 << 20;

/// What an event counts beside its message.
const EVENT_OVERHEAD_BYTES: usize = 26;

/// A page, and where the next one begins.
pub struct Page {
    pub events: Vec<Event>,
    /// `None` when there is nothing more.
    pub next: Option<Point>,
}

/// The next events of a walk that are wanted.
pub async fn read_page(
    logs: &Logs,
    walk: Walk,
    limit: usize,
    wanted: impl Fn(&Event) -> bool + Send + 'static,
) -> Result<Page, LogsError> {
    let direction = walk.direction;
    let walker = logs.engine.walk(walk).await?;
    let read = tokio::task::spawn_blocking(move || fill(walker, direction, limit, wanted)).await;
    Ok(read.unwrap_or_else(|cause| Err(EngineError::Interrupted(cause.to_string())))?)
}

fn fill(
    mut walker: Walker,
    direction: Direction,
    limit: usize,
    wanted: impl Fn(&Event) -> bool,
) -> Result<Page, EngineError> {
    let mut events: Vec<Event> = Vec::new();
    let mut bytes = 0;
    loop {
        let event = match walker.step()? {
            Step::End => return Ok(Page { events, next: None }),
            Step::Paused(point) => return Ok(Page { events, next: Some(point) }),
            Step::Event(event) => event,
        };
        if !wanted(&event) {
            continue;
        }
        bytes += event.message.len() + EVENT_OVERHEAD_BYTES;
        // One event always fits, however large it is.
        if events.len() == limit || (bytes > PAGE_BYTES_MAX && !events.is_empty()) {
            // A backward walk goes on before a place, a forward one at it.
            let next = match direction {
                Direction::Forward => event.point,
                Direction::Backward => events.last().map_or(event.point, |last| last.point),
            };
            return Ok(Page { events, next: Some(next) });
        }
        events.push(event);
    }
}
