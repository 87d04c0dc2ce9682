//! Logs Insights over a gigabyte of JSON logs, beside DuckDB over the same lines as compressed NDJSON.

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use serde_json::{Value, json};

use crate::figures::{Effort, median};
use crate::load::Connection;
use crate::report::{Figure, Report, Target};
use crate::requests::{self, Keys};
use crate::server::{Data, Server};

/// What is asked.
const QUERY: &str = "filter level = \"ERROR\" | stats count(*) by bin(5m)";

/// How often the query is asked whether it has ended.
const ASK_EVERY: Duration = Duration::from_millis(2);

/// Lines of one request: below PutLogEvents' megabyte.
const BATCH_LINES: usize = 3500;

/// The last batch is filled up with lines that are a little ahead of time.
const AHEAD_SECONDS: i64 = 600;

/// The time that the lines are spread over, up to now.
const SPAN_MILLIS: i64 = 20 * 3600 * 1000;

pub async fn measure(effort: &Effort, report: &mut Report) -> Result<()> {
    let (data, files) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let haar = Server::haar(Data::At(data.path())).await?;
    let file = files.path().join("logs.json.zst");
    let (lines, began_millis) = load(&haar.address, &file, effort.log_bytes).await?;
    let mut ours = Vec::new();
    let mut counted = 0;
    for _ in 0..effort.turns {
        let began = Instant::now();
        counted = query(&haar.address, began_millis).await?;
        ours.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    let (theirs, expected) = duckdb(&file, effort.turns).await?;
    ensure!(counted == expected, "haar counted {counted} lines, DuckDB {expected}");
    report.add(Figure {
        name: "Insights: filter and count by time",
        unit: "ms",
        haar: median(ours),
        other: theirs,
        beside: "DuckDB, NDJSON",
        target: Target::AtMost(1.0),
    });
    report.note(format!("Insights: {lines} lines, {} MB of messages", effort.log_bytes / 1_000_000));
    Ok(())
}

/// Puts the lines into haar and into a file; how many there are, and when the first was.
async fn load(address: &str, file: &Path, bytes_max: u64) -> Result<(u64, i64)> {
    let mut connection = Connection::to(address);
    for (operation, input) in [
        ("CreateLogGroup", json!({"logGroupName": "insights"})),
        ("CreateLogStream", json!({"logGroupName": "insights", "logStreamName": "one"})),
    ] {
        connection.succeed(&request(address, operation, &input)).await?;
    }
    let mut compressed = zstd::Encoder::new(std::fs::File::create(file)?, 3)?;
    let (end, line_bytes) = (now_millis(), line(now_millis(), 0).len() as u64);
    let count = bytes_max / line_bytes;
    let first = end - SPAN_MILLIS;
    let mut number = 0;
    while number < count {
        let mut events = Vec::with_capacity(BATCH_LINES);
        for _ in 0..BATCH_LINES {
            let time = first + SPAN_MILLIS * i64::try_from(number)? / i64::try_from(count)?;
            let message = line(time, number);
            writeln!(compressed, "{message}")?;
            events.push(json!({"timestamp": time, "message": message}));
            number += 1;
        }
        let input = json!({"logGroupName": "insights", "logStreamName": "one", "logEvents": events});
        connection.succeed(&request(address, "PutLogEvents", &input)).await?;
    }
    compressed.finish()?;
    Ok((number, first))
}

/// Runs the query from StartQuery to its complete results; the sum of the counts.
async fn query(address: &str, began_millis: i64) -> Result<u64> {
    let mut connection = Connection::to(address);
    let input = json!({
        "logGroupName": "insights", "queryString": QUERY, "limit": 10000,
        "startTime": began_millis / 1000 - 1, "endTime": now_millis() / 1000 + AHEAD_SECONDS,
    });
    let started: Value = serde_json::from_slice(&connection.succeed(&request(address, "StartQuery", &input)).await?)?;
    let ask = request(address, "GetQueryResults", &json!({"queryId": started["queryId"]}));
    loop {
        let answer: Value = serde_json::from_slice(&connection.succeed(&ask).await?)?;
        match answer["status"].as_str() {
            Some("Complete") => {
                let rows = answer["results"].as_array().context("no results")?;
                let counts = rows.iter().filter_map(|row| row[1]["value"].as_str()?.parse::<u64>().ok());
                return Ok(counts.sum());
            }
            Some("Running" | "Scheduled") => tokio::time::sleep(ASK_EVERY).await,
            other => anyhow::bail!("the query ended as {other:?}: {answer}"),
        }
    }
}

/// The middle time in milliseconds, and the sum of the counts.
async fn duckdb(file: &Path, turns: usize) -> Result<(f64, u64)> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/src/figures/events/duckdb_logs.py");
    let python = std::env::var_os("BENCH_PYTHON").context("BENCH_PYTHON does not say where Python is")?;
    let threads = std::thread::available_parallelism()?.to_string();
    let mut command = tokio::process::Command::new(Path::new(&python).join("python"));
    let output = command.arg(script).arg(file).args([&threads, &turns.to_string()]).output().await?;
    ensure!(output.status.success(), "DuckDB: {}", String::from_utf8_lossy(&output.stderr));
    let answer: Value = serde_json::from_slice(&output.stdout)?;
    let time = answer["milliseconds"].as_f64().context("no time")?;
    Ok((time, answer["counted"].as_u64().context("no count")?))
}

fn request(address: &str, operation: &str, input: &Value) -> Bytes {
    requests::json(address, &Keys::root(), "logs", "1.1", &format!("Logs_20140328.{operation}"), input)
}

/// Milliseconds since 1970.
pub fn now_millis() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// A line as a web service writes them: 1 in 16 is an error.
pub fn line(time_millis: i64, number: u64) -> String {
    let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
    let level = if mixed.is_multiple_of(16) { "ERROR" } else { "INFO" };
    format!(
        "{{\"time\":{time_millis},\"level\":\"{level}\",\"request\":\"{mixed:016x}\",\"path\":\"/r/{}/comments/{}\",\
         \"status\":{},\"duration_ms\":{},\"client\":\"10.{}.{}.{}\",\"bytes\":{},\
         \"message\":\"{} the page after {} rows were read from the cache\"}}",
        ["dataengineering", "aws", "rust", "python"][(mixed % 4) as usize],
        number % 100_000,
        if level == "ERROR" { 500 } else { 200 },
        mixed % 900,
        mixed % 256,
        mixed / 256 % 256,
        mixed / 65_536 % 256,
        mixed % 50_000,
        if level == "ERROR" { "failed to render" } else { "rendered" },
        mixed % 1000,
    )
}
