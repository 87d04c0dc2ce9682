//! A table of Hive's kind as DataFusion sees it: from a query's predicates to partitions, folders and files.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session as PlanSession, TableProvider};
use datafusion::common::{Result, ScalarValue};
use datafusion::datasource::TableType;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use futures_util::future::BoxFuture;
use haar_formats::TableFormat;
use haar_kernel::Timestamp;

use crate::catalog::{Catalog, LakeTable, Storage};
use crate::error::SqlError;
use crate::lake::file::LakeFile;
use crate::lake::location::Location;
use crate::lake::partitions::{self, Partition};
use crate::lake::predicates::Predicates;
use crate::lake::scan::{Scan, ScanFile, Wanted, hidden_values};

/// The table in one query.
#[derive(Clone)]
pub(super) struct HiveTable {
    pub(super) scan: Scan,
    pub(super) catalog: Arc<dyn Catalog>,
    pub(super) table: Arc<LakeTable>,
    pub(super) now: Timestamp,
}

impl fmt::Debug for HiveTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HiveTable({})", self.table.name)
    }
}

impl TableProvider for HiveTable {
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

/// What a scan does with a filter.
pub(super) fn pushdown(scan: &Scan, filter: &Expr) -> TableProviderFilterPushDown {
    match scan.needs_no_file(filter) {
        true => TableProviderFilterPushDown::Exact,
        // The Parquet source is told by the physical optimizer, which then drops the filter above it.
        false => TableProviderFilterPushDown::Unsupported,
    }
}

fn planned(table: HiveTable, wanted: Wanted) -> BoxFuture<'static, Result<Arc<dyn ExecutionPlan>>> {
    Box::pin(async move { Ok(table.plan(wanted).await?) })
}

impl HiveTable {
    async fn plan(self, wanted: Wanted) -> Result<Arc<dyn ExecutionPlan>, SqlError> {
        let columns = &self.scan.columns;
        let keys = &columns.constants[..columns.keys];
        let predicates = &wanted.predicates;
        let partitions = partitions::needed(&self.table, keys, predicates, self.catalog.as_ref(), self.now).await?;
        let files = self.files(&partitions, predicates)?;
        self.scan.plan(files, false, &wanted).await
    }

    /// Lists the partitions, and lets only files through that can be needed.
    fn files(&self, partitions: &[Partition], predicates: &Predicates) -> Result<Vec<ScanFile>, SqlError> {
        let mut formats = Formats { known: Vec::new(), parameters: &self.table.parameters };
        let mut files = Vec::new();
        for partition in partitions {
            let format = formats.of(&partition.storage)?;
            let location = Location::parse(&partition.storage.location)?;
            for meta in location.files(self.scan.lake.objects.as_ref())? {
                let file = Arc::new(LakeFile::new(location.bucket.clone(), meta));
                let mut constants = partition.values.clone();
                constants.extend(hidden_values(&file));
                files.push(ScanFile { file, constants, format: format.clone(), rows: None });
            }
        }
        keep(files, &self.scan, predicates)
    }
}

/// The files whose shared values the predicates let pass.
pub(super) fn keep(mut files: Vec<ScanFile>, scan: &Scan, predicates: &Predicates) -> Result<Vec<ScanFile>, SqlError> {
    let constants = &scan.columns.constants;
    let column = |at: usize| {
        let values = files.iter().map(move |file: &ScanFile| -> &ScalarValue { &file.constants[at] });
        partitions::column(values, &constants[at])
    };
    let columns = (0..constants.len()).map(column).collect::<Result<Vec<_>, _>>()?;
    if let Some(keep) = predicates.keep(constants, columns)? {
        let mut keep = keep.into_iter();
        files.retain(|_| keep.next().unwrap_or(true));
    }
    Ok(files)
}

/// How partitions read; most often they all read alike.
struct Formats<'a> {
    known: Vec<(Storage, Arc<TableFormat>)>,
    parameters: &'a BTreeMap<String, String>,
}

impl Formats<'_> {
    fn of(&mut self, storage: &Storage) -> Result<Arc<TableFormat>, SqlError> {
        let like = Storage { location: String::new(), ..storage.clone() };
        if let Some((_, format)) = self.known.iter().find(|(storage, _)| *storage == like) {
            return Ok(format.clone());
        }
        let described = haar_formats::Storage {
            input_format: like.input_format.as_deref(),
            serde_library: like.serde_library.as_deref(),
            serde_parameters: &like.serde_parameters,
            table_parameters: self.parameters,
        };
        let format = TableFormat::of(&described).map_err(|error| SqlError::new(error.name, error.message))?;
        let format = Arc::new(format);
        self.known.push((like, format.clone()));
        Ok(format)
    }
}
