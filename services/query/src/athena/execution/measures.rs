//! What an execution gives to CloudWatch's `AWS/Athena`, where its workgroup publishes that.
//! <https://docs.aws.amazon.com/athena/latest/ug/query-metrics-viewing.html>

use haar_platform::kernel::Measure;

use crate::athena::model::{Statistics, Submission};

const NAMESPACE: &str = "AWS/Athena";

/// The metrics of an execution that has ended as `state` (`SUCCEEDED`).
pub fn of(submission: &Submission, state: &str, statistics: &Statistics) -> Vec<Measure> {
    let measures = [
        ("EngineExecutionTime", statistics.engine_millis, "Milliseconds"),
        ("ProcessedBytes", statistics.scanned_bytes, "Bytes"),
        ("QueryPlanningTime", statistics.planning_millis, "Milliseconds"),
        ("QueryQueueTime", statistics.queued_millis, "Milliseconds"),
        ("ServicePreProcessingTime", statistics.preprocessing_millis, "Milliseconds"),
        ("ServiceProcessingTime", statistics.processing_millis, "Milliseconds"),
        ("TotalExecutionTime", statistics.total_millis, "Milliseconds"),
    ];
    #[expect(clippy::cast_precision_loss, reason = "metrics are doubles")]
    let measure = |(name, value, unit): (&'static str, i64, &'static str)| {
        Measure::new(NAMESPACE, name, value as f64, unit)
            .of("QueryState", state)
            .of("QueryType", submission.statement_type.clone())
            .of("WorkGroup", submission.workgroup_name.clone())
    };
    measures.map(measure).into()
}
