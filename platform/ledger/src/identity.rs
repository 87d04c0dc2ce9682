//! Who called, as CloudTrail's `userIdentity` needs it.
//! <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html>

use haar_kernel::{Caller, Timestamp};
use haar_policy::Principal;
use serde::{Deserialize, Serialize};

/// The caller of a line.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Identity {
    /// What kind of caller.
    pub principal_type: PrincipalType,
    /// `arn:aws:iam::123456789012:user/alice`; for a session that of the session; for a service its name.
    pub arn: String,
    /// The unique id: CloudTrail's `principalId`.
    pub user_id: String,
    /// The key that signed the call.
    pub access_key_id: Option<String>,
    /// Sessions only.
    pub session: Option<Session>,
}

/// CloudTrail's kinds of callers. Stored by position: new ones go to the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PrincipalType {
    /// The root user of an account.
    Root,
    /// An IAM user.
    IamUser,
    /// A session of a role.
    AssumedRole,
    /// A session of `GetFederationToken`.
    FederatedUser,
    /// One of our services at work.
    AwsService,
    /// Somebody whom an identity provider vouches for.
    WebIdentityUser,
    /// Nobody in particular: an unsigned call, or one whose signature did not hold.
    #[default]
    Anonymous,
}

/// What a session says about itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// The role, or the user who asked for the session.
    pub issuer_arn: String,
    /// The issuer's unique id, where the session carries it.
    pub issuer_id: Option<String>,
    /// When the session was made.
    pub created: Option<Timestamp>,
    /// Whether the session was made with a second factor.
    pub mfa: bool,
    /// The source identity that was set for the session.
    pub source_identity: Option<String>,
}

impl PrincipalType {
    /// CloudTrail's `type`; it knows no word for nobody.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Root => "Root",
            Self::IamUser => "IAMUser",
            Self::AssumedRole => "AssumedRole",
            Self::FederatedUser => "FederatedUser",
            Self::AwsService => "AWSService",
            Self::WebIdentityUser => "WebIdentityUser",
            Self::Anonymous => "Anonymous",
        }
    }
}

impl Identity {
    /// The caller of a call.
    pub fn of(caller: &Caller) -> Self {
        let session = |issuer_arn: &str, issuer_id: Option<&str>| Session {
            issuer_arn: issuer_arn.to_owned(),
            issuer_id: issuer_id.map(str::to_owned),
            created: key(caller, "aws:TokenIssueTime").and_then(Timestamp::parse_iso8601),
            mfa: key(caller, "aws:MultiFactorAuthPresent") == Some("true"),
            source_identity: key(caller, "aws:SourceIdentity").map(str::to_owned),
        };
        let (principal_type, session) = match &caller.principal {
            Principal::Root { .. } => (PrincipalType::Root, None),
            Principal::User { .. } => (PrincipalType::IamUser, None),
            Principal::RoleSession { role_arn, role_id, .. } => {
                (PrincipalType::AssumedRole, Some(session(role_arn, Some(role_id))))
            }
            Principal::FederatedUser { user_arn, .. } => (PrincipalType::FederatedUser, Some(session(user_arn, None))),
            Principal::Service { .. } => (PrincipalType::AwsService, None),
            Principal::Federated { .. } => (PrincipalType::WebIdentityUser, None),
            Principal::Anonymous => (PrincipalType::Anonymous, None),
        };
        Self {
            principal_type,
            arn: caller.arn.clone(),
            user_id: caller.user_id.clone(),
            access_key_id: caller.access_key_id.clone(),
            session,
        }
    }
}

fn key<'a>(caller: &'a Caller, name: &str) -> Option<&'a str> {
    let (_, value) = caller.keys.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
    Some(value)
}

#[cfg(test)]
pub(crate) mod samples {
    //! Callers for tests.

    use haar_kernel::AccountId;

    use super::*;

    pub(crate) fn assumed_role() -> Identity {
        let account = AccountId::parse("123456789012").expect("twelve digits");
        let arn = "arn:aws:sts::123456789012:assumed-role/deploy/ci".to_owned();
        Identity::of(&Caller {
            principal: Principal::RoleSession {
                arn: arn.clone(),
                role_arn: "arn:aws:iam::123456789012:role/team/deploy".into(),
                role_id: "AROAEXAMPLEEXAMPLE123".into(),
                account: account.to_string(),
            },
            arn,
            user_id: "AROAEXAMPLEEXAMPLE123:ci".into(),
            access_key_id: Some("ASIAEXAMPLEEXAMPLE12".into()),
            keys: vec![
                ("aws:TokenIssueTime".into(), "2019-12-16T23:40:00Z".into()),
                ("aws:SourceIdentity".into(), "alice".into()),
            ],
            ..Caller::root(&account)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_session_names_its_issuer() {
        let identity = samples::assumed_role();
        let session = identity.session.expect("a session");
        assert_eq!(identity.principal_type, PrincipalType::AssumedRole);
        assert_eq!(session.issuer_arn, "arn:aws:iam::123456789012:role/team/deploy");
        assert_eq!(session.created, Timestamp::parse_iso8601("2019-12-16T23:40:00Z"));
        assert_eq!(session.source_identity.as_deref(), Some("alice"));
        assert!(!session.mfa);
    }
}
