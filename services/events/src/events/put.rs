//! PutEvents: events of everybody's own arrive on buses.
//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html>

use std::collections::BTreeSet;
use std::sync::Arc;

use haar_platform::aws::events as aws;
use haar_platform::bus::Event;
use haar_platform::kernel::{Access, Ctx, Fault, ids};
use serde_json::Value;

use super::Events;
use super::access;
use super::error::Error;
use super::measures;
use super::outbox::{Arrival, Consequences};
use super::place::BusPlace;
use super::receive::Origin;

/// Bytes of all the entries of a call.
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html>
const BYTES_MAX: usize = 1024 * 1024;

/// Bytes that AWS bills as one event.
/// <https://aws.amazon.com/eventbridge/pricing/>
const BILLED_BYTES: usize = 64 * 1024;

/// Custom events, one for each 64 KiB of each.
const CUSTOM_EVENTS: &str = "events-custom-events";

/// What an entry's time counts.
const TIME_BYTES: usize = 14;

/// Why an entry was not taken.
struct Refusal {
    code: &'static str,
    message: String,
}

/// An entry that was taken.
struct Taken {
    event: Event,
    consequences: Consequences,
}

/// The buses, with the sources and the detail types.
pub fn access(ctx: &Ctx, events: &Events, input: &aws::PutEventsRequest) -> Result<Access, Fault> {
    let mut access = Access::default();
    let names: BTreeSet<_> = input.entries.iter().map(|entry| entry.event_bus_name.as_deref()).collect();
    for name in names {
        let place = BusPlace::named(ctx, name)?;
        access = access.and(access::bus_resource(events, &place)?);
    }
    let distinct = |of: fn(&aws::PutEventsRequestEntry) -> Option<&String>| {
        let values: BTreeSet<String> = input.entries.iter().filter_map(of).cloned().collect();
        values.into_iter().collect::<Vec<_>>()
    };
    access.keys.push(("events:source".into(), distinct(|entry| entry.source.as_ref())));
    access.keys.push(("events:detail-type".into(), distinct(|entry| entry.detail_type.as_ref())));
    Ok(access)
}

/// PutEvents. Entries that were taken are stored with all that follows from them when this returns.
pub async fn put(ctx: &Ctx, events: &Events, input: aws::PutEventsRequest) -> Result<aws::PutEventsResponse, Fault> {
    if let Some(endpoint) = input.endpoint_id {
        return Err(Fault::not_served(format_args!("global endpoints (EndpointId {endpoint})")));
    }
    let bytes: usize = input.entries.iter().map(size).sum();
    if bytes > BYTES_MAX {
        return Err(Error::validation("Total size of the entries in the request is over the limit.").into());
    }
    let (mut results, mut taken) = (Vec::new(), Vec::new());
    for entry in input.entries {
        let billed = size(&entry).div_ceil(BILLED_BYTES).max(1);
        results.push(match take(ctx, events, entry)? {
            Ok(one) => {
                ctx.meter(CUSTOM_EVENTS, billed as u64);
                let event_id = Some(one.event.id.clone());
                taken.push(one);
                aws::PutEventsResultEntry { event_id, ..Default::default() }
            }
            Err(Refusal { code, message }) => {
                let (error_code, error_message) = (Some(code.into()), Some(message));
                aws::PutEventsResultEntry { event_id: None, error_code, error_message }
            }
        });
    }
    let failed = results.iter().filter(|result| result.event_id.is_none()).count();
    measures::put(ctx, "PutEventsApproximateCallCount", 1.0);
    measures::put(ctx, "PutEventsApproximateSuccessCount", f64::from(u8::from(failed == 0)));
    measures::put(ctx, "PutEventsEntriesCount", results.len() as f64);
    measures::put(ctx, "PutEventsFailedEntriesCount", failed as f64);
    measures::put_bytes(ctx, "PutEventsRequestSize", bytes as f64);
    if !taken.is_empty() {
        let (bus, outbox) = (events.bus.clone(), events.outbox.clone());
        let stored = events.store.write(move |tx| {
            for Taken { event, consequences } in taken {
                bus.record(tx, event)?;
                outbox.post(tx, &consequences)?;
            }
            Ok::<_, Error>(())
        });
        stored.await?;
    }
    Ok(aws::PutEventsResponse { failed_entry_count: Some(failed as i32), entries: Some(results) })
}

fn take(ctx: &Ctx, events: &Events, entry: aws::PutEventsRequestEntry) -> Result<Result<Taken, Refusal>, Error> {
    let place = BusPlace::named(ctx, entry.event_bus_name.as_deref())?;
    // Only what we bring ourselves says where it comes from; a trace header of others is none of it.
    let origin = Origin::of(ctx, entry.trace_header.as_deref());
    let required = |name: &'static str, value: Option<String>| {
        value.filter(|value| !value.is_empty()).ok_or_else(|| Refusal {
            code: "InvalidArgument",
            message: format!("Parameter {name} is not valid. Reason: {name} is a required argument."),
        })
    };
    let fields = (|| {
        let source = required("Source", entry.source)?;
        let detail_type = required("DetailType", entry.detail_type)?;
        let detail = required("Detail", entry.detail)?;
        if source.starts_with("aws.") && origin.is_none() {
            let message = "Not authorized for the source.".into();
            return Err(Refusal { code: "NotAuthorizedForSource", message });
        }
        let malformed = || Refusal { code: "MalformedDetail", message: "Detail is malformed.".into() };
        let detail: Value = serde_json::from_str(&detail).map_err(|_| malformed())?;
        if !detail.is_object() {
            return Err(malformed());
        }
        Ok((source, detail_type, detail))
    })();
    let (source, detail_type, detail) = match fields {
        Ok(fields) => fields,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let now = ctx.now();
    let from = origin.unwrap_or_default();
    let event = Event {
        id: from.id.unwrap_or_else(ids::uuid),
        source,
        detail_type,
        account: from.account.unwrap_or_else(|| ctx.account.to_string()),
        region: from.region.unwrap_or_else(|| place.region.to_string()),
        time: entry.time.unwrap_or(now),
        resources: entry.resources.unwrap_or_default(),
        detail,
    };
    let json = event.to_json();
    // On a bus that is not there an event is acknowledged and lost, as on AWS.
    let route = events.router.route(&place, &json);
    for armed in &route.rules {
        measures::matched(ctx, &armed.bus.name, &armed.name);
    }
    let arrival = Arrival { event: &json, time: event.time, ingested: now, hops: from.hops };
    let consequences = Consequences::of(&route, &arrival);
    Ok(Ok(Taken { event, consequences }))
}

fn size(entry: &aws::PutEventsRequestEntry) -> usize {
    let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    entry.time.map_or(0, |_| TIME_BYTES)
        + text(&entry.source)
        + text(&entry.detail_type)
        + text(&entry.detail)
        + entry.resources.iter().flatten().map(String::len).sum::<usize>()
}

/// Puts one event for somebody inside the house, as them.
pub async fn put_one(ctx: &Ctx, entry: aws::PutEventsRequestEntry) -> Result<(), Fault> {
    let input = aws::PutEventsRequest { entries: vec![entry], endpoint_id: None };
    let answer = ctx.call_as::<aws::PutEvents>(Arc::clone(&ctx.caller), input).await?;
    let refused = answer.entries.unwrap_or_default().into_iter().find(|entry| entry.error_code.is_some());
    match refused {
        None => Ok(()),
        Some(entry) => {
            let code = entry.error_code.unwrap_or_default();
            Err(Fault::common(code, 400, entry.error_message.unwrap_or_default()))
        }
    }
}
