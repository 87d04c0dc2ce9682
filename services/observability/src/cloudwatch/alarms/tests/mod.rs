//! Alarms through the pipeline, on a clock that moves when told to.

mod actions;
mod changes;
mod composite;
mod evaluation;
mod refusals;

use std::sync::Arc;
use std::time::Duration;

use haar_gateway::testkit::{ACCOUNT, OPENING, REGION, TestHouse};
use haar_platform::aws::cloudwatch as aws;
use haar_platform::aws::cloudwatch::{
    AlarmHistoryItem, ComparisonOperator, HistoryItemType, MetricAlarm, MetricDatum, Statistic,
};
use haar_platform::bus::{BoxFuture, Event, Subscriber, Undelivered};
use haar_platform::kernel::schema::Model;
use haar_platform::kernel::{Arn, Ctx, Delivery, Fault, Service, Timestamp};
use parking_lot::Mutex;

use crate::cloudwatch::service;

/// What the world around gets of alarms.
#[derive(Clone, Default)]
struct World {
    /// By whom, and what.
    deliveries: Arc<Mutex<Vec<(String, Delivery)>>>,
    events: Arc<Mutex<Vec<Event>>>,
    /// What targets answer to the next deliveries.
    failures: Arc<Mutex<Vec<Fault>>>,
}

impl Subscriber for World {
    fn wants(&self, event: &Event) -> bool {
        event.source == "aws.cloudwatch"
    }

    fn deliver<'a>(&'a self, event: &'a Event) -> BoxFuture<'a, Result<(), Undelivered>> {
        self.events.lock().push(event.clone());
        Box::pin(async { Ok(()) })
    }
}

/// A house with CloudWatch, and with topics and functions that remember what they get.
async fn open() -> (TestHouse, World) {
    let world = World::default();
    let house = TestHouse::open(|platform| {
        platform.bus.subscribe("world", Arc::new(world.clone()));
        vec![
            service(platform),
            recording(&haar_platform::aws::sns::MODEL, world.clone(), |arn| arn.service == "sns"),
            recording(&haar_platform::aws::lambda::MODEL, world.clone(), |arn| arn.service == "lambda"),
        ]
    });
    house.platform.bus.start(&house.platform.house).await.unwrap();
    (house, world)
}

/// A target of a service that serves nothing else.
fn recording(model: &'static Model, world: World, serves: fn(&Arn) -> bool) -> Service {
    async fn receive(ctx: &Ctx, world: &World, delivery: Delivery) -> Result<(), Fault> {
        world.deliveries.lock().push((ctx.caller.arn.clone(), delivery));
        world.failures.lock().pop().map_or(Ok(()), Err)
    }
    let model = Box::leak(Box::new(Model {
        service: model.service,
        service_id: model.service_id,
        signing_name: model.signing_name,
        endpoint_prefix: model.endpoint_prefix,
        api_version: model.api_version,
        protocols: model.protocols,
        target_prefix: model.target_prefix,
        xml_namespace: model.xml_namespace,
        query_compatible: model.query_compatible,
        violations: model.violations,
        global: model.global,
        operations: &[],
        shapes: model.shapes,
    }));
    Service::of(model, world).target(serves, receive).build()
}

fn topic() -> String {
    format!("arn:aws:sns:{REGION}:{ACCOUNT}:mail")
}

fn function() -> String {
    format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:f")
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(OPENING.seconds() + seconds)
}

/// More than ten `errors` in one minute.
fn errors() -> aws::PutMetricAlarmInput {
    aws::PutMetricAlarmInput {
        alarm_name: "errors".into(),
        namespace: Some("App".into()),
        metric_name: Some("errors".into()),
        statistic: Some(Statistic::Sum),
        period: Some(60),
        evaluation_periods: Some(1),
        threshold: Some(10.0),
        comparison_operator: Some(ComparisonOperator::GreaterThanThreshold),
        ..Default::default()
    }
}

async fn put(house: &TestHouse, input: aws::PutMetricAlarmInput) {
    house.call::<aws::PutMetricAlarm>(input).await.unwrap();
}

async fn data(house: &TestHouse, name: &str, seconds: i64, value: f64) {
    let datum = MetricDatum {
        metric_name: name.into(),
        timestamp: Some(at(seconds)),
        value: Some(value),
        ..Default::default()
    };
    let input =
        aws::PutMetricDataInput { namespace: "App".into(), metric_data: Some(vec![datum]), ..Default::default() };
    house.call::<aws::PutMetricData>(input).await.unwrap();
}

/// Moves the clock to so many seconds after the opening.
async fn until(house: &TestHouse, seconds: i64) {
    let ahead = at(seconds).millis() - house.now().millis();
    house.advance(Duration::from_millis(u64::try_from(ahead).unwrap())).await;
}

async fn alarm(house: &TestHouse, name: &str) -> MetricAlarm {
    let input = aws::DescribeAlarmsInput { alarm_names: Some(vec![name.into()]), ..Default::default() };
    house.call::<aws::DescribeAlarms>(input).await.unwrap().metric_alarms.unwrap().remove(0)
}

async fn state(house: &TestHouse, name: &str) -> &'static str {
    alarm(house, name).await.state_value.unwrap().as_str()
}

async fn history(house: &TestHouse, name: &str, kind: HistoryItemType) -> Vec<AlarmHistoryItem> {
    let input = aws::DescribeAlarmHistoryInput {
        alarm_name: Some(name.into()),
        history_item_type: Some(kind),
        ..Default::default()
    };
    house.call::<aws::DescribeAlarmHistory>(input).await.unwrap().alarm_history_items.unwrap()
}

fn summaries(items: &[AlarmHistoryItem]) -> Vec<&str> {
    items.iter().map(|item| item.history_summary.as_deref().unwrap()).collect()
}

async fn set(house: &TestHouse, name: &str, value: aws::StateValue) {
    let input = aws::SetAlarmStateInput {
        alarm_name: name.into(),
        state_value: value,
        state_reason: "to see it".into(),
        state_reason_data: None,
    };
    house.call::<aws::SetAlarmState>(input).await.unwrap();
}
