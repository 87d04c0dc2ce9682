//! Column statistics of tables and of partitions.

use haar_platform::aws::glue as aws;
use haar_platform::kernel::{Access, Ctx, Fault};
use haar_platform::store::{Read, Span, StoreError, Tx};

use super::Glue;
use super::access::Touch;
use super::column_data::ColumnStatistics;
use super::error::Error;
use super::kept::Kept;
use super::model::{PARTITIONS, STATISTICS, Table};
use super::partition;
use super::table::TableRef;

/// The partition key of a table's own statistics: no partition has it.
const OF_TABLE: &str = "";

/// The table, its database and the catalog.
pub fn get_table_access(
    ctx: &Ctx,
    glue: &Glue,
    input: &aws::GetColumnStatisticsForTableRequest,
) -> Result<Access, Fault> {
    Touch::catalog(ctx, glue, input.catalog_id.as_deref())?.table(&input.database_name, &input.table_name)?.done()
}

/// GetColumnStatisticsForTable: columns without statistics are reported.
pub async fn get_table(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::GetColumnStatisticsForTableRequest,
) -> Result<aws::GetColumnStatisticsForTableResponse, Error> {
    let at = TableRef::enter(ctx, input.catalog_id.as_deref(), &input.database_name, &input.table_name)?;
    let (found, errors) = glue.store.read(|tx| {
        let (_, table) = at.find(tx)?;
        get(tx, table.number, OF_TABLE, input.column_names)
    })?;
    Ok(aws::GetColumnStatisticsForTableResponse { column_statistics_list: Some(found), errors: Some(errors) })
}

/// The table, its database and the catalog.
pub fn get_partition_access(
    ctx: &Ctx,
    glue: &Glue,
    input: &aws::GetColumnStatisticsForPartitionRequest,
) -> Result<Access, Fault> {
    Touch::catalog(ctx, glue, input.catalog_id.as_deref())?.table(&input.database_name, &input.table_name)?.done()
}

/// GetColumnStatisticsForPartition: columns without statistics are reported.
pub async fn get_partition(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::GetColumnStatisticsForPartitionRequest,
) -> Result<aws::GetColumnStatisticsForPartitionResponse, Error> {
    let at = TableRef::enter(ctx, input.catalog_id.as_deref(), &input.database_name, &input.table_name)?;
    let (found, errors) = glue.store.read(|tx| {
        let (_, table) = at.find(tx)?;
        let partition = find_partition(tx, &table, input.partition_values)?;
        get(tx, table.number, &partition, input.column_names)
    })?;
    Ok(aws::GetColumnStatisticsForPartitionResponse { column_statistics_list: Some(found), errors: Some(errors) })
}

/// The table, its database and the catalog.
pub fn update_table_access(
    ctx: &Ctx,
    glue: &Glue,
    input: &aws::UpdateColumnStatisticsForTableRequest,
) -> Result<Access, Fault> {
    Touch::catalog(ctx, glue, input.catalog_id.as_deref())?.table(&input.database_name, &input.table_name)?.done()
}

/// UpdateColumnStatisticsForTable: those that fit are put, the others are reported.
pub async fn update_table(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::UpdateColumnStatisticsForTableRequest,
) -> Result<aws::UpdateColumnStatisticsForTableResponse, Error> {
    let at = TableRef::enter(ctx, input.catalog_id.as_deref(), &input.database_name, &input.table_name)?;
    let errors = glue
        .store
        .write(move |tx| {
            let (_, table) = at.find(tx)?;
            put(tx, &table, OF_TABLE, input.column_statistics_list)
        })
        .await?;
    Ok(aws::UpdateColumnStatisticsForTableResponse { errors: Some(errors) })
}

/// The table, its database and the catalog.
pub fn update_partition_access(
    ctx: &Ctx,
    glue: &Glue,
    input: &aws::UpdateColumnStatisticsForPartitionRequest,
) -> Result<Access, Fault> {
    Touch::catalog(ctx, glue, input.catalog_id.as_deref())?.table(&input.database_name, &input.table_name)?.done()
}

/// UpdateColumnStatisticsForPartition: those that fit are put, the others are reported.
pub async fn update_partition(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::UpdateColumnStatisticsForPartitionRequest,
) -> Result<aws::UpdateColumnStatisticsForPartitionResponse, Error> {
    let at = TableRef::enter(ctx, input.catalog_id.as_deref(), &input.database_name, &input.table_name)?;
    let errors = glue
        .store
        .write(move |tx| {
            let (_, table) = at.find(tx)?;
            let partition = find_partition(tx, &table, input.partition_values)?;
            put(tx, &table, &partition, input.column_statistics_list)
        })
        .await?;
    Ok(aws::UpdateColumnStatisticsForPartitionResponse { errors: Some(errors) })
}

/// The table, its database and the catalog.
pub fn delete_table_access(
    ctx: &Ctx,
    glue: &Glue,
    input: &aws::DeleteColumnStatisticsForTableRequest,
) -> Result<Access, Fault> {
    Touch::catalog(ctx, glue, input.catalog_id.as_deref())?.table(&input.database_name, &input.table_name)?.done()
}

/// DeleteColumnStatisticsForTable.
pub async fn delete_table(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::DeleteColumnStatisticsForTableRequest,
) -> Result<aws::DeleteColumnStatisticsForTableResponse, Error> {
    let at = TableRef::enter(ctx, input.catalog_id.as_deref(), &input.database_name, &input.table_name)?;
    glue.store
        .write(move |tx| {
            let (_, table) = at.find(tx)?;
            delete(tx, table.number, OF_TABLE, &input.column_name)
        })
        .await?;
    Ok(aws::DeleteColumnStatisticsForTableResponse {})
}

/// The table, its database and the catalog.
pub fn delete_partition_access(
    ctx: &Ctx,
    glue: &Glue,
    input: &aws::DeleteColumnStatisticsForPartitionRequest,
) -> Result<Access, Fault> {
    Touch::catalog(ctx, glue, input.catalog_id.as_deref())?.table(&input.database_name, &input.table_name)?.done()
}

/// DeleteColumnStatisticsForPartition.
pub async fn delete_partition(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::DeleteColumnStatisticsForPartitionRequest,
) -> Result<aws::DeleteColumnStatisticsForPartitionResponse, Error> {
    let at = TableRef::enter(ctx, input.catalog_id.as_deref(), &input.database_name, &input.table_name)?;
    glue.store
        .write(move |tx| {
            let (_, table) = at.find(tx)?;
            let partition = find_partition(tx, &table, input.partition_values)?;
            delete(tx, table.number, &partition, &input.column_name)
        })
        .await?;
    Ok(aws::DeleteColumnStatisticsForPartitionResponse {})
}

/// The partition is gone: so are its statistics.
pub fn forget(tx: &mut Tx, table: u64, partition: &str) -> Result<(), StoreError> {
    for (key, _) in of_partition(tx, table, partition)? {
        tx.delete(STATISTICS, &key)?;
    }
    Ok(())
}

/// The partition has other values now: its statistics follow it.
pub fn follow(tx: &mut Tx, table: u64, old: &str, new: &str) -> Result<(), StoreError> {
    for (key, statistics) in of_partition(tx, table, old)? {
        tx.delete(STATISTICS, &key)?;
        tx.put(STATISTICS, &(table, new, key.2.as_str()), &statistics)?;
    }
    Ok(())
}

type Row = ((u64, String, String), ColumnStatistics);

fn of_partition(tx: &Tx, table: u64, partition: &str) -> Result<Vec<Row>, StoreError> {
    tx.scan(STATISTICS, Span::under((table, partition))).collect()
}

fn find_partition(read: &impl Read, table: &Table, values: Vec<String>) -> Result<String, Error> {
    let key = partition::values(table, values)?.sort_key();
    if !read.contains(PARTITIONS, &(table.number, key.as_str()))? {
        return Err(Error::partition_not_found());
    }
    Ok(key)
}

fn get(
    read: &impl Read,
    table: u64,
    partition: &str,
    columns: Vec<String>,
) -> Result<(Vec<aws::ColumnStatistics>, Vec<aws::ColumnError>), Error> {
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    for column in columns {
        match read.get(STATISTICS, &(table, partition, column.to_lowercase().as_str()))? {
            Some(statistics) => found.push(Kept::show(statistics)),
            None => {
                let error = not_found(&column).detail();
                errors.push(aws::ColumnError { column_name: Some(column), error });
            }
        }
    }
    Ok((found, errors))
}

fn put(
    tx: &mut Tx,
    table: &Table,
    partition: &str,
    list: Vec<aws::ColumnStatistics>,
) -> Result<Vec<aws::ColumnStatisticsError>, Error> {
    let mut errors = Vec::new();
    for sent in list {
        if let Err(error) = check(table, &sent) {
            let error = error.detail();
            errors.push(aws::ColumnStatisticsError { column_statistics: Some(sent), error });
            continue;
        }
        let statistics: ColumnStatistics = Kept::keep(sent);
        let column = statistics.column_name.to_lowercase();
        tx.put(STATISTICS, &(table.number, partition, column.as_str()), &statistics)?;
    }
    Ok(errors)
}

/// The column is one of the table's, and the statistics are of the type that they say.
fn check(table: &Table, sent: &aws::ColumnStatistics) -> Result<(), Error> {
    let input = &table.version.input;
    let stored = input.storage_descriptor.as_ref().and_then(|storage| storage.columns.as_deref()).unwrap_or_default();
    let keys = input.partition_keys.as_deref().unwrap_or_default();
    let name = &sent.column_name;
    if !stored.iter().chain(keys).any(|column| column.name.eq_ignore_ascii_case(name)) {
        return Err(Error::invalid(format!("Column {name} does not exist in the table.")));
    }
    let data = &sent.statistics_data;
    let members = [
        (aws::ColumnStatisticsType::Boolean, data.boolean_column_statistics_data.is_some()),
        (aws::ColumnStatisticsType::Date, data.date_column_statistics_data.is_some()),
        (aws::ColumnStatisticsType::Decimal, data.decimal_column_statistics_data.is_some()),
        (aws::ColumnStatisticsType::Double, data.double_column_statistics_data.is_some()),
        (aws::ColumnStatisticsType::Long, data.long_column_statistics_data.is_some()),
        (aws::ColumnStatisticsType::String, data.string_column_statistics_data.is_some()),
        (aws::ColumnStatisticsType::Binary, data.binary_column_statistics_data.is_some()),
    ];
    if members.iter().any(|(kind, is_there)| *is_there != (*kind == data.r#type)) {
        let message = format!("Statistics data of column {name} must be of type {} and of no other.", data.r#type);
        return Err(Error::invalid(message));
    }
    Ok(())
}

fn delete(tx: &mut Tx, table: u64, partition: &str, column: &str) -> Result<(), Error> {
    let removed = tx.delete(STATISTICS, &(table, partition, column.to_lowercase().as_str()))?;
    removed.map(drop).ok_or_else(|| not_found(column))
}

fn not_found(column: &str) -> Error {
    Error::EntityNotFound(format!("Statistics for column {column} not found."))
}
