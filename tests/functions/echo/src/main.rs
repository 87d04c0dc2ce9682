//! A Lambda function that answers with its event. `{"sleep_millis": 50}` makes it take that long first,
//! `{"rounds": 1000000}` keeps a core busy, `{"exit": 3}` ends the process, and `{"fail": "why"}` is a handled error.

use std::time::Duration;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(answer)).await
}

#[expect(clippy::disallowed_methods, reason = "a function lives by the machine's time, not by the house's")]
async fn answer(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let number = |name: &str| event.payload.get(name).and_then(Value::as_u64);
    if let Some(millis) = number("sleep_millis") {
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }
    if let Some(rounds) = number("rounds") {
        std::hint::black_box(work(rounds));
    }
    if let Some(status) = number("exit") {
        std::process::exit(i32::try_from(status).unwrap_or(1));
    }
    match event.payload.get("fail").and_then(Value::as_str) {
        Some(reason) => Err(reason.into()),
        None => Ok(event.payload),
    }
}

/// So much arithmetic that depends on itself.
fn work(rounds: u64) -> u64 {
    (0..rounds).fold(1, |state: u64, round| state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(round))
}
