//! Refusals as each protocol family words them.

use haar_wire::sigv4::{AmzDate, Answer, AuthError, Authentication, Family, Mismatch, Place, Request};

use crate::parts;

const FAMILIES: [Family; 6] =
    [Family::Json, Family::Cbor, Family::RestJson, Family::Query, Family::RestXml, Family::S3];

fn codes(error: &AuthError) -> Vec<(u16, &'static str)> {
    let answers = FAMILIES.map(|family| error.answer(family));
    answers.iter().map(|answer| (answer.status.as_u16(), answer.code)).collect()
}

fn refusal(method: &str, uri: &str, headers: &[(&str, &str)]) -> AuthError {
    let parts = parts(method, uri, headers);
    Authentication::of(&Request::from(&parts)).unwrap_err()
}

fn moment(text: &str) -> AmzDate {
    AmzDate::parse(text).unwrap()
}

#[test]
fn each_family_has_its_codes() {
    let unknown = AuthError::UnknownAccessKey { access_key_id: "AKID".to_owned() };
    assert_eq!(
        codes(&unknown),
        [
            (400, "UnrecognizedClientException"),
            (400, "UnrecognizedClientException"),
            (403, "UnrecognizedClientException"),
            (403, "InvalidClientTokenId"),
            (403, "InvalidClientTokenId"),
            (403, "InvalidAccessKeyId"),
        ]
    );
    let expired = AuthError::ExpiredToken { token: "token".to_owned() };
    assert_eq!(
        codes(&expired),
        [
            (400, "ExpiredTokenException"),
            (400, "ExpiredTokenException"),
            (403, "ExpiredTokenException"),
            (403, "ExpiredToken"),
            (403, "ExpiredToken"),
            (400, "ExpiredToken"),
        ]
    );
    assert_eq!(
        codes(&AuthError::MissingToken),
        [
            (400, "MissingAuthenticationTokenException"),
            (400, "MissingAuthenticationTokenException"),
            (403, "MissingAuthenticationTokenException"),
            (403, "MissingAuthenticationToken"),
            (403, "MissingAuthenticationToken"),
            (403, "AccessDenied"),
        ]
    );
    let (date, now) = (moment("20150830T123600Z"), moment("20150830T133601Z"));
    let presigned = AuthError::PresignedExpired { date, now, expires_seconds: 3600 };
    assert_eq!(
        codes(&presigned),
        [
            (400, "InvalidSignatureException"),
            (400, "InvalidSignatureException"),
            (403, "InvalidSignatureException"),
            (400, "RequestExpired"),
            (400, "RequestExpired"),
            (403, "AccessDenied"),
        ]
    );
}

#[test]
fn a_mismatch_tells_what_should_have_been_signed() {
    let error = AuthError::SignatureMismatch(Box::new(Mismatch {
        access_key_id: "AKID".to_owned(),
        signature_provided: "00".to_owned(),
        string_to_sign: "AWS4".to_owned(),
        canonical_request: b"GET\n/".to_vec(),
    }));
    let answer = error.answer(Family::Query);
    assert_eq!((answer.status.as_u16(), answer.code), (403, "SignatureDoesNotMatch"));
    assert_eq!(
        answer.message,
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
         Access Key and signing method. Consult the service documentation for details.\n\n\
         The Canonical String for this request should have been\n'GET\n/'\n\n\
         The String-to-Sign should have been\n'AWS4'\n"
    );
    assert_eq!(error.answer(Family::Json).code, "InvalidSignatureException");
    let Answer { code, message, details, .. } = error.answer(Family::S3);
    assert_eq!(code, "SignatureDoesNotMatch");
    assert!(message.ends_with("Check your key and signing method."));
    assert_eq!(details[3], ("StringToSignBytes", "41 57 53 34".to_owned()));
    assert_eq!(details[4], ("CanonicalRequest", "GET\n/".to_owned()));
}

#[test]
fn times_are_explained() {
    let (date, now) = (moment("20150830T123600Z"), moment("20261123T150500Z"));
    let error = AuthError::Expired { date, now, window_seconds: 300 };
    assert_eq!(
        error.answer(Family::Json).message,
        "Signature expired: 20150830T123600Z is now earlier than 20261123T150000Z (20261123T150500Z - 5 min.)"
    );
    let error = AuthError::NotYetCurrent { date: now, now: date, window_seconds: 300, place: Place::Header };
    assert_eq!(
        error.answer(Family::Query).message,
        "Signature not yet current: 20261123T150500Z is still later than 20150830T124100Z \
         (20150830T123600Z + 5 min.)"
    );
    let s3 = AuthError::Expired { date, now, window_seconds: 900 }.answer(Family::S3);
    assert_eq!((s3.status.as_u16(), s3.code), (403, "RequestTimeTooSkewed"));
    assert_eq!(
        s3.details,
        [
            ("RequestTime", "20150830T123600Z".to_owned()),
            ("ServerTime", "2026-11-23T15:05:00Z".to_owned()),
            ("MaxAllowedSkewMilliseconds", "900000".to_owned()),
        ]
    );
}

#[test]
fn missing_parts_of_the_header_are_listed() {
    let error = refusal("GET", "/", &[("authorization", "AWS4-HMAC-SHA256 SignedHeaders=host")]);
    let answer = error.answer(Family::Query);
    assert_eq!((answer.status.as_u16(), answer.code), (400, "IncompleteSignature"));
    assert_eq!(
        answer.message,
        "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. \
         Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. \
         (Hashed with SHA-256 and encoded with Base64) \
         Authorization=T6TlTF0tP7OEirEb+CC+gAdhBAW19reUS2EXKW3XV6M="
    );
    assert_eq!(error.answer(Family::Json).code, "IncompleteSignatureException");
    let s3 = error.answer(Family::S3);
    assert_eq!((s3.status.as_u16(), s3.code), (400, "AuthorizationHeaderMalformed"));
}

#[test]
fn missing_parameters_of_a_presigned_url_are_listed() {
    let uri = "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host";
    let error = refusal("GET", uri, &[]);
    assert_eq!(
        error.answer(Family::Query).message,
        "AWS query-string parameters must include 'X-Amz-Credential'. \
         AWS query-string parameters must include 'X-Amz-Signature'. Re-examine the query-string parameters."
    );
    assert_eq!(error.answer(Family::S3).code, "AuthorizationQueryParametersError");
}

#[test]
fn malformed_credentials_are_quoted() {
    let header = "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=0";
    let error = refusal("GET", "/", &[("authorization", header), ("x-amz-date", "20150830T123600Z")]);
    assert_eq!(
        error.answer(Family::Json).message,
        "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'a/b'"
    );
    assert_eq!(
        error.answer(Family::S3).message,
        "The authorization header is malformed; the Credential is mal-formed; \
         expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\"."
    );
    let header = "AWS4-HMAC-SHA256 Credential=a/20150830/r/s/aws3, SignedHeaders=host, Signature=0";
    let error = refusal("GET", "/", &[("authorization", header)]);
    assert!(matches!(error, AuthError::WrongTerminator { .. }));
}

#[test]
fn other_mechanisms_are_refused() {
    let authorization = |value| refusal("GET", "/", &[("authorization", value)]);
    assert!(matches!(authorization("Bearer abc"), AuthError::UnsupportedScheme { .. }));
    assert!(matches!(authorization(""), AuthError::UnsupportedScheme { .. }));
    let sigv2 = authorization("AWS AKID:signature");
    assert_eq!(sigv2.answer(Family::S3).code, "InvalidRequest");
    let sigv4a = authorization("AWS4-ECDSA-P256-SHA256 Credential=a/20150830/s3/aws4_request");
    assert_eq!(sigv4a.answer(Family::Json).message, "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'.");
    let pair = authorization("AWS4-HMAC-SHA256 Credential");
    assert!(matches!(pair, AuthError::MalformedPair { .. }));
    let both = refusal("GET", "/?X-Amz-Algorithm=AWS4-HMAC-SHA256", &[("authorization", "AWS4-HMAC-SHA256 x=y")]);
    assert_eq!(both, AuthError::TwoMechanisms);
}

#[test]
fn requests_without_any_claim_are_anonymous() {
    let parts = parts("GET", "/?X-Amz-Meta=1&Action=ListUsers", &[("x-amz-date", "20150830T123600Z")]);
    assert_eq!(Authentication::of(&Request::from(&parts)), Ok(None));
}

#[test]
fn every_refusal_says_something_in_every_family() {
    let text = || "x".to_owned();
    let (date, now) = (moment("20150830T123600Z"), moment("20150831T123600Z"));
    let place = Place::Query;
    let errors = [
        AuthError::TwoMechanisms,
        AuthError::UnsupportedScheme { header: text() },
        AuthError::WrongTerminator { terminator: text(), place },
        AuthError::WrongRegion { region: text(), expected: text(), place },
        AuthError::WrongService { service: text(), expected: text(), place },
        AuthError::MissingDate { header: text() },
        AuthError::MalformedDate { value: text(), place },
        AuthError::DateMismatch { scope_date: text(), date, place },
        AuthError::ExpiresNotANumber,
        AuthError::ExpiresNegative,
        AuthError::ExpiresTooLong,
        AuthError::HeadersNotSigned { names: vec![text()] },
        AuthError::NotYetCurrent { date: now, now: date, window_seconds: 900, place },
        AuthError::InvalidToken { token: text() },
        AuthError::MissingContentHash,
        AuthError::InvalidContentHash { value: text() },
        AuthError::ContentHashMismatch { declared: text(), computed: text() },
        AuthError::UnsupportedStreaming { name: text() },
    ];
    for error in errors {
        for family in FAMILIES {
            let answer = error.answer(family);
            assert!(!answer.message.is_empty(), "{error:?} of {family:?}");
            assert!(answer.status.is_client_error() || answer.status.as_u16() == 501);
            assert!(family == Family::S3 || answer.code != "AccessDenied", "{error:?} of {family:?}");
        }
    }
}
