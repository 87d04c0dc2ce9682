//! What STS stores: the sessions behind temporary credentials.

use haar_platform::kernel::Timestamp;
use haar_platform::store::{Index, Record, Table};
use serde::{Deserialize, Serialize};

/// Sessions by access key id, which is unique in the house: whoever checks a signature knows nothing else yet.
pub const SESSIONS: Table<String, Session> = Table::new("sts.sessions").indexed(&[&SESSIONS_BY_EXPIRY]);

/// Sessions in the order in which they end, in milliseconds since 1970.
pub const SESSIONS_BY_EXPIRY: Index<i64, String, Session> =
    Index::new("sts.sessions.by_expiry", |_, session| vec![session.expires.millis()]);

/// Temporary credentials: who bears them, until when, and their sealed secrets.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Session {
    /// The account that the bearer belongs to.
    pub account: String,
    /// [`Secrets`], sealed for the access key id.
    pub sealed: Vec<u8>,
    /// `aws:TokenIssueTime`.
    pub issued: Timestamp,
    /// From then on the credentials are refused as expired.
    pub expires: Timestamp,
    /// Whose credentials they are.
    pub bearer: Bearer,
}

impl Record for Session {}

/// Who bears temporary credentials.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Bearer {
    /// The account's root user, from GetSessionToken.
    Root,
    /// A user, from GetSessionToken. The credentials die with the user of that id.
    User {
        /// Its name when the session was made.
        name: String,
        /// `AIDA…`
        id: String,
    },
    /// A session of a role, from AssumeRole.
    Role(RoleSession),
}

/// A session of a role. It dies with the role of that id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleSession {
    /// Without its path.
    pub role_name: String,
    /// With its path.
    pub role_arn: String,
    /// `AROA…`
    pub role_id: String,
    /// The caller's name for the session.
    pub session_name: String,
    /// The inline session policy.
    pub policy: Option<String>,
    /// Managed policies as session policies: as they are at the time of each call, like those of the role.
    pub policy_arns: Vec<String>,
    /// Session tags, those inherited along a chain of roles included. They cover the role's tags of the same keys.
    pub tags: Vec<(String, String)>,
    /// The tags among them that the next role in a chain inherits.
    pub transitive_tag_keys: Vec<String>,
    /// `aws:SourceIdentity`
    pub source_identity: Option<String>,
}

/// The half of the credentials that only their bearer knows.
#[derive(Serialize, Deserialize)]
pub struct Secrets {
    /// Signs requests.
    pub secret_access_key: String,
    /// Comes with each request.
    pub session_token: String,
}
