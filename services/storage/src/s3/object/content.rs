//! Content becomes an answer's body: a chunk at a time, straight from the blob files.

use std::collections::VecDeque;
use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use haar_platform::kernel::{Body, Bytes};
use haar_platform::store::{BlobReader, Store, StoreError};
use http_body::{Frame, SizeHint};

use crate::s3::model::{Content, Piece};

/// Parts whose files are opened ahead of their turn. An object that is overwritten while it is read stays readable as
/// far as its files are open; more at a time would cost too many file handles.
const OPEN_MAX: usize = 64;

/// The bytes of a range of some content. The range lies within it.
pub async fn body(store: &Store, content: &Content, range: Range<u64>) -> Result<Body, StoreError> {
    let stretch = match content {
        Content::Inline(inline) => {
            let bytes = inline.0.slice(range.start as usize..range.end as usize);
            return Ok(Body::full(bytes));
        }
        Content::Stored(piece) => cut([*piece], &range),
        Content::Parts(parts) => cut(parts.iter().map(|part| part.piece), &range),
    };
    let mut source = Source { store: store.clone(), waiting: stretch, open: VecDeque::new() };
    source.open_ahead().await?;
    Ok(Body::of(Stream { rest: range.end - range.start, state: Step::Idle(Box::new(source)) }))
}

/// The pieces that make up a range of a sequence of pieces.
pub fn cut(pieces: impl IntoIterator<Item = Piece>, range: &Range<u64>) -> VecDeque<Piece> {
    let mut offset = 0;
    let mut stretch = VecDeque::new();
    for piece in pieces {
        let end = offset + piece.size;
        let from = range.start.clamp(offset, end);
        let to = range.end.clamp(offset, end);
        if from < to {
            stretch.push_back(Piece { blob: piece.blob, start: piece.start + (from - offset), size: to - from });
        }
        offset = end;
    }
    stretch
}

/// Pieces that are still to be read.
struct Source {
    store: Store,
    waiting: VecDeque<Piece>,
    open: VecDeque<BlobReader>,
}

impl Source {
    async fn open_ahead(&mut self) -> Result<(), StoreError> {
        while self.open.len() < OPEN_MAX {
            let Some(piece) = self.waiting.pop_front() else { break };
            let reader = self.store.blobs().open(&piece.blob).await?;
            self.open.push_back(reader.range(piece.start..piece.start + piece.size));
        }
        Ok(())
    }

    async fn next(&mut self) -> Option<Result<Bytes, StoreError>> {
        loop {
            let reader = self.open.front_mut()?;
            if let Some(chunk) = reader.next().await {
                return Some(chunk);
            }
            self.open.pop_front();
            if let Err(failure) = self.open_ahead().await {
                return Some(Err(failure));
            }
        }
    }
}

type Chunk = Option<Result<Bytes, StoreError>>;

/// The source between two chunks, or on its way to the next.
enum Step {
    Idle(Box<Source>),
    Busy(Pin<Box<dyn Future<Output = (Box<Source>, Chunk)> + Send>>),
    Done,
}

struct Stream {
    /// Bytes that are still to come.
    rest: u64,
    state: Step,
}

impl http_body::Body for Stream {
    type Data = Bytes;
    type Error = StoreError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, StoreError>>> {
        let mut work = match std::mem::replace(&mut self.state, Step::Done) {
            Step::Done => return Poll::Ready(None),
            Step::Busy(work) => work,
            Step::Idle(mut source) => Box::pin(async move {
                let chunk = source.next().await;
                (source, chunk)
            }),
        };
        let polled = work.as_mut().poll(cx);
        if polled.is_pending() {
            self.state = Step::Busy(work);
        }
        let (source, chunk) = ready!(polled);
        if let Some(Ok(bytes)) = &chunk {
            self.rest = self.rest.saturating_sub(bytes.len() as u64);
            self.state = Step::Idle(source);
        }
        Poll::Ready(chunk.map(|chunk| chunk.map(Frame::data)))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest)
    }
}
