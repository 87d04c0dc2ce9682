//! The 22 queries of TPC-H on Parquet through Athena, beside DuckDB on the same files with the same threads; what a
//! trivial query costs beside its engine's time; and many queries at once beside the same in a row.

use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::query::Athena;
use super::{create_bucket, put};
use crate::figures::{Effort, median};
use crate::report::{Figure, Report, Target};
use crate::server::{Data, Server};

const DATABASE: &str = "default";

/// Hive's types, as `tpchgen-cli` writes them.
const TABLES: [(&str, &str); 8] = [
    (
        "customer",
        "c_custkey bigint, c_name string, c_address string, c_nationkey bigint, c_phone string, c_acctbal decimal(15,2), c_mktsegment string, c_comment string",
    ),
    (
        "lineitem",
        "l_orderkey bigint, l_partkey bigint, l_suppkey bigint, l_linenumber int, l_quantity decimal(15,2), l_extendedprice decimal(15,2), l_discount decimal(15,2), l_tax decimal(15,2), l_returnflag string, l_linestatus string, l_shipdate date, l_commitdate date, l_receiptdate date, l_shipinstruct string, l_shipmode string, l_comment string",
    ),
    ("nation", "n_nationkey bigint, n_name string, n_regionkey bigint, n_comment string"),
    (
        "orders",
        "o_orderkey bigint, o_custkey bigint, o_orderstatus string, o_totalprice decimal(15,2), o_orderdate date, o_orderpriority string, o_clerk string, o_shippriority int, o_comment string",
    ),
    (
        "part",
        "p_partkey bigint, p_name string, p_mfgr string, p_brand string, p_type string, p_size int, p_container string, p_retailprice decimal(15,2), p_comment string",
    ),
    (
        "partsupp",
        "ps_partkey bigint, ps_suppkey bigint, ps_availqty int, ps_supplycost decimal(15,2), ps_comment string",
    ),
    ("region", "r_regionkey bigint, r_name string, r_comment string"),
    (
        "supplier",
        "s_suppkey bigint, s_name string, s_address string, s_nationkey bigint, s_phone string, s_acctbal decimal(15,2), s_comment string",
    ),
];

/// Runs of each query in each engine; the fastest counts.
const RUNS: usize = 3;

/// Queries at once.
const CROWD: usize = 32;

pub async fn measure(effort: &Effort, report: &mut Report) -> Result<()> {
    let (data, files) = (tempfile::tempdir()?, tempfile::tempdir()?);
    generate(files.path(), effort.scale).await?;
    let server = Server::haar(Data::At(data.path())).await?;
    load(&server.address, files.path()).await?;
    let queries = queries()?;
    let mut athena = Athena::of(&server.address, DATABASE);
    let mut ours = Vec::new();
    for sql in &queries {
        let mut fastest = f64::INFINITY;
        for _ in 0..RUNS {
            let began = Instant::now();
            athena.run(sql).await?;
            fastest = fastest.min(milliseconds(began));
        }
        ours.push(fastest);
    }
    let theirs = duckdb(files.path(), &queries).await?;
    report.add(Figure {
        name: "22 queries of TPC-H through Athena",
        unit: "ms",
        haar: ours.iter().sum(),
        other: theirs.iter().sum(),
        beside: "DuckDB",
        target: Target::AtMost(2.0),
    });
    let each = ours.iter().zip(&theirs).enumerate();
    let each: Vec<String> =
        each.map(|(index, (ours, theirs))| format!("q{} {ours:.0}/{theirs:.0}", index + 1)).collect();
    report.note(format!("TPC-H at scale {}, ms haar/DuckDB: {}", effort.scale, each.join(", ")));
    trivial(&mut athena, effort, report).await?;
    crowd(&server, &queries, report).await
}

async fn trivial(athena: &mut Athena, effort: &Effort, report: &mut Report) -> Result<()> {
    let (mut walls, mut engines) = (Vec::new(), Vec::new());
    for _ in 0..effort.pages.min(200) {
        let began = Instant::now();
        let ended = athena.run("SELECT 1").await?;
        ensure!(ended.rows == 2, "{} rows of SELECT 1", ended.rows);
        walls.push(milliseconds(began));
        engines.push(ended.engine_milliseconds);
    }
    report.add(Figure {
        name: "SELECT 1, start to results",
        unit: "ms",
        haar: median(walls),
        other: median(engines),
        beside: "the engine's time",
        target: Target::GrowsBelow(15.0),
    });
    Ok(())
}

/// The same queries in a row, then all at once.
async fn crowd(server: &Server, queries: &[String], report: &mut Report) -> Result<()> {
    let chosen: Vec<String> = queries.iter().cycle().take(CROWD).cloned().collect();
    let mut athena = Athena::of(&server.address, DATABASE);
    let began = Instant::now();
    for sql in &chosen {
        athena.run(sql).await?;
    }
    let in_a_row = milliseconds(began);
    let began = Instant::now();
    let mut running = tokio::task::JoinSet::new();
    for sql in chosen {
        let mut athena = Athena::of(&server.address, DATABASE);
        running.spawn(async move { athena.run(&sql).await.map(|_| ()) });
    }
    while let Some(done) = running.join_next().await {
        done??;
    }
    report.add(Figure {
        name: "32 queries of TPC-H at once",
        unit: "ms",
        haar: milliseconds(began),
        other: in_a_row,
        beside: "in a row",
        target: Target::AtMost(1.2),
    });
    #[expect(clippy::cast_precision_loss, reason = "memory of a process")]
    let resident = server.resident_bytes_max()? as f64 / f64::from(1 << 20);
    report.note(format!("highest memory while 32 queries ran at once: {resident:.0} MiB"));
    Ok(())
}

fn milliseconds(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1000.0
}

/// The queries that the tests check, too.
fn queries() -> Result<Vec<String>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/tpch");
    let read = |number: usize| std::fs::read_to_string(folder.join(format!("q{number:02}.sql")));
    (1..=22).map(|number| read(number).context("a query of TPC-H")).collect()
}

/// A program of the benchmarks' Python environment.
fn python_program(name: &str) -> Result<std::path::PathBuf> {
    let bin = std::env::var_os("BENCH_PYTHON").context("BENCH_PYTHON does not say where DuckDB is")?;
    Ok(Path::new(&bin).join(name))
}

async fn generate(folder: &Path, scale: f64) -> Result<()> {
    let mut command = Command::new(python_program("tpchgen-cli")?);
    command.args(["parquet", "--scale-factor", &scale.to_string(), "--output-dir"]).arg(folder);
    let done = command.stdout(Stdio::null()).stderr(Stdio::null()).status().await?;
    ensure!(done.success(), "tpchgen-cli failed");
    Ok(())
}

async fn load(address: &str, folder: &Path) -> Result<()> {
    create_bucket(address).await?;
    let mut athena = Athena::of(address, DATABASE);
    athena.run("CREATE DATABASE IF NOT EXISTS default").await?;
    for (table, columns) in TABLES {
        let body = std::fs::read(folder.join(format!("{table}.parquet")))?;
        put(address, &format!("tpch/{table}/{table}.parquet"), &body).await?;
        let sql =
            format!("CREATE EXTERNAL TABLE {table} ({columns}) STORED AS PARQUET LOCATION 's3://bench/tpch/{table}/'");
        athena.run(&sql).await?;
    }
    Ok(())
}

async fn duckdb(folder: &Path, queries: &[String]) -> Result<Vec<f64>> {
    let threads = std::thread::available_parallelism()?;
    let mut command = Command::new(python_program("python")?);
    command.arg("-c").arg(include_str!("duckdb_tpch.py")).arg(folder);
    command.arg(threads.to_string()).arg(RUNS.to_string()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn()?;
    let mut input = child.stdin.take().context("the input is piped")?;
    input.write_all(&serde_json::to_vec(queries)?).await?;
    drop(input);
    let output = child.wait_with_output().await?;
    ensure!(output.status.success(), "DuckDB failed");
    Ok(serde_json::from_slice(&output.stdout)?)
}
