//! Tags of users, roles, instance profiles and managed policies.

use haar_platform::aws::iam as api;
use haar_platform::kernel::Ctx;

use super::error::Error;
use super::model::{Entity, Tag};
use super::page::{Page, PageRequest};
use super::request::{About, Paged, PutTags, RemoveTags};
use super::{Iam, entity};

/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html>
const TAGS_MAX: usize = 50;

/// Sets tags; a key that is there in another case takes the new one.
pub async fn put<I: PutTags>(ctx: &Ctx, iam: &Iam, input: I) -> Result<(), Error> {
    let account = ctx.account.clone();
    let new = checked(input.tags().to_vec())?;
    iam.change(move |tx| {
        let mut entity = input.find(tx, &account)?;
        let tags = &mut entity.head_mut().tags;
        tags.retain(|tag| !new.iter().any(|other| other.key.eq_ignore_ascii_case(&tag.key)));
        tags.extend(new);
        if tags.len() > TAGS_MAX {
            return Err(Error::over_quota("TagsPerResource", TAGS_MAX));
        }
        entity::save(tx, &entity)
    })
    .await
}

/// Removes tags; keys that are not there are no mistake.
pub async fn remove<I: RemoveTags>(ctx: &Ctx, iam: &Iam, input: I) -> Result<(), Error> {
    let account = ctx.account.clone();
    iam.change(move |tx| {
        let mut entity = input.find(tx, &account)?;
        let tags = &mut entity.head_mut().tags;
        tags.retain(|tag| !input.tag_keys().iter().any(|key| key.eq_ignore_ascii_case(&tag.key)));
        entity::save(tx, &entity)
    })
    .await
}

pub async fn list_of_user(
    ctx: &Ctx,
    iam: &Iam,
    input: api::ListUserTagsRequest,
) -> Result<api::ListUserTagsResponse, Error> {
    let page = list(ctx, iam, &input, "ListUserTags")?;
    let is_truncated = Some(page.is_truncated());
    Ok(api::ListUserTagsResponse { tags: page.items, is_truncated, marker: page.marker })
}

pub async fn list_of_role(
    ctx: &Ctx,
    iam: &Iam,
    input: api::ListRoleTagsRequest,
) -> Result<api::ListRoleTagsResponse, Error> {
    let page = list(ctx, iam, &input, "ListRoleTags")?;
    let is_truncated = Some(page.is_truncated());
    Ok(api::ListRoleTagsResponse { tags: page.items, is_truncated, marker: page.marker })
}

pub async fn list_of_instance_profile(
    ctx: &Ctx,
    iam: &Iam,
    input: api::ListInstanceProfileTagsRequest,
) -> Result<api::ListInstanceProfileTagsResponse, Error> {
    let page = list(ctx, iam, &input, "ListInstanceProfileTags")?;
    let is_truncated = Some(page.is_truncated());
    Ok(api::ListInstanceProfileTagsResponse { tags: page.items, is_truncated, marker: page.marker })
}

pub async fn list_of_policy(
    ctx: &Ctx,
    iam: &Iam,
    input: api::ListPolicyTagsRequest,
) -> Result<api::ListPolicyTagsResponse, Error> {
    let page = list(ctx, iam, &input, "ListPolicyTags")?;
    let is_truncated = Some(page.is_truncated());
    Ok(api::ListPolicyTagsResponse { tags: page.items, is_truncated, marker: page.marker })
}

/// A page of the tags, by key.
fn list<I: About + Paged>(ctx: &Ctx, iam: &Iam, input: &I, operation: &str) -> Result<Page<api::Tag>, Error> {
    let entity = iam.store.read(|tx| input.find(tx, &ctx.account))?;
    let scope = format!("{operation} {}", entity.head().id);
    let page = PageRequest::read(ctx, scope, input.marker(), input.max_items())?;
    let mut tags = answer(&entity.head().tags).unwrap_or_default();
    tags.sort_by(|a, b| a.key.cmp(&b.key));
    page.cut(ctx, tags)
}

/// Tags of a request, each key once.
pub fn checked(tags: Vec<api::Tag>) -> Result<Vec<Tag>, Error> {
    for (index, tag) in tags.iter().enumerate() {
        if tags[..index].iter().any(|earlier| earlier.key.eq_ignore_ascii_case(&tag.key)) {
            return Err(Error::InvalidInput(
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.".into(),
            ));
        }
        if starts_with_aws(&tag.key) || starts_with_aws(&tag.value) {
            return Err(Error::InvalidInput(
                "Tag keys and values beginning with aws: are reserved for system use.".into(),
            ));
        }
    }
    Ok(tags.into_iter().map(|tag| Tag { key: tag.key, value: tag.value }).collect())
}

/// Tags in an answer; absent when there are none.
pub fn answer(tags: &[Tag]) -> Option<Vec<api::Tag>> {
    let tags = tags.iter().map(|tag| api::Tag { key: tag.key.clone(), value: tag.value.clone() });
    let tags: Vec<_> = tags.collect();
    (!tags.is_empty()).then_some(tags)
}

fn starts_with_aws(text: &str) -> bool {
    text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:"))
}
