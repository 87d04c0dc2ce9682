//! How AWS words a refusal: code, status and message of each error in each protocol family.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;

use super::chunk_decoder::StreamError;
use super::digest::sha256;
use super::error::{AuthError, Mismatch, Place};

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

const BAD: StatusCode = StatusCode::BAD_REQUEST;
const FORBIDDEN: StatusCode = StatusCode::FORBIDDEN;

const EXPECTED_CREDENTIAL: &str =
    "the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".";

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
        let status = if matches!(family, Family::Json | Family::Cbor) {
            BAD
        } else {
            FORBIDDEN
        };
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
            (Self::InvalidSignature | Self::RequestExpired, false) => {
                ("InvalidSignatureException", status)
            }
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
        s3_only.unwrap_or_else(|| {
            if family == Family::S3 {
                self.answer_s3()
            } else {
                self.answer_others(family)
            }
        })
    }

    fn answer_others(&self, family: Family) -> Answer {
        let (kind, message) = match self {
            Self::MissingToken if family == Family::RestJson => (
                Kind::MissingToken,
                "Missing Authentication Token".to_owned(),
            ),
            Self::MissingToken => (
                Kind::MissingToken,
                "Request is missing Authentication Token".to_owned(),
            ),
            Self::UnknownAccessKey { .. } | Self::InvalidToken { .. } => (
                Kind::UnknownClient,
                "The security token included in the request is invalid.".to_owned(),
            ),
            Self::ExpiredToken { .. } => (
                Kind::ExpiredToken,
                "The security token included in the request is expired".to_owned(),
            ),
            Self::PresignedExpired { .. } if matches!(family, Family::Query | Family::RestXml) => {
                (Kind::RequestExpired, "Request has expired.".to_owned())
            }
            Self::PresignedExpired { .. } => (Kind::RequestExpired, self.describe_time()),
            Self::Expired { .. } | Self::NotYetCurrent { .. } => {
                (Kind::InvalidSignature, self.describe_time())
            }
            Self::SignatureMismatch(mismatch) => {
                (Kind::InvalidSignature, describe_mismatch(mismatch))
            }
            Self::HeadersNotSigned { .. }
            | Self::DateMismatch { .. }
            | Self::WrongTerminator { .. }
            | Self::WrongRegion { .. }
            | Self::WrongService { .. } => (Kind::InvalidSignature, self.describe_scope()),
            _ => (Kind::Incomplete, self.describe_incomplete()),
        };
        let (code, status) = kind.code(family);
        Answer {
            code,
            status,
            message,
            details: Vec::new(),
        }
    }

    fn describe_time(&self) -> String {
        match self {
            Self::Expired {
                date,
                now,
                window_seconds: window,
            }
            | Self::PresignedExpired {
                date,
                now,
                expires_seconds: window,
            } => {
                let edge = now.plus_seconds(-window);
                format!(
                    "Signature expired: {date} is now earlier than {edge} ({now} - {})",
                    span(*window)
                )
            }
            Self::NotYetCurrent {
                date,
                now,
                window_seconds,
                ..
            } => {
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
                let sentences: Vec<String> =
                    names.iter().map(|name| describe_unsigned(name)).collect();
                sentences.join(" ")
            }
            Self::DateMismatch {
                scope_date, date, ..
            } => format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: \
                 '{scope_date}' != '{}', from '{date}'.",
                date.day()
            ),
            Self::WrongTerminator { terminator, .. } => {
                format!(
                    "Credential should be scoped with a valid terminator: 'aws4_request', not '{terminator}'. "
                )
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

    fn describe_incomplete(&self) -> String {
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

    fn answer_s3(&self) -> Answer {
        let malformed = |place: &Place, message: String| match place {
            Place::Header => answer(
                "AuthorizationHeaderMalformed",
                BAD,
                format!("The authorization header is malformed; {message}"),
            ),
            Place::Query => answer("AuthorizationQueryParametersError", BAD, message),
        };
        let parameters =
            |message: String| answer("AuthorizationQueryParametersError", BAD, message);
        match self {
            Self::TwoMechanisms => answer("InvalidArgument", BAD, self.describe_incomplete()),
            Self::UnsupportedScheme { .. } => answer("InvalidArgument", BAD, "Unsupported Authorization Type"),
            Self::UnsupportedAlgorithm { place: Place::Header, .. } => answer(
                "InvalidRequest",
                BAD,
                "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
            ),
            Self::UnsupportedAlgorithm { place: Place::Query, .. } => parameters(
                "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256\"".to_owned(),
            ),
            Self::MalformedPair { .. } | Self::MissingParameters { .. } => malformed(
                &Place::Header,
                "the authorization header requires three components: Credential, SignedHeaders, and Signature."
                    .to_owned(),
            ),
            Self::MissingQueryParameters { .. } => parameters(
                "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, \
                 X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."
                    .to_owned(),
            ),
            Self::MalformedCredential { place: Place::Header, .. } => {
                malformed(&Place::Header, EXPECTED_CREDENTIAL.to_owned())
            }
            Self::MalformedCredential { place: Place::Query, .. } => {
                parameters(format!("Error parsing the X-Amz-Credential parameter; {EXPECTED_CREDENTIAL}"))
            }
            Self::WrongTerminator { terminator, place } => malformed(
                place,
                parse_prefix(*place, format!("incorrect terminal \"{terminator}\". This endpoint uses \"aws4_request\".")),
            ),
            Self::WrongService { service, expected, place } => malformed(
                place,
                parse_prefix(*place, format!("incorrect service \"{service}\". This endpoint belongs to \"{expected}\".")),
            ),
            Self::WrongRegion { region, expected, place } => {
                let message = parse_prefix(*place, format!("the region '{region}' is wrong; expecting '{expected}'"));
                with_details(malformed(place, message), vec![("Region", expected.clone())])
            }
            Self::DateMismatch { scope_date, date, place } => malformed(
                place,
                format!(
                    "Invalid credential date \"{scope_date}\". This date is not the same as X-Amz-Date: \"{}\".",
                    date.day()
                ),
            ),
            Self::MissingDate { .. } | Self::MalformedDate { place: Place::Header, .. } => {
                answer("AccessDenied", FORBIDDEN, "AWS authentication requires a valid Date or x-amz-date header")
            }
            Self::MalformedDate { place: Place::Query, .. } => parameters(
                "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"".to_owned(),
            ),
            Self::ExpiresNotANumber | Self::ExpiresNegative | Self::ExpiresTooLong => {
                parameters(self.describe_incomplete())
            }
            Self::HeadersNotSigned { names } => with_details(
                answer("AccessDenied", FORBIDDEN, "There were headers present in the request which were not signed"),
                vec![("HeadersNotSigned", names.join(", "))],
            ),
            Self::NotYetCurrent { date, now, place: Place::Query, .. } => with_details(
                answer("AccessDenied", FORBIDDEN, "Request is not valid yet"),
                vec![("X-Amz-Date", date.to_string()), ("ServerTime", now.extended())],
            ),
            Self::Expired { date, now, window_seconds } | Self::NotYetCurrent { date, now, window_seconds, .. } => {
                with_details(
                    answer(
                        "RequestTimeTooSkewed",
                        FORBIDDEN,
                        "The difference between the request time and the current time is too large.",
                    ),
                    vec![
                        ("RequestTime", date.to_string()),
                        ("ServerTime", now.extended()),
                        ("MaxAllowedSkewMilliseconds", (window_seconds * 1000).to_string()),
                    ],
                )
            }
            Self::PresignedExpired { date, now, expires_seconds } => with_details(
                answer("AccessDenied", FORBIDDEN, "Request has expired"),
                vec![
                    ("X-Amz-Expires", expires_seconds.to_string()),
                    ("Expires", date.plus_seconds(*expires_seconds).extended()),
                    ("ServerTime", now.extended()),
                ],
            ),
            Self::UnknownAccessKey { access_key_id } => with_details(
                answer(
                    "InvalidAccessKeyId",
                    FORBIDDEN,
                    "The AWS Access Key Id you provided does not exist in our records.",
                ),
                vec![("AWSAccessKeyId", access_key_id.clone())],
            ),
            Self::ExpiredToken { token } => with_details(
                answer("ExpiredToken", BAD, "The provided token has expired."),
                vec![("Token-0", token.clone())],
            ),
            Self::InvalidToken { token } => with_details(
                answer("InvalidToken", BAD, "The provided token is malformed or otherwise invalid."),
                vec![("Token-0", token.clone())],
            ),
            Self::SignatureMismatch(mismatch) => answer_s3_mismatch(mismatch),
            _ => answer("AccessDenied", FORBIDDEN, "Access Denied"),
        }
    }

    fn answer_for_content(&self) -> Option<Answer> {
        let found = match self {
            Self::MissingContentHash => answer(
                "InvalidRequest",
                BAD,
                "Missing required header for this request: x-amz-content-sha256",
            ),
            Self::UnsupportedStreaming { name } => with_details(
                answer(
                    "NotImplemented",
                    StatusCode::NOT_IMPLEMENTED,
                    "A header you provided implies functionality that is not implemented",
                ),
                vec![("Header", format!("x-amz-content-sha256: {name}"))],
            ),
            Self::InvalidContentHash { value } => with_details(
                answer(
                    "InvalidArgument",
                    BAD,
                    "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, \
                     STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, or a valid \
                     sha256 value.",
                ),
                vec![
                    ("ArgumentName", "x-amz-content-sha256".to_owned()),
                    ("ArgumentValue", value.clone()),
                ],
            ),
            Self::ContentHashMismatch { declared, computed } => with_details(
                answer(
                    "XAmzContentSHA256Mismatch",
                    BAD,
                    "The provided 'x-amz-content-sha256' header does not match what was computed.",
                ),
                vec![
                    ("ClientComputedContentSHA256", declared.clone()),
                    ("S3ComputedContentSHA256", computed.clone()),
                ],
            ),
            Self::Stream(error) => answer_stream(error),
            _ => return None,
        };
        Some(found)
    }
}

fn answer_stream(error: &StreamError) -> Answer {
    match error {
        StreamError::MissingLength => answer(
            "MissingContentLength",
            StatusCode::LENGTH_REQUIRED,
            "You must provide the Content-Length HTTP header.",
        ),
        StreamError::Malformed => answer(
            "IncompleteBody",
            BAD,
            "The request body terminated unexpectedly",
        ),
        StreamError::LengthMismatch => answer(
            "IncompleteBody",
            BAD,
            "You did not provide the number of bytes specified by the Content-Length HTTP header",
        ),
        StreamError::ChunkTooSmall { chunk, size_bytes } => with_details(
            answer(
                "InvalidChunkSizeError",
                FORBIDDEN,
                "Only the last chunk is allowed to have a size less than 8192 bytes",
            ),
            vec![
                ("Chunk", chunk.to_string()),
                ("BadChunkSize", size_bytes.to_string()),
            ],
        ),
        StreamError::MalformedTrailer => answer(
            "MalformedTrailerError",
            BAD,
            "The request contained trailing data that was not well-formed or did not conform to our published schema.",
        ),
        StreamError::SignatureMismatch(mismatch) => answer_s3_mismatch(mismatch),
    }
}

fn answer_s3_mismatch(mismatch: &Mismatch) -> Answer {
    let mut details = vec![
        ("AWSAccessKeyId", mismatch.access_key_id.clone()),
        ("StringToSign", mismatch.string_to_sign.clone()),
        ("SignatureProvided", mismatch.signature_provided.clone()),
        (
            "StringToSignBytes",
            spaced_hex(mismatch.string_to_sign.as_bytes()),
        ),
    ];
    if !mismatch.canonical_request.is_empty() {
        let canonical_request = String::from_utf8_lossy(&mismatch.canonical_request).into_owned();
        details.push(("CanonicalRequest", canonical_request));
        details.push((
            "CanonicalRequestBytes",
            spaced_hex(&mismatch.canonical_request),
        ));
    }
    let message = "The request signature we calculated does not match the signature you provided. \
                   Check your key and signing method.";
    with_details(answer("SignatureDoesNotMatch", FORBIDDEN, message), details)
}

fn answer(code: &'static str, status: StatusCode, message: impl Into<String>) -> Answer {
    Answer {
        code,
        status,
        message: message.into(),
        details: Vec::new(),
    }
}

fn with_details(answer: Answer, details: Vec<(&'static str, String)>) -> Answer {
    Answer { details, ..answer }
}

fn parse_prefix(place: Place, message: String) -> String {
    match place {
        Place::Header => message,
        Place::Query => format!("Error parsing the X-Amz-Credential parameter; {message}"),
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
        return "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
            .to_owned();
    }
    format!("'{name}' must be a 'SignedHeader' in the AWS Authorization.")
}

fn describe_missing(missing: &[&str], header: &str) -> String {
    let mut message = String::new();
    for name in missing {
        message.push_str(&match *name {
            "Date" => "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ".to_owned(),
            name => format!("Authorization header requires '{name}' parameter. "),
        });
    }
    format!(
        "{message}(Hashed with SHA-256 and encoded with Base64) Authorization={}",
        fingerprint(header)
    )
}

/// AWS does not echo `Authorization` headers, lest they end up in logs.
fn fingerprint(header: &str) -> String {
    STANDARD.encode(sha256(header.as_bytes()))
}

fn span(seconds: i64) -> String {
    if seconds % 60 == 0 {
        format!("{} min.", seconds / 60)
    } else {
        format!("{seconds} sec.")
    }
}

fn spaced_hex(bytes: &[u8]) -> String {
    let bytes: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.join(" ")
}
