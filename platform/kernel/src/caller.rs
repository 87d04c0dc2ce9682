//! Who calls, and what they may do.

use std::sync::Arc;

use haar_policy::{Principal, Source};

use crate::arn::{AccountId, Arn};
use crate::timestamp::Timestamp;

/// Who makes a call, as `sts:GetCallerIdentity` would say it.
#[derive(Clone, Debug)]
pub struct Caller {
    /// As the policy language knows it.
    pub principal: Principal,
    /// The account that the call works in: the principal's.
    pub account: AccountId,
    /// `arn:aws:iam::123456789012:user/alice`; for a session that of the session.
    pub arn: String,
    /// The unique id (`AIDA…`); for a session `AROA…:session-name`; for root the account id.
    pub user_id: String,
    /// The key that signed the call.
    pub access_key_id: Option<String>,
    /// Tags of the principal and of its session: `aws:PrincipalTag/…`.
    pub tags: Vec<(String, String)>,
    /// Further condition keys that the session carries: `aws:TokenIssueTime`, `aws:SourceIdentity`, ….
    pub keys: Vec<(String, String)>,
}

impl Caller {
    /// The root user of an account.
    pub fn root(account: &AccountId) -> Self {
        Self {
            principal: Principal::Root { account: account.to_string() },
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
        let name = format!("{service}.amazonaws.com");
        Self { principal: Principal::Service { name: name.clone() }, arn: name, ..Self::root(account) }
    }

    /// With a condition key: `aws:SourceArn` of a rule that sends to a queue.
    pub fn with_key(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.keys.push((key.into(), value.into()));
        self
    }

    /// An unsigned call, taken to the given account.
    pub fn anonymous(account: &AccountId) -> Self {
        let nobody = "anonymous".to_owned();
        Self { principal: Principal::Anonymous, arn: nobody.clone(), user_id: nobody, ..Self::root(account) }
    }

    /// Whether everything is allowed that no resource policy denies.
    pub fn is_root(&self) -> bool {
        matches!(self.principal, Principal::Root { .. })
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

/// The policies that decide what a caller may do; the resource's own policy comes with the resource.
#[derive(Clone, Debug, Default)]
pub struct Permissions {
    /// Of the user and its groups, or of the role.
    pub identity: Vec<Source>,
    /// The permissions boundary.
    pub boundary: Option<Source>,
    /// Policies passed when the session was made.
    pub session: Option<Vec<Source>>,
}

/// Knows credentials and permissions: the identity room.
///
/// Both are asked for on every call, so implementations answer from memory where nothing has changed.
pub trait Authority: Send + Sync {
    /// The credential with that access key id; `None` when there is none, or when it is inactive.
    fn credential(&self, access_key_id: &str) -> Option<Arc<Credential>>;

    /// What the caller's own policies say.
    fn permissions(&self, caller: &Caller) -> Arc<Permissions>;

    /// Told of every call whose signature was true: for last-used dates.
    fn note_use(&self, caller: &Caller, service: &str, region: &str);
}
