//! What destinations are told of an asynchronous invocation.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html>

use haar_platform::kernel::serde_json::{self, Value, json};
use haar_platform::kernel::{Bytes, Timestamp};

/// How an event ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    Success,
    RetriesExhausted,
    EventAgeExceeded,
}

/// What the function answered last.
pub struct Response {
    pub payload: Bytes,
    pub error_type: Option<String>,
    pub executed_version: String,
}

/// An invocation that is over.
pub struct Record {
    pub time: Timestamp,
    pub request_id: String,
    /// Qualified.
    pub function_arn: String,
    pub condition: Condition,
    pub invoke_count: u32,
    pub request: Vec<u8>,
    pub response: Option<Response>,
}

impl Condition {
    fn as_str(self) -> &'static str {
        match self {
            Self::Success => "Success",
            Self::RetriesExhausted => "RetriesExhausted",
            Self::EventAgeExceeded => "EventAgeExceeded",
        }
    }
}

impl Record {
    /// As destinations get it.
    pub fn json(&self) -> Value {
        let mut record = json!({
            "version": "1.0",
            "timestamp": self.time.format("%Y-%m-%dT%H:%M:%S.%3fZ"),
            "requestContext": {
                "requestId": self.request_id,
                "functionArn": self.function_arn,
                "condition": self.condition.as_str(),
                "approximateInvokeCount": self.invoke_count,
            },
            "requestPayload": parsed(&self.request),
        });
        if let Some(response) = &self.response {
            let mut context = json!({"statusCode": 200, "executedVersion": response.executed_version});
            if response.error_type.is_some() {
                context["functionError"] = json!("Unhandled");
            }
            record["responseContext"] = context;
            record["responsePayload"] = parsed(&response.payload);
        }
        record
    }

    /// What went wrong, in the words of the function.
    pub fn error_message(&self) -> Option<String> {
        let payload: Value = serde_json::from_slice(&self.response.as_ref()?.payload).ok()?;
        payload.get("errorMessage")?.as_str().map(str::to_owned)
    }
}

/// JSON where it is, and text where it is not.
fn parsed(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(bytes).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_written_as_aws_does() {
        let record = Record {
            time: Timestamp::from_millis(1_573_755_365_568),
            request_id: "e4b46cbf-b738-xmpl-8880-a18cdf61200e".into(),
            function_arn: "arn:aws:lambda:us-east-2:123456789012:function:my-function:$LATEST".into(),
            condition: Condition::RetriesExhausted,
            invoke_count: 3,
            request: br#"{"ORDER_IDS":[1]}"#.to_vec(),
            response: Some(Response {
                payload: r#"{"errorMessage":"failed"}"#.into(),
                error_type: Some("Error".into()),
                executed_version: "$LATEST".into(),
            }),
        };
        let expected = r#"{"version":"1.0","timestamp":"2019-11-14T18:16:05.568Z","requestContext":{"requestId":"e4b46cbf-b738-xmpl-8880-a18cdf61200e","functionArn":"arn:aws:lambda:us-east-2:123456789012:function:my-function:$LATEST","condition":"RetriesExhausted","approximateInvokeCount":3},"requestPayload":{"ORDER_IDS":[1]},"responseContext":{"statusCode":200,"executedVersion":"$LATEST","functionError":"Unhandled"},"responsePayload":{"errorMessage":"failed"}}"#;
        assert_eq!(record.json().to_string(), expected);
        assert_eq!(record.error_message().as_deref(), Some("failed"));
    }
}
