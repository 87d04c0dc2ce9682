//! Log events as a table: the columns that a query needs, and the fields that it names, discovered while it is read.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, StringViewArray};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use futures_util::stream;
use haar_telemetry::logs::{Column, LogPart, LogScan};
use memchr::memmem::Finder;
use parking_lot::Mutex;

use super::discover::Discovery;

/// JSON can spell any letter as `\u0041`: a line that does it is looked at, whatever it seems to contain.
const ESCAPE: &[u8] = b"\\u";

/// What a query needs of events.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Wanted {
    pub(super) columns: Vec<Column>,
    /// Discovered fields, by their names.
    pub(super) fields: Vec<String>,
    /// Texts of which each must occur in a message that matters, unless it has escapes.
    pub(super) needles: Vec<String>,
}

impl Wanted {
    /// The columns of the table: events' own, and one for each discovered field.
    pub(super) fn schema(&self) -> SchemaRef {
        let own = haar_telemetry::logs::projected(&self.columns);
        let fields = (0..self.fields.len()).map(|index| Field::new(field_column(index), DataType::Utf8View, true));
        let own = own.fields().iter().map(|field| field.as_ref().clone());
        Arc::new(Schema::new(own.chain(fields).collect::<Vec<_>>()))
    }
}

/// What the column of a discovered field is called.
pub(super) fn field_column(index: usize) -> String {
    format!("field{index}")
}

/// The table: as many streams as threads, which share the parts of the scan.
pub(super) fn table(scan: LogScan, wanted: Wanted, streams: usize) -> Result<StreamingTable> {
    let reading = Arc::new(Reading {
        schema: wanted.schema(),
        discovery: Discovery::of(&wanted.fields),
        message: wanted.columns.iter().position(|column| *column == Column::Message),
        needles: wanted.needles.iter().map(|needle| Finder::new(needle).into_owned()).collect(),
        escape: Finder::new(ESCAPE).into_owned(),
        parts: Mutex::new(scan.parts.into()),
    });
    let schema = reading.schema.clone();
    let streams = (0..streams.max(1)).map(|_| Arc::new(Share(reading.clone())) as Arc<dyn PartitionStream>);
    StreamingTable::try_new(schema, streams.collect())
}

struct Reading {
    schema: SchemaRef,
    discovery: Discovery,
    /// Where the message is among the columns.
    message: Option<usize>,
    needles: Vec<Finder<'static>>,
    escape: Finder<'static>,
    parts: Mutex<VecDeque<LogPart>>,
}

/// One of the streams; each takes the next part when it is done with one.
struct Share(Arc<Reading>);

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LogEvents")
    }
}

impl PartitionStream for Share {
    fn schema(&self) -> &SchemaRef {
        &self.0.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let reading = self.0.clone();
        let batches = std::iter::from_fn({
            let mut current = None;
            move || reading.next(&mut current).transpose()
        });
        // Between batches others have their turn, and a query that was stopped ends.
        let batches = stream::unfold(batches, |mut batches| async move {
            tokio::task::consume_budget().await;
            batches.next().map(|batch| (batch, batches))
        });
        Box::pin(RecordBatchStreamAdapter::new(self.0.schema.clone(), batches))
    }
}

impl Reading {
    fn next(&self, current: &mut Option<haar_telemetry::logs::LogBatches>) -> Result<Option<RecordBatch>> {
        loop {
            if let Some(batches) = current {
                if let Some(batch) = batches.next() {
                    return self.complete(batch.map_err(external)?).map(Some);
                }
                *current = None;
            }
            let Some(part) = self.parts.lock().pop_front() else { return Ok(None) };
            *current = Some(part.read().map_err(external)?);
        }
    }

    /// Leaves out what cannot matter, and adds the discovered fields.
    fn complete(&self, batch: RecordBatch) -> Result<RecordBatch> {
        let Some(message) = self.message else {
            return Ok(RecordBatch::try_new(self.schema.clone(), batch.columns().to_vec())?);
        };
        let batch = match self.needles.is_empty() {
            true => batch,
            false => {
                let kept = self.containing(batch.column(message).as_string_view());
                filter_record_batch(&batch, &kept)?
            }
        };
        let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
        columns.extend(self.discovery.columns(batch.column(message).as_string_view()));
        Ok(RecordBatch::try_new(self.schema.clone(), columns)?)
    }

    fn containing(&self, messages: &StringViewArray) -> BooleanArray {
        (0..messages.len())
            .map(|row| {
                let message = messages.value(row).as_bytes();
                Some(
                    self.needles.iter().all(|needle| needle.find(message).is_some())
                        || self.escape.find(message).is_some(),
                )
            })
            .collect()
    }
}

fn external(error: haar_telemetry::logs::LogsError) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}
