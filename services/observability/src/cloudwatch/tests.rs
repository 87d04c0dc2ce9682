//! CloudWatch's metrics through the pipeline, on a clock that moves when told to.

use std::sync::Arc;
use std::time::Duration;

use haar_gateway::testkit::{ACCOUNT, FixedAuthority, OPENING, REGION, TestHouse};
use haar_platform::aws::cloudwatch as aws;
use haar_platform::aws::cloudwatch::{
    AnomalyDetectorStateValue, Dimension, GetMetricDataOutput, Metric, MetricDataQuery, MetricDatum, MetricStat,
    ScanBy, StandardUnit, StatisticSet, StatusCode,
};
use haar_platform::kernel::{AccountId, Authority, Caller, Measure, Region, Timestamp};
use haar_platform::store::Config;

use super::*;

fn house() -> TestHouse {
    TestHouse::open(|platform| vec![service(platform)])
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(OPENING.seconds() + seconds)
}

fn dimension(name: &str, value: &str) -> Dimension {
    Dimension { name: name.into(), value: value.into() }
}

fn datum(name: &str, seconds: i64, value: f64) -> MetricDatum {
    MetricDatum { metric_name: name.into(), timestamp: Some(at(seconds)), value: Some(value), ..Default::default() }
}

async fn put(house: &TestHouse, data: Vec<MetricDatum>) -> Result<(), haar_platform::kernel::Fault> {
    let input = aws::PutMetricDataInput { namespace: "App".into(), metric_data: Some(data), ..Default::default() };
    house.call::<aws::PutMetricData>(input).await
}

async fn refusal(house: &TestHouse, data: Vec<MetricDatum>) -> String {
    let fault = put(house, data).await.unwrap_err();
    format!("{}: {}", fault.code, fault.message)
}

fn metric(name: &str, dimensions: &[(&str, &str)]) -> Metric {
    Metric {
        namespace: Some("App".into()),
        metric_name: Some(name.into()),
        dimensions: Some(dimensions.iter().map(|(name, value)| dimension(name, value)).collect()),
    }
}

fn query(id: &str, name: &str, stat: &str, period: i32) -> MetricDataQuery {
    let metric_stat = MetricStat { metric: metric(name, &[]), period, stat: stat.into(), unit: None };
    MetricDataQuery { id: id.into(), metric_stat: Some(metric_stat), ..Default::default() }
}

fn expression(id: &str, text: &str) -> MetricDataQuery {
    MetricDataQuery { id: id.into(), expression: Some(text.into()), ..Default::default() }
}

fn request(queries: Vec<MetricDataQuery>, from: i64, to: i64) -> aws::GetMetricDataInput {
    aws::GetMetricDataInput {
        metric_data_queries: queries,
        start_time: at(from),
        end_time: at(to),
        scan_by: Some(ScanBy::TimestampAscending),
        ..Default::default()
    }
}

async fn data(house: &TestHouse, queries: Vec<MetricDataQuery>, from: i64, to: i64) -> GetMetricDataOutput {
    house.call::<aws::GetMetricData>(request(queries, from, to)).await.unwrap()
}

/// Id, label, and seconds after the opening with values.
type Shown = (String, String, Vec<(i64, f64)>);

/// Each result.
fn shown(output: &GetMetricDataOutput) -> Vec<Shown> {
    let results = output.metric_data_results.iter().flatten().map(|result| {
        let times = result.timestamps.iter().flatten().map(|time| time.seconds() - OPENING.seconds());
        let points = times.zip(result.values.clone().unwrap()).collect();
        (result.id.clone().unwrap(), result.label.clone().unwrap(), points)
    });
    results.collect()
}

#[tokio::test]
async fn what_was_put_is_answered_at_once_and_by_periods() {
    let house = house();
    put(&house, vec![datum("m", 0, 1.0), datum("m", 30, 2.0), datum("m", 60, 5.0)]).await.unwrap();
    let values = MetricDatum {
        value: None,
        values: Some(vec![10.0, 20.0]),
        counts: Some(vec![3.0, 1.0]),
        ..datum("m", 120, 0.0)
    };
    put(&house, vec![values]).await.unwrap();
    let queries =
        vec![query("sum", "m", "Sum", 60), query("p75", "m", "p75", 300), query("n", "m", "SampleCount", 300)];
    let output = data(&house, queries, 0, 300).await;
    assert_eq!(
        shown(&output),
        [
            ("sum".into(), "m".into(), vec![(0, 3.0), (60, 5.0), (120, 50.0)]),
            ("p75".into(), "m".into(), vec![(0, 10.0)]),
            ("n".into(), "m".into(), vec![(0, 7.0)]),
        ]
    );
    assert!(output.metric_data_results.iter().flatten().all(|result| result.status_code == Some(StatusCode::Complete)));
}

#[tokio::test]
async fn data_is_refused_in_awss_words() {
    let house = house();
    let both = MetricDatum { values: Some(vec![1.0]), ..datum("m", 0, 1.0) };
    let none = MetricDatum { value: None, ..datum("m", 0, 1.0) };
    let uneven = MetricDatum { values: Some(vec![1.0]), counts: Some(vec![1.0, 2.0]), ..none.clone() };
    let many = MetricDatum { values: Some(vec![1.0; 151]), ..none.clone() };
    let twice = MetricDatum { dimensions: Some(vec![dimension("a", "1"), dimension("a", "2")]), ..datum("m", 0, 1.0) };
    let resolution = MetricDatum { storage_resolution: Some(30), ..datum("m", 0, 1.0) };
    let set = StatisticSet { sample_count: 2.0, sum: 3.0, minimum: 2.0, maximum: 1.0 };
    let upside_down = MetricDatum { statistic_values: Some(set), ..none.clone() };
    let day = 86_400;
    for (data, expected) in [
        (vec![], "MissingParameter: The parameter MetricData is required."),
        (
            vec![datum("m", 0, 1.0), both],
            "InvalidParameterCombination: The parameters MetricData.member.2.Value and MetricData.member.2.Values are mutually exclusive and you have specified both.",
        ),
        (
            vec![none],
            "InvalidParameterCombination: At least one of the parameters MetricData.member.1.Value and MetricData.member.1.StatisticValues must be specified.",
        ),
        (
            vec![uneven],
            "InvalidParameterValue: The parameters MetricData.member.1.Values and MetricData.member.1.Counts must be of the same size.",
        ),
        (
            vec![many],
            "InvalidParameterValue: The collection MetricData.member.1.Values must not have a size greater than 150.",
        ),
        (
            vec![datum("m", -15 * day, 1.0)],
            "InvalidParameterValue: The parameter MetricData.member.1.Timestamp must specify a time within the past two weeks.",
        ),
        (
            vec![datum("m", 7201, 1.0)],
            "InvalidParameterValue: The parameter MetricData.member.1.Timestamp must specify a time no more than two hours in the future.",
        ),
        (
            vec![datum("m", 0, f64::NAN)],
            "InvalidParameterValue: The value NaN for parameter MetricData.member.1.Value is invalid.",
        ),
        (
            vec![twice],
            "InvalidParameterValue: The parameter MetricData.member.1.Dimensions contains the dimension name a more than once.",
        ),
        (
            vec![resolution],
            "InvalidParameterValue: The parameter MetricData.member.1.StorageResolution must be a value in the set [ 1, 60 ].",
        ),
        (
            vec![upside_down],
            "InvalidParameterValue: The parameter MetricData.member.1.StatisticValues.Maximum must be greater than or equal to MetricData.member.1.StatisticValues.Minimum.",
        ),
        (
            vec![datum("m", 0, 1.0); 1001],
            "InvalidParameterValue: The collection MetricData must not have a size greater than 1000.",
        ),
    ] {
        assert_eq!(refusal(&house, data).await, expected);
    }
    // Nothing of a refused request is stored.
    let listed = house.call::<aws::ListMetrics>(Default::default()).await.unwrap();
    assert!(listed.metrics.unwrap().is_empty());
}

#[tokio::test]
async fn awss_namespaces_are_for_services() {
    let house = house();
    let input = || aws::PutMetricDataInput {
        namespace: "AWS/Lambda".into(),
        metric_data: Some(vec![datum("Errors", 0, 1.0)]),
        ..Default::default()
    };
    let fault = house.call::<aws::PutMetricData>(input()).await.unwrap_err();
    assert_eq!(fault.message, "The value AWS/Lambda for parameter Namespace is invalid.");
    let caller = Arc::new(Caller::service("logs", &AccountId::parse(ACCOUNT).unwrap()));
    house.call_as::<aws::PutMetricData>(&caller, REGION, input()).await.unwrap();
    let entities =
        aws::PutMetricDataInput { namespace: "App".into(), entity_metric_data: Some(vec![]), ..Default::default() };
    assert!(house.call::<aws::PutMetricData>(entities).await.unwrap_err().is_not_served());
}

#[tokio::test]
async fn metrics_are_listed_by_what_they_are_and_when_they_had_data() {
    let house = house();
    let with = |name: &str, dimensions: &[(&str, &str)]| MetricDatum {
        dimensions: Some(dimensions.iter().map(|(name, value)| dimension(name, value)).collect()),
        ..datum(name, 0, 1.0)
    };
    put(&house, vec![with("m", &[("Host", "a"), ("Zone", "z")]), with("m", &[("Host", "b")]), with("n", &[])])
        .await
        .unwrap();
    let list = async |input: aws::ListMetricsInput| {
        let listed = house.call::<aws::ListMetrics>(input).await.unwrap();
        let metrics = listed.metrics.unwrap().into_iter();
        let named = metrics.map(|metric| {
            let dimensions = metric.dimensions.unwrap().into_iter().map(|one| format!("{}={}", one.name, one.value));
            format!("{} {}", metric.metric_name.unwrap(), dimensions.collect::<Vec<_>>().join(","))
        });
        named.collect::<Vec<_>>()
    };
    let filter = |name: &str, value: Option<&str>| {
        Some(vec![aws::DimensionFilter { name: name.into(), value: value.map(Into::into) }])
    };
    assert_eq!(list(Default::default()).await, ["m Host=a,Zone=z", "m Host=b", "n "]);
    let by = aws::ListMetricsInput {
        metric_name: Some("m".into()),
        dimensions: filter("Host", Some("b")),
        ..Default::default()
    };
    assert_eq!(list(by).await, ["m Host=b"]);
    assert_eq!(
        list(aws::ListMetricsInput { dimensions: filter("Zone", None), ..Default::default() }).await,
        ["m Host=a,Zone=z"]
    );
    assert!(list(aws::ListMetricsInput { namespace: Some("Ap".into()), ..Default::default() }).await.is_empty());
    let recent = || aws::ListMetricsInput { recently_active: Some(aws::RecentlyActive::Pt3h), ..Default::default() };
    assert_eq!(list(recent()).await.len(), 3);
    house.advance(Duration::from_secs(4 * 3600)).await;
    assert!(list(recent()).await.is_empty());
    assert_eq!(list(Default::default()).await.len(), 3);
    house.advance(Duration::from_secs(14 * 86_400)).await;
    assert!(list(Default::default()).await.is_empty());
}

#[tokio::test]
async fn lists_come_in_pages_of_500() {
    let house = house();
    put(&house, (0..1000).map(|number| datum(&format!("m{number:04}"), 0, 1.0)).collect()).await.unwrap();
    put(&house, vec![datum("last", 0, 1.0)]).await.unwrap();
    let mut sizes = Vec::new();
    let mut next_token = None;
    loop {
        let input = aws::ListMetricsInput { next_token: next_token.clone(), ..Default::default() };
        let page = house.call::<aws::ListMetrics>(input).await.unwrap();
        sizes.push(page.metrics.unwrap().len());
        next_token = page.next_token;
        if next_token.is_none() {
            break;
        }
    }
    assert_eq!(sizes, [500, 500, 1]);
    let bad = aws::ListMetricsInput { next_token: Some("x".into()), ..Default::default() };
    assert_eq!(house.call::<aws::ListMetrics>(bad).await.unwrap_err().code, "InvalidNextToken");
}

#[tokio::test]
async fn statistics_of_different_units_stay_apart() {
    let house = house();
    let unit = |unit: StandardUnit, value: f64| MetricDatum { unit: Some(unit), ..datum("m", 0, value) };
    put(
        &house,
        vec![unit(StandardUnit::Seconds, 1.0), unit(StandardUnit::Bytes, 100.0), unit(StandardUnit::Seconds, 3.0)],
    )
    .await
    .unwrap();
    let input = |unit: Option<StandardUnit>| aws::GetMetricStatisticsInput {
        namespace: "App".into(),
        metric_name: "m".into(),
        start_time: at(0),
        end_time: at(600),
        period: 300,
        statistics: Some(vec![aws::Statistic::Average, aws::Statistic::Maximum]),
        extended_statistics: Some(vec!["p99".into(), "TM(:50%)".into()]),
        unit,
        ..Default::default()
    };
    let both = house.call::<aws::GetMetricStatistics>(input(None)).await.unwrap();
    assert_eq!(both.label.as_deref(), Some("m"));
    let points = both.datapoints.unwrap();
    let averages: Vec<_> = points.iter().map(|point| (point.unit, point.average, point.maximum, point.sum)).collect();
    assert_eq!(averages.len(), 2);
    assert!(averages.contains(&(Some(StandardUnit::Seconds), Some(2.0), Some(3.0), None)));
    assert!(averages.contains(&(Some(StandardUnit::Bytes), Some(100.0), Some(100.0), None)));
    let seconds = house.call::<aws::GetMetricStatistics>(input(Some(StandardUnit::Seconds))).await.unwrap();
    let [point] = &seconds.datapoints.unwrap()[..] else { panic!("one point") };
    assert_eq!(point.extended_statistics.clone().unwrap(), [("TM(:50%)".into(), 1.0), ("p99".into(), 3.0)].into());
    assert_eq!(point.timestamp, Some(at(0)));
}

#[tokio::test]
async fn statistics_are_refused_in_awss_words() {
    let house = house();
    let input = || aws::GetMetricStatisticsInput {
        namespace: "App".into(),
        metric_name: "m".into(),
        start_time: at(0),
        end_time: at(86_400),
        period: 60,
        statistics: Some(vec![aws::Statistic::Average]),
        ..Default::default()
    };
    house.call::<aws::GetMetricStatistics>(input()).await.unwrap();
    for (input, expected) in [
        (
            aws::GetMetricStatisticsInput { end_time: at(86_460), ..input() },
            "InvalidParameterCombination: You have requested up to 1441 datapoints, which exceeds the limit of 1440. You may reduce the datapoints requested by increasing Period, or decreasing the time range.",
        ),
        (
            aws::GetMetricStatisticsInput { end_time: at(0), ..input() },
            "InvalidParameterCombination: The parameter StartTime must be less than the parameter EndTime.",
        ),
        (
            aws::GetMetricStatisticsInput { statistics: None, ..input() },
            "InvalidParameterCombination: Must specify either Statistics or ExtendedStatistics",
        ),
        (
            aws::GetMetricStatisticsInput { period: 90, ..input() },
            "InvalidParameterValue: The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60.",
        ),
        (
            aws::GetMetricStatisticsInput { extended_statistics: Some(vec!["p101".into()]), ..input() },
            "InvalidParameterValue: The value p101 for parameter ExtendedStatistics.member.1 is not a valid statistic.",
        ),
    ] {
        let fault = house.call::<aws::GetMetricStatistics>(input).await.unwrap_err();
        assert_eq!(format!("{}: {}", fault.code, fault.message), expected);
    }
}

#[tokio::test]
async fn expressions_are_evaluated_over_metrics_searches_and_each_other() {
    let house = house();
    house.advance(Duration::from_secs(240)).await;
    let errors: Vec<_> = (0..4).map(|minute| datum("errors", 60 * minute, 1.0)).collect();
    let calls: Vec<_> = (0..4).map(|minute| datum("calls", 60 * minute, 10.0 * (minute + 1) as f64)).collect();
    put(&house, errors.into_iter().chain(calls).collect()).await.unwrap();
    let disks = [("java", "i-1", 40.0), ("rust", "i-2", 10.0)].map(|(exe, instance, value)| MetricDatum {
        dimensions: Some(vec![dimension("exe", exe), dimension("InstanceId", instance)]),
        ..datum("disk_used_percent", 0, value)
    });
    put(&house, disks.into()).await.unwrap();
    let hidden = |query: MetricDataQuery| MetricDataQuery { return_data: Some(false), ..query };
    let labelled = |query: MetricDataQuery, label: &str| MetricDataQuery { label: Some(label.into()), ..query };
    let output = data(
        &house,
        vec![
            hidden(query("m1", "errors", "Sum", 60)),
            hidden(query("m2", "calls", "Sum", 60)),
            hidden(query("none", "nothing", "Sum", 60)),
            labelled(expression("rate", "100 * m1 / m2"), "errors: ${MAX}%"),
            expression("filled", "FILL(none, 0) + e"),
            hidden(expression("e", "METRIC_COUNT(METRICS())")),
            hidden(expression("e1", "SEARCH(\"disk_used_percent\", 'Average', 300)")),
            labelled(
                expression("top", "SORT(e1, SUM, DEC, 3)"),
                "${PROP('Dim.exe')} - ${PROP('Dim.InstanceId')} - ${PROP('MetricName')}",
            ),
            expression("found", "REMOVE_EMPTY(SEARCH('{App,exe,InstanceId} InstanceId=\"i-2\"', 'Sum', 300))"),
        ],
        0,
        240,
    )
    .await;
    let of = |id: &str, label: &str, points: &[(i64, f64)]| (id.to_owned(), label.to_owned(), points.to_vec());
    let rates = [(0, 10.0), (60, 5.0), (120, 100.0 / 30.0), (180, 2.5)];
    assert_eq!(
        shown(&output),
        [
            of("rate", "errors: 10%", &rates),
            of("filled", "filled", &[(0, 3.0), (60, 3.0), (120, 3.0), (180, 3.0)]),
            of("top", "java - i-1 - disk_used_percent", &[(0, 40.0)]),
            of("top", "rust - i-2 - disk_used_percent", &[(0, 10.0)]),
            of("found", "disk_used_percent", &[(0, 10.0)]),
        ]
    );
}

#[tokio::test]
async fn queries_that_make_no_sense_are_refused_in_awss_words() {
    let house = house();
    let m1 = || query("m1", "m", "Sum", 60);
    for (queries, expected) in [
        (vec![expression("e1", "m1 +")], "Error in expression 'e1' [Invalid syntax]"),
        (vec![expression("e1", "m1 + 1")], "Error in expression 'e1' [Undefined variable 'm1']"),
        (
            vec![m1(), expression("e1", "[m1] + [m1]")],
            "Error in expression 'e1' [Unsupported operand type(s) for +: 'Array[TimeSeries]' and 'Array[TimeSeries]']",
        ),
        (
            vec![expression("e1", "e2"), expression("e2", "e1")],
            "Error in expression 'e1' [Circular dependency between expressions]",
        ),
        (
            vec![expression("e1", "5")],
            "Error in expression 'e1' [The expression must return a time series or an array of time series, not Scalar]",
        ),
        (
            vec![expression("e1", "SELECT AVG(x) FROM \"App\"")],
            "Error in expression 'e1' [haar does not serve SELECT: it has no Metrics Insights]",
        ),
        (vec![m1(), m1()], "The values for parameter id in MetricDataQueries are not unique."),
        (
            vec![query("M1", "m", "Sum", 60), query("m2", "m", "Min", 60), query("m3", "m", "Sum", 61)],
            "The value M1 for parameter MetricDataQueries.member.1.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.\nThe value Min for parameter MetricDataQueries.member.2.MetricStat.Stat is not a valid statistic.\nThe parameter MetricDataQueries.member.3.MetricStat.Period must be 1, 5, 10, 20, 30 or a multiple of 60.",
        ),
    ] {
        let fault = house.call::<aws::GetMetricData>(request(queries, 0, 600)).await.unwrap_err();
        assert_eq!((fault.code.as_ref(), fault.message.as_str()), ("ValidationError", expected));
    }
    let backwards = house.call::<aws::GetMetricData>(request(vec![m1()], 600, 0)).await.unwrap_err();
    assert_eq!(backwards.message, "The parameter StartTime must be less than the parameter EndTime.");
}

#[tokio::test]
async fn expressions_may_depend_on_each_other_through_the_whole_request() {
    let house = house();
    put(&house, vec![datum("m", 0, 1.0)]).await.unwrap();
    let mut queries = vec![query("e499", "m", "Sum", 60)];
    let chain = (0..499).map(|number| MetricDataQuery {
        return_data: Some(number == 0),
        ..expression(&format!("e{number}"), &format!("e{} + 1", number + 1))
    });
    queries.extend(chain);
    queries[0].return_data = Some(false);
    assert_eq!(shown(&data(&house, queries, 0, 60).await), [("e0".into(), "e0".into(), vec![(0, 500.0)])]);
    let bands = vec![
        query("m1", "m", "Sum", 60),
        expression("e1", "ANOMALY_DETECTION_BAND(e2)"),
        expression("e2", "FIRST(ANOMALY_DETECTION_BAND(m1))"),
    ];
    let fault = house.call::<aws::GetMetricData>(request(bands, 0, 60)).await.unwrap_err();
    assert_eq!(fault.message, "Error in expression 'e1' [ANOMALY_DETECTION_BAND cannot be made of another band]");
}

#[tokio::test]
async fn pages_hold_no_more_points_than_asked_for_and_lose_none() {
    let house = house();
    house.advance(Duration::from_secs(600)).await;
    let points = (0..10).flat_map(|minute| ["a", "b"].map(|name| datum(name, 60 * minute, minute as f64)));
    put(&house, points.collect()).await.unwrap();
    for math in [false, true] {
        let mut queries = vec![query("a", "a", "Sum", 60), query("none", "c", "Sum", 60), query("b", "b", "Sum", 60)];
        if math {
            queries.push(expression("e", "a * 1"));
        }
        let mut all: Vec<(String, Vec<f64>)> = Vec::new();
        let mut next_token = None;
        let mut pages = 0;
        loop {
            let input = aws::GetMetricDataInput {
                max_datapoints: Some(7),
                next_token: next_token.clone(),
                scan_by: None,
                ..request(queries.clone(), 0, 600)
            };
            let page = house.call::<aws::GetMetricData>(input).await.unwrap();
            let results = page.metric_data_results.unwrap();
            assert!(results.iter().map(|result| result.values.as_ref().unwrap().len()).sum::<usize>() <= 7);
            for result in results {
                let (id, values) = (result.id.unwrap(), result.values.unwrap());
                match all.iter_mut().find(|(known, _)| *known == id) {
                    Some((_, known)) => known.extend(values),
                    None => all.push((id, values)),
                }
            }
            pages += 1;
            next_token = page.next_token;
            if next_token.is_none() {
                break;
            }
        }
        // The newest first, where nothing else is said.
        let descending: Vec<f64> = (0..10).rev().map(f64::from).collect();
        let mut expected =
            vec![("a".to_owned(), descending.clone()), ("none".into(), vec![]), ("b".into(), descending.clone())];
        if math {
            expected.push(("e".into(), descending));
        }
        assert_eq!(all, expected);
        assert_eq!(pages, if math { 5 } else { 3 });
    }
}

#[tokio::test]
async fn high_resolution_is_kept_for_three_hours() {
    let house = house();
    let fine = |seconds: i64| MetricDatum { storage_resolution: Some(1), ..datum("m", seconds, 1.0) };
    put(&house, vec![fine(0), fine(1), fine(11)]).await.unwrap();
    let by = async |period: i32| shown(&data(&house, vec![query("m1", "m", "Sum", period)], 0, 60).await)[0].2.clone();
    assert_eq!(by(1).await, [(0, 1.0), (1, 1.0), (11, 1.0)]);
    assert_eq!(by(10).await, [(0, 2.0), (10, 1.0)]);
    house.advance(Duration::from_secs(5 * 3600)).await;
    assert_eq!(by(1).await, []);
    assert_eq!(by(60).await, [(0, 3.0)]);
}

#[tokio::test]
async fn a_month_makes_points_coarser_and_loses_none() {
    let house = house();
    for hour in 0..3 {
        let points = (0..60).map(|minute| datum("m", 3600 * hour + 60 * minute, 1.0)).collect();
        put(&house, points).await.unwrap();
        house.advance(Duration::from_secs(3600)).await;
    }
    house.advance(Duration::from_secs(30 * 86_400)).await;
    let by =
        async |period: i32| shown(&data(&house, vec![query("m1", "m", "Sum", period)], 0, 4 * 3600).await)[0].2.clone();
    assert_eq!(by(60).await, []);
    assert_eq!(by(300).await.len(), 36);
    assert_eq!(by(3600).await, [(0, 60.0), (3600, 60.0), (7200, 60.0)]);
}

/// An account of its own for what services measure.
const OWNER: &str = "222222222222";

async fn note(house: &TestHouse, value: f64) {
    let caller = Arc::new(Caller::service("lambda", &AccountId::parse(OWNER).unwrap()));
    let origin = Arc::new(haar_platform::kernel::ctx::Origin::internal("test"));
    let region = Region::parse("eu-west-1").unwrap();
    let ctx = haar_platform::kernel::Ctx::new(house.platform.house.clone(), caller, region, origin);
    ctx.measure(Measure::count("AWS/Lambda", "Invocations", value).of("FunctionName", "echo"));
    ctx.note("FunctionInvoked").await;
}

async fn invocations(house: &TestHouse) -> Vec<(i64, f64)> {
    let dimensions = Some(vec![dimension("FunctionName", "echo")]);
    let metric = Metric { namespace: Some("AWS/Lambda".into()), metric_name: Some("Invocations".into()), dimensions };
    let metric_stat = MetricStat { metric, period: 60, stat: "Sum".into(), unit: Some(StandardUnit::Count) };
    let query = MetricDataQuery { id: "m1".into(), metric_stat: Some(metric_stat), ..Default::default() };
    let input = request(vec![query], 0, 600);
    let output = house.call_as::<aws::GetMetricData>(&house.root(OWNER), "eu-west-1", input).await;
    shown(&output.unwrap())[0].2.clone()
}

#[tokio::test]
async fn measures_of_services_become_metrics_each_counted_once() {
    let house = house();
    note(&house, 1.0).await;
    note(&house, 2.0).await;
    assert_eq!(invocations(&house).await, [(0, 3.0)]);
    assert_eq!(invocations(&house).await, [(0, 3.0)]);
    house.advance(Duration::from_secs(90)).await;
    note(&house, 4.0).await;
    house.advance(Duration::from_secs(90)).await;
    assert_eq!(invocations(&house).await, [(0, 3.0), (60, 4.0)]);
    // Another account has none of them.
    assert!(house.call::<aws::ListMetrics>(Default::default()).await.unwrap().metrics.unwrap().is_empty());
    let listed = house.call_as::<aws::ListMetrics>(&house.root(OWNER), "eu-west-1", Default::default()).await.unwrap();
    assert_eq!(listed.metrics.unwrap().len(), 1);
}

#[tokio::test]
async fn measures_are_counted_once_over_a_restart_too() {
    let folder = tempfile::tempdir().unwrap();
    let open = || {
        TestHouse::with_authority(Config::at(folder.path()), |platform| {
            (vec![service(platform)], Arc::<FixedAuthority>::default() as Arc<dyn Authority>)
        })
    };
    let close = async |house: &TestHouse| {
        house.platform.ledger.close().await.unwrap();
        house.platform.store.close().await.unwrap();
    };
    let house = open();
    note(&house, 1.0).await;
    assert_eq!(invocations(&house).await, [(0, 1.0)]);
    // Recorded, and not read before the end.
    note(&house, 2.0).await;
    close(&house).await;
    drop(house);
    let house = open();
    assert_eq!(invocations(&house).await, [(0, 3.0)]);
    close(&house).await;
}

#[tokio::test]
async fn a_search_that_finds_too_much_says_so() {
    let house = house();
    let hosts = (0..501).map(|number| MetricDatum {
        dimensions: Some(vec![dimension("Host", &format!("h{number}"))]),
        ..datum("m", 0, 1.0)
    });
    put(&house, hosts.collect()).await.unwrap();
    let output = data(&house, vec![expression("e1", "SEARCH('{App,Host}', 'Sum', 60)")], 0, 60).await;
    assert_eq!(output.metric_data_results.unwrap().len(), 500);
    let messages = output.messages.unwrap();
    assert_eq!(messages[0].value.as_deref(), Some("Maximum number of allowed metrics exceeded"));
}

#[tokio::test]
async fn a_detector_knows_how_much_it_has_learnt_and_draws_its_band() {
    let house = house();
    let put_input = |namespace: &str| aws::PutAnomalyDetectorInput {
        single_metric_anomaly_detector: Some(aws::SingleMetricAnomalyDetector {
            namespace: Some(namespace.into()),
            metric_name: Some("m".into()),
            stat: Some("Average".into()),
            ..Default::default()
        }),
        ..Default::default()
    };
    let made = house.call::<aws::PutAnomalyDetector>(put_input("App")).await.unwrap();
    let again = house.call::<aws::PutAnomalyDetector>(put_input("App")).await.unwrap();
    assert_eq!(made.anomaly_detector_id, again.anomaly_detector_id);
    let state = async || {
        let described = house.call::<aws::DescribeAnomalyDetectors>(Default::default()).await.unwrap();
        let [detector] = &described.anomaly_detectors.unwrap()[..] else { panic!("one detector") };
        assert_eq!(detector.metric_name.as_deref(), Some("m"));
        detector.state_value.unwrap()
    };
    assert_eq!(state().await, AnomalyDetectorStateValue::PendingTraining);
    for day in 0..5 {
        let points =
            (0..288).map(|step| datum("m", 86_400 * day + 300 * step, f64::from(u8::from(step % 2 == 0)) * 2.0));
        house.advance(Duration::from_secs(86_400)).await;
        put(&house, points.collect()).await.unwrap();
        if day == 0 {
            assert_eq!(state().await, AnomalyDetectorStateValue::TrainedInsufficientData);
        }
    }
    assert_eq!(state().await, AnomalyDetectorStateValue::Trained);
    let queries = vec![query("m1", "m", "Average", 300), expression("ad1", "ANOMALY_DETECTION_BAND(m1, 2)")];
    let output = shown(&data(&house, queries, 5 * 86_400 - 600, 5 * 86_400).await);
    assert_eq!(output[1].1, "m upper");
    assert_eq!(output[1].2, [(5 * 86_400 - 600, 3.0), (5 * 86_400 - 300, 3.0)]);
    assert_eq!(output[2].2, [(5 * 86_400 - 600, -1.0), (5 * 86_400 - 300, -1.0)]);
    let id = aws::DeleteAnomalyDetectorInput { anomaly_detector_id: made.anomaly_detector_id, ..Default::default() };
    house.call::<aws::DeleteAnomalyDetector>(id.clone()).await.unwrap();
    assert_eq!(house.call::<aws::DeleteAnomalyDetector>(id).await.unwrap_err().code, "ResourceNotFoundException");
}

#[tokio::test]
async fn settings_that_our_model_does_not_know_are_refused_by_name() {
    let house = house();
    let input = aws::PutAnomalyDetectorInput {
        namespace: Some("App".into()),
        metric_name: Some("m".into()),
        stat: Some("Average".into()),
        configuration: Some(aws::AnomalyDetectorConfiguration {
            metric_timezone: Some("Europe/Berlin".into()),
            ..Default::default()
        }),
        ..Default::default()
    };
    let fault = house.call::<aws::PutAnomalyDetector>(input).await.unwrap_err();
    assert!(fault.is_not_served() && fault.message.contains("MetricTimezone"), "{fault}");
}
