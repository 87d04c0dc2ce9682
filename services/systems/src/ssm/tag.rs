//! Tags of parameters.

use haar_platform::aws::ssm::{
    AddTagsToResourceRequest, AddTagsToResourceResult, ListTagsForResourceRequest, ListTagsForResourceResult,
    RemoveTagsFromResourceRequest, RemoveTagsFromResourceResult, ResourceTypeForTagging, Tag,
};
use haar_platform::kernel::{Access, Ctx, Fault};
use haar_platform::store::{Read, Tx};

use super::Ssm;
use super::error::Error;
use super::model::{PARAMETERS, TAGS, Tags};
use super::place::Place;

/// Tags of one resource. <https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html>
const TAGS_MAX: usize = 50;

/// The parameter by its name, and the tags that it shall have.
pub fn add_access(ctx: &Ctx, ssm: &Ssm, input: &AddTagsToResourceRequest) -> Result<Access, Fault> {
    let access = access(ctx, ssm, input.resource_type, &input.resource_id)?;
    Ok(access.with_request_tags(input.tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str()))))
}

/// AddTagsToResource.
pub async fn add(ctx: &Ctx, ssm: &Ssm, input: AddTagsToResourceRequest) -> Result<AddTagsToResourceResult, Fault> {
    change(ctx, ssm, input.resource_id, |tags| merge(tags, input.tags)).await?;
    Ok(AddTagsToResourceResult {})
}

/// The parameter by its name, and the keys that it shall lose.
pub fn remove_access(ctx: &Ctx, ssm: &Ssm, input: &RemoveTagsFromResourceRequest) -> Result<Access, Fault> {
    let mut access = access(ctx, ssm, input.resource_type, &input.resource_id)?;
    access.keys.push(("aws:TagKeys".into(), input.tag_keys.clone()));
    Ok(access)
}

/// RemoveTagsFromResource. Keys that are not there are no error.
pub async fn remove(
    ctx: &Ctx,
    ssm: &Ssm,
    input: RemoveTagsFromResourceRequest,
) -> Result<RemoveTagsFromResourceResult, Fault> {
    let keys = input.tag_keys;
    change(ctx, ssm, input.resource_id, move |Tags(mut tags)| {
        tags.retain(|(key, _)| !keys.contains(key));
        Ok(Tags(tags))
    })
    .await?;
    Ok(RemoveTagsFromResourceResult {})
}

/// The parameter by its name.
pub fn list_access(ctx: &Ctx, ssm: &Ssm, input: &ListTagsForResourceRequest) -> Result<Access, Fault> {
    access(ctx, ssm, input.resource_type, &input.resource_id)
}

/// ListTagsForResource.
pub async fn list(ctx: &Ctx, ssm: &Ssm, input: ListTagsForResourceRequest) -> Result<ListTagsForResourceResult, Fault> {
    let place = Place::of(ctx);
    let tags = ssm.store.read(|tx| find(tx, &place, &input.resource_id))?;
    let shown = tags.0.into_iter().map(|(key, value)| Tag { key, value });
    Ok(ListTagsForResourceResult { tag_list: Some(shown.collect()) })
}

/// Tags with others added, which take the place of those with the same key.
pub fn merge(Tags(mut tags): Tags, added: Vec<Tag>) -> Result<Tags, Error> {
    for Tag { key, value } in added {
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(Error::validation(format!(
                "Tag key {key} can't be prefixed with \"aws:\" (case-insensitive), which is reserved for AWS use."
            )));
        }
        match tags.binary_search_by(|(known, _)| known.cmp(&key)) {
            Ok(index) => tags[index].1 = value,
            Err(index) => tags.insert(index, (key, value)),
        }
    }
    if tags.len() > TAGS_MAX {
        return Err(Error::TooManyTags);
    }
    Ok(Tags(tags))
}

fn access(ctx: &Ctx, ssm: &Ssm, kind: ResourceTypeForTagging, id: &str) -> Result<Access, Fault> {
    if kind != ResourceTypeForTagging::Parameter {
        return Err(Fault::not_served(format_args!("ssm tags of resource type {kind}")));
    }
    Ok(ssm.access(&Place::of(ctx), [id.trim()])?)
}

async fn change(
    ctx: &Ctx,
    ssm: &Ssm,
    id: String,
    change: impl FnOnce(Tags) -> Result<Tags, Error> + Send + 'static,
) -> Result<(), Error> {
    let place = Place::of(ctx);
    ssm.store
        .write(move |tx: &mut Tx| {
            let tags = change(find(tx, &place, &id)?)?;
            let key = place.key(id.trim());
            if tags.0.is_empty() {
                tx.delete(TAGS, &key)?;
            } else {
                tx.put(TAGS, &key, &tags)?;
            }
            Ok(())
        })
        .await
}

fn find(read: &impl Read, place: &Place, id: &str) -> Result<Tags, Error> {
    let key = place.key(id.trim());
    if !read.contains(PARAMETERS, &key)? {
        return Err(Error::InvalidResourceId);
    }
    Ok(read.get(TAGS, &key)?.unwrap_or_default())
}
