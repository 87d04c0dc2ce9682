//! What alarms do when their state changes: which actions there are, and the outbox that brings them to their targets.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-actions.html>
//!
//! An action is in the bus's outbox from the transaction on that changes the state, in a lane of its target, so that a
//! target that refuses holds up no other. What came of it is an item of the alarm's history.

use std::sync::{Arc, Weak};

use haar_platform::Platform;
use haar_platform::bus::{BoxFuture, Event, Subscriber, Undelivered};
use haar_platform::kernel::ctx::Origin;
use haar_platform::kernel::serde_json::{Value as Json, json};
use haar_platform::kernel::{AccountId, Arn, Caller, Ctx, Delivery, Fault, House, Region, Timestamp};
use haar_platform::store::Store;

use super::history;
use super::model::{Item, ItemKind};
use crate::cloudwatch::error::Error;
use crate::cloudwatch::place::Place;

/// The outbox's name on the bus: stored data.
pub const OUTBOX: &str = "cloudwatch-alarm-actions";

/// What is in the outbox, among the events of everybody.
pub const DETAIL_TYPE: &str = "CloudWatch Alarm Action";

/// Services whose actions AWS knows and nobody here performs.
const OTHERS: [&str; 5] = ["automate", "autoscaling", "ssm", "ssm-incidents", "aiops"];

/// Refuses actions that nobody performs. Empty lists are fine.
pub fn check(ctx: &Ctx, actions: &[&[String]]) -> Result<(), Fault> {
    for action in actions.iter().flat_map(|list| list.iter()) {
        let syntax = || Error::Validation(format!("Invalid arn syntax: {action}"));
        let arn: Arn = action.parse().map_err(|_| syntax())?;
        match arn.service.as_str() {
            "sns" | "lambda" => {}
            // `arn:aws:swf:…:action/actions/AWS_EC2.InstanceId.Stop/1.0`
            "swf" => return Err(Fault::not_served(format!("the alarm action {action}"))),
            other if OTHERS.contains(&other) => {
                return Err(Fault::not_served(format!("the alarm action {action}")));
            }
            _ => return Err(syntax().into()),
        }
        if arn.region != *ctx.region {
            let message = format!("Invalid region {} specified. Only {} is supported.", arn.region, ctx.region);
            return Err(Error::Validation(message).into());
        }
        if !ctx.serves_target(&arn) {
            return Err(Fault::not_served(format!("the alarm action {action}")));
        }
    }
    Ok(())
}

/// Lets the bus deliver what is put into the outbox.
pub fn open(platform: &Platform) {
    let courier = Courier { house: Arc::downgrade(&platform.house), store: platform.store.clone() };
    platform.bus.subscribe(OUTBOX, Arc::new(courier));
}

/// Brings actions from the outbox to their targets.
struct Courier {
    /// Weak: the house holds the bus's tasks.
    house: Weak<House>,
    store: Store,
}

impl Subscriber for Courier {
    fn wants(&self, event: &Event) -> bool {
        event.detail_type == DETAIL_TYPE
    }

    fn deliver<'a>(&'a self, event: &'a Event) -> BoxFuture<'a, Result<(), Undelivered>> {
        Box::pin(self.perform(event))
    }
}

impl Courier {
    async fn perform(&self, event: &Event) -> Result<(), Undelivered> {
        let closing = || Undelivered::retry("ServiceUnavailable", "the house is closing");
        let house = self.house.upgrade().ok_or_else(closing)?;
        let unreadable = || Undelivered::refuse("InvalidAction", "not an action of an alarm");
        let target: Arn = event.source.parse().map_err(|_| unreadable())?;
        let place = Place {
            account: AccountId::parse(&event.account).ok_or_else(unreadable)?,
            region: Region::parse(&event.region).ok_or_else(unreadable)?,
        };
        let text = |member: &str| event.detail[member].as_str().unwrap_or_default().to_owned();
        let alarm_arn = event.resources.first().map_or("", String::as_str);
        let caller = caller(&target, &place, alarm_arn);
        let origin = Arc::new(Origin::internal("cloudwatch.amazonaws.com"));
        let ctx = Ctx::new(house, caller.clone(), place.region.clone(), origin);
        let mut delivery = Delivery::new(target, text("payload"), event.id.clone());
        if let Some(subject) = event.detail["subject"].as_str() {
            delivery.parameters = json!({"Subject": subject});
        }
        let outcome = ctx.deliver(caller, delivery).await;
        let (result, again) = match outcome {
            Ok(()) => (Ok(()), false),
            // A target that is not there, or lets nobody in, will not do so the next time.
            Err(fault) if fault.sender && fault.status != 429 => {
                (Err(Undelivered::refuse(fault.name, fault.message)), false)
            }
            Err(fault) => (Err(Undelivered::from(fault)), true),
        };
        if !again {
            let item = item(event, &text("alarm"), event.detail["composite"] == true, result.as_ref().err());
            self.note(&place, ctx.now(), item).await?;
        }
        result
    }

    async fn note(&self, place: &Place, now: Timestamp, item: Item) -> Result<(), Undelivered> {
        let place = place.clone();
        let written = self.store.write(move |tx| history::add(tx, &place, now, item)).await;
        written.map_err(|cause| Undelivered::retry("InternalFailure", cause.to_string()))
    }
}

/// In whose name a target is called: functions know alarms by a principal of their own.
fn caller(target: &Arn, place: &Place, alarm_arn: &str) -> Arc<Caller> {
    let principal = if target.service == "lambda" { "lambda.alarms.cloudwatch" } else { "cloudwatch" };
    let caller = Caller::service(principal, &place.account);
    Arc::new(caller.with_key("aws:SourceArn", alarm_arn).with_key("aws:SourceAccount", place.account.to_string()))
}

/// What came of an action, for the history.
fn item(event: &Event, alarm: &str, composite: bool, failure: Option<&Undelivered>) -> Item {
    let target = &event.source;
    let message = event.detail["payload"].as_str().unwrap_or_default();
    let (state, summary, published, error) = match failure {
        None => {
            let summary = format!("Successfully executed action {target}");
            ("Succeeded", summary, json!({"default": message}).to_string().into(), Json::Null)
        }
        Some(failure) => {
            let summary = format!("Failed to execute action {target}. Received error: \"{}\"", failure.message);
            ("Failed", summary, Json::Null, failure.message.clone().into())
        }
    };
    let data = json!({
        "actionState": state,
        "stateUpdateTimestamp": event.time.millis(),
        "notificationResource": target,
        "publishedMessage": published,
        "error": error,
    });
    Item { alarm: alarm.to_owned(), composite, kind: ItemKind::Action, summary, data: data.to_string() }
}
