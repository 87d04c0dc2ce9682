//! Queries over events in memory: what a user of Logs Insights reads.

use std::sync::Arc;

use haar_kernel::MemoryObjects;
use haar_store::{Config as StoreConfig, Store};
use haar_telemetry::logs::{LogEvent, LogStore, Pointer};

use super::*;
use crate::engine::{Config, Engine};

const START: i64 = 1_767_225_600_000; // 2026-01-01T00:00:00Z

struct Asked {
    rows: Vec<InsightsRow>,
    statistics: InsightsStatistics,
}

impl Asked {
    /// Values in the order of the fields, without the pointer.
    fn values(&self) -> Vec<Vec<&str>> {
        let row =
            |row: &'_ InsightsRow| -> Vec<usize> { (0..row.len()).filter(|index| row[*index].0 != "@ptr").collect() };
        self.rows.iter().map(|found| row(found).into_iter().map(|index| found[index].1.as_str()).collect()).collect()
    }
}

/// Runs a query over messages that came a second after each other.
async fn ask_for(messages: &[&str], query: &str) -> Result<Asked, String> {
    let store = Store::open(StoreConfig::in_memory()).expect("a store");
    let logs = LogStore::open(&store);
    let events = messages.iter().enumerate().map(|(second, message)| LogEvent {
        timestamp_ms: START + 1000 * second as i64,
        message: (*message).to_owned(),
    });
    logs.append("/app", "one", events.collect(), START).await.expect("appends");
    let config = Config { memory_bytes: 64 << 20, spill_dir: None, threads: 2 };
    let engine = Engine::open(config, Arc::new(MemoryObjects::default())).expect("an engine");
    let query = InsightsQuery::parse(query).map_err(|error| error.to_string())?;
    let scan = logs.scan(query.scan(vec!["/app".into()], START, START + 3_600_000)).await.expect("scans");
    let surroundings =
        Surroundings { now_millis: START, rows_max: ROWS_MAX, log_name: |group| format!("000000000000:{group}") };
    let mut run = engine.insights(query, scan, surroundings).await.map_err(|error| error.to_string())?;
    let mut rows = Vec::new();
    while let Some(more) = run.next().await {
        rows.extend(more.map_err(|error| error.to_string())?);
    }
    Ok(Asked { rows, statistics: run.statistics() })
}

async fn ask(messages: &[&str], query: &str) -> Asked {
    ask_for(messages, query).await.unwrap_or_else(|error| panic!("{query}: {error}"))
}

const JSON: [&str; 4] = [
    r#"{"level": "INFO", "ms": 12, "user": {"name": "ann"}, "ok": true}"#,
    r#"{"level": "ERROR", "ms": 250, "user": {"name": "bob"}, "ok": false}"#,
    r#"{"level": "INFO", "ms": 8.5, "user": {"name": "ann"}}"#,
    "no json here",
];

#[tokio::test]
async fn without_commands_that_show_it_is_time_and_message_newest_first() {
    let asked = ask(&JSON, "limit 2").await;
    assert_eq!(
        asked.values(),
        [vec!["2026-01-01 00:00:03.000", "no json here"], vec!["2026-01-01 00:00:02.000", JSON[2]],]
    );
    assert_eq!(asked.rows[0][2].0, "@ptr");
    let pointer: Pointer = asked.rows[0][2].1.parse().expect("a pointer");
    assert_eq!((pointer.group.as_str(), pointer.point.ms), ("/app", START + 3000));
}

#[tokio::test]
async fn members_of_json_are_fields_and_what_a_row_lacks_it_does_not_show() {
    let asked = ask(&JSON, "fields level, user.name, ok | sort @timestamp asc").await;
    assert_eq!(asked.values(), [vec!["INFO", "ann", "1"], vec!["ERROR", "bob", "0"], vec!["INFO", "ann"], vec![]]);
}

#[tokio::test]
async fn filters_count_what_matched_and_what_was_scanned() {
    let asked = ask(&JSON, r#"filter level = "ERROR" | fields ms"#).await;
    assert_eq!(asked.values(), [vec!["250"]]);
    let bytes: usize = JSON.iter().map(|message| message.len()).sum();
    let expected = InsightsStatistics { records_matched: 1, records_scanned: 4, bytes_scanned: bytes as u64 };
    assert_eq!(asked.statistics, expected);
}

#[tokio::test]
async fn a_field_that_is_spelled_with_escapes_is_found_all_the_same() {
    let asked = ask(&["{\"level\": \"\\u0045RROR\"}"], r#"filter level = "ERROR" | fields level"#).await;
    assert_eq!(asked.values(), [vec!["ERROR"]]);
}

#[tokio::test]
async fn numbers_compare_by_value_and_texts_by_letters() {
    let count = |condition: &'static str| async move { ask(&JSON, &format!("filter {condition}")).await.rows.len() };
    assert_eq!(count("ms > 9").await, 2);
    assert_eq!(count("ms = 12.0 or ms = '250'").await, 2);
    assert_eq!(count("ms in [8.5, 12]").await, 2);
    assert_eq!(count("level not in ['INFO']").await, 1);
    assert_eq!(count("@message like /(?i)JSON/").await, 1);
    assert_eq!(count("@message like 'json'").await, 1);
    assert_eq!(count("@message not like 'level'").await, 1);
    assert_eq!(count("ispresent(level) and not ok = 1").await, 1);
    assert_eq!(count("level != 'INFO'").await, 1);
    assert_eq!(count("isempty(nothing)").await, 4);
}

#[tokio::test]
async fn statistics_by_group_and_by_time() {
    let asked = ask(&JSON, "stats count(*) as n, avg(ms), max(ms) by level | sort n desc, level").await;
    assert_eq!(
        asked.rows[0],
        [
            ("level".to_owned(), "INFO".to_owned()),
            ("n".to_owned(), "2".to_owned()),
            ("avg(ms)".to_owned(), "10.25".to_owned()),
            ("max(ms)".to_owned(), "12".to_owned()),
        ]
    );
    assert_eq!(asked.rows.len(), 3);
    let binned = ask(&JSON, "stats count(*) by bin(2s)").await;
    assert_eq!(binned.values(), [vec!["2026-01-01 00:00:02.000", "2"], vec!["2026-01-01 00:00:00.000", "2"]]);
}

#[tokio::test]
async fn every_statistic_counts() {
    let query = "stats sum(ms), min(ms), pct(ms, 50), count(ms), count_distinct(level), stddev(ms) > 0 as x";
    assert!(ask_for(&JSON, query).await.is_err(), "only statistics may stand there");
    let query = "stats sum(ms), min(ms), median(ms), count(ms), count_distinct(level), earliest(level), latest(user.name), \
                 sortsFirst(level), sortsLast(level)";
    let asked = ask(&JSON, query).await;
    assert_eq!(asked.values(), [vec!["270.5", "8.5", "12", "3", "2", "INFO", "ann", "ERROR", "INFO"]]);
}

#[tokio::test]
async fn stats_over_stats() {
    let asked = ask(&JSON, "stats count(*) as n by user.name | stats max(n) as most, count(*) as users").await;
    assert_eq!(asked.values(), [vec!["2", "3"]]);
}

#[tokio::test]
async fn parse_makes_fields_by_glob_and_by_regex() {
    let lines = ["took 12 ms for ann", "took 7 ms for bob", "idle"];
    let asked = ask(&lines, r#"parse @message "took * ms for *" as ms, who | stats sum(ms) by who | sort who"#).await;
    assert_eq!(asked.values(), [vec![], vec!["ann", "12"], vec!["bob", "7"]].map(|row| row)[..].to_vec());
    let asked = ask(&lines, r"parse @message /took (?<ms>\d+)/ | filter ms > 10 | display ms").await;
    assert_eq!(asked.values(), [vec!["12"]]);
}

#[tokio::test]
async fn dedup_keeps_the_newest_of_each() {
    let asked = ask(&JSON, "fields user.name, ms | dedup user.name").await;
    assert_eq!(asked.values(), [vec!["ann", "8.5"], vec!["bob", "250"]]);
}

#[tokio::test]
async fn unnest_makes_a_row_of_each_element() {
    let asked =
        ask(&[r#"{"tags": ["a", "b"], "n": 1}"#], "fields n | unnest tags into tag | display tag, n | sort tag").await;
    assert_eq!(asked.values(), [vec!["a", "1"], vec!["b", "1"]]);
}

#[tokio::test]
async fn functions_of_every_family() {
    let query = "fields abs(-3) as a, ceil(1.2) as b, greatest(1, 5, 3) as c, concat('x', ms, missing) as d, \
                 toupper(level) as e, strlen(level) as f, substr(level, 1, 2) as g, replace(level, 'I', 'i') as h, \
                 ltrim('  x') as i, coalesce(missing, level) as j, if(ms > 10, 'slow', 'fast') as k, \
                 isIpInSubnet('10.1.2.3', '10.1.0.0/16') as l, datefloor(@timestamp, 1h) as m, 2 ^ 3 % 5 as n, 1 / 0 as o, \
                 strcontains(level, 'NF') as p | limit 1 | sort @timestamp";
    let asked = ask(&JSON[..1], query).await;
    assert_eq!(
        asked.values(),
        [vec![
            "3",
            "2",
            "5",
            "x12",
            "INFO",
            "4",
            "NF",
            "iNFO",
            "x",
            "INFO",
            "slow",
            "1",
            "2026-01-01 00:00:00.000",
            "3",
            "1",
        ]]
    );
}

#[tokio::test]
async fn grafana_s_own_fields_are_named() {
    let query = "fields @timestamp,ltrim(@log) as __log__,ltrim(@logStream) as __stream__|fields @message";
    let asked = ask(&JSON[3..], query).await;
    assert_eq!(asked.values(), [vec!["2026-01-01 00:00:00.000", "000000000000:/app", "one", "no json here"]]);
}

#[tokio::test]
async fn what_means_nothing_is_refused_with_its_place() {
    let refusal = |query: &'static str| async move { ask_for(&JSON, query).await.err().unwrap_or_default() };
    assert_eq!(refusal("fields nosuch(1)").await, "unknown function nosuch");
    assert_eq!(refusal("stats level").await, "stats wants a statistic, like count(*)");
    assert_eq!(refusal("fields bin(1)").await, "a length of time is wanted, like 5m");
    assert_eq!(refusal("fields substr(a)").await, "substr wants 2 or more arguments, and has 1");
}
