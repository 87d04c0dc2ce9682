//! PutFunctionEventInvokeConfig and its like: how asynchronous invocations of a function, version or alias end.

use haar_platform::aws::lambda::{
    DeleteFunctionEventInvokeConfigRequest, DestinationConfig, FunctionEventInvokeConfig,
    GetFunctionEventInvokeConfigRequest, ListFunctionEventInvokeConfigsRequest, ListFunctionEventInvokeConfigsResponse,
    OnFailure, OnSuccess, PutFunctionEventInvokeConfigRequest, UpdateFunctionEventInvokeConfigRequest,
};
use haar_platform::kernel::paging::cut;
use haar_platform::kernel::{Arn, Ctx};
use haar_platform::store::{Read, Span, Tx};

use crate::lambda::error::LambdaError;
use crate::lambda::lookup::described;
use crate::lambda::model::{EVENT_CONFIGS, EventConfig, LATEST};
use crate::lambda::name::Reference;
use crate::lambda::{Lambda, page};

/// Whom records go to.
/// <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html>
const DESTINATIONS: [&str; 4] = ["sqs", "sns", "lambda", "events"];

/// PutFunctionEventInvokeConfig: what is not said is as if nothing had been configured.
pub async fn put(
    ctx: &Ctx,
    lambda: &Lambda,
    input: PutFunctionEventInvokeConfigRequest,
) -> Result<FunctionEventInvokeConfig, LambdaError> {
    let reference = place(ctx, &input.function_name, input.qualifier.as_deref())?;
    let (on_success, on_failure) = destinations(ctx, input.destination_config)?;
    let config = EventConfig {
        retries_max: input.maximum_retry_attempts.map(i32::unsigned_abs),
        age_seconds_max: input.maximum_event_age_in_seconds.map(i32::unsigned_abs),
        on_success: on_success.flatten(),
        on_failure: on_failure.flatten(),
        modified: ctx.now(),
    };
    let (key, shown) = (reference.clone(), config.clone());
    lambda.store.write(move |tx| store(tx, &key, &config)).await?;
    Ok(show(&reference, &shown))
}

/// UpdateFunctionEventInvokeConfig: what is not said stays.
pub async fn update(
    ctx: &Ctx,
    lambda: &Lambda,
    input: UpdateFunctionEventInvokeConfigRequest,
) -> Result<FunctionEventInvokeConfig, LambdaError> {
    let reference = place(ctx, &input.function_name, input.qualifier.as_deref())?;
    let (on_success, on_failure) = destinations(ctx, input.destination_config)?;
    let (key, now) = (reference.clone(), ctx.now());
    let config = lambda
        .store
        .write(move |tx| {
            let mut config = existing(tx, &key)?;
            config.retries_max = input.maximum_retry_attempts.map(i32::unsigned_abs).or(config.retries_max);
            let age = input.maximum_event_age_in_seconds.map(i32::unsigned_abs);
            config.age_seconds_max = age.or(config.age_seconds_max);
            config.on_success = on_success.unwrap_or(config.on_success);
            config.on_failure = on_failure.unwrap_or(config.on_failure);
            config.modified = now;
            store(tx, &key, &config)?;
            Ok::<_, LambdaError>(config)
        })
        .await?;
    Ok(show(&reference, &config))
}

/// GetFunctionEventInvokeConfig.
pub async fn get(
    ctx: &Ctx,
    lambda: &Lambda,
    input: GetFunctionEventInvokeConfigRequest,
) -> Result<FunctionEventInvokeConfig, LambdaError> {
    let reference = place(ctx, &input.function_name, input.qualifier.as_deref())?;
    let config = lambda.store.read(|tx| existing(tx, &reference))?;
    Ok(show(&reference, &config))
}

/// DeleteFunctionEventInvokeConfig.
pub async fn delete(
    ctx: &Ctx,
    lambda: &Lambda,
    input: DeleteFunctionEventInvokeConfigRequest,
) -> Result<(), LambdaError> {
    let reference = place(ctx, &input.function_name, input.qualifier.as_deref())?;
    lambda
        .store
        .write(move |tx| {
            existing(tx, &reference)?;
            tx.delete(EVENT_CONFIGS, &reference.qualified_key())?;
            Ok(())
        })
        .await
}

/// ListFunctionEventInvokeConfigs.
pub async fn list(
    ctx: &Ctx,
    lambda: &Lambda,
    input: ListFunctionEventInvokeConfigsRequest,
) -> Result<ListFunctionEventInvokeConfigsResponse, LambdaError> {
    let reference = Reference::unqualified(ctx, &input.function_name)?;
    let size = page::size(input.max_items);
    let scope = format!("ListFunctionEventInvokeConfigs {}", reference.arn());
    let (account, region, name) = reference.key();
    let mut span = Span::under((account, region, name));
    if let Some(last) = page::cursor(ctx, &scope, input.marker.as_deref())? {
        span = span.after(&(account, region, name, last.as_str()));
    }
    let found = lambda.store.read(|tx| {
        described(tx, &reference)?;
        let all =
            tx.scan(EVENT_CONFIGS, span).map(|entry| entry.map(|((_, _, _, qualifier), config)| (qualifier, config)));
        Ok::<_, LambdaError>(all.take(size + 1).collect::<Result<Vec<_>, _>>()?)
    })?;
    let (found, next) = cut(found, size, |(qualifier, _)| qualifier.clone());
    let configs = found
        .into_iter()
        .map(|(qualifier, config)| show(&Reference { qualifier: Some(qualifier), ..reference.clone() }, &config));
    Ok(ListFunctionEventInvokeConfigsResponse {
        function_event_invoke_configs: Some(configs.collect()),
        next_marker: next.map(|cursor| ctx.page_token(&scope, &cursor)),
    })
}

/// What has a configuration always has a qualifier.
fn place(ctx: &Ctx, name: &str, qualifier: Option<&str>) -> Result<Reference, LambdaError> {
    let mut reference = Reference::parse(ctx, name, qualifier)?;
    reference.qualifier.get_or_insert_with(|| LATEST.to_owned());
    Ok(reference)
}

fn existing(tx: &impl Read, reference: &Reference) -> Result<EventConfig, LambdaError> {
    described(tx, reference)?;
    let config = tx.get(EVENT_CONFIGS, &reference.qualified_key())?;
    config.ok_or_else(|| {
        let arn = reference.qualified_arn();
        LambdaError::ResourceNotFound(format!("The function {arn} doesn't have an EventInvokeConfig"))
    })
}

fn store(tx: &mut Tx, reference: &Reference, config: &EventConfig) -> Result<(), LambdaError> {
    described(tx, reference)?;
    tx.put(EVENT_CONFIGS, &reference.qualified_key(), config)?;
    Ok(())
}

/// A destination for successes and one for failures: nothing said, none, or an ARN that somebody serves.
type Asked = Option<Option<String>>;

fn destinations(ctx: &Ctx, asked: Option<DestinationConfig>) -> Result<(Asked, Asked), LambdaError> {
    let Some(asked) = asked else { return Ok((None, None)) };
    let check = |given: Option<Option<String>>| -> Result<Asked, LambdaError> {
        let Some(given) = given else { return Ok(None) };
        let Some(text) = given.filter(|text| !text.is_empty()) else { return Ok(Some(None)) };
        let arn = text.parse::<Arn>().ok();
        match arn.filter(|arn| DESTINATIONS.contains(&arn.service.as_str()) && ctx.serves_target(arn)) {
            Some(_) => Ok(Some(Some(text))),
            None => Err(LambdaError::invalid(format!("The destination ARN {text} is invalid."))),
        }
    };
    Ok((check(asked.on_success.map(|to| to.destination))?, check(asked.on_failure.map(|to| to.destination))?))
}

fn show(reference: &Reference, config: &EventConfig) -> FunctionEventInvokeConfig {
    FunctionEventInvokeConfig {
        last_modified: Some(config.modified),
        function_arn: Some(reference.qualified_arn().to_string()),
        maximum_retry_attempts: config.retries_max.map(u32::cast_signed),
        maximum_event_age_in_seconds: config.age_seconds_max.map(u32::cast_signed),
        destination_config: Some(DestinationConfig {
            on_success: Some(OnSuccess { destination: config.on_success.clone() }),
            on_failure: Some(OnFailure { destination: config.on_failure.clone() }),
        }),
    }
}
