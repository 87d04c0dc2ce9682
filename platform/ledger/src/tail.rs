//! Following the ledger: lines behind a remembered place, each of them once.

use haar_store::{Position, StoreError};

use crate::frame;
use crate::ledger::{Ledger, LedgerError};
use crate::line::Line;

/// Lines behind a place, and the place behind them.
#[derive(Debug)]
pub struct Tail {
    /// In the order in which they were written.
    pub lines: Vec<Line>,
    /// To be remembered together with what was made of the lines: then each counts exactly once, also after a crash.
    pub position: Position,
    /// Whether more follow already.
    pub more: bool,
}

impl Ledger {
    /// Lines behind a place that [`Tail::position`] gave, or the oldest ones; all that were recorded before are among
    /// them, up to `lines_max`. A line that cannot be read is passed over. Cheap where there is nothing new.
    pub async fn tail(&self, from: Position, lines_max: usize) -> Result<Tail, LedgerError> {
        self.flush().await?;
        let log = self.log().clone();
        let end = log.end();
        if from >= end {
            // Behind the end: the machine failed and took lines that were read with it.
            return Ok(Tail { lines: Vec::new(), position: end, more: false });
        }
        let read = tokio::task::spawn_blocking(move || {
            let mut reader = log.read(from);
            let mut lines = Vec::new();
            while lines.len() < lines_max && reader.position() < end {
                let Some(entry) = reader.next() else { break };
                match entry.map_err(LedgerError::from).and_then(|(_, frame)| Ok(frame::decode(&frame)?)) {
                    Ok(line) => lines.push(line),
                    Err(cause) => tracing::warn!(%cause, "passed over a ledger line that cannot be read"),
                }
            }
            let position = reader.position();
            Tail { lines, position, more: position < end }
        });
        Ok(read.await.map_err(|_| StoreError::Closed)?)
    }

    /// Has `wake` called when lines come after a time without any: it must only notify.
    pub fn wake_with(&self, wake: impl Fn() + Send + Sync + 'static) {
        self.listeners().lock().push(Box::new(wake));
    }
}
