//! AWS's Signature Version 4 test suite: every request verifies, by exactly the documented steps.

use std::fs;
use std::path::{Path, PathBuf};

use haar_wire::sigv4::{AmzDate, AuthError, Body, Request, SignedPayload, Signer, SigningKey};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::{data, parts, verify};

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

struct SignedRequest {
    method: String,
    path: String,
    query: String,
    headers: HeaderMap,
    body: String,
}

/// Reads a `.sreq` file: nearly HTTP, but with raw UTF-8 and blanks in targets, and folded headers.
fn read(file: &Path) -> SignedRequest {
    let text = fs::read_to_string(file).unwrap();
    let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
    let head = head.replace("\n ", " ");
    let mut lines = head.lines();
    let (method, target) = lines.next().unwrap().split_once(' ').unwrap();
    let target = target.strip_suffix(" HTTP/1.1").unwrap();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(':').unwrap();
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        headers.append(name, HeaderValue::from_str(value.trim()).unwrap());
    }
    // One of the suite's signed requests bears half of another's signature; the `.authz` files are right.
    let authorization = fs::read_to_string(file.with_extension("authz")).unwrap();
    headers.insert("authorization", HeaderValue::from_str(&authorization).unwrap());
    SignedRequest {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers,
        body: body.to_owned(),
    }
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "sreq") {
            found.push(path);
        }
    }
}

#[test]
fn every_request_of_the_suite_verifies_by_the_documented_steps() {
    let mut found = Vec::new();
    files(&data("sigv4"), &mut found);
    assert_eq!(found.len(), 34);
    let now = AmzDate::parse("20150830T123600Z").unwrap().seconds();
    for file in found {
        let signed = read(&file);
        let request = Request {
            method: &signed.method,
            path: &signed.path,
            query: &signed.query,
            headers: &signed.headers,
            authority: None,
        };
        let body = Body::Buffered(signed.body.as_bytes());
        let verified = verify(&request, SECRET, now, body);
        assert!(verified.is_ok(), "{}: {verified:?}", file.display());

        // With the wrong secret the verifier tells what it calculated.
        let Err(AuthError::SignatureMismatch(mismatch)) = verify(&request, "wrong", now, body) else {
            panic!("{} verifies with a wrong secret", file.display());
        };
        let canonical_request = fs::read_to_string(file.with_extension("creq")).unwrap();
        let string_to_sign = fs::read_to_string(file.with_extension("sts")).unwrap();
        assert_eq!(String::from_utf8_lossy(&mismatch.canonical_request), canonical_request);
        assert_eq!(mismatch.string_to_sign, string_to_sign, "{}", file.display());
    }
}

#[test]
fn the_signer_signs_as_the_suite_does() {
    let key = SigningKey::derive(SECRET, "20150830", "us-east-1", "service");
    let date = AmzDate::parse("20150830T123600Z").unwrap();
    let signer = Signer { access_key_id: "AKIDEXAMPLE", key: &key, session_token: None, date };
    let mut parts = parts("GET", "https://example.amazonaws.com/?Param2=value2&Param1=value1", &[]);
    signer.sign(&mut parts, SignedPayload::Bytes(b""));
    let file = "sigv4/get-vanilla-query-order-key-case/get-vanilla-query-order-key-case.authz";
    assert_eq!(parts.headers["authorization"], fs::read_to_string(data(file)).unwrap());
}
