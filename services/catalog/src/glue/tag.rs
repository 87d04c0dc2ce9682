//! Tags of databases, connections and crawlers.
//!
//! <https://docs.aws.amazon.com/glue/latest/dg/monitor-tags.html>

use haar_platform::aws::glue as aws;
use haar_platform::kernel::{Access, Arn, Ctx, Fault};
use haar_platform::store::{Read, Tx};

use super::Glue;
use super::access::Touch;
use super::crawler::model::CRAWLERS;
use super::error::Error;
use super::kept::Map;
use super::model::{CONNECTIONS, DATABASES, TAGS, Tags};
use super::place::Place;

/// Tags of one resource.
const TAGS_MAX: usize = 50;

/// The resource, and the tags that it shall have.
pub fn add_access(ctx: &Ctx, glue: &Glue, input: &aws::TagResourceRequest) -> Result<Access, Fault> {
    Ok(requested(access(ctx, glue, &input.resource_arn)?, Some(&input.tags_to_add)))
}

/// TagResource: a tag takes the place of one with the same key.
pub async fn add(ctx: &Ctx, glue: &Glue, input: aws::TagResourceRequest) -> Result<aws::TagResourceResponse, Error> {
    let added = input.tags_to_add;
    change(ctx, glue, &input.resource_arn, |Tags(mut tags)| {
        tags.extend(added);
        checked(tags)
    })
    .await?;
    Ok(aws::TagResourceResponse {})
}

/// The resource, and the keys that it shall lose.
pub fn remove_access(ctx: &Ctx, glue: &Glue, input: &aws::UntagResourceRequest) -> Result<Access, Fault> {
    let mut access = access(ctx, glue, &input.resource_arn)?;
    access.keys.push(("aws:TagKeys".into(), input.tags_to_remove.clone()));
    Ok(access)
}

/// UntagResource. Keys that are not there are no error.
pub async fn remove(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::UntagResourceRequest,
) -> Result<aws::UntagResourceResponse, Error> {
    let keys = input.tags_to_remove;
    change(ctx, glue, &input.resource_arn, move |Tags(mut tags)| {
        tags.retain(|key, _| !keys.contains(key));
        Ok(Tags(tags))
    })
    .await?;
    Ok(aws::UntagResourceResponse {})
}

/// The resource.
pub fn get_access(ctx: &Ctx, glue: &Glue, input: &aws::GetTagsRequest) -> Result<Access, Fault> {
    access(ctx, glue, &input.resource_arn)
}

/// GetTags.
pub async fn get(ctx: &Ctx, glue: &Glue, input: aws::GetTagsRequest) -> Result<aws::GetTagsResponse, Error> {
    let tagged = Tagged::enter(ctx, &input.resource_arn)?;
    let tags = glue.store.read(|tx| tagged.find(tx))?;
    Ok(aws::GetTagsResponse { tags: Some(tags.0) })
}

/// The condition keys of tags in a request.
pub fn requested(access: Access, tags: Option<&Map>) -> Access {
    access.with_request_tags(tags.into_iter().flatten().map(|(key, value)| (key.as_str(), value.as_str())))
}

/// Tags that a resource may have.
pub fn checked(tags: Map) -> Result<Tags, Error> {
    if tags.keys().any(|key| key.to_ascii_lowercase().starts_with("aws:")) {
        return Err(Error::invalid("Tag keys may not begin with aws:, which is reserved for AWS use."));
    }
    if tags.len() > TAGS_MAX {
        return Err(Error::invalid(format!("A resource can have {TAGS_MAX} tags at most.")));
    }
    Ok(Tags(tags))
}

fn access(ctx: &Ctx, glue: &Glue, arn: &str) -> Result<Access, Fault> {
    let tagged = Tagged::parse(ctx, arn)?;
    Touch::inside(ctx, glue, Some(tagged.place.account.as_str()))?.resource(tagged.resource)?.done()
}

/// Something that can have tags.
struct Tagged {
    place: Place,
    resource: String,
}

impl Tagged {
    fn enter(ctx: &Ctx, arn: &str) -> Result<Self, Error> {
        Place::enter(ctx, None)?;
        Self::parse(ctx, arn)
    }

    fn parse(ctx: &Ctx, text: &str) -> Result<Self, Error> {
        let arn: Arn = text.parse().map_err(|_| Error::invalid(format!("Invalid ARN: {text}")))?;
        if arn.region != ctx.region.as_str() {
            return Err(Error::invalid(format!("Resource {text} is in another region.")));
        }
        let place = Place::of(ctx, Some(&arn.account))?;
        // Names of databases are folded in their ARNs as well.
        let resource = match arn.resource.strip_prefix("database/") {
            Some(name) => format!("database/{}", name.to_lowercase()),
            None => arn.resource,
        };
        Ok(Self { place, resource })
    }

    fn find(&self, read: &impl Read) -> Result<Tags, Error> {
        let exists = match self.resource.split_once('/') {
            Some(("database", name)) => read.contains(DATABASES, &self.place.key(name))?,
            Some(("connection", name)) => read.contains(CONNECTIONS, &self.place.key(name))?,
            Some(("crawler", name)) => read.contains(CRAWLERS, &self.place.key(name))?,
            _ => false,
        };
        if !exists {
            let arn = self.place.arn(self.resource.as_str());
            return Err(Error::EntityNotFound(format!("Resource {arn} not found.")));
        }
        Ok(read.get(TAGS, &self.place.key(&self.resource))?.unwrap_or_default())
    }
}

async fn change(
    ctx: &Ctx,
    glue: &Glue,
    arn: &str,
    change: impl FnOnce(Tags) -> Result<Tags, Error> + Send + 'static,
) -> Result<(), Error> {
    let tagged = Tagged::enter(ctx, arn)?;
    glue.store
        .write(move |tx: &mut Tx| {
            let tags = change(tagged.find(tx)?)?;
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
