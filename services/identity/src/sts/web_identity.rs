//! AssumeRoleWithWebIdentity: refused, because no account here has an identity provider whose tokens could be
//! verified.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use haar_platform::aws::sts::{AssumeRoleWithWebIdentityRequest, AssumeRoleWithWebIdentityResponse};
use haar_platform::kernel::serde_json::{self, Value};
use haar_platform::kernel::{Access, Ctx, Fault};

use super::Sts;
use super::error::Error;

/// The token is what identifies the caller: the call itself is not signed.
pub fn access(_: &Ctx, _: &Sts, _: &AssumeRoleWithWebIdentityRequest) -> Result<Access, Fault> {
    Ok(Access::open())
}

pub async fn assume_role(
    _: &Ctx,
    _: &Sts,
    input: AssumeRoleWithWebIdentityRequest,
) -> Result<AssumeRoleWithWebIdentityResponse, Fault> {
    if input.provider_id.is_some() {
        return Err(Fault::not_served("sts:AssumeRoleWithWebIdentity with ProviderId"));
    }
    let message = match issuer(&input.web_identity_token) {
        Some(issuer) => format!("No OpenIDConnect provider found in your account for {issuer}"),
        None => {
            "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)".to_owned()
        }
    };
    Err(Error::InvalidIdentityToken(message).into())
}

/// Who claims to have issued the token: unverified, good for a message only.
fn issuer(token: &str) -> Option<String> {
    let mut parts = token.split('.');
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    Some(claims.get("iss")?.as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_issuer_is_read_from_tokens_in_their_form_only() {
        let payload = URL_SAFE_NO_PAD.encode(r#"{"iss":"https://idp.example.com","sub":"x"}"#);
        assert_eq!(issuer(&format!("e30.{payload}.sig")).as_deref(), Some("https://idp.example.com"));
        for token in ["opaque", "e30.e30.sig", "e30.!.sig", &format!("e30.{payload}"), &format!("a.{payload}.b.c")] {
            assert_eq!(issuer(token), None, "{token}");
        }
    }
}
