//! An upload by a browser's form, as the `PutObject` that it means.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html>

use haar_kernel::{Body, Fault, Value};
use http::header::{CONTENT_TYPE, ETAG, HeaderName, HeaderValue, LOCATION};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::mail_safe;
use crate::sigv4::{AuthError, Authentication, Place};
use crate::xml::{Names, Writer};

/// What paths do not carry as it is: a key's slashes, too, are quoted in what answers say.
const QUOTED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Fields that speak of the form itself.
const OF_THE_SIGNATURE: [&str; 5] =
    ["x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-security-token", "x-amz-signature"];

/// Fields that become headers of the same name.
const HEADERS: [&str; 5] = ["cache-control", "content-disposition", "content-encoding", "content-type", "expires"];

/// The fields of a form, in order; names in lower case.
#[derive(Clone, Debug, Default)]
pub struct FormUpload {
    fields: Vec<(String, String)>,
}

impl FormUpload {
    /// One more field.
    pub fn push(&mut self, name: &str, value: String) {
        self.fields.push((name.to_ascii_lowercase(), value));
    }

    /// A field's value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// Every field, in order.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The file's name goes where the fields ask for it.
    pub fn name_file(&mut self, filename: &str) {
        // Browsers of old send the whole path.
        let filename = filename.rsplit(['/', '\\']).next().unwrap_or_default();
        for (_, value) in self.fields.iter_mut().filter(|(name, _)| name == "key" || name.starts_with("success_")) {
            *value = value.replace("${filename}", filename);
        }
    }

    /// Who has signed the form's policy with SigV2, as boto3 does where nobody told it otherwise: the access key id, and
    /// the signature.
    pub fn old_claim(&self) -> Option<(&str, &str)> {
        let old = self.get("policy").is_some() && self.get("x-amz-signature").is_none();
        self.get("awsaccesskeyid").zip(self.get("signature")).filter(|_| old)
    }

    /// Who has signed the form's policy with SigV4; `None` where nobody has, which is an anonymous upload unless there
    /// is an [`old_claim`](Self::old_claim).
    pub fn claim(&self) -> Option<Result<Authentication, AuthError>> {
        self.get("policy")?;
        if self.old_claim().is_some() {
            return None;
        }
        let mut missing = Vec::new();
        let mut required = |name: &str, as_named: &'static str| {
            let value = self.get(name);
            if value.is_none() {
                missing.push(as_named);
            }
            value.unwrap_or_default()
        };
        let algorithm = required("x-amz-algorithm", "X-Amz-Algorithm");
        let credential = required("x-amz-credential", "X-Amz-Credential");
        let signature = required("x-amz-signature", "X-Amz-Signature");
        let date = required("x-amz-date", "X-Amz-Date");
        if !missing.is_empty() {
            return Some(Err(AuthError::MissingQueryParameters { missing }));
        }
        if algorithm != "AWS4-HMAC-SHA256" {
            let place = Place::Query;
            return Some(Err(AuthError::UnsupportedAlgorithm { algorithm: algorithm.to_owned(), place }));
        }
        Some(Authentication::of_form(credential, date, signature, self.get("x-amz-security-token")))
    }

    /// The `PutObject` that the form means; `sent` is the request that carried it.
    pub fn as_put(&self, sent: &Parts, bucket: &str) -> Result<Parts, Fault> {
        let key = self.get("key").filter(|key| !key.is_empty()).ok_or_else(|| {
            invalid("key", "", "Bucket POST must contain a field named 'key'.  If it is specified, please check the order of the fields.")
        })?;
        if self.get("tagging").is_some() {
            return Err(Fault::not_served("the field tagging of form uploads"));
        }
        let path = format!("/{bucket}/{}", utf8_percent_encode(key, QUOTED));
        let request = Request::builder().method(Method::PUT).uri(path).body(());
        let request = request.map_err(|_| invalid("key", key, "The key is too long for a path."))?;
        let mut parts = request.into_parts().0;
        // The length is the form's: what the file has at most.
        for name in ["content-length", "origin", "user-agent"] {
            if let Some(value) = sent.headers.get(name) {
                parts.headers.insert(HeaderName::from_static(name), value.clone());
            }
        }
        for (name, value) in self.fields() {
            let header = match name {
                "acl" => "x-amz-acl",
                name if OF_THE_SIGNATURE.contains(&name) => continue,
                name if name.starts_with("x-amz-") || HEADERS.contains(&name) => name,
                _ => continue,
            };
            // A form's text is UTF-8; a header's would be taken as Latin-1.
            let value = if header.starts_with("x-amz-meta-") { mail_safe::encode(value) } else { value.into() };
            let read = HeaderValue::from_str(&value).or_else(|_| HeaderValue::from_bytes(value.as_bytes()));
            match (HeaderName::from_bytes(header.as_bytes()), read) {
                (Ok(header), Ok(read)) => parts.headers.insert(header, read),
                _ => return Err(invalid(name, &value, "The field cannot be a header.")),
            };
        }
        Ok(parts)
    }

    /// The answer that the form asked for, from that of the `PutObject`. `endpoint` and `path` are where the form went.
    pub fn answer(&self, mut put: Response<Body>, endpoint: &str, path: &str, bucket: &str) -> Response<Body> {
        let key = self.get("key").unwrap_or_default();
        let etag = put.headers().get(ETAG).and_then(|etag| etag.to_str().ok()).unwrap_or_default().to_owned();
        let quoted = |text: &str| utf8_percent_encode(text, QUOTED).to_string();
        let redirect = self.get("success_action_redirect").or(self.get("redirect")).filter(|url| is_url(url));
        let location = match redirect {
            Some(url) => {
                *put.status_mut() = StatusCode::SEE_OTHER;
                let mark = if url.contains('?') { '&' } else { '?' };
                format!("{url}{mark}bucket={}&key={}&etag={}", quoted(bucket), quoted(key), quoted(&etag))
            }
            None => format!("{endpoint}{}/{}", path.trim_end_matches('/'), quoted(key)),
        };
        if redirect.is_none() {
            *put.status_mut() = match self.get("success_action_status") {
                Some("200") => StatusCode::OK,
                Some("201") => StatusCode::CREATED,
                _ => StatusCode::NO_CONTENT,
            };
        }
        if put.status() == StatusCode::CREATED {
            let mut writer = Writer::new(Names::Xml);
            writer.declaration();
            writer.open("PostResponse");
            for (name, text) in [("Location", &*location), ("Bucket", bucket), ("Key", key), ("ETag", &*etag)] {
                writer.text_element(name, text);
            }
            writer.close("PostResponse");
            put.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
            *put.body_mut() = Body::full(writer.into_bytes());
        }
        put.headers_mut().insert(LOCATION, crate::answer::header_value(&location));
        put
    }
}

/// What S3 redirects to; anything else it treats as if the field were not there.
fn is_url(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://")
}

fn invalid(name: &str, value: &str, message: &str) -> Fault {
    let field = |text: &str| Value::String(text.to_owned());
    Fault::common("InvalidArgument", 400, message).with("ArgumentName", field(name)).with("ArgumentValue", field(value))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_form_claims_what_its_fields_say() {
        let claim = |names: &[&str]| {
            let mut form = FormUpload::default();
            names.iter().for_each(|name| form.push(name, "x".into()));
            form.claim().map(|claim| claim.unwrap_err())
        };
        assert_eq!(claim(&["key"]), None);
        assert_eq!(claim(&["policy", "AWSAccessKeyId", "signature"]), None);
        assert!(matches!(claim(&["policy"]), Some(AuthError::MissingQueryParameters { .. })));
    }

    #[test]
    fn a_form_signed_the_old_way_names_its_key() {
        let form = |names: &[&str]| {
            let mut form = FormUpload::default();
            names.iter().for_each(|name| form.push(name, "x".into()));
            form
        };
        assert_eq!(form(&["policy", "AWSAccessKeyId", "signature"]).old_claim(), Some(("x", "x")));
        assert_eq!(form(&["AWSAccessKeyId", "signature"]).old_claim(), None);
        assert_eq!(form(&["policy", "AWSAccessKeyId", "signature", "x-amz-signature"]).old_claim(), None);
    }

    #[test]
    fn a_form_is_a_put_with_its_fields_as_headers() {
        let mut form = FormUpload::default();
        for (name, value) in [
            ("Key", "user/ä/${filename}"),
            ("acl", "private"),
            ("Content-Type", "image/jpeg"),
            ("x-amz-meta-colour", "red"),
            ("X-Amz-Signature", "0"),
            ("success_action_status", "201"),
        ] {
            form.push(name, value.into());
        }
        form.name_file("C:\\photos\\a b.jpg");
        let sent = Request::new(()).into_parts().0;
        let put = form.as_put(&sent, "photos").unwrap();
        assert_eq!((put.method.as_str(), put.uri.path()), ("PUT", "/photos/user%2F%C3%A4%2Fa%20b.jpg"));
        let headers: Vec<_> =
            put.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        assert_eq!(headers.len(), 3);
        assert!(headers.contains(&("x-amz-acl", "private")) && headers.contains(&("x-amz-meta-colour", "red")));
        assert_eq!(FormUpload::default().as_put(&sent, "photos").unwrap_err().code, "InvalidArgument");
    }
}
