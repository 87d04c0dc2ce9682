//! UpdateFunctionCode: other code for `$LATEST`.

use haar_platform::aws::lambda::{FunctionConfiguration, UpdateFunctionCodeRequest};
use haar_platform::kernel::{Ctx, Fault};

use crate::lambda::error::LambdaError;
use crate::lambda::lookup::function_in;
use crate::lambda::model::{FUNCTIONS, Version};
use crate::lambda::name::Reference;
use crate::lambda::run::start;
use crate::lambda::{Lambda, code, configuration, version};

/// UpdateFunctionCode. What has been answered runs from the next invocation on.
pub async fn update(
    ctx: &Ctx,
    lambda: &Lambda,
    mut input: UpdateFunctionCodeRequest,
) -> Result<FunctionConfiguration, Fault> {
    let reference = Reference::unqualified(ctx, &input.function_name)?;
    if input.publish_to.is_some() {
        return Err(Fault::not_served("lambda PublishTo"));
    }
    let architecture = input.architectures.as_deref().map(|asked| configuration::architecture(Some(asked)));
    let architecture = architecture.transpose()?;
    let before = lambda.store.read(|tx| function_in(tx, &reference))?;
    check_revision(&before.latest, input.revision_id.as_deref())?;
    let taken = code::take(ctx, lambda, code::Source::of_update(&mut input)?).await?;

    let mut changed = before.latest.clone();
    changed.code = taken.code.clone();
    changed.architecture = architecture.unwrap_or(changed.architecture);
    configuration::renew(&mut changed, ctx);
    if input.dry_run.unwrap_or_default() {
        return Ok(configuration::show(lambda, &reference, &changed)?);
    }
    let (revision, publish, now) = (input.revision_id, input.publish.unwrap_or_default(), ctx.now());
    let place = reference.clone();
    let shown = lambda
        .store
        .write(move |tx| {
            let mut function = function_in(tx, &place)?;
            check_revision(&function.latest, revision.as_deref())?;
            // The configuration may have changed while the code was unpacked.
            let (code, architecture) = (changed.code, changed.architecture);
            let (revision, modified, deployment) = (changed.revision, changed.modified, changed.deployment);
            function.latest = Version { code, architecture, revision, modified, deployment, ..function.latest };
            let mut shown = function.latest.clone();
            if publish {
                shown = version::publish_in(tx, &place, &mut function, None, now)?;
            }
            tx.put(FUNCTIONS, &place.key(), &function)?;
            Ok::<_, LambdaError>(shown)
        })
        .await?;
    lambda.pool.retire(before.latest.deployment);
    start::prepare_soon(ctx, lambda, &reference, &shown, Some(taken));
    Ok(configuration::show(lambda, &reference, &shown)?)
}

/// Whether a call that names a revision means this one.
pub fn check_revision(latest: &Version, asked: Option<&str>) -> Result<(), LambdaError> {
    match asked {
        Some(revision) if revision != latest.revision => Err(LambdaError::PreconditionFailed),
        _ => Ok(()),
    }
}
