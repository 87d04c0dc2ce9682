//! HTTP by the byte, for clients that do not behave.

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::patience::await_patiently;

/// A connection on which anything can be written.
pub struct Connection {
    stream: TcpStream,
    buffer: BytesMut,
}

/// One answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// The first header of that name, in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The error code that an AWS SDK would find in it: the header's, JSON's or CBOR's `__type`, XML's `Code`; `None`
    /// where there is none.
    pub fn code(&self) -> Option<String> {
        if let Some(code) = self.header("x-amzn-errortype") {
            return Some(code.to_owned());
        }
        let json: Option<serde_json::Value> = serde_json::from_slice(&self.body).ok();
        let in_json = json.and_then(|json| json["__type"].as_str().or(json["code"].as_str()).map(str::to_owned));
        let in_cbor = || {
            let says_cbor = self.header("smithy-protocol") == Some("rpc-v2-cbor");
            let text = self.text();
            let code = text.split_once("__type")?.1.split_once("com.amazon.coral.service#")?.1;
            let end = code.find(|character: char| !character.is_ascii_alphanumeric()).unwrap_or(code.len());
            says_cbor.then(|| code[..end].to_owned())
        };
        let in_xml = || Some(haar::client::element(&self.text(), "Code")).filter(|code| !code.is_empty());
        in_json.or_else(in_cbor).or_else(in_xml)
    }
}

impl Connection {
    /// To `127.0.0.1:4566`.
    pub async fn to(address: &str) -> Self {
        let stream = await_patiently("a connection", TcpStream::connect(address)).await.expect("the house listens");
        stream.set_nodelay(true).expect("a socket");
        Self { stream, buffer: BytesMut::new() }
    }

    /// Writes; a house that has hung up already is no failure: its answer says why.
    pub async fn write(&mut self, bytes: &[u8]) {
        let _ = await_patiently("room to write", self.stream.write_all(bytes)).await;
    }

    /// Reads one answer; `None` when the connection ends before there is a whole one.
    pub async fn read(&mut self) -> Option<Answer> {
        await_patiently("an answer", self.read_answer()).await
    }

    /// Writes `piece` `times` over while it looks out for the answer, which may come before the end.
    pub async fn pour(&mut self, piece: &[u8], times: usize) -> Option<Answer> {
        let (mut reading, mut writing) = self.stream.split();
        let pouring = async {
            for _ in 0..times {
                if writing.write_all(piece).await.is_err() {
                    return;
                }
            }
        };
        let buffer = &mut self.buffer;
        let listening = async {
            // The head of the answer is the sign to stop.
            while head(buffer).is_none() {
                if reading.read_buf(buffer).await.unwrap_or(0) == 0 {
                    return;
                }
            }
        };
        let both = async {
            tokio::select! {
                () = pouring => {}
                () = listening => {}
            }
        };
        await_patiently("an end of the pouring", both).await;
        self.read().await
    }

    /// Nothing more will be written.
    pub async fn finish(&mut self) {
        let _ = self.stream.shutdown().await;
    }

    async fn read_answer(&mut self) -> Option<Answer> {
        let (head_bytes, mut answer) = loop {
            match head(&self.buffer) {
                Some(found) => break found,
                None if self.stream.read_buf(&mut self.buffer).await.unwrap_or(0) == 0 => return None,
                None => {}
            }
        };
        self.buffer.advance(head_bytes);
        let length: Option<usize> = answer.header("content-length").and_then(|length| length.parse().ok());
        let length = if answer.status == 100 { 0 } else { length.unwrap_or(usize::MAX) };
        while self.buffer.len() < length {
            match self.stream.read_buf(&mut self.buffer).await {
                Ok(1..) => {}
                // Without a length the end of the connection is the end of the body.
                _ if length == usize::MAX => break,
                _ => return None,
            }
        }
        answer.body = self.buffer.split_to(length.min(self.buffer.len())).to_vec();
        Some(answer)
    }
}

/// The head of an answer and its length, once all of it is here.
fn head(buffer: &[u8]) -> Option<(usize, Answer)> {
    let end = buffer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let text = String::from_utf8_lossy(&buffer[..end]).into_owned();
    let mut lines = text.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers = lines.filter_map(|line| line.split_once(':'));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
    Some((end + 4, Answer { status, headers, body: Vec::new() }))
}

/// One request on a connection of its own, and what came back.
pub async fn exchange(address: &str, request: &[u8]) -> Option<Answer> {
    let mut connection = Connection::to(address).await;
    connection.write(request).await;
    connection.read().await
}
