//! A body that may be a stream: bytes on their way from a socket or file to another, never whole in memory.

use std::fmt;

use bytes::Bytes;
use http::HeaderMap;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, Full};
use parking_lot::Mutex;

/// What can go wrong while a body is read: the peer left, a checksum differs, a file is short.
pub type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// A stream of bytes, with its length where it is known.
pub struct Body {
    /// Only ever reached through `&mut`, but for the length: the lock makes values that hold a body `Sync`.
    stream: Mutex<UnsyncBoxBody<Bytes, BodyError>>,
    trailers: HeaderMap,
}

impl Body {
    /// No bytes.
    pub fn empty() -> Self {
        Self::of(Empty::new())
    }

    /// Bytes that are here already.
    pub fn full(bytes: impl Into<Bytes>) -> Self {
        Self::of(Full::new(bytes.into()))
    }

    /// Any HTTP body.
    pub fn of<B>(body: B) -> Self
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BodyError>,
    {
        Self { stream: Mutex::new(body.map_err(Into::into).boxed_unsync()), trailers: HeaderMap::new() }
    }

    /// The next piece; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<Bytes, BodyError>> {
        loop {
            match self.stream.get_mut().frame().await? {
                Ok(frame) => match frame.into_data() {
                    Ok(data) => return Some(Ok(data)),
                    Err(other) => self.trailers.extend(other.into_trailers().unwrap_or_default()),
                },
                Err(error) => return Some(Err(error)),
            }
        }
    }

    /// A header that the sender put behind the body (`x-amz-checksum-crc32`); none before [`Body::next`] gave `None`.
    pub fn trailer(&self, name: &str) -> Option<&str> {
        self.trailers.get(name)?.to_str().ok()
    }

    /// The number of bytes that are still to come, where the sender said it. For a body in chunks that is what they
    /// carry, not what they take.
    pub fn length(&self) -> Option<u64> {
        http_body::Body::size_hint(&*self.stream.lock()).exact()
    }

    /// As an HTTP body, for the gateway.
    pub fn into_stream(self) -> UnsyncBoxBody<Bytes, BodyError> {
        self.stream.into_inner()
    }
}

impl Default for Body {
    fn default() -> Self {
        Self::empty()
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({:?} bytes)", self.length())
    }
}
