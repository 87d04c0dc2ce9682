//! Who signed this request? Signatures are checked against the machine's time: clients sign with theirs, however far
//! the house's clock was moved.

use std::sync::Arc;

use bytes::Bytes;
use haar_platform::kernel::caller::Credential;
use haar_platform::kernel::schema::{Model, Protocol};
use haar_platform::kernel::{AccountId, Authority, Caller, Fault, House, Region, Value};
use haar_wire::FormUpload;
use haar_wire::sigv2::{self, Presigned};
use haar_wire::sigv4::{Answer, AuthError, Authentication, Body, Family, Mismatch, Payload, Request, Verifier};
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

    /// Whether signatures are checked at all.
    pub fn is_on(&self) -> bool {
        self.mode == AuthMode::On
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
            let payload = Payload::unverified(&Request::from(parts))?;
            return Ok(Identity { caller: Arc::new(caller), region, payload });
        }
        let Some(claim) = claim else {
            let caller = match Presigned::of(parts).filter(|_| signing_name == "s3") {
                Some(presigned) => self.presigned_caller(&presigned, parts, &region)?,
                None => Arc::new(Caller::anonymous(&house.account)),
            };
            return Ok(Identity { caller, region, payload: Payload::unverified(&Request::from(parts))? });
        };
        let credential = self.credential(claim, signing_name)?;
        let key = self.keys.of(&claim.access_key_id, &credential, &claim.scope);
        let verifier = Verifier::new(&key, house.clock.machine_now().seconds());
        let body = body.map_or(Body::Streamed, |bytes| Body::Buffered(bytes));
        let verified = verifier.verify(&Request::from(parts), claim, body)?;
        self.authority.note_use(&credential.caller, signing_name, &region);
        Ok(Identity { caller: credential.caller.clone(), region, payload: verified.payload })
    }

    /// Checks the claim of an S3 URL that was presigned the old way.
    fn presigned_caller(
        &self,
        presigned: &Presigned,
        parts: &Parts,
        region: &Region,
    ) -> Result<Arc<Caller>, AuthError> {
        let credential = self.credential_of(&presigned.access_key_id, presigned.session_token.as_deref())?;
        presigned.verify(&credential.secret, parts, self.house.clock.machine_now().seconds())?;
        self.authority.note_use(&credential.caller, "s3", region);
        Ok(credential.caller.clone())
    }

    /// Checks the claim of a form, whose policy is signed instead of the request.
    pub fn identify_form(&self, form: &FormUpload, signing_name: &str) -> Result<Identity, AuthError> {
        let house = &self.house;
        if let (AuthMode::On, Some((access_key_id, signature))) = (self.mode, form.old_claim()) {
            let credential = self.credential_of(access_key_id, form.get("x-amz-security-token"))?;
            let policy = form.get("policy").unwrap_or_default();
            sigv2::check_policy(access_key_id, &credential.secret, policy, signature)?;
            let (caller, region) = (credential.caller.clone(), house.region.clone());
            self.authority.note_use(&caller, signing_name, &region);
            return Ok(Identity { caller, region, payload: Payload::Unsigned });
        }
        let claim = form.claim().transpose()?;
        let region = claim.as_ref().and_then(|claim| Region::parse(&claim.scope.region));
        let region = region.unwrap_or_else(|| house.region.clone());
        let caller = match claim {
            _ if self.mode == AuthMode::Off => Arc::new(Caller::root(&house.account)),
            None => Arc::new(Caller::anonymous(&house.account)),
            Some(claim) => {
                let credential = self.credential(&claim, signing_name)?;
                let key = self.keys.of(&claim.access_key_id, &credential, &claim.scope);
                let policy = form.get("policy").unwrap_or_default();
                if !key.signed_policy(policy, claim.signature()) {
                    return Err(AuthError::SignatureMismatch(Box::new(Mismatch {
                        access_key_id: claim.access_key_id.clone(),
                        signature_provided: claim.signature().to_owned(),
                        string_to_sign: policy.to_owned(),
                        canonical_request: Vec::new(),
                    })));
                }
                self.authority.note_use(&credential.caller, signing_name, &region);
                credential.caller.clone()
            }
        };
        Ok(Identity { caller, region, payload: Payload::Unsigned })
    }

    /// The credential behind an access key, if it may still be used with this session token.
    fn credential_of(&self, access_key_id: &str, session_token: Option<&str>) -> Result<Arc<Credential>, AuthError> {
        let credential = self
            .authority
            .credential(access_key_id)
            .ok_or_else(|| AuthError::UnknownAccessKey { access_key_id: access_key_id.to_owned() })?;
        check_session(&self.house, session_token, &credential)?;
        Ok(credential)
    }

    /// The credential that a claim for this service names, if it may still be used.
    fn credential(&self, claim: &Authentication, signing_name: &str) -> Result<Arc<Credential>, AuthError> {
        if claim.scope.service != signing_name {
            return Err(AuthError::WrongService {
                service: claim.scope.service.clone(),
                expected: signing_name.to_owned(),
                place: claim.mechanism.place(),
            });
        }
        self.credential_of(&claim.access_key_id, claim.session_token.as_deref())
    }
}

/// Temporary credentials come with the token that was given out with them, and end.
fn check_session(house: &House, token: Option<&str>, credential: &Credential) -> Result<(), AuthError> {
    let told = || token.unwrap_or_default().to_owned();
    if credential.session_token.as_deref() != token {
        return Err(AuthError::InvalidToken { token: told() });
    }
    match credential.expires {
        Some(expires) if expires <= house.clock.now() => Err(AuthError::ExpiredToken { token: told() }),
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
    let Answer { code, status, message, details } = error.answer(family);
    let mut fault = Fault::common(code, status.as_u16(), message);
    fault.fields.extend(details.into_iter().map(|(name, value)| (name, Value::String(value))));
    if query_compatible {
        fault.code = error.answer(Family::Query).code.into();
    }
    fault
}
