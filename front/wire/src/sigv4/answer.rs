//! How AWS words a refusal: code, status and message of each error in each protocol family.
//! What only S3 says is in `answer_s3`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;

use super::digest::sha256;
use super::error::{AuthError, Mismatch};

/// Services that answer alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// awsJson 1.0 and 1.1
    Json,
    /// rpcv2Cbor
    Cbor,
    RestJson,
    /// awsQuery; its codes are also the query-era codes of awsQueryCompatible services.
    Query,
    /// restXml but S3
    RestXml,
    S3,
}

/// What to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub code: &'static str,
    pub status: StatusCode,
    pub message: String,
    /// Further elements of S3's error document, in S3's order; empty in other families.
    pub details: Vec<(&'static str, String)>,
}

pub(super) const BAD: StatusCode = StatusCode::BAD_REQUEST;
pub(super) const FORBIDDEN: StatusCode = StatusCode::FORBIDDEN;

/// What kinds of failure have codes of their own outside S3.
#[derive(Clone, Copy)]
enum Kind {
    MissingToken,
    Incomplete,
    InvalidSignature,
    UnknownClient,
    ExpiredToken,
    RequestExpired,
}

impl Kind {
    fn code(self, family: Family) -> (&'static str, StatusCode) {
        // JSON services answer 400 to all of these, REST ones 403.
        let status = if matches!(family, Family::Json | Family::Cbor) { BAD } else { FORBIDDEN };
        let is_query = matches!(family, Family::Query | Family::RestXml | Family::S3);
        match (self, is_query) {
            (Self::MissingToken, true) => ("MissingAuthenticationToken", status),
            (Self::Incomplete, true) => ("IncompleteSignature", BAD),
            (Self::InvalidSignature, true) => ("SignatureDoesNotMatch", status),
            (Self::UnknownClient, true) => ("InvalidClientTokenId", status),
            (Self::ExpiredToken, true) => ("ExpiredToken", status),
            (Self::RequestExpired, true) => ("RequestExpired", BAD),
            (Self::MissingToken, false) => ("MissingAuthenticationTokenException", status),
            (Self::Incomplete, false) => ("IncompleteSignatureException", status),
            (Self::InvalidSignature | Self::RequestExpired, false) => ("InvalidSignatureException", status),
            (Self::UnknownClient, false) => ("UnrecognizedClientException", status),
            (Self::ExpiredToken, false) => ("ExpiredTokenException", status),
        }
    }
}

impl AuthError {
    /// The refusal as a service of this family words it.
    pub fn answer(&self, family: Family) -> Answer {
        // Chunks and content hashes are S3's alone, whoever asks.
        let s3_only = self.answer_for_content();
        s3_only.unwrap_or_else(|| if family == Family::S3 { self.answer_s3() } else { self.answer_others(family) })
    }

    fn answer_others(&self, family: Family) -> Answer {
        let (kind, message) = match self {
            Self::MissingToken if family == Family::RestJson => {
                (Kind::MissingToken, "Missing Authentication Token".to_owned())
            }
            Self::MissingToken => (Kind::MissingToken, "Request is missing Authentication Token".to_owned()),
            Self::UnknownAccessKey { .. } | Self::InvalidToken { .. } => {
                (Kind::UnknownClient, "The security token included in the request is invalid.".to_owned())
            }
            Self::ExpiredToken { .. } => {
                (Kind::ExpiredToken, "The security token included in the request is expired".to_owned())
            }
            Self::PresignedExpired { .. } if matches!(family, Family::Query | Family::RestXml) => {
                (Kind::RequestExpired, "Request has expired.".to_owned())
            }
            Self::PresignedExpired { .. } => (Kind::RequestExpired, self.describe_time()),
            Self::Expired { .. } | Self::NotYetCurrent { .. } => (Kind::InvalidSignature, self.describe_time()),
            Self::SignatureMismatch(mismatch) => (Kind::InvalidSignature, describe_mismatch(mismatch)),
            Self::HeadersNotSigned { .. }
            | Self::DateMismatch { .. }
            | Self::WrongTerminator { .. }
            | Self::WrongRegion { .. }
            | Self::WrongService { .. } => (Kind::InvalidSignature, self.describe_scope()),
            _ => (Kind::Incomplete, self.describe_incomplete()),
        };
        let (code, status) = kind.code(family);
        Answer { code, status, message, details: Vec::new() }
    }

    fn describe_time(&self) -> String {
        match self {
            Self::Expired { date, now, window_seconds: window }
            | Self::PresignedExpired { date, now, expires_seconds: window } => {
                let edge = now.plus_seconds(-window);
                format!("Signature expired: {date} is now earlier than {edge} ({now} - {})", span(*window))
            }
            Self::NotYetCurrent { date, now, window_seconds, .. } => {
                let edge = now.plus_seconds(*window_seconds);
                format!(
                    "Signature not yet current: {date} is still later than {edge} ({now} + {})",
                    span(*window_seconds)
                )
            }
            _ => String::new(),
        }
    }

    fn describe_scope(&self) -> String {
        match self {
            Self::HeadersNotSigned { names } => {
                let sentences: Vec<String> = names.iter().map(|name| describe_unsigned(name)).collect();
                sentences.join(" ")
            }
            Self::DateMismatch { scope_date, date, .. } => format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: \
                 '{scope_date}' != '{}', from '{date}'.",
                date.day()
            ),
            Self::WrongTerminator { terminator, .. } => {
                format!("Credential should be scoped with a valid terminator: 'aws4_request', not '{terminator}'. ")
            }
            Self::WrongRegion { region, .. } => {
                format!("Credential should be scoped to a valid region, not '{region}'. ")
            }
            Self::WrongService { expected, .. } => {
                format!("Credential should be scoped to correct service: '{expected}'. ")
            }
            _ => String::new(),
        }
    }

    pub(super) fn describe_incomplete(&self) -> String {
        match self {
            Self::TwoMechanisms => {
                "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string \
                 parameter or the Authorization header should be specified"
                    .to_owned()
            }
            Self::UnsupportedScheme { header } | Self::MalformedPair { header } => format!(
                "Invalid key=value pair (missing equal-sign) in Authorization header \
                 (hashed with SHA-256 and encoded with Base64): '{}'.",
                fingerprint(header)
            ),
            Self::UnsupportedAlgorithm { algorithm, .. } => format!("Unsupported AWS 'algorithm': '{algorithm}'."),
            Self::MissingParameters { missing, header } => describe_missing(missing, header),
            Self::MissingDate { header } => describe_missing(&["Date"], header),
            Self::MissingQueryParameters { missing } => {
                let sentence = |name: &&str| format!("AWS query-string parameters must include '{name}'. ");
                let sentences: String = missing.iter().map(sentence).collect();
                format!("{sentences}Re-examine the query-string parameters.")
            }
            Self::MalformedCredential { credential, .. } => format!(
                "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, \
                 got '{credential}'"
            ),
            Self::MalformedDate { value, .. } => format!(
                "Date must be in ISO-8601 'basic format'. Got '{value}'. See http://en.wikipedia.org/wiki/ISO_8601"
            ),
            Self::ExpiresNotANumber => "X-Amz-Expires should be a number".to_owned(),
            Self::ExpiresNegative => "X-Amz-Expires must be non-negative".to_owned(),
            Self::ExpiresTooLong => {
                "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less \
                 than 604800 seconds"
                    .to_owned()
            }
            _ => String::new(),
        }
    }
}

fn describe_mismatch(mismatch: &Mismatch) -> String {
    format!(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
         Access Key and signing method. Consult the service documentation for details.\n\nThe Canonical String for \
         this request should have been\n'{}'\n\nThe String-to-Sign should have been\n'{}'\n",
        String::from_utf8_lossy(&mismatch.canonical_request),
        mismatch.string_to_sign
    )
}

fn describe_unsigned(name: &str) -> String {
    if name == "host" {
        return "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.".to_owned();
    }
    format!("'{name}' must be a 'SignedHeader' in the AWS Authorization.")
}

fn describe_missing(missing: &[&str], header: &str) -> String {
    let mut message = String::new();
    for name in missing {
        message.push_str(&match *name {
            "Date" => {
                "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ".to_owned()
            }
            name => format!("Authorization header requires '{name}' parameter. "),
        });
    }
    format!("{message}(Hashed with SHA-256 and encoded with Base64) Authorization={}", fingerprint(header))
}

/// AWS does not echo `Authorization` headers, lest they end up in logs.
fn fingerprint(header: &str) -> String {
    STANDARD.encode(sha256(header.as_bytes()))
}

fn span(seconds: i64) -> String {
    if seconds % 60 == 0 { format!("{} min.", seconds / 60) } else { format!("{seconds} sec.") }
}
