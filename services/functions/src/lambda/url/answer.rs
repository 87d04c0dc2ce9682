//! What a function returns, as a web response.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads>

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use haar_platform::kernel::serde_json::{self, Value};
use haar_platform::kernel::{Body, Bytes};
use http::{HeaderName, HeaderValue, Response, StatusCode, header};

/// A response from what the function returned: an object with a `statusCode` says all, anything else is a body.
/// `None` when it cannot be understood.
pub fn answer(payload: &Bytes) -> Option<Response<Body>> {
    match serde_json::from_slice(payload).ok()? {
        Value::Object(fields) if fields.contains_key("statusCode") => of_fields(&fields),
        _ => {
            let mut answer = Response::new(Body::full(payload.clone()));
            answer.headers_mut().insert(header::CONTENT_TYPE, JSON);
            Some(answer)
        }
    }
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");

fn of_fields(fields: &serde_json::Map<String, Value>) -> Option<Response<Body>> {
    let status = match fields.get("statusCode")? {
        Value::Number(number) => u16::try_from(number.as_u64()?).ok()?,
        Value::String(text) => text.parse().ok()?,
        _ => return None,
    };
    let is_base64 = fields.get("isBase64Encoded").and_then(Value::as_bool).unwrap_or_default();
    let body = match fields.get("body") {
        None | Some(Value::Null) => Bytes::new(),
        Some(Value::String(text)) if is_base64 => STANDARD.decode(text).ok()?.into(),
        Some(Value::String(text)) => text.clone().into(),
        Some(other) => other.to_string().into(),
    };
    let mut answer = Response::new(Body::full(body));
    *answer.status_mut() = StatusCode::from_u16(status).ok()?;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, JSON);
    for (name, value) in fields.get("headers").and_then(Value::as_object).into_iter().flatten() {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        headers.insert(HeaderName::try_from(name.as_str()).ok()?, HeaderValue::try_from(value).ok()?);
    }
    for cookie in fields.get("cookies").and_then(Value::as_array).into_iter().flatten() {
        headers.append(header::SET_COOKIE, HeaderValue::try_from(cookie.as_str()?).ok()?);
    }
    // The front door frames the body itself.
    headers.remove(header::CONTENT_LENGTH);
    headers.remove(header::TRANSFER_ENCODING);
    Some(answer)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    async fn body(answer: Response<Body>) -> Bytes {
        let mut body = answer.into_body();
        body.next().await.map(Result::unwrap).unwrap_or_default()
    }

    #[tokio::test]
    async fn without_a_status_everything_is_the_body() {
        let answer = answer(&Bytes::from_static(br#"{"message":"hi"}"#)).unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "application/json");
        assert_eq!(body(answer).await, Bytes::from_static(br#"{"message":"hi"}"#));
    }

    #[tokio::test]
    async fn an_object_with_a_status_says_all() {
        let payload = r#"{"statusCode":201,"headers":{"Content-Type":"text/plain","X-A":"b"},"cookies":["a=1","b=2"],"body":"aGk=","isBase64Encoded":true}"#;
        let answer = answer(&payload.into()).unwrap();
        assert_eq!(answer.status(), 201);
        assert_eq!(answer.headers()["content-type"], "text/plain");
        assert_eq!(answer.headers().get_all("set-cookie").iter().count(), 2);
        assert_eq!(body(answer).await, Bytes::from_static(b"hi"));
    }

    #[test]
    fn what_cannot_be_understood_is_no_answer() {
        assert!(answer(&Bytes::from_static(b"{")).is_none());
        assert!(answer(&Bytes::from_static(br#"{"statusCode":1000}"#)).is_none());
        assert!(answer(&Bytes::from_static(br#"{"statusCode":200,"body":"?","isBase64Encoded":true}"#)).is_none());
    }
}
