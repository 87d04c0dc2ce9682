//! What lifecycle rules say of one version or upload, and from when on. Pure: the job and the answers to callers ask
//! the same questions.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html>

use std::time::Duration;

use haar_platform::kernel::Timestamp;

use crate::s3::model::{Expiration, LifecycleFilter, LifecycleRule, Noncurrent, Object, StorageClass, Version, When};
use crate::s3::url_encoding::encode_name;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Smaller objects stay where they are, unless a rule's filter speaks of sizes itself.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html>
const TRANSITION_BYTES_MIN: u64 = 128 * 1024;

/// What is to happen to a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It expires: goes for good, or gets a delete marker on top.
    Expire,
    /// It moves.
    Move(StorageClass),
}

/// The midnight (UTC) after so many days: what S3 rounds all ages to.
pub fn midnight_after(start: Timestamp, days: i32) -> Timestamp {
    next_midnight(start + DAY * u32::try_from(days).unwrap_or(0))
}

/// The first midnight (UTC) behind a point in time.
pub fn next_midnight(time: Timestamp) -> Timestamp {
    Timestamp::from_seconds((time.day() + 1) * DAY.as_secs() as i64)
}

/// Of a current version that is an object. A transition comes before a delete marker, which would make the version
/// noncurrent, and after a permanent deletion, which makes it pointless.
pub fn of_current(
    rules: &[LifecycleRule],
    key: &str,
    modified: Timestamp,
    object: &Object,
    keeps_versions: bool,
    now: Timestamp,
) -> Option<Verdict> {
    let expired = expiration(rules, key, modified, object).is_some_and(|(due, _)| due <= now);
    if expired && !keeps_versions {
        return Some(Verdict::Expire);
    }
    let transitions = matching(rules, key, object).flat_map(|rule| {
        let due = rule.transitions.iter().filter(move |(when, _)| due(*when, modified) <= now);
        due.filter(move |_| large_enough(rule, object)).map(|(_, class)| *class)
    });
    let moved = coldest(transitions, object.storage_class).map(Verdict::Move);
    moved.or(expired.then_some(Verdict::Expire))
}

/// Of a noncurrent version: when it became so, and how many noncurrent versions are newer. A delete marker has no
/// size and no tags, so only rules that do not ask for them are for it.
pub fn of_noncurrent(
    rules: &[LifecycleRule],
    key: &str,
    version: &Version,
    since: Timestamp,
    newer: usize,
    now: Timestamp,
) -> Option<Verdict> {
    let is_due = |noncurrent: &Noncurrent| {
        let kept = noncurrent.newer_kept.and_then(|kept| usize::try_from(kept).ok()).unwrap_or(0);
        newer >= kept && midnight_after(since, noncurrent.days.unwrap_or(0)) <= now
    };
    let matching: Vec<&LifecycleRule> = enabled(rules).filter(|rule| is_for(&rule.filter, key, version)).collect();
    if matching.iter().any(|rule| rule.noncurrent_expiration.as_ref().is_some_and(is_due)) {
        return Some(Verdict::Expire);
    }
    let object = version.object()?;
    let transitions = matching.iter().filter(|rule| large_enough(rule, object)).flat_map(|rule| {
        rule.noncurrent_transitions.iter().filter(|(noncurrent, _)| is_due(noncurrent)).map(|(_, class)| *class)
    });
    coldest(transitions, object.storage_class).map(Verdict::Move)
}

/// Whether a delete marker goes that has nothing below it. A rule that expires objects after some days takes with it
/// the markers of that age.
pub fn of_lone_marker(rules: &[LifecycleRule], key: &str, marker: &Version, now: Timestamp) -> bool {
    enabled(rules).filter(|rule| is_for(&rule.filter, key, marker)).any(|rule| match rule.expiration {
        Some(Expiration::LoneDeleteMarkers) => true,
        Some(Expiration::At(when)) => due(when, marker.modified) <= now,
        None => false,
    })
}

/// When a current version expires, and by which rule: the earliest counts.
pub fn expiration<'a>(
    rules: &'a [LifecycleRule],
    key: &str,
    modified: Timestamp,
    object: &Object,
) -> Option<(Timestamp, &'a str)> {
    let dates = matching(rules, key, object).filter_map(|rule| match rule.expiration {
        Some(Expiration::At(when)) => Some((due(when, modified), rule.id.as_str())),
        _ => None,
    });
    dates.min_by_key(|(due, _)| *due)
}

/// When an upload that is not completed goes, and by which rule: the earliest counts.
pub fn abortion<'a>(rules: &'a [LifecycleRule], key: &str, initiated: Timestamp) -> Option<(Timestamp, &'a str)> {
    let dates = enabled(rules).filter(|rule| starts_right(&rule.filter, key)).filter_map(|rule| {
        let days = rule.abort_upload_days?;
        Some((midnight_after(initiated, days), rule.id.as_str()))
    });
    dates.min_by_key(|(due, _)| *due)
}

/// The header `x-amz-expiration`.
pub fn expiration_header(due: Timestamp, rule_id: &str) -> String {
    format!("expiry-date=\"{}\", rule-id=\"{}\"", due.http_date(), encode_name(rule_id))
}

fn enabled(rules: &[LifecycleRule]) -> impl Iterator<Item = &LifecycleRule> {
    rules.iter().filter(|rule| rule.enabled)
}

fn matching<'a>(rules: &'a [LifecycleRule], key: &str, object: &Object) -> impl Iterator<Item = &'a LifecycleRule> {
    enabled(rules).filter(move |rule| starts_right(&rule.filter, key) && fits(&rule.filter, object))
}

fn is_for(filter: &LifecycleFilter, key: &str, version: &Version) -> bool {
    let asks = !filter.tags.is_empty() || speaks_of_sizes(filter);
    starts_right(filter, key) && version.object().map_or(!asks, |object| fits(filter, object))
}

fn starts_right(filter: &LifecycleFilter, key: &str) -> bool {
    filter.prefix.as_ref().is_none_or(|prefix| key.starts_with(prefix))
}

fn fits(filter: &LifecycleFilter, object: &Object) -> bool {
    let size = i64::try_from(object.size).unwrap_or(i64::MAX);
    filter.tags.iter().all(|tag| object.tags.contains(tag))
        && filter.size_over.is_none_or(|bytes| size > bytes)
        && filter.size_under.is_none_or(|bytes| size < bytes)
}

fn speaks_of_sizes(filter: &LifecycleFilter) -> bool {
    filter.size_over.is_some() || filter.size_under.is_some()
}

fn large_enough(rule: &LifecycleRule, object: &Object) -> bool {
    speaks_of_sizes(&rule.filter) || object.size >= TRANSITION_BYTES_MIN
}

fn due(when: When, modified: Timestamp) -> Timestamp {
    match when {
        When::Days(days) => midnight_after(modified, days),
        When::Date(date) => date,
    }
}

/// Objects only ever move down; of several ways down the furthest counts.
fn coldest(classes: impl Iterator<Item = StorageClass>, from: StorageClass) -> Option<StorageClass> {
    classes.filter(|class| depth(*class) > depth(from)).max_by_key(|class| depth(*class))
}

fn depth(class: StorageClass) -> u8 {
    match class {
        StorageClass::Standard | StorageClass::ReducedRedundancy => 0,
        StorageClass::StandardIa => 1,
        StorageClass::IntelligentTiering => 2,
        StorageClass::OnezoneIa => 3,
        StorageClass::GlacierIr => 4,
        StorageClass::Glacier => 5,
        StorageClass::DeepArchive => 6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::s3::model::{Encryption, Headers, State};

    /// 2014-01-15T10:30:00Z: the example of AWS's guide.
    const MADE: Timestamp = Timestamp::from_seconds(1_389_781_800);

    fn rule(filter: LifecycleFilter) -> LifecycleRule {
        LifecycleRule {
            id: "a rule".into(),
            enabled: true,
            filter,
            expiration: None,
            transitions: Vec::new(),
            noncurrent_expiration: None,
            noncurrent_transitions: Vec::new(),
            abort_upload_days: None,
        }
    }

    fn expiring(days: i32) -> LifecycleRule {
        LifecycleRule { expiration: Some(Expiration::At(When::Days(days))), ..rule(LifecycleFilter::default()) }
    }

    fn object(size: u64) -> Object {
        Object {
            size,
            etag: String::new(),
            storage_class: StorageClass::Standard,
            encryption: Encryption::Aes256,
            checksum: None,
            parts: None,
            headers: Headers::default(),
            metadata: Vec::new(),
            tags: vec![("keep".into(), "no".into())],
        }
    }

    #[test]
    fn ages_are_rounded_up_to_the_next_midnight() {
        assert_eq!(midnight_after(MADE, 3).iso8601(), "2014-01-19T00:00:00Z");
        let midnight = Timestamp::parse_iso8601("2014-01-15T00:00:00Z").expect("a time");
        assert_eq!(next_midnight(midnight).iso8601(), "2014-01-16T00:00:00Z");
    }

    #[test]
    fn the_header_names_the_earliest_rule() {
        let rules = [expiring(30), LifecycleRule { id: "soon & sure".into(), ..expiring(3) }];
        let (due, id) = expiration(&rules, "k", MADE, &object(1)).expect("it expires");
        assert_eq!(
            expiration_header(due, id),
            "expiry-date=\"Sun, 19 Jan 2014 00:00:00 GMT\", rule-id=\"soon%20%26%20sure\""
        );
    }

    #[test]
    fn a_filter_wants_all_that_it_says() {
        let filter = LifecycleFilter {
            prefix: Some("logs/".into()),
            tags: vec![("keep".into(), "no".into())],
            size_over: Some(10),
            size_under: Some(20),
            ..LifecycleFilter::default()
        };
        let rules = [LifecycleRule { filter, ..expiring(1) }];
        let expires = |key: &str, object: &Object| expiration(&rules, key, MADE, object).is_some();
        assert!(expires("logs/a", &object(15)));
        assert!(!expires("data/a", &object(15)));
        assert!(!expires("logs/a", &object(10)));
        assert!(!expires("logs/a", &object(20)));
        assert!(!expires("logs/a", &Object { tags: Vec::new(), ..object(15) }));
    }

    #[test]
    fn a_rule_that_is_off_says_nothing() {
        let rules = [LifecycleRule { enabled: false, ..expiring(1) }];
        assert_eq!(expiration(&rules, "k", MADE, &object(1)), None);
    }

    #[test]
    fn small_objects_stay_unless_the_filter_speaks_of_sizes() {
        let moving = |filter| LifecycleRule {
            transitions: vec![(When::Days(0), StorageClass::Glacier), (When::Days(0), StorageClass::StandardIa)],
            ..rule(filter)
        };
        let now = midnight_after(MADE, 0);
        let verdict = |filter, size| of_current(&[moving(filter)], "k", MADE, &object(size), false, now);
        assert_eq!(verdict(LifecycleFilter::default(), TRANSITION_BYTES_MIN - 1), None);
        let glacier = Some(Verdict::Move(StorageClass::Glacier));
        assert_eq!(verdict(LifecycleFilter::default(), TRANSITION_BYTES_MIN), glacier);
        assert_eq!(verdict(LifecycleFilter { size_over: Some(1), ..LifecycleFilter::default() }, 2), glacier);
    }

    #[test]
    fn a_permanent_deletion_wins_over_a_transition_and_that_over_a_delete_marker() {
        let rules = [LifecycleRule { transitions: vec![(When::Days(1), StorageClass::Glacier)], ..expiring(1) }];
        let now = midnight_after(MADE, 1);
        let large = object(TRANSITION_BYTES_MIN);
        assert_eq!(of_current(&rules, "k", MADE, &large, false, now), Some(Verdict::Expire));
        let moved = Some(Verdict::Move(StorageClass::Glacier));
        assert_eq!(of_current(&rules, "k", MADE, &large, true, now), moved);
        let archived = Object { storage_class: StorageClass::Glacier, ..large };
        assert_eq!(of_current(&rules, "k", MADE, &archived, true, now), Some(Verdict::Expire));
    }

    #[test]
    fn the_newest_noncurrent_versions_are_kept() {
        let kept = Noncurrent { days: Some(1), newer_kept: Some(2) };
        let rules = [LifecycleRule { noncurrent_expiration: Some(kept), ..rule(LifecycleFilter::default()) }];
        let marker = Version { id: None, null_below: None, modified: MADE, state: State::DeleteMarker };
        let now = midnight_after(MADE, 1);
        let verdict = |newer, now| of_noncurrent(&rules, "k", &marker, MADE, newer, now);
        assert_eq!(verdict(1, now), None);
        assert_eq!(verdict(2, now), Some(Verdict::Expire));
        assert_eq!(verdict(2, now - Duration::from_millis(1)), None);
    }

    #[test]
    fn a_rule_that_asks_for_tags_leaves_delete_markers() {
        let marker = Version { id: None, null_below: None, modified: MADE, state: State::DeleteMarker };
        let now = midnight_after(MADE, 1);
        assert!(of_lone_marker(&[expiring(1)], "k", &marker, now));
        assert!(!of_lone_marker(&[expiring(2)], "k", &marker, now));
        let tags = vec![("keep".to_owned(), "no".to_owned())];
        let filter = LifecycleFilter { tags, ..LifecycleFilter::default() };
        assert!(!of_lone_marker(&[LifecycleRule { filter, ..expiring(1) }], "k", &marker, now));
    }

    #[test]
    fn uploads_go_by_their_key_and_age() {
        let filter = LifecycleFilter { prefix: Some("up/".into()), ..LifecycleFilter::default() };
        let rules = [LifecycleRule { abort_upload_days: Some(7), ..rule(filter) }];
        let (due, id) = abortion(&rules, "up/load", MADE).expect("it goes");
        assert_eq!((due.iso8601().as_str(), id), ("2014-01-23T00:00:00Z", "a rule"));
        assert_eq!(abortion(&rules, "down/load", MADE), None);
    }
}
