//! AddPermission and RemovePermission: statements of the queue's policy, by label.

use haar_platform::aws::sqs::{AddPermissionRequest, RemovePermissionRequest};
use haar_platform::kernel::{AccountId, Ctx};
use serde_json::{Value, json};

use super::address::Address;
use super::error::SqsError;
use super::model::QUEUES;
use super::{Sqs, meter, queue_in};

/// What can be granted this way.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_AddPermission.html>
const ACTIONS: [&str; 9] = [
    "*",
    "ChangeMessageVisibility",
    "DeleteMessage",
    "GetQueueAttributes",
    "GetQueueUrl",
    "ListDeadLetterSourceQueues",
    "PurgeQueue",
    "ReceiveMessage",
    "SendMessage",
];

/// Actions of one statement.
const ACTIONS_MAX: usize = 7;

/// Characters of a label.
const LABEL_CHARS_MAX: usize = 80;

/// AddPermission.
pub async fn add(ctx: &Ctx, sqs: &Sqs, input: AddPermissionRequest) -> Result<(), SqsError> {
    meter(ctx, 0);
    check(&input)?;
    let address = Address::from_url(ctx, &input.queue_url)?;
    let now = ctx.now();
    sqs.store
        .write(move |tx| {
            let mut queue = queue_in(tx, &address)?;
            let mut policy = match &queue.settings.policy {
                Some(text) => parse(text)?,
                None => json!({
                    "Version": "2008-10-17",
                    "Id": format!("{}/SQSDefaultPolicy", address.arn()),
                    "Statement": [],
                }),
            };
            let statements = statements(&mut policy);
            if statements.iter().any(|statement| statement["Sid"] == input.label) {
                return Err(SqsError::parameter("Label", &input.label, "Already exists."));
            }
            statements.push(statement(&address, &input));
            let text = std::collections::BTreeMap::from([("Policy".to_owned(), policy.to_string())]);
            queue.settings.apply(&text)?;
            queue.modified = now;
            Ok(tx.put(QUEUES, &address.key(), &queue)?)
        })
        .await
}

/// RemovePermission: the policy goes with its last statement.
pub async fn remove(ctx: &Ctx, sqs: &Sqs, input: RemovePermissionRequest) -> Result<(), SqsError> {
    meter(ctx, 0);
    let address = Address::from_url(ctx, &input.queue_url)?;
    let now = ctx.now();
    sqs.store
        .write(move |tx| {
            let mut queue = queue_in(tx, &address)?;
            let unknown = || SqsError::parameter("Label", &input.label, "can't find label.");
            let mut policy = parse(queue.settings.policy.as_deref().ok_or_else(unknown)?)?;
            let statements = statements(&mut policy);
            let found = statements.iter().position(|statement| statement["Sid"] == input.label);
            statements.remove(found.ok_or_else(unknown)?);
            let empty = statements.is_empty();
            queue.settings.policy = (!empty).then(|| policy.to_string());
            queue.modified = now;
            Ok(tx.put(QUEUES, &address.key(), &queue)?)
        })
        .await
}

fn check(input: &AddPermissionRequest) -> Result<(), SqsError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let label = &input.label;
    if label.is_empty() || label.len() > LABEL_CHARS_MAX || !label.bytes().all(plain) {
        let reason = "Label can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length.";
        return Err(SqsError::parameter("Label", label, reason));
    }
    if input.actions.is_empty() {
        return Err(SqsError::MissingParameter("Actions"));
    }
    if input.aws_account_ids.is_empty() {
        return Err(SqsError::MissingParameter("AWSAccountIds"));
    }
    if input.actions.len() > ACTIONS_MAX {
        let count = input.actions.len();
        return Err(SqsError::OverLimit(format!("{count} Actions were found, maximum allowed is {ACTIONS_MAX}.")));
    }
    if let Some(action) = input.actions.iter().find(|action| !ACTIONS.contains(&action.as_str())) {
        return Err(SqsError::parameter(
            "ActionName",
            format!("SQS:{action}"),
            "Please refer to the appropriate WSDL for a list of valid actions. ",
        ));
    }
    match input.aws_account_ids.iter().find(|id| AccountId::parse(id).is_none()) {
        Some(id) => Err(SqsError::parameter("PrincipalId", id, "Unable to verify.")),
        None => Ok(()),
    }
}

fn parse(text: &str) -> Result<Value, SqsError> {
    serde_json::from_str(text).map_err(|_| SqsError::InvalidAttributeValue("Policy".into()))
}

/// The statements as a list: a policy may also have a single one.
fn statements(policy: &mut Value) -> &mut Vec<Value> {
    let member = &mut policy["Statement"];
    if !member.is_array() {
        let single = member.take();
        *member = if single.is_null() { json!([]) } else { json!([single]) };
    }
    member.as_array_mut().expect("made a list just now")
}

fn statement(address: &Address, input: &AddPermissionRequest) -> Value {
    let accounts = input.aws_account_ids.iter();
    let principals: Vec<_> = accounts.map(|id| format!("arn:aws:iam::{id}:root")).collect();
    let actions: Vec<_> = input.actions.iter().map(|action| format!("SQS:{action}")).collect();
    json!({
        "Sid": input.label,
        "Effect": "Allow",
        "Principal": {"AWS": one_or_many(principals)},
        "Action": one_or_many(actions),
        "Resource": address.arn().to_string(),
    })
}

fn one_or_many(mut texts: Vec<String>) -> Value {
    if texts.len() == 1 { json!(texts.remove(0)) } else { json!(texts) }
}
