//! The load generator: keep-alive connections that send prepared requests and read the answers, as cheaply as possible,
//! the same for every server.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// No head of an answer is longer.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// One connection, which is made again when the server closes it.
pub struct Connection {
    address: String,
    stream: Option<TcpStream>,
    buffer: BytesMut,
}

/// What came back.
pub struct Answer {
    pub status: u16,
    pub body: Bytes,
}

struct Head {
    status: u16,
    /// Of the head itself, and of the body.
    bytes: (usize, usize),
    closes: bool,
}

impl Connection {
    /// Not connected yet.
    pub fn to(address: &str) -> Self {
        Self { address: address.to_owned(), stream: None, buffer: BytesMut::with_capacity(16 * 1024) }
    }

    /// Sends one request and reads its answer.
    pub async fn call(&mut self, request: &[u8]) -> Result<Answer> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => {
                self.buffer.clear();
                let stream = TcpStream::connect(&self.address).await?;
                stream.set_nodelay(true)?;
                stream
            }
        };
        stream.write_all(request).await?;
        loop {
            if let Some(head) = parse(&self.buffer)? {
                let (head_bytes, body_bytes) = head.bytes;
                while self.buffer.len() < head_bytes + body_bytes {
                    self.read(&mut stream).await?;
                }
                self.buffer.advance(head_bytes);
                let body = self.buffer.split_to(body_bytes).freeze();
                if !head.closes {
                    self.stream = Some(stream);
                }
                return Ok(Answer { status: head.status, body });
            }
            self.read(&mut stream).await?;
        }
    }

    /// Like `call`; anything but success is an error that shows the answer.
    pub async fn succeed(&mut self, request: &[u8]) -> Result<Bytes> {
        let answer = self.call(request).await?;
        if answer.status != 200 {
            bail!("{} answered {}: {}", self.address, answer.status, String::from_utf8_lossy(&answer.body));
        }
        Ok(answer.body)
    }

    /// Sends a request and throws the body of its answer away as it comes; its length.
    pub async fn discard(&mut self, request: &[u8]) -> Result<u64> {
        let mut stream = TcpStream::connect(&self.address).await?;
        self.buffer.clear();
        stream.write_all(request).await?;
        let head = loop {
            match parse(&self.buffer)? {
                Some(head) => break head,
                None => self.read(&mut stream).await?,
            }
        };
        anyhow::ensure!(head.status == 200, "{} answered {}", self.address, head.status);
        let (head_bytes, body_bytes) = head.bytes;
        let mut rest = (head_bytes + body_bytes) as u64 - self.buffer.len() as u64;
        while rest > 0 {
            self.buffer.clear();
            self.read(&mut stream).await?;
            rest -= self.buffer.len() as u64;
        }
        Ok(body_bytes as u64)
    }

    /// Sends the head of a request and `bytes` bytes of body, `pattern` again and again; anything but success is an
    /// error.
    pub async fn upload(&mut self, head: &[u8], bytes: u64, pattern: &[u8]) -> Result<()> {
        let mut stream = TcpStream::connect(&self.address).await?;
        stream.write_all(head).await?;
        let mut rest = bytes;
        while rest > 0 {
            let length = rest.min(pattern.len() as u64);
            stream.write_all(&pattern[..length as usize]).await?;
            rest -= length;
        }
        self.buffer.clear();
        loop {
            self.read(&mut stream).await?;
            if let Some(head) = parse(&self.buffer)? {
                let text = String::from_utf8_lossy(&self.buffer);
                anyhow::ensure!(head.status == 200, "{} answered {text}", self.address);
                return Ok(());
            }
        }
    }

    async fn read(&mut self, stream: &mut TcpStream) -> Result<()> {
        if stream.read_buf(&mut self.buffer).await? == 0 {
            bail!("{} closed the connection in the middle of an answer", self.address);
        }
        Ok(())
    }
}

fn parse(buffer: &[u8]) -> Result<Option<Head>> {
    let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else {
        anyhow::ensure!(buffer.len() <= HEAD_BYTES_MAX, "an answer without an end of its head");
        return Ok(None);
    };
    let text = std::str::from_utf8(&buffer[..end])?;
    let mut lines = text.split("\r\n");
    let first = lines.next().unwrap_or_default();
    let status = first.split(' ').nth(1).and_then(|status| status.parse().ok()).context("no status")?;
    let mut length = None;
    let mut closes = first.starts_with("HTTP/1.0");
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok();
        } else if name.eq_ignore_ascii_case("connection") {
            closes = value.trim().eq_ignore_ascii_case("close");
        }
    }
    let length = length.context("an answer without Content-Length")?;
    Ok(Some(Head { status, bytes: (end + 4, length), closes }))
}

/// Sends requests over many connections for a while, each connection one after the other; the rate of successes per
/// second. Connection `n` begins with request `n`, and all go round.
pub async fn rate(address: &str, connections: usize, lasting: Duration, requests: &[Bytes]) -> Result<f64> {
    let requests: Arc<[Bytes]> = requests.into();
    let counting = Arc::new(AtomicBool::new(false));
    let over = Arc::new(AtomicBool::new(false));
    let mut workers = tokio::task::JoinSet::new();
    for number in 0..connections {
        let (requests, counting, over) = (requests.clone(), counting.clone(), over.clone());
        let mut connection = Connection::to(address);
        workers.spawn(async move {
            let mut counted = 0_u64;
            for turn in number.. {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                connection.succeed(&requests[turn % requests.len()]).await?;
                counted += u64::from(counting.load(Ordering::Relaxed));
            }
            anyhow::Ok(counted)
        });
    }
    // Connections are made and caches are warm before counting begins.
    tokio::time::sleep(lasting / 5).await;
    counting.store(true, Ordering::Relaxed);
    let began = Instant::now();
    tokio::time::sleep(lasting).await;
    counting.store(false, Ordering::Relaxed);
    let elapsed = began.elapsed();
    over.store(true, Ordering::Relaxed);
    let mut total = 0;
    while let Some(counted) = workers.join_next().await {
        total += counted??;
    }
    #[expect(clippy::cast_precision_loss, reason = "a rate needs no more than 52 bits")]
    Ok(total as f64 / elapsed.as_secs_f64())
}
