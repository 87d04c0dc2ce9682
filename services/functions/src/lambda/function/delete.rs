//! DeleteFunction: a version, or the function with all that hangs on it.

use haar_platform::aws::lambda::{DeleteFunctionRequest, DeleteFunctionResponse};
use haar_platform::kernel::Ctx;
use haar_platform::store::{Key, Read, Record, Span, StoreError, Table, Tx};

use crate::lambda::Lambda;
use crate::lambda::error::LambdaError;
use crate::lambda::lookup::function_in;
use crate::lambda::model::{ALIASES, BY_FUNCTION, EVENT_CONFIGS, EVENTS, FUNCTIONS, POLICIES, URLS, VERSIONS};
use crate::lambda::name::{Qualifier, Reference};

/// DeleteFunction.
pub async fn delete(
    ctx: &Ctx,
    lambda: &Lambda,
    input: DeleteFunctionRequest,
) -> Result<DeleteFunctionResponse, LambdaError> {
    let reference = Reference::parse(ctx, &input.function_name, input.qualifier.as_deref())?;
    let retired = match (&reference.qualifier, reference.target()) {
        (None, _) => delete_whole(lambda, reference.clone()).await?,
        (_, Qualifier::Latest) => {
            return Err(LambdaError::invalid("$LATEST version cannot be deleted without deleting the function."));
        }
        (_, Qualifier::Number(number)) => delete_version(lambda, reference.clone(), number).await?,
        (_, Qualifier::Alias(_)) => {
            return Err(LambdaError::invalid(
                "Deletion of aliases is not currently supported through this operation; use DeleteAlias.",
            ));
        }
    };
    retired.into_iter().for_each(|deployment| lambda.pool.retire(deployment));
    lambda.capacity.forget(&reference.owned_key());
    lambda.mappings.wake();
    Ok(DeleteFunctionResponse { status_code: Some(204) })
}

async fn delete_whole(lambda: &Lambda, reference: Reference) -> Result<Vec<u64>, LambdaError> {
    lambda
        .store
        .write(move |tx| {
            let function = function_in(tx, &reference)?;
            let mut deployments = vec![function.latest.deployment];
            let (account, region, name) = reference.key();
            let under = (account, region, name);
            for entry in tx.scan(VERSIONS, Span::under(under)) {
                deployments.push(entry?.1.deployment);
            }
            tx.delete(FUNCTIONS, &under)?;
            clear(tx, VERSIONS, Span::under(under))?;
            clear(tx, ALIASES, Span::under(under))?;
            clear(tx, POLICIES, Span::under(under))?;
            clear(tx, EVENT_CONFIGS, Span::under(under))?;
            clear(tx, URLS, Span::under(under))?;
            let waiting = tx.scan_index_keys(BY_FUNCTION, Span::only(&under));
            let waiting: Vec<_> = waiting.map(|entry| entry.map(|(_, id)| id)).collect::<Result<_, _>>()?;
            for id in &waiting {
                tx.delete(EVENTS, id)?;
            }
            Ok(deployments)
        })
        .await
}

fn clear<K: Key, R: Record>(tx: &mut Tx, table: Table<K, R>, span: Span<K>) -> Result<(), StoreError> {
    let keys: Vec<_> = tx.scan_keys(table, span).collect::<Result<_, _>>()?;
    keys.iter().try_for_each(|key| tx.delete(table, key).map(|_| ()))
}

async fn delete_version(lambda: &Lambda, reference: Reference, number: u64) -> Result<Vec<u64>, LambdaError> {
    lambda
        .store
        .write(move |tx| {
            function_in(tx, &reference)?;
            let (account, region, name) = reference.key();
            let key = (account, region, name, number);
            // Deleting what is not there succeeds on AWS too.
            let Some(version) = tx.get(VERSIONS, &key)? else { return Ok(Vec::new()) };
            let mut users = Vec::new();
            for entry in tx.scan(ALIASES, Span::under((account, region, name))) {
                let ((_, _, _, alias), record) = entry?;
                if record.version == number || record.additional.is_some_and(|(other, _)| other == number) {
                    users.push(alias);
                }
            }
            if !users.is_empty() {
                return Err(LambdaError::ResourceConflict(format!(
                    "Unable to delete version because the following aliases reference it: [{}]",
                    users.join(", ")
                )));
            }
            tx.delete(VERSIONS, &key)?;
            let label = number.to_string();
            tx.delete(POLICIES, &(account, region, name, label.as_str()))?;
            tx.delete(EVENT_CONFIGS, &(account, region, name, label.as_str()))?;
            Ok(vec![version.deployment])
        })
        .await
}
