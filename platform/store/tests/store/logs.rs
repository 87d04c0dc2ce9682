//! Append-only logs: order, rotation, and what a crash may do to the end.

use std::fs;
use std::path::PathBuf;

use haar_store::{Log, LogOptions, Position, Store, StoreError};
use tempfile::TempDir;

use crate::{in_memory, on_disk, reopen};

/// Room for three frames of ten bytes (eight of header, two of payload).
const SMALL: LogOptions = LogOptions { segment_bytes: 30, segments_max: 3 };

fn log(store: &Store) -> Log {
    store.log("ledger", SMALL).unwrap()
}

fn lines(from: Position, log: &Log) -> Vec<String> {
    log.read(from).map(|frame| String::from_utf8(frame.unwrap().1.to_vec()).unwrap()).collect()
}

fn all(log: &Log) -> Vec<String> {
    lines(Position::default(), log)
}

fn segments(directory: &TempDir) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory.path().join("data/logs/ledger")).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

#[tokio::test]
async fn frames_come_back_in_order_and_in_reverse() {
    let (_directory, store) = on_disk();
    for store in [store, in_memory()] {
        let log = log(&store);
        log.append(["a0", "a1"]).unwrap();
        log.append(["b0", "b1", "b2", "b3"]).unwrap();
        assert_eq!(all(&log), ["a0", "a1", "b0", "b1", "b2", "b3"]);
        let back: Vec<_> = log.read_back().map(|frame| frame.unwrap().1).collect();
        assert_eq!(back, ["b3", "b2", "b1", "b0", "a1", "a0"]);
    }
}

#[tokio::test]
async fn the_oldest_segments_go_when_there_are_too_many() {
    let (directory, store) = on_disk();
    for store in [store, in_memory()] {
        let log = log(&store);
        for number in 10..23 {
            log.append([number.to_string()]).unwrap();
        }
        assert_eq!(all(&log), ["16", "17", "18", "19", "20", "21", "22"]);
        assert_eq!(log.bytes(), 70);
    }
    assert_eq!(segments(&directory).len(), 3);
}

#[tokio::test]
async fn a_reader_goes_on_from_a_position_and_follows_the_end() {
    let store = in_memory();
    let log = log(&store);
    let middle = log.append(["a0", "a1"]).unwrap();
    log.append(["b0", "b1"]).unwrap();
    let mut reader = log.read(middle);
    assert_eq!(reader.by_ref().map(|frame| frame.unwrap().1).collect::<Vec<_>>(), ["b0", "b1"]);
    assert_eq!(reader.position(), log.end());
    log.append(["c0"]).unwrap();
    assert_eq!(reader.next().unwrap().unwrap().1, "c0");
}

#[tokio::test]
async fn a_log_goes_on_after_a_restart() {
    let (directory, store) = on_disk();
    log(&store).append(["a0", "a1", "a2", "a3"]).unwrap();
    let store = reopen(&directory, store).await;
    let log = log(&store);
    log.append(["b0"]).unwrap();
    assert_eq!(all(&log), ["a0", "a1", "a2", "a3", "b0"]);
}

#[tokio::test]
async fn a_torn_tail_is_cut_off_wherever_it_was_torn() {
    for kept in 21..30 {
        let (directory, store) = on_disk();
        log(&store).append(["a0", "a1", "a2"]).unwrap();
        store.close().await.unwrap();
        let segment = segments(&directory).pop().unwrap();
        fs::OpenOptions::new().write(true).open(&segment).unwrap().set_len(kept).unwrap();
        let store = Store::open(haar_store::Config::at(directory.path().join("data"))).unwrap();
        let log = log(&store);
        assert_eq!(all(&log), ["a0", "a1"], "{kept} bytes kept");
        log.append(["b0"]).unwrap();
        assert_eq!(all(&log), ["a0", "a1", "b0"]);
    }
}

#[tokio::test]
async fn zeros_at_the_end_are_no_frames() {
    let (directory, store) = on_disk();
    log(&store).append(["a0"]).unwrap();
    store.close().await.unwrap();
    let segment = segments(&directory).pop().unwrap();
    fs::OpenOptions::new().write(true).open(&segment).unwrap().set_len(26).unwrap();
    let store = Store::open(haar_store::Config::at(directory.path().join("data"))).unwrap();
    assert_eq!(all(&log(&store)), ["a0"]);
    assert_eq!(fs::metadata(&segment).unwrap().len(), 10);
}

#[tokio::test]
async fn damage_in_an_old_segment_is_named_and_passed_over() {
    let (directory, store) = on_disk();
    log(&store).append(["a0", "a1", "a2", "b0", "b1"]).unwrap();
    store.close().await.unwrap();
    let first = segments(&directory).remove(0);
    let mut bytes = fs::read(&first).unwrap();
    bytes[18] ^= 1;
    fs::write(&first, bytes).unwrap();
    let store = Store::open(haar_store::Config::at(directory.path().join("data"))).unwrap();
    let frames: Vec<_> = log(&store).read(Position::default()).collect();
    let good: Vec<_> = frames.iter().flatten().map(|(_, payload)| payload).collect();
    assert_eq!(good, ["a0", "b0", "b1"]);
    assert!(matches!(frames[1], Err(StoreError::BrokenLog { segment: 0, offset: 10, .. })));
    assert_eq!(log(&store).read_back().filter(Result::is_ok).count(), 3);
}

#[test]
fn a_frame_larger_than_a_segment_is_refused() {
    let store = in_memory();
    assert!(matches!(log(&store).append(["x".repeat(23)]), Err(StoreError::FrameTooLarge { found: 23, max: 22 })));
    assert!(all(&log(&store)).is_empty());
}

#[test]
fn a_name_that_is_a_path_is_refused() {
    let store = in_memory();
    for name in ["", "..", "a/b", "A", ".hidden"] {
        assert!(matches!(store.log(name, SMALL), Err(StoreError::BadLogName(_))), "{name}");
    }
}
