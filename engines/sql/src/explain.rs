//! `EXPLAIN` and `EXPLAIN ANALYZE`: plans as text, JSON or graphs.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::batch::OutputColumn;
use crate::catalog::RelationName;
use crate::engine::ExplainFormat;
use crate::query::{PlanNode, Stage, Statistics};

/// Fragments, each a stage; with what they did, when they ran.
pub(crate) fn distributed(
    root: &Stage,
    columns: &[OutputColumn],
    format: ExplainFormat,
    ran: Option<&Statistics>,
) -> String {
    let mut stages = Vec::new();
    flatten(root, &mut stages);
    let output = output_node(root.plan.clone(), columns);
    let tree_of = |stage: &Stage| if stage.id == root.id { output.clone() } else { stage.plan.clone() };
    match format {
        ExplainFormat::Json => {
            let fragments = stages.iter().map(|stage| (stage.id.to_string(), node_json(&tree_of(stage), &mut 0)));
            pretty(&Value::Object(fragments.collect()))
        }
        ExplainFormat::Graphviz => {
            let trees: Vec<(String, PlanNode)> =
                stages.iter().map(|stage| (partitioning(stage, root).to_owned(), tree_of(stage))).collect();
            graph("distributed_plan", &trees)
        }
        ExplainFormat::Text => {
            let mut text = String::new();
            if let Some(ran) = ran {
                let _ = writeln!(text, "Planning: {}, Execution: {}", shown(ran.planning), shown(ran.execution));
            }
            for stage in &stages {
                let _ = writeln!(text, "Fragment {} [{}]", stage.id, partitioning(stage, root));
                if ran.is_some() {
                    let _ = writeln!(
                        text,
                        "    CPU: {}, Input: {} rows ({}); Output: {} rows ({})",
                        shown(stage.execution),
                        stage.input_rows,
                        size(stage.input_bytes),
                        stage.output_rows,
                        size(stage.output_bytes),
                    );
                }
                node_text(&tree_of(stage), "    ", "    ", ran.is_some(), &mut text);
                text.push('\n');
            }
            text
        }
    }
}

/// The plan in one piece.
pub(crate) fn logical(root: &Stage, columns: &[OutputColumn], format: ExplainFormat) -> String {
    let tree = output_node(whole(root), columns);
    match format {
        ExplainFormat::Json => pretty(&node_json(&tree, &mut 0)),
        ExplainFormat::Graphviz => graph("logical_plan", &[("SINGLE".to_owned(), tree)]),
        ExplainFormat::Text => {
            let mut text = String::new();
            node_text(&tree, "", "", false, &mut text);
            text
        }
    }
}

/// The tables that a statement reads.
pub(crate) fn io(tables: &[RelationName]) -> String {
    let table = |name: &RelationName| {
        json!({
            "table": {
                "catalog": name.catalog,
                "schemaTable": { "schema": name.schema, "table": name.name },
            },
            "columnConstraints": [],
        })
    };
    pretty(&json!({ "inputTableColumnInfos": tables.iter().map(table).collect::<Vec<_>>() }))
}

fn flatten<'a>(stage: &'a Stage, into: &mut Vec<&'a Stage>) {
    into.push(stage);
    for below in &stage.sub_stages {
        flatten(below, into);
    }
}

/// The tree with the stages put where their rows come in.
fn whole(stage: &Stage) -> PlanNode {
    fn join(node: &PlanNode, stage: &Stage) -> PlanNode {
        if !node.remote_sources.is_empty() {
            let below = stage.sub_stages.iter().filter(|below| node.remote_sources.contains(&below.id));
            return PlanNode {
                name: "Exchange".to_owned(),
                identifier: String::new(),
                children: below.map(whole).collect(),
                remote_sources: Vec::new(),
                ..node.clone()
            };
        }
        PlanNode { children: node.children.iter().map(|child| join(child, stage)).collect(), ..node.clone() }
    }
    join(&stage.plan, stage)
}

fn output_node(below: PlanNode, columns: &[OutputColumn]) -> PlanNode {
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    PlanNode {
        name: "Output".to_owned(),
        identifier: format!("[columnNames = [{}]]", names.join(", ")),
        output_rows: below.output_rows,
        execution: Duration::ZERO,
        children: vec![below],
        remote_sources: Vec::new(),
    }
}

fn partitioning(stage: &Stage, root: &Stage) -> &'static str {
    fn scans(node: &PlanNode) -> bool {
        node.name == "TableScan" || node.children.iter().any(scans)
    }
    match () {
        () if scans(&stage.plan) => "SOURCE",
        () if stage.id == root.id => "SINGLE",
        () => "HASH",
    }
}

fn node_text(node: &PlanNode, first: &str, rest: &str, ran: bool, text: &mut String) {
    let _ = writeln!(text, "{first}{}{}", node.name, node.identifier);
    if ran && node.remote_sources.is_empty() {
        let bar = if node.children.is_empty() { "    " } else { "│   " };
        let _ = writeln!(text, "{rest}{bar}CPU: {}, Output: {} rows", shown(node.execution), node.output_rows);
    }
    for (at, child) in node.children.iter().enumerate() {
        let last = at + 1 == node.children.len();
        let (branch, bar) = if last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        node_text(child, &format!("{rest}{branch}"), &format!("{rest}{bar}"), ran, text);
    }
}

fn node_json(node: &PlanNode, next: &mut u64) -> Value {
    let id = *next;
    *next += 1;
    let mut descriptor = Map::new();
    let identifier = node.identifier.trim_start_matches('[').trim_end_matches(']');
    if !identifier.is_empty() {
        descriptor.insert("details".to_owned(), Value::String(identifier.to_owned()));
    }
    json!({
        "id": id.to_string(),
        "name": node.name,
        "descriptor": descriptor,
        "outputs": [],
        "details": [],
        "estimates": [],
        "children": node.children.iter().map(|child| node_json(child, next)).collect::<Vec<_>>(),
    })
}

fn graph(name: &str, trees: &[(String, PlanNode)]) -> String {
    fn nodes(node: &PlanNode, next: &mut u64, declared: &mut String, edges: &mut String) -> u64 {
        let id = *next;
        *next += 1;
        let label = format!("{{{}|{}}}", node.name, node.identifier).replace('"', "'").replace(['<', '>'], " ");
        let _ = writeln!(declared, "plannode_{id}[label=\"{label}\", style=\"rounded, filled\", shape=record];");
        for child in &node.children {
            let below = nodes(child, next, declared, edges);
            let _ = writeln!(edges, "plannode_{id} -> plannode_{below};");
        }
        id
    }
    let (mut text, mut edges, mut next) = (format!("digraph {name} {{\n"), String::new(), 1);
    for (at, (label, tree)) in trees.iter().enumerate() {
        let mut declared = String::new();
        nodes(tree, &mut next, &mut declared, &mut edges);
        let _ = writeln!(text, "subgraph cluster_{at} {{\nlabel = \"{label}\"\n{declared}}}");
    }
    text.push_str(&edges);
    text.push_str("}\n");
    text
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// `1.23ms`, as Trino shows durations.
fn shown(duration: Duration) -> String {
    let nanos = duration.as_nanos() as f64;
    let units = [(60e9, "m"), (1e9, "s"), (1e6, "ms"), (1e3, "us")];
    let (scale, unit) = units.into_iter().find(|(scale, _)| nanos >= *scale).unwrap_or((1.0, "ns"));
    format!("{:.2}{unit}", nanos / scale)
}

/// `1.23kB`.
fn size(bytes: u64) -> String {
    let mut scaled = bytes as f64;
    let mut unit = "B";
    for larger in ["kB", "MB", "GB", "TB"] {
        if scaled < 1024.0 {
            break;
        }
        scaled /= 1024.0;
        unit = larger;
    }
    if unit == "B" { format!("{bytes}B") } else { format!("{scaled:.2}{unit}") }
}
