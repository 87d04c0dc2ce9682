//! CreateEventSourceMapping: a queue and the function that works on it.

use haar_platform::aws::lambda::{
    CreateEventSourceMappingRequest, EventSourceMappingConfiguration, EventSourceMappingMetricsConfig,
    FunctionResponseType,
};
use haar_platform::kernel::access::Access;
use haar_platform::kernel::{Ctx, Fault, ids};
use haar_platform::store::{Read, Span};

use super::filter::check_filters;
use super::read::show;
use super::{queue, read};
use crate::lambda::error::LambdaError;
use crate::lambda::lookup::described;
use crate::lambda::model::{MAPPINGS, Mapping};
use crate::lambda::name::Reference;
use crate::lambda::{Lambda, tag};

/// Messages of a batch where nothing is said, and the most without a window.
const BATCH_SIZE: u32 = 10;

/// The mapping is new: the function is what policies can ask for.
pub fn access(ctx: &Ctx, _: &Lambda, input: &CreateEventSourceMappingRequest) -> Result<Access, Fault> {
    let reference = Reference::parse(ctx, &input.function_name, None)?;
    let tags = input.tags.iter().flatten().map(|(key, value)| (key.as_str(), value.as_str()));
    let access = Access::all().with_key("lambda:FunctionArn", reference.qualified_arn().to_string());
    Ok(access.with_request_tags(tags))
}

/// CreateEventSourceMapping.
pub async fn create(
    ctx: &Ctx,
    lambda: &Lambda,
    input: CreateEventSourceMappingRequest,
) -> Result<EventSourceMappingConfiguration, Fault> {
    refuse(&input)?;
    let source = input.event_source_arn.as_deref().unwrap_or_default();
    let queue_arn = queue::parse(source)?;
    let reference = Reference::parse(ctx, &input.function_name, None)?;
    let version = lambda.store.read(|tx| described(tx, &reference))?.version;
    let tags = input.tags.unwrap_or_default();
    tag::check(&tags)?;
    let mapping = Mapping {
        queue_arn: source.to_owned(),
        function: reference.owned_key(),
        qualifier: reference.qualifier.clone(),
        enabled: input.enabled.unwrap_or(true),
        batch_size: input.batch_size.map_or(BATCH_SIZE, i32::unsigned_abs),
        window_seconds: input.maximum_batching_window_in_seconds.unwrap_or_default().unsigned_abs(),
        filters: check_filters(input.filter_criteria)?,
        reports_failures: reports_failures(input.function_response_types.as_deref()),
        concurrency_max: input.scaling_config.and_then(|scaling| scaling.maximum_concurrency).map(i32::unsigned_abs),
        metrics: metrics(input.metrics_config),
        tags,
        modified: ctx.now(),
        generation: u64::from_be_bytes(ids::random()),
    };
    check_batch(&mapping)?;
    queue::check(ctx, &queue_arn, &reference, &version).await?;
    let id = ids::uuid();
    let key = (ctx.account.to_string(), ctx.region.to_string(), id);
    let (place, stored) = (key.clone(), mapping.clone());
    let waker = lambda.mappings.clone();
    lambda
        .store
        .write(move |tx| {
            for entry in tx.scan(MAPPINGS, Span::under((place.0.as_str(), place.1.as_str()))) {
                let ((_, _, other), known) = entry?;
                if known.queue_arn == stored.queue_arn
                    && known.function == stored.function
                    && known.qualifier == stored.qualifier
                {
                    return Err(LambdaError::ResourceConflict(format!(
                        "An event source mapping with SQS arn (\" {} \") and function (\" {} \") already exists. \
                         Please update or delete the existing mapping with UUID {other}",
                        stored.queue_arn, stored.function.2
                    )));
                }
            }
            tx.put(MAPPINGS, &place, &stored)?;
            tx.on_commit(move || waker.wake());
            Ok(())
        })
        .await?;
    let mut shown = show(lambda, &key, &mapping);
    shown.state = Some(read::CREATING.into());
    Ok(shown)
}

/// Whether batches of that size and window are possible.
pub fn check_batch(mapping: &Mapping) -> Result<(), LambdaError> {
    if mapping.queue_arn.ends_with(".fifo") {
        if mapping.window_seconds > 0 {
            return Err(LambdaError::invalid("Batching window is not supported for FIFO queues."));
        }
        if mapping.batch_size > BATCH_SIZE {
            return Err(LambdaError::invalid(format!("Batch size of FIFO queues must be {BATCH_SIZE} at most.")));
        }
    }
    if mapping.batch_size > BATCH_SIZE && mapping.window_seconds == 0 {
        return Err(LambdaError::invalid(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10",
        ));
    }
    Ok(())
}

/// Whether the function says which messages failed.
pub fn reports_failures(asked: Option<&[FunctionResponseType]>) -> bool {
    asked.unwrap_or_default().contains(&FunctionResponseType::ReportBatchItemFailures)
}

/// The metrics that are wanted.
pub fn metrics(asked: Option<EventSourceMappingMetricsConfig>) -> Vec<String> {
    let metrics = asked.and_then(|config| config.metrics).unwrap_or_default();
    metrics.into_iter().map(|metric| metric.as_str().to_owned()).collect()
}

/// Sources that we do not serve, and what queues do not have.
fn refuse(input: &CreateEventSourceMappingRequest) -> Result<(), Fault> {
    let unserved = [
        (input.self_managed_event_source.is_some(), "self-managed event sources (SelfManagedEventSource)"),
        (input.kms_key_arn.is_some(), "filters under a key of KMS (KMSKeyArn)"),
        (input.provisioned_poller_config.is_some(), "ProvisionedPollerConfig"),
        (input.logging_config.is_some(), "LoggingConfig"),
        (input.document_db_event_source_config.is_some(), "DocumentDBEventSourceConfig"),
    ];
    if let Some((_, name)) = unserved.iter().find(|(asked, _)| *asked) {
        return Err(Fault::not_served(format_args!("lambda event source mappings with {name}")));
    }
    if input.event_source_arn.is_none() {
        return Err(LambdaError::invalid("Unrecognized event source.").into());
    }
    let foreign = [
        (input.starting_position.is_some(), "StartingPosition"),
        (input.starting_position_timestamp.is_some(), "StartingPositionTimestamp"),
        (input.parallelization_factor.is_some(), "ParallelizationFactor"),
        (input.maximum_record_age_in_seconds.is_some(), "MaximumRecordAgeInSeconds"),
        (input.bisect_batch_on_function_error.is_some(), "BisectBatchOnFunctionError"),
        (input.maximum_retry_attempts.is_some(), "MaximumRetryAttempts"),
        (input.tumbling_window_in_seconds.is_some(), "TumblingWindowInSeconds"),
        (input.topics.as_ref().is_some_and(|all| !all.is_empty()), "Topics"),
        (input.queues.as_ref().is_some_and(|all| !all.is_empty()), "Queues"),
        (input.source_access_configurations.as_ref().is_some_and(|all| !all.is_empty()), "SourceAccessConfigurations"),
        (has_destination(input.destination_config.as_ref()), "DestinationConfig"),
        (input.amazon_managed_kafka_event_source_config.is_some(), "AmazonManagedKafkaEventSourceConfig"),
        (input.self_managed_kafka_event_source_config.is_some(), "SelfManagedKafkaEventSourceConfig"),
    ];
    check_foreign(&foreign)
}

/// Whether a destination is really named: SDKs send empty ones.
pub fn has_destination(config: Option<&haar_platform::aws::lambda::DestinationConfig>) -> bool {
    config.is_some_and(|config| {
        config.on_failure.as_ref().is_some_and(|to| to.destination.is_some())
            || config.on_success.as_ref().is_some_and(|to| to.destination.is_some())
    })
}

/// What only other sources have.
pub fn check_foreign(foreign: &[(bool, &str)]) -> Result<(), Fault> {
    match foreign.iter().find(|(asked, _)| *asked) {
        Some((_, name)) => Err(LambdaError::invalid(format!("{name} is not valid for SQS event sources.")).into()),
        None => Ok(()),
    }
}
