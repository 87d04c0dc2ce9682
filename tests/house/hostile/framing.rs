//! HTTP that is not what it says: lengths, chunks, other protocols, clients that stop in the middle.

use haar_tests::raw::Connection;
use haar_tests::signed;
use haar_wire::sigv4::SignedPayload;

use super::{Besieged, assert_refused};

const MEGABYTE: usize = 1024 * 1024;

fn head(address: &str) -> Vec<u8> {
    let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", "AmazonSSM.PutParameter")];
    signed::head(address, "/", "ssm", &headers, SignedPayload::Unsigned)
}

fn framed(address: &str, framing: &str) -> Vec<u8> {
    let mut request = head(address);
    request.extend_from_slice(framing.as_bytes());
    request
}

#[tokio::test]
async fn a_hundred_megabytes_are_refused_with_a_length_and_in_chunks() {
    let mut house = Besieged::open().await;
    let piece = vec![b'a'; MEGABYTE];
    let mut connection = Connection::to(house.address()).await;
    connection.write(&framed(house.address(), &format!("content-length: {}\r\n\r\n", 100 * MEGABYTE))).await;
    let answer = assert_refused("with a length", connection.pour(&piece, 100).await);
    assert_eq!((answer.status, answer.code().as_deref()), (413, Some("RequestEntityTooLargeException")));
    house.serves("a hundred megabytes").await;

    let mut chunk = format!("{MEGABYTE:x}\r\n").into_bytes();
    chunk.extend_from_slice(&piece);
    chunk.extend_from_slice(b"\r\n");
    let mut connection = Connection::to(house.address()).await;
    connection.write(&framed(house.address(), "transfer-encoding: chunked\r\n\r\n")).await;
    let answer = assert_refused("in chunks", connection.pour(&chunk, 100).await);
    assert_eq!((answer.status, answer.code().as_deref()), (413, Some("RequestEntityTooLargeException")));
    house.serves("a hundred megabytes in chunks").await;

    let form = [("content-type", "application/x-www-form-urlencoded")];
    let mut request = signed::head(house.address(), "/", "iam", &form, SignedPayload::Unsigned);
    request.extend_from_slice(format!("content-length: {}\r\n\r\n", 100 * MEGABYTE).as_bytes());
    let mut connection = Connection::to(house.address()).await;
    connection.write(&request).await;
    let answer = assert_refused("a form", connection.pour(&piece, 100).await);
    assert_eq!(answer.status, 413);
    house.close().await;
}

#[tokio::test]
async fn lengths_and_chunks_that_lie_are_refused() {
    let mut house = Besieged::open().await;
    let chunked = "transfer-encoding: chunked\r\n\r\n";
    for (case, framing) in [
        ("a negative length", "content-length: -1\r\n\r\n".to_owned()),
        ("a length that is no number", "content-length: ten\r\n\r\n".to_owned()),
        ("a length beyond all", "content-length: 99999999999999999999999\r\n\r\n".to_owned()),
        ("the last length there is", "content-length: 18446744073709551615\r\n\r\n".to_owned()),
        ("two lengths", "content-length: 2\r\ncontent-length: 3\r\n\r\n{}x".to_owned()),
        ("an encoding that is not chunked", "transfer-encoding: gzip\r\n\r\n{}".to_owned()),
        ("chunked twice over", "transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n".to_owned()),
        ("a chunk size that is no number", format!("{chunked}zz\r\n{{}}\r\n0\r\n\r\n")),
        ("a negative chunk size", format!("{chunked}-2\r\n{{}}\r\n0\r\n\r\n")),
        ("a chunk size beyond all", format!("{chunked}fffffffffffffffff\r\n{{}}\r\n")),
        ("a chunk longer than it says", format!("{chunked}1\r\n{{}}\r\n0\r\n\r\n")),
        ("a chunk extension without end", format!("{chunked}2;{}\r\n{{}}\r\n0\r\n\r\n", "a".repeat(100_000))),
        ("trailers without end", format!("{chunked}2\r\n{{}}\r\n0\r\n{}\r\n", "x-trailer: v\r\n".repeat(20_000))),
    ] {
        let request = framed(house.address(), &framing);
        house.refuses(case, &request).await;
    }
    house.close().await;
}

/// A proxy in front may read one of them and we the other: that is how requests are smuggled.
#[tokio::test]
async fn a_length_beside_chunks_smuggles_nothing_in() {
    let mut house = Besieged::open().await;
    let framing = "content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /_haar/health HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut connection = Connection::to(house.address()).await;
    connection.write(&framed(house.address(), framing)).await;
    assert_refused("both", connection.read().await);
    house.serves("both").await;
    house.close().await;
}

#[tokio::test]
async fn other_protocols_are_refused() {
    let mut house = Besieged::open().await;
    for (case, bytes) in [
        ("TLS", &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n\r\n"[..]),
        ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        ("HTTP/0.9", b"GET /\r\n\r\n"),
        ("HTTP/7", b"GET / HTTP/7.0\r\n\r\n"),
        ("SSH", b"SSH-2.0-OpenSSH_9.6\r\n\r\n"),
        ("RESP", b"*1\r\n$4\r\nPING\r\n\r\n"),
        ("NULs", &[0; 10_000]),
        ("spaces", &[b' '; 10_000]),
        ("line ends without end", &[b'\n'; 1_000_000]),
    ] {
        let mut connection = Connection::to(house.address()).await;
        connection.write(bytes).await;
        connection.finish().await;
        // Hanging up without a word is an answer too, where no HTTP was spoken.
        if let Some(answer) = connection.read().await {
            assert_refused(case, Some(answer));
        }
        house.serves(case).await;
    }
    house.close().await;
}

#[tokio::test]
async fn clients_that_stop_in_the_middle_keep_nobody_waiting() {
    let mut house = Besieged::open().await;
    let mut waiting = Vec::new();
    for number in 0..500 {
        let mut connection = Connection::to(house.address()).await;
        let whole = framed(house.address(), "content-length: 100\r\n\r\n{");
        // Some stop in their request line, some in their headers, some in their body.
        let cut = match number % 3 {
            0 => 7,
            1 => whole.len() / 2,
            _ => whole.len(),
        };
        connection.write(&whole[..cut]).await;
        waiting.push(connection);
    }
    house.serves("five hundred that stopped").await;
    // One that comes to an end of its own is told so.
    let mut last = waiting.pop().unwrap();
    last.finish().await;
    if let Some(answer) = last.read().await {
        assert_refused("a body cut short", Some(answer));
    }
    drop(waiting);
    house.serves("five hundred that left").await;
    house.close().await;
}
