//! DescribeParameters: what is known of parameters, without their values.

use haar_platform::aws::ssm::{DescribeParametersRequest, DescribeParametersResult, ParameterMetadata};
use haar_platform::kernel::{Access, Ctx, Fault};

use super::Ssm;
use super::error::Error;
use super::filter::Filters;
use super::listing;
use super::model::Version;
use super::place::Place;
use super::policy::Policy;

/// Parameters of a page, where the caller does not say.
const PAGE_DEFAULT: usize = 50;

/// On no parameter in particular.
pub fn access(_: &Ctx, _: &Ssm, _: &DescribeParametersRequest) -> Result<Access, Fault> {
    Ok(Access::all())
}

/// DescribeParameters.
pub async fn describe(
    ctx: &Ctx,
    ssm: &Ssm,
    input: DescribeParametersRequest,
) -> Result<DescribeParametersResult, Fault> {
    if input.shared == Some(true) {
        return Err(Fault::not_served("parameters shared from another account or region"));
    }
    let filters = match (input.filters.unwrap_or_default(), input.parameter_filters.unwrap_or_default()) {
        (legacy, filters) if legacy.is_empty() => Filters::parse(filters)?,
        (legacy, filters) if filters.is_empty() => Filters::parse_legacy(legacy),
        _ => {
            return Err(Error::validation("You can use either Filters or ParameterFilters in a single request.").into());
        }
    };
    let place = Place::of(ctx);
    let scope = format!("ssm:DescribeParameters {filters:?}");
    let after = listing::cursor(ctx, &scope, input.next_token)?;
    let size_max = input.max_results.map_or(PAGE_DEFAULT, |max| max as usize);
    let source = filters.source();

    let read = ssm.store.snapshot();
    let page = listing::cut(source.entries(&read, &place, &after), size_max, |name, parameter| {
        let fits = filters.fit(&read, &place, name, &parameter)?;
        Ok(fits.then(|| show(&place, name, parameter.latest)))
    })?;
    Ok(DescribeParametersResult {
        parameters: Some(page.items),
        next_token: page.next.map(|name| ctx.page_token(&scope, &name)),
    })
}

fn show(place: &Place, name: &str, version: Version) -> ParameterMetadata {
    ParameterMetadata {
        name: Some(name.to_owned()),
        arn: Some(place.arn(name)),
        r#type: Some(version.kind.into()),
        key_id: version.key_id,
        last_modified_date: Some(version.modified_at),
        last_modified_user: Some(version.modified_by),
        description: version.description,
        allowed_pattern: version.allowed_pattern,
        version: Some(version.number),
        tier: Some(version.tier.into()),
        policies: Some(version.policies.iter().map(Policy::show).collect()),
        data_type: Some(version.data_type.as_str().to_owned()),
    }
}
