//! What a process writes on stdout and stderr, cut into lines, in the order in which it was written.

use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;

use haar_kernel::{Clock, Timestamp};
use parking_lot::Mutex;
use tokio::net::unix::pipe;

use crate::outcome::LogLine;

/// CloudWatch Logs takes events of at most 256 KiB, with their overhead; longer lines become several.
const LINE_MAX: usize = 256 * 1024 - 26;
/// What is kept of one invocation's output. A function that writes more has its last lines counted, not kept.
const KEPT_MAX: usize = 64 * 1024 * 1024;
/// Our interface clients begin a message that may have several lines with this byte and its length in eight hexadecimal
/// digits. No text has it.
const FRAME: u8 = 0x1e;
const FRAME_HEADER: usize = 9;

/// The reading end of a process's output.
pub(crate) struct Output {
    pipe: pipe::Receiver,
    lines: Mutex<Lines>,
    clock: Clock,
}

impl Output {
    pub(crate) fn new(pipe: OwnedFd, clock: Clock, framed: bool) -> io::Result<Self> {
        let lines = Mutex::new(Lines { framed, ..Lines::default() });
        Ok(Self { pipe: pipe::Receiver::from_owned_fd(pipe)?, lines, clock })
    }

    /// Reads until every writer has closed its end: so that no process waits for a full pipe.
    pub(crate) async fn read_on(&self) {
        loop {
            if self.pipe.readable().await.is_err() {
                return;
            }
            let all = || if self.read_available() { Ok(()) } else { Err(io::ErrorKind::WouldBlock.into()) };
            if self.pipe.try_io(all).is_ok() {
                return;
            }
        }
    }

    /// All lines that were written before this call, and were not taken before; also the last, unfinished one.
    pub(crate) fn take(&self) -> Vec<LogLine> {
        // What a process wrote before it answered is in the pipe by now.
        self.read_available();
        self.lines.lock().take(self.clock.now())
    }

    /// Whether this was the end of it.
    fn read_available(&self) -> bool {
        let mut lines = self.lines.lock();
        let mut buffer = [0_u8; 64 * 1024];
        loop {
            match rustix::io::read(&self.pipe, &mut buffer) {
                Ok(0) => return true,
                Ok(length) => lines.add(&buffer[..length], self.clock.now()),
                Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::AGAIN) => return false,
                Err(_) => return true,
            }
        }
    }
}

#[derive(Default)]
struct Lines {
    framed: bool,
    partial: VecDeque<u8>,
    /// How far `partial` is known to have no line break.
    searched: usize,
    done: Vec<LogLine>,
    kept: usize,
    dropped: usize,
}

impl Lines {
    fn add(&mut self, bytes: &[u8], time: Timestamp) {
        self.partial.extend(bytes);
        while let Some((skip, length, consumed)) = self.next_message() {
            let line: Vec<u8> = self.partial.drain(..consumed).skip(skip).take(length).collect();
            self.searched = 0;
            self.keep(&line, time);
        }
    }

    /// Where the next whole message begins, how long it is, and how much of the buffer it takes with its break.
    fn next_message(&mut self) -> Option<(usize, usize, usize)> {
        let bytes = self.partial.make_contiguous();
        if self.framed && bytes.first() == Some(&FRAME) {
            let header = bytes.get(1..FRAME_HEADER)?;
            let length = std::str::from_utf8(header).ok().and_then(|digits| usize::from_str_radix(digits, 16).ok());
            if let Some(length) = length.filter(|length| *length <= KEPT_MAX) {
                let whole = FRAME_HEADER + length;
                return (bytes.len() >= whole).then_some((FRAME_HEADER, length, whole));
            }
        }
        // A message of our client's may begin where another writer's line has not ended.
        let ends = |at: usize, byte: u8| byte == b'\n' || (self.framed && byte == FRAME && at > 0);
        let end = bytes.iter().enumerate().skip(self.searched).find(|(at, byte)| ends(*at, **byte));
        match end {
            Some((at, b'\n')) if at <= LINE_MAX => Some((0, at, at + 1)),
            Some((at, _)) if at <= LINE_MAX => Some((0, at, at)),
            _ if bytes.len() > LINE_MAX => Some((0, LINE_MAX, LINE_MAX)),
            _ => {
                self.searched = bytes.len();
                None
            }
        }
    }

    fn keep(&mut self, line: &[u8], time: Timestamp) {
        let empty: &[u8] = &[];
        for piece in line.chunks(LINE_MAX).chain(line.is_empty().then_some(empty)) {
            let text = String::from_utf8_lossy(piece);
            let text = text.strip_suffix('\n').unwrap_or(&text);
            let text = text.strip_suffix('\r').unwrap_or(text);
            if self.kept + text.len() > KEPT_MAX {
                self.dropped += text.len();
                continue;
            }
            self.kept += text.len();
            self.done.push(LogLine { time, text: text.to_owned() });
        }
    }

    fn take(&mut self, time: Timestamp) -> Vec<LogLine> {
        if !self.partial.is_empty() {
            let rest: Vec<u8> = std::mem::take(&mut self.partial).into();
            self.searched = 0;
            self.keep(&rest, time);
        }
        if self.dropped > 0 {
            let text = format!("haar: {} bytes of output beyond {KEPT_MAX} were dropped", self.dropped);
            self.done.push(LogLine { time, text });
        }
        self.kept = 0;
        self.dropped = 0;
        std::mem::take(&mut self.done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(lines: &mut Lines) -> Vec<String> {
        lines.take(Timestamp::from_seconds(0)).into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn lines_are_found_however_the_bytes_arrive() {
        let text = b"one\r\n\ntwo\nthree";
        for size in 1..text.len() {
            let mut lines = Lines::default();
            text.chunks(size).for_each(|piece| lines.add(piece, Timestamp::from_seconds(0)));
            assert_eq!(texts(&mut lines), ["one", "", "two", "three"], "in pieces of {size}");
        }
    }

    #[test]
    fn a_framed_message_keeps_its_line_breaks_and_may_follow_an_unfinished_line() {
        let text = b"before\x1e00000005a\nb\nc\nafter\n";
        for size in 1..text.len() {
            let mut lines = Lines { framed: true, ..Lines::default() };
            text.chunks(size).for_each(|piece| lines.add(piece, Timestamp::from_seconds(0)));
            assert_eq!(texts(&mut lines), ["before", "a\nb\nc", "", "after"], "in pieces of {size}");
        }
    }

    #[test]
    fn a_line_beyond_what_logs_take_becomes_two_and_loses_nothing() {
        let mut lines = Lines::default();
        lines.add(&vec![b'x'; LINE_MAX + 10], Timestamp::from_seconds(0));
        lines.add(b"\nend\n", Timestamp::from_seconds(0));
        let found = texts(&mut lines);
        assert_eq!(found.iter().map(String::len).collect::<Vec<_>>(), [LINE_MAX, 10, 3]);
    }

    #[test]
    fn output_beyond_the_bound_is_counted_not_kept() {
        let mut lines = Lines::default();
        let line = [vec![b'y'; LINE_MAX], b"\n".to_vec()].concat();
        for _ in 0..(KEPT_MAX / LINE_MAX + 3) {
            lines.add(&line, Timestamp::from_seconds(0));
        }
        let found = texts(&mut lines);
        assert_eq!(found.len(), KEPT_MAX / LINE_MAX + 1);
        assert!(found.last().is_some_and(|line| line.ends_with("were dropped")));
    }
}
