//! What passes between an environment and the process that asks its Runtime API: at most one event at a time.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};

/// AWS's limit of a response: 6 MB and a little for the envelope.
pub(crate) const RESPONSE_MAX: usize = 6_291_556;
/// What is gathered of a response that is streamed.
pub(crate) const STREAM_MAX: usize = 20 * 1024 * 1024;

/// An event on its way to the process, with the headers that go along.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub request_id: String,
    pub payload: Bytes,
    pub deadline_ms: i64,
    pub function_arn: String,
    pub trace_id: Option<String>,
    pub client_context: Option<String>,
    pub cognito_identity: Option<String>,
}

/// What the process said.
#[derive(Debug)]
pub(crate) enum Said {
    /// It asked for its first event: its init phase is over.
    Ready(Instant),
    /// Its init phase failed.
    InitError {
        payload: Bytes,
        error_type: String,
    },
    Response {
        payload: Bytes,
        content_type: Option<String>,
    },
    Error {
        payload: Bytes,
        error_type: String,
    },
}

/// Why the process's request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The id is not that of the invocation that runs.
    UnknownRequest,
    /// This is not the time for it.
    InvalidState,
}

/// Both ends share it.
pub(crate) struct Exchange {
    state: Mutex<State>,
    said: mpsc::UnboundedSender<Said>,
}

#[derive(Default)]
struct State {
    ready: bool,
    failed: bool,
    queued: Option<Arc<Event>>,
    waiting: Option<oneshot::Sender<Arc<Event>>>,
    running: Option<String>,
    /// Answered, and the process has not asked for the next event yet.
    answered: Option<String>,
}

impl Exchange {
    /// The receiver is the environment's ear. Unbounded in type only: the protocol lets a process say four things.
    pub(crate) fn new() -> (Arc<Self>, mpsc::UnboundedReceiver<Said>) {
        let (said, ear) = mpsc::unbounded_channel();
        (Arc::new(Self { state: Mutex::default(), said }), ear)
    }

    /// Hands the event to the process, now or when it asks.
    pub(crate) fn offer(&self, event: Event) {
        let mut state = self.state.lock();
        let event = Arc::new(event);
        match state.waiting.take().map(|waiting| waiting.send(event.clone())) {
            Some(Ok(())) => state.running = Some(event.request_id.clone()),
            // Nobody asks, or whoever asked has hung up.
            Some(Err(_)) | None => state.queued = Some(event),
        }
    }

    /// The process asks for an event.
    pub(crate) fn next(&self) -> Result<oneshot::Receiver<Arc<Event>>, Refused> {
        let mut state = self.state.lock();
        if state.running.is_some() || state.failed {
            return Err(Refused::InvalidState);
        }
        state.answered = None;
        if !state.ready {
            state.ready = true;
            self.say(Said::Ready(Instant::now()));
        }
        let (waiting, receiver) = oneshot::channel();
        match state.queued.take() {
            Some(event) => {
                state.running = Some(event.request_id.clone());
                // The receiver is in our hand.
                let _ = waiting.send(event);
            }
            None => state.waiting = Some(waiting),
        }
        Ok(receiver)
    }

    /// The process answers: only for the invocation that runs, and once.
    pub(crate) fn answer(&self, request_id: &str, said: Said) -> Result<(), Refused> {
        let mut state = self.state.lock();
        state.check(request_id)?;
        state.answered = state.running.take();
        self.say(said);
        Ok(())
    }

    /// Whether an answer with this id would be taken.
    pub(crate) fn expects(&self, request_id: &str) -> Result<(), Refused> {
        self.state.lock().check(request_id)
    }

    /// The process says that its init phase failed.
    pub(crate) fn fail_init(&self, payload: Bytes, error_type: String) -> Result<(), Refused> {
        let mut state = self.state.lock();
        if state.ready || state.failed {
            return Err(Refused::InvalidState);
        }
        state.failed = true;
        self.say(Said::InitError { payload, error_type });
        Ok(())
    }

    fn say(&self, said: Said) {
        // An environment that was dropped listens no more, and its process is being killed.
        let _ = self.said.send(said);
    }
}

impl State {
    fn check(&self, request_id: &str) -> Result<(), Refused> {
        if self.running.as_deref() == Some(request_id) {
            return Ok(());
        }
        let again = self.answered.as_deref() == Some(request_id);
        Err(if again { Refused::InvalidState } else { Refused::UnknownRequest })
    }
}
