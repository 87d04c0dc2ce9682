//! Truly signed requests with whatever body: what is wrong with them is not the signature.

use haar_platform::kernel::Clock;
use haar_wire::sigv4::{AmzDate, SignedPayload, Signer, SigningKey};
use http::{Request, Uri};

/// A signed POST as bytes for the wire. The signature is root's, for `service` in us-east-1.
pub fn post(address: &str, service: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut wire = head(address, "/", service, headers, SignedPayload::Bytes(body));
    wire.extend_from_slice(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
    wire.extend_from_slice(body);
    wire
}

/// A call of a JSON service.
pub fn json(address: &str, target: &str, body: &[u8]) -> Vec<u8> {
    let (service, version) = if target.starts_with("AmazonSQS") { ("sqs", "1.0") } else { ("ssm", "1.1") };
    let content_type = format!("application/x-amz-json-{version}");
    post(address, service, &[("content-type", &content_type), ("x-amz-target", target)], body)
}

/// A call of a query service.
pub fn form(address: &str, service: &str, body: &[u8]) -> Vec<u8> {
    post(address, service, &[("content-type", "application/x-www-form-urlencoded")], body)
}

/// The head of a signed POST, without its last empty line: framing headers can follow.
pub fn head(
    address: &str,
    target: &str,
    service: &str,
    headers: &[(&str, &str)],
    payload: SignedPayload<'_>,
) -> Vec<u8> {
    let uri: Uri = format!("http://{address}{target}").parse().expect("a URI");
    let mut request = Request::post(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (mut parts, ()) = request.body(()).expect("a request").into_parts();
    let date = AmzDate::from_seconds(Clock::system().now().seconds());
    let key = SigningKey::derive("test", &date.day(), "us-east-1", service);
    Signer { access_key_id: "test", key: &key, session_token: None, date }.sign(&mut parts, payload);
    let mut wire = format!("POST {target} HTTP/1.1\r\n").into_bytes();
    for (name, value) in &parts.headers {
        wire.extend_from_slice(format!("{name}: ").as_bytes());
        wire.extend_from_slice(value.as_bytes());
        wire.extend_from_slice(b"\r\n");
    }
    wire
}
