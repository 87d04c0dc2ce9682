//! Reading parameters: by name, by names, by path.

use std::collections::HashSet;

use haar_platform::aws::ssm::{
    GetParameterRequest, GetParameterResult, GetParametersByPathRequest, GetParametersByPathResult,
    GetParametersRequest, GetParametersResult, Parameter as Shown,
};
use haar_platform::kernel::{Access, Ctx, Fault};
use haar_platform::store::Read;

use super::error::Error;
use super::filter::PathFilters;
use super::listing::{self, Source};
use super::model::{HISTORY, PARAMETERS, Parameter, Version};
use super::name::{Path, Reference};
use super::place::Place;
use super::{Ssm, secret};

/// Parameters of a page of GetParametersByPath, where the caller does not say.
const BY_PATH_DEFAULT: usize = 10;

/// The parameter by its name, whatever the version.
pub fn one_access(ctx: &Ctx, ssm: &Ssm, input: &GetParameterRequest) -> Result<Access, Fault> {
    let place = Place::of(ctx);
    let reference = Reference::parse(&place, &input.name)?;
    Ok(ssm.access(&place, reference.names())?)
}

/// GetParameter.
pub async fn one(ctx: &Ctx, ssm: &Ssm, input: GetParameterRequest) -> Result<GetParameterResult, Fault> {
    let place = Place::of(ctx);
    let reference = Reference::parse(&place, &input.name)?;
    let (name, version) = ssm.store.read(|tx| find(tx, &place, &reference))?;
    ctx.meter(version.tier.interactions(), 1);
    let decrypt = input.with_decryption.unwrap_or(false);
    let shown = show(ssm, &place, name, version, reference.selector, decrypt)?;
    Ok(GetParameterResult { parameter: Some(shown) })
}

/// The parameters by their names.
pub fn many_access(ctx: &Ctx, ssm: &Ssm, input: &GetParametersRequest) -> Result<Access, Fault> {
    let place = Place::of(ctx);
    let mut access = Access::default();
    for name in &input.names {
        let reference = Reference::parse(&place, name)?;
        access = access.and(ssm.resource(&place, reference.names())?);
    }
    Ok(access)
}

/// GetParameters: what is not there is named among the invalid parameters.
pub async fn many(ctx: &Ctx, ssm: &Ssm, input: GetParametersRequest) -> Result<GetParametersResult, Fault> {
    let place = Place::of(ctx);
    let decrypt = input.with_decryption.unwrap_or(false);
    let read = ssm.store.snapshot();
    let (mut parameters, mut invalid, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
    for text in &input.names {
        if !seen.insert(text) {
            continue;
        }
        let reference = Reference::parse(&place, text)?;
        match find(&read, &place, &reference) {
            Ok((name, version)) => {
                ctx.meter(version.tier.interactions(), 1);
                parameters.push(show(ssm, &place, name, version, reference.selector, decrypt)?);
            }
            Err(Error::ParameterNotFound | Error::ParameterVersionNotFound { .. }) => invalid.push(text.clone()),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(GetParametersResult { parameters: Some(parameters), invalid_parameters: Some(invalid) })
}

/// The path, as the caller writes it: who may list a path may see all that is below it.
pub fn by_path_access(ctx: &Ctx, ssm: &Ssm, input: &GetParametersByPathRequest) -> Result<Access, Fault> {
    Path::parse(&input.path)?;
    let access = ssm.access(&Place::of(ctx), [input.path.as_str()])?;
    Ok(access.with_key("ssm:Recursive", input.recursive.unwrap_or(false).to_string()))
}

/// GetParametersByPath.
pub async fn by_path(
    ctx: &Ctx,
    ssm: &Ssm,
    input: GetParametersByPathRequest,
) -> Result<GetParametersByPathResult, Fault> {
    let place = Place::of(ctx);
    let path = Path::parse(&input.path)?;
    let filters = PathFilters::parse(input.parameter_filters.unwrap_or_default())?;
    let recursive = input.recursive.unwrap_or(false);
    let scope = format!("ssm:GetParametersByPath {} {recursive} {filters:?}", path.as_str());
    let after = listing::cursor(ctx, &scope, input.next_token)?;
    let size_max = input.max_results.map_or(BY_PATH_DEFAULT, |max| max as usize);
    let decrypt = input.with_decryption.unwrap_or(false);
    let source = if recursive { Source::Below(path) } else { Source::Level(path) };

    let read = ssm.store.snapshot();
    let page = listing::cut(source.entries(&read, &place, &after), size_max, |name, parameter| {
        let Some(version) = filters.choose(&read, &place, name, parameter)? else {
            return Ok(None);
        };
        ctx.meter(version.tier.interactions(), 1);
        show(ssm, &place, name.to_owned(), version, None, decrypt).map(Some)
    })?;
    Ok(GetParametersByPathResult {
        parameters: Some(page.items),
        next_token: page.next.map(|name| ctx.page_token(&scope, &name)),
    })
}

/// The version that a reference means, and the parameter's name.
fn find(read: &impl Read, place: &Place, reference: &Reference<'_>) -> Result<(String, Version), Error> {
    for name in reference.names() {
        let Some(parameter) = read.get(PARAMETERS, &place.key(name))? else {
            continue;
        };
        let version = match reference.selector {
            None => parameter.latest,
            Some(selector) => select(read, place, name, parameter, selector)?,
        };
        return Ok((name.to_owned(), version));
    }
    Err(Error::ParameterNotFound)
}

/// A version by its number, or by a label on it.
fn select(read: &impl Read, place: &Place, name: &str, parameter: Parameter, selector: &str) -> Result<Version, Error> {
    // Labels don't begin with digits, so a number is a number.
    let number = match selector.parse() {
        Ok(number) => Some(number),
        Err(_) => parameter.labelled(selector),
    };
    let version = match number {
        Some(number) => version(read, place, name, parameter, number)?,
        None => None,
    };
    version.ok_or_else(|| Error::ParameterVersionNotFound { name: name.to_owned(), version: selector.to_owned() })
}

/// A version by its number.
pub fn version(
    read: &impl Read,
    place: &Place,
    name: &str,
    parameter: Parameter,
    number: i64,
) -> Result<Option<Version>, Error> {
    if number == parameter.latest.number {
        return Ok(Some(parameter.latest));
    }
    let (account, region) = place.prefix();
    Ok(read.get(HISTORY, &(account, region, name, number))?)
}

fn show(
    ssm: &Ssm,
    place: &Place,
    name: String,
    version: Version,
    selector: Option<&str>,
    decrypt: bool,
) -> Result<Shown, Error> {
    let vault = ssm.store.vault();
    let value = secret::reveal(vault, place, &name, version.number, version.value, decrypt)?;
    Ok(Shown {
        arn: Some(place.arn(&name)),
        name: Some(name),
        r#type: Some(version.kind.into()),
        value: Some(value),
        version: Some(version.number),
        selector: selector.map(|selector| format!(":{selector}")),
        source_result: None,
        last_modified_date: Some(version.modified_at),
        data_type: Some(version.data_type.as_str().to_owned()),
    })
}
