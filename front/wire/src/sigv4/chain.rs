//! The chain of signatures through a chunked body: each covers the one before it.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html>

use super::authentication::Authentication;
use super::date::AmzDate;
use super::digest::{EMPTY_SHA256, hex, sha256_hex};
use super::error::Mismatch;
use super::key::SigningKey;

/// Starts at the request's own signature, the seed, and moves on with every chunk.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    key: SigningKey,
    date: AmzDate,
    access_key_id: String,
    previous: String,
}

impl Chain {
    pub(super) fn new(key: SigningKey, seed: &Authentication) -> Self {
        Self::from_seed(key, seed.date, &seed.access_key_id, &seed.signature)
    }

    pub(super) fn from_seed(key: SigningKey, date: AmzDate, access_key_id: &str, signature: &str) -> Self {
        Self { key, date, access_key_id: access_key_id.to_owned(), previous: signature.to_owned() }
    }

    /// Signs the next chunk, of this hash.
    pub(super) fn sign_chunk(&mut self, sha256: [u8; 32]) -> String {
        self.previous = self.key.sign(&self.chunk_string(sha256));
        self.previous.clone()
    }

    /// Signs the trailing headers, which end the chain. They are `name:value\n` lines.
    pub(super) fn sign_trailers(&self, lines: &str) -> String {
        self.key.sign(&self.trailer_string(lines))
    }

    pub(super) fn check_chunk(&mut self, sha256: [u8; 32], signature: &str) -> Result<(), Box<Mismatch>> {
        let string_to_sign = self.chunk_string(sha256);
        self.check(string_to_sign, signature)?;
        signature.clone_into(&mut self.previous);
        Ok(())
    }

    pub(super) fn check_trailers(&self, lines: &str, signature: &str) -> Result<(), Box<Mismatch>> {
        self.check(self.trailer_string(lines), signature)
    }

    fn check(&self, string_to_sign: String, signature: &str) -> Result<(), Box<Mismatch>> {
        if self.key.agrees(&string_to_sign, signature) {
            return Ok(());
        }
        Err(Box::new(Mismatch {
            access_key_id: self.access_key_id.clone(),
            signature_provided: signature.to_owned(),
            string_to_sign,
            canonical_request: Vec::new(),
        }))
    }

    fn chunk_string(&self, sha256: [u8; 32]) -> String {
        let (date, scope, previous) = (self.date, self.key.scope(), &self.previous);
        format!("AWS4-HMAC-SHA256-PAYLOAD\n{date}\n{scope}\n{previous}\n{EMPTY_SHA256}\n{}", hex(&sha256))
    }

    fn trailer_string(&self, lines: &str) -> String {
        let (date, scope, previous) = (self.date, self.key.scope(), &self.previous);
        format!("AWS4-HMAC-SHA256-TRAILER\n{date}\n{scope}\n{previous}\n{}", sha256_hex(lines.as_bytes()))
    }
}
