//! Append-only logs: segments of frames, a bounded number of them, oldest dropped first.
//!
//! A frame is `[length u32][CRC-32 u32][payload]`, little endian; the sum covers length and payload,
//! so a run of zeros is no frame. Everything here blocks on the disk: call it from a thread that may.

mod read;

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

pub use self::read::{LogBackReader, LogReader};
use crate::directory::{create_private, sync_directory};
use crate::error::StoreError;

const FRAME_HEADER_BYTES: usize = 8;
const SEGMENT_EXTENSION: &str = "log";

/// How much a log keeps: about `segment_bytes` times `segments_max`.
#[derive(Clone, Copy, Debug)]
pub struct LogOptions {
    /// A segment that would grow beyond this makes way for a new one. Also bounds a frame, and the
    /// memory of a reader. At most 4 GiB.
    pub segment_bytes: u64,
    /// Segments kept, the current one included; at least 2, so that a rotation never empties the log.
    pub segments_max: usize,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self { segment_bytes: 8 << 20, segments_max: 32 }
    }
}

/// Where a frame begins. Positions only grow, also over rotations, restarts and resets.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Position {
    pub segment: u64,
    pub offset: u64,
}

/// An append-only log. Clones are the same log.
#[derive(Clone)]
pub struct Log {
    inner: Arc<Inner>,
}

struct Inner {
    name: String,
    /// `None` in memory.
    directory: Option<PathBuf>,
    options: LogOptions,
    segments: Mutex<VecDeque<Segment>>,
}

struct Segment {
    number: u64,
    /// Length of the complete frames.
    bytes: u64,
    content: Content,
}

enum Content {
    /// Shared, so that reading and syncing do not keep writers waiting.
    Disk(Arc<File>),
    Memory(Vec<u8>),
}

impl Log {
    pub(crate) fn in_memory(name: &str, options: LogOptions) -> Self {
        let first = Segment { number: 0, bytes: 0, content: Content::Memory(Vec::new()) };
        Self::of(name, None, options, VecDeque::from([first]))
    }

    /// Opens a log's directory, and cuts off what a crash left half written at its end.
    pub(crate) fn on_disk(name: &str, directory: PathBuf, options: LogOptions) -> Result<Self, StoreError> {
        create_private(&directory)?;
        let mut numbers: Vec<u64> = fs::read_dir(&directory)
            .map_err(StoreError::io(format!("list {}", directory.display())))?
            .filter_map(|entry| segment_number(&entry.ok()?.path()))
            .collect();
        numbers.sort_unstable();
        let mut segments = VecDeque::with_capacity(numbers.len());
        for number in numbers {
            segments.push_back(open_segment(&directory, number)?);
        }
        match segments.back_mut() {
            Some(last) => cut_torn_tail(name, last)?,
            None => segments.push_back(create_segment(&directory, 0)?),
        }
        Ok(Self::of(name, Some(directory), options, segments))
    }

    fn of(name: &str, directory: Option<PathBuf>, options: LogOptions, segments: VecDeque<Segment>) -> Self {
        let options = LogOptions { segments_max: options.segments_max.max(2), ..options };
        let name = name.to_owned();
        Self { inner: Arc::new(Inner { name, directory, options, segments: Mutex::new(segments) }) }
    }

    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// Appends a batch in one write, and gives the position behind it. It is in the system's hands,
    /// and survives the process; only `flush` makes it survive the machine.
    pub fn append<P: AsRef<[u8]>>(&self, payloads: impl IntoIterator<Item = P>) -> Result<Position, StoreError> {
        let segment_bytes = self.inner.options.segment_bytes as usize;
        let mut segments = self.inner.segments.lock();
        let mut frames = Vec::new();
        for payload in payloads {
            let payload = payload.as_ref();
            let size = FRAME_HEADER_BYTES + payload.len();
            if size > segment_bytes {
                let max = segment_bytes - FRAME_HEADER_BYTES;
                return Err(StoreError::FrameTooLarge { found: payload.len(), max });
            }
            if current(&mut segments).bytes as usize + frames.len() + size > segment_bytes {
                self.write(&mut segments, &frames)?;
                frames.clear();
                self.rotate(&mut segments)?;
            }
            push_frame(payload, &mut frames);
        }
        self.write(&mut segments, &frames)?;
        let last = current(&mut segments);
        Ok(Position { segment: last.number, offset: last.bytes })
    }

    /// Makes everything appended so far durable.
    pub fn flush(&self) -> Result<(), StoreError> {
        let file = match &current(&mut self.inner.segments.lock()).content {
            Content::Memory(_) => return Ok(()),
            Content::Disk(file) => file.clone(),
        };
        file.sync_data().map_err(self.failed("sync"))
    }

    /// Where the next frame will be.
    pub fn end(&self) -> Position {
        let mut segments = self.inner.segments.lock();
        let last = current(&mut segments);
        Position { segment: last.number, offset: last.bytes }
    }

    /// The frames from a position on, oldest first. What was dropped meanwhile is skipped. A reader
    /// at the end answers `None`, and goes on when more was appended.
    pub fn read(&self, from: Position) -> LogReader {
        LogReader::new(self.clone(), from)
    }

    /// All frames there are now, newest first.
    pub fn read_back(&self) -> LogBackReader {
        let segments = self.inner.segments.lock();
        let ends = segments.iter().map(|segment| Position { segment: segment.number, offset: segment.bytes }).collect();
        drop(segments);
        LogBackReader::new(self.clone(), ends)
    }

    /// Bytes of all segments.
    pub fn bytes(&self) -> u64 {
        self.inner.segments.lock().iter().map(|segment| segment.bytes).sum()
    }

    /// Drops everything. Positions go on growing.
    pub(crate) fn clear(&self) -> Result<(), StoreError> {
        let mut segments = self.inner.segments.lock();
        self.rotate(&mut segments)?;
        while segments.len() > 1 {
            self.drop_oldest(&mut segments)?;
        }
        Ok(())
    }

    /// The bytes between a position and the end of its segment, with the position that they really
    /// begin at: the next segment's first if this one is exhausted or gone. `None` at the end.
    fn load(&self, from: Position) -> Result<Option<(Position, Bytes)>, StoreError> {
        let segments = self.inner.segments.lock();
        let next = segments.iter().find_map(|segment| {
            let offset = if segment.number == from.segment { from.offset } else { 0 };
            (segment.number >= from.segment && offset < segment.bytes).then_some((segment, offset))
        });
        let Some((segment, offset)) = next else { return Ok(None) };
        let start = Position { segment: segment.number, offset };
        let bytes = match &segment.content {
            Content::Memory(content) => Bytes::copy_from_slice(&content[offset as usize..]),
            Content::Disk(file) => {
                let (file, mut bytes) = (file.clone(), vec![0; (segment.bytes - offset) as usize]);
                drop(segments);
                file.read_exact_at(&mut bytes, offset).map_err(self.failed("read"))?;
                Bytes::from(bytes)
            }
        };
        Ok(Some((start, bytes)))
    }

    fn write(&self, segments: &mut VecDeque<Segment>, frames: &[u8]) -> Result<(), StoreError> {
        let segment = current(segments);
        match &mut segment.content {
            Content::Memory(content) => content.extend_from_slice(frames),
            Content::Disk(file) => file.write_all_at(frames, segment.bytes).map_err(|cause| {
                // Half a batch behind the end does no harm: the next write goes over it, and if there
                // is none, the next open cuts it off.
                self.failed("append to")(cause)
            })?,
        }
        segment.bytes += frames.len() as u64;
        Ok(())
    }

    fn rotate(&self, segments: &mut VecDeque<Segment>) -> Result<(), StoreError> {
        let last = current(segments);
        if let Content::Disk(file) = &last.content {
            // `flush` looks at the current segment only.
            file.sync_data().map_err(self.failed("sync"))?;
        }
        let number = last.number + 1;
        segments.push_back(match &self.inner.directory {
            Some(directory) => create_segment(directory, number)?,
            None => Segment { number, bytes: 0, content: Content::Memory(Vec::new()) },
        });
        while segments.len() > self.inner.options.segments_max {
            self.drop_oldest(segments)?;
        }
        Ok(())
    }

    fn drop_oldest(&self, segments: &mut VecDeque<Segment>) -> Result<(), StoreError> {
        if let (Some(segment), Some(directory)) = (segments.front(), &self.inner.directory) {
            fs::remove_file(segment_path(directory, segment.number)).map_err(self.failed("shorten"))?;
        }
        segments.pop_front();
        Ok(())
    }

    fn failed(&self, action: &str) -> impl FnOnce(std::io::Error) -> StoreError + use<> {
        StoreError::io(format!("{action} the log {}", self.inner.name))
    }
}

fn current(segments: &mut VecDeque<Segment>) -> &mut Segment {
    segments.back_mut().expect("a log always has a segment")
}

fn push_frame(payload: &[u8], out: &mut Vec<u8>) {
    let length = (payload.len() as u32).to_le_bytes();
    out.extend_from_slice(&length);
    out.extend_from_slice(&sum(length, payload).to_le_bytes());
    out.extend_from_slice(payload);
}

fn sum(length: [u8; 4], payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&length);
    hasher.update(payload);
    hasher.finalize()
}

/// Takes one frame off the front of `bytes`, which begin at a frame.
fn take_frame(bytes: &mut Bytes) -> Result<Bytes, &'static str> {
    let (header, rest) = bytes.split_first_chunk::<FRAME_HEADER_BYTES>().ok_or("the frame is cut short")?;
    let [a, b, c, d, sum_bytes @ ..] = *header;
    let length = [a, b, c, d];
    let size = u32::from_le_bytes(length) as usize;
    let payload = rest.get(..size).ok_or("the frame is cut short")?;
    if sum(length, payload) != u32::from_le_bytes(sum_bytes) {
        return Err("the frame's checksum is wrong");
    }
    let mut frame = bytes.split_to(FRAME_HEADER_BYTES + size);
    Ok(frame.split_off(FRAME_HEADER_BYTES))
}

fn segment_path(directory: &Path, number: u64) -> PathBuf {
    directory.join(format!("{number:020}.{SEGMENT_EXTENSION}"))
}

fn segment_number(path: &Path) -> Option<u64> {
    (path.extension()? == SEGMENT_EXTENSION).then(|| path.file_stem()?.to_str()?.parse().ok())?
}

fn create_segment(directory: &Path, number: u64) -> Result<Segment, StoreError> {
    let path = segment_path(directory, number);
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&path)
        .map_err(StoreError::io(format!("create {}", path.display())))?;
    sync_directory(directory)?;
    Ok(Segment { number, bytes: 0, content: Content::Disk(Arc::new(file)) })
}

fn open_segment(directory: &Path, number: u64) -> Result<Segment, StoreError> {
    let path = segment_path(directory, number);
    let failed = |cause| StoreError::io(format!("open {}", path.display()))(cause);
    let file = OpenOptions::new().read(true).write(true).open(&path).map_err(failed)?;
    let bytes = file.metadata().map_err(failed)?.len();
    Ok(Segment { number, bytes, content: Content::Disk(Arc::new(file)) })
}

fn cut_torn_tail(name: &str, segment: &mut Segment) -> Result<(), StoreError> {
    let Content::Disk(file) = &segment.content else {
        return Ok(());
    };
    let failed = |cause| StoreError::io(format!("repair the log {name}"))(cause);
    let mut content = vec![0; segment.bytes as usize];
    file.read_exact_at(&mut content, 0).map_err(failed)?;
    let mut rest = Bytes::from(content);
    while !rest.is_empty() {
        if let Err(reason) = take_frame(&mut rest) {
            let bytes = segment.bytes - rest.len() as u64;
            tracing::warn!(
                log = name,
                segment = segment.number,
                dropped_bytes = rest.len(),
                reason,
                "cut a torn tail off a log"
            );
            file.set_len(bytes).map_err(failed)?;
            file.sync_all().map_err(failed)?;
            segment.bytes = bytes;
            break;
        }
    }
    Ok(())
}
