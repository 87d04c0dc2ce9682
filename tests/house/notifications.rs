//! From a bucket to a queue: S3 puts a notification into its outbox, the bus brings it, SQS lets it in or not.

use std::time::Duration;

use haar_gateway::testkit::TestHouse;
use haar_platform::aws::{s3, sqs};
use haar_platform::kernel::{Body, Fault};
use serde_json::{Value, json};

const QUEUE: &str = "arn:aws:sqs:us-east-1:000000000000:news";
const URL: &str = "http://localhost:4566/000000000000/news";

/// A house with the bucket `lake` and the queue `news`, into which S3 may send for that bucket alone.
async fn open() -> TestHouse {
    let house =
        TestHouse::open(|platform| vec![haar_storage::s3::service(platform), haar_messaging::sqs::service(platform)]);
    house.platform.bus.start(&house.platform.house).await.unwrap();
    for bucket in ["lake", "pond"] {
        let input = s3::CreateBucketRequest { bucket: bucket.into(), ..Default::default() };
        house.call::<s3::CreateBucket>(input).await.unwrap();
    }
    create_queue(&house).await;
    house
}

async fn create_queue(house: &TestHouse) {
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Service": "s3.amazonaws.com" },
            "Action": "sqs:SendMessage",
            "Resource": QUEUE,
            "Condition": {
                "ArnLike": { "aws:SourceArn": "arn:aws:s3:::lake" },
                "StringEquals": { "aws:SourceAccount": "000000000000" },
            },
        }],
    });
    let attributes = Some([("Policy".to_owned(), policy.to_string())].into());
    let input = sqs::CreateQueueRequest { queue_name: "news".into(), attributes, ..Default::default() };
    house.call::<sqs::CreateQueue>(input).await.unwrap();
}

async fn notify(house: &TestHouse, bucket: &str, arn: &str) -> Result<(), Fault> {
    let queue = s3::QueueConfiguration {
        id: Some("made".into()),
        queue_arn: arn.into(),
        events: vec!["s3:ObjectCreated:*".to_owned()],
        filter: None,
    };
    let notification_configuration =
        s3::NotificationConfiguration { queue_configurations: Some(vec![queue]), ..Default::default() };
    let input = s3::PutBucketNotificationConfigurationRequest {
        bucket: bucket.into(),
        notification_configuration,
        ..Default::default()
    };
    house.call::<s3::PutBucketNotificationConfiguration>(input).await.map(|_| ())
}

async fn put(house: &TestHouse, key: &str) {
    let body = Body::full("hello");
    let input = s3::PutObjectRequest { bucket: "lake".into(), key: key.into(), body, ..Default::default() };
    house.call::<s3::PutObject>(input).await.unwrap();
    house.settle().await;
}

/// What is in the queue; it is empty afterwards.
async fn messages(house: &TestHouse) -> Vec<Value> {
    let mut bodies = Vec::new();
    loop {
        let input = sqs::ReceiveMessageRequest {
            queue_url: URL.into(),
            max_number_of_messages: Some(10),
            ..Default::default()
        };
        let received = house.call::<sqs::ReceiveMessage>(input).await.unwrap().messages.unwrap_or_default();
        if received.is_empty() {
            return bodies;
        }
        for message in received {
            bodies.push(serde_json::from_str(&message.body.unwrap()).unwrap());
            let receipt_handle = message.receipt_handle.unwrap();
            let input = sqs::DeleteMessageRequest { queue_url: URL.into(), receipt_handle };
            house.call::<sqs::DeleteMessage>(input).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_new_object_is_a_message_in_the_queue() {
    let house = open().await;
    notify(&house, "lake", QUEUE).await.unwrap();
    let test = messages(&house).await;
    assert_eq!((&test[0]["Event"], &test[0]["Bucket"]), (&json!("s3:TestEvent"), &json!("lake")));
    put(&house, "a").await;
    let told = messages(&house).await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["Records"][0]["eventName"], "ObjectCreated:Put");
    assert_eq!(told[0]["Records"][0]["s3"]["object"]["key"], "a");
}

#[tokio::test]
async fn a_queue_that_does_not_let_the_bucket_in_is_refused_at_once() {
    let house = open().await;
    let fault = notify(&house, "pond", QUEUE).await.unwrap_err();
    assert_eq!(fault.code, "InvalidArgument");
    assert_eq!(fault.message, "Unable to validate the following destination configurations");
    let why =
        fault.fields.iter().any(|(_, value)| format!("{value:?}").contains("Permissions on the destination queue"));
    assert!(why, "{:?}", fault.fields);
    // A queue that is not there has no policy that lets anybody in.
    for arn in ["arn:aws:sqs:us-east-1:000000000000:nothing", "arn:aws:sqs:eu-west-1:000000000000:news"] {
        assert_eq!(notify(&house, "lake", arn).await.unwrap_err().code, "InvalidArgument", "{arn}");
    }
}

#[tokio::test]
async fn what_a_queue_did_not_get_is_a_dead_letter_that_can_be_sent_again() {
    let house = open().await;
    notify(&house, "lake", QUEUE).await.unwrap();
    messages(&house).await;
    let delete = sqs::DeleteQueueRequest { queue_url: URL.into() };
    house.call::<sqs::DeleteQueue>(delete).await.unwrap();
    put(&house, "a").await;
    let letters = house.platform.bus.dead_letters(10).unwrap();
    assert_eq!(letters.len(), 1);
    // A name is free again a minute after its queue was deleted.
    house.advance(Duration::from_secs(61)).await;
    create_queue(&house).await;
    assert!(house.platform.bus.redrive(&letters[0].id).await.unwrap());
    house.settle().await;
    assert_eq!(messages(&house).await[0]["Records"][0]["s3"]["object"]["key"], "a");
}
