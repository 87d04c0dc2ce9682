//! `information_schema`: the catalog as tables.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, StringViewArray};
use arrow::datatypes::Schema;
use arrow::record_batch::RecordBatch;
use datafusion::datasource::{MemTable, provider_as_source};
use haar_formats::HiveType;

use crate::catalog::{Catalog, Relation, RelationName};
use crate::error::SqlError;
use crate::lake::{Lake, trino_type};
use crate::planning::Resolved;
use crate::run::failure;
use crate::types::Type;

/// The columns of each table, all `varchar` but those named in [`BIGINT`].
const TABLES: [(&str, &[&str]); 5] = [
    ("schemata", &["catalog_name", "schema_name"]),
    ("tables", &["table_catalog", "table_schema", "table_name", "table_type"]),
    (
        "columns",
        &[
            "table_catalog",
            "table_schema",
            "table_name",
            "column_name",
            "ordinal_position",
            "column_default",
            "is_nullable",
            "data_type",
            "comment",
            "extra_info",
        ],
    ),
    ("views", &["table_catalog", "table_schema", "table_name", "view_definition"]),
    ("enabled_roles", &["role_name"]),
];

const BIGINT: &str = "ordinal_position";

type Row = Vec<Option<String>>;

impl Lake {
    /// A table of a catalog's `information_schema`, as the catalog is now.
    pub(crate) async fn information_schema(
        &self,
        catalog: &Arc<dyn Catalog>,
        name: &RelationName,
    ) -> Result<Resolved, SqlError> {
        if !catalog.catalogs().await?.contains(&name.catalog) {
            return Ok(Resolved::NoCatalog);
        }
        let Some((_, columns)) = TABLES.iter().find(|(table, _)| *table == name.name) else {
            return Ok(Resolved::NoRelation);
        };
        let rows = rows(catalog.as_ref(), &name.catalog, &name.name).await?;
        let fields: Vec<_> = columns
            .iter()
            .map(|column| match *column {
                BIGINT => Type::Bigint.field(*column, true),
                _ => Type::VARCHAR.field(*column, true),
            })
            .collect();
        let arrays = columns.iter().enumerate().map(|(at, column)| match *column {
            BIGINT => {
                let numbers = rows.iter().map(|row| row[at].as_ref().and_then(|number| number.parse().ok()));
                Arc::new(Int64Array::from_iter(numbers)) as ArrayRef
            }
            _ => Arc::new(StringViewArray::from_iter(rows.iter().map(|row| row[at].as_deref()))),
        });
        let schema = Arc::new(Schema::new(fields));
        let batch = RecordBatch::try_new(schema.clone(), arrays.collect())?;
        let table = MemTable::try_new(schema, vec![vec![batch]]).map_err(failure)?;
        Ok(Resolved::Table(provider_as_source(Arc::new(table))))
    }
}

async fn rows(catalog: &dyn Catalog, name: &str, table: &str) -> Result<Vec<Row>, SqlError> {
    let some = |text: &str| Some(text.to_owned());
    let mut rows = Vec::new();
    let schemas = catalog.schemas(name).await?;
    if table == "schemata" {
        let own = std::iter::once("information_schema");
        return Ok(schemas
            .iter()
            .map(String::as_str)
            .chain(own)
            .map(|schema| vec![some(name), some(schema)])
            .collect());
    }
    if table == "enabled_roles" {
        return Ok(rows);
    }
    for schema in &schemas {
        for (relation, described) in catalog.relations(name, schema).await? {
            let place = || vec![some(name), some(schema), some(&relation)];
            match (table, described) {
                ("tables", described) => {
                    let kind = if matches!(described, Relation::View(_)) { "VIEW" } else { "BASE TABLE" };
                    let mut row = place();
                    row.push(some(kind));
                    rows.push(row);
                }
                ("views", Relation::View(view)) => {
                    let mut row = place();
                    row.push(Some(view.sql));
                    rows.push(row);
                }
                ("columns", described) => {
                    for (at, (column, data_type, comment, extra)) in columns(described).into_iter().enumerate() {
                        let mut row = place();
                        let position = Some((at + 1).to_string());
                        row.extend([Some(column), position, None, some("YES"), Some(data_type), comment, extra]);
                        rows.push(row);
                    }
                }
                _ => {}
            }
        }
    }
    Ok(rows)
}

/// Name, type, comment and what is extra of each column.
fn columns(relation: Relation) -> Vec<(String, String, Option<String>, Option<String>)> {
    match relation {
        Relation::View(view) => {
            view.columns.into_iter().map(|column| (column.name, column.trino_type, None, None)).collect()
        }
        Relation::Table(table) => {
            let spelled = |hive: &str| match HiveType::parse(hive) {
                Ok(hive) => trino_type(&hive).to_string(),
                Err(_) => hive.to_owned(),
            };
            let plain = table.columns.into_iter().map(|column| (column, None));
            let keys = table.partition_keys.into_iter().map(|key| (key, Some("partition key".to_owned())));
            plain
                .chain(keys)
                .map(|(column, extra)| (column.name, spelled(&column.hive_type), column.comment, extra))
                .collect()
        }
    }
}
