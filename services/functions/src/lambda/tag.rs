//! Tags of functions and of event source mappings.

use std::collections::BTreeMap;

use haar_platform::aws::lambda::{ListTagsRequest, ListTagsResponse, TagResourceRequest, UntagResourceRequest};
use haar_platform::kernel::access::{Access, Resource};
use haar_platform::kernel::{Arn, Ctx, Fault};
use haar_platform::store::{Read, Tx};

use super::error::LambdaError;
use super::lookup::function_in;
use super::model::{FUNCTIONS, MAPPINGS, MappingKey};
use super::name::Reference;
use super::{Lambda, access};

/// Tags of one resource.
const TAGS_MAX: usize = 50;

/// Characters of a key and of a value.
const KEY_CHARS_MAX: usize = 128;
const VALUE_CHARS_MAX: usize = 256;

/// What has tags.
enum Tagged {
    Function(Reference),
    Mapping(MappingKey, String),
}

impl Tagged {
    fn parse(text: &str) -> Result<Self, Fault> {
        let arn: Arn = text.parse().map_err(|_| LambdaError::invalid(format!("{text} is not an ARN")))?;
        if let Some(reference) = Reference::from_arn(&arn) {
            if reference.qualifier.is_some() {
                return Err(LambdaError::invalid(
                    "Tags on function aliases and versions are not supported. Please specify a function ARN.",
                )
                .into());
            }
            return Ok(Self::Function(reference));
        }
        match arn.resource.split_once(':') {
            Some(("event-source-mapping", id)) => {
                Ok(Self::Mapping((arn.account.clone(), arn.region.clone(), id.to_owned()), text.to_owned()))
            }
            Some((kind, _)) => Err(Fault::not_served(format_args!("lambda tags of a {kind}"))),
            None => Err(LambdaError::invalid(format!("{text} has no tags")).into()),
        }
    }

    fn read(&self, tx: &impl Read) -> Result<BTreeMap<String, String>, LambdaError> {
        match self {
            Self::Function(reference) => Ok(function_in(tx, reference)?.tags),
            Self::Mapping(key, _) => {
                tx.get(MAPPINGS, key)?.map(|mapping| mapping.tags).ok_or_else(LambdaError::no_such_resource)
            }
        }
    }

    fn write(&self, tx: &mut Tx, tags: BTreeMap<String, String>) -> Result<(), LambdaError> {
        match self {
            Self::Function(reference) => {
                let mut function = function_in(tx, reference)?;
                function.tags = tags;
                tx.put(FUNCTIONS, &reference.key(), &function)?;
            }
            Self::Mapping(key, _) => {
                if let Some(mut mapping) = tx.get(MAPPINGS, key)? {
                    mapping.tags = tags;
                    tx.put(MAPPINGS, key, &mapping)?;
                }
            }
        }
        Ok(())
    }
}

/// What is tagged.
pub fn resource(lambda: &Lambda, text: &str) -> Result<Access, Fault> {
    let resource = match Tagged::parse(text)? {
        Tagged::Function(reference) => access::resource(lambda, &reference)?,
        mapping @ Tagged::Mapping(..) => {
            let Tagged::Mapping(key, arn) = &mapping else { return Ok(Access::all()) };
            let tags = lambda.store.read(|tx| mapping.read(tx)).unwrap_or_default();
            let account = Some(key.0.clone());
            Resource { arn: arn.clone(), action: None, account, policy: None, tags: Vec::new() }.with_tags(tags)
        }
    };
    Ok(Access::default().and(resource))
}

/// With the tags in the request.
pub fn add_access(_: &Ctx, lambda: &Lambda, input: &TagResourceRequest) -> Result<Access, Fault> {
    let tags = input.tags.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    Ok(resource(lambda, &input.resource)?.with_request_tags(tags))
}

/// Whether tags may be set.
pub fn check(tags: &BTreeMap<String, String>) -> Result<(), LambdaError> {
    if tags.len() > TAGS_MAX {
        return Err(LambdaError::invalid(format!("Number of tags exceeds resource tag limit of {TAGS_MAX}.")));
    }
    for (key, value) in tags {
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(LambdaError::invalid("System tags cannot be modified: keys must not start with aws:"));
        }
        if key.is_empty() || key.chars().count() > KEY_CHARS_MAX || value.chars().count() > VALUE_CHARS_MAX {
            return Err(LambdaError::invalid(format!("The tag '{key}' has a key or a value of the wrong length.")));
        }
    }
    Ok(())
}

/// TagResource.
pub async fn add(_: &Ctx, lambda: &Lambda, input: TagResourceRequest) -> Result<(), Fault> {
    let tagged = Tagged::parse(&input.resource)?;
    let added = input.tags;
    change(lambda, tagged, move |tags| tags.extend(added)).await
}

/// UntagResource.
pub async fn remove(_: &Ctx, lambda: &Lambda, input: UntagResourceRequest) -> Result<(), Fault> {
    let tagged = Tagged::parse(&input.resource)?;
    change(lambda, tagged, move |tags| tags.retain(|key, _| !input.tag_keys.contains(key))).await
}

async fn change(
    lambda: &Lambda,
    tagged: Tagged,
    change: impl FnOnce(&mut BTreeMap<String, String>) + Send + 'static,
) -> Result<(), Fault> {
    let changed = lambda.store.write(move |tx| {
        let mut tags = tagged.read(tx)?;
        change(&mut tags);
        check(&tags)?;
        tagged.write(tx, tags)
    });
    Ok(changed.await?)
}

/// ListTags.
pub async fn list(_: &Ctx, lambda: &Lambda, input: ListTagsRequest) -> Result<ListTagsResponse, Fault> {
    let tagged = Tagged::parse(&input.resource)?;
    Ok(ListTagsResponse { tags: Some(lambda.store.read(|tx| tagged.read(tx))?) })
}
