//! Partitions of tables: making, reading, listing, changing and deleting them, and their indexes.

pub mod create;
pub mod delete;
pub mod get;
pub mod index;
pub mod list;
pub mod update;

use haar_platform::aws::glue as aws;

use super::error::Error;
use super::kept::Kept;
use super::model::{Partition, Table};
use super::name::PartitionValues;
use super::storage;
use super::table::TableRef;

/// The partition keys of a table: names and Hive types.
pub fn keys(table: &Table) -> Vec<(&str, &str)> {
    let keys = table.version.input.partition_keys.as_deref().unwrap_or_default();
    keys.iter().map(|key| (key.name.as_str(), key.r#type.as_deref().unwrap_or("string"))).collect()
}

/// Values for the partition keys of a table.
pub fn values(table: &Table, values: Vec<String>) -> Result<PartitionValues, Error> {
    let keys = table.version.input.partition_keys.as_ref().map_or(0, Vec::len);
    if values.len() != keys || keys == 0 {
        return Err(Error::invalid("The number of partition keys do not match the number of partition values"));
    }
    Ok(PartitionValues::of(values))
}

/// The answer for a partition.
pub fn show(at: &TableRef, partition: Partition) -> aws::Partition {
    let Partition { created, input } = partition;
    aws::Partition {
        values: Kept::show(input.values),
        database_name: Some(at.database.to_string()),
        table_name: Some(at.table.to_string()),
        creation_time: Some(created),
        last_access_time: input.last_access_time,
        storage_descriptor: input.storage_descriptor.map(storage::answer),
        parameters: input.parameters,
        last_analyzed_time: input.last_analyzed_time,
        catalog_id: Some(at.place.account.to_string()),
    }
}
