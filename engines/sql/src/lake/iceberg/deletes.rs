//! Rows that were deleted by their place: from Iceberg's delete files to what of a data file is still read.

use std::collections::HashMap;

use arrow::array::AsArray;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use bytes::Bytes;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReaderBuilder, RowSelection, RowSelector};

use crate::error::SqlError;

/// Deleted places by the path of the data file, each with the number of the delete.
#[derive(Default)]
pub(super) struct Deletes(HashMap<String, Vec<(i64, u64)>>);

impl Deletes {
    /// Learns what a delete file says.
    pub(super) fn add(&mut self, file: Bytes, sequence: i64) -> Result<(), SqlError> {
        let broken = |error: &dyn std::error::Error| SqlError::new("ICEBERG_BAD_DATA", error.to_string());
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| broken(&error))?;
        for batch in reader.build().map_err(|error| broken(&error))? {
            let batch = batch.map_err(|error| broken(&error))?;
            let column = |name: &str, layout: &DataType| {
                let values = batch.column_by_name(name);
                let values =
                    values.ok_or_else(|| SqlError::new("ICEBERG_BAD_DATA", format!("a delete file without {name}")))?;
                cast(values, layout).map_err(|error| broken(&error))
            };
            let (paths, places) = (column("file_path", &DataType::Utf8)?, column("pos", &DataType::Int64)?);
            let (paths, places) = (paths.as_string::<i32>(), places.as_primitive::<Int64Type>());
            for row in 0..batch.num_rows() {
                let place = u64::try_from(places.value(row)).unwrap_or(u64::MAX);
                match self.0.get_mut(paths.value(row)) {
                    Some(deleted) => deleted.push((sequence, place)),
                    None => drop(self.0.insert(paths.value(row).to_owned(), vec![(sequence, place)])),
                }
            }
        }
        Ok(())
    }

    /// The rows of a data file that are left; `None`: all of them.
    pub(super) fn left(&self, path: &str, sequence: i64, rows: u64) -> Option<RowSelection> {
        let deleted = self.0.get(path)?.iter().filter(|(of, place)| *of >= sequence && *place < rows);
        let mut deleted: Vec<u64> = deleted.map(|(_, place)| *place).collect();
        deleted.sort_unstable();
        deleted.dedup();
        if deleted.is_empty() {
            return None;
        }
        let mut selectors = Vec::with_capacity(deleted.len() * 2 + 1);
        let mut next = 0;
        for place in deleted {
            if place > next {
                selectors.push(RowSelector::select((place - next) as usize));
            }
            selectors.push(RowSelector::skip(1));
            next = place + 1;
        }
        if next < rows {
            selectors.push(RowSelector::select((rows - next) as usize));
        }
        Some(RowSelection::from(selectors))
    }
}
