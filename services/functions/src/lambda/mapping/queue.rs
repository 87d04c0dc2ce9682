//! What must be true of a queue that is to feed a function, and of the function's role.

use std::sync::Arc;

use haar_platform::aws::sqs;
use haar_platform::kernel::{Arn, Caller, Ctx, Fault};

use crate::lambda::error::LambdaError;
use crate::lambda::model::Version;
use crate::lambda::name::Reference;
use crate::lambda::{role, run};

/// The ARN of a queue; other sources are refused by their names.
pub fn parse(text: &str) -> Result<Arn, Fault> {
    let arn: Arn = text.parse().map_err(|_| LambdaError::invalid("Unrecognized event source."))?;
    match arn.service.as_str() {
        "sqs" => Ok(arn),
        other => Err(Fault::not_served(format_args!("lambda event source mappings from {other}"))),
    }
}

/// The queue's URL; SQS reads account and name of it, whatever its host.
pub fn url(queue: &Arn) -> String {
    format!("{}/{}", queue.account, queue.resource)
}

/// Checks as AWS does when a mapping is made: the role may read the queue, and the queue hides messages for as long as
/// the function may run.
pub async fn check(ctx: &Ctx, queue: &Arn, reference: &Reference, version: &Version) -> Result<(), Fault> {
    if queue.region != ctx.region.as_str() {
        return Err(LambdaError::invalid("The queue must be in the same region as the function.").into());
    }
    let own = run::inside(ctx, reference)?;
    let session = role::assume(&own, &version.role, &reference.name)
        .await
        .map_err(|_| LambdaError::invalid("The role defined for the function cannot be assumed by Lambda."))?;
    check_permissions(&own, queue, &session.caller).await?;
    let request = sqs::GetQueueAttributesRequest {
        queue_url: url(queue),
        attribute_names: Some(vec!["VisibilityTimeout".into()]),
    };
    let answer = own.call_as::<sqs::GetQueueAttributes>(session.caller, request).await;
    let answer = answer.map_err(|fault| refused(fault, "GetQueueAttributes"))?;
    let attributes = answer.attributes.unwrap_or_default();
    let hidden: u32 = attributes.get("VisibilityTimeout").and_then(|text| text.parse().ok()).unwrap_or(u32::MAX);
    if hidden < version.timeout_seconds {
        return Err(LambdaError::invalid(format!(
            "Queue visibility timeout: {hidden} seconds is less than Function timeout: {} seconds",
            version.timeout_seconds
        ))
        .into());
    }
    Ok(())
}

/// Permissions are asked before anything else is looked at, so calls that could not do anything tell whether they
/// would be allowed.
async fn check_permissions(own: &Ctx, queue: &Arn, caller: &Arc<Caller>) -> Result<(), LambdaError> {
    let receive =
        sqs::ReceiveMessageRequest { queue_url: url(queue), max_number_of_messages: Some(0), ..Default::default() };
    let answer = own.call_as::<sqs::ReceiveMessage>(caller.clone(), receive).await;
    accept_invalid(answer.err(), "ReceiveMessage")?;
    let delete = sqs::DeleteMessageRequest { queue_url: url(queue), receipt_handle: "none".into() };
    let answer = own.call_as::<sqs::DeleteMessage>(caller.clone(), delete).await;
    accept_invalid(answer.err(), "DeleteMessage")
}

fn accept_invalid(fault: Option<Fault>, operation: &str) -> Result<(), LambdaError> {
    match fault {
        Some(fault) if fault.status == 403 || fault.name.contains("QueueDoesNotExist") => {
            Err(refused(fault, operation))
        }
        Some(fault) if fault.status >= 500 => Err(fault.into()),
        _ => Ok(()),
    }
}

fn refused(fault: Fault, operation: &str) -> LambdaError {
    match fault.status {
        500.. => fault.into(),
        403 => LambdaError::invalid(format!(
            "The provided execution role does not have permissions to call {operation} on SQS"
        )),
        _ => LambdaError::invalid(format!(
            "Error occurred while {operation}. SQS Error Code: {}. SQS Error Message: {}",
            fault.code, fault.message
        )),
    }
}
