//! Everything that can be wrong with a request's authentication.

use std::fmt;

use super::answer::Family;
use super::chunk_decoder::StreamError;
use super::date::AmzDate;

/// Where a request carried its authentication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Header,
    Query,
}

/// Why a request is not believed, with all that AWS tells about it.
/// [`AuthError::answer`] gives the code, status and message of a protocol family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthError {
    /// The request is anonymous and must not be.
    MissingToken,
    /// Both an `Authorization` header and presigned parameters.
    TwoMechanisms,
    /// An `Authorization` header of another kind: Basic, Bearer.
    UnsupportedScheme {
        header: String,
    },
    /// A signature of another algorithm: SigV2, SigV4A.
    UnsupportedAlgorithm {
        algorithm: String,
        place: Place,
    },
    /// A part of the `Authorization` header without an equal sign.
    MalformedPair {
        header: String,
    },
    /// Parts that the `Authorization` header lacks.
    MissingParameters {
        missing: Vec<&'static str>,
        header: String,
    },
    /// Parameters that the presigned query lacks.
    MissingQueryParameters {
        missing: Vec<&'static str>,
    },
    MalformedCredential {
        credential: String,
        place: Place,
    },
    WrongTerminator {
        terminator: String,
        place: Place,
    },
    /// For the gateway, where a region does not exist.
    WrongRegion {
        region: String,
        expected: String,
        place: Place,
    },
    /// For the gateway, where the scope names another service than the request does.
    WrongService {
        service: String,
        expected: String,
        place: Place,
    },
    /// Neither `X-Amz-Date` nor `Date`.
    MissingDate {
        header: String,
    },
    MalformedDate {
        value: String,
        place: Place,
    },
    DateMismatch {
        scope_date: String,
        date: AmzDate,
        place: Place,
    },
    ExpiresNotANumber,
    ExpiresNegative,
    ExpiresTooLong,
    /// Headers that must be covered by the signature and are not.
    HeadersNotSigned {
        names: Vec<String>,
    },
    /// Signed too long ago.
    Expired {
        date: AmzDate,
        now: AmzDate,
        window_seconds: i64,
    },
    /// Signed in the future.
    NotYetCurrent {
        date: AmzDate,
        now: AmzDate,
        window_seconds: i64,
        place: Place,
    },
    /// A presigned URL after its life.
    PresignedExpired {
        date: AmzDate,
        now: AmzDate,
        expires_seconds: i64,
    },
    /// For the gateway: no such access key, or not active.
    UnknownAccessKey {
        access_key_id: String,
    },
    /// For the gateway: temporary credentials after their life.
    ExpiredToken {
        token: String,
    },
    /// For the gateway: a session token that is missing, or not this access key's.
    InvalidToken {
        token: String,
    },
    SignatureMismatch(Box<Mismatch>),
    /// S3 wants `x-amz-content-sha256`.
    MissingContentHash,
    InvalidContentHash {
        value: String,
    },
    /// `x-amz-content-sha256` is not the body's.
    ContentHashMismatch {
        declared: String,
        computed: String,
    },
    /// Chunks signed with SigV4A, which is not served.
    UnsupportedStreaming {
        name: String,
    },
    /// The body's chunks.
    Stream(StreamError),
}

/// What the verifier would have signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    pub access_key_id: String,
    pub signature_provided: String,
    pub string_to_sign: String,
    /// Empty for the signature of a chunk, which has none.
    pub canonical_request: Vec<u8>,
}

impl From<StreamError> for AuthError {
    fn from(error: StreamError) -> Self {
        Self::Stream(error)
    }
}

impl fmt::Display for AuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.answer(Family::Query).message)
    }
}

impl std::error::Error for AuthError {}
