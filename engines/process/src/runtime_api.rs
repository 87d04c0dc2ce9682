//! The Lambda Runtime API of one environment: HTTP on loopback, spoken by the child process.
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::exchange::{Event, Exchange, RESPONSE_MAX, Refused, STREAM_MAX, Said};

const REQUEST_ID: HeaderName = HeaderName::from_static("lambda-runtime-aws-request-id");
const DEADLINE: HeaderName = HeaderName::from_static("lambda-runtime-deadline-ms");
const FUNCTION_ARN: HeaderName = HeaderName::from_static("lambda-runtime-invoked-function-arn");
const TRACE_ID: HeaderName = HeaderName::from_static("lambda-runtime-trace-id");
const CLIENT_CONTEXT: HeaderName = HeaderName::from_static("lambda-runtime-client-context");
const COGNITO_IDENTITY: HeaderName = HeaderName::from_static("lambda-runtime-cognito-identity");
const ERROR_TYPE: &str = "lambda-runtime-function-error-type";
const ERROR_BODY: &str = "lambda-runtime-function-error-body";
const RESPONSE_MODE: &str = "lambda-runtime-function-response-mode";

type Answer = Response<Full<Bytes>>;

/// A listener of its own for each environment.
pub(crate) struct RuntimeApi {
    listener: TcpListener,
    address: SocketAddr,
}

impl RuntimeApi {
    /// On a free port.
    pub(crate) fn bind() -> io::Result<Self> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok(Self { listener: TcpListener::from_std(listener)?, address })
    }

    /// `AWS_LAMBDA_RUNTIME_API`.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until it is dropped. One task for all connections: an environment has one or two.
    pub(crate) async fn serve(self, exchange: Arc<Exchange>) {
        let mut connections = FuturesUnordered::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        // Without it every answer waits for an acknowledgement; it cannot fail on a fresh socket.
                        let _ = stream.set_nodelay(true);
                        let exchange = exchange.clone();
                        let service = service_fn(move |request| {
                            let exchange = exchange.clone();
                            async move { Ok::<_, Infallible>(answer(&exchange, request).await) }
                        });
                        connections.push(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
                    }
                    Err(error) => {
                        tracing::warn!(%error, "failed to accept a connection to a runtime API");
                        tokio::task::yield_now().await;
                    }
                },
                Some(ended) = connections.next() => {
                    if let Err(error) = ended {
                        // A process that is killed hangs up in the middle.
                        tracing::debug!(%error, "a runtime API's connection ended");
                    }
                }
            }
        }
    }
}

async fn answer(exchange: &Exchange, request: Request<Incoming>) -> Answer {
    let path = request.uri().path().to_owned();
    let Some(path) = path.strip_prefix("/2018-06-01/") else { return not_found() };
    let segments: Vec<&str> = path.split('/').collect();
    match (request.method(), segments.as_slice()) {
        (&Method::GET, ["ping"]) => Response::new(Full::from("pong")),
        (&Method::GET, ["runtime", "invocation", "next"]) => next(exchange).await,
        (&Method::POST, ["runtime", "invocation", id, "response"]) => response(exchange, id, request).await,
        (&Method::POST, ["runtime", "invocation", id, "error"]) => error(exchange, id, request).await,
        (&Method::POST, ["runtime", "init", "error"]) => init_error(exchange, request).await,
        _ => not_found(),
    }
}

async fn next(exchange: &Exchange) -> Answer {
    let receiver = match exchange.next() {
        Ok(receiver) => receiver,
        Err(refused) => return refuse(refused),
    };
    match receiver.await {
        Ok(event) => deliver(&event),
        // A second poll has taken the place of this one.
        Err(_) => refuse(Refused::InvalidState),
    }
}

fn deliver(event: &Event) -> Answer {
    let mut answer = Response::new(Full::new(event.payload.clone()));
    let headers = answer.headers_mut();
    let mut put = |name: HeaderName, value: &str| {
        // Values with control characters cannot travel as headers; AWS refuses them at its door.
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            headers.insert(name, value);
        }
    };
    put(CONTENT_TYPE, "application/json");
    put(REQUEST_ID, &event.request_id);
    put(DEADLINE, &event.deadline_ms.to_string());
    put(FUNCTION_ARN, &event.function_arn);
    if let Some(trace) = &event.trace_id {
        put(TRACE_ID, trace);
    }
    if let Some(context) = &event.client_context {
        put(CLIENT_CONTEXT, context);
    }
    if let Some(identity) = &event.cognito_identity {
        put(COGNITO_IDENTITY, identity);
    }
    answer
}

async fn response(exchange: &Exchange, id: &str, request: Request<Incoming>) -> Answer {
    if let Err(refused) = exchange.expects(id) {
        return refuse(refused);
    }
    let (head, body) = request.into_parts();
    let streamed = header(&head.headers, RESPONSE_MODE).is_some_and(|mode| mode.eq_ignore_ascii_case("streaming"));
    let max = if streamed { STREAM_MAX } else { RESPONSE_MAX };
    let declared = head.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let gathered = match gather(body, declared, max).await {
        Ok(gathered) => gathered,
        Err(hung_up) => return json(StatusCode::BAD_REQUEST, "InvalidRequest", &hung_up.to_string()),
    };
    let payload = match gathered.payload {
        Ok(payload) => payload,
        Err(size) => {
            let error_type = "Function.ResponseSizeTooLarge";
            let message =
                format!("Response payload size ({size} bytes) exceeded maximum allowed payload size ({max} bytes).");
            let payload = error_payload(error_type, &message);
            return match exchange.answer(id, Said::Error { payload, error_type: error_type.to_owned() }) {
                Ok(()) => {
                    let message = format!("Exceeded maximum allowed payload size ({max} bytes).");
                    json(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", &message)
                }
                Err(refused) => refuse(refused),
            };
        }
    };
    let said = match gathered.trailers.as_ref().and_then(|trailers| header(trailers, ERROR_TYPE)) {
        // An error in the middle of a stream: what was sent before it is lost to a caller who waits for the whole.
        Some(error_type) => {
            let body = gathered.trailers.as_ref().and_then(|trailers| header(trailers, ERROR_BODY));
            let payload = match body {
                Some(body) => Bytes::from(body),
                None => error_payload(&error_type, "the function failed while it streamed its response"),
            };
            Said::Error { payload, error_type }
        }
        None => Said::Response { payload, content_type: header(&head.headers, CONTENT_TYPE.as_str()) },
    };
    accept(exchange.answer(id, said))
}

async fn error(exchange: &Exchange, id: &str, request: Request<Incoming>) -> Answer {
    if let Err(refused) = exchange.expects(id) {
        return refuse(refused);
    }
    match read_error(request).await {
        Ok((payload, error_type)) => accept(exchange.answer(id, Said::Error { payload, error_type })),
        Err(answer) => answer,
    }
}

async fn init_error(exchange: &Exchange, request: Request<Incoming>) -> Answer {
    match read_error(request).await {
        Ok((payload, error_type)) => accept(exchange.fail_init(payload, error_type)),
        Err(answer) => answer,
    }
}

/// The error as the runtime reports it, and its type.
async fn read_error(request: Request<Incoming>) -> Result<(Bytes, String), Answer> {
    let (head, body) = request.into_parts();
    let gathered = gather(body, None, RESPONSE_MAX)
        .await
        .map_err(|hung_up| json(StatusCode::BAD_REQUEST, "InvalidRequest", &hung_up.to_string()))?;
    let Ok(payload) = gathered.payload else {
        let message = format!("Exceeded maximum allowed payload size ({RESPONSE_MAX} bytes).");
        return Err(json(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", &message));
    };
    let named = || {
        let error: serde_json::Value = serde_json::from_slice(&payload).ok()?;
        error.get("errorType")?.as_str().map(str::to_owned)
    };
    let error_type = header(&head.headers, ERROR_TYPE).or_else(named).unwrap_or_else(|| "Unhandled".to_owned());
    Ok((payload, error_type))
}

struct Gathered {
    /// Or its size, when it is too large.
    payload: Result<Bytes, usize>,
    trailers: Option<HeaderMap>,
}

/// Reads a body to its end in bounded memory: a client that is answered in the middle of its request may not read it.
async fn gather(mut body: Incoming, declared: Option<usize>, max: usize) -> Result<Gathered, hyper::Error> {
    let mut payload = BytesMut::with_capacity(declared.unwrap_or(0).min(max));
    let mut size = 0_usize;
    let mut trailers = None;
    while let Some(frame) = body.frame().await {
        match frame?.into_data() {
            Ok(data) => {
                size += data.len();
                if size <= max {
                    payload.extend_from_slice(&data);
                }
            }
            Err(frame) => trailers = frame.into_trailers().ok(),
        }
    }
    let payload = if size <= max { Ok(payload.freeze()) } else { Err(size) };
    Ok(Gathered { payload, trailers })
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned()).filter(|value| !value.is_empty())
}

fn accept(taken: Result<(), Refused>) -> Answer {
    match taken {
        Ok(()) => body(StatusCode::ACCEPTED, Bytes::from_static(b"{\"status\":\"OK\"}\n")),
        Err(refused) => refuse(refused),
    }
}

fn refuse(refused: Refused) -> Answer {
    match refused {
        Refused::UnknownRequest => json(StatusCode::BAD_REQUEST, "InvalidRequestID", "Invalid request ID"),
        Refused::InvalidState => json(StatusCode::FORBIDDEN, "InvalidStateTransition", "Transition is not allowed"),
    }
}

fn not_found() -> Answer {
    let mut answer = Response::new(Full::from("404 page not found\n"));
    *answer.status_mut() = StatusCode::NOT_FOUND;
    answer
}

fn json(status: StatusCode, error_type: &str, message: &str) -> Answer {
    body(status, error_payload(error_type, message))
}

fn body(status: StatusCode, payload: Bytes) -> Answer {
    let mut answer = Response::new(Full::new(payload));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

/// An error in the shape that Lambda gives its own.
pub(crate) fn error_payload(error_type: &str, message: &str) -> Bytes {
    let error = serde_json::json!({"errorType": error_type, "errorMessage": message});
    Bytes::from(error.to_string())
}
