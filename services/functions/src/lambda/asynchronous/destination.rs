//! Who is told how an asynchronous invocation ended: destinations, and the dead-letter queue. All as the function's
//! role.

use std::collections::BTreeMap;
use std::sync::Arc;

use haar_platform::aws::{events, sns, sqs};
use haar_platform::kernel::{Arn, Caller, Ctx, Delivery, Fault, Region};

use super::record::Record;
use crate::lambda::Lambda;
use crate::lambda::error::LambdaError;
use crate::lambda::lookup::described;
use crate::lambda::model::{EventConfig, Version};
use crate::lambda::name::Reference;
use crate::lambda::role;
use crate::lambda::run::observed;

/// Characters of the error in a dead letter.
const ERROR_CHARS_MAX: usize = 1024;

/// Tells the destination for successes.
pub async fn succeeded(ctx: &Ctx, lambda: &Lambda, reference: &Reference, config: &EventConfig, record: &Record) {
    if let Some(target) = &config.on_success {
        let told = tell(ctx, lambda, reference, target, record, "Success").await;
        note_failure(ctx, reference, "DestinationDeliveryFailures", told).await;
    }
}

/// Tells the destination for failures, and the dead-letter queue.
pub async fn failed(ctx: &Ctx, lambda: &Lambda, reference: &Reference, config: &EventConfig, record: &Record) {
    if let Some(target) = &config.on_failure {
        let told = tell(ctx, lambda, reference, target, record, "Failure").await;
        note_failure(ctx, reference, "DestinationDeliveryFailures", told).await;
    }
    let version = lambda.store.read(|tx| described(tx, reference)).map(|found| found.version);
    let Ok(version) = version else { return };
    if let Some(target) = &version.dead_letter_arn {
        let buried = bury(ctx, reference, &version, target, record).await;
        note_failure(ctx, reference, "DeadLetterErrors", buried).await;
    }
}

/// What could not be delivered is counted, and lost, as on AWS.
async fn note_failure(ctx: &Ctx, reference: &Reference, name: &'static str, told: Result<(), Fault>) {
    let Err(fault) = told else { return };
    tracing::debug!(%fault, function = reference.name, "a destination of a function could not be told");
    let own = ctx.elsewhere(ctx.caller.clone(), ctx.region.clone());
    observed::of_function(reference, name, 1.0, "Count").into_iter().for_each(|measure| own.measure(measure));
    own.note("DestinationFailed").await;
}

async fn session(ctx: &Ctx, reference: &Reference, version: &Version) -> Result<Arc<Caller>, Fault> {
    Ok(role::assume(ctx, &version.role, &reference.name).await?.caller)
}

async fn tell(
    ctx: &Ctx,
    lambda: &Lambda,
    reference: &Reference,
    target: &str,
    record: &Record,
    outcome: &str,
) -> Result<(), Fault> {
    let version = lambda.store.read(|tx| described(tx, reference))?.version;
    let caller = session(ctx, reference, &version).await?;
    let arn: Arn = target.parse().map_err(|_| LambdaError::invalid(format!("{target} is not an ARN")))?;
    let text = record.json().to_string();
    if arn.service == "events" {
        let entry = events::PutEventsRequestEntry {
            source: Some("lambda".into()),
            detail_type: Some(format!("Lambda Function Invocation Result - {outcome}")),
            resources: Some(vec![target.to_owned(), record.function_arn.clone()]),
            detail: Some(text),
            event_bus_name: Some(target.to_owned()),
            ..Default::default()
        };
        let request = events::PutEventsRequest { entries: vec![entry], ..Default::default() };
        let answer = at(ctx, &arn, &caller).call_as::<events::PutEvents>(caller.clone(), request).await?;
        return match answer.failed_entry_count {
            None | Some(0) => Ok(()),
            Some(_) => Err(Fault::internal("the bus refused the record")),
        };
    }
    ctx.deliver(caller, Delivery::new(arn, text, &record.request_id)).await
}

/// A context in the region of an ARN.
fn at(ctx: &Ctx, arn: &Arn, caller: &Arc<Caller>) -> Ctx {
    let region = Region::parse(&arn.region).unwrap_or_else(|| ctx.region.clone());
    ctx.elsewhere(caller.clone(), region)
}

/// The event itself, with what went wrong as attributes.
/// <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html#invocation-dlq>
async fn bury(ctx: &Ctx, reference: &Reference, version: &Version, target: &str, record: &Record) -> Result<(), Fault> {
    let caller = session(ctx, reference, version).await?;
    let arn: Arn = target.parse().map_err(|_| LambdaError::invalid(format!("{target} is not an ARN")))?;
    let own = at(ctx, &arn, &caller);
    let error: String = record.error_message().unwrap_or_default().chars().take(ERROR_CHARS_MAX).collect();
    let mut attributes =
        vec![("RequestID", "String", record.request_id.clone()), ("ErrorCode", "Number", "200".to_owned())];
    if !error.is_empty() {
        attributes.push(("ErrorMessage", "String", error));
    }
    let body = String::from_utf8_lossy(&record.request).into_owned();
    if arn.service == "sns" {
        let attributes: BTreeMap<_, _> = attributes
            .into_iter()
            .map(|(name, kind, value)| {
                let value = sns::MessageAttributeValue {
                    data_type: kind.to_owned(),
                    string_value: Some(value),
                    ..Default::default()
                };
                (name.to_owned(), value)
            })
            .collect();
        let request = sns::PublishInput {
            topic_arn: Some(target.to_owned()),
            message: body,
            message_attributes: Some(attributes),
            ..Default::default()
        };
        return own.call_as::<sns::Publish>(caller, request).await.map(|_| ());
    }
    let attributes: BTreeMap<_, _> = attributes
        .into_iter()
        .map(|(name, kind, value)| {
            let value = sqs::MessageAttributeValue {
                data_type: kind.to_owned(),
                string_value: Some(value),
                ..Default::default()
            };
            (name.to_owned(), value)
        })
        .collect();
    let request = sqs::SendMessageRequest {
        queue_url: format!("{}/{}", arn.account, arn.resource),
        message_body: body,
        message_attributes: Some(attributes),
        ..Default::default()
    };
    own.call_as::<sqs::SendMessage>(caller, request).await.map(|_| ())
}
