//! A durable PutObject beside `dd conv=fsync` on the same disk.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use tokio::process::Command;

use super::{create_bucket, noise, put};
use crate::figures::{Effort, median};
use crate::report::{Figure, Report, Target};
use crate::server::{Data, Server};

const BYTES: usize = 64 * 1024 * 1024;

/// Puts, and copies of `dd`, per turn.
const ROUNDS: usize = 4;

pub async fn measure(effort: &Effort, report: &mut Report) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let server = Server::haar(Data::At(&folder.path().join("data"))).await?;
    create_bucket(&server.address).await?;
    let body = noise(BYTES);
    let source = folder.path().join("source");
    std::fs::write(&source, &body)?;
    let (mut puts, mut copies) = (Vec::new(), Vec::new());
    for round in 0..effort.turns * ROUNDS {
        let began = Instant::now();
        put(&server.address, &format!("object-{round}"), &body).await?;
        puts.push(megabytes_per_second(began));
        let target = folder.path().join(format!("copy-{round}"));
        let began = Instant::now();
        let done = Command::new("dd")
            .arg(format!("if={}", source.display()))
            .arg(format!("of={}", target.display()))
            .args(["bs=1M", "conv=fsync", "status=none"])
            .status()
            .await
            .context("dd is not installed")?;
        ensure!(done.success(), "dd failed");
        copies.push(megabytes_per_second(began));
        std::fs::remove_file(target)?;
    }
    report.add(Figure {
        name: "durable PutObject of 64 MiB",
        unit: "MB/s",
        haar: median(puts),
        other: median(copies),
        beside: "dd conv=fsync",
        target: Target::AtLeast(0.7),
    });
    Ok(())
}

fn megabytes_per_second(began: Instant) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a size of 2^26")]
    let megabytes = BYTES as f64 / 1e6;
    megabytes / began.elapsed().as_secs_f64()
}
