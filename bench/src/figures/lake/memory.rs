//! The highest resident memory while many clients move large objects.

use std::sync::Arc;

use anyhow::Result;

use super::{BUCKET, create_bucket, noise};
use crate::figures::Effort;
use crate::load::Connection;
use crate::report::{Figure, Report, Target};
use crate::requests;
use crate::server::{Data, Server};

/// Clients that put, each its own object.
const PUTTERS: usize = 10;

/// Clients that get, each one of those objects.
const GETTERS: usize = 40;

/// What the putters repeat.
const PATTERN_BYTES: usize = 1024 * 1024;

pub async fn measure(effort: &Effort, report: &mut Report) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let server = Server::haar(Data::At(folder.path())).await?;
    create_bucket(&server.address).await?;
    let idle = server.resident_bytes_max()?;
    let pattern: Arc<[u8]> = noise(PATTERN_BYTES).into();
    let first = upload(server.address.clone(), "seed".into(), effort.large_bytes, pattern.clone());
    first.await?;
    let mut clients = tokio::task::JoinSet::new();
    for number in 0..PUTTERS {
        clients.spawn(upload(server.address.clone(), format!("put-{number}"), effort.large_bytes, pattern.clone()));
    }
    for _ in 0..GETTERS {
        let address = server.address.clone();
        let bytes = effort.large_bytes;
        clients.spawn(async move {
            let request = requests::s3(&address, "GET", &format!("/{BUCKET}/seed"));
            let read = Connection::to(&address).discard(&request).await?;
            anyhow::ensure!(read == bytes, "{read} bytes of {bytes}");
            Ok(())
        });
    }
    while let Some(done) = clients.join_next().await {
        done??;
    }
    #[expect(clippy::cast_precision_loss, reason = "memory of a process")]
    let mebibytes = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    report.add(Figure {
        name: "highest memory, 50 clients moving objects",
        unit: "MiB",
        haar: mebibytes(server.resident_bytes_max()?),
        other: mebibytes(idle),
        beside: "before",
        target: Target::Below(200.0),
    });
    report.note(format!("each of the {} clients moved {} MiB", PUTTERS + GETTERS, effort.large_bytes >> 20));
    Ok(())
}

async fn upload(address: String, key: String, bytes: u64, pattern: Arc<[u8]>) -> Result<()> {
    let head = requests::s3_put_head(&address, &format!("/{BUCKET}/{key}"), bytes);
    Connection::to(&address).upload(&head, bytes, &pattern).await
}
