//! From stream ids, which rows carry, to the names that callers know.

use std::collections::HashMap;
use std::sync::Arc;

use haar_store::{Read, Store, StoreError};
use parking_lot::Mutex;

use super::model::STREAM_NAMES;

/// By partition and stream id; `None` for a stream that was deleted.
type Known = HashMap<(u64, u64), Option<Arc<str>>>;

/// Names of one scan, looked up once each.
pub(super) struct Names {
    store: Store,
    known: Mutex<Known>,
}

impl Names {
    pub(super) fn new(store: Store) -> Self {
        Self { store, known: Mutex::default() }
    }

    pub(super) fn of(&self, partition: u64, stream: u64) -> Result<Option<Arc<str>>, StoreError> {
        if let Some(known) = self.known.lock().get(&(partition, stream)) {
            return Ok(known.clone());
        }
        let name = self.store.read(|tx| tx.get(STREAM_NAMES, &(partition, stream)))?.map(Arc::from);
        self.known.lock().insert((partition, stream), name.clone());
        Ok(name)
    }
}
