//! What can go wrong in CloudWatch, in AWS's words.

use haar_platform::aws::cloudwatch::errors;
use haar_platform::kernel::{AwsError, ErrorShape};
use haar_platform::ledger::LedgerError;
use haar_platform::store::StoreError;
use haar_telemetry::series::SeriesError;

use super::metrics::math::{MathError, SeriesFailure};

/// AWS's errors. `Display` is AWS's message: of the service where it is known from it, otherwise of its API reference.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0}")]
    InvalidParameterValue(String),
    #[error("{0}")]
    InvalidParameterCombination(String),
    #[error("{0}")]
    MissingParameter(String),
    /// Anything that AWS answers with a plain ValidationError.
    #[error("{0}")]
    Validation(String),
    #[error("The service token was either not valid or expired")]
    InvalidNextToken,
    #[error("{0}")]
    ResourceNotFound(String),
    /// Of the operations on alarms, which have a shape of their own for it.
    #[error("{0}")]
    AlarmNotFound(String),
    #[error("{0}")]
    InvalidFormat(String),
    #[error("failed to reach the tables")]
    Store(#[from] StoreError),
    #[error("failed to reach the series")]
    Series(#[from] SeriesError),
    #[error("failed to reach the series")]
    SeriesFailure(#[from] SeriesFailure),
    #[error("failed to read the ledger")]
    Ledger(#[from] LedgerError),
    /// A thread that reads series ended before its time.
    #[error("failed to finish reading the series")]
    Interrupted,
}

impl Error {
    /// An expression that has no value.
    pub fn in_expression(id: &str, cause: MathError) -> Self {
        match cause {
            MathError::Store(failure) => failure.into(),
            cause => Self::Validation(format!("Error in expression '{id}' [{cause}]")),
        }
    }
}

/// An error that every service can answer, so no model lists it.
static VALIDATION_ERROR: ErrorShape =
    ErrorShape { name: "ValidationError", code: "ValidationError", status: 400, sender: true };

impl AwsError for Error {
    fn shape(&self) -> Option<&'static ErrorShape> {
        Some(match self {
            Self::InvalidParameterValue(_) => &errors::INVALID_PARAMETER_VALUE_EXCEPTION,
            Self::InvalidParameterCombination(_) => &errors::INVALID_PARAMETER_COMBINATION_EXCEPTION,
            Self::MissingParameter(_) => &errors::MISSING_REQUIRED_PARAMETER_EXCEPTION,
            Self::Validation(_) => &VALIDATION_ERROR,
            Self::InvalidNextToken => &errors::INVALID_NEXT_TOKEN,
            Self::AlarmNotFound(_) => &errors::RESOURCE_NOT_FOUND,
            Self::InvalidFormat(_) => &errors::INVALID_FORMAT_FAULT,
            Self::ResourceNotFound(_) => &errors::RESOURCE_NOT_FOUND_EXCEPTION,
            Self::Store(_) | Self::Series(_) | Self::SeriesFailure(_) | Self::Ledger(_) | Self::Interrupted => {
                return None;
            }
        })
    }
}
