//! Writing parameters: PutParameter creates one, or adds a version to it.

use haar_platform::aws::ssm::{ParameterTier, PutParameterRequest, PutParameterResult};
use haar_platform::kernel::{Access, Ctx, Fault, Timestamp};
use haar_platform::store::{Read, Tx};

use super::error::Error;
use super::event::{Change, Scene};
use super::model::{
    COUNTS, Counts, DataType, HISTORY, Kind, PARAMETERS, Parameter, TAGS, Tags, Tier, VERSIONS_MAX, Version,
};
use super::name::ParameterName;
use super::place::Place;
use super::policy::Policy;
use super::tier::Wish;
use super::{Ssm, secret, tag, value};

/// The parameter by its name; the conditions are those that AWS has for it. Tags need the permission to tag as well.
pub fn access(ctx: &Ctx, ssm: &Ssm, input: &PutParameterRequest) -> Result<Access, Fault> {
    let place = Place::of(ctx);
    let name = ParameterName::parse(&place, &input.name)?;
    let tags = input.tags.iter().flatten().map(|tag| (tag.key.as_str(), tag.value.as_str()));
    let mut access = ssm
        .access(&place, [name.as_str()])?
        .with_key("ssm:Overwrite", input.overwrite.unwrap_or(false).to_string())
        .with_request_tags(tags);
    if let Some(policies) = &input.policies {
        access = access.with_key("ssm:Policies", policies.as_str());
    }
    if input.tags.as_ref().is_some_and(|tags| !tags.is_empty()) {
        let mut tagging = ssm.resource(&place, [name.as_str()])?;
        tagging.action = Some("ssm:AddTagsToResource");
        access = access.and(tagging);
    }
    Ok(access)
}

/// Creates a parameter, or adds a version to it.
pub async fn put(ctx: &Ctx, ssm: &Ssm, input: PutParameterRequest) -> Result<PutParameterResult, Fault> {
    let draft = Draft::parse(ctx, input)?;
    let wakes = draft.policies.is_some() || draft.overwrite;
    let writer = ssm.clone();
    let (number, tier) = ssm.store.write(move |tx| draft.write(&writer, tx)).await?;
    if wakes {
        ssm.policies.wake();
    }
    ctx.meter(tier.interactions(), 1);
    Ok(PutParameterResult { version: Some(number), tier: Some(tier.into()) })
}

/// A request that is right as far as it can be known without the parameter. What it leaves out, a new version takes
/// from the one before.
struct Draft {
    place: Place,
    now: Timestamp,
    by: String,
    name: ParameterName,
    value: String,
    kind: Option<Kind>,
    overwrite: bool,
    description: Option<String>,
    key_id: Option<String>,
    allowed_pattern: Option<String>,
    data_type: Option<DataType>,
    tier: Option<ParameterTier>,
    policies: Option<Vec<Policy>>,
    tags: Tags,
}

impl Draft {
    fn parse(ctx: &Ctx, input: PutParameterRequest) -> Result<Self, Error> {
        let place = Place::of(ctx);
        let now = ctx.now();
        let overwrite = input.overwrite.unwrap_or(false);
        let tags = input.tags.unwrap_or_default();
        if overwrite && !tags.is_empty() {
            return Err(Error::validation(
                "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please \
                 remove overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or \
                 RemoveTagsFromResource.",
            ));
        }
        value::check_nesting(&input.value)?;
        Ok(Self {
            name: ParameterName::parse(&place, &input.name)?,
            place,
            now,
            by: ctx.caller.arn.clone(),
            value: input.value,
            kind: input.r#type.map(Kind::from),
            overwrite,
            description: input.description,
            key_id: input.key_id,
            allowed_pattern: input.allowed_pattern,
            data_type: input.data_type.as_deref().map(value::parse_data_type).transpose()?,
            tier: input.tier,
            policies: input.policies.map(|text| Policy::parse_all(&text, now)).transpose()?,
            tags: tag::merge(Tags::default(), tags)?,
        })
    }

    /// The version and its tier.
    fn write(self, ssm: &Ssm, tx: &mut Tx) -> Result<(i64, Tier), Error> {
        let before = tx.get(PARAMETERS, &self.place.key(self.name.as_str()))?;
        match before {
            None => self.create(ssm, tx),
            Some(_) if !self.overwrite => Err(Error::ParameterAlreadyExists),
            Some(before) => self.update(ssm, tx, before),
        }
    }

    fn create(self, ssm: &Ssm, tx: &mut Tx) -> Result<(i64, Tier), Error> {
        let Some(kind) = self.kind else {
            return Err(Error::validation("A parameter type is required when you create a parameter."));
        };
        let (place, name, tags) = (self.place.clone(), self.name.clone(), self.tags.clone());
        let mut counts = tx.get(COUNTS, &place.prefix())?.unwrap_or_default();
        let version = self.version(ssm, kind, None, &counts)?;
        count(ssm, &mut counts, version.tier)?;
        tx.put(COUNTS, &place.prefix(), &counts)?;
        if !tags.0.is_empty() {
            tx.put(TAGS, &place.key(name.as_str()), &tags)?;
        }
        let labels = Vec::new();
        store(ssm, tx, &place, name.as_str(), Parameter { latest: version, labels }, Change::Create)
    }

    fn update(self, ssm: &Ssm, tx: &mut Tx, before: Parameter) -> Result<(i64, Tier), Error> {
        if self.kind.is_some_and(|kind| kind != before.latest.kind) {
            return Err(Error::HierarchyTypeMismatch);
        }
        let (place, name) = (self.place.clone(), self.name.clone());
        let mut counts = tx.get(COUNTS, &place.prefix())?.unwrap_or_default();
        let version = self.version(ssm, before.latest.kind, Some(&before.latest), &counts)?;
        if version.tier != before.latest.tier {
            count(ssm, &mut counts, version.tier)?;
            *counts.of(before.latest.tier) -= 1;
            tx.put(COUNTS, &place.prefix(), &counts)?;
        }
        make_room(tx, &place, name.as_str(), &before)?;
        let (account, region) = place.prefix();
        let Parameter { latest, labels } = before;
        tx.put(HISTORY, &(account, region, name.as_str(), latest.number), &latest)?;
        store(ssm, tx, &place, name.as_str(), Parameter { latest: version, labels }, Change::Update)
    }

    fn version(self, ssm: &Ssm, kind: Kind, before: Option<&Version>, counts: &Counts) -> Result<Version, Error> {
        if self.key_id.is_some() && kind != Kind::SecureString {
            return Err(Error::validation("KeyId is required for SecureString type parameter only."));
        }
        let kept = |get: fn(&Version) -> &Option<String>| before.and_then(|before| get(before).clone());
        let data_type = self.data_type.or(before.map(|before| before.data_type)).unwrap_or(DataType::Text);
        value::check_data_type(data_type, kind, &self.value)?;
        let allowed_pattern = self.allowed_pattern.or_else(|| kept(|before| &before.allowed_pattern));
        let allowed_pattern = allowed_pattern.filter(|pattern| !pattern.is_empty());
        if let Some(pattern) = &allowed_pattern {
            value::check_pattern(pattern, kind, &self.value)?;
        }
        let policies = self.policies.unwrap_or_else(|| {
            let policies = before.map(|before| before.policies.clone()).unwrap_or_default();
            Policy::after_change(policies, self.now)
        });
        let wish = Wish {
            asked: self.tier,
            before: before.map(|before| before.tier),
            value_length: self.value.chars().count(),
            policies: !policies.is_empty(),
        };
        let number = before.map_or(1, |before| before.number + 1);
        let key_id = self.key_id.or_else(|| kept(|before| &before.key_id));
        Ok(Version {
            number,
            kind,
            tier: wish.settle(counts, &ssm.quotas)?,
            value: secret::conceal(ssm.store.vault(), &self.place, self.name.as_str(), number, kind, self.value)?,
            data_type,
            modified_at: self.now,
            modified_by: self.by,
            description: self.description.or_else(|| kept(|before| &before.description)),
            key_id: (kind == Kind::SecureString).then(|| key_id.unwrap_or_else(|| secret::DEFAULT_KEY.to_owned())),
            allowed_pattern,
            policies,
        })
    }
}

fn store(
    ssm: &Ssm,
    tx: &mut Tx,
    place: &Place,
    name: &str,
    parameter: Parameter,
    change: Change,
) -> Result<(i64, Tier), Error> {
    tx.put(PARAMETERS, &place.key(name), &parameter)?;
    let version = &parameter.latest;
    let scene = Scene { place, now: version.modified_at, name, version };
    scene.changed(&ssm.bus, tx, change)?;
    Ok((version.number, version.tier))
}

/// One parameter more in a tier, if it may have one.
fn count(ssm: &Ssm, counts: &mut Counts, tier: Tier) -> Result<(), Error> {
    let max = match tier {
        Tier::Standard => ssm.quotas.standard,
        Tier::Advanced => ssm.quotas.advanced,
    };
    let count = counts.of(tier);
    if *count >= max {
        return Err(Error::ParameterLimitExceeded);
    }
    *count += 1;
    Ok(())
}

/// The oldest version goes when there are too many, but not with a label on it: somebody relies on that.
fn make_room(tx: &mut Tx, place: &Place, name: &str, parameter: &Parameter) -> Result<(), Error> {
    let oldest = parameter.oldest();
    if parameter.latest.number - oldest + 1 < VERSIONS_MAX {
        return Ok(());
    }
    if parameter.labels.iter().any(|(_, number)| *number == oldest) {
        let name = name.to_owned();
        return Err(Error::ParameterMaxVersionLimitExceeded { name, oldest });
    }
    let (account, region) = place.prefix();
    tx.delete(HISTORY, &(account, region, name, oldest))?;
    Ok(())
}
