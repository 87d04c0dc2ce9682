//! Session tags and source identities: what a session carries, and what goes down a chain of roles.

use haar_gateway::testkit::ACCOUNT;
use haar_platform::aws::iam as iam_api;
use haar_platform::aws::sts::{AssumeRoleRequest, Tag};

use super::*;

fn tagged(role: &str, tags: &[(&str, &str)], transitive: &[&str]) -> AssumeRoleRequest {
    AssumeRoleRequest {
        tags: Some(tags.iter().map(|(key, value)| Tag { key: (*key).into(), value: (*value).into() }).collect()),
        transitive_tag_keys: Some(transitive.iter().map(|key| (*key).to_owned()).collect()),
        ..to(role)
    }
}

fn tag<'c>(caller: &'c Caller, key: &str) -> Option<&'c str> {
    caller.tags.iter().find(|(known, _)| known.eq_ignore_ascii_case(key)).map(|(_, value)| value.as_str())
}

/// Lists users for those of the team alone.
const FOR_BLUE: &str = r#"{"Effect":"Allow","Action":["iam:ListUsers","sts:*"],"Resource":"*",
    "Condition":{"StringEquals":{"aws:PrincipalTag/team":"blue"}}}"#;

#[tokio::test]
async fn session_tags_are_principal_tags_and_win_over_those_of_the_role() {
    let house = House::open();
    let ann = house.user(ACCOUNT, "ann", &allow("sts:*")).await;
    house.role(ACCOUNT, "worker", &trust(ACCOUNT), FOR_BLUE).await;
    let team = iam_api::TagRoleRequest {
        role_name: "worker".into(),
        tags: vec![iam_api::Tag { key: "Team".into(), value: "red".into() }],
    };
    house.root::<iam_api::TagRole>(ACCOUNT, team).await.unwrap();
    let red = house.session(&ann, to("worker")).await;
    assert_eq!(house.may_list(&red).await, (false, false));
    let blue = house.session(&ann, tagged("worker", &[("team", "blue")], &[])).await;
    assert_eq!(house.may_list(&blue).await, (true, false));
}

#[tokio::test]
async fn a_caller_may_be_allowed_roles_by_their_tags() {
    let house = House::open();
    for (user, key) in [("ann", "aws:ResourceTag"), ("bob", "iam:ResourceTag")] {
        let only_blue = format!(
            r#"{{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*",
                "Condition":{{"StringEquals":{{"{key}/team":"blue"}}}}}}"#
        );
        let caller = house.user(ACCOUNT, user, &only_blue).await;
        for (team, allowed) in [("blue", true), ("red", false)] {
            let role = format!("{team}-for-{user}");
            house.role(ACCOUNT, &role, &trust(ACCOUNT), &allow("iam:*")).await;
            let tag = iam_api::Tag { key: "team".into(), value: team.into() };
            let tags = iam_api::TagRoleRequest { role_name: role.clone(), tags: vec![tag] };
            house.root::<iam_api::TagRole>(ACCOUNT, tags).await.unwrap();
            assert_eq!(house.assume(&caller, to(&role)).await.is_ok(), allowed, "{role} by {key}");
        }
    }
}

#[tokio::test]
async fn trust_may_depend_on_the_tags_that_are_passed() {
    let house = House::open();
    let ann = house.user(ACCOUNT, "ann", &allow("sts:*")).await;
    let trust = format!(
        r#"{{"Effect":"Allow","Principal":{{"AWS":"{ACCOUNT}"}},"Action":["sts:AssumeRole","sts:TagSession"],
            "Condition":{{"StringEquals":{{"aws:RequestTag/team":"blue"}},
                "ForAllValues:StringEquals":{{"aws:TagKeys":["team"],"sts:TransitiveTagKeys":["team"]}}}}}}"#
    );
    house.role(ACCOUNT, "worker", &trust, &allow("iam:*")).await;
    assert!(house.assume(&ann, tagged("worker", &[("team", "blue")], &["team"])).await.is_ok());
    for wrong in [
        tagged("worker", &[("team", "red")], &[]),
        tagged("worker", &[("team", "blue"), ("more", "x")], &[]),
        to("worker"),
    ] {
        assert_eq!(refusal(house.assume(&ann, wrong).await).0, "AccessDenied");
    }
}

#[tokio::test]
async fn tags_and_a_source_identity_want_permissions_of_their_own() {
    let house = House::open();
    let ann = house.user(ACCOUNT, "ann", &allow("sts:AssumeRole")).await;
    let trust = format!(r#"{{"Effect":"Allow","Principal":{{"AWS":"{ACCOUNT}"}},"Action":"sts:AssumeRole"}}"#);
    house.role(ACCOUNT, "worker", &trust, &allow("iam:*")).await;
    assert!(house.assume(&ann, to("worker")).await.is_ok());

    let (code, message) = refusal(house.assume(&ann, tagged("worker", &[("team", "blue")], &[])).await);
    assert_eq!(code, "AccessDenied");
    assert!(message.contains("is not authorized to perform: sts:TagSession on resource:"), "{message}");
    let known = AssumeRoleRequest { source_identity: Some("ann".into()), ..to("worker") };
    let (code, message) = refusal(house.assume(&ann, known).await);
    assert_eq!(code, "AccessDenied");
    assert!(message.contains("is not authorized to perform: sts:SetSourceIdentity on resource:"), "{message}");
}

#[tokio::test]
async fn transitive_tags_go_down_a_chain_and_cannot_be_changed() {
    let house = House::open();
    let ann = house.user(ACCOUNT, "ann", &allow("sts:*")).await;
    for role in ["first", "second", "third"] {
        house.role(ACCOUNT, role, &trust(ACCOUNT), &allow("sts:*")).await;
    }
    let first = tagged("first", &[("team", "blue"), ("ticket", "7")], &["Team"]);
    let first = house.session(&ann, first).await;
    assert_eq!((tag(&first, "team"), tag(&first, "ticket")), (Some("blue"), Some("7")));
    let second = house.session(&first, tagged("second", &[("shift", "late")], &[])).await;
    assert_eq!(
        (tag(&second, "team"), tag(&second, "ticket"), tag(&second, "shift")),
        (Some("blue"), None, Some("late"))
    );
    let third = house.session(&second, to("third")).await;
    assert_eq!((tag(&third, "team"), tag(&third, "shift")), (Some("blue"), None));

    let conflict = refusal(house.assume(&second, tagged("third", &[("TEAM", "red")], &[])).await);
    assert_eq!(conflict.0, "InvalidParameterValue");
    assert!(conflict.1.contains("conflicts with a transitive tag key from the calling session"), "{}", conflict.1);
}

#[tokio::test]
async fn tags_that_make_no_sense_are_refused() {
    let house = House::open();
    let ann = house.user(ACCOUNT, "ann", &allow("sts:*")).await;
    house.role(ACCOUNT, "worker", &trust(ACCOUNT), &allow("iam:*")).await;
    let table = [
        (
            tagged("worker", &[("team", "a"), ("Team", "b")], &[]),
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
        ),
        (
            tagged("worker", &[("team", "a")], &["other"]),
            "The specified transitive tag key must be included in the requested tags.",
        ),
        (tagged("worker", &[("aws:team", "a")], &[]), "System tags cannot be added/updated by requester"),
    ];
    for (input, message) in table {
        assert_eq!(refusal(house.assume(&ann, input).await), ("InvalidParameterValue".into(), message.into()));
    }
    let long = "k".repeat(129);
    let (code, message) = refusal(house.assume(&ann, tagged("worker", &[(long.as_str(), "a")], &[])).await);
    assert_eq!(code, "ValidationError");
    assert!(message.contains("'tags.1.member.key'"), "{message}");
}

#[tokio::test]
async fn a_source_identity_once_set_stays_for_the_whole_chain() {
    let house = House::open();
    let ann = house.user(ACCOUNT, "ann", &allow("sts:*")).await;
    let only_ann = format!(
        r#"{{"Effect":"Allow","Principal":{{"AWS":"{ACCOUNT}"}},"Action":["sts:AssumeRole","sts:SetSourceIdentity"],
            "Condition":{{"StringEquals":{{"sts:SourceIdentity":"ann"}}}}}}"#
    );
    house.role(ACCOUNT, "first", &only_ann, &allow("sts:*")).await;
    let for_ann = r#"{"Effect":"Allow","Action":"iam:ListUsers","Resource":"*",
        "Condition":{"StringEquals":{"aws:SourceIdentity":"ann"}}}"#;
    house.role(ACCOUNT, "second", &trust(ACCOUNT), for_ann).await;
    let as_one = |role: &str, who: &str| AssumeRoleRequest { source_identity: Some(who.into()), ..to(role) };

    assert_eq!(refusal(house.assume(&ann, as_one("first", "bob")).await).0, "AccessDenied");
    let first = house.session(&ann, as_one("first", "ann")).await;
    assert_eq!(
        refusal(house.assume(&first, as_one("second", "bob")).await),
        ("ValidationError".into(), "The source identity is already set for this assume role session".into())
    );
    let second = house.assume(&first, to("second")).await.unwrap();
    assert_eq!(second.source_identity.as_deref(), Some("ann"));
    let second = house.bearer(&second.credentials.unwrap());
    assert_eq!(house.may_list(&second).await, (true, false));
}
