//! What is known of groups and streams without reading their events.

use haar_store::{Read, Span, StoreError};

use super::model::{BY_LAST_EVENT, NAMES, PARTITIONS, STREAMS, Stream, StreamFacts};

/// A stream, as it is listed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StreamInfo {
    /// Its name.
    pub name: String,
    /// When it was made: milliseconds since 1970.
    pub created_ms: i64,
    /// `None` while it has no events.
    pub facts: Option<StreamFacts>,
}

impl StreamInfo {
    fn of(name: String, stream: Stream) -> Self {
        Self { name, created_ms: stream.created_ms, facts: stream.facts }
    }

    /// Where the stream stands in the order of last events; streams without events come first.
    pub fn last_event_ms(&self) -> i64 {
        self.facts.as_ref().map_or(i64::MIN, |facts| facts.last_event_ms)
    }
}

/// What the index of last events answers.
type ByLastEvent = ((u64, i64), (u64, String), Stream);

/// One stream.
pub fn stream(read: &impl Read, group: &str, name: &str) -> Result<Option<StreamInfo>, StoreError> {
    let Some(partition) = read.get(NAMES, group)? else { return Ok(None) };
    let found = read.get(STREAMS, &(partition, name))?;
    Ok(found.map(|stream| StreamInfo::of(name.to_owned(), stream)))
}

/// At most `limit` streams whose names begin with `prefix`, in the order of their names, behind `after`.
pub fn streams_by_name(
    read: &impl Read,
    group: &str,
    prefix: &str,
    after: Option<&str>,
    descending: bool,
    limit: usize,
) -> Result<Vec<StreamInfo>, StoreError> {
    let Some(partition) = read.get(NAMES, group)? else { return Ok(Vec::new()) };
    let span = Span::starting((partition,), prefix);
    let listed = |found: Result<((u64, String), Stream), StoreError>| {
        found.map(|((_, name), stream)| StreamInfo::of(name, stream))
    };
    match (descending, after) {
        (false, None) => read.scan(STREAMS, span).take(limit).map(listed).collect(),
        (false, Some(after)) => read.scan(STREAMS, span.after(&(partition, after))).take(limit).map(listed).collect(),
        (true, None) => read.scan_back(STREAMS, span).take(limit).map(listed).collect(),
        (true, Some(after)) => {
            read.scan_back(STREAMS, span.before(&(partition, after))).take(limit).map(listed).collect()
        }
    }
}

/// At most `limit` streams in the order of their last events, behind `after` (its last event and name).
pub fn streams_by_last_event(
    read: &impl Read,
    group: &str,
    after: Option<(i64, &str)>,
    descending: bool,
    limit: usize,
) -> Result<Vec<StreamInfo>, StoreError> {
    let Some(partition) = read.get(NAMES, group)? else { return Ok(Vec::new()) };
    let span = Span::under((partition,));
    let listed =
        |found: Result<ByLastEvent, StoreError>| found.map(|(_, (_, name), stream)| StreamInfo::of(name, stream));
    let entry = after.map(|(ms, name)| ((partition, ms), (partition, name.to_owned())));
    match (descending, entry) {
        (false, None) => read.scan_index(BY_LAST_EVENT, span).take(limit).map(listed).collect(),
        (false, Some((place, key))) => {
            read.scan_index(BY_LAST_EVENT, span.after_entry(&place, &key)).take(limit).map(listed).collect()
        }
        (true, None) => read.scan_index_back(BY_LAST_EVENT, span).take(limit).map(listed).collect(),
        (true, Some((place, key))) => {
            read.scan_index_back(BY_LAST_EVENT, span.before_entry(&place, &key)).take(limit).map(listed).collect()
        }
    }
}

/// What a group's events take on disk, compressed.
pub fn stored_bytes(read: &impl Read, group: &str) -> Result<u64, StoreError> {
    let Some(partition) = read.get(NAMES, group)? else { return Ok(0) };
    Ok(read.get(PARTITIONS, &partition)?.map_or(0, |partition| partition.stored_bytes))
}
