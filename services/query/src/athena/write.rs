//! CTAS, INSERT and UNLOAD: rows become files, and files become tables and partitions.
//!
//! <https://docs.aws.amazon.com/athena/latest/ug/ctas.html>,
//! <https://docs.aws.amazon.com/athena/latest/ug/insert-into.html>,
//! <https://docs.aws.amazon.com/athena/latest/ug/unload.html>

mod options;
mod sinks;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use haar_platform::aws::{glue as aws, s3};
use haar_sql::{LakeColumn, Query, Target, WriteSpec, Written, hive_columns};

use self::options::Options;
use self::sinks::S3Sinks;
use super::ddl;
use super::execution::perform::{describe, result_file};
use super::execution::run::Execution;
use super::glue::TableName;
use super::lake::{BUILT_IN, lake_columns};
use super::location::Location;
use super::model::{Failure, Outcome};
use super::place::Place;
use super::result::upload::Upload;
use super::result::{columns, manifest};
use super::statement::{CreateTableAs, Name, Properties, alone};
use super::workgroup;

/// CTAS.
pub async fn create_table_as(
    execution: &Arc<Execution>,
    create: CreateTableAs,
    text: &str,
    parameters: Vec<String>,
) -> Result<Outcome, Failure> {
    let name = execution.resolve(&create.name)?;
    let options = Options::of_table(&create.properties)?;
    check_database(execution, &name).await?;
    if execution.find_table(&name).await.map_err(|fault| Failure::of_call(&fault))?.is_some() {
        if create.if_not_exists {
            return outcome(execution, 0, &[]).await;
        }
        return Err(Failure::user(format!("TABLE_ALREADY_EXISTS: line 1:1: Table '{BUILT_IN}.{name}' already exists")));
    }
    let root = table_location(execution, &options)?;
    check_empty(execution, &root, &format!("Target directory for table '{name}'")).await?;
    let query = execution.query(&alone(text, &create.query), parameters).await?;
    let (data, keys) = table_columns(&query, &options.partitioned_by)?;
    let written = match create.with_data {
        true => Some(run(execution, query, options.spec(None), &root).await?),
        false => None,
    };
    let input = table_input(execution, &name, &options, create.comment, &root, data, keys);
    let request = aws::CreateTableRequest {
        database_name: name.database.clone(),
        table_input: Some(input.clone()),
        ..Default::default()
    };
    execution.call::<aws::CreateTable>(request).await.map_err(|fault| Failure::of_call(&fault))?;
    let Some(written) = written else { return outcome(execution, 0, &[]).await };
    let table = aws::Table {
        name: input.name,
        storage_descriptor: input.storage_descriptor,
        partition_keys: input.partition_keys,
        ..Default::default()
    };
    add_partitions(execution, &name, &table, &written).await?;
    outcome(execution, written.rows, &files(&root, &written)).await
}

async fn check_database(execution: &Execution, name: &TableName) -> Result<(), Failure> {
    match execution.find_database(&name.database).await {
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err(Failure::user(format!("SCHEMA_NOT_FOUND: line 1:1: Schema {} does not exist", name.database))),
        Err(fault) => Err(Failure::of_call(&fault)),
    }
}

/// Where a new table's data goes: where the statement says, if it may, or beside the results.
fn table_location(execution: &Execution, options: &Options) -> Result<Location, Failure> {
    let Some(location) = &options.external_location else {
        let mut location = result_file(execution)?;
        location.key.truncate(location.key.strip_suffix(".csv").unwrap_or(&location.key).len());
        return Ok(location.folder());
    };
    let place = Place::of(&execution.ctx);
    let name = &execution.submission.workgroup_name;
    let workgroup = execution.athena.store.read(|tx| workgroup::find(tx, &place, name))?;
    if workgroup.configuration.enforced {
        return Err(Failure::user(
            "The Create Table As Select query failed because it was submitted with an 'external_location' property to \
             an Athena Workgroup that enforces a centralized output location for all queries. Please remove the \
             'external_location' property and resubmit the query.",
        ));
    }
    folder(location)
}

fn folder(location: &str) -> Result<Location, Failure> {
    let parsed = Location::parse(location).filter(|_| location.starts_with("s3://"));
    parsed.map(Location::folder).ok_or_else(|| {
        Failure::user(format!("INVALID_TABLE_PROPERTY: External location is not a valid file system URI: {location}"))
    })
}

/// Nothing may lie where new data goes.
async fn check_empty(execution: &Execution, root: &Location, what: &str) -> Result<(), Failure> {
    let request = s3::ListObjectsV2Request {
        bucket: root.bucket.clone(),
        prefix: Some(root.key.clone()).filter(|prefix| !prefix.is_empty()),
        max_keys: Some(1),
        ..Default::default()
    };
    let listed = execution.call::<s3::ListObjectsV2>(request).await.map_err(|fault| match fault.code.as_ref() {
        "AccessDenied" => Failure::denied(format!("Permission denied on S3 path: {root}")),
        _ => Failure::of_call(&fault),
    })?;
    if listed.contents.unwrap_or_default().is_empty() {
        return Ok(());
    }
    Err(Failure::user(format!(
        "HIVE_PATH_ALREADY_EXISTS: {what} already exists: {root}. You may need to manually clean the data at location \
         '{root}' before retrying. Athena will not delete data in your account."
    )))
}

/// The columns of the files and the partition keys, which must be the query's last columns.
fn table_columns(query: &Query, partitioned_by: &[String]) -> Result<(Vec<LakeColumn>, Vec<LakeColumn>), Failure> {
    let mut names = BTreeSet::new();
    for (index, column) in query.columns().iter().enumerate() {
        if column.name == format!("_col{index}") {
            return Err(Failure::user(format!(
                "COLUMN_NAME_NOT_SPECIFIED: line 1:1: Column name not specified at position {}",
                index + 1
            )));
        }
        if !names.insert(column.name.to_lowercase()) {
            return Err(Failure::user(format!(
                "DUPLICATE_COLUMN_NAME: line 1:1: Column name '{}' specified more than once",
                column.name
            )));
        }
    }
    let mut all = hive_columns(query.columns())?;
    if let Some(unknown) = partitioned_by.iter().find(|key| !names.contains(*key)) {
        return Err(Failure::user(format!(
            "INVALID_TABLE_PROPERTY: Partition columns {unknown} not present in schema"
        )));
    }
    if partitioned_by.len() >= all.len() && !partitioned_by.is_empty() {
        return Err(Failure::user("INVALID_TABLE_PROPERTY: Table contains only partition columns"));
    }
    let keys = all.split_off(all.len() - partitioned_by.len());
    if keys.iter().map(|key| &key.name).ne(partitioned_by) {
        return Err(Failure::user(
            "HIVE_COLUMN_ORDER_MISMATCH: Partition keys must be the last columns in the table and in the same order \
             as the table properties",
        ));
    }
    Ok((all, keys))
}

async fn run(execution: &Arc<Execution>, query: Query, spec: WriteSpec, root: &Location) -> Result<Written, Failure> {
    let sinks = S3Sinks::at(execution, root.clone());
    let written = execution.athena.engine.write(query, spec, sinks).await?;
    execution.note(&written.statistics);
    let mut statistics = execution.statistics.lock();
    statistics.output_rows = i64::try_from(written.rows).unwrap_or(i64::MAX);
    statistics.output_bytes = i64::try_from(written.bytes).unwrap_or(i64::MAX);
    drop(statistics);
    Ok(written)
}

fn files(root: &Location, written: &Written) -> Vec<Location> {
    written.files.iter().map(|file| root.join(&file.key)).collect()
}

fn table_input(
    execution: &Execution,
    name: &TableName,
    options: &Options,
    comment: Option<String>,
    root: &Location,
    data: Vec<LakeColumn>,
    keys: Vec<LakeColumn>,
) -> aws::TableInput {
    let mut parameters = BTreeMap::from([
        ("EXTERNAL".to_owned(), "TRUE".to_owned()),
        ("has_encrypted_data".to_owned(), "false".to_owned()),
        ("transient_lastDdlTime".to_owned(), execution.ctx.now().seconds().to_string()),
    ]);
    parameters.extend(options.table_parameters());
    parameters.extend(comment.clone().map(|comment| ("comment".to_owned(), comment)));
    let storage = aws::StorageDescriptor {
        columns: Some(glue_columns(data)),
        location: Some(root.to_string().trim_end_matches('/').to_owned()),
        ..options.storage()
    };
    aws::TableInput {
        name: name.name.clone(),
        description: comment,
        owner: Some("hadoop".to_owned()),
        retention: Some(0),
        storage_descriptor: Some(storage),
        partition_keys: Some(glue_columns(keys)),
        table_type: Some("EXTERNAL_TABLE".to_owned()),
        parameters: Some(parameters),
        ..Default::default()
    }
}

fn glue_columns(columns: Vec<LakeColumn>) -> Vec<aws::Column> {
    let columns = columns.into_iter();
    columns
        .map(|column| aws::Column {
            name: column.name,
            r#type: Some(column.hive_type),
            comment: column.comment,
            ..Default::default()
        })
        .collect()
}

/// The catalog learns of the partitions that were written into and that it does not know.
async fn add_partitions(
    execution: &Execution,
    name: &TableName,
    table: &aws::Table,
    written: &Written,
) -> Result<(), Failure> {
    let values: BTreeSet<&Vec<String>> =
        written.files.iter().map(|file| &file.partition).filter(|values| !values.is_empty()).collect();
    let inputs = values.into_iter().map(|values| ddl::partition::input(table, values.clone(), None));
    ddl::partition::create(execution, name, inputs.collect(), true).await
}

/// The manifest, the description, and what the API tells of it.
async fn outcome(execution: &Arc<Execution>, rows: u64, files: &[Location]) -> Result<Outcome, Failure> {
    let columns = vec![columns::of_rows()];
    let location = manifest::location(&result_file(execution)?);
    let mut upload = Upload::of_result(execution, location.clone());
    upload.write(manifest::encode(files).as_bytes()).await?;
    upload.finish().await?;
    describe(execution, &columns).await?;
    Ok(Outcome {
        columns,
        update_count: i64::try_from(rows).unwrap_or(i64::MAX),
        manifest: Some(location.to_string()),
        ..Outcome::default()
    })
}

/// INSERT INTO.
pub async fn insert(
    execution: &Arc<Execution>,
    name: &Name,
    columns: Vec<String>,
    sql: &str,
    parameters: Vec<String>,
) -> Result<Outcome, Failure> {
    let name = execution.resolve(name)?;
    let Some(table) = execution.find_table(&name).await.map_err(|fault| Failure::of_call(&fault))? else {
        return Err(Failure::user(format!("TABLE_NOT_FOUND: line 1:1: Table '{BUILT_IN}.{name}' does not exist")));
    };
    let options = Options::of_insert(&table)?;
    let storage = table.storage_descriptor.as_ref();
    let root = folder(storage.and_then(|storage| storage.location.as_deref()).unwrap_or_default())?;
    let mut all = lake_columns(storage.and_then(|storage| storage.columns.clone()));
    all.extend(lake_columns(table.partition_keys.clone()));
    if let Some(unknown) = columns.iter().find(|named| !all.iter().any(|column| column.name == **named)) {
        return Err(Failure::user(format!(
            "COLUMN_NOT_FOUND: line 1:1: Insert column name does not exist in target table: {unknown}"
        )));
    }
    let query = execution.query(sql, parameters).await?;
    let wanted = if columns.is_empty() { all.len() } else { columns.len() };
    if query.columns().len() != wanted {
        return Err(Failure::user(format!(
            "TYPE_MISMATCH: line 1:1: Insert query has mismatched column types: Table: {wanted} columns, Query: {} columns",
            query.columns().len()
        )));
    }
    let written = run(execution, query, options.spec(Some(Target { columns: all, named: columns })), &root).await?;
    let projected = table.parameters.as_ref().and_then(|parameters| parameters.get("projection.enabled"));
    // Partitions that are projected are there without being kept.
    if !projected.is_some_and(|enabled| enabled.eq_ignore_ascii_case("true")) {
        add_partitions(execution, &name, &table, &written).await?;
    }
    outcome(execution, written.rows, &files(&root, &written)).await
}

/// UNLOAD.
pub async fn unload(
    execution: &Arc<Execution>,
    sql: &str,
    location: &str,
    properties: Properties,
    parameters: Vec<String>,
) -> Result<Outcome, Failure> {
    let options = Options::of_unload(&properties)?;
    let root = folder(location)?;
    check_empty(execution, &root, "Target directory for unload").await?;
    let query = execution.query(sql, parameters).await?;
    table_columns(&query, &options.partitioned_by)?;
    let written = run(execution, query, options.spec(None), &root).await?;
    outcome(execution, written.rows, &files(&root, &written)).await
}
