//! AddPermission and RemovePermission: statements of the topic's policy, by label.

use haar_platform::aws::sns::{AddPermissionInput, RemovePermissionInput};
use haar_platform::kernel::{AccountId, Ctx};
use serde_json::{Value, json};

use super::address::TopicAddress;
use super::error::SnsError;
use super::model::TOPICS;
use super::{Sns, meter, topic_in};

/// What can be granted this way.
/// <https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html>
const ACTIONS: [&str; 9] = [
    "*",
    "AddPermission",
    "DeleteTopic",
    "GetTopicAttributes",
    "ListSubscriptionsByTopic",
    "Publish",
    "RemovePermission",
    "SetTopicAttributes",
    "Subscribe",
];

/// AddPermission.
pub async fn add(ctx: &Ctx, sns: &Sns, input: AddPermissionInput) -> Result<(), SnsError> {
    meter(ctx, 0);
    if input.label.is_empty() || input.aws_account_id.is_empty() || input.action_name.is_empty() {
        return Err(SnsError::invalid("Label, AWSAccountId and ActionName must not be empty"));
    }
    if !input.action_name.iter().all(|action| ACTIONS.contains(&action.as_str())) {
        return Err(SnsError::invalid("Policy statement action out of service scope!"));
    }
    if !input.aws_account_id.iter().all(|id| AccountId::parse(id).is_some()) {
        return Err(SnsError::invalid("AWSAccountId"));
    }
    change(ctx, sns, &input.topic_arn.clone(), move |address, statements| {
        if statements.iter().any(|statement| statement["Sid"] == input.label) {
            return Err(SnsError::invalid("Statement already exists"));
        }
        statements.push(statement(address, &input));
        Ok(())
    })
    .await
}

/// RemovePermission: a label that is not there does no harm.
pub async fn remove(ctx: &Ctx, sns: &Sns, input: RemovePermissionInput) -> Result<(), SnsError> {
    meter(ctx, 0);
    change(ctx, sns, &input.topic_arn.clone(), move |_, statements| {
        statements.retain(|statement| statement["Sid"] != input.label);
        Ok(())
    })
    .await
}

async fn change(
    ctx: &Ctx,
    sns: &Sns,
    arn: &str,
    change: impl FnOnce(&TopicAddress, &mut Vec<Value>) -> Result<(), SnsError> + Send + 'static,
) -> Result<(), SnsError> {
    let address = TopicAddress::parse(ctx, "TopicArn", arn)?;
    sns.store
        .write(move |tx| {
            let mut topic = topic_in(tx, &address)?;
            let mut policy: Value = serde_json::from_str(&topic.settings.policy(&address))
                .map_err(|_| SnsError::invalid("Policy Error: not JSON"))?;
            change(&address, statements(&mut policy))?;
            topic.settings.apply("Policy", &policy.to_string())?;
            Ok(tx.put(TOPICS, &address.key(), &topic)?)
        })
        .await
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

fn statement(address: &TopicAddress, input: &AddPermissionInput) -> Value {
    let accounts = input.aws_account_id.iter();
    let principals: Vec<_> = accounts.map(|id| format!("arn:aws:iam::{id}:root")).collect();
    let actions: Vec<_> = input.action_name.iter().map(|action| format!("SNS:{action}")).collect();
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
