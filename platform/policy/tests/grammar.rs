//! What is accepted as a policy document, and the messages for what is not.
#![allow(clippy::unwrap_used)]

use haar_policy::{Document, Kind, Malformed, NamedPrincipal, quota_size};

fn refusal(kind: Kind, text: &str) -> String {
    Document::parse(text, kind).map_or_else(|malformed| malformed.to_string(), |_| "accepted".into())
}

/// A managed policy with one statement, from the statement's members.
fn managed(members: &str) -> String {
    refusal(Kind::Managed, &format!(r#"{{"Version":"2012-10-17","Statement":{{{members}}}}}"#))
}

const SYNTAX: &str = "Syntax errors in policy.";
const LEGACY: &str = "The policy failed legacy parsing";

#[test]
fn a_document_is_an_object_with_known_members_and_statements() {
    let table = [
        "",
        "null",
        "[]",
        "{}",
        r#"{"Version":"2012-10-17"}"#,
        r#"{"Version":"2012-10-17","Statement":[]}"#,
        r#"{"Version":"2012-10-17","Statement":"x"}"#,
        r#"{"Version":"2012-10-17","Statement":[null]}"#,
        r#"{"Version":"2012-10-17","Statement":[{}]}"#,
        r#"{"Version":"2012-10-18","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#,
        r#"{"Version":2012,"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#,
        r#"{"Version":"2012-10-17","Extra":1,"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#,
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}} x"#,
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*",}}"#,
    ];
    for text in table {
        assert_eq!(refusal(Kind::Managed, text), SYNTAX, "{text}");
    }
}

#[test]
fn statements_have_known_members_of_the_right_type() {
    let table = [
        (r#""Effect":"Allow","Action":"*","Resource":"*""#, "accepted"),
        (r#""Sid":"","Effect":"Allow","NotAction":["iam:*"],"NotResource":["*"]"#, "accepted"),
        (r#""Action":"*","Resource":"*""#, SYNTAX),
        (r#""Effect":"Maybe","Action":"*","Resource":"*""#, SYNTAX),
        (r#""Effect":"allow","Action":"*","Resource":"*""#, LEGACY),
        (r#""Effect":"Allow","Action":{},"Resource":"*""#, SYNTAX),
        (r#""Effect":"Allow","Action":[1],"Resource":"*""#, SYNTAX),
        (r#""Effect":"Allow","Action":"*","NotAction":"*","Resource":"*""#, SYNTAX),
        (r#""Effect":"Allow","Action":"*","Resource":"*","NotResource":"*""#, SYNTAX),
        (r#""Effect":"Allow","Action":"*","Resource":"*","Extra":1"#, SYNTAX),
        (r#""Effect":"Allow","Action":"*","Resource":"*","Condition":[]"#, SYNTAX),
        (r#""Sid":1,"Effect":"Allow","Action":"*","Resource":"*""#, SYNTAX),
        (r#""Effect":"Allow","Resource":"*""#, "Policy statement must contain actions."),
        (r#""Effect":"Allow","Action":[],"Resource":"*""#, "Policy statement must contain actions."),
        (r#""Effect":"Allow","Action":"*""#, "Policy statement must contain resources."),
        (r#""Effect":"Allow","Action":"*","Resource":[]"#, "Policy statement must contain resources."),
        (r#""Effect":"Allow","Action":"a:b:c","Resource":"*""#, "Actions/Condition can contain only one colon."),
        (r#""Effect":"Allow","Action":"a b:c","Resource":"*""#, "Vendor a b is not valid"),
        (
            r#""Effect":"Allow","Action":"SendMessage","Resource":"*""#,
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
        ),
        (r#""Effect":"Allow","Action":"*","Resource":"queue""#, r#"Resource queue must be in ARN format or "*"."#),
        (
            r#""Sid":"a-b","Effect":"Allow","Action":"*","Resource":"*""#,
            "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*",
        ),
        (
            r#""Effect":"Allow","Action":"*","Resource":"*","Principal":"*""#,
            "Policy document should not specify a principal.",
        ),
    ];
    for (members, message) in table {
        assert_eq!(managed(members), message, "{members}");
    }
}

#[test]
fn duplicate_keys_are_refused_at_every_level() {
    let table = [
        r#"{"Version":"2012-10-17","Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#,
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Effect":"Deny","Action":"*","Resource":"*"}}"#,
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"a:b":"true"},"Bool":{"a:b":"false"}}}}"#,
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"a:b":"true","a:\u0062":"false"}}}}"#,
    ];
    for text in table {
        assert_eq!(refusal(Kind::Managed, text), SYNTAX, "{text}");
    }
}

#[test]
fn statement_ids_are_unique_within_a_document() {
    let text = r#"{"Version":"2012-10-17","Statement":[
        {"Sid":"a","Effect":"Allow","Action":"*","Resource":"*"},
        {"Sid":"a","Effect":"Deny","Action":"*","Resource":"*"}]}"#;
    assert_eq!(refusal(Kind::Managed, text), "Statement IDs (SID) in a single policy must be unique.");
    assert_eq!(refusal(Kind::Managed, &text.replace(r#""a""#, r#""""#)), "accepted");
}

#[test]
fn only_managed_policies_must_be_of_the_new_version() {
    let statement = r#""Statement":{"Effect":"Allow","Action":"*","Resource":"*"}"#;
    for text in [format!("{{{statement}}}"), format!(r#"{{"Version":"2008-10-17",{statement}}}"#)] {
        assert_eq!(refusal(Kind::Managed, &text), "Policy document must be version 2012-10-17 or greater.");
        assert_eq!(refusal(Kind::Identity, &text), "accepted");
    }
}

#[test]
fn conditions_have_known_operators_and_values_of_their_type() {
    let table = [
        (r#""StringEquals":{"a:b":"x"}"#, "accepted"),
        (r#""ForAllValues:StringNotLikeIfExists":{"a:b":["x","${aws:username}"]}"#, "accepted"),
        (r#""IPAddress":{"aws:SourceIp":"10.0.0.0/8"}"#, "accepted"),
        (r#""Bool":{"aws:SecureTransport":false}"#, "accepted"),
        (r#""NumericLessThan":{"a:b":[1,"2.5",-3e2]}"#, "accepted"),
        (r#""DateLessThan":{"a:b":"2020-04-01T00:00:00Z"}"#, "accepted"),
        (r#""Null":{"a:b":"true"}"#, "accepted"),
        (r#""Nothing":{}"#, "accepted"),
        (r#""Nothing":{"a:b":"x"}"#, SYNTAX),
        (r#""NullIfExists":{"a:b":"true"}"#, SYNTAX),
        (r#""ForSome:StringLike":{"a:b":"x"}"#, SYNTAX),
        (r#""StringEquals":"x""#, SYNTAX),
        (r#""StringEquals":{"a:b":{}}"#, SYNTAX),
        (r#""StringEquals":{"a:b":null}"#, SYNTAX),
        (r#""NumericEquals":{"a:b":"inf"}"#, LEGACY),
        (r#""DateLessThan":{"a:b":"soon"}"#, LEGACY),
        (r#""Bool":{"a:b":"yes"}"#, LEGACY),
        (r#""IpAddress":{"a:b":"10.0.0.0/64"}"#, LEGACY),
        (r#""BinaryEquals":{"a:b":"no base64!"}"#, LEGACY),
        (r#""StringEquals":{"a:b":"${aws:username"}"#, LEGACY),
    ];
    for (condition, message) in table {
        let members = format!(r#""Effect":"Allow","Action":"*","Resource":"*","Condition":{{{condition}}}"#);
        assert_eq!(managed(&members), message, "{condition}");
    }
}

#[test]
fn trust_policies_name_principals_and_sts_actions_and_no_resource() {
    let table = [
        (r#""Effect":"Allow","Action":["sts:AssumeRole","sts:TagSession"],"Principal":"*""#, "accepted"),
        (r#""Effect":"Deny","Action":"sts:*","NotPrincipal":{"AWS":"123456789012"}"#, "accepted"),
        (r#""Effect":"Allow","Action":"sts:AssumeRole""#, "Missing required field Principal"),
        (
            r#""Effect":"Allow","Action":"sts:AssumeRole","Principal":"*","Resource":"*""#,
            "Has prohibited field Resource",
        ),
        (
            r#""Effect":"Allow","Action":"sqs:SendMessage","Principal":"*""#,
            "AssumeRole policy may only specify STS AssumeRole actions.",
        ),
        (
            r#""Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::123456789012:role/*"}"#,
            r#"Invalid principal in policy: "AWS":"arn:aws:iam::123456789012:role/*""#,
        ),
        (
            r#""Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"ann"}"#,
            r#"Invalid principal in policy: "AWS":"ann""#,
        ),
        (r#""Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Group":"x"}"#, SYNTAX),
        (r#""Effect":"Allow","Action":"sts:AssumeRole","Principal":"123456789012""#, SYNTAX),
    ];
    for (members, message) in table {
        let text = format!(r#"{{"Version":"2012-10-17","Statement":[{{{members}}}]}}"#);
        assert_eq!(refusal(Kind::Trust, &text), message, "{members}");
    }
}

#[test]
fn resource_policies_name_principals_and_resources() {
    let table = [
        (
            r#""Sid":"any sign-1","Effect":"Allow","Principal":"*","Action":"SQS:*","Resource":"/123456789012/q""#,
            "accepted",
        ),
        (r#""Effect":"Allow","Action":"sqs:*","Resource":"*""#, "Missing required field Principal"),
        (r#""Effect":"Allow","Principal":"*","Action":"sqs:*""#, "Missing required field Resource"),
    ];
    for (members, message) in table {
        let text = format!(r#"{{"Id":"x","Statement":[{{{members}}}]}}"#);
        assert_eq!(refusal(Kind::Resource, &text), message, "{members}");
    }
}

#[test]
fn nesting_costs_no_stack() {
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let objects = format!("{}1{}", r#"{"a":"#.repeat(200_000), "}".repeat(200_000));
    for value in [&deep, &objects] {
        assert_eq!(refusal(Kind::Identity, value), SYNTAX);
        assert_eq!(managed(&format!(r#""Effect":"Allow","Action":{value},"Resource":"*""#)), SYNTAX);
        assert_eq!(refusal(Kind::Trust, &format!(r#"{{"Statement":{{"Principal":{value}}}}}"#)), SYNTAX);
    }
}

#[test]
fn statements_tell_their_position_as_the_simulator_does() {
    // From the AWS CLI reference's example of simulate-custom-policy.
    let lone = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"*","Condition":{"DateGreaterThan":{"aws:CurrentTime":"2018-08-16T12:00:00Z"}}}}"#;
    let listed = "{\n  \"Version\": \"2012-10-17\",\n  \"Id\": \"ü\", \"Statement\": [\n    {\n      \"Effect\": \"Allow\",\n      \"Action\": \"*\",\n      \"Resource\": \"*\"\n    }\n  ]\n}";
    let table = [(lone, (1, 38), (1, 167)), (listed, (4, 5), (8, 6))];
    for (text, start, end) in table {
        let document = Document::parse(text, Kind::Identity).unwrap();
        let statement = &document.statements()[0];
        assert_eq!((statement.start().line, statement.start().column), start);
        assert_eq!((statement.end().line, statement.end().column), end);
    }
}

#[test]
fn context_keys_are_those_of_conditions_and_variables() {
    let text = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*",
        "Resource":"arn:aws:s3:::b/${aws:username}/${*}",
        "Condition":{"StringLike":{"s3:prefix":"${aws:PrincipalTag/team, 'none'}"},"Bool":{"AWS:SecureTransport":"true"},
                     "BoolIfExists":{"aws:SecureTransport":"true"}}}}"#;
    let document = Document::parse(text, Kind::Identity).unwrap();
    let keys = document.context_keys();
    assert_eq!(keys, ["aws:PrincipalTag/team", "AWS:SecureTransport", "aws:username", "s3:prefix"]);

    let old = Document::parse(&text.replace("2012-10-17", "2008-10-17"), Kind::Identity).unwrap();
    assert_eq!(old.context_keys(), ["AWS:SecureTransport", "s3:prefix"], "2008-10-17 has no variables");
}

#[test]
fn principals_are_listed_for_iam_to_look_up() {
    let text = r#"{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{
        "AWS":["123456789012","arn:aws:iam::123456789012:root","arn:aws:iam::123456789012:user/ann","AIDAJQABLZS4A3QDU576Q"],
        "Service":"lambda.amazonaws.com","Federated":"accounts.google.com"}}}"#;
    let document = Document::parse(text, Kind::Trust).unwrap();
    let principals: Vec<_> = document.principals().cloned().collect();
    assert_eq!(
        principals,
        [
            NamedPrincipal::Account("123456789012".into()),
            NamedPrincipal::Account("123456789012".into()),
            NamedPrincipal::Arn("arn:aws:iam::123456789012:user/ann".into()),
            NamedPrincipal::UniqueId("AIDAJQABLZS4A3QDU576Q".into()),
            NamedPrincipal::Service("lambda.amazonaws.com".into()),
            NamedPrincipal::Federated("accounts.google.com".into()),
        ]
    );
    assert_eq!(Malformed::Syntax, Document::parse("", Kind::Trust).unwrap_err());
}

#[test]
fn quotas_count_characters_without_white_space() {
    assert_eq!(quota_size("{ \"a\":\n\t\"ü b\" }"), 10);
}
