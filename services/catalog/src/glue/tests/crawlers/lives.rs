//! Crawlers and their crawls: made, started, stopped, remembered, deleted.

use std::sync::atomic::{AtomicUsize, Ordering};

use haar_platform::bus::{BoxFuture, Event};
use haar_platform::kernel::{ObjectMeta, Objects, ObjectsError, OpenObject};
use haar_platform::store::{Read, Span};
use serde_json::json;
use tokio::sync::Semaphore;

use super::*;
use crate::glue::crawler::model::{CRAWLERS, CRAWLS};

async fn refused(lake: &Lake, request: CreateCrawlerRequest) -> String {
    refusal(lake.house.call::<aws::CreateCrawler>(request).await)
}

/// What the bus was told of crawlers, oldest first.
fn events(house: &TestHouse) -> Vec<Event> {
    let mut events = house.platform.bus.recent(1000).unwrap();
    events.reverse();
    events.into_iter().filter(|event| event.detail_type.contains("Crawler")).collect()
}

/// What there will be soon, while a crawl waits and the clock with it.
async fn wait_for<T>(ask: impl AsyncFn() -> Option<T>) -> T {
    for _ in 0..100_000 {
        if let Some(answer) = ask().await {
            return answer;
        }
        tokio::task::yield_now().await;
    }
    panic!("it never came");
}

/// Objects that open only when somebody lets them.
#[derive(Clone)]
struct Gated {
    objects: MemoryObjects,
    gate: Arc<Semaphore>,
    /// How many have come to the gate.
    came: Arc<AtomicUsize>,
}

impl Objects for Gated {
    fn list(
        &self,
        bucket: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<ObjectMeta>, ObjectsError> {
        self.objects.list(bucket, prefix, after, limit)
    }

    fn find(&self, bucket: &str, key: &str) -> Result<ObjectMeta, ObjectsError> {
        self.objects.find(bucket, key)
    }

    fn open<'a>(&'a self, bucket: &'a str, key: &'a str) -> BoxFuture<'a, Result<Arc<dyn OpenObject>, ObjectsError>> {
        Box::pin(async move {
            self.came.fetch_add(1, Ordering::AcqRel);
            self.gate.acquire().await.expect("the gate is never taken away").forget();
            self.objects.open(bucket, key).await
        })
    }
}

/// A lake whose crawler of `s3://lake/t/` waits at the gate before each of three objects; the gate, and how many have
/// come to it.
async fn gated() -> (Lake, Arc<Semaphore>, Arc<AtomicUsize>) {
    let objects = MemoryObjects::default();
    let gate = Arc::new(Semaphore::new(0));
    let came = Arc::new(AtomicUsize::new(0));
    let gated = Gated { objects: objects.clone(), gate: gate.clone(), came: came.clone() };
    let lake = Lake { house: TestHouse::open(|platform| vec![service(platform, Arc::new(gated))]), objects };
    for key in ["t/k=1/a.json", "t/k=2/a.json", "t/k=3/a.json"] {
        lake.put(key, "{\"a\": 1}");
    }
    lake.create(crawler("s3://lake/t/")).await;
    (lake, gate, came)
}

#[tokio::test]
async fn a_crawler_is_answered_as_it_was_sent() {
    let lake = lake();
    let request = CreateCrawlerRequest {
        description: Some("what it is for".into()),
        tags: Some(map(&[("team", "a")])),
        configuration: Some("{\"Version\": 1.0}".into()),
        ..crawler("s3://lake/t")
    };
    lake.create(request.clone()).await;
    let got = lake.crawler().await;
    assert_eq!((got.state, got.version, got.crawl_elapsed_time), (Some(CrawlerState::Ready), Some(1), Some(0)));
    assert_eq!((got.description, got.configuration), (request.description, request.configuration));
    let target = got.targets.unwrap().s3_targets.unwrap().remove(0);
    assert_eq!((target.path.as_deref(), target.exclusions), (Some("s3://lake/t"), Some(Vec::new())));
    let policy = got.schema_change_policy.unwrap();
    assert_eq!(policy.update_behavior, Some(UpdateBehavior::UpdateInDatabase));
    assert_eq!(policy.delete_behavior, Some(DeleteBehavior::DeprecateInDatabase));
    assert_eq!(got.recrawl_policy.unwrap().recrawl_behavior, Some(RecrawlBehavior::CrawlEverything));
    assert!(got.last_crawl.is_none());
    let arn = "arn:aws:glue:us-east-1:000000000000:crawler/c";
    let tags = lake.house.call::<aws::GetTags>(GetTagsRequest { resource_arn: arn.into() }).await.unwrap();
    assert_eq!(tags.tags, Some(map(&[("team", "a")])));
    let again = refused(&lake, crawler("s3://lake/t")).await;
    assert_eq!(again, "AlreadyExistsException: Crawler with name c already exists.");
}

#[tokio::test]
async fn crawlers_are_listed_by_their_tags_and_in_batches() {
    let lake = lake();
    for (name, team) in [("a", "x"), ("b", "y"), ("d", "x")] {
        let tags = Some(map(&[("team", team)]));
        lake.create(CreateCrawlerRequest { name: name.into(), tags, ..crawler("s3://lake/t") }).await;
    }
    let by_tag = ListCrawlersRequest { tags: Some(map(&[("team", "x")])), ..Default::default() };
    let names = lake.house.call::<aws::ListCrawlers>(by_tag).await.unwrap().crawler_names;
    assert_eq!(names, Some(texts(&["a", "d"])));
    let batch = BatchGetCrawlersRequest { crawler_names: texts(&["a", "no"]) };
    let got = lake.house.call::<aws::BatchGetCrawlers>(batch).await.unwrap();
    assert_eq!(got.crawlers.unwrap()[0].name.as_deref(), Some("a"));
    assert_eq!(got.crawlers_not_found, Some(texts(&["no"])));
    let first = GetCrawlersRequest { max_results: Some(2), ..Default::default() };
    let page = lake.house.call::<aws::GetCrawlers>(first).await.unwrap();
    assert_eq!(page.crawlers.unwrap().len(), 2);
    let next = GetCrawlersRequest { next_token: page.next_token, ..Default::default() };
    assert_eq!(lake.house.call::<aws::GetCrawlers>(next).await.unwrap().crawlers.unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_not_served_is_named() {
    let lake = lake();
    let jdbc = CrawlerTargets { jdbc_targets: Some(vec![JdbcTarget::default()]), ..Default::default() };
    let mut queued = targets("s3://lake/t");
    queued.s3_targets.as_mut().unwrap()[0].event_queue_arn = Some("arn:aws:sqs:us-east-1:0:q".into());
    let event_mode = RecrawlPolicy { recrawl_behavior: Some(RecrawlBehavior::CrawlEventMode) };
    let lineage = LineageConfiguration { crawler_lineage_settings: Some(CrawlerLineageSettings::Enable) };
    let ask = || crawler("s3://lake/t");
    for (request, what) in [
        (CreateCrawlerRequest { targets: jdbc, ..ask() }, "glue crawlers with JdbcTargets"),
        (CreateCrawlerRequest { targets: queued, ..ask() }, "glue crawlers' targets with EventQueueArn"),
        (
            CreateCrawlerRequest { recrawl_policy: Some(event_mode), ..ask() },
            "glue crawlers with RecrawlBehavior = CRAWL_EVENT_MODE",
        ),
        (
            CreateCrawlerRequest { lineage_configuration: Some(lineage), ..ask() },
            "glue crawlers with CrawlerLineageSettings = ENABLE",
        ),
        (
            CreateCrawlerRequest { crawler_security_configuration: Some("s".into()), ..ask() },
            "glue crawlers with CrawlerSecurityConfiguration",
        ),
    ] {
        let answer = refused(&lake, request).await;
        assert!(answer.starts_with(&format!("NotImplemented: haar does not serve {what}.")), "{answer}");
    }
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let lake = lake();
    let mut sampled = targets("s3://lake/t");
    sampled.s3_targets.as_mut().unwrap()[0].sample_size = Some(250);
    let mut excluding = targets("s3://lake/t");
    excluding.s3_targets.as_mut().unwrap()[0].exclusions = Some(texts(&["{a"]));
    let ask = || crawler("s3://lake/t");
    for request in [
        CreateCrawlerRequest { targets: CrawlerTargets::default(), ..ask() },
        CreateCrawlerRequest { targets: targets("http://lake/t"), ..ask() },
        CreateCrawlerRequest { targets: sampled, ..ask() },
        CreateCrawlerRequest { targets: excluding, ..ask() },
        CreateCrawlerRequest { schedule: Some("rate(1 hour)".into()), ..ask() },
        CreateCrawlerRequest { configuration: Some("{}".into()), ..ask() },
        CreateCrawlerRequest { classifiers: Some(texts(&["no"])), ..ask() },
        CreateCrawlerRequest { database_name: Some(String::new()), ..ask() },
    ] {
        let answer = lake.house.call::<aws::CreateCrawler>(request).await;
        assert_eq!(answer.expect_err("a refusal").name, "InvalidInputException");
    }
}

#[tokio::test]
async fn a_crawl_runs_until_it_ends() {
    let (lake, gate, _) = gated().await;
    lake.start().await.unwrap();
    assert_eq!(lake.crawler().await.state, Some(CrawlerState::Running));
    assert_eq!(lake.crawls().await[0].state, Some(CrawlerHistoryState::Running));
    let again = refusal(lake.start().await);
    assert_eq!(again, "CrawlerRunningException: Crawler with name c has already started");
    let update = UpdateCrawlerRequest { name: "c".into(), ..Default::default() };
    let update = lake.house.call::<aws::UpdateCrawler>(update).await;
    assert_eq!(update.expect_err("a refusal").name, "CrawlerRunningException");
    let delete = lake.house.call::<aws::DeleteCrawler>(DeleteCrawlerRequest { name: "c".into() }).await;
    assert_eq!(delete.expect_err("a refusal").name, "CrawlerRunningException");
    gate.add_permits(3);
    lake.house.settle().await;
    let crawler = lake.crawler().await;
    assert_eq!(crawler.state, Some(CrawlerState::Ready));
    let last = crawler.last_crawl.unwrap();
    assert_eq!(last.status, Some(LastCrawlStatus::Succeeded));
    assert_eq!((last.log_group.as_deref(), last.log_stream.as_deref()), (Some("/aws-glue/crawlers"), Some("c")));
    let crawl = lake.crawls().await.remove(0);
    assert_eq!((crawl.state, crawl.message_prefix), (Some(CrawlerHistoryState::Completed), last.message_prefix));
    let summary: serde_json::Value = serde_json::from_str(&crawl.summary.unwrap()).unwrap();
    let tables: serde_json::Value = serde_json::from_str(summary["TABLE"].as_str().unwrap()).unwrap();
    assert_eq!(tables, json!({"ADD": {"Count": 1, "Details": {"names": ["t"]}}}));
}

#[tokio::test]
async fn a_crawl_that_is_stopped_ends_at_once_and_writes_nothing() {
    let (lake, gate, came) = gated().await;
    let stop = || lake.house.call::<aws::StopCrawler>(StopCrawlerRequest { name: "c".into() });
    assert_eq!(refusal(stop().await), "CrawlerNotRunningException: Crawler with name c isn't running");
    lake.start().await.unwrap();
    wait_for(async || (came.load(Ordering::Acquire) == 3).then_some(())).await;
    stop().await.unwrap();
    assert_eq!(lake.crawler().await.state, Some(CrawlerState::Stopping));
    assert_eq!(stop().await.expect_err("a refusal").name, "CrawlerStoppingException");
    // What was at the gate may pass; after it the crawl looks whether it shall go on.
    gate.add_permits(3);
    lake.house.settle().await;
    let crawler = lake.crawler().await;
    assert_eq!(crawler.state, Some(CrawlerState::Ready));
    assert_eq!(crawler.last_crawl.unwrap().status, Some(LastCrawlStatus::Cancelled));
    assert_eq!(lake.crawls().await[0].state, Some(CrawlerHistoryState::Stopped));
    assert!(lake.tables().await.is_empty());
}

#[tokio::test]
async fn events_are_aws_s_member_for_member() {
    let lake = lake();
    lake.put("t/a.json", "{\"a\": 1}");
    lake.create(crawler("s3://lake/t/")).await;
    lake.crawl().await;
    let events = events(&lake.house);
    assert_eq!(events[0].detail_type, "Glue Crawler State Change");
    let started = json!({
        "accountId": "000000000000",
        "crawlerName": "c",
        "startTime": "2026-01-01T00:00:00Z",
        "state": "Started",
        "message": "Crawler Started",
    });
    assert_eq!(events[0].detail, started);
    let link = "https://console.aws.amazon.com/cloudwatch/home?region=us-east-1#logEventViewer:\
                group=/aws-glue/crawlers;stream=c";
    let succeeded = json!({
        "tablesCreated": "1", "tablesUpdated": "0", "tablesDeleted": "0",
        "partitionsCreated": "0", "partitionsUpdated": "0", "partitionsDeleted": "0",
        "warningMessage": "N/A",
        "message": "Crawler Succeeded",
        "accountId": "000000000000",
        "runningTime (sec)": "0",
        "crawlerName": "c",
        "completionDate": "2026-01-01T00:00:00Z",
        "state": "Succeeded",
        "cloudWatchLogLink": link,
    });
    assert_eq!(events[1].detail, succeeded);
    assert_eq!(events.len(), 2);
}

#[tokio::test]
async fn a_crawl_that_cannot_go_on_fails() {
    let lake = lake();
    let kept = CreateJsonClassifierRequest { name: "j".into(), json_path: "$.a".into() };
    let request = CreateClassifierRequest { json_classifier: Some(kept), ..Default::default() };
    lake.house.call::<aws::CreateClassifier>(request).await.unwrap();
    lake.create(CreateCrawlerRequest { classifiers: Some(texts(&["j"])), ..crawler("s3://lake/t/") }).await;
    lake.house.call::<aws::DeleteClassifier>(DeleteClassifierRequest { name: "j".into() }).await.unwrap();
    assert_eq!(lake.fail().await, "Classifier j not found.");
    let crawl = lake.crawls().await.remove(0);
    assert_eq!(crawl.state, Some(CrawlerHistoryState::Failed));
    assert_eq!(crawl.error_message.as_deref(), Some("Classifier j not found."));
    let failed = events(&lake.house).pop().unwrap();
    assert_eq!((&failed.detail["state"], &failed.detail["message"]), (&json!("Failed"), &json!("Crawler Failed")));
    assert_eq!(failed.detail["errorMessage"], "Classifier j not found.");
}

#[tokio::test]
async fn a_crawl_of_a_house_that_died_has_failed() {
    let (lake, gate, _) = gated().await;
    lake.start().await.unwrap();
    // As if the house had been opened anew since.
    let store = lake.house.platform.store.clone();
    let mark = store.write(|tx| {
        let (key, mut crawler) = tx.scan(CRAWLERS, Span::all()).next().expect("there is one")?;
        crawler.crawl.as_mut().expect("it crawls").opening += 1;
        tx.put(CRAWLERS, &key, &crawler)
    });
    mark.await.unwrap();
    lake.create(CreateCrawlerRequest { name: "other".into(), ..crawler("s3://lake/none/") }).await;
    lake.house.call::<aws::StartCrawler>(StartCrawlerRequest { name: "other".into() }).await.unwrap();
    let ready = async || Some(lake.crawler().await).filter(|crawler| crawler.state == Some(CrawlerState::Ready));
    let last = wait_for(ready).await.last_crawl.unwrap();
    assert_eq!(last.status, Some(LastCrawlStatus::Failed));
    assert_eq!(last.error_message.as_deref(), Some("Internal Service Exception"));
    // What the dead house left at the gate comes too late to write anything.
    gate.add_permits(3);
    lake.house.settle().await;
    assert_eq!(lake.crawler().await.last_crawl.unwrap().status, Some(LastCrawlStatus::Failed));
}

#[tokio::test]
async fn a_schedule_does_not_start_what_still_crawls() {
    let (lake, gate, _) = gated().await;
    let schedule = |cron: &str| UpdateCrawlerScheduleRequest { crawler_name: "c".into(), schedule: Some(cron.into()) };
    lake.house.call::<aws::UpdateCrawlerSchedule>(schedule("cron(0 * * * ? *)")).await.unwrap();
    lake.start().await.unwrap();
    // The clock of tests waits for crawls, so that the time comes in another way.
    let (store, now) = (lake.house.platform.store.clone(), lake.house.now());
    let mark = store.write(move |tx| {
        let (key, mut crawler) = tx.scan(CRAWLERS, Span::all()).next().expect("there is one")?;
        crawler.schedule.as_mut().expect("it has one").due = Some(now);
        tx.put(CRAWLERS, &key, &crawler)
    });
    mark.await.unwrap();
    lake.create(CreateCrawlerRequest { name: "wakes the job".into(), ..crawler("s3://lake/none/") }).await;
    let told = async || events(&lake.house).into_iter().find(|event| event.detail_type.contains("Failure"));
    let refused = wait_for(told).await;
    assert_eq!(refused.detail_type, "Glue Scheduled Crawler Invocation Failure");
    let expected = json!({
        "customerId": "000000000000",
        "crawlerName": "c",
        "errorMessage": "Crawler with name c has already started",
    });
    assert_eq!(refused.detail, expected);
    assert_eq!(lake.crawls().await.len(), 1);
    gate.add_permits(3);
    lake.house.settle().await;
}

#[tokio::test]
async fn history_is_filtered_measured_and_swept_away() {
    let lake = lake();
    lake.create(crawler("s3://lake/t/")).await;
    for _ in 0..3 {
        lake.crawl().await;
        advance(&lake.house, 60).await;
    }
    let by = |field, operator, value: &str| {
        let filter =
            CrawlsFilter { field_name: Some(field), filter_operator: Some(operator), field_value: Some(value.into()) };
        ListCrawlsRequest { crawler_name: "c".into(), filters: Some(vec![filter]), ..Default::default() }
    };
    let count = async |request| lake.house.call::<aws::ListCrawls>(request).await.unwrap().crawls.unwrap().len();
    assert_eq!(count(by(FieldName::State, FilterOperator::Eq, "COMPLETED")).await, 3);
    assert_eq!(count(by(FieldName::State, FilterOperator::Ne, "COMPLETED")).await, 0);
    let begin = lake.house.now().millis() - 3 * 60_000;
    assert_eq!(count(by(FieldName::StartTime, FilterOperator::Gt, &begin.to_string())).await, 2);
    let first = ListCrawlsRequest { crawler_name: "c".into(), max_results: Some(2), ..Default::default() };
    let page = lake.house.call::<aws::ListCrawls>(first.clone()).await.unwrap();
    let rest = ListCrawlsRequest { next_token: page.next_token, ..first };
    assert_eq!(count(rest).await, 1);
    let metrics = lake.house.call::<aws::GetCrawlerMetrics>(GetCrawlerMetricsRequest::default()).await.unwrap();
    let metrics = metrics.crawler_metrics_list.unwrap().remove(0);
    assert_eq!((metrics.crawler_name.as_deref(), metrics.still_estimating), (Some("c"), Some(false)));
    lake.house.call::<aws::DeleteCrawler>(DeleteCrawlerRequest { name: "c".into() }).await.unwrap();
    lake.house.settle().await;
    let left = lake.house.platform.store.read(|tx| tx.scan_keys(CRAWLS, Span::all()).count());
    assert_eq!(left, 0);
    let gone = ListCrawlsRequest { crawler_name: "c".into(), ..Default::default() };
    let gone = refusal(lake.house.call::<aws::ListCrawls>(gone).await);
    assert_eq!(gone, "EntityNotFoundException: Crawler entry with name c does not exist");
}
