//! What a function's URL says to pages of other origins.

use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

use crate::lambda::model::Cors;

/// Whether a browser asks before it calls: such requests do not reach the function.
pub fn is_preflight(head: &Parts) -> bool {
    head.method == Method::OPTIONS
        && head.headers.contains_key(header::ORIGIN)
        && head.headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// Headers for an answer; what the function said itself is replaced by them.
pub fn apply(cors: &Cors, head: &Parts, answer: &mut HeaderMap) {
    let Some(origin) = head.headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok()) else { return };
    let Some(allowed) = allowed_origin(cors, origin) else { return };
    let mut set = |name: HeaderName, value: String| {
        if let Ok(value) = HeaderValue::from_str(&value) {
            answer.insert(name, value);
        }
    };
    set(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed.to_owned());
    if allowed != "*" {
        set(header::VARY, "Origin".into());
    }
    if cors.credentials == Some(true) {
        set(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true".into());
    }
    if let Some(exposed) = &cors.exposed {
        set(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed.join(","));
    }
    if is_preflight(head) {
        if let Some(methods) = &cors.methods {
            set(header::ACCESS_CONTROL_ALLOW_METHODS, methods.join(","));
        }
        if let Some(headers) = &cors.headers {
            set(header::ACCESS_CONTROL_ALLOW_HEADERS, headers.join(","));
        }
        if let Some(seconds) = cors.age_seconds_max {
            set(header::ACCESS_CONTROL_MAX_AGE, seconds.to_string());
        }
    }
}

fn allowed_origin<'a>(cors: &Cors, origin: &'a str) -> Option<&'a str> {
    let origins = cors.origins.as_deref().unwrap_or_default();
    if origins.iter().any(|known| known == "*") {
        // With credentials browsers do not take the star.
        return Some(if cors.credentials == Some(true) { origin } else { "*" });
    }
    origins.iter().any(|known| known == origin).then_some(origin)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn said(cors: &Cors, method: &str, headers: &[(&str, &str)]) -> HeaderMap {
        let mut request = http::Request::builder().method(method).uri("/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut answer = HeaderMap::new();
        apply(cors, &request.body(()).unwrap().into_parts().0, &mut answer);
        answer
    }

    #[test]
    fn only_named_origins_are_allowed() {
        let cors = Cors { origins: Some(vec!["https://a.example".into()]), ..Default::default() };
        let allowed = said(&cors, "GET", &[("origin", "https://a.example")]);
        assert_eq!(allowed["access-control-allow-origin"], "https://a.example");
        assert!(said(&cors, "GET", &[("origin", "https://b.example")]).is_empty());
        assert!(said(&cors, "GET", &[]).is_empty());
    }

    #[test]
    fn a_preflight_learns_methods_and_headers() {
        let cors = Cors {
            origins: Some(vec!["*".into()]),
            methods: Some(vec!["GET".into(), "PUT".into()]),
            age_seconds_max: Some(60),
            ..Default::default()
        };
        let asked = [("origin", "https://a.example"), ("access-control-request-method", "PUT")];
        let answer = said(&cors, "OPTIONS", &asked);
        assert_eq!(answer["access-control-allow-methods"], "GET,PUT");
        assert_eq!(answer["access-control-max-age"], "60");
        assert_eq!(answer["access-control-allow-origin"], "*");
    }
}
