//! The catalog that the engine asks: Glue's databases, tables and partitions, as the query's owner sees them, and
//! whether the owner may read what lies behind them in S3.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use haar_platform::aws::{glue as aws, s3};
use haar_platform::kernel::Fault;
use haar_platform::store::{Read, Span};
use haar_sql::{
    Catalog, LakeColumn, LakePartition, LakeTable, PartitionFilter, Relation, RelationName, SqlError, Storage, View,
    ViewColumn,
};
use parking_lot::Mutex;

use super::data_catalog;
use super::execution::failure::PERMISSION_DENIED;
use super::execution::run::Execution;
use super::glue::TableName;
use super::location::Location;
use super::model::CATALOGS;
use super::place::Place;
use super::view;

/// The built-in catalog, as the engine writes it.
pub const BUILT_IN: &str = "awsdatacatalog";

/// What Trino puts behind a table's name for the table of its partitions.
const PARTITIONS: &str = "$partitions";

/// The value of a partition key that is NULL.
const NULL_PARTITION: &str = "__HIVE_DEFAULT_PARTITION__";

/// The catalogs of one query.
pub struct Lake {
    execution: Arc<Execution>,
    /// Places that the owner was found to be allowed to read.
    readable: Mutex<HashSet<String>>,
}

impl Lake {
    /// For an execution.
    pub fn of(execution: &Arc<Execution>) -> Arc<Self> {
        Arc::new(Self { execution: execution.clone(), readable: Mutex::default() })
    }

    /// Whether a catalog's name stands for the account's own Data Catalog; `None` when there is no such catalog.
    fn is_own(&self, catalog: &str) -> Result<Option<bool>, SqlError> {
        if data_catalog::is_built_in(catalog) {
            return Ok(Some(true));
        }
        let place = Place::of(&self.execution.ctx);
        let read = self.execution.athena.store.snapshot();
        for row in read.scan(CATALOGS, Span::under(place.prefix())) {
            let ((_, _, name), known) = row.map_err(|error| internal(&error))?;
            if name.eq_ignore_ascii_case(catalog) {
                let id = known.parameters.get("catalog-id").map(String::as_str);
                return Ok(Some(known.kind == "GLUE" && id == Some(place.account.as_str())));
            }
        }
        Ok(None)
    }

    /// The account's own Data Catalog must be meant; false when there is no such catalog at all.
    fn check_own(&self, catalog: &str) -> Result<bool, SqlError> {
        match self.is_own(catalog)? {
            Some(true) => Ok(true),
            Some(false) => Err(SqlError::not_supported(format!(
                "haar does not query data catalogs of other accounts or connectors: {catalog}"
            ))),
            None => Ok(false),
        }
    }

    async fn read_catalogs(&self) -> Result<Vec<String>, SqlError> {
        let place = Place::of(&self.execution.ctx);
        let mut names = vec![BUILT_IN.to_owned()];
        for row in self.execution.athena.store.snapshot().scan_keys(CATALOGS, Span::under(place.prefix())) {
            names.push(row.map_err(|error| internal(&error))?.2.to_lowercase());
        }
        Ok(names)
    }

    async fn read_relation(&self, name: &RelationName) -> Result<Option<Relation>, SqlError> {
        if !self.check_own(&name.catalog)? {
            return Ok(None);
        }
        if let Some(partitioned) = name.name.strip_suffix(PARTITIONS) {
            let table = TableName { database: name.schema.clone(), name: partitioned.to_owned() };
            return self.partitions_relation(&table).await;
        }
        let table = TableName { database: name.schema.clone(), name: name.name.clone() };
        let Some(found) = self.execution.find_table(&table).await.map_err(refused)? else { return Ok(None) };
        let relation = relation(name.clone(), found)?;
        if let Relation::Table(table) = &relation {
            self.check_readable(&table.storage.location).await?;
        }
        Ok(Some(relation))
    }

    /// `"t$partitions"`: a row for each partition, with its values in the types of the keys.
    async fn partitions_relation(&self, name: &TableName) -> Result<Option<Relation>, SqlError> {
        let Some(table) = self.execution.find_table(name).await.map_err(refused)? else { return Ok(None) };
        let keys = lake_columns(table.partition_keys);
        if keys.is_empty() {
            return Ok(None);
        }
        let found = self.execution.partitions(name, None).await.map_err(refused)?;
        let values: Vec<Vec<String>> = found.into_iter().filter_map(|partition| partition.values).collect();
        Ok(Some(Relation::View(partitions_view(&keys, &values))))
    }

    async fn read_relations(&self, catalog: &str, schema: &str) -> Result<Vec<(String, Relation)>, SqlError> {
        if !self.check_own(catalog)? {
            return Ok(Vec::new());
        }
        let tables = self.execution.tables(schema).await.map_err(refused)?;
        let named = tables.into_iter().map(|table| (RelationName::new(catalog, schema, &table.name), table));
        // A relation that cannot be read is no reason not to list the others.
        Ok(named.filter_map(|(name, table)| Some((table.name.clone(), relation(name, table).ok()?))).collect())
    }

    async fn read_partitions(
        &self,
        table: &LakeTable,
        filter: Option<&PartitionFilter>,
    ) -> Result<Vec<LakePartition>, SqlError> {
        let name = TableName { database: table.name.schema.clone(), name: table.name.name.clone() };
        let expression = filter.map(PartitionFilter::expression);
        let found = self.execution.partitions(&name, expression).await.map_err(refused)?;
        let mut partitions = Vec::with_capacity(found.len());
        for partition in found {
            let storage = storage(partition.storage_descriptor.unwrap_or_default());
            self.check_readable(&storage.location).await?;
            partitions.push(LakePartition { values: partition.values.unwrap_or_default(), storage });
        }
        Ok(partitions)
    }

    /// The owner must be allowed to list a place and to read an object in it. The engine reads without asking.
    ///
    /// The root user is asked about each bucket once: no policy of its own can tell one prefix from another.
    async fn check_readable(&self, location: &str) -> Result<(), SqlError> {
        let Some(location) = Location::parse(location).map(Location::folder) else { return Ok(()) };
        let is_root = self.execution.ctx.caller.is_root();
        let known = if is_root { location.bucket.clone() } else { location.to_string() };
        if self.readable.lock().contains(&known) {
            return Ok(());
        }
        self.ask_s3(&location).await?;
        self.readable.lock().insert(known);
        Ok(())
    }

    async fn ask_s3(&self, location: &Location) -> Result<(), SqlError> {
        let denied = |fault: Fault| match fault.code.as_ref() {
            "AccessDenied" => SqlError::new(PERMISSION_DENIED, format!("Permission denied on S3 path: {location}")),
            "NoSuchBucket" => {
                SqlError::new("HIVE_METASTORE_ERROR", format!("The specified bucket does not exist: {location}"))
            }
            _ if fault.sender => SqlError::new("HIVE_FILESYSTEM_ERROR", format!("{}: {location}", fault.message)),
            _ => internal(&fault),
        };
        let request = s3::ListObjectsV2Request {
            bucket: location.bucket.clone(),
            prefix: Some(location.key.clone()).filter(|prefix| !prefix.is_empty()),
            max_keys: Some(1),
            ..Default::default()
        };
        let listed = self.execution.call::<s3::ListObjectsV2>(request).await.map_err(denied)?;
        let Some(key) = listed.contents.unwrap_or_default().into_iter().find_map(|object| object.key) else {
            return Ok(());
        };
        let request = s3::HeadObjectRequest { bucket: location.bucket.clone(), key, ..Default::default() };
        self.execution.call::<s3::HeadObject>(request).await.map_err(denied)?;
        Ok(())
    }
}

impl Catalog for Lake {
    fn catalogs(&self) -> BoxFuture<'_, Result<Vec<String>, SqlError>> {
        Box::pin(self.read_catalogs())
    }

    fn schemas<'a>(&'a self, catalog: &'a str) -> BoxFuture<'a, Result<Vec<String>, SqlError>> {
        Box::pin(async move {
            if !self.check_own(catalog)? {
                return Ok(Vec::new());
            }
            self.execution.database_names().await.map_err(refused)
        })
    }

    fn relations<'a>(
        &'a self,
        catalog: &'a str,
        schema: &'a str,
    ) -> BoxFuture<'a, Result<Vec<(String, Relation)>, SqlError>> {
        Box::pin(self.read_relations(catalog, schema))
    }

    fn relation<'a>(&'a self, name: &'a RelationName) -> BoxFuture<'a, Result<Option<Relation>, SqlError>> {
        Box::pin(self.read_relation(name))
    }

    fn partitions<'a>(
        &'a self,
        table: &'a LakeTable,
        filter: Option<&'a PartitionFilter>,
    ) -> BoxFuture<'a, Result<Vec<LakePartition>, SqlError>> {
        Box::pin(self.read_partitions(table, filter))
    }
}

/// The rows of `"t$partitions"` as a query.
fn partitions_view(keys: &[LakeColumn], values: &[Vec<String>]) -> View {
    let trino_type = |key: &LakeColumn| match key.hive_type.as_str() {
        "string" => "varchar".to_owned(),
        "int" => "integer".to_owned(),
        "float" => "real".to_owned(),
        other => other.to_owned(),
    };
    let literal = |key: &LakeColumn, value: &str| match value {
        NULL_PARTITION => format!("CAST(NULL AS {})", trino_type(key)),
        value => format!("CAST('{}' AS {})", value.replace('\'', "''"), trino_type(key)),
    };
    let row = |values: &[String]| -> String {
        keys.iter().zip(values).map(|(key, value)| literal(key, value)).collect::<Vec<_>>().join(", ")
    };
    let names = keys.iter().map(|key| format!("\"{}\"", key.name.replace('"', "\"\""))).collect::<Vec<_>>().join(", ");
    let rows = match values.is_empty() {
        // There is no VALUES without rows.
        true => format!("({})", row(&vec![NULL_PARTITION.to_owned(); keys.len()])),
        false => values.iter().map(|values| format!("({})", row(values))).collect::<Vec<_>>().join(", "),
    };
    let condition = if values.is_empty() { " WHERE false" } else { "" };
    View {
        sql: format!("SELECT * FROM (VALUES {rows}) AS t ({names}){condition}"),
        columns: keys.iter().map(|key| ViewColumn { name: key.name.clone(), trino_type: trino_type(key) }).collect(),
        catalog: None,
        schema: None,
    }
}

/// A table or view of Glue's, for the engine.
fn relation(name: RelationName, table: aws::Table) -> Result<Relation, SqlError> {
    if table.table_type.as_deref() == Some("VIRTUAL_VIEW") {
        let text = table.view_original_text.as_deref().unwrap_or_default();
        return view::decode(text).map(Relation::View).ok_or_else(|| {
            SqlError::new(
                "INVALID_VIEW",
                format!("View '{name}' is stale or in invalid state: it was not made by Athena"),
            )
        });
    }
    let mut descriptor = table.storage_descriptor.unwrap_or_default();
    let columns = descriptor.columns.take();
    Ok(Relation::Table(LakeTable {
        name,
        columns: lake_columns(columns),
        partition_keys: lake_columns(table.partition_keys),
        storage: storage(descriptor),
        parameters: table.parameters.unwrap_or_default(),
    }))
}

/// Columns as the engine takes them.
pub fn lake_columns(columns: Option<Vec<aws::Column>>) -> Vec<LakeColumn> {
    let columns = columns.unwrap_or_default().into_iter();
    columns
        .map(|column| LakeColumn {
            name: column.name.to_lowercase(),
            hive_type: column.r#type.unwrap_or_default(),
            comment: column.comment,
        })
        .collect()
}

fn storage(descriptor: aws::StorageDescriptor) -> Storage {
    let serde = descriptor.serde_info.unwrap_or_default();
    Storage {
        location: descriptor.location.unwrap_or_default(),
        input_format: descriptor.input_format,
        serde_library: serde.serialization_library,
        serde_parameters: serde.parameters.unwrap_or_default(),
    }
}

/// What Glue answered, as the engine passes it on.
fn refused(fault: Fault) -> SqlError {
    if fault.name == "AccessDeniedException" {
        let message = format!("Insufficient permissions to execute the query. {}", fault.message);
        return SqlError::new(PERMISSION_DENIED, message);
    }
    if fault.sender {
        return SqlError::new("HIVE_METASTORE_ERROR", fault.message);
    }
    internal(&fault)
}

fn internal(cause: &dyn std::fmt::Display) -> SqlError {
    tracing::error!(%cause, "the catalog of a query cannot be read");
    SqlError::internal("the catalog cannot be read")
}
