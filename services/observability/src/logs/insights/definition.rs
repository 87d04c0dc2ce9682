//! Queries that people saved, in folders if they like: a folder is a name with a slash.

use haar_platform::aws::logs as aws;
use haar_platform::kernel::access::Access;
use haar_platform::kernel::{Ctx, Fault, ids};
use haar_platform::store::{Read, Span};

use super::super::error::LogsError;
use super::super::{Logs, cursor};
use super::model::{DEFINITIONS, Definition};
use super::query::only_insights;

/// Saved queries of a region. <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html>
const DEFINITIONS_MAX: usize = 1000;

/// Definitions on one page.
const PAGE_MAX: i32 = 1000;

pub fn access(ctx: &Ctx) -> Access {
    super::super::address::on_any(ctx)
}

pub async fn put(
    ctx: &Ctx,
    logs: &Logs,
    input: aws::PutQueryDefinitionRequest,
) -> Result<aws::PutQueryDefinitionResponse, Fault> {
    only_insights(input.query_language.as_ref())?;
    if input.parameters.is_some() {
        return Err(Fault::not_served("parameters of query definitions"));
    }
    let id = input.query_definition_id.clone();
    let (account, region) = (ctx.account.to_string(), ctx.region.to_string());
    let definition = Definition {
        name: input.name,
        text: input.query_string,
        groups: input.log_group_names.unwrap_or_default(),
        modified_ms: ctx.now().millis(),
    };
    let write = move |tx: &mut haar_platform::store::Tx| -> Result<String, LogsError> {
        let id = match id {
            Some(id) => {
                let key = (account.clone(), region.clone(), id.clone());
                tx.get(DEFINITIONS, &key)?.ok_or_else(no_such_definition)?;
                id
            }
            None => {
                let span = Span::under((account.as_str(), region.as_str()));
                if tx.count_in(DEFINITIONS, span)? as usize >= DEFINITIONS_MAX {
                    return Err(LogsError::LimitExceeded("Resource limit exceeded.".into()));
                }
                ids::uuid()
            }
        };
        tx.put(DEFINITIONS, &(account, region, id.clone()), &definition)?;
        Ok(id)
    };
    let id = logs.store.write(write).await?;
    Ok(aws::PutQueryDefinitionResponse { query_definition_id: Some(id) })
}

pub async fn describe(
    ctx: &Ctx,
    logs: &Logs,
    input: aws::DescribeQueryDefinitionsRequest,
) -> Result<aws::DescribeQueryDefinitionsResponse, Fault> {
    only_insights(input.query_language.as_ref())?;
    const SCOPE: &str = "query definitions";
    let after = cursor(ctx, SCOPE, input.next_token.as_deref())?;
    let prefix = input.query_definition_name_prefix.unwrap_or_default();
    let limit = usize::try_from(input.max_results.unwrap_or(PAGE_MAX)).unwrap_or_default();
    let mut found: Vec<(String, Definition)> = logs.store.read(|tx| -> Result<_, LogsError> {
        let span = Span::under((ctx.account.as_str(), ctx.region.as_str()));
        let mut found = Vec::new();
        for entry in tx.scan(DEFINITIONS, span) {
            let ((_, _, id), definition) = entry?;
            if definition.name.starts_with(&prefix) {
                found.push((id, definition));
            }
        }
        Ok(found)
    })?;
    found.sort_by(|(a_id, a), (b_id, b)| (&a.name, a_id).cmp(&(&b.name, b_id)));
    let position = |(id, definition): &(String, Definition)| format!("{}\n{id}", definition.name);
    let start = after.map_or(0, |after| found.partition_point(|entry| position(entry) <= after));
    let page: Vec<_> = found.iter().skip(start).take(limit).collect();
    let more = found.len() > start + page.len();
    let next_token = page.last().filter(|_| more).map(|last| ctx.page_token(SCOPE, &position(last)));
    let shown = page.into_iter().map(|(id, definition)| aws::QueryDefinition {
        query_language: Some(aws::QueryLanguage::Cwli),
        query_definition_id: Some(id.clone()),
        name: Some(definition.name.clone()),
        query_string: Some(definition.text.clone()),
        last_modified: Some(definition.modified_ms),
        log_group_names: Some(definition.groups.clone()),
        ..Default::default()
    });
    Ok(aws::DescribeQueryDefinitionsResponse { query_definitions: Some(shown.collect()), next_token })
}

pub async fn delete(
    ctx: &Ctx,
    logs: &Logs,
    input: aws::DeleteQueryDefinitionRequest,
) -> Result<aws::DeleteQueryDefinitionResponse, Fault> {
    let key = (ctx.account.to_string(), ctx.region.to_string(), input.query_definition_id);
    let write = move |tx: &mut haar_platform::store::Tx| -> Result<(), LogsError> {
        tx.delete(DEFINITIONS, &key)?.map(drop).ok_or_else(no_such_definition)
    };
    logs.store.write(write).await?;
    Ok(aws::DeleteQueryDefinitionResponse { success: Some(true) })
}

fn no_such_definition() -> LogsError {
    LogsError::ResourceNotFound("The specified query definition does not exist.".into())
}
