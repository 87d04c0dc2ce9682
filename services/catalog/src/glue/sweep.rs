//! Sweeps away what belonged to deleted databases, tables and crawlers, a bounded number of rows at a time.

use haar_platform::kernel::{Ctx, Next};
use haar_platform::store::{Key, Read, Record, Span, StoreError, Table, Tx};

use super::Glue;
use super::crawler::model::CRAWLS;
use super::error::Error;
use super::model::{COUNTS, FUNCTIONS, GONE, Gone, PARTITION_INDEXES, PARTITIONS, STATISTICS, TABLES, VERSIONS};
use super::quota::Counted;

/// Rows that one transaction deletes: other writers wait for it.
const ROWS_MAX: usize = 1000;

/// Runs until nothing is left to sweep.
pub async fn sweep(_: &Ctx, glue: &Glue) -> Result<Next, Error> {
    while glue.store.write(step).await? {}
    Ok(Next::WhenWoken)
}

/// One transaction's work; false when there was none.
fn step(tx: &mut Tx) -> Result<bool, Error> {
    let Some((number, gone)) = tx.scan(GONE, Span::all()).next().transpose()? else {
        return Ok(false);
    };
    let is_empty = match gone {
        Gone::Database => sweep_database(tx, number)?,
        Gone::Table => sweep_table(tx, number)?,
        Gone::Crawler => clear(tx, CRAWLS, Span::under((number,)))?,
    };
    if is_empty {
        tx.delete(GONE, &number)?;
    }
    Ok(true)
}

fn sweep_database(tx: &mut Tx, number: u64) -> Result<bool, StoreError> {
    let tables: Vec<_> = tx.scan(TABLES, Span::under((number,))).take(ROWS_MAX).collect::<Result<_, _>>()?;
    for (key, table) in &tables {
        tx.delete(TABLES, key)?;
        tx.put(GONE, &table.number, &Gone::Table)?;
    }
    if tables.len() == ROWS_MAX || !clear(tx, FUNCTIONS, Span::under((number,)))? {
        return Ok(false);
    }
    tx.delete(COUNTS, &Counted::Tables(number).key())?;
    tx.delete(COUNTS, &Counted::Functions(number).key())?;
    Ok(true)
}

fn sweep_table(tx: &mut Tx, number: u64) -> Result<bool, StoreError> {
    let is_empty = clear(tx, PARTITIONS, Span::under((number,)))?
        && clear(tx, STATISTICS, Span::under((number,)))?
        && clear(tx, VERSIONS, Span::under((number,)))?
        && clear(tx, PARTITION_INDEXES, Span::under((number,)))?;
    if is_empty {
        tx.delete(COUNTS, &Counted::Partitions(number).key())?;
        tx.delete(COUNTS, &Counted::Versions(number).key())?;
    }
    Ok(is_empty)
}

/// Deletes rows of a span; true when none is left.
fn clear<K: Key, R: Record>(tx: &mut Tx, table: Table<K, R>, span: Span<K>) -> Result<bool, StoreError> {
    let keys: Vec<K> = tx.scan_keys(table, span).take(ROWS_MAX).collect::<Result<_, _>>()?;
    for key in &keys {
        tx.delete(table, key)?;
    }
    Ok(keys.len() < ROWS_MAX)
}
