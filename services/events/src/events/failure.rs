//! Why a delivery failed, whether another attempt makes sense, and what a dead letter says of it.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html>

use std::time::Duration;

use haar_platform::bus::{AGE_MAX, ATTEMPTS_MAX};
use haar_platform::kernel::{Fault, Timestamp};
use serde_json::{Value, json};

use super::model::{Outstanding, Recipient};

/// A failed attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// As a dead letter carries it: `NO_PERMISSIONS`.
    pub code: &'static str,
    pub message: String,
    /// Whether it may work later.
    pub retry: bool,
}

/// Why a delivery is not tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exhausted {
    Attempts,
    Age,
    /// It will never work.
    Never,
}

impl Failure {
    /// The target refused.
    pub fn of(fault: &Fault) -> Self {
        let name = &*fault.name;
        let says = |words: &[&str]| words.iter().any(|word| name.contains(word));
        let (code, retry) = if says(&["AccessDenied", "AuthorizationError", "NotAuthorized"]) {
            ("NO_PERMISSIONS", false)
        } else if says(&["NotFound", "DoesNotExist", "NonExistent", "NoSuch"]) || fault.is_not_served() {
            ("NO_RESOURCE", false)
        } else if says(&["Throttl", "TooManyRequests", "OverLimit", "LimitExceeded"]) {
            ("THROTTLING", true)
        } else if !fault.sender {
            ("INTERNAL_ERROR", true)
        } else if says(&["Invalid", "Validation", "Missing"]) {
            ("INVALID_PARAMETER", false)
        } else {
            ("ERROR_FROM_TARGET", false)
        };
        Self { code, message: fault.message.clone(), retry }
    }

    /// The role could not be assumed.
    pub fn of_role(fault: &Fault) -> Self {
        Self { code: "FAILED_TO_ASSUME_ROLE", message: fault.message.clone(), retry: !fault.sender }
    }

    /// The target did not answer.
    pub fn timeout() -> Self {
        Self { code: "TIMEOUT", message: "The target did not respond in time.".into(), retry: true }
    }

    /// An event that came from another bus goes to no third one.
    pub fn hop() -> Self {
        let message = "An event that came from another event bus is not sent on to a third one.".into();
        Self { code: "THIRD_ACCOUNT_HOP_DETECTED", message, retry: false }
    }

    /// Whether this was the last attempt: `attempts` with this one.
    pub fn exhausted(
        &self,
        target: &Recipient,
        attempts: u32,
        ingested: Timestamp,
        now: Timestamp,
    ) -> Option<Exhausted> {
        // The first attempt is none of the retries.
        let retries_max = target.attempts_max.unwrap_or(ATTEMPTS_MAX);
        let age_max = target.age_seconds_max.map_or(AGE_MAX, |seconds| Duration::from_secs(seconds.into()));
        match self.retry {
            false => Some(Exhausted::Never),
            true if attempts > retries_max => Some(Exhausted::Attempts),
            true if now - ingested >= age_max => Some(Exhausted::Age),
            true => None,
        }
    }

    /// The attributes of the dead letter.
    pub fn attributes(&self, delivery: &Outstanding, rule_arn: &str, exhausted: Exhausted, attempts: u32) -> Value {
        let text = |text: &str| json!({"DataType": "String", "StringValue": text});
        let mut attributes = json!({
            "ERROR_CODE": text(self.code),
            "ERROR_MESSAGE": text(if self.message.is_empty() { self.code } else { &self.message }),
            "RETRY_ATTEMPTS": json!({"DataType": "Number", "StringValue": attempts.saturating_sub(1).to_string()}),
            "RULE_ARN": text(rule_arn),
            "TARGET_ARN": text(&delivery.target.arn),
        });
        let condition = match exhausted {
            Exhausted::Attempts => "MaximumRetryAttempts",
            Exhausted::Age => "MaximumEventAgeInSeconds",
            Exhausted::Never => return attributes,
        };
        attributes["EXHAUSTED_RETRY_CONDITION"] = text(condition);
        attributes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_target_says_decides_on_another_attempt() {
        for (name, status, code, retry) in [
            ("AccessDeniedException", 403, "NO_PERMISSIONS", false),
            ("QueueDoesNotExist", 400, "NO_RESOURCE", false),
            ("ResourceNotFoundException", 404, "NO_RESOURCE", false),
            ("TooManyRequestsException", 429, "THROTTLING", true),
            ("ThrottlingException", 400, "THROTTLING", true),
            ("InternalFailure", 500, "INTERNAL_ERROR", true),
            ("InvalidParameterValue", 400, "INVALID_PARAMETER", false),
        ] {
            let failure = Failure::of(&Fault::common(name, status, ""));
            assert_eq!((failure.code, failure.retry), (code, retry), "{name}");
        }
    }

    #[test]
    fn retries_end_with_their_number_or_with_the_age() {
        let target = |attempts_max, age_seconds_max| Recipient {
            arn: "arn".into(),
            role_arn: None,
            message_group_id: None,
            dead_letter_arn: None,
            attempts_max,
            age_seconds_max,
        };
        let start = Timestamp::from_seconds(0);
        let at = Timestamp::from_seconds;
        let busy = Failure::timeout();
        let after = |target: &Recipient, attempts, now| busy.exhausted(target, attempts, start, now);
        assert_eq!(after(&target(None, None), 185, at(60)), None);
        assert_eq!(after(&target(None, None), 186, at(60)), Some(Exhausted::Attempts));
        assert_eq!(after(&target(Some(0), None), 1, at(0)), Some(Exhausted::Attempts));
        assert_eq!(after(&target(None, None), 3, at(24 * 60 * 60)), Some(Exhausted::Age));
        assert_eq!(after(&target(None, Some(60)), 3, at(60)), Some(Exhausted::Age));
        assert_eq!(Failure::hop().exhausted(&target(None, None), 1, start, start), Some(Exhausted::Never));
    }
}
