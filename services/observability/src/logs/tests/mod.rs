//! Tests of CloudWatch Logs, through the pipeline.
#![allow(clippy::unwrap_used)]

mod events;
mod filters;
mod groups;
mod insights;
mod metrics;
mod permissions;
mod subscriptions;
mod targets;

use std::sync::Arc;

use haar_gateway::testkit::{ACCOUNT, OPENING, REGION, TestHouse};
use haar_platform::Platform;
use haar_platform::aws::{cloudwatch, logs as aws};
use haar_platform::kernel::access::Access;
use haar_platform::kernel::schema::Model;
use haar_platform::kernel::{Arn, Ctx, Delivery, Fault, Service};
use parking_lot::Mutex;

/// When the test house opens.
const NOW: i64 = OPENING.millis();

const GROUP: &str = "/app";
const STREAM: &str = "a";

/// What the services around got.
#[derive(Clone, Default)]
struct World {
    data: Arc<Mutex<Vec<cloudwatch::PutMetricDataInput>>>,
    deliveries: Arc<Mutex<Vec<Delivery>>>,
    /// What the function answers to the next deliveries, in order.
    failures: Arc<Mutex<Vec<Fault>>>,
}

/// A house with logs, a metric store that remembers, and a function that remembers.
fn open() -> (TestHouse, World) {
    let world = World::default();
    let house = TestHouse::open(|platform| {
        vec![service(platform), recording_metrics(world.clone()), recording_function(world.clone())]
    });
    (house, world)
}

fn service(platform: &Platform) -> Service {
    super::service(platform, Arc::new(insights::Canned))
}

/// A service's model with one of its operations at most, so that a part of it can be stood in for.
fn stub(model: &'static Model, operation: Option<&str>) -> &'static Model {
    let place = operation.and_then(|name| model.operations.iter().position(|operation| operation.name == name));
    let operations = place.map_or(&model.operations[..0], |place| &model.operations[place..=place]);
    Box::leak(Box::new(Model {
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
        operations,
        shapes: model.shapes,
    }))
}

fn recording_metrics(world: World) -> Service {
    async fn put(_: &Ctx, world: &World, input: cloudwatch::PutMetricDataInput) -> Result<(), Fault> {
        world.data.lock().push(input);
        Ok(())
    }
    Service::of(stub(&cloudwatch::MODEL, Some("PutMetricData")), world)
        .op::<cloudwatch::PutMetricData>(|_, _, _| Ok(Access::all()), put)
        .build()
}

fn recording_function(world: World) -> Service {
    async fn receive(_: &Ctx, world: &World, delivery: Delivery) -> Result<(), Fault> {
        let failure = world.failures.lock().pop();
        world.deliveries.lock().push(delivery);
        failure.map_or(Ok(()), Err)
    }
    let model = stub(&haar_platform::aws::lambda::MODEL, None);
    Service::of(model, world).target(|arn: &Arn| arn.service == "lambda", receive).build()
}

async fn create(house: &TestHouse, group: &str, streams: &[&str]) {
    let input = aws::CreateLogGroupRequest { log_group_name: group.into(), ..Default::default() };
    house.call::<aws::CreateLogGroup>(input).await.unwrap();
    for stream in streams {
        let input = aws::CreateLogStreamRequest { log_group_name: group.into(), log_stream_name: (*stream).into() };
        house.call::<aws::CreateLogStream>(input).await.unwrap();
    }
}

fn batch(group: &str, stream: &str, events: &[(i64, &str)]) -> aws::PutLogEventsRequest {
    let event = |(timestamp, message): &(i64, &str)| aws::InputLogEvent {
        timestamp: *timestamp,
        message: (*message).to_owned(),
    };
    aws::PutLogEventsRequest {
        log_group_name: group.into(),
        log_stream_name: stream.into(),
        log_events: events.iter().map(event).collect(),
        ..Default::default()
    }
}

async fn put(house: &TestHouse, stream: &str, events: &[(i64, &str)]) -> aws::PutLogEventsResponse {
    house.call::<aws::PutLogEvents>(batch(GROUP, stream, events)).await.unwrap()
}

/// A house with a group that has streams.
async fn with_streams(streams: &[&str]) -> (TestHouse, World) {
    let (house, world) = open();
    create(&house, GROUP, streams).await;
    (house, world)
}

fn function_arn() -> String {
    format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:f")
}
