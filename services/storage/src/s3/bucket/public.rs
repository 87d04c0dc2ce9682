//! Whether a bucket policy is public: whether it lets in callers whom it does not hold to fixed values.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status>

use serde_json::Value;

/// Conditions that hold callers to an account, an organization, a network or a resource, if their values are fixed.
const FIXING_KEYS: [&str; 14] = [
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceorgid",
    "aws:sourceowner",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:userid",
    "s3:dataaccesspointaccount",
    "s3:dataaccesspointarn",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
];

/// Operators that hold a key to their values. With `IfExists` behind them they hold nobody who leaves the key out.
const FIXING_OPERATORS: [&str; 5] = ["stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike"];

/// Address ranges that are wider than this are the public.
const IPV4_PREFIX_MIN: u8 = 8;
const IPV6_PREFIX_MIN: u8 = 32;

/// Whether a policy that is well-formed lets in the public. One that is not lets in nobody.
pub fn is_public(policy: &str) -> bool {
    let Ok(document) = serde_json::from_str::<Value>(policy) else { return false };
    entries(&document["Statement"]).iter().any(|statement| lets_in_public(statement))
}

fn lets_in_public(statement: &Value) -> bool {
    statement["Effect"] == "Allow" && names_everyone(statement) && !is_held(&statement["Condition"])
}

/// Whether the statement is for whoever comes. All but a few is everyone, too.
fn names_everyone(statement: &Value) -> bool {
    if statement.get("NotPrincipal").is_some() {
        return true;
    }
    match &statement["Principal"] {
        Value::Object(kinds) => kinds.values().flat_map(entries).any(|name| name == "*"),
        principal => principal == "*",
    }
}

/// Whether one of the conditions, all of which must be true, holds the callers to fixed values.
fn is_held(conditions: &Value) -> bool {
    let Some(operators) = conditions.as_object() else { return false };
    operators.iter().any(|(operator, keys)| {
        let Some(keys) = keys.as_object() else { return false };
        keys.iter().any(|(key, values)| {
            let values = entries(values);
            !values.is_empty() && values.iter().all(|value| holds(operator, key, value))
        })
    })
}

fn holds(operator: &str, key: &str, value: &Value) -> bool {
    let Some(value) = value.as_str() else { return false };
    let operator = operator.to_ascii_lowercase();
    let operator = operator.strip_prefix("foranyvalue:").unwrap_or(&operator);
    let key = key.to_ascii_lowercase();
    match (operator, key.as_str()) {
        ("ipaddress", "aws:sourceip") => is_narrow(value),
        _ => FIXING_OPERATORS.contains(&operator) && FIXING_KEYS.contains(&key.as_str()) && is_fixed(&key, value),
    }
}

/// A value without wildcards and variables. The access points of one account are as fixed as the account.
fn is_fixed(key: &str, value: &str) -> bool {
    if value.contains("${") {
        return false;
    }
    let checked = match key {
        "s3:dataaccesspointarn" => value.split(":accesspoint/").next().unwrap_or(value),
        _ => value,
    };
    !checked.contains(['*', '?'])
}

fn is_narrow(range: &str) -> bool {
    let (address, prefix) = range.split_once('/').unwrap_or((range, "128"));
    let (Ok(address), Ok(prefix)) = (address.parse::<std::net::IpAddr>(), prefix.parse::<u8>()) else { return false };
    prefix >= if address.is_ipv4() { IPV4_PREFIX_MIN } else { IPV6_PREFIX_MIN }
}

/// The policy language lets one thing stand for a list of one.
fn entries(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(values) => values.iter().collect(),
        Value::Null => Vec::new(),
        value => vec![value],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn public(principal: Value, condition: Value) -> bool {
        let statement = json!({
            "Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::lake/*",
            "Condition": condition,
        });
        is_public(&json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string())
    }

    #[test]
    fn everyone_is_the_public() {
        assert!(public(json!("*"), json!({})));
        assert!(public(json!({ "AWS": "*" }), json!({})));
        assert!(public(json!({ "AWS": ["123456789012", "*"] }), json!({})));
        assert!(!public(json!({ "AWS": "123456789012" }), json!({})));
        assert!(!public(json!({ "Service": "logging.s3.amazonaws.com" }), json!({})));
    }

    #[test]
    fn a_fixed_value_holds_the_public_out() {
        let holds = |condition: Value| !public(json!("*"), condition);
        assert!(holds(json!({ "StringEquals": { "aws:SourceVpc": "vpc-91237329" } })));
        assert!(holds(json!({ "StringEquals": { "aws:PrincipalOrgID": ["o-a", "o-b"] } })));
        assert!(holds(json!({ "IpAddress": { "aws:SourceIp": ["10.0.0.0/8", "192.168.7.1"] } })));
        assert!(holds(
            json!({ "ArnLike": { "s3:DataAccessPointArn": "arn:aws:s3:us-east-1:123456789012:accesspoint/*" } })
        ));
    }

    #[test]
    fn a_value_that_anybody_has_does_not() {
        let open = |condition: Value| public(json!("*"), condition);
        assert!(open(json!({ "StringLike": { "aws:SourceVpc": "vpc-*" } })));
        assert!(open(json!({ "StringEquals": { "aws:SourceVpc": ["vpc-1", "${aws:SourceVpc}"] } })));
        assert!(open(json!({ "IpAddress": { "aws:SourceIp": "0.0.0.0/1" } })));
        assert!(open(json!({ "StringEqualsIfExists": { "aws:SourceVpc": "vpc-1" } })));
        assert!(open(json!({ "StringNotEquals": { "aws:SourceVpc": "vpc-1" } })));
        assert!(open(json!({ "StringEquals": { "aws:Referer": "https://example.com" } })));
    }

    #[test]
    fn a_denial_opens_nothing() {
        let statement =
            json!({ "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::lake/*" });
        assert!(!is_public(&json!({ "Version": "2012-10-17", "Statement": statement }).to_string()));
    }
}
