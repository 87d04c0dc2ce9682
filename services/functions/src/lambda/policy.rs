//! Resource policies as AWS writes them: statements made of a permission's parts.

use haar_platform::kernel::ids;
use haar_platform::kernel::serde_json::{Map, Value, json};

use super::error::LambdaError;
use super::model::Policy;

/// Bytes of a function's policy.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const POLICY_BYTES_MAX: usize = 20_480;

/// A policy as JSON.
pub fn document(policy: &Policy) -> String {
    let statements: Vec<_> = policy.statements.iter().map(|(_, text)| text.as_str()).collect();
    format!(r#"{{"Version":"2012-10-17","Id":"default","Statement":[{}]}}"#, statements.join(","))
}

/// Who may: a service, an account, an ARN or everybody.
pub fn principal(text: &str) -> Value {
    let is_account = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    if text == "*" {
        json!("*")
    } else if is_account {
        json!({"AWS": format!("arn:aws:iam::{text}:root")})
    } else if text.starts_with("arn:") {
        json!({"AWS": text})
    } else {
        json!({"Service": text})
    }
}

/// A statement that allows one action on one resource under conditions, each an operator, a key and a value.
pub fn statement(
    id: &str,
    who: &str,
    action: &str,
    resource: &str,
    conditions: &[(&'static str, &'static str, Option<String>)],
) -> String {
    let mut statement = Map::new();
    statement.insert("Sid".into(), json!(id));
    statement.insert("Effect".into(), json!("Allow"));
    statement.insert("Principal".into(), principal(who));
    statement.insert("Action".into(), json!(action));
    statement.insert("Resource".into(), json!(resource));
    let mut block = Map::new();
    for (operator, key, value) in conditions {
        let Some(value) = value else { continue };
        let keys = block.entry(*operator).or_insert_with(|| json!({}));
        if let Value::Object(keys) = keys {
            keys.insert((*key).to_owned(), json!(value));
        }
    }
    if !block.is_empty() {
        statement.insert("Condition".into(), Value::Object(block));
    }
    Value::Object(statement).to_string()
}

impl Policy {
    /// Whether a call that names a revision means this one.
    pub fn check_revision(&self, asked: Option<&str>) -> Result<(), LambdaError> {
        match asked {
            Some(revision) if revision != self.revision => Err(LambdaError::PreconditionFailed),
            _ => Ok(()),
        }
    }

    /// One more statement.
    pub fn add(&mut self, id: String, text: String) -> Result<(), LambdaError> {
        if self.statements.iter().any(|(known, _)| *known == id) {
            return Err(LambdaError::ResourceConflict(format!(
                "The statement id ({id}) provided already exists. Please provide a new statement id, or remove the \
                 existing statement."
            )));
        }
        self.statements.push((id, text));
        let size = document(self).len();
        if size > POLICY_BYTES_MAX {
            return Err(LambdaError::PolicyLengthExceeded(format!(
                "The final policy size ({size}) is bigger than the limit ({POLICY_BYTES_MAX})."
            )));
        }
        self.revision = ids::uuid();
        Ok(())
    }

    /// Without a statement.
    pub fn remove(&mut self, id: &str) -> Result<(), LambdaError> {
        let before = self.statements.len();
        self.statements.retain(|(known, _)| known != id);
        if self.statements.len() == before {
            return Err(LambdaError::ResourceNotFound(format!("Statement {id} is not found in resource policy.")));
        }
        self.revision = ids::uuid();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_written_as_aws_does() {
        let conditions = [
            ("ArnLike", "AWS:SourceArn", Some("arn:aws:s3:::raw".to_owned())),
            ("StringEquals", "AWS:SourceAccount", None),
        ];
        let text =
            statement("s3", "s3.amazonaws.com", "lambda:InvokeFunction", "arn:aws:lambda:r:1:function:f", &conditions);
        assert_eq!(
            text,
            r#"{"Sid":"s3","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"arn:aws:lambda:r:1:function:f","Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::raw"}}}"#
        );
    }

    #[test]
    fn an_account_is_its_root() {
        assert_eq!(principal("123456789012"), json!({"AWS": "arn:aws:iam::123456789012:root"}));
        assert_eq!(principal("*"), json!("*"));
    }

    #[test]
    fn a_statement_id_is_used_once() {
        let mut policy = Policy::default();
        policy.add("a".into(), "{}".into()).expect("new");
        assert!(matches!(policy.add("a".into(), "{}".into()), Err(LambdaError::ResourceConflict(_))));
        policy.remove("a").expect("there");
        assert!(matches!(policy.remove("a"), Err(LambdaError::ResourceNotFound(_))));
    }
}
