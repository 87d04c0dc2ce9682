//! STS: who am I, and temporary credentials.
//!
//! Whether a role may be assumed is the pipeline's to decide: [`assume_role::access`] hands it the role's trust policy
//! as the policy of the resource, so nothing is weighed twice. What comes of it is a [`model::Session`], from which
//! the authority answers who bears the credentials and what limits them.

mod access_key_info;
mod assume_role;
mod caller_identity;
mod credentials;
mod error;
pub mod model;
mod session;
mod session_tags;
mod session_token;
mod web_identity;

#[cfg(test)]
mod tests;

use haar_platform::kernel::{Ctx, Service, Waker};
use haar_platform::policy::Principal;
use haar_platform::store::Store;
use haar_platform::{Platform, aws};

use error::Error;

pub use model::tables;

/// What the operations work on.
pub struct Sts {
    store: Store,
    /// Tells the sweep of sessions that there is a new one.
    sessions: Waker,
}

/// The service over the sessions of the house.
pub fn service(platform: &Platform) -> Service {
    let sessions = Waker::default();
    let state = Sts { store: platform.store.clone(), sessions: sessions.clone() };
    Service::of(&aws::sts::MODEL, state)
        // Who is who.
        .op::<aws::sts::GetCallerIdentity>(caller_identity::access, caller_identity::get)
        .op::<aws::sts::GetAccessKeyInfo>(access_key_info::access, access_key_info::get)
        // Temporary credentials.
        .op::<aws::sts::AssumeRole>(assume_role::access, assume_role::assume_role)
        .op::<aws::sts::AssumeRoleWithWebIdentity>(web_identity::access, web_identity::assume_role)
        .op::<aws::sts::GetSessionToken>(session_token::access, session_token::get)
        // What happens by itself.
        .job("sessions", &sessions, session::sweep)
        .build()
}

/// Operations that need no permission still need a caller. The pipeline leaves this to us, because a resource may
/// trust everybody, and a role that does trusts every signed caller only.
fn require_signature(ctx: &Ctx) -> Result<(), Error> {
    if ctx.caller.principal == Principal::Anonymous { Err(Error::MissingAuthenticationToken) } else { Ok(()) }
}
