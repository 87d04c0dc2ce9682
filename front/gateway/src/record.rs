//! The ledger line of a call, written down step by step while the call goes its way.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use haar_platform::Platform;
use haar_platform::kernel::body::BodyError;
use haar_platform::kernel::clock::Stopwatch;
use haar_platform::kernel::schema::{Model, Operation, Protocol};
use haar_platform::kernel::{Body, Caller, Ctx, Fault, House, Value, ids};
use haar_platform::ledger::{Identity, Ledger, Line, Outcome, WouldDeny};
use haar_wire::Recognised;
use http::Response;
use http::header::USER_AGENT;
use http::request::Parts;
use http_body::Frame;
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;

use crate::switchboard;

/// A line's protocol where nothing was called: CloudTrail's `AwsServiceEvent`.
const EVENT: &str = "event";

/// What goes back to the socket.
pub type Answer = Response<UnsyncBoxBody<Bytes, BodyError>>;

/// A line that is not finished.
pub struct Draft {
    /// What is known of it so far.
    pub line: Line,
    watch: Stopwatch,
}

impl Draft {
    /// For a request that has just arrived.
    pub fn begin(house: &House, parts: &Parts, peer: SocketAddr) -> Self {
        let user_agent = parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
        let mut draft = Self::empty(house);
        draft.line.request_id = ids::uuid();
        draft.line.source_ip = Some(peer.ip());
        draft.line.user_agent = user_agent.unwrap_or_default().to_owned();
        draft
    }

    /// For a call from inside the house.
    pub fn inside(ctx: &Ctx, model: &Model, operation: &Operation) -> Self {
        let mut draft = Self::empty(&ctx.house);
        draft.line.request_id.clone_from(&ctx.request_id);
        draft.line.user_agent.clone_from(&ctx.origin.user_agent);
        draft.line.protocol = Cow::Borrowed("internal");
        draft.means(model, Some(operation));
        draft.identified(ctx);
        draft
    }

    /// For something that happened by itself.
    pub fn event(ctx: &Ctx, service: &'static str, event: &'static str) -> Self {
        let mut draft = Self::empty(&ctx.house);
        draft.line.request_id.clone_from(&ctx.request_id);
        draft.line.user_agent.clone_from(&ctx.origin.user_agent);
        draft.line.protocol = Cow::Borrowed(EVENT);
        draft.line.service = Cow::Borrowed(service);
        draft.line.operation = Cow::Borrowed(event);
        draft.identified(ctx);
        draft.used(ctx);
        draft
    }

    /// Nearly every call is identified, so the caller stays empty until it is, or until it is clear that it won't be.
    fn empty(house: &House) -> Self {
        let line = Line {
            time: house.clock.now(),
            duration: Duration::ZERO,
            request_id: String::new(),
            event_id: ids::uuid(),
            service: Cow::Borrowed(""),
            operation: Cow::Borrowed(""),
            action: None,
            read_only: None,
            account: String::new(),
            region: String::new(),
            caller: Identity::default(),
            source_ip: None,
            user_agent: String::new(),
            secure: false,
            protocol: Cow::Borrowed(""),
            resources: Vec::new(),
            outcome: Outcome::succeeded(200),
            would_deny: None,
            bytes_in: 0,
            bytes_out: 0,
            usage: Vec::new(),
            ignored: Vec::new(),
            measures: Vec::new(),
        };
        Self { line, watch: house.clock.stopwatch() }
    }

    /// The operation is known.
    pub fn recognised(&mut self, recognised: &Recognised) {
        self.line.protocol = Cow::Borrowed(protocol_name(recognised.protocol));
        self.means(recognised.model, Some(recognised.operation));
    }

    /// The service is known, and perhaps the operation.
    pub fn means(&mut self, model: &Model, operation: Option<&Operation>) {
        self.line.service = Cow::Borrowed(model.service);
        if let Some(operation) = operation {
            self.line.operation = Cow::Borrowed(operation.name);
            self.line.read_only = Some(reads_only(operation.name));
        }
    }

    /// A browser asks whether a page may call the service.
    pub fn announces(&mut self, model: &Model) {
        self.line.service = Cow::Borrowed(model.service);
        self.line.operation = Cow::Borrowed("Preflight");
        self.line.protocol = Cow::Borrowed(protocol_name(Protocol::RestXml));
        self.line.read_only = Some(true);
    }

    /// The caller is known.
    pub fn identified(&mut self, ctx: &Ctx) {
        self.line.account = ctx.account.to_string();
        self.line.region = ctx.region.to_string();
        self.line.caller = Identity::of(&ctx.caller);
    }

    /// The operation has run, or was refused.
    pub fn ran(&mut self, ctx: &Ctx, outcome: &switchboard::Outcome) {
        let access = &outcome.access;
        self.line.action = access.action.map(Cow::Borrowed);
        self.line.resources = access.resources.iter().map(|resource| resource.arn.clone()).collect();
        self.line.would_deny = outcome
            .would_deny
            .as_ref()
            .map(|denial| WouldDeny { action: denial.action.clone(), resource: denial.resource.clone() });
        self.used(ctx);
    }

    /// What it used and measured is known.
    pub fn used(&mut self, ctx: &Ctx) {
        self.line.usage = ctx.usage().into_iter().map(|(unit, amount)| (Cow::Borrowed(unit), amount)).collect();
        self.line.measures = ctx.measures();
    }

    /// Hands the line of something that happened by itself to the ledger.
    pub async fn record_event(self, ledger: &Ledger) {
        ledger.record(self.line).await;
    }

    /// The call did not work.
    pub fn failed(&mut self, fault: &Fault, protocol: Protocol) {
        if self.line.protocol.is_empty() {
            self.line.protocol = Cow::Borrowed(protocol_name(protocol));
        }
        let code = match protocol {
            Protocol::AwsQuery | Protocol::RestXml => &fault.code,
            _ => &fault.name,
        };
        self.line.outcome = Outcome::failed(fault.status, code.to_string(), fault.message.clone());
        if let Some(cause) = &fault.cause {
            let Line { request_id, service, operation, .. } = &self.line;
            tracing::error!(%request_id, %service, %operation, %cause, "call failed on our side");
        }
    }

    /// Hands the line of a call from inside to the ledger.
    pub async fn record_inside(mut self, ledger: &Ledger, answer: &Result<Value, Fault>, model: &Model) {
        if let Err(fault) = answer {
            self.failed(fault, model.protocols[0]);
        }
        self.line.duration = self.watch.elapsed();
        ledger.record(self.line).await;
    }

    /// Hands the line to the ledger: at once when the answer is whole, and after its last byte when it is a stream.
    pub async fn record(mut self, platform: &Platform, answer: Response<Body>) -> Answer {
        if self.line.outcome.failure.is_none() {
            self.line.outcome.status = answer.status().as_u16();
        }
        if self.line.account.is_empty() {
            let house = &platform.house;
            self.line.account = house.account.to_string();
            self.line.region = house.region.to_string();
            self.line.caller = Identity::of(&Caller::anonymous(&house.account));
        }
        let (parts, body) = answer.into_parts();
        match body.length() {
            Some(length) if length <= WHOLE_BYTES_MAX => {
                self.line.bytes_out = length;
                self.line.duration = self.watch.elapsed();
                platform.ledger.record(self.line).await;
                Answer::from_parts(parts, body.into_stream())
            }
            _ => {
                let recorded = Recorded { body: body.into_stream(), draft: Some(self), platform: platform.clone() };
                Answer::from_parts(parts, recorded.boxed_unsync())
            }
        }
    }
}

/// Answers up to this size are in memory anyway, and recorded before they are sent.
const WHOLE_BYTES_MAX: u64 = 64 * 1024;

/// A streamed answer: its line is recorded when it ends, or when the client leaves.
struct Recorded {
    body: UnsyncBoxBody<Bytes, BodyError>,
    draft: Option<Draft>,
    platform: Platform,
}

impl http_body::Body for Recorded {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if let (Poll::Ready(Some(Ok(frame))), Some(draft)) = (&polled, &mut self.draft) {
            draft.line.bytes_out += frame.data_ref().map_or(0, |data| data.len() as u64);
        }
        polled
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Recorded {
    fn drop(&mut self) {
        let Some(mut draft) = self.draft.take() else { return };
        draft.line.duration = draft.watch.elapsed();
        let ledger = self.platform.ledger.clone();
        self.platform.house.tasks.spawn("record", async move { ledger.record(draft.line).await });
    }
}

/// As CloudTrail's `readOnly` has it, by the verbs that AWS uses.
fn reads_only(operation: &str) -> bool {
    ["Get", "List", "Describe", "Head", "Simulate", "Select", "Search", "Query", "Lookup", "Test", "Check"]
        .iter()
        .any(|verb| operation.starts_with(verb))
}

fn protocol_name(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::AwsJson10 => "awsJson1_0",
        Protocol::AwsJson11 => "awsJson1_1",
        Protocol::RestJson1 => "restJson1",
        Protocol::RestXml => "restXml",
        Protocol::AwsQuery => "awsQuery",
        Protocol::RpcV2Cbor => "rpcv2Cbor",
    }
}
