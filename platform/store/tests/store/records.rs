//! Versioned records: old ones come along, newer ones are refused by name.

use haar_store::{Corrupt, Read, Record, Table, decode_body};
use serde::{Deserialize, Serialize};

use crate::{in_memory, write};

#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct QueueV1 {
    name: String,
    delay_seconds: u32,
}

impl Record for QueueV1 {}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Queue {
    name: String,
    delay_millis: u64,
}

impl Record for Queue {
    const VERSION: u16 = 2;

    fn upgrade(version: u16, bytes: &[u8]) -> Result<Self, Corrupt> {
        match version {
            1 => {
                let old: QueueV1 = decode_body(bytes)?;
                Ok(Self { name: old.name, delay_millis: u64::from(old.delay_seconds) * 1000 })
            }
            found => Err(Corrupt::NoUpgrade { found, record: "Queue" }),
        }
    }
}

const OLD: Table<String, QueueV1> = Table::new("test.queues");
const NEW: Table<String, Queue> = Table::new("test.queues");

#[tokio::test]
async fn an_old_record_is_upgraded_when_it_is_read() {
    let store = in_memory();
    write(&store, |tx| tx.put(OLD, "q", &QueueV1 { name: "q".to_owned(), delay_seconds: 3 })).await;
    let queue = store.read(|now| now.get(NEW, "q")).unwrap();
    assert_eq!(queue, Some(Queue { name: "q".to_owned(), delay_millis: 3000 }));
}

#[tokio::test]
async fn a_record_of_a_newer_version_is_refused_by_name() {
    let store = in_memory();
    write(&store, |tx| tx.put(NEW, "q", &Queue { name: "q".to_owned(), delay_millis: 1 })).await;
    let refused = store.read(|now| now.get(OLD, "q")).unwrap_err();
    assert_eq!(
        refused.to_string(),
        r#"failed to read table test.queues, key "q\x00\x01": the record has version 2, this haar knows up to 1"#
    );
}
