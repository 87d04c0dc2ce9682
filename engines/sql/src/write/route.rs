//! Which rows go into which file: by the values of partition keys, and by buckets.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{ArrayRef, UInt32Array};
use arrow::compute::take_record_batch;
use arrow::record_batch::RecordBatch;
use arrow::row::{OwnedRow, RowConverter, SortField};
use parking_lot::Mutex;

use crate::error::SqlError;
use crate::lake::escape;
use crate::render::Renderers;
use crate::write::bucket::buckets;
use crate::write::columns::Layout;
use crate::write::file::{File, Maker};
use crate::write::{Bucketing, WrittenFile};

/// Files that one statement may write at the same time, and so partitions that it may write.
/// <https://docs.aws.amazon.com/athena/latest/ug/ctas-insert-into.html>
const OPEN_MAX: usize = 100;

/// What the files of one stream may hold in memory together before the largest becomes a row group.
const WAITING_BYTES_MAX: usize = 128 << 20;

/// How Hive writes NULL, and no text at all, into a path.
const NULL: &str = "__HIVE_DEFAULT_PARTITION__";

/// The partitions and buckets of all streams.
#[derive(Default)]
pub(super) struct OpenFiles(Mutex<HashSet<(String, Option<u32>)>>);

impl OpenFiles {
    fn add(&self, directory: &str, bucket: Option<u32>) -> Result<(), SqlError> {
        let mut open = self.0.lock();
        open.insert((directory.to_owned(), bucket));
        if open.len() > OPEN_MAX {
            return Err(SqlError::new(
                "HIVE_TOO_MANY_OPEN_PARTITIONS",
                format!("Exceeded limit of {OPEN_MAX} open writers for partitions/buckets"),
            ));
        }
        Ok(())
    }
}

/// The files of one stream.
pub(super) struct Router {
    layout: Arc<Layout>,
    bucketing: Option<(Vec<usize>, u32)>,
    maker: Arc<Maker>,
    open: Arc<OpenFiles>,
    /// Of the partition keys; none without.
    keys: Option<RowConverter>,
    renderers: Renderers,
    files: HashMap<(Option<OwnedRow>, Option<u32>), File>,
    written_columns: Vec<usize>,
}

impl Router {
    pub(super) fn new(
        layout: Arc<Layout>,
        bucketing: Option<Bucketing>,
        maker: Arc<Maker>,
        open: Arc<OpenFiles>,
    ) -> Result<Self, SqlError> {
        let data = layout.columns.len();
        let key_fields = &layout.schema.fields()[data..];
        let sorted = key_fields.iter().map(|field| SortField::new(field.data_type().clone())).collect();
        let keys = match key_fields.is_empty() {
            true => None,
            false => Some(RowConverter::new(sorted)?),
        };
        let bucketing = bucketing.map(|bucketing| {
            let at = |name: &String| {
                let missing = || {
                    let message = format!("Bucketing columns [{name}] not present in schema");
                    SqlError::new("INVALID_TABLE_PROPERTY", message)
                };
                layout.columns.iter().position(|column| column.name.eq_ignore_ascii_case(name)).ok_or_else(missing)
            };
            let columns = bucketing.columns.iter().map(at).collect::<Result<Vec<_>, _>>()?;
            Ok::<_, SqlError>((columns, bucketing.count))
        });
        Ok(Self {
            bucketing: bucketing.transpose()?,
            maker,
            open,
            keys,
            renderers: Renderers::of_layout(&layout.schema),
            files: HashMap::new(),
            written_columns: (0..data).collect(),
            layout,
        })
    }

    pub(super) async fn write(&mut self, batch: &RecordBatch) -> Result<(), SqlError> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let rows = self.layout.rows(batch)?;
        for (key, bucket, indices) in self.shares(&rows)? {
            let share = match &indices {
                Some(indices) => &take_record_batch(&rows, indices)?,
                None => &rows,
            };
            let address = (key, bucket);
            if !self.files.contains_key(&address) {
                let file = self.begin(share, bucket).await?;
                self.files.insert(address.clone(), file);
            }
            if let Some(file) = self.files.get_mut(&address) {
                file.write(&share.project(&self.written_columns)?).await?;
            }
        }
        self.relieve().await
    }

    /// The rows of each file; without indices it is all of them.
    #[expect(clippy::type_complexity, reason = "a list of three things that have no life together")]
    fn shares(
        &self,
        rows: &RecordBatch,
    ) -> Result<Vec<(Option<OwnedRow>, Option<u32>, Option<UInt32Array>)>, SqlError> {
        let count = rows.num_rows();
        let of_buckets = match &self.bucketing {
            Some((columns, count_of_buckets)) => {
                let columns: Vec<ArrayRef> = columns.iter().map(|column| rows.column(*column).clone()).collect();
                Some(buckets(&columns, count, *count_of_buckets)?)
            }
            None => None,
        };
        let keys = match &self.keys {
            Some(converter) => Some(converter.convert_columns(&rows.columns()[self.layout.columns.len()..])?),
            None => None,
        };
        if keys.is_none() && of_buckets.is_none() {
            return Ok(vec![(None, None, None)]);
        }
        let mut shares: Vec<(Option<OwnedRow>, Option<u32>, Vec<u32>)> = Vec::new();
        let mut places: HashMap<(Option<&[u8]>, Option<u32>), usize> = HashMap::new();
        for row in 0..count {
            let key = keys.as_ref().map(|keys| keys.row(row));
            let bucket = of_buckets.as_ref().map(|buckets| buckets[row]);
            let place = *places.entry((key.map(|key| key.data()), bucket)).or_insert_with(|| {
                shares.push((key.map(|key| key.owned()), bucket, Vec::new()));
                shares.len() - 1
            });
            shares[place].2.push(row as u32);
        }
        let one = shares.len() == 1;
        let with_indices = |(key, bucket, rows): (Option<OwnedRow>, Option<u32>, Vec<u32>)| {
            (key, bucket, (!one).then(|| UInt32Array::from(rows)))
        };
        Ok(shares.into_iter().map(with_indices).collect())
    }

    /// Begins the file that these rows, which share their keys, go into.
    async fn begin(&mut self, rows: &RecordBatch, bucket: Option<u32>) -> Result<File, SqlError> {
        let first = self.layout.columns.len();
        let mut values = Vec::with_capacity(self.layout.keys.len());
        let mut directory = String::new();
        for (at, key) in self.layout.keys.iter().enumerate() {
            let mut value = String::new();
            if !self.renderers.push(rows, first + at, 0, &mut value) || value.is_empty() {
                value = NULL.to_owned();
            }
            directory.push_str(&format!("{}={}/", escape(&key.name), escape(&value)));
            values.push(value);
        }
        if !values.is_empty() || bucket.is_some() {
            self.open.add(&directory, bucket)?;
        }
        self.maker.begin(&directory, values, bucket).await
    }

    /// Keeps what waits for its row group within bounds.
    async fn relieve(&mut self) -> Result<(), SqlError> {
        let waiting: usize = self.files.values().map(File::waiting_bytes).sum();
        if waiting <= WAITING_BYTES_MAX {
            return Ok(());
        }
        match self.files.values_mut().max_by_key(|file| file.waiting_bytes()) {
            Some(largest) => largest.flush().await,
            None => Ok(()),
        }
    }

    pub(super) async fn finish(self) -> Result<Vec<WrittenFile>, SqlError> {
        let mut written = Vec::with_capacity(self.files.len());
        for file in self.files.into_values() {
            written.push(file.finish().await?);
        }
        Ok(written)
    }
}
