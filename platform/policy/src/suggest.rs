//! The least policy for calls that were seen: what `haar iam suggest` prints.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// Writes the policy that allows exactly these pairs of action and resource, as indented JSON. Statements are grouped by
/// service and sorted; actions that were seen on the same resources share a statement.
pub fn suggest<'a>(calls: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut resources_of: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for (action, resource) in calls {
        let service = action.split_once(':').map_or(action, |(service, _)| service);
        resources_of.entry((service, action)).or_default().insert(resource);
    }
    let mut actions_of: BTreeMap<(&str, BTreeSet<&str>), Vec<&str>> = BTreeMap::new();
    for ((service, action), mut resources) in resources_of {
        if resources.contains("*") {
            resources = BTreeSet::from(["*"]);
        }
        actions_of.entry((service, resources)).or_default().push(action);
    }
    let statements = actions_of.into_iter().map(|((_, resources), actions)| {
        object([
            ("Effect", "Allow".into()),
            ("Action", actions.into_iter().map(Value::from).collect()),
            ("Resource", resources.into_iter().map(Value::from).collect()),
        ])
    });
    let policy = object([("Version", "2012-10-17".into()), ("Statement", statements.collect())]);
    format!("{policy:#}")
}

fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::document::{Document, Kind};

    #[test]
    fn calls_are_grouped_by_service_and_by_equal_resources() {
        let queue = "arn:aws:sqs:eu-west-1:123456789012:orders";
        let policy = suggest([
            ("sqs:SendMessage", queue),
            ("ssm:GetParameter", "arn:aws:ssm:eu-west-1:123456789012:parameter/b"),
            ("sqs:ReceiveMessage", queue),
            ("sqs:SendMessage", queue),
            ("ssm:GetParameter", "arn:aws:ssm:eu-west-1:123456789012:parameter/a"),
            ("sqs:ListQueues", "*"),
            ("sqs:ListQueues", queue),
        ]);
        let expected = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": [
        "sqs:ListQueues"
      ],
      "Resource": [
        "*"
      ]
    },
    {
      "Effect": "Allow",
      "Action": [
        "sqs:ReceiveMessage",
        "sqs:SendMessage"
      ],
      "Resource": [
        "arn:aws:sqs:eu-west-1:123456789012:orders"
      ]
    },
    {
      "Effect": "Allow",
      "Action": [
        "ssm:GetParameter"
      ],
      "Resource": [
        "arn:aws:ssm:eu-west-1:123456789012:parameter/a",
        "arn:aws:ssm:eu-west-1:123456789012:parameter/b"
      ]
    }
  ]
}"#;
        assert_eq!(policy, expected);
        Document::parse(&policy, Kind::Managed).unwrap();
    }
}
