//! What S3 tells: EventBridge's events, and what it puts into the outbox for queues, topics and functions. That
//! messages come out of real ones is shown by the whole-house tests.

use std::time::Duration;

use haar_platform::aws::s3::*;
use serde_json::{Value, json};

use super::bench::Bench;

const QUEUE: &str = "arn:aws:sqs:us-east-1:000000000000:news";

impl Bench {
    async fn notify(&self, notification_configuration: NotificationConfiguration) {
        let input = PutBucketNotificationConfigurationRequest {
            bucket: "lake".into(),
            notification_configuration,
            skip_destination_validation: Some(true),
            ..Default::default()
        };
        self.house.call::<PutBucketNotificationConfiguration>(input).await.unwrap();
    }

    async fn notify_event_bridge(&self) {
        let event_bridge_configuration = Some(EventBridgeConfiguration {});
        self.notify(NotificationConfiguration { event_bridge_configuration, ..Default::default() }).await;
    }

    async fn notify_queue(&self, events: Vec<String>, suffix: Option<&str>) {
        let rule = |value: &str| FilterRule { name: Some("Suffix".into()), value: Some(value.into()) };
        let filter = suffix.map(|suffix| NotificationConfigurationFilter {
            key: Some(S3KeyFilter { filter_rules: Some(vec![rule(suffix)]) }),
        });
        let queue = QueueConfiguration { id: Some("news".into()), queue_arn: QUEUE.into(), events, filter };
        let queue_configurations = Some(vec![queue]);
        self.notify(NotificationConfiguration { queue_configurations, ..Default::default() }).await;
    }

    /// EventBridge's events, oldest first, as targets get them.
    fn events(&self) -> Vec<Value> {
        let mut events = self.house.platform.bus.recent(100).unwrap();
        events.reverse();
        events.iter().map(|event| event.to_json()).collect()
    }

    /// What the queue would have been told: there is no SQS in this house, so all of it ends as dead letters.
    async fn records(&self) -> Vec<Value> {
        let platform = &self.house.platform;
        platform.bus.start(&platform.house).await.unwrap();
        self.house.advance(Duration::from_secs(60 * 24 * 60 * 60)).await;
        let mut letters = platform.bus.dead_letters(100).unwrap();
        letters.reverse();
        letters.iter().map(|letter| letter.event.detail["Records"][0].clone()).collect()
    }
}

fn names(records: &[Value]) -> Vec<&str> {
    records.iter().map(|record| record["eventName"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_put_is_an_object_created() {
    let bench = Bench::with_bucket("lake").await;
    bench.notify_event_bridge().await;
    bench.put("lake", "a b", "hello").await;
    let events = bench.events();
    let event = &events[0];
    assert_eq!(event["source"], "aws.s3");
    assert_eq!(event["detail-type"], "Object Created");
    assert_eq!(event["resources"], json!(["arn:aws:s3:::lake"]));
    let detail = &event["detail"];
    assert_eq!(detail["version"], "0");
    assert_eq!(detail["bucket"], json!({ "name": "lake" }));
    assert_eq!(detail["object"]["key"], "a b");
    assert_eq!(detail["object"]["size"], 5);
    assert_eq!(detail["object"]["etag"], "5d41402abc4b2a76b9719d911017c592");
    assert_eq!(detail["object"].get("version-id"), None);
    assert!(detail["object"]["sequencer"].is_string());
    assert_eq!(detail["requester"], "000000000000");
    assert_eq!(detail["reason"], "PutObject");
}

#[tokio::test]
async fn a_bucket_that_nobody_asked_about_tells_nothing() {
    let bench = Bench::with_bucket("lake").await;
    bench.put("lake", "a", "a").await;
    assert!(bench.events().is_empty());
}

#[tokio::test]
async fn deletions_say_what_they_left() {
    let bench = Bench::with_versions("lake").await;
    bench.notify_event_bridge().await;
    let version_id = bench.put("lake", "a", "a").await.version_id;
    let marker = bench.delete("lake", "a").await.version_id;
    let input = DeleteObjectRequest {
        bucket: "lake".into(),
        key: "a".into(),
        version_id: version_id.clone(),
        ..Default::default()
    };
    bench.house.call::<DeleteObject>(input).await.unwrap();
    let events = bench.events();
    let told: Vec<_> = events[1..]
        .iter()
        .map(|event| {
            (&event["detail-type"], &event["detail"]["deletion-type"], &event["detail"]["object"]["version-id"])
        })
        .collect();
    assert_eq!(
        told,
        [
            (&json!("Object Deleted"), &json!("Delete Marker Created"), &json!(marker)),
            (&json!("Object Deleted"), &json!("Permanently Deleted"), &json!(version_id)),
        ]
    );
    let sequencers: Vec<_> = events.iter().map(|event| event["detail"]["object"]["sequencer"].as_str()).collect();
    assert!(sequencers.is_sorted(), "{sequencers:?}");
}

#[tokio::test]
async fn each_way_to_make_an_object_has_its_reason() {
    let bench = Bench::with_bucket("lake").await;
    bench.notify_event_bridge().await;
    bench.put("lake", "a", "a").await;
    let copy = CopyObjectRequest {
        bucket: "lake".into(),
        key: "b".into(),
        copy_source: "lake/a".into(),
        ..Default::default()
    };
    bench.house.call::<CopyObject>(copy).await.unwrap();
    let create = CreateMultipartUploadRequest { bucket: "lake".into(), key: "c".into(), ..Default::default() };
    let upload_id = bench.house.call::<CreateMultipartUpload>(create).await.unwrap().upload_id.unwrap();
    let part = UploadPartRequest {
        bucket: "lake".into(),
        key: "c".into(),
        upload_id: upload_id.clone(),
        part_number: 1,
        body: haar_platform::kernel::Body::full("c"),
        ..Default::default()
    };
    let e_tag = bench.house.call::<UploadPart>(part).await.unwrap().e_tag;
    let part = CompletedPart { e_tag, part_number: Some(1), ..Default::default() };
    let complete = CompleteMultipartUploadRequest {
        bucket: "lake".into(),
        key: "c".into(),
        upload_id,
        multipart_upload: Some(CompletedMultipartUpload { parts: Some(vec![part]) }),
        ..Default::default()
    };
    bench.house.call::<CompleteMultipartUpload>(complete).await.unwrap();
    let events = bench.events();
    let reasons: Vec<_> = events.iter().map(|event| event["detail"]["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["PutObject", "CopyObject", "CompleteMultipartUpload"]);
}

#[tokio::test]
async fn tags_are_told_without_a_reason() {
    let bench = Bench::with_bucket("lake").await;
    bench.put("lake", "a", "a").await;
    bench.notify_event_bridge().await;
    let tag_set = vec![Tag { key: "k".into(), value: "v".into() }];
    let put = PutObjectTaggingRequest {
        bucket: "lake".into(),
        key: "a".into(),
        tagging: Tagging { tag_set },
        ..Default::default()
    };
    bench.house.call::<PutObjectTagging>(put).await.unwrap();
    let delete = DeleteObjectTaggingRequest { bucket: "lake".into(), key: "a".into(), ..Default::default() };
    bench.house.call::<DeleteObjectTagging>(delete).await.unwrap();
    let events = bench.events();
    let types: Vec<_> = events.iter().map(|event| event["detail-type"].as_str().unwrap()).collect();
    assert_eq!(types, ["Object Tags Added", "Object Tags Deleted"]);
    assert_eq!(events[0]["detail"].get("reason"), None);
}

#[tokio::test]
async fn a_lifecycle_rule_tells_in_s3s_own_name() {
    let bench = Bench::with_bucket("lake").await;
    bench.notify_event_bridge().await;
    bench.put("lake", "a", "a").await;
    let rule = LifecycleRule {
        id: Some("all".into()),
        filter: Some(LifecycleRuleFilter::default()),
        status: ExpirationStatus::Enabled,
        expiration: Some(LifecycleExpiration { days: Some(1), ..Default::default() }),
        ..Default::default()
    };
    let input = PutBucketLifecycleConfigurationRequest {
        bucket: "lake".into(),
        lifecycle_configuration: Some(BucketLifecycleConfiguration { rules: vec![rule] }),
        ..Default::default()
    };
    bench.house.call::<PutBucketLifecycleConfiguration>(input).await.unwrap();
    bench.advance_days(2).await;
    let detail = bench.events()[1]["detail"].clone();
    assert_eq!(detail["reason"], "Lifecycle Expiration");
    assert_eq!(detail["requester"], "s3.amazonaws.com");
    assert_eq!(detail["deletion-type"], "Permanently Deleted");
    assert_eq!(detail.get("source-ip-address"), None);
}

#[tokio::test]
async fn a_queue_hears_of_what_its_configuration_names() {
    let bench = Bench::with_bucket("lake").await;
    bench.notify_queue(vec!["s3:ObjectCreated:*".into(), "s3:ObjectRemoved:Delete".into()], Some(".jpg")).await;
    bench.put("lake", "red flower.jpg", "hello").await;
    bench.put("lake", "notes.txt", "hello").await;
    bench.delete("lake", "red flower.jpg").await;
    // Messages of queues are nobody else's.
    assert!(bench.events().is_empty());
    let records = bench.records().await;
    assert_eq!(names(&records), ["ObjectCreated:Put", "ObjectRemoved:Delete"]);
    let created = &records[0];
    assert_eq!(created["eventVersion"], "2.1");
    assert_eq!(created["eventSource"], "aws:s3");
    assert_eq!(created["awsRegion"], "us-east-1");
    assert_eq!(created["eventTime"], "2026-01-01T00:00:00.000Z");
    assert_eq!(created["s3"]["s3SchemaVersion"], "1.0");
    assert_eq!(created["s3"]["configurationId"], "news");
    assert_eq!(created["s3"]["bucket"]["name"], "lake");
    assert_eq!(created["s3"]["bucket"]["arn"], "arn:aws:s3:::lake");
    assert_eq!(created["s3"]["object"]["key"], "red+flower.jpg");
    assert_eq!(created["s3"]["object"]["size"], 5);
    assert_eq!(created["s3"]["object"]["eTag"], "5d41402abc4b2a76b9719d911017c592");
    assert_eq!(records[1]["s3"]["object"].get("size"), None);
}

#[tokio::test]
async fn a_batch_of_deletions_tells_of_each() {
    let bench = Bench::with_bucket("lake").await;
    bench.notify_queue(vec!["s3:ObjectRemoved:*".into()], None).await;
    bench.put("lake", "a", "a").await;
    bench.put("lake", "b", "b").await;
    let object = |key: &str| ObjectIdentifier { key: key.into(), ..Default::default() };
    let delete = Delete { objects: vec![object("a"), object("b"), object("never was")], quiet: None };
    let input = DeleteObjectsRequest { bucket: "lake".into(), delete, ..Default::default() };
    bench.house.call::<DeleteObjects>(input).await.unwrap();
    let records = bench.records().await;
    let keys: Vec<_> = records.iter().map(|record| record["s3"]["object"]["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["a", "b"]);
}

#[tokio::test]
async fn topics_and_functions_are_told_like_queues() {
    let bench = Bench::with_bucket("lake").await;
    let (topic, function) =
        ("arn:aws:sns:us-east-1:000000000000:news", "arn:aws:lambda:us-east-1:000000000000:function:resize");
    let configuration = NotificationConfiguration {
        topic_configurations: Some(vec![TopicConfiguration {
            id: Some("topic".into()),
            topic_arn: topic.into(),
            events: vec!["s3:ObjectRemoved:*".into()],
            filter: None,
        }]),
        lambda_function_configurations: Some(vec![LambdaFunctionConfiguration {
            id: Some("function".into()),
            lambda_function_arn: function.into(),
            events: vec!["s3:ObjectCreated:*".into()],
            filter: None,
        }]),
        ..Default::default()
    };
    bench.notify(configuration.clone()).await;
    let input = GetBucketNotificationConfigurationRequest { bucket: "lake".into(), ..Default::default() };
    let kept = bench.house.call::<GetBucketNotificationConfiguration>(input).await.unwrap();
    assert_eq!(format!("{kept:?}"), format!("{configuration:?}"));
    bench.put("lake", "a", "a").await;
    bench.delete("lake", "a").await;
    let records = bench.records().await;
    let mut told: Vec<_> =
        records.iter().map(|record| (&record["s3"]["configurationId"], &record["eventName"])).collect();
    told.sort_by_key(|(id, _)| id.to_string());
    let expected = [("function", "ObjectCreated:Put"), ("topic", "ObjectRemoved:Delete")];
    assert_eq!(told, expected.each_ref().map(|(id, name)| (json!(id), json!(name))).each_ref().map(|(a, b)| (a, b)));
}

#[tokio::test]
async fn a_list_of_functions_takes_functions_only() {
    let bench = Bench::with_bucket("lake").await;
    let function = LambdaFunctionConfiguration {
        id: None,
        lambda_function_arn: QUEUE.into(),
        events: vec!["s3:ObjectCreated:*".into()],
        filter: None,
    };
    let lambda_function_configurations = Some(vec![function]);
    let input = PutBucketNotificationConfigurationRequest {
        bucket: "lake".into(),
        notification_configuration: NotificationConfiguration { lambda_function_configurations, ..Default::default() },
        ..Default::default()
    };
    let refused = bench.house.call::<PutBucketNotificationConfiguration>(input).await.unwrap_err();
    assert_eq!(refused.to_string(), "InvalidArgument: The ARN is not well formed");
}
