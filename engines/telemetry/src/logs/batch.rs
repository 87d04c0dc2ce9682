//! A recent batch's bytes: times, lengths, then all messages in one run, compressed together.

use std::cell::RefCell;

use arrow::array::{ArrayRef, StringViewArray, StringViewBuilder};
use arrow::buffer::Buffer;

use super::{LogEvent, LogsError};

/// Fast, and enough for text that repeats itself.
const LEVEL: i32 = 1;

/// Shorter batches are kept as they are: nothing to win.
const COMPRESSED_FROM: usize = 256;

const RAW: u8 = 0;
const ZSTD: u8 = 1;

thread_local! {
    static COMPRESSOR: RefCell<Option<zstd::bulk::Compressor<'static>>> = const { RefCell::new(None) };
}

/// What a payload says of its events.
pub(super) struct Decoded {
    pub(super) timestamps: Vec<i64>,
    pub(super) messages: ArrayRef,
}

/// `[form][size u32][zstd of: times i64 × n, lengths u32 × n, messages]`, little endian.
pub(super) fn encode(events: &[LogEvent]) -> Result<Vec<u8>, LogsError> {
    let messages: usize = events.iter().map(|event| event.message.len()).sum();
    let mut plain = Vec::with_capacity(messages + events.len() * 12);
    events.iter().for_each(|event| plain.extend_from_slice(&event.timestamp_ms.to_le_bytes()));
    for event in events {
        let length = u32::try_from(event.message.len()).map_err(|_| LogsError::Damaged("a message of 4 GiB"))?;
        plain.extend_from_slice(&length.to_le_bytes());
    }
    events.iter().for_each(|event| plain.extend_from_slice(event.message.as_bytes()));

    let size = u32::try_from(plain.len()).map_err(|_| LogsError::Damaged("a batch of 4 GiB"))?;
    let (form, body) = if plain.len() < COMPRESSED_FROM { (RAW, plain) } else { (ZSTD, compress(&plain)?) };
    let mut payload = Vec::with_capacity(body.len() + 5);
    payload.push(form);
    payload.extend_from_slice(&size.to_le_bytes());
    payload.extend_from_slice(&body);
    Ok(payload)
}

fn compress(plain: &[u8]) -> Result<Vec<u8>, LogsError> {
    COMPRESSOR.with_borrow_mut(|kept| {
        let compressor = match kept {
            Some(compressor) => compressor,
            None => kept.insert(zstd::bulk::Compressor::new(LEVEL).map_err(LogsError::compression)?),
        };
        compressor.compress(plain).map_err(LogsError::compression)
    })
}

/// The events of a payload; `rows` is what the batch's record says.
pub(super) fn decode(payload: &[u8], rows: usize) -> Result<Decoded, LogsError> {
    let broken = || LogsError::Damaged("a batch's payload is cut short");
    let (form, rest) = payload.split_first().ok_or_else(broken)?;
    let (size, body) = rest.split_first_chunk::<4>().ok_or_else(broken)?;
    let plain = match *form {
        RAW => body.to_vec(),
        ZSTD => zstd::bulk::decompress(body, u32::from_le_bytes(*size) as usize).map_err(LogsError::compression)?,
        _ => return Err(LogsError::Damaged("a batch's payload has an unknown form")),
    };
    let plain = Buffer::from_vec(plain);
    let times = plain.get(..rows * 8).ok_or_else(broken)?;
    let lengths = plain.get(rows * 8..rows * 12).ok_or_else(broken)?;
    let timestamps = times.as_chunks::<8>().0.iter().map(|bytes| i64::from_le_bytes(*bytes)).collect();
    Ok(Decoded { timestamps, messages: std::sync::Arc::new(views(&plain, lengths, rows)?) })
}

/// Views onto the messages where they lie.
fn views(plain: &Buffer, lengths: &[u8], rows: usize) -> Result<StringViewArray, LogsError> {
    let mut builder = StringViewBuilder::with_capacity(rows);
    let block = builder.append_block(plain.clone());
    let mut offset = (rows * 12) as u32;
    for length in lengths.as_chunks::<4>().0 {
        let length = u32::from_le_bytes(*length);
        builder.try_append_view(block, offset, length)?;
        offset += length;
    }
    Ok(builder.finish())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use arrow::array::AsArray;

    use super::*;

    #[test]
    fn events_survive_compressed_and_not() {
        for count in [1, 3, 400] {
            let events: Vec<_> = (0..count)
                .map(|index| LogEvent { timestamp_ms: index, message: format!("zäh {index} {}", "x".repeat(20)) })
                .collect();
            let decoded = decode(&encode(&events).unwrap(), events.len()).unwrap();
            assert_eq!(decoded.timestamps, (0..count).collect::<Vec<_>>());
            let messages = decoded.messages.as_string_view();
            assert!(messages.iter().flatten().eq(events.iter().map(|event| event.message.as_str())));
        }
    }

    #[test]
    fn a_damaged_payload_is_an_error() {
        let events = vec![LogEvent { timestamp_ms: 1, message: "m".repeat(1000) }];
        let payload = encode(&events).unwrap();
        for end in [0, 1, 4, 20] {
            assert!(decode(&payload[..end], 1).is_err());
        }
        assert!(decode(&payload, 5000).is_err());
    }
}
