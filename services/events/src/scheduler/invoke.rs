//! One attempt of one invocation, and what follows from it.

use std::sync::Arc;
use std::time::Duration;

use haar_platform::kernel::{AccountId, Caller, Ctx, Delivery, Fault, Measure, Region, Timestamp};
use haar_platform::role::{self, Session};
use haar_platform::store::Read;
use serde_json::{Value, json};

use super::Scheduler;
use super::access::schedule_arn;
use super::error::SchedulerError;
use super::model::{INVOCATIONS, Invocation, InvocationKey, SCHEDULES};
use super::schedule::SERVICE;
use super::target::Way;

const NAMESPACE: &str = "AWS/Scheduler";

/// What AWS bills an invocation as.
const INVOCATIONS_UNIT: &str = "scheduler-invocations";

/// The wait after the first failure; it doubles with each further one, up to the longest.
const RETRY_FIRST: Duration = Duration::from_secs(1);
const RETRY_MAX: Duration = Duration::from_secs(8 * 60);

/// Characters of an error that a dead letter carries.
const ERROR_CHARS_MAX: usize = 1000;

/// Why an invocation is given up.
#[derive(Clone, Copy)]
enum Ending {
    Attempts,
    Age,
    /// The target is gone, or does not let us in: another attempt would not help.
    Lasting,
}

/// Of an attempt, what all of it needs.
struct Attempt<'a> {
    ctx: &'a Ctx,
    key: InvocationKey,
    invocation: Invocation,
    schedule_arn: String,
    payload: Option<String>,
}

/// Tries to deliver.
pub async fn attempt(
    job: &Ctx,
    scheduler: &Scheduler,
    key: InvocationKey,
    invocation: Invocation,
) -> Result<(), SchedulerError> {
    let (Some(account), Some(region)) = (AccountId::parse(&key.0), Region::parse(&key.1)) else {
        return settle(scheduler, key, invocation).await;
    };
    let ctx = job.elsewhere(Arc::new(Caller::service(SERVICE, &account)), region);
    let now = ctx.now();
    let schedule_arn = schedule_arn(&ctx, &invocation.group, &invocation.name).to_string();
    let payload = invocation.target.input.as_deref().map(|input| fill(input, &schedule_arn, &key.2, &invocation));
    let attempt = Attempt { ctx: &ctx, key, invocation, schedule_arn, payload };
    let invocation = &attempt.invocation;
    let is_stale = invocation.attempts == 0 && now - invocation.fired > invocation.target.age_max();
    let result = if is_stale {
        Err(Fault::common("MaximumEventAgeExceeded", 400, "The invocation fell due while haar was not running."))
    } else {
        if invocation.attempts == 0 {
            ctx.meter(INVOCATIONS_UNIT, 1);
        }
        attempt.count("InvocationAttemptCount");
        attempt.deliver().await
    };
    match result {
        Ok(()) => {
            let Attempt { key, invocation, .. } = attempt;
            settle(scheduler, key, invocation).await?;
        }
        Err(fault) => {
            if !is_stale {
                attempt.count("TargetErrorCount");
                if fault.status == 429 || fault.name.contains("Throttl") {
                    attempt.count("TargetErrorThrottledCount");
                }
            }
            let failures = invocation.attempts + 1;
            let due = now + delay(failures);
            let ending = if is_stale {
                Some(Ending::Age)
            } else if is_lasting(&fault) {
                Some(Ending::Lasting)
            } else if due - invocation.fired > invocation.target.age_max() {
                Some(Ending::Age)
            } else {
                (failures > invocation.target.attempts_max()).then_some(Ending::Attempts)
            };
            match ending {
                None => {
                    let Attempt { key, invocation, .. } = attempt;
                    postpone(scheduler, key, Invocation { attempts: failures, due, ..invocation }).await?;
                }
                Some(why) => {
                    attempt.give_up(&fault, why).await;
                    let Attempt { key, invocation, .. } = attempt;
                    settle(scheduler, key, invocation).await?;
                }
            }
        }
    }
    ctx.note("ScheduleInvoked").await;
    Ok(())
}

fn delay(failures: u32) -> Duration {
    (RETRY_FIRST * 2u32.pow(failures.saturating_sub(1).min(16))).min(RETRY_MAX)
}

/// Missing permissions and targets are not tried again, as EventBridge's rules do not.
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html>
fn is_lasting(fault: &Fault) -> bool {
    let named = |part: &str| fault.name.contains(part);
    matches!(fault.status, 403 | 404 | 501) || named("AccessDenied") || named("NotFound") || named("DoesNotExist")
}

/// What the input of a target may ask of its invocation.
/// <https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html>
fn fill(input: &str, schedule_arn: &str, execution_id: &str, invocation: &Invocation) -> String {
    if !input.contains("<aws.scheduler.") {
        return input.to_owned();
    }
    let attempt = (invocation.attempts + 1).to_string();
    input
        .replace("<aws.scheduler.schedule-arn>", schedule_arn)
        .replace("<aws.scheduler.scheduled-time>", &time(invocation.scheduled))
        .replace("<aws.scheduler.execution-id>", execution_id)
        .replace("<aws.scheduler.attempt-number>", &attempt)
}

fn time(time: Timestamp) -> String {
    time.format("%Y-%m-%dT%H:%M:%SZ")
}

impl Attempt<'_> {
    fn count(&self, name: &'static str) {
        self.ctx.measure(Measure::count(NAMESPACE, name, 1.0).of("ScheduleGroup", &*self.invocation.group));
    }

    async fn session(&self) -> Result<Session, Fault> {
        role::assume(self.ctx, SERVICE, &self.invocation.target.role_arn, &self.key.2).await
    }

    async fn deliver(&self) -> Result<(), Fault> {
        let target = &self.invocation.target;
        let session = self.session().await?;
        match target.way()? {
            Way::Templated(arn) => {
                let payload = self.payload.clone().unwrap_or_else(|| self.default_event().to_string());
                let parameters = target.parameters(&self.schedule_arn);
                let delivery = Delivery { target: arn, payload, id: self.key.2.clone(), parameters };
                self.ctx.deliver(session.caller, delivery).await
            }
            Way::Universal { service, action } => {
                let input = self.payload.as_deref().unwrap_or("{}");
                let input: Value = serde_json::from_str(input)
                    .map_err(|_| SchedulerError::validation("Invalid RequestJson provided."))?;
                self.ctx.call_named(session.caller, &service, &action, input).await.map(|_| ())
            }
        }
    }

    /// What a target gets for which no input was given.
    fn default_event(&self) -> Value {
        json!({
            "version": "0",
            "id": self.key.2,
            "detail-type": "Scheduled Event",
            "source": "aws.scheduler",
            "account": self.key.0,
            "time": time(self.invocation.scheduled),
            "region": self.key.1,
            "resources": [self.schedule_arn],
            "detail": "{}",
        })
    }

    /// The end of an invocation that never worked: the dead-letter queue, if there is one.
    async fn give_up(&self, fault: &Fault, why: Ending) {
        self.count("InvocationDroppedCount");
        let Some(queue) = self.invocation.target.dead_letter_arn.as_ref().and_then(|arn| arn.parse().ok()) else {
            return;
        };
        let text = |value: &str| {
            let value: String = value.chars().take(ERROR_CHARS_MAX).collect();
            json!({"DataType": "String", "StringValue": if value.is_empty() { "-".to_owned() } else { value }})
        };
        let condition = match why {
            Ending::Attempts => Some("MaximumRetryAttempts"),
            Ending::Age => Some("MaximumEventAgeInSeconds"),
            Ending::Lasting => None,
        };
        let mut attributes = json!({
            "ERROR_CODE": text(&fault.code),
            "ERROR_MESSAGE": text(&fault.message),
            "EXECUTION_ID": text(&self.key.2),
            "IS_PAYLOAD_TRUNCATED": text("false"),
            "RETRY_ATTEMPTS": text(&self.invocation.attempts.to_string()),
            "SCHEDULED_TIME": text(&time(self.invocation.scheduled)),
            "SCHEDULE_ARN": text(&self.schedule_arn),
            "TARGET_ARN": text(&self.invocation.target.arn),
        });
        if let Some(condition) = condition {
            attributes["EXHAUSTED_RETRY_CONDITION"] = text(condition);
        }
        let letter = Delivery {
            target: queue,
            payload: self.letter(),
            id: self.key.2.clone(),
            parameters: json!({"MessageAttributes": attributes}),
        };
        let sent = match self.session().await {
            Ok(session) => self.ctx.deliver(session.caller, letter).await,
            Err(fault) => Err(fault),
        };
        match sent {
            Ok(()) => self.count("InvocationsSentToDeadLetterCount"),
            Err(fault) => {
                tracing::debug!(schedule = self.schedule_arn, %fault, "dead letter not delivered");
                self.count("InvocationsFailedToBeSentToDeadLetterCount");
            }
        }
    }

    /// The request that did not work, as an API has it.
    fn letter(&self) -> String {
        let payload = self.payload.clone().unwrap_or_else(|| self.default_event().to_string());
        let Ok(Way::Templated(arn)) = self.invocation.target.way() else { return payload };
        match arn.service.as_str() {
            "sqs" => {
                let endpoint = self.ctx.origin.endpoint.trim_end_matches('/');
                let url = format!("{endpoint}/{}/{}", arn.account, arn.resource);
                json!({"MessageBody": payload, "QueueUrl": url}).to_string()
            }
            "sns" => json!({"Message": payload, "TopicArn": arn.to_string()}).to_string(),
            "lambda" => {
                json!({"FunctionName": arn.to_string(), "InvocationType": "Event", "Payload": payload}).to_string()
            }
            _ => payload,
        }
    }
}

/// The invocation is over; a schedule that wanted to go with its last one goes.
async fn settle(scheduler: &Scheduler, key: InvocationKey, invocation: Invocation) -> Result<(), SchedulerError> {
    scheduler
        .store
        .write(move |tx| {
            tx.delete(INVOCATIONS, &key)?;
            if invocation.is_last {
                let schedule = (key.0, key.1, invocation.group, invocation.name);
                let known = tx.get(SCHEDULES, &schedule)?;
                // It may have been changed since, and have more to do.
                if known.is_some_and(|known| known.next.is_none() && known.enabled && known.delete_when_done) {
                    tx.delete(SCHEDULES, &schedule)?;
                }
            }
            Ok(())
        })
        .await
}

async fn postpone(scheduler: &Scheduler, key: InvocationKey, invocation: Invocation) -> Result<(), SchedulerError> {
    scheduler
        .store
        .write(move |tx| {
            // It may be gone with a store that was emptied.
            if tx.contains(INVOCATIONS, &key)? {
                tx.put(INVOCATIONS, &key, &invocation)?;
            }
            Ok(())
        })
        .await
}
