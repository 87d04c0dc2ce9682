//! Request bodies that are read whole: bounded one by one and all together.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use flate2::read::MultiGzDecoder;
use haar_platform::kernel::Fault;
use haar_platform::kernel::body::BodyError;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, HeaderValue};
use http_body::Body as _;
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::patience::Patient;

/// A request that is not a stream holds at most this many bytes, but for operations whose model says otherwise (code
/// in a request to Lambda). SQS and Logs stop at 1 MiB.
pub const REQUEST_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Request bytes in memory, of all connections together. A request that finds no more room is told to come again.
pub const REQUESTS_BYTES_MAX: usize = 256 * 1024 * 1024;

/// Bytes of larger requests that are decoded and at work at the same time: a decoded message takes several times its
/// bytes. Requests of up to [`SMALL_BYTES`] do not count, larger ones wait for their turn.
pub const DECODING_BYTES_MAX: usize = 32 * 1024 * 1024;

/// What nearly every request is smaller than.
const SMALL_BYTES: usize = 64 * 1024;

/// A client that sends nothing for this long is sent away.
pub const SILENCE_MAX: Duration = Duration::from_secs(30);

/// The unit in which buffered bytes are counted.
const PERMIT_BYTES: usize = 4096;

/// Reads bodies whole.
pub struct Intake {
    room: Arc<Semaphore>,
    decoding: Arc<Semaphore>,
}

/// A body that was read; it counts until it is dropped.
pub struct Buffered {
    /// What came.
    pub bytes: Bytes,
    _room: Option<OwnedSemaphorePermit>,
}

impl Buffered {
    /// Bytes that are counted elsewhere.
    pub fn of(bytes: Bytes) -> Self {
        Self { bytes, _room: None }
    }
}

impl Intake {
    /// With all room free.
    pub fn new() -> Self {
        let room = Arc::new(Semaphore::new(REQUESTS_BYTES_MAX / PERMIT_BYTES));
        let decoding = Arc::new(Semaphore::new(DECODING_BYTES_MAX / PERMIT_BYTES));
        Self { room, decoding }
    }

    /// Reads to the end, or says what is wrong. Room is taken as bytes arrive, so a client that announces much and
    /// sends little holds little.
    pub async fn read(&self, mut body: Patient, bytes_max: usize) -> Result<Buffered, Fault> {
        if body.size_hint().lower() > bytes_max as u64 {
            return Err(too_large(bytes_max));
        }
        let announced = body.size_hint().exact().and_then(|length| usize::try_from(length).ok());
        let mut room: Option<OwnedSemaphorePermit> = None;
        let mut first: Option<Bytes> = None;
        let mut rest = BytesMut::new();
        let mut length = 0;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(broken_off)?;
            let Ok(piece) = frame.into_data() else { continue };
            length += piece.len();
            if length > bytes_max {
                return Err(too_large(bytes_max));
            }
            let taken = self.room.clone().try_acquire_many_owned(permits(piece.len())).map_err(|_| no_room())?;
            match &mut room {
                None => room = Some(taken),
                Some(room) => room.merge(taken),
            }
            match &first {
                None => first = Some(piece),
                Some(start) => {
                    if rest.is_empty() {
                        // Growing by doubling would take up to twice the room that is counted.
                        rest.reserve(announced.unwrap_or(0));
                        rest.extend_from_slice(start);
                    }
                    rest.extend_from_slice(&piece);
                }
            }
        }
        let bytes = if rest.is_empty() { first.unwrap_or_default() } else { rest.freeze() };
        Ok(Buffered { bytes, _room: room })
    }

    /// A body as it was before the client compressed it: SDKs send PutMetricData's of 10 KB and more as gzip. What it
    /// grows to is bounded and counted as if it had come so.
    /// <https://smithy.io/2.0/spec/behavior-traits.html#requestcompression-trait>
    pub fn inflate(&self, headers: &HeaderMap, body: Buffered, bytes_max: usize) -> Result<Buffered, Fault> {
        let encoding = headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes);
        if !encoding.is_some_and(|encoding| encoding.eq_ignore_ascii_case(b"gzip")) {
            return Ok(body);
        }
        let mut bytes = Vec::new();
        let mut inflating = MultiGzDecoder::new(&body.bytes[..]).take(bytes_max as u64 + 1);
        inflating.read_to_end(&mut bytes).map_err(|_| not_gzip())?;
        if bytes.len() > bytes_max {
            return Err(too_large(bytes_max));
        }
        let room = self.room.clone().try_acquire_many_owned(permits(bytes.len())).map_err(|_| no_room())?;
        Ok(Buffered { bytes: bytes.into(), _room: Some(room) })
    }

    /// The turn of a larger request to be decoded and run; it lasts until the permit is dropped.
    pub async fn turn(&self, length: usize) -> Option<OwnedSemaphorePermit> {
        if length <= SMALL_BYTES {
            return None;
        }
        // What is larger than all room together has it for itself.
        self.decoding.clone().acquire_many_owned(permits(length.min(DECODING_BYTES_MAX))).await.ok()
    }
}

fn broken_off(error: BodyError) -> Fault {
    match error.downcast::<Fault>() {
        Ok(fault) => *fault,
        // A client who leaves is no trouble of ours.
        Err(_) => Fault::common("IncompleteBody", 400, "The request body terminated unexpectedly"),
    }
}

/// The client has sent nothing for too long.
pub fn silent() -> Fault {
    Fault::common(
        "RequestTimeout",
        400,
        "Your socket connection to the server was not read from or written to within the timeout period.",
    )
}

fn permits(length: usize) -> u32 {
    u32::try_from(length.div_ceil(PERMIT_BYTES)).expect("a request's limit in permits fits")
}

fn no_room() -> Fault {
    Fault::common("ServiceUnavailable", 503, "Too many large requests at once. Please try again.")
}

fn not_gzip() -> Fault {
    Fault::common("SerializationException", 400, "The request body is not valid gzip")
}

fn too_large(bytes_max: usize) -> Fault {
    Fault::common(
        "RequestEntityTooLargeException",
        413,
        format!("Request size exceeded the maximum allowed of {bytes_max} bytes"),
    )
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn inflate(encoding: &'static str, bytes: &[u8], bytes_max: usize) -> Result<Bytes, Fault> {
        let headers = HeaderMap::from_iter([(CONTENT_ENCODING, HeaderValue::from_static(encoding))]);
        let body = Buffered::of(Bytes::copy_from_slice(bytes));
        Intake::new().inflate(&headers, body, bytes_max).map(|body| body.bytes)
    }

    #[test]
    fn a_compressed_body_is_read_as_what_it_was_and_no_longer_than_allowed() {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(&[b'x'; 100_000]).expect("in memory");
        let gzip = gzip.finish().expect("in memory");
        assert_eq!(inflate("gzip", &gzip, 100_000).expect("fits").len(), 100_000);
        assert_eq!(inflate("GZIP", &gzip, 99_999).expect_err("too long").status, 413);
        assert_eq!(inflate("gzip", b"plain", 100).expect_err("not gzip").name, "SerializationException");
        assert_eq!(inflate("identity", b"plain", 100).expect("as it is"), "plain");
    }
}
