//! Who calls, and whether the `Principal` element of a resource-based or trust policy names them.

use crate::context::{Context, Values};
use crate::malformed::Malformed;

/// The caller of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// An account's root user.
    Root {
        account: String,
    },
    /// An IAM user; `unique_id` is its `AIDA…`.
    User {
        arn: String,
        account: String,
        unique_id: String,
    },
    /// A session of an assumed role. `arn` is the session's (`arn:aws:sts::…:assumed-role/name/session`), `role_arn`
    /// the role's with its path, `role_id` its `AROA…`.
    RoleSession {
        arn: String,
        role_arn: String,
        role_id: String,
        account: String,
    },
    /// A session of `GetFederationToken`; `user_arn` is of the user (or root) who asked for it.
    FederatedUser {
        arn: String,
        user_arn: String,
        account: String,
    },
    /// An AWS service, by its name: `events.amazonaws.com`.
    Service {
        name: String,
    },
    /// Somebody vouched for by an identity provider, before a role is assumed: the provider's ARN or its name
    /// (`accounts.google.com`).
    Federated {
        provider: String,
    },
    Anonymous,
}

impl Principal {
    /// The account that the caller belongs to; services, strangers and identity providers belong to none.
    pub fn account(&self) -> Option<&str> {
        match self {
            Principal::Root { account }
            | Principal::User { account, .. }
            | Principal::RoleSession { account, .. }
            | Principal::FederatedUser { account, .. } => Some(account),
            Principal::Service { .. } | Principal::Federated { .. } | Principal::Anonymous => None,
        }
    }

    /// Sets the condition keys that follow from who calls.
    pub(crate) fn describe<'a>(&'a self, context: &mut Context<'a>) {
        let is_service = matches!(self, Principal::Service { .. });
        context.set("aws:PrincipalIsAWSService", is_service);
        match self {
            Principal::Root { account } => {
                context.set("aws:PrincipalType", "Account");
                context.set("aws:PrincipalArn", format!("arn:aws:iam::{account}:root"));
                context.set("aws:userid", account.as_str());
            }
            Principal::User { arn, unique_id, .. } => {
                context.set("aws:PrincipalType", "User");
                context.set("aws:PrincipalArn", arn.as_str());
                context.set("aws:userid", unique_id.as_str());
                context.set("aws:username", last_segment(arn));
            }
            Principal::RoleSession { arn, role_arn, role_id, .. } => {
                context.set("aws:PrincipalType", "AssumedRole");
                context.set("aws:PrincipalArn", role_arn.as_str());
                context.set("aws:userid", format!("{role_id}:{}", last_segment(arn)));
            }
            Principal::FederatedUser { arn, account, .. } => {
                context.set("aws:PrincipalType", "FederatedUser");
                context.set("aws:PrincipalArn", arn.as_str());
                context.set("aws:userid", format!("{account}:{}", last_segment(arn)));
            }
            Principal::Service { name } => {
                context.set("aws:PrincipalServiceName", name.as_str());
                context.set("aws:PrincipalServiceNamesList", Values::from_iter([name.as_str()]));
            }
            Principal::Federated { .. } => {}
            Principal::Anonymous => {
                context.set("aws:PrincipalType", "Anonymous");
                context.set("aws:userid", "anonymous");
            }
        }
        if let Some(account) = self.account() {
            context.set("aws:PrincipalAccount", account);
        }
    }
}

fn last_segment(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// One entry of a `Principal` or `NotPrincipal` element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamedPrincipal {
    /// `"*"`, also as `{"AWS": "*"}`.
    Everyone,
    /// A whole account, written as its id or its root's ARN.
    Account(String),
    /// A user, role, role session or federated user.
    Arn(String),
    /// What AWS keeps in place of the ARN of a user or role: `AIDA…`, `AROA…`.
    UniqueId(String),
    Service(String),
    Federated(String),
    /// S3's long name for an account.
    CanonicalUser(String),
}

/// How closely an element names the caller, from loosest to closest; it decides which other policies still bind. See
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html>.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Grant {
    /// The caller's account is named, which only delegates: the account's own policies must allow too.
    Delegated,
    /// The role (or the user behind a federated session) is named: boundaries and session policies still bind.
    ThroughRole,
    /// The user or the session itself is named, or everyone: nothing but an explicit deny binds.
    Direct,
}

/// The `Principal` or `NotPrincipal` element of a statement.
#[derive(Debug)]
pub(crate) struct PrincipalElement {
    pub named: Box<[NamedPrincipal]>,
    pub negated: bool,
}

impl NamedPrincipal {
    /// Reads one entry under `kind` ("AWS", "Service", …).
    pub(crate) fn parse(kind: &str, value: String) -> Result<NamedPrincipal, Malformed> {
        match kind {
            "AWS" => NamedPrincipal::parse_aws(&value).ok_or(Malformed::Principal { kind: kind.into(), value }),
            "Service" => Ok(NamedPrincipal::Service(value)),
            "Federated" => Ok(NamedPrincipal::Federated(value)),
            "CanonicalUser" => Ok(NamedPrincipal::CanonicalUser(value)),
            _ => Err(Malformed::Syntax),
        }
    }

    fn parse_aws(value: &str) -> Option<NamedPrincipal> {
        if value == "*" {
            return Some(NamedPrincipal::Everyone);
        }
        if is_account(value) {
            return Some(NamedPrincipal::Account(value.into()));
        }
        if let ["arn", _, service @ ("iam" | "sts"), "", account, resource] =
            *value.splitn(6, ':').collect::<Vec<_>>().as_slice()
        {
            // A wildcard names nobody here: it could come to name a principal made later by somebody else.
            let plain = !value.contains(['*', '?']);
            if service == "iam" && resource == "root" {
                return is_account(account).then(|| NamedPrincipal::Account(account.into()));
            }
            let known = ["user/", "role/", "assumed-role/", "federated-user/"];
            let named = known.iter().any(|prefix| resource.len() > prefix.len() && resource.starts_with(prefix));
            return (plain && named).then(|| NamedPrincipal::Arn(value.into()));
        }
        let id = value.len() >= 16 && value.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        (id && (value.starts_with("AIDA") || value.starts_with("AROA"))).then(|| NamedPrincipal::UniqueId(value.into()))
    }

    fn names(&self, principal: &Principal, canonical_user: Option<&str>) -> Option<Grant> {
        match self {
            NamedPrincipal::Everyone => Some(Grant::Direct),
            NamedPrincipal::Account(named) => match principal {
                Principal::Root { account } if account == named => Some(Grant::Direct),
                _ => principal.account().filter(|account| account == named).map(|_| Grant::Delegated),
            },
            NamedPrincipal::Arn(named) => match principal {
                Principal::User { arn, .. } if arn == named => Some(Grant::Direct),
                Principal::RoleSession { arn, .. } | Principal::FederatedUser { arn, .. } if arn == named => {
                    Some(Grant::Direct)
                }
                Principal::RoleSession { role_arn: arn, .. } | Principal::FederatedUser { user_arn: arn, .. }
                    if arn == named =>
                {
                    Some(Grant::ThroughRole)
                }
                _ => None,
            },
            NamedPrincipal::UniqueId(named) => match principal {
                Principal::User { unique_id, .. } if unique_id == named => Some(Grant::Direct),
                Principal::RoleSession { role_id, .. } if role_id == named => Some(Grant::ThroughRole),
                _ => None,
            },
            NamedPrincipal::Service(named) => match principal {
                Principal::Service { name } if name.eq_ignore_ascii_case(named) => Some(Grant::Direct),
                _ => None,
            },
            NamedPrincipal::Federated(named) => match principal {
                Principal::Federated { provider } if provider == named => Some(Grant::Direct),
                _ => None,
            },
            NamedPrincipal::CanonicalUser(named) => (canonical_user == Some(named)).then_some(match principal {
                Principal::Root { .. } => Grant::Direct,
                _ => Grant::Delegated,
            }),
        }
    }
}

impl PrincipalElement {
    /// How closely an Allow statement names the caller.
    pub fn grants(&self, principal: &Principal, canonical_user: Option<&str>) -> Option<Grant> {
        let closest = self.named.iter().filter_map(|named| named.names(principal, canonical_user)).max();
        match (self.negated, closest) {
            (false, closest) => closest,
            (true, None) => Some(Grant::Direct),
            (true, Some(_)) => None,
        }
    }

    /// Whether a Deny statement binds the caller. `NotPrincipal` spares only those whom it names themselves: an account
    /// in it spares the account's root, not every user of the account.
    pub fn binds(&self, principal: &Principal, canonical_user: Option<&str>) -> bool {
        let mut grants = self.named.iter().filter_map(|named| named.names(principal, canonical_user));
        if self.negated { !grants.any(|grant| grant > Grant::Delegated) } else { grants.next().is_some() }
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}
