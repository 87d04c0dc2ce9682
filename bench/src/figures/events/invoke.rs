//! Invoke of a function: warm beside a round trip to bare HTTP, cold beside the bare start of the same program, and many
//! at once beside the same work on bare threads.

use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::Result;
use bytes::Bytes;
use serde_json::json;

use super::function;
use crate::figures::{Effort, median};
use crate::load::{self, Connection};
use crate::report::{Figure, Report, Target};
use crate::server::{Data, Server};

/// Invocations of one turn, one after the other.
const WARM_CALLS: usize = 2000;

/// Invocations at once.
const CROWD: usize = 16;

/// Work of one invocation in the crowd: some milliseconds.
const ROUNDS: u64 = 5_000_000;

pub async fn measure(effort: &Effort, report: &mut Report) -> Result<()> {
    let data = tempfile::tempdir()?;
    let haar = Server::haar(Data::At(data.path())).await?;
    function::create(&haar.address, "echo").await?;
    warm(effort, report, &haar).await?;
    cold(effort, report, &haar).await?;
    crowd(effort, report, &haar).await
}

async fn warm(effort: &Effort, report: &mut Report, haar: &Server) -> Result<()> {
    let event = json!({"greeting": "hello"});
    let bare = Server::echo(event.to_string().len()).await?;
    let to_bare = crate::requests::rest(&bare.address, "lambda", "POST", "/", &event);
    let to_haar = function::invoke(&haar.address, "echo", &event);
    let (mut haar_times, mut bare_times) = (Vec::new(), Vec::new());
    for _ in 0..effort.turns {
        haar_times.push(round_trip(&haar.address, &to_haar).await?);
        bare_times.push(round_trip(&bare.address, &to_bare).await?);
    }
    let (haar, bare) = (median(haar_times), median(bare_times));
    report.add(Figure {
        name: "warm invoke, beyond one round trip",
        unit: "ms",
        haar: haar - bare,
        other: bare,
        beside: "bare hyper",
        target: Target::AtMost(2.0),
    });
    Ok(())
}

/// Milliseconds of one call, the middle one of many.
async fn round_trip(address: &str, request: &Bytes) -> Result<f64> {
    let mut connection = Connection::to(address);
    let mut times = Vec::with_capacity(WARM_CALLS);
    for _ in 0..WARM_CALLS {
        let began = Instant::now();
        connection.succeed(request).await?;
        times.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(median(times))
}

async fn cold(effort: &Effort, report: &mut Report, haar: &Server) -> Result<()> {
    let invoke = function::invoke(&haar.address, "echo", &json!({}));
    let program = function::program()?;
    let mut connection = Connection::to(&haar.address);
    let (mut haar_times, mut bare_times) = (Vec::new(), Vec::new());
    for turn in 0..effort.starts * 5 {
        function::cool(&haar.address, "echo", turn).await?;
        let began = Instant::now();
        connection.succeed(&invoke).await?;
        haar_times.push(began.elapsed().as_secs_f64() * 1000.0);
        let began = Instant::now();
        // Without a Runtime API it says so and ends: what is measured is fork, exec, and its first steps.
        let mut command = tokio::process::Command::new(&program);
        command.env_clear().stdout(Stdio::null()).stderr(Stdio::null()).status().await?;
        bare_times.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    report.add(Figure {
        name: "cold invoke",
        unit: "ms",
        haar: median(haar_times),
        other: median(bare_times),
        beside: "fork and exec",
        target: Target::AtMost(3.0),
    });
    Ok(())
}

async fn crowd(effort: &Effort, report: &mut Report, haar: &Server) -> Result<()> {
    let invoke = function::invoke(&haar.address, "echo", &json!({"rounds": ROUNDS}));
    let mut haar_rates = Vec::new();
    let mut bare_rates = Vec::new();
    for _ in 0..effort.turns {
        haar_rates.push(load::rate(&haar.address, CROWD, effort.lasting, std::slice::from_ref(&invoke)).await?);
        bare_rates.push(
            tokio::task::spawn_blocking({
                let lasting = effort.lasting;
                move || bare_rate(lasting)
            })
            .await?,
        );
    }
    report.add(Figure {
        name: "16 invokes at once, a few ms of work each",
        unit: "1/s",
        haar: median(haar_rates),
        other: median(bare_rates),
        beside: "bare threads",
        target: Target::AtLeast(0.85),
    });
    Ok(())
}

/// The same work per second, with a thread for each core and nothing else.
fn bare_rate(lasting: Duration) -> f64 {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let began = Instant::now();
    let workers: Vec<_> = (0..threads)
        .map(|_| {
            std::thread::spawn(move || {
                let mut done = 0_u32;
                while began.elapsed() < lasting {
                    let state = (0..ROUNDS)
                        .fold(1_u64, |state, round| state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(round));
                    std::hint::black_box(state);
                    done += 1;
                }
                done
            })
        })
        .collect();
    let done: u32 = workers.into_iter().map(|worker| worker.join().unwrap_or_default()).sum();
    f64::from(done) / began.elapsed().as_secs_f64()
}
