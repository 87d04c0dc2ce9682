//! Lifecycle rules as S3 takes them: what each may say, and what goes with what.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html>

use std::collections::HashSet;

use haar_platform::aws::s3::{self as aws, *};
use haar_platform::kernel::{Timestamp, ids};

use crate::s3::error::Error;
use crate::s3::model::{Expiration, FilterForm, LifecycleFilter, LifecycleRule, Noncurrent, StorageClass, When};

const RULES_MAX: usize = 1000;

const ID_CHARACTERS_MAX: usize = 255;

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// Days that an object spends in one class before an infrequent access class takes it.
const INFREQUENT_DAYS_MIN: i32 = 30;

/// Noncurrent versions that can be kept back from a rule.
const NEWER_NONCURRENT_MAX: i32 = 100;

fn argument(message: impl Into<String>, name: &str, value: impl ToString) -> Error {
    Error::argument(message, name, value.to_string())
}

fn request(message: impl Into<String>) -> Error {
    Error::InvalidRequest(message.into())
}

/// Checks all rules of a request.
pub fn parse(rules: Vec<aws::LifecycleRule>) -> Result<Vec<LifecycleRule>, Error> {
    if rules.is_empty() || rules.len() > RULES_MAX {
        return Err(Error::MalformedXml);
    }
    let mut ids = HashSet::new();
    let rules: Vec<_> = rules.into_iter().map(parse_rule).collect::<Result<_, _>>()?;
    match rules.iter().find(|rule| !ids.insert(rule.id.as_str())) {
        Some(twice) => {
            let message = "Rule ID must be unique. Found same ID for more than one rule";
            Err(argument(message, "ID", &twice.id))
        }
        None => Ok(rules),
    }
}

fn parse_rule(rule: aws::LifecycleRule) -> Result<LifecycleRule, Error> {
    let id = rule.id.filter(|id| !id.is_empty()).unwrap_or_else(ids::uuid);
    if id.chars().count() > ID_CHARACTERS_MAX {
        return Err(argument("ID length should not exceed allowed limit of 255", "ID", id));
    }
    let filter = parse_filter(rule.prefix, rule.filter)?;
    let parsed = LifecycleRule {
        id,
        enabled: rule.status == ExpirationStatus::Enabled,
        expiration: rule.expiration.map(parse_expiration).transpose()?,
        transitions: rule.transitions.unwrap_or_default().iter().map(parse_transition).collect::<Result<_, _>>()?,
        noncurrent_expiration: rule.noncurrent_version_expiration.map(parse_noncurrent_expiration).transpose()?,
        noncurrent_transitions: rule
            .noncurrent_version_transitions
            .unwrap_or_default()
            .iter()
            .map(parse_noncurrent_transition)
            .collect::<Result<_, _>>()?,
        abort_upload_days: rule.abort_incomplete_multipart_upload.map(parse_abortion).transpose()?,
        filter,
    };
    check_actions(&parsed)?;
    check_transitions(&parsed)?;
    Ok(parsed)
}

/// A rule says what it is for in one place: in itself, as in the old days, or in its filter.
fn parse_filter(prefix: Option<String>, filter: Option<LifecycleRuleFilter>) -> Result<LifecycleFilter, Error> {
    let filter = match (prefix, filter) {
        (Some(prefix), None) => {
            return Ok(LifecycleFilter { form: FilterForm::Prefix, prefix: Some(prefix), ..Default::default() });
        }
        (None, Some(filter)) => filter,
        _ => return Err(Error::MalformedXml),
    };
    let given = [
        filter.prefix.is_some(),
        filter.tag.is_some(),
        filter.object_size_greater_than.is_some(),
        filter.object_size_less_than.is_some(),
        filter.and.is_some(),
    ];
    if given.iter().filter(|given| **given).count() > 1 {
        return Err(Error::MalformedXml);
    }
    let parsed = match filter.and {
        Some(and) => {
            let tags = and.tags.unwrap_or_default();
            let conditions =
                [and.prefix.is_some(), and.object_size_greater_than.is_some(), and.object_size_less_than.is_some()];
            if conditions.iter().filter(|given| **given).count() + tags.len() < 2 {
                return Err(Error::MalformedXml);
            }
            LifecycleFilter {
                form: FilterForm::And,
                prefix: and.prefix,
                tags: tags.into_iter().map(|tag| (tag.key, tag.value)).collect(),
                size_over: and.object_size_greater_than,
                size_under: and.object_size_less_than,
            }
        }
        None => LifecycleFilter {
            form: FilterForm::Filter,
            prefix: filter.prefix,
            tags: filter.tag.into_iter().map(|tag| (tag.key, tag.value)).collect(),
            size_over: filter.object_size_greater_than,
            size_under: filter.object_size_less_than,
        },
    };
    let mut keys = HashSet::new();
    if !parsed.tags.iter().all(|(key, _)| keys.insert(key.as_str())) {
        return Err(request("Duplicate Tag Keys are not allowed."));
    }
    if parsed.size_over.zip(parsed.size_under).is_some_and(|(over, under)| over >= under) {
        return Err(request("'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'."));
    }
    Ok(parsed)
}

/// A midnight of UTC.
fn parse_date(date: Timestamp) -> Result<When, Error> {
    if date.millis().rem_euclid(DAY_MILLIS) == 0 {
        Ok(When::Date(date))
    } else {
        Err(argument("'Date' must be at midnight GMT", "Date", date.iso8601()))
    }
}

fn positive(days: i32, name: &str, action: &str) -> Result<i32, Error> {
    if days > 0 {
        Ok(days)
    } else {
        Err(argument(format!("'{name}' for {action} action must be a positive integer"), name, days))
    }
}

fn parse_expiration(expiration: LifecycleExpiration) -> Result<Expiration, Error> {
    match (expiration.date, expiration.days, expiration.expired_object_delete_marker) {
        (Some(date), None, None) => Ok(Expiration::At(parse_date(date)?)),
        (None, Some(days), None) => Ok(Expiration::At(When::Days(positive(days, "Days", "Expiration")?))),
        (None, None, Some(true)) => Ok(Expiration::LoneDeleteMarkers),
        // `false` asks for nothing, and a rule without an action is refused.
        _ => Err(Error::MalformedXml),
    }
}

fn parse_transition(transition: &Transition) -> Result<(When, StorageClass), Error> {
    let class = parse_class(transition.storage_class)?;
    let when = match (transition.date, transition.days) {
        (Some(date), None) => parse_date(date)?,
        (None, Some(days)) if days >= 0 => When::Days(days),
        (None, Some(days)) => {
            return Err(argument("'Days' in Transition action must be nonnegative", "Days", days));
        }
        _ => return Err(Error::MalformedXml),
    };
    Ok((when, class))
}

fn parse_class(class: Option<TransitionStorageClass>) -> Result<StorageClass, Error> {
    class.and_then(|class| StorageClass::parse(class.as_str())).ok_or(Error::MalformedXml)
}

fn parse_newer(newer: Option<i32>) -> Result<Option<i32>, Error> {
    match newer {
        Some(newer) if !(1..=NEWER_NONCURRENT_MAX).contains(&newer) => {
            let message = "'NewerNoncurrentVersions' must be a positive integer not greater than 100";
            Err(argument(message, "NewerNoncurrentVersions", newer))
        }
        newer => Ok(newer),
    }
}

fn parse_noncurrent_expiration(expiration: NoncurrentVersionExpiration) -> Result<Noncurrent, Error> {
    let days = expiration.noncurrent_days.ok_or(Error::MalformedXml)?;
    Ok(Noncurrent {
        days: Some(positive(days, "NoncurrentDays", "NoncurrentVersionExpiration")?),
        newer_kept: parse_newer(expiration.newer_noncurrent_versions)?,
    })
}

fn parse_noncurrent_transition(transition: &NoncurrentVersionTransition) -> Result<(Noncurrent, StorageClass), Error> {
    let class = parse_class(transition.storage_class)?;
    let days = transition.noncurrent_days.ok_or(Error::MalformedXml)?;
    if days < 0 {
        let message = "'NoncurrentDays' in NoncurrentVersionTransition action must be nonnegative";
        return Err(argument(message, "NoncurrentDays", days));
    }
    let newer_kept = parse_newer(transition.newer_noncurrent_versions)?;
    Ok((Noncurrent { days: Some(days), newer_kept }, class))
}

fn parse_abortion(abortion: AbortIncompleteMultipartUpload) -> Result<i32, Error> {
    let days = abortion.days_after_initiation.ok_or(Error::MalformedXml)?;
    positive(days, "DaysAfterInitiation", "AbortIncompleteMultipartUpload")
}

/// A rule does something, and what it does goes with what it is for.
fn check_actions(rule: &LifecycleRule) -> Result<(), Error> {
    let idle = rule.expiration.is_none()
        && rule.transitions.is_empty()
        && rule.noncurrent_expiration.is_none()
        && rule.noncurrent_transitions.is_empty()
        && rule.abort_upload_days.is_none();
    if idle {
        return Err(request("At least one action needs to be specified in a rule"));
    }
    let filter = &rule.filter;
    let by_size = filter.size_over.is_some() || filter.size_under.is_some();
    if rule.expiration == Some(Expiration::LoneDeleteMarkers) {
        if !filter.tags.is_empty() {
            return Err(request("ExpiredObjectDeleteMarker cannot be specified with Object Tags."));
        }
        if by_size {
            return Err(request("ExpiredObjectDeleteMarker cannot be specified with Object Size."));
        }
    }
    if rule.abort_upload_days.is_some() {
        if !filter.tags.is_empty() {
            return Err(request("AbortIncompleteMultipartUpload cannot be specified with Object Tags."));
        }
        if by_size {
            return Err(request("AbortIncompleteMultipartUpload cannot be specified with Object Size."));
        }
    }
    Ok(())
}

/// Transitions lead from class to class, each later than the one before, and end before the object does.
fn check_transitions(rule: &LifecycleRule) -> Result<(), Error> {
    let of = described(&rule.filter);
    let prefix = rule.filter.prefix.as_deref().unwrap_or_default();
    check_classes("Transition", prefix, rule.transitions.iter().map(|(_, class)| *class))?;
    let noncurrent = rule.noncurrent_transitions.iter().map(|(_, class)| *class);
    check_classes("NoncurrentVersionTransition", prefix, noncurrent)?;

    let mixed = || {
        let message =
            format!("Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule for {of}");
        request(message)
    };
    let expiration = match rule.expiration {
        Some(Expiration::At(when)) => Some(when),
        _ => None,
    };
    let dated = |when: When| matches!(when, When::Date(_));
    let mut whens = rule.transitions.iter().map(|(when, _)| *when).chain(expiration);
    if let Some(first) = whens.next()
        && whens.any(|when| dated(when) != dated(first))
    {
        return Err(mixed());
    }
    for (when, class) in &rule.transitions {
        match (when, expiration) {
            (When::Days(days), Some(When::Days(end))) if end <= *days => {
                let message = format!(
                    "'Days' in the Expiration action for {of} must be greater than 'Days' in the Transition action"
                );
                return Err(argument(message, "Days", end));
            }
            (When::Date(date), Some(When::Date(end))) if end <= *date => {
                let message = format!(
                    "'Date' in the Expiration action for {of} must be later than 'Date' in the Transition action"
                );
                return Err(argument(message, "Date", end.iso8601()));
            }
            _ => {}
        }
        if let When::Days(days) = when {
            check_infrequent("Days", "Transition", *days, *class)?;
        }
    }
    let noncurrent_end = rule.noncurrent_expiration.and_then(|expiration| expiration.days);
    for (noncurrent, class) in &rule.noncurrent_transitions {
        let days = noncurrent.days.unwrap_or_default();
        check_infrequent("NoncurrentDays", "NoncurrentVersionTransition", days, *class)?;
        if let Some(end) = noncurrent_end.filter(|end| *end <= days) {
            let message = format!(
                "'NoncurrentDays' in the NoncurrentVersionExpiration action for {of} must be greater than \
                 'NoncurrentDays' in the NoncurrentVersionTransition action"
            );
            return Err(argument(message, "NoncurrentDays", end));
        }
    }
    Ok(())
}

fn check_classes(action: &str, prefix: &str, classes: impl Iterator<Item = StorageClass>) -> Result<(), Error> {
    let mut seen = Vec::new();
    for class in classes {
        if seen.contains(&class) {
            let message = format!(
                "'StorageClass' must be different for '{action}' actions in same 'Rule' with prefix '{prefix}'"
            );
            return Err(request(message));
        }
        seen.push(class);
    }
    Ok(())
}

fn check_infrequent(name: &str, action: &str, days: i32, class: StorageClass) -> Result<(), Error> {
    let infrequent = matches!(class, StorageClass::StandardIa | StorageClass::OnezoneIa);
    if infrequent && days < INFREQUENT_DAYS_MIN {
        let class = class.as_str();
        let message =
            format!("'{name}' in {action} action must be greater than or equal to 30 for storageClass '{class}'");
        return Err(argument(message, name, days));
    }
    Ok(())
}

/// A filter as S3's messages tell it.
fn described(filter: &LifecycleFilter) -> String {
    let mut parts = Vec::new();
    parts.extend(filter.prefix.as_ref().map(|prefix| format!("prefix={prefix}")));
    parts.extend(filter.tags.iter().map(|(key, value)| format!("tag: key={key}, value={value}")));
    parts.extend(filter.size_over.map(|size| format!("objectsizegreaterthan={size}")));
    parts.extend(filter.size_under.map(|size| format!("objectsizelessthan={size}")));
    match (filter.form, parts.is_empty()) {
        (FilterForm::Prefix, _) => format!("prefix '{}'", filter.prefix.as_deref().unwrap_or_default()),
        (_, true) => "filter '()'".to_owned(),
        _ => format!("filter '({})'", parts.join(" and ")),
    }
}
