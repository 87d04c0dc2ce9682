//! Iceberg tables: read as of now, of a snapshot, or of a moment. Nothing is written here.
//!
//! ```text
//!   metadata   the table's schemas and snapshots
//!   manifest   the files of a snapshot
//!   deletes    rows of those files that are gone
//!   tables     "t$snapshots" and its like; manifests, files and partitions are the larger ones
//! ```

mod bounds;
mod deletes;
mod files;
mod manifest;
mod manifests;
mod metadata;
mod partitions;
mod tables;
#[cfg(test)]
mod tests;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use arrow::datatypes::{FieldRef, SchemaRef};
use bytes::Bytes;
use datafusion::catalog::{Session as PlanSession, TableProvider};
use datafusion::common::Result;
use datafusion::datasource::{TableType, provider_as_source};
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableSource};
use datafusion::physical_plan::ExecutionPlan;
use futures_util::future::BoxFuture;
use haar_formats::TableFormat;
use haar_formats::compression::Compression;
use haar_kernel::OpenObject;

use crate::catalog::LakeTable;
use crate::error::SqlError;
use crate::lake::file::LakeFile;
use crate::lake::meter::Meter;
use crate::lake::scan::{Scan, ScanFile, Wanted, hidden_values};
use crate::lake::schema::TableColumns;
use crate::lake::table::{keep, pushdown};
use crate::lake::{Lake, file};
use crate::planning::TableVersion;
use deletes::Deletes;
use manifest::{Content, DataFile, Manifest};
use metadata::{Snapshot, TableMetadata};
pub(crate) use tables::About;

/// A metadata file that is larger is no metadata file.
const METADATA_BYTES_MAX: u64 = 512 << 20;

impl LakeTable {
    /// Where the metadata of an Iceberg table lies; `None` for tables of other kinds.
    pub(crate) fn iceberg_metadata(&self) -> Option<&str> {
        let iceberg = self.parameters.get("table_type").is_some_and(|kind| kind.eq_ignore_ascii_case("iceberg"));
        self.parameters.get("metadata_location").map(String::as_str).filter(|_| iceberg)
    }
}

impl Lake {
    /// An Iceberg table that one query can scan.
    pub(crate) async fn iceberg(
        self: &Arc<Self>,
        table: &LakeTable,
        metadata_location: &str,
        version: Option<&TableVersion>,
        meter: &Arc<Meter>,
    ) -> Result<Arc<dyn TableSource>, SqlError> {
        let text = self.text(metadata_location).await?;
        let metadata = TableMetadata::parse(&text, metadata_location)?;
        let snapshot = metadata.snapshot(version, &table.name.to_string())?.cloned();
        let fields: Vec<FieldRef> = metadata.columns(snapshot.as_ref().filter(|_| version.is_some()))?;
        let scan = Scan {
            lake: self.clone(),
            meter: meter.clone(),
            name: table.name.clone(),
            columns: Arc::new(TableColumns::of_fields(fields)),
        };
        let provider: Arc<dyn TableProvider> = Arc::new(IcebergTable { scan, snapshot });
        Ok(provider_as_source(provider))
    }

    /// A metadata file, unpacked.
    async fn text(&self, url: &str) -> Result<Bytes, SqlError> {
        let file = self.file_at(url)?;
        if file.meta.size > METADATA_BYTES_MAX {
            return Err(SqlError::new("ICEBERG_INVALID_METADATA", format!("{url} is too large")));
        }
        let open = file.open(self.objects.as_ref()).await?;
        if url.ends_with(".gz") || url.contains(".gz.metadata.json") {
            let failed = |error: &dyn fmt::Display| SqlError::new("ICEBERG_INVALID_METADATA", error.to_string());
            let mut reader = Compression::Gzip.decode(open).map_err(|error| failed(&error))?;
            let mut text = Vec::new();
            std::io::Read::read_to_end(&mut reader, &mut text).map_err(|error| failed(&error))?;
            return Ok(text.into());
        }
        whole(&file, &open)
    }

    fn file_at(&self, url: &str) -> Result<Arc<LakeFile>, SqlError> {
        let (bucket, key) = file::split_url(url)?;
        let missing = |error: haar_kernel::ObjectsError| {
            SqlError::new(
                "ICEBERG_MISSING_METADATA",
                format!("Metadata not found in metadata location for table: {url}: {error}"),
            )
        };
        let meta = self.objects.find(bucket, key).map_err(missing)?;
        Ok(Arc::new(LakeFile::new(bucket.to_owned(), meta)))
    }

    async fn opened(&self, url: &str) -> Result<Arc<dyn OpenObject>, SqlError> {
        self.file_at(url)?.open(self.objects.as_ref()).await
    }
}

fn whole(file: &LakeFile, open: &Arc<dyn OpenObject>) -> Result<Bytes, SqlError> {
    open.read_at(0..file.meta.size).map_err(|error| file.unreadable(error))
}

/// A snapshot of a table in one query.
#[derive(Clone)]
struct IcebergTable {
    scan: Scan,
    snapshot: Option<Snapshot>,
}

impl fmt::Debug for IcebergTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IcebergTable({})", self.scan.name)
    }
}

impl TableProvider for IcebergTable {
    fn schema(&self) -> SchemaRef {
        self.scan.columns.whole.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(filters.iter().map(|filter| pushdown(&self.scan, filter)).collect())
    }

    fn scan<'a, 'b, 'c, 'd, 'e>(
        &'a self,
        state: &'b dyn PlanSession,
        projection: Option<&'c Vec<usize>>,
        filters: &'d [Expr],
        limit: Option<usize>,
    ) -> Pin<Box<dyn Future<Output = Result<Arc<dyn ExecutionPlan>>> + Send + 'e>>
    where
        'a: 'e,
        'b: 'e,
        'c: 'e,
        'd: 'e,
        Self: 'e,
    {
        planned(self.clone(), Wanted::new(state, projection, filters, limit))
    }
}

fn planned(table: IcebergTable, wanted: Wanted) -> BoxFuture<'static, Result<Arc<dyn ExecutionPlan>>> {
    Box::pin(async move { Ok(table.plan(wanted).await?) })
}

impl IcebergTable {
    async fn plan(self, wanted: Wanted) -> Result<Arc<dyn ExecutionPlan>, SqlError> {
        let files = self.files().await?;
        let files = keep(files, &self.scan, &wanted.predicates)?;
        self.scan.plan(files, true, &wanted).await
    }

    /// The snapshot's data files, each with the rows of it that are left.
    async fn files(&self) -> Result<Vec<ScanFile>, SqlError> {
        let Some(snapshot) = &self.snapshot else { return Ok(Vec::new()) };
        let lake = &self.scan.lake;
        let manifests: Vec<Manifest> = match &snapshot.manifest_list {
            Some(list) => manifest::manifests(lake.opened(list).await?)?,
            None => snapshot.manifests.iter().cloned().map(Manifest::plain).collect(),
        };
        let mut data: Vec<DataFile> = Vec::new();
        let mut deletes = Deletes::default();
        for manifest in &manifests {
            for listed in manifest::files(lake.opened(&manifest.path).await?, manifest)? {
                match listed.content {
                    _ if listed.format != "PARQUET" => {
                        let message = format!("Iceberg files of format {} are not supported", listed.format);
                        return Err(SqlError::not_supported(message));
                    }
                    Content::Rows if !manifest.deletes => data.push(listed),
                    Content::Rows => {}
                    Content::PositionDeletes => {
                        let file = lake.file_at(&listed.path)?;
                        let open = file.open(lake.objects.as_ref()).await?;
                        self.scan.meter.add_bytes(file.meta.size)?;
                        deletes.add(whole(&file, &open)?, listed.sequence)?;
                    }
                    Content::EqualityDeletes => {
                        return Err(SqlError::not_supported("Iceberg equality deletes are not supported"));
                    }
                }
            }
        }
        let format = Arc::new(TableFormat::Parquet { by_index: false });
        data.into_iter()
            .map(|listed| {
                let file = lake.file_at(&listed.path)?;
                let rows = u64::try_from(listed.rows).unwrap_or(0);
                let rows = deletes.left(&listed.path, listed.sequence, rows);
                let constants = hidden_values(&file).into();
                Ok(ScanFile { file, constants, format: format.clone(), rows })
            })
            .collect()
    }
}
