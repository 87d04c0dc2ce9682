//! When access keys and roles were last used: noted in memory with every call, written at leisure.

use std::collections::HashMap;
use std::time::Duration;

use haar_platform::kernel::{Clock, Ctx, Next, Waker};
use haar_platform::store::{Read, Store, StoreError, Tx};
use parking_lot::Mutex;

use super::Iam;
use super::error::Error;
use super::model::{ACCESS_KEYS, LAST_USES, LastUse, ROLES_BY_ID, exactly, whole_second};

/// Uses of the same service and region closer together than this are one.
const RESOLUTION: Duration = Duration::from_secs(60);

/// Uses kept in memory; when there are more, those that are written are forgotten.
const NOTES_MAX: usize = 10_000;

/// The latest uses, some of them not written yet.
pub struct Uses {
    clock: Clock,
    store: Store,
    notes: Mutex<HashMap<String, Note>>,
    /// Of the job that writes.
    pub(super) waker: Waker,
}

struct Note {
    last: LastUse,
    written: bool,
}

impl Uses {
    pub fn new(clock: Clock, store: Store) -> Self {
        Self { clock, store, notes: Mutex::default(), waker: Waker::default() }
    }

    /// Notes a use of an access key or of a role, under the key's id or the role's unique id.
    pub fn note(&self, id: &str, service: &str, region: &str) {
        let at = whole_second(self.clock.now());
        let mut notes = self.notes.lock();
        let known = notes.get(id).map(|note| &note.last);
        if known.is_some_and(|last| at - last.at < RESOLUTION && last.service == service && last.region == region) {
            return;
        }
        if notes.len() >= NOTES_MAX {
            notes.retain(|_, note| !note.written);
        }
        let last = LastUse { at, service: service.to_owned(), region: region.to_owned() };
        notes.insert(id.to_owned(), Note { last, written: false });
        drop(notes);
        self.waker.wake();
    }

    /// The last use, if there was one.
    pub fn find(&self, id: &str) -> Result<Option<LastUse>, StoreError> {
        if let Some(note) = self.notes.lock().get(id) {
            return Ok(Some(note.last.clone()));
        }
        self.store.read(|tx| tx.get(LAST_USES, id))
    }

    fn unwritten(&self) -> Vec<(String, LastUse)> {
        let notes = self.notes.lock();
        let unwritten = notes.iter().filter(|(_, note)| !note.written);
        unwritten.map(|(id, note)| (id.clone(), note.last.clone())).collect()
    }

    fn mark_written(&self, uses: &[(String, LastUse)]) {
        let mut notes = self.notes.lock();
        for (id, last) in uses {
            if let Some(note) = notes.get_mut(id).filter(|note| note.last == *last) {
                note.written = true;
            }
        }
    }
}

/// Writes what was noted since it last ran.
pub async fn write(_: &Ctx, iam: &Iam) -> Result<Next, Error> {
    let uses = iam.authority.uses().unwritten();
    if !uses.is_empty() {
        let records = uses.clone();
        iam.store.write(move |tx| put_all(tx, &records)).await?;
        iam.authority.uses().mark_written(&uses);
    }
    Ok(Next::WhenWoken)
}

/// Leaves out what was deleted in the meantime, and keys of temporary credentials, whose uses nobody can ask for.
fn put_all(tx: &mut Tx, uses: &[(String, LastUse)]) -> Result<(), Error> {
    for (id, last) in uses {
        let known = tx.contains(ACCESS_KEYS, id)? || tx.count_index(ROLES_BY_ID, exactly(id))? > 0;
        if known {
            tx.put(LAST_USES, id, last)?;
        }
    }
    Ok(())
}
