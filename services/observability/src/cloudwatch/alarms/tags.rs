//! Tags of alarms and of dashboards.

use haar_platform::aws::cloudwatch::{
    ListTagsForResourceInput, ListTagsForResourceOutput, Tag, TagResourceInput, TagResourceOutput, UntagResourceInput,
    UntagResourceOutput,
};
use haar_platform::kernel::access::Resource;
use haar_platform::kernel::{Access, Arn, Ctx, Fault};
use haar_platform::store::{Read, Tx};

use super::model::{self, ALARMS};
use crate::cloudwatch::CloudWatch;
use crate::cloudwatch::dashboards::DASHBOARDS;
use crate::cloudwatch::error::Error;
use crate::cloudwatch::place::Place;

/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_TagResource.html>
const TAGS_MAX: usize = 50;

type Tags = Vec<(String, String)>;

/// What can have tags.
#[derive(Clone)]
enum Tagged {
    Alarm(model::AlarmKey),
    Dashboard((String, String)),
}

impl Tagged {
    fn parse(ctx: &Ctx, text: &str) -> Result<Self, Error> {
        let unknown = || Error::ResourceNotFound(format!("The resource {text} does not exist."));
        let invalid = || Error::InvalidParameterValue(format!("{text} is not a valid ARN of a CloudWatch resource."));
        let arn: Arn = text.parse().map_err(|_| invalid())?;
        if arn.service != "cloudwatch" {
            return Err(invalid());
        }
        if arn.account != *ctx.account {
            return Err(unknown());
        }
        if let Some(name) = arn.resource.strip_prefix("alarm:") {
            return Ok(Self::Alarm((arn.account.clone(), arn.region.clone(), name.to_owned())));
        }
        let dashboard = arn.resource.strip_prefix("dashboard/").filter(|_| arn.region.is_empty());
        dashboard.map(|name| Self::Dashboard((arn.account.clone(), name.to_owned()))).ok_or_else(unknown)
    }

    fn tags(&self, tx: &impl Read) -> Result<Option<Tags>, Error> {
        Ok(match self {
            Self::Alarm(key) => tx.get(ALARMS, key)?.map(|alarm| alarm.tags),
            Self::Dashboard(key) => tx.get(DASHBOARDS, key)?.map(|dashboard| dashboard.tags),
        })
    }

    fn change(&self, tx: &mut Tx, change: impl FnOnce(&mut Tags) -> Result<(), Error>) -> Result<bool, Error> {
        match self {
            Self::Alarm(key) => {
                let Some(mut alarm) = tx.get(ALARMS, key)? else { return Ok(false) };
                change(&mut alarm.tags)?;
                tx.put(ALARMS, key, &alarm)?;
            }
            Self::Dashboard(key) => {
                let Some(mut dashboard) = tx.get(DASHBOARDS, key)? else { return Ok(false) };
                change(&mut dashboard.tags)?;
                tx.put(DASHBOARDS, key, &dashboard)?;
            }
        }
        Ok(true)
    }
}

/// An alarm, whether it exists or not, with its tags.
pub fn on_alarm(ctx: &Ctx, cloudwatch: &CloudWatch, name: &str) -> Result<Access, Error> {
    Ok(Access::default().and(resource(ctx, cloudwatch, name)?))
}

/// Several alarms.
pub fn on_alarms(ctx: &Ctx, cloudwatch: &CloudWatch, names: &[String]) -> Result<Access, Fault> {
    if names.is_empty() {
        return Ok(Access::all());
    }
    let mut access = Access::default();
    for name in names {
        access = access.and(resource(ctx, cloudwatch, name)?);
    }
    Ok(access)
}

fn resource(ctx: &Ctx, cloudwatch: &CloudWatch, name: &str) -> Result<Resource, Error> {
    let place = Place::of(ctx);
    let tagged = Tagged::Alarm(model::key(&place, name));
    let tags = cloudwatch.store.read(|tx| tagged.tags(tx))?;
    Ok(Resource::of(&model::arn(&place, name)).with_tags(tags.unwrap_or_default()))
}

/// The tags of a new resource.
pub fn of_request(tags: Vec<Tag>) -> Result<Tags, Error> {
    let mut all = Tags::new();
    add(&mut all, tags)?;
    Ok(all)
}

fn add(all: &mut Tags, tags: Vec<Tag>) -> Result<(), Error> {
    for Tag { key, value } in tags {
        if key.to_ascii_lowercase().starts_with("aws:") {
            let message = "Tag keys that start with aws: are reserved for system use.";
            return Err(Error::InvalidParameterValue(message.into()));
        }
        match all.iter_mut().find(|(known, _)| *known == key) {
            Some((_, known)) => *known = value,
            None => all.push((key, value)),
        }
    }
    if all.len() > TAGS_MAX {
        return Err(Error::InvalidParameterValue(format!("A resource can have at most {TAGS_MAX} tags.")));
    }
    Ok(())
}

fn on_tagged(ctx: &Ctx, cloudwatch: &CloudWatch, arn: &str) -> Result<Access, Fault> {
    let tagged = Tagged::parse(ctx, arn)?;
    let tags = cloudwatch.store.read(|tx| tagged.tags(tx))?.unwrap_or_default();
    let arn: Arn = arn.parse().map_err(Fault::internal)?;
    Ok(Access::default().and(Resource::of(&arn).with_tags(tags)))
}

/// The resource, with its tags and those that it is to have.
pub fn tag_access(ctx: &Ctx, cloudwatch: &CloudWatch, input: &TagResourceInput) -> Result<Access, Fault> {
    let tags = input.tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str()));
    Ok(on_tagged(ctx, cloudwatch, &input.resource_arn)?.with_request_tags(tags))
}

/// Adds tags, or changes their values.
pub async fn tag(ctx: &Ctx, cloudwatch: &CloudWatch, input: TagResourceInput) -> Result<TagResourceOutput, Error> {
    let TagResourceInput { resource_arn, tags: new } = input;
    let tagged = Tagged::parse(ctx, &resource_arn)?;
    let written = cloudwatch.store.write(move |tx| tagged.change(tx, |tags| add(tags, new)));
    found(written.await?, &resource_arn)?;
    Ok(TagResourceOutput {})
}

/// The resource, with its tags.
pub fn untag_access(ctx: &Ctx, cloudwatch: &CloudWatch, input: &UntagResourceInput) -> Result<Access, Fault> {
    let mut access = on_tagged(ctx, cloudwatch, &input.resource_arn)?;
    access.keys.push(("aws:TagKeys".into(), input.tag_keys.clone()));
    Ok(access)
}

/// Takes tags away.
pub async fn untag(
    ctx: &Ctx,
    cloudwatch: &CloudWatch,
    input: UntagResourceInput,
) -> Result<UntagResourceOutput, Error> {
    let UntagResourceInput { resource_arn, tag_keys } = input;
    let tagged = Tagged::parse(ctx, &resource_arn)?;
    let written = cloudwatch.store.write(move |tx| {
        tagged.change(tx, |tags| {
            tags.retain(|(key, _)| !tag_keys.contains(key));
            Ok(())
        })
    });
    found(written.await?, &resource_arn)?;
    Ok(UntagResourceOutput {})
}

/// The resource, with its tags.
pub fn list_access(ctx: &Ctx, cloudwatch: &CloudWatch, input: &ListTagsForResourceInput) -> Result<Access, Fault> {
    on_tagged(ctx, cloudwatch, &input.resource_arn)
}

/// The tags of a resource.
pub async fn list(
    ctx: &Ctx,
    cloudwatch: &CloudWatch,
    input: ListTagsForResourceInput,
) -> Result<ListTagsForResourceOutput, Error> {
    let tagged = Tagged::parse(ctx, &input.resource_arn)?;
    let tags = cloudwatch.store.read(|tx| tagged.tags(tx))?;
    found(tags.is_some(), &input.resource_arn)?;
    let tags = tags.unwrap_or_default().into_iter().map(|(key, value)| Tag { key, value }).collect();
    Ok(ListTagsForResourceOutput { tags: Some(tags) })
}

fn found(found: bool, arn: &str) -> Result<(), Error> {
    if found { Ok(()) } else { Err(Error::ResourceNotFound(format!("The resource {arn} does not exist."))) }
}
