//! S3's presigned URLs and forms of signature version 2: what the aws CLI version 1 and boto3 still make where nobody
//! told them otherwise. Nothing else is signed so any more, and nothing else is accepted.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/RESTAuthentication.html#RESTAuthenticationQueryStringAuth>

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::HOST;
use http::request::Parts;
use percent_encoding::percent_decode_str;
use ring::hmac;

use crate::address::bucket_of;
use crate::sigv4::{AmzDate, AuthError, Mismatch};

/// Query parameters that name a sub-resource or change the answer: they are part of what is signed.
const SIGNED_PARAMETERS: [&str; 31] = [
    "accelerate",
    "acl",
    "cors",
    "defaultObjectAcl",
    "delete",
    "encryption",
    "lifecycle",
    "location",
    "logging",
    "notification",
    "partNumber",
    "policy",
    "replication",
    "requestPayment",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "restore",
    "select",
    "select-type",
    "storageClass",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
];

/// Checks that the secret signed a form's policy, which is base64 and signed as it stands.
pub fn check_policy(access_key_id: &str, secret: &str, policy: &str, signature: &str) -> Result<(), AuthError> {
    if is_signed(secret, policy, signature) {
        return Ok(());
    }
    Err(mismatch(access_key_id, signature, policy.to_owned()))
}

fn is_signed(secret: &str, text: &str, signature: &str) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes());
    let signature = STANDARD.decode(signature).unwrap_or_default();
    hmac::verify(&key, text.as_bytes(), &signature).is_ok()
}

fn mismatch(access_key_id: &str, signature: &str, string_to_sign: String) -> AuthError {
    AuthError::SignatureMismatch(Box::new(Mismatch {
        access_key_id: access_key_id.to_owned(),
        signature_provided: signature.to_owned(),
        string_to_sign,
        canonical_request: Vec::new(),
    }))
}

/// What such a URL claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presigned {
    /// Whose key signed it.
    pub access_key_id: String,
    /// Temporary credentials only.
    pub session_token: Option<String>,
    expires_seconds: i64,
    signature: String,
    parameters: BTreeMap<String, String>,
}

impl Presigned {
    /// The claim of a request, if it makes one.
    pub fn of(parts: &Parts) -> Option<Self> {
        let query = parts.uri.query().filter(|query| query.contains("AWSAccessKeyId="))?;
        let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let parameters: BTreeMap<String, String> = query
            .split('&')
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (decode(name), decode(value)))
            .collect();
        Some(Self {
            access_key_id: parameters.get("AWSAccessKeyId")?.clone(),
            session_token: parameters.get("x-amz-security-token").cloned(),
            expires_seconds: parameters.get("Expires")?.parse().ok()?,
            signature: parameters.get("Signature")?.clone(),
            parameters,
        })
    }

    /// Checks that the secret signed this request, and that it is still good.
    pub fn verify(&self, secret: &str, parts: &Parts, now_seconds: i64) -> Result<(), AuthError> {
        let string_to_sign = self.string_to_sign(parts);
        if !is_signed(secret, &string_to_sign, &self.signature) {
            return Err(mismatch(&self.access_key_id, &self.signature, string_to_sign));
        }
        if self.expires_seconds < now_seconds {
            let date = AmzDate::from_seconds(self.expires_seconds);
            return Err(AuthError::PresignedExpired {
                date,
                now: AmzDate::from_seconds(now_seconds),
                expires_seconds: 0,
            });
        }
        Ok(())
    }

    /// Method, MD5, type and expiry; `x-amz-` headers, which a URL carries as parameters; the resource.
    fn string_to_sign(&self, parts: &Parts) -> String {
        let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let either = |name: &str| header(name).or_else(|| self.parameters.get(name).cloned()).unwrap_or_default();
        let mut text = format!(
            "{}\n{}\n{}\n{}\n",
            parts.method,
            either("content-md5"),
            either("content-type"),
            self.expires_seconds
        );
        let of_amazon = |name: &str| name.starts_with("x-amz-");
        let mut amz: BTreeMap<String, String> = self
            .parameters
            .iter()
            .filter(|(name, _)| of_amazon(name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        for name in parts.headers.keys().map(|name| name.as_str()).filter(|name| of_amazon(name)) {
            let values: Vec<&str> =
                parts.headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
            amz.insert(name.to_owned(), values.join(","));
        }
        for (name, value) in amz {
            text.push_str(&format!("{name}:{}\n", value.trim()));
        }
        text.push_str(&self.resource(parts));
        text
    }

    fn resource(&self, parts: &Parts) -> String {
        let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let bucket = bucket_of(host, Some("s3"), |_| false);
        let mut resource = bucket.map(|bucket| format!("/{bucket}")).unwrap_or_default();
        resource.push_str(parts.uri.path());
        let signed = self.parameters.iter().filter(|(name, _)| SIGNED_PARAMETERS.contains(&name.as_str()));
        for (index, (name, value)) in signed.enumerate() {
            resource.push(if index == 0 { '?' } else { '&' });
            resource.push_str(name);
            if !value.is_empty() {
                resource.push('=');
                resource.push_str(value);
            }
        }
        resource
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of AWS's guide.
    const URL: &str = "/photos/puppy.jpg?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Expires=1175139620&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D";
    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

    fn request(url: &str) -> Parts {
        let request = http::Request::builder().uri(url).header(HOST, "awsexamplebucket1.s3.us-west-1.amazonaws.com");
        request.body(()).expect("a request").into_parts().0
    }

    #[test]
    fn the_string_to_sign_is_that_of_awss_guide() {
        let parts = request(URL);
        let presigned = Presigned::of(&parts).expect("a presigned URL");
        assert_eq!(presigned.string_to_sign(&parts), "GET\n\n\n1175139620\n/awsexamplebucket1/photos/puppy.jpg");
    }

    #[test]
    fn a_url_is_good_until_it_expires_and_for_its_path_only() {
        let sign = |path: &str| {
            let unsigned = request(&format!("{path}?AWSAccessKeyId=A&Expires=1000&Signature=x&versionId=7"));
            let text = Presigned::of(&unsigned).expect("a presigned URL").string_to_sign(&unsigned);
            let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, SECRET.as_bytes());
            let signature = STANDARD.encode(hmac::sign(&key, text.as_bytes()));
            percent_encoding::utf8_percent_encode(&signature, percent_encoding::NON_ALPHANUMERIC).to_string()
        };
        let verify = |path: &str, signature: &str, now| {
            let parts = request(&format!("{path}?AWSAccessKeyId=A&Expires=1000&Signature={signature}&versionId=7"));
            Presigned::of(&parts).expect("a presigned URL").verify(SECRET, &parts, now)
        };
        let signature = sign("/a");
        assert_eq!(verify("/a", &signature, 999), Ok(()));
        assert!(matches!(verify("/a", &signature, 1001), Err(AuthError::PresignedExpired { .. })));
        assert!(matches!(verify("/b", &signature, 999), Err(AuthError::SignatureMismatch(_))));
    }

    #[test]
    fn other_requests_make_no_such_claim() {
        assert_eq!(Presigned::of(&request("/a?X-Amz-Signature=1")), None);
        assert_eq!(Presigned::of(&request("/a?AWSAccessKeyId=A")), None);
    }
}
