//! What alarms make of data, as the clock moves.

use haar_platform::aws::cloudwatch::{EvaluationState, Metric, MetricDataQuery, MetricStat};
use haar_platform::kernel::serde_json::{Value as Json, json};

use super::*;

#[tokio::test]
async fn an_alarm_goes_up_and_down_with_its_metric_in_awss_words() {
    let (house, _) = open().await;
    put(&house, errors()).await;
    let fresh = alarm(&house, "errors").await;
    assert_eq!(fresh.state_reason.as_deref(), Some("Unchecked: Initial alarm creation"));
    assert_eq!(state(&house, "errors").await, "INSUFFICIENT_DATA");
    data(&house, "errors", 5, 11.0).await;
    until(&house, 60).await;
    let raised = alarm(&house, "errors").await;
    assert_eq!(state(&house, "errors").await, "ALARM");
    assert_eq!(
        raised.state_reason.as_deref(),
        Some(
            "Threshold Crossed: 1 out of the last 1 datapoints [11.0 (01/01/26 00:00:00)] was greater than the threshold \
             (10.0) (minimum 1 datapoint for OK -> ALARM transition)."
        )
    );
    let reason: Json = raised.state_reason_data.unwrap().parse().unwrap();
    assert_eq!(
        reason,
        json!({
            "version": "1.0",
            "queryDate": "2026-01-01T00:01:00.000+0000",
            "startDate": "2026-01-01T00:00:00.000+0000",
            "statistic": "Sum",
            "period": 60,
            "recentDatapoints": [11.0],
            "threshold": 10.0,
            "evaluatedDatapoints":
                [{"timestamp": "2026-01-01T00:00:00.000+0000", "sampleCount": 1.0, "value": 11.0}],
        })
    );
    assert_eq!(raised.state_transitioned_timestamp, Some(at(60)));
    data(&house, "errors", 65, 1.0).await;
    until(&house, 120).await;
    let fallen = alarm(&house, "errors").await;
    assert_eq!(
        fallen.state_reason.as_deref(),
        Some(
            "Threshold Crossed: 1 out of the last 1 datapoints [1.0 (01/01/26 00:01:00)] was not greater than the \
             threshold (10.0) (minimum 1 datapoint for ALARM -> OK transition)."
        )
    );
    until(&house, 400).await;
    let silent = alarm(&house, "errors").await;
    assert_eq!(silent.state_reason.as_deref(), Some("Insufficient Data: 1 datapoint was unknown."));
    assert_eq!(
        summaries(&history(&house, "errors", HistoryItemType::StateUpdate).await),
        [
            "Alarm updated from OK to INSUFFICIENT_DATA",
            "Alarm updated from ALARM to OK",
            "Alarm updated from INSUFFICIENT_DATA to ALARM",
        ]
    );
}

#[tokio::test]
async fn missing_data_counts_as_asked() {
    let (house, _) = open().await;
    for missing in ["missing", "ignore", "breaching", "notBreaching"] {
        let input = aws::PutMetricAlarmInput {
            alarm_name: missing.into(),
            treat_missing_data: Some(missing.into()),
            evaluation_periods: Some(2),
            ..errors()
        };
        put(&house, input).await;
    }
    until(&house, 60).await;
    let mut states = Vec::new();
    for missing in ["missing", "ignore", "breaching", "notBreaching"] {
        let alarm = alarm(&house, missing).await;
        states.push((alarm.state_value.unwrap().as_str(), alarm.state_reason.unwrap()));
    }
    let periods = "no datapoints were received for 2 periods and 2 missing datapoints were treated as";
    assert_eq!(
        states,
        [
            ("INSUFFICIENT_DATA", "Insufficient Data: 2 datapoints were unknown.".into()),
            ("INSUFFICIENT_DATA", "Unchecked: Initial alarm creation".into()),
            ("ALARM", format!("Threshold Crossed: {periods} [Breaching].")),
            ("OK", format!("Threshold Crossed: {periods} [NonBreaching].")),
        ]
    );
}

#[tokio::test]
async fn two_breaching_datapoints_of_three_raise_an_alarm() {
    let (house, _) = open().await;
    let input = aws::PutMetricAlarmInput {
        statistic: Some(Statistic::Average),
        evaluation_periods: Some(3),
        datapoints_to_alarm: Some(2),
        ..errors()
    };
    put(&house, input).await;
    for (minute, value) in [(0, 11.0), (1, 1.0), (2, 12.5)] {
        data(&house, "errors", 60 * minute, value).await;
    }
    until(&house, 180).await;
    let raised = alarm(&house, "errors").await;
    assert_eq!(
        raised.state_reason.as_deref(),
        Some(
            "Threshold Crossed: 2 out of the last 3 datapoints [12.5 (01/01/26 00:02:00), 11.0 (01/01/26 00:00:00)] were \
             greater than the threshold (10.0) (minimum 2 datapoints for OK -> ALARM transition)."
        )
    );
}

#[tokio::test]
async fn periods_slide_with_the_clock() {
    let (house, _) = open().await;
    put(&house, aws::PutMetricAlarmInput { period: Some(300), ..errors() }).await;
    data(&house, "errors", 290, 6.0).await;
    data(&house, "errors", 310, 6.0).await;
    until(&house, 300).await;
    assert_eq!(state(&house, "errors").await, "OK");
    until(&house, 360).await;
    assert_eq!(state(&house, "errors").await, "ALARM");
}

#[tokio::test]
async fn an_alarm_of_ten_seconds_is_evaluated_every_ten() {
    let (house, _) = open().await;
    put(&house, aws::PutMetricAlarmInput { period: Some(10), ..errors() }).await;
    let datum = MetricDatum {
        metric_name: "errors".into(),
        timestamp: Some(at(3)),
        value: Some(11.0),
        storage_resolution: Some(1),
        ..Default::default()
    };
    let input =
        aws::PutMetricDataInput { namespace: "App".into(), metric_data: Some(vec![datum]), ..Default::default() };
    house.call::<aws::PutMetricData>(input).await.unwrap();
    until(&house, 10).await;
    assert_eq!(state(&house, "errors").await, "ALARM");
    until(&house, 60).await;
    assert_eq!(state(&house, "errors").await, "INSUFFICIENT_DATA");
}

fn of_metric(id: &str, name: &str) -> MetricDataQuery {
    let metric = Metric { namespace: Some("App".into()), metric_name: Some(name.into()), dimensions: Some(Vec::new()) };
    let metric_stat = MetricStat { metric, period: 60, stat: "Sum".into(), unit: None };
    MetricDataQuery { id: id.into(), metric_stat: Some(metric_stat), return_data: Some(false), ..Default::default() }
}

fn math(name: &str, expression: &str) -> aws::PutMetricAlarmInput {
    let expression = MetricDataQuery { id: "e1".into(), expression: Some(expression.into()), ..Default::default() };
    aws::PutMetricAlarmInput {
        alarm_name: name.into(),
        metrics: Some(vec![expression, of_metric("m1", "errors"), of_metric("m2", "calls")]),
        evaluation_periods: Some(1),
        threshold: Some(5.0),
        comparison_operator: Some(ComparisonOperator::GreaterThanOrEqualToThreshold),
        ..Default::default()
    }
}

#[tokio::test]
async fn an_alarm_watches_an_expression() {
    let (house, _) = open().await;
    put(&house, math("rate", "100 * m1 / m2")).await;
    data(&house, "errors", 0, 1.0).await;
    data(&house, "calls", 0, 20.0).await;
    until(&house, 60).await;
    let raised = alarm(&house, "rate").await;
    assert_eq!(raised.state_value, Some(aws::StateValue::Alarm));
    assert_eq!(raised.metrics.as_ref().map(Vec::len), Some(3));
    assert!(
        raised.state_reason.unwrap().contains("[5.0 (01/01/26 00:00:00)] was greater than or equal to the threshold")
    );
}

#[tokio::test]
async fn an_expression_without_a_value_is_an_evaluation_error() {
    let (house, _) = open().await;
    put(&house, math("broken", "SEARCH('{App} errors', 'Nonsense', 60)")).await;
    until(&house, 60).await;
    let broken = alarm(&house, "broken").await;
    assert_eq!(broken.state_value, Some(aws::StateValue::InsufficientData));
    assert_eq!(broken.evaluation_state, Some(EvaluationState::EvaluationError));
}

#[tokio::test]
async fn an_expression_with_several_values_is_an_evaluation_error_and_none_of_them_counts() {
    let (house, _) = open().await;
    put(&house, math("several", "SEARCH('{App} e', 'Sum', 60)")).await;
    data(&house, "e one", 0, 50.0).await;
    until(&house, 60).await;
    assert_eq!(state(&house, "several").await, "ALARM");
    data(&house, "e one", 60, 1.0).await;
    data(&house, "e two", 60, 50.0).await;
    until(&house, 120).await;
    let several = alarm(&house, "several").await;
    assert_eq!(several.state_value, Some(aws::StateValue::Alarm));
    assert_eq!(several.evaluation_state, Some(EvaluationState::EvaluationError));
}

#[tokio::test]
async fn a_band_is_left_upwards() {
    let (house, _) = open().await;
    let band = MetricDataQuery {
        id: "ad1".into(),
        expression: Some("ANOMALY_DETECTION_BAND(m1, 2)".into()),
        ..Default::default()
    };
    let input = aws::PutMetricAlarmInput {
        alarm_name: "odd".into(),
        metrics: Some(vec![MetricDataQuery { return_data: Some(true), ..of_metric("m1", "calls") }, band]),
        evaluation_periods: Some(1),
        threshold_metric_id: Some("ad1".into()),
        comparison_operator: Some(ComparisonOperator::LessThanLowerOrGreaterThanUpperThreshold),
        ..Default::default()
    };
    for minute in 0..60 {
        data(&house, "calls", 60 * minute - 3600, 10.0 + f64::from(u8::from(minute % 2 == 0))).await;
    }
    put(&house, input).await;
    data(&house, "calls", 0, 10.5).await;
    until(&house, 60).await;
    assert_eq!(state(&house, "odd").await, "OK");
    data(&house, "calls", 60, 500.0).await;
    until(&house, 120).await;
    let raised = alarm(&house, "odd").await;
    assert_eq!(raised.state_value, Some(aws::StateValue::Alarm));
    let reason = raised.state_reason.unwrap();
    assert!(
        reason.starts_with(
            "Thresholds Crossed: 1 out of the last 1 datapoints [500.0 (01/01/26 00:01:00)] was less than the lower \
             thresholds ["
        ),
        "{reason}"
    );
}

#[tokio::test]
async fn a_percentile_of_few_samples_says_nothing_where_that_is_asked() {
    let (house, _) = open().await;
    for low_samples in ["ignore", "evaluate"] {
        let input = aws::PutMetricAlarmInput {
            alarm_name: low_samples.into(),
            statistic: None,
            extended_statistic: Some("p90".into()),
            evaluate_low_sample_count_percentile: Some(low_samples.into()),
            ..errors()
        };
        put(&house, input).await;
    }
    data(&house, "errors", 0, 50.0).await;
    until(&house, 60).await;
    assert_eq!(state(&house, "ignore").await, "INSUFFICIENT_DATA");
    assert_eq!(state(&house, "evaluate").await, "ALARM");
    // p90 takes a hundred samples.
    let datum = MetricDatum {
        metric_name: "errors".into(),
        timestamp: Some(at(60)),
        values: Some(vec![50.0]),
        counts: Some(vec![100.0]),
        ..Default::default()
    };
    let input =
        aws::PutMetricDataInput { namespace: "App".into(), metric_data: Some(vec![datum]), ..Default::default() };
    house.call::<aws::PutMetricData>(input).await.unwrap();
    until(&house, 120).await;
    assert_eq!(state(&house, "ignore").await, "ALARM");
}

#[tokio::test]
async fn a_month_of_silence_is_evaluated_in_a_moment() {
    let (house, _) = open().await;
    for name in ["a", "b", "c"] {
        put(&house, aws::PutMetricAlarmInput { alarm_name: name.into(), ..errors() }).await;
    }
    data(&house, "errors", 0, 11.0).await;
    until(&house, 30 * 86_400).await;
    for name in ["a", "b", "c"] {
        assert_eq!(state(&house, name).await, "INSUFFICIENT_DATA");
        // What happened in the first minutes is still there.
        assert_eq!(history(&house, name, HistoryItemType::StateUpdate).await.len(), 2);
    }
    until(&house, 32 * 86_400).await;
    assert_eq!(history(&house, "a", HistoryItemType::StateUpdate).await.len(), 0);
}
