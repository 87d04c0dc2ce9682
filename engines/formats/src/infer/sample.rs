//! The beginning of an object, decoded: what is looked at to tell what it holds.

use std::io::{BufRead, Read};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use haar_kernel::objects::{ObjectMeta, ObjectsError, OpenObject};

use crate::compression::Compression;
use crate::error::FormatError;

/// What is looked at of an object, decoded. Crawlers read the first megabyte of text as well.
pub const SAMPLE_BYTES: u64 = 1 << 20;

/// What a decoder is given at once: how much it has taken shows how far the sample reaches.
const STEP_BYTES: u64 = 1 << 14;

/// Bytes of a file that tell what it is.
const MAGIC_BYTES: u64 = 16;

/// The beginning of an object.
pub struct Sample {
    /// Decoded.
    pub bytes: Vec<u8>,
    /// Whether there is more.
    pub cut: bool,
    /// How the whole object is compressed.
    pub compression: Option<Compression>,
    /// How many bytes of the object these are, before they were decoded.
    pub taken: u64,
    /// How many bytes the object has.
    pub size: u64,
}

impl Sample {
    /// The first bytes of an object, as they are.
    pub fn magic(object: &dyn OpenObject) -> Result<Bytes, FormatError> {
        Ok(object.read_at(0..object.meta().size.min(MAGIC_BYTES))?)
    }

    /// Reads the beginning. Objects that begin like a codec's are decoded, and so are those that only their names tell
    /// of, if what comes out is something.
    pub fn take(object: &Arc<dyn OpenObject>) -> Result<Sample, FormatError> {
        let size = object.meta().size;
        let magic = Sample::magic(object.as_ref())?;
        let named = Compression::of_key(&object.meta().key);
        let without_magic = matches!(named, Some(Compression::Snappy | Compression::Lz4 | Compression::Deflate));
        if let Some(compression) = Compression::of_magic(&magic).or(named.filter(|_| without_magic)) {
            return Sample::decode(object, compression);
        }
        let bytes = object.read_at(0..size.min(SAMPLE_BYTES))?;
        let taken = bytes.len() as u64;
        Ok(Sample { bytes: without_mark(bytes.to_vec()), cut: size > taken, compression: None, taken, size })
    }

    fn decode(object: &Arc<dyn OpenObject>, compression: Compression) -> Result<Sample, FormatError> {
        let size = object.meta().size;
        let counted = Arc::new(Counted { object: object.clone(), taken: AtomicU64::new(0) });
        let mut decoder = compression.decode(counted.clone())?;
        let mut bytes = Vec::new();
        let failed = |error: std::io::Error| FormatError::cursor(error.to_string());
        (&mut decoder).take(SAMPLE_BYTES).read_to_end(&mut bytes).map_err(failed)?;
        let cut = !decoder.fill_buf().map_err(failed)?.is_empty();
        let taken = if cut { counted.taken.load(Ordering::Relaxed) } else { size };
        Ok(Sample { bytes: without_mark(bytes), cut, compression: Some(compression), taken, size })
    }

    /// How many there are in the whole object of what there are so many of in the sample.
    pub fn scale(&self, count: u64) -> u64 {
        match self.cut && self.taken > 0 {
            true => (count as f64 * self.size as f64 / self.taken as f64) as u64,
            false => count,
        }
    }
}

/// Text may begin with the mark of its encoding.
fn without_mark(mut bytes: Vec<u8>) -> Vec<u8> {
    if bytes.starts_with(b"\xef\xbb\xbf") {
        bytes.drain(..3);
    }
    bytes
}

/// An object that counts how far it was read.
struct Counted {
    object: Arc<dyn OpenObject>,
    taken: AtomicU64,
}

impl OpenObject for Counted {
    fn meta(&self) -> &ObjectMeta {
        self.object.meta()
    }

    /// At most a step at once, which readers of objects take as it is.
    fn read_at(&self, range: Range<u64>) -> Result<Bytes, ObjectsError> {
        let end = range.end.min(range.start + STEP_BYTES);
        self.taken.fetch_max(end, Ordering::Relaxed);
        self.object.read_at(range.start..end)
    }
}
