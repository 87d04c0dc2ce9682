//! Policy documents: checked on their way in, percent-encoded on their way out.

use haar_platform::policy::{Document, Kind, Malformed, NamedPrincipal, quota_size};
use haar_platform::store::Read;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::error::Error;
use super::model::{self, ROLES, USERS, key};

/// Characters of a managed policy, white space not counted.
pub const MANAGED_SIZE_MAX: usize = 6144;
/// Characters of a trust policy, white space not counted.
pub const TRUST_SIZE_MAX: usize = 2048;

/// All but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A document as IAM answers it.
pub fn encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// Checks the document of an inline policy; its size counts together with that of its siblings.
pub fn check_inline(text: &str) -> Result<(), Error> {
    Document::parse(text, Kind::Identity)?;
    Ok(())
}

/// Checks the document of a managed policy.
pub fn check_managed(text: &str) -> Result<(), Error> {
    Document::parse(text, Kind::Managed)?;
    if quota_size(text) > MANAGED_SIZE_MAX {
        return Err(Error::over_quota("PolicySize", MANAGED_SIZE_MAX));
    }
    Ok(())
}

/// Checks the trust policy of a role. Users and roles of the role's own account that it names must exist; those of
/// other accounts may well live outside this house.
pub fn check_trust(tx: &impl Read, account: &str, text: &str) -> Result<(), Error> {
    let document = Document::parse(text, Kind::Trust)?;
    if quota_size(text) > TRUST_SIZE_MAX {
        return Err(Error::over_quota("ACLSizePerRole", TRUST_SIZE_MAX));
    }
    for principal in document.principals() {
        if let NamedPrincipal::Arn(arn) = principal
            && !principal_exists(tx, account, arn)?
        {
            let (kind, value) = ("AWS".to_owned(), arn.clone());
            return Err(Malformed::Principal { kind, value }.into());
        }
    }
    Ok(())
}

fn principal_exists(tx: &impl Read, account: &str, arn: &str) -> Result<bool, Error> {
    let Some((owner, resource)) = arn.splitn(6, ':').skip(4).collect::<Vec<_>>().try_into().ok().map(|[a, b]: [&str; 2]| (a, b))
    else {
        return Ok(false);
    };
    if owner != account {
        return Ok(true);
    }
    let (kind, path_and_name) = resource.split_once('/').unwrap_or((resource, ""));
    let last = path_and_name.rsplit('/').next().unwrap_or_default();
    Ok(match kind {
        "user" => tx.get(USERS, &key(account, last))?.is_some_and(|user| is_at(&user, arn)),
        "role" => tx.get(ROLES, &key(account, last))?.is_some_and(|role| is_at(&role, arn)),
        "assumed-role" => {
            let role_name = path_and_name.split('/').next().unwrap_or_default();
            tx.contains(ROLES, &key(account, role_name))?
        }
        _ => true,
    })
}

fn is_at(entity: &impl model::Entity, arn: &str) -> bool {
    super::entity::arn(entity) == arn
}
