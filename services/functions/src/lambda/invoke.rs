//! Invoke in its three modes, InvokeAsync, and deliveries to functions.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use haar_platform::aws::lambda::{
    InvocationRequest, InvocationResponse, InvocationType, Invoke, InvokeAsyncRequest, InvokeAsyncResponse, LogType,
};
use haar_platform::kernel::access::Access;
use haar_platform::kernel::serde_json;
use haar_platform::kernel::{Arn, Bytes, Ctx, Delivery, Fault};
use serde::de::IgnoredAny;

use super::error::LambdaError;
use super::name::Reference;
use super::run::{self, Order, Ran};
use super::{Lambda, access, asynchronous};

/// Bytes of a payload that is answered at once, and of one that waits in the queue.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
pub const PAYLOAD_BYTES_MAX: usize = 6_291_456;
const EVENT_BYTES_MAX: usize = 1_048_576;

/// The key that a call carries which comes from a function URL. Only the house sets it: callers' keys come from us.
pub const URL_KEY: &str = "lambda:FunctionUrlAuthType";

/// InvokeFunction on what is named; through a URL, InvokeFunctionUrl beside it.
/// <https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html>
pub fn access(ctx: &Ctx, lambda: &Lambda, input: &InvocationRequest) -> Result<Access, Fault> {
    let access = access::function(ctx, lambda, &input.function_name, input.qualifier.as_deref())?;
    let access = access.as_action("lambda:InvokeFunction");
    if !ctx.caller.keys.iter().any(|(key, _)| key == URL_KEY) {
        return Ok(access);
    }
    let through = access.resources.first().cloned().map(|one| one.for_action("lambda:InvokeFunctionUrl"));
    Ok(through.into_iter().fold(access, Access::and))
}

/// Invoke.
pub async fn invoke(ctx: &Ctx, lambda: &Lambda, input: InvocationRequest) -> Result<InvocationResponse, Fault> {
    if input.durable_execution_name.is_some() {
        return Err(Fault::not_served("durable lambda executions (DurableExecutionName)"));
    }
    if input.tenant_id.is_some() {
        return Err(Fault::not_served("lambda tenants (TenantId)"));
    }
    let reference = Reference::parse(ctx, &input.function_name, input.qualifier.as_deref())?;
    let payload = payload(input.payload)?;
    let client_context = input.client_context.as_deref().map(client_context).transpose()?;
    match input.invocation_type.unwrap_or(InvocationType::RequestResponse) {
        InvocationType::DryRun => {
            lambda.resolve(&reference)?;
            Ok(InvocationResponse { status_code: Some(204), ..Default::default() })
        }
        InvocationType::Event => {
            if payload.len() > EVENT_BYTES_MAX {
                return Err(LambdaError::RequestTooLarge(format!(
                    "{} byte payload is too large for the Event invocation type (limit {EVENT_BYTES_MAX} bytes)",
                    payload.len()
                ))
                .into());
            }
            asynchronous::accept(ctx, lambda, reference, payload, client_context).await?;
            Ok(InvocationResponse { status_code: Some(202), ..Default::default() })
        }
        InvocationType::RequestResponse => {
            let ran = now(ctx, lambda, reference, payload, client_context).await?;
            let wants_tail = input.log_type == Some(LogType::Tail);
            Ok(InvocationResponse {
                status_code: Some(200),
                // AWS once told handled from unhandled errors, and calls all of them unhandled now.
                function_error: ran.error_type.map(|_| "Unhandled".to_owned()),
                log_result: wants_tail.then(|| STANDARD.encode(&ran.tail)),
                payload: Some(ran.payload),
                executed_version: Some(ran.executed_version),
                ..Default::default()
            })
        }
    }
}

/// What came of an invocation that its caller waits for.
pub struct Answered {
    pub payload: Bytes,
    pub error_type: Option<String>,
    pub executed_version: String,
    pub tail: String,
}

async fn now(
    ctx: &Ctx,
    lambda: &Lambda,
    reference: Reference,
    payload: Bytes,
    client_context: Option<String>,
) -> Result<Answered, LambdaError> {
    let found = lambda.resolve(&reference)?;
    let is_own = reference.account == ctx.account.as_str();
    let inner = if is_own { None } else { Some(run::inside(ctx, &reference)?) };
    let order = Order { reference, found, request_id: ctx.request_id.clone(), payload, client_context };
    let Ran { payload, error_type, executed_version, tail, observed, .. } =
        run::run_detached(ctx, lambda, order).await?;
    match inner {
        None => observed.put(ctx),
        Some(inner) => observed.note(&inner).await,
    }
    if payload.len() > PAYLOAD_BYTES_MAX {
        return Ok(too_large(payload.len(), executed_version, tail));
    }
    Ok(Answered { payload, error_type, executed_version, tail })
}

fn too_large(size: usize, executed_version: String, tail: String) -> Answered {
    let error_type = "Function.ResponseSizeTooLarge";
    let message = format!(
        "Response payload size ({size} bytes) exceeded maximum allowed payload size ({PAYLOAD_BYTES_MAX} bytes)."
    );
    let payload = serde_json::json!({"errorType": error_type, "errorMessage": message}).to_string();
    Answered { payload: payload.into(), error_type: Some(error_type.to_owned()), executed_version, tail }
}

/// The event, which must be JSON; nothing is an empty object.
fn payload(given: Option<Bytes>) -> Result<Bytes, LambdaError> {
    let payload = given.filter(|payload| !payload.is_empty()).unwrap_or_else(|| Bytes::from_static(b"{}"));
    if payload.len() > PAYLOAD_BYTES_MAX {
        return Err(LambdaError::RequestTooLarge(format!(
            "Request must be smaller than {PAYLOAD_BYTES_MAX} bytes for the InvokeFunction operation"
        )));
    }
    let invalid = |cause: &dyn std::fmt::Display| {
        LambdaError::InvalidRequestContent(format!("Could not parse request body into json: {cause}"))
    };
    let text = std::str::from_utf8(&payload).map_err(|cause| invalid(&cause))?;
    serde_json::from_str::<IgnoredAny>(text).map_err(|cause| invalid(&cause))?;
    Ok(payload)
}

/// What mobile clients say of themselves: JSON in base64.
fn client_context(text: &str) -> Result<String, LambdaError> {
    let invalid =
        || LambdaError::InvalidRequestContent("Client context must be a valid Base64-encoded JSON object.".into());
    let bytes = STANDARD.decode(text).map_err(|_| invalid())?;
    let text = String::from_utf8(bytes).map_err(|_| invalid())?;
    serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&text).map_err(|_| invalid())?;
    Ok(text)
}

/// InvokeAsync, the old way to an Event invocation.
pub async fn invoke_async(ctx: &Ctx, lambda: &Lambda, input: InvokeAsyncRequest) -> Result<InvokeAsyncResponse, Fault> {
    let reference = Reference::parse(ctx, &input.function_name, None)?;
    let (mut body, mut bytes) = (input.invoke_args, Vec::new());
    while let Some(chunk) = body.next().await {
        bytes.extend_from_slice(&chunk.map_err(Fault::of_body)?);
        if bytes.len() > EVENT_BYTES_MAX {
            return Err(LambdaError::RequestTooLarge(format!(
                "Request must be smaller than {EVENT_BYTES_MAX} bytes for the InvokeAsync operation"
            ))
            .into());
        }
    }
    let payload = payload(Some(Bytes::from(bytes)))?;
    asynchronous::accept(ctx, lambda, reference, payload, None).await?;
    Ok(InvokeAsyncResponse { status: Some(202) })
}

/// Whether deliveries for an ARN are for us: functions, their versions and aliases.
pub fn serves(arn: &Arn) -> bool {
    Reference::from_arn(arn).is_some()
}

/// A delivery is an asynchronous invocation by whoever sends.
pub async fn receive(ctx: &Ctx, _: &Lambda, delivery: Delivery) -> Result<(), Fault> {
    let request = InvocationRequest {
        function_name: delivery.target.to_string(),
        invocation_type: Some(InvocationType::Event),
        payload: Some(Bytes::from(delivery.payload)),
        ..Default::default()
    };
    ctx.call_as::<Invoke>(ctx.caller.clone(), request).await.map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_json_and_nothing_is_an_empty_object() {
        assert_eq!(payload(None).expect("empty"), Bytes::from_static(b"{}"));
        assert_eq!(payload(Some(Bytes::from_static(b" [1] "))).expect("JSON"), Bytes::from_static(b" [1] "));
        assert!(matches!(payload(Some(Bytes::from_static(b"abc"))), Err(LambdaError::InvalidRequestContent(_))));
        let large = Bytes::from(vec![b'1'; PAYLOAD_BYTES_MAX + 1]);
        assert!(matches!(payload(Some(large)), Err(LambdaError::RequestTooLarge(_))));
    }

    #[test]
    fn a_client_context_is_an_object_in_base64() {
        assert_eq!(client_context(&STANDARD.encode(r#"{"a":1}"#)).expect("an object"), r#"{"a":1}"#);
        assert!(client_context(&STANDARD.encode("[1]")).is_err());
        assert!(client_context("{}").is_err());
    }
}
