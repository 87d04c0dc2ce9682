//! The one path that every call from the network walks: recognise → identify → decode → authorize → run → encode →
//! record. [`Gateway::walk`] reads from top to bottom; each step has its file.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use haar_platform::Platform;
use haar_platform::kernel::ctx::Origin;
use haar_platform::kernel::schema::{Model, Protocol};
use haar_platform::kernel::{Body, Ctx, Fault, House};
use haar_wire::sigv4::{AuthError, Family};
use haar_wire::{Dialect, Payload, Recognised, Recogniser, Recognition, Refusal};
use http::header::{HOST, USER_AGENT};
use http::request::Parts;
use http::{HeaderMap, Request, Response};
use hyper::body::Incoming;

use crate::identify::{self, AuthMode, Identifier};
use crate::intake::{Buffered, Intake};
use crate::pages;
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
struct Refused {
    dialect: Dialect,
    fault: Fault,
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
        let intake = Intake::new(platform.house.clock.clone());
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
        if pages::are_asked_for(&parts) {
            return pages::answer(self, &parts, peer).await.map(Body::into_stream);
        }
        let mut draft = Draft::begin(self.house(), &parts, peer);
        let answer = match self.walk(&parts, body, peer, &mut draft).await {
            Ok(answer) => answer,
            Err(refused) => {
                let Refused { dialect, fault } = *refused;
                draft.failed(&fault, dialect.protocol);
                haar_wire::encode_fault(&dialect, &fault, &draft.line.request_id)
            }
        };
        draft.record(&self.platform, answer).await
    }

    async fn walk(
        &self,
        parts: &Parts,
        body: Incoming,
        peer: SocketAddr,
        draft: &mut Draft,
    ) -> Result<Response<Body>, Box<Refused>> {
        // Recognise: which operation of which service, in which protocol?
        let claim = identify::claim(parts);
        let scope = claim.as_ref().ok().and_then(Option::as_ref).map(|claim| claim.scope.service.as_str());
        let (recognised, body) = self.recognise(parts, scope, body, draft).await?;
        let dialect = recognised.dialect();
        let refused = |fault| Box::new(Refused { dialect, fault });
        draft.recognised(&recognised);

        // Identify: who signed it? A body that is not a stream is read first: the signature covers it.
        let claim = claim.map_err(|error| refused(Wording::of(&recognised).refusal(&error)))?;
        let body =
            if recognised.streams_input() { body } else { self.read_whole(body, draft).await.map_err(&refused)? };
        let identity = self
            .identifier
            .identify(claim.as_ref(), parts, body.bytes(), recognised.model.signing_name)
            .map_err(|error| refused(Wording::of(&recognised).refusal(&error)))?;
        let mut ctx = Ctx::new(self.house().clone(), identity.caller, identity.region, origin(parts, peer));
        ctx.request_id.clone_from(&draft.line.request_id);
        draft.identified(&ctx);

        // Decode: the typed tree that the operation takes.
        let _turn = self.intake.turn(body.bytes().map_or(0, Bytes::len)).await;
        let (payload, _room) = match body {
            Arriving::Whole(buffered) => (Payload::Whole(buffered.bytes.clone()), Some(buffered)),
            Arriving::Stream(incoming) => {
                let wording = Wording::of(&recognised);
                let refusal = Box::new(move |error: &AuthError| wording.refusal(error));
                (Payload::Stream(verified_body::of(incoming, identity.payload, refusal)), None)
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

    /// A query request says in its form what it wants: that body is read first.
    async fn recognise(
        &self,
        parts: &Parts,
        scope: Option<&str>,
        body: Incoming,
        draft: &mut Draft,
    ) -> Result<(Recognised, Arriving), Box<Refused>> {
        match self.recogniser.recognise(parts, scope).map_err(|refusal| unrecognised(draft, *refusal))? {
            Recognition::Whole(recognised) => Ok((recognised, Arriving::Stream(body))),
            Recognition::NeedsForm => {
                let dialect = Dialect { protocol: Protocol::AwsQuery, model: None, query_mode: false };
                let whole = self.read_whole(Arriving::Stream(body), draft).await;
                let whole = whole.map_err(|fault| Box::new(Refused { dialect, fault }))?;
                let form = whole.bytes().cloned().unwrap_or_default();
                let recognised = self.recogniser.recognise_form(parts, scope, &form);
                Ok((recognised.map_err(|refusal| unrecognised(draft, *refusal))?, whole))
            }
        }
    }

    async fn read_whole(&self, body: Arriving, draft: &mut Draft) -> Result<Arriving, Fault> {
        let Arriving::Stream(incoming) = body else {
            return Ok(body);
        };
        let buffered = self.intake.read(incoming).await?;
        draft.line.bytes_in = buffered.bytes.len() as u64;
        Ok(Arriving::Whole(buffered))
    }
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
    Stream(Incoming),
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

fn origin(parts: &Parts, peer: SocketAddr) -> Arc<Origin> {
    let text = |headers: &HeaderMap, name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let host = text(&parts.headers, HOST).or_else(|| parts.uri.authority().map(ToString::to_string));
    Arc::new(Origin {
        source_ip: Some(peer.ip()),
        endpoint: format!("http://{}", host.unwrap_or_default()),
        user_agent: text(&parts.headers, USER_AGENT).unwrap_or_default(),
        secure: false,
    })
}
