//! The signing key of one secret for one day, region and service.

use std::fmt;

use ring::hmac::{self, HMAC_SHA256};

use super::date::AmzDate;
use super::digest::{hex, sha256_hex, unhex};

pub(super) const ALGORITHM: &str = "AWS4-HMAC-SHA256";
pub(super) const TERMINATOR: &str = "aws4_request";

/// Where and when a signature is good for; displayed as `20150830/us-east-1/iam/aws4_request`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    /// `yyyymmdd`
    pub date: String,
    pub region: String,
    /// The service's signing name, which is how the gateway recognises the service.
    pub service: String,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}/{TERMINATOR}", self.date, self.region, self.service)
    }
}

/// A derived key. Deriving costs four HMACs, so callers may cache keys by access key and [`Scope`].
/// It signs for its scope only, and does not reveal the secret it came from.
#[derive(Clone)]
pub struct SigningKey {
    scope: Scope,
    key: hmac::Key,
}

impl SigningKey {
    /// `date` is `yyyymmdd`; <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>
    pub fn derive(secret_access_key: &str, date: &str, region: &str, service: &str) -> Self {
        let mut key = hmac::Key::new(HMAC_SHA256, format!("AWS4{secret_access_key}").as_bytes());
        for step in [date, region, service, TERMINATOR] {
            key = hmac::Key::new(HMAC_SHA256, hmac::sign(&key, step.as_bytes()).as_ref());
        }
        let scope = Scope { date: date.to_owned(), region: region.to_owned(), service: service.to_owned() };
        Self { scope, key }
    }

    /// The key that a request's scope asks for.
    pub fn derive_for(secret_access_key: &str, scope: &Scope) -> Self {
        Self::derive(secret_access_key, &scope.date, &scope.region, &scope.service)
    }

    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    pub(super) fn sign(&self, string_to_sign: &str) -> String {
        hex(hmac::sign(&self.key, string_to_sign.as_bytes()).as_ref())
    }

    /// Signs the policy of a form, as clients that make forms do.
    pub fn sign_policy(&self, policy: &str) -> String {
        self.sign(policy)
    }

    /// Whether `signature` is this key's for the policy of a form, which is signed as it is.
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-authentication-HTTPPOST.html>
    pub fn signed_policy(&self, policy: &str, signature: &str) -> bool {
        self.agrees(policy, signature)
    }

    /// Whether `signature` is this key's for the string; takes the same time wherever they differ.
    pub(super) fn agrees(&self, string_to_sign: &str, signature: &str) -> bool {
        let Some(signature) = unhex(signature) else {
            return false;
        };
        hmac::verify(&self.key, string_to_sign.as_bytes(), &signature).is_ok()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.scope)
    }
}

/// What is signed for a whole request.
pub(super) fn string_to_sign(date: AmzDate, scope: &Scope, canonical_request: &[u8]) -> String {
    format!("{ALGORITHM}\n{date}\n{scope}\n{}", sha256_hex(canonical_request))
}
