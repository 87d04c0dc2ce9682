//! Lifecycle rules on the clock: the house opens at midnight, and midnights are when rules act.

use std::time::Duration;

use haar_platform::aws::s3::*;
use haar_platform::kernel::Body;

use super::bench::{Bench, code};

const HOUR: Duration = Duration::from_secs(60 * 60);

fn rule(id: &str, prefix: &str) -> LifecycleRule {
    LifecycleRule {
        id: Some(id.into()),
        filter: Some(LifecycleRuleFilter { prefix: Some(prefix.into()), ..Default::default() }),
        status: ExpirationStatus::Enabled,
        ..Default::default()
    }
}

fn expiring(id: &str, prefix: &str, days: i32) -> LifecycleRule {
    let expiration = LifecycleExpiration { days: Some(days), ..Default::default() };
    LifecycleRule { expiration: Some(expiration), ..rule(id, prefix) }
}

impl Bench {
    async fn rules(&self, rules: Vec<LifecycleRule>) {
        let input = PutBucketLifecycleConfigurationRequest {
            bucket: "lake".into(),
            lifecycle_configuration: Some(BucketLifecycleConfiguration { rules }),
            ..Default::default()
        };
        self.house.call::<PutBucketLifecycleConfiguration>(input).await.unwrap();
    }
}

#[tokio::test]
async fn objects_expire_at_the_midnight_after_their_age() {
    let bench = Bench::with_bucket("lake").await;
    bench.rules(vec![expiring("logs", "logs/", 1)]).await;
    bench.house.advance(HOUR).await;
    bench.put("lake", "logs/a", "a").await;
    bench.put("lake", "data/a", "a").await;
    let head = bench.head("lake", "logs/a").await.unwrap();
    let expected = "expiry-date=\"Sat, 03 Jan 2026 00:00:00 GMT\", rule-id=\"logs\"";
    assert_eq!(head.expiration.as_deref(), Some(expected));
    bench.house.advance(HOUR * 46).await;
    assert_eq!(bench.keys("lake").await, ["data/a", "logs/a"]);
    bench.house.advance(HOUR).await;
    assert_eq!(bench.keys("lake").await, ["data/a"]);
}

#[tokio::test]
async fn a_new_rule_waits_for_midnight() {
    let bench = Bench::with_bucket("lake").await;
    bench.put("lake", "a", "a").await;
    bench.house.advance(HOUR * 60).await;
    bench.rules(vec![expiring("all", "", 1)]).await;
    bench.house.settle().await;
    assert_eq!(bench.keys("lake").await, ["a"]);
    bench.house.advance(HOUR * 12).await;
    assert!(bench.keys("lake").await.is_empty());
}

#[tokio::test]
async fn a_rule_on_a_date_acts_on_it_and_from_then_on() {
    let bench = Bench::with_bucket("lake").await;
    let date = bench.house.now() + HOUR * 48;
    let expiration = LifecycleExpiration { date: Some(date), ..Default::default() };
    bench.rules(vec![LifecycleRule { expiration: Some(expiration), ..rule("date", "") }]).await;
    bench.put("lake", "a", "a").await;
    bench.advance_days(1).await;
    assert_eq!(bench.keys("lake").await, ["a"]);
    bench.advance_days(1).await;
    assert!(bench.keys("lake").await.is_empty());
    bench.put("lake", "b", "b").await;
    bench.advance_days(1).await;
    assert!(bench.keys("lake").await.is_empty());
}

#[tokio::test]
async fn tags_and_sizes_choose_objects() {
    let bench = Bench::with_bucket("lake").await;
    let and = LifecycleRuleAndOperator {
        tags: Some(vec![Tag { key: "keep".into(), value: "no".into() }]),
        object_size_greater_than: Some(2),
        ..Default::default()
    };
    let filter = Some(LifecycleRuleFilter { and: Some(and), ..Default::default() });
    bench.rules(vec![LifecycleRule { filter, ..expiring("tagged", "", 1) }]).await;
    for (key, bytes, tagging) in [("small", "a", "keep=no"), ("large", "abc", "keep=no"), ("kept", "abc", "keep=yes")] {
        let input = PutObjectRequest {
            bucket: "lake".into(),
            key: key.into(),
            body: Body::full(bytes),
            tagging: Some(tagging.into()),
            ..Default::default()
        };
        bench.house.call::<PutObject>(input).await.unwrap();
    }
    bench.advance_days(2).await;
    assert_eq!(bench.keys("lake").await, ["kept", "small"]);
}

#[tokio::test]
async fn where_versions_are_kept_expiry_makes_a_delete_marker_once() {
    let bench = Bench::with_versions("lake").await;
    bench.rules(vec![expiring("all", "", 1)]).await;
    bench.put("lake", "a", "a").await;
    bench.advance_days(2).await;
    assert!(bench.keys("lake").await.is_empty());
    assert_eq!(bench.version_counts("lake").await, (1, 1));
    bench.advance_days(30).await;
    assert_eq!(bench.version_counts("lake").await, (1, 1));
}

#[tokio::test]
async fn noncurrent_versions_go_by_the_time_since_they_became_so() {
    let bench = Bench::with_versions("lake").await;
    let expiration = NoncurrentVersionExpiration { noncurrent_days: Some(2), newer_noncurrent_versions: Some(1) };
    bench.rules(vec![LifecycleRule { noncurrent_version_expiration: Some(expiration), ..rule("old", "") }]).await;
    for bytes in ["one", "two", "three"] {
        bench.put("lake", "a", bytes).await;
    }
    bench.advance_days(2).await;
    assert_eq!(bench.version_counts("lake").await, (3, 0));
    bench.advance_days(1).await;
    // The oldest went; the newest of the noncurrent ones is kept for ever.
    assert_eq!(bench.version_counts("lake").await, (2, 0));
    bench.advance_days(10).await;
    assert_eq!(bench.version_counts("lake").await, (2, 0));
    assert_eq!(bench.read("lake", "a").await, b"three");
}

#[tokio::test]
async fn a_delete_marker_goes_when_nothing_is_left_below_it() {
    let bench = Bench::with_versions("lake").await;
    let expiration = LifecycleExpiration { expired_object_delete_marker: Some(true), ..Default::default() };
    let noncurrent = NoncurrentVersionExpiration { noncurrent_days: Some(3), ..Default::default() };
    bench
        .rules(vec![LifecycleRule {
            expiration: Some(expiration),
            noncurrent_version_expiration: Some(noncurrent),
            ..rule("clean", "")
        }])
        .await;
    bench.put("lake", "a", "a").await;
    bench.delete("lake", "a").await;
    bench.advance_days(3).await;
    assert_eq!(bench.version_counts("lake").await, (1, 1));
    bench.advance_days(2).await;
    assert_eq!(bench.version_counts("lake").await, (0, 0));
}

#[tokio::test]
async fn large_objects_move_and_small_ones_stay() {
    let bench = Bench::with_bucket("lake").await;
    let transition =
        Transition { days: Some(30), storage_class: Some(TransitionStorageClass::StandardIa), ..Default::default() };
    bench.rules(vec![LifecycleRule { transitions: Some(vec![transition]), ..rule("cool", "") }]).await;
    bench.put("lake", "large", vec![0; 128 * 1024]).await;
    bench.put("lake", "small", vec![0; 128 * 1024 - 1]).await;
    bench.advance_days(31).await;
    let class = |head: HeadObjectOutput| head.storage_class;
    assert_eq!(class(bench.head("lake", "large").await.unwrap()), Some(StorageClass::StandardIa));
    assert_ne!(class(bench.head("lake", "small").await.unwrap()), Some(StorageClass::StandardIa));
    assert_eq!(bench.read("lake", "large").await.len(), 128 * 1024);
}

#[tokio::test]
async fn uploads_that_nobody_completes_go() {
    let bench = Bench::with_bucket("lake").await;
    let abort = AbortIncompleteMultipartUpload { days_after_initiation: Some(7) };
    bench.rules(vec![LifecycleRule { abort_incomplete_multipart_upload: Some(abort), ..rule("tidy", "up/") }]).await;
    let mut outputs = Vec::new();
    for key in ["up/a", "down/a"] {
        let input = CreateMultipartUploadRequest { bucket: "lake".into(), key: key.into(), ..Default::default() };
        outputs.push(bench.house.call::<CreateMultipartUpload>(input).await.unwrap());
    }
    assert_eq!(outputs[0].abort_rule_id.as_deref(), Some("tidy"));
    assert_eq!(outputs[0].abort_date, Some(bench.house.now() + HOUR * 24 * 8));
    assert_eq!(outputs[1].abort_date, None);
    let list = || ListMultipartUploadsRequest { bucket: "lake".into(), ..Default::default() };
    bench.advance_days(7).await;
    assert_eq!(bench.house.call::<ListMultipartUploads>(list()).await.unwrap().uploads.unwrap().len(), 2);
    bench.advance_days(1).await;
    let left = bench.house.call::<ListMultipartUploads>(list()).await.unwrap().uploads.unwrap();
    assert_eq!(left[0].key.as_deref(), Some("down/a"));
    let abort = AbortMultipartUploadRequest {
        bucket: "lake".into(),
        key: "up/a".into(),
        upload_id: outputs[0].upload_id.clone().unwrap(),
        ..Default::default()
    };
    assert_eq!(code(bench.house.call::<AbortMultipartUpload>(abort).await), "NoSuchUpload");
}

#[tokio::test]
async fn every_version_has_its_turn_however_many_there_are() {
    let bench = Bench::with_versions("lake").await;
    let expiration = NoncurrentVersionExpiration { noncurrent_days: Some(1), newer_noncurrent_versions: Some(3) };
    bench.rules(vec![LifecycleRule { noncurrent_version_expiration: Some(expiration), ..rule("old", "") }]).await;
    // More versions of one key than one look at the store takes in.
    for _ in 0..1100 {
        bench.put("lake", "a", "a").await;
    }
    bench.put("lake", "b", "b").await;
    bench.advance_days(2).await;
    assert_eq!(bench.version_counts("lake").await, (5, 0));
}
