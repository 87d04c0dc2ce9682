//! A plan that ran, as stages: the parts between exchanges, with what each of them did.

use std::sync::Arc;
use std::time::Duration;

use datafusion::datasource::physical_plan::FileScanConfig;
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::aggregates::AggregateExec;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::display::DisplayableExecutionPlan;
use datafusion::physical_plan::joins::HashJoinExec;
use datafusion::physical_plan::metrics::MetricsSet;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;

use crate::query::{PlanNode, Stage};

/// What a whole plan did.
pub(crate) struct Totals {
    pub(crate) rows_scanned: u64,
    pub(crate) spilled_bytes: u64,
}

/// Sums over all operators.
pub(crate) fn totals(plan: &Arc<dyn ExecutionPlan>) -> Totals {
    let mut totals = Totals { rows_scanned: 0, spilled_bytes: 0 };
    visit(plan, &mut |node| {
        let Some(metrics) = node.metrics() else { return };
        totals.spilled_bytes += metrics.spilled_bytes().unwrap_or(0) as u64;
        if is_scan(node) {
            totals.rows_scanned += scanned_rows(&metrics);
        }
    });
    totals
}

fn visit(plan: &Arc<dyn ExecutionPlan>, see: &mut dyn FnMut(&Arc<dyn ExecutionPlan>)) {
    see(plan);
    for child in plan.children() {
        visit(child, see);
    }
}

fn is_scan(node: &Arc<dyn ExecutionPlan>) -> bool {
    node.is::<DataSourceExec>()
}

/// What came out, and what the scan itself filtered away.
fn scanned_rows(metrics: &MetricsSet) -> u64 {
    let filtered = metrics.sum_by_name("pushdown_rows_pruned").map_or(0, |rows| rows.as_usize());
    (metrics.output_rows().unwrap_or(0) + filtered) as u64
}

/// The stages of a plan, the one that answers at the root.
pub(crate) fn stages(plan: &Arc<dyn ExecutionPlan>, bytes_scanned: u64) -> Stage {
    let mut builder = Builder { next: 0, scans: 0, bytes_scanned };
    visit(plan, &mut |node| builder.scans += u64::from(is_scan(node)));
    builder.stage(plan)
}

struct Builder {
    next: u64,
    scans: u64,
    bytes_scanned: u64,
}

impl Builder {
    fn stage(&mut self, root: &Arc<dyn ExecutionPlan>) -> Stage {
        let id = self.next;
        self.next += 1;
        let output_rows = root.metrics().and_then(|metrics| metrics.output_rows()).unwrap_or(0) as u64;
        let mut stage = Stage {
            id,
            input_rows: 0,
            input_bytes: 0,
            output_rows,
            output_bytes: 0,
            execution: Duration::ZERO,
            plan: PlanNode {
                name: String::new(),
                identifier: String::new(),
                children: Vec::new(),
                remote_sources: Vec::new(),
                output_rows: 0,
                execution: Duration::ZERO,
            },
            sub_stages: Vec::new(),
        };
        stage.plan = self.node(root, &mut stage);
        stage.output_bytes = row_bytes(root) * output_rows;
        stage
    }

    fn node(&mut self, node: &Arc<dyn ExecutionPlan>, stage: &mut Stage) -> PlanNode {
        let (mut output_rows, mut execution) = (0, Duration::ZERO);
        if let Some(metrics) = node.metrics() {
            output_rows = metrics.output_rows().unwrap_or(0) as u64;
            execution = Duration::from_nanos(metrics.elapsed_compute().unwrap_or(0) as u64);
            stage.execution += execution;
            if is_scan(node) {
                stage.input_rows += scanned_rows(&metrics);
                // Bytes are counted for the query as a whole: scans share them evenly.
                stage.input_bytes += self.bytes_scanned / self.scans.max(1);
            }
        }
        if is_exchange(node) {
            let mut remote = Vec::new();
            for child in node.children() {
                let below = self.stage(child);
                remote.push(below.id);
                stage.input_rows += below.output_rows;
                stage.sub_stages.push(below);
            }
            let identifier = format!("[{}]", remote.iter().map(u64::to_string).collect::<Vec<_>>().join(", "));
            return PlanNode {
                name: "RemoteSource".to_owned(),
                identifier,
                children: Vec::new(),
                remote_sources: remote,
                output_rows,
                execution,
            };
        }
        let children = node.children().into_iter().map(|child| self.node(child, stage)).collect();
        let remote_sources = Vec::new();
        PlanNode { name: name(node), identifier: identifier(node), children, remote_sources, output_rows, execution }
    }
}

/// Where rows go from some streams to others.
fn is_exchange(node: &Arc<dyn ExecutionPlan>) -> bool {
    node.is::<RepartitionExec>() || node.is::<CoalescePartitionsExec>() || node.is::<SortPreservingMergeExec>()
}

/// The operator in Trino's words.
fn name(node: &Arc<dyn ExecutionPlan>) -> String {
    if is_scan(node) {
        return "TableScan".to_owned();
    }
    if let Some(sort) = node.downcast_ref::<SortExec>() {
        return if sort.fetch().is_some() { "TopN" } else { "Sort" }.to_owned();
    }
    if let Some(join) = node.downcast_ref::<HashJoinExec>() {
        return format!("{}Join", join.join_type());
    }
    if let Some(aggregate) = node.downcast_ref::<AggregateExec>() {
        return format!("Aggregate({:?})", aggregate.mode()).to_owned();
    }
    let name = node.name().trim_end_matches("Exec");
    match name {
        "Projection" => "Project".to_owned(),
        "CrossJoin" => "CrossJoin".to_owned(),
        "GlobalLimit" | "LocalLimit" => "Limit".to_owned(),
        "Placeholder" | "PlaceholderRow" | "Empty" => "Values".to_owned(),
        "BoundedWindowAgg" | "WindowAgg" => "Window".to_owned(),
        other => other.to_owned(),
    }
}

/// What the operator works with, shortened.
fn identifier(node: &Arc<dyn ExecutionPlan>) -> String {
    if let Some(table) = scanned_table(node) {
        return format!("[table = {table}]");
    }
    const LENGTH_MAX: usize = 500;
    let line = DisplayableExecutionPlan::new(node.as_ref()).one_line().to_string();
    let line = line.trim();
    let detail = line.split_once(':').map_or("", |(_, detail)| detail.trim());
    let end = detail.char_indices().nth(LENGTH_MAX).map_or(detail.len(), |(at, _)| at);
    format!("[{}]", &detail[..end])
}

/// `awsdatacatalog:db:t`.
fn scanned_table(node: &Arc<dyn ExecutionPlan>) -> Option<String> {
    let source = node.downcast_ref::<DataSourceExec>()?.data_source();
    let scan = source.downcast_ref::<FileScanConfig>()?;
    let table = scan.file_groups.iter().find_map(|group| group.files().first()?.table_reference.as_ref())?;
    Some(format!("{}:{}:{}", table.catalog()?, table.schema()?, table.table()))
}

/// About how many bytes a row of this node has.
fn row_bytes(node: &Arc<dyn ExecutionPlan>) -> u64 {
    let schema = node.schema();
    schema.fields().iter().map(|field| field.data_type().primitive_width().unwrap_or(16) as u64).sum()
}
