//! Calls of webhooks: a POST, and what its answer means.
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-http-https-endpoint-as-subscriber.html>

use std::sync::OnceLock;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use haar_platform::kernel::{Bytes, Clock};
use http::header::{AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{Request, StatusCode, Uri};
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use percent_encoding::percent_decode_str;

use super::failure::Failure;

/// How long an endpoint may take to answer.
const PATIENCE: Duration = Duration::from_secs(15);

const AGENT: &str = "Amazon Simple Notification Service Agent";

type Connections = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// The connections to endpoints, made when the first one is called. Certificates are checked against those that the
/// machine trusts.
#[derive(Default)]
pub struct Webhooks(OnceLock<Result<Connections, String>>);

/// A call.
pub struct Call {
    pub endpoint: String,
    pub content_type: String,
    /// `x-amz-sns-…`.
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

impl Webhooks {
    fn connections(&self) -> Result<&Connections, Failure> {
        let made = self.0.get_or_init(|| {
            let builder = HttpsConnectorBuilder::new().with_native_roots().map_err(|cause| cause.to_string())?;
            let connector = builder.https_or_http().enable_http1().build();
            Ok(Client::builder(TokioExecutor::new()).build(connector))
        });
        made.as_ref().map_err(|cause| Failure::passing("NoTrustedCertificates", cause.clone()))
    }

    /// Calls an endpoint. Success is any answer between 200 and 299, in time.
    pub async fn call(&self, clock: &Clock, call: Call) -> Result<(), Failure> {
        let request = call.into_request()?;
        let answer = tokio::select! {
            answer = self.connections()?.request(request) => answer,
            () = clock.patience(PATIENCE) => {
                return Err(Failure::passing("Timeout", "the endpoint did not answer in 15 seconds"));
            }
        };
        match answer {
            Err(error) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
                Err(Failure::passing("ConnectionFailed", format!("{error}: {cause}")))
            }
            Ok(answer) => judge(answer.status()),
        }
    }
}

/// A client's error will come again, except for "too many requests".
fn judge(status: StatusCode) -> Result<(), Failure> {
    let text = format!("the endpoint answered {status}");
    match status {
        status if status.is_success() => Ok(()),
        status if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS => {
            Err(Failure::lasting(status.as_str(), text))
        }
        status => Err(Failure::passing(status.as_str(), text)),
    }
}

impl Call {
    fn into_request(self) -> Result<Request<Full<Bytes>>, Failure> {
        let refuse = |cause: String| Failure::lasting("InvalidEndpoint", cause);
        let uri: Uri = self.endpoint.parse().map_err(|cause| refuse(format!("{cause}")))?;
        let (user, host) = match uri.authority().map(|authority| authority.as_str().rsplit_once('@')) {
            Some(Some((user, host))) => (Some(user.to_owned()), host.to_owned()),
            _ => (None, uri.authority().map(ToString::to_string).unwrap_or_default()),
        };
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let target = format!("{}://{host}{path}", uri.scheme_str().unwrap_or("http"));
        let mut request = Request::post(target).header(CONTENT_TYPE, self.content_type).header(USER_AGENT, AGENT);
        if let Some(user) = user {
            // Name and password may be written in the endpoint.
            let decoded = percent_decode_str(&user).decode_utf8_lossy().into_owned();
            request = request.header(AUTHORIZATION, format!("Basic {}", STANDARD.encode(decoded)));
        }
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        request.body(Full::new(Bytes::from(self.body))).map_err(|cause| refuse(cause.to_string()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn credentials_of_an_endpoint_become_a_header() {
        let call = Call {
            endpoint: "http://us%40er:pass@localhost:1/hook?a=b".into(),
            content_type: "text/plain".into(),
            headers: vec![("x-amz-sns-message-type", "Notification".into())],
            body: String::new(),
        };
        let request = call.into_request().unwrap();
        assert_eq!(request.uri(), "http://localhost:1/hook?a=b");
        assert_eq!(request.headers()[AUTHORIZATION], "Basic dXNAZXI6cGFzcw==");
    }

    #[test]
    fn only_some_answers_are_worth_another_attempt() {
        assert!(judge(StatusCode::NO_CONTENT).is_ok());
        let retried = |status: u16| !judge(StatusCode::from_u16(status).unwrap()).unwrap_err().lasting;
        assert!(retried(500) && retried(503) && retried(429) && retried(302));
        assert!(!retried(400) && !retried(404));
    }
}
