//! How the program starts, closes and refuses to start.

use std::path::Path;

use haar::client::{Client, element};
use haar_tests::patience::await_patiently;
use haar_tests::program::{self, Program};
use haar_tests::{raw, signed};
use haar_wire::sigv4::SignedPayload;
use http::Method;
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::net::TcpStream;

async fn call(client: &Client, service: &str, operation: &str, input: Value) -> Value {
    let (version, prefix) = if service == "sqs" { ("1.0", "AmazonSQS") } else { ("1.1", "AmazonSSM") };
    client.json(service, version, &format!("{prefix}.{operation}"), input).await.unwrap().unwrap()
}

/// The code of a call that is refused.
async fn refusal(client: &Client, operation: &str, input: Value) -> String {
    client.json("ssm", "1.1", &format!("AmazonSSM.{operation}"), input).await.unwrap().unwrap_err().code
}

/// A request that the house has begun to read, because it said so.
async fn begin(house: &Program, service: &str, target: &str, body: &[u8]) -> raw::Connection {
    let version = if service == "sqs" { "1.0" } else { "1.1" };
    let content_type = format!("application/x-amz-json-{version}");
    let headers = [("content-type", content_type.as_str()), ("x-amz-target", target)];
    let mut request = signed::head(house.address(), "/", service, &headers, SignedPayload::Bytes(body));
    request.extend_from_slice(format!("content-length: {}\r\nexpect: 100-continue\r\n\r\n", body.len()).as_bytes());
    let mut connection = raw::Connection::to(house.address()).await;
    connection.write(&request).await;
    assert_eq!(connection.read().await.unwrap().status, 100);
    connection
}

/// Returns once the house accepts no connections any more.
async fn until_closing(house: &Program) {
    let refused = async {
        while TcpStream::connect(house.address()).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    await_patiently("the closed door", refused).await;
}

#[tokio::test]
async fn the_ready_line_is_all_there_is_on_standard_output() {
    let house = Program::ephemeral().await;
    let answer =
        raw::exchange(house.address(), b"GET /_haar/health HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    assert_eq!(answer.status, 200);
    let health: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(
        health["services"],
        json!([
            "athena",
            "cloudwatch",
            "events",
            "glue",
            "iam",
            "lambda",
            "logs",
            "s3",
            "scheduler",
            "sns",
            "sqs",
            "ssm",
            "sts"
        ])
    );
    house.signal(Signal::TERM);
    let (status, rest) = house.end().await;
    assert!(status.success());
    assert_eq!(rest, "");
}

#[tokio::test]
async fn sigterm_finishes_what_is_in_flight() {
    let folder = tempfile::tempdir().unwrap();
    let house = Program::at(folder.path()).await;
    let body = br#"{"Name":"/late","Type":"String","Value":"but whole"}"#;
    let mut connection = begin(&house, "ssm", "AmazonSSM.PutParameter", body).await;
    house.signal(Signal::TERM);
    until_closing(&house).await;
    connection.write(body).await;
    assert_eq!(connection.read().await.unwrap().status, 200);
    let (status, _) = house.end().await;
    assert!(status.success(), "{status}");
    // And it is on the disk.
    let house = Program::at(folder.path()).await;
    let found = call(&Client::new(house.endpoint()), "ssm", "GetParameter", json!({ "Name": "/late" })).await;
    assert_eq!(found["Parameter"]["Value"], "but whole");
    house.close().await;
}

#[tokio::test]
async fn sigterm_answers_a_long_poll() {
    let house = Program::ephemeral().await;
    let client = Client::new(house.endpoint());
    let queue = call(&client, "sqs", "CreateQueue", json!({ "QueueName": "quiet" })).await;
    let poll = json!({ "QueueUrl": queue["QueueUrl"], "WaitTimeSeconds": 20 }).to_string();
    let mut connection = begin(&house, "sqs", "AmazonSQS.ReceiveMessage", poll.as_bytes()).await;
    connection.write(poll.as_bytes()).await;
    house.signal(Signal::TERM);
    let answer = connection.read().await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    let (status, _) = house.end().await;
    assert!(status.success(), "{status}");
}

#[tokio::test]
async fn a_second_signal_ends_at_once() {
    let house = Program::ephemeral().await;
    // It waits for a body that never comes.
    let _connection = begin(&house, "ssm", "AmazonSSM.PutParameter", b"0123456789").await;
    house.signal(Signal::INT);
    until_closing(&house).await;
    house.signal(Signal::INT);
    let (status, _) = house.end().await;
    assert_eq!(status.code(), Some(130));
}

#[tokio::test]
async fn an_idle_connection_does_not_hold_the_house_open() {
    let house = Program::ephemeral().await;
    let mut connection = raw::Connection::to(house.address()).await;
    connection.write(b"GET /_haar/health HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert_eq!(connection.read().await.unwrap().status, 200);
    house.close().await;
}

#[tokio::test]
async fn two_houses_do_not_share_a_data_directory() {
    let folder = tempfile::tempdir().unwrap();
    let house = Program::at(folder.path()).await;
    let owner = format!("is in use by process {}", house.id());
    let up = [Path::new("up"), Path::new("--listen"), Path::new("127.0.0.1:0"), Path::new("--data-dir"), folder.path()];
    let check = [Path::new("data"), Path::new("check"), Path::new("--data-dir"), folder.path()];
    for refused in [program::run(up).await, program::run(check).await] {
        assert_eq!(refused.status.code(), Some(1));
        assert_eq!(refused.stdout, b"");
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(said.contains(&owner), "{said}");
    }
    house.close().await;
}

#[tokio::test]
async fn data_of_a_newer_haar_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    Program::at(folder.path()).await.close().await;
    std::fs::write(folder.path().join("FORMAT"), "999\n").unwrap();
    let up = [Path::new("up"), Path::new("--listen"), Path::new("127.0.0.1:0"), Path::new("--data-dir"), folder.path()];
    let refused = program::run(up).await;
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("was written by haar data format 999"), "{said}");
}

#[tokio::test]
async fn a_folder_of_somebody_else_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("thesis.txt"), "unsaved").unwrap();
    let up = [Path::new("up"), Path::new("--listen"), Path::new("127.0.0.1:0"), Path::new("--data-dir"), folder.path()];
    let refused = program::run(up).await;
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("is not a haar data directory") && said.contains("thesis.txt"), "{said}");
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let house = Program::ephemeral().await;
    let refused = program::run(["up", "--ephemeral", "--listen", house.address()]).await;
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains(&format!("failed to listen on {}", house.address())), "{said}");
    house.close().await;
}

#[tokio::test]
async fn an_ephemeral_house_leaves_no_file_anywhere() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = program::haar();
    command.args(["up", "--listen", "127.0.0.1:0", "--ephemeral"]).current_dir(folder.path());
    for variable in ["HOME", "TMPDIR", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"] {
        command.env(variable, folder.path());
    }
    let house = Program::start(command).await;
    let client = Client::new(house.endpoint());
    call(&client, "ssm", "PutParameter", json!({ "Name": "/p", "Type": "SecureString", "Value": "v" })).await;
    call(&client, "sqs", "CreateQueue", json!({ "QueueName": "q" })).await;
    house.close().await;
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn what_was_written_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let house = Program::at(folder.path()).await;
    let client = Client::new(house.endpoint());
    call(&client, "ssm", "PutParameter", json!({ "Name": "/p", "Type": "SecureString", "Value": "secret" })).await;
    let queue = call(&client, "sqs", "CreateQueue", json!({ "QueueName": "q" })).await;
    call(&client, "sqs", "SendMessage", json!({ "QueueUrl": queue["QueueUrl"], "MessageBody": "kept" })).await;
    client.query("iam", "2010-05-08", "CreateUser", &[("UserName", "ana")]).await.unwrap().unwrap();
    let key = client.query("iam", "2010-05-08", "CreateAccessKey", &[("UserName", "ana")]).await.unwrap().unwrap();
    house.close().await;

    let house = Program::at(folder.path()).await;
    let client = Client::new(house.endpoint());
    let parameter = call(&client, "ssm", "GetParameter", json!({ "Name": "/p", "WithDecryption": true })).await;
    assert_eq!(parameter["Parameter"]["Value"], "secret");
    let queue = call(&client, "sqs", "GetQueueUrl", json!({ "QueueName": "q" })).await;
    let received = call(&client, "sqs", "ReceiveMessage", json!({ "QueueUrl": queue["QueueUrl"] })).await;
    assert_eq!(received["Messages"][0]["Body"], "kept");
    let ana = client.with_keys(&element(&key, "AccessKeyId"), &element(&key, "SecretAccessKey"));
    let who = ana.query("sts", "2011-06-15", "GetCallerIdentity", &[]).await.unwrap().unwrap();
    assert_eq!(element(&who, "Arn"), "arn:aws:iam::000000000000:user/ana");
    house.close().await;
}

#[tokio::test]
async fn reset_empties_everything() {
    let folder = tempfile::tempdir().unwrap();
    let house = Program::at(folder.path()).await;
    let client = Client::new(house.endpoint());
    call(&client, "ssm", "PutParameter", json!({ "Name": "/p", "Type": "String", "Value": "v" })).await;
    let queue = call(&client, "sqs", "CreateQueue", json!({ "QueueName": "q" })).await;
    call(&client, "sqs", "SendMessage", json!({ "QueueUrl": queue["QueueUrl"], "MessageBody": "m" })).await;
    client.query("iam", "2010-05-08", "CreateUser", &[("UserName", "ana")]).await.unwrap().unwrap();
    let key = client.query("iam", "2010-05-08", "CreateAccessKey", &[("UserName", "ana")]).await.unwrap().unwrap();
    let ana = client.with_keys(&element(&key, "AccessKeyId"), &element(&key, "SecretAccessKey"));
    ana.query("sts", "2011-06-15", "GetCallerIdentity", &[]).await.unwrap().unwrap();

    let reset = program::run(["reset", "--endpoint", house.endpoint()]).await;
    assert!(reset.status.success(), "{}", String::from_utf8_lossy(&reset.stderr));

    let status = client.page(Method::GET, "/_haar/status").await.unwrap();
    assert_eq!(status["tables"], json!({}));
    assert_eq!(refusal(&client, "GetParameter", json!({ "Name": "/p" })).await, "ParameterNotFound");
    assert_eq!(call(&client, "sqs", "ListQueues", json!({})).await["QueueUrls"], Value::Null);
    let stranger = ana.query("sts", "2011-06-15", "GetCallerIdentity", &[]).await.unwrap().unwrap_err();
    assert_eq!(stranger.code, "InvalidClientTokenId");
    // The names are free again, with nothing of what was under them.
    call(&client, "sqs", "CreateQueue", json!({ "QueueName": "q" })).await;
    let received = call(&client, "sqs", "ReceiveMessage", json!({ "QueueUrl": queue["QueueUrl"] })).await;
    assert_eq!(received["Messages"], Value::Null);
    house.close().await;
}

#[tokio::test]
async fn moving_the_clock_runs_what_falls_due() {
    let house = Program::ephemeral().await;
    let client = Client::new(house.endpoint());
    let now = client.page(Method::GET, "/_haar/clock").await.unwrap();
    let year: i32 = now["now"].as_str().unwrap()[..4].parse().unwrap();
    let attributes = json!({ "Timestamp": format!("{}-01-01T00:00:00.000Z", year + 1) });
    let policies = json!([{ "Type": "Expiration", "Version": "1.0", "Attributes": attributes }]).to_string();
    let put = json!({ "Name": "/p", "Type": "String", "Value": "v", "Tier": "Advanced", "Policies": policies });
    call(&client, "ssm", "PutParameter", put).await;
    let queue = call(&client, "sqs", "CreateQueue", json!({ "QueueName": "q" })).await;
    call(&client, "sqs", "SendMessage", json!({ "QueueUrl": queue["QueueUrl"], "MessageBody": "m" })).await;

    let advance = program::run(["clock", "--endpoint", house.endpoint(), "advance", "366d"]).await;
    assert!(advance.status.success(), "{}", String::from_utf8_lossy(&advance.stderr));

    assert_eq!(refusal(&client, "GetParameter", json!({ "Name": "/p" })).await, "ParameterNotFound");
    let received = call(&client, "sqs", "ReceiveMessage", json!({ "QueueUrl": queue["QueueUrl"] })).await;
    assert_eq!(received["Messages"], Value::Null, "messages are kept four days");
    let events = client.page(Method::GET, "/_haar/events").await.unwrap().to_string();
    assert!(events.contains("Parameter Store Policy Action"), "{events}");
    house.close().await;
}

#[tokio::test]
async fn env_and_status_tell_about_a_running_house() {
    let house = Program::ephemeral().await;
    let env = program::run(["env", "--endpoint", house.endpoint()]).await;
    let lines = String::from_utf8(env.stdout).unwrap();
    assert!(lines.contains(&format!("export AWS_ENDPOINT_URL={}\n", house.endpoint())), "{lines}");
    let status = program::run(["status", "--json", "--endpoint", house.endpoint()]).await;
    let status: Value = serde_json::from_slice(&status.stdout).unwrap();
    assert_eq!((&status["status"], &status["account"]), (&json!("ok"), &json!("000000000000")));
    house.close().await;
    let gone = program::run(["status", "--endpoint", "http://127.0.0.1:1"]).await;
    assert_eq!(gone.status.code(), Some(1));
    let said = String::from_utf8(gone.stderr).unwrap();
    assert!(said.starts_with("error: no house answers at http://127.0.0.1:1\n"), "{said}");
}
