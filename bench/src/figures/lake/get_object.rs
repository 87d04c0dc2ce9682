//! GetObject beside nginx that serves the same bytes from files: small objects per second, large ones in MB/s.

use anyhow::Result;
use bytes::Bytes;

use super::{BUCKET, create_bucket, noise, put};
use crate::figures::{Effort, median};
use crate::load;
use crate::report::{Figure, Report, Target};
use crate::requests;
use crate::server::{Data, Server};

const SMALL_BYTES: usize = 4 * 1024;
const SMALL_OBJECTS: usize = 256;
const SMALL_CONNECTIONS: usize = 64;

const LARGE_BYTES: usize = 64 * 1024 * 1024;
const LARGE_OBJECTS: usize = 4;
const LARGE_CONNECTIONS: usize = 4;

pub async fn small(effort: &Effort, report: &mut Report) -> Result<()> {
    let (haar, nginx) = both(effort, SMALL_BYTES, SMALL_OBJECTS, SMALL_CONNECTIONS).await?;
    let beside = "nginx";
    report.add(Figure {
        name: "GetObject of 4 KiB",
        unit: "1/s",
        haar,
        other: nginx,
        beside,
        target: Target::AtLeast(0.5),
    });
    report.note(format!("GetObject of 4 KiB: {SMALL_CONNECTIONS} connections, {SMALL_OBJECTS} objects, all signed"));
    Ok(())
}

pub async fn large(effort: &Effort, report: &mut Report) -> Result<()> {
    let (haar, nginx) = both(effort, LARGE_BYTES, LARGE_OBJECTS, LARGE_CONNECTIONS).await?;
    #[expect(clippy::cast_precision_loss, reason = "a size of 2^26")]
    let megabytes = LARGE_BYTES as f64 / 1e6;
    report.add(Figure {
        name: "GetObject of 64 MiB",
        unit: "MB/s",
        haar: haar * megabytes,
        other: nginx * megabytes,
        beside: "nginx",
        target: Target::AtLeast(0.8),
    });
    Ok(())
}

/// Answers per second of haar and of nginx, in turns.
async fn both(effort: &Effort, bytes: usize, objects: usize, connections: usize) -> Result<(f64, f64)> {
    let (data, files) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let haar = Server::haar(Data::At(data.path())).await?;
    create_bucket(&haar.address).await?;
    let body = noise(bytes);
    let served = files.path().join(BUCKET);
    std::fs::create_dir(&served)?;
    for number in 0..objects {
        put(&haar.address, &key(number), &body).await?;
        std::fs::write(served.join(key(number)), &body)?;
    }
    let nginx = Server::nginx(files.path()).await?;
    let requests = |address: &str| -> Vec<Bytes> {
        (0..objects).map(|number| requests::s3(address, "GET", &format!("/{BUCKET}/{}", key(number)))).collect()
    };
    let (to_haar, to_nginx) = (requests(&haar.address), requests(&nginx.address));
    let (mut haar_rates, mut nginx_rates) = (Vec::new(), Vec::new());
    for _ in 0..effort.turns {
        haar_rates.push(load::rate(&haar.address, connections, effort.lasting, &to_haar).await?);
        nginx_rates.push(load::rate(&nginx.address, connections, effort.lasting, &to_nginx).await?);
    }
    Ok((median(haar_rates), median(nginx_rates)))
}

fn key(number: usize) -> String {
    format!("object-{number:04}")
}
