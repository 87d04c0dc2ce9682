//! What can go wrong in CloudWatch Logs, in AWS's words.

use haar_platform::aws::logs::errors;
use haar_platform::kernel::{AwsError, ErrorShape};
use haar_platform::store::StoreError;
use haar_telemetry::logs::LogsError as EngineError;

use super::pattern::BadPattern;

/// A refusal, or a failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum LogsError {
    #[error("{0}")]
    InvalidParameter(String),
    #[error("{0}")]
    Validation(String),
    #[error("The specified log group already exists")]
    GroupExists,
    #[error("The specified log stream already exists")]
    StreamExists,
    #[error("The specified log group does not exist.")]
    NoSuchGroup,
    #[error("The specified log stream does not exist.")]
    NoSuchStream,
    #[error("{0}")]
    ResourceNotFound(String),
    #[error("{0}")]
    LimitExceeded(String),
    #[error("The maximum number of tags for a resource is 50.")]
    TooManyTags,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Engine(EngineError),
}

impl LogsError {
    /// `InvalidParameterException`.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::InvalidParameter(message.into())
    }
}

impl From<EngineError> for LogsError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Store(cause) => Self::Store(cause),
            other => Self::Engine(other),
        }
    }
}

impl From<BadPattern> for LogsError {
    fn from(error: BadPattern) -> Self {
        Self::InvalidParameter(error.to_string())
    }
}

impl AwsError for LogsError {
    fn shape(&self) -> Option<&'static ErrorShape> {
        Some(match self {
            Self::InvalidParameter(_) => &errors::INVALID_PARAMETER_EXCEPTION,
            Self::Validation(_) => &errors::VALIDATION_EXCEPTION,
            Self::GroupExists | Self::StreamExists => &errors::RESOURCE_ALREADY_EXISTS_EXCEPTION,
            Self::NoSuchGroup | Self::NoSuchStream | Self::ResourceNotFound(_) => &errors::RESOURCE_NOT_FOUND_EXCEPTION,
            Self::LimitExceeded(_) => &errors::LIMIT_EXCEEDED_EXCEPTION,
            Self::TooManyTags => &errors::TOO_MANY_TAGS_EXCEPTION,
            Self::Store(_) | Self::Engine(_) => return None,
        })
    }
}
