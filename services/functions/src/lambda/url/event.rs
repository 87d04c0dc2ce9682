//! A web request as a function gets it: payload format 2.0.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads>

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use haar_platform::kernel::serde_json::{Map, Value, json};
use haar_platform::kernel::{Caller, Ctx};
use http::header;
use http::request::Parts;
use percent_encoding::percent_decode_str;

/// Content types whose bodies are handed on as text; all others are in base64.
const TEXT: [&str; 4] = ["text/", "application/json", "application/xml", "application/javascript"];

/// The event.
pub fn event(ctx: &Ctx, head: &Parts, body: &[u8], host: &str, caller: Option<&Caller>) -> Value {
    let path = head.uri.path();
    let query = head.uri.query().unwrap_or_default();
    let source_ip = ctx.origin.source_ip.map_or_else(|| "127.0.0.1".to_owned(), |ip| ip.to_string());
    let (headers, cookies) = headers(head, &source_ip);
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
    });
    if !cookies.is_empty() {
        event["cookies"] = json!(cookies);
    }
    event["headers"] = Value::Object(headers);
    if !query.is_empty() {
        event["queryStringParameters"] = Value::Object(parameters(query));
    }
    let id = host.split('.').next().unwrap_or_default();
    let mut context = json!({
        "accountId": caller.map_or("anonymous", |caller| caller.account.as_str()),
        "apiId": id,
        "domainName": host,
        "domainPrefix": id,
        "http": {
            "method": head.method.as_str(),
            "path": path,
            "protocol": format!("{:?}", head.version),
            "sourceIp": source_ip,
            "userAgent": text(head, header::USER_AGENT),
        },
        "requestId": ctx.request_id,
        "routeKey": "$default",
        "stage": "$default",
        "time": ctx.now().format("%d/%b/%Y:%H:%M:%S +0000"),
        "timeEpoch": ctx.now().millis(),
    });
    if let Some(caller) = caller {
        context["authorizer"] = json!({"iam": {
            "accessKey": caller.access_key_id,
            "accountId": caller.account.as_str(),
            "callerId": caller.user_id,
            "cognitoIdentity": null,
            "principalOrgId": null,
            "userArn": caller.arn,
            "userId": caller.user_id,
        }});
    }
    event["requestContext"] = context;
    let is_text = body_is_text(&text(head, header::CONTENT_TYPE));
    let plain = std::str::from_utf8(body).ok().filter(|_| is_text);
    if !body.is_empty() {
        event["body"] = json!(plain.map_or_else(|| STANDARD.encode(body), str::to_owned));
    }
    event["isBase64Encoded"] = json!(!body.is_empty() && plain.is_none());
    event
}

fn text(head: &Parts, name: http::HeaderName) -> String {
    head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

fn body_is_text(content_type: &str) -> bool {
    let lower = content_type.to_ascii_lowercase();
    TEXT.iter().any(|kind| lower.starts_with(kind))
}

/// Headers by their names in lower case, repeated ones joined by commas; cookies apart.
fn headers(head: &Parts, source_ip: &str) -> (Map<String, Value>, Vec<String>) {
    let (mut headers, mut cookies) = (Map::new(), Vec::new());
    for name in head.headers.keys() {
        let values: Vec<_> = head.headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
        if name == header::COOKIE {
            let all = values.iter().flat_map(|value| value.split(';'));
            cookies.extend(all.map(|cookie| cookie.trim().to_owned()).filter(|cookie| !cookie.is_empty()));
        } else {
            headers.insert(name.as_str().to_owned(), json!(values.join(",")));
        }
    }
    headers.insert("x-forwarded-for".into(), json!(source_ip));
    headers.insert("x-forwarded-proto".into(), json!("http"));
    (headers, cookies)
}

/// Decoded parameters of a query, repeated ones joined by commas.
fn parameters(query: &str) -> Map<String, Value> {
    let decoded = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let mut found = Map::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decoded(name), decoded(value));
        let joined = match found.get(&name).and_then(Value::as_str) {
            Some(before) => format!("{before},{value}"),
            None => value,
        };
        found.insert(name, json!(joined));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded_and_joined() {
        let found = Value::Object(parameters("a=1&b=x%20y+z&a=2&c"));
        assert_eq!(found, json!({"a": "1,2", "b": "x y z", "c": ""}));
    }

    #[test]
    fn only_known_types_are_text() {
        assert!(body_is_text("Application/JSON; charset=utf-8"));
        assert!(!body_is_text("application/x-www-form-urlencoded"));
        assert!(!body_is_text(""));
    }
}
