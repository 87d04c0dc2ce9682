//! The lines of a text file, or of a split of one, in a window that is as large as the longest line.

use std::io::{BufRead, Read};
use std::ops::Range;
use std::sync::Arc;

use haar_kernel::objects::OpenObject;

use crate::compression::Compression;
use crate::error::FormatError;
use crate::source::ObjectReader;

/// Athena's quota: "the maximum size of a single line for text files is 200 MB".
pub const LINE_BYTES_MAX: usize = 200 << 20;

/// What is read into the window at once.
const READ_BYTES: usize = 1 << 18;

/// The lines of a file. A line ends with `\n`, `\r\n` or `\r`, as Hadoop reads text, or with one byte of the table's
/// own. Splits are Hadoop's: one that does not begin the file leaves its first line to the one before, and every split
/// reads the line that begins at or before its end. So every line belongs to exactly one split.
pub struct Lines {
    input: Box<dyn BufRead + Send>,
    path: String,
    delimiter: Option<u8>,
    window: Vec<u8>,
    /// The line, without what ends it.
    line: Range<usize>,
    /// Where the next line begins.
    next: usize,
    /// How much of the window is filled.
    filled: usize,
    ended: bool,
    /// Where the window begins, in the file.
    window_at: u64,
    /// Lines that begin behind it belong to somebody else.
    last_begin: u64,
}

impl Lines {
    /// The lines that belong to a split, or all.
    pub fn open(
        source: Arc<dyn OpenObject>,
        split: Option<&Range<u64>>,
        delimiter: Option<u8>,
    ) -> Result<Lines, FormatError> {
        let path = source.meta().key.clone();
        let compression = Compression::of_key(&path);
        let (input, begin, last_begin): (Box<dyn BufRead + Send>, u64, u64) = match (compression, split) {
            (None, Some(split)) => (Box::new(ObjectReader::of_split(source, split)), split.start, split.end),
            (None, None) => (Box::new(ObjectReader::new(source)), 0, u64::MAX),
            (Some(compression), None) => (compression.decode(source)?, 0, u64::MAX),
            // What cannot be split belongs to whoever reads its beginning.
            (Some(compression), Some(split)) if split.start == 0 => (compression.decode(source)?, 0, u64::MAX),
            (Some(_), Some(_)) => (Box::new(std::io::empty()), 0, 0),
        };
        let mut lines = Lines {
            input,
            path,
            delimiter,
            window: Vec::new(),
            line: 0..0,
            next: 0,
            filled: 0,
            ended: false,
            window_at: begin,
            last_begin,
        };
        if begin == 0 {
            lines.skip_byte_order_mark()?;
        } else {
            lines.last_begin = u64::MAX;
            lines.advance()?;
            lines.last_begin = last_begin;
        }
        Ok(lines)
    }

    /// The key of the file, for messages.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Goes to the next line; `false` when there is none.
    pub fn advance(&mut self) -> Result<bool, FormatError> {
        if self.window_at + self.next as u64 > self.last_begin {
            return Ok(false);
        }
        self.line = self.next..self.next;
        self.find_end()
    }

    /// The line, without what ends it.
    pub fn line(&self) -> &[u8] {
        &self.window[self.line.clone()]
    }

    /// Whether at least so many lines follow this one.
    pub fn has_after(&mut self, count: usize) -> Result<bool, FormatError> {
        let (length, mut found) = (self.line.len(), 0);
        while found < count && self.find_end()? {
            found += 1;
        }
        if count > 0 {
            self.shorten(length);
        }
        Ok(found == count)
    }

    /// Adds the next line to this one, with what stood between them; `false` when there is none.
    pub fn extend(&mut self) -> Result<bool, FormatError> {
        self.find_end()
    }

    /// Takes an extension back: the line ends after `length` bytes, and the next one begins behind what ended it.
    pub fn shorten(&mut self, length: usize) {
        self.line.end = self.line.start + length;
        self.next = self.line.end + self.terminator_length(self.line.end);
    }

    /// The bytes of what ends a line here.
    fn terminator_length(&self, at: usize) -> usize {
        match (self.delimiter, &self.window[at..self.filled]) {
            (_, []) => 0,
            (None, [b'\r', b'\n', ..]) => 2,
            _ => 1,
        }
    }

    /// Moves the line's end to the end of the line that begins at `next`.
    fn find_end(&mut self) -> Result<bool, FormatError> {
        let mut searched = self.next;
        if searched == self.filled && !self.fill(&mut searched)? {
            return Ok(false);
        }
        loop {
            let unsearched = &self.window[searched..self.filled];
            let found = match self.delimiter {
                Some(delimiter) => memchr::memchr(delimiter, unsearched),
                None => memchr::memchr2(b'\n', b'\r', unsearched),
            };
            let Some(found) = found else {
                searched = self.filled;
                if self.fill(&mut searched)? {
                    continue;
                }
                self.line.end = self.filled;
                self.next = self.filled;
                return Ok(true);
            };
            let mut end = searched + found;
            // Whether a line feed follows is seen only when it is there.
            if self.window[end] == b'\r' && self.delimiter.is_none() && end + 1 == self.filled {
                self.fill(&mut end)?;
            }
            self.line.end = end;
            self.next = end + self.terminator_length(end);
            return Ok(true);
        }
    }

    /// Reads on, after moving the line to the window's beginning. `place` is a place in the window that moves along.
    fn fill(&mut self, place: &mut usize) -> Result<bool, FormatError> {
        if self.ended {
            return Ok(false);
        }
        let gone = self.line.start;
        if gone > 0 {
            self.window.copy_within(gone..self.filled, 0);
            self.filled -= gone;
            self.next -= gone;
            self.line = 0..self.line.end - gone;
            *place -= gone;
            self.window_at += gone as u64;
        }
        if self.filled > LINE_BYTES_MAX {
            let path = &self.path;
            return Err(FormatError::cursor(format!(
                "Line too long in text file: {path} (over {LINE_BYTES_MAX} bytes)"
            )));
        }
        if self.window.len() < self.filled + READ_BYTES {
            self.window.resize((self.filled + READ_BYTES).max(self.window.len() * 2), 0);
        }
        let read = self.input.read(&mut self.window[self.filled..]);
        let read =
            read.map_err(|error| FormatError::cursor(format!("Failed to read file at {}: {error}", self.path)))?;
        self.filled += read;
        self.ended = read == 0;
        Ok(read > 0)
    }

    fn skip_byte_order_mark(&mut self) -> Result<(), FormatError> {
        while self.filled < 3 && self.fill(&mut 0)? {}
        if self.window[..self.filled].starts_with(b"\xef\xbb\xbf") {
            self.next = 3;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;
    use crate::testing::object;

    fn read(text: &[u8], split: Option<Range<u64>>, delimiter: Option<u8>) -> Vec<Vec<u8>> {
        let mut lines = Lines::open(object("t.txt", text.to_vec()), split.as_ref(), delimiter).unwrap();
        let mut found = Vec::new();
        while lines.advance().unwrap() {
            found.push(lines.line().to_vec());
        }
        found
    }

    #[test]
    fn lines_end_with_any_of_the_three_terminators_and_the_last_needs_none() {
        assert_eq!(read(b"a\nb\r\nc\rd\n\ne", None, None), [&b"a"[..], b"b", b"c", b"d", b"", b"e"]);
        assert_eq!(read(b"a\r\n", None, None), [b"a"]);
        assert_eq!(read(b"", None, None), [b""; 0]);
        assert_eq!(read(b"\xef\xbb\xbfa\n", None, None), [b"a"]);
        assert_eq!(read(b"a\nb|c", None, Some(b'|')), [&b"a\nb"[..], b"c"]);
    }

    #[test]
    fn lines_that_follow_are_counted_without_taking_them() {
        let mut lines = Lines::open(object("t.txt", &b"a\nb\nc\n"[..]), None, None).unwrap();
        assert!(lines.advance().unwrap());
        assert!(lines.has_after(2).unwrap() && !lines.has_after(3).unwrap());
        assert_eq!(lines.line(), b"a");
        assert!(lines.advance().unwrap() && lines.line() == b"b");
    }

    #[test]
    fn an_extended_line_can_be_taken_back() {
        let mut lines = Lines::open(object("t.txt", &b"ab\r\ncd\nef"[..]), None, None).unwrap();
        assert!(lines.advance().unwrap());
        assert!(lines.extend().unwrap() && lines.line() == b"ab\r\ncd");
        assert!(lines.extend().unwrap() && lines.line() == b"ab\r\ncd\nef");
        assert!(!lines.extend().unwrap() && lines.line() == b"ab\r\ncd\nef");
        lines.shorten(2);
        assert_eq!(lines.line(), b"ab");
        assert!(lines.advance().unwrap() && lines.line() == b"cd");
    }

    proptest! {
        #[test]
        fn every_line_belongs_to_exactly_one_split(text in "[ab\r\n]{0,60}", cuts in prop::collection::vec(0u64..60, 0..4)) {
            let size = text.len() as u64;
            let mut cuts: Vec<u64> = cuts.into_iter().filter(|cut| *cut < size).collect();
            cuts.extend([0, size]);
            cuts.sort_unstable();
            cuts.dedup();
            let apart = cuts.windows(2).flat_map(|cut| read(text.as_bytes(), Some(cut[0]..cut[1]), None));
            prop_assert_eq!(apart.collect::<Vec<_>>(), read(text.as_bytes(), None, None));
        }
    }
}
