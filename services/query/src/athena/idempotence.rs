//! Client request tokens: a request that is sent again answers what it answered before.

use base64::Engine;
use haar_platform::store::{Read, Tx};

use super::error::Error;
use super::model::{TOKENS, Token};
use super::place::Place;

/// What a request says, in a form in which two requests can be compared, of one length.
pub fn fingerprint(parts: &[&str]) -> String {
    use std::fmt::Write;
    let mut text = String::new();
    for part in parts {
        // Lengths keep parts apart.
        let _ = write!(text, "{}:{part};", part.len());
    }
    digest(&text)
}

fn digest(fingerprint: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, fingerprint.as_bytes());
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(digest)
}

/// The id that was answered to an earlier request with this token, which must have been the same request.
pub fn find(read: &impl Read, place: &Place, token: &str, fingerprint: &str) -> Result<Option<String>, Error> {
    match read.get(TOKENS, &place.key(token))? {
        Some(known) if known.fingerprint == fingerprint => Ok(Some(known.id)),
        Some(_) => Err(Error::invalid("Idempotent parameters do not match")),
        None => Ok(None),
    }
}

/// Remembers what was answered.
pub fn keep(tx: &mut Tx, place: &Place, token: &str, id: &str, fingerprint: String) -> Result<(), Error> {
    Ok(tx.put(TOKENS, &place.key(token), &Token { id: id.to_owned(), fingerprint })?)
}
