//! kill -9 at any moment, with sealing and merging under way: every acknowledged log event is there, and none twice.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test that kills its own process")]

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use arrow::array::AsArray;
use haar_store::{Config, Store};
use haar_telemetry::logs::{self, Column, LogEvent, LogStore, Scan};

/// Tells the test binary to be the process that is killed.
const CHILD: &str = "HAAR_LOGS_CRASH_DIRECTORY";
const GROUP: &str = "group";
const ROUNDS: usize = 4;
const WRITERS: usize = 8;
const BATCH: usize = 20;

fn events(writer: usize, number: u64) -> Vec<LogEvent> {
    let event = |index| LogEvent { timestamp_ms: number as i64, message: format!("{writer}/{number}/{index}") };
    (0..BATCH).map(event).collect()
}

async fn write_for_ever(logs: LogStore, round: u64, writer: usize) {
    for number in round * 1_000_000.. {
        let stream = format!("stream {writer}");
        logs.append(GROUP, &stream, events(writer, number), number as i64).await.unwrap().unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "acknowledged {writer}/{number}").unwrap();
    }
}

#[test]
fn child_process() {
    let Ok(directory) = std::env::var(CHILD) else { return };
    let round = directory.rsplit('#').next().unwrap().parse().unwrap();
    let directory = directory.rsplit_once('#').unwrap().0.to_owned();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let logs = LogStore::open(&Store::open(Config::at(directory)).unwrap());
        for writer in 0..WRITERS {
            tokio::spawn(write_for_ever(logs.clone(), round, writer));
        }
        // Upkeep without a pause, so that the end comes in the middle of it.
        loop {
            logs.maintain(i64::MAX).await.unwrap();
        }
    });
}

/// Runs the child until it acknowledged so many batches, kills it, and gives all it acknowledged.
fn run_and_kill(directory: &Path, round: usize, enough: usize) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["child_process", "--exact", "--nocapture"])
        .env(CHILD, format!("{}#{round}", directory.display()))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut acknowledged = Vec::new();
    let mut killed = false;
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        // The last line may be cut short, and then names no whole number.
        let Some(batch) = line.strip_prefix("acknowledged ").filter(|_| !killed) else { continue };
        acknowledged.push(batch.to_owned());
        if acknowledged.len() >= enough {
            child.kill().unwrap();
            killed = true;
        }
    }
    child.wait().unwrap();
    assert!(killed, "the child ended by itself after {} batches", acknowledged.len());
    acknowledged
}

/// How often each message is there.
async fn messages(logs: &LogStore) -> HashMap<String, usize> {
    let scan = Scan { projection: vec![Column::Message], ..Scan::of(vec![GROUP.to_owned()]) };
    let mut found = HashMap::new();
    for part in logs.scan(scan).await.unwrap().parts {
        for batch in part.read().unwrap() {
            for message in batch.unwrap().column(0).as_string_view().iter().flatten() {
                *found.entry(message.to_owned()).or_default() += 1;
            }
        }
    }
    found
}

#[tokio::test]
async fn every_acknowledged_event_is_there_once() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let mut acknowledged = Vec::new();
    for round in 0..ROUNDS {
        acknowledged.extend(run_and_kill(&data, round, 150 * (round + 1)));
        let store = Store::open(Config::at(&data)).unwrap();
        let logs = LogStore::open(&store);
        let found = messages(&logs).await;
        for batch in &acknowledged {
            for index in 0..BATCH {
                assert!(found.contains_key(&format!("{batch}/{index}")), "round {round}: {batch}/{index} is lost");
            }
        }
        assert!(found.values().all(|count| *count == 1), "round {round}: an event is there twice");
        assert_eq!(found.len() % BATCH, 0, "round {round}: a batch is there by half");
        logs.maintain(i64::MAX).await.unwrap();
        assert_eq!(messages(&logs).await, found, "round {round}: upkeep after the crash changed what is there");
        let report = store.check(logs::tables()).await.unwrap();
        assert!(report.problems.is_empty(), "{:?}", report.problems);
        store.close().await.unwrap();
    }
}
