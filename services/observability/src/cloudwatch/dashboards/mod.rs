//! Dashboards: what is on them is stored byte for byte, after it was checked.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html>

mod body;
mod error;
mod metrics;
mod widget;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

use haar_platform::aws::cloudwatch::{
    DashboardEntry, DashboardValidationMessage, DeleteDashboardsInput, DeleteDashboardsOutput, GetDashboardInput,
    GetDashboardOutput, ListDashboardsInput, ListDashboardsOutput, PutDashboardInput, PutDashboardOutput,
};
use haar_platform::kernel::access::Resource;
use haar_platform::kernel::{Access, Arn, Ctx, Fault, Timestamp, paging};
use haar_platform::store::{Read, Record, Span, Table, TableInfo};
use serde::{Deserialize, Serialize};

use self::error::DashboardError;
use super::CloudWatch;
use super::alarms::tags;

/// Account and name: dashboards are of no region.
pub const DASHBOARDS: Table<(String, String), Dashboard> = Table::new("cloudwatch.dashboards");

/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_ListDashboards.html>
const PAGE: usize = 1000;

/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html>
const NAME_CHARACTERS_MAX: usize = 255;

/// One dashboard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dashboard {
    /// JSON, as it was put.
    pub body: String,
    pub modified: Timestamp,
    pub tags: Vec<(String, String)>,
}

impl Record for Dashboard {}

/// The table of dashboards.
pub fn tables() -> Vec<TableInfo> {
    vec![DASHBOARDS.info()]
}

fn arn(ctx: &Ctx, name: &str) -> Arn {
    ctx.global_arn("cloudwatch", format!("dashboard/{name}"))
}

fn on_dashboard(ctx: &Ctx, cloudwatch: &CloudWatch, name: &str) -> Result<Resource, DashboardError> {
    let known = cloudwatch.store.read(|tx| tx.get(DASHBOARDS, &(ctx.account.as_str(), name)))?;
    Ok(Resource::of(&arn(ctx, name)).with_tags(known.map(|dashboard| dashboard.tags).unwrap_or_default()))
}

/// The dashboard, with the tags that it is to have.
pub fn put_access(ctx: &Ctx, cloudwatch: &CloudWatch, input: &PutDashboardInput) -> Result<Access, Fault> {
    let tags = input.tags.iter().flatten().map(|tag| (tag.key.as_str(), tag.value.as_str()));
    let dashboard = on_dashboard(ctx, cloudwatch, &input.dashboard_name)?;
    Ok(Access::default().and(dashboard).with_request_tags(tags))
}

/// Creates a dashboard, or puts another in its place. What is only odd about the body is answered as messages.
pub async fn put(ctx: &Ctx, cloudwatch: &CloudWatch, input: PutDashboardInput) -> Result<PutDashboardOutput, Fault> {
    check_name(&input.dashboard_name)?;
    let odd = body::check(&input.dashboard_body)?;
    let tags = tags::of_request(input.tags.unwrap_or_default())?;
    let key = (ctx.account.to_string(), input.dashboard_name);
    let mut dashboard = Dashboard { body: input.dashboard_body, modified: ctx.now(), tags };
    let written = cloudwatch.store.write(move |tx| -> Result<(), DashboardError> {
        if let Some(before) = tx.get(DASHBOARDS, &key)? {
            // Tags of an existing dashboard are changed by TagResource only.
            dashboard.tags = before.tags;
        }
        Ok(tx.put(DASHBOARDS, &key, &dashboard)?)
    });
    written.await?;
    let messages = odd
        .into_iter()
        .map(|finding| DashboardValidationMessage { data_path: Some(finding.path), message: Some(finding.message) });
    Ok(PutDashboardOutput { dashboard_validation_messages: Some(messages.collect()) })
}

fn check_name(name: &str) -> Result<(), DashboardError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if name.is_empty() {
        return Err(DashboardError::Input("The field DashboardName is required.".into()));
    }
    if !name.chars().all(allowed) {
        return Err(DashboardError::Input(
            "The value for field DashboardName contains invalid characters. It can only contain alphanumerics, dash \
             (-) and underscore (_)."
                .into(),
        ));
    }
    if name.chars().count() > NAME_CHARACTERS_MAX {
        let message =
            format!("The value for field DashboardName must not be longer than {NAME_CHARACTERS_MAX} characters.");
        return Err(DashboardError::Input(message));
    }
    Ok(())
}

/// The dashboard.
pub fn get_access(ctx: &Ctx, cloudwatch: &CloudWatch, input: &GetDashboardInput) -> Result<Access, Fault> {
    Ok(Access::default().and(on_dashboard(ctx, cloudwatch, &input.dashboard_name)?))
}

/// A dashboard as it was put.
pub async fn get(
    ctx: &Ctx,
    cloudwatch: &CloudWatch,
    input: GetDashboardInput,
) -> Result<GetDashboardOutput, DashboardError> {
    let name = input.dashboard_name;
    let known = cloudwatch.store.read(|tx| tx.get(DASHBOARDS, &(ctx.account.as_str(), name.as_str())))?;
    let dashboard = known.ok_or_else(|| DashboardError::NotFound(format!("Dashboard {name} does not exist")))?;
    Ok(GetDashboardOutput {
        dashboard_arn: Some(arn(ctx, &name).to_string()),
        dashboard_body: Some(dashboard.body),
        dashboard_name: Some(name),
    })
}

/// No resource.
pub fn list_access(_: &Ctx, _: &CloudWatch, _: &ListDashboardsInput) -> Result<Access, Fault> {
    Ok(Access::all())
}

/// A page of dashboards, by their names.
pub async fn list(
    ctx: &Ctx,
    cloudwatch: &CloudWatch,
    input: ListDashboardsInput,
) -> Result<ListDashboardsOutput, DashboardError> {
    let prefix = input.dashboard_name_prefix.unwrap_or_default();
    let scope = format!("ListDashboards {prefix}");
    let account = ctx.account.as_str();
    let mut span = Span::starting((account,), &prefix);
    if let Some(token) = &input.next_token {
        let after = ctx.page_cursor(&scope, token).map_err(|_| DashboardError::InvalidNextToken)?;
        span = span.after(&(account, after.as_str()));
    }
    let found = cloudwatch.store.read(|tx| tx.scan(DASHBOARDS, span).take(PAGE + 1).collect::<Result<Vec<_>, _>>())?;
    let (page, next) = paging::cut(found, PAGE, |((_, name), _)| name.clone());
    let entries = page.into_iter().map(|((_, name), dashboard)| DashboardEntry {
        dashboard_arn: Some(arn(ctx, &name).to_string()),
        dashboard_name: Some(name),
        last_modified: Some(dashboard.modified),
        size: i64::try_from(dashboard.body.len()).ok(),
    });
    Ok(ListDashboardsOutput {
        dashboard_entries: Some(entries.collect()),
        next_token: next.map(|cursor| ctx.page_token(&scope, &cursor)),
    })
}

/// The dashboards.
pub fn delete_access(ctx: &Ctx, cloudwatch: &CloudWatch, input: &DeleteDashboardsInput) -> Result<Access, Fault> {
    if input.dashboard_names.is_empty() {
        return Ok(Access::all());
    }
    let mut access = Access::default();
    for name in &input.dashboard_names {
        access = access.and(on_dashboard(ctx, cloudwatch, name)?);
    }
    Ok(access)
}

/// Deletes dashboards, all or none.
pub async fn delete(
    ctx: &Ctx,
    cloudwatch: &CloudWatch,
    input: DeleteDashboardsInput,
) -> Result<DeleteDashboardsOutput, DashboardError> {
    let account = ctx.account.to_string();
    let mut names = input.dashboard_names;
    names.sort_unstable();
    names.dedup();
    let written = cloudwatch.store.write(move |tx| -> Result<(), DashboardError> {
        let mut unknown = Vec::new();
        for name in &names {
            if tx.delete(DASHBOARDS, &(account.as_str(), name.as_str()))?.is_none() {
                unknown.push(name.as_str());
            }
        }
        if unknown.is_empty() {
            return Ok(());
        }
        let unknown = unknown.join(", ");
        Err(DashboardError::NotFound(format!("The specified dashboard does not exist. [{unknown}]")))
    });
    written.await?;
    Ok(DeleteDashboardsOutput {})
}
