//! Files that the engine writes, as objects below a place in S3.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use haar_sql::{Sink, Sinks, SqlError};
use parking_lot::Mutex;

use crate::athena::execution::failure::PERMISSION_DENIED;
use crate::athena::execution::run::Execution;
use crate::athena::location::Location;
use crate::athena::model::Failure;
use crate::athena::result::upload::Upload;

/// Partitions that one statement may write into.
/// <https://docs.aws.amazon.com/athena/latest/ug/ctas-considerations-limitations.html>
const PARTITIONS_MAX: usize = 100;

/// Objects below one place, written as the query's owner.
pub struct S3Sinks {
    execution: Arc<Execution>,
    root: Location,
    /// Folders that were begun.
    partitions: Mutex<BTreeSet<String>>,
}

impl S3Sinks {
    /// Below `root`.
    pub fn at(execution: &Arc<Execution>, root: Location) -> Arc<Self> {
        Arc::new(Self { execution: execution.clone(), root, partitions: Mutex::default() })
    }

    fn begin(&self, key: &str) -> Result<Upload, SqlError> {
        if let Some((folder, _)) = key.rsplit_once('/') {
            let mut partitions = self.partitions.lock();
            partitions.insert(folder.to_owned());
            if partitions.len() > PARTITIONS_MAX {
                return Err(SqlError::new(
                    "HIVE_TOO_MANY_OPEN_PARTITIONS",
                    format!("Exceeded limit of {PARTITIONS_MAX} open writers for partitions/buckets"),
                ));
            }
        }
        Ok(Upload::of_data(&self.execution, self.root.join(key)))
    }
}

impl Sinks for S3Sinks {
    fn create<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Box<dyn Sink>, SqlError>> {
        Box::pin(async move { Ok(Box::new(Object(self.begin(key)?)) as Box<dyn Sink>) })
    }
}

struct Object(Upload);

impl Sink for Object {
    fn write(&mut self, bytes: Bytes) -> BoxFuture<'_, Result<(), SqlError>> {
        Box::pin(async move { self.0.write(&bytes).await.map_err(unwritten) })
    }

    fn finish(self: Box<Self>) -> BoxFuture<'static, Result<(), SqlError>> {
        Box::pin(async move { self.0.finish().await.map_err(unwritten) })
    }
}

/// What S3 said, on its way through the engine. The whole reason stands in the message of a denial.
fn unwritten(failure: Failure) -> SqlError {
    if failure.is_denial() {
        return SqlError::new(PERMISSION_DENIED, failure.reason);
    }
    SqlError::new("HIVE_WRITER_CLOSE_ERROR", failure.reason)
}
