//! The lake: tables that are files, found, pruned, read and metered.

mod adapt;
mod chunks;
mod conform;
mod dates;
mod field_ids;
mod file;
mod footers;
mod iceberg;
mod information_schema;
mod location;
mod meter;
mod padded;
mod parquet_files;
mod parquet_reader;
mod parquet_source;
mod partitions;
mod predicates;
mod projection;
mod rows;
mod scan;
mod schema;
mod sieve;
mod table;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::TableSource;
use haar_kernel::{Objects, Timestamp};

pub(crate) use chunks::Chunks;
pub(crate) use conform::conform;
pub(crate) use footers::Footers;
pub(crate) use iceberg::About;
pub(crate) use meter::Meter;
pub(crate) use partitions::escape;
pub(crate) use scan::STORE_URL;
pub(crate) use schema::trino_type;

use crate::catalog::{Catalog, LakeTable};
use crate::error::SqlError;
use scan::Scan;
use schema::TableColumns;
use table::HiveTable;

/// What all queries share.
pub(crate) struct Lake {
    objects: Arc<dyn Objects>,
    footers: Footers,
    chunks: Chunks,
}

impl Lake {
    pub(crate) fn new(objects: Arc<dyn Objects>, chunks: Chunks) -> Self {
        Self { objects, footers: Footers::default(), chunks }
    }

    /// A table of Hive's kind that one query can scan.
    pub(crate) fn table(
        self: &Arc<Self>,
        table: LakeTable,
        catalog: &Arc<dyn Catalog>,
        meter: &Arc<Meter>,
        now: Timestamp,
    ) -> Result<Arc<dyn TableSource>, SqlError> {
        let scan = Scan {
            lake: self.clone(),
            meter: meter.clone(),
            name: table.name.clone(),
            columns: Arc::new(TableColumns::of(&table)?),
        };
        let table = HiveTable { scan, catalog: catalog.clone(), table: Arc::new(table), now };
        let provider: Arc<dyn TableProvider> = Arc::new(table);
        Ok(provider_as_source(provider))
    }
}
