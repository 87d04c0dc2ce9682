//! The one path that every call from the network walks: recognise → identify → decode → authorize → run → encode →
//! record. [`Gateway::walk`] reads from top to bottom; each step has its file.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use haar_platform::Platform;
use haar_platform::kernel::ctx::Origin;
use haar_platform::kernel::schema::{Model, Operation, Protocol};
use haar_platform::kernel::{Body, Ctx, Fault, House, Service, WebRequest};
use haar_wire::sigv4::{AuthError, Family, Payload as Verified, StreamError};
use haar_wire::{Dialect, FormPolicy, Payload, Recognised, Recogniser, Recognition, Refusal};
use http::header::{CONNECTION, CONTENT_LENGTH, EXPECT, HOST, HeaderValue, USER_AGENT};
use http::request::Parts;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use hyper::body::Incoming;

use crate::cross_origin;
use crate::form_upload::Form;
use crate::identify::{self, AuthMode, Identifier};
use crate::intake::{Buffered, Intake, REQUEST_BYTES_MAX};
use crate::pages;
use crate::patience::Patient;
use crate::record::{Answer, Draft};
use crate::switchboard::Switchboard;
use crate::verified_body;

/// The front door of one house.
pub struct Gateway {
    pub(crate) platform: Platform,
    pub(crate) switchboard: Arc<Switchboard>,
    recogniser: Recogniser,
    intake: Intake,
    identifier: Identifier,
    data: String,
}

/// A call that ended before it reached its operation, or there.
pub struct Refused {
    /// How to answer.
    pub dialect: Dialect,
    /// What to answer.
    pub fault: Fault,
}

impl Gateway {
    /// In front of a house's services. `data` says where the house keeps what it knows, for people to read.
    pub fn new(
        platform: Platform,
        models: &'static [&'static Model],
        switchboard: Arc<Switchboard>,
        auth: AuthMode,
        data: String,
    ) -> Self {
        let intake = Intake::new();
        let identifier = Identifier::new(platform.house.clone(), switchboard.authority().clone(), auth);
        Self { recogniser: Recogniser::new(models), intake, identifier, platform, switchboard, data }
    }

    /// Where the house keeps what it knows.
    pub fn data_dir(&self) -> &str {
        &self.data
    }

    /// What all calls share.
    pub fn house(&self) -> &Arc<House> {
        &self.platform.house
    }

    /// Answers one request. Always: with what was asked for, or with an error in the caller's protocol.
    pub async fn answer(&self, request: Request<Incoming>, peer: SocketAddr) -> Answer {
        let (parts, body) = request.into_parts();
        let room = self.switchboard.web(&parts);
        if pages::are_asked_for(&parts) && (room.is_none() || !pages::admits(&parts, peer)) {
            return pages::answer(self, &parts, peer).await.map(Body::into_stream);
        }
        let mut draft = Draft::begin(self.house(), &parts, peer);
        let body = Patient::new(body, &parts.headers, self.house().clock.clone());
        let remainder = body.remainder();
        let walked = match room {
            Some(room) => self.walk_web(room, &parts, body, peer, &mut draft).await,
            None if cross_origin::is_preflight(&parts) => {
                cross_origin::preflight(&self.recogniser, &self.switchboard, &parts, &mut draft)
            }
            None => self.walk(&parts, body, peer, &mut draft).await,
        };
        let mut answer = walked.unwrap_or_else(|refused| {
            let Refused { dialect, fault } = *refused;
            draft.failed(&fault, dialect.protocol);
            haar_wire::encode_fault(&dialect, &fault, &draft.line.request_id)
        });
        if room.is_none() {
            cross_origin::share(&self.recogniser, &self.switchboard, &parts, &draft, answer.headers_mut());
        }
        remainder.drain().await;
        if never_told_to_go_on(&parts, answer.status()) {
            answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if parts.method == Method::HEAD {
            *answer.body_mut() = Body::empty();
        }
        draft.record(&self.platform, answer).await
    }

    async fn walk(
        &self,
        parts: &Parts,
        body: Patient,
        peer: SocketAddr,
        draft: &mut Draft,
    ) -> Result<Response<Body>, Box<Refused>> {
        // Recognise: which operation of which service, in which protocol?
        let claim = identify::claim(parts);
        let scope = claim.as_ref().ok().and_then(Option::as_ref).map(|claim| claim.scope.service.as_str());
        if let Some((model, bucket)) = self.recogniser.form_upload(parts, scope) {
            return self.walk_form(model, &bucket, parts, body, peer, draft).await;
        }
        let (recognised, body) = self.recognise(parts, scope, body, draft).await?;
        let dialect = recognised.dialect();
        let refused = |fault| Box::new(Refused { dialect, fault });
        draft.recognised(&recognised);

        // Identify: who signed it? A body that is not a stream is read first: the signature covers it.
        let claim = claim.map_err(|error| refused(Wording::of(&recognised).refusal(&error)))?;
        let body = if recognised.streams_input() {
            body
        } else {
            self.read_whole(body, bytes_max(recognised.operation), draft).await.map_err(&refused)?
        };
        let identity = self
            .identifier
            .identify(claim.as_ref(), parts, body.bytes(), recognised.model.signing_name)
            .map_err(|error| refused(Wording::of(&recognised).refusal(&error)))?;
        let mut ctx = Ctx::new(self.house().clone(), identity.caller, identity.region, origin(parts, peer));
        ctx.request_id.clone_from(&draft.line.request_id);
        draft.identified(&ctx);

        // Decode: the typed tree that the operation takes. S3's header is about the object, not about the body.
        let body = match body {
            Arriving::Whole(buffered) if recognised.protocol != Protocol::RestXml => {
                let inflated = self.intake.inflate(&parts.headers, buffered, bytes_max(recognised.operation));
                Arriving::Whole(inflated.map_err(&refused)?)
            }
            body => body,
        };
        let _turn = self.intake.turn(body.bytes().map_or(0, Bytes::len)).await;
        let wording = Wording::of(&recognised);
        let (payload, _room) = match body {
            Arriving::Whole(buffered) => {
                let bytes = buffered.bytes.clone();
                let (bytes, trailers) = match identity.payload {
                    Verified::Chunked(decoder) => {
                        verified_body::unwrap(*decoder, bytes).map_err(|error| refused(wording.refusal(&error)))?
                    }
                    _ => (bytes, HeaderMap::new()),
                };
                haar_wire::check_digests(&recognised, &parts.headers, &trailers, &bytes).map_err(&refused)?;
                (Payload::Whole(bytes), Some(buffered))
            }
            Arriving::Stream(incoming) => {
                let refusal = Box::new(move |error: &AuthError| wording.refusal(error));
                let body = verified_body::of(incoming, identity.payload, refusal);
                draft.line.bytes_in = body.length().unwrap_or(0);
                if body.length().is_none() {
                    return Err(refused(wording.refusal(&AuthError::Stream(StreamError::MissingLength))));
                }
                (Payload::Stream(body), None)
            }
        };
        let decoded = haar_wire::decode(&recognised, parts, payload).map_err(&refused)?;
        draft.line.ignored = decoded.unknown;

        // Authorize and run.
        let outcome = self.switchboard.run(&ctx, recognised.model, recognised.operation, decoded.input).await;
        draft.ran(&ctx, &outcome);

        // Encode. Recording follows in `answer`, for refusals too.
        let output = outcome.answer.map_err(&refused)?;
        Ok(haar_wire::encode(&recognised, output, &draft.line.request_id))
    }

    /// The same way for a page of a service: it may be signed, and means no operation.
    async fn walk_web(
        &self,
        room: &Service,
        parts: &Parts,
        body: Patient,
        peer: SocketAddr,
        draft: &mut Draft,
    ) -> Result<Response<Body>, Box<Refused>> {
        let dialect = Dialect { protocol: Protocol::RestJson1, model: Some(room.model), query_mode: false };
        let refused = |fault| Box::new(Refused { dialect, fault });
        draft.means(room.model, None);
        let body = self.read_whole(Arriving::Stream(body), REQUEST_BYTES_MAX, draft).await.map_err(refused)?;
        let bytes = body.bytes().cloned().unwrap_or_default();
        let wording = Wording { family: Family::RestJson, query_compatible: false };
        let claim = identify::claim(parts).map_err(|error| refused(wording.refusal(&error)))?;
        let identity = self.identifier.identify(claim.as_ref(), parts, Some(&bytes), room.model.signing_name);
        let identity = identity.map_err(|error| refused(wording.refusal(&error)))?;
        let known = claim.is_some() || !self.identifier.is_on();
        let caller = known.then(|| identity.caller.clone());
        let mut ctx = Ctx::new(self.house().clone(), identity.caller, identity.region, origin(parts, peer));
        ctx.request_id.clone_from(&draft.line.request_id);
        draft.identified(&ctx);
        let request = WebRequest { head: parts.clone(), body: bytes, caller };
        let answer = self.switchboard.page(room, &ctx, request).await;
        draft.used(&ctx);
        answer.map_err(refused)
    }

    /// The same way for a browser's form, which means a `PutObject` and is signed in its own manner.
    async fn walk_form(
        &self,
        model: &'static Model,
        bucket: &str,
        parts: &Parts,
        body: Patient,
        peer: SocketAddr,
        draft: &mut Draft,
    ) -> Result<Response<Body>, Box<Refused>> {
        let dialect = Dialect { protocol: Protocol::RestXml, model: Some(model), query_mode: false };
        let refused = |fault| Box::new(Refused { dialect, fault });
        draft.means(model, None);
        let form = Form::read(&parts.headers, body).await.map_err(refused)?;

        // Identify: who signed the form's policy, and does it let these fields pass?
        let wording = Wording { family: Family::S3, query_compatible: false };
        let identity = self.identifier.identify_form(&form.fields, model.signing_name);
        let identity = identity.map_err(|error| refused(wording.refusal(&error)))?;
        let policy = form.fields.get("policy").map(FormPolicy::parse).transpose().map_err(refused)?;
        if let Some(policy) = &policy {
            // Clients make policies by their own clocks, as they do signatures.
            policy.check(&form.fields, bucket, self.house().clock.machine_now()).map_err(refused)?;
        }
        let mut ctx = Ctx::new(self.house().clone(), identity.caller, identity.region, origin(parts, peer));
        ctx.request_id.clone_from(&draft.line.request_id);
        draft.identified(&ctx);

        // Decode, authorize and run as what it means.
        let put = form.fields.as_put(parts, bucket).map_err(refused)?;
        let recognised = match self.recogniser.recognise(&put, Some(model.signing_name)) {
            Ok(Recognition::Whole(recognised)) => recognised,
            Ok(Recognition::NeedsForm) => return Err(refused(Fault::internal("a form within a form"))),
            Err(refusal) => return Err(unrecognised(draft, *refusal)),
        };
        draft.recognised(&recognised);
        let fields = form.fields.clone();
        let file = form.into_file(policy.map_or((0, u64::MAX), |policy| policy.length()));
        let decoded = haar_wire::decode(&recognised, &put, Payload::Stream(file)).map_err(refused)?;
        let outcome = self.switchboard.run(&ctx, model, recognised.operation, decoded.input).await;
        draft.ran(&ctx, &outcome);
        let output = outcome.answer.map_err(refused)?;
        let answer = haar_wire::encode(&recognised, output, &draft.line.request_id);
        Ok(fields.answer(answer, &ctx.origin.endpoint, parts.uri.path(), bucket))
    }

    /// A query request says in its form what it wants: that body is read first.
    async fn recognise(
        &self,
        parts: &Parts,
        scope: Option<&str>,
        body: Patient,
        draft: &mut Draft,
    ) -> Result<(Recognised, Arriving), Box<Refused>> {
        match self.recogniser.recognise(parts, scope).map_err(|refusal| unrecognised(draft, *refusal))? {
            Recognition::Whole(recognised) => Ok((recognised, Arriving::Stream(body))),
            Recognition::NeedsForm => {
                let dialect = Dialect { protocol: Protocol::AwsQuery, model: None, query_mode: false };
                let whole = self.read_whole(Arriving::Stream(body), REQUEST_BYTES_MAX, draft).await;
                let refused = |fault| Box::new(Refused { dialect, fault });
                let whole = whole.map_err(refused)?;
                let form = Buffered::of(whole.bytes().cloned().unwrap_or_default());
                let form = self.intake.inflate(&parts.headers, form, REQUEST_BYTES_MAX).map_err(refused)?;
                let recognised = self.recogniser.recognise_form(parts, scope, &form.bytes);
                Ok((recognised.map_err(|refusal| unrecognised(draft, *refusal))?, whole))
            }
        }
    }

    async fn read_whole(&self, body: Arriving, bytes_max: usize, draft: &mut Draft) -> Result<Arriving, Fault> {
        let Arriving::Stream(incoming) = body else {
            return Ok(body);
        };
        let buffered = self.intake.read(incoming, bytes_max).await?;
        draft.line.bytes_in = buffered.bytes.len() as u64;
        Ok(Arriving::Whole(buffered))
    }
}

/// A client that waited for `100 Continue` and got its answer instead: botocore then misreads the next answer on the
/// same connection. S3 closes it, and so do we.
fn never_told_to_go_on(parts: &Parts, status: StatusCode) -> bool {
    let nothing_to_send = parts.headers.get(CONTENT_LENGTH).is_some_and(|length| length == "0");
    parts.headers.contains_key(EXPECT) && (nothing_to_send || !status.is_success())
}

/// What is known of a request that means nothing we serve goes into its line all the same.
fn unrecognised(draft: &mut Draft, refusal: Refusal) -> Box<Refused> {
    if let Some(model) = refusal.dialect.model {
        draft.means(model, refusal.operation);
    }
    Box::new(Refused { dialect: refusal.dialect, fault: refusal.fault })
}

/// A body on its way in.
enum Arriving {
    Whole(Buffered),
    Stream(Patient),
}

impl Arriving {
    fn bytes(&self) -> Option<&Bytes> {
        match self {
            Self::Whole(buffered) => Some(&buffered.bytes),
            Self::Stream(_) => None,
        }
    }
}

/// How a service words what is wrong with a signature.
#[derive(Clone, Copy)]
struct Wording {
    family: Family,
    query_compatible: bool,
}

impl Wording {
    fn of(recognised: &Recognised) -> Self {
        let family = identify::family(recognised.model, recognised.protocol);
        Self { family, query_compatible: recognised.model.query_compatible }
    }

    fn refusal(self, error: &AuthError) -> Fault {
        identify::refusal(error, self.family, self.query_compatible)
    }
}

/// What a request for an operation may weigh.
fn bytes_max(operation: &Operation) -> usize {
    operation.request_bytes_max.map_or(REQUEST_BYTES_MAX, |bytes| bytes as usize)
}

pub fn origin(parts: &Parts, peer: SocketAddr) -> Arc<Origin> {
    let text = |headers: &HeaderMap, name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let host = text(&parts.headers, HOST).or_else(|| parts.uri.authority().map(ToString::to_string));
    Arc::new(Origin {
        source_ip: Some(peer.ip()),
        endpoint: format!("http://{}", host.unwrap_or_default()),
        user_agent: text(&parts.headers, USER_AGENT).unwrap_or_default(),
        secure: false,
    })
}
