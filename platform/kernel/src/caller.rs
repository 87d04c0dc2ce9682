//! Who calls, and what they may do.

use std::sync::Arc;

use haar_policy::Document;

use crate::arn::{AccountId, Arn};
use crate::timestamp::Timestamp;

/// Who makes a call, as `sts:GetCallerIdentity` would say it.
#[derive(Clone, Debug)]
pub struct Caller {
    /// What kind of principal.
    pub kind: CallerKind,
    /// The account that the principal belongs to.
    pub account: AccountId,
    /// `arn:aws:iam::123456789012:user/alice`.
    pub arn: String,
    /// The unique id (`AIDA…`); for a session `AROA…:session-name`; for root the account id.
    pub user_id: String,
    /// The key that signed the call.
    pub access_key_id: Option<String>,
    /// Tags of the principal and of its session: `aws:PrincipalTag/…`.
    pub tags: Vec<(String, String)>,
    /// Further condition keys that the session carries (`aws:TokenIssueTime`, `sts:ExternalId`, …).
    pub keys: Vec<(String, String)>,
}

/// What kind of principal calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallerKind {
    /// The account's root user.
    Root,
    /// An IAM user.
    User {
        /// Its friendly name.
        name: String,
    },
    /// A session of a role.
    AssumedRole {
        /// The role's own ARN, path included.
        role_arn: String,
        /// The role's friendly name.
        role_name: String,
        /// The session's name.
        session_name: String,
    },
    /// One of our services, calling another on its own behalf.
    Service {
        /// `events.amazonaws.com`.
        principal: String,
    },
    /// Nobody: an unsigned call.
    Anonymous,
}

impl Caller {
    /// The root user of an account.
    pub fn root(account: &AccountId) -> Self {
        Self {
            kind: CallerKind::Root,
            account: account.clone(),
            arn: Arn::new("iam", "", account, "root").to_string(),
            user_id: account.to_string(),
            access_key_id: None,
            tags: Vec::new(),
            keys: Vec::new(),
        }
    }

    /// One of our services at work in an account.
    pub fn service(service: &str, account: &AccountId) -> Self {
        let principal = format!("{service}.amazonaws.com");
        Self { kind: CallerKind::Service { principal: principal.clone() }, arn: principal, ..Self::root(account) }
    }

    /// An unsigned call, taken to the given account.
    pub fn anonymous(account: &AccountId) -> Self {
        Self { kind: CallerKind::Anonymous, arn: "anonymous".into(), user_id: "anonymous".into(), ..Self::root(account) }
    }

    /// Whether everything is allowed that no resource policy denies.
    pub fn is_root(&self) -> bool {
        self.kind == CallerKind::Root
    }
}

/// What a signature is checked against.
#[derive(Clone)]
pub struct Credential {
    /// The secret access key.
    pub secret: String,
    /// Temporary credentials only.
    pub session_token: Option<String>,
    /// Temporary credentials only.
    pub expires: Option<Timestamp>,
    /// Whose credentials they are.
    pub caller: Arc<Caller>,
}

/// A policy and where it comes from.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The policy's ARN, or `user/alice/policy-name` for an inline one.
    pub source: String,
    /// The compiled policy.
    pub document: Arc<Document>,
}

/// The policies that decide what a caller may do; resource policies come from the resource.
#[derive(Clone, Debug, Default)]
pub struct Permissions {
    /// Of the user and its groups, or of the role.
    pub identity: Vec<Grant>,
    /// The permissions boundary.
    pub boundary: Option<Grant>,
    /// Policies passed when the session was made; empty when none were.
    pub session: Vec<Grant>,
}

/// Knows credentials and permissions: the identity room, or a stand-in when `--auth off`.
pub trait Authority: Send + Sync {
    /// The credential with that access key id; `None` when there is none or it is inactive.
    fn credential(&self, access_key_id: &str) -> Option<Arc<Credential>>;

    /// What the caller's own policies say.
    fn permissions(&self, caller: &Caller) -> Arc<Permissions>;
}
