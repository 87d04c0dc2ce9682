//! Every condition operator against present, absent and multivalued keys.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use haar_policy::{Context, Document, Kind, Policies, Principal, Request, Source, SourceKind, Values, decide};

/// Whether one condition, as JSON, holds for a context.
fn holds(condition: &str, context: &Context) -> bool {
    let text = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{{{condition}}}}}}}"#
    );
    let document = Arc::new(Document::parse(&text, Kind::Managed).unwrap());
    let identity = [Source { id: "p".into(), arn: None, kind: SourceKind::UserManaged, document }];
    let principal = Principal::User {
        arn: "arn:aws:iam::123456789012:user/ann".into(),
        account: "123456789012".into(),
        unique_id: "AIDAJQABLZS4A3QDU576Q".into(),
    };
    let request = Request {
        principal: &principal,
        action: "sqs:SendMessage",
        resource: "*",
        resource_account: None,
        canonical_user: None,
        context,
    };
    decide(&Policies { identity: &identity, ..Policies::default() }, &request).is_allowed()
}

/// Each row: a condition on the key `k:k`, a value of it, whether it holds.
fn check(table: &[(&str, &str, bool)]) {
    for (condition, value, expected) in table {
        assert_eq!(holds(condition, &Context::new().with("k:k", *value)), *expected, "{condition} {value}");
    }
}

#[test]
fn strings_are_compared_with_and_without_case_and_wildcards() {
    check(&[
        (r#""StringEquals":{"K:k":"a"}"#, "a", true),
        (r#""StringEquals":{"k:k":"a"}"#, "A", false),
        (r#""StringEquals":{"k:k":"a*"}"#, "ab", false),
        (r#""StringEquals":{"k:k":["a","b"]}"#, "b", true),
        (r#""StringNotEquals":{"k:k":"a"}"#, "b", true),
        (r#""StringNotEquals":{"k:k":["a","b"]}"#, "b", false),
        (r#""StringEqualsIgnoreCase":{"k:k":"a"}"#, "A", true),
        (r#""StringNotEqualsIgnoreCase":{"k:k":"a"}"#, "A", false),
        (r#""StringLike":{"k:k":"a*c?"}"#, "a/:cd", true),
        (r#""StringLike":{"k:k":"A*"}"#, "ab", false),
        (r#""StringNotLike":{"k:k":"a*"}"#, "ab", false),
        (r#""StringLike":{"k:k":"a${*}"}"#, "ab", false),
        (r#""StringLike":{"k:k":"a${*}"}"#, "a*", true),
    ]);
}

#[test]
fn numbers_are_compared_by_value() {
    check(&[
        (r#""NumericEquals":{"k:k":"10"}"#, "10.0", true),
        (r#""NumericNotEquals":{"k:k":10}"#, "11", true),
        (r#""NumericLessThan":{"k:k":"10"}"#, "9", true),
        (r#""NumericLessThan":{"k:k":"10"}"#, "10", false),
        (r#""NumericLessThanEquals":{"k:k":"10"}"#, "10", true),
        (r#""NumericGreaterThan":{"k:k":"10"}"#, "9", false),
        (r#""NumericGreaterThanEquals":{"k:k":["10","5"]}"#, "7", true),
        (r#""NumericEquals":{"k:k":"10"}"#, "ten", false),
    ]);
}

#[test]
fn dates_are_compared_as_instants() {
    check(&[
        (r#""DateEquals":{"k:k":"2013-08-01T00:00:00Z"}"#, "1375315200", true),
        (r#""DateNotEquals":{"k:k":"2013-08-01T00:00:00Z"}"#, "1375315201", true),
        (r#""DateLessThan":{"k:k":"2013-08-01T02:00:00+02:00"}"#, "2013-07-31T23:59:59Z", true),
        (r#""DateLessThanEquals":{"k:k":"2013-08-01"}"#, "2013-08-01T00:00:00Z", true),
        (r#""DateGreaterThan":{"k:k":"2013-08-01T00:00:00Z"}"#, "2013-08-01T00:00:00.001Z", true),
        (r#""DateGreaterThanEquals":{"k:k":"9999999999999"}"#, "2013-08-01T00:00:00Z", false),
    ]);
}

#[test]
fn booleans_binaries_and_addresses_are_compared_by_value() {
    check(&[
        (r#""Bool":{"k:k":"true"}"#, "TRUE", true),
        (r#""Bool":{"k:k":false}"#, "true", false),
        (r#""BinaryEquals":{"k:k":"QmluYXJ5"}"#, "QmluYXJ5", true),
        (r#""BinaryEquals":{"k:k":"QmluYXJ5"}"#, "QmluYXJ6", false),
        (r#""IpAddress":{"k:k":["10.0.0.0/8","2001:db8::/32"]}"#, "2001:db8::7", true),
        (r#""IpAddress":{"k:k":"10.0.0.0/8"}"#, "11.0.0.1", false),
        (r#""NotIpAddress":{"k:k":"10.0.0.0/8"}"#, "11.0.0.1", true),
        (r#""IpAddress":{"k:k":"10.0.0.0/8"}"#, "events.amazonaws.com", false),
    ]);
}

#[test]
fn arns_are_compared_segment_by_segment() {
    for operator in ["ArnEquals", "ArnLike"] {
        let table = [
            ("arn:aws:sns:*:123456789012:t*", "arn:aws:sns:eu-west-1:123456789012:topic", true),
            ("arn:aws:sns:*:topic", "arn:aws:sns:eu-west-1:123456789012:topic", false),
            ("arn:aws:sns:e*:1:t", "arn:aws:sns:eu:x:1:t", false),
            ("arn:aws:sns:*:1:a:*", "arn:aws:sns:eu:1:a:b:c", true),
            ("${k:self}", "arn:aws:iam::1:role/a", true),
            ("*", "arn:aws:iam::1:role/a", true),
        ];
        for (pattern, arn, expected) in table {
            let context = Context::new().with("k:k", arn).with("k:self", "arn:aws:iam::1:role/a");
            assert_eq!(holds(&format!(r#""{operator}":{{"k:k":"{pattern}"}}"#), &context), expected, "{pattern}");
            let negated = operator.replace("Arn", "ArnNot");
            assert_eq!(holds(&format!(r#""{negated}":{{"k:k":"{pattern}"}}"#), &context), !expected, "{pattern}");
        }
    }
}

#[test]
fn null_asks_whether_a_key_exists() {
    let (present, absent) = (Context::new().with("k:k", "v"), Context::new());
    let empty = Context::new().with("k:k", Values::Many(Vec::new()));
    for (context, exists) in [(&present, true), (&absent, false), (&empty, false)] {
        assert_eq!(holds(r#""Null":{"k:k":"true"}"#, context), !exists);
        assert_eq!(holds(r#""Null":{"k:k":"false"}"#, context), exists);
    }
}

#[test]
fn an_absent_key_fails_positive_operators_and_satisfies_negated_ones() {
    let table = [
        ("StringEquals", "a", false),
        ("StringNotEquals", "a", true),
        ("StringNotLike", "a", true),
        ("NumericNotEquals", "1", true),
        ("DateNotEquals", "1", true),
        ("NotIpAddress", "10.0.0.1", true),
        ("ArnNotLike", "arn:aws:iam::1:role/a", true),
        ("Bool", "true", false),
        ("NumericLessThan", "1", false),
        ("ForAllValues:StringEquals", "a", true),
        ("ForAllValues:StringNotEquals", "a", true),
        ("ForAnyValue:StringEquals", "a", false),
        ("ForAnyValue:StringNotEquals", "a", false),
    ];
    for (operator, value, expected) in table {
        assert_eq!(holds(&format!(r#""{operator}":{{"k:k":"{value}"}}"#), &Context::new()), expected, "{operator}");
        assert!(
            holds(&format!(r#""{operator}IfExists":{{"k:k":"{value}"}}"#), &Context::new()),
            "{operator}IfExists holds for an absent key"
        );
    }
}

#[test]
fn if_exists_changes_nothing_for_a_present_key() {
    check(&[
        (r#""StringEqualsIfExists":{"k:k":"a"}"#, "a", true),
        (r#""StringEqualsIfExists":{"k:k":"a"}"#, "b", false),
        (r#""StringNotEqualsIfExists":{"k:k":"a"}"#, "a", false),
    ]);
}

#[test]
fn set_operators_combine_the_values_of_a_multivalued_key() {
    let values = |text: &'static str| text.split(' ').collect::<Values>();
    let table = [
        ("ForAllValues:StringEquals", "a b", true),
        ("ForAllValues:StringEquals", "a c", false),
        ("ForAllValues:StringNotEquals", "c d", true),
        ("ForAllValues:StringNotEquals", "a c", false),
        ("ForAnyValue:StringEquals", "a c", true),
        ("ForAnyValue:StringEquals", "c d", false),
        ("ForAnyValue:StringNotEquals", "a c", true),
        ("ForAnyValue:StringNotEquals", "a b", false),
        ("StringEquals", "a c", true),
        ("StringNotEquals", "a c", false),
        ("ForAllValues:StringEquals", "", true),
        ("ForAnyValue:StringEquals", "", false),
    ];
    for (operator, keys, expected) in table {
        let condition = format!(r#""{operator}":{{"aws:TagKeys":["a","b"]}}"#);
        assert_eq!(holds(&condition, &Context::new().with("aws:TagKeys", values(keys))), expected, "{operator} {keys}");
    }
}

#[test]
fn conditions_and_keys_must_all_hold() {
    let context = Context::new().with("k:a", "1").with("k:b", "2");
    assert!(holds(r#""StringEquals":{"k:a":"1","k:b":"2"},"NumericEquals":{"k:a":"1"}"#, &context));
    assert!(!holds(r#""StringEquals":{"k:a":"1","k:b":"3"}"#, &context));
    assert!(!holds(r#""StringEquals":{"k:a":"1"},"NumericEquals":{"k:b":"1"}"#, &context));
}

#[test]
fn variables_take_single_values_and_defaults() {
    let context = Context::new()
        .with("s3:prefix", "home/ann")
        .with("aws:username", "ann")
        .with("aws:TagKeys", ["ann"].into_iter().collect::<Values>());
    assert!(holds(r#""StringEquals":{"s3:prefix":"home/${aws:username}"}"#, &context));
    assert!(holds(r#""StringEquals":{"s3:prefix":"home/${aws:PrincipalTag/name, 'ann'}"}"#, &context));
    assert!(!holds(r#""StringEquals":{"s3:prefix":"home/${aws:PrincipalTag/name}"}"#, &context));
    assert!(
        !holds(r#""StringEquals":{"s3:prefix":"home/${aws:TagKeys}"}"#, &context),
        "multivalued keys are no variables"
    );
    assert!(holds(r#""StringNotEquals":{"s3:prefix":"home/${aws:PrincipalTag/name}"}"#, &context));
}

#[test]
fn lazy_keys_are_asked_for_only_when_they_are_not_set() {
    let lazy = |key: &str| match key.to_ascii_lowercase().as_str() {
        "aws:requesttag/team" => Some(Values::from("blue".to_owned())),
        "k:set" => panic!("this key was set"),
        _ => None,
    };
    let context = Context::new().with("k:set", "1").or_else(&lazy);
    assert!(holds(r#""StringEquals":{"aws:RequestTag/team":"blue","k:set":"1"}"#, &context));
    assert!(!holds(r#""StringEquals":{"aws:RequestTag/other":"blue"}"#, &context));
}
