//! Tags of buses and rules.

use haar_platform::aws::events as aws;
use haar_platform::kernel::{Access, Ctx, Fault};
use haar_platform::store::Tx;

use super::Events;
use super::access;
use super::bus;
use super::error::Error;
use super::model::{BUSES, RULES};
use super::place::Tagged;
use super::rule;

/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-tagging.html>
const TAGS_MAX: usize = 50;

type Tags = Vec<(String, String)>;

/// Tags as authorization reads them.
pub fn pairs(tags: &Option<Vec<aws::Tag>>) -> impl Iterator<Item = (&str, &str)> {
    tags.iter().flatten().map(|tag| (tag.key.as_str(), tag.value.as_str()))
}

/// Tags with others added, which take the place of those with the same key.
pub fn merge(mut tags: Tags, added: Vec<aws::Tag>) -> Result<Tags, Error> {
    for aws::Tag { key, value } in added {
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(Error::validation(format!("Tag key {key} is reserved for AWS use.")));
        }
        match tags.binary_search_by(|(known, _)| known.cmp(&key)) {
            Ok(at) => tags[at].1 = value,
            Err(at) => tags.insert(at, (key, value)),
        }
    }
    if tags.len() > TAGS_MAX {
        return Err(Error::LimitExceeded);
    }
    Ok(tags)
}

/// The resource, with the keys of the tags to be.
pub fn tag_access(_: &Ctx, events: &Events, input: &aws::TagResourceRequest) -> Result<Access, Fault> {
    let tags = input.tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str()));
    Ok(resource(events, &input.resource_arn)?.with_request_tags(tags))
}

/// TagResource.
pub async fn tag(_: &Ctx, events: &Events, input: aws::TagResourceRequest) -> Result<aws::TagResourceResponse, Error> {
    change(events, &input.resource_arn, |tags| merge(tags, input.tags)).await?;
    Ok(aws::TagResourceResponse {})
}

/// The resource, with the keys of the tags to go.
pub fn untag_access(_: &Ctx, events: &Events, input: &aws::UntagResourceRequest) -> Result<Access, Fault> {
    let mut access = resource(events, &input.resource_arn)?;
    access.keys.push(("aws:TagKeys".into(), input.tag_keys.clone()));
    Ok(access)
}

/// UntagResource: keys that are not there do no harm.
pub async fn untag(
    _: &Ctx,
    events: &Events,
    input: aws::UntagResourceRequest,
) -> Result<aws::UntagResourceResponse, Error> {
    let keys = input.tag_keys;
    change(events, &input.resource_arn, move |mut tags| {
        tags.retain(|(key, _)| !keys.contains(key));
        Ok(tags)
    })
    .await?;
    Ok(aws::UntagResourceResponse {})
}

/// The resource.
pub fn list_access(_: &Ctx, events: &Events, input: &aws::ListTagsForResourceRequest) -> Result<Access, Fault> {
    resource(events, &input.resource_arn)
}

/// ListTagsForResource.
pub async fn list(
    _: &Ctx,
    events: &Events,
    input: aws::ListTagsForResourceRequest,
) -> Result<aws::ListTagsForResourceResponse, Error> {
    let tags = events.store.read(|tx| match parse(&input.resource_arn)? {
        Tagged::Bus(place) => Ok::<_, Error>(bus::find(tx, &place)?.tags),
        Tagged::Rule(place, name) => Ok(rule::find(tx, &place, &name)?.tags),
    })?;
    let tags = tags.into_iter().map(|(key, value)| aws::Tag { key, value }).collect();
    Ok(aws::ListTagsForResourceResponse { tags: Some(tags) })
}

fn resource(events: &Events, arn: &str) -> Result<Access, Fault> {
    let resource = match parse(arn)? {
        Tagged::Bus(place) => access::bus_resource(events, &place)?,
        Tagged::Rule(place, name) => access::rule_resource(events, &place, &name)?,
    };
    Ok(Access::default().and(resource))
}

fn parse(arn: &str) -> Result<Tagged, Error> {
    Tagged::parse(arn).ok_or_else(|| Error::NotFound(format!("Resource {arn} does not exist.")))
}

async fn change(
    events: &Events,
    arn: &str,
    change: impl FnOnce(Tags) -> Result<Tags, Error> + Send + 'static,
) -> Result<(), Error> {
    let tagged = parse(arn)?;
    events.store.write(move |tx: &mut Tx| put(tx, &tagged, change)).await
}

fn put(tx: &mut Tx, tagged: &Tagged, change: impl FnOnce(Tags) -> Result<Tags, Error>) -> Result<(), Error> {
    match tagged {
        Tagged::Bus(place) => {
            let mut bus = bus::find(tx, place)?;
            bus.tags = change(bus.tags)?;
            Ok(tx.put(BUSES, &place.key(), &bus)?)
        }
        Tagged::Rule(place, name) => {
            let mut rule = rule::find(tx, place, name)?;
            rule.tags = change(rule.tags)?;
            Ok(tx.put(RULES, &place.rule_key(name), &rule)?)
        }
    }
}
