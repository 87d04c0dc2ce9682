//! The command line's own client: signed calls to a house, over HTTP, as any SDK would make them.

use bytes::Bytes;
use haar_platform::kernel::Clock;
use haar_wire::sigv4::{AmzDate, SignedPayload, Signer, SigningKey};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use crate::failure::Failure;

/// Calls one house.
#[derive(Clone)]
pub struct Client {
    endpoint: String,
    access_key_id: String,
    secret: String,
    region: String,
    http: HttpClient<HttpConnector, Full<Bytes>>,
}

/// An answer that is an error.
#[derive(Debug)]
pub struct ServiceError {
    /// AWS's code.
    pub code: String,
    /// AWS's message.
    pub message: String,
}

impl std::fmt::Display for ServiceError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl Client {
    /// As root, with the default credentials.
    pub fn new(endpoint: &str) -> Self {
        Self {
            endpoint: endpoint.trim_end_matches('/').to_owned(),
            access_key_id: "test".into(),
            secret: "test".into(),
            region: "us-east-1".into(),
            http: HttpClient::builder(TokioExecutor::new()).build_http(),
        }
    }

    /// As somebody else.
    pub fn with_keys(&self, access_key_id: &str, secret: &str) -> Self {
        Self { access_key_id: access_key_id.into(), secret: secret.into(), ..self.clone() }
    }

    /// One call of a JSON service: `target` is `AmazonSSM.PutParameter`.
    pub async fn json(
        &self,
        service: &str,
        version: &str,
        target: &str,
        input: Value,
    ) -> Result<Result<Value, ServiceError>, Failure> {
        let content_type = format!("application/x-amz-json-{version}");
        let headers = [("content-type", content_type.as_str()), ("x-amz-target", target)];
        let (status, body) = self.send(Method::POST, "/", Some(service), &headers, input.to_string().into()).await?;
        self.json_answer(status, &body)
    }

    /// One call of a REST service with a JSON body.
    pub async fn rest(
        &self,
        service: &str,
        method: Method,
        path: &str,
        input: Value,
    ) -> Result<Result<Value, ServiceError>, Failure> {
        let headers = [("content-type", "application/json")];
        let (status, body) = self.send(method, path, Some(service), &headers, input.to_string().into()).await?;
        self.json_answer(status, &body)
    }

    fn json_answer(&self, status: StatusCode, body: &Bytes) -> Result<Result<Value, ServiceError>, Failure> {
        let answer: Value = if body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(body).map_err(|error| self.garbled(error))?
        };
        if status.is_success() {
            return Ok(Ok(answer));
        }
        let text =
            |names: [&str; 2]| names.iter().find_map(|name| answer[*name].as_str()).unwrap_or_default().to_owned();
        let code = text(["__type", "code"]);
        Ok(Err(ServiceError {
            code: code.rsplit('#').next().unwrap_or_default().to_owned(),
            message: text(["message", "Message"]),
        }))
    }

    /// One call of a query service; the answer is XML.
    pub async fn query(
        &self,
        service: &str,
        version: &str,
        action: &str,
        parameters: &[(&str, &str)],
    ) -> Result<Result<String, ServiceError>, Failure> {
        let encode =
            |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
        let mut form = format!("Action={action}&Version={version}");
        for (name, value) in parameters {
            form.push_str(&format!("&{}={}", encode(name), encode(value)));
        }
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let (status, body) = self.send(Method::POST, "/", Some(service), &headers, form.into()).await?;
        let answer = String::from_utf8_lossy(&body).into_owned();
        if status.is_success() {
            return Ok(Ok(answer));
        }
        Ok(Err(ServiceError { code: element(&answer, "Code"), message: element(&answer, "Message") }))
    }

    /// One call of S3: method, path with query, body. The answer is the body.
    pub async fn s3(
        &self,
        method: Method,
        path: &str,
        body: impl Into<Bytes>,
    ) -> Result<Result<Bytes, ServiceError>, Failure> {
        let (status, answer) = self.send(method, path, Some("s3"), &[], body.into()).await?;
        if status.is_success() {
            return Ok(Ok(answer));
        }
        let text = String::from_utf8_lossy(&answer);
        Ok(Err(ServiceError { code: element(&text, "Code"), message: element(&text, "Message") }))
    }

    /// One of the house's own pages, under `/_haar/`.
    pub async fn page(&self, method: Method, path: &str) -> Result<Value, Failure> {
        let (status, body) = self.send(method, path, None, &[], Bytes::new()).await?;
        let answer: Value = serde_json::from_slice(&body).map_err(|error| self.garbled(error))?;
        if status.is_success() {
            return Ok(answer);
        }
        Err(Failure::new(format!("{} refused {path}", self.endpoint))
            .because(answer["message"].as_str().unwrap_or_default()))
    }

    /// A link that somebody was sent: nobody signs it.
    pub async fn follow(&self, path: &str) -> Result<(), Failure> {
        let (status, body) = self.send(Method::GET, path, None, &[], Bytes::new()).await?;
        match status.is_success() {
            true => Ok(()),
            false => {
                Err(Failure::new(format!("{} refused {path}", self.endpoint)).because(String::from_utf8_lossy(&body)))
            }
        }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        service: Option<&str>,
        headers: &[(&'static str, &str)],
        body: Bytes,
    ) -> Result<(StatusCode, Bytes), Failure> {
        let invalid = |error: &dyn std::fmt::Display| {
            Failure::new(format!("failed to make a request for {}", self.endpoint)).because(error)
        };
        let uri: Uri = format!("{}{path}", self.endpoint).parse().map_err(|error| invalid(&error))?;
        let mut request = http::Request::builder().method(method).uri(uri.clone());
        request = request.header("host", uri.authority().map(|authority| authority.as_str()).unwrap_or_default());
        for (name, value) in headers {
            request = request.header(*name, HeaderValue::from_str(value).map_err(|error| invalid(&error))?);
        }
        let (mut parts, ()) = request.body(()).map_err(|error| invalid(&error))?.into_parts();
        if let Some(service) = service {
            self.sign(&mut parts, service, &body);
        }
        let unreachable = |error: &dyn std::error::Error| {
            let detail = error.source().map_or_else(|| error.to_string(), ToString::to_string);
            Failure::new(format!("no house answers at {}", self.endpoint))
                .because(detail)
                .hint("start one with `haar up`, or name another with --endpoint")
        };
        let request = http::Request::from_parts(parts, Full::new(body));
        let response = self.http.request(request).await.map_err(|error| unreachable(&error))?;
        let status = response.status();
        let body = response.into_body().collect().await.map_err(|error| unreachable(&error))?;
        Ok((status, body.to_bytes()))
    }

    fn sign(&self, parts: &mut Parts, service: &str, body: &Bytes) {
        let date = AmzDate::from_seconds(Clock::system().now().seconds());
        let key = SigningKey::derive(&self.secret, &date.day(), &self.region, service);
        let signer = Signer { access_key_id: &self.access_key_id, key: &key, session_token: None, date };
        signer.sign(parts, SignedPayload::Bytes(body));
    }

    fn garbled(&self, error: serde_json::Error) -> Failure {
        Failure::new(format!("{} gave an answer that cannot be read", self.endpoint))
            .because(error)
            .hint("is it a haar?")
    }
}

/// The text of the first element of that name in an XML answer of ours; empty when there is none.
pub fn element(xml: &str, name: &str) -> String {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let inner = xml.split_once(&open).and_then(|(_, rest)| rest.split_once(&close)).map(|(inner, _)| inner);
    inner.unwrap_or_default().to_owned()
}
