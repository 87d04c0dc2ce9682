//! Decoding `aws-chunked` bodies as they arrive, checking each chunk's signature and the trailer's.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html>

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::chain::Chain;
use super::digest::Sha256;
use super::error::Mismatch;

/// The largest chunk: S3's largest body of one request. Chunks are passed through, never gathered.
pub const CHUNK_BYTES_MAX: u64 = 5 * 1024 * 1024 * 1024;
/// Only the last chunk may be smaller, as S3 has it.
pub const CHUNK_BYTES_MIN: u64 = 8192;
/// A chunk's head has a size and a signature: about a hundred bytes. A trailer has a name and a checksum.
const LINE_BYTES_MAX: usize = 1024;
/// S3 knows one trailing checksum per request; this leaves room for the curious.
const TRAILERS_MAX: usize = 16;

/// What can be wrong with a chunked body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamError {
    /// No usable `x-amz-decoded-content-length`.
    MissingLength,
    /// The frame around the chunks is broken, or ends early.
    Malformed,
    /// More or fewer bytes than `x-amz-decoded-content-length` says.
    LengthMismatch,
    /// A small chunk that is not the last. Counted from one.
    ChunkTooSmall {
        chunk: u64,
        size_bytes: u64,
    },
    /// Trailing headers that are undeclared, missing, or unreadable.
    MalformedTrailer,
    SignatureMismatch(Box<Mismatch>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    ChunkHead,
    ChunkData {
        left: u64,
    },
    ChunkEnd,
    /// The empty line after the last chunk of a body without trailers.
    BodyEnd,
    Trailers,
    Done,
    Failed,
}

/// Takes encoded bytes and gives decoded ones, which share the input's memory. What comes out of a signed
/// body is known to be true only after its chunk ended, so nothing may be acted upon before
/// [`ChunkDecoder::finish`] agreed: write it aside and drop it on an error.
#[derive(Debug)]
pub struct ChunkDecoder {
    /// `None` for unsigned chunks.
    chain: Option<Chain>,
    /// Signatures may be there, and nobody looks at them.
    is_unverified: bool,
    has_trailers: bool,
    trailers_declared: Vec<String>,
    length: u64,
    state: State,
    /// A line that has not ended yet.
    line: Vec<u8>,
    chunk: u64,
    chunk_size: u64,
    chunk_signature: String,
    chunk_hash: Sha256,
    announced: u64,
    trailers: Vec<(String, String)>,
    trailers_are_signed: bool,
}

impl ChunkDecoder {
    pub(super) fn new(chain: Option<Chain>, has_trailers: bool, trailers_declared: Vec<String>, length: u64) -> Self {
        Self {
            chain,
            is_unverified: false,
            has_trailers,
            trailers_declared,
            length,
            state: State::ChunkHead,
            line: Vec::new(),
            chunk: 0,
            chunk_size: 0,
            chunk_signature: String::new(),
            chunk_hash: Sha256::new(),
            announced: 0,
            trailers: Vec::new(),
            trailers_are_signed: false,
        }
    }

    /// For bodies whose signatures are not looked at.
    pub(super) fn unverified(has_trailers: bool, trailers_declared: Vec<String>, length: u64) -> Self {
        Self { is_unverified: true, ..Self::new(None, has_trailers, trailers_declared, length) }
    }

    /// The number of bytes that the chunks carry together.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Decodes the next piece of the body, cut anywhere, and appends what it carries to `decoded`.
    /// After an error every further piece is an error.
    pub fn push(&mut self, mut piece: Bytes, decoded: &mut Vec<Bytes>) -> Result<(), StreamError> {
        let outcome = self.advance(&mut piece, decoded);
        if outcome.is_err() {
            self.state = State::Failed;
        }
        outcome
    }

    /// After the last piece: the trailing headers, once all that was promised has come.
    pub fn finish(self) -> Result<HeaderMap, StreamError> {
        // Senders differ in whether an empty line ends the trailers.
        let is_over = match self.state {
            State::Done => true,
            State::Trailers => self.trailers_are_complete(),
            _ => false,
        };
        if !is_over || !self.line.is_empty() {
            return Err(StreamError::Malformed);
        }
        let mut headers = HeaderMap::new();
        for (name, value) in &self.trailers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| StreamError::MalformedTrailer)?;
            headers.insert(name, HeaderValue::from_str(value).map_err(|_| StreamError::MalformedTrailer)?);
        }
        Ok(headers)
    }

    fn advance(&mut self, piece: &mut Bytes, decoded: &mut Vec<Bytes>) -> Result<(), StreamError> {
        while !piece.is_empty() {
            if let State::ChunkData { left } = self.state {
                let data = piece.split_to(usize::try_from(left).unwrap_or(usize::MAX).min(piece.len()));
                let left = left - data.len() as u64;
                if self.chain.is_some() {
                    self.chunk_hash.update(&data);
                }
                decoded.push(data);
                self.state = if left == 0 { State::ChunkEnd } else { State::ChunkData { left } };
            } else if let Some(line) = self.take_line(piece)? {
                self.read_line(&line)?;
            }
        }
        Ok(())
    }

    /// Moves bytes up to the next line feed out of the piece; gives the line once it is whole.
    fn take_line(&mut self, piece: &mut Bytes) -> Result<Option<Vec<u8>>, StreamError> {
        let room = LINE_BYTES_MAX.saturating_sub(self.line.len());
        let end = piece.iter().take(room).position(|byte| *byte == b'\n');
        if end.is_none() && piece.len() >= room {
            return Err(StreamError::Malformed);
        }
        let taken = piece.split_to(end.map_or(piece.len(), |end| end + 1));
        self.line.extend_from_slice(&taken);
        Ok(end.map(|_| std::mem::take(&mut self.line)))
    }

    fn read_line(&mut self, line: &[u8]) -> Result<(), StreamError> {
        match self.state {
            State::ChunkHead => self.read_chunk_head(line),
            State::ChunkEnd if line == b"\r\n" => {
                self.state = State::ChunkHead;
                self.check_chunk()
            }
            State::BodyEnd if line == b"\r\n" => {
                self.state = State::Done;
                Ok(())
            }
            State::Trailers => self.read_trailer(line),
            // One more empty line after the end does no harm; some senders have it.
            State::Done if self.has_trailers && line == b"\r\n" => Ok(()),
            _ => Err(StreamError::Malformed),
        }
    }

    fn read_chunk_head(&mut self, line: &[u8]) -> Result<(), StreamError> {
        let text = line.strip_suffix(b"\r\n").and_then(|head| std::str::from_utf8(head).ok());
        let text = text.ok_or(StreamError::Malformed)?;
        let (size, extensions) = text.split_once(';').unwrap_or((text, ""));
        // from_str_radix would also take a sign.
        let is_number = !size.is_empty() && size.bytes().all(|byte| byte.is_ascii_hexdigit());
        let size = u64::from_str_radix(size, 16).ok().filter(|size| is_number && *size <= CHUNK_BYTES_MAX);
        let size = size.ok_or(StreamError::Malformed)?;
        if size > 0 && self.chunk > 0 && self.chunk_size < CHUNK_BYTES_MIN {
            return Err(StreamError::ChunkTooSmall { chunk: self.chunk, size_bytes: self.chunk_size });
        }
        self.announced += size;
        if self.announced > self.length || size == 0 && self.announced != self.length {
            return Err(StreamError::LengthMismatch);
        }
        if self.chain.is_some() {
            let mut extensions = extensions.split(';').map(str::trim);
            let signature = extensions.find_map(|extension| extension.strip_prefix("chunk-signature="));
            signature.ok_or(StreamError::Malformed)?.clone_into(&mut self.chunk_signature);
        }
        self.chunk += 1;
        self.chunk_size = size;
        if size > 0 {
            self.state = State::ChunkData { left: size };
            return Ok(());
        }
        self.state = if self.has_trailers { State::Trailers } else { State::BodyEnd };
        self.check_chunk()
    }

    fn check_chunk(&mut self) -> Result<(), StreamError> {
        let Some(chain) = &mut self.chain else {
            return Ok(());
        };
        let outcome = chain.check_chunk(self.chunk_hash.take(), &self.chunk_signature);
        outcome.map_err(StreamError::SignatureMismatch)
    }

    fn read_trailer(&mut self, line: &[u8]) -> Result<(), StreamError> {
        let text = std::str::from_utf8(line).map_err(|_| StreamError::MalformedTrailer)?.trim();
        if text.is_empty() {
            // Some senders put an empty line before the trailers or before their signature.
            if self.trailers_are_complete() {
                self.state = State::Done;
            }
            return Ok(());
        }
        let (name, value) = text.split_once(':').ok_or(StreamError::MalformedTrailer)?;
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim().to_owned());
        if name == "x-amz-trailer-signature" {
            return self.check_trailers(&value);
        }
        let is_new = self.trailers.iter().all(|(seen, _)| *seen != name);
        let is_expected = is_new && !self.trailers_are_signed && self.trailers_declared.contains(&name);
        if !is_expected || self.trailers.len() == TRAILERS_MAX {
            return Err(StreamError::MalformedTrailer);
        }
        self.trailers.push((name, value));
        Ok(())
    }

    fn check_trailers(&mut self, signature: &str) -> Result<(), StreamError> {
        let Some(chain) = &self.chain else {
            return if self.is_unverified { Ok(()) } else { Err(StreamError::MalformedTrailer) };
        };
        if self.trailers_are_signed {
            return Err(StreamError::MalformedTrailer);
        }
        chain.check_trailers(&trailer_lines(&self.trailers), signature).map_err(StreamError::SignatureMismatch)?;
        self.trailers_are_signed = true;
        Ok(())
    }

    fn trailers_are_complete(&self) -> bool {
        let is_signed = self.chain.is_none() || self.trailers_are_signed;
        let has_come = |name: &String| self.trailers.iter().any(|(seen, _)| seen == name);
        is_signed && self.trailers_declared.iter().all(has_come)
    }
}

/// Trailing headers as their signature covers them: sorted, one line each.
pub(super) fn trailer_lines(trailers: &[(String, String)]) -> String {
    let mut lines: Vec<String> = trailers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    lines.sort_unstable();
    lines.concat()
}
