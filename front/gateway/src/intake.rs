//! Request bodies that are read whole: bounded one by one and all together.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use haar_platform::kernel::{Clock, Fault};
use http_body_util::BodyExt;
use hyper::body::Body as _;
use hyper::body::Incoming;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A request that is not a stream holds at most this many bytes. AWS's largest such requests (Lambda code in the
/// request, 50 MiB zipped) come with a later service and will say so themselves; SQS and Logs stop at 1 MiB.
pub const REQUEST_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Buffered request bytes of all connections together: further requests wait for their turn.
pub const REQUESTS_BYTES_MAX: usize = 256 * 1024 * 1024;

/// A client that sends nothing for this long is sent away.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// The unit in which buffered bytes are counted.
const PERMIT_BYTES: usize = 4096;

/// Reads bodies whole.
pub struct Intake {
    clock: Clock,
    room: Arc<Semaphore>,
}

/// A body that was read; it counts until it is dropped.
pub struct Buffered {
    /// What came.
    pub bytes: Bytes,
    _room: Option<OwnedSemaphorePermit>,
}

impl Intake {
    /// By the machine's clock: patience with a client is not a matter of the house's time.
    pub fn new(clock: Clock) -> Self {
        Self { clock, room: Arc::new(Semaphore::new(REQUESTS_BYTES_MAX / PERMIT_BYTES)) }
    }

    /// Reads to the end, or says what is wrong.
    pub async fn read(&self, mut body: Incoming) -> Result<Buffered, Fault> {
        let hint = body.size_hint();
        if hint.lower() > REQUEST_BYTES_MAX as u64 {
            return Err(too_large());
        }
        if body.is_end_stream() {
            return Ok(Buffered { bytes: Bytes::new(), _room: None });
        }
        // Without a Content-Length the body may grow to the limit: it takes that much room from the start, so that
        // two half-read bodies never wait for each other.
        let expected =
            hint.exact().map_or(REQUEST_BYTES_MAX, |length| usize::try_from(length).unwrap_or(REQUEST_BYTES_MAX));
        let permits = u32::try_from(expected.div_ceil(PERMIT_BYTES)).expect("a request's limit in permits fits");
        let room = self.room.clone().acquire_many_owned(permits).await.expect("the room is never closed");
        let mut first: Option<Bytes> = None;
        let mut rest = BytesMut::new();
        let mut length = 0;
        while let Some(frame) = self.next_frame(&mut body).await? {
            let Ok(piece) = frame.into_data() else { continue };
            length += piece.len();
            if length > REQUEST_BYTES_MAX {
                return Err(too_large());
            }
            match &first {
                None => first = Some(piece),
                Some(start) => {
                    if rest.is_empty() {
                        rest.extend_from_slice(start);
                    }
                    rest.extend_from_slice(&piece);
                }
            }
        }
        let bytes = if rest.is_empty() { first.unwrap_or_default() } else { rest.freeze() };
        Ok(Buffered { bytes, _room: Some(room) })
    }

    async fn next_frame(&self, body: &mut Incoming) -> Result<Option<hyper::body::Frame<Bytes>>, Fault> {
        tokio::select! {
            biased;
            frame = body.frame() => frame.transpose().map_err(|_| {
                Fault::common("IncompleteBody", 400, "The request body terminated unexpectedly")
            }),
            () = self.clock.patience(SILENCE_MAX) => Err(Fault::common(
                "RequestTimeout",
                400,
                "Your socket connection to the server was not read from or written to within the timeout period.",
            )),
        }
    }
}

fn too_large() -> Fault {
    Fault::common(
        "RequestEntityTooLargeException",
        413,
        format!("Request size exceeded the maximum allowed of {REQUEST_BYTES_MAX} bytes"),
    )
}
