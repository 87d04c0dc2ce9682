//! Layers: zip files that several functions unpack under `/opt`.

pub mod permission;
pub mod publish;
pub mod read;

use haar_platform::kernel::access::{Access, Resource};
use haar_platform::kernel::{Arn, Ctx, Fault};
use haar_platform::store::Read;

use super::Lambda;
use super::configuration::LAYERS_MAX;
use super::error::LambdaError;
use super::model::{LAYER_VERSIONS, LayerUse, LayerVersion};

/// A layer by its coordinates; it need not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub account: String,
    pub region: String,
    pub name: String,
}

impl Place {
    /// From a name or an ARN.
    pub fn parse(ctx: &Ctx, text: &str) -> Result<Self, LambdaError> {
        match text.parse::<Arn>() {
            Err(_) => Ok(Self { account: ctx.account.to_string(), region: ctx.region.to_string(), name: text.into() }),
            Ok(arn) => Self::of_arn(&arn, 2)
                .map(|(place, _)| place)
                .ok_or_else(|| LambdaError::invalid(format!("{text} is not a valid layer ARN"))),
        }
    }

    /// A layer and the number of its version, from a version's ARN.
    pub fn of_version(text: &str) -> Option<(Self, u64)> {
        let arn: Arn = text.parse().ok()?;
        let (place, number) = Self::of_arn(&arn, 3)?;
        Some((place, number?.parse().ok()?))
    }

    fn of_arn(arn: &Arn, parts: usize) -> Option<(Self, Option<&str>)> {
        let found: Vec<_> = arn.resource.split(':').collect();
        let is_layer = arn.service == "lambda" && found.len() == parts && found[0] == "layer";
        let place = || Self { account: arn.account.clone(), region: arn.region.clone(), name: found[1].to_owned() };
        is_layer.then(|| (place(), found.get(2).copied()))
    }

    /// The layer's ARN.
    pub fn arn(&self) -> Arn {
        Arn::new("lambda", &self.region, &self.account, format!("layer:{}", self.name))
    }

    /// The ARN of a version.
    pub fn arn_of(&self, number: u64) -> Arn {
        Arn::new("lambda", &self.region, &self.account, format!("layer:{}:{number}", self.name))
    }

    /// The key of the layer's record, in its borrowed form.
    pub fn key(&self) -> (&str, &str, &str) {
        (&self.account, &self.region, &self.name)
    }
}

/// The number of a version as calls give it.
fn number(asked: i64) -> u64 {
    // No version has the number 0: what is negative is not found either.
    u64::try_from(asked).unwrap_or_default()
}

fn version_in(tx: &impl Read, place: &Place, number: u64) -> Result<Option<LayerVersion>, LambdaError> {
    let (account, region, name) = place.key();
    Ok(tx.get(LAYER_VERSIONS, &(account, region, name, number))?)
}

/// A layer as a whole.
pub fn access(ctx: &Ctx, _: &Lambda, name: &str) -> Result<Access, Fault> {
    Ok(Access::to(&Place::parse(ctx, name)?.arn()))
}

/// A version of a layer, which its policy can open to other accounts.
pub fn version_access(ctx: &Ctx, lambda: &Lambda, name: &str, asked: i64) -> Result<Access, Fault> {
    Ok(Access::default().and(resource(lambda, &Place::parse(ctx, name)?, number(asked))?))
}

fn resource(lambda: &Lambda, place: &Place, number: u64) -> Result<Resource, Fault> {
    let version = lambda.store.read(|tx| version_in(tx, place, number))?;
    let policy = version.map(|version| version.policy).filter(|policy| !policy.statements.is_empty());
    let source = policy.and_then(|policy| lambda.policies.source(&policy));
    Ok(Resource::of(&place.arn_of(number)).with_policy(source))
}

/// With the layers that a function is to use: its owner must be allowed to fetch them.
pub fn used(ctx: &Ctx, lambda: &Lambda, arns: Option<&[String]>, mut access: Access) -> Result<Access, Fault> {
    for text in arns.unwrap_or_default() {
        if let Some((place, number)) = Place::of_version(text)
            && place.region == ctx.region.as_str()
        {
            access = access.and(resource(lambda, &place, number)?.for_action("lambda:GetLayerVersion"));
            access = access.with_key("lambda:Layer", text);
        }
    }
    Ok(access)
}

/// The layers behind ARNs, which must exist.
pub fn resolve(ctx: &Ctx, lambda: &Lambda, arns: &[String]) -> Result<Vec<LayerUse>, LambdaError> {
    if arns.len() > LAYERS_MAX {
        return Err(LambdaError::invalid(format!("Cannot reference more than {LAYERS_MAX} layers.")));
    }
    let mut used: Vec<LayerUse> = Vec::new();
    for arn in arns {
        let missing = || LambdaError::invalid(format!("Layer version {arn} does not exist."));
        let (place, number) = Place::of_version(arn).ok_or_else(missing)?;
        if place.region != ctx.region.as_str() {
            return Err(LambdaError::invalid(format!(
                "Layers are not in the same region as the function. Layers are expected to be in region {}.",
                ctx.region
            )));
        }
        if used.iter().any(|other| Place::of_version(&other.arn).is_some_and(|(known, _)| known == place)) {
            return Err(LambdaError::invalid(
                "Two different versions of the same layer are not allowed to be referenced in the same function.",
            ));
        }
        let version = lambda.store.read(|tx| version_in(tx, &place, number))?.ok_or_else(missing)?;
        used.push(LayerUse { arn: arn.clone(), code: version.code });
    }
    Ok(used)
}
