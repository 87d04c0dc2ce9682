//! One file while it is written: encoded in memory, handed to its sink piece by piece.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use bytes::Bytes;
use haar_formats::compression::Compression as Codec;
use haar_formats::{Column, FileWriter, TableFormat};
use haar_kernel::ids;
use parking_lot::Mutex;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression as ParquetCompression, GzipLevel, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::error::SqlError;
use crate::write::columns::Layout;
use crate::write::{Compression, Sink, Sinks, WriteFormat, WriteSpec, WrittenFile};

/// Encoded bytes that are gathered before they are handed on.
const PIECE_BYTES: usize = 1 << 20;

/// Rows of a row group.
const ROW_GROUP_ROWS: usize = 1 << 20;

/// Makes files of one statement.
pub(super) struct Maker {
    format: Format,
    columns: Vec<Column>,
    schema: SchemaRef,
    sinks: Arc<dyn Sinks>,
    /// `20200131_101112_00012_abcde`.
    stamp: String,
    ending: &'static str,
    made: AtomicU64,
}

enum Format {
    Parquet(WriterProperties),
    Rows(TableFormat, Option<Codec>),
}

impl Maker {
    pub(super) fn new(
        spec: &WriteSpec,
        layout: &Layout,
        sinks: Arc<dyn Sinks>,
        stamp: String,
    ) -> Result<Self, SqlError> {
        let table = described(&spec.format)?;
        let codec = codec(&table, spec.compression)?;
        let text = matches!(table, TableFormat::Text(..) | TableFormat::OpenCsv(..) | TableFormat::Json(..));
        let format = match table {
            TableFormat::Parquet { .. } => Format::Parquet(properties(spec.compression)?),
            table => Format::Rows(table, codec),
        };
        let columns = layout.columns.len();
        Ok(Self {
            format,
            columns: layout.typed[..columns].to_vec(),
            schema: Arc::new(layout.schema.project(&(0..columns).collect::<Vec<_>>())?),
            sinks,
            stamp,
            ending: codec.filter(|_| text).map_or("", Codec::ending),
            made: AtomicU64::new(0),
        })
    }

    /// Begins a file in a directory (`year=2020/`, or nothing).
    pub(super) async fn begin(
        &self,
        directory: &str,
        partition: Vec<String>,
        bucket: Option<u32>,
    ) -> Result<File, SqlError> {
        let name = match bucket {
            Some(bucket) => format!("{bucket:06}_0_{}{}", self.stamp, self.ending),
            None => format!("{}_{}{}", self.stamp, ids::uuid(), self.ending),
        };
        let key = format!("{directory}{name}");
        let sink = self.sinks.create(&key).await?;
        self.made.fetch_add(1, Ordering::Relaxed);
        let buffer = Buffer::default();
        let encoder = match &self.format {
            Format::Parquet(properties) => {
                // The table's description says what the columns are, as with files of other writers.
                let options =
                    ArrowWriterOptions::new().with_properties(properties.clone()).with_skip_arrow_metadata(true);
                let writer = ArrowWriter::try_new_with_options(buffer.clone(), self.schema.clone(), options);
                Encoder::Parquet(Box::new(writer.map_err(unwritten)?))
            }
            Format::Rows(format, codec) => {
                let writer = format.writer(&self.columns, *codec, Box::new(buffer.clone()));
                Encoder::Rows(writer.map_err(|error| SqlError::new(error.name, error.message))?)
            }
        };
        Ok(File { encoder, buffer, sink, written: WrittenFile { key, rows: 0, bytes: 0, partition } })
    }
}

/// The format with its settings, as a table would describe it.
fn described(format: &WriteFormat) -> Result<TableFormat, SqlError> {
    const HIVE: &str = "org.apache.hadoop.hive.";
    let (serde, parameters) = match format {
        WriteFormat::Parquet => ("ql.io.parquet.serde.ParquetHiveSerDe", Vec::new()),
        WriteFormat::Orc => ("ql.io.orc.OrcSerde", Vec::new()),
        WriteFormat::Avro => ("serde2.avro.AvroSerDe", Vec::new()),
        WriteFormat::Json => ("serde2.JsonSerDe", Vec::new()),
        WriteFormat::Text { field_delimiter } => {
            ("serde2.lazy.LazySimpleSerDe", vec![("field.delim".to_owned(), field_delimiter.to_string())])
        }
        WriteFormat::Table { storage, parameters } => {
            return table_format(
                storage.input_format.as_deref(),
                storage.serde_library.as_deref(),
                &storage.serde_parameters,
                parameters,
            );
        }
    };
    let parameters = parameters.into_iter().collect();
    table_format(None, Some(&format!("{HIVE}{serde}")), &parameters, &Default::default())
}

type Properties = std::collections::BTreeMap<String, String>;

fn table_format(
    input_format: Option<&str>,
    serde_library: Option<&str>,
    serde_parameters: &Properties,
    table_parameters: &Properties,
) -> Result<TableFormat, SqlError> {
    let described = haar_formats::Storage { input_format, serde_library, serde_parameters, table_parameters };
    TableFormat::of(&described).map_err(|error| SqlError::new(error.name, error.message))
}

/// Athena compresses with gzip unless told otherwise, but for Avro; ORC's own default is zlib.
fn codec(format: &TableFormat, wanted: Option<Compression>) -> Result<Option<Codec>, SqlError> {
    let default = match format {
        TableFormat::Avro { .. } => Compression::None,
        TableFormat::Orc { .. } => Compression::Zlib,
        _ => Compression::Gzip,
    };
    Ok(match wanted.unwrap_or(default) {
        Compression::None => None,
        Compression::Gzip => Some(Codec::Gzip),
        Compression::Snappy => Some(Codec::Snappy),
        Compression::Zlib | Compression::Deflate => Some(Codec::Deflate),
        Compression::Zstd(_) => Some(Codec::Zstd),
        Compression::Lz4 => Some(Codec::Lz4),
        Compression::Bzip2 => Some(Codec::Bzip2),
    })
}

fn properties(compression: Option<Compression>) -> Result<WriterProperties, SqlError> {
    let compression = match compression.unwrap_or(Compression::Gzip) {
        Compression::None => ParquetCompression::UNCOMPRESSED,
        Compression::Gzip => ParquetCompression::GZIP(GzipLevel::default()),
        Compression::Snappy => ParquetCompression::SNAPPY,
        Compression::Zstd(level) => {
            ParquetCompression::ZSTD(ZstdLevel::try_new(level.unwrap_or(3)).map_err(unwritten)?)
        }
        Compression::Lz4 => ParquetCompression::LZ4_RAW,
        other @ (Compression::Zlib | Compression::Bzip2 | Compression::Deflate) => {
            let name = format!("{other:?}").to_uppercase();
            let message = format!("Compression codec {name} not supported for Parquet");
            return Err(SqlError::new("INVALID_TABLE_PROPERTY", message));
        }
    };
    Ok(WriterProperties::builder()
        .set_compression(compression)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_created_by("haar".to_owned())
        .build())
}

/// A file that is open. Dropped before it is finished, it leaves nothing behind.
pub(super) struct File {
    encoder: Encoder,
    buffer: Buffer,
    sink: Box<dyn Sink>,
    written: WrittenFile,
}

enum Encoder {
    Parquet(Box<ArrowWriter<Buffer>>),
    Rows(Box<dyn FileWriter>),
}

impl File {
    /// Appends rows, without the partition keys.
    pub(super) async fn write(&mut self, rows: &RecordBatch) -> Result<(), SqlError> {
        match &mut self.encoder {
            Encoder::Parquet(writer) => writer.write(rows).map_err(unwritten)?,
            Encoder::Rows(writer) => writer.write(rows).map_err(|error| SqlError::new(error.name, error.message))?,
        }
        self.written.rows += rows.num_rows() as u64;
        self.hand_on(PIECE_BYTES).await
    }

    /// What waits in memory to become a row group.
    pub(super) fn waiting_bytes(&self) -> usize {
        match &self.encoder {
            Encoder::Parquet(writer) => writer.memory_size(),
            Encoder::Rows(_) => 0,
        }
    }

    /// Makes a row group of what waits.
    pub(super) async fn flush(&mut self) -> Result<(), SqlError> {
        if let Encoder::Parquet(writer) = &mut self.encoder {
            writer.flush().map_err(unwritten)?;
        }
        self.hand_on(1).await
    }

    pub(super) async fn finish(self) -> Result<WrittenFile, SqlError> {
        let Self { encoder, buffer, mut sink, mut written } = self;
        match encoder {
            Encoder::Parquet(writer) => {
                writer.close().map_err(unwritten)?;
            }
            Encoder::Rows(writer) => writer.finish().map_err(|error| SqlError::new(error.name, error.message))?,
        }
        let rest = buffer.take(1);
        written.bytes += rest.len() as u64;
        if !rest.is_empty() {
            sink.write(rest).await?;
        }
        sink.finish().await?;
        Ok(written)
    }

    async fn hand_on(&mut self, at_least: usize) -> Result<(), SqlError> {
        let piece = self.buffer.take(at_least);
        if piece.is_empty() {
            return Ok(());
        }
        self.written.bytes += piece.len() as u64;
        self.sink.write(piece).await
    }
}

fn unwritten(error: parquet::errors::ParquetError) -> SqlError {
    SqlError::new("HIVE_WRITER_DATA_ERROR", error.to_string())
}

/// Where encoders write, and what is handed on from there.
#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Buffer {
    /// All of it, if it is at least so much.
    fn take(&self, at_least: usize) -> Bytes {
        let mut bytes = self.0.lock();
        match bytes.len() >= at_least {
            true => Bytes::from(std::mem::take(&mut *bytes)),
            false => Bytes::new(),
        }
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
