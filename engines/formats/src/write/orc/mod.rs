//! ORC files, written by ourselves: the library's writer knows neither decimals nor nested types, and cannot change
//! threads.
//!
//! The plain half of the format: direct encodings, no dictionaries, no row indexes, and statistics of counts only. See
//! the ORC specification, version 1.

mod column;
mod encode;
mod proto;

use std::io::Write;

use arrow::record_batch::RecordBatch;

use super::cells::Cells;
use super::{FileWriter, Sink, failed, layout, not_supported};
use crate::compression::Compression;
use crate::error::FormatError;
use crate::types::{Column, HiveType};
use column::{ColumnWriter, Stream};
use proto::Message;

/// The size of a stripe, before it is compressed.
const STRIPE_BYTES: usize = 64 << 20;

/// What is compressed at once.
const BLOCK_BYTES: usize = 256 << 10;

/// Begins a file. Zlib is what ORC calls GZIP's codec.
pub fn writer(
    columns: &[Column],
    compression: Option<Compression>,
    mut sink: Sink,
) -> Result<Box<dyn FileWriter>, FormatError> {
    if compression == Some(Compression::Bzip2) {
        return Err(not_supported("ORC files cannot be compressed with BZIP2"));
    }
    let fields = columns.iter().map(|column| (column.name.clone(), column.hive_type.clone())).collect();
    let root = ColumnWriter::new(&HiveType::Struct(fields), &mut 0)?;
    sink.write_all(b"ORC").map_err(failed)?;
    Ok(Box::new(OrcFile {
        columns: columns.to_vec(),
        compression,
        sink,
        written: 3,
        root,
        stripe_rows: 0,
        rows: 0,
        stripes: Vec::new(),
    }))
}

struct OrcFile {
    columns: Vec<Column>,
    compression: Option<Compression>,
    sink: Sink,
    /// Bytes of the file so far.
    written: u64,
    root: ColumnWriter,
    stripe_rows: u64,
    rows: u64,
    /// `StripeInformation`, encoded.
    stripes: Vec<Message>,
}

impl FileWriter for OrcFile {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), FormatError> {
        let arrays = layout(&self.columns, batch, |column| column.hive_type.arrow())?;
        let rows: Vec<usize> = (0..batch.num_rows()).collect();
        for (array, column) in arrays.iter().zip(self.root.children()) {
            column.append(&Cells::of(array.as_ref())?, &rows)?;
        }
        self.root.append_rows(rows.len());
        self.stripe_rows += rows.len() as u64;
        if self.root.size() >= STRIPE_BYTES {
            self.end_stripe()?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), FormatError> {
        self.end_stripe()?;
        let mut footer = Message::default();
        footer.number(1, 3);
        footer.number(2, self.written);
        for stripe in &self.stripes {
            footer.message(3, stripe);
        }
        let mut statistics = Vec::new();
        self.root.describe(&mut |of, values, has_null| {
            footer.message(4, of);
            let mut counts = Message::default();
            counts.number(1, values);
            counts.number(10, u64::from(has_null));
            statistics.push(counts);
        });
        footer.number(6, self.rows);
        for counts in &statistics {
            footer.message(7, counts);
        }
        footer.number(8, 0);
        let footer = self.compressed(footer.bytes())?;
        let mut postscript = Message::default();
        postscript.number(1, footer.len() as u64);
        postscript.number(2, self.codec_number());
        postscript.number(3, BLOCK_BYTES as u64);
        postscript.packed(4, &[0, 12]);
        postscript.number(5, 0);
        // ORC-135 and what came before it: statistics of timestamps are in UTC. There are none.
        postscript.number(6, 6);
        postscript.text(8_000, "ORC");
        let postscript = postscript.bytes();
        self.sink.write_all(&footer).map_err(failed)?;
        self.sink.write_all(postscript).map_err(failed)?;
        self.sink.write_all(&[postscript.len() as u8]).map_err(failed)?;
        self.sink.flush().map_err(failed)
    }
}

impl OrcFile {
    fn codec_number(&self) -> u64 {
        match self.compression {
            None | Some(Compression::Bzip2) => 0,
            Some(Compression::Gzip | Compression::Deflate) => 1,
            Some(Compression::Snappy) => 2,
            Some(Compression::Lz4) => 4,
            Some(Compression::Zstd) => 5,
        }
    }

    fn end_stripe(&mut self) -> Result<(), FormatError> {
        if self.stripe_rows == 0 {
            return Ok(());
        }
        let begin = self.written;
        let (mut footer, mut encodings, mut data) = (Message::default(), Vec::new(), 0);
        let mut streams: Vec<Stream> = Vec::new();
        self.root.take(&mut streams, &mut encodings);
        for stream in streams {
            let bytes = self.compressed(&stream.bytes)?;
            let mut described = Message::default();
            described.number(1, stream.kind);
            described.number(2, stream.column);
            described.number(3, bytes.len() as u64);
            footer.message(1, &described);
            self.sink.write_all(&bytes).map_err(failed)?;
            data += bytes.len() as u64;
        }
        for encoding in encodings {
            let mut described = Message::default();
            described.number(1, encoding);
            footer.message(2, &described);
        }
        footer.text(3, "UTC");
        let footer = self.compressed(footer.bytes())?;
        self.sink.write_all(&footer).map_err(failed)?;
        let mut stripe = Message::default();
        stripe.number(1, begin);
        stripe.number(2, 0);
        stripe.number(3, data);
        stripe.number(4, footer.len() as u64);
        stripe.number(5, self.stripe_rows);
        self.stripes.push(stripe);
        self.written += data + footer.len() as u64;
        self.rows += self.stripe_rows;
        self.stripe_rows = 0;
        Ok(())
    }

    /// Blocks with a header that says their length and whether they are compressed at all.
    fn compressed(&self, bytes: &[u8]) -> Result<Vec<u8>, FormatError> {
        let Some(compression) = self.compression else {
            return Ok(bytes.to_vec());
        };
        let mut blocks = Vec::new();
        for block in bytes.chunks(BLOCK_BYTES) {
            let compressed = compress(compression, block).map_err(failed)?;
            let original = compressed.len() >= block.len();
            let kept = if original { block } else { &compressed };
            let header = (kept.len() as u32) << 1 | u32::from(original);
            blocks.extend_from_slice(&header.to_le_bytes()[..3]);
            blocks.extend_from_slice(kept);
        }
        Ok(blocks)
    }
}

fn compress(compression: Compression, block: &[u8]) -> std::io::Result<Vec<u8>> {
    match compression {
        Compression::Gzip | Compression::Deflate => {
            let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(block)?;
            encoder.finish()
        }
        Compression::Snappy => snap::raw::Encoder::new().compress_vec(block).map_err(std::io::Error::other),
        Compression::Zstd => zstd::bulk::compress(block, zstd::DEFAULT_COMPRESSION_LEVEL),
        Compression::Lz4 => Ok(lz4_flex::block::compress(block)),
        Compression::Bzip2 => Ok(block.to_vec()),
    }
}
