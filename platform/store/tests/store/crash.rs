//! kill -9 at any moment: what was acknowledged is there, and nothing is there by half.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use bytes::Bytes;
use haar_store::{Config, Read, Span, Store, StoreError};

use crate::{ITEMS, Item, NOTES, assert_clean};

/// Tells the test binary to be the process that is killed.
const CHILD: &str = "HAAR_STORE_CRASH_DIRECTORY";
const ROUNDS: usize = 6;
const WRITERS: u32 = 16;

/// Each transaction writes an item and a note that agree; every eighth item names a blob.
async fn write_for_ever(store: Store, writer: u32, first: u32) {
    for number in first.. {
        let blob = if number % 8 == 0 {
            let mut blob = store.blobs().writer(None, ()).await.unwrap();
            blob.write(Bytes::from(format!("blob {writer}/{number}"))).await.unwrap();
            Some(blob.finish().await.unwrap().0)
        } else {
            None
        };
        let id = format!("{writer}/{number}");
        let note = id.clone();
        store
            .write(move |tx| {
                let item = Item { due: Some(1), text: note.clone(), blob: blob.as_ref().map(|blob| blob.id) };
                tx.put(ITEMS, &(writer.to_string(), number), &item)?;
                if number % 3 == 2 {
                    tx.delete(ITEMS, &(writer.to_string(), number - 1))?;
                    tx.delete(NOTES, &format!("{writer}/{}", number - 1))?;
                }
                tx.put(NOTES, &note, &"x".repeat(500))
            })
            .await
            .unwrap_or_else(|failure: StoreError| panic!("{failure}"));
        let mut out = std::io::stdout().lock();
        writeln!(out, "acknowledged {id}").unwrap();
    }
}

#[test]
fn child_process() {
    let Ok(directory) = std::env::var(CHILD) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let store = Store::open(Config::at(directory)).unwrap();
        let first = |writer: u32| {
            let last = store.read(|now| now.scan_back(ITEMS, Span::under((writer.to_string(),))).next().transpose());
            last.unwrap().map_or(0, |((_, number), _)| number + 1)
        };
        let writers: Vec<_> =
            (0..WRITERS).map(|writer| tokio::spawn(write_for_ever(store.clone(), writer, first(writer)))).collect();
        for writer in writers {
            writer.await.unwrap();
        }
    });
}

/// Runs the child until it acknowledged so many writes, kills it, and gives all it acknowledged.
fn run_and_kill(directory: &std::path::Path, enough: usize) -> Vec<(u32, u32)> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["crash::child_process", "--exact", "--nocapture"])
        .env(CHILD, directory)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut acknowledged = Vec::new();
    let mut killed = false;
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        // The last line may be cut short: what is not acknowledged completely is not acknowledged.
        let Some((writer, number)) = line.strip_prefix("acknowledged ").and_then(|id| id.split_once('/')) else {
            continue;
        };
        acknowledged.push((writer.parse().unwrap(), number.parse().unwrap()));
        if acknowledged.len() >= enough && !killed {
            child.kill().unwrap();
            killed = true;
        }
    }
    child.wait().unwrap();
    assert!(killed, "the child ended by itself after {} writes", acknowledged.len());
    acknowledged
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_and_nothing_is_there_by_half() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let mut acknowledged: Vec<(u32, u32)> = Vec::new();
    for round in 1..=ROUNDS {
        acknowledged.extend(run_and_kill(&data, 137 * round));
        let store = Store::open(Config::at(&data)).unwrap();
        let now = store.snapshot();
        for (writer, number) in &acknowledged {
            let found = now.contains(ITEMS, &(writer.to_string(), *number)).unwrap();
            // An item goes in the transaction of the next one, and only then.
            let superseded = number % 3 == 1 && now.contains(NOTES, &format!("{writer}/{}", number + 1)).unwrap();
            assert!(found != superseded, "round {round}: {writer}/{number}");
        }
        let items: Vec<_> = now.scan_keys(ITEMS, Span::all()).collect::<Result<_, _>>().unwrap();
        let mut pairs: Vec<_> = items.iter().map(|(writer, number)| format!("{writer}/{number}")).collect();
        pairs.sort();
        let notes: Vec<_> = now.scan_keys(NOTES, Span::all()).collect::<Result<_, _>>().unwrap();
        assert_eq!(pairs, notes, "round {round}");
        drop(now);
        assert_clean(&store).await;
        store.close().await.unwrap();
    }
}
