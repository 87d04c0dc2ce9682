//! A request for a function's URL: who may, and what comes of it.

use std::sync::Arc;

use haar_platform::aws::lambda::{InvocationRequest, Invoke};
use haar_platform::kernel::serde_json::json;
use haar_platform::kernel::web::host;
use haar_platform::kernel::{AccountId, Body, Bytes, Caller, Ctx, Fault, Measure, Region, WebRequest};
use haar_platform::store::{Read, Span};
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode, header};

use super::{answer, cors, event, parts};
use crate::lambda::Lambda;
use crate::lambda::error::LambdaError;
use crate::lambda::invoke::URL_KEY;
use crate::lambda::model::{BY_URL_ID, Url};
use crate::lambda::name::Reference;
use crate::lambda::run::observed::NAMESPACE;

/// Whether a request is for a function's URL.
pub fn serves(head: &Parts) -> bool {
    parts(&host(head)).is_some()
}

/// Answers a request.
pub async fn answer(ctx: &Ctx, lambda: &Lambda, request: WebRequest) -> Result<Response<Body>, Fault> {
    let host = request.host();
    let Some((reference, url)) = find(lambda, &host)? else { return Ok(forbidden()) };
    let mut answer = if url.cors.is_some() && cors::is_preflight(&request.head) {
        Response::new(Body::empty())
    } else {
        call(ctx, &reference, &url, &host, &request).await?
    };
    if let Some(cors) = &url.cors {
        cors::apply(cors, &request.head, answer.headers_mut());
    }
    let id = HeaderValue::from_str(&ctx.request_id).map_err(Fault::internal)?;
    answer.headers_mut().insert("x-amzn-requestid", id);
    Ok(answer)
}

fn find(lambda: &Lambda, host: &str) -> Result<Option<(Reference, Url)>, LambdaError> {
    let Some((id, region)) = parts(host) else { return Ok(None) };
    let id = id.to_owned();
    let found = lambda.store.read(|tx| tx.scan_index(BY_URL_ID, Span::only(&id)).next().transpose())?;
    Ok(found.filter(|(_, key, _)| key.1 == region).map(|(_, (account, region, name, qualifier), url)| {
        let qualifier = (!qualifier.is_empty()).then_some(qualifier);
        (Reference { account, region, name, qualifier }, url)
    }))
}

/// Invokes the function as whoever calls; without signatures that is anybody, whom the function's policy must allow.
async fn call(
    ctx: &Ctx,
    reference: &Reference,
    url: &Url,
    host: &str,
    request: &WebRequest,
) -> Result<Response<Body>, Fault> {
    let account = AccountId::parse(&reference.account).ok_or_else(|| reference.not_found())?;
    let region = Region::parse(&reference.region).ok_or_else(|| reference.not_found())?;
    let signed = request.caller.clone().filter(|_| url.signed);
    if url.signed && signed.is_none() {
        return Ok(forbidden());
    }
    let caller = signed.as_deref().cloned().unwrap_or_else(|| Caller::anonymous(&account));
    let auth = if url.signed { "AWS_IAM" } else { "NONE" };
    let caller = Arc::new(caller.with_key(URL_KEY, auth).with_key("lambda:InvokedViaFunctionUrl", "true"));
    let own = ctx.elsewhere(caller.clone(), region);
    let event = event::event(ctx, &request.head, &request.body, host, signed.as_deref());
    let input = InvocationRequest {
        function_name: reference.qualified_arn().to_string(),
        payload: Some(Bytes::from(event.to_string())),
        ..Default::default()
    };
    let stopwatch = ctx.house.clock.stopwatch();
    let invoked = own.call_as::<Invoke>(caller, input).await;
    let answer = match invoked {
        Ok(invoked) if invoked.function_error.is_none() => answer::answer(&invoked.payload.unwrap_or_default())
            .unwrap_or_else(|| failure(StatusCode::BAD_GATEWAY, "Internal Server Error")),
        Ok(_) => failure(StatusCode::BAD_GATEWAY, "Internal Server Error"),
        Err(fault) => refused(&fault),
    };
    for (name, value, unit) in [
        ("UrlRequestCount", 1.0, "Count"),
        ("UrlRequestLatency", stopwatch.elapsed().as_secs_f64() * 1000.0, "Milliseconds"),
        ("Url4xxCount", f64::from(u8::from(answer.status().is_client_error())), "Count"),
        ("Url5xxCount", f64::from(u8::from(answer.status().is_server_error())), "Count"),
    ] {
        ctx.measure(Measure::new(NAMESPACE, name, value, unit).of("FunctionName", &reference.name));
    }
    Ok(answer)
}

fn refused(fault: &Fault) -> Response<Body> {
    match fault.status {
        401 | 403 => forbidden(),
        413 => failure(StatusCode::PAYLOAD_TOO_LARGE, &fault.message),
        429 => failure(StatusCode::TOO_MANY_REQUESTS, &fault.message),
        404 => failure(StatusCode::NOT_FOUND, "Not Found"),
        _ => failure(StatusCode::BAD_GATEWAY, "Internal Server Error"),
    }
}

fn forbidden() -> Response<Body> {
    let mut answer = failure(
        StatusCode::FORBIDDEN,
        "Forbidden. For troubleshooting Function URL authorization issues, see: \
         https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html",
    );
    answer.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static("AccessDeniedException"));
    answer
}

fn failure(status: StatusCode, message: &str) -> Response<Body> {
    let mut answer = Response::new(Body::full(json!({"Message": message}).to_string()));
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}
