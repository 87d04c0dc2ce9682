//! Data definition: what Hive's statements do to the Data Catalog, as the query's owner, and the texts they answer.
//!
//! ```text
//!   database   CREATE, DROP and ALTER DATABASE
//!   create     CREATE EXTERNAL TABLE
//!   alter      ALTER TABLE and DROP TABLE
//!   partition  partitions that are added, dropped and renamed
//!   repair     MSCK REPAIR TABLE
//!   show       SHOW …
//!   describe   DESCRIBE
//!   definition SHOW CREATE TABLE
//!   view       CREATE and DROP VIEW
//! ```

mod alter;
pub mod create;
mod database;
mod definition;
mod describe;
pub mod partition;
mod repair;
mod show;
mod view;

use std::sync::Arc;

use haar_platform::aws::glue as aws;

use super::execution::run::Execution;
use super::glue::TableName;
use super::model::Failure;
use super::statement::{Show, Statement};

/// What a statement answers.
#[derive(Debug, Default)]
pub struct Answer {
    /// Names of the columns.
    pub columns: Vec<&'static str>,
    /// Lines of the result's text.
    pub lines: Vec<String>,
}

impl Answer {
    /// Done, and nothing to say.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// Lines of one column.
    pub fn column(name: &'static str, lines: Vec<String>) -> Self {
        Self { columns: vec![name], lines }
    }
}

/// Does what a statement of Hive's asks for; `text` is the query that it stands in.
pub async fn perform(execution: &Arc<Execution>, statement: Statement, text: &str) -> Result<Answer, Failure> {
    if let Some(catalog) = &execution.submission.catalog {
        execution.check_catalog(catalog)?;
    }
    match statement {
        Statement::CreateDatabase(create) => database::create(execution, create).await,
        Statement::DropDatabase { name, if_exists, cascade } => {
            database::drop(execution, &name, if_exists, cascade).await
        }
        Statement::AlterDatabase { name, properties, location } => {
            database::alter(execution, &name, properties, location).await
        }
        Statement::CreateTable(table) => create::create(execution, *table).await,
        Statement::DropTable { name, if_exists } => alter::drop(execution, &name, if_exists).await,
        Statement::AlterTable { name, change } => alter::alter(execution, &name, *change).await,
        Statement::RepairTable(name) => repair::repair(execution, &name).await,
        Statement::CreateView { name, or_replace, query } => {
            view::create(execution, &name, or_replace, text, query).await
        }
        Statement::DropView { name, if_exists } => view::drop(execution, &name, if_exists).await,
        Statement::Describe { name, detail, column, partition } => {
            describe::describe(execution, &name, detail, column, partition).await
        }
        Statement::Show(what) => match what {
            Show::Databases { like } => show::databases(execution, like).await,
            Show::Tables { database, like } => show::tables(execution, database, like).await,
            Show::Views { database, like } => show::views(execution, database, like).await,
            Show::Columns { name } => show::columns(execution, &name).await,
            Show::Partitions { name, partition } => show::partitions(execution, &name, partition).await,
            Show::Properties { name, property } => show::properties(execution, &name, property).await,
            Show::CreateTable { name } => definition::table(execution, &name).await,
            Show::CreateView { name } => definition::view(execution, &name).await,
        },
        other => Err(Failure::internal(&format!("no statement of Hive's: {other:?}"))),
    }
}

impl Execution {
    /// A table that must be there.
    async fn table(&self, name: &TableName) -> Result<aws::Table, Failure> {
        match self.find_table(name).await {
            Ok(Some(table)) => Ok(table),
            Ok(None) => Err(Failure::semantic(format_args!("[Error 10001]: Table not found {name}"))),
            Err(fault) => Err(Failure::of_call(&fault)),
        }
    }

    /// A database must be there.
    async fn check_database(&self, name: &str) -> Result<(), Failure> {
        match self.find_database(name).await {
            Ok(Some(_)) => Ok(()),
            Ok(None) => Err(Failure::semantic(format_args!("[Error 10072]: Database does not exist: {name}"))),
            Err(fault) => Err(Failure::of_call(&fault)),
        }
    }

    /// Writes a table's next version.
    pub async fn update_table(&self, name: &TableName, input: aws::TableInput) -> Result<(), Failure> {
        let request = aws::UpdateTableRequest {
            database_name: name.database.clone(),
            table_input: Some(input),
            ..Default::default()
        };
        self.call::<aws::UpdateTable>(request).await.map_err(|fault| Failure::of_call(&fault))?;
        Ok(())
    }
}

/// What a caller may set of a table, from the table.
fn input_of(table: aws::Table) -> aws::TableInput {
    aws::TableInput {
        name: table.name,
        description: table.description,
        owner: table.owner,
        last_access_time: table.last_access_time,
        last_analyzed_time: table.last_analyzed_time,
        retention: table.retention,
        storage_descriptor: table.storage_descriptor,
        partition_keys: table.partition_keys,
        view_original_text: table.view_original_text,
        view_expanded_text: table.view_expanded_text,
        table_type: table.table_type,
        parameters: table.parameters,
        ..Default::default()
    }
}

/// Iceberg tables are read here, not changed: their own metadata would not know.
fn refuse_iceberg(table: &aws::Table) -> Result<(), Failure> {
    let kind = table.parameters.as_ref().and_then(|parameters| parameters.get("table_type"));
    if kind.is_some_and(|kind| kind.eq_ignore_ascii_case("iceberg")) {
        return Err(Failure::user("NOT_SUPPORTED: haar does not change Iceberg tables"));
    }
    Ok(())
}

/// Whether it is a view.
fn is_view(table: &aws::Table) -> bool {
    table.table_type.as_deref() == Some("VIRTUAL_VIEW")
}
