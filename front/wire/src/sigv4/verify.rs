//! Checking a claim: its times, what it covers, and the signature itself.

use super::authentication::{Authentication, Mechanism};
use super::canonical::Request;
use super::chain::Chain;
use super::chunk_decoder::{ChunkDecoder, StreamError};
use super::date::AmzDate;
use super::digest::{EMPTY_SHA256, PayloadHasher, check_declared, sha256, sha256_hex, unhex};
use super::error::{AuthError, Mismatch};
use super::key::{SigningKey, string_to_sign};
use super::rules::Rules;

pub(super) const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";
pub(super) const STREAMING_SIGNED: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
pub(super) const STREAMING_SIGNED_TRAILER: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
pub(super) const STREAMING_UNSIGNED_TRAILER: &str = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";

/// The body as the verifier meets it.
#[derive(Clone, Copy, Debug)]
pub enum Body<'a> {
    /// All of it.
    Buffered(&'a [u8]),
    /// It comes later; the signature must say its hash, or that it is not covered.
    Streamed,
}

/// A request whose signature is true.
#[derive(Debug)]
pub struct Verified {
    pub payload: Payload,
}

/// What is still to be done for the body before it may be acted upon.
#[derive(Debug)]
pub enum Payload {
    /// Nothing: the signature covers these very bytes.
    Whole,
    /// Nothing: the sender chose not to sign it.
    Unsigned,
    /// Feed it to the hasher and ask it at the end.
    Hashed(Box<PayloadHasher>),
    /// Decode its chunks; they are the frame around the real body.
    Chunked(Box<ChunkDecoder>),
}

impl Payload {
    /// Of a request that nobody signed, or whose signature is not looked at: its chunks are unwrapped all the same.
    pub fn unverified(request: &Request<'_>) -> Result<Self, AuthError> {
        let trailer = match request.header("x-amz-content-sha256") {
            Some(STREAMING_SIGNED) => false,
            Some(STREAMING_SIGNED_TRAILER | STREAMING_UNSIGNED_TRAILER) => true,
            _ => return Ok(Self::Unsigned),
        };
        let trailers = if trailer { declared_trailers(request) } else { Vec::new() };
        let decoder = ChunkDecoder::unverified(trailer, trailers, decoded_length(request)?);
        Ok(Self::Chunked(Box::new(decoder)))
    }
}

/// Checks requests against one signing key at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Verifier<'a> {
    key: &'a SigningKey,
    now: AmzDate,
}

impl<'a> Verifier<'a> {
    /// `key` is the claimed access key's, derived for the claimed scope; `now_seconds` are Unix seconds.
    pub fn new(key: &'a SigningKey, now_seconds: i64) -> Self {
        Self { key, now: AmzDate::from_seconds(now_seconds) }
    }

    /// Checks that the key signed this request, now. With [`Body::Streamed`] the body is checked by what
    /// [`Verified::payload`] hands back.
    pub fn verify(&self, request: &Request<'_>, claim: &Authentication, body: Body<'_>) -> Result<Verified, AuthError> {
        let rules = Rules::of(&claim.scope.service);
        self.check_times(claim, rules)?;
        check_signed_headers(request, claim, rules)?;
        let payload = PayloadLine::of(request, claim, rules, body)?;
        let canonical_request = request.canonical(rules.s3, &claim.signed_headers, &payload.line);
        let string_to_sign = string_to_sign(claim.date, &claim.scope, &canonical_request);
        if !self.key.agrees(&string_to_sign, &claim.signature) {
            return Err(AuthError::SignatureMismatch(Box::new(Mismatch {
                access_key_id: claim.access_key_id.clone(),
                signature_provided: claim.signature.clone(),
                string_to_sign,
                canonical_request,
            })));
        }
        Ok(Verified { payload: self.payload_after(request, claim, payload.kind, body)? })
    }

    fn check_times(&self, claim: &Authentication, rules: Rules) -> Result<(), AuthError> {
        let (date, now, place) = (claim.date, self.now, claim.mechanism.place());
        if date.day() != claim.scope.date {
            return Err(AuthError::DateMismatch { scope_date: claim.scope.date.clone(), date, place });
        }
        let window_seconds = rules.skew_seconds;
        if date > now.plus_seconds(window_seconds) {
            return Err(AuthError::NotYetCurrent { date, now, window_seconds, place });
        }
        match claim.mechanism {
            Mechanism::Presigned { expires_seconds: Some(expires_seconds) } if !rules.ignores_expires => {
                if now > date.plus_seconds(expires_seconds) {
                    return Err(AuthError::PresignedExpired { date, now, expires_seconds });
                }
            }
            _ => {
                if now > date.plus_seconds(window_seconds) {
                    return Err(AuthError::Expired { date, now, window_seconds });
                }
            }
        }
        Ok(())
    }

    fn payload_after(
        &self,
        request: &Request<'_>,
        claim: &Authentication,
        kind: PayloadKind,
        body: Body<'_>,
    ) -> Result<Payload, AuthError> {
        match (kind, body) {
            (PayloadKind::Covered, _) => Ok(Payload::Whole),
            (PayloadKind::Unsigned, _) => Ok(Payload::Unsigned),
            (PayloadKind::Declared(declared), Body::Buffered(bytes)) => {
                check_declared(declared, sha256(bytes)).map(|()| Payload::Whole)
            }
            (PayloadKind::Declared(declared), Body::Streamed) => {
                Ok(Payload::Hashed(Box::new(PayloadHasher::new(declared))))
            }
            (PayloadKind::Chunked { signed, trailer }, _) => {
                let length = decoded_length(request)?;
                let chain = signed.then(|| Chain::new(self.key.clone(), claim));
                let trailers = if trailer { declared_trailers(request) } else { Vec::new() };
                Ok(Payload::Chunked(Box::new(ChunkDecoder::new(chain, trailer, trailers, length))))
            }
        }
    }
}

fn decoded_length(request: &Request<'_>) -> Result<u64, StreamError> {
    let length = request.header("x-amz-decoded-content-length").and_then(|text| text.parse().ok());
    length.ok_or(StreamError::MissingLength)
}

fn declared_trailers(request: &Request<'_>) -> Vec<String> {
    let values = request.headers.get_all("x-amz-trailer").iter().filter_map(|value| value.to_str().ok());
    let names = values.flat_map(|value| value.split(','));
    names.map(|name| name.trim().to_ascii_lowercase()).filter(|name| !name.is_empty()).collect()
}

/// `Host` always, and every `x-amz-` header that is there, so that nobody can add one on the way.
fn check_signed_headers(request: &Request<'_>, claim: &Authentication, rules: Rules) -> Result<(), AuthError> {
    let is_signed = |name: &str| claim.signed_headers.iter().any(|signed| signed == name);
    let mut names = Vec::new();
    if !is_signed("host") {
        names.push("host".to_owned());
    }
    for name in request.headers.keys().map(http::HeaderName::as_str) {
        let is_exempt = match name {
            // Covered all the same: it is the canonical request's last line, or the body's own hash is.
            "x-amz-content-sha256" => true,
            // Some services' clients add the token after signing; it is checked against the key anyway.
            "x-amz-security-token" => !rules.s3,
            _ => false,
        };
        if name.starts_with("x-amz-") && !is_exempt && !is_signed(name) {
            names.push(name.to_owned());
        }
    }
    if names.is_empty() { Ok(()) } else { Err(AuthError::HeadersNotSigned { names }) }
}

/// The last line of the canonical request, and what it says about the body.
struct PayloadLine {
    line: String,
    kind: PayloadKind,
}

#[derive(Clone, Copy)]
enum PayloadKind {
    /// The line is the hash of the bytes at hand.
    Covered,
    Unsigned,
    /// The line is a hash that the body must turn out to have.
    Declared([u8; 32]),
    Chunked {
        signed: bool,
        trailer: bool,
    },
}

impl PayloadLine {
    fn of(request: &Request<'_>, claim: &Authentication, rules: Rules, body: Body<'_>) -> Result<Self, AuthError> {
        let header = || request.header("x-amz-content-sha256").map(str::to_owned);
        let declared = match claim.mechanism {
            Mechanism::Header => header(),
            Mechanism::Presigned { .. } => request.parameter("X-Amz-Content-Sha256").or_else(header),
        };
        match (rules.s3, declared, body) {
            (true, Some(declared), _) => Self::declared(declared),
            (true, None, _) if claim.mechanism == Mechanism::Header => Err(AuthError::MissingContentHash),
            (true, None, _) => Ok(Self { line: UNSIGNED_PAYLOAD.to_owned(), kind: PayloadKind::Unsigned }),
            (false, Some(declared), _) if declared == UNSIGNED_PAYLOAD => Self::declared(declared),
            (false, _, Body::Buffered(bytes)) => Ok(Self { line: hash_line(bytes), kind: PayloadKind::Covered }),
            (false, Some(declared), Body::Streamed) => Self::declared(declared),
            (false, None, Body::Streamed) => Err(AuthError::MissingContentHash),
        }
    }

    fn declared(line: String) -> Result<Self, AuthError> {
        let kind = match line.as_str() {
            UNSIGNED_PAYLOAD => PayloadKind::Unsigned,
            STREAMING_SIGNED => PayloadKind::Chunked { signed: true, trailer: false },
            STREAMING_SIGNED_TRAILER => PayloadKind::Chunked { signed: true, trailer: true },
            STREAMING_UNSIGNED_TRAILER => PayloadKind::Chunked { signed: false, trailer: true },
            other => match unhex(other) {
                Some(hash) => PayloadKind::Declared(hash),
                None if other.starts_with("STREAMING-AWS4-ECDSA-") => {
                    return Err(AuthError::UnsupportedStreaming { name: line });
                }
                None => return Err(AuthError::InvalidContentHash { value: line }),
            },
        };
        Ok(Self { line, kind })
    }
}

pub(super) fn hash_line(body: &[u8]) -> String {
    if body.is_empty() { EMPTY_SHA256.to_owned() } else { sha256_hex(body) }
}
