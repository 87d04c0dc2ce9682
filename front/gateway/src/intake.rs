//! Request bodies that are read whole: bounded one by one and all together.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use haar_platform::kernel::Fault;
use haar_platform::kernel::body::BodyError;
use http_body::Body as _;
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::patience::Patient;

/// A request that is not a stream holds at most this many bytes. AWS's largest such requests (Lambda code in the
/// request, 50 MiB zipped) come with a later service and will say so themselves; SQS and Logs stop at 1 MiB.
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

impl Intake {
    /// With all room free.
    pub fn new() -> Self {
        let room = Arc::new(Semaphore::new(REQUESTS_BYTES_MAX / PERMIT_BYTES));
        let decoding = Arc::new(Semaphore::new(DECODING_BYTES_MAX / PERMIT_BYTES));
        Self { room, decoding }
    }

    /// Reads to the end, or says what is wrong. Room is taken as bytes arrive, so a client that announces much and
    /// sends little holds little.
    pub async fn read(&self, mut body: Patient) -> Result<Buffered, Fault> {
        if body.size_hint().lower() > REQUEST_BYTES_MAX as u64 {
            return Err(too_large());
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
            if length > REQUEST_BYTES_MAX {
                return Err(too_large());
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

    /// The turn of a larger request to be decoded and run; it lasts until the permit is dropped.
    pub async fn turn(&self, length: usize) -> Option<OwnedSemaphorePermit> {
        if length <= SMALL_BYTES {
            return None;
        }
        self.decoding.clone().acquire_many_owned(permits(length)).await.ok()
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

fn too_large() -> Fault {
    Fault::common(
        "RequestEntityTooLargeException",
        413,
        format!("Request size exceeded the maximum allowed of {REQUEST_BYTES_MAX} bytes"),
    )
}
