//! A line as bytes: version, time of writing, and the line in postcard.
//!
//! `[version u8][written i64][line]`, little endian. *Written* never goes down within the log, even if the clock does,
//! and no line is newer than its frame: that is what lets a reader stop early and skip without decoding.

use haar_kernel::Timestamp;

use crate::line::Line;

/// Of what we write. A change of [`Line`] raises it, and adds a branch to [`decode`] and a sample to `tests/data`.
const VERSION: u8 = 1;
const HEADER_BYTES: usize = 9;

/// Why bytes make no line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Another program's bytes.
    #[error("a ledger line is too short")]
    Short,
    /// A newer haar wrote it.
    #[error("a ledger line has version {found}, this haar knows up to {known}")]
    Newer {
        /// The line's.
        found: u8,
        /// Ours.
        known: u8,
    },
    /// Not what its version says.
    #[error("a ledger line does not decode: {0}")]
    Malformed(String),
}

pub(crate) fn encode(written: Timestamp, line: &Line) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    out.push(VERSION);
    out.extend_from_slice(&written.millis().to_le_bytes());
    postcard::to_extend(line, out).expect("postcard refuses only sequences of unknown length, and a line has none")
}

/// When a frame was written, without decoding the line.
pub(crate) fn written(frame: &[u8]) -> Result<Timestamp, FrameError> {
    let (header, _) = split(frame)?;
    let [_, millis @ ..] = *header;
    Ok(Timestamp::from_millis(i64::from_le_bytes(millis)))
}

pub(crate) fn decode(frame: &[u8]) -> Result<Line, FrameError> {
    let (header, body) = split(frame)?;
    match header[0] {
        VERSION => postcard::from_bytes(body).map_err(|cause| FrameError::Malformed(cause.to_string())),
        0 => Err(FrameError::Malformed("there is no version 0".into())),
        found => Err(FrameError::Newer { found, known: VERSION }),
    }
}

fn split(frame: &[u8]) -> Result<(&[u8; HEADER_BYTES], &[u8]), FrameError> {
    frame.split_first_chunk().ok_or(FrameError::Short)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::samples;

    /// Written by the first version of haar; never changes.
    const VERSION_1: &[u8] = include_bytes!("../tests/data/line.v1");

    #[test]
    fn a_line_of_version_1_is_read_for_ever() {
        assert_eq!(decode(VERSION_1), Ok(samples::full()));
        assert_eq!(written(VERSION_1), Ok(Timestamp::from_seconds(1_576_540_099)));
    }

    #[test]
    fn what_we_write_is_version_1() {
        assert_eq!(encode(Timestamp::from_seconds(1_576_540_099), &samples::full()), VERSION_1);
    }

    #[test]
    fn a_newer_line_is_refused_by_name() {
        let mut frame = VERSION_1.to_vec();
        frame[0] = VERSION + 1;
        let refused = decode(&frame).expect_err("newer");
        assert_eq!(refused.to_string(), "a ledger line has version 2, this haar knows up to 1");
    }

    #[test]
    fn broken_bytes_are_refused() {
        assert_eq!(decode(&VERSION_1[..4]), Err(FrameError::Short));
        assert!(matches!(decode(&VERSION_1[..40]), Err(FrameError::Malformed(_))));
    }
}
