//! From commands to a plan over log events.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::datasource::provider_as_source;
use datafusion::functions_window::expr_fn::row_number;
use datafusion::logical_expr::{Expr, ExprFunctionExt, LogicalPlan, LogicalPlanBuilder, ScalarUDF, SortExpr, lit};
use haar_telemetry::logs::Column;
use regex::Regex;

use super::aggregate::{as_kind, compile_aggregate};
use super::expression::{compile, malformed};
use super::number;
use super::scope::{Scope, column_of};
use super::source::{Wanted, field_column};
use super::syntax::{Command, Direction, Kind as Syntax, MalformedQuery, Matcher, Named, Node, Operator, Pattern};
use super::value::{Kind, Value};
use crate::error::SqlError;
use crate::run::failure;

/// Events' own fields.
const OWN: [(&str, Column); 6] = [
    ("@timestamp", Column::Timestamp),
    ("@ingestionTime", Column::Ingestion),
    ("@message", Column::Message),
    ("@logStream", Column::Stream),
    ("@log", Column::Group),
    ("@ptr", Column::Sequence),
];

/// Why a query does not become a plan.
pub(super) enum Refusal {
    Malformed(MalformedQuery),
    Engine(SqlError),
}

impl From<MalformedQuery> for Refusal {
    fn from(error: MalformedQuery) -> Self {
        Self::Malformed(error)
    }
}

impl From<datafusion::error::DataFusionError> for Refusal {
    fn from(error: datafusion::error::DataFusionError) -> Self {
        Self::Engine(failure(error))
    }
}

/// What a query needs of events.
pub(super) fn wanted(commands: &[Command]) -> Wanted {
    let mut names = BTreeSet::new();
    let mut made = BTreeSet::new();
    let mut grouped = false;
    let mut shows = false;
    for command in commands {
        let mut note = |node: &Node| {
            node.fields(&mut |name| {
                if !made.contains(name) {
                    names.insert(name.to_owned());
                }
            })
        };
        match command {
            Command::Fields(list) | Command::Display(list) => {
                shows = true;
                list.iter().for_each(|named| note(&named.node));
                made.extend(list.iter().filter(|named| !is_field(named)).map(|named| named.name.clone()));
            }
            Command::Filter(node) => note(node),
            Command::Sort(keys) => keys.iter().for_each(|(node, _)| note(node)),
            Command::Parse { input, pattern } => {
                note(input);
                made.extend(pattern.names.iter().cloned());
                shows = true;
            }
            Command::Dedup(nodes) => nodes.iter().for_each(note),
            Command::Unnest { input, name } => {
                note(input);
                made.insert(name.clone());
            }
            Command::Stats { values, by } => {
                values.iter().chain(by).for_each(|named| note(&named.node));
                let bins = values.iter().chain(by).any(|named| uses_time(&named.node));
                if bins {
                    names.insert("@timestamp".into());
                }
                grouped = true;
                break;
            }
            Command::Limit(_) => {}
        }
    }
    if !grouped {
        names.extend(["@timestamp".to_owned(), "@ptr".to_owned()]);
        if !shows {
            names.insert("@message".into());
        }
    } else if commands.iter().any(|command| matches!(command, Command::Dedup(_) | Command::Limit(_))) {
        names.insert("@timestamp".into());
    }
    let fields: Vec<String> = names.iter().filter(|name| !OWN.iter().any(|(own, _)| own == name)).cloned().collect();
    // A pointer is made of these.
    if names.contains("@ptr") {
        names.extend(["@log".to_owned(), "@timestamp".to_owned()]);
    }
    let mut columns: Vec<Column> =
        OWN.iter().filter(|(own, _)| names.contains(*own)).map(|(_, column)| *column).collect();
    if !fields.is_empty() && !columns.contains(&Column::Message) {
        columns.push(Column::Message);
    }
    if columns.is_empty() {
        columns.push(Column::Timestamp);
    }
    let needles = if fields.is_empty() { Vec::new() } else { needles(commands, &fields) };
    Wanted { columns, fields, needles }
}

fn is_field(named: &Named) -> bool {
    matches!(&named.node.kind, Syntax::Field(name) if *name == named.name)
}

/// `bin`, `earliest` and `latest` ask for the time without naming it.
fn uses_time(node: &Node) -> bool {
    match &node.kind {
        Syntax::Call(name, arguments) => {
            matches!(name.as_str(), "bin" | "earliest" | "latest") || arguments.iter().any(uses_time)
        }
        Syntax::Not(node) | Syntax::Negative(node) => uses_time(node),
        Syntax::Binary(_, left, right) => uses_time(left) || uses_time(right),
        _ => false,
    }
}

/// The conditions that every event of the result has met: filters before anything that takes rows away by number.
fn early_conditions(commands: &[Command]) -> Vec<&Node> {
    let mut conditions = Vec::new();
    for command in commands {
        match command {
            Command::Filter(node) => node.conjuncts(&mut conditions),
            Command::Fields(_) | Command::Display(_) | Command::Sort(_) | Command::Parse { .. } => {}
            _ => break,
        }
    }
    conditions
}

/// Texts that a message must contain, because a discovered field must be equal to them.
fn needles(commands: &[Command], fields: &[String]) -> Vec<String> {
    let plain = |text: &str| {
        let letters = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, ' ' | '-' | '_' | '.' | ':');
        text.len() > 1 && text.chars().all(letters) && text.trim().parse::<f64>().is_err()
    };
    let discovered = |name: &String| fields.contains(name) && !name.starts_with('@');
    early_conditions(commands)
        .into_iter()
        .filter_map(|node| match &node.kind {
            Syntax::Binary(Operator::Equal, left, right) => match (&left.kind, &right.kind) {
                (Syntax::Field(name), Syntax::Text(text)) | (Syntax::Text(text), Syntax::Field(name))
                    if discovered(name) && plain(text) =>
                {
                    Some(text.clone())
                }
                _ => None,
            },
            _ => None,
        })
        .collect()
}

/// Texts that a message must contain, because it is asked to.
pub(super) fn message_needles(commands: &[Command]) -> Vec<Vec<u8>> {
    early_conditions(commands)
        .into_iter()
        .filter_map(|node| match &node.kind {
            Syntax::Like { value, matcher, negated: false } if value.kind == Syntax::Field("@message".into()) => {
                match matcher {
                    Matcher::Text { text, insensitive: false } if !text.contains('%') => Some(text.clone()),
                    Matcher::Regex(regex) if regex::escape(regex.as_str()) == regex.as_str() => {
                        Some(regex.as_str().to_owned())
                    }
                    _ => None,
                }
            }
            _ => None,
        })
        .filter(|text| !text.is_empty())
        .map(String::into_bytes)
        .collect()
}

/// A plan that is being built, command by command.
pub(super) struct Planner {
    pub(super) plan: LogicalPlan,
    pub(super) scope: Scope,
}

impl Planner {
    /// Over the table of events. `log` turns a group's name into `@log`, `ptr` a group, a time and a sequence into
    /// `@ptr`.
    pub(super) fn over(
        table: Arc<dyn datafusion::catalog::TableProvider>,
        wanted: &Wanted,
        log: ScalarUDF,
        ptr: ScalarUDF,
        now_millis: i64,
    ) -> Result<Self, Refusal> {
        let plan = LogicalPlanBuilder::scan("events", provider_as_source(table), None)?.build()?;
        let mut planner = Self { plan, scope: Scope::at(now_millis) };
        let mut columns = Vec::new();
        for (name, column) in OWN.iter().filter(|(_, column)| wanted.columns.contains(column)) {
            let field = haar_telemetry::logs::projected(&[*column]).field(0).name().clone();
            let kind = match column {
                Column::Timestamp | Column::Ingestion => Kind::Time,
                // Only ever an order and part of a pointer.
                Column::Sequence => Kind::Number,
                _ => Kind::Text,
            };
            columns.push(column_of(&field));
            // Aliases may hide events' own names, and the columns must stay.
            planner.scope.add(&hidden(&field), &field, kind);
            match column {
                Column::Group => {
                    planner.scope.derive(name, Value::new(log.call(vec![column_of(&field)]), Kind::Text));
                }
                Column::Sequence => {
                    let parts = [Column::Group, Column::Timestamp, Column::Sequence];
                    let parts = haar_telemetry::logs::projected(&parts);
                    let parts = parts.fields().iter().map(|part| column_of(part.name())).collect();
                    planner.scope.derive(name, Value::new(ptr.call(parts), Kind::Text));
                }
                _ => planner.scope.add(name, &field, kind),
            }
        }
        for (index, name) in wanted.fields.iter().enumerate() {
            let column = field_column(index);
            columns.push(column_of(&column));
            planner.scope.add(name, &column, Kind::Text);
        }
        planner.project(columns)?;
        Ok(planner)
    }

    /// One more command.
    pub(super) fn command(&mut self, command: &Command) -> Result<(), Refusal> {
        match command {
            Command::Fields(list) => {
                self.make(list)?;
                list.iter().for_each(|named| self.scope.show(&named.name));
            }
            Command::Display(list) => {
                self.make(list)?;
                self.scope.displayed = Some(list.iter().map(|named| named.name.clone()).collect());
            }
            Command::Filter(node) => {
                let condition = compile(node, &self.scope)?.as_truth();
                self.change(|plan| plan.filter(condition))?;
            }
            Command::Stats { values, by } => self.stats(values, by)?,
            Command::Sort(keys) => self.sort(keys)?,
            Command::Limit(count) => self.limit(*count)?,
            Command::Parse { input, pattern } => self.parse(input, pattern)?,
            Command::Dedup(nodes) => self.dedup(nodes)?,
            Command::Unnest { input, name } => self.unnest(input, name)?,
        }
        Ok(())
    }

    /// In the end: an order, a bound, and the columns that are shown.
    pub(super) fn finish(mut self, rows_max: u64) -> Result<(LogicalPlan, Vec<(String, Kind)>), Refusal> {
        self.order_by_time()?;
        self.limit(rows_max)?;
        let mut results = self.scope.results();
        if !self.scope.grouped {
            results.push("@ptr".into());
        }
        let values: Vec<Value> = results.iter().map(|name| self.scope.value(name)).collect();
        let columns =
            values.iter().enumerate().map(|(index, value)| value.expr.clone().alias(format!("result{index}")));
        let columns = columns.collect();
        self.project(columns)?;
        Ok((self.plan, results.into_iter().zip(values.into_iter().map(|value| value.kind)).collect()))
    }

    fn change(
        &mut self,
        work: impl FnOnce(LogicalPlanBuilder) -> datafusion::error::Result<LogicalPlanBuilder>,
    ) -> Result<(), Refusal> {
        self.plan = work(LogicalPlanBuilder::from(self.plan.clone()))?.build()?;
        Ok(())
    }

    fn project(&mut self, columns: Vec<Expr>) -> Result<(), Refusal> {
        self.change(|plan| plan.project(columns))
    }

    /// Adds a column to those that there are.
    fn add(&mut self, name: &str, value: Value) -> Result<(), Refusal> {
        let column = self.scope.fresh();
        let mut columns: Vec<Expr> = self.scope.columns().iter().map(|column| column_of(column)).collect();
        columns.push(value.expr.alias(&column));
        self.project(columns)?;
        self.scope.add(name, &column, value.kind);
        Ok(())
    }

    fn make(&mut self, list: &[Named]) -> Result<(), Refusal> {
        for named in list.iter().filter(|named| !is_field(named)) {
            let value = compile(&named.node, &self.scope)?;
            self.add(&named.name, value)?;
        }
        Ok(())
    }

    fn stats(&mut self, values: &[Named], by: &[Named]) -> Result<(), Refusal> {
        let mut groups = Vec::new();
        let mut outputs = Vec::new();
        for (index, named) in by.iter().enumerate() {
            let value = compile(&named.node, &self.scope)?;
            let column = format!("group{index}");
            groups.push(value.expr.alias(&column));
            outputs.push((named.name.clone(), column, value.kind));
        }
        let mut aggregates = Vec::new();
        for (index, named) in values.iter().enumerate() {
            let aggregate = compile_aggregate(&named.node, &self.scope)?;
            let column = format!("value{index}");
            aggregates.push(aggregate.expr.alias(&column));
            outputs.push((named.name.clone(), column, aggregate.kind));
        }
        self.change(|plan| plan.aggregate(groups, aggregates))?;
        self.scope.group();
        let mut columns = Vec::new();
        for (name, column, kind) in outputs {
            let made = self.scope.fresh();
            columns.push(as_kind(column_of(&column), kind).alias(&made));
            self.scope.add(&name, &made, kind);
            self.scope.show(&name);
        }
        self.project(columns)
    }

    fn sort(&mut self, keys: &[(Node, Direction)]) -> Result<(), Refusal> {
        let mut order = Vec::new();
        for (node, direction) in keys {
            let ascending = *direction == Direction::Ascending;
            let keys = compile(node, &self.scope)?.sort_keys();
            order.extend(keys.into_iter().map(|key| SortExpr::new(key, ascending, ascending)));
        }
        order.extend(self.tie_break());
        self.change(|plan| plan.sort(order))?;
        self.scope.sorted = true;
        Ok(())
    }

    /// Events as they came, newest first.
    fn tie_break(&self) -> Vec<SortExpr> {
        let sequence = self.scope.value(&hidden("sequence"));
        if self.scope.grouped || sequence.kind != Kind::Number {
            Vec::new()
        } else {
            vec![sequence.expr.sort(false, false)]
        }
    }

    /// Without an order of its own a result is newest first; groups too, where they are times.
    fn order_by_time(&mut self) -> Result<(), Refusal> {
        if self.scope.sorted {
            return Ok(());
        }
        let time = match self.scope.grouped {
            false => Some(self.scope.value("@timestamp")),
            true => {
                let shown = self.scope.shown.iter().map(|name| self.scope.value(name));
                shown.into_iter().find(|value| value.kind == Kind::Time)
            }
        };
        if let Some(time) = time {
            let mut order = vec![time.expr.sort(false, false)];
            order.extend(self.tie_break());
            self.change(|plan| plan.sort(order))?;
            self.scope.sorted = true;
        }
        Ok(())
    }

    fn limit(&mut self, count: u64) -> Result<(), Refusal> {
        self.order_by_time()?;
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        self.change(|plan| plan.limit(0, Some(count)))?;
        self.scope.limited = true;
        Ok(())
    }

    fn parse(&mut self, input: &Node, pattern: &Pattern) -> Result<(), Refusal> {
        let text = compile(input, &self.scope)?.as_text();
        for (index, name) in pattern.names.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
            let regex: Regex = pattern.regex.clone();
            let group = number::text("insights_parse", 1, move |texts| {
                let found = regex.captures(texts[0])?;
                Some(found.get(index + 1)?.as_str().to_owned())
            });
            self.add(name, Value::new(group.call(vec![text.clone()]), Kind::Text))?;
            self.scope.show(name);
        }
        Ok(())
    }

    /// Keeps the first event of each combination; those without a value for all of the fields are dropped.
    fn dedup(&mut self, nodes: &[Node]) -> Result<(), Refusal> {
        let values = nodes.iter().map(|node| compile(node, &self.scope)).collect::<Result<Vec<_>, _>>()?;
        let present = values.iter().fold(lit(true), |all, value| all.and(value.expr.clone().is_not_null()));
        self.change(|plan| plan.filter(present))?;
        let mut order = Vec::new();
        if !self.scope.grouped {
            order.push(self.scope.value("@timestamp").expr.sort(false, false));
            order.extend(self.tie_break());
        }
        let mut number = row_number().partition_by(values.iter().map(|value| value.expr.clone()).collect());
        if !order.is_empty() {
            number = number.order_by(order);
        }
        let column = self.scope.fresh();
        let number = number.build()?.alias(&column);
        self.change(|plan| plan.window(vec![number]))?;
        self.change(|plan| plan.filter(column_of(&column).eq(lit(1_u64))))?;
        let columns = self.scope.columns().iter().map(|column| column_of(column)).collect();
        self.project(columns)
    }

    /// One row for each element of a JSON list.
    fn unnest(&mut self, input: &Node, name: &str) -> Result<(), Refusal> {
        let text = compile(input, &self.scope)?;
        if text.kind != Kind::Text {
            return Err(malformed(input, "unnest wants a list of JSON").into());
        }
        let column = self.scope.fresh();
        let mut columns: Vec<Expr> = self.scope.columns().iter().map(|column| column_of(column)).collect();
        columns.push(elements().call(vec![text.expr]).alias(&column));
        self.project(columns)?;
        self.change(|plan| plan.unnest_column(datafusion::common::Column::from_name(&column)))?;
        self.scope.add(name, &column, Kind::Text);
        Ok(())
    }
}

/// The name of an event's own column that no query can say.
fn hidden(column: &str) -> String {
    format!("event's {column}")
}

/// The elements of a JSON list, as texts.
fn elements() -> ScalarUDF {
    use arrow::array::{AsArray, ListBuilder, StringViewBuilder};
    use arrow::datatypes::Field;
    let list = DataType::List(Arc::new(Field::new_list_field(DataType::Utf8View, true)));
    number::over_columns("insights_elements", &[Kind::Text], list, |columns| {
        let texts = columns[0].as_string_view();
        let mut lists = ListBuilder::new(StringViewBuilder::new());
        for text in texts {
            let items = text.and_then(|text| serde_json::from_str::<Vec<serde_json::Value>>(text).ok());
            match items {
                Some(items) => {
                    for item in items {
                        match item {
                            serde_json::Value::String(text) => lists.values().append_value(text),
                            serde_json::Value::Null => lists.values().append_null(),
                            other => lists.values().append_value(other.to_string()),
                        }
                    }
                    lists.append(true);
                }
                None => lists.append(false),
            }
        }
        Ok(Arc::new(lists.finish()))
    })
}
