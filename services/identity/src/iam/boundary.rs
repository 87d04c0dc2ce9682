//! Permissions boundaries of users and roles.

use haar_platform::aws::iam as api;
use haar_platform::kernel::Ctx;
use haar_platform::store::Read;

use super::error::Error;
use super::model::Holder;
use super::request::{About, PutBoundary};
use super::{Iam, entity, policy};

pub async fn put<I: PutBoundary<Entity: Holder>>(ctx: &Ctx, iam: &Iam, input: I) -> Result<(), Error> {
    let account = ctx.account.clone();
    iam.change(move |tx| {
        let mut holder = entity::guard(input.find(tx, &account)?)?;
        holder.policies_mut().boundary = Some(input.permissions_boundary().to_owned());
        check(tx, &holder)?;
        entity::save(tx, &holder)
    })
    .await
}

/// A boundary that is not there is no mistake.
pub async fn delete<I: About<Entity: Holder>>(ctx: &Ctx, iam: &Iam, input: I) -> Result<(), Error> {
    let account = ctx.account.clone();
    iam.change(move |tx| {
        let mut holder = entity::guard(input.find(tx, &account)?)?;
        holder.policies_mut().boundary = None;
        entity::save(tx, &holder)
    })
    .await
}

/// Whether the boundary of a user or role is a managed policy that its account can use.
pub fn check(tx: &impl Read, holder: &impl Holder) -> Result<(), Error> {
    match &holder.policies().boundary {
        Some(arn) => policy::check_attachable(tx, &holder.head().account, arn),
        None => Ok(()),
    }
}

pub fn answer(holder: &impl Holder) -> Option<api::AttachedPermissionsBoundary> {
    let arn = holder.policies().boundary.clone()?;
    Some(api::AttachedPermissionsBoundary {
        permissions_boundary_type: Some(api::PermissionsBoundaryAttachmentType::Policy),
        permissions_boundary_arn: Some(arn),
    })
}
