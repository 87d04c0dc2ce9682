//! Requests that botocore signed; `tests/data/sigv4-botocore/make.py` records them.

use base64::Engine;
use bytes::Bytes;
use haar_wire::sigv4::{Authentication, Body, Payload, Request};
use serde_json::Value;

use crate::{data, parts, verify};

struct Recorded {
    name: String,
    parts: http::request::Parts,
    body: Vec<u8>,
}

struct Recording {
    secret: String,
    token: String,
    now_seconds: i64,
    requests: Vec<Recorded>,
}

fn recording() -> Recording {
    let text = std::fs::read_to_string(data("sigv4-botocore/requests.json")).unwrap();
    let json: Value = serde_json::from_str(&text).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let requests = json["requests"].as_array().unwrap().iter().map(|request| {
        let headers: Vec<(String, String)> =
            request["headers"].as_array().unwrap().iter().map(|pair| (text(&pair[0]), text(&pair[1]))).collect();
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        let body = base64::engine::general_purpose::STANDARD.decode(text(&request["body_base64"]));
        Recorded {
            name: text(&request["name"]),
            parts: parts(&text(&request["method"]), &text(&request["url"]), &headers),
            body: body.unwrap(),
        }
    });
    Recording {
        secret: text(&json["secret_access_key"]),
        token: text(&json["session_token"]),
        now_seconds: json["now_seconds"].as_i64().unwrap(),
        requests: requests.collect(),
    }
}

#[test]
fn every_recorded_request_verifies() {
    let recording = recording();
    assert_eq!(recording.requests.len(), 26);
    for Recorded { name, parts, body } in &recording.requests {
        let request = Request::from(parts);
        let verified = verify(&request, &recording.secret, recording.now_seconds, Body::Buffered(body));
        assert!(verified.is_ok(), "{name}: {}", verified.unwrap_err());
        let other = verify(&request, "another secret", recording.now_seconds, Body::Buffered(body));
        assert!(other.is_err(), "{name} verifies with a wrong secret");
    }
}

#[test]
fn claims_name_service_region_and_token() {
    let recording = recording();
    for Recorded { name, parts, .. } in &recording.requests {
        let claim = Authentication::of(&Request::from(parts)).unwrap().unwrap();
        assert_eq!(claim.access_key_id, "AKIDEXAMPLE");
        assert_eq!(claim.scope.region, "eu-central-1");
        let service = name.split(' ').next().unwrap().replace("plain", "execute-api");
        assert_eq!(claim.scope.service, service);
        // The bare requests all carry one.
        let has_token =
            name.contains("token") || ["sts query", "plain", "s3 bare"].iter().any(|start| name.starts_with(start));
        assert_eq!(claim.session_token, has_token.then(|| recording.token.clone()), "{name}");
    }
}

#[test]
fn chunked_uploads_decode_to_the_object_and_its_checksum() {
    let recording = recording();
    let mut seen = 0;
    for Recorded { name, parts, body } in &recording.requests {
        let request = Request::from(parts);
        let verified = verify(&request, &recording.secret, recording.now_seconds, Body::Streamed);
        // The JSON and query requests say no hash, so they cannot be streamed.
        let Ok(Payload::Chunked(mut decoder)) = verified.map(|verified| verified.payload) else {
            continue;
        };
        let mut decoded = Vec::new();
        decoder.push(Bytes::copy_from_slice(body), &mut decoded).unwrap();
        let trailers = decoder.finish().unwrap();
        let object = if name.contains("empty") { String::new() } else { "streaming ".repeat(100) };
        assert_eq!(decoded.concat(), object.as_bytes());
        let declared = parts.headers["x-amz-trailer"].to_str().unwrap();
        assert!(trailers.contains_key(declared), "{name}: {trailers:?}");
        seen += 1;
    }
    assert_eq!(seen, 4);
}
