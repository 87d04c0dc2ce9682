//! `haar data check`: everything that must agree in a store, compared, a line for each disagreement.

use std::collections::HashMap;

use redb::{ReadableTable, ReadableTableMetadata, TableError, TableHandle};

use crate::blob::{BLOBS, BlobId};
use crate::error::StoreError;
use crate::key::readable;
use crate::log::Position;
use crate::read::{Read, ReadTx};
use crate::snapshot::{Raw, definition};
use crate::span::Span;
use crate::store::Store;
use crate::table::{Examined, TableInfo};

/// Lines that a report holds; what goes wrong beyond them is only counted.
const PROBLEMS_MAX: usize = 1000;

/// What a check looked at, and what it found wrong.
#[derive(Clone, Debug, Default)]
pub struct CheckReport {
    /// One line each, for a person.
    pub problems: Vec<String>,
    /// Problems that are not in the list because it is full.
    pub problems_left_out: u64,
    pub records: u64,
    pub index_entries: u64,
    pub blobs: u64,
    pub log_frames: u64,
}

impl CheckReport {
    pub fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }

    fn problem(&mut self, line: String) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(line);
        } else {
            self.problems_left_out += 1;
        }
    }
}

type Stored = redb::ReadOnlyTable<Raw, Raw>;

pub(crate) fn examine(store: &Store, tables: &[TableInfo], report: &mut CheckReport) -> Result<(), StoreError> {
    let now = store.snapshot();
    name_strangers(&now, tables, report)?;
    let mut links = HashMap::new();
    for table in tables {
        examine_table(&now, table, &mut links, report)?;
    }
    examine_blobs(store, &now, links, report)?;
    examine_logs(store, report)
}

fn name_strangers(now: &ReadTx, tables: &[TableInfo], report: &mut CheckReport) -> Result<(), StoreError> {
    let known = |name: &str| {
        name == BLOBS.name()
            || tables.iter().any(|table| table.name == name || table.indexes.iter().any(|(index, _)| *index == name))
    };
    let stored = now.snapshot.transaction()?.list_tables().map_err(StoreError::database("list the tables"))?;
    for table in stored.filter(|table| !known(table.name())) {
        report.problem(format!("table {}: not known to this haar", table.name()));
    }
    Ok(())
}

fn open(now: &ReadTx, name: &str) -> Result<Option<Stored>, StoreError> {
    match now.snapshot.transaction()?.open_table(definition(name)) {
        Ok(table) => Ok(Some(table)),
        Err(TableError::TableDoesNotExist(_)) => Ok(None),
        Err(cause) => Err(StoreError::database("open a table")(cause)),
    }
}

fn examine_table(
    now: &ReadTx,
    info: &TableInfo,
    links: &mut HashMap<BlobId, u64>,
    report: &mut CheckReport,
) -> Result<(), StoreError> {
    let failed = |cause| StoreError::database("scan a table")(cause);
    let table = open(now, info.name)?;
    let mut expected = vec![0u64; info.indexes.len()];
    let indexes = info.indexes.iter().map(|(name, _)| open(now, name)).collect::<Result<Vec<_>, _>>()?;
    if let Some(table) = &table {
        for entry in table.iter().map_err(failed)? {
            let (key, value) = entry.map_err(failed)?;
            report.records += 1;
            let Examined { entries, blobs } = match (info.examine)(key.value(), value.value()) {
                Ok(examined) => examined,
                Err(cause) => {
                    report.problem(format!("table {}, key {}: {cause}", info.name, readable(key.value())));
                    continue;
                }
            };
            for (number, entries) in entries.iter().enumerate() {
                expected[number] += entries.len() as u64;
                for entry in entries {
                    if !has(indexes[number].as_ref(), entry)? {
                        let (index, key) = (info.indexes[number].0, readable(key.value()));
                        report.problem(format!("index {index}: no entry for the record with key {key}"));
                    }
                }
            }
            for blob in blobs {
                *links.entry(blob).or_default() += 1;
            }
        }
    }
    for (number, index) in indexes.iter().enumerate() {
        let Some(index) = index else { continue };
        let entries = index.len().map_err(failed)?;
        report.index_entries += entries;
        // Every expected entry was looked up; equal counts mean that there is no other.
        if entries != expected[number] {
            name_stale_entries(info, number, index, table.as_ref(), report)?;
        }
    }
    Ok(())
}

fn has(table: Option<&Stored>, key: &[u8]) -> Result<bool, StoreError> {
    match table {
        Some(table) => Ok(table.get(key).map_err(StoreError::database("read a record"))?.is_some()),
        None => Ok(false),
    }
}

fn name_stale_entries(
    info: &TableInfo,
    number: usize,
    index: &Stored,
    table: Option<&Stored>,
    report: &mut CheckReport,
) -> Result<(), StoreError> {
    let failed = |cause| StoreError::database("scan an index")(cause);
    let (name, key_behind) = &info.indexes[number];
    for entry in index.iter().map_err(failed)? {
        let (entry, _) = entry.map_err(failed)?;
        let record = match (key_behind(entry.value()), table) {
            (Ok(key), Some(table)) => table.get(&key[..]).map_err(failed)?.map(|value| (key, value)),
            _ => None,
        };
        let implied = record.is_some_and(|(key, value)| {
            // A record that does not decode has its own line.
            (info.examine)(&key, value.value())
                .map_or(true, |examined| examined.entries[number].iter().any(|implied| implied == entry.value()))
        });
        if !implied {
            report.problem(format!("index {name}: entry {} has no such record", readable(entry.value())));
        }
    }
    Ok(())
}

fn examine_blobs(
    store: &Store,
    now: &ReadTx,
    mut links: HashMap<BlobId, u64>,
    report: &mut CheckReport,
) -> Result<(), StoreError> {
    for entry in now.scan(BLOBS, Span::all()) {
        let (id, row) = match entry {
            Ok(entry) => entry,
            Err(failure) => {
                report.problem(failure.to_string());
                continue;
            }
        };
        report.blobs += 1;
        let named = links.remove(&id).unwrap_or(0);
        if named != row.links {
            report.problem(format!("blob {id}: {} links are counted, {named} records name it", row.links));
        }
        if let Some(problem) = store.raw_blobs().examine(id, &row) {
            // Deleted since the snapshot is no problem.
            if store.read(|latest| latest.contains(BLOBS, &id))? {
                report.problem(format!("blob {id}: {problem}"));
            }
        }
    }
    for id in links.into_keys() {
        report.problem(format!("blob {id}: named by a record, but not known"));
    }
    Ok(())
}

fn examine_logs(store: &Store, report: &mut CheckReport) -> Result<(), StoreError> {
    for log in store.all_logs()? {
        for frame in log.read(Position::default()) {
            match frame {
                Ok(_) => report.log_frames += 1,
                Err(failure) => report.problem(failure.to_string()),
            }
        }
    }
    Ok(())
}
