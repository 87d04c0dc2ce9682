//! `check`: each kind of damage has its line.

use std::fs;

use bytes::Bytes;
use haar_store::{Record, Store, Table};
use serde::{Deserialize, Serialize};

use crate::{ITEMS, Item, ItemKey, NOTES, in_memory, item, on_disk, write};

/// The items' table as a program would see it that forgot its indexes and blobs.
const BARE: Table<ItemKey, Item> = Table::new("test.items");

#[derive(Deserialize, Serialize)]
struct Future(u64);

impl Record for Future {
    const VERSION: u16 = 9;
}

async fn problems(store: &Store) -> Vec<String> {
    store.check(vec![ITEMS.info(), NOTES.info()]).await.unwrap().problems
}

#[tokio::test]
async fn a_clean_store_is_counted() {
    let store = in_memory();
    write(&store, |tx| tx.put(ITEMS, &("a", 1u32), &item(1, "x y"))).await;
    store.log("test", haar_store::LogOptions::default()).unwrap().append(["x"]).unwrap();
    let report = store.check(vec![ITEMS.info()]).await.unwrap();
    assert!(report.is_clean());
    assert_eq!((report.records, report.index_entries, report.log_frames), (1, 3, 1));
}

#[tokio::test]
async fn missing_and_stale_index_entries_are_named() {
    let store = in_memory();
    write(&store, |tx| {
        tx.put(BARE, &("a", 1u32), &item(1, "x"))?;
        tx.put(ITEMS, &("a", 2u32), &item(2, "y"))?;
        tx.put(BARE, &("a", 2u32), &Item { due: None, text: "y".to_owned(), blob: None })
    })
    .await;
    let due = r"a\x00\x01\x80\x00\x00\x00\x00\x00\x00\x02a\x00\x01\x00\x00\x00\x02";
    assert_eq!(
        problems(&store).await,
        [
            r#"index test.items.by_due: no entry for the record with key "a\x00\x01\x00\x00\x00\x01""#.to_owned(),
            r#"index test.items.by_word: no entry for the record with key "a\x00\x01\x00\x00\x00\x01""#.to_owned(),
        ]
    );
    write(&store, |tx| tx.delete(BARE, &("a", 1u32))).await;
    assert_eq!(problems(&store).await, [format!("index test.items.by_due: entry \"{due}\" has no such record")]);
}

#[tokio::test]
async fn strange_tables_and_records_are_named() {
    let store = in_memory();
    write(&store, |tx| {
        tx.put(Table::<u8, String>::new("test.other"), &1u8, &String::new())?;
        tx.put(Table::<String, Future>::new("test.notes"), "n", &Future(1))
    })
    .await;
    assert_eq!(
        problems(&store).await,
        [
            "table test.other: not known to this haar",
            r#"table test.notes, key "n\x00\x01": the record has version 9, this haar knows up to 1"#,
        ]
    );
}

#[tokio::test]
async fn damaged_and_miscounted_blobs_are_named() {
    let (directory, store) = on_disk();
    let mut writer = store.blobs().writer(None, ()).await.unwrap();
    writer.write(Bytes::from_static(b"content")).await.unwrap();
    let blob = writer.finish().await.unwrap().0;
    let id = blob.id;
    let naming = move || Item { due: None, text: String::new(), blob: Some(id) };
    write(&store, move |tx| {
        tx.put(ITEMS, &("a", 1u32), &naming())?;
        tx.put(ITEMS, &("a", 2u32), &naming())
    })
    .await;
    let name = id.to_string();
    let path = directory.path().join("data/blobs").join(&name[..2]).join(&name);
    fs::write(&path, "CONTENT").unwrap();
    let found = problems(&store).await;
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with(&format!("blob {id}: its CRC-64 is ")), "{}", found[0]);
    fs::write(&path, "con").unwrap();
    assert_eq!(problems(&store).await, [format!("blob {id}: it has 3 bytes, 7 were written")]);
    fs::write(&path, "content").unwrap();
    assert_eq!(problems(&store).await, [""; 0]);
    write(&store, |tx| tx.put(BARE, &("a", 2u32), &Item { due: None, text: String::new(), blob: None })).await;
    assert_eq!(problems(&store).await, [format!("blob {id}: 2 links are counted, 1 records name it")]);
}
