//! Aliases: names for versions, with a share for a second one.

use haar_platform::aws::lambda::{
    AliasConfiguration, AliasRoutingConfiguration, CreateAliasRequest, DeleteAliasRequest, GetAliasRequest,
    ListAliasesRequest, ListAliasesResponse, UpdateAliasRequest,
};
use haar_platform::kernel::paging::cut;
use haar_platform::kernel::{Ctx, ids};
use haar_platform::store::{Read, Span};

use super::error::LambdaError;
use super::lookup::{function_in, numbered};
use super::model::{ALIASES, Alias, EVENT_CONFIGS, Function, LATEST, POLICIES, URLS, version_label};
use super::name::Reference;
use super::{Lambda, page};

/// CreateAlias.
pub async fn create(ctx: &Ctx, lambda: &Lambda, input: CreateAliasRequest) -> Result<AliasConfiguration, LambdaError> {
    let reference = Reference::unqualified(ctx, &input.function_name)?;
    let (place, name) = (reference.clone(), input.name.clone());
    let alias = lambda
        .store
        .write(move |tx| {
            let function = function_in(tx, &place)?;
            let (account, region, function_name) = place.key();
            let key = (account, region, function_name, name.as_str());
            if tx.contains(ALIASES, &key)? {
                let arn = place.arn_of(&name);
                return Err(LambdaError::ResourceConflict(format!("Alias already exists: {arn}")));
            }
            let version = existing(tx, &place, &function, &input.function_version)?;
            let additional = routing(tx, &place, &function, version, input.routing_config)?;
            let description = input.description.unwrap_or_default();
            let alias = Alias { version, description, additional, revision: ids::uuid() };
            tx.put(ALIASES, &key, &alias)?;
            Ok(alias)
        })
        .await?;
    Ok(show(&reference, &input.name, &alias))
}

/// The number of a version that must exist.
fn existing(tx: &impl Read, place: &Reference, function: &Function, text: &str) -> Result<u64, LambdaError> {
    let number = if text == LATEST { Some(0) } else { text.parse().ok() };
    let missing = || LambdaError::FunctionNotFound(place.arn_of(text).to_string());
    let number = number.ok_or_else(missing)?;
    numbered(tx, place, function, number)?.map(|_| number).ok_or_else(missing)
}

/// The second version, and its share.
fn routing(
    tx: &impl Read,
    place: &Reference,
    function: &Function,
    version: u64,
    asked: Option<AliasRoutingConfiguration>,
) -> Result<Option<(u64, f64)>, LambdaError> {
    let weights = asked.and_then(|routing| routing.additional_version_weights).unwrap_or_default();
    let mut weights = weights.into_iter();
    let Some((text, weight)) = weights.next() else { return Ok(None) };
    if weights.next().is_some() {
        return Err(LambdaError::invalid("Number of items in AdditionalVersionWeights cannot be greater than 1"));
    }
    if !(0.0..=1.0).contains(&weight) {
        return Err(LambdaError::invalid("The weight of a version must be between 0.0 and 1.0."));
    }
    let other = existing(tx, place, function, &text)?;
    if version == 0 || other == 0 {
        return Err(LambdaError::invalid("$LATEST is not supported for an alias pointing to more than 1 version"));
    }
    if other == version {
        return Err(LambdaError::invalid(format!(
            "Invalid function version {text}. Function version {text} is already included in routing configuration."
        )));
    }
    Ok(Some((other, weight)))
}

/// GetAlias.
pub async fn get(ctx: &Ctx, lambda: &Lambda, input: GetAliasRequest) -> Result<AliasConfiguration, LambdaError> {
    let reference = Reference::unqualified(ctx, &input.function_name)?;
    let alias = lambda.store.read(|tx| alias_in(tx, &reference, &input.name))?;
    Ok(show(&reference, &input.name, &alias))
}

fn alias_in(tx: &impl Read, place: &Reference, name: &str) -> Result<Alias, LambdaError> {
    let (account, region, function) = place.key();
    tx.get(ALIASES, &(account, region, function, name))?
        .ok_or_else(|| LambdaError::ResourceNotFound(format!("Cannot find alias arn: {}", place.arn_of(name))))
}

/// UpdateAlias.
pub async fn update(ctx: &Ctx, lambda: &Lambda, input: UpdateAliasRequest) -> Result<AliasConfiguration, LambdaError> {
    let reference = Reference::unqualified(ctx, &input.function_name)?;
    let (place, name) = (reference.clone(), input.name.clone());
    let alias = lambda
        .store
        .write(move |tx| {
            let function = function_in(tx, &place)?;
            let mut alias = alias_in(tx, &place, &name)?;
            if input.revision_id.is_some_and(|revision| revision != alias.revision) {
                return Err(LambdaError::PreconditionFailed);
            }
            if let Some(version) = &input.function_version {
                alias.version = existing(tx, &place, &function, version)?;
            }
            if input.routing_config.is_some() {
                alias.additional = routing(tx, &place, &function, alias.version, input.routing_config)?;
            }
            alias.description = input.description.unwrap_or(alias.description);
            alias.revision = ids::uuid();
            let (account, region, function_name) = place.key();
            tx.put(ALIASES, &(account, region, function_name, name.as_str()), &alias)?;
            Ok(alias)
        })
        .await?;
    Ok(show(&reference, &input.name, &alias))
}

/// DeleteAlias, with its policy, its URL and its event configuration. Deleting what is not there succeeds.
pub async fn delete(ctx: &Ctx, lambda: &Lambda, input: DeleteAliasRequest) -> Result<(), LambdaError> {
    let reference = Reference::unqualified(ctx, &input.function_name)?;
    lambda
        .store
        .write(move |tx| {
            function_in(tx, &reference)?;
            let (account, region, function) = reference.key();
            let key = (account, region, function, input.name.as_str());
            tx.delete(ALIASES, &key)?;
            tx.delete(POLICIES, &key)?;
            tx.delete(EVENT_CONFIGS, &key)?;
            tx.delete(URLS, &key)?;
            Ok(())
        })
        .await
}

/// ListAliases, of one version if it is named.
pub async fn list(ctx: &Ctx, lambda: &Lambda, input: ListAliasesRequest) -> Result<ListAliasesResponse, LambdaError> {
    let reference = Reference::unqualified(ctx, &input.function_name)?;
    let size = page::size(input.max_items);
    let scope = format!("ListAliases {} {:?}", reference.arn(), input.function_version);
    let (account, region, function) = reference.key();
    let mut span = Span::under((account, region, function));
    if let Some(last) = page::cursor(ctx, &scope, input.marker.as_deref())? {
        span = span.after(&(account, region, function, last.as_str()));
    }
    let found = lambda.store.read(|tx| {
        function_in(tx, &reference)?;
        let all = tx.scan(ALIASES, span).filter(|entry| match (entry, &input.function_version) {
            (Ok((_, alias)), Some(version)) => version_label(alias.version) == *version,
            _ => true,
        });
        let all = all.take(size + 1).map(|entry| entry.map(|((_, _, _, name), alias)| (name, alias)));
        Ok::<_, LambdaError>(all.collect::<Result<Vec<_>, _>>()?)
    })?;
    let (found, next) = cut(found, size, |(name, _)| name.clone());
    Ok(ListAliasesResponse {
        aliases: Some(found.iter().map(|(name, alias)| show(&reference, name, alias)).collect()),
        next_marker: next.map(|cursor| ctx.page_token(&scope, &cursor)),
    })
}

fn show(reference: &Reference, name: &str, alias: &Alias) -> AliasConfiguration {
    let weights = alias.additional.map(|(version, weight)| AliasRoutingConfiguration {
        additional_version_weights: Some([(version.to_string(), weight)].into()),
    });
    AliasConfiguration {
        alias_arn: Some(reference.arn_of(name).to_string()),
        name: Some(name.to_owned()),
        function_version: Some(version_label(alias.version)),
        description: Some(alias.description.clone()),
        routing_config: weights,
        revision_id: Some(alias.revision.clone()),
    }
}
