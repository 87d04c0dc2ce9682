//! Deliveries: how rules, schedules, topics, alarms and filters reach whatever an ARN names, without knowing which
//! services there are.

use crate::arn::Arn;
use crate::serde_json::Value;

/// Something for a target. The service that serves the target's ARN says what to do with it: a queue gets a message,
/// a function is invoked asynchronously, a log group gets an event.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Where to.
    pub target: Arn,
    /// What the target gets: nearly always JSON.
    pub payload: String,
    /// The same for every attempt: by it a receiver may know a repetition.
    pub id: String,
    /// What AWS's shape for a target says beside the ARN, under its names there:
    /// `{"SqsParameters": {"MessageGroupId": "a"}}`. An object; empty where there is nothing to say.
    pub parameters: Value,
}

impl Delivery {
    /// Without parameters.
    pub fn new(target: Arn, payload: impl Into<String>, id: impl Into<String>) -> Self {
        Self { target, payload: payload.into(), id: id.into(), parameters: Value::Object(Default::default()) }
    }

    /// A string of the parameters, by its JSON pointer: `/SqsParameters/MessageGroupId`.
    pub fn parameter(&self, pointer: &str) -> Option<&str> {
        self.parameters.pointer(pointer)?.as_str()
    }
}
