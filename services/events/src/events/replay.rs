//! Replays: archived events arrive again, in the order of their times.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-replay-archived-event.html>

use haar_platform::aws::events as aws;
use haar_platform::kernel::{Access, Arn, Ctx, Fault, Next, Timestamp};
use haar_platform::store::{Read, Span};
use serde_json::Value;

use super::Events;
use super::archive::{self, key, owned};
use super::bus;
use super::error::Error;
use super::measures::Measures;
use super::model::{ARCHIVED, NamedKey, REPLAYS, RULES, Replay, ReplayState};
use super::outbox::{Arrival, Consequences};
use super::paging::{self, Page};
use super::place::{BusPlace, Tagged};
use super::router::REPLAY_NAME;

/// Replays at work at a time.
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html>
const ACTIVE_MAX: usize = 10;

/// Events that one transaction replays, so that other writers get their turn.
const BATCH_MAX: usize = 100;

fn arn(ctx: &Ctx, name: &str) -> Arn {
    ctx.arn("events", format!("replay/{name}"))
}

/// The replay that a call names.
pub fn access(ctx: &Ctx, name: &str) -> Result<Access, Fault> {
    Ok(Access::to(&arn(ctx, name)))
}

fn find(read: &impl Read, key: &NamedKey) -> Result<Replay, Error> {
    let missing = || Error::NotFound(format!("Replay {} does not exist.", key.2));
    read.get(REPLAYS, key)?.ok_or_else(missing)
}

/// StartReplay.
pub async fn start(
    ctx: &Ctx,
    events: &Events,
    input: aws::StartReplayRequest,
) -> Result<aws::StartReplayResponse, Error> {
    if input.event_end_time <= input.event_start_time {
        let message = "EventEndTime must be later than EventStartTime.";
        return Err(Error::parameter("EventEndTime", message));
    }
    let source: Option<Arn> = input.event_source_arn.parse().ok();
    let archive = source.and_then(|arn| arn.resource.strip_prefix("archive/").map(str::to_owned));
    let archive = archive.ok_or_else(|| Error::parameter("EventSourceArn", "Must contain an archive ARN."))?;
    let bus = archive::source(ctx, &input.destination.arn)
        .map_err(|_| Error::parameter("Destination.Arn", "Must contain an event bus ARN."))?;
    let (now, waker, replay_name) = (ctx.now(), events.replays.clone(), input.replay_name.clone());
    let (archive_key, replay_key) = (key(ctx, &archive), key(ctx, &input.replay_name));
    let started = events.store.write(move |tx| {
        let found = archive::find(tx, &archive_key)?;
        bus::find(tx, &bus)?;
        if found.bus != owned(&bus) {
            let message = "Cross event bus replay is not permitted.";
            return Err(Error::parameter("Destination.Arn", message));
        }
        if tx.contains(REPLAYS, &replay_key)? {
            return Err(Error::AlreadyExists(format!("Replay {} already exists.", replay_key.2)));
        }
        let filter_arns = input.destination.filter_arns.unwrap_or_default();
        for arn in &filter_arns {
            let rule = match Tagged::parse(arn) {
                Some(Tagged::Rule(place, name)) if place == bus => tx.get(RULES, &place.rule_key(&name))?,
                _ => None,
            };
            if rule.is_none() {
                return Err(Error::NotFound(format!("Rule {arn} does not exist.")));
            }
        }
        let here = Span::under((replay_key.0.as_str(), replay_key.1.as_str()));
        let replays = tx.scan(REPLAYS, here).collect::<Result<Vec<_>, _>>()?;
        if replays.iter().filter(|(_, replay)| replay.is_active()).count() >= ACTIVE_MAX {
            return Err(Error::LimitExceeded);
        }
        let replay = Replay {
            description: input.description,
            archive: archive_key.2,
            archive_number: found.number,
            bus: owned(&bus),
            filter_arns,
            from: input.event_start_time,
            to: input.event_end_time,
            state: ReplayState::Starting,
            cursor: None,
            started: now,
            ended: None,
        };
        tx.put(REPLAYS, &replay_key, &replay)?;
        tx.on_commit(move || waker.wake());
        Ok(())
    });
    started.await?;
    Ok(aws::StartReplayResponse {
        replay_arn: Some(arn(ctx, &replay_name).to_string()),
        state: Some(aws::ReplayState::Starting),
        state_reason: None,
        replay_start_time: Some(now),
    })
}

/// CancelReplay: what was replayed stays replayed.
pub async fn cancel(
    ctx: &Ctx,
    events: &Events,
    input: aws::CancelReplayRequest,
) -> Result<aws::CancelReplayResponse, Error> {
    let (now, key) = (ctx.now(), key(ctx, &input.replay_name));
    let cancelled = events.store.write(move |tx| {
        let mut replay = find(tx, &key)?;
        if !replay.is_active() {
            return Err(Error::IllegalStatus(format!("Replay {} is not in a valid state for this operation.", key.2)));
        }
        replay.state = ReplayState::Cancelled;
        replay.ended = Some(now);
        Ok(tx.put(REPLAYS, &key, &replay)?)
    });
    cancelled.await?;
    Ok(aws::CancelReplayResponse {
        replay_arn: Some(arn(ctx, &input.replay_name).to_string()),
        state: Some(aws::ReplayState::Cancelling),
        state_reason: None,
    })
}

/// DescribeReplay.
pub async fn describe(
    ctx: &Ctx,
    events: &Events,
    input: aws::DescribeReplayRequest,
) -> Result<aws::DescribeReplayResponse, Error> {
    let replay = events.store.read(|tx| find(tx, &key(ctx, &input.replay_name)))?;
    let bus_arn = BusPlace::of_key(&replay.bus).map(|bus| bus.arn().to_string()).unwrap_or_default();
    let filter_arns = (!replay.filter_arns.is_empty()).then(|| replay.filter_arns.clone());
    Ok(aws::DescribeReplayResponse {
        replay_arn: Some(arn(ctx, &input.replay_name).to_string()),
        replay_name: Some(input.replay_name),
        state: Some(replay.state()),
        state_reason: None,
        event_source_arn: Some(archive::arn(ctx, &replay.archive).to_string()),
        destination: Some(aws::ReplayDestination { arn: bus_arn, filter_arns }),
        event_start_time: Some(replay.from),
        event_end_time: Some(replay.to),
        event_last_replayed_time: replay.last_replayed(),
        replay_start_time: Some(replay.started),
        replay_end_time: replay.ended,
        description: replay.description,
    })
}

/// ListReplays: all, those whose name begins so, those of an archive, or those in a state.
pub async fn list(
    ctx: &Ctx,
    events: &Events,
    input: aws::ListReplaysRequest,
) -> Result<aws::ListReplaysResponse, Error> {
    let prefix = input.name_prefix.unwrap_or_default();
    let mut replays = events.store.read(|tx| {
        let rows = tx.scan(REPLAYS, Span::starting((ctx.account.as_str(), ctx.region.as_str()), &prefix));
        rows.map(|row| Ok(row.map(|((_, _, name), replay)| (name, replay))?)).collect::<Result<Vec<_>, Error>>()
    })?;
    replays.retain(|(_, replay)| {
        let source = archive::arn(ctx, &replay.archive).to_string();
        input.state.is_none_or(|state| state == replay.state())
            && input.event_source_arn.as_ref().is_none_or(|wanted| *wanted == source)
    });
    let Page { items, next } = paging::cut(ctx, "replays", input.next_token, input.limit, replays, |(name, _)| name)?;
    let replays = items.into_iter().map(|(name, replay)| aws::Replay {
        replay_name: Some(name),
        event_source_arn: Some(archive::arn(ctx, &replay.archive).to_string()),
        state: Some(replay.state()),
        state_reason: None,
        event_start_time: Some(replay.from),
        event_end_time: Some(replay.to),
        event_last_replayed_time: replay.last_replayed(),
        replay_start_time: Some(replay.started),
        replay_end_time: replay.ended,
    });
    Ok(aws::ListReplaysResponse { replays: Some(replays.collect()), next_token: next })
}

/// Replays until all replays are over.
pub async fn work(ctx: &Ctx, events: &Events) -> Result<Next, Error> {
    loop {
        let active = events.store.read(|tx| {
            let rows = tx.scan(REPLAYS, Span::all()).filter(|row| row.as_ref().map_or(true, |(_, r)| r.is_active()));
            rows.collect::<Result<Vec<_>, _>>()
        })?;
        if active.is_empty() {
            return Ok(Next::WhenWoken);
        }
        for (key, replay) in active {
            advance(ctx, events, key, replay).await?;
        }
    }
}

/// Replays one batch.
async fn advance(ctx: &Ctx, events: &Events, key: NamedKey, replay: Replay) -> Result<(), Error> {
    let number = replay.archive_number;
    let batch = events.store.read(|tx| {
        let span = Span::between((number,), replay.from.millis()..=replay.to.millis());
        let rest = match replay.cursor {
            Some((time, event)) => span.after(&(number, time, event)),
            None => span,
        };
        tx.scan(ARCHIVED, rest).take(BATCH_MAX).collect::<Result<Vec<_>, _>>()
    })?;
    let now = ctx.now();
    let Some(place) = BusPlace::of_key(&replay.bus) else { return Ok(()) };
    let mut measures = Measures::default();
    let last = batch.last().map(|((_, time, event), _)| (*time, *event));
    let consequences: Vec<_> = batch
        .into_iter()
        .filter_map(|((_, time, _), archived)| {
            let mut event: Value = serde_json::from_str(&archived.event).ok()?;
            event[REPLAY_NAME] = Value::String(key.2.clone());
            let mut route = events.router.route(&place, &event);
            route.rules.retain(|armed| replay.filter_arns.is_empty() || replay.filter_arns.contains(&armed.arn));
            for armed in &route.rules {
                for name in ["MatchedEvents", "TriggeredRules"] {
                    measures.count(&replay.bus, &armed.name, name);
                }
            }
            let arrival = Arrival { event: &event, time: Timestamp::from_millis(time), ingested: now, hops: 0 };
            Some(Consequences::of(&route, &arrival))
        })
        .collect();
    measures.note(ctx, "EventsReplayed").await;
    let outbox = events.outbox.clone();
    events
        .store
        .write(move |tx| {
            // Cancelled meanwhile.
            let Some(mut replay) = tx.get(REPLAYS, &key)?.filter(Replay::is_active) else { return Ok(()) };
            match last {
                Some(cursor) => {
                    replay.state = ReplayState::Running;
                    replay.cursor = Some(cursor);
                }
                None => {
                    replay.state = ReplayState::Completed;
                    replay.ended = Some(now);
                }
            }
            for consequences in &consequences {
                outbox.post(tx, consequences)?;
            }
            Ok(tx.put(REPLAYS, &key, &replay)?)
        })
        .await
}

impl Replay {
    fn is_active(&self) -> bool {
        matches!(self.state, ReplayState::Starting | ReplayState::Running)
    }

    fn state(&self) -> aws::ReplayState {
        match self.state {
            ReplayState::Starting => aws::ReplayState::Starting,
            ReplayState::Running => aws::ReplayState::Running,
            ReplayState::Completed => aws::ReplayState::Completed,
            ReplayState::Cancelled => aws::ReplayState::Cancelled,
        }
    }

    fn last_replayed(&self) -> Option<Timestamp> {
        self.cursor.map(|(time, _)| Timestamp::from_millis(time))
    }
}
