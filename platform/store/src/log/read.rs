//! Reading a log, oldest or newest first, one segment in memory at a time.

use bytes::Bytes;

use super::{FRAME_HEADER_BYTES, Log, Position, take_frame};
use crate::error::StoreError;

/// Frames in the order in which they were appended. A damaged segment gives one error, and reading
/// goes on behind it.
pub struct LogReader {
    log: Log,
    position: Position,
    rest: Bytes,
}

impl LogReader {
    pub(super) fn new(log: Log, position: Position) -> Self {
        Self { log, position, rest: Bytes::new() }
    }

    /// Where the next frame will be read from: what to remember in order to go on later.
    pub fn position(&self) -> Position {
        self.position
    }
}

impl Iterator for LogReader {
    type Item = Result<(Position, Bytes), StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            match self.log.load(self.position) {
                Ok(Some((position, bytes))) => (self.position, self.rest) = (position, bytes),
                Ok(None) => return None,
                Err(failure) => {
                    self.position = Position { segment: self.position.segment + 1, offset: 0 };
                    return Some(Err(failure));
                }
            }
        }
        let position = self.position;
        match take_frame(&mut self.rest) {
            Ok(payload) => {
                self.position.offset += (FRAME_HEADER_BYTES + payload.len()) as u64;
                Some(Ok((position, payload)))
            }
            Err(reason) => {
                self.rest = Bytes::new();
                self.position = Position { segment: position.segment + 1, offset: 0 };
                Some(Err(broken(&self.log, position, reason)))
            }
        }
    }
}

/// Frames from the newest to the oldest, as of when the reader was made.
pub struct LogBackReader {
    log: Log,
    /// Ends of the segments not entered yet, newest last.
    ends: Vec<Position>,
    /// The frames of the entered segment, newest last.
    frames: Vec<Result<(Position, Bytes), StoreError>>,
}

impl LogBackReader {
    pub(super) fn new(log: Log, ends: Vec<Position>) -> Self {
        Self { log, ends, frames: Vec::new() }
    }

    fn enter(&mut self, end: Position) {
        let start = Position { segment: end.segment, offset: 0 };
        let mut rest = match self.log.load(start) {
            Ok(Some((position, bytes))) if position == start => bytes.slice(..(end.offset as usize).min(bytes.len())),
            // Empty, or dropped meanwhile.
            Ok(_) => return,
            Err(failure) => return self.frames.push(Err(failure)),
        };
        let mut position = start;
        while !rest.is_empty() {
            match take_frame(&mut rest) {
                Ok(payload) => {
                    let size = (FRAME_HEADER_BYTES + payload.len()) as u64;
                    self.frames.push(Ok((position, payload)));
                    position.offset += size;
                }
                Err(reason) => return self.frames.push(Err(broken(&self.log, position, reason))),
            }
        }
    }
}

impl Iterator for LogBackReader {
    type Item = Result<(Position, Bytes), StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.frames.is_empty() {
            let end = self.ends.pop()?;
            self.enter(end);
        }
        self.frames.pop()
    }
}

fn broken(log: &Log, position: Position, reason: &'static str) -> StoreError {
    let Position { segment, offset } = position;
    StoreError::BrokenLog { log: log.name().to_owned(), segment, offset, reason }
}
