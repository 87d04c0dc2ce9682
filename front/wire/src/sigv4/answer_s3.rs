//! How S3 words a refusal, with the further elements of its error document.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>

use http::StatusCode;

use super::answer::{Answer, BAD, FORBIDDEN};
use super::chunk_decoder::StreamError;
use super::error::{AuthError, Mismatch, Place};

const EXPECTED_CREDENTIAL: &str =
    "the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".";

impl AuthError {
    /// How S3 words it.
    pub(super) fn answer_s3(&self) -> Answer {
        let malformed = |place: &Place, message: String| match place {
            Place::Header => {
                answer("AuthorizationHeaderMalformed", BAD, format!("The authorization header is malformed; {message}"))
            }
            Place::Query => answer("AuthorizationQueryParametersError", BAD, message),
        };
        let parameters = |message: String| answer("AuthorizationQueryParametersError", BAD, message);
        match self {
            Self::TwoMechanisms => answer("InvalidArgument", BAD, self.describe_incomplete()),
            Self::UnsupportedScheme { .. } => answer("InvalidArgument", BAD, "Unsupported Authorization Type"),
            Self::UnsupportedAlgorithm { place: Place::Header, .. } => answer(
                "InvalidRequest",
                BAD,
                "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
            ),
            Self::UnsupportedAlgorithm { place: Place::Query, .. } => {
                parameters("X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256\"".to_owned())
            }
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
                parse_prefix(
                    *place,
                    format!("incorrect terminal \"{terminator}\". This endpoint uses \"aws4_request\"."),
                ),
            ),
            Self::WrongService { service, expected, place } => malformed(
                place,
                parse_prefix(
                    *place,
                    format!("incorrect service \"{service}\". This endpoint belongs to \"{expected}\"."),
                ),
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
            Self::MalformedDate { place: Place::Query, .. } => {
                parameters("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"".to_owned())
            }
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

    /// Refusals of a body, which are S3's whoever asks.
    pub(super) fn answer_for_content(&self) -> Option<Answer> {
        let found = match self {
            Self::MissingContentHash => {
                answer("InvalidRequest", BAD, "Missing required header for this request: x-amz-content-sha256")
            }
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
                vec![("ArgumentName", "x-amz-content-sha256".to_owned()), ("ArgumentValue", value.clone())],
            ),
            Self::ContentHashMismatch { declared, computed } => with_details(
                answer(
                    "XAmzContentSHA256Mismatch",
                    BAD,
                    "The provided 'x-amz-content-sha256' header does not match what was computed.",
                ),
                vec![("ClientComputedContentSHA256", declared.clone()), ("S3ComputedContentSHA256", computed.clone())],
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
        StreamError::Malformed => answer("IncompleteBody", BAD, "The request body terminated unexpectedly"),
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
            vec![("Chunk", chunk.to_string()), ("BadChunkSize", size_bytes.to_string())],
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
        ("StringToSignBytes", spaced_hex(mismatch.string_to_sign.as_bytes())),
    ];
    if !mismatch.canonical_request.is_empty() {
        let canonical_request = String::from_utf8_lossy(&mismatch.canonical_request).into_owned();
        details.push(("CanonicalRequest", canonical_request));
        details.push(("CanonicalRequestBytes", spaced_hex(&mismatch.canonical_request)));
    }
    let message = "The request signature we calculated does not match the signature you provided. \
                   Check your key and signing method.";
    with_details(answer("SignatureDoesNotMatch", FORBIDDEN, message), details)
}

fn answer(code: &'static str, status: StatusCode, message: impl Into<String>) -> Answer {
    Answer { code, status, message: message.into(), details: Vec::new() }
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

fn spaced_hex(bytes: &[u8]) -> String {
    let bytes: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.join(" ")
}
