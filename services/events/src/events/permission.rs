//! PutPermission and RemovePermission: the policy of a bus, whole or by statement.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus-permissions.html>

use haar_platform::aws::events as aws;
use haar_platform::kernel::{Ctx, Timestamp};
use haar_platform::policy::{Document, Kind};
use serde_json::{Value, json};

use super::Events;
use super::bus;
use super::error::Error;
use super::model::{BUSES, Bus};
use super::place::BusPlace;

/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html>
const POLICY_CHARS_MAX: usize = 10_240;

/// PutPermission: all of the policy, or a statement that takes the place of one with the same id.
pub async fn put(ctx: &Ctx, events: &Events, input: aws::PutPermissionRequest) -> Result<(), Error> {
    let place = BusPlace::named(ctx, input.event_bus_name.as_deref())?;
    if let Some(policy) = input.policy {
        if input.action.is_some() || input.principal.is_some() || input.statement_id.is_some() {
            let message = "Policy cannot be specified together with Action, Principal, StatementId or Condition.";
            return Err(Error::validation(message));
        }
        return change(ctx, events, place, move |_, _| Ok(Some(policy))).await;
    }
    let missing = |name: &str| Error::validation(format!("Parameter(s) {name} must be specified."));
    let action = input.action.ok_or_else(|| missing("Action"))?;
    let principal = input.principal.ok_or_else(|| missing("Principal"))?;
    let id = input.statement_id.ok_or_else(|| missing("StatementId"))?;
    let principal = match principal.as_str() {
        "*" => json!("*"),
        account => json!({"AWS": format!("arn:aws:iam::{account}:root")}),
    };
    let mut statement = json!({
        "Sid": id,
        "Effect": "Allow",
        "Principal": principal,
        "Action": action,
        "Resource": place.arn().to_string(),
    });
    if let Some(aws::Condition { r#type, key, value }) = input.condition {
        statement["Condition"] = json!({r#type: {key: value}});
    }
    change(ctx, events, place, move |bus, _| {
        let mut policy = parsed(bus).unwrap_or_else(|| json!({"Version": "2012-10-17", "Statement": []}));
        let statements = statements(&mut policy);
        statements.retain(|known| known["Sid"] != id);
        statements.push(statement);
        Ok(Some(policy.to_string()))
    })
    .await
}

/// RemovePermission: one statement, or all.
pub async fn remove(ctx: &Ctx, events: &Events, input: aws::RemovePermissionRequest) -> Result<(), Error> {
    let place = BusPlace::named(ctx, input.event_bus_name.as_deref())?;
    if input.remove_all_permissions == Some(true) {
        return change(ctx, events, place, |_, _| Ok(None)).await;
    }
    let id = input.statement_id.ok_or_else(|| Error::validation("Parameter(s) StatementId must be specified."))?;
    change(ctx, events, place, move |bus, _| {
        let Some(mut policy) = parsed(bus) else {
            return Err(Error::NotFound("EventBus does not have a policy.".into()));
        };
        let statements = statements(&mut policy);
        let before = statements.len();
        statements.retain(|known| known["Sid"] != id);
        if statements.len() == before {
            return Err(Error::NotFound("Statement with the provided id does not exist.".into()));
        }
        let empty = statements.is_empty();
        Ok((!empty).then(|| policy.to_string()))
    })
    .await
}

async fn change(
    ctx: &Ctx,
    events: &Events,
    place: BusPlace,
    change: impl FnOnce(&Bus, Timestamp) -> Result<Option<String>, Error> + Send + 'static,
) -> Result<(), Error> {
    let now = ctx.now();
    events
        .store
        .write(move |tx| {
            let mut bus = bus::find(tx, &place)?;
            let policy = change(&bus, now)?;
            if let Some(text) = &policy {
                check(text)?;
            }
            bus.policy = policy;
            bus.modified = now;
            Ok(tx.put(BUSES, &place.key(), &bus)?)
        })
        .await
}

fn check(text: &str) -> Result<(), Error> {
    if text.chars().count() > POLICY_CHARS_MAX {
        return Err(Error::PolicyLengthExceeded(POLICY_CHARS_MAX));
    }
    match Document::parse(text, Kind::Resource) {
        Ok(_) => Ok(()),
        Err(why) => Err(Error::parameter("Policy", why)),
    }
}

fn parsed(bus: &Bus) -> Option<Value> {
    serde_json::from_str(bus.policy.as_deref()?).ok()
}

/// The statements as a list: a policy may also have a single one.
fn statements(policy: &mut Value) -> &mut Vec<Value> {
    let member = &mut policy["Statement"];
    if !member.is_array() {
        let single = member.take();
        *member = if single.is_null() { json!([]) } else { json!([single]) };
    }
    member.as_array_mut().expect("made a list just now")
}
