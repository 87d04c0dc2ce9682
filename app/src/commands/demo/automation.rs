//! What happens by itself, in the demo: an object arrives, a function runs, CloudWatch sees it fail, somebody is mailed;
//! and a schedule that the next day will show.

use std::io::Write as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::Method;
use serde_json::{Value, json};

use super::{Tour, worked};
use crate::client::{ServiceError, element};
use crate::failure::Failure;

const LAMBDA_TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

const SCHEDULER_TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"scheduler.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

const LOGS_POLICY: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"logs:*","Resource":"*"}]}"#;

const QUEUE_POLICY: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"*"}]}"#;

/// The function: it needs nothing beside Python itself.
const FUNCTION: &str = r#"
import json

def handler(event, context):
    arrived = event["detail"]["object"]
    if arrived["size"] == 0:
        raise ValueError("an empty file: " + arrived["key"])
    print(json.dumps({"key": arrived["key"], "bytes": arrived["size"]}))
"#;

/// Which Python runs it: the newest that this machine has.
const RUNTIMES: [&str; 5] = ["python3.14", "python3.13", "python3.12", "python3.11", "python3.10"];

const FUNCTION_ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:on-arrival";

const ARRIVED: &str =
    r#"{"source":["aws.s3"],"detail-type":["Object Created"],"detail":{"object":{"key":[{"prefix":"incoming/"}]}}}"#;

const ASKED: &str = "filter ispresent(bytes) | stats count(*) as files, sum(bytes) as total";

/// How often a query is asked after.
const PAUSE: Duration = Duration::from_millis(10);

impl Tour {
    pub(super) async fn automation(&self) -> Result<(), Failure> {
        self.teller.title("A function runs when a file arrives: S3, EventBridge, Lambda");
        match self.function().await? {
            Some(runtime) => {
                self.teller.fact("its runtime", &runtime);
                self.rule().await?;
                self.arrivals().await?;
                self.watching().await?;
            }
            None => self.teller.say("  left out: there is no Python on this machine (looked for 3.10 to 3.14)"),
        }
        self.schedule().await
    }

    /// Creates the function with the newest Python there is; `None` without any.
    async fn function(&self) -> Result<Option<String>, Failure> {
        self.role("on-arrival", LAMBDA_TRUST, LOGS_POLICY).await?;
        for runtime in RUNTIMES {
            let input = json!({
                "FunctionName": "on-arrival",
                "Runtime": runtime,
                "Handler": "app.handler",
                "Role": "arn:aws:iam::000000000000:role/on-arrival",
                "Code": { "ZipFile": BASE64.encode(zipped("app.py", FUNCTION)?) },
            });
            match self.rest("lambda", Method::POST, "/2015-03-31/functions", input).await? {
                Ok(_) => return Ok(Some(runtime.to_owned())),
                Err(error) if error.message.contains(runtime) => {}
                Err(error) => return worked(Err(error)),
            }
        }
        Ok(None)
    }

    async fn rule(&self) -> Result<(), Failure> {
        let told = "<NotificationConfiguration><EventBridgeConfiguration/></NotificationConfiguration>";
        self.s3(Method::PUT, "/reddit-lake?notification", told).await?;
        let rule = self.events("PutRule", json!({ "Name": "arrived", "EventPattern": ARRIVED })).await?;
        let permission = json!({
            "StatementId": "arrived",
            "Action": "lambda:InvokeFunction",
            "Principal": "events.amazonaws.com",
            "SourceArn": rule["RuleArn"],
        });
        let path = "/2015-03-31/functions/on-arrival/policy";
        worked(self.rest("lambda", Method::POST, path, permission).await?)?;
        let targets = json!({ "Rule": "arrived", "Targets": [{ "Id": "function", "Arn": FUNCTION_ARN }] });
        self.events("PutTargets", targets).await?;
        Ok(())
    }

    async fn arrivals(&self) -> Result<(), Failure> {
        for (name, body) in [("a", "{\"id\":\"1\"}\n"), ("b", "{\"id\":\"2\"}\n{\"id\":\"3\"}\n")] {
            self.s3(Method::PUT, &format!("/reddit-lake/incoming/{name}.ndjson"), body).await?;
        }
        self.advance(Duration::from_secs(1)).await?;
        let input = json!({ "logGroupName": "/aws/lambda/on-arrival", "filterPattern": "REPORT" });
        let found = self.logs("FilterLogEvents", input).await?;
        for event in found["events"].as_array().into_iter().flatten() {
            let report = event["message"].as_str().unwrap_or_default().trim().replace('\t', "  ");
            let report = report.split("  ").skip(1).collect::<Vec<_>>().join(", ");
            self.teller.fact("it ran", &report);
        }
        Ok(())
    }

    async fn watching(&self) -> Result<(), Failure> {
        self.teller.title("CloudWatch: a query over its logs, and an alarm that mails");
        for row in self.insights().await? {
            let value = |name: &str| row.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str());
            let total = format!("{} files, {} bytes", value("files").unwrap_or("0"), value("total").unwrap_or("0"));
            self.teller.fact("Logs Insights counted", &total);
        }
        let topic = self.query_call("sns", "2010-03-31", "CreateTopic", &[("Name", "operators")]).await?;
        let topic = element(&topic, "TopicArn");
        let subscription = [("TopicArn", topic.as_str()), ("Protocol", "email"), ("Endpoint", "operator@example.com")];
        self.query_call("sns", "2010-03-31", "Subscribe", &subscription).await?;
        self.confirm().await?;
        let alarm = [
            ("AlarmName", "on-arrival fails"),
            ("Namespace", "AWS/Lambda"),
            ("MetricName", "Errors"),
            ("Dimensions.member.1.Name", "FunctionName"),
            ("Dimensions.member.1.Value", "on-arrival"),
            ("Statistic", "Sum"),
            ("Period", "60"),
            ("EvaluationPeriods", "1"),
            ("Threshold", "0"),
            ("ComparisonOperator", "GreaterThanThreshold"),
            ("TreatMissingData", "notBreaching"),
            ("AlarmActions.member.1", topic.as_str()),
        ];
        self.query_call("monitoring", "2010-08-01", "PutMetricAlarm", &alarm).await?;
        self.s3(Method::PUT, "/reddit-lake/incoming/empty.ndjson", "").await?;
        self.advance(Duration::from_secs(120)).await?;
        let named = [("AlarmNames.member.1", "on-arrival fails")];
        let described = self.query_call("monitoring", "2010-08-01", "DescribeAlarms", &named).await?;
        self.teller.fact("an empty file arrived; the alarm is in state", &element(&described, "StateValue"));
        let outbox = self.root.page(Method::GET, "/_haar/outbox").await?;
        for mail in outbox["messages"].as_array().into_iter().flatten() {
            let subject = mail["subject"].as_str().unwrap_or_default();
            if subject.starts_with("ALARM") {
                self.teller.fact("mail to operator@example.com", subject);
            }
        }
        Ok(())
    }

    /// Follows the link in the mail that asks whether the subscription is wanted.
    async fn confirm(&self) -> Result<(), Failure> {
        // What is on its way arrives while the clock moves.
        self.advance(Duration::from_secs(1)).await?;
        let outbox = self.root.page(Method::GET, "/_haar/outbox").await?;
        let body = outbox["messages"][0]["text"].as_str().unwrap_or_default();
        let link = body.split_whitespace().find(|word| word.contains("Action=ConfirmSubscription"));
        let path = link.and_then(|link| link.split_once("://")?.1.split_once('/')).map(|(_, path)| format!("/{path}"));
        let path = path.ok_or_else(|| Failure::new("the mail about the subscription has no link"))?;
        self.root.follow(&path).await
    }

    async fn insights(&self) -> Result<Vec<Vec<(String, String)>>, Failure> {
        let now = self.root.page(Method::GET, "/_haar/clock").await?;
        let now = haar_platform::kernel::Timestamp::parse_iso8601(now["now"].as_str().unwrap_or_default());
        let now = now.unwrap_or_default().seconds();
        let input = json!({
            "logGroupName": "/aws/lambda/on-arrival", "queryString": ASKED, "startTime": now - 3600, "endTime": now + 1,
        });
        let id = self.logs("StartQuery", input).await?["queryId"].take();
        loop {
            let answer = self.logs("GetQueryResults", json!({ "queryId": id })).await?;
            if matches!(answer["status"].as_str(), Some("Scheduled" | "Running")) {
                self.clock.patience(PAUSE).await;
                continue;
            }
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let pair = |field: &Value| (text(&field["field"]), text(&field["value"]));
            let rows = answer["results"].as_array().into_iter().flatten();
            return Ok(rows.map(|row| row.as_array().into_iter().flatten().map(pair).collect()).collect());
        }
    }

    async fn schedule(&self) -> Result<(), Failure> {
        self.teller.title("EventBridge Scheduler: every hour, and on workdays at 8 in Ho Chi Minh City");
        self.role("scheduler", SCHEDULER_TRUST, QUEUE_POLICY).await?;
        self.sqs("CreateQueue", json!({ "QueueName": "due" })).await?;
        for (name, expression, zone) in
            [("hourly", "rate(1 hour)", "UTC"), ("workdays", "cron(0 8 ? * MON-FRI *)", "Asia/Ho_Chi_Minh")]
        {
            let schedule = json!({
                "ScheduleExpression": expression,
                "ScheduleExpressionTimezone": zone,
                "FlexibleTimeWindow": { "Mode": "OFF" },
                "Target": {
                    "Arn": "arn:aws:sqs:us-east-1:000000000000:due",
                    "RoleArn": "arn:aws:iam::000000000000:role/scheduler",
                    "Input": json!({ "schedule": name }).to_string(),
                },
            });
            let path = format!("/schedules/{name}");
            worked(self.rest("scheduler", Method::POST, &path, schedule).await?)?;
            self.teller.fact(name, expression);
        }
        Ok(())
    }

    /// How many messages the schedules have sent.
    pub(super) async fn due(&self) -> Result<String, Failure> {
        let url = self.sqs("GetQueueUrl", json!({ "QueueName": "due" })).await?["QueueUrl"].take();
        let asked = json!({ "QueueUrl": url, "AttributeNames": ["ApproximateNumberOfMessages"] });
        let answer = self.sqs("GetQueueAttributes", asked).await?;
        Ok(answer["Attributes"]["ApproximateNumberOfMessages"].as_str().unwrap_or_default().to_owned())
    }

    async fn role(&self, name: &str, trust: &str, policy: &str) -> Result<(), Failure> {
        self.iam("CreateRole", &[("RoleName", name), ("AssumeRolePolicyDocument", trust)]).await?;
        let policy = [("RoleName", name), ("PolicyName", "work"), ("PolicyDocument", policy)];
        self.iam("PutRolePolicy", &policy).await?;
        Ok(())
    }

    async fn advance(&self, by: Duration) -> Result<(), Failure> {
        self.root.page(Method::POST, &format!("/_haar/clock?advance={}", by.as_secs())).await?;
        Ok(())
    }

    async fn events(&self, operation: &str, input: Value) -> Result<Value, Failure> {
        worked(self.root.json("events", "1.1", &format!("AWSEvents.{operation}"), input).await?)
    }

    async fn logs(&self, operation: &str, input: Value) -> Result<Value, Failure> {
        worked(self.root.json("logs", "1.1", &format!("Logs_20140328.{operation}"), input).await?)
    }

    async fn query_call(
        &self,
        service: &str,
        version: &str,
        action: &str,
        parameters: &[(&str, &str)],
    ) -> Result<String, Failure> {
        worked(self.root.query(service, version, action, parameters).await?)
    }

    async fn rest(
        &self,
        service: &str,
        method: Method,
        path: &str,
        input: Value,
    ) -> Result<Result<Value, ServiceError>, Failure> {
        self.root.rest(service, method, path, input).await
    }
}

/// A zip file with one file in it.
fn zipped(name: &str, content: &str) -> Result<Vec<u8>, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::new("failed to zip the function's code").because(error);
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    archive.start_file(name, zip::write::SimpleFileOptions::default()).map_err(|error| failed(&error))?;
    archive.write_all(content.as_bytes()).map_err(|error| failed(&error))?;
    Ok(archive.finish().map_err(|error| failed(&error))?.into_inner())
}
