//! Cross-origin rules: what browsers may let pages of other origins do.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html>

use haar_platform::aws::s3::*;
use haar_platform::kernel::service::CrossOrigin;
use haar_platform::kernel::{Ctx, Fault, Value};

use super::find;
use crate::s3::S3;
use crate::s3::error::Error;
use crate::s3::model::{Configuration, ConfigurationKind, CorsRule};

const KIND: ConfigurationKind = ConfigurationKind::Cors;

const RULES_MAX: usize = 100;

const ID_CHARACTERS_MAX: usize = 255;

const METHODS: [&str; 5] = ["GET", "PUT", "POST", "DELETE", "HEAD"];

/// Sets the rules, all at once.
pub async fn set(ctx: &Ctx, s3: &S3, input: PutBucketCorsRequest) -> Result<(), Error> {
    let rules = parse(input.cors_configuration.cors_rules)?;
    super::set(ctx, s3, input.bucket, input.expected_bucket_owner, KIND, Configuration::Cors(rules)).await
}

fn parse(rules: Vec<CORSRule>) -> Result<Vec<CorsRule>, Error> {
    if rules.is_empty() {
        return Err(Error::MalformedXml);
    }
    if rules.len() > RULES_MAX {
        let message = "The number of CORS rules should not exceed allowed limit of 100 rules.";
        return Err(Error::InvalidRequest(message.into()));
    }
    rules.into_iter().map(parse_rule).collect()
}

fn parse_rule(rule: CORSRule) -> Result<CorsRule, Error> {
    let refuse = |message: String| Err(Error::InvalidRequest(message));
    if rule.allowed_methods.is_empty() || rule.allowed_origins.is_empty() {
        return Err(Error::MalformedXml);
    }
    if rule.id.as_ref().is_some_and(|id| id.chars().count() > ID_CHARACTERS_MAX) {
        let message = "ID length should not exceed allowed limit of 255";
        return Err(Error::argument(message, "ID", rule.id.unwrap_or_default()));
    }
    if let Some(method) = rule.allowed_methods.iter().find(|method| !METHODS.contains(&method.as_str())) {
        return refuse(format!("Found unsupported HTTP method in CORS config. Unsupported method is {method}"));
    }
    let several = |text: &&String| text.matches('*').count() > 1;
    if let Some(origin) = rule.allowed_origins.iter().find(several) {
        return refuse(format!("AllowedOrigin \"{origin}\" can not have more than one wildcard."));
    }
    let allowed_headers = rule.allowed_headers.unwrap_or_default();
    if let Some(header) = allowed_headers.iter().find(several) {
        return refuse(format!("AllowedHeader \"{header}\" can not have more than one wildcard."));
    }
    let expose_headers = rule.expose_headers.unwrap_or_default();
    if let Some(header) = expose_headers.iter().find(|header| header.contains('*')) {
        return refuse(format!(
            "ExposeHeader \"{header}\" contains wildcard. We currently do not support wildcard for ExposeHeader."
        ));
    }
    Ok(CorsRule {
        id: rule.id,
        allowed_headers,
        allowed_methods: rule.allowed_methods,
        allowed_origins: rule.allowed_origins,
        expose_headers,
        max_age_seconds: rule.max_age_seconds,
    })
}

/// The rules.
pub async fn get(ctx: &Ctx, s3: &S3, input: GetBucketCorsRequest) -> Result<GetBucketCorsOutput, Error> {
    let optional = |list: Vec<String>| (!list.is_empty()).then_some(list);
    match super::get(ctx, s3, &input.bucket, input.expected_bucket_owner.as_deref(), KIND)? {
        Some(Configuration::Cors(rules)) => {
            let rules = rules.into_iter().map(|rule| CORSRule {
                id: rule.id,
                allowed_headers: optional(rule.allowed_headers),
                allowed_methods: rule.allowed_methods,
                allowed_origins: rule.allowed_origins,
                expose_headers: optional(rule.expose_headers),
                max_age_seconds: rule.max_age_seconds,
            });
            Ok(GetBucketCorsOutput { cors_rules: Some(rules.collect()) })
        }
        _ => Err(Error::NoSuchCorsConfiguration(input.bucket)),
    }
}

/// Removes the rules.
pub async fn delete(_: &Ctx, s3: &S3, input: DeleteBucketCorsRequest) -> Result<(), Error> {
    super::clear(s3, input.bucket, input.expected_bucket_owner, KIND).await
}

/// What a browser is told: the headers of the first rule that fits, or why it may not ask.
pub fn answer(s3: &S3, request: &CrossOrigin<'_>) -> Result<Vec<(&'static str, String)>, Fault> {
    let rules = s3.store.read(|tx| match find(tx, request.resource, None) {
        Ok(bucket) => Ok(Some(super::configuration(tx, &bucket, KIND)?)),
        Err(Error::NoSuchBucket(_) | Error::InvalidBucketName(_)) => Ok(None),
        Err(error) => Err(error),
    })?;
    let rules = match rules {
        None => return Err(forbidden(request, "Bucket not found")),
        Some(Some(Configuration::Cors(rules))) => rules,
        Some(_) => return Err(forbidden(request, "CORS is not enabled for this bucket.")),
    };
    headers(&rules, request).ok_or_else(|| {
        // The spelling is AWS's.
        let why = "This CORS request is not allowed. This is usually because the evalution of Origin, request method / \
                   Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the \
                   resource's CORS spec.";
        forbidden(request, why)
    })
}

fn forbidden(request: &CrossOrigin<'_>, why: &str) -> Fault {
    Fault::common("AccessForbidden", 403, format!("CORSResponse: {why}"))
        .with("Method", Value::String(request.method.to_owned()))
        .with("ResourceType", Value::String("BUCKET".into()))
}

fn headers(rules: &[CorsRule], request: &CrossOrigin<'_>) -> Option<Vec<(&'static str, String)>> {
    rules.iter().find_map(|rule| {
        let origin = rule.allowed_origins.iter().find(|pattern| fits(pattern, request.origin))?;
        let allowed = rule.allowed_methods.iter().any(|method| method == request.method)
            && request
                .headers
                .iter()
                .all(|header| rule.allowed_headers.iter().any(|pattern| fits(&pattern.to_ascii_lowercase(), header)));
        allowed.then(|| headers_of(rule, origin, request))
    })
}

fn headers_of(rule: &CorsRule, origin: &str, request: &CrossOrigin<'_>) -> Vec<(&'static str, String)> {
    let mut headers = Vec::new();
    if origin == "*" {
        headers.push(("access-control-allow-origin", "*".to_owned()));
    } else {
        headers.push(("access-control-allow-origin", request.origin.to_owned()));
        headers.push(("access-control-allow-credentials", "true".to_owned()));
    }
    headers.push(("access-control-allow-methods", rule.allowed_methods.join(", ")));
    if !request.headers.is_empty() {
        headers.push(("access-control-allow-headers", request.headers.join(", ")));
    }
    if !rule.expose_headers.is_empty() {
        headers.push(("access-control-expose-headers", rule.expose_headers.join(", ")));
    }
    if let Some(seconds) = rule.max_age_seconds {
        headers.push(("access-control-max-age", seconds.to_string()));
    }
    headers.push(("vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method".to_owned()));
    headers
}

/// Whether a pattern with at most one `*` covers a text.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, end)) => text.strip_prefix(start).is_some_and(|rest| rest.ends_with(end)),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn rule(origins: &[&str], methods: &[&str], headers: &[&str]) -> CorsRule {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        CorsRule {
            id: None,
            allowed_headers: owned(headers),
            allowed_methods: owned(methods),
            allowed_origins: owned(origins),
            expose_headers: Vec::new(),
            max_age_seconds: None,
        }
    }

    fn request<'a>(origin: &'a str, method: &'a str, headers: &[&str]) -> CrossOrigin<'a> {
        let headers = headers.iter().map(|header| (*header).to_owned()).collect();
        CrossOrigin { resource: "lake", origin, method, headers, preflight: true }
    }

    fn header(rules: &[CorsRule], request: &CrossOrigin<'_>, name: &str) -> Option<String> {
        let headers = headers(rules, request)?;
        headers.into_iter().find_map(|(known, value)| (known == name).then_some(value))
    }

    #[test]
    fn the_first_rule_that_fits_answers() {
        let rules = [rule(&["https://a.example"], &["PUT"], &[]), rule(&["*"], &["GET", "HEAD"], &[])];
        let origin = "access-control-allow-origin";
        assert_eq!(header(&rules, &request("https://a.example", "PUT", &[]), origin).unwrap(), "https://a.example");
        assert_eq!(header(&rules, &request("https://a.example", "GET", &[]), origin).unwrap(), "*");
        assert_eq!(header(&rules, &request("https://b.example", "PUT", &[]), origin), None);
    }

    #[test]
    fn credentials_go_only_to_origins_that_are_named() {
        let credentials = "access-control-allow-credentials";
        let named = [rule(&["https://*.example"], &["GET"], &[])];
        assert_eq!(header(&named, &request("https://a.example", "GET", &[]), credentials).unwrap(), "true");
        let anybody = [rule(&["*"], &["GET"], &[])];
        assert_eq!(header(&anybody, &request("https://a.example", "GET", &[]), credentials), None);
    }

    #[test]
    fn every_announced_header_must_be_allowed() {
        let rules = [rule(&["*"], &["GET"], &["X-Amz-*", "authorization"])];
        let allowed = request("https://a.example", "GET", &["x-amz-date", "authorization"]);
        let name = "access-control-allow-headers";
        assert_eq!(header(&rules, &allowed, name).unwrap(), "x-amz-date, authorization");
        assert_eq!(header(&rules, &request("https://a.example", "GET", &["x-other"]), name), None);
    }

    #[test]
    fn a_wildcard_does_not_overlap_itself() {
        assert!(fits("https://*.example", "https://a.example"));
        assert!(!fits("aba*aba", "aba"));
        assert!(!fits("https://*.example", "http://a.example"));
    }
}
