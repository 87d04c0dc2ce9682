//! Blobs: there while a record names them, gone when none does, also over a crash.

use std::fs;
use std::path::Path;

use bytes::Bytes;
use haar_store::{Blob, BlobId, BlobReader, Store, StoreError};

use crate::{ITEMS, Item, assert_clean, in_memory, on_disk, reopen, write};

async fn blob(store: &Store, chunks: &[&'static str]) -> Blob {
    let mut writer = store.blobs().writer().await.unwrap();
    for chunk in chunks {
        writer.write(Bytes::from_static(chunk.as_bytes())).await.unwrap();
    }
    writer.finish(None).await.unwrap()
}

fn naming(id: Option<BlobId>) -> Item {
    Item { due: None, text: String::new(), blob: id }
}

async fn put(store: &Store, number: u32, blob: Option<BlobId>) {
    write(store, move |tx| tx.put(ITEMS, &("a", number), &naming(blob))).await;
    // The files of the transaction before are settled when the next one runs.
    write(store, |_| Ok(())).await;
}

async fn content(mut reader: BlobReader) -> String {
    let mut all = Vec::new();
    while let Some(chunk) = reader.next().await {
        all.extend_from_slice(&chunk.unwrap());
    }
    String::from_utf8(all).unwrap()
}

fn files(directory: &Path) -> usize {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { files(&path) } else { 1 }).sum()
}

#[tokio::test]
async fn a_blob_is_read_whole_and_in_part() {
    let (_directory, store) = on_disk();
    for store in [store, in_memory()] {
        let blob = blob(&store, &["hello ", "wor", "ld"]).await;
        let id = blob.id;
        assert_eq!(blob.size, 11);
        put(&store, 1, Some(id)).await;
        assert_eq!(content(store.blobs().open(&id).await.unwrap()).await, "hello world");
        assert_eq!(content(store.blobs().open(&id).await.unwrap().range(4..8)).await, "o wo");
        assert_eq!(content(store.blobs().open(&id).await.unwrap().range(9..99)).await, "ld");
        assert_eq!(content(store.blobs().open(&id).await.unwrap().range(50..99)).await, "");
        assert_clean(&store).await;
    }
}

#[tokio::test]
async fn wrong_content_is_refused_and_leaves_nothing() {
    let (directory, store) = on_disk();
    let mut writer = store.blobs().writer().await.unwrap();
    writer.write(Bytes::from_static(b"abc")).await.unwrap();
    assert!(matches!(writer.finish(Some([0; 32])).await, Err(StoreError::WrongChecksum { .. })));
    assert_eq!(files(&directory.path().join("data/blobs")), 0);
}

#[tokio::test]
async fn an_abandoned_blob_leaves_nothing() {
    let (directory, store) = on_disk();
    let root = directory.path().join("data/blobs");
    drop(store.blobs().writer().await.unwrap());
    let finished = blob(&store, &["x"]).await;
    assert_eq!(files(&root), 1);
    drop(finished);
    assert_eq!(files(&root), 0);
}

#[tokio::test]
async fn a_blob_lives_as_long_as_one_record_names_it() {
    let (directory, store) = on_disk();
    let root = directory.path().join("data/blobs");
    let first = blob(&store, &["x"]).await;
    let id = first.id;
    put(&store, 1, Some(id)).await;
    drop(first);
    put(&store, 2, Some(id)).await;
    put(&store, 1, None).await;
    assert_eq!(content(store.blobs().open(&id).await.unwrap()).await, "x");
    assert_clean(&store).await;
    write(&store, |tx| tx.delete(ITEMS, &("a", 2u32))).await;
    write(&store, |_| Ok(())).await;
    assert_eq!(files(&root), 0);
    assert!(matches!(store.blobs().open(&id).await, Err(StoreError::NoSuchBlob(_))));
    assert_clean(&store).await;
}

#[tokio::test]
async fn a_handle_may_go_in_the_transaction_that_names_the_blob() {
    let (_directory, store) = on_disk();
    let blob = blob(&store, &["x"]).await;
    let id = blob.id;
    write(&store, move |tx| {
        let moved = blob;
        tx.put(ITEMS, &("a", 1u32), &naming(Some(moved.id)))
    })
    .await;
    assert_eq!(content(store.blobs().open(&id).await.unwrap()).await, "x");
    assert_clean(&store).await;
}

#[tokio::test]
async fn a_refused_transaction_does_not_keep_the_blob() {
    let (directory, store) = on_disk();
    let blob = blob(&store, &["x"]).await;
    let refused: Result<(), StoreError> = store
        .write(move |tx| {
            let moved = blob;
            tx.put(ITEMS, &("a", 1u32), &naming(Some(moved.id)))?;
            Err(StoreError::Closed)
        })
        .await;
    assert!(refused.is_err());
    write(&store, |_| Ok(())).await;
    assert_eq!(files(&directory.path().join("data/blobs")), 0);
}

#[tokio::test]
async fn a_reader_keeps_the_file_of_a_deleted_blob() {
    let (directory, store) = on_disk();
    let blob = blob(&store, &["x"]).await;
    put(&store, 1, Some(blob.id)).await;
    let reader = store.blobs().open(&blob.id).await.unwrap();
    drop(blob);
    put(&store, 1, None).await;
    assert_eq!(fs::read_to_string(reader.path().unwrap()).unwrap(), "x");
    assert_eq!(content(reader).await, "x");
    assert_eq!(files(&directory.path().join("data/blobs")), 0);
}

#[tokio::test]
async fn an_unknown_blob_cannot_be_named() {
    let store = in_memory();
    let id = blob(&store, &["x"]).await.id;
    let refused = store.write(move |tx| tx.put(ITEMS, &("a", 1u32), &naming(Some(id)))).await;
    assert!(matches!(refused, Err(StoreError::NoSuchBlob(found)) if found == id));
}

/// A crash is a handle that is never dropped.
#[tokio::test]
async fn a_crash_leaves_no_garbage_behind_the_next_open() {
    let (directory, store) = on_disk();
    let named = blob(&store, &["named"]).await;
    put(&store, 1, Some(named.id)).await;
    let mut unfinished = store.blobs().writer().await.unwrap();
    unfinished.write(Bytes::from_static(b"half")).await.unwrap();
    std::mem::forget(unfinished);
    std::mem::forget(blob(&store, &["never named"]).await);
    let root = directory.path().join("data/blobs");
    assert_eq!(files(&root), 3);
    let store = reopen(&directory, store).await;
    assert_eq!(files(&root), 1);
    assert_eq!(content(store.blobs().open(&named.id).await.unwrap()).await, "named");
    assert_clean(&store).await;
}

#[tokio::test]
async fn wipe_deletes_blobs_but_not_under_a_reader() {
    let (directory, store) = on_disk();
    let blob = blob(&store, &["x"]).await;
    put(&store, 1, Some(blob.id)).await;
    let reader = store.blobs().open(&blob.id).await.unwrap();
    drop(blob);
    store.wipe().await.unwrap();
    assert_eq!(content(reader).await, "x");
    assert_eq!(files(&directory.path().join("data/blobs")), 0);
}
