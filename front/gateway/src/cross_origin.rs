//! Browsers' pages of other origins: their preflights are answered, and answers to them carry what lets the page read
//! them. Whose page may do what is the word of the service that was asked (S3's bucket has rules).
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html>

use haar_platform::kernel::schema::Protocol;
use haar_platform::kernel::{Body, CrossOrigin, Fault, Value};
use haar_wire::{Dialect, Recogniser};
use http::header::{
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, HeaderName, HeaderValue, ORIGIN, VARY,
};
use http::request::Parts;
use http::{Method, Response};

use crate::identify;
use crate::pipeline::Refused;
use crate::record::Draft;
use crate::switchboard::Switchboard;

/// What the answer depends on, so that caches keep answers apart.
const VARIES: HeaderValue =
    HeaderValue::from_static("Origin, Access-Control-Request-Headers, Access-Control-Request-Method");

/// Whether a request announces another one.
pub fn is_preflight(parts: &Parts) -> bool {
    parts.method == Method::OPTIONS
}

/// Answers a preflight.
pub fn preflight(
    recogniser: &Recogniser,
    switchboard: &Switchboard,
    parts: &Parts,
    draft: &mut Draft,
) -> Result<Response<Body>, Box<Refused>> {
    let bucket = recogniser.bucket(parts, None);
    let dialect =
        Dialect { protocol: Protocol::RestXml, model: bucket.as_ref().map(|(model, _)| *model), query_mode: false };
    let Some((model, resource)) = bucket else {
        let fault = forbidden("", "CORSResponse: CORS is not enabled for this bucket.");
        return Err(Box::new(Refused { dialect, fault }));
    };
    draft.announces(model);
    let refused = |fault| Box::new(Refused { dialect, fault });
    let origin = text(parts, &ORIGIN)
        .ok_or_else(|| refused(bad_request("Insufficient information. Origin request header needed.")))?;
    let method = text(parts, &ACCESS_CONTROL_REQUEST_METHOD).unwrap_or("null");
    if !["GET", "PUT", "POST", "DELETE", "HEAD"].contains(&method) {
        return Err(refused(bad_request(&format!("Invalid Access-Control-Request-Method: {method}"))));
    }
    let headers = text(parts, &ACCESS_CONTROL_REQUEST_HEADERS).unwrap_or_default().split(',');
    let headers = headers.map(|name| name.trim().to_ascii_lowercase()).filter(|name| !name.is_empty()).collect();
    let asked = CrossOrigin { resource: &resource, origin, method, headers, preflight: true };
    let granted = switchboard
        .cross_origin(model, &asked)
        .unwrap_or_else(|| Err(forbidden(method, "CORSResponse: CORS is not enabled for this bucket.")));
    let granted = granted.map_err(refused)?;
    let mut response = haar_wire::empty_answer(&dialect, &draft.line.request_id);
    grant(response.headers_mut(), granted);
    Ok(response)
}

/// Lets the page have the answer to its real request, if its bucket says so.
pub fn share(
    recogniser: &Recogniser,
    switchboard: &Switchboard,
    parts: &Parts,
    draft: &Draft,
    headers: &mut HeaderMap,
) {
    let Some(origin) = text(parts, &ORIGIN).filter(|_| !is_preflight(parts)) else { return };
    let claim = identify::claim(parts).ok().flatten();
    let scope = claim.as_ref().map(|claim| claim.scope.service.as_str());
    let Some((model, resource)) = recogniser.bucket(parts, scope) else { return };
    if draft.line.service != model.service {
        return;
    }
    let method = parts.method.as_str();
    let asked = CrossOrigin { resource: &resource, origin, method, headers: Vec::new(), preflight: false };
    if let Some(Ok(granted)) = switchboard.cross_origin(model, &asked)
        && !granted.is_empty()
    {
        grant(headers, granted);
    }
}

fn grant(headers: &mut HeaderMap, granted: Vec<(&'static str, String)>) {
    for (name, value) in granted {
        // What is no header was no header in the bucket's rules either.
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(&value)) {
            headers.insert(name, value);
        }
    }
    headers.insert(VARY, VARIES);
}

fn text<'a>(parts: &'a Parts, name: &HeaderName) -> Option<&'a str> {
    parts.headers.get(name).and_then(|value| value.to_str().ok())
}

fn bad_request(message: &str) -> Fault {
    Fault::common("BadRequest", 400, message)
}

fn forbidden(method: &str, message: &str) -> Fault {
    let field = |text: &str| Value::String(text.to_owned());
    Fault::common("AccessForbidden", 403, message).with("Method", field(method)).with("ResourceType", field("BUCKET"))
}
