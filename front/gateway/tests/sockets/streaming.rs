//! Bodies that stream: handed on while they arrive, answered while they are made, verified while they pass.

use bytes::Bytes;
use haar_platform::kernel::Body;
use haar_wire::sigv4::{AmzDate, SignedPayload, Signer, SigningKey};
use http_body_util::channel::{Channel, Sender};
use http_body_util::{BodyExt, Full};
use tokio::sync::mpsc;

use crate::bench::Bench;

fn channel() -> (Sender<Bytes, std::io::Error>, Channel<Bytes, std::io::Error>) {
    Channel::new(1)
}

#[tokio::test]
async fn a_body_reaches_the_operation_before_the_client_has_sent_it_all() {
    let mut bench = Bench::open().await;
    bench.headers.push(("content-length", "11"));
    let (mut sender, body) = channel();
    let mut arrived = std::mem::replace(&mut bench.arrived, mpsc::unbounded_channel().1);
    let sending = async {
        sender.send_data(Bytes::from_static(b"first")).await.expect("sent");
        // The second piece is only sent after the operation has seen the first: buffering would hang here.
        assert_eq!(arrived.recv().await.expect("a piece"), "first");
        sender.send_data(Bytes::from_static(b"second")).await.expect("sent");
        drop(sender);
        assert_eq!(arrived.recv().await.expect("a piece"), "second");
    };
    let (response, ()) = tokio::join!(bench.send("PUT", SignedPayload::Unsigned, |_, _, _| body), sending);
    assert_eq!(response.status(), 200);
}

#[tokio::test]
async fn an_answer_arrives_before_it_is_whole() {
    let bench = Bench::open().await;
    let (mut sender, body) = channel();
    bench.answers.send(Body::of(body)).expect("the operation listens");
    sender.send_data(Bytes::from_static(b"first")).await.expect("sent");
    let response = bench.send("GET", SignedPayload::Unsigned, |_, _, _| Full::new(Bytes::new())).await;
    let mut body = response.into_body();
    let first = body.frame().await.expect("a frame").expect("read").into_data().expect("data");
    assert_eq!(first, "first");
    sender.send_data(Bytes::from_static(b"second")).await.expect("sent");
    drop(sender);
    assert_eq!(body.collect().await.expect("read").to_bytes(), "second");
}

fn signed_chunks(signature: &str, key: &SigningKey, date: AmzDate) -> Vec<u8> {
    let signer = Signer { access_key_id: "test", key, session_token: None, date };
    let mut encoder = signer.chunk_encoder(signature);
    let mut body = Vec::new();
    body.extend_from_slice(&encoder.chunk(b"Hello, world!"));
    body.extend_from_slice(&encoder.end(&[]));
    body
}

#[tokio::test]
async fn signed_chunks_are_unwrapped_for_the_operation() {
    let mut bench = Bench::open().await;
    let response = bench
        .send("PUT", SignedPayload::StreamingSigned, |signature, key, date| {
            Full::from(signed_chunks(signature, key, date))
        })
        .await;
    assert_eq!(response.status(), 200);
    assert_eq!(bench.piece().await, "Hello, world!");
}

#[tokio::test]
async fn a_changed_chunk_is_refused_in_s3s_words() {
    let bench = Bench::open().await;
    let response = bench
        .send("PUT", SignedPayload::StreamingSigned, |signature, key, date| {
            let mut body = signed_chunks(signature, key, date);
            let at = body.windows(5).position(|window| window == b"world").expect("the text is there");
            body[at] = b'W';
            Full::from(body)
        })
        .await;
    assert_eq!(response.status(), 403);
    let text = response.into_body().collect().await.expect("read").to_bytes();
    assert!(String::from_utf8_lossy(&text).contains("<Code>SignatureDoesNotMatch</Code>"), "{text:?}");
}

#[tokio::test]
async fn a_body_with_another_hash_than_declared_is_refused() {
    let bench = Bench::open().await;
    let response =
        bench.send("PUT", SignedPayload::Bytes(b"what was signed"), |_, _, _| Full::from("what was sent")).await;
    assert_eq!(response.status(), 400);
    let text = response.into_body().collect().await.expect("read").to_bytes();
    assert!(String::from_utf8_lossy(&text).contains("<Code>XAmzContentSHA256Mismatch</Code>"), "{text:?}");
}
