//! The house's own pages, under `/_haar/`: health, status, clock, reset, ledger, events, policy suggestions. JSON in
//! and out; the command line and the console are their clients.
//!
//! They carry no signature, so they are kept to people at this machine: the peer must be on loopback, the `Host` a
//! loopback name, and a browser page from elsewhere (an `Origin` that is not this host) is refused.

use std::net::SocketAddr;
use std::time::Duration;

use haar_platform::kernel::Body;
use haar_platform::ledger::Query;
use haar_platform::policy::suggest::suggest;
use http::header::{CONTENT_TYPE, HOST, HeaderValue, ORIGIN};
use http::request::Parts;
use http::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::pipeline::Gateway;

/// Everything of ours is under this.
const PREFIX: &str = "/_haar/";

/// Lines or events on one page.
const PAGE_MAX: usize = 10_000;

/// Time is moved at most this far at once: ten years.
const ADVANCE_MAX: Duration = Duration::from_secs(10 * 365 * 86_400);

/// Ledger lines that a suggestion looks at, newest first.
const SUGGEST_LINES_MAX: usize = 1_000_000;

/// Why a page is not answered.
struct Problem {
    status: StatusCode,
    message: String,
}

/// Whether a request is for one of our pages.
pub fn are_asked_for(parts: &Parts) -> bool {
    parts.uri.path().starts_with(PREFIX)
}

/// Whether somebody at this machine asks, and no page from elsewhere.
pub fn admits(parts: &Parts, peer: SocketAddr) -> bool {
    admit(parts, peer).is_ok()
}

/// Answers it.
pub async fn answer(gateway: &Gateway, parts: &Parts, peer: SocketAddr) -> Response<Body> {
    let answered = match admit(parts, peer) {
        Ok(()) => page(gateway, parts).await,
        Err(problem) => Err(problem),
    };
    let (status, body) = match answered {
        Ok(body) => (StatusCode::OK, body),
        Err(problem) => (problem.status, json!({ "message": problem.message })),
    };
    let mut response = Response::new(Body::full(format!("{body}\n")));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

async fn page(gateway: &Gateway, parts: &Parts) -> Result<Value, Problem> {
    let name = &parts.uri.path()[PREFIX.len()..];
    match (&parts.method, name) {
        (&Method::GET, "health") => Ok(health(gateway)),
        (&Method::GET, "status") => status(gateway).await,
        (&Method::GET, "clock") => Ok(clock(gateway)),
        (&Method::POST, "clock") => advance(gateway, parts).await,
        (&Method::POST, "reset") => reset(gateway).await,
        (&Method::GET, "ledger") => ledger(gateway, parts).await,
        (&Method::GET, "events") => events(gateway, parts).await,
        (&Method::GET, "iam/suggest") => suggestion(gateway, parts).await,
        _ => Err(Problem::new(StatusCode::NOT_FOUND, format!("there is no {} {PREFIX}{name}", parts.method))),
    }
}

fn health(gateway: &Gateway) -> Value {
    let house = gateway.house();
    json!({
        "status": "ok",
        "version": env!("CARGO_PKG_VERSION"),
        "account": house.account.as_str(),
        "region": house.region.as_str(),
        "services": gateway.switchboard.service_names(),
    })
}

async fn status(gateway: &Gateway) -> Result<Value, Problem> {
    let stats = gateway.platform.store.stats().await.map_err(Problem::internal)?;
    let mut answer = health(gateway);
    answer["now"] = json!(gateway.house().clock.now().iso8601());
    answer["calls"] = json!(gateway.platform.ledger.stats().recorded);
    answer["data"] = json!(gateway.data_dir());
    let tables = stats.tables.into_iter().filter(|table| table.rows > 0);
    answer["tables"] = tables.map(|table| (table.name, json!(table.rows))).collect::<serde_json::Map<_, _>>().into();
    Ok(answer)
}

fn clock(gateway: &Gateway) -> Value {
    let clock = &gateway.house().clock;
    json!({ "now": clock.now().iso8601(), "ahead_seconds": clock.offset().as_secs() })
}

async fn advance(gateway: &Gateway, parts: &Parts) -> Result<Value, Problem> {
    let wanted = parameter(parts, "advance")
        .ok_or_else(|| Problem::new(StatusCode::BAD_REQUEST, "say how far: ?advance=SECONDS"))?;
    let seconds = wanted.parse().map_err(|_| Problem::new(StatusCode::BAD_REQUEST, "advance takes whole seconds"))?;
    let by = Duration::from_secs(seconds);
    if by > ADVANCE_MAX {
        return Err(Problem::new(StatusCode::BAD_REQUEST, "the clock moves at most ten years at once"));
    }
    gateway.house().clock.advance(by).await;
    tracing::info!(seconds, "the clock was moved");
    Ok(clock(gateway))
}

async fn reset(gateway: &Gateway) -> Result<Value, Problem> {
    gateway.platform.store.wipe().await.map_err(Problem::internal)?;
    gateway.switchboard.forget();
    tracing::info!("all state was emptied");
    Ok(json!({ "status": "empty" }))
}

async fn ledger(gateway: &Gateway, parts: &Parts) -> Result<Value, Problem> {
    let query = Query {
        service: parameter(parts, "service"),
        operation: parameter(parts, "operation"),
        account: parameter(parts, "account"),
        newest_first: true,
        limit: Some(limit(parts)?),
        ..Query::default()
    };
    let lines = gateway.platform.ledger.read(query).await.map_err(Problem::internal)?;
    let lines = lines.all().await.map_err(Problem::internal)?;
    let lines: Vec<Value> = match parameter(parts, "format").as_deref() {
        None | Some("json") => lines.iter().map(|line| line.to_json()).collect(),
        Some("access-log") => lines.iter().map(|line| line.to_access_log().into()).collect(),
        Some(other) => {
            return Err(Problem::new(StatusCode::BAD_REQUEST, format!("{other} is no format of the ledger")));
        }
    };
    Ok(json!({ "lines": lines }))
}

async fn events(gateway: &Gateway, parts: &Parts) -> Result<Value, Problem> {
    let events = gateway.platform.bus.recent(limit(parts)?).map_err(Problem::internal)?;
    Ok(json!({ "events": events.iter().map(|event| event.to_json()).collect::<Vec<_>>() }))
}

/// The least policy for what was called, allowed or not: what was denied is what the caller needed.
async fn suggestion(gateway: &Gateway, parts: &Parts) -> Result<Value, Problem> {
    let principal = parameter(parts, "principal");
    let query = Query { newest_first: true, limit: Some(SUGGEST_LINES_MAX), ..Query::default() };
    let mut lines = gateway.platform.ledger.read(query).await.map_err(Problem::internal)?;
    let mut needed = std::collections::BTreeSet::new();
    let mut calls = 0_u64;
    while let Some(line) = lines.next().await {
        let line = line.map_err(Problem::internal)?;
        if line.resources.is_empty() || principal.as_ref().is_some_and(|part| !line.caller.arn.contains(part)) {
            continue;
        }
        calls += 1;
        let action =
            line.action.map_or_else(|| format!("{}:{}", line.service, line.operation), |action| action.into_owned());
        needed.extend(line.resources.into_iter().map(|resource| (action.clone(), resource)));
    }
    let policy = suggest(needed.iter().map(|(action, resource)| (action.as_str(), resource.as_str())));
    Ok(json!({ "calls": calls, "policy": policy }))
}

fn limit(parts: &Parts) -> Result<usize, Problem> {
    let Some(text) = parameter(parts, "limit") else {
        return Ok(50);
    };
    let limit: usize = text.parse().map_err(|_| Problem::new(StatusCode::BAD_REQUEST, "limit takes a number"))?;
    Ok(limit.min(PAGE_MAX))
}

fn parameter(parts: &Parts, name: &str) -> Option<String> {
    let pairs = parts.uri.query()?.split('&').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.into_iter().find(|(key, _)| *key == name)?;
    Some(percent_encoding::percent_decode_str(value).decode_utf8_lossy().into_owned())
}

/// A page elsewhere must not reach in through somebody's browser: neither by a form (`Origin`) nor by a name of its
/// own that points here (`Host`).
fn admit(parts: &Parts, peer: SocketAddr) -> Result<(), Problem> {
    let header = |name| parts.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let host = header(HOST).unwrap_or_default();
    let foreign = header(ORIGIN).is_some_and(|origin| origin.split_once("://").is_none_or(|(_, from)| from != host));
    if foreign || !is_loopback(host) || !peer.ip().to_canonical().is_loopback() {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "these pages are for this machine's own people: ask localhost",
        ));
    }
    Ok(())
}

fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost"
        || name.ends_with(".localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl Problem {
    fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    fn internal(error: impl std::error::Error) -> Self {
        tracing::error!(%error, "a page of ours failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(host: &str, origin: Option<&str>) -> bool {
        admitted_from("127.0.0.1:50000", host, origin)
    }

    fn admitted_from(peer: &str, host: &str, origin: Option<&str>) -> bool {
        let mut request = http::Request::builder().uri("/_haar/reset").header(HOST, host);
        if let Some(origin) = origin {
            request = request.header(ORIGIN, origin);
        }
        admit(&request.body(()).expect("a request").into_parts().0, peer.parse().expect("an address")).is_ok()
    }

    #[test]
    fn only_this_machine_and_its_own_pages_are_admitted() {
        assert!(admitted("127.0.0.1:4566", None));
        assert!(admitted("localhost:4566", Some("http://localhost:4566")));
        assert!(admitted("[::1]:4566", None));
        assert!(!admitted("localhost:4566", Some("https://evil.example")));
        assert!(!admitted("localhost:4566", Some("null")));
        assert!(!admitted("evil.example:4566", None));
        assert!(!admitted("127.0.0.1.evil.example", None));
        assert!(!admitted_from("192.168.1.9:50000", "localhost:4566", None));
    }
}
