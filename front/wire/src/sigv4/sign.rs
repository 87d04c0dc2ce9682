//! Signing as a client does: headers, presigned URLs and chunked bodies; for tests, load and haar's own calls.

use http::header::{AUTHORIZATION, HOST};
use http::request::Parts;
use http::uri::{InvalidUri, PathAndQuery, Uri};
use http::{HeaderMap, HeaderValue};
use percent_encoding::utf8_percent_encode;

use super::canonical::{RESERVED, Request};
use super::chain::Chain;
use super::chunk_decoder::trailer_lines;
use super::date::AmzDate;
use super::digest::sha256;
use super::key::{ALGORITHM, SigningKey, string_to_sign};
use super::rules::Rules;
use super::verify::{
    STREAMING_SIGNED, STREAMING_SIGNED_TRAILER, STREAMING_UNSIGNED_TRAILER, UNSIGNED_PAYLOAD, hash_line,
};

/// Headers that proxies and HTTP libraries change or add after signing.
const NEVER_SIGNED: [&str; 8] = [
    "authorization",
    "connection",
    "content-length",
    "expect",
    "te",
    "transfer-encoding",
    "user-agent",
    "x-amzn-trace-id",
];

/// What the signature shall say about the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignedPayload<'a> {
    Bytes(&'a [u8]),
    Unsigned,
    /// Signed chunks: encode the body with [`Signer::chunk_encoder`].
    StreamingSigned,
    StreamingSignedTrailer,
    /// Unsigned chunks: encode the body with [`ChunkEncoder::unsigned`].
    StreamingUnsignedTrailer,
}

impl SignedPayload<'_> {
    fn line(self) -> String {
        match self {
            Self::Bytes(body) => hash_line(body),
            Self::Unsigned => UNSIGNED_PAYLOAD.to_owned(),
            Self::StreamingSigned => STREAMING_SIGNED.to_owned(),
            Self::StreamingSignedTrailer => STREAMING_SIGNED_TRAILER.to_owned(),
            Self::StreamingUnsignedTrailer => STREAMING_UNSIGNED_TRAILER.to_owned(),
        }
    }
}

/// Signs requests of one access key at one moment. `key` must be derived for the day of `date`.
#[derive(Clone, Copy, Debug)]
pub struct Signer<'a> {
    pub access_key_id: &'a str,
    pub key: &'a SigningKey,
    pub session_token: Option<&'a str>,
    pub date: AmzDate,
}

impl Signer<'_> {
    /// Adds `X-Amz-Date`, `Authorization` and what else the signature needs, and gives the signature.
    /// A missing `Host` is taken from the URI; all headers but the usual exceptions are signed.
    pub fn sign(&self, parts: &mut Parts, payload: SignedPayload<'_>) -> String {
        let line = payload.line();
        let rules = Rules::of(&self.key.scope().service);
        set_host(parts);
        let headers = &mut parts.headers;
        set(headers, "x-amz-date", &self.date.to_string());
        if let Some(token) = self.session_token {
            set(headers, "x-amz-security-token", token);
        }
        if rules.s3 || !matches!(payload, SignedPayload::Bytes(_)) {
            set(headers, "x-amz-content-sha256", &line);
        }
        let names = signed_names(headers);
        let signature = self.signature(&Request::from(&*parts), rules, &names, &line);
        let authorization = format!(
            "{ALGORITHM} Credential={}/{}, SignedHeaders={}, Signature={signature}",
            self.access_key_id,
            self.key.scope(),
            names.join(";"),
        );
        set(&mut parts.headers, AUTHORIZATION.as_str(), &authorization);
        signature
    }

    /// Turns the request into a presigned one, whose URL anyone may use for `expires_seconds`. All headers
    /// that are there, but the usual exceptions, are signed and must be sent with it.
    pub fn presign(
        &self,
        parts: &mut Parts,
        payload: SignedPayload<'_>,
        expires_seconds: i64,
    ) -> Result<(), InvalidUri> {
        let rules = Rules::of(&self.key.scope().service);
        set_host(parts);
        let names = signed_names(&parts.headers);
        let mut query = parts.uri.query().map(|query| format!("{query}&")).unwrap_or_default();
        let credential = format!("{}/{}", self.access_key_id, self.key.scope());
        let mut add = |name: &str, value: &str| {
            let value = utf8_percent_encode(value, RESERVED);
            query.push_str(&format!("{name}={value}&"));
        };
        add("X-Amz-Algorithm", ALGORITHM);
        add("X-Amz-Credential", &credential);
        add("X-Amz-Date", &self.date.to_string());
        add("X-Amz-Expires", &expires_seconds.to_string());
        add("X-Amz-SignedHeaders", &names.join(";"));
        if let Some(token) = self.session_token {
            add("X-Amz-Security-Token", token);
        }
        if rules.s3 && payload != SignedPayload::Unsigned {
            add("X-Amz-Content-Sha256", &payload.line());
        }
        let request = Request { query: &query, ..Request::from(&*parts) };
        let signature = self.signature(&request, rules, &names, &payload.line());
        let target = format!("{}?{query}X-Amz-Signature={signature}", parts.uri.path());
        let mut uri = std::mem::take(&mut parts.uri).into_parts();
        uri.path_and_query = Some(target.parse::<PathAndQuery>()?);
        parts.uri = Uri::from_parts(uri).expect("only the path was replaced");
        Ok(())
    }

    /// Encodes a body after [`Signer::sign`] said that it will be in signed chunks.
    pub fn chunk_encoder(&self, seed_signature: &str) -> ChunkEncoder {
        let chain = Chain::from_seed(self.key.clone(), self.date, self.access_key_id, seed_signature);
        ChunkEncoder { chain: Some(chain) }
    }

    fn signature(&self, request: &Request<'_>, rules: Rules, names: &[String], line: &str) -> String {
        let canonical_request = request.canonical(rules.s3, names, line);
        self.key.sign(&string_to_sign(self.date, self.key.scope(), &canonical_request))
    }
}

fn set_host(parts: &mut Parts) {
    let authority = parts.uri.authority().map(|authority| authority.as_str().to_owned());
    if let Some(authority) = authority.filter(|_| !parts.headers.contains_key(HOST)) {
        set(&mut parts.headers, HOST.as_str(), &authority);
    }
}

fn set(headers: &mut HeaderMap, name: &'static str, value: &str) {
    // A value that is no header value cannot be sent, so the server will miss it and say so.
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

fn signed_names(headers: &HeaderMap) -> Vec<String> {
    let names = headers.keys().map(http::HeaderName::as_str);
    let mut names: Vec<String> = names.filter(|name| !NEVER_SIGNED.contains(name)).map(str::to_owned).collect();
    if !headers.contains_key(HOST) {
        names.push(HOST.as_str().to_owned());
    }
    names.sort_unstable();
    names
}

/// Frames a body as `aws-chunked`.
#[derive(Debug)]
pub struct ChunkEncoder {
    chain: Option<Chain>,
}

impl ChunkEncoder {
    /// For [`SignedPayload::StreamingUnsignedTrailer`].
    pub fn unsigned() -> Self {
        Self { chain: None }
    }

    /// One chunk of data, which is not empty; all but the last have at least
    /// [`CHUNK_BYTES_MIN`](super::CHUNK_BYTES_MIN) bytes.
    pub fn chunk(&mut self, data: &[u8]) -> Vec<u8> {
        let mut encoded = self.head(data).into_bytes();
        encoded.extend_from_slice(data);
        encoded.extend_from_slice(b"\r\n");
        encoded
    }

    /// The end of a body without trailers, or with these.
    pub fn end(mut self, trailers: &[(&str, &str)]) -> Vec<u8> {
        let mut encoded = self.head(&[]);
        let trailers: Vec<(String, String)> =
            trailers.iter().map(|(name, value)| (name.to_ascii_lowercase(), (*value).to_owned())).collect();
        for (name, value) in &trailers {
            encoded.push_str(&format!("{name}:{value}\r\n"));
        }
        if let Some(chain) = self.chain.filter(|_| !trailers.is_empty()) {
            let signature = chain.sign_trailers(&trailer_lines(&trailers));
            encoded.push_str(&format!("x-amz-trailer-signature:{signature}\r\n"));
        }
        encoded.push_str("\r\n");
        encoded.into_bytes()
    }

    fn head(&mut self, data: &[u8]) -> String {
        match &mut self.chain {
            Some(chain) => format!("{:x};chunk-signature={}\r\n", data.len(), chain.sign_chunk(sha256(data))),
            None => format!("{:x}\r\n", data.len()),
        }
    }
}
