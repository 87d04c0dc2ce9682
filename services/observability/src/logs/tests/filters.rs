//! Filters and the limits that they share.

use super::*;

#[tokio::test]
async fn five_patterns_of_a_group_may_have_regular_expressions() {
    let (house, _) = with_streams(&[STREAM]).await;
    for index in 0..6 {
        let input = aws::PutMetricFilterRequest {
            log_group_name: GROUP.into(),
            filter_name: format!("f{index}"),
            filter_pattern: "%4[0-9]{2}%".into(),
            metric_transformations: vec![aws::MetricTransformation {
                metric_name: "m".into(),
                metric_namespace: "n".into(),
                metric_value: "1".into(),
                ..Default::default()
            }],
            ..Default::default()
        };
        let answer = house.call::<aws::PutMetricFilter>(input).await;
        assert_eq!(answer.is_ok(), index < 5, "{index}");
    }
}
