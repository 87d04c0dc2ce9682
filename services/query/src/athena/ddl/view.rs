//! CREATE and DROP VIEW: a stored query is a table of Glue's without data.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use haar_platform::aws::glue as aws;
use haar_sql::{Dialect, OutputColumn, View, ViewColumn, hive_columns};

use super::{Answer, is_view};
use crate::athena::execution::run::Execution;
use crate::athena::glue::TableName;
use crate::athena::lake::{BUILT_IN, Lake};
use crate::athena::model::Failure;
use crate::athena::statement::{Name, alone};
use crate::athena::view;

/// CREATE [OR REPLACE] VIEW: the query is planned, so that its columns are known.
pub async fn create(
    execution: &Arc<Execution>,
    name: &Name,
    or_replace: bool,
    text: &str,
    query: Range<usize>,
) -> Result<Answer, Failure> {
    let name = execution.resolve(name)?;
    execution.check_database(&name.database).await?;
    let existing = execution.find_table(&name).await.map_err(|fault| Failure::of_call(&fault))?;
    match &existing {
        Some(table) if !is_view(table) => {
            return Err(Failure::user(format!(
                "TABLE_ALREADY_EXISTS: line 1:1: Table '{BUILT_IN}.{name}' already exists"
            )));
        }
        Some(_) if !or_replace => {
            return Err(Failure::user(format!(
                "TABLE_ALREADY_EXISTS: line 1:1: View '{BUILT_IN}.{name}' already exists"
            )));
        }
        _ => {}
    }
    let input = input(execution, &name, text, query).await?;
    if existing.is_some() {
        execution.update_table(&name, input).await?;
        return Ok(Answer::nothing());
    }
    let request = aws::CreateTableRequest {
        database_name: name.database.clone(),
        table_input: Some(input),
        ..Default::default()
    };
    execution.call::<aws::CreateTable>(request).await.map_err(|fault| Failure::of_call(&fault))?;
    Ok(Answer::nothing())
}

async fn input(
    execution: &Arc<Execution>,
    name: &TableName,
    text: &str,
    query: Range<usize>,
) -> Result<aws::TableInput, Failure> {
    let session = execution.session(Vec::new());
    let (catalog, schema) = (session.catalog.clone(), session.schema.clone());
    let engine = &execution.athena.engine;
    let planned = engine.describe(Dialect::Trino, &alone(text, &query), session, Lake::of(execution)).await?;
    let columns: Vec<ViewColumn> = planned
        .iter()
        .map(|column| ViewColumn { name: column.name.clone(), trino_type: column.data_type.to_string() })
        .collect();
    let glue_columns = planned.iter().map(|column| aws::Column {
        name: column.name.to_lowercase(),
        r#type: Some(hive_type(column)),
        ..Default::default()
    });
    let storage = aws::StorageDescriptor {
        columns: Some(glue_columns.collect()),
        location: Some(String::new()),
        serde_info: Some(aws::SerDeInfo::default()),
        number_of_buckets: Some(0),
        compressed: Some(false),
        stored_as_sub_directories: Some(false),
        ..Default::default()
    };
    let stored = View { sql: text[query].trim().to_owned(), columns, catalog: Some(catalog), schema };
    let parameters = BTreeMap::from([
        ("comment".to_owned(), "Presto View".to_owned()),
        ("presto_view".to_owned(), "true".to_owned()),
    ]);
    Ok(aws::TableInput {
        name: name.name.clone(),
        storage_descriptor: Some(storage),
        partition_keys: Some(Vec::new()),
        view_original_text: Some(view::encode(&stored)),
        view_expanded_text: Some(view::EXPANDED_TEXT.to_owned()),
        table_type: Some("VIRTUAL_VIEW".to_owned()),
        parameters: Some(parameters),
        ..Default::default()
    })
}

/// A column's type for those who look at the view as a table of Hive's. Types that Hive lacks are texts there.
fn hive_type(column: &OutputColumn) -> String {
    let found = hive_columns(std::slice::from_ref(column)).ok().and_then(|mut columns| columns.pop());
    found.map_or_else(|| "string".to_owned(), |column| column.hive_type)
}

/// DROP VIEW.
pub async fn drop(execution: &Execution, name: &Name, if_exists: bool) -> Result<Answer, Failure> {
    let name = execution.resolve(name)?;
    match execution.find_table(&name).await.map_err(|fault| Failure::of_call(&fault))? {
        Some(table) if is_view(&table) => {}
        Some(_) => return Err(Failure::semantic("Cannot drop a base table with DROP VIEW")),
        None if if_exists => return Ok(Answer::nothing()),
        None => {
            return Err(Failure::user(format!("TABLE_NOT_FOUND: line 1:1: View '{BUILT_IN}.{name}' does not exist")));
        }
    }
    let request =
        aws::DeleteTableRequest { database_name: name.database.clone(), name: name.name.clone(), ..Default::default() };
    execution.call::<aws::DeleteTable>(request).await.map_err(|fault| Failure::of_call(&fault))?;
    Ok(Answer::nothing())
}
