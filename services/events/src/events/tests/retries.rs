//! Deliveries that fail: retries on the clock, dead letters, and what is measured of both.

use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use haar_platform::aws::events as aws;
use haar_platform::kernel::schema::{Model, Violations};
use haar_platform::kernel::{Ctx, Delivery, Service, Timestamp};
use haar_platform::ledger::Query;
use parking_lot::Mutex;

use super::delivery::outstanding;
use super::*;

const HOUR: Duration = Duration::from_secs(60 * 60);

#[tokio::test]
async fn a_target_that_refuses_gets_no_second_try_but_a_dead_letter() {
    let house = open();
    let dead = queue(&house, "dead").await;
    let closed = "arn:aws:sqs:us-east-1:000000000000:closed";
    create_queue(&house, "closed", Vec::new()).await;
    let dead_letter_config = Some(aws::DeadLetterConfig { arn: Some(dead) });
    rule(&house, "r", MINE, Target { dead_letter_config: dead_letter_config.clone(), ..target("t", closed) }).await;
    let gone = "arn:aws:sqs:us-east-1:000000000000:gone";
    rule(&house, "s", MINE, Target { dead_letter_config, ..target("t", gone) }).await;
    put(&house, json!({"n": 1})).await;
    let mut letters = received(&house, "dead").await;
    letters.sort_by_key(|letter| letter.message_attributes.as_ref().unwrap()["RULE_ARN"].string_value.clone());
    let attribute = |at: usize, name: &str| {
        letters[at].message_attributes.as_ref().unwrap().get(name).and_then(|value| value.string_value.clone())
    };
    assert_eq!(letters.len(), 2);
    assert!(letters[0].body.as_deref().unwrap().contains("\"detail\":{\"n\":1}"));
    assert_eq!(attribute(0, "ERROR_CODE").as_deref(), Some("NO_PERMISSIONS"));
    assert_eq!(attribute(0, "RETRY_ATTEMPTS").as_deref(), Some("0"));
    assert_eq!(attribute(0, "RULE_ARN").as_deref(), Some("arn:aws:events:us-east-1:000000000000:rule/r"));
    assert_eq!(attribute(0, "TARGET_ARN").as_deref(), Some(closed));
    assert_eq!(attribute(0, "EXHAUSTED_RETRY_CONDITION"), None);
    // Who may not send to a queue does not learn that there is none.
    assert_eq!(attribute(1, "ERROR_CODE").as_deref(), Some("NO_PERMISSIONS"));
    assert!(outstanding(&house).is_empty());
}

/// A service whose targets are busy so many times.
#[derive(Clone, Default)]
struct Busy {
    left: Arc<AtomicU32>,
    got: Arc<Mutex<Vec<Timestamp>>>,
}

static BUSY: Model = Model {
    service: "busy",
    service_id: "Busy",
    signing_name: "busy",
    endpoint_prefix: "busy",
    api_version: "2026-01-01",
    protocols: &[],
    target_prefix: None,
    xml_namespace: None,
    query_compatible: false,
    violations: Violations::ValidationException,
    global: false,
    operations: &[],
    shapes: &[],
};

async fn busy(ctx: &Ctx, busy: &Busy, _: Delivery) -> Result<(), Fault> {
    busy.got.lock().push(ctx.now());
    match busy.left.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)) {
        Ok(_) => Err(Fault::common("ThrottlingException", 400, "Rate exceeded")),
        Err(_) => Ok(()),
    }
}

async fn with_busy(times: u32, retry_policy: Option<aws::RetryPolicy>) -> (TestHouse, Busy) {
    let state = Busy { left: Arc::new(AtomicU32::new(times)), ..Busy::default() };
    let built = state.clone();
    let house = TestHouse::open(move |platform| {
        let busy = Service::of(&BUSY, built).target(|arn| arn.service == "busy", busy).build();
        vec![crate::events::service(platform), sqs::service(platform), busy]
    });
    let dead = queue(&house, "dead").await;
    let dead_letter_config = Some(aws::DeadLetterConfig { arn: Some(dead) });
    let one = target("t", "arn:aws:busy:us-east-1:000000000000:it");
    rule(&house, "r", MINE, Target { dead_letter_config, retry_policy, ..one }).await;
    (house, state)
}

#[tokio::test]
async fn a_busy_target_is_tried_again_ever_later() {
    let (house, busy) = with_busy(4, None).await;
    put(&house, json!({})).await;
    house.advance(HOUR).await;
    let times = busy.got.lock().clone();
    let waits: Vec<_> = times.windows(2).map(|pair| (pair[1] - pair[0]).as_millis()).collect();
    assert_eq!(times.len(), 5);
    for (wait, longest) in waits.iter().zip([1000, 2000, 4000, 8000]) {
        assert!((longest / 2..=longest).contains(wait), "{waits:?}");
    }
    assert!(received(&house, "dead").await.is_empty());
    assert!(outstanding(&house).is_empty());
}

#[tokio::test]
async fn a_target_that_stays_busy_costs_a_dead_letter_that_says_why() {
    let few = aws::RetryPolicy { maximum_retry_attempts: Some(2), maximum_event_age_in_seconds: None };
    let short = aws::RetryPolicy { maximum_retry_attempts: None, maximum_event_age_in_seconds: Some(60) };
    for (policy, condition) in [(few, "MaximumRetryAttempts"), (short, "MaximumEventAgeInSeconds")] {
        let (house, busy) = with_busy(u32::MAX, Some(policy)).await;
        put(&house, json!({})).await;
        house.advance(HOUR).await;
        let letters = received(&house, "dead").await;
        let attributes = letters[0].message_attributes.as_ref().unwrap();
        let attribute = |name: &str| attributes[name].string_value.clone().unwrap();
        assert_eq!(attribute("ERROR_CODE"), "THROTTLING");
        assert_eq!(attribute("ERROR_MESSAGE"), "Rate exceeded");
        assert_eq!(attribute("EXHAUSTED_RETRY_CONDITION"), condition);
        let retries = busy.got.lock().len() - 1;
        assert_eq!(attribute("RETRY_ATTEMPTS"), retries.to_string());
        assert!(retries >= 2);
    }
}

#[tokio::test]
async fn deliveries_are_measured_by_rule() {
    let (house, _) = with_busy(1, None).await;
    put(&house, json!({})).await;
    house.advance(HOUR).await;
    let mut lines = house.platform.ledger.read(Query::default()).await.unwrap();
    let mut measures = Vec::new();
    while let Some(line) = lines.next().await {
        measures.extend(line.unwrap().measures);
    }
    let total = |name: &str| -> f64 {
        let of = ("RuleName".into(), "r".to_owned());
        let found = measures.iter().filter(|measure| measure.name == name && measure.dimensions.contains(&of));
        found.map(|measure| measure.value).sum()
    };
    for (name, expected) in [
        ("Invocations", 1.0),
        ("InvocationAttempts", 2.0),
        ("RetryInvocationAttempts", 1.0),
        ("SuccessfulInvocationAttempts", 1.0),
        ("FailedInvocations", 0.0),
    ] {
        assert_eq!(total(name), expected, "{name}");
    }
}
