//! What can go wrong with dashboards, in AWS's words.

use haar_platform::aws::cloudwatch::{DashboardValidationMessage, errors};
use haar_platform::kernel::serde_json::{self, json};
use haar_platform::kernel::{AwsError, ErrorShape, Shaped, Value};
use haar_platform::store::StoreError;

use super::body::Finding;

/// AWS's errors of dashboards.
#[derive(Debug, thiserror::Error)]
pub enum DashboardError {
    #[error("{0}")]
    Input(String),
    /// What is wrong with a body, place by place.
    #[error("The dashboard body is invalid, there are {} validation errors:\n{}", .0.len(), listed(.0))]
    Body(Vec<Finding>),
    #[error("{0}")]
    NotFound(String),
    #[error("The service token was either not valid or expired")]
    InvalidNextToken,
    #[error("failed to reach the tables")]
    Store(#[from] StoreError),
}

/// The message repeats the findings, because the command line shows nothing else.
fn listed(findings: &[Finding]) -> String {
    let findings: Vec<_> =
        findings.iter().map(|finding| json!({"dataPath": finding.path, "message": finding.message})).collect();
    serde_json::to_string_pretty(&findings).unwrap_or_default()
}

impl AwsError for DashboardError {
    fn shape(&self) -> Option<&'static ErrorShape> {
        Some(match self {
            Self::Input(_) | Self::Body(_) => &errors::DASHBOARD_INVALID_INPUT_ERROR,
            Self::NotFound(_) => &errors::DASHBOARD_NOT_FOUND_ERROR,
            Self::InvalidNextToken => &errors::INVALID_NEXT_TOKEN,
            Self::Store(_) => return None,
        })
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        let Self::Body(findings) = self else { return Vec::new() };
        let messages = findings.iter().map(|finding| {
            let message = DashboardValidationMessage {
                data_path: Some(finding.path.clone()),
                message: Some(finding.message.clone()),
            };
            message.into_value()
        });
        vec![("dashboardValidationMessages", Value::List(messages.collect()))]
    }
}
