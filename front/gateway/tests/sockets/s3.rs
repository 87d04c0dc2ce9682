//! What S3's clients do on a socket: trailing checksums, heads, virtual hosts, browsers' preflights and forms.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use haar_wire::sigv4::{AmzDate, SignedPayload, Signer, SigningKey};
use http_body_util::{BodyExt, Full};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::bench::Bench;

fn empty(_: &str, _: &SigningKey, _: AmzDate) -> Full<Bytes> {
    Full::new(Bytes::new())
}

async fn text(response: http::Response<hyper::body::Incoming>) -> String {
    String::from_utf8_lossy(&response.into_body().collect().await.expect("read").to_bytes()).into_owned()
}

#[tokio::test]
async fn a_trailing_checksum_reaches_the_operation_and_the_length_is_that_of_the_chunks() {
    let mut bench = Bench::open().await;
    bench.path = "/a/told/thing";
    bench.headers = vec![("x-amz-trailer", "x-amz-checksum-crc32"), ("x-amz-decoded-content-length", "5")];
    let body = "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n";
    let response = bench.send("PUT", SignedPayload::StreamingUnsignedTrailer, |_, _, _| Full::from(body)).await;
    assert_eq!(response.status(), 200);
    assert_eq!(bench.piece().await, "a/told/thing: Some(5) bytes");
    assert_eq!(bench.piece().await, "hello");
    assert_eq!(bench.piece().await, "crc32 NhCmhg==");
}

#[tokio::test]
async fn an_upload_says_its_length() {
    let bench = Bench::open().await;
    let request = "PUT /a/k HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";
    let answer = bench.raw(request).await;
    assert!(answer.starts_with("HTTP/1.1 411 ") && answer.contains("<Code>MissingContentLength</Code>"), "{answer}");
}

#[tokio::test]
async fn a_head_has_its_length_and_never_a_body() {
    let mut bench = Bench::open().await;
    let response = bench.send("HEAD", SignedPayload::Unsigned, empty).await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()["content-length"]),
        (200, &"42".parse().expect("text"))
    );
    bench.path = "/a/nothing";
    let response = bench.send("HEAD", SignedPayload::Unsigned, empty).await;
    assert_eq!(response.status(), 404);
    assert_eq!(text(response).await, "");
}

#[tokio::test]
async fn a_caller_who_does_not_sign_is_nobody() {
    let bench = Bench::open().await;
    let answer = bench.raw("GET /a/k HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    assert!(answer.contains("<Code>AccessDenied</Code><Message>Access Denied</Message>"), "{answer}");
    assert!(answer.contains("x-amz-id-2: "), "{answer}");
}

#[tokio::test]
async fn a_host_names_the_bucket_and_the_signature_covers_the_path_as_sent() {
    let mut bench = Bench::open().await;
    bench.host = Some("a.localhost:4566");
    bench.path = "/told/thing";
    let response = bench.send("PUT", SignedPayload::Unsigned, |_, _, _| Full::from("hello")).await;
    assert_eq!(response.status(), 200);
    assert_eq!(bench.piece().await, "a/told/thing: Some(5) bytes");
}

#[tokio::test]
async fn a_client_that_waits_is_told_to_go_on() {
    let mut bench = Bench::open().await;
    let (mut parts, ()) = http::Request::put("/a/k").header("host", "x").body(()).expect("a request").into_parts();
    let date = AmzDate::from_seconds(bench.platform.house.clock.machine_now().seconds());
    let key = SigningKey::derive("test", &date.day(), "us-east-1", "s3");
    Signer { access_key_id: "test", key: &key, session_token: None, date }.sign(&mut parts, SignedPayload::Unsigned);
    let mut head = String::from("PUT /a/k HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 5\r\n");
    for (name, value) in &parts.headers {
        head.push_str(&format!("{name}: {}\r\n", value.to_str().expect("text")));
    }
    let mut stream = TcpStream::connect(&bench.address).await.expect("a connection");
    stream.write_all(format!("{head}\r\n").as_bytes()).await.expect("sent");
    let mut answer = [0; 25];
    stream.read_exact(&mut answer).await.expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"hello").await.expect("sent");
    assert_eq!(bench.piece().await, "hello");
}

#[tokio::test]
async fn a_client_that_waits_is_refused_before_it_sends() {
    let bench = Bench::open().await;
    let request = "PUT /a/k HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n";
    let answer = bench.raw(request).await;
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
}

#[tokio::test]
async fn a_client_that_sends_all_before_it_reads_hears_why_it_is_refused() {
    let bench = Bench::open().await;
    let mut request = b"PUT /a/k HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 33554432\r\n\r\n".to_vec();
    request.resize(request.len() + 33_554_432, b'x');
    let answer = bench.raw(request).await;
    assert!(answer.starts_with("HTTP/1.1 403 ") && answer.contains("<Code>AccessDenied</Code>"), "{answer}");
}

#[tokio::test]
async fn digests_of_whole_bodies_are_checked() {
    let mut bench = Bench::open().await;
    bench.path = "/a?batch";
    for (header, status) in [
        (("content-md5", "XUFAKrxLKna5cZ2REBfFkg=="), 200),
        (("content-md5", "JfnnlDI7RTiF9RgfG2JNCw=="), 400),
        (("x-amz-checksum-crc32", "NhCmhg=="), 200),
        (("x-amz-checksum-crc32", "AAAAAA=="), 400),
    ] {
        bench.headers = vec![header];
        let response = bench.send("POST", SignedPayload::Bytes(b"hello"), |_, _, _| Full::from("hello")).await;
        assert_eq!(response.status(), status, "{header:?}");
        if status == 200 {
            assert_eq!(bench.piece().await, "hello");
        } else {
            assert!(text(response).await.contains("<Code>BadDigest</Code>"), "{header:?}");
        }
    }
}

#[tokio::test]
async fn chunks_are_unwrapped_for_operations_that_take_whole_bodies() {
    let mut bench = Bench::open().await;
    bench.path = "/a?batch";
    bench.headers = vec![("x-amz-trailer", "x-amz-checksum-crc32"), ("x-amz-decoded-content-length", "5")];
    let body = "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n";
    let response = bench.send("POST", SignedPayload::StreamingUnsignedTrailer, |_, _, _| Full::from(body)).await;
    assert_eq!(response.status(), 200);
    assert_eq!(bench.piece().await, "hello");
}

#[tokio::test]
async fn preflights_are_answered_by_the_buckets_rule() {
    let bench = Bench::open().await;
    let ask = |path: &str, origin: &str, headers: &str| {
        format!(
            "OPTIONS {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{origin}access-control-request-method: PUT\r\n\
             access-control-request-headers: {headers}\r\n\r\n"
        )
    };
    let ours = "origin: https://example.com\r\n";
    let answer = bench.raw(ask("/a/k", ours, "content-type, X-Yes")).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(answer.contains("access-control-allow-origin: https://example.com\r\n"), "{answer}");
    assert!(answer.contains("access-control-allow-methods: PUT\r\n") && answer.contains("vary: Origin"), "{answer}");
    for (path, origin, headers) in
        [("/b/k", ours, ""), ("/a/k", "origin: https://evil.example\r\n", ""), ("/a/k", ours, "X-No")]
    {
        let answer = bench.raw(ask(path, origin, headers)).await;
        assert!(answer.starts_with("HTTP/1.1 403 ") && answer.contains("AccessForbidden"), "{answer}");
        assert!(!answer.contains("access-control-allow-origin"), "{answer}");
    }
    let answer = bench.raw(ask("/a/k", "", "")).await;
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("Origin request header needed"), "{answer}");
}

#[tokio::test]
async fn answers_say_whether_a_page_may_read_them_even_refusals() {
    let mut bench = Bench::open().await;
    bench.headers = vec![("origin", "https://example.com")];
    let response = bench.send("HEAD", SignedPayload::Unsigned, empty).await;
    assert_eq!(response.headers()["access-control-allow-origin"], "https://example.com");
    let ask = "GET /a/k HTTP/1.1\r\nhost: x\r\nconnection: close\r\norigin: https://example.com\r\n\r\n";
    let answer = bench.raw(ask).await;
    assert!(answer.starts_with("HTTP/1.1 403 ") && answer.contains("access-control-allow-origin"), "{answer}");
    bench.headers = vec![("origin", "https://evil.example")];
    let response = bench.send("HEAD", SignedPayload::Unsigned, empty).await;
    assert_eq!(response.status(), 200);
    assert!(!response.headers().contains_key("access-control-allow-origin"));
}

/// A form with a policy that allows keys under `told/` and files of up to five bytes, signed with a secret.
fn form(bench: &Bench, secret: &str, key: &str, file: &str, more: &[(&str, &str)]) -> String {
    let date = AmzDate::from_seconds(bench.platform.house.clock.machine_now().seconds());
    let expires = bench.platform.house.clock.machine_now() + std::time::Duration::from_secs(60);
    let credential = format!("test/{}/us-east-1/s3/aws4_request", date.day());
    let policy = format!(
        r#"{{"expiration": "{}", "conditions": [{{"bucket": "a"}}, ["starts-with", "$key", "told/"],
        ["content-length-range", 1, 5], ["starts-with", "$success_action_status", ""],
        ["starts-with", "$x-amz-algorithm", ""], ["starts-with", "$x-amz-credential", ""], ["starts-with", "$x-amz-date", ""]]}}"#,
        expires.iso8601()
    );
    let policy = BASE64.encode(policy);
    let signature = SigningKey::derive(secret, &date.day(), "us-east-1", "s3").sign_policy(&policy);
    let date = date.to_string();
    let mut fields = vec![
        ("key", key),
        ("policy", &policy),
        ("x-amz-algorithm", "AWS4-HMAC-SHA256"),
        ("x-amz-credential", &credential),
        ("x-amz-date", &date),
        ("x-amz-signature", &signature),
    ];
    fields.extend_from_slice(more);
    let mut body = String::new();
    for (name, value) in fields {
        body.push_str(&format!("--line\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"));
    }
    body.push_str(&format!(
        "--line\r\ncontent-disposition: form-data; name=\"file\"; filename=\"b.txt\"\r\ncontent-type: text/plain\r\n\r\n\
         {file}\r\n--line--\r\n"
    ));
    format!(
        "POST /a HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}\r\n\
         content-type: multipart/form-data; boundary=line\r\n\r\n{body}",
        body.len()
    )
}

#[tokio::test]
async fn a_form_uploads_what_its_policy_lets_pass() {
    let mut bench = Bench::open().await;
    let answer = bench.raw(form(&bench, "test", "told/${filename}", "hello", &[])).await;
    assert!(answer.starts_with("HTTP/1.1 204 ") && answer.contains("etag: \"abc\"\r\n"), "{answer}");
    assert!(bench.piece().await.starts_with(b"a/told/b.txt: "));
    assert_eq!(bench.piece().await, "hello");
    let answer = bench.raw(form(&bench, "test", "told/c", "hi", &[("success_action_status", "201")])).await;
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    assert!(
        answer.contains("<Location>http://localhost/a/told%2Fc</Location><Bucket>a</Bucket><Key>told/c</Key>"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_form_is_refused_for_its_signature_its_fields_and_its_file() {
    let bench = Bench::open().await;
    for (request, status, words) in [
        (form(&bench, "guess", "told/a", "hi", &[]), 403, "<Code>SignatureDoesNotMatch</Code>"),
        (
            form(&bench, "test", "other/a", "hi", &[]),
            403,
            "Policy Condition failed: [&quot;starts-with&quot;, &quot;$key&quot;",
        ),
        (form(&bench, "test", "told/a", "hi", &[("acl", "public-read")]), 403, "Extra input fields: acl"),
        (form(&bench, "test", "told/a", "too long", &[]), 400, "<Code>EntityTooLarge</Code>"),
        (form(&bench, "test", "told/a", "", &[]), 400, "<Code>EntityTooSmall</Code>"),
    ] {
        let answer = bench.raw(request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")) && answer.contains(words), "{words}: {answer}");
    }
    let nobody = "--line\r\ncontent-disposition: form-data; name=\"key\"\r\n\r\na\r\n\
                  --line\r\ncontent-disposition: form-data; name=\"file\"\r\n\r\nx\r\n--line--\r\n";
    let answer = bench
        .raw(format!(
            "POST /a HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\
             content-type: multipart/form-data; boundary=line\r\n\r\n{nobody}",
            nobody.len()
        ))
        .await;
    assert!(answer.contains("<Code>AccessDenied</Code>"), "{answer}");
}
