//! What a schedule invokes: a resource of one of the usual kinds, or any operation of an API.
//! <https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets.html>

use haar_platform::aws::scheduler as aws;
use haar_platform::kernel::{Arn, Ctx};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::error::SchedulerError;

/// What the ARN of a universal target begins with: the service and the operation follow.
const UNIVERSAL: &str = "arn:aws:scheduler:::aws-sdk:";

/// Operations that only read are no targets: their names begin like this.
/// <https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html>
const READING: [&str; 25] = [
    "get",
    "describe",
    "list",
    "poll",
    "receive",
    "search",
    "scan",
    "query",
    "select",
    "read",
    "lookup",
    "discover",
    "validate",
    "batchGet",
    "batchDescribe",
    "batchRead",
    "transactGet",
    "adminGet",
    "adminList",
    "testMigration",
    "retrieve",
    "testConnection",
    "translateDocument",
    "isAuthorized",
    "invokeModel",
];

/// Attempts and age of an invocation for which nothing was asked.
/// <https://docs.aws.amazon.com/scheduler/latest/APIReference/API_RetryPolicy.html>
const ATTEMPTS_MAX: u32 = 185;
const AGE_SECONDS_MAX: u32 = 86_400;

/// A target, as it was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Target {
    pub arn: String,
    pub role_arn: String,
    pub dead_letter_arn: Option<String>,
    pub retry: Option<Retry>,
    pub input: Option<String>,
    /// Source and detail type.
    pub event: Option<(String, String)>,
    pub message_group: Option<Option<String>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Retry {
    pub attempts_max: Option<u32>,
    pub age_seconds_max: Option<u32>,
}

/// How a target is reached.
#[derive(Clone, Debug, PartialEq)]
pub enum Way {
    /// Whatever the ARN names gets a delivery.
    Templated(Arn),
    /// An operation is called, by the SDKs' names.
    Universal { service: String, action: String },
}

impl Target {
    /// Reads a target; the model has checked its parts.
    pub fn parse(ctx: &Ctx, given: aws::Target) -> Result<Self, SchedulerError> {
        for (name, is_given) in [
            ("EcsParameters", given.ecs_parameters.is_some()),
            ("EventBridgePutEventsV2Parameters", given.event_bridge_put_events_v2_parameters.is_some()),
            ("EventBridgePutRawEventsParameters", given.event_bridge_put_raw_events_parameters.is_some()),
            ("KinesisParameters", given.kinesis_parameters.is_some()),
            ("SageMakerPipelineParameters", given.sage_maker_pipeline_parameters.is_some()),
        ] {
            if is_given {
                return Err(SchedulerError::NotServed(format!("targets of schedules with {name}")));
            }
        }
        let count = |count: i32| count.unsigned_abs();
        let target = Self {
            arn: given.arn,
            role_arn: given.role_arn,
            dead_letter_arn: given.dead_letter_config.and_then(|config| config.arn),
            retry: given.retry_policy.map(|policy| Retry {
                attempts_max: policy.maximum_retry_attempts.map(count),
                age_seconds_max: policy.maximum_event_age_in_seconds.map(count),
            }),
            input: given.input,
            event: given.event_bridge_parameters.map(|event| (event.source, event.detail_type)),
            message_group: given.sqs_parameters.map(|parameters| parameters.message_group_id),
        };
        target.check(ctx)?;
        Ok(target)
    }

    fn check(&self, ctx: &Ctx) -> Result<(), SchedulerError> {
        match self.way()? {
            Way::Templated(arn) => {
                if !ctx.serves_target(&arn) {
                    return Err(SchedulerError::NotServed(format!("{arn} as the target of a schedule")));
                }
                let is_bus = arn.service == "events";
                if is_bus && (self.event.is_none() || self.input.is_none()) {
                    let message = "EventBridgeParameters and Input must be provided for an event bus target.";
                    return Err(SchedulerError::validation(message));
                }
                if arn.service == "sqs" && arn.resource.ends_with(".fifo") && self.message_group.is_none() {
                    let message = "SqsParameters must be provided for a FIFO queue target.";
                    return Err(SchedulerError::validation(message));
                }
            }
            Way::Universal { service, action } => {
                if is_reading(&action) {
                    let message = format!("Provided Arn {} is not supported: {action} only reads.", self.arn);
                    return Err(SchedulerError::validation(message));
                }
                if !ctx.serves_operation(&service, &action) {
                    return Err(SchedulerError::NotServed(format!("{service}:{action} as the target of a schedule")));
                }
                let input: Option<Value> = self
                    .input
                    .as_deref()
                    .map_or(Some(json!({})), |text| serde_json::from_str(text).ok().filter(Value::is_object));
                if input.is_none() {
                    return Err(SchedulerError::validation("Invalid RequestJson provided. Reason: not a JSON object."));
                }
            }
        }
        Ok(())
    }

    /// How the target is reached.
    pub fn way(&self) -> Result<Way, SchedulerError> {
        let invalid = || SchedulerError::validation(format!("Provided Arn is not in correct format: {}", self.arn));
        if let Some(operation) = self.arn.strip_prefix(UNIVERSAL) {
            let (service, action) = operation.split_once(':').ok_or_else(invalid)?;
            return Ok(Way::Universal { service: service.to_owned(), action: action.to_owned() });
        }
        self.arn.parse().map(Way::Templated).map_err(|_| invalid())
    }

    /// Retries after the first attempt.
    pub fn attempts_max(&self) -> u32 {
        self.retry.and_then(|retry| retry.attempts_max).unwrap_or(ATTEMPTS_MAX)
    }

    /// How long an invocation is retried.
    pub fn age_max(&self) -> std::time::Duration {
        let seconds = self.retry.and_then(|retry| retry.age_seconds_max).unwrap_or(AGE_SECONDS_MAX);
        std::time::Duration::from_secs(u64::from(seconds))
    }

    /// What a templated target's service is told beside the payload.
    pub fn parameters(&self, schedule_arn: &str) -> Value {
        let mut parameters = json!({});
        if let Some((source, detail_type)) = &self.event {
            parameters["EventBridgeParameters"] = json!({"Source": source, "DetailType": detail_type});
            parameters["Resources"] = json!([schedule_arn]);
        }
        if let Some(Some(group)) = &self.message_group {
            parameters["SqsParameters"] = json!({"MessageGroupId": group});
        }
        parameters
    }

    /// As GetSchedule shows it.
    pub fn show(self) -> aws::Target {
        let number = |number: u32| number.cast_signed();
        aws::Target {
            arn: self.arn,
            role_arn: self.role_arn,
            dead_letter_config: self.dead_letter_arn.map(|arn| aws::DeadLetterConfig { arn: Some(arn) }),
            retry_policy: Some(aws::RetryPolicy {
                maximum_retry_attempts: Some(number(
                    self.retry.and_then(|retry| retry.attempts_max).unwrap_or(ATTEMPTS_MAX),
                )),
                maximum_event_age_in_seconds: Some(number(
                    self.retry.and_then(|retry| retry.age_seconds_max).unwrap_or(AGE_SECONDS_MAX),
                )),
            }),
            input: self.input,
            event_bridge_parameters: self
                .event
                .map(|(source, detail_type)| aws::EventBridgeParameters { detail_type, source }),
            sqs_parameters: self.message_group.map(|message_group_id| aws::SqsParameters { message_group_id }),
            ..Default::default()
        }
    }
}

/// A prefix counts up to the end of its word: `listen` lists nothing.
fn is_reading(action: &str) -> bool {
    let mut first = action.chars();
    let action: String = first.next().map(|char| char.to_ascii_lowercase()).into_iter().chain(first).collect();
    READING.iter().any(|prefix| {
        action.strip_prefix(prefix).is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_lowercase()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_that_only_read_are_told_by_their_names() {
        for reading in ["getObject", "ListTables", "receiveMessage", "batchGetItem", "describeInstances", "query"] {
            assert!(is_reading(reading), "{reading}");
        }
        for changing in ["sendMessage", "StartQueryExecution", "getawayCar", "createTable", "putObject"] {
            assert!(!is_reading(changing), "{changing}");
        }
    }
}
