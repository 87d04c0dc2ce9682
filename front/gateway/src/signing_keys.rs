//! Signing keys that were derived lately: a client signs with one key all day, and deriving it costs as much as checking
//! a signature.

use std::collections::HashMap;
use std::sync::Arc;

use haar_platform::kernel::caller::Credential;
use haar_wire::sigv4::{Scope, SigningKey};
use parking_lot::RwLock;

/// Access keys remembered; when there are more, all are forgotten and derived again.
const ACCESS_KEYS_MAX: usize = 10_000;

/// Scopes remembered of one access key: a client's services and regions of today, and perhaps of yesterday.
const SCOPES_MAX: usize = 64;

/// By access key id.
#[derive(Default)]
pub struct SigningKeys(RwLock<HashMap<String, Derived>>);

/// What was derived from one credential.
struct Derived {
    credential: Arc<Credential>,
    keys: Vec<Arc<SigningKey>>,
}

impl Derived {
    fn key(&self, credential: &Arc<Credential>, scope: &Scope) -> Option<&Arc<SigningKey>> {
        // A credential that has changed is another `Arc`, so its predecessor's keys are never used with it.
        self.keys.iter().find(|key| key.scope() == scope).filter(|_| Arc::ptr_eq(&self.credential, credential))
    }
}

impl SigningKeys {
    /// The key of a credential for a scope.
    pub fn of(&self, access_key_id: &str, credential: &Arc<Credential>, scope: &Scope) -> Arc<SigningKey> {
        let kept = self.0.read().get(access_key_id).and_then(|derived| derived.key(credential, scope).cloned());
        kept.unwrap_or_else(|| self.derive(access_key_id, credential, scope))
    }

    fn derive(&self, access_key_id: &str, credential: &Arc<Credential>, scope: &Scope) -> Arc<SigningKey> {
        let key = Arc::new(SigningKey::derive_for(&credential.secret, scope));
        let mut kept = self.0.write();
        if kept.len() >= ACCESS_KEYS_MAX {
            kept.clear();
        }
        let derived = kept
            .entry(access_key_id.to_owned())
            .or_insert_with(|| Derived { credential: credential.clone(), keys: Vec::new() });
        if !Arc::ptr_eq(&derived.credential, credential) || derived.keys.len() >= SCOPES_MAX {
            *derived = Derived { credential: credential.clone(), keys: Vec::new() };
        }
        derived.keys.push(key.clone());
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use haar_platform::kernel::{AccountId, Caller};

    fn credential(secret: &str) -> Arc<Credential> {
        let account = AccountId::parse("000000000000").expect("twelve digits");
        let caller = Arc::new(Caller::root(&account));
        Arc::new(Credential { secret: secret.into(), session_token: None, expires: None, caller })
    }

    fn scope(service: &str) -> Scope {
        Scope { date: "20260101".into(), region: "us-east-1".into(), service: service.into() }
    }

    #[test]
    fn a_key_is_derived_once_for_a_scope_and_anew_for_a_changed_secret() {
        let keys = SigningKeys::default();
        let first = credential("first");
        let ssm = keys.of("AKIA", &first, &scope("ssm"));
        let sqs = keys.of("AKIA", &first, &scope("sqs"));
        assert!(Arc::ptr_eq(&ssm, &keys.of("AKIA", &first, &scope("ssm"))));
        assert!(Arc::ptr_eq(&sqs, &keys.of("AKIA", &first, &scope("sqs"))));
        let changed = keys.of("AKIA", &credential("second"), &scope("ssm"));
        assert!(!Arc::ptr_eq(&ssm, &changed));
    }
}
