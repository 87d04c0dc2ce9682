//! `sqs SendMessage`: haar acknowledges what is on the disk, moto_server what is in its memory.

use anyhow::{Context, Result};
use bytes::Bytes;
use serde_json::{Value, json};

use crate::figures::{Effort, median};
use crate::load::{self, Connection};
use crate::report::{Figure, Report, Target};
use crate::requests::{self, Keys};
use crate::server::{Data, Server};

/// Many, so that one write to the disk serves many callers.
const CONNECTIONS: usize = 256;

pub async fn measure(effort: &Effort, report: &mut Report) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (haar, moto) = (Server::haar(Data::At(folder.path())).await?, Server::moto().await?);
    let (mut haar_rates, mut moto_rates) = (Vec::new(), Vec::new());
    // Every turn has a queue of its own: moto_server slows down as a queue grows.
    for turn in 0..effort.turns {
        let (to_haar, to_moto) = (prepare(&haar.address, turn).await?, prepare(&moto.address, turn).await?);
        haar_rates.push(load::rate(&haar.address, CONNECTIONS, effort.lasting, &to_haar).await?);
        moto_rates.push(load::rate(&moto.address, CONNECTIONS, effort.lasting, &to_moto).await?);
    }
    report.add(Figure {
        name: "sqs SendMessage, durable",
        unit: "1/s",
        haar: median(haar_rates),
        other: median(moto_rates),
        beside: "moto_server",
        target: Target::AtLeast(10.0),
    });
    report.note(format!("sqs SendMessage: {CONNECTIONS} connections, data in {}", std::env::temp_dir().display()));
    Ok(())
}

async fn prepare(address: &str, turn: usize) -> Result<Vec<Bytes>> {
    let root = Keys::root();
    let sqs = |target, input: &Value| requests::json(address, &root, "sqs", "1.0", target, input);
    let mut connection = Connection::to(address);
    let queue = json!({ "QueueName": format!("bench-{turn}") });
    let made = connection.succeed(&sqs("AmazonSQS.CreateQueue", &queue)).await?;
    let made: Value = serde_json::from_slice(&made)?;
    let url = made["QueueUrl"].as_str().context("a queue has a URL")?;
    let message = json!({ "QueueUrl": url, "MessageBody": "a message as one would send it, of moderate length" });
    Ok(vec![sqs("AmazonSQS.SendMessage", &message)])
}
