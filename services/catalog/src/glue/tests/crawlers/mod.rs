//! Crawlers: what they are told, when they crawl, and what they write.

mod lives;
mod schedules;
mod tables;

use std::time::Duration;

use haar_platform::kernel::{MemoryObjects, Timestamp};

use super::*;
use crate::glue::service;

/// A house with objects for its crawlers.
pub struct Lake {
    pub house: TestHouse,
    pub objects: MemoryObjects,
}

pub fn lake() -> Lake {
    let objects = MemoryObjects::default();
    let house = TestHouse::open(|platform| vec![service(platform, Arc::new(objects.clone()))]);
    Lake { house, objects }
}

/// A crawler `c` of one path, which writes to `db`.
pub fn crawler(path: &str) -> CreateCrawlerRequest {
    CreateCrawlerRequest {
        name: "c".into(),
        role: "arn:aws:iam::000000000000:role/crawler".into(),
        database_name: Some("db".into()),
        targets: targets(path),
        ..Default::default()
    }
}

pub fn targets(path: &str) -> CrawlerTargets {
    let target = S3Target { path: Some(path.into()), ..Default::default() };
    CrawlerTargets { s3_targets: Some(vec![target]), ..Default::default() }
}

impl Lake {
    pub fn put(&self, key: &str, text: &str) {
        self.objects.put("lake", key, Timestamp::from_seconds(0), text.to_owned());
    }

    pub async fn create(&self, request: CreateCrawlerRequest) {
        self.house.call::<aws::CreateCrawler>(request).await.unwrap();
    }

    pub async fn start(&self) -> Result<StartCrawlerResponse, Fault> {
        self.house.call::<aws::StartCrawler>(StartCrawlerRequest { name: "c".into() }).await
    }

    /// Crawls to the end, which must be a good one; tables and partitions that came, changed and went.
    pub async fn crawl(&self) -> String {
        self.start().await.unwrap();
        self.house.settle().await;
        let last = self.crawler().await.last_crawl.unwrap();
        assert_eq!((last.status, last.error_message), (Some(LastCrawlStatus::Succeeded), None));
        let event = self
            .house
            .platform
            .bus
            .recent(1000)
            .unwrap()
            .into_iter()
            .find(|event| event.detail_type == "Glue Crawler State Change" && event.detail["state"] == "Succeeded");
        let detail = event.unwrap().detail;
        let count = |what: &str| detail[what].as_str().unwrap().to_owned();
        let tables = ["tablesCreated", "tablesUpdated", "tablesDeleted"].map(count).join("/");
        let partitions = ["partitionsCreated", "partitionsUpdated", "partitionsDeleted"].map(count).join("/");
        format!("{tables} {partitions}")
    }

    /// Crawls to the end, which must be a bad one.
    pub async fn fail(&self) -> String {
        self.start().await.unwrap();
        self.house.settle().await;
        let last = self.crawler().await.last_crawl.unwrap();
        assert_eq!(last.status, Some(LastCrawlStatus::Failed));
        last.error_message.unwrap()
    }

    pub async fn crawler(&self) -> Crawler {
        let got = self.house.call::<aws::GetCrawler>(GetCrawlerRequest { name: "c".into() }).await.unwrap();
        got.crawler.unwrap()
    }

    pub async fn crawls(&self) -> Vec<CrawlerHistory> {
        let request = ListCrawlsRequest { crawler_name: "c".into(), ..Default::default() };
        self.house.call::<aws::ListCrawls>(request).await.unwrap().crawls.unwrap()
    }

    /// `name: column type, … by key, …` of all tables.
    pub async fn tables(&self) -> Vec<String> {
        let request = GetTablesRequest { database_name: "db".into(), ..Default::default() };
        let Ok(answer) = self.house.call::<aws::GetTables>(request).await else { return Vec::new() };
        answer.table_list.unwrap().iter().map(describe).collect()
    }

    /// Values and number of objects of a table's partitions.
    pub async fn partitions(&self, table: &str) -> Vec<String> {
        let request =
            GetPartitionsRequest { database_name: "db".into(), table_name: table.into(), ..Default::default() };
        let answer = self.house.call::<aws::GetPartitions>(request).await.unwrap();
        let show = |partition: Partition| {
            let objects = partition.parameters.unwrap()["objectCount"].clone();
            format!("{}: {objects}", partition.values.unwrap().join(","))
        };
        answer.partitions.unwrap().into_iter().map(show).collect()
    }

    pub async fn table(&self, name: &str) -> Table {
        get_table(&self.house, name).await.unwrap()
    }
}

pub fn describe(table: &Table) -> String {
    let storage = table.storage_descriptor.as_ref().unwrap();
    let columns = storage.columns.iter().flatten();
    let columns: Vec<String> =
        columns.map(|column| format!("{} {}", column.name, column.r#type.as_deref().unwrap())).collect();
    let keys = table.partition_keys.iter().flatten();
    let keys: Vec<String> = keys.map(|key| key.name.clone()).collect();
    let keys = if keys.is_empty() { String::new() } else { format!(" by {}", keys.join(", ")) };
    format!("{}: {}{keys}", table.name, columns.join(", "))
}

pub async fn advance(house: &TestHouse, seconds: u64) {
    house.advance(Duration::from_secs(seconds)).await;
}
