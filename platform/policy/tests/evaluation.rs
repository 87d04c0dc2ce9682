//! Which policies decide, for callers of every kind, within an account and across accounts.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use haar_policy::{
    Context, Decision, Document, Kind, Layer, Outcome, Policies, Principal, Request, Source, SourceKind, decide, denial,
};

const HOME: &str = "123456789012";
const AWAY: &str = "999999999999";
const QUEUE: &str = "arn:aws:sqs:eu-west-1:123456789012:orders";
const ROLE: &str = "arn:aws:iam::123456789012:role/team/worker";
const SESSION: &str = "arn:aws:sts::123456789012:assumed-role/worker/job";
const USER: &str = "arn:aws:iam::123456789012:user/ann";
const FEDERATED: &str = "arn:aws:sts::123456789012:federated-user/bob";

fn user() -> Principal {
    Principal::User { arn: USER.into(), account: HOME.into(), unique_id: "AIDAJQABLZS4A3QDU576Q".into() }
}

fn session() -> Principal {
    Principal::RoleSession {
        arn: SESSION.into(),
        role_arn: ROLE.into(),
        role_id: "AROAJQABLZS4A3QDU576Q".into(),
        account: HOME.into(),
    }
}

fn federated() -> Principal {
    Principal::FederatedUser { arn: FEDERATED.into(), user_arn: USER.into(), account: HOME.into() }
}

fn root() -> Principal {
    Principal::Root { account: HOME.into() }
}

fn source(kind: Kind, statement: &str) -> Source {
    let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#);
    Source {
        id: "policy".into(),
        arn: None,
        kind: SourceKind::None,
        document: Arc::new(Document::parse(&text, kind).unwrap()),
    }
}

fn identity(effect: &str, action: &str) -> Source {
    source(Kind::Identity, &format!(r#"{{"Effect":"{effect}","Action":"{action}","Resource":"*"}}"#))
}

/// A queue's policy for one principal, given as JSON.
fn queue(effect: &str, principal: &str) -> Source {
    source(
        Kind::Resource,
        &format!(r#"{{"Effect":"{effect}","Principal":{principal},"Action":"sqs:*","Resource":"{QUEUE}"}}"#),
    )
}

fn trust(effect: &str, principal: &str) -> Source {
    source(Kind::Trust, &format!(r#"{{"Effect":"{effect}","Principal":{principal},"Action":"sts:AssumeRole"}}"#))
}

fn aws(arn: &str) -> String {
    format!(r#"{{"AWS":"{arn}"}}"#)
}

fn send<'a>(principal: &'a Principal, context: &'a Context<'a>) -> Request<'a> {
    Request {
        principal,
        action: "sqs:SendMessage",
        resource: QUEUE,
        resource_account: Some(HOME),
        canonical_user: None,
        context,
    }
}

/// The outcome as one word: "allowed", or who denied, with an exclamation mark when explicitly.
fn verdict(decision: &Decision) -> String {
    match (decision.outcome, decision.denied_by) {
        (Outcome::ExplicitDeny, Some(layer)) => format!("{layer:?}!"),
        (Outcome::ImplicitDeny, Some(layer)) => format!("{layer:?}"),
        _ => "allowed".into(),
    }
}

fn send_verdict(principal: &Principal, policies: &Policies) -> String {
    let context = Context::new();
    verdict(&decide(policies, &send(principal, &context)))
}

#[test]
fn within_an_account_the_identity_must_allow_when_there_is_no_resource_policy() {
    let (allow, other, deny) = (identity("Allow", "SQS:Send*"), identity("Allow", "s3:*"), identity("Deny", "*"));
    let table: [(&[Source], &str); 5] = [
        (&[], "Identity"),
        (std::slice::from_ref(&allow), "allowed"),
        (std::slice::from_ref(&other), "Identity"),
        (&[other.clone(), allow.clone()], "allowed"),
        (&[allow.clone(), deny], "Identity!"),
    ];
    for (identity, expected) in table {
        assert_eq!(send_verdict(&user(), &Policies { identity, ..Policies::default() }), expected);
    }
}

#[test]
fn a_resource_policy_that_names_the_user_or_session_overrides_implicit_denies() {
    let nothing = identity("Allow", "s3:*");
    // Caller, whom the queue's policy names, the verdict without and with a boundary that does not allow.
    let table = [
        (user(), aws(USER), "allowed", "allowed"),
        (user(), aws("AIDAJQABLZS4A3QDU576Q"), "allowed", "allowed"),
        (user(), aws(HOME), "Identity", "Identity"),
        (user(), aws("arn:aws:iam::123456789012:root"), "Identity", "Identity"),
        (user(), r#""*""#.into(), "allowed", "allowed"),
        (user(), aws("arn:aws:iam::123456789012:user/eve"), "Identity", "Identity"),
        (session(), aws(SESSION), "allowed", "allowed"),
        (session(), aws(ROLE), "allowed", "Boundary"),
        (session(), aws("AROAJQABLZS4A3QDU576Q"), "allowed", "Boundary"),
        (session(), aws(HOME), "Identity", "Identity"),
        (federated(), aws(FEDERATED), "allowed", "allowed"),
        (federated(), aws(USER), "allowed", "Boundary"),
    ];
    for (principal, named, free, bounded) in table {
        let resource = queue("Allow", &named);
        let policies = Policies { resource: Some(&resource), ..Policies::default() };
        assert_eq!(send_verdict(&principal, &policies), free, "{principal:?} {named}");
        let policies = Policies { boundary: Some(&nothing), ..policies };
        assert_eq!(send_verdict(&principal, &policies), bounded, "{principal:?} {named} with a boundary");
        let limit = [nothing.clone()];
        let policies = Policies { boundary: None, session: Some(&limit), ..policies };
        let limited = if bounded == "Boundary" { "Session" } else { bounded };
        assert_eq!(send_verdict(&principal, &policies), limited, "{principal:?} {named} with a session policy");
    }
}

#[test]
fn an_account_in_a_resource_policy_leaves_the_decision_to_the_identity() {
    let (resource, identity) = (queue("Allow", &aws(HOME)), [identity("Allow", "sqs:*")]);
    let policies = Policies { resource: Some(&resource), identity: &identity, ..Policies::default() };
    assert_eq!(send_verdict(&user(), &policies), "allowed");
}

#[test]
fn boundaries_and_session_policies_limit_what_the_identity_allows() {
    let all = [identity("Allow", "*")];
    let (sqs, s3) = (identity("Allow", "sqs:*"), identity("Allow", "s3:*"));
    let deny = identity("Deny", "sqs:SendMessage");
    let (both, none): ([Source; 2], [Source; 0]) = ([s3.clone(), sqs.clone()], []);
    type Row<'a> = (Option<&'a Source>, Option<&'a [Source]>, &'a str);
    let table: [Row; 8] = [
        (Some(&sqs), None, "allowed"),
        (Some(&s3), None, "Boundary"),
        (Some(&deny), None, "Boundary!"),
        (None, Some(&both), "allowed"),
        (None, Some(&both[..1]), "Session"),
        (None, Some(&none), "Session"),
        (None, Some(std::slice::from_ref(&deny)), "Session!"),
        (Some(&s3), Some(&both[..1]), "Boundary"),
    ];
    for (boundary, session_policies, expected) in table {
        let policies = Policies { identity: &all, boundary, session: session_policies, resource: None };
        assert_eq!(send_verdict(&session(), &policies), expected);
    }
}

#[test]
fn a_boundary_grants_nothing_by_itself() {
    let boundary = identity("Allow", "*");
    let context = Context::new();
    let (principal, policies) = (user(), Policies { boundary: Some(&boundary), ..Policies::default() });
    let decision = decide(&policies, &send(&principal, &context));
    assert_eq!(verdict(&decision), "Identity");
    assert_eq!(decision.allowed_by_boundary, Some(true));
}

#[test]
fn across_accounts_both_sides_must_allow() {
    let allow = [identity("Allow", "sqs:*")];
    let s3 = identity("Allow", "s3:*");
    let stranger = Principal::User {
        arn: "arn:aws:iam::999999999999:user/eve".into(),
        account: AWAY.into(),
        unique_id: "AIDAJQABLZS4A3QDU577Q".into(),
    };
    let (named, account) = (queue("Allow", &aws("arn:aws:iam::999999999999:user/eve")), queue("Allow", &aws(AWAY)));
    let denied = queue("Deny", &aws(AWAY));
    type Row<'a> = (&'a [Source], Option<&'a Source>, Option<&'a Source>, &'a str);
    let table: [Row; 7] = [
        (&allow, None, None, "Resource"),
        (&[], Some(&named), None, "Identity"),
        (&allow, Some(&named), None, "allowed"),
        (&allow, Some(&account), None, "allowed"),
        (&allow, Some(&denied), None, "Resource!"),
        (&allow, Some(&named), Some(&s3), "Boundary"),
        (&[], None, None, "Identity"),
    ];
    for (identity, resource, boundary, expected) in table {
        let policies = Policies { identity, resource, boundary, session: None };
        assert_eq!(send_verdict(&stranger, &policies), expected);
    }
    let root = Principal::Root { account: AWAY.into() };
    assert_eq!(send_verdict(&root, &Policies { resource: Some(&account), ..Policies::default() }), "allowed");
    assert_eq!(send_verdict(&root, &Policies::default()), "Resource");
}

#[test]
fn root_is_stopped_at_home_only_by_an_explicit_deny() {
    assert_eq!(send_verdict(&root(), &Policies::default()), "allowed");
    for (principal, expected) in [(r#""*""#.to_owned(), "Resource!"), (aws(HOME), "Resource!"), (aws(USER), "allowed")]
    {
        let resource = queue("Deny", &principal);
        let policies = Policies { resource: Some(&resource), ..Policies::default() };
        assert_eq!(send_verdict(&root(), &policies), expected, "{principal}");
    }
}

#[test]
fn services_and_strangers_are_allowed_only_by_resource_policies() {
    let service = Principal::Service { name: "events.amazonaws.com".into() };
    let all = [identity("Allow", "*")];
    let table = [
        (&service, r#"{"Service":"events.amazonaws.com"}"#, "allowed"),
        (&service, r#"{"Service":["sns.amazonaws.com","events.amazonaws.com"]}"#, "allowed"),
        (&service, r#"{"Service":"sns.amazonaws.com"}"#, "Resource"),
        (&service, r#"{"AWS":"123456789012"}"#, "Resource"),
        (&service, r#""*""#, "allowed"),
        (&Principal::Anonymous, r#"{"AWS":"*"}"#, "allowed"),
        (&Principal::Anonymous, r#"{"AWS":"123456789012"}"#, "Resource"),
    ];
    for (principal, named, expected) in table {
        let resource = queue("Allow", named);
        let policies = Policies { resource: Some(&resource), identity: &all, ..Policies::default() };
        assert_eq!(send_verdict(principal, &policies), expected, "{named}");
    }
    assert_eq!(send_verdict(&service, &Policies { identity: &all, ..Policies::default() }), "Resource");
}

#[test]
fn not_principal_denies_all_but_those_named_themselves() {
    let allow = [identity("Allow", "*")];
    let deny = source(
        Kind::Resource,
        r#"{"Effect":"Deny","NotPrincipal":{"AWS":["arn:aws:iam::123456789012:user/ann","arn:aws:iam::123456789012:root"]},"Action":"*","Resource":"*"}"#,
    );
    for (principal, expected) in [(user(), "allowed"), (root(), "allowed"), (session(), "Resource!")] {
        let policies = Policies { identity: &allow, resource: Some(&deny), ..Policies::default() };
        assert_eq!(send_verdict(&principal, &policies), expected, "{principal:?}");
    }
    let allow_others = source(
        Kind::Resource,
        r#"{"Effect":"Allow","NotPrincipal":{"AWS":"arn:aws:iam::123456789012:user/ann"},"Action":"*","Resource":"*"}"#,
    );
    for (principal, expected) in [(user(), "Identity"), (session(), "allowed")] {
        let policies = Policies { resource: Some(&allow_others), ..Policies::default() };
        assert_eq!(send_verdict(&principal, &policies), expected, "{principal:?}");
    }
}

#[test]
fn a_role_is_assumed_only_with_its_trust_policys_leave() {
    let may = [identity("Allow", "sts:AssumeRole")];
    let bounded = identity("Allow", "s3:*");
    let google = Principal::Federated { provider: "accounts.google.com".into() };
    let lambda = Principal::Service { name: "lambda.amazonaws.com".into() };
    // Caller, whom the trust policy names, the verdict without and with an identity-based policy that allows.
    let table = [
        (user(), aws(USER), "allowed", "allowed"),
        (user(), aws(HOME), "Identity", "allowed"),
        (user(), aws("arn:aws:iam::123456789012:user/eve"), "Trust", "Trust"),
        (user(), r#""*""#.into(), "allowed", "allowed"),
        (session(), aws(ROLE), "allowed", "allowed"),
        (lambda.clone(), r#"{"Service":"lambda.amazonaws.com"}"#.into(), "allowed", "allowed"),
        (lambda, r#"{"Service":"ec2.amazonaws.com"}"#.into(), "Trust", "Trust"),
        (google, r#"{"Federated":"accounts.google.com"}"#.into(), "allowed", "allowed"),
        (root(), aws(HOME), "allowed", "allowed"),
        (root(), aws(USER), "Trust", "Trust"),
    ];
    let context = Context::new();
    for (principal, named, alone, permitted) in table {
        let resource = trust("Allow", &named);
        let request = Request {
            action: "sts:AssumeRole",
            resource: "arn:aws:iam::123456789012:role/target",
            ..send(&principal, &context)
        };
        let policies = Policies { resource: Some(&resource), ..Policies::default() };
        assert_eq!(verdict(&decide(&policies, &request)), alone, "{named}");
        let policies = Policies { identity: &may, ..policies };
        assert_eq!(verdict(&decide(&policies, &request)), permitted, "{named}");
        if principal == session() {
            let policies = Policies { boundary: Some(&bounded), ..policies };
            assert_eq!(verdict(&decide(&policies, &request)), "Boundary");
        }
        let abroad = Request { resource_account: Some(AWAY), ..request };
        if principal == user() {
            let policies = Policies { resource: Some(&resource), ..Policies::default() };
            assert_eq!(verdict(&decide(&policies, &abroad)), "Identity", "{named} in another account");
        }
    }
}

#[test]
fn not_action_and_not_resource_fit_everything_else() {
    let table = [
        (r#""NotAction":"iam:*","Resource":"*""#, "allowed"),
        (r#""NotAction":["s3:*","SQS:send*"],"Resource":"*""#, "Identity"),
        (r#""Action":"*","NotResource":"arn:aws:sqs:*:*:invoices""#, "allowed"),
        (r#""Action":"*","NotResource":"arn:aws:sqs:*:*:orders""#, "Identity"),
        (r#""Action":"*","Resource":"arn:aws:sqs:*:*:ORDERS""#, "Identity"),
        (r#""Action":"sqs:SendMessag?","Resource":"arn:aws:sqs:eu-*-1:123456789012:o*s""#, "allowed"),
        (r#""Action":"*","NotResource":"arn:aws:sqs:*:*:${aws:username}""#, "Identity"),
    ];
    for (members, expected) in table {
        let identity = [source(Kind::Identity, &format!(r#"{{"Effect":"Allow",{members}}}"#))];
        assert_eq!(
            send_verdict(&user(), &Policies { identity: &identity, ..Policies::default() }),
            expected,
            "{members}"
        );
    }
}

#[test]
fn the_old_version_takes_variables_literally() {
    let statement = r#"{"Effect":"Allow","Action":"*","Resource":"arn:aws:sqs:*:*:${aws:username}"}"#;
    let document = |version: &str| {
        let text = format!(r#"{{"Version":"{version}","Statement":{statement}}}"#);
        let document = Arc::new(Document::parse(&text, Kind::Identity).unwrap());
        [Source { id: "policy".into(), arn: None, kind: SourceKind::User, document }]
    };
    let principal = user();
    let context = Context::of_principal(&principal);
    let request = Request { resource: "arn:aws:sqs:eu-west-1:123456789012:ann", ..send(&principal, &context) };
    for (version, allowed) in [("2012-10-17", true), ("2008-10-17", false)] {
        let policies = document(version);
        let decision = decide(&Policies { identity: &policies, ..Policies::default() }, &request);
        assert_eq!(decision.is_allowed(), allowed, "{version}");
    }
}

#[test]
fn an_explicit_deny_is_the_only_statement_reported() {
    let identity = [identity("Allow", "*"), identity("Deny", "sqs:*"), identity("Allow", "sqs:*")];
    let (principal, context) = (user(), Context::new());
    let policies = Policies { identity: &identity, ..Policies::default() };
    let denied = decide(&policies, &send(&principal, &context));
    assert_eq!(denied.matched.len(), 1);
    assert!(std::ptr::eq(denied.matched[0].source, &identity[1]));
    let allowed = decide(&policies, &Request { action: "s3:GetObject", ..send(&principal, &context) });
    assert_eq!(allowed.matched.len(), 1);
    assert_eq!(allowed.matched[0].layer, Layer::Identity);
}

#[test]
fn keys_that_a_policy_asks_for_in_vain_are_reported() {
    let identity = [source(
        Kind::Identity,
        r#"{"Effect":"Allow","Action":"sqs:*","Resource":"*","Condition":{
            "StringEquals":{"aws:PrincipalTag/team":"${aws:username}","aws:SourceVpc":"v"},
            "Bool":{"aws:SecureTransport":"true"},"Null":{"aws:TokenIssueTime":"true"}}},
           {"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"Bool":{"aws:ViaAWSService":"true"}}}"#,
    )];
    let principal = user();
    let context = Context::new().with("aws:SecureTransport", true).with("aws:principaltag/TEAM", "a");
    let decision = decide(&Policies { identity: &identity, ..Policies::default() }, &send(&principal, &context));
    assert_eq!(decision.missing_context_keys, ["aws:username", "aws:SourceVpc"]);
}

#[test]
fn the_caller_describes_itself_to_conditions() {
    let table = [
        (
            user(),
            r#""StringEquals":{"aws:username":"ann","aws:userid":"AIDAJQABLZS4A3QDU576Q","aws:PrincipalType":"User"}"#,
        ),
        (
            user(),
            r#""Bool":{"aws:PrincipalIsAWSService":"false"},"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::*:user/ann"}"#,
        ),
        (
            session(),
            r#""StringEquals":{"aws:userid":"AROAJQABLZS4A3QDU576Q:job","aws:PrincipalAccount":"123456789012"}"#,
        ),
        (
            session(),
            r#""ArnLike":{"aws:PrincipalArn":"arn:aws:iam::123456789012:role/team/*"},"Null":{"aws:username":"true"}"#,
        ),
        (federated(), r#""StringEquals":{"aws:userid":"123456789012:bob","aws:PrincipalType":"FederatedUser"}"#),
        (root(), r#""StringEquals":{"aws:userid":"123456789012","aws:PrincipalArn":"arn:aws:iam::123456789012:root"}"#),
        (Principal::Service { name: "s3.amazonaws.com".into() }, r#""Bool":{"aws:PrincipalIsAWSService":"true"}"#),
    ];
    for (principal, condition) in table {
        let resource = source(
            Kind::Resource,
            &format!(r#"{{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*","Condition":{{{condition}}}}}"#),
        );
        let context = Context::of_principal(&principal);
        let decision =
            decide(&Policies { resource: Some(&resource), ..Policies::default() }, &send(&principal, &context));
        assert_eq!(verdict(&decision), "Resource!", "{condition}");
    }
}

#[test]
fn denials_are_worded_as_aws_words_them() {
    let allow = identity("Allow", "*");
    let (s3, deny) = (identity("Allow", "s3:*"), identity("Deny", "sqs:*"));
    let (all, denied) = (std::slice::from_ref(&allow), std::slice::from_ref(&deny));
    let (queue_deny, nobody) = (queue("Deny", r#""*""#), trust("Allow", &aws("arn:aws:iam::123456789012:user/eve")));
    let limit = [s3.clone()];
    let none = Policies::default();
    let table = [
        (none, "because no identity-based policy allows the sqs:SendMessage action"),
        (Policies { identity: denied, ..none }, "with an explicit deny in an identity-based policy"),
        (
            Policies { identity: all, boundary: Some(&s3), ..none },
            "because no permissions boundary allows the sqs:SendMessage action",
        ),
        (Policies { identity: all, boundary: Some(&deny), ..none }, "with an explicit deny in a permissions boundary"),
        (
            Policies { identity: all, session: Some(&limit), ..none },
            "because no session policy allows the sqs:SendMessage action",
        ),
        (Policies { identity: all, session: Some(denied), ..none }, "with an explicit deny in a session policy"),
        (Policies { resource: Some(&queue_deny), ..none }, "with an explicit deny in a resource-based policy"),
        (
            Policies { identity: all, resource: Some(&nobody), ..none },
            "because no role trust policy allows the sqs:SendMessage action",
        ),
    ];
    let (principal, context) = (user(), Context::new());
    let request = send(&principal, &context);
    for (policies, reason) in table {
        let text = denial(&request, &decide(&policies, &request)).unwrap();
        assert_eq!(
            text,
            format!("User: {USER} is not authorized to perform: sqs:SendMessage on resource: {QUEUE} {reason}")
        );
    }
    let request = Request { principal: &Principal::Anonymous, ..request };
    assert_eq!(
        denial(&request, &decide(&none, &request)).unwrap(),
        format!(
            "User: anonymous is not authorized to perform: sqs:SendMessage on resource: {QUEUE} because no resource-based policy allows the sqs:SendMessage action"
        )
    );
    let request = Request { principal: &root(), ..request };
    assert_eq!(denial(&request, &decide(&none, &request)), None);
}

#[test]
fn a_managed_policy_that_denies_is_named_to_callers_of_the_same_account() {
    let arn = "arn:aws:iam::123456789012:policy/guard";
    let deny = Source { arn: Some(arn.into()), ..identity("Deny", "*") };
    let (principal, context) = (user(), Context::new());
    let request = send(&principal, &context);
    let abroad = Request { resource_account: Some(AWAY), ..request };
    let table = [
        (Layer::Identity, "with an explicit deny in an identity-based policy"),
        (Layer::Boundary, "with an explicit deny in a permissions boundary"),
        (Layer::Session, "with an explicit deny in a session policy"),
    ];
    for (layer, reason) in table {
        let sources = std::slice::from_ref(&deny);
        let policies = match layer {
            Layer::Identity => Policies { identity: sources, ..Policies::default() },
            Layer::Boundary => Policies { boundary: Some(&deny), ..Policies::default() },
            _ => Policies { session: Some(sources), ..Policies::default() },
        };
        let text = denial(&request, &decide(&policies, &request)).unwrap();
        assert!(text.ends_with(&format!("{reason}: {arn}")), "{text}");
        let text = denial(&abroad, &decide(&policies, &abroad)).unwrap();
        assert!(text.ends_with(reason), "{text}");
    }
}

#[test]
fn a_canonical_user_id_names_its_account() {
    let resource = queue("Allow", r#"{"CanonicalUser":"79a59df900b949e5"}"#);
    let (may, context) = ([identity("Allow", "sqs:*")], Context::new());
    let (stranger, service) = (
        Principal::User {
            arn: "arn:aws:iam::999999999999:user/eve".into(),
            account: AWAY.into(),
            unique_id: "AIDAJQABLZS4A3QDU577Q".into(),
        },
        Principal::Service { name: "events.amazonaws.com".into() },
    );
    let table = [
        (&stranger, Some("79a59df900b949e5"), "allowed"),
        (&stranger, Some("other"), "Resource"),
        (&stranger, None, "Resource"),
        (&service, Some("79a59df900b949e5"), "Resource"),
    ];
    for (principal, canonical_user, expected) in table {
        let request = Request { canonical_user, ..send(principal, &context) };
        let policies = Policies { identity: &may, resource: Some(&resource), ..Policies::default() };
        assert_eq!(verdict(&decide(&policies, &request)), expected, "{canonical_user:?}");
    }
}
