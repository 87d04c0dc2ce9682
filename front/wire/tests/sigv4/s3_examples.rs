//! The worked examples of S3's documentation.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html>

use bytes::Bytes;
use haar_wire::sigv4::{
    AmzDate, Body, ChunkDecoder, ChunkEncoder, Payload, Request, SignedPayload, Signer, SigningKey,
};
use http::request::Parts;

use crate::{parts, verify};

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const DATE: &str = "20130524T000000Z";

fn now() -> i64 {
    AmzDate::parse(DATE).unwrap().seconds()
}

/// `Authorization` as the documentation writes it, with commas but no blanks.
fn authorization(signed_headers: &str, signature: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,\
         SignedHeaders={signed_headers},Signature={signature}"
    )
}

#[test]
fn get_object_with_a_range() {
    let authorization = authorization(
        "host;range;x-amz-content-sha256;x-amz-date",
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    );
    let headers = [
        ("host", "examplebucket.s3.amazonaws.com"),
        ("range", "bytes=0-9"),
        ("x-amz-content-sha256", EMPTY),
        ("x-amz-date", DATE),
        ("authorization", &authorization),
    ];
    let parts = parts("GET", "/test.txt", &headers);
    verify(&Request::from(&parts), SECRET, now(), Body::Buffered(b"")).unwrap();
}

#[test]
fn put_object_with_an_odd_name() {
    let authorization = authorization(
        "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
    );
    let headers = [
        ("host", "examplebucket.s3.amazonaws.com"),
        ("date", "Fri, 24 May 2013 00:00:00 GMT"),
        ("x-amz-date", DATE),
        ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
        ("x-amz-content-sha256", "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"),
        ("authorization", &authorization),
    ];
    let parts = parts("PUT", "/test$file.text", &headers);
    let request = Request::from(&parts);
    verify(&request, SECRET, now(), Body::Buffered(b"Welcome to Amazon S3.")).unwrap();
    let verified = verify(&request, SECRET, now(), Body::Streamed).unwrap();
    let Payload::Hashed(mut hasher) = verified.payload else { panic!("{verified:?}") };
    hasher.update(b"Welcome to ");
    hasher.update(b"Amazon S3.");
    hasher.finish().unwrap();
}

#[test]
fn get_bucket_lifecycle_and_list_objects() {
    let examples = [
        ("/?lifecycle", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        ("/?max-keys=2&prefix=J", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ];
    for (target, signature) in examples {
        let authorization = authorization("host;x-amz-content-sha256;x-amz-date", signature);
        let headers = [
            ("host", "examplebucket.s3.amazonaws.com"),
            ("x-amz-date", DATE),
            ("x-amz-content-sha256", EMPTY),
            ("authorization", &authorization),
        ];
        let parts = parts("GET", target, &headers);
        verify(&Request::from(&parts), SECRET, now(), Body::Buffered(b"")).unwrap();
    }
}

const PRESIGNED: &str = "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256\
    &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
    &X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host\
    &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";

#[test]
fn presigned_url_for_a_day() {
    let parts = parts("GET", PRESIGNED, &[("host", "examplebucket.s3.amazonaws.com")]);
    let request = Request::from(&parts);
    verify(&request, SECRET, now() + 86400, Body::Streamed).unwrap();
    verify(&request, SECRET, now() + 86401, Body::Streamed).unwrap_err();
}

#[test]
fn the_signer_makes_the_documented_presigned_url() {
    let key = SigningKey::derive(SECRET, "20130524", "us-east-1", "s3");
    let mut parts = parts("GET", "https://examplebucket.s3.amazonaws.com/test.txt", &[]);
    signer(&key).presign(&mut parts, SignedPayload::Unsigned, 86400).unwrap();
    assert_eq!(parts.uri.to_string(), PRESIGNED);
}

fn signer(key: &SigningKey) -> Signer<'_> {
    let date = AmzDate::parse(DATE).unwrap();
    Signer { access_key_id: "AKIAIOSFODNN7EXAMPLE", key, session_token: None, date }
}

/// A chunked upload of the documentation: 65 KiB of `a` in chunks of 64.
struct Upload {
    payload: SignedPayload<'static>,
    headers: &'static [(&'static str, &'static str)],
    signed_headers: &'static str,
    seed: &'static str,
    chunks: [&'static str; 3],
    /// As it comes after the last chunk's head.
    tail: &'static str,
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html>
const SIGNED: Upload = Upload {
    payload: SignedPayload::StreamingSigned,
    headers: &[("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"), ("content-length", "66824")],
    signed_headers: "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;\
                     x-amz-decoded-content-length;x-amz-storage-class",
    seed: "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
    chunks: [
        "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
        "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
        "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
    ],
    tail: "\r\n",
};

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html>
const SIGNED_TRAILER: Upload = Upload {
    payload: SignedPayload::StreamingSignedTrailer,
    headers: &[
        ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"),
        ("x-amz-trailer", "x-amz-checksum-crc32c"),
    ],
    signed_headers: "content-encoding;host;x-amz-content-sha256;x-amz-date;\
                     x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer",
    seed: "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
    chunks: [
        "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
        "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
        "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
    ],
    tail: "x-amz-checksum-crc32c:sOO8/Q==\r\n\
           x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n",
};

impl Upload {
    fn request(&self) -> Parts {
        let authorization = authorization(self.signed_headers, self.seed);
        let mut headers = vec![
            ("host", "s3.amazonaws.com"),
            ("x-amz-date", DATE),
            ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
            ("content-encoding", "aws-chunked"),
            ("x-amz-decoded-content-length", "66560"),
            ("authorization", &authorization),
        ];
        headers.extend(self.headers);
        parts("PUT", "/examplebucket/chunkObject.txt", &headers)
    }

    fn decoder(&self) -> ChunkDecoder {
        let parts = self.request();
        let verified = verify(&Request::from(&parts), SECRET, now(), Body::Streamed).unwrap();
        let Payload::Chunked(decoder) = verified.payload else { panic!("{verified:?}") };
        *decoder
    }

    fn body(&self) -> Vec<u8> {
        let [first, second, last] = self.chunks;
        let mut body = format!("10000;chunk-signature={first}\r\n{}\r\n", "a".repeat(65536));
        body.push_str(&format!("400;chunk-signature={second}\r\n{}\r\n", "a".repeat(1024)));
        body.push_str(&format!("0;chunk-signature={last}\r\n{}", self.tail));
        body.into_bytes()
    }
}

#[test]
fn documented_chunks_verify_one_after_another() {
    for upload in [SIGNED, SIGNED_TRAILER] {
        let (mut decoder, mut decoded) = (upload.decoder(), Vec::new());
        decoder.push(Bytes::from(upload.body()), &mut decoded).unwrap();
        let trailers = decoder.finish().unwrap();
        assert_eq!(decoded.concat(), "a".repeat(66560).as_bytes());
        let checksum = trailers.get("x-amz-checksum-crc32c").map(|value| value.to_str().unwrap());
        assert_eq!(checksum, upload.tail.contains("crc32c").then_some("sOO8/Q=="));
    }
}

#[test]
fn the_encoder_makes_the_documented_chunks() {
    let key = SigningKey::derive(SECRET, "20130524", "us-east-1", "s3");
    for upload in [SIGNED, SIGNED_TRAILER] {
        let mut encoder: ChunkEncoder = signer(&key).chunk_encoder(upload.seed);
        let mut body = encoder.chunk(&[b'a'; 65536]);
        body.extend(encoder.chunk(&[b'a'; 1024]));
        let trailer = [("X-Amz-Checksum-Crc32c", "sOO8/Q==")];
        let has_trailer = upload.payload == SignedPayload::StreamingSignedTrailer;
        body.extend(encoder.end(if has_trailer { &trailer } else { &[] }));
        assert!(body == upload.body());
    }
    assert_eq!(SIGNED.body().len(), 66824);
}
