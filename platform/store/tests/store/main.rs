//! The store's behaviour through its public interface: one binary, a file for each part.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::disallowed_types)]

mod blobs;
mod check;
mod crash;
mod directory;
mod logs;
mod model;
mod records;
mod transactions;

use haar_store::{BlobId, Config, Index, Record, Store, StoreError, Table, Tx};
use serde::{Deserialize, Serialize};

/// A record with everything that a table can derive from it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
struct Item {
    /// An item without one is in no index.
    due: Option<i64>,
    text: String,
    blob: Option<BlobId>,
}

impl Record for Item {}

type ItemKey = (String, u32);

const ITEMS: Table<ItemKey, Item> =
    Table::new("test.items").indexed(&[&BY_DUE, &BY_WORD]).blobs(|item| item.blob.into_iter().collect());
const BY_DUE: Index<(String, i64), ItemKey, Item> =
    Index::new("test.items.by_due", |(group, _), item| item.due.map(|due| (group.clone(), due)).into_iter().collect());
/// Several entries for one record.
const BY_WORD: Index<String, ItemKey, Item> =
    Index::new("test.items.by_word", |_, item| item.text.split(' ').map(str::to_owned).collect());
const NOTES: Table<String, String> = Table::new("test.notes");

fn item(due: i64, text: &str) -> Item {
    Item { due: Some(due), text: text.to_owned(), blob: None }
}

fn in_memory() -> Store {
    Store::open(Config::in_memory()).unwrap()
}

/// A temporary data directory and the store in it.
fn on_disk() -> (tempfile::TempDir, Store) {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(Config::at(directory.path().join("data"))).unwrap();
    (directory, store)
}

async fn reopen(directory: &tempfile::TempDir, store: Store) -> Store {
    store.close().await.unwrap();
    Store::open(Config::at(directory.path().join("data"))).unwrap()
}

/// A transaction that fails with nothing but the store's own errors.
async fn write<T: Send + 'static>(
    store: &Store,
    closure: impl FnOnce(&mut Tx) -> Result<T, StoreError> + Send + 'static,
) -> T {
    store.write(closure).await.unwrap()
}

async fn assert_clean(store: &Store) {
    let report = store.check(vec![ITEMS.info(), NOTES.info()]).await.unwrap();
    assert!(report.is_clean(), "{:#?}", report.problems);
}
