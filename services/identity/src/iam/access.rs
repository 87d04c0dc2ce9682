//! What calls to IAM touch, for their authorization.
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html>

use haar_platform::aws::iam as api;
use haar_platform::kernel::access::Resource;
use haar_platform::kernel::{Access, Ctx, Fault};
use haar_platform::store::Read;

use super::error::Error;
use super::model::{Entity, Holder, Kind, USERS, key};
use super::request::{About, AboutAttachment, PutBoundary, PutTags, RemoveTags};
use super::{Iam, entity};

/// The condition key of the managed policy that a call attaches or detaches.
const POLICY_ARN: &str = "iam:PolicyARN";
/// The condition key of the boundary that a user or role has, or gets.
const PERMISSIONS_BOUNDARY: &str = "iam:PermissionsBoundary";

/// A call about an entity that exists, or may.
pub fn about<I: About>(ctx: &Ctx, iam: &Iam, input: &I) -> Result<Access, Fault> {
    let found = iam.store.read(|tx| input.find(tx, &ctx.account));
    match found {
        Ok(entity) => Ok(of(&entity)),
        Err(Error::NoSuchEntity(_)) => Ok(Access::default().and(Resource {
            action: None,
            arn: input.arn(&ctx.account),
            account: None,
            policy: None,
            tags: Vec::new(),
        })),
        Err(error) => Err(error.into()),
    }
}

/// A call that changes the policies of a user, group or role.
pub fn about_holder<I: About<Entity: Holder>>(ctx: &Ctx, iam: &Iam, input: &I) -> Result<Access, Fault> {
    let access = about(ctx, iam, input)?;
    match iam.store.read(|tx| input.find(tx, &ctx.account)) {
        Ok(holder) => Ok(match &holder.policies().boundary {
            Some(boundary) => access.with_key(PERMISSIONS_BOUNDARY, boundary),
            None => access,
        }),
        Err(Error::NoSuchEntity(_)) => Ok(access),
        Err(error) => Err(error.into()),
    }
}

/// A call that attaches or detaches a managed policy.
pub fn about_attachment<I: AboutAttachment<Entity: Holder>>(ctx: &Ctx, iam: &Iam, input: &I) -> Result<Access, Fault> {
    Ok(about_holder(ctx, iam, input)?.with_key(POLICY_ARN, input.policy_arn()))
}

/// A call that sets a permissions boundary: its condition key is the new one.
pub fn about_boundary<I: PutBoundary>(ctx: &Ctx, iam: &Iam, input: &I) -> Result<Access, Fault> {
    Ok(about(ctx, iam, input)?.with_key(PERMISSIONS_BOUNDARY, input.permissions_boundary()))
}

/// A call that tags.
pub fn about_tags<I: PutTags>(ctx: &Ctx, iam: &Iam, input: &I) -> Result<Access, Fault> {
    Ok(about(ctx, iam, input)?.with_request_tags(pairs(input.tags())))
}

/// A call that removes tags.
pub fn about_tag_keys<I: RemoveTags>(ctx: &Ctx, iam: &Iam, input: &I) -> Result<Access, Fault> {
    let mut access = about(ctx, iam, input)?;
    access.keys.push(("aws:TagKeys".into(), input.tag_keys().to_vec()));
    Ok(access)
}

/// A call that makes an entity.
pub fn to_create(
    ctx: &Ctx,
    kind: Kind,
    path: Option<&str>,
    name: &str,
    tags: Option<&[api::Tag]>,
    boundary: Option<&str>,
) -> Access {
    let access = Access::to(&kind.arn(&ctx.account, path.unwrap_or("/"), name));
    let access = access.with_request_tags(pairs(tags.unwrap_or_default()));
    match boundary {
        Some(boundary) => access.with_key(PERMISSIONS_BOUNDARY, boundary),
        None => access,
    }
}

/// A call that moves an entity: as AWS says, it touches what is there and what comes to be.
pub fn to_rename<I: About>(
    ctx: &Ctx,
    iam: &Iam,
    input: &I,
    new_path: Option<&str>,
    new_name: Option<&str>,
) -> Result<Access, Fault> {
    let access = about(ctx, iam, input)?;
    match iam.store.read(|tx| input.find(tx, &ctx.account)) {
        Ok(entity) => {
            let head = entity.head();
            let path = new_path.unwrap_or(&head.path);
            let name = new_name.unwrap_or(&head.name);
            Ok(access.and(Resource::of(&I::Entity::KIND.arn(&ctx.account, path, name))))
        }
        Err(Error::NoSuchEntity(_)) => Ok(access),
        Err(error) => Err(error.into()),
    }
}

/// A call about a user who may be left unnamed: then it is the caller.
pub fn to_user(ctx: &Ctx, iam: &Iam, user_name: Option<&str>) -> Result<Access, Fault> {
    let Some(name) = user_name else {
        return Ok(Access::default().and(Resource {
            action: None,
            arn: ctx.caller.arn.clone(),
            account: None,
            policy: None,
            tags: ctx.caller.tags.clone(),
        }));
    };
    match iam.store.read(|tx| tx.get(USERS, &key(&ctx.account, name))) {
        Ok(Some(user)) => Ok(of(&user)),
        Ok(None) => Ok(Access::to(&Kind::User.arn(&ctx.account, "/", name))),
        Err(error) => Err(Error::from(error).into()),
    }
}

/// Any entity with its tags, which IAM also knows under a condition key of its own.
pub fn of<E: Entity>(entity: &E) -> Access {
    let tags = entity.head().tags.iter().map(|tag| (tag.key.clone(), tag.value.clone()));
    let resource = Resource {
        action: None,
        arn: entity::arn(entity),
        account: Some(entity.head().account.clone()),
        policy: None,
        tags: Vec::new(),
    };
    let access = Access::default().and(resource.with_tags(tags));
    entity
        .head()
        .tags
        .iter()
        .fold(access, |access, tag| access.with_key(format!("iam:ResourceTag/{}", tag.key), tag.value.as_str()))
}

fn pairs(tags: &[api::Tag]) -> impl Iterator<Item = (&str, &str)> {
    tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str()))
}
