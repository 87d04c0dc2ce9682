//! The addresses at which code can be fetched: as on AWS, whoever has one may, for ten minutes.

use std::time::Duration;

use haar_platform::kernel::serde_json::{self, json};
use haar_platform::kernel::web::host;
use haar_platform::kernel::{Body, Ctx, Fault, Timestamp, WebRequest};
use http::request::Parts;
use http::{Response, StatusCode};

use super::code;
use super::model::Code;
use super::{Lambda, port_suffix};

/// How long an address is good.
const VALID: Duration = Duration::from_secs(600);

/// The path of such addresses.
const PATH: &str = "/lambda-code/";

/// What the tokens in them are for.
const SCOPE: &str = "lambda code";

/// The host that answers them, under the endpoint's own name.
const HOST: &str = "lambda-tasks.localhost";

/// An address for a zip file, from where the caller is.
pub fn location(ctx: &Ctx, code: &Code) -> String {
    let expires = (ctx.now() + VALID).millis();
    let cursor = format!("{expires} {}", json!(code));
    let token = ctx.house.pager.seal(SCOPE, &cursor);
    format!("http://{HOST}{}{PATH}{token}", port_suffix(ctx))
}

/// Whether a request is for such an address.
pub fn serves(head: &Parts) -> bool {
    host(head) == HOST && head.uri.path().starts_with(PATH)
}

/// The zip file, as long as the address is good.
pub async fn answer(ctx: &Ctx, lambda: &Lambda, request: WebRequest) -> Result<Response<Body>, Fault> {
    let token = request.head.uri.path().trim_start_matches(PATH);
    let opened = ctx.house.pager.open(SCOPE, token).ok();
    let Some(code) = opened.and_then(|cursor| read(&cursor, ctx.now())) else {
        return Ok(plain(StatusCode::FORBIDDEN, Body::full("The address has expired.")));
    };
    let bytes = code::archive(&lambda.store, &code).await.map_err(Fault::from)?;
    let mut answer = plain(StatusCode::OK, Body::full(bytes));
    answer.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/zip"));
    Ok(answer)
}

fn plain(status: StatusCode, body: Body) -> Response<Body> {
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    answer
}

fn read(cursor: &str, now: Timestamp) -> Option<Code> {
    let (expires, code) = cursor.split_once(' ')?;
    let good = expires.parse::<i64>().ok()? > now.millis();
    good.then(|| serde_json::from_str(code).ok()).flatten()
}
