//! From exec to the first right answer of every service, and the memory that the program then holds idle.

use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use serde_json::json;

use crate::figures::{Effort, median};
use crate::load::Connection;
use crate::report::{Figure, Report, Target};
use crate::requests::{self, Keys};
use crate::server::{ASK_EVERY, Data, Server};

/// Allocators and loaders finish what they began.
const CALM: Duration = Duration::from_millis(500);

const MEBIBYTE: f64 = 1024.0 * 1024.0;

pub async fn measure(effort: &Effort, report: &mut Report) -> Result<()> {
    let (mut in_memory, mut durable, mut again, mut moto) =
        (Runs::default(), Runs::default(), Runs::default(), Runs::default());
    // The first of each only warms the page cache.
    for run in 0..=effort.starts {
        let folder = tempfile::tempdir()?;
        let counts = run > 0;
        in_memory.add(counts, Server::haar(Data::InMemory).await?).await?;
        durable.add(counts, Server::haar(Data::At(folder.path())).await?).await?;
        again.add(counts, Server::haar(Data::At(folder.path())).await?).await?;
        moto.add(counts, Server::moto().await?).await?;
    }
    let [in_memory, durable, again, moto] = [in_memory, durable, again, moto].map(Runs::medians);
    for (name, haar) in [
        ("start, in memory", in_memory.0),
        ("start, new data directory", durable.0),
        ("start, existing data directory", again.0),
    ] {
        let target = Target::AtMost(0.1);
        report.add(Figure { name, unit: "s", haar, other: moto.0, beside: "moto_server", target });
    }
    for (name, haar) in [("idle memory, in memory", in_memory.1), ("idle memory, data directory", durable.1)] {
        let target = Target::Below(60.0);
        report.add(Figure { name, unit: "MiB", haar, other: moto.1, beside: "moto_server", target });
    }
    Ok(())
}

#[derive(Default)]
struct Runs {
    seconds: Vec<f64>,
    mebibytes: Vec<f64>,
}

impl Runs {
    async fn add(&mut self, counts: bool, server: Server) -> Result<()> {
        for request in one_of_each(&server.address) {
            until_answered(&server, &request).await?;
        }
        let seconds = server.started.elapsed().as_secs_f64();
        tokio::time::sleep(CALM).await;
        let resident = server.resident_bytes()?;
        server.kill().await?;
        if counts {
            self.seconds.push(seconds);
            self.mebibytes.push(f64::from(u32::try_from(resident / 1024)?) * 1024.0 / MEBIBYTE);
        }
        Ok(())
    }

    fn medians(self) -> (f64, f64) {
        (median(self.seconds), median(self.mebibytes))
    }
}

fn one_of_each(address: &str) -> [Bytes; 4] {
    let root = Keys::root();
    [
        requests::query(address, &root, "sts", "Action=GetCallerIdentity&Version=2011-06-15"),
        requests::query(address, &root, "iam", "Action=ListUsers&Version=2010-05-08"),
        requests::json(address, &root, "ssm", "1.1", "AmazonSSM.DescribeParameters", &json!({})),
        requests::json(address, &root, "sqs", "1.0", "AmazonSQS.ListQueues", &json!({})),
    ]
}

async fn until_answered(server: &Server, request: &[u8]) -> Result<()> {
    let mut connection = Connection::to(&server.address);
    loop {
        match connection.succeed(request).await {
            Ok(_) => return Ok(()),
            Err(_) => server.check_patience()?,
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
}
