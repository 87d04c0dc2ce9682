//! A million keys listed: the time of a page at the end beside that of a page at the beginning.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, anyhow};
use haar::client::element;
use haar_gateway::testkit::{FixedAuthority, TestHouse};
use haar_platform::aws::s3 as api;
use haar_platform::kernel::Body;
use haar_platform::store::Config;
use haar_storage::s3;

use super::BUCKET;
use crate::figures::{Effort, median};
use crate::load::Connection;
use crate::report::{Figure, Report, Target};
use crate::requests;
use crate::server::{Data, Server};

/// Writers that fill the store together: one write to the disk serves them all.
const WRITERS: usize = 1024;

/// Pages at each end that are compared.
const PAGES: usize = 50;

pub async fn measure(effort: &Effort, report: &mut Report) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let began = Instant::now();
    fill(folder.path(), effort.objects).await?;
    report.note(format!("{} objects were put in {:.1} s", effort.objects, began.elapsed().as_secs_f64()));
    let server = Server::haar(Data::At(folder.path())).await?;
    let mut connection = Connection::to(&server.address);
    let mut milliseconds = Vec::new();
    let mut after = String::new();
    loop {
        let path = format!("/{BUCKET}?list-type=2&start-after={after}");
        let request = requests::s3(&server.address, "GET", &path);
        let began = Instant::now();
        let answer = connection.succeed(&request).await?;
        milliseconds.push(began.elapsed().as_secs_f64() * 1000.0);
        let answer = std::str::from_utf8(&answer).context("an answer in UTF-8")?;
        if element(answer, "IsTruncated") != "true" {
            break;
        }
        let last = answer.rsplit_once("<Key>").context("a page without keys")?.1;
        after = last.split('<').next().unwrap_or_default().to_owned();
    }
    anyhow::ensure!(milliseconds.len() == effort.objects.div_ceil(1000), "{} pages", milliseconds.len());
    let ends = PAGES.min(milliseconds.len() / 2);
    let last = milliseconds.split_off(milliseconds.len() - ends);
    milliseconds.truncate(ends);
    report.add(Figure {
        name: "last pages of a million keys",
        unit: "ms",
        haar: median(last),
        other: median(milliseconds),
        beside: "the first pages",
        target: Target::AtMost(1.5),
    });
    Ok(())
}

/// In this process, through the pipeline, over the real store.
async fn fill(folder: &Path, objects: usize) -> Result<()> {
    let house = Arc::new(TestHouse::with_authority(Config::at(folder), |platform| {
        // The calls are root's, who needs no policies.
        (vec![s3::service(platform)], Arc::new(FixedAuthority::default()))
    }));
    let failed = |fault: haar_platform::kernel::Fault| anyhow!("failed to fill the bucket: {}", fault.message);
    let bucket = api::CreateBucketRequest { bucket: BUCKET.into(), ..Default::default() };
    house.call::<api::CreateBucket>(bucket).await.map_err(failed)?;
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let house = house.clone();
        writers.spawn(async move {
            for number in (writer..objects).step_by(WRITERS) {
                let input = api::PutObjectRequest {
                    bucket: BUCKET.into(),
                    key: format!("folder-{:03}/object-{number:07}", number / 1000),
                    body: Body::full("a few bytes"),
                    ..Default::default()
                };
                house.call::<api::PutObject>(input).await.map_err(failed)?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(done) = writers.join_next().await {
        done??;
    }
    let platform = house.platform.clone();
    drop(house);
    platform.house.tasks.close().await;
    platform.ledger.close().await?;
    platform.store.close().await?;
    Ok(())
}
