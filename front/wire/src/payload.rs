//! The body of a request on its way into a decoder: whole, or still a stream.

use haar_kernel::{Body, Bytes, Value};

/// What follows a request's head.
#[derive(Debug)]
pub enum Payload {
    /// Read to its end.
    Whole(Bytes),
    /// For operations that take a stream.
    Stream(Body),
}

impl Payload {
    /// The bytes, for a decoder that needs them all. A stream has none here: the gateway buffers the body of every
    /// operation that does not take one.
    pub(crate) fn into_bytes(self) -> Bytes {
        match self {
            Self::Whole(bytes) => bytes,
            Self::Stream(_) => Bytes::new(),
        }
    }

    /// As the value of a streaming blob.
    pub(crate) fn into_stream(self) -> Value {
        Value::Body(match self {
            Self::Whole(bytes) => Body::full(bytes),
            Self::Stream(body) => body,
        })
    }
}
