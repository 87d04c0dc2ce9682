//! `kill -9` of haar leaves nothing of its functions behind.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test")]

mod house;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use haar_process::Isolation;
use house::{House, invocation};

/// Set in the process that is killed: the word by which its function's grandchild is known.
const WORD: &str = "HAAR_TEST_WORD";

#[tokio::test]
async fn house_that_is_killed() {
    let Ok(word) = std::env::var(WORD) else { return };
    let house = House::open();
    let body = format!(
        r#"setsid sleep {word} >/dev/null 2>&1 &
  curl -sS -d 1 "$api/invocation/$id/response" >/dev/null"#
    );
    let mut environment = house.start(house.shell(&body).await).await;
    environment.invoke(invocation("1")).await;
    println!("isolation: {:?}", house.supervisor.isolation());
    println!("ready");
    std::future::pending::<()>().await;
}

#[test]
fn killing_the_house_kills_what_its_functions_started() {
    let word = format!("{}", 800_000 + std::process::id());
    let mut house = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "house_that_is_killed", "--nocapture"])
        .env(WORD, &word)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut isolation = String::new();
    for line in BufReader::new(house.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        if line.contains("isolation") {
            isolation = line;
        } else if line.contains("ready") {
            break;
        }
    }
    assert!(house::runs(&word));
    house.kill().unwrap();
    house.wait().unwrap();
    if !isolation.contains(&format!("{:?}", Isolation::Namespaces)) {
        println!("not shown: without namespaces a grandchild in a session of its own outlives kill -9; {isolation}");
        return;
    }
    // The kernel ends them by itself, soon; if it does not, this test does not end.
    while house::runs(&word) {
        std::thread::yield_now();
    }
}
