//! Tags of workgroups and data catalogs.
//!
//! <https://docs.aws.amazon.com/athena/latest/ug/tags.html>

use haar_platform::aws::athena as aws;
use haar_platform::kernel::{Access, Arn, Ctx, Fault};
use haar_platform::store::{Read, Tx};

use super::Athena;
use super::error::Error;
use super::listing;
use super::model::{CATALOGS, TAGS, Tags};
use super::place::{self, Place};
use super::workgroup;

/// Tags of one resource.
const TAGS_MAX: usize = 50;

/// Tags on a page, where the caller does not say.
const PAGE_DEFAULT: usize = 75;

/// The resource, and the tags that it shall have.
pub fn add_access(ctx: &Ctx, athena: &Athena, input: &aws::TagResourceInput) -> Result<Access, Fault> {
    Ok(requested(access(ctx, athena, &input.resource_arn)?, Some(&input.tags)))
}

/// TagResource: a tag takes the place of one with the same key.
pub async fn add(ctx: &Ctx, athena: &Athena, input: aws::TagResourceInput) -> Result<aws::TagResourceOutput, Error> {
    let added = checked(input.tags)?;
    change(ctx, athena, &input.resource_arn, move |tags| tags.0.extend(added.0)).await?;
    Ok(aws::TagResourceOutput {})
}

/// The resource, and the keys that it shall lose.
pub fn remove_access(ctx: &Ctx, athena: &Athena, input: &aws::UntagResourceInput) -> Result<Access, Fault> {
    let mut access = access(ctx, athena, &input.resource_arn)?;
    access.keys.push(("aws:TagKeys".into(), input.tag_keys.clone()));
    Ok(access)
}

/// UntagResource. Keys that are not there are no error.
pub async fn remove(
    ctx: &Ctx,
    athena: &Athena,
    input: aws::UntagResourceInput,
) -> Result<aws::UntagResourceOutput, Error> {
    let keys = input.tag_keys;
    change(ctx, athena, &input.resource_arn, move |tags| tags.0.retain(|key, _| !keys.contains(key))).await?;
    Ok(aws::UntagResourceOutput {})
}

/// The resource.
pub fn list_access(ctx: &Ctx, athena: &Athena, input: &aws::ListTagsForResourceInput) -> Result<Access, Fault> {
    access(ctx, athena, &input.resource_arn)
}

/// ListTagsForResource.
pub async fn list(
    ctx: &Ctx,
    athena: &Athena,
    input: aws::ListTagsForResourceInput,
) -> Result<aws::ListTagsForResourceOutput, Error> {
    let scope = format!("athena:ListTagsForResource {}", input.resource_arn);
    let after = listing::cursor(ctx, &scope, input.next_token)?;
    let tagged = Tagged::parse(ctx, &input.resource_arn)?;
    let tags = athena.store.read(|tx| tagged.find(tx))?;
    let size = input.max_results.and_then(|max| usize::try_from(max).ok()).unwrap_or(PAGE_DEFAULT);
    let rows = tags.0.into_iter().filter(|(key, _)| *key > after);
    let rows = rows.map(|(key, value)| Ok((key.clone(), aws::Tag { key: Some(key), value: Some(value) })));
    let page = listing::cut(ctx, &scope, rows, size)?;
    Ok(aws::ListTagsForResourceOutput { tags: Some(page.items), next_token: page.next })
}

/// The condition keys of tags in a request.
pub fn requested(access: Access, tags: Option<&Vec<aws::Tag>>) -> Access {
    let tags = tags.into_iter().flatten();
    access.with_request_tags(
        tags.map(|tag| (tag.key.as_deref().unwrap_or_default(), tag.value.as_deref().unwrap_or_default())),
    )
}

/// Tags that a resource may have.
pub fn checked(tags: Vec<aws::Tag>) -> Result<Tags, Error> {
    let mut checked = Tags::default();
    for tag in tags {
        let key = tag.key.ok_or_else(|| Error::invalid("Tag key must not be null."))?;
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(Error::invalid(format!("Tag key {key} is reserved: keys may not begin with aws:.")));
        }
        if checked.0.insert(key.clone(), tag.value.unwrap_or_default()).is_some() {
            return Err(Error::invalid(format!("Tag key {key} is duplicated.")));
        }
    }
    within_limit(checked)
}

fn within_limit(tags: Tags) -> Result<Tags, Error> {
    if tags.0.len() > TAGS_MAX {
        return Err(Error::invalid(format!("A resource can have {TAGS_MAX} tags at most.")));
    }
    Ok(tags)
}

fn access(ctx: &Ctx, athena: &Athena, arn: &str) -> Result<Access, Fault> {
    place::touch(ctx, &athena.store, Tagged::parse(ctx, arn)?.resource)
}

/// Something that can have tags.
struct Tagged {
    place: Place,
    resource: String,
}

impl Tagged {
    fn parse(ctx: &Ctx, text: &str) -> Result<Self, Error> {
        let place = Place::of(ctx);
        let arn: Arn = text.parse().map_err(|_| Error::invalid(format!("Invalid ARN: {text}")))?;
        if arn != place.arn(arn.resource.clone()) {
            return Err(Self::missing(text));
        }
        Ok(Self { place, resource: arn.resource })
    }

    fn missing(arn: &str) -> Error {
        Error::ResourceNotFound { message: format!("Resource {arn} was not found"), name: arn.to_owned() }
    }

    fn find(&self, read: &impl Read) -> Result<Tags, Error> {
        let exists = match self.resource.split_once('/') {
            Some(("workgroup", name)) => workgroup::find(read, &self.place, name).is_ok(),
            Some(("datacatalog", name)) => read.contains(CATALOGS, &self.place.key(name))?,
            _ => false,
        };
        if !exists {
            return Err(Self::missing(&self.place.arn(self.resource.as_str()).to_string()));
        }
        Ok(read.get(TAGS, &self.place.key(&self.resource))?.unwrap_or_default())
    }
}

async fn change(
    ctx: &Ctx,
    athena: &Athena,
    arn: &str,
    change: impl FnOnce(&mut Tags) + Send + 'static,
) -> Result<(), Error> {
    let tagged = Tagged::parse(ctx, arn)?;
    athena
        .store
        .write(move |tx: &mut Tx| {
            let mut tags = tagged.find(tx)?;
            change(&mut tags);
            let tags = within_limit(tags)?;
            let key = tagged.place.key(&tagged.resource);
            if tags.0.is_empty() {
                tx.delete(TAGS, &key)?;
            } else {
                tx.put(TAGS, &key, &tags)?;
            }
            Ok(())
        })
        .await
}
