//! A webhook on a real socket that remembers its calls and answers as it is told.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::Bench;

/// See the module's documentation.
pub struct Hook {
    pub url: String,
    address: String,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    calls: Vec<Call>,
    /// Statuses of the next answers; 200 when there are none.
    answers: VecDeque<u16>,
}

/// One call.
#[derive(Clone, Debug)]
pub struct Call {
    pub head: String,
    pub body: String,
}

impl Call {
    /// A header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = |line: &&str| line.split_once(": ").is_some_and(|(key, _)| key.eq_ignore_ascii_case(name));
        self.head.lines().find(found).and_then(|line| line.split_once(": ")).map(|(_, value)| value)
    }
}

impl Hook {
    /// Listens, and answers with these statuses first.
    pub async fn open(bench: &Bench, answers: &[u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let hook = Self { url: format!("http://{address}/hook"), address, seen: Arc::default() };
        hook.listen(bench, listener, answers);
        hook
    }

    /// Listens again, in the tasks of another house.
    pub async fn serve(&self, bench: &Bench, answers: &[u16]) {
        let listener = TcpListener::bind(&self.address).await.unwrap();
        self.listen(bench, listener, answers);
    }

    fn listen(&self, bench: &Bench, listener: TcpListener, answers: &[u16]) {
        self.seen.lock().answers = answers.iter().copied().collect();
        let (seen, tasks) = (self.seen.clone(), bench.house.platform.house.tasks.clone());
        bench.house.platform.house.tasks.spawn_forever("hook", async move {
            while let Ok((stream, _)) = listener.accept().await {
                let seen = seen.clone();
                tasks.spawn_forever("call of a hook", async move { talk(stream, &seen).await.unwrap_or_default() });
            }
        });
    }

    pub fn calls(&self) -> Vec<Call> {
        self.seen.lock().calls.clone()
    }

    /// The bodies, as JSON.
    pub fn bodies(&self) -> Vec<Value> {
        self.calls().iter().map(|call| serde_json::from_str(&call.body).unwrap()).collect()
    }
}

async fn talk(mut stream: TcpStream, seen: &Mutex<Seen>) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    loop {
        while let Some(call) = take_call(&mut bytes) {
            let status = {
                let mut seen = seen.lock();
                seen.calls.push(call);
                seen.answers.pop_front().unwrap_or(200)
            };
            let answer = format!("HTTP/1.1 {status} Said\r\ncontent-length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).await?;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
    }
}

fn take_call(bytes: &mut Vec<u8>) -> Option<Call> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut call = Call { head, body: String::new() };
    let length: usize = call.header("content-length").map_or(0, |length| length.parse().unwrap());
    let whole = bytes.get(end..end + length)?.to_vec();
    call.body = String::from_utf8(whole).unwrap();
    bytes.drain(..end + length);
    Some(call)
}
