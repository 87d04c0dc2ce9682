//! Queues come, are found, and go.

use super::*;

async fn names(bench: &Bench, input: ListQueuesRequest) -> (Vec<String>, Option<String>) {
    let output = bench.house.call::<ListQueues>(input).await.unwrap();
    let urls = output.queue_urls.unwrap_or_default();
    let names = urls.iter().map(|url| url.rsplit('/').next().unwrap().to_owned());
    (names.collect(), output.next_token)
}

#[tokio::test]
async fn a_url_names_the_host_that_the_caller_used() {
    let bench = Bench::open();
    let url = bench.create("orders", &[]).await;
    assert_eq!(url, "http://localhost:4566/000000000000/orders");
    let input = GetQueueUrlRequest { queue_name: "orders".into(), queue_owner_aws_account_id: None };
    assert_eq!(bench.house.call::<GetQueueUrl>(input).await.unwrap().queue_url, Some(url));
}

#[tokio::test]
async fn a_queue_answers_under_any_host() {
    let bench = Bench::open();
    bench.create("orders", &[]).await;
    for url in [
        "https://sqs.us-east-1.amazonaws.com/000000000000/orders",
        "http://queue.localhost:1/000000000000/orders/",
        "http://proxy/sqs/000000000000/orders",
        "/000000000000/orders",
    ] {
        bench.send(url, "hello").await;
    }
    for url in [
        "orders",
        "http://localhost:4566",
        "http://localhost:4566/orders",
        "http://h/1/orders",
        "http://h/000000000000/a b",
    ] {
        let message = format!("The address {url} is not valid for this endpoint.");
        refused(bench.try_send(letter(url, "hello")).await, "InvalidAddress", &message);
    }
}

#[tokio::test]
async fn a_queue_that_is_not_there_is_named_so_by_every_operation() {
    let bench = Bench::open();
    let url = "http://localhost:4566/000000000000/nowhere";
    let gone = ("AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.");
    refused(bench.try_send(letter(url, "x")).await, gone.0, gone.1);
    refused(bench.try_receive(wish(url, 1)).await, gone.0, gone.1);
    refused(bench.set(url, &[]).await, gone.0, gone.1);
    let input = PurgeQueueRequest { queue_url: url.into() };
    refused(bench.house.call::<PurgeQueue>(input).await, gone.0, gone.1);
    let input = DeleteQueueRequest { queue_url: url.into() };
    refused(bench.house.call::<DeleteQueue>(input).await, gone.0, gone.1);
    let input = GetQueueUrlRequest { queue_name: "nowhere".into(), queue_owner_aws_account_id: None };
    refused(bench.house.call::<GetQueueUrl>(input).await, gone.0, gone.1);
}

#[tokio::test]
async fn create_is_idempotent_only_for_equal_settings() {
    let bench = Bench::open();
    let url = bench.create("orders", &[("VisibilityTimeout", "60"), ("DelaySeconds", "1")]).await;
    assert_eq!(bench.create("orders", &[]).await, url);
    assert_eq!(bench.create("orders", &[("DelaySeconds", "1")]).await, url);
    refused(
        bench.try_create("orders", &[("VisibilityTimeout", "30")]).await,
        "QueueAlreadyExists",
        "A queue already exists with the same name and a different value for attribute VisibilityTimeout",
    );
}

#[tokio::test]
async fn names_of_fifo_queues_end_in_fifo() {
    let bench = Bench::open();
    bench.create("orders.fifo", &[("FifoQueue", "true")]).await;
    refused(
        bench.try_create("orders", &[("FifoQueue", "true")]).await,
        "InvalidParameterValue",
        "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with \
         .fifo suffix and be 1 to 80 in length",
    );
    refused(
        bench.try_create("others.fifo", &[]).await,
        "InvalidParameterValue",
        "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
    );
    refused(
        bench.try_create("orders", &[("FifoQueue", "false")]).await,
        "InvalidAttributeName",
        "Unknown Attribute FifoQueue.",
    );
}

#[tokio::test]
async fn the_name_of_a_deleted_queue_is_held_back_for_a_minute() {
    let bench = Bench::open();
    let url = bench.create("orders", &[]).await;
    bench.send(&url, "lost").await;
    bench.delete_queue(&url).await;
    bench.advance(59).await;
    refused(
        bench.try_create("orders", &[]).await,
        "AWS.SimpleQueueService.QueueDeletedRecently",
        "You must wait 60 seconds after deleting a queue before you can create another with the same name.",
    );
    bench.advance(1).await;
    assert_eq!(bench.create("orders", &[]).await, url);
    assert_eq!(bench.counts(&url).await, (0, 0, 0));
    assert!(bench.receive(&url, 10).await.is_empty());
}

#[tokio::test]
async fn listing_goes_by_prefix_and_page() {
    let bench = Bench::open();
    for name in ["a-1", "a-2", "a-3", "b-1"] {
        bench.create(name, &[]).await;
    }
    let all = names(&bench, ListQueuesRequest::default()).await;
    assert_eq!(all, (vec!["a-1".into(), "a-2".into(), "a-3".into(), "b-1".into()], None));
    let page =
        |next_token| ListQueuesRequest { queue_name_prefix: Some("a-".into()), max_results: Some(2), next_token };
    let (first, token) = names(&bench, page(None)).await;
    assert_eq!(first, ["a-1", "a-2"]);
    let (second, end) = names(&bench, page(token)).await;
    assert_eq!((second, end), (vec!["a-3".into()], None));
    refused(
        bench.house.call::<ListQueues>(page(Some("forged".into()))).await,
        "InvalidParameterValue",
        "Invalid or expired next token.",
    );
}

#[tokio::test]
async fn regions_and_accounts_do_not_see_each_other() {
    let bench = Bench::open();
    bench.create("orders", &[]).await;
    for (account, region) in [("000000000000", "eu-west-1"), ("111111111111", "us-east-1")] {
        let root = bench.house.root(account);
        let output = bench.house.call_as::<ListQueues>(&root, region, ListQueuesRequest::default()).await.unwrap();
        assert_eq!(output.queue_urls, None, "{account} {region}");
    }
}

#[tokio::test]
async fn tags_come_and_go() {
    let bench = Bench::open();
    let url = bench.create("orders", &[]).await;
    let list = || async {
        let input = ListQueueTagsRequest { queue_url: url.clone() };
        bench.house.call::<ListQueueTags>(input).await.unwrap().tags
    };
    assert_eq!(list().await, None);
    let tag = |tags: BTreeMap<String, String>| {
        let input = TagQueueRequest { queue_url: url.clone(), tags };
        bench.house.call::<TagQueue>(input)
    };
    tag(map(&[("team", "a"), ("cost", "1")])).await.unwrap();
    tag(map(&[("team", "b")])).await.unwrap();
    assert_eq!(list().await, Some(map(&[("team", "b"), ("cost", "1")])));
    let input = UntagQueueRequest { queue_url: url.clone(), tag_keys: vec!["cost".into(), "other".into()] };
    bench.house.call::<UntagQueue>(input).await.unwrap();
    assert_eq!(list().await, Some(map(&[("team", "b")])));
    let many = (0..50).map(|index| (index.to_string(), String::new())).collect();
    refused(tag(many).await, "InvalidParameterValue", "Too many tags added for queue orders.");
}
