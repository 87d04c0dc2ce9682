//! Partitions that are added, dropped, renamed and moved.

use haar_platform::aws::glue as aws;

use super::create::columns;
use crate::athena::execution::run::Execution;
use crate::athena::glue::TableName;
use crate::athena::model::Failure;
use crate::athena::statement::{Column, Comparison, Spec};

/// Partitions of one request.
const CREATED_AT_ONCE: usize = 100;

/// Partitions of one request.
const DELETED_AT_ONCE: usize = 25;

/// A partition that is to be: its values in the order of the keys, and where it lies, if somebody said.
pub type Wanted = (Spec, Option<String>);

/// ADD PARTITION.
pub async fn add(
    execution: &Execution,
    name: &TableName,
    table: &aws::Table,
    partitions: Vec<Wanted>,
    if_not_exists: bool,
) -> Result<(), Failure> {
    let mut inputs = Vec::new();
    for (spec, location) in partitions {
        inputs.push(input(table, values(table, &spec)?, location));
    }
    create(execution, name, inputs, if_not_exists).await
}

/// The values of all keys, in their order.
fn values(table: &aws::Table, spec: &Spec) -> Result<Vec<String>, Failure> {
    let keys = table.partition_keys.as_deref().unwrap_or_default();
    if keys.is_empty() {
        return Err(Failure::semantic(format_args!("[Error 10241]: Table {} is not a partitioned table", table.name)));
    }
    for (key, ..) in spec {
        if !keys.iter().any(|known| known.name == *key) {
            return Err(Failure::semantic(format_args!(
                "[Error 10098]: Non-Partition column appears in the partition specification:  {key}"
            )));
        }
    }
    let found: Option<Vec<String>> = keys
        .iter()
        .map(|key| {
            let given = spec.iter().find(|(name, comparison, _)| *name == key.name && *comparison == Comparison::Equal);
            given.map(|(_, _, value)| value.clone())
        })
        .collect();
    found.ok_or_else(|| {
        let given: Vec<String> = spec.iter().map(|(key, _, value)| format!("{key}={value}")).collect();
        Failure::user(format!(
            "FAILED: ValidationFailureSemanticException partition spec {{{}}} doesn't contain all ({}) partition columns",
            given.join(", "),
            keys.len()
        ))
    })
}

/// A partition as Glue takes it: the table's storage, at its own place.
pub fn input(table: &aws::Table, values: Vec<String>, location: Option<String>) -> aws::PartitionInput {
    let mut storage = table.storage_descriptor.clone().unwrap_or_default();
    storage.location = Some(location.unwrap_or_else(|| {
        let root = storage.location.as_deref().unwrap_or_default().trim_end_matches('/');
        format!("{root}/{}", path(table, &values))
    }));
    aws::PartitionInput { values: Some(values), storage_descriptor: Some(storage), ..Default::default() }
}

/// `year=2020/month=01`, with the characters escaped that Hive escapes in names of directories.
pub fn path(table: &aws::Table, values: &[String]) -> String {
    let keys = table.partition_keys.as_deref().unwrap_or_default();
    let parts: Vec<String> =
        keys.iter().zip(values).map(|(key, value)| format!("{}={}", escape(&key.name), escape(value))).collect();
    parts.join("/")
}

/// As Hive escapes a part of a path.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for next in text.chars() {
        let special = next.is_control()
            || matches!(next, '"' | '#' | '%' | '\'' | '*' | '/' | ':' | '=' | '?' | '\\' | '{' | '[' | ']' | '^');
        if special {
            out.push_str(&format!("%{:02X}", u32::from(next)));
        } else {
            out.push(next);
        }
    }
    out
}

/// The way back.
pub fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let decoded = after
            .get(..2)
            .filter(|_| *first == b'%')
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        match decoded {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Makes partitions.
pub async fn create(
    execution: &Execution,
    name: &TableName,
    inputs: Vec<aws::PartitionInput>,
    if_not_exists: bool,
) -> Result<(), Failure> {
    for chunk in inputs.chunks(CREATED_AT_ONCE) {
        let request = aws::BatchCreatePartitionRequest {
            database_name: name.database.clone(),
            table_name: name.name.clone(),
            partition_input_list: chunk.to_vec(),
            ..Default::default()
        };
        let answer =
            execution.call::<aws::BatchCreatePartition>(request).await.map_err(|fault| Failure::of_call(&fault))?;
        for error in answer.errors.unwrap_or_default() {
            let detail = error.error_detail.unwrap_or_default();
            let code = detail.error_code.unwrap_or_default();
            if code != "AlreadyExistsException" {
                let message = detail.error_message.unwrap_or_default();
                return Err(Failure::of_task(format_args!("MetaException(message:{message})")));
            }
            if !if_not_exists {
                return Err(Failure::of_task("AlreadyExistsException(message:Partition already exists.)"));
            }
        }
    }
    Ok(())
}

/// DROP PARTITION: all that the specification lets through.
pub async fn drop(
    execution: &Execution,
    name: &TableName,
    table: &aws::Table,
    specs: Vec<Spec>,
    if_exists: bool,
) -> Result<(), Failure> {
    let mut gone = Vec::new();
    for spec in specs {
        let found = matching(execution, name, table, &spec).await?;
        if found.is_empty() && !if_exists {
            let shown: Vec<String> = spec.iter().map(|(key, _, value)| format!("{key} = {value}")).collect();
            return Err(Failure::semantic(format_args!("[Error 10006]: Partition not found ({})", shown.join(", "))));
        }
        gone.extend(found.into_iter().filter_map(|partition| partition.values));
    }
    for chunk in gone.chunks(DELETED_AT_ONCE) {
        let request = aws::BatchDeletePartitionRequest {
            database_name: name.database.clone(),
            table_name: name.name.clone(),
            partitions_to_delete: chunk
                .iter()
                .map(|values| aws::PartitionValueList { values: values.clone() })
                .collect(),
            ..Default::default()
        };
        execution.call::<aws::BatchDeletePartition>(request).await.map_err(|fault| Failure::of_call(&fault))?;
    }
    Ok(())
}

/// The partitions that a specification lets through.
pub async fn matching(
    execution: &Execution,
    name: &TableName,
    table: &aws::Table,
    spec: &Spec,
) -> Result<Vec<aws::Partition>, Failure> {
    let keys = table.partition_keys.as_deref().unwrap_or_default();
    let mut terms = Vec::new();
    for (key, comparison, value) in spec {
        let Some(known) = keys.iter().find(|known| known.name == *key) else {
            return Err(Failure::semantic(format_args!(
                "[Error 10098]: Non-Partition column appears in the partition specification:  {key}"
            )));
        };
        let operator = match comparison {
            Comparison::Equal => "=",
            Comparison::NotEqual => "<>",
            Comparison::Less => "<",
            Comparison::LessOrEqual => "<=",
            Comparison::Greater => ">",
            Comparison::GreaterOrEqual => ">=",
        };
        let kind = known.r#type.as_deref().unwrap_or_default();
        let is_number = matches!(kind, "tinyint" | "smallint" | "int" | "integer" | "bigint" | "long")
            && value.parse::<i64>().is_ok();
        let literal = if is_number { value.clone() } else { format!("'{}'", value.replace('\'', "''")) };
        terms.push(format!("{key} {operator} {literal}"));
    }
    let expression = terms.join(" AND ");
    let expression = Some(expression.as_str()).filter(|expression| !expression.is_empty());
    execution.partitions(name, expression).await.map_err(|fault| Failure::of_call(&fault))
}

/// RENAME TO PARTITION. The data stays where it is.
pub async fn rename(
    execution: &Execution,
    name: &TableName,
    table: &aws::Table,
    from: &Spec,
    to: &Spec,
) -> Result<(), Failure> {
    let values = values(table, to)?;
    change(execution, name, table, from, |partition| partition.values = Some(values)).await
}

/// SET LOCATION of a partition.
pub async fn set_location(
    execution: &Execution,
    name: &TableName,
    table: &aws::Table,
    spec: &Spec,
    location: String,
) -> Result<(), Failure> {
    change(execution, name, table, spec, |partition| {
        partition.storage_descriptor.get_or_insert_default().location = Some(location);
    })
    .await
}

/// ADD COLUMNS and REPLACE COLUMNS of a partition.
pub async fn set_columns(
    execution: &Execution,
    name: &TableName,
    table: &aws::Table,
    spec: &Spec,
    replacing: Vec<Column>,
) -> Result<(), Failure> {
    change(execution, name, table, spec, |partition| {
        partition.storage_descriptor.get_or_insert_default().columns = Some(columns(replacing));
    })
    .await
}

async fn change(
    execution: &Execution,
    name: &TableName,
    table: &aws::Table,
    spec: &Spec,
    change: impl FnOnce(&mut aws::PartitionInput),
) -> Result<(), Failure> {
    let before = values(table, spec)?;
    let request = aws::GetPartitionRequest {
        database_name: name.database.clone(),
        table_name: name.name.clone(),
        partition_values: before.clone(),
        ..Default::default()
    };
    let found = execution.call::<aws::GetPartition>(request).await.map_err(|fault| match fault.name.as_ref() {
        "EntityNotFoundException" => {
            Failure::semantic(format_args!("[Error 10006]: Partition not found {}", path(table, &before)))
        }
        _ => Failure::of_call(&fault),
    })?;
    let partition = found.partition.unwrap_or_default();
    let mut input = aws::PartitionInput {
        values: partition.values,
        last_access_time: partition.last_access_time,
        storage_descriptor: partition.storage_descriptor,
        parameters: partition.parameters,
        last_analyzed_time: partition.last_analyzed_time,
    };
    change(&mut input);
    let request = aws::UpdatePartitionRequest {
        database_name: name.database.clone(),
        table_name: name.name.clone(),
        partition_value_list: before,
        partition_input: input,
        ..Default::default()
    };
    execution.call::<aws::UpdatePartition>(request).await.map_err(|fault| Failure::of_call(&fault))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_survive_the_names_of_directories() {
        assert_eq!(escape("2020-01-01 10:00/x"), "2020-01-01 10%3A00%2Fx");
        assert_eq!(unescape("2020-01-01 10%3A00%2Fx"), "2020-01-01 10:00/x");
        assert_eq!(unescape("100%"), "100%");
    }
}
