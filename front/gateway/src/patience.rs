//! A body that streams in from a client who must not fall silent. A client that we keep waiting is another matter: only
//! the time in which we want bytes and none are there counts.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use haar_platform::kernel::Clock;
use haar_platform::kernel::body::BodyError;
use http::HeaderMap;
use http::header::EXPECT;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use parking_lot::Mutex;

use crate::intake::{SILENCE_MAX, silent};

/// Bytes that we take and throw away so that a client who sends all before it reads hears why we refuse. One who sends
/// more finds the connection closed.
const DRAINED_BYTES_MAX: usize = 64 * 1024 * 1024;

/// The body of a request, up to the client's first long silence.
pub struct Patient {
    /// There until it is dropped.
    incoming: Option<Incoming>,
    /// By the machine's clock: patience with a client is not a matter of the house's time.
    clock: Clock,
    waiting: Option<BoxFuture<'static, ()>>,
    /// The client waits to be told to go on: until we want its body it sends nothing.
    held_back: bool,
    remainder: Remainder,
}

/// What nobody has read of a body, once it was dropped.
#[derive(Clone, Default)]
pub struct Remainder(Arc<Mutex<Option<Patient>>>);

impl Patient {
    /// For one request.
    pub fn new(incoming: Incoming, headers: &HeaderMap, clock: Clock) -> Self {
        let held_back = headers.contains_key(EXPECT);
        Self { incoming: Some(incoming), clock, waiting: None, held_back, remainder: Remainder::default() }
    }

    /// Where the rest will be when the body is dropped before its end.
    pub fn remainder(&self) -> Remainder {
        self.remainder.clone()
    }
}

impl Remainder {
    /// Reads what is left, within bounds.
    pub async fn drain(&self) {
        let Some(mut body) = self.0.lock().take() else { return };
        let mut left = DRAINED_BYTES_MAX;
        while let Some(Ok(frame)) = body.frame().await {
            match left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) {
                Some(rest) => left = rest,
                None => break,
            }
        }
        // Dropped here, it must not come back.
        body.incoming = None;
    }
}

impl Drop for Patient {
    fn drop(&mut self) {
        if let Some(incoming) = self.incoming.take().filter(|incoming| !self.held_back && !incoming.is_end_stream()) {
            let clock = self.clock.clone();
            let rest = Self {
                incoming: Some(incoming),
                clock,
                waiting: None,
                held_back: false,
                remainder: Remainder::default(),
            };
            *self.remainder.0.lock() = Some(rest);
        }
    }
}

impl Body for Patient {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        let Some(incoming) = &mut this.incoming else { return Poll::Ready(None) };
        this.held_back = false;
        if let Poll::Ready(frame) = Pin::new(incoming).poll_frame(cx) {
            this.waiting = None;
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let clock = this.clock.clone();
        let waiting = this.waiting.get_or_insert_with(|| Box::pin(async move { clock.patience(SILENCE_MAX).await }));
        ready!(waiting.as_mut().poll(cx));
        Poll::Ready(Some(Err(Box::new(silent()))))
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}
