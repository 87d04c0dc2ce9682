//! What can go wrong in EventBridge, in AWS's words.

use haar_platform::aws::events::errors;
use haar_platform::kernel::{AwsError, ErrorShape};
use haar_platform::pattern::InvalidPattern;
use haar_platform::store::StoreError;

/// No operation of the model lists it, and all of them answer with it.
static VALIDATION_EXCEPTION: ErrorShape =
    ErrorShape { name: "ValidationException", code: "ValidationException", status: 400, sender: true };

/// AWS's errors; `Display` is AWS's message.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0}")]
    Validation(String),
    #[error("Event pattern is not valid. Reason: {0}")]
    InvalidEventPattern(String),
    #[error("{0}")]
    NotFound(String),
    #[error("{0}")]
    AlreadyExists(String),
    #[error("The requested resource exceeds the maximum number allowed.")]
    LimitExceeded,
    #[error("{0}")]
    IllegalStatus(String),
    #[error("The policy is longer than {0} characters.")]
    PolicyLengthExceeded(usize),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Error {
    pub fn validation(message: impl Into<String>) -> Self {
        Self::Validation(message.into())
    }

    /// `Parameter … is not valid. Reason: …`.
    pub fn parameter(name: &str, reason: impl std::fmt::Display) -> Self {
        Self::Validation(format!("Parameter {name} is not valid. Reason: {reason}"))
    }
}

impl From<InvalidPattern> for Error {
    fn from(invalid: InvalidPattern) -> Self {
        Self::InvalidEventPattern(invalid.message)
    }
}

impl AwsError for Error {
    fn shape(&self) -> Option<&'static ErrorShape> {
        Some(match self {
            Self::Validation(_) => &VALIDATION_EXCEPTION,
            Self::InvalidEventPattern(_) => &errors::INVALID_EVENT_PATTERN_EXCEPTION,
            Self::NotFound(_) => &errors::RESOURCE_NOT_FOUND_EXCEPTION,
            Self::AlreadyExists(_) => &errors::RESOURCE_ALREADY_EXISTS_EXCEPTION,
            Self::LimitExceeded => &errors::LIMIT_EXCEEDED_EXCEPTION,
            Self::IllegalStatus(_) => &errors::ILLEGAL_STATUS_EXCEPTION,
            Self::PolicyLengthExceeded(_) => &errors::POLICY_LENGTH_EXCEEDED_EXCEPTION,
            Self::Store(_) => return None,
        })
    }
}
