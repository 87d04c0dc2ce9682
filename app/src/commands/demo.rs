//! `haar demo`: a house in memory, and a walk through what works in it. Every step is a signed call over HTTP, as any
//! SDK would make it; every line printed is an answer that came back.

mod automation;
mod lake;

use std::io::IsTerminal;
use std::time::Duration;

use haar_platform::kernel::Clock;
use http::Method;
use serde_json::{Value, json};

use super::env::exports;
use super::up::Signals;
use crate::cli::Demo;
use crate::client::{Client, ServiceError, element};
use crate::failure::Failure;
use crate::logs;
use crate::settings::Settings;
use crate::wiring::OpenHouse;

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:user/ingest"},"Action":"sts:AssumeRole"}]}"#;

const INGEST_POLICY: &str = r#"{"Version":"2012-10-17","Statement":[
{"Effect":"Allow","Action":"ssm:GetParameter*","Resource":"arn:aws:ssm:*:*:parameter/reddit/*"},
{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:*:*:reddit-posts.fifo"}]}"#;

/// Walks through.
pub async fn run(demo: &Demo) -> Result<(), Failure> {
    let settings = Settings::ephemeral();
    logs::start(&settings.log, settings.log_json);
    let house = OpenHouse::open(&settings).await?;
    let clock = house.platform().house.clock.clone();
    let tour = Tour { root: Client::new(house.endpoint()), teller: Teller::new(), clock };
    tour.teller
        .say(&format!("a house is open at {}, in memory, with SigV4 verified and IAM enforced", house.endpoint()));
    tour.walk().await?;
    if demo.keep {
        let mut signals = Signals::listen()?;
        println!("\nThe house stays open until Ctrl-C. In another shell:\n{}", exports(house.endpoint(), "us-east-1"));
        signals.next().await;
    }
    house.close().await
}

struct Tour {
    root: Client,
    teller: Teller,
    /// For patience with what takes its time.
    clock: Clock,
}

impl Tour {
    async fn walk(&self) -> Result<(), Failure> {
        self.parameters().await?;
        self.queue().await?;
        self.lake().await?;
        self.automation().await?;
        let ingest = self.identity().await?;
        self.least_privilege(&ingest).await?;
        self.a_day_later().await?;
        self.what_was_recorded().await
    }

    async fn parameters(&self) -> Result<(), Failure> {
        self.teller.title("Parameter Store keeps the pipeline's settings and secrets");
        let put = |name: &str, kind: &str, value: &str| json!({ "Name": name, "Type": kind, "Value": value });
        self.ssm("PutParameter", put("/reddit/subreddits", "StringList", "dataengineering,aws,rust")).await?;
        self.ssm("PutParameter", put("/reddit/client-secret", "SecureString", "a-secret-of-reddit")).await?;
        let sealed = self.ssm("GetParameter", json!({ "Name": "/reddit/client-secret" })).await?;
        let shown = sealed["Parameter"]["Value"].as_str().unwrap_or_default();
        self.teller
            .fact("a SecureString without decryption", &format!("{}…", shown.chars().take(24).collect::<String>()));
        let open = self.ssm("GetParameter", json!({ "Name": "/reddit/client-secret", "WithDecryption": true })).await?;
        self.teller.fact("and with it", open["Parameter"]["Value"].as_str().unwrap_or_default());
        let expires = r#"[{"Type":"Expiration","Version":"1.0","Attributes":{"Timestamp":"IN_AN_HOUR"}}]"#;
        let now = self.root.page(Method::GET, "/_haar/clock").await?;
        let in_an_hour = an_hour_after(now["now"].as_str().unwrap_or_default());
        let mut token = put("/reddit/access-token", "String", "expires by itself");
        token["Tier"] = json!("Advanced");
        token["Policies"] = json!(expires.replace("IN_AN_HOUR", &in_an_hour));
        self.ssm("PutParameter", token).await?;
        self.teller.fact("/reddit/access-token expires", &in_an_hour);
        Ok(())
    }

    async fn queue(&self) -> Result<(), Failure> {
        self.teller.title("SQS hands posts on, in order and once");
        let attributes = json!({ "FifoQueue": "true", "ContentBasedDeduplication": "true", "VisibilityTimeout": "60" });
        let made =
            self.sqs("CreateQueue", json!({ "QueueName": "reddit-posts.fifo", "Attributes": attributes })).await?;
        let url = made["QueueUrl"].clone();
        for post in ["first post", "second post", "first post"] {
            let message = json!({ "QueueUrl": url, "MessageBody": post, "MessageGroupId": "dataengineering" });
            self.sqs("SendMessage", message).await?;
        }
        let wanted = json!({ "QueueUrl": url, "MaxNumberOfMessages": 10 });
        let received = self.sqs("ReceiveMessage", wanted).await?;
        let bodies: Vec<&str> = received["Messages"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|message| message["Body"].as_str())
            .collect();
        self.teller.fact("three sent, one of them twice; received", &bodies.join(", "));
        Ok(())
    }

    /// The ingest user's keys.
    async fn identity(&self) -> Result<Client, Failure> {
        self.teller.title("IAM decides who may do what");
        self.iam("CreateUser", &[("UserName", "ingest")]).await?;
        let policy = [("UserName", "ingest"), ("PolicyName", "ingest"), ("PolicyDocument", INGEST_POLICY)];
        self.iam("PutUserPolicy", &policy).await?;
        self.iam("CreateRole", &[("RoleName", "glue"), ("AssumeRolePolicyDocument", TRUST)]).await?;
        let key = self.iam("CreateAccessKey", &[("UserName", "ingest")]).await?;
        let ingest = self.root.with_keys(&element(&key, "AccessKeyId"), &element(&key, "SecretAccessKey"));
        let who = worked(ingest.query("sts", "2011-06-15", "GetCallerIdentity", &[]).await?)?;
        self.teller.fact("the new key signs as", &element(&who, "Arn"));
        Ok(ingest)
    }

    async fn least_privilege(&self, ingest: &Client) -> Result<(), Failure> {
        let read = json!({ "Name": "/reddit/subreddits" });
        let allowed = worked(ingest.json("ssm", "1.1", "AmazonSSM.GetParameter", read).await?)?;
        self.teller.fact("it may read", allowed["Parameter"]["ARN"].as_str().unwrap_or_default());
        let delete = json!({ "Name": "/reddit/subreddits" });
        let denied = refused(ingest.json("ssm", "1.1", "AmazonSSM.DeleteParameter", delete).await?)?;
        self.teller.fact("it may not delete", &denied.to_string());
        let stranger = self.root.with_keys("test", "a wrong secret");
        let refused = refused(stranger.json("ssm", "1.1", "AmazonSSM.GetParameter", json!({ "Name": "/x" })).await?)?;
        self.teller.fact("a wrong secret", refused.message.lines().next().unwrap_or_default());
        Ok(())
    }

    async fn a_day_later(&self) -> Result<(), Failure> {
        self.teller.title("The clock is yours: one day later");
        let day = Duration::from_secs(86_400).as_secs();
        let moved = self.root.page(Method::POST, &format!("/_haar/clock?advance={day}")).await?;
        self.teller.fact("it is now", moved["now"].as_str().unwrap_or_default());
        let gone = json!({ "Name": "/reddit/access-token" });
        let gone = refused(self.root.json("ssm", "1.1", "AmazonSSM.GetParameter", gone).await?)?;
        self.teller.fact("/reddit/access-token", &gone.code);
        self.teller.fact("the schedules have sent so many messages", &self.due().await?);
        let events = self.root.page(Method::GET, "/_haar/events?limit=100").await?;
        let mut shown: Vec<String> = events["events"].as_array().into_iter().flatten().map(headline).collect();
        shown.reverse();
        for event in shown {
            self.teller.fact("event", &event);
        }
        Ok(())
    }

    async fn what_was_recorded(&self) -> Result<(), Failure> {
        self.teller.title("Every call is one line in the ledger");
        let ledger = self.root.page(Method::GET, "/_haar/ledger?limit=1000").await?;
        let lines = ledger["lines"].as_array().cloned().unwrap_or_default();
        let failed = lines.iter().filter(|line| line["error_code"].is_string()).count();
        self.teller.fact("recorded", &format!("{} calls, {failed} of them refused", lines.len()));
        let suggested = self.root.page(Method::GET, "/_haar/iam/suggest?principal=user%2Fingest").await?;
        self.teller.say("the least policy for what the ingest user called (haar iam suggest):");
        println!("{}", suggested["policy"].as_str().unwrap_or_default());
        Ok(())
    }

    async fn ssm(&self, operation: &str, input: Value) -> Result<Value, Failure> {
        worked(self.root.json("ssm", "1.1", &format!("AmazonSSM.{operation}"), input).await?)
    }

    async fn sqs(&self, operation: &str, input: Value) -> Result<Value, Failure> {
        worked(self.root.json("sqs", "1.0", &format!("AmazonSQS.{operation}"), input).await?)
    }

    async fn glue(&self, operation: &str, input: Value) -> Result<Value, Failure> {
        worked(self.root.json("glue", "1.1", &format!("AWSGlue.{operation}"), input).await?)
    }

    async fn s3(&self, method: Method, path: &str, body: impl Into<bytes::Bytes>) -> Result<bytes::Bytes, Failure> {
        worked(self.root.s3(method, path, body).await?)
    }

    async fn iam(&self, action: &str, parameters: &[(&str, &str)]) -> Result<String, Failure> {
        worked(self.root.query("iam", "2010-05-08", action, parameters).await?)
    }
}

fn worked<T>(answer: Result<T, ServiceError>) -> Result<T, Failure> {
    answer.map_err(|error| Failure::new("a step of the demo was refused").because(error))
}

fn refused<T>(answer: Result<T, ServiceError>) -> Result<ServiceError, Failure> {
    answer.err().ok_or_else(|| Failure::new("a step of the demo should have been refused, and was not"))
}

fn an_hour_after(now: &str) -> String {
    let now = haar_platform::kernel::Timestamp::parse_iso8601(now).unwrap_or_default();
    haar_platform::kernel::Timestamp::from_seconds((now + Duration::from_secs(3600)).seconds()).iso8601()
}

fn headline(event: &Value) -> String {
    let detail = &event["detail"];
    let first = |names: &[&str]| names.iter().find_map(|name| detail[name].as_str()).unwrap_or_default().to_owned();
    let what = first(&["operation", "policy-type", "currentState", "typeOfChange", "state"]);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let named = ["name", "parameter-name", "queryExecutionId", "tableName", "crawlerName", "databaseName", "alarmName"];
    let name = first(&named) + &text(&detail["object"]["key"]);
    format!("{} {}: {what} {name}", text(&event["time"]), text(&event["detail-type"]))
}

/// Prints the tour; bold titles on a terminal.
struct Teller {
    bold: bool,
}

impl Teller {
    fn new() -> Self {
        Self { bold: std::io::stdout().is_terminal() }
    }

    fn title(&self, text: &str) {
        match self.bold {
            true => println!("\n\x1b[1m{text}\x1b[0m"),
            false => println!("\n{text}"),
        }
    }

    fn fact(&self, name: &str, value: &str) {
        println!("  {name:<64} {value}");
    }

    fn say(&self, text: &str) {
        println!("{text}");
    }
}
