//! A streamed body whose signature is checked while it passes: the last piece arrives only if all of it was true.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use haar_platform::kernel::body::BodyError;
use haar_platform::kernel::{Body, Fault};
use haar_wire::sigv4::{AuthError, ChunkDecoder, Payload, PayloadHasher};
use http::HeaderMap;
use http_body::Frame;

use crate::patience::Patient;

/// How to word a signature that turned out wrong while the body was read.
pub type Refusal = Box<dyn Fn(&AuthError) -> Fault + Send>;

/// The body that the operation reads. Its last piece is followed by a fault if it was not what had been signed.
pub fn of(incoming: Patient, payload: Payload, refusal: Refusal) -> Body {
    match payload {
        Payload::Whole | Payload::Unsigned => Body::of(incoming),
        Payload::Hashed(hasher) => Body::of(Hashed { incoming, hasher: Some(hasher), refusal }),
        Payload::Chunked(decoder) => {
            let decoded = VecDeque::new();
            let left = decoder.length();
            Body::of(Chunked { incoming, decoder: Some(decoder), decoded, fresh: Vec::new(), left, refusal })
        }
    }
}

/// The whole body has one declared hash.
struct Hashed {
    incoming: Patient,
    hasher: Option<Box<PayloadHasher>>,
    refusal: Refusal,
}

impl http_body::Body for Hashed {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let frame = ready!(Pin::new(&mut self.incoming).poll_frame(cx));
        match frame {
            Some(Ok(frame)) => {
                if let (Some(data), Some(hasher)) = (frame.data_ref(), &mut self.hasher) {
                    hasher.update(data);
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Some(Err(error)) => Poll::Ready(Some(Err(error))),
            None => match self.hasher.take().map(|hasher| hasher.finish()) {
                Some(Err(error)) => Poll::Ready(Some(Err(Box::new((self.refusal)(&error))))),
                _ => Poll::Ready(None),
            },
        }
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.incoming.size_hint()
    }
}

/// The body comes in chunks, each with its signature.
struct Chunked {
    incoming: Patient,
    decoder: Option<Box<ChunkDecoder>>,
    decoded: VecDeque<Bytes>,
    fresh: Vec<Bytes>,
    /// Decoded bytes that are still to come.
    left: u64,
    refusal: Refusal,
}

impl http_body::Body for Chunked {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        let untrue = |refusal: &Refusal, error| {
            Poll::Ready(Some(Err(Box::new(refusal(&AuthError::Stream(error))) as BodyError)))
        };
        loop {
            if let Some(piece) = this.decoded.pop_front() {
                this.left = this.left.saturating_sub(piece.len() as u64);
                return Poll::Ready(Some(Ok(Frame::data(piece))));
            }
            let Some(decoder) = &mut this.decoder else {
                return Poll::Ready(None);
            };
            match ready!(Pin::new(&mut this.incoming).poll_frame(cx)) {
                Some(Ok(frame)) => {
                    let Ok(piece) = frame.into_data() else { continue };
                    if let Err(error) = decoder.push(piece, &mut this.fresh) {
                        this.decoder = None;
                        return untrue(&this.refusal, error);
                    }
                    this.decoded.extend(this.fresh.drain(..));
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => {
                    // Trailers carry checksums, which the operation compares with what it stored.
                    return match this.decoder.take().map(|decoder| decoder.finish()) {
                        Some(Err(error)) => untrue(&this.refusal, error),
                        Some(Ok(trailers)) if !trailers.is_empty() => Poll::Ready(Some(Ok(Frame::trailers(trailers)))),
                        _ => Poll::Ready(None),
                    };
                }
            }
        }
    }

    fn size_hint(&self) -> http_body::SizeHint {
        http_body::SizeHint::with_exact(self.left)
    }
}

/// Unwraps a body in chunks that is whole already: what the chunks carry, and the headers behind them.
pub fn unwrap(mut decoder: ChunkDecoder, body: Bytes) -> Result<(Bytes, HeaderMap), AuthError> {
    let mut decoded = Vec::new();
    decoder.push(body, &mut decoded).map_err(AuthError::Stream)?;
    let trailers = decoder.finish().map_err(AuthError::Stream)?;
    Ok((decoded.concat().into(), trailers))
}
