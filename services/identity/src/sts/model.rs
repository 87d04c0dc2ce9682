//! What STS stores: the sessions behind temporary credentials.

use haar_platform::kernel::Timestamp;
use haar_platform::store::{Index, Record, Table, TableInfo};
use serde::{Deserialize, Serialize};

/// Sessions by access key id, which is unique in the house: whoever checks a signature knows nothing else yet.
pub const SESSIONS: Table<String, Session> = Table::new("sts.sessions").indexed(&[&SESSIONS_BY_EXPIRY]);

/// Sessions in the order in which they end, in milliseconds since 1970.
pub const SESSIONS_BY_EXPIRY: Index<i64, String, Session> =
    Index::new("sts.sessions.by_expiry", |_, session| vec![session.expires.millis()]);

/// The condition key of the moment when the credentials were made; temporary credentials alone have it.
pub const TOKEN_ISSUE_TIME: &str = "aws:TokenIssueTime";

/// The condition key of the source identity.
pub const SOURCE_IDENTITY: &str = "aws:SourceIdentity";

/// Everything that STS stores.
pub fn tables() -> Vec<TableInfo> {
    vec![SESSIONS.info()]
}

/// A session: temporary credentials, under their access key id.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Session {
    /// Of the user or the role.
    pub account: String,
    pub of: SessionOf,
    /// The secret access key, sealed by the store's vault with the access key id as context.
    pub sealed_secret: Vec<u8>,
    /// The session token, sealed likewise.
    pub sealed_token: Vec<u8>,
    /// From then on the credentials are refused as expired.
    pub expires: Timestamp,
    /// The condition keys that the session carries: `aws:TokenIssueTime`, `aws:SourceIdentity`.
    pub keys: Vec<(String, String)>,
    /// Session tags, with those inherited along a chain of roles. They win over the role's tags of the same keys.
    pub tags: Vec<(String, String)>,
    /// Keys of the tags among them that the next role in a chain inherits.
    pub transitive_tag_keys: Vec<String>,
    /// The inline session policy: a JSON document.
    pub policy: Option<String>,
    /// Managed policies as session policies. As those of the role, they count as they are when a call is made.
    pub policy_arns: Vec<String>,
}

/// Whose session it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SessionOf {
    /// From GetSessionToken: of a user (`AIDA…`), or of the root user by its account's id.
    User { user_id: String },
    /// From AssumeRole: of a role (`AROA…`).
    Role { role_id: String, session_name: String },
}

impl Record for Session {}

impl Session {
    /// Whether it has session policies, which then limit it.
    pub fn is_limited(&self) -> bool {
        self.policy.is_some() || !self.policy_arns.is_empty()
    }
}
