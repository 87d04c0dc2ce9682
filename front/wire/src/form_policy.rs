//! The policy of a form: what its signer lets others upload.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html>

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use haar_kernel::{Fault, Timestamp};
use serde_json::Value as Json;

use crate::form_upload::FormUpload;

/// Bytes that a file may have; without a condition a single upload's 5 GiB.
const FILE_BYTES_MAX: u64 = 5 * 1024 * 1024 * 1024;

/// Fields that need no condition.
const FREE: [&str; 5] = ["file", "policy", "x-amz-signature", "signature", "awsaccesskeyid"];

/// What a policy demands.
#[derive(Debug)]
pub struct FormPolicy {
    expiration: Timestamp,
    conditions: Vec<Condition>,
}

#[derive(Debug)]
enum Condition {
    Equal { field: String, value: String, shown: String },
    StartsWith { field: String, value: String, shown: String },
    Length { min: u64, max: u64 },
}

impl FormPolicy {
    /// Reads a policy, base64 as in the form.
    pub fn parse(encoded: &str) -> Result<Self, Fault> {
        let encoded: String = encoded.chars().filter(|character| !character.is_whitespace()).collect();
        let bytes = BASE64.decode(encoded).map_err(|_| invalid("Invalid Policy: Invalid Base64 encoding."))?;
        let json: Json = serde_json::from_slice(&bytes).map_err(|_| invalid("Invalid Policy: Invalid JSON."))?;
        let expiration = json.get("expiration").ok_or_else(|| invalid("Invalid Policy: Policy missing expiration."))?;
        let expiration = expiration.as_str().and_then(Timestamp::parse_iso8601);
        let expiration = expiration.ok_or_else(|| invalid("Invalid Policy: Invalid 'expiration' value."))?;
        let listed = json.get("conditions").ok_or_else(|| invalid("Invalid Policy: Policy missing conditions."))?;
        let listed = listed.as_array().ok_or_else(|| invalid("Invalid Policy: Invalid 'conditions' value."))?;
        let mut conditions = Vec::new();
        for condition in listed {
            read(condition, &mut conditions)
                .ok_or_else(|| invalid(&format!("Invalid Policy: Invalid Condition: {condition}")))?;
        }
        Ok(Self { expiration, conditions })
    }

    /// Whether the policy still holds, and lets these fields pass to this bucket.
    pub fn check(&self, form: &FormUpload, bucket: &str, now: Timestamp) -> Result<(), Fault> {
        if self.expiration <= now {
            return Err(denied("Policy expired."));
        }
        for condition in &self.conditions {
            let (field, shown) = match condition {
                Condition::Equal { field, shown, .. } | Condition::StartsWith { field, shown, .. } => (field, shown),
                Condition::Length { .. } => continue,
            };
            let sent = if field == "bucket" { bucket } else { form.get(field).unwrap_or_default() };
            let holds = match condition {
                Condition::Equal { value, .. } => sent == value,
                Condition::StartsWith { value, .. } => sent.starts_with(value.as_str()),
                Condition::Length { .. } => true,
            };
            if !holds {
                return Err(denied(&format!("Policy Condition failed: {shown}")));
            }
        }
        let is_named = |name: &str| {
            self.conditions.iter().any(|condition| match condition {
                Condition::Equal { field, .. } | Condition::StartsWith { field, .. } => field == name,
                Condition::Length { .. } => false,
            })
        };
        let extra: Vec<&str> = form
            .fields()
            .map(|(name, _)| name)
            .filter(|name| !FREE.contains(name) && !name.starts_with("x-ignore-") && !is_named(name))
            .collect();
        if extra.is_empty() { Ok(()) } else { Err(denied(&format!("Extra input fields: {}", extra.join(", ")))) }
    }

    /// The fewest and the most bytes that the file may have.
    pub fn length(&self) -> (u64, u64) {
        let lengths = self.conditions.iter().filter_map(|condition| match condition {
            Condition::Length { min, max } => Some((*min, *max)),
            _ => None,
        });
        lengths.fold((0, FILE_BYTES_MAX), |(low, high), (min, max)| (low.max(min), high.min(max)))
    }
}

/// `{"field": "value"}`, `["eq", "$field", "value"]`, `["starts-with", …]`, `["content-length-range", min, max]`.
fn read(condition: &Json, conditions: &mut Vec<Condition>) -> Option<()> {
    if let Some(object) = condition.as_object() {
        if object.is_empty() {
            return None;
        }
        for (field, value) in object {
            let value = value.as_str()?.to_owned();
            let shown = format!("[\"eq\", \"${field}\", \"{value}\"]");
            conditions.push(Condition::Equal { field: field.to_ascii_lowercase(), value, shown });
        }
        return Some(());
    }
    let [operator, first, second] = condition.as_array()?.as_slice() else { return None };
    let operator = operator.as_str()?;
    if operator.eq_ignore_ascii_case("content-length-range") {
        let bound = |bound: &Json| bound.as_u64().or_else(|| bound.as_str()?.parse().ok());
        conditions.push(Condition::Length { min: bound(first)?, max: bound(second)? });
        return Some(());
    }
    let name = first.as_str()?.strip_prefix('$')?;
    let (field, value) = (name.to_ascii_lowercase(), second.as_str()?.to_owned());
    let shown = format!("[\"{operator}\", \"${name}\", \"{value}\"]");
    conditions.push(match operator {
        operator if operator.eq_ignore_ascii_case("eq") => Condition::Equal { field, value, shown },
        operator if operator.eq_ignore_ascii_case("starts-with") => Condition::StartsWith { field, value, shown },
        _ => return None,
    });
    Some(())
}

fn invalid(message: &str) -> Fault {
    Fault::common("InvalidPolicyDocument", 400, message)
}

fn denied(why: &str) -> Fault {
    Fault::common("AccessDenied", 403, format!("Invalid according to Policy: {why}"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_767_225_600);

    fn policy(conditions: &str) -> Result<FormPolicy, Fault> {
        FormPolicy::parse(
            &BASE64.encode(format!(r#"{{"expiration": "2026-01-01T00:00:01.000Z", "conditions": {conditions}}}"#)),
        )
    }

    fn checked(conditions: &str, fields: &[(&str, &str)]) -> Result<(), String> {
        let mut form = FormUpload::default();
        fields.iter().for_each(|(name, value)| form.push(name, (*value).into()));
        policy(conditions).unwrap().check(&form, "photos", NOW).map_err(|fault| fault.message)
    }

    #[test]
    fn every_condition_must_hold() {
        let conditions = r#"[{"bucket": "photos"}, ["starts-with", "$key", "user/"], ["eq", "$ACL", "private"]]"#;
        assert_eq!(checked(conditions, &[("key", "user/a"), ("acl", "private")]), Ok(()));
        assert_eq!(
            checked(conditions, &[("key", "a"), ("acl", "private")]).unwrap_err(),
            "Invalid according to Policy: Policy Condition failed: [\"starts-with\", \"$key\", \"user/\"]"
        );
        assert_eq!(
            checked(conditions, &[("key", "user/a")]).unwrap_err(),
            "Invalid according to Policy: Policy Condition failed: [\"eq\", \"$ACL\", \"private\"]"
        );
        assert!(checked(r#"[{"bucket": "films"}]"#, &[]).is_err());
    }

    #[test]
    fn every_field_needs_a_condition() {
        let conditions = r#"[["starts-with", "$key", ""]]"#;
        let free = [("key", "a"), ("policy", "x"), ("X-Amz-Signature", "x"), ("x-ignore-me", "x")];
        assert_eq!(checked(conditions, &free), Ok(()));
        let fields = [("key", "a"), ("x-amz-meta-colour", "red")];
        let refused = checked(conditions, &fields).unwrap_err();
        assert_eq!(refused, "Invalid according to Policy: Extra input fields: x-amz-meta-colour");
    }

    #[test]
    fn a_policy_ends() {
        let later = NOW + std::time::Duration::from_secs(1);
        let fault = policy("[]").unwrap().check(&FormUpload::default(), "photos", later).unwrap_err();
        assert_eq!(fault.message, "Invalid according to Policy: Policy expired.");
    }

    #[test]
    fn lengths_are_read_and_what_is_no_condition_is_refused() {
        assert_eq!(policy(r#"[["content-length-range", 1, "10"]]"#).unwrap().length(), (1, 10));
        assert_eq!(policy("[]").unwrap().length(), (0, FILE_BYTES_MAX));
        for wrong in [r#"["eq"]"#, r#"[["eq", "key", "a"]]"#, r#"[["ends-with", "$key", "a"]]"#, "{}", "[{}]"] {
            assert_eq!(policy(wrong).unwrap_err().code, "InvalidPolicyDocument", "{wrong}");
        }
        assert_eq!(FormPolicy::parse("%").unwrap_err().code, "InvalidPolicyDocument");
    }
}
