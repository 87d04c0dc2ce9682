//! Tables: making and reading them. Lists, changes, versions and deletion have files of their own.

pub mod delete;
pub mod list;
pub mod update;
pub mod version;

use haar_platform::aws::glue as aws;
use haar_platform::kernel::{Access, Ctx, Fault, ids};
use haar_platform::store::{Read, Tx};

use super::Glue;
use super::access::Touch;
use super::database;
use super::error::Error;
use super::event::Teller;
use super::kept::Kept;
use super::model::{PARTITION_INDEXES, TABLES, Table, TableInput, Version};
use super::name::{DatabaseName, TableName};
use super::partition::index;
use super::place::{OBJECTS, Place};
use super::quota::{self, Counted};
use super::storage;

/// The database and the table of a request.
#[derive(Clone)]
pub struct TableRef {
    /// The catalog.
    pub place: Place,
    /// The database.
    pub database: DatabaseName,
    /// The table in it.
    pub table: TableName,
}

impl TableRef {
    /// At the beginning of an operation on a table.
    pub fn enter(ctx: &Ctx, catalog_id: Option<&str>, database: &str, table: &str) -> Result<Self, Error> {
        let place = Place::enter(ctx, catalog_id)?;
        Ok(Self { place, database: DatabaseName::of(database), table: TableName::of(table) })
    }

    /// The table, and the number of its database.
    pub fn find(&self, read: &impl Read) -> Result<(u64, Table), Error> {
        let database = database::find(read, &self.place, &self.database)?;
        let table = read.get(TABLES, &(database.number, self.table.as_str()))?;
        Ok((database.number, table.ok_or_else(|| Error::table_not_found(&self.table))?))
    }

    /// A scope for paging tokens.
    pub fn scope(&self, operation: &str) -> String {
        format!("glue:{operation} {} {} {}", self.place.account, self.database, self.table)
    }

    /// Tells what the operation `change` does to the table.
    pub fn teller(&self, ctx: &Ctx, glue: &Glue, change: &'static str) -> Teller {
        Teller::new(&glue.bus, ctx, &self.place, change)
    }
}

/// The table, its database and the catalog.
pub fn create_access(ctx: &Ctx, glue: &Glue, input: &aws::CreateTableRequest) -> Result<Access, Fault> {
    let name = input.table_input.as_ref().map(|table| table.name.as_str()).or(input.name.as_deref()).unwrap_or("*");
    Touch::catalog(ctx, glue, input.catalog_id.as_deref())?.table(&input.database_name, name)?.done()
}

/// CreateTable.
pub async fn create(ctx: &Ctx, glue: &Glue, input: aws::CreateTableRequest) -> Result<aws::CreateTableResponse, Fault> {
    refuse_transaction(input.transaction_id.as_ref())?;
    if input.open_table_format_input.is_some() {
        return Err(Fault::not_served("glue:CreateTable with OpenTableFormatInput"));
    }
    let kept = keep(input.table_input, input.name.as_deref())?;
    let at = TableRef::enter(ctx, input.catalog_id.as_deref(), &input.database_name, &kept.name)?;
    let indexes = index::for_new_table(&kept, input.partition_indexes.unwrap_or_default())?;
    let objects = 1 + indexes.len() as u64;
    let table = Table {
        number: u64::from_be_bytes(ids::random()),
        created: ctx.now(),
        created_by: ctx.caller.arn.clone(),
        version: Version { number: 0, updated: ctx.now(), input: kept },
    };
    let (quotas, teller) = (glue.quotas, at.teller(ctx, glue, "CreateTable"));
    glue.store
        .write(move |tx| {
            insert(tx, &quotas, &at, &table)?;
            for (name, index) in &indexes {
                tx.put(PARTITION_INDEXES, &(table.number, name.as_str()), index)?;
            }
            Ok::<_, Error>(teller.database(tx, &at.database, std::slice::from_ref(&at.table))?)
        })
        .await?;
    ctx.meter(OBJECTS, objects);
    Ok(aws::CreateTableResponse {})
}

fn insert(tx: &mut Tx, quotas: &quota::Quotas, at: &TableRef, table: &Table) -> Result<(), Error> {
    let database = database::find(tx, &at.place, &at.database)?.number;
    if tx.contains(TABLES, &(database, at.table.as_str()))? {
        return Err(Error::AlreadyExists("Table".into()));
    }
    quota::add(tx, quotas, &Counted::Tables(database))?;
    tx.put(TABLES, &(database, at.table.as_str()), table)?;
    Ok(())
}

/// The table, its database and the catalog.
pub fn get_access(ctx: &Ctx, glue: &Glue, input: &aws::GetTableRequest) -> Result<Access, Fault> {
    Touch::catalog(ctx, glue, input.catalog_id.as_deref())?.table(&input.database_name, &input.name)?.done()
}

/// GetTable.
pub async fn get(ctx: &Ctx, glue: &Glue, input: aws::GetTableRequest) -> Result<aws::GetTableResponse, Fault> {
    refuse_transaction(input.transaction_id.as_ref())?;
    refuse_past(input.query_as_of_time)?;
    let attributes = Attributes::parse(input.attributes_to_get)?;
    let at = TableRef::enter(ctx, input.catalog_id.as_deref(), &input.database_name, &input.name)?;
    let (_, table) = glue.store.read(|tx| at.find(tx))?;
    Ok(aws::GetTableResponse { table: Some(attributes.choose(show(&at.place, &at.database, &at.table, table))) })
}

/// What of a table a caller wants to see.
#[derive(Clone, Copy)]
pub enum Attributes {
    /// Everything.
    All,
    /// The name, and with it perhaps the type.
    Some { kind: bool },
}

impl Attributes {
    /// As the request names them.
    pub fn parse(attributes: Option<Vec<aws::TableAttributes>>) -> Result<Self, Fault> {
        let attributes = attributes.unwrap_or_default();
        if attributes.contains(&aws::TableAttributes::LatestIcebergMetadata) {
            return Err(Fault::not_served("glue tables' LATEST_ICEBERG_METADATA"));
        }
        if attributes.is_empty() || attributes.contains(&aws::TableAttributes::Default) {
            return Ok(Self::All);
        }
        Ok(Self::Some { kind: attributes.contains(&aws::TableAttributes::TableType) })
    }

    /// The wanted part of an answer.
    pub fn choose(self, table: aws::Table) -> aws::Table {
        match self {
            Self::All => table,
            Self::Some { kind } => aws::Table {
                name: table.name,
                database_name: table.database_name,
                catalog_id: table.catalog_id,
                table_type: table.table_type.filter(|_| kind),
                ..Default::default()
            },
        }
    }
}

/// Checks what a caller says of a table. The name may stand beside the input, and must then be the same.
pub fn keep(input: Option<aws::TableInput>, name: Option<&str>) -> Result<TableInput, Fault> {
    let input = input.ok_or_else(|| Error::invalid("TableInput cannot be null."))?;
    if name.is_some_and(|name| TableName::of(name) != TableName::of(&input.name)) {
        return Err(Error::invalid("Name and TableInput.Name must be the same.").into());
    }
    for (asked, what) in [
        (input.target_table.is_some(), "resource links (TableInput.TargetTable)"),
        (input.federated_table.is_some(), "federated tables (TableInput.FederatedTable)"),
        (input.view_definition.is_some(), "views in several dialects (TableInput.ViewDefinition)"),
    ] {
        if asked {
            return Err(Fault::not_served(format_args!("glue {what}")));
        }
    }
    storage::check(input.storage_descriptor.as_ref())?;
    Ok(Kept::keep(input))
}

/// Governed tables, which had transactions, are gone from AWS too.
pub fn refuse_transaction(id: Option<&String>) -> Result<(), Fault> {
    match id {
        Some(_) => Err(Fault::not_served("glue transactions (TransactionId)")),
        None => Ok(()),
    }
}

/// The catalog knows the present only.
pub fn refuse_past(time: Option<haar_platform::kernel::Timestamp>) -> Result<(), Fault> {
    match time {
        Some(_) => Err(Fault::not_served("glue tables in the past (QueryAsOfTime)")),
        None => Ok(()),
    }
}

/// The answer for a table in its latest version.
pub fn show(place: &Place, database: &DatabaseName, name: &TableName, table: Table) -> aws::Table {
    let Table { created, created_by, version, .. } = table;
    show_version(place, database, name, created, created_by, version)
}

/// The answer for a table in any version.
pub fn show_version(
    place: &Place,
    database: &DatabaseName,
    name: &TableName,
    created: haar_platform::kernel::Timestamp,
    created_by: String,
    version: Version,
) -> aws::Table {
    let Version { number, updated, input } = version;
    aws::Table {
        name: name.to_string(),
        database_name: Some(database.to_string()),
        description: input.description,
        owner: input.owner,
        create_time: Some(created),
        update_time: Some(updated),
        last_access_time: input.last_access_time,
        last_analyzed_time: input.last_analyzed_time,
        retention: Some(input.retention.unwrap_or(0)),
        storage_descriptor: input.storage_descriptor.map(storage::answer),
        partition_keys: Some(Kept::show(input.partition_keys.unwrap_or_default())),
        view_original_text: input.view_original_text,
        view_expanded_text: input.view_expanded_text,
        table_type: input.table_type,
        parameters: input.parameters,
        created_by: Some(created_by),
        is_registered_with_lake_formation: Some(false),
        catalog_id: Some(place.account.to_string()),
        version_id: Some(number.to_string()),
        is_multi_dialect_view: Some(false),
        ..Default::default()
    }
}
