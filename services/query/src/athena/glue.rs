//! The Data Catalog, as an execution's owner sees it.

use haar_platform::aws::glue as aws;
use haar_platform::kernel::{Fault, Op};

use super::data_catalog;
use super::execution::run::Execution;
use super::model::Failure;
use super::statement::Name;

/// Partitions that one call answers.
const PARTITIONS_PAGE: i32 = 1000;

/// Tables that one call answers.
const TABLES_PAGE: i32 = 100;

/// The database that names without one belong to.
const DEFAULT_DATABASE: &str = "default";

/// A table's place in the catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableName {
    pub database: String,
    pub name: String,
}

impl std::fmt::Display for TableName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.database, self.name)
    }
}

impl Execution {
    /// Calls another service as the query's owner.
    pub async fn call<O: Op>(&self, input: O::Input) -> Result<O::Output, Fault> {
        self.ctx.call_as::<O>(self.ctx.caller.clone(), input).await
    }

    /// The database that unqualified names belong to. awswrangler sends it in backquotes, which Athena takes.
    pub fn database(&self) -> String {
        let named = self.submission.database.as_deref().unwrap_or(DEFAULT_DATABASE);
        named.trim_matches('`').to_lowercase()
    }

    /// The account's own Data Catalog must be meant.
    pub fn check_catalog(&self, catalog: &str) -> Result<(), Failure> {
        data_catalog::check_usable(&self.ctx, &self.athena, catalog).map_err(|fault| Failure::of_call(&fault))
    }

    /// The full name of a table.
    pub fn resolve(&self, name: &Name) -> Result<TableName, Failure> {
        if let Some(catalog) = &name.catalog {
            self.check_catalog(catalog)?;
        }
        let database = name.database.clone().unwrap_or_else(|| self.database());
        Ok(TableName { database, name: name.name.clone() })
    }

    /// A table, or `None` when there is no such table or database.
    pub async fn find_table(&self, name: &TableName) -> Result<Option<aws::Table>, Fault> {
        let request = aws::GetTableRequest {
            database_name: name.database.clone(),
            name: name.name.clone(),
            ..Default::default()
        };
        match self.call::<aws::GetTable>(request).await {
            Ok(answer) => Ok(answer.table),
            Err(fault) if fault.name == "EntityNotFoundException" => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// A database, or `None` when there is none of that name.
    pub async fn find_database(&self, name: &str) -> Result<Option<aws::Database>, Fault> {
        let request = aws::GetDatabaseRequest { name: name.to_owned(), ..Default::default() };
        match self.call::<aws::GetDatabase>(request).await {
            Ok(answer) => Ok(answer.database),
            Err(fault) if fault.name == "EntityNotFoundException" => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Every database's name, sorted.
    pub async fn database_names(&self) -> Result<Vec<String>, Fault> {
        let (mut names, mut next_token) = (Vec::new(), None);
        loop {
            let request = aws::GetDatabasesRequest {
                next_token,
                max_results: Some(TABLES_PAGE),
                attributes_to_get: Some(vec![aws::DatabaseAttributes::Name]),
                ..Default::default()
            };
            let answer = self.call::<aws::GetDatabases>(request).await?;
            names.extend(answer.database_list.into_iter().map(|database| database.name));
            next_token = answer.next_token.filter(|token| !token.is_empty());
            if next_token.is_none() {
                names.sort_unstable();
                return Ok(names);
            }
        }
    }

    /// Every table of a database, sorted by name; none of one that is not there.
    pub async fn tables(&self, database: &str) -> Result<Vec<aws::Table>, Fault> {
        let (mut tables, mut next_token) = (Vec::new(), None);
        loop {
            let request = aws::GetTablesRequest {
                database_name: database.to_owned(),
                next_token,
                max_results: Some(TABLES_PAGE),
                ..Default::default()
            };
            let answer = match self.call::<aws::GetTables>(request).await {
                Err(fault) if fault.name == "EntityNotFoundException" => return Ok(Vec::new()),
                answer => answer?,
            };
            tables.extend(answer.table_list.unwrap_or_default());
            next_token = answer.next_token.filter(|token| !token.is_empty());
            if next_token.is_none() {
                tables.sort_unstable_by(|one, other| one.name.cmp(&other.name));
                return Ok(tables);
            }
        }
    }

    /// The partitions of a table that an expression lets through.
    pub async fn partitions(&self, name: &TableName, expression: Option<&str>) -> Result<Vec<aws::Partition>, Fault> {
        let (mut partitions, mut next_token) = (Vec::new(), None);
        loop {
            let request = aws::GetPartitionsRequest {
                database_name: name.database.clone(),
                table_name: name.name.clone(),
                expression: expression.map(str::to_owned),
                next_token,
                max_results: Some(PARTITIONS_PAGE),
                exclude_column_schema: Some(true),
                ..Default::default()
            };
            let answer = self.call::<aws::GetPartitions>(request).await?;
            partitions.extend(answer.partitions.unwrap_or_default());
            next_token = answer.next_token.filter(|token| !token.is_empty());
            if next_token.is_none() {
                return Ok(partitions);
            }
        }
    }
}
