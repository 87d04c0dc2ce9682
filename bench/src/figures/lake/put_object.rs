//! A durable PutObject beside `dd conv=fsync` on the same disk: one at a time, and several at once.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use md5::{Digest, Md5};
use tokio::process::Command;
use tokio::task::JoinSet;

use super::{create_bucket, noise, put};
use crate::figures::{Effort, median};
use crate::report::{Figure, Report, Target};
use crate::server::{Data, Server};

const BYTES: usize = 64 * 1024 * 1024;

/// Puts, and copies of `dd`, per turn.
const ROUNDS: usize = 4;

/// Puts, and copies of `dd`, beside each other.
const AT_ONCE: usize = 4;

pub async fn measure(effort: &Effort, report: &mut Report) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let server = Server::haar(Data::At(&folder.path().join("data"))).await?;
    create_bucket(&server.address).await?;
    let body: Arc<[u8]> = noise(BYTES).into();
    let source = folder.path().join("source");
    std::fs::write(&source, &body)?;
    for (name, at_once) in [("durable PutObject of 64 MiB", 1), ("durable PutObject of 64 MiB, 4 at once", AT_ONCE)] {
        let (mut puts, mut copies) = (Vec::new(), Vec::new());
        for _ in 0..effort.turns * ROUNDS {
            puts.push(put_at_once(&server, &body, at_once).await?);
            copies.push(copy_at_once(&source, at_once).await?);
        }
        report.add(Figure {
            name,
            unit: "MB/s",
            haar: median(puts),
            other: median(copies),
            beside: "dd conv=fsync",
            target: Target::AtLeast(0.7),
        });
    }
    let began = Instant::now();
    std::hint::black_box(Md5::digest(&body));
    report.note(format!("the MD5 of those 64 MiB alone, which is the ETag: {:.0} MB/s", rate(1, began)));
    Ok(())
}

/// Each to a key of its own, the same in every round.
async fn put_at_once(server: &Server, body: &Arc<[u8]>, at_once: usize) -> Result<f64> {
    let began = Instant::now();
    let mut puts = JoinSet::new();
    for number in 0..at_once {
        let (address, body) = (server.address.clone(), body.clone());
        puts.spawn(async move { put(&address, &format!("object-{number}"), &body).await });
    }
    while let Some(done) = puts.join_next().await {
        done??;
    }
    Ok(rate(at_once, began))
}

async fn copy_at_once(source: &Path, at_once: usize) -> Result<f64> {
    let target = |number: usize| -> PathBuf { source.with_file_name(format!("copy-{number}")) };
    let began = Instant::now();
    let mut copies = Vec::new();
    for number in 0..at_once {
        let copy = Command::new("dd")
            .arg(format!("if={}", source.display()))
            .arg(format!("of={}", target(number).display()))
            .args(["bs=1M", "conv=fsync", "status=none"])
            .spawn()
            .context("dd is not installed")?;
        copies.push(copy);
    }
    for mut copy in copies {
        ensure!(copy.wait().await?.success(), "dd failed");
    }
    let rate = rate(at_once, began);
    for number in 0..at_once {
        std::fs::remove_file(target(number))?;
    }
    Ok(rate)
}

/// Megabytes per second of so many bodies since then.
fn rate(bodies: usize, began: Instant) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a size of 2^28")]
    let megabytes = (BYTES * bodies) as f64 / 1e6;
    megabytes / began.elapsed().as_secs_f64()
}
