//! Who signed this request? Signatures are checked against the machine's time: clients sign with theirs, however far
//! the house's clock was moved.

use std::sync::Arc;

use bytes::Bytes;
use haar_platform::kernel::caller::Credential;
use haar_platform::kernel::schema::{Model, Protocol};
use haar_platform::kernel::{AccountId, Authority, Caller, Fault, House, Region};
use haar_wire::sigv4::{Answer, AuthError, Authentication, Body, Family, Payload, Request, Verifier};
use http::request::Parts;

use crate::signing_keys::SigningKeys;

/// Whether signatures are checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuthMode {
    /// As on AWS.
    #[default]
    On,
    /// Every caller is root; a 12-digit access key id names its account.
    Off,
}

/// Who calls, and where to.
pub struct Identity {
    /// Who.
    pub caller: Arc<Caller>,
    /// The region of the credential scope.
    pub region: Region,
    /// What is left to check while the body is read.
    pub payload: Payload,
}

/// What the request claims, before anything is believed.
pub fn claim(parts: &Parts) -> Result<Option<Authentication>, AuthError> {
    Authentication::of(&Request::from(parts))
}

/// Checks claims, by what the house's authority knows.
pub struct Identifier {
    house: Arc<House>,
    authority: Arc<dyn Authority>,
    mode: AuthMode,
    keys: SigningKeys,
}

impl Identifier {
    /// For one house.
    pub fn new(house: Arc<House>, authority: Arc<dyn Authority>, mode: AuthMode) -> Self {
        Self { house, authority, mode, keys: SigningKeys::default() }
    }

    /// Checks a claim. `body` is `None` when the body is handed on as a stream; `signing_name` is that of the
    /// recognised service.
    pub fn identify(
        &self,
        claim: Option<&Authentication>,
        parts: &Parts,
        body: Option<&Bytes>,
        signing_name: &str,
    ) -> Result<Identity, AuthError> {
        let house = &self.house;
        let region = claim.and_then(|claim| Region::parse(&claim.scope.region)).unwrap_or_else(|| house.region.clone());
        if self.mode == AuthMode::Off {
            let account = claim.and_then(|claim| AccountId::parse(&claim.access_key_id));
            let mut caller = Caller::root(account.as_ref().unwrap_or(&house.account));
            caller.access_key_id = claim.map(|claim| claim.access_key_id.clone());
            return Ok(Identity { caller: Arc::new(caller), region, payload: Payload::Unsigned });
        }
        let Some(claim) = claim else {
            let caller = Arc::new(Caller::anonymous(&house.account));
            return Ok(Identity { caller, region, payload: Payload::Unsigned });
        };
        if claim.scope.service != signing_name {
            return Err(AuthError::WrongService {
                service: claim.scope.service.clone(),
                expected: signing_name.to_owned(),
                place: claim.mechanism.place(),
            });
        }
        let credential = self
            .authority
            .credential(&claim.access_key_id)
            .ok_or_else(|| AuthError::UnknownAccessKey { access_key_id: claim.access_key_id.clone() })?;
        check_session(house, claim, &credential)?;
        let key = self.keys.of(&claim.access_key_id, &credential, &claim.scope);
        let verifier = Verifier::new(&key, house.clock.machine_now().seconds());
        let body = body.map_or(Body::Streamed, |bytes| Body::Buffered(bytes));
        let verified = verifier.verify(&Request::from(parts), claim, body)?;
        self.authority.note_use(&credential.caller, signing_name, &region);
        Ok(Identity { caller: credential.caller.clone(), region, payload: verified.payload })
    }
}

/// Temporary credentials come with the token that was given out with them, and end.
fn check_session(house: &House, claim: &Authentication, credential: &Credential) -> Result<(), AuthError> {
    if credential.session_token.as_deref() != claim.session_token.as_deref() {
        return Err(AuthError::InvalidToken { token: claim.session_token.clone().unwrap_or_default() });
    }
    match credential.expires {
        Some(expires) if expires <= house.clock.now() => {
            Err(AuthError::ExpiredToken { token: claim.session_token.clone().unwrap_or_default() })
        }
        _ => Ok(()),
    }
}

/// How a service of a model words what is wrong with a signature, in a protocol.
pub fn family(model: &Model, protocol: Protocol) -> Family {
    match protocol {
        Protocol::AwsJson10 | Protocol::AwsJson11 => Family::Json,
        Protocol::RpcV2Cbor => Family::Cbor,
        Protocol::RestJson1 => Family::RestJson,
        Protocol::AwsQuery => Family::Query,
        Protocol::RestXml if model.service == "s3" => Family::S3,
        Protocol::RestXml => Family::RestXml,
    }
}

/// The refusal in the words of the protocol; awsQueryCompatible services also give the query-era code.
pub fn refusal(error: &AuthError, family: Family, query_compatible: bool) -> Fault {
    let Answer { code, status, message, details: _ } = error.answer(family);
    let mut fault = Fault::common(code, status.as_u16(), message);
    if query_compatible {
        fault.code = error.answer(Family::Query).code.into();
    }
    fault
}
