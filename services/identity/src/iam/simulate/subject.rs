//! Whose policies are simulated: a user with its groups, a group, or a role.

use haar_platform::kernel::{AccountId, Arn, Ctx};
use haar_platform::policy::Source;
use haar_platform::store::Read;

use super::exclusion::{self, Exclusion};
use crate::iam::error::Error;
use crate::iam::model::{GROUPS_BY_ID, Group, Role, User};
use crate::iam::{entity, permissions};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntityKind {
    User,
    Group,
    Role,
}

/// The ARN of a user, group or role that may exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityArn {
    pub text: String,
    pub kind: EntityKind,
    pub account: String,
    /// Without the path.
    pub name: String,
}

impl EntityArn {
    pub fn parse(text: &str) -> Result<Self, Error> {
        let unclear =
            || Error::InvalidInput(format!("Invalid Entity Arn: {text} does not clearly define entity type and name."));
        let arn: Arn = text.parse().map_err(|_| unclear())?;
        if arn.service != "iam" || !arn.region.is_empty() || AccountId::parse(&arn.account).is_none() {
            return Err(unclear());
        }
        let (kind, name) = match arn.resource.split_once('/') {
            Some(("user", name)) => (EntityKind::User, name),
            Some(("group", name)) => (EntityKind::Group, name),
            Some(("role", name)) => (EntityKind::Role, name),
            _ => return Err(unclear()),
        };
        let name = name.rsplit('/').next().filter(|name| !name.is_empty()).ok_or_else(unclear)?;
        Ok(Self { text: text.to_owned(), kind, account: arn.account.clone(), name: name.to_owned() })
    }
}

/// An entity and what it may do.
pub struct Subject {
    pub arn: EntityArn,
    pub unique_id: String,
    pub identity: Vec<Source>,
    pub boundary: Option<Source>,
}

impl Subject {
    /// The entity of the caller's account with its policies, but for those that are excluded.
    pub fn find(tx: &impl Read, ctx: &Ctx, arn: &str, exclusions: &[Exclusion]) -> Result<Self, Error> {
        let arn = EntityArn::parse(arn)?;
        if arn.account != *ctx.account {
            return Err(Error::InvalidInput(format!(
                "Invalid Policy Source Arn: caller's account {} does not have access to policies in account {}",
                ctx.account, arn.account
            )));
        }
        match arn.kind {
            EntityKind::User => Self::of_user(tx, arn, exclusions),
            EntityKind::Group => {
                let mut group: Group = entity::find(tx, &arn.account, &arn.name)?;
                exclusion::apply(exclusions, &mut group);
                let identity = permissions::of_group(tx, &group)?;
                Ok(Self { arn, unique_id: group.head.id, identity, boundary: None })
            }
            EntityKind::Role => {
                let mut role: Role = entity::find(tx, &arn.account, &arn.name)?;
                exclusion::apply(exclusions, &mut role);
                let permissions = permissions::of_role(tx, &role)?;
                let (identity, boundary) = (permissions.identity, permissions.boundary);
                Ok(Self { arn, unique_id: role.head.id, identity, boundary })
            }
        }
    }

    /// Each group loses its own excluded policies, so they are looked up here and not by [`permissions::of_user`].
    fn of_user(tx: &impl Read, arn: EntityArn, exclusions: &[Exclusion]) -> Result<Self, Error> {
        let mut user: User = entity::find(tx, &arn.account, &arn.name)?;
        exclusion::apply(exclusions, &mut user);
        let group_ids = std::mem::take(&mut user.groups);
        let permissions = permissions::of_user(tx, &user)?;
        let (mut identity, boundary) = (permissions.identity, permissions.boundary);
        for group_id in &group_ids {
            if let Some(mut group) = entity::by_id(tx, GROUPS_BY_ID, group_id)? {
                exclusion::apply(exclusions, &mut group);
                identity.extend(permissions::of_group(tx, &group)?);
            }
        }
        Ok(Self { arn, unique_id: user.head.id, identity, boundary })
    }
}
