//! Logs Insights on the SQL engine: the room declares what runs its queries, and this is it.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use haar_observability::logs::insights::{Ask, Engine, Failure, Found, Malformed, Progress};
use haar_sql::insights::{
    InsightsError, InsightsQuery, InsightsRun, MalformedQuery, ROWS_MAX, Surroundings, discovered_fields,
};
use haar_telemetry::logs::LogStore;

/// The SQL engine, as the room of logs sees it.
pub struct InsightsEngine(pub haar_sql::Engine);

impl Engine for InsightsEngine {
    fn check(&self, query: &str) -> Result<(), Malformed> {
        InsightsQuery::parse(query).map(drop).map_err(malformed)
    }

    fn run(&self, logs: LogStore, ask: Ask, progress: Arc<Progress>) -> BoxFuture<'static, Result<(), Failure>> {
        let engine = self.0.clone();
        Box::pin(async move {
            let query = InsightsQuery::parse(&ask.query).map_err(|error| Failure::Malformed(malformed(error)))?;
            let scan = logs.scan(query.scan(ask.groups, ask.from_ms, ask.to_ms)).await;
            let scan = scan.map_err(|error| Failure::Failed(error.to_string()))?;
            let surroundings = Surroundings {
                now_millis: ask.now_ms,
                rows_max: ask.rows_max.unwrap_or(ROWS_MAX),
                log_name: ask.log_name,
            };
            let mut run = engine.insights(query, scan, surroundings).await.map_err(|error| match error {
                InsightsError::Malformed(error) => Failure::Malformed(malformed(error)),
                InsightsError::Failed(error) => Failure::Failed(error.to_string()),
            })?;
            while let Some(rows) = run.next().await {
                let rows = rows.map_err(|error| Failure::Failed(error.to_string()))?;
                progress.update(|found| {
                    found.rows.extend(rows);
                    count(found, &run);
                });
            }
            progress.update(|found| count(found, &run));
            Ok(())
        })
    }

    fn fields(&self, message: &str) -> Vec<String> {
        discovered_fields(message)
    }
}

fn count(found: &mut Found, run: &InsightsRun) {
    let statistics = run.statistics();
    found.records_matched = statistics.records_matched;
    found.records_scanned = statistics.records_scanned;
    found.bytes_scanned = statistics.bytes_scanned;
}

fn malformed(error: MalformedQuery) -> Malformed {
    Malformed { message: error.message, start: error.start, end: error.end }
}
