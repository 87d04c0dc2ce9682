//! A crawl of ten times the objects beside one of the tenth: time must grow no faster than they do.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::{create_bucket, put};
use crate::figures::Effort;
use crate::load::Connection;
use crate::report::{Figure, Report, Target};
use crate::requests::{self, Keys};
use crate::server::{Data, Server};

/// Objects in each partition.
const PER_PARTITION: usize = 20;

const PAUSE: Duration = Duration::from_millis(5);

const TRUST: &str = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22Service%22%3A%22glue.amazonaws.com%22%7D%2C%22Action%22%3A%22sts%3AAssumeRole%22%7D%5D%7D";
const POLICY: &str = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%5B%22s3%3A%2A%22%2C%22glue%3A%2A%22%5D%2C%22Resource%22%3A%22%2A%22%7D%5D%7D";

pub async fn measure(effort: &Effort, report: &mut Report) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let server = Server::haar(Data::At(folder.path())).await?;
    create_bucket(&server.address).await?;
    let mut connection = Connection::to(&server.address);
    for form in [
        format!("Action=CreateRole&Version=2010-05-08&RoleName=crawler&AssumeRolePolicyDocument={TRUST}"),
        format!("Action=PutRolePolicy&Version=2010-05-08&RoleName=crawler&PolicyName=own&PolicyDocument={POLICY}"),
    ] {
        connection.succeed(&requests::query(&server.address, &Keys::root(), "iam", &form)).await?;
    }
    let few = effort.crawled / 10;
    for (name, objects) in [("few", few), ("many", effort.crawled)] {
        for number in 0..objects {
            let partition = number / PER_PARTITION;
            let key = format!("{name}/table/part={partition:05}/object-{number:06}.json");
            put(&server.address, &key, format!("{{\"id\": {number}, \"name\": \"row {number}\"}}\n").as_bytes())
                .await?;
        }
    }
    let few_seconds = crawl(&server.address, "few", few).await?;
    let many_seconds = crawl(&server.address, "many", effort.crawled).await?;
    report.add(Figure {
        name: "crawl of ten times the objects",
        unit: "s",
        haar: many_seconds,
        other: few_seconds,
        beside: "the tenth",
        target: Target::AtMost(11.0),
    });
    report.note(format!("crawled: {} objects in {} partitions", effort.crawled, effort.crawled / PER_PARTITION));
    Ok(())
}

async fn crawl(address: &str, name: &str, objects: usize) -> Result<f64> {
    let mut connection = Connection::to(address);
    let mut call = async |operation: &str, input: Value| -> Result<Value> {
        let target = format!("AWSGlue.{operation}");
        let request = requests::json(address, &Keys::root(), "glue", "1.1", &target, &input);
        Ok(serde_json::from_slice(&connection.succeed(&request).await?)?)
    };
    let crawler = json!({
        "Name": name,
        "Role": "crawler",
        "DatabaseName": name,
        "Targets": { "S3Targets": [{ "Path": format!("s3://bench/{name}/table/") }] },
    });
    call("CreateCrawler", crawler).await?;
    let began = Instant::now();
    call("StartCrawler", json!({ "Name": name })).await?;
    loop {
        let crawler = call("GetCrawler", json!({ "Name": name })).await?["Crawler"].take();
        if crawler["State"] == "READY" {
            ensure!(crawler["LastCrawl"]["Status"] == "SUCCEEDED", "{}", crawler["LastCrawl"]);
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    let seconds = began.elapsed().as_secs_f64();
    let asked = json!({ "DatabaseName": name, "TableName": "table", "MaxResults": 1000 });
    let partitions = call("GetPartitions", asked).await?["Partitions"].as_array().map_or(0, Vec::len);
    ensure!(partitions == (objects / PER_PARTITION).min(1000), "{partitions} partitions");
    Ok(seconds)
}
