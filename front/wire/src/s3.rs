//! What S3 has on the wire that no other restXml service has.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use haar_kernel::schema::{Model, Operation};
use haar_kernel::{Fault, Value};
use http::header::{HeaderMap, HeaderName};
use http::request::Parts;

use crate::answer;
use crate::form;
use crate::rest::header;

/// The second id of every answer; S3's error documents repeat it as `HostId`.
const ID_2: HeaderName = HeaderName::from_static("x-amz-id-2");

/// Whether a model is S3's.
pub(crate) fn is(model: &Model) -> bool {
    model.service == "s3"
}

/// The second id: nobody looks anything up by it, so it is made of the first.
pub(crate) fn host_id(request_id: &str) -> String {
    BASE64.encode(request_id)
}

pub(crate) fn add_host_id(headers: &mut HeaderMap, request_id: &str) {
    headers.insert(ID_2, answer::header_value(&host_id(request_id)));
}

/// The value of a request header as the operation takes it: without what belongs to the transport.
/// `Content-Encoding: aws-chunked,gzip` means `gzip`, and a body in chunks is as long as what they carry.
pub(crate) fn header(parts: &Parts, name: &str) -> Option<Vec<u8>> {
    if name.eq_ignore_ascii_case("content-length") && is_chunked(&parts.headers) {
        return parts.headers.get("x-amz-decoded-content-length").map(|value| value.as_bytes().to_vec());
    }
    let Some(value) = header::lines(&parts.headers, name) else { return hoisted(parts, name) };
    if !name.eq_ignore_ascii_case("content-encoding") {
        return Some(value);
    }
    let of_transport = |coding: &[u8]| coding.eq_ignore_ascii_case(b"aws-chunked");
    let codings: Vec<&[u8]> = value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).collect();
    // What nothing has to be taken out of stays as it was written, spaces and all.
    if !codings.iter().any(|coding| of_transport(coding)) {
        return Some(value);
    }
    let kept: Vec<&[u8]> = codings.into_iter().filter(|coding| !of_transport(coding) && !coding.is_empty()).collect();
    (!kept.is_empty()).then(|| kept.join(&b","[..]))
}

/// How an object is encrypted is said when it is written. GET and HEAD know no such header and refuse it, unlike others
/// that they do not know.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>
pub(crate) fn refuse_encryption_of_read(operation: &Operation, parts: &Parts) -> Result<(), Fault> {
    const NAME: &str = "x-amz-server-side-encryption";
    if !matches!(operation.name, "GetObject" | "HeadObject") {
        return Ok(());
    }
    let Some(sent) = header(parts, NAME) else { return Ok(()) };
    let value = String::from_utf8_lossy(&sent).into_owned();
    let message = format!("{NAME} header is not supported for this operation.");
    let fault = Fault::common("InvalidArgument", 400, message);
    Err(fault.with("ArgumentName", Value::String(NAME.into())).with("ArgumentValue", Value::String(value)))
}

/// Presigned URLs carry `x-amz-` headers as parameters: SDKs put them there because nobody can send headers with a
/// link.
pub(crate) fn hoisted(parts: &Parts, name: &str) -> Option<Vec<u8>> {
    let query = parts.uri.query().filter(|_| is_hoistable(name))?.as_bytes();
    let mut pairs = form::pairs(query).filter_map(Result::ok);
    pairs.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.into_owned().into_bytes())
}

/// Names and values of the parameters that stand for headers with a prefix.
pub(crate) fn hoisted_with_prefix(parts: &Parts, prefix: &str) -> Vec<(String, String)> {
    let query = parts.uri.query().unwrap_or_default().as_bytes();
    let pairs = form::pairs(query).filter_map(Result::ok);
    let lower = pairs.map(|(name, value)| (name.to_ascii_lowercase(), value.into_owned()));
    lower.filter_map(|(name, value)| Some((name.strip_prefix(prefix)?.to_owned(), value))).collect()
}

fn is_hoistable(name: &str) -> bool {
    name.get(..6).is_some_and(|prefix| prefix.eq_ignore_ascii_case("x-amz-"))
}

/// Whether the body comes in chunks of S3's own.
pub(crate) fn is_chunked(headers: &HeaderMap) -> bool {
    headers.get("x-amz-content-sha256").is_some_and(|value| value.as_bytes().starts_with(b"STREAMING-"))
}

/// A resource that is there, but not for this method.
pub(crate) fn method_not_allowed(method: &http::Method) -> Fault {
    Fault::common("MethodNotAllowed", 405, "The specified method is not allowed against this resource.")
        .with("Method", Value::String(method.to_string()))
}

/// A path whose percent-encoding means no text.
pub(crate) fn invalid_uri() -> Fault {
    Fault::common("InvalidURI", 400, "Couldn't parse the specified URI.")
}

/// S3's word where our own door speaks: it has no `InternalFailure`.
pub(crate) fn code(fault: &Fault) -> &str {
    match &*fault.code {
        "InternalFailure" => "InternalError",
        "RequestEntityTooLargeException" => "MaxMessageLengthExceeded",
        "MalformedQueryString" => "InvalidURI",
        code => code,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(operation: &str, uri: &str, header: Option<&str>) -> bool {
        let model = &haar_aws::s3::MODEL;
        let operation = model.operation(operation).expect("an operation of S3");
        let mut request = http::Request::builder().uri(uri);
        if let Some(value) = header {
            request = request.header("x-amz-server-side-encryption", value);
        }
        let (parts, ()) = request.body(()).expect("a request").into_parts();
        match refuse_encryption_of_read(operation, &parts) {
            Ok(()) => false,
            Err(fault) => {
                assert_eq!((fault.code.as_ref(), fault.status), ("InvalidArgument", 400));
                true
            }
        }
    }

    #[test]
    fn reads_refuse_to_be_told_the_encryption() {
        assert!(refused("GetObject", "/b/k", Some("AES256")));
        assert!(refused("HeadObject", "/b/k", Some("aws:kms")));
        assert!(refused("GetObject", "/b/k?X-Amz-Server-Side-Encryption=AES256", None));
        assert!(!refused("GetObject", "/b/k", None));
        assert!(!refused("PutObject", "/b/k", Some("AES256")));
    }
}
