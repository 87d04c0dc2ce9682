//! Events as they are stored: first the outbox, then what was delivered lately. The cursors of the subscribers tell
//! the one from the other.

use haar_kernel::Timestamp;
use haar_store::{Index, Read, Record, Span, StoreError, Table, Tx};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::event::Event;
use crate::lane::CURSORS;

/// Delivered events that are kept for people to see. The journal may hold a few hundred more, so that shortening it
/// shares a commit, and all that are not delivered yet.
pub const JOURNAL_MAX: u64 = 10_000;

pub(crate) const SLACK: u64 = 256;

/// Events in the order in which they were emitted.
pub(crate) const EVENTS: Table<u64, Entry> = Table::new("bus.events").indexed(&[&BY_SOURCE]);

/// The events of each source, in order.
pub(crate) const BY_SOURCE: Index<String, u64, Entry> =
    Index::new("bus.events.by_source", |_, entry| vec![entry.source.clone()]);

/// How far each subscriber has come: it is done with all events up to that one.
pub(crate) const FLOORS: Table<String, u64> = Table::new("bus.floors");

/// In the place of a subscriber: the event is for people to see, and for nobody to deliver.
const NOBODY: &str = "";

/// A stored event.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    id: String,
    pub(crate) source: String,
    detail_type: String,
    account: String,
    region: String,
    time: Timestamp,
    resources: Vec<String>,
    /// JSON text.
    detail: String,
    /// When it came into the journal: its age for retries.
    pub(crate) emitted: Timestamp,
    /// For this subscriber alone: a dead letter that was redriven, or what a service keeps for itself.
    only: Option<String>,
}

impl Record for Entry {}

impl Entry {
    pub(crate) fn new(event: Event, emitted: Timestamp) -> Self {
        Self {
            id: event.id,
            source: event.source,
            detail_type: event.detail_type,
            account: event.account,
            region: event.region,
            time: event.time,
            resources: event.resources,
            detail: event.detail.to_string(),
            emitted,
            only: None,
        }
    }

    pub(crate) fn event(&self) -> Event {
        let entry = self.clone();
        Event {
            id: entry.id,
            source: entry.source,
            detail_type: entry.detail_type,
            account: entry.account,
            region: entry.region,
            time: entry.time,
            resources: entry.resources,
            detail: serde_json::from_str(&entry.detail).unwrap_or(Value::String(entry.detail)),
        }
    }

    /// The event anew, for one subscriber alone.
    pub(crate) fn revived(self, subscriber: &str, emitted: Timestamp) -> Self {
        Self { emitted, only: Some(subscriber.to_owned()), ..self }
    }

    /// The event, for nobody.
    pub(crate) fn recorded(event: Event, emitted: Timestamp) -> Self {
        Self::new(event, emitted).revived(NOBODY, emitted)
    }

    pub(crate) fn is_for(&self, subscriber: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == subscriber)
    }
}

/// The number of the newest event, or of the last that a subscriber is done with if that is newer.
pub(crate) fn end(read: &impl Read) -> Result<u64, StoreError> {
    let newest = match read.scan_back(EVENTS, Span::all()).next().transpose()? {
        Some((number, _)) => number,
        None => 0,
    };
    let mut end = newest;
    for row in read.scan(FLOORS, Span::all()) {
        end = end.max(row?.1);
    }
    Ok(end)
}

/// Gives new subscribers their place, and takes those away that are no more: they would hold up the journal.
pub(crate) fn enrol(tx: &mut Tx, names: &[String], new_at: u64) -> Result<(), StoreError> {
    for name in names {
        if !tx.contains(FLOORS, name)? {
            tx.put(FLOORS, name, &new_at)?;
        }
    }
    let gone: Vec<String> = tx.scan_keys(FLOORS, Span::all()).collect::<Result<_, _>>()?;
    for name in gone.iter().filter(|name| !names.contains(name)) {
        tx.delete(FLOORS, name)?;
        let lanes: Vec<_> = tx.scan_keys(CURSORS, Span::under((name,))).collect::<Result<_, _>>()?;
        for lane in &lanes {
            tx.delete(CURSORS, lane)?;
        }
    }
    Ok(())
}

/// The first event of a source behind `done`, up to `seen`.
pub(crate) fn next(read: &impl Read, source: &str, done: u64, seen: u64) -> Result<Option<u64>, StoreError> {
    let span = Span::between((), source..=source).after_entry(source, &done);
    let next = read.scan_index_keys(BY_SOURCE, span).next().transpose()?;
    Ok(next.map(|(_, number)| number).filter(|number| *number <= seen))
}

/// The newest events.
pub(crate) fn recent(read: &impl Read, limit: usize) -> Result<Vec<Event>, StoreError> {
    let mut events = Vec::new();
    for row in read.scan_back(EVENTS, Span::all()) {
        if events.len() == limit {
            break;
        }
        let (_, entry) = row?;
        if entry.only.as_deref().is_none_or(|only| only == NOBODY) {
            events.push(entry.event());
        }
    }
    Ok(events)
}

/// Deletes up to `count_max` of the oldest events that every subscriber is done with; how many it deleted.
pub(crate) fn shorten(tx: &mut Tx, subscribers: usize, count_max: u64) -> Result<u64, StoreError> {
    let floors: Vec<(String, u64)> = tx.scan(FLOORS, Span::all()).collect::<Result<_, _>>()?;
    if floors.len() < subscribers {
        // The store was emptied, and not everybody has said since how far they are.
        return Ok(0);
    }
    let floor = floors.iter().map(|(_, floor)| *floor).min().unwrap_or(u64::MAX);
    let old: Vec<u64> =
        tx.scan_keys(EVENTS, Span::between((), ..=floor)).take(count_max as usize).collect::<Result<_, _>>()?;
    for number in &old {
        tx.delete(EVENTS, number)?;
    }
    Ok(old.len() as u64)
}
