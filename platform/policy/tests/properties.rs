//! What must hold for any policies and any text.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use haar_policy::{Context, Document, Kind, Outcome, Policies, Principal, Request, Source, SourceKind, decide};
use proptest::prelude::*;

const KINDS: [Kind; 4] = [Kind::Identity, Kind::Managed, Kind::Resource, Kind::Trust];

#[derive(Clone, Debug)]
struct Draft {
    effect: &'static str,
    action: &'static str,
    resource: &'static str,
    condition: &'static str,
}

fn draft() -> impl Strategy<Value = Draft> {
    (
        prop::sample::select(vec!["Allow", "Deny"]),
        prop::sample::select(vec!["*", "sqs:*", "sqs:SendMessage", "sqs:*Message", "s3:*"]),
        prop::sample::select(vec![
            "*",
            "arn:aws:sqs:*:1:q",
            "arn:aws:sqs:eu:1:${aws:username}",
            "arn:aws:sqs:eu:1:other",
        ]),
        prop::sample::select(vec![
            "{}",
            r#"{"StringEquals":{"aws:username":"q"}}"#,
            r#"{"StringNotEquals":{"aws:username":"q"}}"#,
            r#"{"BoolIfExists":{"aws:SecureTransport":"true"}}"#,
        ]),
    )
        .prop_map(|(effect, action, resource, condition)| Draft { effect, action, resource, condition })
}

fn source(drafts: &[Draft], kind: Kind) -> Source {
    let principal = if kind == Kind::Resource { r#""Principal":"*","# } else { "" };
    let statements: Vec<String> = drafts
        .iter()
        .map(|Draft { effect, action, resource, condition }| {
            format!(
                r#"{{{principal}"Effect":"{effect}","Action":"{action}","Resource":"{resource}","Condition":{condition}}}"#
            )
        })
        .collect();
    let text = format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","));
    Source {
        id: "p".into(),
        arn: None,
        kind: SourceKind::None,
        document: Arc::new(Document::parse(&text, kind).unwrap()),
    }
}

#[derive(Clone, Debug)]
struct Drafts {
    identity: Vec<Draft>,
    boundary: Option<Vec<Draft>>,
    session: Option<Vec<Draft>>,
    resource: Option<Vec<Draft>>,
    resource_account: &'static str,
    username: Option<&'static str>,
}

fn drafts() -> impl Strategy<Value = Drafts> {
    let list = || prop::collection::vec(draft(), 1..4);
    (
        list(),
        prop::option::of(list()),
        prop::option::of(list()),
        prop::option::of(list()),
        prop::sample::select(vec!["1", "2"]),
        prop::sample::select(vec![None, Some("q"), Some("other")]),
    )
        .prop_map(|(identity, boundary, session, resource, resource_account, username)| Drafts {
            identity,
            boundary,
            session,
            resource,
            resource_account,
            username,
        })
}

fn outcome(drafts: &Drafts) -> Outcome {
    let identity = [source(&drafts.identity, Kind::Identity)];
    let boundary = drafts.boundary.as_ref().map(|drafts| source(drafts, Kind::Managed));
    let session = drafts.session.as_ref().map(|drafts| [source(drafts, Kind::Identity)]);
    let resource = drafts.resource.as_ref().map(|drafts| source(drafts, Kind::Resource));
    let policies = Policies {
        identity: &identity,
        boundary: boundary.as_ref(),
        session: session.as_ref().map(|sources| sources.as_slice()),
        resource: resource.as_ref(),
    };
    let principal = Principal::RoleSession {
        arn: "arn:aws:sts::1:assumed-role/r/s".into(),
        role_arn: "arn:aws:iam::1:role/r".into(),
        role_id: "AROAJQABLZS4A3QDU576Q".into(),
        account: "1".into(),
    };
    let mut context = Context::new();
    if let Some(username) = drafts.username {
        context.set("aws:username", username);
    }
    let request = Request {
        principal: &principal,
        action: "sqs:SendMessage",
        resource: "arn:aws:sqs:eu:1:q",
        resource_account: Some(drafts.resource_account),
        canonical_user: None,
        context: &context,
    };
    decide(&policies, &request).outcome
}

/// The lists of statements of all the layers that there are.
fn layers(drafts: &mut Drafts) -> Vec<&mut Vec<Draft>> {
    let Drafts { identity, boundary, session, resource, .. } = drafts;
    [Some(identity), boundary.as_mut(), session.as_mut(), resource.as_mut()].into_iter().flatten().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn an_explicit_deny_in_any_layer_wins(drafts in drafts(), layer in 0..4usize) {
        let mut denied = drafts;
        let mut layers = layers(&mut denied);
        let last = layers.len() - 1;
        layers[layer.min(last)].push(Draft { effect: "Deny", action: "*", resource: "*", condition: "{}" });
        prop_assert_eq!(outcome(&denied), Outcome::ExplicitDeny);
    }

    #[test]
    fn adding_an_allow_never_denies(drafts in drafts(), added in draft(), layer in 0..4usize) {
        let before = outcome(&drafts);
        let mut more = drafts;
        let mut layers = layers(&mut more);
        let last = layers.len() - 1;
        layers[layer.min(last)].push(Draft { effect: "Allow", ..added });
        let after = outcome(&more);
        prop_assert!(before != Outcome::Allowed || after == Outcome::Allowed);
        prop_assert_eq!(before == Outcome::ExplicitDeny, after == Outcome::ExplicitDeny);
    }

    #[test]
    fn without_an_allow_nothing_is_allowed(drafts in drafts()) {
        let mut none = drafts;
        for layer in layers(&mut none) {
            layer.iter_mut().for_each(|draft| draft.effect = "Deny");
        }
        prop_assert_ne!(outcome(&none), Outcome::Allowed);
    }

    #[test]
    fn parsing_any_text_never_panics(text in ".{0,200}") {
        for kind in KINDS {
            let _ = Document::parse(&text, kind);
        }
    }

    #[test]
    fn parsing_a_damaged_document_never_panics(at in 0..1000usize, insert in r#"[\[\]{}",:$*?\\a0ü]{0,3}"#, cut in 0..4usize) {
        let whole = r#"{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Allow","Principal":{"AWS":["123456789012"]},"Action":["sqs:*"],"Resource":"arn:aws:sqs:*:*:${aws:username, 'x'}","Condition":{"ForAnyValue:StringLike":{"aws:TagKeys":["a*",true,1]},"IpAddress":{"aws:SourceIp":"10.0.0.0/8"},"DateLessThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}}}]}"#;
        let at = at % whole.len();
        let text = format!("{}{insert}{}", &whole[..at], &whole[(at + cut).min(whole.len())..]);
        for kind in KINDS {
            if let Ok(document) = Document::parse(&text, kind) {
                prop_assert_eq!(document.text(), &text);
            }
        }
    }
}
