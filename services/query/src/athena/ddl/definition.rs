//! SHOW CREATE TABLE and SHOW CREATE VIEW: the statement that would make it again.

use std::collections::BTreeMap;

use haar_platform::aws::glue as aws;

use super::create::LAZY_SIMPLE;
use super::{Answer, is_view};
use crate::athena::execution::run::Execution;
use crate::athena::model::Failure;
use crate::athena::statement::Name;
use crate::athena::view;

/// SHOW CREATE TABLE.
pub async fn table(execution: &Execution, name: &Name) -> Result<Answer, Failure> {
    let table = execution.table(&execution.resolve(name)?).await?;
    if is_view(&table) {
        return Err(Failure::semantic("SHOW CREATE TABLE does not support views: use SHOW CREATE VIEW"));
    }
    let shown = match &name.database {
        Some(database) => format!("{database}.{}", name.name),
        None => name.name.clone(),
    };
    let lines = statement(&shown, table).lines().map(str::to_owned).collect();
    Ok(Answer::column("createtab_stmt", lines))
}

fn statement(name: &str, table: aws::Table) -> String {
    let storage = table.storage_descriptor.unwrap_or_default();
    let mut parameters = table.parameters.unwrap_or_default();
    let external = parameters.remove("EXTERNAL").is_some() || table.table_type.as_deref() == Some("EXTERNAL_TABLE");
    let comment = parameters.remove("comment");
    let mut out = format!("CREATE {}TABLE `{name}`(\n", if external { "EXTERNAL " } else { "" });
    out.push_str(&columns(storage.columns.as_deref().unwrap_or_default()));
    out.push_str(")\n");
    if let Some(comment) = comment.filter(|comment| !comment.is_empty()) {
        out.push_str(&format!("COMMENT {}\n", quoted(&comment)));
    }
    let keys = table.partition_keys.unwrap_or_default();
    if !keys.is_empty() {
        out.push_str(&format!("PARTITIONED BY ( \n{})\n", columns(&keys)));
    }
    let buckets = storage.bucket_columns.unwrap_or_default();
    if !buckets.is_empty() {
        out.push_str(&format!("CLUSTERED BY ( \n  {}) \n", buckets.join(", \n  ")));
        let sorted = storage.sort_columns.unwrap_or_default();
        if !sorted.is_empty() {
            let orders = sorted
                .iter()
                .map(|order| format!("{} {}", order.column, if order.sort_order == 1 { "ASC" } else { "DESC" }));
            out.push_str(&format!("SORTED BY ( \n  {}) \n", orders.collect::<Vec<_>>().join(", \n  ")));
        }
        out.push_str(&format!("INTO {} BUCKETS\n", storage.number_of_buckets.unwrap_or_default()));
    }
    out.push_str(&row_format(storage.serde_info.unwrap_or_default()));
    out.push_str(&format!(
        "STORED AS INPUTFORMAT \n  {} \nOUTPUTFORMAT \n  {}\n",
        quoted(storage.input_format.as_deref().unwrap_or_default()),
        quoted(storage.output_format.as_deref().unwrap_or_default()),
    ));
    out.push_str(&format!("LOCATION\n  {}\n", quoted(storage.location.as_deref().unwrap_or_default())));
    out.push_str(&format!("TBLPROPERTIES (\n{})\n", properties(&parameters)));
    out
}

fn columns(columns: &[aws::Column]) -> String {
    let shown = columns.iter().map(|column| {
        let comment = column.comment.as_deref().filter(|comment| !comment.is_empty());
        let comment = comment.map_or(String::new(), |comment| format!(" COMMENT {}", quoted(comment)));
        format!("  `{}` {}{comment}", column.name, column.r#type.as_deref().unwrap_or_default())
    });
    shown.collect::<Vec<_>>().join(", \n")
}

fn properties(properties: &BTreeMap<String, String>) -> String {
    let shown = properties.iter().map(|(name, value)| format!("  {}={}", quoted(name), quoted(value)));
    shown.collect::<Vec<_>>().join(", \n")
}

/// The words of `ROW FORMAT DELIMITED`, by the property that each sets.
const DELIMITERS: [(&str, &str); 6] = [
    ("field.delim", "FIELDS TERMINATED BY"),
    ("escape.delim", "ESCAPED BY"),
    ("colelction.delim", "COLLECTION ITEMS TERMINATED BY"),
    ("mapkey.delim", "MAP KEYS TERMINATED BY"),
    ("line.delim", "LINES TERMINATED BY"),
    ("serialization.null.format", "NULL DEFINED AS"),
];

fn row_format(serde: aws::SerDeInfo) -> String {
    let library = serde.serialization_library.unwrap_or_default();
    let mut parameters = serde.parameters.unwrap_or_default();
    let delimited = parameters.contains_key("field.delim")
        && parameters
            .keys()
            .all(|name| name == "serialization.format" || DELIMITERS.iter().any(|(known, _)| known == name));
    if library == LAZY_SIMPLE && delimited {
        let mut out = "ROW FORMAT DELIMITED \n".to_owned();
        for (name, words) in DELIMITERS {
            if let Some(value) = parameters.get(name) {
                out.push_str(&format!("  {words} {} \n", quoted(value)));
            }
        }
        return out;
    }
    // The default says nothing.
    if parameters.get("serialization.format").map(String::as_str) == Some("1") {
        parameters.remove("serialization.format");
    }
    let mut out = format!("ROW FORMAT SERDE \n  {} \n", quoted(&library));
    if !parameters.is_empty() {
        out.push_str(&format!("WITH SERDEPROPERTIES ( \n{}) \n", properties(&parameters)));
    }
    out
}

/// A text of Hive's: control characters, quotes and backslashes are escaped.
fn quoted(text: &str) -> String {
    let mut out = String::from("'");
    for next in text.chars() {
        match next {
            '\'' => out.push_str("\\'"),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            next if next.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(next))),
            next => out.push(next),
        }
    }
    out.push('\'');
    out
}

/// SHOW CREATE VIEW.
pub async fn view(execution: &Execution, name: &Name) -> Result<Answer, Failure> {
    let resolved = execution.resolve(name)?;
    let table = execution.table(&resolved).await?;
    let Some(view) = view::decode(table.view_original_text.as_deref().unwrap_or_default()).filter(|_| is_view(&table))
    else {
        return Err(Failure::semantic(format_args!("{resolved} is not a view")));
    };
    let mut lines = vec![format!("CREATE VIEW {resolved} AS")];
    lines.extend(view.sql.lines().map(str::to_owned));
    Ok(Answer::column("Create View", lines))
}
