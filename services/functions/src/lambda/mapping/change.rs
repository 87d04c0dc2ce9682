//! UpdateEventSourceMapping and DeleteEventSourceMapping.

use haar_platform::aws::lambda::{
    DeleteEventSourceMappingRequest, EventSourceMappingConfiguration, UpdateEventSourceMappingRequest,
};
use haar_platform::kernel::{Ctx, Fault, ids};

use super::create::{check_batch, check_foreign, has_destination, metrics, reports_failures};
use super::filter::check_filters;
use super::read::{DELETING, UPDATING, existing, key, show};
use super::{queue, read};
use crate::lambda::Lambda;
use crate::lambda::error::LambdaError;
use crate::lambda::lookup::described;
use crate::lambda::model::{MAPPINGS, Mapping, MappingKey};
use crate::lambda::name::Reference;

/// UpdateEventSourceMapping: what is not said stays.
pub async fn update(
    ctx: &Ctx,
    lambda: &Lambda,
    input: UpdateEventSourceMappingRequest,
) -> Result<EventSourceMappingConfiguration, Fault> {
    refuse(&input)?;
    let key = key(ctx, &input.uuid);
    let before = lambda.store.read(|tx| existing(tx, &key))?;
    let was_enabled = before.enabled;
    let mapping = changed(ctx, lambda, before, input)?;
    check_batch(&mapping)?;
    let reference = Reference::of(&mapping.function, mapping.qualifier.clone());
    let version = lambda.store.read(|tx| described(tx, &reference))?.version;
    queue::check(ctx, &queue::parse(&mapping.queue_arn)?, &reference, &version).await?;
    let (place, stored, notified) = (key.clone(), mapping.clone(), lambda.clone());
    lambda
        .store
        .write(move |tx| {
            existing(tx, &place)?;
            tx.put(MAPPINGS, &place, &stored)?;
            tx.on_commit(move || changed_on_commit(&notified, &place));
            Ok::<_, LambdaError>(())
        })
        .await?;
    let mut shown = show(lambda, &key, &mapping);
    let state = match (was_enabled, mapping.enabled) {
        (false, true) => read::ENABLING,
        (true, false) => read::DISABLING,
        _ => UPDATING,
    };
    shown.state = Some(state.into());
    Ok(shown)
}

fn changed(
    ctx: &Ctx,
    lambda: &Lambda,
    mut mapping: Mapping,
    input: UpdateEventSourceMappingRequest,
) -> Result<Mapping, LambdaError> {
    if let Some(name) = &input.function_name {
        let reference = Reference::parse(ctx, name, None)?;
        lambda.store.read(|tx| described(tx, &reference))?;
        mapping.function = reference.owned_key();
        mapping.qualifier = reference.qualifier;
    }
    mapping.enabled = input.enabled.unwrap_or(mapping.enabled);
    mapping.batch_size = input.batch_size.map_or(mapping.batch_size, i32::unsigned_abs);
    let window = input.maximum_batching_window_in_seconds.map(i32::unsigned_abs);
    mapping.window_seconds = window.unwrap_or(mapping.window_seconds);
    if input.filter_criteria.is_some() {
        mapping.filters = check_filters(input.filter_criteria)?;
    }
    if let Some(types) = &input.function_response_types {
        mapping.reports_failures = reports_failures(Some(types));
    }
    if let Some(scaling) = input.scaling_config {
        mapping.concurrency_max = scaling.maximum_concurrency.map(i32::unsigned_abs);
    }
    if input.metrics_config.is_some() {
        mapping.metrics = metrics(input.metrics_config);
    }
    mapping.modified = ctx.now();
    mapping.generation = u64::from_be_bytes(ids::random());
    Ok(mapping)
}

fn refuse(input: &UpdateEventSourceMappingRequest) -> Result<(), Fault> {
    let unserved = [
        (input.kms_key_arn.as_ref().is_some_and(|arn| !arn.is_empty()), "filters under a key of KMS (KMSKeyArn)"),
        (input.provisioned_poller_config.is_some(), "ProvisionedPollerConfig"),
        (input.logging_config.is_some(), "LoggingConfig"),
        (input.document_db_event_source_config.is_some(), "DocumentDBEventSourceConfig"),
    ];
    if let Some((_, name)) = unserved.iter().find(|(asked, _)| *asked) {
        return Err(Fault::not_served(format_args!("lambda event source mappings with {name}")));
    }
    check_foreign(&[
        (input.parallelization_factor.is_some(), "ParallelizationFactor"),
        (input.maximum_record_age_in_seconds.is_some(), "MaximumRecordAgeInSeconds"),
        (input.bisect_batch_on_function_error.is_some(), "BisectBatchOnFunctionError"),
        (input.maximum_retry_attempts.is_some(), "MaximumRetryAttempts"),
        (input.tumbling_window_in_seconds.is_some(), "TumblingWindowInSeconds"),
        (input.source_access_configurations.as_ref().is_some_and(|all| !all.is_empty()), "SourceAccessConfigurations"),
        (has_destination(input.destination_config.as_ref()), "DestinationConfig"),
        (input.amazon_managed_kafka_event_source_config.is_some(), "AmazonManagedKafkaEventSourceConfig"),
        (input.self_managed_kafka_event_source_config.is_some(), "SelfManagedKafkaEventSourceConfig"),
    ])
}

/// The poller, if there is one, and the job that starts one.
fn changed_on_commit(lambda: &Lambda, key: &MappingKey) {
    lambda.pollers.changed(key);
    lambda.mappings.wake();
}

/// DeleteEventSourceMapping. Batches at work are finished.
pub async fn delete(
    ctx: &Ctx,
    lambda: &Lambda,
    input: DeleteEventSourceMappingRequest,
) -> Result<EventSourceMappingConfiguration, LambdaError> {
    let key = key(ctx, &input.uuid);
    let (place, notified) = (key.clone(), lambda.clone());
    let mapping = lambda
        .store
        .write(move |tx| {
            let mapping = existing(tx, &place)?;
            tx.delete(MAPPINGS, &place)?;
            tx.on_commit(move || changed_on_commit(&notified, &place));
            Ok::<_, LambdaError>(mapping)
        })
        .await?;
    let mut shown = show(lambda, &key, &mapping);
    shown.state = Some(DELETING.into());
    Ok(shown)
}
