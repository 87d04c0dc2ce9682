//! What is in a data catalog: databases and tables, read from Glue as the caller.

use std::sync::Arc;

use haar_platform::aws::athena as aws;
use haar_platform::aws::glue;
use haar_platform::kernel::{Access, Caller, Ctx, Fault};

use super::Athena;
use super::data_catalog::check_usable;
use super::error::Error;
use super::listing;
use super::place;

/// The catalog.
pub fn database_access(ctx: &Ctx, athena: &Athena, input: &aws::GetDatabaseInput) -> Result<Access, Fault> {
    place::touch(ctx, &athena.store, place::data_catalog(&input.catalog_name))
}

/// GetDatabase.
pub async fn database(
    ctx: &Ctx,
    athena: &Athena,
    input: aws::GetDatabaseInput,
) -> Result<aws::GetDatabaseOutput, Fault> {
    check_usable(ctx, athena, &input.catalog_name)?;
    let request = glue::GetDatabaseRequest { name: input.database_name, catalog_id: None };
    let answer = ctx.call_as::<glue::GetDatabase>(ctx.caller.clone(), request).await.map_err(metadata)?;
    Ok(aws::GetDatabaseOutput { database: answer.database.map(show_database) })
}

/// What Glue answered, as Athena passes it on.
fn metadata(fault: Fault) -> Fault {
    if !fault.sender {
        return fault;
    }
    Error::Metadata(fault.message).into()
}

fn show_database(database: glue::Database) -> aws::Database {
    aws::Database { name: database.name, description: database.description, parameters: database.parameters }
}

/// The catalog.
pub fn databases_access(ctx: &Ctx, athena: &Athena, input: &aws::ListDatabasesInput) -> Result<Access, Fault> {
    place::touch(ctx, &athena.store, place::data_catalog(&input.catalog_name))
}

/// ListDatabases. Glue's pages are ours.
pub async fn databases(
    ctx: &Ctx,
    athena: &Athena,
    input: aws::ListDatabasesInput,
) -> Result<aws::ListDatabasesOutput, Fault> {
    check_usable(ctx, athena, &input.catalog_name)?;
    let names_only = input.attributes_to_get.is_some_and(|attributes| !attributes.is_empty());
    let request = glue::GetDatabasesRequest {
        next_token: input.next_token,
        max_results: Some(page_size(input.max_results)),
        ..Default::default()
    };
    let answer = ctx.call_as::<glue::GetDatabases>(ctx.caller.clone(), request).await.map_err(metadata)?;
    let shown = answer.database_list.into_iter().map(|database| match names_only {
        true => aws::Database { name: database.name, ..Default::default() },
        false => show_database(database),
    });
    Ok(aws::ListDatabasesOutput { database_list: Some(shown.collect()), next_token: answer.next_token })
}

fn page_size(max_results: Option<i32>) -> i32 {
    i32::try_from(listing::size(max_results)).unwrap_or(i32::MAX)
}

/// The catalog.
pub fn table_access(ctx: &Ctx, athena: &Athena, input: &aws::GetTableMetadataInput) -> Result<Access, Fault> {
    place::touch(ctx, &athena.store, place::data_catalog(&input.catalog_name))
}

/// GetTableMetadata.
pub async fn table(
    ctx: &Ctx,
    athena: &Athena,
    input: aws::GetTableMetadataInput,
) -> Result<aws::GetTableMetadataOutput, Fault> {
    check_usable(ctx, athena, &input.catalog_name)?;
    let request =
        glue::GetTableRequest { database_name: input.database_name, name: input.table_name, ..Default::default() };
    let answer = ctx.call_as::<glue::GetTable>(ctx.caller.clone(), request).await.map_err(metadata)?;
    Ok(aws::GetTableMetadataOutput { table_metadata: answer.table.map(show_table) })
}

fn show_table(table: glue::Table) -> aws::TableMetadata {
    let storage = table.storage_descriptor.unwrap_or_default();
    let mut parameters = table.parameters.unwrap_or_default();
    // Athena puts what the storage descriptor says among the parameters.
    let serde = storage.serde_info.unwrap_or_default();
    let facts = [
        ("location", storage.location),
        ("inputformat", storage.input_format),
        ("outputformat", storage.output_format),
        ("serde.serialization.lib", serde.serialization_library),
    ];
    for (name, value) in facts {
        if let Some(value) = value {
            parameters.entry(name.to_owned()).or_insert(value);
        }
    }
    for (name, value) in serde.parameters.unwrap_or_default() {
        parameters.entry(format!("serde.param.{name}")).or_insert(value);
    }
    let columns =
        |columns: Option<Vec<glue::Column>>| columns.unwrap_or_default().into_iter().map(show_column).collect();
    aws::TableMetadata {
        name: table.name,
        create_time: table.create_time,
        last_access_time: table.last_access_time,
        table_type: table.table_type,
        columns: Some(columns(storage.columns)),
        partition_keys: Some(columns(table.partition_keys)),
        parameters: Some(parameters),
    }
}

fn show_column(column: glue::Column) -> aws::Column {
    aws::Column { name: column.name, r#type: column.r#type, comment: column.comment }
}

/// The catalog.
pub fn tables_access(ctx: &Ctx, athena: &Athena, input: &aws::ListTableMetadataInput) -> Result<Access, Fault> {
    place::touch(ctx, &athena.store, place::data_catalog(&input.catalog_name))
}

/// ListTableMetadata. Glue's pages are ours; the expression is a pattern that some part of the name must match.
pub async fn tables(
    ctx: &Ctx,
    athena: &Athena,
    input: aws::ListTableMetadataInput,
) -> Result<aws::ListTableMetadataOutput, Fault> {
    check_usable(ctx, athena, &input.catalog_name)?;
    let request = glue::GetTablesRequest {
        database_name: input.database_name,
        expression: input.expression.filter(|expression| !expression.is_empty()),
        next_token: input.next_token,
        max_results: Some(page_size(input.max_results)),
        ..Default::default()
    };
    let caller: Arc<Caller> = ctx.caller.clone();
    let answer = ctx.call_as::<glue::GetTables>(caller, request).await.map_err(metadata)?;
    let wanted = input.attributes_to_get;
    let shown = answer.table_list.unwrap_or_default().into_iter().map(|table| match &wanted {
        None => show_table(table),
        Some(attributes) => aws::TableMetadata {
            name: table.name,
            table_type: table.table_type.filter(|_| attributes.contains(&aws::TableAttributes::TableType)),
            ..Default::default()
        },
    });
    Ok(aws::ListTableMetadataOutput { table_metadata_list: Some(shown.collect()), next_token: answer.next_token })
}
