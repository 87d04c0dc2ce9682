//! CreateFunctionUrlConfig and its like.

use haar_platform::aws::lambda::{
    Cors as AwsCors, CreateFunctionUrlConfigRequest, CreateFunctionUrlConfigResponse, DeleteFunctionUrlConfigRequest,
    FunctionUrlAuthType, FunctionUrlConfig, GetFunctionUrlConfigRequest, GetFunctionUrlConfigResponse, InvokeMode,
    ListFunctionUrlConfigsRequest, ListFunctionUrlConfigsResponse, UpdateFunctionUrlConfigRequest,
    UpdateFunctionUrlConfigResponse,
};
use haar_platform::kernel::access::Access;
use haar_platform::kernel::paging::cut;
use haar_platform::kernel::{Ctx, Fault, ids};
use haar_platform::store::{Read, Span};

use super::LABEL;
use crate::lambda::error::LambdaError;
use crate::lambda::lookup::{described, function_in};
use crate::lambda::model::{Cors, URLS, Url};
use crate::lambda::name::Reference;
use crate::lambda::{Lambda, access, page, port_suffix};

/// Characters of a URL's id.
const ID_CHARS: usize = 32;

/// The function, and how its URL asks who calls.
pub fn access(
    ctx: &Ctx,
    lambda: &Lambda,
    name: &str,
    qualifier: Option<&str>,
    auth: Option<FunctionUrlAuthType>,
) -> Result<Access, Fault> {
    let access = access::function(ctx, lambda, name, qualifier)?;
    Ok(match auth {
        Some(auth) => access.with_key("lambda:FunctionUrlAuthType", auth.as_str()),
        None => access,
    })
}

/// CreateFunctionUrlConfig.
pub async fn create(
    ctx: &Ctx,
    lambda: &Lambda,
    input: CreateFunctionUrlConfigRequest,
) -> Result<CreateFunctionUrlConfigResponse, Fault> {
    refuse_streams(input.invoke_mode)?;
    let reference = Reference::parse(ctx, &input.function_name, input.qualifier.as_deref())?;
    let url = Url {
        id: ids::from_alphabet(ID_CHARS, b"abcdefghijklmnopqrstuvwxyz234567"),
        signed: input.auth_type == FunctionUrlAuthType::AwsIam,
        cors: input.cors.map(cors),
        created: ctx.now(),
        modified: ctx.now(),
    };
    let (place, stored) = (reference.clone(), url.clone());
    lambda
        .store
        .write(move |tx| {
            described(tx, &place)?;
            if tx.contains(URLS, &place.qualified_key())? {
                return Err(LambdaError::ResourceConflict(format!(
                    "Failed to create function url config for [functionArn = {}]. Error message:  FunctionUrlConfig \
                     exists for this Lambda function",
                    place.qualified_arn()
                )));
            }
            tx.put(URLS, &place.qualified_key(), &stored)?;
            Ok(())
        })
        .await?;
    let shown = show(ctx, &reference, &url);
    Ok(CreateFunctionUrlConfigResponse {
        function_url: shown.function_url,
        function_arn: shown.function_arn,
        auth_type: shown.auth_type,
        cors: shown.cors,
        creation_time: shown.creation_time,
        invoke_mode: shown.invoke_mode,
    })
}

fn refuse_streams(mode: Option<InvokeMode>) -> Result<(), Fault> {
    match mode {
        Some(InvokeMode::ResponseStream) => {
            Err(Fault::not_served("lambda response streaming (InvokeMode RESPONSE_STREAM)"))
        }
        _ => Ok(()),
    }
}

/// GetFunctionUrlConfig.
pub async fn get(
    ctx: &Ctx,
    lambda: &Lambda,
    input: GetFunctionUrlConfigRequest,
) -> Result<GetFunctionUrlConfigResponse, LambdaError> {
    let reference = Reference::parse(ctx, &input.function_name, input.qualifier.as_deref())?;
    let url = lambda.store.read(|tx| existing(tx, &reference))?;
    let shown = show(ctx, &reference, &url);
    Ok(GetFunctionUrlConfigResponse {
        function_url: shown.function_url,
        function_arn: shown.function_arn,
        auth_type: shown.auth_type,
        cors: shown.cors,
        creation_time: shown.creation_time,
        last_modified_time: shown.last_modified_time,
        invoke_mode: shown.invoke_mode,
    })
}

/// UpdateFunctionUrlConfig.
pub async fn update(
    ctx: &Ctx,
    lambda: &Lambda,
    input: UpdateFunctionUrlConfigRequest,
) -> Result<UpdateFunctionUrlConfigResponse, Fault> {
    refuse_streams(input.invoke_mode)?;
    let reference = Reference::parse(ctx, &input.function_name, input.qualifier.as_deref())?;
    let (place, now) = (reference.clone(), ctx.now());
    let url = lambda
        .store
        .write(move |tx| {
            let mut url = existing(tx, &place)?;
            url.signed = input.auth_type.map_or(url.signed, |auth| auth == FunctionUrlAuthType::AwsIam);
            url.cors = input.cors.map(cors).or(url.cors);
            url.modified = now;
            tx.put(URLS, &place.qualified_key(), &url)?;
            Ok::<_, LambdaError>(url)
        })
        .await?;
    let shown = show(ctx, &reference, &url);
    Ok(UpdateFunctionUrlConfigResponse {
        function_url: shown.function_url,
        function_arn: shown.function_arn,
        auth_type: shown.auth_type,
        cors: shown.cors,
        creation_time: shown.creation_time,
        last_modified_time: shown.last_modified_time,
        invoke_mode: shown.invoke_mode,
    })
}

/// DeleteFunctionUrlConfig.
pub async fn delete(ctx: &Ctx, lambda: &Lambda, input: DeleteFunctionUrlConfigRequest) -> Result<(), LambdaError> {
    let reference = Reference::parse(ctx, &input.function_name, input.qualifier.as_deref())?;
    lambda
        .store
        .write(move |tx| {
            existing(tx, &reference)?;
            tx.delete(URLS, &reference.qualified_key())?;
            Ok(())
        })
        .await
}

/// ListFunctionUrlConfigs.
pub async fn list(
    ctx: &Ctx,
    lambda: &Lambda,
    input: ListFunctionUrlConfigsRequest,
) -> Result<ListFunctionUrlConfigsResponse, LambdaError> {
    let reference = Reference::unqualified(ctx, &input.function_name)?;
    let size = page::size(input.max_items);
    let scope = format!("ListFunctionUrlConfigs {}", reference.arn());
    let (account, region, name) = reference.key();
    let mut span = Span::under((account, region, name));
    if let Some(last) = page::cursor(ctx, &scope, input.marker.as_deref())? {
        span = span.after(&(account, region, name, last.as_str()));
    }
    let found = lambda.store.read(|tx| {
        function_in(tx, &reference)?;
        let all = tx.scan(URLS, span).map(|entry| entry.map(|((_, _, _, qualifier), url)| (qualifier, url)));
        Ok::<_, LambdaError>(all.take(size + 1).collect::<Result<Vec<_>, _>>()?)
    })?;
    let (found, next) = cut(found, size, |(qualifier, _)| qualifier.clone());
    let configs = found.into_iter().map(|(qualifier, url)| {
        let qualifier = (!qualifier.is_empty()).then_some(qualifier);
        show(ctx, &Reference { qualifier, ..reference.clone() }, &url)
    });
    Ok(ListFunctionUrlConfigsResponse {
        function_url_configs: configs.collect(),
        next_marker: next.map(|cursor| ctx.page_token(&scope, &cursor)),
    })
}

fn existing(tx: &impl Read, reference: &Reference) -> Result<Url, LambdaError> {
    function_in(tx, reference)?;
    tx.get(URLS, &reference.qualified_key())?.ok_or_else(LambdaError::no_such_resource)
}

fn show(ctx: &Ctx, reference: &Reference, url: &Url) -> FunctionUrlConfig {
    let port = port_suffix(ctx);
    FunctionUrlConfig {
        function_url: format!("http://{}.{LABEL}.{}.localhost{port}/", url.id, reference.region),
        function_arn: reference.qualified_arn().to_string(),
        creation_time: url.created.format("%Y-%m-%dT%H:%M:%S.%3fZ"),
        last_modified_time: url.modified.format("%Y-%m-%dT%H:%M:%S.%3fZ"),
        cors: url.cors.clone().map(|cors| AwsCors {
            allow_credentials: cors.credentials,
            allow_headers: cors.headers,
            allow_methods: cors.methods,
            allow_origins: cors.origins,
            expose_headers: cors.exposed,
            max_age: cors.age_seconds_max,
        }),
        auth_type: if url.signed { FunctionUrlAuthType::AwsIam } else { FunctionUrlAuthType::None },
        invoke_mode: Some(InvokeMode::Buffered),
    }
}

fn cors(asked: AwsCors) -> Cors {
    Cors {
        credentials: asked.allow_credentials,
        headers: asked.allow_headers,
        methods: asked.allow_methods,
        origins: asked.allow_origins,
        exposed: asked.expose_headers,
        age_seconds_max: asked.max_age,
    }
}
