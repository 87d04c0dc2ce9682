//! GetLayerVersion, GetLayerVersionByArn, ListLayers and ListLayerVersions.

use haar_platform::aws::lambda::{
    Architecture, GetLayerVersionByArnRequest, GetLayerVersionRequest, GetLayerVersionResponse,
    LayerVersionContentOutput, LayerVersionsListItem, LayersListItem, ListLayerVersionsRequest,
    ListLayerVersionsResponse, ListLayersRequest, ListLayersResponse, Runtime,
};
use haar_platform::kernel::access::Access;
use haar_platform::kernel::paging::cut;
use haar_platform::kernel::{Ctx, Fault};
use haar_platform::store::{Read, Span};

use super::{Place, number, resource, version_in};
use crate::lambda::error::LambdaError;
use crate::lambda::model::{LAYER_VERSIONS, LAYERS, LayerVersion};
use crate::lambda::{Lambda, download, page};

/// GetLayerVersion.
pub async fn get(
    ctx: &Ctx,
    lambda: &Lambda,
    input: GetLayerVersionRequest,
) -> Result<GetLayerVersionResponse, LambdaError> {
    find(ctx, lambda, &Place::parse(ctx, &input.layer_name)?, number(input.version_number))
}

/// The version behind an ARN, authorized as GetLayerVersion.
pub fn by_arn_access(_: &Ctx, lambda: &Lambda, input: &GetLayerVersionByArnRequest) -> Result<Access, Fault> {
    let (place, number) = Place::of_version(&input.arn).ok_or_else(LambdaError::no_such_resource)?;
    Ok(Access::default().and(resource(lambda, &place, number)?).as_action("lambda:GetLayerVersion"))
}

/// GetLayerVersionByArn.
pub async fn get_by_arn(
    ctx: &Ctx,
    lambda: &Lambda,
    input: GetLayerVersionByArnRequest,
) -> Result<GetLayerVersionResponse, LambdaError> {
    let (place, number) = Place::of_version(&input.arn).ok_or_else(LambdaError::no_such_resource)?;
    find(ctx, lambda, &place, number)
}

fn find(ctx: &Ctx, lambda: &Lambda, place: &Place, number: u64) -> Result<GetLayerVersionResponse, LambdaError> {
    let version = lambda.store.read(|tx| version_in(tx, place, number))?;
    let version = version.ok_or_else(LambdaError::no_such_resource)?;
    Ok(GetLayerVersionResponse {
        content: Some(content(ctx, &version)),
        layer_arn: Some(place.arn().to_string()),
        layer_version_arn: Some(place.arn_of(number).to_string()),
        description: Some(version.description.clone()),
        created_date: Some(created_date(&version)),
        version: Some(number.cast_signed()),
        compatible_architectures: parsed(&version.architectures, Architecture::parse),
        compatible_runtimes: parsed(&version.runtimes, Runtime::parse),
        license_info: version.license,
    })
}

/// ListLayerVersions: the newest first.
pub async fn versions(
    ctx: &Ctx,
    lambda: &Lambda,
    input: ListLayerVersionsRequest,
) -> Result<ListLayerVersionsResponse, LambdaError> {
    let place = Place::parse(ctx, &input.layer_name)?;
    let wanted = Wanted { runtime: input.compatible_runtime, architecture: input.compatible_architecture };
    let size = page::size(input.max_items);
    let scope = format!("ListLayerVersions {} {wanted:?}", place.arn());
    let (account, region, name) = place.key();
    let mut span = Span::under((account, region, name));
    if let Some(last) = page::cursor(ctx, &scope, input.marker.as_deref())?.and_then(|text| text.parse::<u64>().ok()) {
        span = span.before(&(account, region, name, last));
    }
    let found = lambda.store.read(|tx| {
        let all =
            tx.scan_back(LAYER_VERSIONS, span).map(|entry| entry.map(|((_, _, _, number), record)| (number, record)));
        let fit = all.filter(|entry| entry.as_ref().map_or(true, |(_, version)| wanted.fits(version)));
        fit.take(size + 1).collect::<Result<Vec<_>, _>>()
    })?;
    let (found, next) = cut(found, size, |(number, _)| number.to_string());
    Ok(ListLayerVersionsResponse {
        layer_versions: Some(found.iter().map(|(number, version)| item(&place, *number, version)).collect()),
        next_marker: next.map(|cursor| ctx.page_token(&scope, &cursor)),
    })
}

/// ListLayers: each with its newest version that fits.
pub async fn list(ctx: &Ctx, lambda: &Lambda, input: ListLayersRequest) -> Result<ListLayersResponse, LambdaError> {
    let wanted = Wanted { runtime: input.compatible_runtime, architecture: input.compatible_architecture };
    let size = page::size(input.max_items);
    let scope = format!("ListLayers {wanted:?}");
    let (account, region) = (ctx.account.as_str(), ctx.region.as_str());
    let mut span = Span::under((account, region));
    if let Some(last) = page::cursor(ctx, &scope, input.marker.as_deref())? {
        span = span.after(&(account, region, last.as_str()));
    }
    let found = lambda.store.read(|tx| {
        let mut found = Vec::new();
        for key in tx.scan_keys(LAYERS, span) {
            let (account, region, name) = key?;
            let all = Span::under((account.as_str(), region.as_str(), name.as_str()));
            let mut versions = tx.scan_back(LAYER_VERSIONS, all);
            let newest = versions.find(|entry| entry.as_ref().map_or(true, |(_, version)| wanted.fits(version)));
            if let Some(newest) = newest {
                let ((_, _, _, number), version) = newest?;
                let place = Place { account: account.clone(), region: region.clone(), name: name.clone() };
                found.push((place, number, version));
            }
            if found.len() > size {
                break;
            }
        }
        Ok::<_, LambdaError>(found)
    })?;
    let (found, next) = cut(found, size, |(place, _, _)| place.name.clone());
    let layers = found.iter().map(|(place, number, version)| LayersListItem {
        layer_name: Some(place.name.clone()),
        layer_arn: Some(place.arn().to_string()),
        latest_matching_version: Some(item(place, *number, version)),
    });
    Ok(ListLayersResponse {
        layers: Some(layers.collect()),
        next_marker: next.map(|cursor| ctx.page_token(&scope, &cursor)),
    })
}

/// What a list is narrowed to.
#[derive(Debug)]
struct Wanted {
    runtime: Option<Runtime>,
    architecture: Option<Architecture>,
}

impl Wanted {
    fn fits(&self, version: &LayerVersion) -> bool {
        let named =
            |all: &[String], wanted: Option<&str>| wanted.is_none_or(|wanted| all.iter().any(|one| one == wanted));
        named(&version.runtimes, self.runtime.map(Runtime::as_str))
            && named(&version.architectures, self.architecture.map(Architecture::as_str))
    }
}

fn item(place: &Place, number: u64, version: &LayerVersion) -> LayerVersionsListItem {
    LayerVersionsListItem {
        layer_version_arn: Some(place.arn_of(number).to_string()),
        version: Some(number.cast_signed()),
        description: Some(version.description.clone()),
        created_date: Some(created_date(version)),
        compatible_architectures: parsed(&version.architectures, Architecture::parse),
        compatible_runtimes: parsed(&version.runtimes, Runtime::parse),
        license_info: version.license.clone(),
    }
}

/// Where the zip file is, and which it is.
pub fn content(ctx: &Ctx, version: &LayerVersion) -> LayerVersionContentOutput {
    LayerVersionContentOutput {
        location: Some(download::location(ctx, &version.code)),
        code_sha256: Some(version.code.sha256.clone()),
        code_size: Some(version.code.size_bytes.cast_signed()),
        ..Default::default()
    }
}

/// As AWS writes it.
pub fn created_date(version: &LayerVersion) -> String {
    version.created.format("%Y-%m-%dT%H:%M:%S.%3f+0000")
}

/// Stored names in the model's form; nothing where there are none.
pub fn parsed<T>(names: &[String], parse: fn(&str) -> Option<T>) -> Option<Vec<T>> {
    (!names.is_empty()).then(|| names.iter().filter_map(|name| parse(name)).collect())
}
