//! UpdateTable: a new version, if the table is still what the caller thinks it is.

use haar_platform::aws::glue as aws;
use haar_platform::kernel::{Access, Ctx, Fault};
use haar_platform::store::{Read, Span, Tx};

use super::super::Glue;
use super::super::access::Touch;
use super::super::error::Error;
use super::super::model::{PARTITIONS, TABLES, Table, TableInput, VERSIONS, Version};
use super::super::place::OBJECTS;
use super::super::quota::{self, Counted, Quotas};
use super::TableRef;

/// The table, its database and the catalog.
pub fn access(ctx: &Ctx, glue: &Glue, input: &aws::UpdateTableRequest) -> Result<Access, Fault> {
    let name = input.table_input.as_ref().map(|table| table.name.as_str()).or(input.name.as_deref()).unwrap_or("*");
    Touch::catalog(ctx, glue, input.catalog_id.as_deref())?.table(&input.database_name, name)?.done()
}

/// UpdateTable. The version before is archived unless the caller wants it skipped; numbers go on either way, because
/// writers of Iceberg tables rely on them to see each other.
pub async fn update(ctx: &Ctx, glue: &Glue, input: aws::UpdateTableRequest) -> Result<aws::UpdateTableResponse, Fault> {
    super::refuse_transaction(input.transaction_id.as_ref())?;
    for (asked, what) in [
        (input.update_open_table_format_input.is_some(), "UpdateOpenTableFormatInput"),
        (input.view_update_action.is_some(), "ViewUpdateAction"),
        (input.force == Some(true), "Force"),
    ] {
        if asked {
            return Err(Fault::not_served(format_args!("glue:UpdateTable with {what}")));
        }
    }
    let kept = super::keep(input.table_input, input.name.as_deref())?;
    let at = TableRef::enter(ctx, input.catalog_id.as_deref(), &input.database_name, &kept.name)?;
    let (quotas, teller, now) = (glue.quotas, at.teller(ctx, glue, "UpdateTable"), ctx.now());
    let archived = input.skip_archive != Some(true);
    glue.store
        .write(move |tx| {
            let (database, mut table) = at.find(tx)?;
            if input.version_id.is_some_and(|id| id != table.version.number.to_string()) {
                return Err(Error::ConcurrentModification);
            }
            check_partition_keys(tx, &table, &kept)?;
            let next = Version { number: table.version.number + 1, updated: now, input: kept };
            let before = std::mem::replace(&mut table.version, next);
            if archived {
                archive(tx, &quotas, table.number, before)?;
            }
            tx.put(TABLES, &(database, at.table.as_str()), &table)?;
            Ok(teller.table(tx, &at.database, &at.table, &[])?)
        })
        .await?;
    if archived {
        ctx.meter(OBJECTS, 1);
    }
    Ok(aws::UpdateTableResponse {})
}

/// As many keys as before while there are partitions: their values would be of other keys.
fn check_partition_keys(tx: &Tx, table: &Table, input: &TableInput) -> Result<(), Error> {
    let count = |input: &TableInput| input.partition_keys.as_ref().map_or(0, Vec::len);
    if count(&table.version.input) == count(input) {
        return Ok(());
    }
    match tx.scan_keys(PARTITIONS, Span::under((table.number,))).next().transpose()? {
        Some(_) => Err(Error::invalid("The number of partition keys of a table with partitions cannot be changed.")),
        None => Ok(()),
    }
}

fn archive(tx: &mut Tx, quotas: &Quotas, table: u64, version: Version) -> Result<(), Error> {
    quota::add(tx, quotas, &Counted::Versions(table))?;
    tx.put(VERSIONS, &(table, version.number), &version)?;
    Ok(())
}
