//! Who may assume which role, for how long, and what comes of it.

use haar_gateway::testkit::{ACCOUNT, REGION};
use haar_platform::aws::iam as iam_api;
use haar_platform::aws::sts::{AssumeRole, AssumeRoleRequest, GetCallerIdentity, PolicyDescriptorType};

use super::*;

const NOT_TRUSTED: &str = "because no role trust policy allows the sts:AssumeRole action";

fn denied(caller: &str, role: &str, reason: &str) -> (String, String) {
    let message = format!(
        "User: arn:aws:iam::{ACCOUNT}:user/{caller} is not authorized to perform: sts:AssumeRole on resource: \
         arn:aws:iam::{ACCOUNT}:role/{role} {reason}"
    );
    ("AccessDenied".into(), message)
}

#[tokio::test]
async fn a_session_is_known_by_role_and_session_name() {
    let house = House::open();
    let ann = house.user(ACCOUNT, "ann", &allow("sts:AssumeRole")).await;
    house.role(ACCOUNT, "reader", &trust(ACCOUNT), &allow("iam:ListUsers")).await;
    let assumed = house.assume(&ann, to("reader")).await.unwrap();
    let user = assumed.assumed_role_user.unwrap();
    let credentials = assumed.credentials.unwrap();
    assert_eq!(user.arn, format!("arn:aws:sts::{ACCOUNT}:assumed-role/reader/work"));
    assert!(user.assumed_role_id.starts_with("AROA") && user.assumed_role_id.ends_with(":work"));
    assert!(credentials.access_key_id.starts_with("ASIA") && credentials.access_key_id.len() == 20);
    assert_eq!(credentials.expiration, house.house.now() + std::time::Duration::from_secs(3600));
    assert_eq!(assumed.packed_policy_size, None);
    assert_eq!(assumed.session_token_size, i32::try_from(credentials.session_token.len()).ok());

    let session = house.bearer(&credentials);
    let identity = house.call::<GetCallerIdentity>(&session, Default::default()).await.unwrap();
    assert_eq!(identity.user_id, Some(user.assumed_role_id));
    assert_eq!(identity.arn, Some(user.arn));
    assert_eq!(identity.account.as_deref(), Some(ACCOUNT));
}

#[tokio::test]
async fn what_the_call_needs_depends_on_how_the_role_trusts() {
    let house = House::open();
    let powerless = house.user(ACCOUNT, "powerless", "").await;
    let allowed = house.user(ACCOUNT, "allowed", &allow("sts:AssumeRole")).await;
    let by_name = trust(&format!("arn:aws:iam::{ACCOUNT}:user/powerless"));
    house.role(ACCOUNT, "by-name", &by_name, &allow("iam:*")).await;
    house.role(ACCOUNT, "by-account", &trust(ACCOUNT), &allow("iam:*")).await;

    assert!(house.assume(&powerless, to("by-name")).await.is_ok());
    assert!(house.assume(&allowed, to("by-account")).await.is_ok());
    assert_eq!(refusal(house.assume(&allowed, to("by-name")).await), denied("allowed", "by-name", NOT_TRUSTED));
    assert_eq!(
        refusal(house.assume(&powerless, to("by-account")).await),
        denied("powerless", "by-account", "because no identity-based policy allows the sts:AssumeRole action")
    );
}

#[tokio::test]
async fn a_role_that_is_not_there_is_as_closed_as_one_that_does_not_trust() {
    let house = House::open();
    let ann = house.user(ACCOUNT, "ann", &allow("sts:AssumeRole")).await;
    assert_eq!(refusal(house.assume(&ann, to("missing")).await), denied("ann", "missing", NOT_TRUSTED));
    house.role(ACCOUNT, "here", &trust(ACCOUNT), &allow("iam:*")).await;
    let elsewhere = AssumeRoleRequest { role_arn: role_arn(ACCOUNT, "team/here"), ..to("here") };
    assert_eq!(refusal(house.assume(&ann, elsewhere).await), denied("ann", "team/here", NOT_TRUSTED));
    for arn in
        ["arn:aws:iam::000000000000:instance-profile/x", "arn:aws:iam::1:role/reader", "reader reader reader reader"]
    {
        let unreadable = AssumeRoleRequest { role_arn: arn.into(), ..to("here") };
        let refused = refusal(house.assume(&ann, unreadable).await);
        assert_eq!(refused, ("ValidationError".into(), "Request ARN is invalid".into()), "{arn}");
    }
}

#[tokio::test]
async fn across_accounts_both_sides_must_allow() {
    let house = House::open();
    let foreign = AssumeRoleRequest { role_arn: role_arn(ABROAD, "visited"), ..to("visited") };
    let visitor = format!("arn:aws:iam::{ACCOUNT}:user/visitor");
    let stranger = format!("arn:aws:iam::{ACCOUNT}:user/stranger");
    let both =
        format!(r#"{{"Effect":"Allow","Principal":{{"AWS":["{visitor}","{stranger}"]}},"Action":"sts:AssumeRole"}}"#);
    let visitor = house.user(ACCOUNT, "visitor", &allow("sts:AssumeRole")).await;
    let stranger = house.user(ACCOUNT, "stranger", "").await;
    house.role(ABROAD, "visited", &both, &allow("iam:ListUsers")).await;

    let session = house.session(&visitor, foreign.clone()).await;
    assert_eq!(session.account.as_str(), ABROAD);
    assert_eq!(house.may_list(&session).await, (true, false));
    // Within an account being named would be enough.
    assert_eq!(refusal(house.assume(&stranger, foreign).await).0, "AccessDenied");

    house.role(ABROAD, "closed", &trust(ABROAD), &allow("iam:ListUsers")).await;
    let closed = AssumeRoleRequest { role_arn: role_arn(ABROAD, "closed"), ..to("closed") };
    let (code, message) = refusal(house.assume(&visitor, closed).await);
    assert_eq!(code, "AccessDenied");
    assert!(message.ends_with(NOT_TRUSTED), "{message}");
}

#[tokio::test]
async fn an_external_id_opens_the_role_that_asks_for_it() {
    let house = House::open();
    let ann = house.user(ACCOUNT, "ann", &allow("sts:AssumeRole")).await;
    let asking = format!(
        r#"{{"Effect":"Allow","Principal":{{"AWS":"{ACCOUNT}"}},"Action":"sts:AssumeRole",
            "Condition":{{"StringEquals":{{"sts:ExternalId":"secret-42"}},"StringLike":{{"sts:RoleSessionName":"wor?"}}}}}}"#
    );
    house.role(ACCOUNT, "asking", &asking, &allow("iam:*")).await;
    let with = |id: Option<&str>| AssumeRoleRequest { external_id: id.map(str::to_owned), ..to("asking") };
    assert!(house.assume(&ann, with(Some("secret-42"))).await.is_ok());
    for wrong in [with(None), with(Some("secret-43"))] {
        assert_eq!(refusal(house.assume(&ann, wrong).await), denied("ann", "asking", NOT_TRUSTED));
    }
    let misnamed = AssumeRoleRequest { role_session_name: "play".into(), ..with(Some("secret-42")) };
    assert_eq!(refusal(house.assume(&ann, misnamed).await).0, "AccessDenied");
}

#[tokio::test]
async fn a_session_may_do_what_its_role_may_and_its_policies_let_through() {
    let house = House::open();
    let ann = house.user(ACCOUNT, "ann", &allow("sts:AssumeRole")).await;
    house
        .role(ACCOUNT, "lister", &trust(ACCOUNT), &format!("{},{}", allow("iam:ListUsers"), allow("iam:ListRoles")))
        .await;
    let plain = house.session(&ann, to("lister")).await;
    assert_eq!(house.may_list(&plain).await, (true, true));

    let limited = AssumeRoleRequest { policy: Some(document(&allow("iam:ListUsers"))), ..to("lister") };
    let limited = house.session(&ann, limited).await;
    assert_eq!(house.may_list(&limited).await, (true, false));

    // A session policy grants nothing that the role lacks.
    let greedy = AssumeRoleRequest { policy: Some(document(&allow("iam:*"))), ..to("lister") };
    let greedy = house.session(&ann, greedy).await;
    let refused = house.call::<iam_api::ListGroups>(&greedy, Default::default()).await;
    assert_eq!(refusal(refused).0, "AccessDenied");
}

#[tokio::test]
async fn managed_session_policies_count_as_they_are_when_a_call_is_made() {
    let house = House::open();
    let ann = house.user(ACCOUNT, "ann", &allow("sts:AssumeRole")).await;
    house.role(ACCOUNT, "lister", &trust(ACCOUNT), &allow("iam:List*")).await;
    let policy = iam_api::CreatePolicyRequest {
        policy_name: "limit".into(),
        policy_document: document(&allow("iam:ListUsers")),
        ..Default::default()
    };
    let arn = house.root::<iam_api::CreatePolicy>(ACCOUNT, policy).await.unwrap().policy.unwrap().arn;
    let by_arn = |arn: Option<String>| AssumeRoleRequest {
        policy_arns: Some(vec![PolicyDescriptorType { arn }]),
        ..to("lister")
    };
    let session = house.session(&ann, by_arn(arn.clone())).await;
    assert_eq!(house.may_list(&session).await, (true, false));

    let version = iam_api::CreatePolicyVersionRequest {
        policy_arn: arn.unwrap(),
        policy_document: document(&allow("iam:ListRoles")),
        set_as_default: Some(true),
    };
    house.root::<iam_api::CreatePolicyVersion>(ACCOUNT, version).await.unwrap();
    assert_eq!(house.may_list(&session).await, (false, true));

    let missing = by_arn(Some(format!("arn:aws:iam::{ACCOUNT}:policy/missing")));
    assert_eq!(refusal(house.assume(&ann, missing).await).0, "ValidationError");
}

#[tokio::test]
async fn the_roles_boundary_binds_its_sessions() {
    let house = House::open();
    let ann = house.user(ACCOUNT, "ann", &allow("sts:AssumeRole")).await;
    house.role(ACCOUNT, "bounded", &trust(ACCOUNT), &allow("iam:List*")).await;
    let session = house.session(&ann, to("bounded")).await;
    assert_eq!(house.may_list(&session).await, (true, true));
    let policy = iam_api::CreatePolicyRequest {
        policy_name: "boundary".into(),
        policy_document: document(&allow("iam:ListRoles")),
        ..Default::default()
    };
    let arn = house.root::<iam_api::CreatePolicy>(ACCOUNT, policy).await.unwrap().policy.unwrap().arn;
    let boundary =
        iam_api::PutRolePermissionsBoundaryRequest { role_name: "bounded".into(), permissions_boundary: arn.unwrap() };
    house.root::<iam_api::PutRolePermissionsBoundary>(ACCOUNT, boundary).await.unwrap();
    assert_eq!(house.may_list(&session).await, (false, true));
}

#[tokio::test]
async fn a_session_lasts_no_longer_than_its_role_lets_it() {
    let house = House::open();
    let ann = house.user(ACCOUNT, "ann", &allow("sts:AssumeRole")).await;
    house.role(ACCOUNT, "short", &trust(ACCOUNT), &allow("iam:*")).await;
    let lasting = |seconds| AssumeRoleRequest { duration_seconds: Some(seconds), ..to("short") };
    let short = house.assume(&ann, lasting(900)).await.unwrap().credentials.unwrap();
    assert_eq!(short.expiration - house.house.now(), std::time::Duration::from_secs(900));
    assert_eq!(
        refusal(house.assume(&ann, lasting(3601)).await),
        (
            "ValidationError".into(),
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.".into()
        )
    );
    let update = iam_api::UpdateRoleRequest {
        role_name: "short".into(),
        max_session_duration: Some(43_200),
        ..Default::default()
    };
    house.root::<iam_api::UpdateRole>(ACCOUNT, update).await.unwrap();
    assert!(house.assume(&ann, lasting(43_200)).await.is_ok());
}

#[tokio::test]
async fn a_chain_of_roles_goes_by_the_hour() {
    let house = House::open();
    let ann = house.user(ACCOUNT, "ann", &allow("sts:AssumeRole")).await;
    house.role(ACCOUNT, "first", &trust(ACCOUNT), &allow("sts:AssumeRole")).await;
    house.role(ACCOUNT, "second", &trust(&role_arn(ACCOUNT, "first")), &allow("iam:ListUsers")).await;
    let update = iam_api::UpdateRoleRequest {
        role_name: "second".into(),
        max_session_duration: Some(7200),
        ..Default::default()
    };
    house.root::<iam_api::UpdateRole>(ACCOUNT, update).await.unwrap();
    let first = house.session(&ann, to("first")).await;
    let second = house.session(&first, to("second")).await;
    assert_eq!(house.may_list(&second).await, (true, false));
    let longer = AssumeRoleRequest { duration_seconds: Some(3601), ..to("second") };
    assert_eq!(
        refusal(house.assume(&first, longer).await),
        (
            "ValidationError".into(),
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.".into()
        )
    );
}

#[tokio::test]
async fn the_root_user_assumes_no_role() {
    let house = House::open();
    house.role(ACCOUNT, "open", &trust(ACCOUNT), &allow("iam:*")).await;
    let root = house.house.root(ACCOUNT);
    let refused = ("AccessDenied".to_owned(), "Roles may not be assumed by root accounts.".to_owned());
    assert_eq!(refusal(house.assume(&root, to("open")).await), refused);
    assert_eq!(refusal(house.assume(&root, to("missing")).await), refused);
}

#[tokio::test]
async fn a_service_assumes_the_roles_that_trust_it() {
    let house = House::open();
    let trust = r#"{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}"#;
    house.role(ACCOUNT, "function", trust, &allow("iam:ListUsers")).await;
    let account = haar_platform::kernel::AccountId::parse(ACCOUNT).unwrap();
    let lambda = Arc::new(Caller::service("lambda", &account));
    let session = house.session(&lambda, to("function")).await;
    assert_eq!(house.may_list(&session).await, (true, false));
    let glue = Arc::new(Caller::service("glue", &account));
    assert_eq!(refusal(house.assume(&glue, to("function")).await).0, "AccessDenied");
}

#[tokio::test]
async fn a_role_that_trusts_everybody_trusts_no_unsigned_call() {
    let house = House::open();
    house.role(ACCOUNT, "public", &trust("*"), &allow("iam:*")).await;
    let nobody = Arc::new(Caller::anonymous(&haar_platform::kernel::AccountId::parse(ACCOUNT).unwrap()));
    let refused = house.house.call_as::<AssumeRole>(&nobody, REGION, to("public")).await;
    assert_eq!(refusal(refused).0, "MissingAuthenticationToken");
    let refused = house.call::<GetCallerIdentity>(&nobody, Default::default()).await;
    assert_eq!(refusal(refused).0, "MissingAuthenticationToken");
}

#[tokio::test]
async fn what_cannot_be_honoured_is_refused() {
    let house = House::open();
    let ann = house.user(ACCOUNT, "ann", &allow("sts:AssumeRole")).await;
    house.role(ACCOUNT, "open", &trust(ACCOUNT), &allow("iam:*")).await;
    let mfa = AssumeRoleRequest {
        serial_number: Some(format!("arn:aws:iam::{ACCOUNT}:mfa/ann")),
        token_code: Some("123456".into()),
        ..to("open")
    };
    let (code, message) = refusal(house.assume(&ann, mfa).await);
    assert_eq!(code, "AccessDenied");
    assert!(message.starts_with("MultiFactorAuthentication failed"), "{message}");
    let contexts = AssumeRoleRequest { provided_contexts: Some(vec![Default::default()]), ..to("open") };
    assert_eq!(refusal(house.assume(&ann, contexts).await).0, "NotImplemented");
    let malformed = AssumeRoleRequest { policy: Some("{}".into()), ..to("open") };
    assert_eq!(refusal(house.assume(&ann, malformed).await).0, "MalformedPolicyDocument");
}

#[tokio::test]
async fn policies_and_tags_share_a_package_of_limited_size() {
    let house = House::open();
    let ann = house.user(ACCOUNT, "ann", &allow("sts:*")).await;
    house.role(ACCOUNT, "open", &trust(ACCOUNT), &allow("iam:*")).await;
    let sized = |size: usize| {
        let shell = document(&allow(""));
        AssumeRoleRequest {
            policy: Some(document(&allow(&format!("iam:{}", "x".repeat(size - shell.len() - 4))))),
            ..to("open")
        }
    };
    assert_eq!(house.assume(&ann, sized(2048)).await.unwrap().packed_policy_size, Some(50));
    let (code, message) = refusal(house.assume(&ann, sized(2049)).await);
    assert_eq!(code, "PackedPolicyTooLarge");
    assert_eq!(message, "Packed policy consumes 101% of allotted space, please use smaller policy.");
    let tag = |index| haar_platform::aws::sts::Tag { key: format!("key-{index:02}"), value: "v".repeat(250) };
    let tagged = AssumeRoleRequest { tags: Some((0..8).map(tag).collect()), ..sized(2048) };
    assert_eq!(house.assume(&ann, tagged).await.unwrap().packed_policy_size, Some(100));
    let tagged = AssumeRoleRequest { tags: Some((0..17).map(tag).collect()), ..to("open") };
    let (code, message) = refusal(house.assume(&ann, tagged).await);
    assert_eq!(code, "PackedPolicyTooLarge");
    assert_eq!(message, "Packed size of session tags consumes 107% of allotted space.");
}
