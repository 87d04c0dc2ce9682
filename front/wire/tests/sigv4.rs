//! SigV4 against AWS's vectors and examples, botocore's requests, tampering, and arbitrary input.
#![allow(clippy::unwrap_used)]
#![allow(clippy::disallowed_methods)] // vectors are files

#[path = "sigv4/answers.rs"]
mod answers;
#[path = "sigv4/aws_vectors.rs"]
mod aws_vectors;
#[path = "sigv4/botocore.rs"]
mod botocore;
#[path = "sigv4/chunks.rs"]
mod chunks;
#[path = "sigv4/properties.rs"]
mod properties;
#[path = "sigv4/s3_examples.rs"]
mod s3_examples;
#[path = "sigv4/tampering.rs"]
mod tampering;

use haar_wire::sigv4::{AuthError, Authentication, Body, Request, SigningKey, Verified, Verifier};
use http::request::Parts;

/// Reads the claim, derives its key from the secret and verifies, as the gateway does.
fn verify(request: &Request<'_>, secret: &str, now_seconds: i64, body: Body<'_>) -> Result<Verified, AuthError> {
    let claim = Authentication::of(request)?.ok_or(AuthError::MissingToken)?;
    let key = SigningKey::derive_for(secret, &claim.scope);
    Verifier::new(&key, now_seconds).verify(request, &claim, body)
}

fn parts(method: &str, uri: &str, headers: &[(&str, &str)]) -> Parts {
    let mut request = http::Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

fn data(path: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data").join(path)
}
