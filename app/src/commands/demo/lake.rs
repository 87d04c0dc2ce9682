//! The lake in the demo: raw posts are put, crawled, queried, turned into Parquet, and queried again.

use std::fmt::Write as _;
use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::{Tour, worked};
use crate::failure::Failure;

/// Days of posts, and posts of each day.
const DAYS: [&str; 3] = ["2026-11-21", "2026-11-22", "2026-11-23"];
const POSTS_PER_DAY: usize = 4000;

const SUBREDDITS: [&str; 4] = ["dataengineering", "aws", "rust", "dataisbeautiful"];

const GLUE_TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"glue.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

const CRAWLER_POLICY: &str = r#"{"Version":"2012-10-17","Statement":[
{"Effect":"Allow","Action":["s3:GetObject","s3:ListBucket"],"Resource":["arn:aws:s3:::reddit-lake","arn:aws:s3:::reddit-lake/*"]},
{"Effect":"Allow","Action":"glue:*","Resource":"*"}]}"#;

const BEST: &str = "SELECT subreddit, count(*) AS posts, max_by(title, score) AS best, round(avg(score), 1) AS average \
                    FROM raw WHERE dt >= '2026-11-22' GROUP BY subreddit ORDER BY posts DESC, subreddit";

const CURATE: &str = "CREATE TABLE curated WITH (format = 'PARQUET', partitioned_by = ARRAY['dt'], \
                      external_location = 's3://reddit-lake/curated/') AS SELECT id, subreddit, title, score, \
                      from_unixtime(created_utc) AT TIME ZONE 'UTC' > TIMESTAMP '2026-01-01 00:00:00 UTC' AS recent, \
                      dt FROM raw";

const SUM: &str = "SELECT dt, sum(score) AS score FROM %s GROUP BY dt ORDER BY dt";

/// How often a crawl or a query is asked after.
const PAUSE: Duration = Duration::from_millis(10);

impl Tour {
    pub(super) async fn lake(&self) -> Result<(), Failure> {
        self.teller.title("Raw posts arrive in S3, as JSON lines");
        self.s3(Method::PUT, "/reddit-lake", "").await?;
        for (number, day) in DAYS.iter().enumerate() {
            let path = format!("/reddit-lake/raw/dt%3D{day}/posts.ndjson");
            self.s3(Method::PUT, &path, posts(number, day)).await?;
        }
        self.teller.fact("put", &format!("{} posts of {} days", POSTS_PER_DAY * DAYS.len(), DAYS.len()));
        self.crawl().await?;
        self.query().await
    }

    async fn crawl(&self) -> Result<(), Failure> {
        self.teller.title("A Glue crawler reads them and finds out what they are");
        self.iam("CreateRole", &[("RoleName", "crawler"), ("AssumeRolePolicyDocument", GLUE_TRUST)]).await?;
        let policy = [("RoleName", "crawler"), ("PolicyName", "lake"), ("PolicyDocument", CRAWLER_POLICY)];
        self.iam("PutRolePolicy", &policy).await?;
        let crawler = json!({
            "Name": "raw",
            "Role": "arn:aws:iam::000000000000:role/crawler",
            "DatabaseName": "reddit",
            "Targets": { "S3Targets": [{ "Path": "s3://reddit-lake/raw/" }] },
        });
        self.glue("CreateDatabase", json!({ "DatabaseInput": { "Name": "reddit" } })).await?;
        self.glue("CreateCrawler", crawler).await?;
        self.glue("StartCrawler", json!({ "Name": "raw" })).await?;
        let crawled = loop {
            let crawler = self.glue("GetCrawler", json!({ "Name": "raw" })).await?["Crawler"].take();
            if crawler["State"] == "READY" {
                break crawler["LastCrawl"]["Status"].as_str().unwrap_or_default().to_owned();
            }
            self.clock.patience(PAUSE).await;
        };
        self.teller.fact("the crawl", &crawled);
        let table = self.glue("GetTable", json!({ "DatabaseName": "reddit", "Name": "raw" })).await?["Table"].take();
        let columns = table["StorageDescriptor"]["Columns"].as_array().into_iter().flatten();
        let keys = table["PartitionKeys"].as_array().into_iter().flatten();
        let shown: Vec<String> = columns
            .chain(keys)
            .map(|column| {
                format!(
                    "{} {}",
                    column["Name"].as_str().unwrap_or_default(),
                    column["Type"].as_str().unwrap_or_default()
                )
            })
            .collect();
        self.teller.fact("it found the table raw", &shown.join(", "));
        Ok(())
    }

    async fn query(&self) -> Result<(), Failure> {
        self.teller.title("Athena queries them, in Trino's SQL");
        self.s3(Method::PUT, "/athena-results", "").await?;
        let (rows, _) = self.athena(BEST).await?;
        for row in rows {
            self.teller.say(&format!("  {}", row.join("  |  ")));
        }
        let (_, raw_bytes) = self.athena(&SUM.replace("%s", "raw")).await?;
        self.athena(CURATE).await?;
        let (rows, curated_bytes) = self.athena(&SUM.replace("%s", "curated")).await?;
        let rows: Vec<String> = rows.iter().skip(1).map(|row| row.join(" ")).collect();
        self.teller.fact("the sum of scores by day", &rows.join(", "));
        self.teller.fact("bytes scanned for it", &format!("{raw_bytes} as JSON, {curated_bytes} as Parquet (CTAS)"));
        Ok(())
    }

    /// Runs a query: its rows with the header, and the bytes that it scanned.
    async fn athena(&self, sql: &str) -> Result<(Vec<Vec<String>>, u64), Failure> {
        let call = async |operation: &str, input: Value| {
            worked(self.root.json("athena", "1.1", &format!("AmazonAthena.{operation}"), input).await?)
        };
        let start = json!({
            "QueryString": sql,
            "QueryExecutionContext": { "Database": "reddit" },
            "ResultConfiguration": { "OutputLocation": "s3://athena-results/demo/" },
        });
        let id = call("StartQueryExecution", start).await?["QueryExecutionId"].take();
        let execution = loop {
            let asked = call("GetQueryExecution", json!({ "QueryExecutionId": id })).await?;
            match asked["QueryExecution"]["Status"]["State"].as_str().unwrap_or_default() {
                "QUEUED" | "RUNNING" => self.clock.patience(PAUSE).await,
                "SUCCEEDED" => break asked,
                _ => {
                    let why = asked["QueryExecution"]["Status"]["StateChangeReason"].to_string();
                    return Err(Failure::new("a query of the demo failed").because(why));
                }
            }
        };
        let scanned = execution["QueryExecution"]["Statistics"]["DataScannedInBytes"].as_u64().unwrap_or_default();
        let results = call("GetQueryResults", json!({ "QueryExecutionId": id })).await?;
        let rows = results["ResultSet"]["Rows"].as_array().into_iter().flatten();
        let cells = |row: &Value| -> Vec<String> {
            let cells = row["Data"].as_array().into_iter().flatten();
            cells.map(|cell| cell["VarCharValue"].as_str().unwrap_or("NULL").to_owned()).collect()
        };
        Ok((rows.map(cells).collect(), scanned))
    }
}

/// A day's posts as JSON lines: the same every time.
fn posts(number: usize, day: &str) -> String {
    let mut lines = String::new();
    for post in 0..POSTS_PER_DAY {
        let seed = (number * POSTS_PER_DAY + post) * 2_654_435_761 % 1_000_003;
        let subreddit = SUBREDDITS[seed % SUBREDDITS.len()];
        let record = json!({
            "id": format!("p{number}{post:04}"),
            "subreddit": subreddit,
            "title": format!("Post {post} of {day}"),
            "score": seed % 5000,
            "upvote_ratio": (seed % 100) as f64 / 100.0,
            "created_utc": 1_795_219_200 + number * 86_400 + post * 20,
        });
        // Writing into a string cannot fail.
        let _ = writeln!(lines, "{record}");
    }
    lines
}
