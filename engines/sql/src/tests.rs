//! What the engine promises of all queries: bounded memory, an end when it is asked for, true statistics.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Duration;

use arrow::array::{ArrayRef, Int64Array, StringArray};
use arrow::record_batch::RecordBatch;
use haar_kernel::{Clock, Timestamp};

use crate::engine::{Explain, ExplainFormat, ExplainKind};
use crate::session::Dialect;
use crate::testkit::TestHouse;

const PARQUET: &str = "ql.io.parquet.serde.ParquetHiveSerDe";

/// `numbers`: n from 0 in no order, and a text of a hundred bytes.
fn with_numbers(house: &TestHouse, rows: i64) {
    let n: ArrayRef = Arc::new(Int64Array::from_iter_values((0..rows).map(|n| n * 7919 % rows)));
    let text: ArrayRef = Arc::new(StringArray::from_iter_values((0..rows).map(|n| format!("{n:0100}"))));
    let batch = RecordBatch::try_from_iter([("n", n), ("text", text)]).unwrap();
    let mut bytes = Vec::new();
    let mut writer = parquet::arrow::ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    house.objects.put("lake", "numbers/x.parquet", Timestamp::default(), bytes);
    house.catalog.add("numbers", PARQUET, &[("n", "bigint"), ("text", "string")], &[]);
}

#[tokio::test]
async fn a_sort_that_does_not_fit_into_memory_is_spilled() {
    let house = TestHouse::with_memory(24 << 20);
    with_numbers(&house, 300_000);
    let mut query = house.query("SELECT n, text FROM numbers ORDER BY n").await.unwrap();
    let mut next = 0;
    while let Some(batch) = query.next().await {
        let batch = batch.unwrap();
        for row in 0..batch.rows() {
            assert_eq!(batch.text(0, row).unwrap(), next.to_string());
            next += 1;
        }
    }
    assert_eq!(next, 300_000);
    assert!(query.statistics().spilled_bytes > 0);
    drop(query);
    assert_eq!(house.spilled_files(), 0);
}

#[tokio::test]
async fn what_cannot_be_spilled_fails_in_athena_s_words() {
    let house = TestHouse::with_memory(4 << 20);
    with_numbers(&house, 200_000);
    let error = house.rows("SELECT count(*) FROM numbers a JOIN numbers b ON a.text = b.text").await.unwrap_err();
    assert_eq!(error.to_string(), "EXCEEDED_LOCAL_MEMORY_LIMIT: Query exhausted resources at this scale factor");
}

#[tokio::test]
async fn a_query_that_is_cancelled_ends_within_a_second() {
    let house = TestHouse::open();
    with_numbers(&house, 20_000);
    let sql = "SELECT count(*) FROM numbers a CROSS JOIN numbers b CROSS JOIN numbers c WHERE a.n + b.n + c.n = -1";
    let mut query = house.query(sql).await.unwrap();
    let canceller = query.canceller();
    let clock = Clock::system();
    let stopped = async {
        clock.patience(Duration::from_millis(100)).await;
        canceller.cancel();
        clock.stopwatch()
    };
    let (outcome, since) = tokio::join!(query.next(), stopped);
    assert_eq!(outcome.unwrap().err().unwrap().name, "USER_CANCELED");
    assert!(since.elapsed() < Duration::from_secs(1), "{:?}", since.elapsed());
}

#[tokio::test]
async fn a_limit_stops_the_reading_of_text_early() {
    let house = TestHouse::open();
    let line = format!("1,{}\n", "x".repeat(1000));
    house.objects.put("lake", "t/x.csv", Timestamp::default(), line.repeat(64 << 10));
    house.catalog.add("t", "serde2.lazy.LazySimpleSerDe", &[("n", "int"), ("text", "string")], &[]);
    house.catalog.delimit("t", ",");
    let mut query = house.query("SELECT n FROM t LIMIT 3").await.unwrap();
    let mut rows = 0;
    while let Some(batch) = query.next().await {
        rows += batch.unwrap().rows();
    }
    let read = query.statistics().bytes_scanned;
    assert_eq!(rows, 3);
    assert!(read <= 16 << 20, "{read}");
}

#[tokio::test]
async fn statistics_tell_what_was_read_and_by_which_stages() {
    let house = TestHouse::open();
    with_numbers(&house, 1000);
    let mut query = house.query("SELECT n % 10, count(*) FROM numbers GROUP BY 1").await.unwrap();
    while let Some(batch) = query.next().await {
        batch.unwrap();
    }
    let statistics = query.statistics();
    assert_eq!((statistics.rows, statistics.rows_scanned, statistics.files_opened), (10, 1000, 1));
    assert!(statistics.bytes_scanned > 0 && statistics.planning > Duration::ZERO);
    let root = statistics.output_stage.unwrap();
    assert_eq!((root.id, root.output_rows), (0, 10));
    let mut lowest = &root;
    while let Some(below) = lowest.sub_stages.first() {
        lowest = below;
    }
    assert_eq!((lowest.input_rows, lowest.input_bytes), (1000, statistics.bytes_scanned));
}

#[tokio::test]
async fn many_queries_at_once_all_answer() {
    let house = TestHouse::open();
    with_numbers(&house, 5000);
    let queries = (0..16).map(|at| {
        let house = &house;
        async move { house.rows(&format!("SELECT count(*), max(n) FROM numbers WHERE n % 16 = {at}")).await.unwrap() }
    });
    let answers = futures_util::future::join_all(queries).await;
    let counted: u64 = answers.iter().map(|rows| rows[0].split('|').next().unwrap().parse::<u64>().unwrap()).sum();
    assert_eq!(counted, 5000);
}

#[tokio::test]
async fn explain_shows_fragments_and_analyze_what_they_did() {
    let house = TestHouse::open();
    with_numbers(&house, 1000);
    let explained = async |explain: Explain| {
        let catalog: Arc<dyn crate::Catalog> = house.catalog.clone();
        let sql = "SELECT n % 10 AS digit, count(*) FROM numbers GROUP BY 1";
        house.engine.explain(Dialect::Trino, explain, sql, house.session(), catalog).await.unwrap()
    };
    let plain = Explain { kind: ExplainKind::Distributed, format: ExplainFormat::Text, analyze: false, verbose: false };
    let text = explained(plain).await;
    assert!(text.starts_with("Fragment 0 ["), "{text}");
    assert!(text.contains("Output[columnNames = [digit, _col1]]"), "{text}");
    assert!(text.contains("TableScan[table = awsdatacatalog:db:numbers]"), "{text}");
    assert!(!text.contains("CPU: "));
    let text = explained(Explain { analyze: true, ..plain }).await;
    assert!(text.contains("Input: 1000 rows") && text.contains("Output: 10 rows"), "{text}");
    let text = explained(Explain { kind: ExplainKind::Logical, ..plain }).await;
    assert!(text.starts_with("Output[") && text.contains("└─ TableScan["), "{text}");
    let json = explained(Explain { format: ExplainFormat::Json, ..plain }).await;
    assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap()["0"]["name"], "Output");
    let io = explained(Explain { kind: ExplainKind::Io, ..plain }).await;
    let io: serde_json::Value = serde_json::from_str(&io).unwrap();
    assert_eq!(io["inputTableColumnInfos"][0]["table"]["schemaTable"]["table"], "numbers");
    assert_eq!(explained(Explain { kind: ExplainKind::Validate, ..plain }).await, "true");
}
