//! What one line says.

use std::borrow::Cow;
use std::net::IpAddr;
use std::time::Duration;

use haar_kernel::{Measure, Timestamp};
use serde::{Deserialize, Serialize};

use crate::identity::Identity;

/// Longer user agents and error messages are cut, as CloudTrail does.
/// <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>
const TEXT_BYTES_MAX: usize = 1024;

/// Resources, usage units and ignored members that a line names; the queue's memory is bounded by it.
const LIST_MAX: usize = 100;

/// One thing that happened: a call from the network, from the console, from another service.
///
/// Stored by position (`frame.rs`): a change of these fields is a new version of the frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// When the call arrived.
    pub time: Timestamp,
    /// From the first byte of the request to the last byte of the answer.
    pub duration: Duration,
    /// A UUID; the caller got it with the answer.
    pub request_id: String,
    /// A UUID of this line: CloudTrail's `eventID`.
    pub event_id: String,
    /// `sqs`: CloudTrail's `eventSource` without `.amazonaws.com`. Empty when no service was recognised.
    pub service: Cow<'static, str>,
    /// `SendMessage`: CloudTrail's `eventName`. Empty when no operation was recognised.
    pub operation: Cow<'static, str>,
    /// IAM's action where one was asked for: `sqs:SendMessage` also for `SendMessageBatch`.
    pub action: Option<Cow<'static, str>>,
    /// Whether the operation changes nothing; none when that is not known.
    pub read_only: Option<bool>,
    /// The account that the call worked in.
    pub account: String,
    /// The region that the call worked in.
    pub region: String,
    /// Who called.
    pub caller: Identity,
    /// Where from; none for calls from inside.
    pub source_ip: Option<IpAddr>,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// Whether TLS protected the call.
    pub secure: bool,
    /// `awsJson1_0`, `restXml`, …; `internal` for calls from inside.
    pub protocol: Cow<'static, str>,
    /// ARNs of what the call touched.
    pub resources: Vec<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// The first refusal that `--iam observe` did not carry out.
    pub would_deny: Option<WouldDeny>,
    /// Of the request, without its head.
    pub bytes_in: u64,
    /// Of the answer, without its head.
    pub bytes_out: u64,
    /// What the call will be billed for: unit of the price list, amount.
    pub usage: Vec<(Cow<'static, str>, u64)>,
    /// Members of the request that were accepted and not honoured.
    pub ignored: Vec<String>,
    /// What the service measured of itself meanwhile: behind the `AWS/…` metrics.
    pub measures: Vec<Measure>,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// HTTP status; calls from inside have the one that they would have got.
    pub status: u16,
    /// None when the call worked.
    pub failure: Option<Failure>,
}

/// The error of a call that did not work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// AWS's code: `QueueDoesNotExist`.
    pub code: String,
    /// What the caller read.
    pub message: String,
}

/// A refusal that was recorded and not carried out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WouldDeny {
    /// `sqs:SendMessage`.
    pub action: String,
    /// Its ARN.
    pub resource: String,
}

impl Outcome {
    /// It worked.
    pub fn succeeded(status: u16) -> Self {
        Self { status, failure: None }
    }

    /// It did not.
    pub fn failed(status: u16, code: impl Into<String>, message: impl Into<String>) -> Self {
        let (code, message) = (code.into(), message.into());
        Self { status, failure: Some(Failure { code, message }) }
    }

    /// AWS's error code; none when the call worked.
    pub fn code(&self) -> Option<&str> {
        self.failure.as_ref().map(|failure| failure.code.as_str())
    }
}

impl Line {
    /// Cuts what strangers can make long, so that the size of a line is bounded.
    pub(crate) fn bound(&mut self) {
        cut(&mut self.user_agent);
        if let Some(failure) = &mut self.outcome.failure {
            cut(&mut failure.code);
            cut(&mut failure.message);
        }
        for list in [&mut self.resources, &mut self.ignored] {
            list.truncate(LIST_MAX);
            // An ARN is at most 2,048 characters; what is longer here came from a request that was refused.
            list.iter_mut().for_each(|text| cut_to(text, 2 * TEXT_BYTES_MAX));
        }
        self.usage.truncate(LIST_MAX);
        self.measures.truncate(LIST_MAX);
    }
}

fn cut(text: &mut String) {
    cut_to(text, TEXT_BYTES_MAX);
}

fn cut_to(text: &mut String, bytes_max: usize) {
    if text.len() > bytes_max {
        text.truncate(text.floor_char_boundary(bytes_max));
    }
}

#[cfg(test)]
pub(crate) mod samples {
    //! Lines for tests.

    use super::*;
    use crate::identity::samples::assumed_role;

    /// A line with something in every field.
    pub(crate) fn full() -> Line {
        Line {
            time: Timestamp::from_millis(1_576_540_098_123),
            duration: Duration::from_micros(1_234),
            request_id: "11111111-2222-4333-8444-555555555555".into(),
            event_id: "99999999-2222-4333-8444-555555555555".into(),
            service: "sqs".into(),
            operation: "SendMessageBatch".into(),
            action: Some("sqs:SendMessage".into()),
            read_only: Some(false),
            account: "123456789012".into(),
            region: "eu-west-1".into(),
            caller: assumed_role(),
            source_ip: Some(IpAddr::from([127, 0, 0, 1])),
            user_agent: "aws-cli/2 \"quoted\"".into(),
            secure: false,
            protocol: "awsJson1_0".into(),
            resources: vec!["arn:aws:sqs:eu-west-1:123456789012:orders".into()],
            outcome: Outcome::failed(400, "QueueDoesNotExist", "The specified queue does not exist."),
            would_deny: Some(WouldDeny {
                action: "sqs:SendMessage".into(),
                resource: "arn:aws:sqs:eu-west-1:123456789012:orders".into(),
            }),
            bytes_in: 300,
            bytes_out: 70,
            usage: vec![("Requests".into(), 2)],
            ignored: vec!["MessageSystemAttributes".into()],
            measures: vec![Measure::count("AWS/SQS", "NumberOfMessagesSent", 2.0).of("QueueName", "orders")],
        }
    }

    /// What version 1 knew of it.
    pub(crate) fn without_measures() -> Line {
        Line { measures: Vec::new(), ..full() }
    }

    /// A call that worked, at that second.
    pub(crate) fn at(second: i64) -> Line {
        Line {
            time: Timestamp::from_seconds(second),
            request_id: format!("request-{second}"),
            outcome: Outcome::succeeded(200),
            would_deny: None,
            ..full()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_strangers_make_long_is_cut_between_characters() {
        let mut line = samples::full();
        line.user_agent = "ä".repeat(TEXT_BYTES_MAX);
        line.user_agent.insert(0, 'x');
        line.ignored = vec!["m".repeat(5000); LIST_MAX + 1];
        line.bound();
        assert_eq!(line.user_agent.len(), TEXT_BYTES_MAX - 1);
        assert_eq!(line.ignored.len(), LIST_MAX);
        assert_eq!(line.ignored[0].len(), 2 * TEXT_BYTES_MAX);
    }
}
