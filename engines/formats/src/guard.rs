//! Libraries that read files of strangers: when one of them panics, the file is bad and nothing else is.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::FormatError;
use crate::format::Batches;

/// Does something with a file. A panic is the error that the file is malformed.
pub fn guarded<T>(what: &str, path: &str, read: impl FnOnce() -> Result<T, FormatError>) -> Result<T, FormatError> {
    // What the panic left half done is dropped with the file's reader, and nothing else sees it.
    catch_unwind(AssertUnwindSafe(read))
        .unwrap_or_else(|_| Err(FormatError::bad_data(format!("Malformed {what} file: {path}"))))
}

/// Batches whose making may panic. After an error comes nothing.
pub fn guarded_batches(what: &'static str, path: String, mut batches: Batches) -> Batches {
    let mut ended = false;
    Box::new(std::iter::from_fn(move || {
        if ended {
            return None;
        }
        let next = guarded(what, &path, || batches.next().transpose()).transpose();
        ended = !matches!(next, Some(Ok(_)));
        next
    }))
}

/// Rows without columns, for questions that only count.
pub fn counted(rows: u64, batch_rows: usize) -> Batches {
    use arrow::datatypes::Schema;
    use arrow::record_batch::{RecordBatch, RecordBatchOptions};
    let (mut left, batch_rows) = (rows, batch_rows.max(1) as u64);
    Box::new(std::iter::from_fn(move || {
        let count = left.min(batch_rows);
        left -= count;
        let options = RecordBatchOptions::new().with_row_count(Some(count as usize));
        let batch = RecordBatch::try_new_with_options(Schema::empty().into(), Vec::new(), &options);
        (count > 0).then(|| batch.map_err(|error| FormatError::cursor(error.to_string())))
    }))
}
