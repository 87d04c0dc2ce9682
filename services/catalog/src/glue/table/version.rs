//! Versions of tables: the archive behind UpdateTable.

use haar_platform::aws::glue as aws;
use haar_platform::kernel::{Access, Ctx, Fault};
use haar_platform::store::{Read, Span, StoreError, Tx};

use super::super::Glue;
use super::super::access::Touch;
use super::super::error::Error;
use super::super::listing;
use super::super::model::{Table, VERSIONS, Version};
use super::super::quota::{self, Counted};
use super::TableRef;

/// The table, its database and the catalog.
pub fn get_access(ctx: &Ctx, glue: &Glue, input: &aws::GetTableVersionRequest) -> Result<Access, Fault> {
    Touch::catalog(ctx, glue, input.catalog_id.as_deref())?.table(&input.database_name, &input.table_name)?.done()
}

/// GetTableVersion; without a version the latest.
pub async fn get(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::GetTableVersionRequest,
) -> Result<aws::GetTableVersionResponse, Error> {
    let at = TableRef::enter(ctx, input.catalog_id.as_deref(), &input.database_name, &input.table_name)?;
    let shown = glue.store.read(|tx| {
        let (_, table) = at.find(tx)?;
        let number = input.version_id.as_deref().map_or(Ok(table.version.number), parse)?;
        let version = find(tx, &table, number)?.ok_or_else(Error::version_not_found)?;
        Ok::<_, Error>(show(&at, &table, version))
    })?;
    Ok(aws::GetTableVersionResponse { table_version: Some(shown) })
}

/// The table, its database and the catalog.
pub fn list_access(ctx: &Ctx, glue: &Glue, input: &aws::GetTableVersionsRequest) -> Result<Access, Fault> {
    Touch::catalog(ctx, glue, input.catalog_id.as_deref())?.table(&input.database_name, &input.table_name)?.done()
}

/// GetTableVersions, the latest first.
pub async fn list(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::GetTableVersionsRequest,
) -> Result<aws::GetTableVersionsResponse, Error> {
    let at = TableRef::enter(ctx, input.catalog_id.as_deref(), &input.database_name, &input.table_name)?;
    let scope = at.scope("GetTableVersions");
    let before = listing::cursor(ctx, &scope, input.next_token)?;
    let read = glue.store.snapshot();
    let (_, table) = at.find(&read)?;
    let archive = Span::under((table.number,));
    let (latest, archive) = match before.parse::<u64>() {
        Ok(before) => (None, archive.before(&(table.number, before))),
        Err(_) => (Some(table.version.clone()), archive),
    };
    let archived = read.scan_back(VERSIONS, archive).map(|row| row.map(|(_, version)| version));
    let versions = latest.into_iter().map(Ok::<_, StoreError>).chain(archived);
    let rows = versions.map(|version| version.map(|version| (version.number.to_string(), version)));
    let page = listing::cut(rows, listing::size(input.max_results), |_, version| Ok(Some(show(&at, &table, version))))?;
    Ok(aws::GetTableVersionsResponse {
        table_versions: Some(page.items),
        next_token: page.next.map(|cursor| ctx.page_token(&scope, &cursor)),
    })
}

/// The table, its database and the catalog.
pub fn delete_access(ctx: &Ctx, glue: &Glue, input: &aws::DeleteTableVersionRequest) -> Result<Access, Fault> {
    Touch::catalog(ctx, glue, input.catalog_id.as_deref())?.table(&input.database_name, &input.table_name)?.done()
}

/// DeleteTableVersion.
pub async fn delete(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::DeleteTableVersionRequest,
) -> Result<aws::DeleteTableVersionResponse, Error> {
    let at = TableRef::enter(ctx, input.catalog_id.as_deref(), &input.database_name, &input.table_name)?;
    glue.store
        .write(move |tx| {
            let (_, table) = at.find(tx)?;
            remove(tx, &table, &input.version_id)
        })
        .await?;
    Ok(aws::DeleteTableVersionResponse {})
}

/// The table, its database and the catalog.
pub fn delete_many_access(
    ctx: &Ctx,
    glue: &Glue,
    input: &aws::BatchDeleteTableVersionRequest,
) -> Result<Access, Fault> {
    Touch::catalog(ctx, glue, input.catalog_id.as_deref())?.table(&input.database_name, &input.table_name)?.done()
}

/// BatchDeleteTableVersion: those that exist are deleted, the others are reported.
pub async fn delete_many(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::BatchDeleteTableVersionRequest,
) -> Result<aws::BatchDeleteTableVersionResponse, Error> {
    let at = TableRef::enter(ctx, input.catalog_id.as_deref(), &input.database_name, &input.table_name)?;
    let errors = glue
        .store
        .write(move |tx| {
            let (_, table) = at.find(tx)?;
            let mut errors = Vec::new();
            for id in input.version_ids {
                let Err(error) = remove(tx, &table, &id) else { continue };
                let Some(detail) = error.detail() else { return Err(error) };
                errors.push(aws::TableVersionError {
                    table_name: Some(at.table.to_string()),
                    version_id: Some(id),
                    error_detail: Some(detail),
                });
            }
            Ok(errors)
        })
        .await?;
    Ok(aws::BatchDeleteTableVersionResponse { errors: Some(errors) })
}

fn remove(tx: &mut Tx, table: &Table, id: &str) -> Result<(), Error> {
    let number = parse(id)?;
    if number == table.version.number {
        return Err(Error::invalid("The latest version of a table cannot be deleted."));
    }
    tx.delete(VERSIONS, &(table.number, number))?.ok_or_else(Error::version_not_found)?;
    quota::remove(tx, &Counted::Versions(table.number))?;
    Ok(())
}

fn find(read: &impl Read, table: &Table, number: u64) -> Result<Option<Version>, Error> {
    if number == table.version.number {
        return Ok(Some(table.version.clone()));
    }
    Ok(read.get(VERSIONS, &(table.number, number))?)
}

fn parse(id: &str) -> Result<u64, Error> {
    id.parse().map_err(|_| Error::invalid(format!("\"{id}\" is not a valid version ID.")))
}

fn show(at: &TableRef, table: &Table, version: Version) -> aws::TableVersion {
    let number = version.number.to_string();
    let shown =
        super::show_version(&at.place, &at.database, &at.table, table.created, table.created_by.clone(), version);
    aws::TableVersion { table: Some(shown), version_id: Some(number) }
}
