//! Lifecycle rules: set, told and removed. The job that acts on them is `s3::lifecycle`.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html>

use haar_platform::aws::s3::{self as aws, *};
use haar_platform::kernel::{Ctx, Timestamp};

use super::lifecycle_request;
use crate::s3::S3;
use crate::s3::error::Error;
use crate::s3::model::{
    Configuration, ConfigurationKind, Expiration, FilterForm, LifecycleFilter, LifecycleRule, When,
};

const KIND: ConfigurationKind = ConfigurationKind::Lifecycle;

/// Sets the rules, all at once.
pub async fn set(
    ctx: &Ctx,
    s3: &S3,
    input: PutBucketLifecycleConfigurationRequest,
) -> Result<PutBucketLifecycleConfigurationOutput, Error> {
    if input.transition_default_minimum_object_size == Some(TransitionDefaultMinimumObjectSize::VariesByStorageClass) {
        return Err(Error::not_served("x-amz-transition-default-minimum-object-size: varies_by_storage_class"));
    }
    let rules = lifecycle_request::parse(input.lifecycle_configuration.ok_or(Error::MalformedXml)?.rules)?;
    super::set(ctx, s3, input.bucket, input.expected_bucket_owner, KIND, Configuration::Lifecycle(rules)).await?;
    s3.lifecycle.wake();
    Ok(PutBucketLifecycleConfigurationOutput {
        transition_default_minimum_object_size: Some(TransitionDefaultMinimumObjectSize::AllStorageClasses128k),
    })
}

/// The rules.
pub async fn get(
    ctx: &Ctx,
    s3: &S3,
    input: GetBucketLifecycleConfigurationRequest,
) -> Result<GetBucketLifecycleConfigurationOutput, Error> {
    match super::get(ctx, s3, &input.bucket, input.expected_bucket_owner.as_deref(), KIND)? {
        Some(Configuration::Lifecycle(rules)) => Ok(GetBucketLifecycleConfigurationOutput {
            rules: Some(rules.into_iter().map(answer).collect()),
            transition_default_minimum_object_size: Some(TransitionDefaultMinimumObjectSize::AllStorageClasses128k),
        }),
        _ => Err(Error::NoSuchLifecycleConfiguration(input.bucket)),
    }
}

/// Removes the rules.
pub async fn delete(_: &Ctx, s3: &S3, input: DeleteBucketLifecycleRequest) -> Result<(), Error> {
    super::clear(s3, input.bucket, input.expected_bucket_owner, KIND).await
}

fn answer(rule: LifecycleRule) -> aws::LifecycleRule {
    let (prefix, filter) = answer_filter(rule.filter);
    let noncurrent_transitions: Vec<_> = rule
        .noncurrent_transitions
        .into_iter()
        .map(|(noncurrent, class)| NoncurrentVersionTransition {
            noncurrent_days: noncurrent.days,
            storage_class: TransitionStorageClass::parse(class.as_str()),
            newer_noncurrent_versions: noncurrent.newer_kept,
        })
        .collect();
    let transitions: Vec<_> = rule
        .transitions
        .into_iter()
        .map(|(when, class)| {
            let (date, days) = answer_when(when);
            Transition { date, days, storage_class: TransitionStorageClass::parse(class.as_str()) }
        })
        .collect();
    aws::LifecycleRule {
        id: Some(rule.id),
        prefix,
        filter,
        status: if rule.enabled { ExpirationStatus::Enabled } else { ExpirationStatus::Disabled },
        expiration: rule.expiration.map(|expiration| match expiration {
            Expiration::At(when) => {
                let (date, days) = answer_when(when);
                LifecycleExpiration { date, days, expired_object_delete_marker: None }
            }
            Expiration::LoneDeleteMarkers => {
                LifecycleExpiration { date: None, days: None, expired_object_delete_marker: Some(true) }
            }
        }),
        transitions: (!transitions.is_empty()).then_some(transitions),
        noncurrent_version_transitions: (!noncurrent_transitions.is_empty()).then_some(noncurrent_transitions),
        noncurrent_version_expiration: rule.noncurrent_expiration.map(|expiration| NoncurrentVersionExpiration {
            noncurrent_days: expiration.days,
            newer_noncurrent_versions: expiration.newer_kept,
        }),
        abort_incomplete_multipart_upload: rule
            .abort_upload_days
            .map(|days| AbortIncompleteMultipartUpload { days_after_initiation: Some(days) }),
    }
}

fn answer_when(when: When) -> (Option<Timestamp>, Option<i32>) {
    match when {
        When::Date(date) => (Some(date), None),
        When::Days(days) => (None, Some(days)),
    }
}

fn answer_filter(filter: LifecycleFilter) -> (Option<String>, Option<LifecycleRuleFilter>) {
    let LifecycleFilter { form, prefix, tags, size_over, size_under } = filter;
    let mut tags: Vec<_> = tags.into_iter().map(|(key, value)| Tag { key, value }).collect();
    match form {
        FilterForm::Prefix => (prefix, None),
        FilterForm::Filter => {
            let filter = LifecycleRuleFilter {
                prefix,
                tag: tags.pop(),
                object_size_greater_than: size_over,
                object_size_less_than: size_under,
                and: None,
            };
            (None, Some(filter))
        }
        FilterForm::And => {
            let and = LifecycleRuleAndOperator {
                prefix,
                tags: (!tags.is_empty()).then_some(tags),
                object_size_greater_than: size_over,
                object_size_less_than: size_under,
            };
            (None, Some(LifecycleRuleFilter { and: Some(and), ..LifecycleRuleFilter::default() }))
        }
    }
}
