//! Attributes of queues: defaults, ranges, refusals.

use super::*;

#[tokio::test]
async fn a_new_queue_has_the_defaults_of_aws() {
    let bench = Bench::open();
    let url = bench.create("orders", &[]).await;
    let expected = map(&[
        ("ApproximateNumberOfMessages", "0"),
        ("ApproximateNumberOfMessagesDelayed", "0"),
        ("ApproximateNumberOfMessagesNotVisible", "0"),
        ("CreatedTimestamp", "1767225600"),
        ("DelaySeconds", "0"),
        ("LastModifiedTimestamp", "1767225600"),
        ("MaximumMessageSize", "1048576"),
        ("MessageRetentionPeriod", "345600"),
        ("QueueArn", "arn:aws:sqs:us-east-1:000000000000:orders"),
        ("ReceiveMessageWaitTimeSeconds", "0"),
        ("SqsManagedSseEnabled", "true"),
        ("VisibilityTimeout", "30"),
    ]);
    assert_eq!(bench.attributes(&url).await, expected);
    let url = bench.create("orders.fifo", &[("FifoQueue", "True")]).await;
    let fifo = bench.attributes(&url).await;
    for (name, value) in [
        ("FifoQueue", "true"),
        ("ContentBasedDeduplication", "false"),
        ("DeduplicationScope", "queue"),
        ("FifoThroughputLimit", "perQueue"),
    ] {
        assert_eq!(fifo[name], value);
    }
}

#[tokio::test]
async fn only_the_attributes_asked_for_are_answered() {
    let bench = Bench::open();
    let url = bench.create("orders", &[]).await;
    let get = |names: &[&str]| {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        bench.house.call::<GetQueueAttributes>(GetQueueAttributesRequest {
            queue_url: url.clone(),
            attribute_names: Some(names),
        })
    };
    let some = get(&["DelaySeconds", "Policy"]).await.unwrap();
    assert_eq!(some.attributes, Some(map(&[("DelaySeconds", "0")])));
    assert_eq!(get(&[]).await.unwrap().attributes, None);
    refused(get(&["Colour"]).await, "InvalidAttributeName", "Unknown Attribute Colour.");
}

#[tokio::test]
async fn values_out_of_range_are_refused_by_name() {
    let bench = Bench::open();
    let url = bench.create("orders", &[]).await;
    for (name, good, bad) in [
        ("VisibilityTimeout", ["0", "43200"], ["-1", "43201"]),
        ("MaximumMessageSize", ["1024", "1048576"], ["1023", "1048577"]),
        ("MessageRetentionPeriod", ["60", "1209600"], ["59", "1209601"]),
        ("DelaySeconds", ["0", "900"], ["soon", "901"]),
        ("ReceiveMessageWaitTimeSeconds", ["0", "20"], ["-1", "21"]),
    ] {
        for value in good {
            bench.set(&url, &[(name, value)]).await.unwrap();
            assert_eq!(bench.attributes(&url).await[name], value);
        }
        for value in bad {
            let message = format!("Invalid value for the parameter {name}.");
            refused(bench.set(&url, &[(name, value)]).await, "InvalidAttributeValue", &message);
        }
    }
    for name in ["Colour", "QueueArn", "CreatedTimestamp"] {
        let message = format!("Unknown Attribute {name}.");
        refused(bench.set(&url, &[(name, "1")]).await, "InvalidAttributeName", &message);
    }
}

#[tokio::test]
async fn a_refused_change_changes_nothing() {
    let bench = Bench::open();
    let url = bench.create("orders", &[]).await;
    let before = bench.attributes(&url).await;
    bench.advance(10).await;
    let changes = [("DelaySeconds", "5"), ("VisibilityTimeout", "never")];
    assert!(bench.set(&url, &changes).await.is_err());
    assert_eq!(bench.attributes(&url).await, before);
    bench.set(&url, &[("DelaySeconds", "5")]).await.unwrap();
    assert_eq!(bench.attributes(&url).await["LastModifiedTimestamp"], "1767225610");
}

#[tokio::test]
async fn standard_queues_have_no_fifo_attributes() {
    let bench = Bench::open();
    for (name, message) in [
        ("ContentBasedDeduplication", "Unknown Attribute ContentBasedDeduplication."),
        ("DeduplicationScope", "You can specify the DeduplicationScope only when FifoQueue is set to true."),
        ("FifoThroughputLimit", "You can specify the FifoThroughputLimit only when FifoQueue is set to true."),
    ] {
        let created = bench.try_create("orders", &[(name, "true")]).await;
        refused(created, "InvalidAttributeName", message);
    }
    let url = bench.create("orders", &[]).await;
    refused(bench.set(&url, &[("FifoQueue", "true")]).await, "InvalidAttributeName", "Unknown Attribute FifoQueue.");
}

#[tokio::test]
async fn a_fifo_queue_stays_one_and_throughput_by_group_needs_deduplication_by_group() {
    let bench = Bench::open();
    let url = bench.create("orders.fifo", &[("FifoQueue", "true")]).await;
    bench.set(&url, &[("FifoQueue", "true")]).await.unwrap();
    refused(
        bench.set(&url, &[("FifoQueue", "false")]).await,
        "InvalidAttributeValue",
        "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.",
    );
    let by_group = ("FifoThroughputLimit", "perMessageGroupId");
    assert!(bench.set(&url, &[by_group]).await.is_err());
    bench.set(&url, &[by_group, ("DeduplicationScope", "messageGroup")]).await.unwrap();
    assert_eq!(bench.attributes(&url).await["FifoThroughputLimit"], "perMessageGroupId");
    assert!(bench.set(&url, &[("DeduplicationScope", "queue")]).await.is_err());
}

#[tokio::test]
async fn one_kind_of_encryption_at_a_time() {
    let bench = Bench::open();
    let url = bench.create("orders", &[]).await;
    let key = [("KmsMasterKeyId", "alias/mine"), ("KmsDataKeyReusePeriodSeconds", "6000")];
    bench.set(&url, &key).await.unwrap();
    let shown = bench.attributes(&url).await;
    assert_eq!(shown["KmsMasterKeyId"], "alias/mine");
    assert_eq!(shown["KmsDataKeyReusePeriodSeconds"], "6000");
    assert_eq!(shown["SqsManagedSseEnabled"], "false");
    refused(
        bench.set(&url, &[("SqsManagedSseEnabled", "true")]).await,
        "InvalidAttributeName",
        "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.",
    );
    bench.set(&url, &[("KmsMasterKeyId", "")]).await.unwrap();
    let shown = bench.attributes(&url).await;
    assert!(!shown.contains_key("KmsMasterKeyId") && !shown.contains_key("KmsDataKeyReusePeriodSeconds"));
}

#[tokio::test]
async fn a_policy_that_does_not_parse_is_refused() {
    let bench = Bench::open();
    let url = bench.create("orders", &[]).await;
    refused(
        bench.set(&url, &[("Policy", "{}")]).await,
        "InvalidAttributeValue",
        "Invalid value for the parameter Policy.",
    );
}
