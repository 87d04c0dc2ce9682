//! Requests that are no calls of an AWS API: function URLs, a topic's certificate, pages of a service's own.

use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;

use crate::caller::Caller;

/// A request for a service's own pages.
#[derive(Debug)]
pub struct WebRequest {
    /// Method, path, headers.
    pub head: Parts,
    /// The whole body, within the bounds of any request that is not a stream.
    pub body: Bytes,
    /// Who signed it; none when nobody did.
    pub caller: Option<Arc<Caller>>,
}

impl WebRequest {
    /// The host that was asked, without its port, in lower case.
    pub fn host(&self) -> String {
        host(&self.head)
    }
}

/// The host that a request names, without its port, in lower case.
pub fn host(head: &Parts) -> String {
    let header = head.headers.get(http::header::HOST).and_then(|value| value.to_str().ok());
    let host = header.or_else(|| head.uri.host()).unwrap_or_default();
    let end = if host.starts_with('[') {
        host.find(']').map_or(host.len(), |end| end + 1)
    } else {
        host.find(':').unwrap_or(host.len())
    };
    host[..end].to_ascii_lowercase()
}
