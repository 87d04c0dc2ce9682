//! Signed requests, made before they are sent: the client's signing must not count as the server's time.

use std::time::SystemTime;

use bytes::Bytes;
use haar_wire::sigv4::{AmzDate, SignedPayload, Signer, SigningKey};
use http::Request;
use serde_json::Value;

/// Whose requests they are.
#[derive(Clone, Debug)]
pub struct Keys {
    pub id: String,
    pub secret: String,
}

impl Keys {
    /// The root user's.
    pub fn root() -> Self {
        Self { id: "test".into(), secret: "test".into() }
    }
}

/// A call of a JSON service, as it goes over the wire: `target` is `AmazonSSM.GetParameter`.
pub fn json(address: &str, keys: &Keys, service: &str, version: &str, target: &str, input: &Value) -> Bytes {
    let request = Request::post(format!("http://{address}/"))
        .header("content-type", format!("application/x-amz-json-{version}"))
        .header("x-amz-target", target);
    signed(request, keys, service, input.to_string())
}

/// A call of a query service.
pub fn query(address: &str, keys: &Keys, service: &str, form: &str) -> Bytes {
    let request =
        Request::post(format!("http://{address}/")).header("content-type", "application/x-www-form-urlencoded");
    signed(request, keys, service, form.to_owned())
}

/// A call of a REST service with a JSON body.
pub fn rest(address: &str, service: &str, method: &str, path: &str, input: &Value) -> Bytes {
    let request = Request::builder().method(method).uri(format!("http://{address}{path}"));
    let request = request.header("content-type", "application/json");
    signed(request, &Keys::root(), service, input.to_string())
}

/// A GET, or another call without a body, of S3: `path` is `/bucket/key?list-type=2`.
pub fn s3(address: &str, method: &str, path: &str) -> Bytes {
    signed(Request::builder().method(method).uri(format!("http://{address}{path}")), &Keys::root(), "s3", String::new())
}

/// The head of a PUT of so many bytes, whose payload is not signed: the SDKs' way over TLS.
pub fn s3_put_head(address: &str, path: &str, bytes: u64) -> Bytes {
    let request = Request::put(format!("http://{address}{path}"));
    head(request, &Keys::root(), "s3", SignedPayload::Unsigned, bytes).into()
}

fn signed(request: http::request::Builder, keys: &Keys, service: &str, body: String) -> Bytes {
    let mut wire = head(request, keys, service, SignedPayload::Bytes(body.as_bytes()), body.len() as u64);
    wire.push_str(&body);
    wire.into()
}

fn head(
    request: http::request::Builder,
    keys: &Keys,
    service: &str,
    payload: SignedPayload<'_>,
    length: u64,
) -> String {
    let (mut parts, ()) = request.body(()).expect("a request of our own making").into_parts();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs();
    let date = AmzDate::from_seconds(i64::try_from(now).expect("before the end of time"));
    let key = SigningKey::derive(&keys.secret, &date.day(), "us-east-1", service);
    let signer = Signer { access_key_id: &keys.id, key: &key, session_token: None, date };
    signer.sign(&mut parts, payload);
    let target = parts.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let mut wire = format!("{} {target} HTTP/1.1\r\n", parts.method);
    for (name, value) in &parts.headers {
        wire.push_str(&format!("{name}: {}\r\n", value.to_str().expect("our headers are text")));
    }
    // What every SDK sends beside it.
    wire.push_str("user-agent: haar-bench\r\naccept-encoding: identity\r\n");
    wire.push_str(&format!("content-length: {length}\r\n\r\n"));
    wire
}
