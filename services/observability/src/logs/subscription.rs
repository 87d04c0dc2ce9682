//! Subscription filters: who gets which events of a group as they come.

use std::sync::Arc;

use haar_platform::aws::lambda;
use haar_platform::aws::logs as aws;
use haar_platform::kernel::access::{Access, Resource};
use haar_platform::kernel::paging::cut;
use haar_platform::kernel::{Arn, Caller, Ctx, Fault};
use haar_platform::store::{Read, Span};

use super::Logs;
use super::address::{group_arn, on_group};
use super::error::LogsError;
use super::group::group_in;
use super::metric_filter::check_regexes;
use super::model::{Class, FORWARDS, FilterKey, GROUPS, SUBSCRIPTIONS, Subscription, group_key};
use super::pattern::Pattern;

/// Subscription filters of a group.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html>
const FILTERS_MAX: u32 = 2;

/// Page size when none is given.
const PAGE: usize = 50;

pub fn put_access(ctx: &Ctx, logs: &Logs, input: &aws::PutSubscriptionFilterRequest) -> Result<Access, Fault> {
    let access = on_group(ctx, logs, &input.log_group_name)?;
    Ok(match input.role_arn.as_deref().and_then(|role| role.parse::<Arn>().ok()) {
        Some(role) => access
            .and(Resource::of(&role).for_action("iam:PassRole"))
            .with_key("iam:PassedToService", "logs.amazonaws.com"),
        None => access,
    })
}

pub async fn put(ctx: &Ctx, logs: &Logs, input: aws::PutSubscriptionFilterRequest) -> Result<(), Fault> {
    if input.apply_on_transformed_logs == Some(true) {
        return Err(Fault::not_served("subscription filters on transformed logs"));
    }
    if input.field_selection_criteria.is_some() || input.emit_system_fields.is_some() {
        return Err(Fault::not_served("system fields in subscription filters"));
    }
    let pattern = Pattern::parse(&input.filter_pattern).map_err(LogsError::from)?;
    let key = group_key(ctx, &input.log_group_name);
    let group = logs.store.read(|tx| group_in(tx, &key))?;
    if group.class == Class::InfrequentAccess {
        return Err(super::not_in_class("PutSubscriptionFilter").into());
    }
    check_destination(ctx, &input).await?;
    let subscription = Subscription {
        pattern: input.filter_pattern,
        destination: input.destination_arn,
        distribution: input.distribution.unwrap_or(aws::Distribution::ByLogStream).as_str().to_owned(),
        created_ms: ctx.now().millis(),
    };
    let name = input.filter_name;
    Ok(logs
        .store
        .write(move |tx| {
            let mut group = group_in(tx, &key)?;
            let filter_key = (key.0.clone(), key.1.clone(), key.2.clone(), name);
            check_regexes(tx, &filter_key, &pattern)?;
            let known = tx.get(SUBSCRIPTIONS, &filter_key)?;
            if known.is_none() {
                group.subscriptions += 1;
            }
            if group.subscriptions > FILTERS_MAX {
                return Err(LogsError::LimitExceeded("Resource limit exceeded.".into()));
            }
            group.filters_version += 1;
            let created_ms = known.map_or(subscription.created_ms, |known| known.created_ms);
            tx.put(SUBSCRIPTIONS, &filter_key, &Subscription { created_ms, ..subscription })?;
            Ok(tx.put(GROUPS, &key, &group)?)
        })
        .await?)
}

/// The destination must be a function that lets CloudWatch Logs invoke it.
async fn check_destination(ctx: &Ctx, input: &aws::PutSubscriptionFilterRequest) -> Result<(), Fault> {
    let invalid = |message: &str| Fault::from(LogsError::invalid(message));
    let arn: Arn = input.destination_arn.parse().map_err(|_| invalid("Invalid destinationArn."))?;
    let what = match arn.service.as_str() {
        "lambda" => None,
        "kinesis" => Some("subscription filters to Kinesis streams"),
        "firehose" => Some("subscription filters to Firehose streams"),
        "logs" => Some("subscription filters to destinations of other accounts"),
        _ => return Err(invalid("destinationArn for vendor does not match a supported destination.")),
    };
    if let Some(what) = what {
        return Err(Fault::not_served(what));
    }
    if input.role_arn.is_some() {
        return Err(invalid("destinationArn for vendor lambda cannot be used with roleArn"));
    }
    if !ctx.serves_target(&arn) {
        return Err(Fault::not_served(format_args!("subscription filters to {arn}")));
    }
    if !ctx.serves_operation("lambda", "Invoke") {
        return Ok(());
    }
    let caller = sender(&ctx.account, &group_arn(ctx, &input.log_group_name).to_string());
    let probe = lambda::InvocationRequest {
        function_name: input.destination_arn.clone(),
        invocation_type: Some(lambda::InvocationType::DryRun),
        ..Default::default()
    };
    match ctx.call_as::<lambda::Invoke>(caller, probe).await {
        Ok(_) => Ok(()),
        Err(fault) if !fault.sender => Err(fault),
        Err(_) => Err(invalid(
            "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your \
             function.",
        )),
    }
}

/// CloudWatch Logs, as functions' policies know it.
pub fn sender(account: &haar_platform::kernel::AccountId, group_arn: &str) -> Arc<Caller> {
    let caller = Caller::service("logs", account)
        .with_key("aws:SourceArn", format!("{group_arn}:*"))
        .with_key("aws:SourceAccount", account.as_str());
    Arc::new(caller)
}

pub async fn delete(ctx: &Ctx, logs: &Logs, input: aws::DeleteSubscriptionFilterRequest) -> Result<(), Fault> {
    let key = group_key(ctx, &input.log_group_name);
    Ok(logs
        .store
        .write(move |tx| {
            let mut group = group_in(tx, &key)?;
            let (account, region, name) = (key.0.as_str(), key.1.as_str(), key.2.as_str());
            let filter = input.filter_name.as_str();
            if tx.delete(SUBSCRIPTIONS, &(account, region, name, filter))?.is_none() {
                return Err(LogsError::ResourceNotFound("The specified subscription filter does not exist.".into()));
            }
            let waiting = Span::under((account, region, name, filter));
            for forward in tx.scan_keys(FORWARDS, waiting).collect::<Result<Vec<_>, _>>()? {
                tx.delete(FORWARDS, &forward)?;
            }
            group.subscriptions = group.subscriptions.saturating_sub(1);
            group.filters_version += 1;
            Ok(tx.put(GROUPS, &key, &group)?)
        })
        .await?)
}

pub async fn describe(
    ctx: &Ctx,
    logs: &Logs,
    input: aws::DescribeSubscriptionFiltersRequest,
) -> Result<aws::DescribeSubscriptionFiltersResponse, Fault> {
    let (account, region, group) = (ctx.account.as_str(), ctx.region.as_str(), input.log_group_name.as_str());
    logs.store.read(|tx| group_in(tx, &group_key(ctx, group)))?;
    let prefix = input.filter_name_prefix.unwrap_or_default();
    let scope = format!("DescribeSubscriptionFilters {group} {prefix}");
    let mut span: Span<FilterKey> = Span::starting((account, region, group), &prefix);
    if let Some(name) = super::cursor(ctx, &scope, input.next_token.as_deref())? {
        span = span.after(&(account, region, group, name.as_str()));
    }
    let size = input.limit.map_or(PAGE, |limit| usize::try_from(limit).unwrap_or(PAGE));
    let found: Vec<(FilterKey, Subscription)> = logs
        .store
        .read(|tx| tx.scan(SUBSCRIPTIONS, span).take(size + 1).collect::<Result<_, _>>())
        .map_err(LogsError::from)?;
    let (page, next) = cut(found, size, |((.., name), _)| name.clone());
    let described = |((.., name), subscription): (FilterKey, Subscription)| aws::SubscriptionFilter {
        filter_name: Some(name),
        log_group_name: Some(group.to_owned()),
        filter_pattern: Some(subscription.pattern),
        destination_arn: Some(subscription.destination),
        distribution: aws::Distribution::parse(&subscription.distribution),
        apply_on_transformed_logs: Some(false),
        creation_time: Some(subscription.created_ms),
        ..Default::default()
    };
    Ok(aws::DescribeSubscriptionFiltersResponse {
        subscription_filters: Some(page.into_iter().map(described).collect()),
        next_token: next.map(|cursor| ctx.page_token(&scope, &cursor)),
    })
}
