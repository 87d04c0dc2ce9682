//! PutLogEvents, durable: bytes of messages per second that are acknowledged.

use anyhow::Result;
use bytes::Bytes;
use serde_json::json;

use crate::figures::{Effort, median};
use crate::load::{self, Connection};
use crate::report::{Figure, Report, Target};
use crate::requests::{self, Keys};
use crate::server::{Data, Server};

/// Callers at once, each with a stream of its own.
const WRITERS: usize = 8;

/// Bytes of messages in one request: near PutLogEvents' megabyte.
const BATCH_BYTES: usize = 900_000;

/// AWS counts so many more for each event.
const EVENT_OVERHEAD_BYTES: usize = 26;

/// Megabytes per second that the issue asks for.
const TARGET: f64 = 50.0;

pub async fn measure(effort: &Effort, report: &mut Report) -> Result<()> {
    let data = tempfile::tempdir()?;
    let haar = Server::haar(Data::At(data.path())).await?;
    call(&haar.address, "CreateLogGroup", &json!({"logGroupName": "bench"})).await?;
    let mut batches = Vec::new();
    let mut bytes = 0;
    for writer in 0..WRITERS {
        let stream = format!("writer-{writer}");
        let names = json!({"logGroupName": "bench", "logStreamName": stream});
        call(&haar.address, "CreateLogStream", &names).await?;
        let (batch, length) = batch(&haar.address, &stream);
        bytes = length;
        batches.push(batch);
    }
    let mut rates = Vec::new();
    for _ in 0..effort.turns {
        rates.push(load::rate(&haar.address, WRITERS, effort.lasting, &batches).await?);
    }
    #[expect(clippy::cast_precision_loss, reason = "below a megabyte")]
    let megabytes = bytes as f64 / 1e6;
    report.add(Figure {
        name: "PutLogEvents, durable",
        unit: "MB/s",
        haar: median(rates) * megabytes,
        other: TARGET,
        beside: "what is asked for",
        target: Target::AtLeast(1.0),
    });
    Ok(())
}

async fn call(address: &str, operation: &str, input: &serde_json::Value) -> Result<()> {
    Connection::to(address).succeed(&request(address, operation, input)).await?;
    Ok(())
}

fn request(address: &str, operation: &str, input: &serde_json::Value) -> Bytes {
    requests::json(address, &Keys::root(), "logs", "1.1", &format!("Logs_20140328.{operation}"), input)
}

/// One full request, and the bytes of its messages.
fn batch(address: &str, stream: &str) -> (Bytes, usize) {
    let now = super::insights::now_millis();
    let (mut events, mut bytes, mut counted) = (Vec::new(), 0, 0);
    for number in 0_u64.. {
        let message = super::insights::line(now, number);
        if counted + message.len() + EVENT_OVERHEAD_BYTES > BATCH_BYTES {
            break;
        }
        counted += message.len() + EVENT_OVERHEAD_BYTES;
        bytes += message.len();
        events.push(json!({"timestamp": now, "message": message}));
    }
    let input = json!({"logGroupName": "bench", "logStreamName": stream, "logEvents": events});
    (request(address, "PutLogEvents", &input), bytes)
}
