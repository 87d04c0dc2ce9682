//! The house's authority: answers the front door's two questions, whose key is this and what may they do, from memory.
//!
//! Answers are kept until somebody changes anything in IAM. [`HouseAuthority::write`] runs every such transaction; a
//! counter moves when it commits, before its caller hears of it, and what was kept under an older count is not used
//! again. So no acknowledged change is ever overlooked, and 25,000 questions a second cost a lookup each.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use haar_platform::Platform;
use haar_platform::kernel::caller::{Credential, Permissions};
use haar_platform::kernel::{AccountId, Authority, Caller};
use haar_platform::policy::Principal;
use haar_platform::store::{Read, ReadTx, Store, StoreError, Tx, VaultError};

use crate::answers::Answers;
use crate::iam::model::{ACCESS_KEYS, AccessKey, LastUse, ROLES_BY_ID, Role, USERS_BY_ID, User};
use crate::iam::{entity, last_use, permissions};
use crate::sts::model::{SESSIONS, Session, SessionOf};

/// The access key id of the house's root user, and its secret too: every tutorial's.
pub const ROOT_ACCESS_KEY: &str = "test";

/// Knows the credentials and permissions of the house.
pub struct HouseAuthority {
    store: Store,
    /// Whose root user has the default credentials.
    account: AccountId,
    /// Moves with every change of IAM.
    version: AtomicU64,
    /// By access key id. Misses are not kept, so that a new key changes no answer.
    credentials: Answers<Credential>,
    /// By the access key id of a role's session, else by the unique id of the user or role.
    permissions: Answers<Permissions>,
    uses: last_use::Uses,
}

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
enum Unanswered {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error("failed to read a stored secret: not UTF-8")]
    SecretNotText,
}

impl HouseAuthority {
    /// Over what IAM and STS keep in the store. One per house, shared by both services and the gateway.
    pub fn open(platform: &Platform) -> Arc<Self> {
        Arc::new(Self {
            store: platform.store.clone(),
            account: platform.house.account.clone(),
            version: AtomicU64::new(1),
            credentials: Answers::default(),
            permissions: Answers::default(),
            uses: last_use::Uses::new(platform.house.clock.clone(), platform.store.clone()),
        })
    }

    /// Runs a transaction that may change what anybody may do, or whose a key is. Such changes must go through here;
    /// new sessions need not, because they change no answer that was given.
    pub async fn write<T, E>(
        self: &Arc<Self>,
        closure: impl FnOnce(&mut Tx) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let authority = self.clone();
        let transaction = move |tx: &mut Tx| {
            tx.on_commit(move || authority.forget());
            closure(tx)
        };
        self.store.write(transaction).await
    }

    /// Forgets every answer: after anything that changes the store behind [`HouseAuthority::write`]'s back, as
    /// emptying it does.
    pub fn forget(&self) {
        self.version.fetch_add(1, Ordering::AcqRel);
    }

    /// The last use of an access key (by its id) or of a role (by its unique id).
    pub fn last_use(&self, id: &str) -> Result<Option<LastUse>, StoreError> {
        self.uses.find(id)
    }

    pub(crate) fn uses(&self) -> &last_use::Uses {
        &self.uses
    }

    /// The answer that is kept, or else the one that is found.
    fn answer<T>(
        &self,
        answers: &Answers<T>,
        key: &str,
        find: impl FnOnce(&ReadTx) -> Result<Option<T>, Unanswered>,
    ) -> Option<Arc<T>> {
        // Read before the store is: what is found is at least as new as this version.
        let version = self.version.load(Ordering::Acquire);
        if let Some(answer) = answers.get(version, key) {
            return Some(answer);
        }
        match self.store.read(find) {
            Ok(found) => {
                let answer = Arc::new(found?);
                answers.keep(version, key, answer.clone());
                Some(answer)
            }
            Err(cause) => {
                // The caller is refused, which is the safe answer.
                tracing::error!(%cause, "failed to look up a caller");
                None
            }
        }
    }

    fn find_credential(&self, tx: &ReadTx, access_key_id: &str) -> Result<Option<Credential>, Unanswered> {
        if access_key_id == ROOT_ACCESS_KEY {
            let caller = Caller { access_key_id: Some(access_key_id.to_owned()), ..Caller::root(&self.account) };
            let secret = ROOT_ACCESS_KEY.to_owned();
            return Ok(Some(Credential { secret, session_token: None, expires: None, caller: Arc::new(caller) }));
        }
        if let Some(access_key) = tx.get(ACCESS_KEYS, access_key_id)? {
            return self.credential_of_key(tx, access_key_id, &access_key);
        }
        match tx.get(SESSIONS, access_key_id)? {
            Some(session) => self.credential_of_session(tx, access_key_id, &session),
            None => Ok(None),
        }
    }

    fn credential_of_key(
        &self,
        tx: &ReadTx,
        access_key_id: &str,
        access_key: &AccessKey,
    ) -> Result<Option<Credential>, Unanswered> {
        if !access_key.active {
            return Ok(None);
        }
        let Some(caller) = owner(tx, &access_key.account, &access_key.owner)? else { return Ok(None) };
        Ok(Some(Credential {
            secret: self.open_sealed(access_key_id, &access_key.sealed_secret)?,
            session_token: None,
            expires: None,
            caller: Arc::new(Caller { access_key_id: Some(access_key_id.to_owned()), ..caller }),
        }))
    }

    fn credential_of_session(
        &self,
        tx: &ReadTx,
        access_key_id: &str,
        session: &Session,
    ) -> Result<Option<Credential>, Unanswered> {
        let caller = match &session.of {
            SessionOf::User { user_id } => owner(tx, &session.account, user_id)?,
            SessionOf::Role { role_id, session_name } => {
                entity::by_id(tx, ROLES_BY_ID, role_id)?.map(|role| role_session(&role, session_name, &session.tags))
            }
        };
        let Some(caller) = caller else { return Ok(None) };
        Ok(Some(Credential {
            secret: self.open_sealed(access_key_id, &session.sealed_secret)?,
            session_token: Some(self.open_sealed(access_key_id, &session.sealed_token)?),
            expires: Some(session.expires),
            caller: Arc::new(Caller {
                access_key_id: Some(access_key_id.to_owned()),
                keys: session.keys.clone(),
                ..caller
            }),
        }))
    }

    fn open_sealed(&self, access_key_id: &str, sealed: &[u8]) -> Result<String, Unanswered> {
        let bytes = self.store.vault().open(access_key_id.as_bytes(), sealed)?;
        String::from_utf8(bytes).map_err(|_| Unanswered::SecretNotText)
    }
}

impl Authority for HouseAuthority {
    fn credential(&self, access_key_id: &str) -> Option<Arc<Credential>> {
        self.answer(&self.credentials, access_key_id, |tx| self.find_credential(tx, access_key_id))
    }

    fn permissions(&self, caller: &Caller) -> Arc<Permissions> {
        let key = match (&caller.principal, &caller.access_key_id) {
            (Principal::User { unique_id, .. }, _) => unique_id,
            (Principal::RoleSession { .. }, Some(access_key_id)) => access_key_id,
            (Principal::RoleSession { role_id, .. }, None) => role_id,
            // Root needs no policies, and the others have none of their own.
            _ => return Arc::default(),
        };
        self.answer(&self.permissions, key, |tx| Ok(find_permissions(tx, caller)?)).unwrap_or_default()
    }

    /// For `GetAccessKeyLastUsed` and `RoleLastUsed`: notes in memory, and writes at leisure.
    fn note_use(&self, caller: &Caller, service: &str, region: &str) {
        let id = match (&caller.principal, &caller.access_key_id) {
            (Principal::RoleSession { role_id, .. }, _) => role_id,
            (_, Some(access_key_id)) => access_key_id,
            _ => return,
        };
        self.uses.note(id, service, region);
    }
}

/// Of a user or role that is gone: nothing, which allows nothing.
fn find_permissions(tx: &ReadTx, caller: &Caller) -> Result<Option<Permissions>, StoreError> {
    match &caller.principal {
        Principal::User { unique_id, .. } => match entity::by_id(tx, USERS_BY_ID, unique_id)? {
            Some(user) => Ok(Some(permissions::of_user(tx, &user)?)),
            None => Ok(None),
        },
        Principal::RoleSession { role_id, .. } => {
            let Some(role) = entity::by_id(tx, ROLES_BY_ID, role_id)? else { return Ok(None) };
            let mut permissions = permissions::of_role(tx, &role)?;
            if let Some(access_key_id) = &caller.access_key_id {
                // A session that is over has no permissions, although its role still has.
                let Some(session) = tx.get(SESSIONS, access_key_id)? else { return Ok(None) };
                permissions.session = permissions::of_session(tx, &session)?;
            }
            Ok(Some(permissions))
        }
        _ => Ok(None),
    }
}

/// The user with that unique id; the root user by the account's.
fn owner(tx: &ReadTx, account: &str, user_id: &str) -> Result<Option<Caller>, StoreError> {
    match AccountId::parse(user_id) {
        Some(account) => Ok(Some(Caller::root(&account))),
        None => {
            let user = entity::by_id(tx, USERS_BY_ID, user_id)?;
            Ok(user.filter(|user| user.head.account == account).map(|user| user_caller(&user)))
        }
    }
}

/// A user as a caller, without the key that it may have signed with.
pub fn user_caller(user: &User) -> Caller {
    let head = &user.head;
    let arn = entity::arn(user);
    Caller {
        principal: Principal::User { arn: arn.clone(), account: head.account.clone(), unique_id: head.id.clone() },
        arn,
        user_id: head.id.clone(),
        access_key_id: None,
        tags: tag_pairs(&head.tags),
        keys: Vec::new(),
        account: account_of(head),
    }
}

/// A session of a role as a caller, without the key of its credentials. The session's tags win over the role's.
pub fn role_session(role: &Role, session_name: &str, session_tags: &[(String, String)]) -> Caller {
    let head = &role.head;
    let resource = format!("assumed-role/{}/{session_name}", head.name);
    let arn = haar_platform::kernel::Arn::new("sts", "", &head.account, resource).to_string();
    let mut tags = session_tags.to_vec();
    let inherited = tag_pairs(&head.tags).into_iter();
    tags.extend(inherited.filter(|(key, _)| !session_tags.iter().any(|(known, _)| known.eq_ignore_ascii_case(key))));
    Caller {
        principal: Principal::RoleSession {
            arn: arn.clone(),
            role_arn: entity::arn(role),
            role_id: head.id.clone(),
            account: head.account.clone(),
        },
        arn,
        user_id: format!("{}:{session_name}", head.id),
        access_key_id: None,
        tags,
        keys: Vec::new(),
        account: account_of(head),
    }
}

fn account_of(head: &crate::iam::model::Head) -> AccountId {
    AccountId::parse(&head.account).expect("entities are made in accounts")
}

fn tag_pairs(tags: &[crate::iam::model::Tag]) -> Vec<(String, String)> {
    tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect()
}
