//! Reading lines, newest or oldest first, a page of them in memory at a time.

use std::collections::VecDeque;

use haar_store::{Log, LogBackReader, LogReader, Position, StoreError};

use crate::frame;
use crate::ledger::LedgerError;
use crate::line::Line;
use crate::query::Query;

/// Lines that are decoded ahead of who reads them.
const PAGE_LINES: usize = 256;

/// The lines that match a query. Holds one segment of the log ([`crate::SEGMENT_BYTES`]) and a page in memory, and
/// reads off the async threads.
pub struct Lines {
    page: VecDeque<Result<Line, LedgerError>>,
    /// None when the log is exhausted.
    scan: Option<Scan>,
}

impl Lines {
    pub(crate) fn new(log: &Log, query: Query) -> Self {
        let frames = if query.newest_first {
            Frames::Newest(log.read_back())
        } else {
            let end = log.end();
            Frames::Oldest(log.read(Position::default()), end)
        };
        let left = query.limit.unwrap_or(usize::MAX);
        let scan = Scan { frames, query, left };
        Self { page: VecDeque::new(), scan: Some(scan) }
    }

    /// The next line; `None` behind the last. An error is a damaged or newer line, or a failing disk: reading may go
    /// on behind it.
    pub async fn next(&mut self) -> Option<Result<Line, LedgerError>> {
        while self.page.is_empty() {
            let mut scan = self.scan.take()?;
            let read = tokio::task::spawn_blocking(move || {
                let page: VecDeque<_> = scan.by_ref().take(PAGE_LINES).collect();
                let more = page.len() == PAGE_LINES;
                (page, more.then_some(scan))
            });
            match read.await {
                Ok((page, scan)) => (self.page, self.scan) = (page, scan),
                // The runtime is going down: nobody will read on.
                Err(_) => return Some(Err(StoreError::Closed.into())),
            }
        }
        self.page.pop_front()
    }

    /// All of them; the query's limit bounds the memory. Fails with the first error.
    pub async fn all(mut self) -> Result<Vec<Line>, LedgerError> {
        let mut lines = Vec::new();
        while let Some(line) = self.next().await {
            lines.push(line?);
        }
        Ok(lines)
    }
}

enum Frames {
    /// Up to the end of the log when reading began: a busy ledger must not keep its reader for ever.
    Oldest(LogReader, Position),
    Newest(LogBackReader),
}

struct Scan {
    frames: Frames,
    query: Query,
    left: usize,
}

impl Iterator for Scan {
    type Item = Result<Line, LedgerError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.left > 0 {
            let frame = match &mut self.frames {
                Frames::Oldest(frames, end) if LogReader::position(frames) >= *end => None,
                Frames::Oldest(frames, _) => frames.next(),
                Frames::Newest(frames) => frames.next(),
            };
            let frame = match frame? {
                Ok((_, frame)) => frame,
                Err(failure) => return Some(Err(failure.into())),
            };
            // No line is newer than its frame, so a frame from before `since` holds nothing that is asked for, and
            // on the way back neither does any frame that follows.
            match (frame::written(&frame), self.query.since) {
                (Ok(written), Some(since)) if written < since => {
                    if self.query.newest_first {
                        self.left = 0;
                    }
                    continue;
                }
                _ => {}
            }
            match frame::decode(&frame) {
                Ok(line) if self.query.matches(&line) => {
                    self.left -= 1;
                    return Some(Ok(line));
                }
                Ok(_) => {}
                Err(failure) => return Some(Err(failure.into())),
            }
        }
        None
    }
}
