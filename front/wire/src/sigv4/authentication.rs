//! Reading what a request claims about its signer: header, presigned query, or nothing.

use super::canonical::Request;
use super::date::AmzDate;
use super::error::{AuthError, Place};
use super::key::{ALGORITHM, Scope, TERMINATOR};
use super::rules::{PRESIGNED_SECONDS_MAX, Rules};

/// A request's claim, taken apart but not yet checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authentication {
    pub access_key_id: String,
    pub scope: Scope,
    pub session_token: Option<String>,
    pub mechanism: Mechanism,
    /// When the request says it was signed.
    pub date: AmzDate,
    /// Lower-case, sorted.
    pub(super) signed_headers: Vec<String>,
    pub(super) signature: String,
}

/// How the claim was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// The `Authorization` header.
    Header,
    /// Query parameters: a presigned URL. S3 wants a life of every URL; others may leave it out.
    Presigned { expires_seconds: Option<i64> },
}

impl Mechanism {
    pub fn place(self) -> Place {
        match self {
            Self::Header => Place::Header,
            Self::Presigned { .. } => Place::Query,
        }
    }
}

impl Authentication {
    /// `None` is an anonymous request. The claim is the sender's word until
    /// [`Verifier::verify`](super::Verifier::verify) agreed.
    pub fn of(request: &Request<'_>) -> Result<Option<Self>, AuthError> {
        let header = request.header("authorization");
        match (header, is_presigned(request)) {
            (None, false) if request.headers.contains_key("authorization") => {
                Err(AuthError::UnsupportedScheme { header: String::new() })
            }
            (None, false) => Ok(None),
            (Some(header), false) => read_header(request, header).map(Some),
            (None, true) => read_query(request).map(Some),
            (Some(_), true) => Err(AuthError::TwoMechanisms),
        }
    }
}

impl Authentication {
    /// The claim of a form that somebody uploads: its fields instead of the request's headers.
    pub fn of_form(credential: &str, date: &str, signature: &str, token: Option<&str>) -> Result<Self, AuthError> {
        let (access_key_id, scope) = read_credential(credential, Place::Query)?;
        let malformed = || AuthError::MalformedDate { value: date.to_owned(), place: Place::Query };
        Ok(Self {
            access_key_id,
            scope,
            session_token: token_of(token.map(str::to_owned)),
            mechanism: Mechanism::Presigned { expires_seconds: None },
            date: AmzDate::parse(date).ok_or_else(malformed)?,
            signed_headers: Vec::new(),
            signature: signature.to_owned(),
        })
    }

    /// The signature that came with the claim.
    pub fn signature(&self) -> &str {
        &self.signature
    }
}

fn is_presigned(request: &Request<'_>) -> bool {
    let has = |name| request.parameter(name).is_some();
    request.query.contains("X-Amz-") && (has("X-Amz-Algorithm") || has("X-Amz-Credential") || has("X-Amz-Signature"))
}

fn read_header(request: &Request<'_>, header: &str) -> Result<Authentication, AuthError> {
    let (algorithm, rest) = header.trim().split_once([' ', '\t']).unwrap_or((header.trim(), ""));
    if algorithm != ALGORITHM {
        return Err(refuse_algorithm(algorithm, header));
    }
    let (mut credential, mut signed_headers, mut signature) = (None, None, None);
    // AWS takes the parts with or without commas and blanks between them, in any order.
    for part in rest.split([',', ' ', '\t']).filter(|part| !part.is_empty()) {
        let Some((name, value)) = part.split_once('=') else {
            return Err(AuthError::MalformedPair { header: header.to_owned() });
        };
        match name {
            "Credential" => credential = Some(value),
            "SignedHeaders" => signed_headers = Some(value),
            "Signature" => signature = Some(value),
            _ => {}
        }
    }
    let date = request.header("x-amz-date").or_else(|| request.header("date"));
    let (Some(credential), Some(signed_headers), Some(signature)) = (credential, signed_headers, signature) else {
        let mut missing = Vec::new();
        let parts = [("Credential", credential), ("Signature", signature), ("SignedHeaders", signed_headers)];
        missing.extend(parts.iter().filter(|(_, value)| value.is_none()).map(|(name, _)| *name));
        missing.extend(date.is_none().then_some("Date"));
        return Err(AuthError::MissingParameters { missing, header: header.to_owned() });
    };
    let (access_key_id, scope) = read_credential(credential, Place::Header)?;
    let Some(date) = date else {
        return Err(AuthError::MissingDate { header: header.to_owned() });
    };
    let malformed = || AuthError::MalformedDate { value: date.to_owned(), place: Place::Header };
    Ok(Authentication {
        access_key_id,
        scope,
        session_token: token_of(request.header("x-amz-security-token").map(str::to_owned)),
        mechanism: Mechanism::Header,
        date: AmzDate::parse_http(date).ok_or_else(malformed)?,
        signed_headers: read_signed_headers(signed_headers),
        signature: signature.to_owned(),
    })
}

fn refuse_algorithm(algorithm: &str, header: &str) -> AuthError {
    // "AWS" alone is SigV2; "AWS4-ECDSA-P256-SHA256" is SigV4A.
    if algorithm == "AWS" || algorithm.starts_with("AWS4-") {
        return AuthError::UnsupportedAlgorithm { algorithm: algorithm.to_owned(), place: Place::Header };
    }
    AuthError::UnsupportedScheme { header: header.to_owned() }
}

fn read_query(request: &Request<'_>) -> Result<Authentication, AuthError> {
    let mut missing = Vec::new();
    let mut required = |name| {
        let value = request.parameter(name);
        if value.is_none() {
            missing.push(name);
        }
        value.unwrap_or_default()
    };
    let algorithm = required("X-Amz-Algorithm");
    let credential = required("X-Amz-Credential");
    let signature = required("X-Amz-Signature");
    let signed_headers = required("X-Amz-SignedHeaders");
    let date = required("X-Amz-Date");
    if !missing.is_empty() {
        return Err(AuthError::MissingQueryParameters { missing });
    }
    if algorithm != ALGORITHM {
        return Err(AuthError::UnsupportedAlgorithm { algorithm, place: Place::Query });
    }
    let (access_key_id, scope) = read_credential(&credential, Place::Query)?;
    let Some(moment) = AmzDate::parse(&date) else {
        return Err(AuthError::MalformedDate { value: date, place: Place::Query });
    };
    let expires_seconds = request.parameter("X-Amz-Expires").map(|text| read_expires(&text)).transpose()?;
    if expires_seconds.is_none() && Rules::of(&scope.service).s3 {
        return Err(AuthError::MissingQueryParameters { missing: vec!["X-Amz-Expires"] });
    }
    let token = request.parameter("X-Amz-Security-Token");
    Ok(Authentication {
        access_key_id,
        scope,
        session_token: token_of(token.or_else(|| request.header("x-amz-security-token").map(str::to_owned))),
        mechanism: Mechanism::Presigned { expires_seconds },
        date: moment,
        signed_headers: read_signed_headers(&signed_headers),
        signature,
    })
}

fn token_of(token: Option<String>) -> Option<String> {
    token.filter(|token| !token.is_empty())
}

fn read_expires(text: &str) -> Result<i64, AuthError> {
    match text.parse::<i64>() {
        Err(_) => Err(AuthError::ExpiresNotANumber),
        Ok(seconds) if seconds < 1 => Err(AuthError::ExpiresNegative),
        Ok(seconds) if seconds > PRESIGNED_SECONDS_MAX => Err(AuthError::ExpiresTooLong),
        Ok(seconds) => Ok(seconds),
    }
}

fn read_credential(credential: &str, place: Place) -> Result<(String, Scope), AuthError> {
    let parts: Vec<&str> = credential.split('/').collect();
    let [access_key_id, date, region, service, terminator] = parts[..] else {
        return Err(AuthError::MalformedCredential { credential: credential.to_owned(), place });
    };
    if terminator != TERMINATOR {
        return Err(AuthError::WrongTerminator { terminator: terminator.to_owned(), place });
    }
    let scope = Scope { date: date.to_owned(), region: region.to_owned(), service: service.to_owned() };
    Ok((access_key_id.to_owned(), scope))
}

fn read_signed_headers(list: &str) -> Vec<String> {
    let names = list.split(';').filter(|name| !name.is_empty());
    let mut names: Vec<String> = names.map(str::to_ascii_lowercase).collect();
    names.sort_unstable();
    names.dedup();
    names
}
