//! Making partitions.

use haar_platform::aws::glue as aws;
use haar_platform::kernel::{Access, Ctx, Fault, Timestamp};
use haar_platform::store::{Read, Tx};

use super::super::Glue;
use super::super::access::Touch;
use super::super::error::Error;
use super::super::kept::Kept;
use super::super::model::{PARTITIONS, Partition, PartitionInput, Table};
use super::super::name::PartitionValues;
use super::super::place::OBJECTS;
use super::super::quota::{self, Counted, Quotas};
use super::super::storage;
use super::super::table::TableRef;

/// The table, its database and the catalog.
pub fn one_access(ctx: &Ctx, glue: &Glue, input: &aws::CreatePartitionRequest) -> Result<Access, Fault> {
    Touch::catalog(ctx, glue, input.catalog_id.as_deref())?.table(&input.database_name, &input.table_name)?.done()
}

/// CreatePartition.
pub async fn one(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::CreatePartitionRequest,
) -> Result<aws::CreatePartitionResponse, Fault> {
    storage::check(input.partition_input.storage_descriptor.as_ref())?;
    let at = TableRef::enter(ctx, input.catalog_id.as_deref(), &input.database_name, &input.table_name)?;
    let (quotas, teller, now) = (glue.quotas, at.teller(ctx, glue, "CreatePartition"), ctx.now());
    glue.store
        .write(move |tx| {
            let (_, table) = at.find(tx)?;
            let values = insert(tx, &quotas, &table, Kept::keep(input.partition_input), now)?;
            Ok::<_, Error>(teller.table(tx, &at.database, &at.table, &[values])?)
        })
        .await?;
    ctx.meter(OBJECTS, 1);
    Ok(aws::CreatePartitionResponse {})
}

/// The table, its database and the catalog.
pub fn many_access(ctx: &Ctx, glue: &Glue, input: &aws::BatchCreatePartitionRequest) -> Result<Access, Fault> {
    Touch::catalog(ctx, glue, input.catalog_id.as_deref())?.table(&input.database_name, &input.table_name)?.done()
}

/// BatchCreatePartition: those that can be made are made, the others are reported.
pub async fn many(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::BatchCreatePartitionRequest,
) -> Result<aws::BatchCreatePartitionResponse, Fault> {
    for partition in &input.partition_input_list {
        storage::check(partition.storage_descriptor.as_ref())?;
    }
    let at = TableRef::enter(ctx, input.catalog_id.as_deref(), &input.database_name, &input.table_name)?;
    let (quotas, teller, now) = (glue.quotas, at.teller(ctx, glue, "BatchCreatePartition"), ctx.now());
    let (created, errors) = glue
        .store
        .write(move |tx| {
            let (_, table) = at.find(tx)?;
            let (mut created, mut errors) = (Vec::new(), Vec::new());
            for partition in input.partition_input_list {
                let sent = partition.values.clone();
                match insert(tx, &quotas, &table, Kept::keep(partition), now) {
                    Ok(values) => created.push(values),
                    Err(error) => match error.detail() {
                        Some(detail) => {
                            errors.push(aws::PartitionError { partition_values: sent, error_detail: Some(detail) });
                        }
                        None => return Err(error),
                    },
                }
            }
            if !created.is_empty() {
                teller.table(tx, &at.database, &at.table, &created)?;
            }
            Ok((created.len(), errors))
        })
        .await?;
    ctx.meter(OBJECTS, created as u64);
    Ok(aws::BatchCreatePartitionResponse { errors: Some(errors) })
}

fn insert(
    tx: &mut Tx,
    quotas: &Quotas,
    table: &Table,
    input: PartitionInput,
    now: Timestamp,
) -> Result<PartitionValues, Error> {
    let values = super::values(table, input.values.clone().unwrap_or_default())?;
    let key = (table.number, values.sort_key());
    if tx.contains(PARTITIONS, &key)? {
        return Err(Error::AlreadyExists("Partition".into()));
    }
    quota::add(tx, quotas, &Counted::Partitions(table.number))?;
    tx.put(PARTITIONS, &key, &Partition { created: now, input })?;
    Ok(values)
}
