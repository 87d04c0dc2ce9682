//! Changing partitions: what is said of them, and their values.

use haar_platform::aws::glue as aws;
use haar_platform::kernel::{Access, Ctx, Fault};
use haar_platform::store::{Read, Tx};

use super::super::Glue;
use super::super::access::Touch;
use super::super::column_statistics;
use super::super::error::Error;
use super::super::kept::Kept;
use super::super::model::{PARTITIONS, Partition, PartitionInput, Table};
use super::super::name::PartitionValues;
use super::super::storage;
use super::super::table::TableRef;

/// The table, its database and the catalog.
pub fn one_access(ctx: &Ctx, glue: &Glue, input: &aws::UpdatePartitionRequest) -> Result<Access, Fault> {
    Touch::catalog(ctx, glue, input.catalog_id.as_deref())?.table(&input.database_name, &input.table_name)?.done()
}

/// UpdatePartition.
pub async fn one(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::UpdatePartitionRequest,
) -> Result<aws::UpdatePartitionResponse, Fault> {
    storage::check(input.partition_input.storage_descriptor.as_ref())?;
    let at = TableRef::enter(ctx, input.catalog_id.as_deref(), &input.database_name, &input.table_name)?;
    let teller = at.teller(ctx, glue, "UpdatePartition");
    glue.store
        .write(move |tx| {
            let (_, table) = at.find(tx)?;
            let values = update(tx, &table, input.partition_value_list, Kept::keep(input.partition_input))?;
            Ok::<_, Error>(teller.table(tx, &at.database, &at.table, &[values])?)
        })
        .await?;
    Ok(aws::UpdatePartitionResponse {})
}

/// The table, its database and the catalog.
pub fn many_access(ctx: &Ctx, glue: &Glue, input: &aws::BatchUpdatePartitionRequest) -> Result<Access, Fault> {
    Touch::catalog(ctx, glue, input.catalog_id.as_deref())?.table(&input.database_name, &input.table_name)?.done()
}

/// BatchUpdatePartition: those that exist are changed, the others are reported.
pub async fn many(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::BatchUpdatePartitionRequest,
) -> Result<aws::BatchUpdatePartitionResponse, Fault> {
    for entry in &input.entries {
        storage::check(entry.partition_input.storage_descriptor.as_ref())?;
    }
    let at = TableRef::enter(ctx, input.catalog_id.as_deref(), &input.database_name, &input.table_name)?;
    let teller = at.teller(ctx, glue, "BatchUpdatePartition");
    let errors = glue
        .store
        .write(move |tx| {
            let (_, table) = at.find(tx)?;
            let (mut updated, mut errors) = (Vec::new(), Vec::new());
            for entry in input.entries {
                let sent = entry.partition_value_list.clone();
                match update(tx, &table, entry.partition_value_list, Kept::keep(entry.partition_input)) {
                    Ok(values) => updated.push(values),
                    Err(error) => {
                        let Some(detail) = error.detail() else { return Err(error) };
                        errors.push(aws::BatchUpdatePartitionFailureEntry {
                            partition_value_list: Some(sent),
                            error_detail: Some(detail),
                        });
                    }
                }
            }
            if !updated.is_empty() {
                teller.table(tx, &at.database, &at.table, &updated)?;
            }
            Ok(errors)
        })
        .await?;
    Ok(aws::BatchUpdatePartitionResponse { errors: Some(errors) })
}

/// Puts what is said of a partition in place of what was. Without values of its own the input leaves them as they
/// are; with others the partition moves, and its statistics with it.
fn update(tx: &mut Tx, table: &Table, old: Vec<String>, mut input: PartitionInput) -> Result<PartitionValues, Error> {
    let old = super::values(table, old)?;
    let new = match input.values.take() {
        Some(values) => super::values(table, values)?,
        None => old.clone(),
    };
    let (old_key, new_key) = (old.sort_key(), new.sort_key());
    let before = tx.get(PARTITIONS, &(table.number, old_key.as_str()))?.ok_or_else(Error::partition_not_found)?;
    if new_key != old_key {
        if tx.contains(PARTITIONS, &(table.number, new_key.as_str()))? {
            return Err(Error::AlreadyExists("Partition".into()));
        }
        tx.delete(PARTITIONS, &(table.number, old_key.as_str()))?;
        column_statistics::follow(tx, table.number, &old_key, &new_key)?;
    }
    input.values = Some(new.as_slice().to_vec());
    tx.put(PARTITIONS, &(table.number, new_key.as_str()), &Partition { created: before.created, input })?;
    Ok(new)
}
