//! ALTER TABLE and DROP TABLE: a table's columns, place and properties.

use haar_platform::aws::glue as aws;

use super::create::columns;
use super::{Answer, input_of, is_view, partition, refuse_iceberg};
use crate::athena::execution::run::Execution;
use crate::athena::glue::TableName;
use crate::athena::model::Failure;
use crate::athena::statement::{Change, Column, Name};

/// DROP TABLE. The data stays where it is.
pub async fn drop(execution: &Execution, name: &Name, if_exists: bool) -> Result<Answer, Failure> {
    let name = execution.resolve(name)?;
    match execution.find_table(&name).await.map_err(|fault| Failure::of_call(&fault))? {
        None if if_exists => return Ok(Answer::nothing()),
        None => return Err(Failure::semantic(format_args!("[Error 10001]: Table not found {name}"))),
        Some(table) if is_view(&table) => {
            return Err(Failure::semantic("Cannot drop a view with DROP TABLE"));
        }
        Some(table) => refuse_iceberg(&table)?,
    }
    let request =
        aws::DeleteTableRequest { database_name: name.database.clone(), name: name.name.clone(), ..Default::default() };
    execution.call::<aws::DeleteTable>(request).await.map_err(|fault| Failure::of_call(&fault))?;
    Ok(Answer::nothing())
}

/// ALTER TABLE.
pub async fn alter(execution: &Execution, name: &Name, change: Change) -> Result<Answer, Failure> {
    let name = execution.resolve(name)?;
    let table = execution.table(&name).await?;
    if is_view(&table) {
        return Err(Failure::semantic("[Error 10132]: To alter a view you need to use the ALTER VIEW command."));
    }
    refuse_iceberg(&table)?;
    match change {
        Change::AddPartitions { if_not_exists, partitions } => {
            partition::add(execution, &name, &table, partitions, if_not_exists).await?;
        }
        Change::DropPartitions { if_exists, partitions } => {
            partition::drop(execution, &name, &table, partitions, if_exists).await?;
        }
        Change::RenamePartition { from, to } => partition::rename(execution, &name, &table, &from, &to).await?,
        Change::AddColumns { partition: Some(spec), columns }
        | Change::ReplaceColumns { partition: Some(spec), columns } => {
            partition::set_columns(execution, &name, &table, &spec, columns).await?;
        }
        Change::SetLocation { partition: Some(spec), location } => {
            partition::set_location(execution, &name, &table, &spec, location).await?;
        }
        change => of_table(execution, &name, table, change).await?,
    }
    Ok(Answer::nothing())
}

async fn of_table(execution: &Execution, name: &TableName, table: aws::Table, change: Change) -> Result<(), Failure> {
    let keys: Vec<String> = table.partition_keys.iter().flatten().map(|key| key.name.clone()).collect();
    let mut input = input_of(table);
    let mut storage = input.storage_descriptor.take().unwrap_or_default();
    let mut parameters = input.parameters.take().unwrap_or_default();
    let existing = storage.columns.take().unwrap_or_default();
    storage.columns = Some(match change {
        Change::AddColumns { columns: added, .. } => {
            let mut all = existing;
            for column in &added {
                if all.iter().any(|known| known.name == column.name) || keys.contains(&column.name) {
                    return Err(Failure::of_task(format_args!("Duplicate column name: {}", column.name)));
                }
            }
            all.extend(columns(added));
            all
        }
        Change::ReplaceColumns { columns: replacing, .. } => columns(replacing),
        Change::SetColumn { from, to } => changed(existing, &from, to)?,
        Change::SetLocation { location, .. } => {
            storage.location = Some(location);
            existing
        }
        Change::SetProperties(properties) => {
            parameters.extend(properties);
            existing
        }
        Change::UnsetProperties(names) => {
            parameters.retain(|name, _| !names.contains(name));
            existing
        }
        Change::SetSerde { library, properties } => {
            let mut serde = storage.serde_info.take().unwrap_or_default();
            serde.serialization_library = library.or(serde.serialization_library);
            serde.parameters.get_or_insert_default().extend(properties);
            storage.serde_info = Some(serde);
            existing
        }
        other => return Err(Failure::internal(&format!("no change of a table: {other:?}"))),
    });
    parameters.insert("transient_lastDdlTime".to_owned(), execution.ctx.now().seconds().to_string());
    input.storage_descriptor = Some(storage);
    input.parameters = Some(parameters);
    execution.update_table(name, input).await
}

fn changed(mut existing: Vec<aws::Column>, from: &str, to: Column) -> Result<Vec<aws::Column>, Failure> {
    if from != to.name && existing.iter().any(|known| known.name == to.name) {
        return Err(Failure::of_task(format_args!("Duplicate column name: {}", to.name)));
    }
    let Some(column) = existing.iter_mut().find(|known| known.name == from) else {
        return Err(Failure::of_task(format_args!("Invalid column reference {from}")));
    };
    column.name = to.name;
    column.r#type = Some(to.kind);
    column.comment = to.comment.or(column.comment.take());
    Ok(existing)
}
