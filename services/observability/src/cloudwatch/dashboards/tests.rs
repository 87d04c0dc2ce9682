//! Dashboards through the pipeline.

use std::time::Duration;

use haar_gateway::testkit::{ACCOUNT, TestHouse};
use haar_platform::aws::cloudwatch as aws;
use haar_platform::kernel::Fault;
use haar_platform::kernel::serde_json::{Value as Json, json};

use crate::cloudwatch::service;

fn house() -> TestHouse {
    TestHouse::open(|platform| vec![service(platform)])
}

async fn put(house: &TestHouse, name: &str, body: &str) -> Result<Vec<(String, String)>, Fault> {
    let input =
        aws::PutDashboardInput { dashboard_name: name.into(), dashboard_body: body.into(), ..Default::default() };
    let answer = house.call::<aws::PutDashboard>(input).await?;
    let messages = answer.dashboard_validation_messages.unwrap().into_iter();
    Ok(messages.map(|message| (message.data_path.unwrap(), message.message.unwrap())).collect())
}

fn metric(properties: Json) -> Json {
    json!({"widgets": [{"type": "metric", "x": 0, "y": 0, "width": 6, "height": 6, "properties": properties}]})
}

fn of_metrics(metrics: Json) -> Json {
    metric(json!({"region": "us-east-1", "metrics": metrics}))
}

/// What is wrong with a body: place and message.
async fn wrong(body: &Json) -> Vec<(String, String)> {
    let fault = put(&house(), "d", &body.to_string()).await.unwrap_err();
    assert_eq!((&*fault.code, fault.status), ("InvalidParameterInput", 400));
    let (_, listed) = fault.message.split_once(" validation errors:\n").unwrap();
    let listed: Vec<Json> = listed.parse::<Json>().unwrap().as_array().unwrap().clone();
    let text = |json: &Json| json.as_str().unwrap().to_owned();
    listed.iter().map(|finding| (text(&finding["dataPath"]), text(&finding["message"]))).collect()
}

#[tokio::test]
async fn a_dashboard_is_kept_byte_for_byte() {
    let house = house();
    let body = r#"{ "widgets" : [ {"type":"text","properties":{"markdown":"a"}} ] }"#;
    assert_eq!(put(&house, "lab", body).await.unwrap(), []);
    let got = house.call::<aws::GetDashboard>(aws::GetDashboardInput { dashboard_name: "lab".into() }).await.unwrap();
    assert_eq!(got.dashboard_body.as_deref(), Some(body));
    assert_eq!(got.dashboard_arn.unwrap(), format!("arn:aws:cloudwatch::{ACCOUNT}:dashboard/lab"));
    house.advance(Duration::from_secs(60)).await;
    put(&house, "lab-2", "{\"widgets\":[]}").await.unwrap();
    let list = aws::ListDashboardsInput { dashboard_name_prefix: Some("lab-".into()), ..Default::default() };
    let entries = house.call::<aws::ListDashboards>(list).await.unwrap().dashboard_entries.unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!((entries[0].size, entries[0].last_modified), (Some(14), Some(house.now())));
}

#[tokio::test]
async fn dashboards_are_of_no_region() {
    let house = house();
    put(&house, "lab", "{\"widgets\":[]}").await.unwrap();
    let input = aws::GetDashboardInput { dashboard_name: "lab".into() };
    house.call_as::<aws::GetDashboard>(&house.root(ACCOUNT), "eu-west-1", input).await.unwrap();
}

#[tokio::test]
async fn dashboards_are_deleted_all_or_none() {
    let house = house();
    put(&house, "a", "{\"widgets\":[]}").await.unwrap();
    let delete = |names: &[&str]| aws::DeleteDashboardsInput {
        dashboard_names: names.iter().map(|name| (*name).to_owned()).collect(),
    };
    let fault = house.call::<aws::DeleteDashboards>(delete(&["a", "b"])).await.unwrap_err();
    assert_eq!(
        (&*fault.code, fault.message.as_str()),
        ("ResourceNotFound", "The specified dashboard does not exist. [b]")
    );
    house.call::<aws::DeleteDashboards>(delete(&["a"])).await.unwrap();
    let input = aws::GetDashboardInput { dashboard_name: "a".into() };
    assert_eq!(house.call::<aws::GetDashboard>(input).await.unwrap_err().message, "Dashboard a does not exist");
}

#[tokio::test]
async fn names_and_texts_that_are_none_are_refused() {
    let house = house();
    let fault = put(&house, "a b", "{}").await.unwrap_err();
    assert!(fault.message.starts_with("The value for field DashboardName contains invalid characters."));
    for body in ["", "[]", "{", "widgets"] {
        let fault = put(&house, "d", body).await.unwrap_err();
        assert_eq!(fault.message, "The field DashboardBody must be a valid JSON object", "{body}");
    }
}

#[tokio::test]
async fn every_kind_of_widget_is_taken() {
    let body = json!({
        "start": "-PT6H", "periodOverride": "auto",
        "widgets": [
            {"type": "metric", "x": 0, "y": 0, "width": 24, "height": 6, "properties": {
                "title": "t", "view": "timeSeries", "stacked": false, "region": "us-east-1", "stat": "p99", "period": 300,
                "metrics": [
                    ["AWS/EC2", "CPUUtilization", "InstanceId", "i-1", {"color": "#ff0000", "id": "m1"}],
                    ["...", "i-2", {"yAxis": "right"}],
                    [".", "NetworkIn", ".", "."],
                    ["App", "errors"],
                    [{"expression": "SUM(METRICS())", "label": "all", "id": "e1", "visible": false}],
                ],
                "yAxis": {"left": {"min": 0, "max": 100.5, "label": "%", "showUnits": false}},
                "legend": {"position": "bottom"},
                "annotations": {
                    "horizontal": [{"value": 5, "label": "limit"}, [{"value": 1}, {"value": 2}]],
                    "vertical": [{"value": "2026-01-01T00:00:00Z", "fill": "after"}],
                },
            }},
            {"type": "text", "properties": {"markdown": "# x", "background": "transparent"}},
            {"type": "log", "properties": {"query": "SOURCE 'a' | fields @message", "region": "us-east-1", "view": "table"}},
            {"type": "alarm", "properties": {"alarms": ["arn:aws:cloudwatch:us-east-1:1:alarm:a"], "states": ["ALARM"]}},
            {"type": "custom", "properties": {"endpoint": "arn:aws:lambda:us-east-1:1:function:f", "params": {"a": 1}}},
            {"type": "explorer", "properties": {"labels": [{"key": "a"}], "metrics": [{"metricName": "m"}]}},
        ],
    });
    assert_eq!(put(&house(), "d", &body.to_string()).await.unwrap(), []);
}

#[tokio::test]
async fn what_nobody_knows_is_odd_and_no_error() {
    let mut body = of_metrics(json!([["App", "errors"]]));
    body["widgets"][0]["properties"]["colour"] = "red".into();
    let odd = put(&house(), "d", &body.to_string()).await.unwrap();
    assert_eq!(odd, [("/widgets/0/properties/colour".into(), "Should NOT have additional properties".into())]);
}

#[tokio::test]
async fn faults_are_listed_with_their_places() {
    const SHAPE: &str = "Field \"metrics\" has to be an array of array of strings, with an optional metricRenderer \
                         object as last element";
    const SOURCE: &str = "The metric widget should have specified a region and a data source or an alarm annotation";
    let properties = "/widgets/0/properties";
    let first = "/widgets/0/properties/metrics/0";
    for (body, expected) in [
        (json!({}), vec![("", "Should have required property 'widgets'")]),
        (json!({"widgets": 1}), vec![("/widgets", "Should be array")]),
        (json!({"widgets": [1]}), vec![("/widgets/0", "Should be object")]),
        (json!({"widgets": [], "end": "x"}), vec![("", "Should have property start when property end is present")]),
        (
            json!({"widgets": [{}]}),
            vec![
                ("/widgets/0", "Should have required property 'type'"),
                ("/widgets/0", "Should have required property 'properties'"),
            ],
        ),
        (
            json!({"widgets": [{"type": "text", "width": 25, "height": 0, "x": 1, "properties": {"markdown": ""}}]}),
            vec![
                ("/widgets/0/height", "Should be >= 1"),
                ("/widgets/0/width", "Should be <= 24"),
                ("/widgets/0", "Should have property y when property x is present"),
            ],
        ),
        (
            json!({"widgets": [{"type": "picture", "properties": {}}]}),
            vec![("/widgets/0/type", "Should be equal to one of the allowed values")],
        ),
        (
            metric(json!({"region": "us-east-1"})),
            vec![
                (properties, "Should have required property 'metrics'"),
                (properties, SOURCE),
                (properties, "Should have required property 'annotations'"),
            ],
        ),
        (metric(json!({"metrics": [["a", "b"]]})), vec![(properties, SOURCE)]),
        (of_metrics(json!(["a"])), vec![(first, "Should be array"), (first, SHAPE)]),
        (
            of_metrics(json!([["a", 1]])),
            vec![("/widgets/0/properties/metrics/0/1", "Should be string"), (first, SHAPE)],
        ),
        (of_metrics(json!([["a"]])), vec![(first, "Should NOT have fewer than 2 items")]),
        (of_metrics(json!([["a", "b", "c"]])), vec![(first, "Each dimension name should have a dimension value")]),
        (of_metrics(json!([["...", "x"]])), vec![(first, "The first metric should not repeat the one before it")]),
        (
            of_metrics(json!([["a", "b", {"color": "red", "yAxis": "up", "period": 45}]])),
            vec![
                ("/widgets/0/properties/metrics/0/2/yAxis", "Should be equal to one of the allowed values"),
                ("/widgets/0/properties/metrics/0/2/period", "Should be 1, 5, 10, 20, 30 or a multiple of 60"),
                (
                    "/widgets/0/properties/metrics/0/2/color",
                    "Should match pattern \"^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$\"",
                ),
            ],
        ),
    ] {
        let mut found = wrong(&body).await;
        let mut expected: Vec<_> =
            expected.into_iter().map(|(path, message)| (path.to_owned(), message.to_owned())).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{body}");
    }
}
