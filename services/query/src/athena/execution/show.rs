//! An execution as answers show it, and its runtime statistics.

use haar_platform::aws::athena as aws;
use haar_platform::kernel::{Access, Ctx, Fault};

use super::find;
use crate::athena::Athena;
use crate::athena::configuration::{show_engine_version, show_result};
use crate::athena::error::Error;
use crate::athena::model::{Failure, PlanNode, Progress, Stage, State, Submission};
use crate::athena::place::Place;

/// The execution's workgroup.
pub fn get_access(ctx: &Ctx, athena: &Athena, input: &aws::GetQueryExecutionInput) -> Result<Access, Fault> {
    super::access(ctx, athena, std::slice::from_ref(&input.query_execution_id))
}

/// GetQueryExecution.
pub async fn get(
    ctx: &Ctx,
    athena: &Athena,
    input: aws::GetQueryExecutionInput,
) -> Result<aws::GetQueryExecutionOutput, Error> {
    let id = input.query_execution_id;
    let (submission, progress) = athena.store.read(|tx| find(tx, &Place::of(ctx), &id))?;
    Ok(aws::GetQueryExecutionOutput { query_execution: Some(show(ctx, id, submission, progress)) })
}

/// As answers show it.
pub fn show(ctx: &Ctx, id: String, submission: Submission, progress: Progress) -> aws::QueryExecution {
    let statistics = show_statistics(ctx, &submission, &progress);
    let mut result = show_result(submission.result);
    result.output_location = Some(progress.outcome.file.unwrap_or(submission.result_file));
    let reuse = submission.reuse_minutes;
    aws::QueryExecution {
        query_execution_id: Some(id),
        query: Some(submission.query),
        statement_type: aws::StatementType::parse(&submission.statement_type),
        managed_query_results_configuration: Some(aws::ManagedQueryResultsConfiguration {
            enabled: false,
            encryption_configuration: None,
        }),
        result_configuration: Some(result),
        result_reuse_configuration: Some(aws::ResultReuseConfiguration {
            result_reuse_by_age_configuration: Some(aws::ResultReuseByAgeConfiguration {
                enabled: reuse.is_some(),
                max_age_in_minutes: reuse,
            }),
        }),
        query_execution_context: Some(aws::QueryExecutionContext {
            database: submission.database,
            catalog: submission.catalog,
        }),
        status: Some(aws::QueryExecutionStatus {
            state: aws::QueryExecutionState::parse(progress.state.as_str()),
            state_change_reason: progress.failure.as_ref().map(|failure| failure.reason.clone()),
            submission_date_time: Some(submission.submitted),
            completion_date_time: progress.completed,
            athena_error: progress.failure.filter(|_| progress.state == State::Failed).map(show_failure),
        }),
        statistics: Some(statistics),
        work_group: Some(submission.workgroup_name),
        engine_version: Some(show_engine_version(submission.engine_version)),
        execution_parameters: Some(submission.parameters).filter(|parameters| !parameters.is_empty()),
        substatement_type: submission.substatement_type,
        query_results_s3_access_grants_configuration: None,
    }
}

fn show_failure(failure: Failure) -> aws::AthenaError {
    aws::AthenaError {
        error_category: Some(failure.category),
        error_type: Some(failure.kind),
        retryable: Some(failure.retryable),
        error_message: Some(failure.reason),
    }
}

fn show_statistics(ctx: &Ctx, submission: &Submission, progress: &Progress) -> aws::QueryExecutionStatistics {
    let statistics = &progress.statistics;
    // Of one that goes on, the time so far.
    let total = match progress.completed {
        Some(_) => statistics.total_millis,
        None => i64::try_from((ctx.now() - submission.submitted).as_millis()).unwrap_or(i64::MAX),
    };
    aws::QueryExecutionStatistics {
        engine_execution_time_in_millis: Some(statistics.engine_millis),
        data_scanned_in_bytes: Some(statistics.scanned_bytes),
        data_manifest_location: progress.outcome.manifest.clone(),
        total_execution_time_in_millis: Some(total),
        query_queue_time_in_millis: Some(statistics.queued_millis),
        service_pre_processing_time_in_millis: Some(statistics.preprocessing_millis),
        query_planning_time_in_millis: Some(statistics.planning_millis),
        service_processing_time_in_millis: Some(statistics.processing_millis),
        result_reuse_information: Some(aws::ResultReuseInformation { reused_previous_result: progress.outcome.reused }),
        dpu_count: None,
    }
}

/// The execution's workgroup.
pub fn runtime_access(
    ctx: &Ctx,
    athena: &Athena,
    input: &aws::GetQueryRuntimeStatisticsInput,
) -> Result<Access, Fault> {
    super::access(ctx, athena, std::slice::from_ref(&input.query_execution_id))
}

/// GetQueryRuntimeStatistics. Of one that has not ended there is only the timeline.
pub async fn runtime(
    ctx: &Ctx,
    athena: &Athena,
    input: aws::GetQueryRuntimeStatisticsInput,
) -> Result<aws::GetQueryRuntimeStatisticsOutput, Error> {
    let id = input.query_execution_id;
    let (submission, progress) = athena.store.read(|tx| find(tx, &Place::of(ctx), &id))?;
    let shown = show_statistics(ctx, &submission, &progress);
    let statistics = &progress.statistics;
    let is_over = progress.state == State::Succeeded && submission.statement_type == "DML";
    Ok(aws::GetQueryRuntimeStatisticsOutput {
        query_runtime_statistics: Some(aws::QueryRuntimeStatistics {
            timeline: Some(aws::QueryRuntimeStatisticsTimeline {
                query_queue_time_in_millis: shown.query_queue_time_in_millis,
                service_pre_processing_time_in_millis: shown.service_pre_processing_time_in_millis,
                query_planning_time_in_millis: shown.query_planning_time_in_millis,
                engine_execution_time_in_millis: shown.engine_execution_time_in_millis,
                service_processing_time_in_millis: shown.service_processing_time_in_millis,
                total_execution_time_in_millis: shown.total_execution_time_in_millis,
            }),
            rows: is_over.then_some(aws::QueryRuntimeStatisticsRows {
                input_rows: Some(statistics.input_rows),
                input_bytes: Some(statistics.scanned_bytes),
                output_bytes: Some(statistics.output_bytes),
                output_rows: Some(statistics.output_rows),
            }),
            output_stage: if is_over { statistics.output_stage.clone().map(show_stage) } else { None },
        }),
    })
}

fn show_stage(stage: Stage) -> aws::QueryStage {
    aws::QueryStage {
        stage_id: Some(stage.id),
        state: Some("FINISHED".to_owned()),
        output_bytes: Some(stage.output_bytes),
        output_rows: Some(stage.output_rows),
        input_bytes: Some(stage.input_bytes),
        input_rows: Some(stage.input_rows),
        execution_time: Some(stage.millis),
        query_stage_plan: Some(show_node(stage.plan)),
        sub_stages: Some(stage.sub_stages.into_iter().map(show_stage).collect()),
    }
}

fn show_node(node: PlanNode) -> aws::QueryStagePlanNode {
    aws::QueryStagePlanNode {
        name: Some(node.name),
        identifier: Some(node.identifier),
        children: Some(node.children.into_iter().map(show_node).collect()),
        remote_sources: Some(node.remote_sources.iter().map(u64::to_string).collect()),
    }
}
