//! Athena as a client uses it: start, ask until it is done, fetch the results.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::load::Connection;
use crate::requests::{self, Keys};

const PAUSE: Duration = Duration::from_millis(1);

/// A connection to Athena in one database.
pub struct Athena {
    address: String,
    database: &'static str,
    connection: Connection,
}

/// A query that has ended.
pub struct Ended {
    /// `EngineExecutionTimeInMillis`.
    pub engine_milliseconds: f64,
    /// Rows of the first page, the header among them.
    pub rows: usize,
}

impl Athena {
    pub fn of(address: &str, database: &'static str) -> Self {
        Self { address: address.to_owned(), database, connection: Connection::to(address) }
    }

    /// From `StartQueryExecution` to the first page of `GetQueryResults`.
    pub async fn run(&mut self, sql: &str) -> Result<Ended> {
        let start = json!({
            "QueryString": sql,
            "QueryExecutionContext": { "Database": self.database },
            "ResultConfiguration": { "OutputLocation": "s3://bench/results/" },
        });
        let id = self.call("StartQueryExecution", &start).await?["QueryExecutionId"].take();
        let asked = json!({ "QueryExecutionId": id });
        let statistics = loop {
            let mut execution = self.call("GetQueryExecution", &asked).await?["QueryExecution"].take();
            match execution["Status"]["State"].as_str() {
                Some("QUEUED" | "RUNNING") => tokio::time::sleep(PAUSE).await,
                Some("SUCCEEDED") => break execution["Statistics"].take(),
                _ => bail!("{}: {sql}", execution["Status"]),
            }
        };
        let rows = match sql.starts_with("CREATE") {
            true => 0,
            false => {
                let results = self.call("GetQueryResults", &asked).await?;
                results["ResultSet"]["Rows"].as_array().context("a page has rows")?.len()
            }
        };
        let engine_milliseconds = statistics["EngineExecutionTimeInMillis"].as_f64().unwrap_or_default();
        Ok(Ended { engine_milliseconds, rows })
    }

    async fn call(&mut self, operation: &str, input: &Value) -> Result<Value> {
        let target = format!("AmazonAthena.{operation}");
        let request = requests::json(&self.address, &Keys::root(), "athena", "1.1", &target, input);
        Ok(serde_json::from_slice(&self.connection.succeed(&request).await?)?)
    }
}
