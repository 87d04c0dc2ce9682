//! What strangers can send, one function per decoder: the fuzz targets and the bounded runs in the tests share
//! these. Each takes any bytes and must neither panic nor run away.

use std::sync::OnceLock;

use bytes::Bytes;
use haar_kernel::schema::Protocol;
use haar_wire::sigv4::{self, AmzDate, Authentication, ChunkEncoder, SignedPayload, Signer, SigningKey, Verifier};
use haar_wire::{Payload, Recognised, Recogniser, Recognition};
use http::request::Parts;

use super::kitchen;
use super::model::leak;

macro_rules! body_targets {
    ($($name:ident: $protocol:ident,)*) => {$(
        /// A request body.
        pub fn $name(data: &[u8]) {
            static RECOGNISED: OnceLock<Recognised> = OnceLock::new();
            let recognised =
                RECOGNISED.get_or_init(|| kitchen::recognised(kitchen::kitchen(Protocol::$protocol)));
            let decoded = kitchen::decode(recognised, Bytes::copy_from_slice(data));
            // What was understood can be said again; what was not is an error in AWS's shape.
            match decoded {
                Ok(value) => drop(haar_wire::encode(recognised, value, "id")),
                Err(fault) => {
                    assert_eq!(fault.status / 100, 4, "{fault}");
                    drop(haar_wire::encode_fault(&recognised.dialect(), &fault, "id"));
                }
            }
        }
    )*};
}

body_targets! {
    aws_json: AwsJson11,
    rest_json: RestJson1,
    rest_xml: RestXml,
    aws_query: AwsQuery,
    rpc_cbor: RpcV2Cbor,
}

/// A request head: lines of `name: value` after a line with the target; what follows an empty line is the body.
pub fn recognition(data: &[u8]) {
    static RECOGNISER: OnceLock<Recogniser> = OnceLock::new();
    let recogniser = RECOGNISER.get_or_init(|| Recogniser::new(leak(kitchen::PROTOCOLS.map(kitchen::kitchen))));
    let Some((parts, body)) = head(data) else { return };
    let recognised = match recogniser.recognise(&parts, None) {
        Ok(Recognition::Whole(recognised)) => Ok(recognised),
        Ok(Recognition::NeedsForm) => recogniser.recognise_form(&parts, Some("test"), body),
        Err(refusal) => Err(refusal),
    };
    match recognised {
        Ok(recognised) => {
            let _ = haar_wire::decode(&recognised, &parts, Payload::Whole(Bytes::copy_from_slice(body)));
        }
        Err(refusal) => drop(haar_wire::encode_fault(&refusal.dialect, &refusal.fault, "id")),
    }
}

/// The head of a request whose signature is looked at.
pub fn sigv4_header(data: &[u8]) {
    let Some((parts, body)) = head(data) else { return };
    let request = sigv4::Request::from(&parts);
    if let Ok(Some(claim)) = Authentication::of(&request) {
        let key = SigningKey::derive_for("secret", &claim.scope);
        let verifier = Verifier::new(&key, NOW_SECONDS);
        let _ = verifier.verify(&request, &claim, sigv4::Body::Buffered(body));
        let _ = verifier.verify(&request, &claim, sigv4::Body::Streamed);
    }
}

/// An aws-chunked body, unsigned; the first byte says where it is cut.
pub fn sigv4_chunks(data: &[u8]) {
    let Some((cut, data)) = data.split_first() else { return };
    let key = SigningKey::derive("secret", "20260101", "us-east-1", "s3");
    let signer =
        Signer { access_key_id: "id", key: &key, session_token: None, date: AmzDate::from_seconds(NOW_SECONDS) };
    let request = http::Request::put("https://bucket.s3.amazonaws.com/key")
        .header("x-amz-decoded-content-length", "5")
        .header("x-amz-trailer", "x-amz-checksum-crc32");
    let (mut parts, ()) = request.body(()).expect("a request").into_parts();
    signer.sign(&mut parts, SignedPayload::StreamingUnsignedTrailer);
    let request = sigv4::Request::from(&parts);
    let claim = Authentication::of(&request).expect("signed").expect("signed");
    let verified = Verifier::new(&key, NOW_SECONDS).verify(&request, &claim, sigv4::Body::Streamed);
    let Ok(sigv4::Verified { payload: sigv4::Payload::Chunked(mut decoder) }) = verified else { panic!("chunked") };
    let mut decoded = Vec::new();
    let cut = usize::from(*cut).min(data.len());
    for piece in [&data[..cut], &data[cut..]] {
        if decoder.push(Bytes::copy_from_slice(piece), &mut decoded).is_err() {
            return;
        }
    }
    let _ = decoder.finish();
}

/// 2026-01-01T00:00:00Z.
const NOW_SECONDS: i64 = 1_767_225_600;

/// A well-formed chunked body, for mutation.
pub fn chunked_body() -> Vec<u8> {
    let mut encoder = ChunkEncoder::unsigned();
    let mut body = vec![7];
    body.extend(encoder.chunk(b"hello"));
    body.extend(encoder.end(&[("x-amz-checksum-crc32", "NhCmhg==")]));
    body
}

fn head(data: &[u8]) -> Option<(Parts, &[u8])> {
    let end = data.windows(2).position(|pair| pair == b"\n\n").unwrap_or(data.len());
    let body = data.get(end + 2..).unwrap_or_default();
    let mut lines = data[..end].split(|byte| *byte == b'\n');
    let mut first = lines.next()?.splitn(2, |byte| *byte == b' ');
    let mut request = http::Request::builder().method(first.next()?).uri(first.next()?);
    for line in lines {
        let colon = line.iter().position(|byte| *byte == b':')?;
        request = request.header(&line[..colon], line[colon + 1..].trim_ascii());
    }
    Some((request.body(()).ok()?.into_parts().0, body))
}
