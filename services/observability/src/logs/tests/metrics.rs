//! Metric filters and embedded metrics, on their way to CloudWatch.

use std::time::Duration;

use haar_gateway::testkit::FixedAuthority;
use haar_platform::store::Config;

use super::*;

fn filter(pattern: &str, transformation: aws::MetricTransformation) -> aws::PutMetricFilterRequest {
    aws::PutMetricFilterRequest {
        log_group_name: GROUP.into(),
        filter_name: "errors".into(),
        filter_pattern: pattern.into(),
        metric_transformations: vec![aws::MetricTransformation {
            metric_name: "Errors".into(),
            metric_namespace: "ec2-logs".into(),
            ..transformation
        }],
        ..Default::default()
    }
}

fn counting(default_value: Option<f64>) -> aws::PutMetricFilterRequest {
    let transformation = aws::MetricTransformation {
        metric_value: "1".into(),
        default_value,
        unit: Some(aws::StandardUnit::Count),
        ..Default::default()
    };
    filter("ERROR", transformation)
}

/// Name, dimensions, time, and values with their counts.
type Seen = (String, Vec<String>, i64, Vec<(f64, f64)>);

/// Everything that was put.
fn all(world: &World) -> Vec<Seen> {
    let data = world.data.lock().clone();
    let datum = |datum: cloudwatch::MetricDatum| {
        let values = datum.values.unwrap().into_iter().zip(datum.counts.unwrap()).collect();
        let dimensions = datum.dimensions.unwrap_or_default().into_iter();
        let dimensions = dimensions.map(|dimension| format!("{}={}", dimension.name, dimension.value)).collect();
        (datum.metric_name, dimensions, datum.timestamp.unwrap().millis() - NOW, values)
    };
    data.into_iter().flat_map(|input| input.metric_data.unwrap()).map(datum).collect()
}

#[tokio::test]
async fn matches_are_counted_by_the_minute() {
    let (house, world) = with_streams(&[STREAM]).await;
    house.call::<aws::PutMetricFilter>(counting(None)).await.unwrap();
    put(
        &house,
        STREAM,
        &[(NOW, "ERROR a"), (NOW + 59_999, "ERROR b"), (NOW + 60_000, "ERROR c"), (NOW + 60_001, "ok")],
    )
    .await;
    house.settle().await;
    let errors = |minute: i64, count| ("Errors".to_owned(), Vec::new(), minute * 60_000, vec![(1.0, count)]);
    assert_eq!(all(&world), [errors(0, 2.0), errors(1, 1.0)]);
    assert_eq!(world.data.lock()[0].namespace, "ec2-logs");
    let datum = world.data.lock()[0].metric_data.as_ref().unwrap()[0].clone();
    assert_eq!(datum.unit, Some(cloudwatch::StandardUnit::Count));
}

#[tokio::test]
async fn the_default_value_is_for_minutes_with_events_and_no_match() {
    let (house, world) = with_streams(&[STREAM]).await;
    house.call::<aws::PutMetricFilter>(counting(Some(0.0))).await.unwrap();
    put(&house, STREAM, &[(NOW, "fine")]).await;
    house.settle().await;
    assert!(all(&world).is_empty(), "the minute is not over");
    put(&house, STREAM, &[(NOW + 1, "ERROR")]).await;
    house.advance(Duration::from_secs(60)).await;
    assert_eq!(all(&world), [("Errors".to_owned(), Vec::new(), 0, vec![(1.0, 1.0)])]);
    put(&house, STREAM, &[(NOW + 60_000, "fine"), (NOW + 60_001, "fine")]).await;
    house.advance(Duration::from_secs(60)).await;
    assert_eq!(all(&world)[1..], [("Errors".to_owned(), Vec::new(), 60_000, vec![(0.0, 1.0)])]);
    house.advance(Duration::from_secs(3600)).await;
    assert_eq!(all(&world).len(), 2, "no events, no values");
}

#[tokio::test]
async fn values_and_dimensions_come_from_the_event() {
    let (house, world) = with_streams(&[STREAM]).await;
    let transformation = aws::MetricTransformation {
        metric_value: "$.latency".into(),
        dimensions: Some([("Server".to_owned(), "$.server".to_owned())].into()),
        ..Default::default()
    };
    house.call::<aws::PutMetricFilter>(filter("{ $.latency = * }", transformation)).await.unwrap();
    let events = [
        (NOW, r#"{"latency": 5.5, "server": "x"}"#),
        (NOW, r#"{"latency": 7, "server": "y"}"#),
        (NOW, r#"{"latency": 8}"#),
        (NOW, r#"{"latency": "slow", "server": "x"}"#),
    ];
    put(&house, STREAM, &events).await;
    house.settle().await;
    let one = |server: &str, value| ("Errors".to_owned(), vec![format!("Server={server}")], 0, vec![(value, 1.0)]);
    assert_eq!(all(&world), [one("x", 5.5), one("y", 7.0)]);
}

#[tokio::test]
async fn what_makes_no_metric_is_refused() {
    let (house, _) = with_streams(&[STREAM]).await;
    let refused = async |request: aws::PutMetricFilterRequest| {
        house.call::<aws::PutMetricFilter>(request).await.unwrap_err().message
    };
    let transformation = |value: &str| aws::MetricTransformation { metric_value: value.into(), ..Default::default() };
    let dimensions = Some([("a".to_owned(), "$.a".to_owned())].into());
    assert_eq!(
        refused(filter("ERROR", aws::MetricTransformation { dimensions: dimensions.clone(), ..transformation("1") }))
            .await,
        "The specified filter pattern does not support dimensions"
    );
    let both = aws::MetricTransformation { dimensions, default_value: Some(0.0), ..transformation("1") };
    assert_eq!(
        refused(filter("{ $.a = 1 }", both)).await,
        "Invalid metric transformation: dimensions and default value are mutually exclusive properties."
    );
    assert!(refused(filter("ERROR", transformation("$.a"))).await.contains("'$.a'"));
    assert!(refused(filter("ERROR", transformation("one"))).await.contains("'one'"));
    assert_eq!(refused(filter("a:b", transformation("1"))).await, "Invalid character(s) in term 'a:b'");
    let none = aws::DeleteMetricFilterRequest { log_group_name: GROUP.into(), filter_name: "x".into() };
    assert_eq!(
        house.call::<aws::DeleteMetricFilter>(none).await.unwrap_err().message,
        "The specified metric filter does not exist."
    );
}

#[tokio::test]
async fn filters_are_described_counted_and_deleted() {
    let (house, world) = with_streams(&[STREAM]).await;
    for name in ["b", "a"] {
        let input = aws::PutMetricFilterRequest { filter_name: name.into(), ..counting(Some(0.0)) };
        house.call::<aws::PutMetricFilter>(input).await.unwrap();
    }
    let names = async |input: aws::DescribeMetricFiltersRequest| {
        let found = house.call::<aws::DescribeMetricFilters>(input).await.unwrap().metric_filters.unwrap();
        found.into_iter().filter_map(|filter| filter.filter_name).collect::<Vec<_>>()
    };
    assert_eq!(names(Default::default()).await, ["a", "b"]);
    let group = Some(GROUP.to_owned());
    let by_name = aws::DescribeMetricFiltersRequest {
        log_group_name: group.clone(),
        filter_name_prefix: Some("b".into()),
        ..Default::default()
    };
    assert_eq!(names(by_name).await, ["b"]);
    let by_metric = aws::DescribeMetricFiltersRequest {
        metric_name: Some("Errors".into()),
        metric_namespace: Some("other".into()),
        ..Default::default()
    };
    assert!(names(by_metric).await.is_empty());
    let answer = house.call::<aws::DescribeLogGroups>(Default::default()).await.unwrap();
    assert_eq!(answer.log_groups.unwrap()[0].metric_filter_count, Some(2));
    for name in ["a", "b"] {
        let input = aws::DeleteMetricFilterRequest { log_group_name: GROUP.into(), filter_name: name.into() };
        house.call::<aws::DeleteMetricFilter>(input).await.unwrap();
    }
    put(&house, STREAM, &[(NOW, "ERROR")]).await;
    house.advance(Duration::from_secs(120)).await;
    assert!(all(&world).is_empty());
}

#[tokio::test]
async fn embedded_metrics_are_taken_from_events() {
    let (house, world) = with_streams(&[STREAM]).await;
    let event = format!(
        r#"{{"_aws":{{"Timestamp":{},"CloudWatchMetrics":[{{"Namespace":"shop","Dimensions":[["service"],[]],
        "Metrics":[{{"Name":"Time","Unit":"Milliseconds","StorageResolution":1}}]}}]}},"service":"cart","Time":[2,2,9]}}"#,
        NOW + 5
    );
    put(&house, STREAM, &[(NOW, &event), (NOW, r#"{"_aws":{"CloudWatchMetrics":1}}"#)]).await;
    house.settle().await;
    let time = |dimensions: Vec<String>| ("Time".to_owned(), dimensions, 5, vec![(2.0, 2.0), (9.0, 1.0)]);
    assert_eq!(all(&world), [time(Vec::new()), time(vec!["service=cart".to_owned()])]);
    let datum = world.data.lock()[0].metric_data.as_ref().unwrap()[0].clone();
    assert_eq!((datum.unit, datum.storage_resolution), (Some(cloudwatch::StandardUnit::Milliseconds), Some(1)));
}

#[tokio::test]
async fn a_pattern_is_tried_out_on_messages() {
    let (house, _) = open();
    let input = aws::TestMetricFilterRequest {
        filter_pattern: "[ip, identity, user_id, timestamp, request, status_code = 4*, size]".into(),
        log_event_messages: vec![
            r#"127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /apache_pb.gif HTTP/1.0" 200 1534"#.into(),
            r#"127.0.0.1 - frank [10/Oct/2000:13:35:22 -0700] "GET /apache_pb.gif HTTP/1.0" 404 5324"#.into(),
        ],
    };
    let matches = house.call::<aws::TestMetricFilter>(input).await.unwrap().matches.unwrap();
    assert_eq!(matches.len(), 1);
    assert_eq!(matches[0].event_number, Some(2));
    let values = matches[0].extracted_values.as_ref().unwrap();
    assert_eq!((values["$status_code"].as_str(), values["$timestamp"].as_str()), ("404", "10/Oct/2000:13:35:22 -0700"));
}

/// Metrics that fail until they are mended.
fn failing_metrics() -> Service {
    async fn put(_: &Ctx, _: &(), _: cloudwatch::PutMetricDataInput) -> Result<(), Fault> {
        Err(Fault::common("InternalServiceFault", 500, "later"))
    }
    Service::of(stub(&cloudwatch::MODEL, Some("PutMetricData")), ())
        .op::<cloudwatch::PutMetricData>(|_, _, _| Ok(Access::all()), put)
        .build()
}

#[tokio::test]
async fn values_of_acknowledged_events_outlive_a_crash() {
    let directory = tempfile::tempdir().unwrap();
    let authority = || Arc::new(FixedAuthority::default());
    let open = |metrics: Service| {
        TestHouse::with_authority(Config::at(directory.path()), |platform| {
            (vec![service(platform), metrics], authority())
        })
    };
    let house = open(failing_metrics());
    create(&house, GROUP, &[STREAM]).await;
    house.call::<aws::PutMetricFilter>(counting(Some(0.0))).await.unwrap();
    put(&house, STREAM, &[(NOW, "ERROR"), (NOW + 60_000, "fine")]).await;
    house.settle().await;
    house.platform.store.close().await.unwrap();
    drop(house);

    let world = World::default();
    let house = open(recording_metrics(world.clone()));
    house.settle().await;
    assert_eq!(all(&world), [("Errors".to_owned(), Vec::new(), 0, vec![(1.0, 1.0)])]);
    house.advance(Duration::from_secs(120)).await;
    assert_eq!(all(&world)[1..], [("Errors".to_owned(), Vec::new(), 60_000, vec![(0.0, 1.0)])]);
    house.platform.store.close().await.unwrap();
}
