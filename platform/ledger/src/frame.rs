//! A line as bytes: version, time of writing, and the line in postcard.
//!
//! `[version u8][written i64][line]`, little endian. *Written* never goes down within the log, even if the clock does,
//! and no line is newer than its frame: that is what lets a reader stop early and skip without decoding.

use haar_kernel::Timestamp;

use crate::line::Line;

/// Of what we write. A change of [`Line`] raises it, and adds a branch to [`decode`] and a sample to `tests/data`.
const VERSION: u8 = 2;
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

/// A frame but for when it is written, which [`stamp`] adds.
pub(crate) fn encode(line: &Line) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    out.push(VERSION);
    out.extend_from_slice(&[0; HEADER_BYTES - 1]);
    postcard::to_extend(line, out).expect("postcard refuses only sequences of unknown length, and a line has none")
}

/// Says in a frame when it is written.
pub(crate) fn stamp(frame: &mut [u8], written: Timestamp) {
    frame[1..HEADER_BYTES].copy_from_slice(&written.millis().to_le_bytes());
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
        VERSION => line(body),
        // Version 2 added the measures at the end: none of them are one byte, a list of length 0.
        1 => line(&[body, &[0]].concat()),
        0 => Err(FrameError::Malformed("there is no version 0".into())),
        found => Err(FrameError::Newer { found, known: VERSION }),
    }
}

fn line(body: &[u8]) -> Result<Line, FrameError> {
    postcard::from_bytes(body).map_err(|cause| FrameError::Malformed(cause.to_string()))
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
    const VERSION_2: &[u8] = include_bytes!("../tests/data/line.v2");

    #[test]
    fn a_line_of_version_1_is_read_for_ever() {
        assert_eq!(decode(VERSION_1), Ok(samples::without_measures()));
        assert_eq!(written(VERSION_1), Ok(Timestamp::from_seconds(1_576_540_099)));
    }

    #[test]
    fn what_we_write_is_version_2() {
        let mut frame = encode(&samples::full());
        stamp(&mut frame, Timestamp::from_seconds(1_576_540_099));
        assert_eq!(frame, VERSION_2);
        assert_eq!(decode(VERSION_2), Ok(samples::full()));
    }

    #[test]
    fn a_newer_line_is_refused_by_name() {
        let mut frame = VERSION_1.to_vec();
        frame[0] = VERSION + 1;
        let refused = decode(&frame).expect_err("newer");
        assert_eq!(refused.to_string(), "a ledger line has version 3, this haar knows up to 2");
    }

    #[test]
    fn broken_bytes_are_refused() {
        assert_eq!(decode(&VERSION_1[..4]), Err(FrameError::Short));
        assert!(matches!(decode(&VERSION_1[..40]), Err(FrameError::Malformed(_))));
    }
}
