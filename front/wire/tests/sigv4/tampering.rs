//! Whatever is changed after signing is noticed, and named as AWS names it.

use haar_wire::sigv4::{AmzDate, AuthError, Body, Payload, Request, SignedPayload, Signer, SigningKey, StreamError};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method};

use crate::{parts, verify};

const SECRET: &str = "secret";
const BODY: &[u8] = b"{\"Name\":\"/a\"}";

fn date() -> AmzDate {
    AmzDate::parse("20260314T150926Z").unwrap()
}

fn key(service: &str) -> SigningKey {
    SigningKey::derive(SECRET, "20260314", "us-east-1", service)
}

fn signer(key: &SigningKey) -> Signer<'_> {
    Signer { access_key_id: "AKIDEXAMPLE", key, session_token: None, date: date() }
}

/// A signed request of a service.
fn signed(service: &str) -> Parts {
    let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", "AmazonSSM.GetParameter")];
    let mut parts = parts("POST", "http://localhost:4566/a/b?x=1&y=2", &headers);
    signer(&key(service)).sign(&mut parts, SignedPayload::Bytes(BODY));
    parts
}

fn presigned(service: &str, expires_seconds: i64) -> Parts {
    let mut parts = parts("GET", "http://localhost:4566/a/b?x=1", &[]);
    let payload = if service == "s3" { SignedPayload::Unsigned } else { SignedPayload::Bytes(b"") };
    signer(&key(service)).presign(&mut parts, payload, expires_seconds).unwrap();
    parts
}

fn check(parts: &Parts, body: &[u8], seconds_later: i64) -> Result<(), AuthError> {
    let now = date().seconds() + seconds_later;
    verify(&Request::from(parts), SECRET, now, Body::Buffered(body)).map(|_| ())
}

fn is_mismatch(outcome: &Result<(), AuthError>) -> bool {
    matches!(outcome, Err(AuthError::SignatureMismatch(_)))
}

#[test]
fn untouched_requests_verify() {
    for service in ["ssm", "s3", "sts"] {
        check(&signed(service), BODY, 0).unwrap();
        check(&presigned(service, 60), b"", 0).unwrap();
    }
}

#[test]
fn changed_requests_do_not_match() {
    let changes: [fn(&mut Parts); 7] = [
        |parts| parts.method = Method::PUT,
        |parts| parts.uri = "http://localhost:4566/a/c?x=1&y=2".parse().unwrap(),
        |parts| parts.uri = "http://localhost:4566/a/b?x=1&y=3".parse().unwrap(),
        |parts| parts.uri = "http://localhost:4566/a/b?x=1&y=2&z".parse().unwrap(),
        |parts| set(&mut parts.headers, "host", "elsewhere:4566"),
        |parts| set(&mut parts.headers, "x-amz-target", "AmazonSSM.DeleteParameter"),
        |parts| set(&mut parts.headers, "x-amz-date", "20260314T150927Z"),
    ];
    for (index, change) in changes.iter().enumerate() {
        for service in ["ssm", "s3"] {
            let mut parts = signed(service);
            change(&mut parts);
            assert!(is_mismatch(&check(&parts, BODY, 0)), "change {index} of {service}");
        }
    }
}

fn set(headers: &mut HeaderMap, name: &'static str, value: &str) {
    headers.insert(name, HeaderValue::from_str(value).unwrap());
}

#[test]
fn a_changed_body_is_a_mismatch_or_for_s3_a_content_hash_mismatch() {
    assert!(is_mismatch(&check(&signed("ssm"), b"{}", 0)));
    let outcome = check(&signed("s3"), b"{}", 0);
    assert!(matches!(outcome, Err(AuthError::ContentHashMismatch { .. })), "{outcome:?}");
}

#[test]
fn a_changed_body_that_streams_is_noticed_at_its_end() {
    let parts = signed("s3");
    let now = date().seconds();
    let verified = verify(&Request::from(&parts), SECRET, now, Body::Streamed).unwrap();
    let Payload::Hashed(mut hasher) = verified.payload else { panic!("{verified:?}") };
    hasher.update(b"{}");
    assert!(matches!(hasher.finish(), Err(AuthError::ContentHashMismatch { .. })));
}

#[test]
fn a_wrong_secret_is_a_mismatch() {
    let outcome = verify(&Request::from(&signed("ssm")), "other", date().seconds(), Body::Buffered(BODY));
    assert!(matches!(outcome, Err(AuthError::SignatureMismatch(_))));
}

#[test]
fn a_key_of_another_scope_is_a_mismatch() {
    let parts = signed("ssm");
    let request = Request::from(&parts);
    let claim = haar_wire::sigv4::Authentication::of(&request).unwrap().unwrap();
    let key = SigningKey::derive(SECRET, "20260314", "us-west-2", "ssm");
    let verifier = haar_wire::sigv4::Verifier::new(&key, date().seconds());
    let outcome = verifier.verify(&request, &claim, Body::Buffered(BODY));
    assert!(matches!(outcome, Err(AuthError::SignatureMismatch(_))));
}

#[test]
fn clocks_may_differ_by_five_minutes_and_fifteen_for_s3_and_sts() {
    for (service, window) in [("ssm", 300), ("s3", 900), ("sts", 900)] {
        let parts = signed(service);
        for later in [-window, window] {
            check(&parts, BODY, later).unwrap();
        }
        let late = check(&parts, BODY, window + 1);
        assert!(matches!(late, Err(AuthError::Expired { window_seconds, .. }) if window_seconds == window));
        let early = check(&parts, BODY, -window - 1);
        assert!(matches!(early, Err(AuthError::NotYetCurrent { window_seconds, .. }) if window_seconds == window));
    }
}

#[test]
fn presigned_urls_live_as_long_as_they_say_but_fifteen_minutes_for_sts() {
    for service in ["sqs", "s3"] {
        let parts = presigned(service, 3600);
        check(&parts, b"", 3600).unwrap();
        assert!(matches!(check(&parts, b"", 3601), Err(AuthError::PresignedExpired { .. })));
    }
    let parts = presigned("sts", 60);
    check(&parts, b"", 900).unwrap();
    assert!(matches!(check(&parts, b"", 901), Err(AuthError::Expired { .. })));
}

#[test]
fn a_presigned_life_is_a_number_of_at_most_a_week() {
    let expires = |text: &str| {
        let mut parts = presigned("s3", 60);
        let uri = parts.uri.to_string().replace("X-Amz-Expires=60", &format!("X-Amz-Expires={text}"));
        parts.uri = uri.parse().unwrap();
        check(&parts, b"", 0).unwrap_err()
    };
    assert_eq!(expires("0"), AuthError::ExpiresNegative);
    assert_eq!(expires("-1"), AuthError::ExpiresNegative);
    assert_eq!(expires("604801"), AuthError::ExpiresTooLong);
    assert_eq!(expires("x"), AuthError::ExpiresNotANumber);
    assert!(matches!(expires("61"), AuthError::SignatureMismatch(_)));
    check(&presigned("s3", 604_800), b"", 604_800).unwrap();
}

#[test]
fn the_day_of_the_scope_must_be_the_day_of_the_request() {
    let mut parts = signed("ssm");
    set(&mut parts.headers, "x-amz-date", "20260315T000000Z");
    let outcome = check(&parts, BODY, 0);
    assert!(matches!(outcome, Err(AuthError::DateMismatch { .. })), "{outcome:?}");
}

#[test]
fn a_date_header_stands_in_for_a_missing_x_amz_date() {
    let mut parts = signed("ssm");
    let headers = &mut parts.headers;
    headers.remove("x-amz-date");
    set(headers, "date", "Sat, 14 Mar 2026 15:09:26 GMT");
    // The date is read, and no longer what was signed.
    assert!(is_mismatch(&check(&parts, BODY, 0)));
    parts.headers.remove("date");
    assert!(matches!(check(&parts, BODY, 0), Err(AuthError::MissingDate { .. })));
    set(&mut parts.headers, "x-amz-date", "yesterday");
    assert!(matches!(check(&parts, BODY, 0), Err(AuthError::MalformedDate { .. })));
}

#[test]
fn no_amz_header_can_be_added_after_signing() {
    for service in ["ssm", "s3"] {
        let mut parts = signed(service);
        set(&mut parts.headers, "x-amz-acl", "public-read");
        let names = vec!["x-amz-acl".to_owned()];
        assert_eq!(check(&parts, BODY, 0), Err(AuthError::HeadersNotSigned { names }));
    }
    let mut parts = presigned("s3", 60);
    set(&mut parts.headers, "x-amz-copy-source", "other/secret");
    assert!(matches!(check(&parts, b"", 0), Err(AuthError::HeadersNotSigned { .. })));
    // What proxies add is nobody's business.
    let mut parts = signed("s3");
    set(&mut parts.headers, "x-amzn-trace-id", "Root=1");
    set(&mut parts.headers, "accept-encoding", "gzip");
    check(&parts, BODY, 0).unwrap();
}

#[test]
fn the_host_must_be_signed() {
    let mut parts = signed("ssm");
    let authorization = parts.headers["authorization"].to_str().unwrap().replace(";host;", ";");
    set(&mut parts.headers, "authorization", &authorization);
    let names = vec!["host".to_owned()];
    assert_eq!(check(&parts, BODY, 0), Err(AuthError::HeadersNotSigned { names }));
}

#[test]
fn a_session_token_may_be_added_after_signing_but_not_for_s3() {
    let mut parts = signed("ssm");
    set(&mut parts.headers, "x-amz-security-token", "token");
    check(&parts, BODY, 0).unwrap();
    let mut parts = signed("s3");
    set(&mut parts.headers, "x-amz-security-token", "token");
    assert!(matches!(check(&parts, BODY, 0), Err(AuthError::HeadersNotSigned { .. })));
}

#[test]
fn a_signature_has_one_spelling() {
    let parts = signed("ssm");
    let authorization = parts.headers["authorization"].to_str().unwrap();
    let (head, signature) = authorization.rsplit_once('=').unwrap();
    let others = [signature.to_ascii_uppercase(), signature[1..].to_owned(), String::new(), "z".repeat(64)];
    for signature in others {
        let mut parts = signed("ssm");
        set(&mut parts.headers, "authorization", &format!("{head}={signature}"));
        assert!(is_mismatch(&check(&parts, BODY, 0)), "{signature}");
    }
}

#[test]
fn authorization_may_be_spaced_and_ordered_freely() {
    let parts = signed("ssm");
    let authorization = parts.headers["authorization"].to_str().unwrap().to_owned();
    let mut swapped: Vec<&str> = authorization.strip_prefix("AWS4-HMAC-SHA256 ").unwrap().split(", ").collect();
    swapped.reverse();
    let spellings = [
        authorization.replace(", ", ","),
        authorization.replace(", ", " "),
        authorization.replace(", ", " ,  "),
        format!("AWS4-HMAC-SHA256   {}", swapped.join(",\t")),
    ];
    for spelling in spellings {
        let mut parts = signed("ssm");
        set(&mut parts.headers, "authorization", &spelling);
        check(&parts, BODY, 0).unwrap();
    }
}

#[test]
fn s3_wants_a_usable_content_hash() {
    let mut parts = signed("s3");
    parts.headers.remove("x-amz-content-sha256");
    assert_eq!(check(&parts, BODY, 0), Err(AuthError::MissingContentHash));
    set(&mut parts.headers, "x-amz-content-sha256", "nonsense");
    assert!(matches!(check(&parts, BODY, 0), Err(AuthError::InvalidContentHash { .. })));
    let name = "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER";
    set(&mut parts.headers, "x-amz-content-sha256", name);
    assert_eq!(check(&parts, BODY, 0), Err(AuthError::UnsupportedStreaming { name: name.to_owned() }));
    set(&mut parts.headers, "x-amz-content-sha256", "UNSIGNED-PAYLOAD");
    assert!(is_mismatch(&check(&parts, BODY, 0)));
}

#[test]
fn chunked_bodies_must_say_their_length() {
    let mut parts = parts("PUT", "http://localhost:4566/b/k", &[]);
    signer(&key("s3")).sign(&mut parts, SignedPayload::StreamingSigned);
    assert_eq!(check(&parts, b"", 0), Err(AuthError::Stream(StreamError::MissingLength)));
}
