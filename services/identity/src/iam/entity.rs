//! What users, groups, roles, instance profiles and managed policies have in common: found, made and renamed by name.

use haar_platform::kernel::Ctx;
use haar_platform::store::{Index, Read, Span, StoreError, Tx};

use super::error::Error;
use super::model::{Entity, Head, Kind, NameKey, Tag, exactly, key, whole_second};
use super::page::{Page, PageRequest};

/// The ARN of an entity, as text.
pub fn arn(entity: &impl Entity) -> String {
    entity.arn().to_string()
}

/// The entity of that name, or `NoSuchEntity`.
pub fn find<E: Entity>(tx: &impl Read, account: &str, name: &str) -> Result<E, Error> {
    tx.get(E::TABLE, &key(account, name))?.ok_or_else(|| Error::no_such(E::KIND, name))
}

/// The entity with that unique id.
pub fn by_id<E: Entity>(tx: &impl Read, index: Index<String, NameKey, E>, id: &str) -> Result<Option<E>, StoreError> {
    let mut found = tx.scan_index(index, exactly(id));
    Ok(found.next().transpose()?.map(|(_, _, entity)| entity))
}

/// Refuses what only the linked service may do.
pub fn guard<E: Entity>(entity: E) -> Result<E, Error> {
    if entity.is_protected() {
        return Err(Error::UnmodifiableEntity(format!(
            "Cannot perform the operation on the protected role '{}' - this role is only modifiable by AWS",
            entity.head().name
        )));
    }
    Ok(entity)
}

/// How many entities of a kind the account has.
pub fn count<E: Entity>(tx: &impl Read, account: &str) -> Result<u64, StoreError> {
    tx.count_in(E::TABLE, Span::under((account,)))
}

/// A head for a new entity.
pub fn head(ctx: &Ctx, kind: Kind, path: Option<String>, name: String, tags: Vec<Tag>) -> Head {
    Head {
        account: ctx.account.to_string(),
        name,
        path: path.unwrap_or_else(|| "/".to_owned()),
        id: kind.new_id(),
        created: whole_second(ctx.now()),
        tags,
    }
}

/// Stores a new entity.
pub fn create<E: Entity>(tx: &mut Tx, entity: &E) -> Result<(), Error> {
    if tx.contains(E::TABLE, &entity.key())? {
        return Err(Error::already_exists(E::KIND, &entity.head().name));
    }
    let (quota, maximum) = E::KIND.quota();
    let (account, _) = entity.key();
    if count::<E>(tx, &account)? >= maximum as u64 {
        return Err(Error::over_quota(quota, maximum));
    }
    save(tx, entity)
}

/// Stores what was changed.
pub fn save<E: Entity>(tx: &mut Tx, entity: &E) -> Result<(), Error> {
    Ok(tx.put(E::TABLE, &entity.key(), entity)?)
}

/// Removes an entity that nothing depends on any more.
pub fn delete<E: Entity>(tx: &mut Tx, entity: &E) -> Result<(), Error> {
    tx.delete(E::TABLE, &entity.key())?;
    Ok(())
}

/// Gives an entity another name, another path, or both.
pub fn rename<E: Entity>(
    tx: &mut Tx,
    mut entity: E,
    new_path: Option<String>,
    new_name: Option<String>,
) -> Result<E, Error> {
    let old_key = entity.key();
    if let Some(path) = new_path {
        entity.head_mut().path = path;
    }
    if let Some(name) = new_name {
        entity.head_mut().name = name;
    }
    if entity.key() != old_key {
        if tx.contains(E::TABLE, &entity.key())? {
            return Err(Error::already_exists(E::KIND, &entity.head().name));
        }
        tx.delete(E::TABLE, &old_key)?;
    }
    save(tx, &entity)?;
    Ok(entity)
}

/// A page of the account's entities under a path, by name.
pub fn list<E: Entity>(
    tx: &impl Read,
    ctx: &Ctx,
    path_prefix: Option<&str>,
    page: &PageRequest,
) -> Result<Page<E>, Error> {
    let mut span = Span::under((ctx.account.as_str(),));
    if let Some(after) = page.after() {
        span = span.after(&(ctx.account.as_str(), after));
    }
    let prefix = path_prefix.unwrap_or("/");
    let entities = tx.scan(E::TABLE, span).filter_map(|found| match found {
        Ok(((_, name), entity)) => entity.head().path.starts_with(prefix).then_some(Ok((name, entity))),
        Err(error) => Some(Err(error)),
    });
    page.fill(ctx, entities)
}
