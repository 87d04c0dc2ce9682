//! Behaviour of STS, through the pipeline and with the house's own authority.
#![allow(clippy::unwrap_used)]

mod assume_role;
mod session_tags;
mod sessions;

use std::sync::Arc;

use haar_gateway::testkit::{ACCOUNT, REGION, TestHouse};
use haar_platform::aws::iam as iam_api;
use haar_platform::aws::sts::{AssumeRole, AssumeRoleRequest, AssumeRoleResponse, Credentials};
use haar_platform::kernel::{Authority, Caller, Fault, Op};
use haar_platform::store::Config;

use crate::{HouseAuthority, iam, sts};

/// Another account than the test house's.
const ABROAD: &str = "222222222222";

/// A house with IAM, STS, and whoever a test makes.
struct House {
    house: TestHouse,
    authority: Arc<HouseAuthority>,
}

impl House {
    fn open() -> Self {
        let mut opened = None;
        let house = TestHouse::with_authority(Config::in_memory(), |platform| {
            let authority = HouseAuthority::open(platform);
            opened = Some(authority.clone());
            (vec![iam::service(platform, &authority), sts::service(platform)], authority)
        });
        Self { house, authority: opened.unwrap() }
    }

    async fn root<O: Op>(&self, account: &str, input: O::Input) -> Result<O::Output, Fault> {
        self.house.call_as::<O>(&self.house.root(account), REGION, input).await
    }

    async fn call<O: Op>(&self, caller: &Arc<Caller>, input: O::Input) -> Result<O::Output, Fault> {
        self.house.call_as::<O>(caller, REGION, input).await
    }

    /// A user with an inline policy of this statement, as the bearer of a key of its own.
    async fn user(&self, account: &str, name: &str, statement: &str) -> Arc<Caller> {
        let user = iam_api::CreateUserRequest { user_name: name.into(), ..Default::default() };
        self.root::<iam_api::CreateUser>(account, user).await.unwrap();
        if !statement.is_empty() {
            let policy = iam_api::PutUserPolicyRequest {
                user_name: name.into(),
                policy_name: "inline".into(),
                policy_document: document(statement),
            };
            self.root::<iam_api::PutUserPolicy>(account, policy).await.unwrap();
        }
        let key = iam_api::CreateAccessKeyRequest { user_name: Some(name.into()) };
        let key = self.root::<iam_api::CreateAccessKey>(account, key).await.unwrap().access_key;
        self.authority.credential(&key.access_key_id).unwrap().caller.clone()
    }

    /// A role that trusts by this statement, with an inline policy of that one.
    async fn role(&self, account: &str, name: &str, trust: &str, statement: &str) {
        let role = iam_api::CreateRoleRequest {
            role_name: name.into(),
            assume_role_policy_document: document(trust),
            ..Default::default()
        };
        self.root::<iam_api::CreateRole>(account, role).await.unwrap();
        let policy = iam_api::PutRolePolicyRequest {
            role_name: name.into(),
            policy_name: "inline".into(),
            policy_document: document(statement),
        };
        self.root::<iam_api::PutRolePolicy>(account, policy).await.unwrap();
    }

    async fn assume(&self, caller: &Arc<Caller>, input: AssumeRoleRequest) -> Result<AssumeRoleResponse, Fault> {
        self.call::<AssumeRole>(caller, input).await
    }

    /// Assumes a role, and calls as its session from then on.
    async fn session(&self, caller: &Arc<Caller>, input: AssumeRoleRequest) -> Arc<Caller> {
        let credentials = self.assume(caller, input).await.unwrap().credentials.unwrap();
        self.bearer(&credentials)
    }

    fn bearer(&self, credentials: &Credentials) -> Arc<Caller> {
        self.authority.credential(&credentials.access_key_id).unwrap().caller.clone()
    }

    /// Whether a caller may list the account's users and its roles.
    async fn may_list(&self, caller: &Arc<Caller>) -> (bool, bool) {
        let users = self.call::<iam_api::ListUsers>(caller, Default::default()).await;
        let roles = self.call::<iam_api::ListRoles>(caller, Default::default()).await;
        (users.is_ok(), roles.is_ok())
    }
}

fn document(statement: &str) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#)
}

fn allow(action: &str) -> String {
    format!(r#"{{"Effect":"Allow","Action":"{action}","Resource":"*"}}"#)
}

/// Trusts an account or an ARN to assume the role, tag the session and set its source identity.
fn trust(principal: &str) -> String {
    format!(
        r#"{{"Effect":"Allow","Principal":{{"AWS":"{principal}"}},
            "Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]}}"#
    )
}

fn role_arn(account: &str, name: &str) -> String {
    format!("arn:aws:iam::{account}:role/{name}")
}

fn to(role: &str) -> AssumeRoleRequest {
    AssumeRoleRequest { role_arn: role_arn(ACCOUNT, role), role_session_name: "work".into(), ..Default::default() }
}

/// The code and the message of a refusal.
fn refusal<T: std::fmt::Debug>(answer: Result<T, Fault>) -> (String, String) {
    let fault = answer.unwrap_err();
    (fault.code.to_string(), fault.message)
}
