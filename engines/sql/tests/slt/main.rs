//! Runs the SQL scripts of `tests/trino`: statements, and what they must answer.
//!
//! `cargo test -p haar-sql --test slt -- string` runs the scripts whose names contain `string`. A script is a list of
//! blocks, separated by empty lines; `#` begins a comment line:
//!
//! ```text
//! query                         rows in any order; `query ordered` when the order matters
//! SELECT id, name FROM people
//! ----
//! 1 | Ann
//! 2 | NULL
//!
//! columns                       names and types of the result; nothing is run
//! SELECT id, 'x' FROM people
//! ----
//! id bigint
//! _col1 varchar(1)
//!
//! error                         the whole message, or its beginning and `…`
//! SELECT 1 / 0
//! ----
//! DIVISION_BY_ZERO: Division by zero
//! ```
//!
//! Values stand as Athena writes them into a CSV; NULL is `NULL`, an empty string `(empty)`. The session is that of
//! user `tester` in `awsdatacatalog.default` at 2024-02-03 04:05:06.789 UTC; the tables are in `lake.rs`.
#![allow(clippy::unwrap_used)]

mod lake;
mod script;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use futures_util::StreamExt;
use haar_sql::{Catalog, Config, Dialect, Engine, Session};
use script::{Block, Kind};

fn main() -> ExitCode {
    let filters: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/trino");
    let mut scripts = script::read(&folder);
    scripts.retain(|script| filters.is_empty() || filters.iter().any(|filter| script.name.contains(filter)));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let failures: usize = runtime.block_on(async {
        let spill = tempfile::tempdir().unwrap();
        let config = Config { memory_bytes: 256 << 20, spill_dir: Some(spill.path().to_owned()), threads: 4 };
        let (objects, catalog) = lake::build();
        let engine = Engine::open(config, objects).unwrap();
        let runs = scripts.iter().map(|script| {
            let (engine, catalog) = (engine.clone(), catalog.clone());
            async move {
                let mut failures = 0;
                for block in &script.blocks {
                    if let Err(complaint) = check(&engine, &catalog, block).await {
                        failures += 1;
                        eprintln!("{}.slt:{}: {}\n{complaint}\n", script.name, block.line, block.sql);
                    }
                }
                println!("{}: {} of {} pass", script.name, script.blocks.len() - failures, script.blocks.len());
                failures
            }
        });
        futures_util::stream::iter(runs).buffer_unordered(4).fold(0, async |sum, failures| sum + failures).await
    });
    if failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn session() -> Session {
    let now = haar_kernel::Timestamp::parse_iso8601("2024-02-03T04:05:06.789Z").unwrap();
    Session::new("awsdatacatalog", Some("default"), "tester", now, "20240203_040506_00001_abcde")
}

async fn check(engine: &Engine, catalog: &Arc<dyn Catalog>, block: &Block) -> Result<(), String> {
    let answer = match block.kind {
        Kind::Columns => columns(engine, catalog, &block.sql).await,
        Kind::Query { .. } | Kind::Error => rows(engine, catalog, &block.sql).await,
    };
    let wanted = &block.wanted;
    match (&block.kind, answer) {
        (Kind::Error, Err(message)) => match wanted.join("\n") {
            begins if begins.ends_with('…') && message.starts_with(begins.trim_end_matches('…')) => Ok(()),
            whole if whole == message => Ok(()),
            other => Err(format!("  wanted {other}\n  failed {message}")),
        },
        (Kind::Error, Ok(rows)) => Err(format!("  wanted {}\n  answered\n{}", wanted.join("\n"), indent(&rows))),
        (_, Err(message)) => Err(format!("  failed {message}")),
        (Kind::Query { ordered: false }, Ok(mut rows)) => {
            let mut wanted = wanted.clone();
            rows.sort();
            wanted.sort();
            same(&wanted, &rows)
        }
        (_, Ok(rows)) => same(wanted, &rows),
    }
}

fn same(wanted: &[String], rows: &[String]) -> Result<(), String> {
    if wanted == rows {
        return Ok(());
    }
    Err(format!("  wanted\n{}\n  answered\n{}", indent(wanted), indent(rows)))
}

fn indent(lines: &[String]) -> String {
    lines.iter().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}

async fn columns(engine: &Engine, catalog: &Arc<dyn Catalog>, sql: &str) -> Result<Vec<String>, String> {
    let columns = engine.describe(Dialect::Trino, sql, session(), catalog.clone()).await;
    let columns = columns.map_err(|error| error.to_string())?;
    Ok(columns.iter().map(|column| format!("{} {}", column.name, column.data_type)).collect())
}

async fn rows(engine: &Engine, catalog: &Arc<dyn Catalog>, sql: &str) -> Result<Vec<String>, String> {
    let query = engine.query(Dialect::Trino, sql, session(), catalog.clone()).await;
    let mut query = query.map_err(|error| error.to_string())?;
    let mut rows = Vec::new();
    while let Some(batch) = query.next().await {
        let batch = batch.map_err(|error| error.to_string())?;
        for row in 0..batch.rows() {
            let values = (0..batch.columns()).map(|column| match batch.text(column, row) {
                None => "NULL".to_owned(),
                Some(text) if text.is_empty() => "(empty)".to_owned(),
                Some(text) => text,
            });
            rows.push(values.collect::<Vec<_>>().join(" | "));
        }
    }
    Ok(rows)
}
