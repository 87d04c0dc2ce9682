//! A batch of messages: through the filters, to the function, and out of the queue as far as it was dealt with.

use std::collections::HashSet;
use std::sync::Arc;

use haar_platform::aws::sqs::{self, Message};
use haar_platform::kernel::serde_json::{self, Value, json};
use haar_platform::kernel::{Arn, Bytes, Caller, Ctx, Fault, ids};

use super::filter::Filters;
use super::{queue, record};
use crate::lambda::Lambda;
use crate::lambda::error::LambdaError;
use crate::lambda::invoke::PAYLOAD_BYTES_MAX;
use crate::lambda::name::Reference;
use crate::lambda::run::{self, Order};

/// Messages that one call deletes.
const DELETED_AT_ONCE: usize = 10;

/// What the frame around the records takes.
const FRAME_BYTES: usize = 16;

/// A batch on its way.
pub struct Batch {
    pub reference: Reference,
    pub queue: Arn,
    /// The session of the function's role.
    pub caller: Arc<Caller>,
    pub filters: Arc<Filters>,
    pub reports_failures: bool,
    pub messages: Vec<Message>,
}

/// How a batch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The function ran without an error.
    Done,
    /// It failed, in whole or in part: messages come back when they are no longer hidden.
    Failed,
    /// There was no room for it.
    Throttled,
}

impl Batch {
    /// Brings the batch to its end. `ctx` is of the function's account and region.
    pub async fn process(self, ctx: &Ctx, lambda: &Lambda) -> Result<End, Fault> {
        let (mut wanted, mut dropped) = (Vec::new(), Vec::new());
        for message in &self.messages {
            let record = record::record(message, &self.queue);
            if self.filters.pass(&record) {
                wanted.push((message, record.to_string()));
            } else {
                dropped.push(message);
            }
        }
        self.delete(ctx, &dropped).await?;
        let mut end = End::Done;
        for part in split(wanted) {
            match self.invoke(ctx, lambda, &part).await? {
                End::Done => {}
                other => end = other,
            }
        }
        Ok(end)
    }

    async fn invoke(&self, ctx: &Ctx, lambda: &Lambda, part: &[(&Message, String)]) -> Result<End, Fault> {
        let records: Vec<_> = part.iter().map(|(_, record)| record.as_str()).collect();
        let payload = format!(r#"{{"Records":[{}]}}"#, records.join(","));
        let order = Order {
            reference: self.reference.clone(),
            found: lambda.resolve(&self.reference)?,
            request_id: ids::uuid(),
            payload: payload.into(),
            client_context: None,
        };
        let ran = match run::run(ctx, lambda, order).await {
            Ok(ran) => ran,
            Err(LambdaError::TooManyRequests(_)) => return Ok(End::Throttled),
            Err(error) => return Err(error.into()),
        };
        ran.observed.note(ctx).await;
        if ran.error_type.is_some() {
            return Ok(End::Failed);
        }
        let all: Vec<_> = part.iter().map(|(message, _)| *message).collect();
        let failed = if self.reports_failures { failures(&ran.payload, &all) } else { Some(HashSet::new()) };
        let Some(failed) = failed else { return Ok(End::Failed) };
        let id = |message: &Message| message.message_id.clone().unwrap_or_default();
        let done: Vec<_> = all.into_iter().filter(|message| !failed.contains(&id(message))).collect();
        self.delete(ctx, &done).await?;
        Ok(if failed.is_empty() { End::Done } else { End::Failed })
    }

    async fn delete(&self, ctx: &Ctx, messages: &[&Message]) -> Result<(), Fault> {
        for some in messages.chunks(DELETED_AT_ONCE) {
            let entries = some.iter().enumerate().map(|(index, message)| sqs::DeleteMessageBatchRequestEntry {
                id: index.to_string(),
                receipt_handle: message.receipt_handle.clone().unwrap_or_default(),
            });
            let request =
                sqs::DeleteMessageBatchRequest { queue_url: queue::url(&self.queue), entries: entries.collect() };
            ctx.call_as::<sqs::DeleteMessageBatch>(self.caller.clone(), request).await?;
        }
        Ok(())
    }
}

/// Parts that fit an invocation, in order.
fn split(wanted: Vec<(&Message, String)>) -> Vec<Vec<(&Message, String)>> {
    let (mut parts, mut part, mut bytes) = (Vec::new(), Vec::new(), FRAME_BYTES);
    for (message, record) in wanted {
        if !part.is_empty() && bytes + record.len() + 1 > PAYLOAD_BYTES_MAX {
            parts.push(std::mem::take(&mut part));
            bytes = FRAME_BYTES;
        }
        bytes += record.len() + 1;
        part.push((message, record));
    }
    if !part.is_empty() {
        parts.push(part);
    }
    parts
}

/// The ids of messages that the function says it failed on; `None` when its answer makes the whole batch fail.
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>
fn failures(payload: &Bytes, messages: &[&Message]) -> Option<HashSet<String>> {
    let answer: Value = if payload.is_empty() { json!(null) } else { serde_json::from_slice(payload).ok()? };
    let listed = match answer.get("batchItemFailures") {
        None | Some(Value::Null) => return Some(HashSet::new()),
        Some(listed) => listed.as_array()?,
    };
    let known: HashSet<_> = messages.iter().filter_map(|message| message.message_id.as_deref()).collect();
    let ids = listed.iter().map(|failure| {
        let id = failure.get("itemIdentifier")?.as_str().filter(|id| !id.is_empty())?;
        known.contains(id).then(|| id.to_owned())
    });
    ids.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(id: &str) -> Message {
        Message { message_id: Some(id.into()), ..Default::default() }
    }

    fn failed(payload: &'static str) -> Option<Vec<String>> {
        let (a, b) = (message("a"), message("b"));
        let found = failures(&Bytes::from_static(payload.as_bytes()), &[&a, &b])?;
        let mut found: Vec<_> = found.into_iter().collect();
        found.sort();
        Some(found)
    }

    #[test]
    fn a_function_names_the_messages_that_failed() {
        assert_eq!(failed(r#"{"batchItemFailures":[{"itemIdentifier":"b"}]}"#), Some(vec!["b".into()]));
        for nothing in ["", "null", "{}", r#"{"batchItemFailures":null}"#, r#"{"batchItemFailures":[]}"#] {
            assert_eq!(failed(nothing), Some(Vec::new()), "{nothing}");
        }
    }

    #[test]
    fn an_answer_that_makes_no_sense_fails_the_whole_batch() {
        for bad in [
            "{",
            r#"{"batchItemFailures":{}}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":null}]}"#,
            r#"{"batchItemFailures":[{"id":"a"}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":"c"}]}"#,
        ] {
            assert_eq!(failed(bad), None, "{bad}");
        }
    }

    #[test]
    fn parts_fit_an_invocation() {
        let (a, b) = (message("a"), message("b"));
        let large = "x".repeat(PAYLOAD_BYTES_MAX / 2);
        assert_eq!(split(vec![(&a, large.clone()), (&b, large)]).len(), 2);
        assert_eq!(split(vec![(&a, "x".into()), (&b, "y".into())]).len(), 1);
        assert!(split(Vec::new()).is_empty());
    }
}
