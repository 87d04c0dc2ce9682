//! What the signer signs, the verifier believes; one changed bit, and it does not.

use haar_wire::sigv4::{AmzDate, Authentication, Body, Request, SignedPayload, Signer, SigningKey};
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;

use crate::{parts, verify};

const DATE: &str = "20260314T150926Z";

fn service() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["s3", "sts", "ssm", "execute-api"])
}

/// Text that may stand in a URL, with all that canonical forms treat in a special way.
fn url_text() -> impl Strategy<Value = String> {
    "([a-zA-Z0-9._~!$'()*,;:@=+/-]|%[0-9a-fA-F]{2}|/\\.\\./|/\\./|//|&|=){0,30}"
}

fn header_value() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop_oneof![32..=126_u8, Just(b' '), Just(b'\t'), 128..=255_u8], 0..20)
}

proptest! {
    #[test]
    fn signed_requests_verify(
        service in service(),
        path in url_text(),
        query in url_text(),
        headers in prop::collection::vec(("x-amz-meta-[a-c]", header_value()), 0..6),
        body in prop::collection::vec(any::<u8>(), 0..100),
        is_presigned in any::<bool>(),
        token in prop::option::of("[A-Za-z0-9+/=]{1,40}"),
        bit in any::<prop::sample::Index>(),
    ) {
        let key = SigningKey::derive("secret", "20260314", "us-east-1", service);
        let date = AmzDate::parse(DATE).unwrap();
        let signer = Signer { access_key_id: "AKID", key: &key, session_token: token.as_deref(), date };
        let mut parts = parts("POST", &format!("http://localhost:4566/{path}?{query}"), &[]);
        for (name, value) in &headers {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            parts.headers.append(name, HeaderValue::from_bytes(value).unwrap());
        }
        if is_presigned {
            signer.presign(&mut parts, SignedPayload::Bytes(&body), 60).unwrap();
        } else {
            signer.sign(&mut parts, SignedPayload::Bytes(&body));
        }
        let now = date.seconds();
        let verified = verify(&Request::from(&parts), "secret", now, Body::Buffered(&body));
        prop_assert!(verified.is_ok(), "{verified:?}");
        let claim = Authentication::of(&Request::from(&parts)).unwrap().unwrap();
        prop_assert_eq!(claim.session_token, token);

        if !body.is_empty() {
            let mut changed = body.clone();
            let bit = bit.index(body.len() * 8);
            changed[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(verify(&Request::from(&parts), "secret", now, Body::Buffered(&changed)).is_err());
        }
    }

    #[test]
    fn one_changed_bit_of_scope_or_signature_is_noticed(bit in any::<prop::sample::Index>()) {
        let key = SigningKey::derive("secret", "20260314", "us-east-1", "ssm");
        let date = AmzDate::parse(DATE).unwrap();
        let signer = Signer { access_key_id: "AKID", key: &key, session_token: None, date };
        let mut parts = parts("POST", "http://localhost/", &[("x-amz-target", "A.B")]);
        signer.sign(&mut parts, SignedPayload::Bytes(b"{}"));
        let authorization = parts.headers["authorization"].to_str().unwrap().to_owned();
        let scope = authorization.find("/20260314").unwrap()..authorization.find(", SignedHeaders").unwrap();
        let signature = authorization.len() - 64..authorization.len();
        for range in [scope, signature] {
            let mut changed = authorization.clone().into_bytes();
            let bit = bit.index(range.len() * 8);
            changed[range.start + bit / 8] ^= 1 << (bit % 8);
            let Ok(value) = HeaderValue::from_bytes(&changed) else { continue };
            parts.headers.insert("authorization", value);
            let outcome = verify(&Request::from(&parts), "secret", date.seconds(), Body::Buffered(b"{}"));
            prop_assert!(outcome.is_err(), "{}", String::from_utf8_lossy(&changed));
        }
    }

    #[test]
    fn any_request_is_judged_without_a_panic(
        authorization in prop_oneof![".*", "AWS4-HMAC-SHA256 (Credential|SignedHeaders|Signature|[,= /;a-z0-9])*"],
        query in "(X-Amz-(Algorithm|Credential|Date|Expires|SignedHeaders|Signature)|[&=%/;a-zA-Z0-9+-])*",
        path in ".{0,40}",
        date in "[0-9TZ]{0,18}",
    ) {
        let mut headers = HeaderMap::new();
        if let Ok(value) = HeaderValue::from_str(&authorization) {
            headers.insert("authorization", value);
        }
        headers.insert("x-amz-date", HeaderValue::from_str(&date).unwrap());
        for query in ["", &*query] {
            let request = Request { method: "GET", path: &path, query, headers: &headers, authority: None };
            let _ = verify(&request, "secret", i64::MAX, Body::Buffered(b""));
            let _ = verify(&request, "secret", i64::MIN, Body::Streamed);
        }
    }
}
