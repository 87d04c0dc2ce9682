//! Rules with schedules, on the clock.

use std::time::Duration;

use haar_platform::aws::events as aws;

use super::*;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn scheduled(house: &TestHouse, name: &str, expression: &str, one: Target) {
    let expression = Some(expression.to_owned());
    let input = PutRuleRequest { name: name.into(), schedule_expression: expression, ..Default::default() };
    house.call::<aws::PutRule>(input).await.unwrap();
    put_targets(house, name, vec![one]).await.unwrap();
}

#[tokio::test]
async fn a_scheduled_event_says_what_aws_says() {
    let house = open();
    let arn = queue(&house, "q").await;
    scheduled(&house, "noon", "cron(0 12 * * ? *)", target("t", &arn)).await;
    house.advance(DAY / 2 - MINUTE).await;
    assert!(bodies(&house, "q").await.is_empty());
    house.advance(MINUTE).await;
    let mut events = bodies(&house, "q").await;
    assert_eq!(events.len(), 1);
    events[0].as_object_mut().unwrap().remove("id");
    assert_eq!(
        events[0],
        json!({
            "version": "0",
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": "000000000000",
            "time": "2026-01-01T12:00:00Z",
            "region": "us-east-1",
            "resources": ["arn:aws:events:us-east-1:000000000000:rule/noon"],
            "detail": {},
        })
    );
}

#[tokio::test]
async fn a_month_of_schedules_passes_in_one_step() {
    let house = open();
    let (hourly, workdays) = (queue(&house, "hourly").await, queue(&house, "workdays").await);
    scheduled(&house, "hourly", "rate(1 hour)", target("t", &hourly)).await;
    scheduled(&house, "workdays", "cron(0 8 ? * MON-FRI *)", target("t", &workdays)).await;
    // Queues keep messages for four days.
    let (mut hours, mut days) = (0, Vec::new());
    for _ in 0..10 {
        house.advance(3 * DAY).await;
        hours += received(&house, "hourly").await.len();
        days.extend(bodies(&house, "workdays").await.iter().map(|body| body["time"].as_str().unwrap().to_owned()));
    }
    assert_eq!(hours, 30 * 24);
    // January 2026 begins with a Thursday; the 30th is the last day that has passed.
    assert_eq!(days.len(), 22);
    assert_eq!((&*days[1], &*days[2]), ("2026-01-02T08:00:00Z", "2026-01-05T08:00:00Z"));
}

#[tokio::test]
async fn a_rate_begins_when_the_rule_is_enabled() {
    let house = open();
    let arn = queue(&house, "q").await;
    scheduled(&house, "r", "rate(10 minutes)", target("t", &arn)).await;
    house.advance(5 * MINUTE).await;
    let name = || "r".to_owned();
    house.call::<aws::DisableRule>(aws::DisableRuleRequest { name: name(), event_bus_name: None }).await.unwrap();
    house.advance(DAY).await;
    assert!(bodies(&house, "q").await.is_empty());
    house.call::<aws::EnableRule>(aws::EnableRuleRequest { name: name(), event_bus_name: None }).await.unwrap();
    house.advance(9 * MINUTE).await;
    assert!(bodies(&house, "q").await.is_empty());
    house.advance(11 * MINUTE).await;
    assert_eq!(bodies(&house, "q").await.len(), 2);
}
