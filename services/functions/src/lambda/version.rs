//! PublishVersion and ListVersionsByFunction: `$LATEST` as it was at a moment.

use haar_platform::aws::lambda::{
    FunctionConfiguration, ListVersionsByFunctionRequest, ListVersionsByFunctionResponse, PublishVersionRequest,
};
use haar_platform::kernel::paging::cut;
use haar_platform::kernel::{Ctx, Fault, Timestamp, ids};
use haar_platform::store::{Read, Span, Tx};

use super::error::LambdaError;
use super::function::update_code::check_revision;
use super::lookup::function_in;
use super::model::{FUNCTIONS, Function, VERSIONS, Version};
use super::name::Reference;
use super::{Lambda, configuration, page};

/// PublishVersion. Where nothing changed since the last version, that one is answered.
pub async fn publish(ctx: &Ctx, lambda: &Lambda, input: PublishVersionRequest) -> Result<FunctionConfiguration, Fault> {
    if input.publish_to.is_some() {
        return Err(Fault::not_served("lambda PublishTo"));
    }
    let reference = Reference::unqualified(ctx, &input.function_name)?;
    let (place, now) = (reference.clone(), ctx.now());
    let published = lambda
        .store
        .write(move |tx| {
            let mut function = function_in(tx, &place)?;
            check_revision(&function.latest, input.revision_id.as_deref())?;
            let current = &function.latest.code.sha256;
            if let Some(asked) = input.code_sha256.filter(|asked| asked != current) {
                return Err(LambdaError::invalid(format!(
                    "CodeSHA256 ({asked}) is different from current CodeSHA256 in $LATEST ({current}). Please try \
                     again with the CodeSHA256 in $LATEST."
                )));
            }
            let published = publish_in(tx, &place, &mut function, input.description, now)?;
            tx.put(FUNCTIONS, &place.key(), &function)?;
            Ok(published)
        })
        .await?;
    let reference = Reference { qualifier: Some(published.label()), ..reference };
    Ok(configuration::show(lambda, &reference, &published)?)
}

/// Publishes `$LATEST` unless it is what was published last.
pub fn publish_in(
    tx: &mut Tx,
    reference: &Reference,
    function: &mut Function,
    description: Option<String>,
    now: Timestamp,
) -> Result<Version, LambdaError> {
    let (account, region, name) = reference.key();
    if let Some(last) = tx.get(VERSIONS, &(account, region, name, function.last_published))?
        && is_same(&last, &function.latest)
    {
        return Ok(last);
    }
    function.last_published += 1;
    let mut version = function.latest.clone();
    version.number = function.last_published;
    version.description = description.unwrap_or(version.description);
    version.revision = ids::uuid();
    version.deployment = u64::from_be_bytes(ids::random());
    version.modified = now;
    tx.put(VERSIONS, &(account, region, name, version.number), &version)?;
    // Publishing changes the revision of $LATEST, not its code nor its configuration.
    function.latest.revision = ids::uuid();
    Ok(version)
}

/// Whether two versions have the same code and configuration. Sealed variables differ with each sealing, so that a
/// version whose variables were set anew counts as changed.
fn is_same(published: &Version, latest: &Version) -> bool {
    let settings = |version: &Version| {
        let layers: Vec<_> = version.layers.iter().map(|layer| layer.arn.clone()).collect();
        (
            (version.runtime.clone(), version.handler.clone(), version.role.clone(), version.architecture.clone()),
            (version.timeout_seconds, version.memory_mb, version.ephemeral_mb, version.traced),
            (version.environment.clone(), version.dead_letter_arn.clone(), layers, version.logging.clone()),
            version.code.sha256.clone(),
        )
    };
    settings(published) == settings(latest)
}

/// ListVersionsByFunction: `$LATEST` first.
pub async fn list(
    ctx: &Ctx,
    lambda: &Lambda,
    input: ListVersionsByFunctionRequest,
) -> Result<ListVersionsByFunctionResponse, LambdaError> {
    let reference = Reference::unqualified(ctx, &input.function_name)?;
    let size = page::size(input.max_items);
    let scope = format!("ListVersionsByFunction {}", reference.arn());
    let last = page::cursor(ctx, &scope, input.marker.as_deref())?.and_then(|cursor| cursor.parse::<u64>().ok());
    let versions = lambda.store.read(|tx| {
        let function = function_in(tx, &reference)?;
        let mut versions: Vec<_> = last.is_none().then_some(function.latest).into_iter().collect();
        for entry in tx.scan(VERSIONS, Span::between(reference.key(), last.unwrap_or(0) + 1..)).take(size + 1) {
            versions.push(entry?.1);
        }
        Ok::<_, LambdaError>(versions)
    })?;
    let (versions, next) = cut(versions, size, |version| version.number.to_string());
    let shown = versions.iter().map(|version| {
        let reference = Reference { qualifier: Some(version.label()), ..reference.clone() };
        configuration::show(lambda, &reference, version)
    });
    Ok(ListVersionsByFunctionResponse {
        versions: Some(shown.collect::<Result<_, _>>()?),
        next_marker: next.map(|cursor| ctx.page_token(&scope, &cursor)),
    })
}
