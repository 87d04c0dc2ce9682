//! SHA-256 as signatures write it, and the check of a body that streams past.

use std::fmt;

use ring::digest::{Context, SHA256, digest};

use super::error::AuthError;

/// SHA-256 of no bytes, in hexadecimal.
pub(super) const EMPTY_SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    into_array(digest(&SHA256, bytes).as_ref())
}

pub(super) fn sha256_hex(bytes: &[u8]) -> String {
    hex(&sha256(bytes))
}

pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

/// Reads exactly 64 lower-case hexadecimal digits. AWS writes no other case, and one spelling per value
/// keeps a changed bit a changed signature.
pub(super) fn unhex(text: &str) -> Option<[u8; 32]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    if text.len() != 64 {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

fn into_array(bytes: &[u8]) -> [u8; 32] {
    bytes.try_into().expect("SHA-256 has 32 bytes")
}

/// A running SHA-256.
#[derive(Clone)]
pub(super) struct Sha256(Context);

impl Sha256 {
    pub(super) fn new() -> Self {
        Self(Context::new(&SHA256))
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The hash of what was seen so far; the next starts empty.
    pub(super) fn take(&mut self) -> [u8; 32] {
        let context = std::mem::replace(&mut self.0, Context::new(&SHA256));
        into_array(context.finish().as_ref())
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sha256")
    }
}

/// Checks a body against the `x-amz-content-sha256` that its signature covers, piece by piece.
/// The body must not be acted upon before [`PayloadHasher::finish`] agreed.
#[derive(Clone, Debug)]
pub struct PayloadHasher {
    declared: [u8; 32],
    seen: Sha256,
}

impl PayloadHasher {
    pub(super) fn new(declared: [u8; 32]) -> Self {
        Self { declared, seen: Sha256::new() }
    }

    pub fn update(&mut self, piece: &[u8]) {
        self.seen.update(piece);
    }

    /// After the last piece: `XAmzContentSHA256Mismatch` unless the body was the one that was signed.
    pub fn finish(mut self) -> Result<(), AuthError> {
        check_declared(self.declared, self.seen.take())
    }
}

/// No constant time here: both hashes are of the sender's own making and known to it.
pub(super) fn check_declared(declared: [u8; 32], computed: [u8; 32]) -> Result<(), AuthError> {
    if declared == computed {
        return Ok(());
    }
    Err(AuthError::ContentHashMismatch { declared: hex(&declared), computed: hex(&computed) })
}
