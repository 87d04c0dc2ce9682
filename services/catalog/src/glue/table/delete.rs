//! Deleting tables, with all that belongs to them.

use haar_platform::aws::glue as aws;
use haar_platform::kernel::{Access, Ctx, Fault};
use haar_platform::store::Tx;

use super::super::Glue;
use super::super::access::Touch;
use super::super::database;
use super::super::error::Error;
use super::super::model::{GONE, Gone, TABLES};
use super::super::name::{DatabaseName, TableName};
use super::super::place::Place;
use super::super::quota::{self, Counted};
use super::TableRef;

/// The table, its database and the catalog.
pub fn one_access(ctx: &Ctx, glue: &Glue, input: &aws::DeleteTableRequest) -> Result<Access, Fault> {
    Touch::catalog(ctx, glue, input.catalog_id.as_deref())?.table(&input.database_name, &input.name)?.done()
}

/// DeleteTable: gone at once; what belonged to it is swept away behind it.
pub async fn one(ctx: &Ctx, glue: &Glue, input: aws::DeleteTableRequest) -> Result<aws::DeleteTableResponse, Fault> {
    super::refuse_transaction(input.transaction_id.as_ref())?;
    let at = TableRef::enter(ctx, input.catalog_id.as_deref(), &input.database_name, &input.name)?;
    let (teller, sweeper) = (at.teller(ctx, glue, "DeleteTable"), glue.sweeper.clone());
    glue.store
        .write(move |tx| {
            let database = database::find(tx, &at.place, &at.database)?.number;
            delete(tx, database, &at.table)?;
            tx.on_commit(move || sweeper.wake());
            Ok::<_, Error>(teller.database(tx, &at.database, &[at.table])?)
        })
        .await?;
    Ok(aws::DeleteTableResponse {})
}

/// The tables, their database and the catalog.
pub fn many_access(ctx: &Ctx, glue: &Glue, input: &aws::BatchDeleteTableRequest) -> Result<Access, Fault> {
    let mut touch = Touch::catalog(ctx, glue, input.catalog_id.as_deref())?.database(&input.database_name)?;
    let database = DatabaseName::of(&input.database_name);
    for table in &input.tables_to_delete {
        touch = touch.resource(super::super::place::table(&database, &TableName::of(table)))?;
    }
    touch.done()
}

/// BatchDeleteTable: those that exist are deleted, the others are reported.
pub async fn many(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::BatchDeleteTableRequest,
) -> Result<aws::BatchDeleteTableResponse, Fault> {
    super::refuse_transaction(input.transaction_id.as_ref())?;
    let place = Place::enter(ctx, input.catalog_id.as_deref())?;
    let name = DatabaseName::of(&input.database_name);
    let teller = super::super::event::Teller::new(&glue.bus, ctx, &place, "BatchDeleteTable");
    let sweeper = glue.sweeper.clone();
    let errors = glue
        .store
        .write(move |tx| {
            let database = database::find(tx, &place, &name)?.number;
            let (mut deleted, mut errors) = (Vec::new(), Vec::new());
            for sent in input.tables_to_delete {
                let table = TableName::of(&sent);
                match delete(tx, database, &table) {
                    Ok(()) => deleted.push(table),
                    Err(error) => match error.detail() {
                        Some(detail) => {
                            errors.push(aws::TableError { table_name: Some(sent), error_detail: Some(detail) })
                        }
                        None => return Err(error),
                    },
                }
            }
            if !deleted.is_empty() {
                tx.on_commit(move || sweeper.wake());
                teller.database(tx, &name, &deleted)?;
            }
            Ok(errors)
        })
        .await?;
    Ok(aws::BatchDeleteTableResponse { errors: Some(errors) })
}

/// Takes a table out of its database.
fn delete(tx: &mut Tx, database: u64, name: &TableName) -> Result<(), Error> {
    let table = tx.delete(TABLES, &(database, name.as_str()))?.ok_or_else(|| Error::table_not_found(name))?;
    tx.put(GONE, &table.number, &Gone::Table)?;
    quota::remove(tx, &Counted::Tables(database))?;
    Ok(())
}
