//! Crawls by the clock.

use super::*;

async fn scheduled() -> Lake {
    let lake = lake();
    let schedule = Some("cron(0 12 * * ? *)".into());
    lake.create(CreateCrawlerRequest { schedule, ..crawler("s3://lake/t/") }).await;
    lake
}

/// When the crawls of `c` began.
async fn starts(lake: &Lake) -> Vec<String> {
    lake.crawls().await.into_iter().map(|crawl| crawl.start_time.unwrap().iso8601()).collect()
}

#[tokio::test]
async fn a_crawler_crawls_at_its_times() {
    let lake = scheduled().await;
    advance(&lake.house, 3 * 24 * 3600).await;
    assert_eq!(starts(&lake).await, ["2026-01-03T12:00:00Z", "2026-01-02T12:00:00Z", "2026-01-01T12:00:00Z"]);
    let schedule = lake.crawler().await.schedule.unwrap();
    assert_eq!(schedule.schedule_expression.as_deref(), Some("cron(0 12 * * ? *)"));
    assert_eq!(schedule.state, Some(ScheduleState::Scheduled));
}

#[tokio::test]
async fn a_schedule_is_stopped_started_and_changed() {
    let lake = scheduled().await;
    let name = || "c".to_owned();
    let stop = || lake.house.call::<aws::StopCrawlerSchedule>(StopCrawlerScheduleRequest { crawler_name: name() });
    let start = || lake.house.call::<aws::StartCrawlerSchedule>(StartCrawlerScheduleRequest { crawler_name: name() });
    assert_eq!(start().await.expect_err("a refusal").name, "SchedulerRunningException");
    stop().await.unwrap();
    assert_eq!(stop().await.expect_err("a refusal").name, "SchedulerNotRunningException");
    assert_eq!(lake.crawler().await.schedule.unwrap().state, Some(ScheduleState::NotScheduled));
    advance(&lake.house, 24 * 3600).await;
    assert!(starts(&lake).await.is_empty());
    start().await.unwrap();
    let change =
        |schedule: &str| UpdateCrawlerScheduleRequest { crawler_name: name(), schedule: Some(schedule.into()) };
    lake.house.call::<aws::UpdateCrawlerSchedule>(change("cron(0 6 * * ? *)")).await.unwrap();
    advance(&lake.house, 24 * 3600).await;
    assert_eq!(starts(&lake).await, ["2026-01-02T06:00:00Z"]);
    let refused = lake.house.call::<aws::UpdateCrawlerSchedule>(change("cron(every day)")).await;
    assert_eq!(refusal(refused), "InvalidInputException: Invalid cron expression: cron(every day)");
    let none = UpdateCrawlerScheduleRequest { crawler_name: name(), schedule: None };
    lake.house.call::<aws::UpdateCrawlerSchedule>(none).await.unwrap();
    assert!(lake.crawler().await.schedule.is_none());
    assert_eq!(start().await.expect_err("a refusal").name, "NoScheduleException");
}
