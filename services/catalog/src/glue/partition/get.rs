//! Reading partitions by their values.

use haar_platform::aws::glue as aws;
use haar_platform::kernel::{Access, Ctx, Fault};
use haar_platform::store::Read;

use super::super::Glue;
use super::super::access::Touch;
use super::super::error::Error;
use super::super::model::PARTITIONS;
use super::super::table::TableRef;

/// The table, its database and the catalog.
pub fn one_access(ctx: &Ctx, glue: &Glue, input: &aws::GetPartitionRequest) -> Result<Access, Fault> {
    Touch::catalog(ctx, glue, input.catalog_id.as_deref())?.table(&input.database_name, &input.table_name)?.done()
}

/// GetPartition.
pub async fn one(ctx: &Ctx, glue: &Glue, input: aws::GetPartitionRequest) -> Result<aws::GetPartitionResponse, Error> {
    let at = TableRef::enter(ctx, input.catalog_id.as_deref(), &input.database_name, &input.table_name)?;
    let partition = glue.store.read(|tx| {
        let (_, table) = at.find(tx)?;
        let values = super::values(&table, input.partition_values)?;
        tx.get(PARTITIONS, &(table.number, values.sort_key()))?.ok_or_else(Error::partition_not_found)
    })?;
    Ok(aws::GetPartitionResponse { partition: Some(super::show(&at, partition)) })
}

/// The table, its database and the catalog.
pub fn many_access(ctx: &Ctx, glue: &Glue, input: &aws::BatchGetPartitionRequest) -> Result<Access, Fault> {
    Touch::catalog(ctx, glue, input.catalog_id.as_deref())?.table(&input.database_name, &input.table_name)?.done()
}

/// BatchGetPartition: those that exist. All keys are processed.
pub async fn many(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::BatchGetPartitionRequest,
) -> Result<aws::BatchGetPartitionResponse, Error> {
    let at = TableRef::enter(ctx, input.catalog_id.as_deref(), &input.database_name, &input.table_name)?;
    let partitions = glue.store.read(|tx| {
        let (_, table) = at.find(tx)?;
        let mut partitions = Vec::new();
        for wanted in input.partitions_to_get {
            let values = super::values(&table, wanted.values)?;
            let found = tx.get(PARTITIONS, &(table.number, values.sort_key()))?;
            partitions.extend(found.map(|partition| super::show(&at, partition)));
        }
        Ok::<_, Error>(partitions)
    })?;
    Ok(aws::BatchGetPartitionResponse { partitions: Some(partitions), unprocessed_keys: Some(Vec::new()) })
}
