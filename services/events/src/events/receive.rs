//! Deliveries to buses: what rules of other buses, schedules, destinations and alarms send becomes an event.

use std::sync::Arc;

use haar_platform::aws::events::PutEventsRequestEntry;
use haar_platform::kernel::{Arn, Ctx, Delivery, Fault, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Events;
use super::bus;
use super::error::Error;
use super::place::BusPlace;
use super::put;

/// A rule's delivery says with it how many buses the event has been on.
pub const FORWARDED: &str = "ForwardedHops";

/// The mark of callers from inside, beside which an [`Origin`] is believed.
const INSIDE: &str = "haar:Inside";

/// Where an event comes from that was one before, or that a service of ours makes in its own name.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Origin {
    pub id: Option<String>,
    pub account: Option<String>,
    pub region: Option<String>,
    pub hops: u8,
}

impl Origin {
    /// Of an entry that [`receive`] made; none for all others.
    pub fn of(ctx: &Ctx, text: Option<&str>) -> Option<Self> {
        let inside = ctx.caller.keys.iter().any(|(key, _)| key == INSIDE);
        inside.then(|| serde_json::from_str(text?).ok())?
    }
}

/// Buses, whether they exist or not.
pub fn serves(arn: &Arn) -> bool {
    BusPlace::of_arn(arn).is_some()
}

/// Puts an event as the deliverer, whom the bus's policy is asked about.
///
/// With the parameters `EventBridgeParameters.Source` and `.DetailType` (Scheduler's shape) the payload is the detail,
/// and `Resources` beside it may list ARNs; without, the payload is a whole event, which keeps its id, account,
/// region and time. Sources of our own (`lambda`, `aws.…`) are allowed here: only services of the house deliver.
pub async fn receive(ctx: &Ctx, events: &Events, delivery: Delivery) -> Result<(), Fault> {
    // PutEvents acknowledges what it puts nowhere; whoever delivers wants to know.
    if let Some(place) = BusPlace::of_arn(&delivery.target) {
        events.store.read(|tx| bus::find(tx, &place))?;
    }
    let payload: Value = serde_json::from_str(&delivery.payload)
        .map_err(|_| Error::validation("What is delivered to an event bus must be JSON."))?;
    let parameter = |name: &str| delivery.parameter(&format!("/EventBridgeParameters/{name}")).map(str::to_owned);
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let texts =
        |value: Option<&Value>| value.and_then(Value::as_array).map(|all| all.iter().filter_map(text).collect());
    let hops = delivery.parameters.get(FORWARDED).and_then(Value::as_u64).unwrap_or(0);
    let mut origin = Origin { hops: u8::try_from(hops).unwrap_or(u8::MAX), ..Origin::default() };
    let mut entry = PutEventsRequestEntry { event_bus_name: Some(delivery.target.to_string()), ..Default::default() };
    match (parameter("Source"), parameter("DetailType")) {
        (Some(source), Some(detail_type)) => {
            (entry.source, entry.detail_type) = (Some(source), Some(detail_type));
            entry.resources = texts(delivery.parameters.get("Resources"));
            entry.detail = Some(delivery.payload);
        }
        _ => {
            (entry.source, entry.detail_type) = (text(&payload["source"]), text(&payload["detail-type"]));
            entry.resources = texts(payload.get("resources"));
            entry.detail = payload.get("detail").map(Value::to_string);
            entry.time = payload["time"].as_str().and_then(Timestamp::parse_iso8601);
            (origin.id, origin.account) = (text(&payload["id"]), text(&payload["account"]));
            origin.region = text(&payload["region"]);
        }
    }
    entry.trace_header = serde_json::to_string(&origin).ok();
    let mut caller = (*ctx.caller).clone();
    caller.keys.push((INSIDE.to_owned(), "true".to_owned()));
    let inside = ctx.elsewhere(Arc::new(caller), ctx.region.clone());
    put::put_one(&inside, entry).await
}
