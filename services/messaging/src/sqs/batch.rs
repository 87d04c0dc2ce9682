//! What all batches have in common: how many entries, and by which ids.

use std::collections::HashSet;

use super::error::SqsError;

/// Entries of one batch.
const ENTRIES_MAX: usize = 10;

/// Characters of an entry's id.
const ID_CHARS_MAX: usize = 80;

/// Refuses a batch as a whole; `entry` is AWS's name of its entries.
pub fn check<'a>(entry: &'static str, ids: impl ExactSizeIterator<Item = &'a str>) -> Result<(), SqsError> {
    if ids.len() == 0 {
        return Err(SqsError::EmptyBatchRequest(entry));
    }
    if ids.len() > ENTRIES_MAX {
        return Err(SqsError::TooManyEntriesInBatchRequest(ids.len()));
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let mut seen = HashSet::new();
    for id in ids {
        if id.is_empty() || id.len() > ID_CHARS_MAX || !id.bytes().all(plain) {
            return Err(SqsError::InvalidBatchEntryId);
        }
        if !seen.insert(id) {
            return Err(SqsError::BatchEntryIdsNotDistinct(id.to_owned()));
        }
    }
    Ok(())
}

/// What became of one entry, or the failure of the whole call: a store that fails in the middle of an entry must
/// not let the transaction go through.
pub fn outcome(result: Result<(), SqsError>) -> Result<Result<(), SqsError>, SqsError> {
    match result {
        Err(failure @ SqsError::Store(_)) => Err(failure),
        outcome => Ok(outcome),
    }
}
