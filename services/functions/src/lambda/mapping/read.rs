//! GetEventSourceMapping and ListEventSourceMappings.

use haar_platform::aws::lambda::{
    EventSourceMappingConfiguration, EventSourceMappingMetric, EventSourceMappingMetricsConfig, Filter, FilterCriteria,
    FunctionResponseType, GetEventSourceMappingRequest, ListEventSourceMappingsRequest,
    ListEventSourceMappingsResponse, ScalingConfig,
};
use haar_platform::kernel::access::{Access, Resource};
use haar_platform::kernel::paging::cut;
use haar_platform::kernel::{Arn, Ctx, Fault};
use haar_platform::store::{Read, Span};

use crate::lambda::error::LambdaError;
use crate::lambda::model::{MAPPINGS, Mapping, MappingKey};
use crate::lambda::name::Reference;
use crate::lambda::{Lambda, page};

/// States that answers to changes have.
pub const CREATING: &str = "Creating";
pub const UPDATING: &str = "Updating";
pub const ENABLING: &str = "Enabling";
pub const DISABLING: &str = "Disabling";
pub const DELETING: &str = "Deleting";

/// States that last.
const ENABLED: &str = "Enabled";
const DISABLED: &str = "Disabled";

/// The mapping, with its function as a condition key.
pub fn access(ctx: &Ctx, lambda: &Lambda, id: &str) -> Result<Access, Fault> {
    let key = key(ctx, id);
    let resource = Resource::of(&arn(&key));
    let Ok(mapping) = lambda.store.read(|tx| existing(tx, &key)) else {
        return Ok(Access::default().and(resource));
    };
    let function = Reference::of(&mapping.function, mapping.qualifier).qualified_arn().to_string();
    Ok(Access::default().and(resource.with_tags(mapping.tags)).with_key("lambda:FunctionArn", function))
}

/// The key of a mapping of this account and region.
pub fn key(ctx: &Ctx, id: &str) -> MappingKey {
    (ctx.account.to_string(), ctx.region.to_string(), id.to_owned())
}

/// A mapping that must exist.
pub fn existing(tx: &impl Read, key: &MappingKey) -> Result<Mapping, LambdaError> {
    tx.get(MAPPINGS, key)?.ok_or_else(LambdaError::no_such_resource)
}

fn arn((account, region, id): &MappingKey) -> Arn {
    Arn::new("lambda", region, account, format!("event-source-mapping:{id}"))
}

/// GetEventSourceMapping.
pub async fn get(
    ctx: &Ctx,
    lambda: &Lambda,
    input: GetEventSourceMappingRequest,
) -> Result<EventSourceMappingConfiguration, LambdaError> {
    let key = key(ctx, &input.uuid);
    let mapping = lambda.store.read(|tx| existing(tx, &key))?;
    Ok(show(lambda, &key, &mapping))
}

/// ListEventSourceMappings: all, or those of a queue, of a function, or of both.
pub async fn list(
    ctx: &Ctx,
    lambda: &Lambda,
    input: ListEventSourceMappingsRequest,
) -> Result<ListEventSourceMappingsResponse, LambdaError> {
    let wanted = input.function_name.as_deref().map(|name| Reference::parse(ctx, name, None)).transpose()?;
    let size = page::size(input.max_items);
    let scope = format!("ListEventSourceMappings {:?} {wanted:?}", input.event_source_arn);
    let (account, region) = (ctx.account.as_str(), ctx.region.as_str());
    let mut span = Span::under((account, region));
    if let Some(last) = page::cursor(ctx, &scope, input.marker.as_deref())? {
        span = span.after(&(account, region, last.as_str()));
    }
    let fits = |mapping: &Mapping| {
        let of_queue = input.event_source_arn.as_ref().is_none_or(|arn| *arn == mapping.queue_arn);
        let of_function = wanted.as_ref().is_none_or(|wanted| {
            let same = wanted.owned_key() == mapping.function;
            same && (wanted.qualifier.is_none() || wanted.qualifier == mapping.qualifier)
        });
        of_queue && of_function
    };
    let found = lambda.store.read(|tx| {
        let all = tx.scan(MAPPINGS, span).filter(|entry| entry.as_ref().map_or(true, |(_, mapping)| fits(mapping)));
        all.take(size + 1).collect::<Result<Vec<_>, _>>()
    })?;
    let (found, next) = cut(found, size, |((_, _, id), _)| id.clone());
    Ok(ListEventSourceMappingsResponse {
        event_source_mappings: Some(found.iter().map(|(key, mapping)| show(lambda, key, mapping)).collect()),
        next_marker: next.map(|cursor| ctx.page_token(&scope, &cursor)),
    })
}

/// A mapping as it is.
pub fn show(lambda: &Lambda, key: &MappingKey, mapping: &Mapping) -> EventSourceMappingConfiguration {
    let function = Reference::of(&mapping.function, mapping.qualifier.clone());
    let filters = mapping.filters.iter().map(|pattern| Filter { pattern: Some(pattern.clone()) });
    let metrics = mapping.metrics.iter().filter_map(|name| EventSourceMappingMetric::parse(name));
    EventSourceMappingConfiguration {
        uuid: Some(key.2.clone()),
        batch_size: Some(mapping.batch_size.cast_signed()),
        maximum_batching_window_in_seconds: Some(mapping.window_seconds.cast_signed()),
        event_source_arn: Some(mapping.queue_arn.clone()),
        filter_criteria: (!mapping.filters.is_empty()).then(|| FilterCriteria { filters: Some(filters.collect()) }),
        metrics_config: (!mapping.metrics.is_empty())
            .then(|| EventSourceMappingMetricsConfig { metrics: Some(metrics.collect()) }),
        scaling_config: mapping
            .concurrency_max
            .map(|max| ScalingConfig { maximum_concurrency: Some(max.cast_signed()) }),
        function_arn: Some(function.qualified_arn().to_string()),
        last_modified: Some(mapping.modified),
        last_processing_result: lambda.pollers.result(key),
        state: Some(if mapping.enabled { ENABLED } else { DISABLED }.into()),
        state_transition_reason: Some("USER_INITIATED".into()),
        function_response_types: Some(if mapping.reports_failures {
            vec![FunctionResponseType::ReportBatchItemFailures]
        } else {
            Vec::new()
        }),
        event_source_mapping_arn: Some(arn(key).to_string()),
        ..Default::default()
    }
}
