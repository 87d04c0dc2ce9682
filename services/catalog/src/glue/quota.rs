//! How many of everything there may be.
//!
//! <https://docs.aws.amazon.com/general/latest/gr/glue.html#limits_glue>

use haar_platform::store::{Read, StoreError, Tx};

use super::error::Error;
use super::model::COUNTS;
use super::place::Place;

/// AWS's defaults, of which most can be raised.
#[derive(Clone, Copy, Debug)]
pub struct Quotas {
    /// In an account's region.
    pub databases: u64,
    /// In a database.
    pub tables: u64,
    /// Of a table.
    pub versions: u64,
    /// Of a table.
    pub partitions: u64,
    /// In a database.
    pub functions: u64,
    /// In an account's region.
    pub connections: u64,
    /// In an account's region.
    pub crawlers: u64,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            databases: 10_000,
            tables: 200_000,
            versions: 100_000,
            partitions: 10_000_000,
            functions: 100,
            connections: 1000,
            crawlers: 1000,
        }
    }
}

/// Something that is counted.
pub enum Counted<'a> {
    /// Of a catalog.
    Databases(&'a Place),
    /// Of the database with this number.
    Tables(u64),
    /// Of the table with this number, without the latest.
    Versions(u64),
    /// Of the table with this number.
    Partitions(u64),
    /// Of the database with this number.
    Functions(u64),
    /// Of a catalog.
    Connections(&'a Place),
    /// Of a catalog.
    Crawlers(&'a Place),
}

impl Counted<'_> {
    /// The key of the figure, which is stored data.
    pub fn key(&self) -> String {
        match self {
            Self::Databases(place) => format!("{}/{}/databases", place.account, place.region),
            Self::Tables(number) => format!("{number}/tables"),
            Self::Versions(number) => format!("{number}/versions"),
            Self::Partitions(number) => format!("{number}/partitions"),
            Self::Functions(number) => format!("{number}/functions"),
            Self::Connections(place) => format!("{}/{}/connections", place.account, place.region),
            Self::Crawlers(place) => format!("{}/{}/crawlers", place.account, place.region),
        }
    }

    fn max(&self, quotas: &Quotas) -> (u64, &'static str) {
        match self {
            Self::Databases(_) => (quotas.databases, "databases"),
            Self::Tables(_) => (quotas.tables, "tables"),
            Self::Versions(_) => (quotas.versions, "table versions"),
            Self::Partitions(_) => (quotas.partitions, "partitions"),
            Self::Functions(_) => (quotas.functions, "functions"),
            Self::Connections(_) => (quotas.connections, "connections"),
            Self::Crawlers(_) => (quotas.crawlers, "crawlers"),
        }
    }
}

/// One more, if there may be one.
pub fn add(tx: &mut Tx, quotas: &Quotas, what: &Counted<'_>) -> Result<(), Error> {
    let key = what.key();
    let count = tx.get(COUNTS, &key)?.unwrap_or_default();
    let (max, name) = what.max(quotas);
    if count >= max {
        return Err(Error::ResourceNumberLimitExceeded(name));
    }
    tx.put(COUNTS, &key, &(count + 1))?;
    Ok(())
}

/// One less.
pub fn remove(tx: &mut Tx, what: &Counted<'_>) -> Result<(), StoreError> {
    let key = what.key();
    let count = tx.get(COUNTS, &key)?.unwrap_or_default();
    tx.put(COUNTS, &key, &count.saturating_sub(1))
}
