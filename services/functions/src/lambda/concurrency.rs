//! Reserved concurrency: PutFunctionConcurrency and its like.

use haar_platform::aws::lambda::{
    Concurrency, DeleteFunctionConcurrencyRequest, GetFunctionConcurrencyRequest, GetFunctionConcurrencyResponse,
    PutFunctionConcurrencyRequest,
};
use haar_platform::kernel::Ctx;
use haar_platform::store::{Read, Span, StoreError};

use super::Lambda;
use super::error::LambdaError;
use super::lookup::function_in;
use super::model::FUNCTIONS;
use super::name::Reference;

/// Invocations of an account and region that run at once.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
pub const CONCURRENT_MAX: u32 = 1000;

/// What must be left to functions that have nothing reserved.
const UNRESERVED_MIN: u32 = 100;

/// What the functions of an account and region have reserved, but for one of them.
pub fn reserved_in(tx: &impl Read, place: (&str, &str), without: Option<&str>) -> Result<u32, StoreError> {
    let mut sum = 0;
    for entry in tx.scan(FUNCTIONS, Span::under(place)) {
        let ((_, _, name), function) = entry?;
        if without != Some(name.as_str()) {
            sum += function.reserved_concurrency.unwrap_or_default();
        }
    }
    Ok(sum)
}

/// PutFunctionConcurrency.
pub async fn put(ctx: &Ctx, lambda: &Lambda, input: PutFunctionConcurrencyRequest) -> Result<Concurrency, LambdaError> {
    let reserved = input.reserved_concurrent_executions.unsigned_abs();
    set(ctx, lambda, &input.function_name, Some(reserved)).await?;
    Ok(Concurrency { reserved_concurrent_executions: Some(reserved.cast_signed()) })
}

/// DeleteFunctionConcurrency.
pub async fn delete(ctx: &Ctx, lambda: &Lambda, input: DeleteFunctionConcurrencyRequest) -> Result<(), LambdaError> {
    set(ctx, lambda, &input.function_name, None).await
}

async fn set(ctx: &Ctx, lambda: &Lambda, name: &str, reserved: Option<u32>) -> Result<(), LambdaError> {
    let reference = Reference::unqualified(ctx, name)?;
    let key = reference.owned_key();
    lambda
        .store
        .write(move |tx| {
            let mut function = function_in(tx, &reference)?;
            if let Some(asked) = reserved {
                let others = reserved_in(tx, (&reference.account, &reference.region), Some(&reference.name))?;
                if others.saturating_add(asked) > CONCURRENT_MAX - UNRESERVED_MIN {
                    return Err(LambdaError::invalid(format!(
                        "Specified ReservedConcurrentExecutions for function decreases account's \
                         UnreservedConcurrentExecution below its minimum value of [{UNRESERVED_MIN}]."
                    )));
                }
            }
            function.reserved_concurrency = reserved;
            tx.put(FUNCTIONS, &reference.key(), &function)?;
            Ok(())
        })
        .await?;
    lambda.capacity.forget(&key);
    // Pollers take no more batches than there is room for.
    lambda.mappings.wake();
    lambda.events.wake();
    Ok(())
}

/// GetFunctionConcurrency.
pub async fn get(
    ctx: &Ctx,
    lambda: &Lambda,
    input: GetFunctionConcurrencyRequest,
) -> Result<GetFunctionConcurrencyResponse, LambdaError> {
    let reference = Reference::unqualified(ctx, &input.function_name)?;
    let reserved = lambda.store.read(|tx| function_in(tx, &reference))?.reserved_concurrency;
    Ok(GetFunctionConcurrencyResponse { reserved_concurrent_executions: reserved.map(u32::cast_signed) })
}
