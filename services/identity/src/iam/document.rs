//! Policy documents: checked on their way in, percent-encoded on their way out.

use haar_platform::kernel::Arn;
use haar_platform::policy::{Document, Kind, Malformed, NamedPrincipal, quota_size};
use haar_platform::store::{Read, Span, Tx};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

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

/// Puts another name in place of a principal's in every trust policy: the unique id of one that is deleted, so that
/// nobody who is made later under its name is trusted, or the new ARN of one that was renamed. AWS keeps ids and shows
/// ARNs; this way what is shown is what is kept.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>
pub fn replace_principal(tx: &mut Tx, arn: &str, replacement: &str) -> Result<(), Error> {
    let mut changed = Vec::new();
    for role in tx.scan(ROLES, Span::all()) {
        let (key, mut role) = role?;
        let document = Document::parse(&role.trust_policy, Kind::Trust)?;
        let named = NamedPrincipal::Arn(arn.to_owned());
        if document.principals().any(|principal| *principal == named) {
            role.trust_policy = with_principal_replaced(&role.trust_policy, arn, replacement);
            changed.push((key, role));
        }
    }
    for (key, role) in changed {
        tx.put(ROLES, &key, &role)?;
    }
    Ok(())
}

fn with_principal_replaced(text: &str, arn: &str, replacement: &str) -> String {
    let mut document: Value = serde_json::from_str(text).expect("trust policies are checked before they are stored");
    let statements = match &mut document["Statement"] {
        Value::Array(statements) => statements.iter_mut().collect(),
        statement => vec![statement],
    };
    for statement in statements {
        for element in ["Principal", "NotPrincipal"] {
            let principals = statement.get_mut(element).and_then(|principal| principal.get_mut("AWS"));
            let principals = match principals {
                Some(Value::Array(principals)) => principals.iter_mut().collect(),
                Some(principal) => vec![principal],
                None => Vec::new(),
            };
            for principal in principals.into_iter().filter(|principal| principal.as_str() == Some(arn)) {
                *principal = replacement.into();
            }
        }
    }
    document.to_string()
}

fn principal_exists(tx: &impl Read, account: &str, arn: &str) -> Result<bool, Error> {
    let Ok(Arn { account: owner, resource, .. }) = arn.parse() else { return Ok(false) };
    if owner != account {
        return Ok(true);
    }
    let (kind, path_and_name) = resource.split_once('/').unwrap_or((&resource, ""));
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
