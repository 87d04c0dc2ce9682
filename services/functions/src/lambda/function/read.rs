//! GetFunction, GetFunctionConfiguration and ListFunctions.

use haar_platform::aws::lambda::{
    Concurrency, FunctionCodeLocation, FunctionConfiguration, FunctionVersion, GetFunctionConfigurationRequest,
    GetFunctionRequest, GetFunctionResponse, ListFunctionsRequest, ListFunctionsResponse,
};
use haar_platform::kernel::paging::cut;
use haar_platform::kernel::{Ctx, Fault};
use haar_platform::store::{Read, Span};

use crate::lambda::error::LambdaError;
use crate::lambda::lookup::{described, function_in};
use crate::lambda::model::{FUNCTIONS, VERSIONS, Version};
use crate::lambda::name::Reference;
use crate::lambda::{Lambda, configuration, download, page};

/// GetFunction.
pub async fn get(ctx: &Ctx, lambda: &Lambda, input: GetFunctionRequest) -> Result<GetFunctionResponse, LambdaError> {
    let reference = Reference::parse(ctx, &input.function_name, input.qualifier.as_deref())?;
    let (found, function) =
        lambda.store.read(|tx| Ok::<_, LambdaError>((described(tx, &reference)?, function_in(tx, &reference)?)))?;
    let reserved = function.reserved_concurrency;
    Ok(GetFunctionResponse {
        configuration: Some(configuration::show(lambda, &reference, &found.version)?),
        code: Some(FunctionCodeLocation {
            repository_type: Some("S3".into()),
            location: Some(download::location(ctx, &found.version.code)),
            ..Default::default()
        }),
        tags: (!function.tags.is_empty()).then_some(function.tags),
        concurrency: reserved
            .map(|reserved| Concurrency { reserved_concurrent_executions: Some(reserved.cast_signed()) }),
        ..Default::default()
    })
}

/// GetFunctionConfiguration.
pub async fn get_configuration(
    ctx: &Ctx,
    lambda: &Lambda,
    input: GetFunctionConfigurationRequest,
) -> Result<FunctionConfiguration, LambdaError> {
    let reference = Reference::parse(ctx, &input.function_name, input.qualifier.as_deref())?;
    let found = lambda.store.read(|tx| described(tx, &reference))?;
    configuration::show(lambda, &reference, &found.version)
}

/// ListFunctions: with `FunctionVersion=ALL` every version is a line of its own.
pub async fn list(ctx: &Ctx, lambda: &Lambda, input: ListFunctionsRequest) -> Result<ListFunctionsResponse, Fault> {
    if input.master_region.is_some() {
        return Err(Fault::not_served("lambda functions of other regions (MasterRegion)"));
    }
    let all = input.function_version == Some(FunctionVersion::All);
    let size = page::size(input.max_items);
    let scope = if all { "ListFunctions ALL" } else { "ListFunctions" };
    let start = page::cursor(ctx, scope, input.marker.as_deref())?;
    let found = lambda.store.read(|tx| lines(tx, ctx, all, start.as_deref(), size)).map_err(LambdaError::from)?;
    let (found, next) = cut(found, size, |(name, version)| format!("{name}:{}", version.number));
    let functions = found.iter().map(|(name, version)| {
        let reference = Reference { qualifier: all.then(|| version.label()), ..place(ctx, name) };
        configuration::show(lambda, &reference, version)
    });
    Ok(ListFunctionsResponse {
        functions: Some(functions.collect::<Result<_, _>>()?),
        next_marker: next.map(|cursor| ctx.page_token(scope, &cursor)),
    })
}

fn place(ctx: &Ctx, name: &str) -> Reference {
    Reference {
        account: ctx.account.to_string(),
        region: ctx.region.to_string(),
        name: name.to_owned(),
        qualifier: None,
    }
}

/// What comes behind a cursor (`name:number`), and one line more than a page holds.
fn lines(
    tx: &impl Read,
    ctx: &Ctx,
    all: bool,
    start: Option<&str>,
    size: usize,
) -> Result<Vec<(String, Version)>, haar_platform::store::StoreError> {
    let here = (ctx.account.as_str(), ctx.region.as_str());
    let (last_name, last_number) = start
        .and_then(|cursor| cursor.split_once(':'))
        .map_or((None, None), |(name, number)| (Some(name), number.parse::<u64>().ok()));
    let mut span = Span::under(here);
    if let Some(name) = last_name {
        let key = (here.0, here.1, name);
        span = if all { span.from(&key) } else { span.after(&key) };
    }
    let mut found = Vec::new();
    for entry in tx.scan(FUNCTIONS, span) {
        let ((_, _, name), function) = entry?;
        let resumed = if last_name == Some(name.as_str()) { last_number } else { None };
        if resumed.is_none() {
            found.push((name.clone(), function.latest));
        }
        if all {
            let numbers = Span::between((here.0, here.1, name.as_str()), resumed.unwrap_or(0) + 1..);
            for version in tx.scan(VERSIONS, numbers).take(size + 1) {
                found.push((name.clone(), version?.1));
            }
        }
        if found.len() > size {
            break;
        }
    }
    Ok(found)
}
