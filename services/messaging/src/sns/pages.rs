//! Pages of SNS: the certificate that signatures are checked with, and the outbox.

use haar_platform::kernel::{Body, Ctx, Fault, WebRequest};
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::json;

use super::Sns;
use super::mail;
use super::model::Mail;
use super::notification::{CERTIFICATE_PREFIX, CERTIFICATE_SUFFIX, timestamp};

/// Where the outbox is read: `?to=ops@example.com` for the mails of one address.
const OUTBOX: &str = "/_haar/outbox";

/// Mails of one answer.
const SHOWN_MAX: usize = 1000;

/// Which requests are for these pages.
pub fn serves(head: &Parts) -> bool {
    let path = head.uri.path();
    matches!(head.method, Method::GET | Method::HEAD)
        && (path == OUTBOX || path.starts_with(CERTIFICATE_PREFIX) && path.ends_with(CERTIFICATE_SUFFIX))
}

/// Answers one.
pub async fn answer(ctx: &Ctx, sns: &Sns, request: WebRequest) -> Result<Response<Body>, Fault> {
    if request.head.uri.path() == OUTBOX {
        let to = request.head.uri.query().and_then(addressee);
        let mails = mail::newest(sns, SHOWN_MAX, to.as_deref())?;
        let mails: Vec<_> = mails.into_iter().map(shown).collect();
        let text = serde_json::to_string_pretty(&json!({"messages": mails})).map_err(Fault::internal)?;
        return Ok(page(StatusCode::OK, "application/json", text));
    }
    let signer = sns.live.signing.signer(&sns.store, ctx.now()).await?;
    let name = request.head.uri.path().strip_prefix(CERTIFICATE_PREFIX);
    match name.and_then(|name| name.strip_suffix(CERTIFICATE_SUFFIX)) {
        Some(id) if id == signer.id => {
            Ok(page(StatusCode::OK, "application/x-pem-file", signer.certificate_pem.clone()))
        }
        _ => Ok(page(StatusCode::NOT_FOUND, "text/plain", "no certificate by that name\n".to_owned())),
    }
}

fn addressee(query: &str) -> Option<String> {
    let value = query.split('&').find_map(|pair| pair.strip_prefix("to="))?;
    Some(percent_decode_str(value).decode_utf8_lossy().into_owned())
}

fn shown(mail: Mail) -> serde_json::Value {
    json!({
        "sent": timestamp(mail.sent),
        "from": mail.from,
        "to": mail.to,
        "subject": mail.subject,
        "text": mail.text,
        "topicArn": mail.topic_arn,
        "messageId": mail.message_id,
        "confirmUrl": mail.confirm_url,
        "unsubscribeUrl": mail.unsubscribe_url,
    })
}

fn page(status: StatusCode, content_type: &'static str, text: String) -> Response<Body> {
    let mut answer = Response::new(Body::full(text));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}
