//! What becomes of a table that has changed, by the crawler's policy.
//!
//! <https://docs.aws.amazon.com/glue/latest/dg/crawler-schema-changes-prevent.html>

use haar_platform::kernel::Timestamp;

use super::super::kept::Map;
use super::super::model::TableInput;
use super::definition::{CRAWL_RUN_ID, DEPRECATED_BY_CRAWLER};

/// Parameters that say what kind of data a table is of: with others it is another table.
const KIND: [&str; 3] = ["classification", "compressionType", "delimiter"];

/// What becomes of tables that have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Update {
    /// They stay.
    Log,
    /// They are described anew.
    InDatabase,
    /// They get new columns.
    Merge,
}

/// What to write in place of a table, if anything.
pub fn wanted(update: Update, before: &TableInput, found: TableInput, now: Timestamp) -> Option<TableInput> {
    let wanted = match update {
        Update::Log => return None,
        Update::InDatabase => found,
        Update::Merge => merged(before.clone(), &found, now),
    };
    (!is_same(before, &wanted)).then_some(wanted)
}

/// The table, marked as one whose data are gone or no longer fit.
pub fn deprecated(mut table: TableInput, now: Timestamp) -> TableInput {
    table.parameters.get_or_insert_default().insert(DEPRECATED_BY_CRAWLER.into(), now.millis().to_string());
    table
}

/// Takes the crawl's id out of parameters that are to be compared.
pub fn forget_run(parameters: &mut Map) {
    parameters.remove(CRAWL_RUN_ID);
}

/// The table with the columns that are new. If its data are of another kind now, it is marked instead.
fn merged(mut table: TableInput, found: &TableInput, now: Timestamp) -> TableInput {
    let (own, new) = (table.parameters.clone().unwrap_or_default(), found.parameters.clone().unwrap_or_default());
    if KIND.into_iter().any(|key| own.contains_key(key) && own.get(key) != new.get(key)) {
        return if own.contains_key(DEPRECATED_BY_CRAWLER) { table } else { deprecated(table, now) };
    }
    if let (Some(storage), Some(found)) = (&mut table.storage_descriptor, &found.storage_descriptor) {
        let columns = storage.columns.get_or_insert_default();
        let keys = table.partition_keys.as_deref().unwrap_or_default();
        for column in found.columns.iter().flatten() {
            if !columns.iter().chain(keys).any(|known| known.name.eq_ignore_ascii_case(&column.name)) {
                columns.push(column.clone());
            }
        }
        // Of the SerDe's parameters this is the one that depends on the columns.
        let own = storage.serde_info.as_mut().and_then(|serde| serde.parameters.as_mut());
        let new = found.serde_info.as_ref().and_then(|serde| serde.parameters.as_ref());
        if let (Some(own), Some(paths)) = (own, new.and_then(|new| new.get("paths"))) {
            own.insert("paths".into(), paths.clone());
        }
    }
    // Parameters that the crawler sets are brought up to date, others stay.
    let parameters = table.parameters.get_or_insert_default();
    parameters.extend(new);
    parameters.remove(DEPRECATED_BY_CRAWLER);
    table
}

/// Whether two descriptions are the same but for the crawl that they are from.
fn is_same(one: &TableInput, other: &TableInput) -> bool {
    let without_run = |table: &TableInput| {
        let mut table = table.clone();
        table.parameters.iter_mut().for_each(forget_run);
        if let Some(storage) = &mut table.storage_descriptor {
            storage.parameters.iter_mut().for_each(forget_run);
        }
        table
    };
    without_run(one) == without_run(other)
}
