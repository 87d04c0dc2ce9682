//! What happened, in EventBridge's form.

use haar_kernel::{Ctx, Timestamp, ids};
use serde_json::{Value, json};

/// An event. <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html>
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// A UUID, the same on every delivery.
    pub id: String,
    /// `aws.ssm`. Events of one source arrive in order.
    pub source: String,
    /// `Parameter Store Change`.
    pub detail_type: String,
    /// Whose event it is.
    pub account: String,
    /// Where it happened.
    pub region: String,
    /// When it happened. EventBridge's JSON has whole seconds.
    pub time: Timestamp,
    /// ARNs of what it is about.
    pub resources: Vec<String>,
    /// A JSON object, as the service documents it.
    pub detail: Value,
}

impl Event {
    /// An event of a call or a job, now, in its account and region.
    pub fn new(ctx: &Ctx, source: &str, detail_type: &str, resources: Vec<String>, detail: Value) -> Self {
        Self {
            id: ids::uuid(),
            source: source.into(),
            detail_type: detail_type.into(),
            account: ctx.account.to_string(),
            region: ctx.region.to_string(),
            time: ctx.now(),
            resources,
            detail,
        }
    }

    /// As targets get it.
    pub fn to_json(&self) -> Value {
        json!({
            "version": "0",
            "id": self.id,
            "detail-type": self.detail_type,
            "source": self.source,
            "account": self.account,
            "time": self.time.format("%Y-%m-%dT%H:%M:%SZ"),
            "region": self.region,
            "resources": self.resources,
            "detail": self.detail,
        })
    }

    /// Bytes as PutEvents counts them, its time included.
    /// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html>
    pub fn size(&self) -> usize {
        const TIME_BYTES: usize = 14;
        TIME_BYTES
            + self.source.len()
            + self.detail_type.len()
            + self.detail.to_string().len()
            + self.resources.iter().map(String::len).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> Event {
        Event {
            id: "17793124-05d4-b198-2fde-7ededc63b103".into(),
            source: "aws.ssm".into(),
            detail_type: "Parameter Store Change".into(),
            account: "123456789012".into(),
            region: "us-east-1".into(),
            time: Timestamp::from_millis(1_513_968_228_999),
            resources: vec!["arn:aws:ssm:us-east-1:123456789012:parameter/ä".into()],
            detail: json!({"operation": "Create", "name": "ä"}),
        }
    }

    #[test]
    fn json_is_eventbridges_member_for_member() {
        assert_eq!(
            event().to_json().to_string(),
            "{\"version\":\"0\",\"id\":\"17793124-05d4-b198-2fde-7ededc63b103\",\
             \"detail-type\":\"Parameter Store Change\",\"source\":\"aws.ssm\",\"account\":\"123456789012\",\
             \"time\":\"2017-12-22T18:43:48Z\",\"region\":\"us-east-1\",\
             \"resources\":[\"arn:aws:ssm:us-east-1:123456789012:parameter/ä\"],\
             \"detail\":{\"operation\":\"Create\",\"name\":\"ä\"}}"
        );
    }

    #[test]
    fn size_counts_utf8_bytes_of_the_entry() {
        assert_eq!(event().size(), 14 + 7 + 22 + 47 + 34);
    }
}
