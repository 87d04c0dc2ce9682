//! What all answers have: a status, a request id, a body with its type.

use haar_kernel::Body;
use haar_kernel::schema::{Location, Member, Protocol};
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Response, StatusCode};

/// Room for a small answer without growing.
pub(crate) const BODY_CAPACITY: usize = 512;

/// Headers of an answer that are as many as nearly all have, so that the map need not grow.
const HEADERS: usize = 16;

/// An answer without a body.
pub(crate) fn with_request_id(status: u16, protocol: Protocol, request_id: &str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let name = match protocol {
        // S3 and the services that were made after its pattern.
        Protocol::RestXml => HeaderName::from_static("x-amz-request-id"),
        _ => HeaderName::from_static("x-amzn-requestid"),
    };
    response.headers_mut().reserve(HEADERS);
    response.headers_mut().insert(name, header_value(request_id));
    response
}

/// Gives an answer its body. An empty one has no type, as on AWS.
pub(crate) fn set_body(response: &mut Response<Body>, content_type: &'static str, body: Vec<u8>) {
    if !body.is_empty() {
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        *response.body_mut() = Body::full(body);
    }
}

/// A header value from any text: what HTTP forbids there (line breaks, control characters) becomes a blank.
pub(crate) fn header_value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).or_else(|_| HeaderValue::from_bytes(text.as_bytes())).unwrap_or_else(|_| {
        let clean: Vec<u8> = text.bytes().map(|byte| if byte < 0x20 || byte == 0x7f { b' ' } else { byte }).collect();
        HeaderValue::from_bytes(&clean).expect("no control character is left")
    })
}

/// Which members of a structure go into the document.
#[derive(Clone, Copy)]
pub(crate) enum Members {
    /// Every one: awsJson, and everything below the root.
    All,
    /// Those that a REST protocol does not put elsewhere.
    Body,
}

impl Members {
    pub fn has(self, member: &Member) -> bool {
        match self {
            Self::All => true,
            Self::Body => member.location == Location::Body,
        }
    }
}
