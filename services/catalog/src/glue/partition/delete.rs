//! Deleting partitions, with their column statistics.

use haar_platform::aws::glue as aws;
use haar_platform::kernel::{Access, Ctx, Fault};
use haar_platform::store::Tx;

use super::super::Glue;
use super::super::access::Touch;
use super::super::column_statistics;
use super::super::error::Error;
use super::super::model::{PARTITIONS, Table};
use super::super::name::PartitionValues;
use super::super::quota::{self, Counted};
use super::super::table::TableRef;

/// The table, its database and the catalog.
pub fn one_access(ctx: &Ctx, glue: &Glue, input: &aws::DeletePartitionRequest) -> Result<Access, Fault> {
    Touch::catalog(ctx, glue, input.catalog_id.as_deref())?.table(&input.database_name, &input.table_name)?.done()
}

/// DeletePartition.
pub async fn one(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::DeletePartitionRequest,
) -> Result<aws::DeletePartitionResponse, Error> {
    let at = TableRef::enter(ctx, input.catalog_id.as_deref(), &input.database_name, &input.table_name)?;
    let teller = at.teller(ctx, glue, "DeletePartition");
    glue.store
        .write(move |tx| {
            let (_, table) = at.find(tx)?;
            let values = delete(tx, &table, input.partition_values)?;
            Ok::<_, Error>(teller.table(tx, &at.database, &at.table, &[values])?)
        })
        .await?;
    Ok(aws::DeletePartitionResponse {})
}

/// The table, its database and the catalog.
pub fn many_access(ctx: &Ctx, glue: &Glue, input: &aws::BatchDeletePartitionRequest) -> Result<Access, Fault> {
    Touch::catalog(ctx, glue, input.catalog_id.as_deref())?.table(&input.database_name, &input.table_name)?.done()
}

/// BatchDeletePartition: those that exist are deleted, the others are reported.
pub async fn many(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::BatchDeletePartitionRequest,
) -> Result<aws::BatchDeletePartitionResponse, Error> {
    let at = TableRef::enter(ctx, input.catalog_id.as_deref(), &input.database_name, &input.table_name)?;
    let teller = at.teller(ctx, glue, "BatchDeletePartition");
    let errors = glue
        .store
        .write(move |tx| {
            let (_, table) = at.find(tx)?;
            let (mut deleted, mut errors) = (Vec::new(), Vec::new());
            for partition in input.partitions_to_delete {
                match delete(tx, &table, partition.values.clone()) {
                    Ok(values) => deleted.push(values),
                    Err(error) => {
                        let Some(detail) = error.detail() else { return Err(error) };
                        let partition_values = Some(partition.values);
                        errors.push(aws::PartitionError { partition_values, error_detail: Some(detail) });
                    }
                }
            }
            if !deleted.is_empty() {
                teller.table(tx, &at.database, &at.table, &deleted)?;
            }
            Ok(errors)
        })
        .await?;
    Ok(aws::BatchDeletePartitionResponse { errors: Some(errors) })
}

fn delete(tx: &mut Tx, table: &Table, values: Vec<String>) -> Result<PartitionValues, Error> {
    let values = super::values(table, values)?;
    let key = values.sort_key();
    tx.delete(PARTITIONS, &(table.number, key.as_str()))?.ok_or_else(Error::partition_not_found)?;
    column_statistics::forget(tx, table.number, &key)?;
    quota::remove(tx, &Counted::Partitions(table.number))?;
    Ok(values)
}
