//! GetMetricData over weeks of many metrics at one-minute resolution, beside DuckDB doing the same aggregation from
//! Parquet. haar keeps the older half by five minutes, as CloudWatch does; hourly averages are the same of both.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use serde_json::{Value, json};

use super::insights::now_millis;
use crate::figures::{Effort, median};
use crate::load::Connection;
use crate::report::{Figure, Report, Target};
use crate::requests::{self, Keys};
use crate::server::{Data, Server};

const NAMESPACE: &str = "Bench";

/// What is asked for: hourly averages.
const PERIOD: i64 = 3600;

const DAY: i64 = 86_400;

/// Data points of one request, as many as PutMetricData takes.
const PUT_MAX: usize = 1000;

/// Connections that put at once.
const WRITERS: usize = 4;

pub async fn measure(effort: &Effort, report: &mut Report) -> Result<()> {
    let (data, files) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let server = Server::haar(Data::At(data.path())).await?;
    let days = i64::from(effort.days);
    let from = (now_millis() / 1000).div_euclid(PERIOD) * PERIOD;
    let began = Instant::now();
    load(&server.address, from, days, effort.metrics).await?;
    let loading = began.elapsed();
    let mut ours = Vec::new();
    let mut found = Found::default();
    for _ in 0..effort.turns {
        let began = Instant::now();
        let pages = query(&server.address, from, days, effort.metrics).await?;
        ours.push(began.elapsed().as_secs_f64() * 1000.0);
        found = Found::of(&pages)?;
    }
    let theirs = duckdb(files.path(), effort.turns, effort.metrics, days * 1440, from).await?;
    ensure!(
        found.points == theirs.found.points && (found.sum / theirs.found.sum - 1.0).abs() < 1e-9,
        "haar found {found:?}, DuckDB {:?}",
        theirs.found
    );
    report.add(Figure {
        name: "GetMetricData, hourly averages",
        unit: "ms",
        haar: median(ours),
        other: theirs.milliseconds,
        beside: "DuckDB, Parquet",
        target: Target::AtMost(1.5),
    });
    report.note(format!(
        "metrics: {} of them over {days} days by the minute, put in {:.0} s; {} points answered",
        effort.metrics,
        loading.as_secs_f64(),
        found.points
    ));
    Ok(())
}

/// A value that both sides compute alike.
fn value(metric: usize, minute: i64) -> f64 {
    let mixed = (metric as i64 * 7919 + minute * 104_729) % 10_007;
    mixed as f64 / 8.0
}

/// Puts each day once it has passed: CloudWatch takes no data of the future.
async fn load(address: &str, from: i64, days: i64, metrics: usize) -> Result<()> {
    for day in 0..days {
        advance(address, 86_400).await?;
        let mut writers = tokio::task::JoinSet::new();
        for writer in 0..WRITERS {
            let address = address.to_owned();
            writers.spawn(async move {
                let mut connection = Connection::to(&address);
                let points = (0..1440).flat_map(|minute| (0..metrics).map(move |metric| (minute, metric)));
                let points: Vec<(i64, usize)> = points.collect();
                for part in points.chunks(PUT_MAX).skip(writer).step_by(WRITERS) {
                    let data = part.iter().map(|(minute, metric)| {
                        let minute = day * 1440 + minute;
                        json!({
                            "MetricName": "Load", "Timestamp": from + minute * 60, "Value": value(*metric, minute),
                            "Dimensions": [{"Name": "Host", "Value": format!("host-{metric}")}],
                        })
                    });
                    let input = json!({"Namespace": NAMESPACE, "MetricData": data.collect::<Vec<_>>()});
                    connection.succeed(&request(&address, "PutMetricData", &input)).await?;
                }
                anyhow::Ok(())
            });
        }
        while let Some(done) = writers.join_next().await {
            done??;
        }
    }
    // Until the last day is in columns, too.
    advance(address, 10_800).await
}

async fn advance(address: &str, seconds: u32) -> Result<()> {
    let request =
        format!("POST /_haar/clock?advance={seconds} HTTP/1.1\r\nhost: {address}\r\ncontent-length: 0\r\n\r\n");
    Connection::to(address).succeed(request.as_bytes()).await?;
    Ok(())
}

/// Asks for all metrics at once, page by page.
async fn query(address: &str, from: i64, days: i64, metrics: usize) -> Result<Vec<Bytes>> {
    let queries: Vec<Value> = (0..metrics)
        .map(|metric| {
            let dimensions = json!([{"Name": "Host", "Value": format!("host-{metric}")}]);
            let asked = json!({"Namespace": NAMESPACE, "MetricName": "Load", "Dimensions": dimensions});
            json!({"Id": format!("m{metric}"), "MetricStat": {"Metric": asked, "Period": PERIOD, "Stat": "Average"}})
        })
        .collect();
    let mut input = json!({"MetricDataQueries": queries, "StartTime": from, "EndTime": from + days * DAY});
    let mut connection = Connection::to(address);
    let mut pages = Vec::new();
    loop {
        let page = connection.succeed(&request(address, "GetMetricData", &input)).await?;
        let token = next_token(&page);
        pages.push(page);
        match token {
            Some(token) => input["NextToken"] = token.into(),
            None => return Ok(pages),
        }
    }
}

/// Found in the text: to read all of a page is the client's time, and DuckDB has no such client.
fn next_token(page: &[u8]) -> Option<String> {
    const NAME: &[u8] = b"\"NextToken\":\"";
    let begin = page.windows(NAME.len()).rposition(|part| part == NAME)? + NAME.len();
    let length = page[begin..].iter().position(|byte| *byte == b'"')?;
    String::from_utf8(page[begin..begin + length].to_vec()).ok()
}

/// What both sides must agree on.
#[derive(Debug, Default)]
struct Found {
    points: u64,
    sum: f64,
}

impl Found {
    fn of(pages: &[Bytes]) -> Result<Self> {
        let mut found = Self::default();
        for page in pages {
            let page: Value = serde_json::from_slice(page)?;
            for result in page["MetricDataResults"].as_array().context("no results")? {
                for value in result["Values"].as_array().context("no values")? {
                    found.points += 1;
                    found.sum += value.as_f64().context("a value that is no number")?;
                }
            }
        }
        Ok(found)
    }
}

/// DuckDB's middle time, and what it found.
struct Theirs {
    milliseconds: f64,
    found: Found,
}

async fn duckdb(folder: &Path, turns: usize, metrics: usize, minutes: i64, from: i64) -> Result<Theirs> {
    let python = std::env::var_os("BENCH_PYTHON").context("BENCH_PYTHON does not say where DuckDB is")?;
    let threads = std::thread::available_parallelism()?.to_string();
    let mut command = tokio::process::Command::new(Path::new(&python).join("python"));
    command.arg("-c").arg(include_str!("duckdb_metrics.py")).arg(folder.join("metrics.parquet"));
    command.args([threads, turns.to_string(), metrics.to_string(), minutes.to_string(), from.to_string()]);
    let output = command.output().await?;
    ensure!(output.status.success(), "DuckDB: {}", String::from_utf8_lossy(&output.stderr));
    let answer: Value = serde_json::from_slice(&output.stdout)?;
    let number = |name: &str| answer[name].as_f64().with_context(|| format!("no {name}"));
    let points = answer["points"].as_u64().context("no points")?;
    Ok(Theirs { milliseconds: number("milliseconds")?, found: Found { points, sum: number("sum")? } })
}

fn request(address: &str, operation: &str, input: &Value) -> Bytes {
    let target = format!("GraniteServiceVersion20100801.{operation}");
    requests::json(address, &Keys::root(), "monitoring", "1.0", &target, input)
}
