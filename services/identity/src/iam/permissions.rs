//! What users, groups, roles and sessions may do: their policies, compiled for evaluation.

use std::sync::Arc;

use haar_platform::kernel::caller::Permissions;
use haar_platform::policy::{Document, Kind, Source, SourceKind};
use haar_platform::store::{Corrupt, Read, StoreError};

use super::entity;
use super::model::{GROUPS_BY_ID, Group, Head, Holder, Role, User};
use super::policy;
use crate::sts::model::Session;

/// Of a user: its own policies, those of its groups, and its boundary.
pub fn of_user(tx: &impl Read, user: &User) -> Result<Permissions, StoreError> {
    let mut identity = of_holder(tx, user)?;
    for group_id in &user.groups {
        if let Some(group) = entity::by_id(tx, GROUPS_BY_ID, group_id)? {
            identity.extend(of_group(tx, &group)?);
        }
    }
    Ok(Permissions { identity, boundary: boundary(tx, user)?, session: None })
}

/// Of a group: its policies.
pub fn of_group(tx: &impl Read, group: &Group) -> Result<Vec<Source>, StoreError> {
    of_holder(tx, group)
}

/// Of a role: its policies and its boundary, which hold for every session of it.
pub fn of_role(tx: &impl Read, role: &Role) -> Result<Permissions, StoreError> {
    Ok(Permissions { identity: of_holder(tx, role)?, boundary: boundary(tx, role)?, session: None })
}

/// The policies that limit a session; `None` when it was made without any.
pub fn of_session(tx: &impl Read, session: &Session) -> Result<Option<Vec<Source>>, StoreError> {
    if !session.is_limited() {
        return Ok(None);
    }
    let mut sources = Vec::new();
    if let Some(text) = &session.policy {
        let document = compile(text, Kind::Identity, "session policy")?;
        sources.push(Source { id: "SessionPolicy".into(), arn: None, kind: SourceKind::None, document });
    }
    for arn in &session.policy_arns {
        // One that was deleted since allows nothing more.
        sources.extend(managed(tx, &session.account, arn)?);
    }
    Ok(Some(sources))
}

fn of_holder<E: Holder>(tx: &impl Read, holder: &E) -> Result<Vec<Source>, StoreError> {
    let Head { account, name, .. } = holder.head();
    let (kind, prefix) = match E::KIND {
        super::model::Kind::Group => (SourceKind::Group, "group"),
        super::model::Kind::Role => (SourceKind::Role, "role"),
        _ => (SourceKind::User, "user"),
    };
    let mut sources = Vec::new();
    for (policy_name, text) in &holder.policies().inline {
        sources.push(Source {
            id: format!("{prefix}_{name}_{policy_name}").into(),
            arn: None,
            kind,
            document: compile(text, Kind::Identity, policy_name)?,
        });
    }
    for arn in &holder.policies().attached {
        sources.push(attached(tx, account, arn)?);
    }
    Ok(sources)
}

fn boundary(tx: &impl Read, holder: &impl Holder) -> Result<Option<Source>, StoreError> {
    let boundary = holder.policies().boundary.as_deref();
    boundary.map(|arn| attached(tx, &holder.head().account, arn)).transpose()
}

/// A managed policy that cannot be gone, because policies in use are not deleted.
fn attached(tx: &impl Read, account: &str, arn: &str) -> Result<Source, StoreError> {
    managed(tx, account, arn)?.ok_or_else(|| unusable(arn, "the managed policy is not there".to_owned()))
}

fn managed(tx: &impl Read, account: &str, arn: &str) -> Result<Option<Source>, StoreError> {
    if let Some(policy) = super::aws_managed::find(arn) {
        return Ok(Some(policy.source()));
    }
    let Some(policy) = policy::by_arn(tx, account, arn)? else { return Ok(None) };
    Ok(Some(Source {
        id: policy.head.name.as_str().into(),
        arn: Some(arn.into()),
        kind: SourceKind::UserManaged,
        document: compile(&policy.default_version().document, Kind::Managed, arn)?,
    }))
}

/// Documents are checked before they are stored, so one that does not compile is damage: who holds it is refused,
/// because the part that cannot be read may be the one that denies.
fn compile(text: &str, kind: Kind, name: &str) -> Result<Arc<Document>, StoreError> {
    let document = Document::parse(text, kind).map_err(|cause| unusable(name, cause.to_string()))?;
    Ok(Arc::new(document))
}

fn unusable(name: &str, cause: String) -> StoreError {
    StoreError::Corrupt { table: "iam policies".to_owned(), key: name.to_owned(), cause: Corrupt::Record(cause) }
}
