//! Temporary credentials: what they are, when they end, and who is behind a key.

use std::time::Duration;

use haar_gateway::testkit::ACCOUNT;
use haar_platform::aws::iam as iam_api;
use haar_platform::aws::sts::{
    AssumeRoleRequest, AssumeRoleWithWebIdentity, AssumeRoleWithWebIdentityRequest, GetAccessKeyInfo,
    GetAccessKeyInfoRequest, GetCallerIdentity, GetSessionToken, GetSessionTokenRequest,
};

use super::*;
use crate::sts::model::SESSIONS;
use haar_platform::store::Read;

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn credentials_carry_their_token_and_their_end() {
    let house = House::open();
    let ann = house.user(ACCOUNT, "ann", &allow("sts:*")).await;
    house.role(ACCOUNT, "worker", &trust(ACCOUNT), &allow("iam:*")).await;
    let given = house.assume(&ann, to("worker")).await.unwrap().credentials.unwrap();
    let credential = house.authority.credential(&given.access_key_id).unwrap();
    assert_eq!(credential.secret, given.secret_access_key);
    assert_eq!(credential.session_token, Some(given.session_token.clone()));
    assert_eq!(credential.expires, Some(given.expiration));
    let again = house.assume(&ann, to("worker")).await.unwrap().credentials.unwrap();
    assert_ne!(again.session_token, given.session_token);

    let stored = house.house.platform.store.read(|tx| tx.get(SESSIONS, given.access_key_id.as_str())).unwrap().unwrap();
    let stored = format!("{stored:?}");
    assert!(!stored.contains(&given.secret_access_key) && !stored.contains(&given.session_token));
}

#[tokio::test]
async fn a_token_is_as_long_as_a_caller_wants_to_test_with() {
    let house = House::open();
    let root = house.house.root(ACCOUNT);
    let sized = |size| GetSessionTokenRequest { minimum_session_token_size: size, ..Default::default() };
    for (asked, size, utilization) in [(None, 356, 9), (Some(0), 356, 9), (Some(4096), 4096, 100)] {
        let answer = house.call::<GetSessionToken>(&root, sized(asked)).await.unwrap();
        assert_eq!(answer.credentials.unwrap().session_token.len(), usize::try_from(size).unwrap());
        assert_eq!((answer.session_token_size, answer.session_token_utilization), (Some(size), Some(utilization)));
    }
}

#[tokio::test]
async fn ended_credentials_are_remembered_for_a_while_and_then_swept_away() {
    let house = House::open();
    let ann = house.user(ACCOUNT, "ann", &allow("sts:*")).await;
    house.role(ACCOUNT, "worker", &trust(ACCOUNT), &allow("iam:*")).await;
    let given = house.assume(&ann, to("worker")).await.unwrap().credentials.unwrap();
    let is_stored = || {
        let store = &house.house.platform.store;
        store.read(|tx| tx.contains(SESSIONS, given.access_key_id.as_str())).unwrap()
    };
    house.house.advance(2 * HOUR).await;
    let credential = house.authority.credential(&given.access_key_id).unwrap();
    assert!(credential.expires.unwrap() < house.house.now());
    house.house.advance(34 * HOUR).await;
    assert!(is_stored());
    house.house.advance(HOUR).await;
    assert!(!is_stored());
}

#[tokio::test]
async fn sessions_end_with_their_role_and_do_not_pass_to_its_namesake() {
    let house = House::open();
    let ann = house.user(ACCOUNT, "ann", &allow("sts:*")).await;
    house.role(ACCOUNT, "worker", &trust(ACCOUNT), &allow("iam:ListUsers")).await;
    let given = house.assume(&ann, to("worker")).await.unwrap().credentials.unwrap();
    let session = house.bearer(&given);
    let policy = iam_api::DeleteRolePolicyRequest { role_name: "worker".into(), policy_name: "inline".into() };
    house.root::<iam_api::DeleteRolePolicy>(ACCOUNT, policy).await.unwrap();
    let role = iam_api::DeleteRoleRequest { role_name: "worker".into() };
    house.root::<iam_api::DeleteRole>(ACCOUNT, role).await.unwrap();
    house.role(ACCOUNT, "worker", &trust(ACCOUNT), &allow("iam:ListUsers")).await;
    assert!(house.authority.credential(&given.access_key_id).is_none());
    assert_eq!(house.may_list(&session).await, (false, false));
}

#[tokio::test]
async fn a_users_session_is_the_user() {
    let house = House::open();
    let ann = house.user(ACCOUNT, "ann", &allow("iam:ListUsers")).await;
    let given = house.call::<GetSessionToken>(&ann, Default::default()).await.unwrap().credentials.unwrap();
    assert_eq!(given.expiration - house.house.now(), 12 * HOUR);
    let session = house.bearer(&given);
    let identity = house.call::<GetCallerIdentity>(&session, Default::default()).await.unwrap();
    assert_eq!(identity.arn, Some(format!("arn:aws:iam::{ACCOUNT}:user/ann")));
    assert_eq!(identity.user_id, Some(ann.user_id.clone()));
    assert_eq!(house.may_list(&session).await, (true, false));
    let keys: Vec<&str> = session.keys.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, ["aws:TokenIssueTime", "aws:MultiFactorAuthPresent"]);
}

#[tokio::test]
async fn the_root_users_session_lasts_an_hour_at_most() {
    let house = House::open();
    let root = house.house.root(ACCOUNT);
    for (asked, given) in [(None, 3600), (Some(900), 900), (Some(129_600), 3600)] {
        let input = GetSessionTokenRequest { duration_seconds: asked, ..Default::default() };
        let credentials = house.call::<GetSessionToken>(&root, input).await.unwrap().credentials.unwrap();
        assert_eq!(credentials.expiration - house.house.now(), Duration::from_secs(given), "{asked:?}");
        assert!(house.bearer(&credentials).is_root());
    }
}

#[tokio::test]
async fn a_session_gets_no_session_token() {
    let house = House::open();
    let ann = house.user(ACCOUNT, "ann", &allow("sts:*")).await;
    house.role(ACCOUNT, "worker", &trust(ACCOUNT), &allow("*")).await;
    let of_user = house.call::<GetSessionToken>(&ann, Default::default()).await.unwrap().credentials.unwrap();
    let refused = ("AccessDenied".to_owned(), "Cannot call GetSessionToken with session credentials".to_owned());
    for session in [house.bearer(&of_user), house.session(&ann, to("worker")).await] {
        assert_eq!(refusal(house.call::<GetSessionToken>(&session, Default::default()).await), refused);
    }
}

#[tokio::test]
async fn temporary_credentials_of_a_user_assume_roles_by_the_hour_too() {
    let house = House::open();
    let ann = house.user(ACCOUNT, "ann", &allow("sts:*")).await;
    house.role(ACCOUNT, "worker", &trust(ACCOUNT), &allow("iam:*")).await;
    let given = house.call::<GetSessionToken>(&ann, Default::default()).await.unwrap().credentials.unwrap();
    let session = house.bearer(&given);
    assert!(house.assume(&session, to("worker")).await.is_ok());
    let longer = AssumeRoleRequest { duration_seconds: Some(3601), ..to("worker") };
    assert!(refusal(house.assume(&session, longer).await).1.contains("role chaining"));
}

#[tokio::test]
async fn the_account_behind_a_key_is_told_to_any_account() {
    let house = House::open();
    let ann = house.user(ACCOUNT, "ann", &allow("sts:*")).await;
    let abroad = house.house.root(ABROAD);
    let temporary = house.call::<GetSessionToken>(&abroad, Default::default()).await.unwrap().credentials.unwrap();
    let of = |id: &str| GetAccessKeyInfoRequest { access_key_id: id.into() };
    let known = [(ann.access_key_id.clone().unwrap(), ACCOUNT), (temporary.access_key_id, ABROAD)];
    for (id, account) in known {
        for caller in [&ann, &abroad] {
            let info = house.call::<GetAccessKeyInfo>(caller, of(&id)).await.unwrap();
            assert_eq!(info.account.as_deref(), Some(account), "{id}");
        }
    }
    let unknown = house.call::<GetAccessKeyInfo>(&ann, of("AKIAIOSFODNN7EXAMPLE")).await;
    assert_eq!(refusal(unknown).0, "ValidationError");
    let powerless = house.user(ACCOUNT, "powerless", "").await;
    assert_eq!(refusal(house.call::<GetAccessKeyInfo>(&powerless, of("AKIAIOSFODNN7EXAMPLE")).await).0, "AccessDenied");
}

#[tokio::test]
async fn web_identities_are_refused_because_nobody_vouches_for_them() {
    let house = House::open();
    let nobody = Arc::new(Caller::anonymous(&haar_platform::kernel::AccountId::parse(ACCOUNT).unwrap()));
    let with = |token: &str| AssumeRoleWithWebIdentityRequest {
        role_arn: role_arn(ACCOUNT, "worker"),
        role_session_name: "web".into(),
        web_identity_token: token.into(),
        ..Default::default()
    };
    // {"iss":"https://idp.example.com"}
    let token = "e30.eyJpc3MiOiJodHRwczovL2lkcC5leGFtcGxlLmNvbSJ9.c2ln";
    assert_eq!(
        refusal(house.call::<AssumeRoleWithWebIdentity>(&nobody, with(token)).await),
        (
            "InvalidIdentityToken".into(),
            "No OpenIDConnect provider found in your account for https://idp.example.com".into()
        )
    );
    let opaque = house.call::<AssumeRoleWithWebIdentity>(&nobody, with("opaque")).await;
    assert!(refusal(opaque).1.contains("not a valid JWT"));
    let by_provider = AssumeRoleWithWebIdentityRequest { provider_id: Some("www.amazon.com".into()), ..with("opaque") };
    assert_eq!(refusal(house.call::<AssumeRoleWithWebIdentity>(&nobody, by_provider).await).0, "NotImplemented");
}
