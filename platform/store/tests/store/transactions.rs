//! Transactions: all or nothing, together on disk, each as if alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use haar_store::{Read, Span, StoreError};

use crate::{BY_DUE, BY_WORD, ITEMS, NOTES, assert_clean, in_memory, item, on_disk, reopen, write};

#[derive(Debug, PartialEq)]
enum Refusal {
    Full,
    Store(String),
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Store(error.to_string())
    }
}

#[tokio::test]
async fn acknowledged_writes_are_there_after_a_restart() {
    let (directory, store) = on_disk();
    write(&store, |tx| tx.put(ITEMS, &("a", 1u32), &item(5, "x y"))).await;
    let store = reopen(&directory, store).await;
    store.read(|now| {
        assert_eq!(now.get(ITEMS, &("a", 1u32)).unwrap(), Some(item(5, "x y")));
        assert_eq!(now.scan_index_keys(BY_WORD, Span::all()).count(), 2);
    });
    assert_clean(&store).await;
}

#[tokio::test]
async fn a_transaction_reads_its_own_writes_and_others_do_not() {
    let store = in_memory();
    let outside = store.clone();
    write(&store, move |tx| {
        tx.put(ITEMS, &("a", 1u32), &item(5, "x"))?;
        assert_eq!(tx.get(ITEMS, &("a", 1u32))?, Some(item(5, "x")));
        assert_eq!(tx.count(ITEMS)?, 1);
        assert_eq!(tx.scan_index(BY_DUE, Span::under(("a",))).count(), 1);
        assert_eq!(outside.read(|now| now.count(ITEMS))?, 0);
        Ok(())
    })
    .await;
    assert_eq!(store.read(|now| now.count(ITEMS)).unwrap(), 1);
}

#[tokio::test]
async fn a_snapshot_does_not_see_later_commits() {
    let store = in_memory();
    let before = store.snapshot();
    write(&store, |tx| tx.put(NOTES, "a", &"1".to_owned())).await;
    assert!(!before.contains(NOTES, "a").unwrap());
    assert!(store.snapshot().contains(NOTES, "a").unwrap());
}

#[tokio::test]
async fn a_refused_transaction_leaves_nothing() {
    let store = in_memory();
    write(&store, |tx| tx.put(ITEMS, &("a", 1u32), &item(5, "kept"))).await;
    let called = Arc::new(AtomicBool::new(false));
    let caller = called.clone();
    let refused: Result<(), Refusal> = store
        .write(move |tx| {
            tx.put(ITEMS, &("a", 1u32), &item(6, "changed"))?;
            tx.put(ITEMS, &("a", 2u32), &item(7, "new"))?;
            tx.delete(ITEMS, &("a", 1u32))?;
            tx.on_commit(move || caller.store(true, Ordering::SeqCst));
            Err(Refusal::Full)
        })
        .await;
    assert_eq!(refused, Err(Refusal::Full));
    assert_eq!(store.read(|now| now.get(ITEMS, &("a", 1u32))).unwrap(), Some(item(5, "kept")));
    assert_eq!(store.read(|now| now.count(ITEMS)).unwrap(), 1);
    assert!(!called.load(Ordering::SeqCst));
    assert_clean(&store).await;
}

#[tokio::test]
async fn a_panic_is_answered_and_the_writer_goes_on() {
    let store = in_memory();
    let answer: Result<(), StoreError> = store
        .write(|tx| {
            tx.put(NOTES, "half", &"done".to_owned())?;
            panic!("on purpose");
        })
        .await;
    assert!(matches!(answer, Err(StoreError::Panicked(text)) if text == "on purpose"));
    write(&store, |tx| tx.put(NOTES, "whole", &"done".to_owned())).await;
    assert_eq!(store.read(|now| now.scan_keys(NOTES, Span::all()).collect::<Result<Vec<_>, _>>()).unwrap(), ["whole"]);
}

/// Holds the writer in a first transaction until 200 others wait behind it.
#[tokio::test]
async fn waiting_transactions_share_one_commit_and_failures_stay_alone() {
    let (_directory, store) = on_disk();
    let (release, gate) = std::sync::mpsc::channel::<()>();
    let holder = store.clone();
    let held = tokio::spawn(async move { write(&holder, move |_| gate.recv().map_err(|_| StoreError::Closed)).await });
    tokio::task::yield_now().await;
    let queued = Arc::new(AtomicU32::new(0));
    let writers: Vec<_> = (0..200u32)
        .map(|number| {
            let (store, queued) = (store.clone(), queued.clone());
            tokio::spawn(async move {
                let transaction = store.write(move |tx| {
                    tx.put(ITEMS, &("a", number), &item(i64::from(number), "x"))?;
                    match number % 10 {
                        3 => Err(Refusal::Full),
                        4 => std::panic::resume_unwind(Box::new("on purpose")),
                        _ => Ok(()),
                    }
                });
                // On one thread, counting and queueing are one step.
                queued.fetch_add(1, Ordering::SeqCst);
                transaction.await
            })
        })
        .collect();
    while queued.load(Ordering::SeqCst) < 200 {
        tokio::task::yield_now().await;
    }
    release.send(()).unwrap();
    held.await.unwrap();
    for (number, writer) in writers.into_iter().enumerate() {
        assert_eq!(writer.await.unwrap().is_ok(), !matches!(number % 10, 3 | 4), "{number}");
    }
    let stats = store.stats().await.unwrap();
    assert_eq!((stats.transactions, stats.commits), (201, 1));
    assert_eq!(store.read(|now| now.count(ITEMS)).unwrap(), 160);
    assert_clean(&store).await;
}

#[tokio::test]
async fn reading_transactions_commit_nothing() {
    let (_directory, store) = on_disk();
    write(&store, |tx| tx.get(NOTES, "a")).await;
    let stats = store.stats().await.unwrap();
    assert_eq!((stats.transactions, stats.commits), (1, 0));
}

#[tokio::test]
async fn on_commit_runs_when_the_write_is_visible_and_before_the_answer() {
    let store = in_memory();
    let seen = Arc::new(AtomicBool::new(false));
    let (observer, outside) = (seen.clone(), store.clone());
    write(&store, move |tx| {
        tx.put(NOTES, "a", &"1".to_owned())?;
        tx.on_commit(move || {
            observer.store(outside.read(|now| now.contains(NOTES, "a")).unwrap(), Ordering::SeqCst);
        });
        Ok(())
    })
    .await;
    assert!(seen.load(Ordering::SeqCst));
}

#[tokio::test]
async fn delete_returns_what_was_there() {
    let store = in_memory();
    write(&store, |tx| tx.put(ITEMS, &("a", 1u32), &item(5, "x"))).await;
    let deleted = write(&store, |tx| Ok((tx.delete(ITEMS, &("a", 1u32))?, tx.delete(ITEMS, &("a", 1u32))?))).await;
    assert_eq!(deleted, (Some(item(5, "x")), None));
    assert_eq!(store.read(|now| now.count_index(BY_DUE, Span::all())).unwrap(), 0);
}

#[tokio::test]
async fn wipe_empties_everything_but_the_vault() {
    let (directory, store) = on_disk();
    let sealed = store.vault().seal(b"a", b"secret").unwrap();
    write(&store, |tx| tx.put(ITEMS, &("a", 1u32), &item(5, "x"))).await;
    let log = store.log("test", haar_store::LogOptions::default()).unwrap();
    let before = log.append(["x"]).unwrap();
    store.wipe().await.unwrap();
    assert_eq!(log.read_back().count(), 0);
    assert!(log.end() > before);
    let store = reopen(&directory, store).await;
    store.read(|now| {
        assert_eq!(now.count(ITEMS).unwrap(), 0);
        assert_eq!(now.count_index(BY_DUE, Span::all()).unwrap(), 0);
    });
    assert_eq!(store.vault().open(b"a", &sealed).unwrap(), b"secret");
    write(&store, |tx| tx.put(ITEMS, &("a", 1u32), &item(5, "x"))).await;
    assert_clean(&store).await;
}

#[tokio::test]
async fn a_closed_store_answers_closed() {
    let (_directory, store) = on_disk();
    let before = store.snapshot();
    store.close().await.unwrap();
    assert!(matches!(store.read(|now| now.get(NOTES, "a")), Err(StoreError::Closed)));
    assert!(matches!(store.write(|tx| tx.put(NOTES, "a", &String::new())).await, Err(StoreError::Closed)));
    assert!(matches!(store.close().await, Err(StoreError::Closed)));
    drop(before);
}
