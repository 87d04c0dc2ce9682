//! The events of the Data Catalog, in the form that AWS documents.
//!
//! Glue tells of tables that come and go as changes of their database, and of everything below a table as a change of
//! the table. It tells nothing of a database's new description.
//! <https://docs.aws.amazon.com/glue/latest/dg/automating-awsglue-with-cloudwatch-events.html>

use haar_platform::bus::{Bus, Event};
use haar_platform::kernel::{Ctx, Timestamp, ids};
use haar_platform::store::{StoreError, Tx};
use serde_json::{Value, json};

use super::name::{DatabaseName, PartitionValues, TableName};
use super::place::{self, Place};

/// Names in one event.
const NAMES_MAX: usize = 100;

/// Tells what a call changed.
#[derive(Clone)]
pub struct Teller {
    bus: Bus,
    place: Place,
    now: Timestamp,
    /// The operation's name.
    change: &'static str,
}

impl Teller {
    /// Of what the operation `change` does in a catalog.
    pub fn new(bus: &Bus, ctx: &Ctx, place: &Place, change: &'static str) -> Self {
        Self { bus: bus.clone(), place: place.clone(), now: ctx.now(), change }
    }

    /// The database came or went, or tables in it.
    pub fn database(&self, tx: &mut Tx, database: &DatabaseName, tables: &[TableName]) -> Result<(), StoreError> {
        for tables in chunks(tables) {
            let names: Vec<&str> = tables.iter().map(TableName::as_str).collect();
            let resources = match tables {
                [] => vec![place::database(database)],
                tables => tables.iter().map(|table| place::table(database, table)).collect(),
            };
            let detail = json!({
                "databaseName": database.as_str(),
                "typeOfChange": self.change,
                "changedTables": names,
            });
            self.emit(tx, "Glue Data Catalog Database State Change", resources, detail)?;
        }
        Ok(())
    }

    /// The table changed, or partitions of it.
    pub fn table(
        &self,
        tx: &mut Tx,
        database: &DatabaseName,
        table: &TableName,
        partitions: &[PartitionValues],
    ) -> Result<(), StoreError> {
        for partitions in chunks(partitions) {
            let names: Vec<String> = partitions.iter().map(PartitionValues::joined).collect();
            let detail = json!({
                "databaseName": database.as_str(),
                "changedPartitions": names,
                "typeOfChange": self.change,
                "tableName": table.as_str(),
            });
            let resources = vec![place::table(database, table)];
            self.emit(tx, "Glue Data Catalog Table State Change", resources, detail)?;
        }
        Ok(())
    }

    fn emit(&self, tx: &mut Tx, detail_type: &str, resources: Vec<String>, detail: Value) -> Result<(), StoreError> {
        let event = Event {
            id: ids::uuid(),
            source: "aws.glue".into(),
            detail_type: detail_type.into(),
            account: self.place.account.to_string(),
            region: self.place.region.to_string(),
            time: self.now,
            resources: resources.into_iter().map(|resource| self.place.arn(resource).to_string()).collect(),
            detail,
        };
        self.bus.emit(tx, event)
    }
}

/// What one event can carry at a time; nothing at all is one event too.
fn chunks<T>(names: &[T]) -> Vec<&[T]> {
    if names.is_empty() { vec![names] } else { names.chunks(NAMES_MAX).collect() }
}
