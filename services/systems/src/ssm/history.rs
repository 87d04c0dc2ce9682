//! GetParameterHistory: all versions of a parameter that are kept, oldest first.

use haar_platform::aws::ssm::{GetParameterHistoryRequest, GetParameterHistoryResult, ParameterHistory};
use haar_platform::kernel::{Access, Ctx, Fault};
use haar_platform::store::{Read, ReadTx, Span};

use super::error::Error;
use super::listing::{self, Page};
use super::model::{HISTORY, PARAMETERS, Parameter, Version};
use super::name::Reference;
use super::place::Place;
use super::policy::Policy;
use super::{Ssm, secret};

/// Versions of a page, where the caller does not say.
const PAGE_DEFAULT: usize = 50;

/// The parameter by its name.
pub fn access(ctx: &Ctx, ssm: &Ssm, input: &GetParameterHistoryRequest) -> Result<Access, Fault> {
    let place = Place::of(ctx);
    let reference = Reference::parse_whole(&place, &input.name)?;
    Ok(ssm.access(&place, reference.names())?)
}

/// GetParameterHistory.
pub async fn get(ctx: &Ctx, ssm: &Ssm, input: GetParameterHistoryRequest) -> Result<GetParameterHistoryResult, Fault> {
    let place = Place::of(ctx);
    let reference = Reference::parse_whole(&place, &input.name)?;
    let decrypt = input.with_decryption.unwrap_or(false);
    let size_max = input.max_results.map_or(PAGE_DEFAULT, |max| max as usize);
    let read = ssm.store.snapshot();
    let (name, parameter) = find(&read, &place, &reference)?;
    let scope = format!("ssm:GetParameterHistory {name}");
    let after = listing::cursor(ctx, &scope, input.next_token)?;
    // Versions begin with 1, so a first page is behind 0.
    let after = after.parse().unwrap_or(0);

    let page = cut(&read, &place, &name, &parameter, after, size_max)?;
    let mut shown = Vec::with_capacity(page.items.len());
    for version in page.items {
        ctx.meter(version.tier.interactions(), 1);
        shown.push(show(ssm, &place, &name, &parameter.labels, version, decrypt)?);
    }
    Ok(GetParameterHistoryResult {
        parameters: Some(shown),
        next_token: page.next.map(|number| ctx.page_token(&scope, &number)),
    })
}

fn find(read: &ReadTx, place: &Place, reference: &Reference<'_>) -> Result<(String, Parameter), Error> {
    for name in reference.names() {
        if let Some(parameter) = read.get(PARAMETERS, &place.key(name))? {
            return Ok((name.to_owned(), parameter));
        }
    }
    Err(Error::ParameterNotFound)
}

/// Up to `size_max` versions behind the number `after`.
fn cut(
    read: &ReadTx,
    place: &Place,
    name: &str,
    parameter: &Parameter,
    after: i64,
    size_max: usize,
) -> Result<Page<Version>, Error> {
    let earlier = Span::between(place.key(name), after + 1..);
    let mut items = Vec::new();
    for entry in read.scan(HISTORY, earlier).take(size_max) {
        items.push(entry?.1);
    }
    if items.len() < size_max && parameter.latest.number > after {
        items.push(parameter.latest.clone());
    }
    let last = items.last().map(|version| version.number);
    let next = last.filter(|number| *number < parameter.latest.number);
    Ok(Page { items, next: next.map(|number| number.to_string()) })
}

fn show(
    ssm: &Ssm,
    place: &Place,
    name: &str,
    labels: &[(String, i64)],
    version: Version,
    decrypt: bool,
) -> Result<ParameterHistory, Error> {
    let number = version.number;
    let labels = labels.iter().filter(|(_, on)| *on == number).map(|(label, _)| label.clone());
    let value = secret::reveal(ssm.store.vault(), place, name, number, version.value, decrypt)?;
    Ok(ParameterHistory {
        name: Some(name.to_owned()),
        r#type: Some(version.kind.into()),
        key_id: version.key_id,
        last_modified_date: Some(version.modified_at),
        last_modified_user: Some(version.modified_by),
        description: version.description,
        value: Some(value),
        allowed_pattern: version.allowed_pattern,
        version: Some(number),
        labels: Some(labels.collect()),
        tier: Some(version.tier.into()),
        policies: Some(version.policies.iter().map(Policy::show).collect()),
        data_type: Some(version.data_type.as_str().to_owned()),
    })
}
