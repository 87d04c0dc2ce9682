//! A million parameters beside a thousand: what a page costs, and how long the start takes, also after a `kill -9`.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use bytes::Bytes;
use haar_gateway::testkit::{FixedAuthority, TestHouse};
use haar_platform::aws::ssm::{ParameterType, PutParameter, PutParameterRequest};
use haar_platform::store::Config;
use haar_systems::ssm::{self, Quotas};
use serde_json::{Value, json};

use crate::figures::{Effort, median};
use crate::load::{self, Connection};
use crate::report::{Figure, Report, Target};
use crate::requests::{self, Keys};
use crate::server::{Data, Server};

const FEW: usize = 1000;

/// Writers that fill the store together: one write to the disk serves them all.
const WRITERS: usize = 1024;

/// Writers go on until they are stopped.
const LONGER_THAN_NEEDED: Duration = Duration::from_secs(60);

/// A house has to be opened this often for a median.
const STARTS: usize = 5;

pub async fn measure(effort: &Effort, report: &mut Report) -> Result<()> {
    let (few, many) = (tempfile::tempdir()?, tempfile::tempdir()?);
    fill(few.path(), FEW).await?;
    let began = Instant::now();
    fill(many.path(), effort.parameters).await?;
    report.note(format!("{} parameters were put in {:.1} s", effort.parameters, began.elapsed().as_secs_f64()));

    let (page_few, page_many) = (page_seconds(few.path(), effort).await?, page_seconds(many.path(), effort).await?);
    report.add(Figure {
        name: "page of GetParametersByPath",
        unit: "ms",
        haar: page_many * 1000.0,
        other: page_few * 1000.0,
        beside: "1,000 parameters",
        target: Target::AtMost(2.0),
    });
    for (name, killed) in [("start with many parameters", false), ("start with many, after kill -9", true)] {
        report.add(Figure {
            name,
            unit: "s",
            haar: start_seconds(many.path(), killed).await?,
            other: start_seconds(few.path(), killed).await?,
            beside: "1,000 parameters",
            target: Target::GrowsBelow(0.5),
        });
    }
    Ok(())
}

/// In this process, through the pipeline, over the real store: AWS's quota would stop a client at 110,000.
async fn fill(folder: &Path, parameters: usize) -> Result<()> {
    let quotas = Quotas { standard: u64::MAX, advanced: u64::MAX };
    let house = Arc::new(TestHouse::with_authority(Config::at(folder), |platform| {
        // The calls are root's, who needs no policies.
        (vec![ssm::service_with(platform, quotas)], Arc::new(FixedAuthority::default()))
    }));
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let house = house.clone();
        writers.spawn(async move {
            for number in (writer..parameters).step_by(WRITERS) {
                let input = PutParameterRequest {
                    name: parameter(number),
                    value: "a value as one would have it".into(),
                    r#type: Some(ParameterType::String),
                    ..Default::default()
                };
                let put = house.call::<PutParameter>(input).await;
                put.map_err(|fault| anyhow!("failed to put a parameter: {}", fault.message))?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(done) = writers.join_next().await {
        done??;
    }
    let platform = house.platform.clone();
    drop(house);
    platform.house.tasks.close().await;
    platform.ledger.close().await?;
    platform.store.close().await?;
    Ok(())
}

fn parameter(number: usize) -> String {
    format!("/bench/{:03}/parameter-{number:07}", number % 1000)
}

/// The median over pages read one after the other, each from where the last one ended.
async fn page_seconds(folder: &Path, effort: &Effort) -> Result<f64> {
    let server = Server::haar(Data::At(folder)).await?;
    let mut connection = Connection::to(&server.address);
    let mut token = Value::Null;
    let mut seconds = Vec::new();
    for _ in 0..effort.pages {
        let request = page(&server.address, &token);
        let began = Instant::now();
        let answer = connection.succeed(&request).await?;
        seconds.push(began.elapsed().as_secs_f64());
        token = serde_json::from_slice::<Value>(&answer)?["NextToken"].take();
    }
    server.close().await?;
    Ok(median(seconds))
}

fn page(address: &str, token: &Value) -> Bytes {
    let mut input = json!({ "Path": "/bench", "Recursive": true, "MaxResults": 10 });
    if !token.is_null() {
        input["NextToken"] = token.clone();
    }
    requests::json(address, &Keys::root(), "ssm", "1.1", "AmazonSSM.GetParametersByPath", &input)
}

/// The median from exec to the first page; `killed` in the middle of writes before each start.
async fn start_seconds(folder: &Path, killed: bool) -> Result<f64> {
    let mut seconds = Vec::new();
    for _ in 0..STARTS {
        if killed {
            kill_while_writing(folder).await?;
        }
        let server = Server::haar(Data::At(folder)).await?;
        Connection::to(&server.address).succeed(&page(&server.address, &Value::Null)).await?;
        seconds.push(server.started.elapsed().as_secs_f64());
        server.close().await?;
    }
    Ok(median(seconds))
}

async fn kill_while_writing(folder: &Path) -> Result<()> {
    let server = Server::haar(Data::At(folder)).await?;
    let put = json!({ "Name": parameter(0), "Type": "String", "Value": "another value", "Overwrite": true });
    let put = requests::json(&server.address, &Keys::root(), "ssm", "1.1", "AmazonSSM.PutParameter", &put);
    let mut connection = Connection::to(&server.address);
    connection.succeed(&put).await?;
    let address = server.address.clone();
    let writers = tokio::spawn(async move { load::rate(&address, 16, LONGER_THAN_NEEDED, &[put]).await });
    for _ in 0..100 {
        connection.succeed(&page(&server.address, &Value::Null)).await?;
    }
    server.kill().await?;
    writers.abort();
    Ok(())
}
