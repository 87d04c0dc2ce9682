//! Behaviour of IAM, through the pipeline.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use haar_gateway::testkit::{REGION, TestHouse};
use haar_platform::aws::iam as api;
use haar_platform::kernel::{Authority, Caller, Op};
use haar_platform::store::Config;

use crate::HouseAuthority;

mod access_keys;
mod account;
mod attachments;
mod authority;
mod authorization;
mod groups;
mod inline_policies;
mod instance_profiles;
mod policies;
mod roles;
mod service_linked_roles;
mod tags;
mod users;

/// Allows everything of SQS.
const SQS: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:*","Resource":"*"}]}"#;

/// Lets EC2 assume a role.
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

const READ_ONLY: &str = "arn:aws:iam::aws:policy/ReadOnlyAccess";
const ADMINISTRATOR: &str = "arn:aws:iam::aws:policy/AdministratorAccess";

/// A house with IAM in it, guarded by IAM's own authority.
struct House {
    house: TestHouse,
    authority: Arc<HouseAuthority>,
}

impl std::ops::Deref for House {
    type Target = TestHouse;
    fn deref(&self) -> &TestHouse {
        &self.house
    }
}

fn open() -> House {
    let mut opened = None;
    let house = TestHouse::with_authority(Config::in_memory(), |platform| {
        let authority = HouseAuthority::open(platform);
        opened = Some(authority.clone());
        (vec![super::service(platform, &authority)], authority)
    });
    House { house, authority: opened.unwrap() }
}

impl House {
    /// Code and message of a call by root that must be refused.
    async fn refused<O: Op>(&self, input: O::Input) -> (String, String) {
        self.refused_as::<O>(&self.root("000000000000"), input).await
    }

    async fn refused_as<O: Op>(&self, caller: &Arc<Caller>, input: O::Input) -> (String, String) {
        let outcome = self.call_as::<O>(caller, REGION, input).await;
        let fault = outcome.err().unwrap_or_else(|| panic!("{} was not refused", O::NAME));
        (fault.code.into_owned(), fault.message)
    }

    async fn user(&self, name: &str) -> api::User {
        let input = api::CreateUserRequest { user_name: name.into(), ..Default::default() };
        self.call::<api::CreateUser>(input).await.unwrap().user.unwrap()
    }

    async fn group(&self, name: &str) -> api::Group {
        let input = api::CreateGroupRequest { group_name: name.into(), ..Default::default() };
        self.call::<api::CreateGroup>(input).await.unwrap().group
    }

    async fn role(&self, name: &str) -> api::Role {
        let input = api::CreateRoleRequest {
            role_name: name.into(),
            assume_role_policy_document: TRUST.into(),
            ..Default::default()
        };
        self.call::<api::CreateRole>(input).await.unwrap().role
    }

    /// A managed policy; the answer is its ARN.
    async fn policy(&self, name: &str, document: &str) -> String {
        let input = api::CreatePolicyRequest {
            policy_name: name.into(),
            policy_document: document.into(),
            ..Default::default()
        };
        self.call::<api::CreatePolicy>(input).await.unwrap().policy.unwrap().arn.unwrap()
    }

    async fn access_key(&self, user: &str) -> api::AccessKey {
        let input = api::CreateAccessKeyRequest { user_name: Some(user.into()) };
        self.call::<api::CreateAccessKey>(input).await.unwrap().access_key
    }

    async fn attach(&self, user: &str, policy_arn: &str) {
        let input = api::AttachUserPolicyRequest { user_name: user.into(), policy_arn: policy_arn.into() };
        self.call::<api::AttachUserPolicy>(input).await.unwrap();
    }

    async fn put_inline(&self, user: &str, name: &str, document: &str) {
        let input = api::PutUserPolicyRequest {
            user_name: user.into(),
            policy_name: name.into(),
            policy_document: document.into(),
        };
        self.call::<api::PutUserPolicy>(input).await.unwrap();
    }

    /// A new user's caller, as the gateway gets it from a verified signature.
    async fn caller(&self, name: &str) -> Arc<Caller> {
        self.user(name).await;
        let access_key = self.access_key(name).await;
        self.authority.credential(&access_key.access_key_id).unwrap().caller.clone()
    }
}

/// A code and a message, as tests compare them.
fn error(code: &str, message: &str) -> (String, String) {
    (code.to_owned(), message.to_owned())
}
