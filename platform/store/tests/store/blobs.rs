//! Blobs: there while a record names them, gone when none does, also over a crash.

use std::fs;
use std::path::Path;

use bytes::Bytes;
use haar_store::{Blob, BlobId, BlobReader, Digest, Store, StoreError};

use crate::{ITEMS, Item, assert_clean, in_memory, on_disk, reopen, write};

async fn blob(store: &Store, chunks: &[&'static str]) -> Blob {
    let mut writer = store.blobs().writer(None, ()).await.unwrap();
    for chunk in chunks {
        writer.write(Bytes::from_static(chunk.as_bytes())).await.unwrap();
    }
    writer.finish().await.unwrap().0
}

/// A digest by which the test sees what came, in which order.
struct Seen(Vec<u8>);

impl Digest for Seen {
    fn update(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }
}

/// A digest of a caller's that fails.
struct Panicking;

impl Digest for Panicking {
    fn update(&mut self, _bytes: &[u8]) {
        panic!("no digest today");
    }
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
async fn the_digest_sees_every_chunk_in_order() {
    let (_directory, store) = on_disk();
    for store in [store, in_memory()] {
        let chunks: Vec<_> = (0..100u8).map(|number| Bytes::from(vec![number; 1000 + usize::from(number)])).collect();
        let whole = chunks.concat();
        let mut writer = store.blobs().writer(Some(whole.len() as u64), Seen(Vec::new())).await.unwrap();
        for chunk in chunks {
            writer.write(chunk).await.unwrap();
        }
        let (blob, seen) = writer.finish().await.unwrap();
        assert_eq!(blob.size, whole.len() as u64);
        assert!(seen.0 == whole);
        put(&store, 1, Some(blob.id)).await;
        let reader = store.blobs().open(&blob.id).await.unwrap();
        assert!(reader.read_at(0..blob.size).unwrap() == whole);
        assert_clean(&store).await;
    }
}

/// Larger than what is reserved and written back in one step, and not a multiple of it.
#[tokio::test]
async fn a_large_blob_is_what_was_written_whatever_was_announced() {
    const SIZE: u64 = (65 << 20) + 17;
    let (directory, store) = on_disk();
    for announced in [None, Some(SIZE), Some(SIZE / 2), Some(SIZE * 2)] {
        let mut writer = store.blobs().writer(announced, ()).await.unwrap();
        let mut rest = SIZE;
        let mut number = 0u8;
        while rest > 0 {
            let length = rest.min(1 << 20);
            writer.write(Bytes::from(vec![number; length as usize])).await.unwrap();
            rest -= length;
            number += 1;
        }
        let blob = writer.finish().await.unwrap().0;
        put(&store, 1, Some(blob.id)).await;
        let reader = store.blobs().open(&blob.id).await.unwrap();
        assert_eq!(fs::metadata(reader.path().unwrap()).unwrap().len(), SIZE);
        assert_eq!(reader.read_at(SIZE - 18..SIZE).unwrap(), [&[64][..], &[65; 17]].concat());
        assert_clean(&store).await;
    }
    assert_eq!(files(&directory.path().join("data/blobs")), 1);
}

#[tokio::test]
async fn a_digest_that_panics_is_an_error_and_leaves_nothing() {
    let (directory, store) = on_disk();
    let mut writer = store.blobs().writer(None, Panicking).await.unwrap();
    writer.write(Bytes::from_static(b"abc")).await.unwrap();
    let outcome = writer.finish().await.map(|_| ());
    assert!(matches!(outcome, Err(StoreError::Panicked(message)) if message == "no digest today"));
    // The file may still be on its way to the disk, from which it is taken back: the next open would not find it.
    let store = reopen(&directory, store).await;
    assert_clean(&store).await;
    assert_eq!(files(&directory.path().join("data/blobs")), 0);
}

#[tokio::test]
async fn a_blob_in_the_making_survives_a_wipe() {
    let (_directory, store) = on_disk();
    let mut writer = store.blobs().writer(None, ()).await.unwrap();
    writer.write(Bytes::from_static(b"ab")).await.unwrap();
    store.wipe().await.unwrap();
    writer.write(Bytes::from_static(b"c")).await.unwrap();
    let blob = writer.finish().await.unwrap().0;
    put(&store, 1, Some(blob.id)).await;
    let id = blob.id;
    drop(blob);
    assert_eq!(content(store.blobs().open(&id).await.unwrap()).await, "abc");
    assert_clean(&store).await;
}

#[tokio::test]
async fn an_abandoned_blob_leaves_nothing() {
    let (directory, store) = on_disk();
    let root = directory.path().join("data/blobs");
    drop(store.blobs().writer(None, ()).await.unwrap());
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
    let mut unfinished = store.blobs().writer(None, ()).await.unwrap();
    unfinished.write(Bytes::from_static(b"half")).await.unwrap();
    std::mem::forget(unfinished);
    std::mem::forget(blob(&store, &["never named"]).await);
    let root = directory.path().join("data/blobs");
    // Where older programs kept what they had not finished.
    fs::create_dir(root.join("unfinished")).unwrap();
    fs::write(root.join("unfinished").join("0123456789abcdef0123456789abcdef"), "half").unwrap();
    assert_eq!(files(&root), 4);
    let store = reopen(&directory, store).await;
    assert_eq!(content(store.blobs().open(&named.id).await.unwrap()).await, "named");
    // A check waits until everything has been looked at.
    assert_clean(&store).await;
    assert_eq!(files(&root), 1);
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
