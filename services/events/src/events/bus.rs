//! Event buses.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus.html>

use haar_platform::aws::events as aws;
use haar_platform::kernel::{Access, Ctx, Fault, Timestamp};
use haar_platform::store::{Read, Span, StoreError};

use super::Events;
use super::access;
use super::error::Error;
use super::model::{BUSES, Bus, RULES};
use super::paging::{self, Page};
use super::place::{BusPlace, DEFAULT_BUS};
use super::tag;

/// Buses of an account in a region.
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html>
const BUSES_MAX: u64 = 100;

/// A bus that must exist; the default one does by itself.
pub fn find(read: &impl Read, place: &BusPlace) -> Result<Bus, Error> {
    match stored(read, place)? {
        Some(bus) => Ok(bus),
        None => Err(Error::NotFound(format!("Event bus {} does not exist.", place.name))),
    }
}

/// A bus, if it exists.
pub fn stored(read: &impl Read, place: &BusPlace) -> Result<Option<Bus>, StoreError> {
    let bus = read.get(BUSES, &place.key())?;
    Ok(bus.or_else(|| place.is_default().then(Bus::default)))
}

/// The bus to be, with its tags.
pub fn create_access(ctx: &Ctx, _: &Events, input: &aws::CreateEventBusRequest) -> Result<Access, Fault> {
    let access = Access::to(&BusPlace::of(ctx, &input.name).arn());
    Ok(access.with_request_tags(tag::pairs(&input.tags)))
}

/// CreateEventBus.
pub async fn create(
    ctx: &Ctx,
    events: &Events,
    input: aws::CreateEventBusRequest,
) -> Result<aws::CreateEventBusResponse, Fault> {
    if let Some(source) = input.event_source_name {
        return Err(Fault::not_served(format_args!("partner event sources (EventSourceName {source})")));
    }
    refuse_logs(input.log_config.as_ref())?;
    if input.name.contains('/') {
        return Err(Error::validation("Event bus name must not contain '/'.").into());
    }
    let place = BusPlace::of(ctx, &input.name);
    let now = ctx.now();
    let bus = Bus {
        description: input.description,
        kms_key: input.kms_key_identifier,
        dead_letter_arn: input.dead_letter_config.and_then(|config| config.arn),
        policy: None,
        tags: tag::merge(Vec::new(), input.tags.unwrap_or_default())?,
        created: now,
        modified: now,
    };
    let answer = aws::CreateEventBusResponse {
        event_bus_arn: Some(place.arn().to_string()),
        description: bus.description.clone(),
        kms_key_identifier: bus.kms_key.clone(),
        dead_letter_config: dead_letters(&bus),
        log_config: None,
    };
    let created = events.store.write(move |tx| {
        if stored(tx, &place)?.is_some() {
            return Err(Error::AlreadyExists(format!("Event bus {} already exists.", place.name)));
        }
        let here = Span::under((place.account.as_str(), place.region.as_str()));
        if tx.count_in(BUSES, here)? >= BUSES_MAX {
            return Err(Error::LimitExceeded);
        }
        Ok(tx.put(BUSES, &place.key(), &bus)?)
    });
    created.await?;
    Ok(answer)
}

/// DeleteEventBus. One that is not there is no error.
pub async fn delete(ctx: &Ctx, events: &Events, input: aws::DeleteEventBusRequest) -> Result<(), Error> {
    let place = BusPlace::of(ctx, &input.name);
    if place.is_default() {
        return Err(Error::validation(format!("Cannot delete event bus {DEFAULT_BUS}.")));
    }
    events
        .store
        .write(move |tx| {
            if tx.scan_keys(RULES, Span::under(place.key())).next().transpose()?.is_some() {
                return Err(Error::validation(format!("Cannot delete event bus {} since it has rules.", place.name)));
            }
            tx.delete(BUSES, &place.key())?;
            Ok(())
        })
        .await
}

/// The bus that a call names.
pub fn describe_access(ctx: &Ctx, events: &Events, input: &aws::DescribeEventBusRequest) -> Result<Access, Fault> {
    access::bus(ctx, events, input.name.as_deref())
}

/// DescribeEventBus.
pub async fn describe(
    ctx: &Ctx,
    events: &Events,
    input: aws::DescribeEventBusRequest,
) -> Result<aws::DescribeEventBusResponse, Error> {
    let place = BusPlace::named(ctx, input.name.as_deref())?;
    let bus = events.store.read(|tx| find(tx, &place))?;
    Ok(aws::DescribeEventBusResponse {
        arn: Some(place.arn().to_string()),
        dead_letter_config: dead_letters(&bus),
        creation_time: since(bus.created),
        last_modified_time: since(bus.modified),
        name: Some(place.name),
        description: bus.description,
        kms_key_identifier: bus.kms_key,
        policy: bus.policy,
        log_config: None,
        managed_by: None,
    })
}

/// UpdateEventBus: what is not given goes.
pub async fn update(
    ctx: &Ctx,
    events: &Events,
    input: aws::UpdateEventBusRequest,
) -> Result<aws::UpdateEventBusResponse, Fault> {
    refuse_logs(input.log_config.as_ref())?;
    let place = BusPlace::named(ctx, input.name.as_deref())?;
    let now = ctx.now();
    let updated = events.store.write(move |tx| {
        let mut bus = find(tx, &place)?;
        bus.description = input.description;
        bus.kms_key = input.kms_key_identifier;
        bus.dead_letter_arn = input.dead_letter_config.and_then(|config| config.arn);
        bus.modified = now;
        tx.put(BUSES, &place.key(), &bus)?;
        Ok::<_, Error>((place, bus))
    });
    let (place, bus) = updated.await?;
    Ok(aws::UpdateEventBusResponse {
        arn: Some(place.arn().to_string()),
        name: Some(place.name),
        dead_letter_config: dead_letters(&bus),
        kms_key_identifier: bus.kms_key,
        description: bus.description,
        log_config: None,
    })
}

/// ListEventBuses: the default one and those that were made.
pub async fn list(
    ctx: &Ctx,
    events: &Events,
    input: aws::ListEventBusesRequest,
) -> Result<aws::ListEventBusesResponse, Error> {
    let prefix = input.name_prefix.unwrap_or_default();
    let here = BusPlace::of(ctx, DEFAULT_BUS);
    let mut names = events.store.read(|tx| {
        let keys = tx.scan_keys(BUSES, Span::under((here.account.as_str(), here.region.as_str())));
        keys.map(|key| Ok(key?.2)).collect::<Result<Vec<_>, Error>>()
    })?;
    if let Err(at) = names.binary_search(&here.name) {
        names.insert(at, here.name.clone());
    }
    names.retain(|name| name.starts_with(&prefix));
    let Page { items, next } = paging::cut(ctx, "buses", input.next_token, input.limit, names, String::as_str)?;
    let buses = events.store.read(|tx| {
        let described = items.into_iter().map(|name| {
            let place = BusPlace { name, ..here.clone() };
            let bus = find(tx, &place)?;
            Ok(aws::EventBus {
                arn: Some(place.arn().to_string()),
                name: Some(place.name),
                description: bus.description,
                policy: bus.policy,
                creation_time: since(bus.created),
                last_modified_time: since(bus.modified),
                managed_by: None,
            })
        });
        described.collect::<Result<Vec<_>, Error>>()
    })?;
    Ok(aws::ListEventBusesResponse { event_buses: Some(buses), next_token: next })
}

/// The default bus has no time at which it was made.
fn since(time: Timestamp) -> Option<Timestamp> {
    (time != Timestamp::default()).then_some(time)
}

fn dead_letters(bus: &Bus) -> Option<aws::DeadLetterConfig> {
    bus.dead_letter_arn.clone().map(|arn| aws::DeadLetterConfig { arn: Some(arn) })
}

fn refuse_logs(config: Option<&aws::LogConfig>) -> Result<(), Fault> {
    match config.and_then(|config| config.level) {
        None | Some(aws::Level::Off) => Ok(()),
        Some(_) => Err(Fault::not_served("logs of event buses (LogConfig)")),
    }
}
