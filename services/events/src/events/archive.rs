//! Archives: events are kept, to be replayed.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-archive.html>

use std::time::Duration;

use haar_platform::aws::events as aws;
use haar_platform::kernel::{Access, Arn, Ctx, Fault, Next, Timestamp, ids};
use haar_platform::pattern::Pattern;
use haar_platform::store::{Read, Span, StoreError, Tx};

use super::Events;
use super::bus;
use super::error::Error;
use super::model::{ARCHIVED, ARCHIVES, Archive, HOLDINGS, Holdings, NamedKey};
use super::paging::{self, Page};
use super::place::BusPlace;
use super::router::Changed;

/// Archives of an account in a region.
const ARCHIVES_MAX: u64 = 1000;

/// Events that one transaction removes, so that other writers get their turn.
const BATCH_MAX: usize = 500;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The key of an archive or a replay of this account and region.
pub fn key(ctx: &Ctx, name: &str) -> NamedKey {
    (ctx.account.to_string(), ctx.region.to_string(), name.to_owned())
}

pub fn arn(ctx: &Ctx, name: &str) -> Arn {
    ctx.arn("events", format!("archive/{name}"))
}

/// An archive that must exist.
pub fn find(read: &impl Read, key: &NamedKey) -> Result<Archive, Error> {
    let missing = || Error::NotFound(format!("Archive {} does not exist.", key.2));
    read.get(ARCHIVES, key)?.ok_or_else(missing)
}

/// The archive that a call names.
pub fn access(ctx: &Ctx, name: &str) -> Result<Access, Fault> {
    Ok(Access::to(&arn(ctx, name)))
}

/// CreateArchive.
pub async fn create(
    ctx: &Ctx,
    events: &Events,
    input: aws::CreateArchiveRequest,
) -> Result<aws::CreateArchiveResponse, Error> {
    let bus = source(ctx, &input.event_source_arn)?;
    if let Some(pattern) = &input.event_pattern {
        Pattern::parse(pattern)?;
    }
    let archive = Archive {
        number: u64::from_le_bytes(ids::random()),
        bus: owned(&bus),
        description: input.description,
        pattern: input.event_pattern,
        retention_days: days(input.retention_days),
        kms_key: input.kms_key_identifier,
        created: ctx.now(),
    };
    let (key, waker, router) = (key(ctx, &input.archive_name), events.retention.clone(), events.router.clone());
    let creation_time = archive.created;
    let created = events.store.write(move |tx| {
        bus::find(tx, &bus)?;
        if tx.contains(ARCHIVES, &key)? {
            return Err(Error::AlreadyExists(format!("Archive {} already exists.", key.2)));
        }
        let here = Span::under((key.0.as_str(), key.1.as_str()));
        if tx.count_in(ARCHIVES, here)? >= ARCHIVES_MAX {
            return Err(Error::LimitExceeded);
        }
        tx.put(HOLDINGS, &archive.number, &Holdings::default())?;
        tx.put(ARCHIVES, &key, &archive)?;
        tx.on_commit(move || waker.wake());
        router.follow(tx, Changed::Archive(bus, key));
        Ok(())
    });
    created.await?;
    Ok(aws::CreateArchiveResponse {
        archive_arn: Some(arn(ctx, &input.archive_name).to_string()),
        state: Some(aws::ArchiveState::Enabled),
        state_reason: None,
        creation_time: Some(creation_time),
    })
}

/// UpdateArchive: what is not given stays.
pub async fn update(
    ctx: &Ctx,
    events: &Events,
    input: aws::UpdateArchiveRequest,
) -> Result<aws::UpdateArchiveResponse, Error> {
    if let Some(pattern) = &input.event_pattern {
        Pattern::parse(pattern)?;
    }
    let archive_arn = arn(ctx, &input.archive_name).to_string();
    let (key, waker, router) = (key(ctx, &input.archive_name), events.retention.clone(), events.router.clone());
    let updated = events.store.write(move |tx| {
        let mut archive = find(tx, &key)?;
        archive.description = input.description.or(archive.description);
        archive.pattern = input.event_pattern.or(archive.pattern);
        archive.kms_key = input.kms_key_identifier.or(archive.kms_key);
        if input.retention_days.is_some() {
            archive.retention_days = days(input.retention_days);
        }
        tx.put(ARCHIVES, &key, &archive)?;
        tx.on_commit(move || waker.wake());
        if let Some(bus) = BusPlace::of_key(&archive.bus) {
            router.follow(tx, Changed::Archive(bus, key));
        }
        Ok::<_, Error>(archive)
    });
    let archive = updated.await?;
    Ok(aws::UpdateArchiveResponse {
        archive_arn: Some(archive_arn),
        state: Some(aws::ArchiveState::Enabled),
        state_reason: None,
        creation_time: Some(archive.created),
    })
}

/// DeleteArchive: its events go by and by.
pub async fn delete(
    ctx: &Ctx,
    events: &Events,
    input: aws::DeleteArchiveRequest,
) -> Result<aws::DeleteArchiveResponse, Error> {
    let (key, waker, router) = (key(ctx, &input.archive_name), events.retention.clone(), events.router.clone());
    let deleted = events.store.write(move |tx| {
        let archive = find(tx, &key)?;
        tx.delete(ARCHIVES, &key)?;
        tx.on_commit(move || waker.wake());
        if let Some(bus) = BusPlace::of_key(&archive.bus) {
            router.follow(tx, Changed::Archive(bus, key));
        }
        Ok::<_, Error>(())
    });
    deleted.await?;
    Ok(aws::DeleteArchiveResponse {})
}

/// DescribeArchive.
pub async fn describe(
    ctx: &Ctx,
    events: &Events,
    input: aws::DescribeArchiveRequest,
) -> Result<aws::DescribeArchiveResponse, Error> {
    let key = key(ctx, &input.archive_name);
    let (archive, holdings) = events.store.read(|tx| {
        let archive = find(tx, &key)?;
        Ok::<_, Error>((archive.clone(), tx.get(HOLDINGS, &archive.number)?.unwrap_or_default()))
    })?;
    Ok(aws::DescribeArchiveResponse {
        archive_arn: Some(arn(ctx, &key.2).to_string()),
        archive_name: Some(key.2),
        event_source_arn: BusPlace::of_key(&archive.bus).map(|bus| bus.arn().to_string()),
        description: archive.description,
        event_pattern: archive.pattern,
        state: Some(aws::ArchiveState::Enabled),
        state_reason: None,
        kms_key_identifier: archive.kms_key,
        retention_days: Some(archive.retention_days.unwrap_or(0) as i32),
        size_bytes: Some(holdings.bytes as i64),
        event_count: Some(holdings.events as i64),
        creation_time: Some(archive.created),
    })
}

/// ListArchives: all, those whose name begins so, those of a bus, or those in a state.
pub async fn list(
    ctx: &Ctx,
    events: &Events,
    input: aws::ListArchivesRequest,
) -> Result<aws::ListArchivesResponse, Error> {
    let chosen = [input.name_prefix.is_some(), input.event_source_arn.is_some(), input.state.is_some()];
    if chosen.iter().filter(|chosen| **chosen).count() > 1 {
        return Err(Error::validation(
            "At most one filter is allowed for ListArchives. Use either : State, EventSourceArn, or NamePrefix.",
        ));
    }
    let prefix = input.name_prefix.unwrap_or_default();
    let source = input.event_source_arn.as_deref().map(|arn| source(ctx, arn)).transpose()?.map(|bus| owned(&bus));
    let none = input.state.is_some_and(|state| state != aws::ArchiveState::Enabled);
    let found = events.store.read(|tx| {
        let mut found = Vec::new();
        for row in tx.scan(ARCHIVES, Span::starting((ctx.account.as_str(), ctx.region.as_str()), &prefix)) {
            let ((_, _, name), archive) = row?;
            if !none && source.as_ref().is_none_or(|source| *source == archive.bus) {
                let holdings = tx.get(HOLDINGS, &archive.number)?.unwrap_or_default();
                found.push((name, archive, holdings));
            }
        }
        Ok::<_, Error>(found)
    })?;
    let Page { items, next } = paging::cut(ctx, "archives", input.next_token, input.limit, found, |(name, ..)| name)?;
    let archives = items.into_iter().map(|(name, archive, holdings)| aws::Archive {
        archive_name: Some(name),
        event_source_arn: BusPlace::of_key(&archive.bus).map(|bus| bus.arn().to_string()),
        state: Some(aws::ArchiveState::Enabled),
        state_reason: None,
        retention_days: Some(archive.retention_days.unwrap_or(0) as i32),
        size_bytes: Some(holdings.bytes as i64),
        event_count: Some(holdings.events as i64),
        creation_time: Some(archive.created),
    });
    Ok(aws::ListArchivesResponse { archives: Some(archives.collect()), next_token: next })
}

/// Removes events whose time is over, and those of archives that are gone; comes back for the next.
pub async fn retain(ctx: &Ctx, events: &Events) -> Result<Next, Error> {
    loop {
        let now = ctx.now();
        let (work, next) = events.store.read(|tx| overdue(tx, now))?;
        let Some((number, before)) = work else { return Ok(Next::at(next)) };
        events.store.write(move |tx| remove(tx, number, before)).await?;
    }
}

/// An archive that has something to remove, with the time before which; otherwise when one will.
type Overdue = (Option<(u64, Option<Timestamp>)>, Option<Timestamp>);

fn overdue(read: &impl Read, now: Timestamp) -> Result<Overdue, Error> {
    let mut known = std::collections::HashMap::new();
    for row in read.scan(ARCHIVES, Span::all()) {
        let (_, archive) = row?;
        known.insert(archive.number, archive.retention_days);
    }
    let mut next: Option<Timestamp> = None;
    for row in read.scan_keys(HOLDINGS, Span::all()) {
        let number = row?;
        let Some(retention) = known.get(&number) else { return Ok((Some((number, None)), None)) };
        let Some(days) = retention else { continue };
        let kept = DAY * *days;
        let first = read.scan_keys(ARCHIVED, Span::under((number,))).next().transpose()?;
        let Some((_, time, _)) = first else {
            // What arrives next is due no earlier than this.
            next = Some(next.map_or(now + kept, |next| next.min(now + kept)));
            continue;
        };
        let due = Timestamp::from_millis(time) + kept;
        if due <= now {
            return Ok((Some((number, Some(now - kept))), None));
        }
        next = Some(next.map_or(due, |next| next.min(due)));
    }
    Ok((None, next))
}

fn remove(tx: &mut Tx, number: u64, before: Option<Timestamp>) -> Result<(), StoreError> {
    let old: Vec<_> = match before {
        Some(time) => tx.scan(ARCHIVED, Span::between((number,), ..=time.millis())).take(BATCH_MAX).collect(),
        None => tx.scan(ARCHIVED, Span::under((number,))).take(BATCH_MAX).collect(),
    };
    let all_gone = old.len() < BATCH_MAX;
    let mut holdings = tx.get(HOLDINGS, &number)?.unwrap_or_default();
    for row in old {
        let (key, archived) = row?;
        holdings.events = holdings.events.saturating_sub(1);
        holdings.bytes = holdings.bytes.saturating_sub(archived.event.len() as u64);
        tx.delete(ARCHIVED, &key)?;
    }
    match before {
        None if all_gone => tx.delete(HOLDINGS, &number).map(|_| ()),
        _ => tx.put(HOLDINGS, &number, &holdings),
    }
}

/// The bus of an archive or a replay: one of the caller's.
pub fn source(ctx: &Ctx, arn: &str) -> Result<BusPlace, Error> {
    let bus = arn.parse().ok().and_then(|arn| BusPlace::of_arn(&arn));
    let own = bus.filter(|bus| bus.account == ctx.account && bus.region == ctx.region);
    own.ok_or_else(|| Error::parameter("EventSourceArn", "Must contain an event bus ARN of this account and region."))
}

/// The stored key of a bus.
pub fn owned(bus: &BusPlace) -> (String, String, String) {
    let (account, region, name) = bus.key();
    (account.to_owned(), region.to_owned(), name.to_owned())
}

/// Zero days are for ever.
fn days(days: Option<i32>) -> Option<u32> {
    days.and_then(|days| u32::try_from(days).ok()).filter(|days| *days > 0)
}
