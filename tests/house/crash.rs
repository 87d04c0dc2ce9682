//! `kill -9` under load, twenty times over: every acknowledged write is there, and no half of one.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, Hasher};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use haar::client::Client;
use haar_tests::patience::await_patiently;
use haar_tests::program::{self, Program};
use md5::{Digest, Md5};
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// Times that the house is killed.
const ROUNDS: usize = 20;

/// Writes in flight at once: half PutParameter, half SendMessage.
const WRITERS: usize = 1000;

/// Parameters that a round's writers share, so that versions grow side by side.
const PARAMETERS: usize = 125;

/// The house is killed after at most this many acknowledgements.
const ACKNOWLEDGED_MAX: u64 = 1500;

/// A write that was acknowledged.
enum Acknowledged {
    Parameter { name: String, version: i64, value: String },
    Message { id: String, body: String },
}

#[tokio::test(flavor = "multi_thread")]
async fn no_acknowledged_write_is_lost_and_no_half_write_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let mut before: Option<(usize, Vec<Acknowledged>)> = None;
    for round in 0..=ROUNDS {
        // Every other time the house itself is the first to see what the kill left.
        if round % 2 == 0 {
            check(folder.path()).await;
        }
        let house = Program::at(folder.path()).await;
        if let Some((round, acknowledged)) = &before {
            verify(&house, *round, acknowledged).await;
        }
        if round == ROUNDS {
            house.close().await;
            break;
        }
        before = Some((round, write_until_killed(house, round).await));
    }
    check(folder.path()).await;
}

async fn check(folder: &Path) {
    if !folder.join("FORMAT").exists() {
        return;
    }
    let check = program::run([Path::new("data"), Path::new("check"), Path::new("--data-dir"), folder]).await;
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stdout));
}

/// What was acknowledged. Writers stop for nothing but the kill, so it cuts off a write of each.
async fn write_until_killed(house: Program, round: usize) -> Vec<Acknowledged> {
    let client = Client::new(house.endpoint());
    let queue = sqs(&client, "CreateQueue", json!({ "QueueName": queue_name(round) })).await;
    let url: Arc<str> = queue["QueueUrl"].as_str().unwrap().into();
    let acknowledgements = Arc::new(AtomicUsize::new(0));
    let (enough, mut killing) = tokio::sync::watch::channel(false);
    let deadline = usize::try_from(random() % ACKNOWLEDGED_MAX).unwrap() + 1;
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (client, url, acknowledgements, enough) =
            (client.clone(), url.clone(), acknowledgements.clone(), enough.clone());
        writers.spawn(async move {
            let mut mine = Vec::new();
            for turn in 0.. {
                let written = if writer % 2 == 0 {
                    put(&client, round, writer, turn).await
                } else {
                    send(&client, &url, round, writer, turn).await
                };
                // The connection broke: that write was not acknowledged, and none follows.
                let Some(written) = written else { break };
                mine.push(written);
                if acknowledgements.fetch_add(1, Ordering::Relaxed) + 1 >= deadline {
                    enough.send_replace(true);
                }
            }
            mine
        });
    }
    await_patiently("enough acknowledgements", killing.wait_for(|enough| *enough)).await.unwrap();
    house.kill().await;
    let mut acknowledged = Vec::new();
    while let Some(mine) = await_patiently("the end of the writers", writers.join_next()).await {
        acknowledged.extend(mine.unwrap());
    }
    assert!(acknowledged.len() >= deadline);
    acknowledged
}

async fn put(client: &Client, round: usize, writer: usize, turn: usize) -> Option<Acknowledged> {
    let name = format!("/crash/{round}/{}", writer / 2 % PARAMETERS);
    let value = value(round, writer, turn);
    let input = json!({ "Name": name, "Type": "String", "Value": value, "Overwrite": true });
    let answer = client.json("ssm", "1.1", "AmazonSSM.PutParameter", input).await.ok()?.unwrap();
    Some(Acknowledged::Parameter { name, version: answer["Version"].as_i64().unwrap(), value })
}

async fn send(client: &Client, url: &str, round: usize, writer: usize, turn: usize) -> Option<Acknowledged> {
    let body = value(round, writer, turn);
    let input = json!({ "QueueUrl": url, "MessageBody": body });
    let answer = client.json("sqs", "1.0", "AmazonSQS.SendMessage", input).await.ok()?.unwrap();
    assert_eq!(answer["MD5OfMessageBody"], md5(&body));
    Some(Acknowledged::Message { id: answer["MessageId"].as_str().unwrap().to_owned(), body })
}

async fn verify(house: &Program, round: usize, acknowledged: &[Acknowledged]) {
    let client = Client::new(house.endpoint());
    let (mut parameters, mut messages) = (BTreeMap::<&str, BTreeMap<i64, &str>>::new(), BTreeMap::new());
    for write in acknowledged {
        match write {
            Acknowledged::Parameter { name, version, value } => {
                let before = parameters.entry(name).or_default().insert(*version, value);
                assert_eq!(before, None, "{name} acknowledged version {version} twice");
            }
            Acknowledged::Message { id, body } => {
                messages.insert(id.as_str(), body.as_str());
            }
        }
    }
    verify_parameters(&client, round, &parameters).await;
    verify_messages(&client, round, &messages).await;
}

async fn verify_parameters(client: &Client, round: usize, acknowledged: &BTreeMap<&str, BTreeMap<i64, &str>>) {
    for number in 0..PARAMETERS {
        let name = format!("/crash/{round}/{number}");
        let history = history(client, &name).await;
        let numbers: Vec<i64> = history.keys().copied().collect();
        let contiguous: Vec<i64> = (1..).take(history.len()).collect();
        assert_eq!(numbers, contiguous, "versions of {name}");
        for (version, value) in acknowledged.get(name.as_str()).into_iter().flatten() {
            assert_eq!(history.get(version).map(String::as_str), Some(*value), "{name}:{version} was acknowledged");
        }
        // What was not acknowledged may be there: whole, and once.
        let distinct: BTreeSet<&String> = history.values().collect();
        assert_eq!(distinct.len(), history.len(), "{name} has a value twice");
        history.values().for_each(|value| assert_whole(round, value));
        if let Some((version, value)) = history.last_key_value() {
            let input = json!({ "Name": name });
            let answer = client.json("ssm", "1.1", "AmazonSSM.GetParameter", input).await.unwrap().unwrap();
            assert_eq!(answer["Parameter"]["Version"], *version);
            assert_eq!(answer["Parameter"]["Value"], *value);
        }
    }
}

/// Values by version; empty when the parameter was never made.
async fn history(client: &Client, name: &str) -> BTreeMap<i64, String> {
    let mut found = BTreeMap::new();
    let mut token = Value::Null;
    loop {
        let mut input = json!({ "Name": name, "MaxResults": 50 });
        if !token.is_null() {
            input["NextToken"] = token;
        }
        let page = match client.json("ssm", "1.1", "AmazonSSM.GetParameterHistory", input).await.unwrap() {
            Ok(page) => page,
            Err(error) => {
                assert_eq!(error.code, "ParameterNotFound");
                return found;
            }
        };
        for version in page["Parameters"].as_array().unwrap() {
            let value = version["Value"].as_str().unwrap().to_owned();
            found.insert(version["Version"].as_i64().unwrap(), value);
        }
        token = page["NextToken"].clone();
        if token.is_null() {
            return found;
        }
    }
}

async fn verify_messages(client: &Client, round: usize, acknowledged: &BTreeMap<&str, &str>) {
    let queue = sqs(client, "GetQueueUrl", json!({ "QueueName": queue_name(round) })).await;
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    loop {
        // Nothing is seen twice: an hour is longer than this test.
        let input = json!({ "QueueUrl": queue["QueueUrl"], "MaxNumberOfMessages": 10, "VisibilityTimeout": 3600 });
        let page = sqs(client, "ReceiveMessage", input).await;
        let Some(messages) = page["Messages"].as_array().filter(|messages| !messages.is_empty()) else { break };
        for message in messages {
            let body = message["Body"].as_str().unwrap().to_owned();
            assert_eq!(message["MD5OfBody"], md5(&body));
            assert_whole(round, &body);
            let before = found.insert(message["MessageId"].as_str().unwrap().to_owned(), body);
            assert_eq!(before, None, "a message was received twice");
        }
    }
    for (id, body) in acknowledged {
        assert_eq!(found.get(*id).map(String::as_str), Some(*body), "message {id} was acknowledged");
    }
    let distinct: BTreeSet<&String> = found.values().collect();
    assert_eq!(distinct.len(), found.len(), "a message was stored twice");
}

/// A text of its own for every write, long enough to be torn, which says itself whether it was.
fn value(round: usize, writer: usize, turn: usize) -> String {
    let mark = format!("<{round} {writer} {turn}>");
    mark.repeat(600 / mark.len())
}

fn assert_whole(round: usize, value: &str) {
    let (mark, _) = value.split_once('>').unwrap();
    let numbers: Vec<usize> = mark[1..].split(' ').map(|number| number.parse().unwrap()).collect();
    assert_eq!(numbers[0], round);
    assert_eq!(value, self::value(numbers[0], numbers[1], numbers[2]));
}

fn queue_name(round: usize) -> String {
    format!("crash-{round}")
}

async fn sqs(client: &Client, operation: &str, input: Value) -> Value {
    client.json("sqs", "1.0", &format!("AmazonSQS.{operation}"), input).await.unwrap().unwrap()
}

fn md5(text: &str) -> String {
    Md5::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Different in every run: where a kill hurts is not known beforehand.
fn random() -> u64 {
    std::hash::RandomState::new().build_hasher().finish()
}
