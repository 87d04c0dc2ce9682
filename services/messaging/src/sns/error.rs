//! What can go wrong in SNS, in AWS's words.

use haar_platform::aws::sns::{BatchResultErrorEntry, errors};
use haar_platform::kernel::{AwsError, ErrorShape, Fault};
use haar_platform::store::StoreError;

/// Errors of SNS; `Display` is AWS's message.
#[derive(Debug, thiserror::Error)]
pub enum SnsError {
    #[error("Invalid parameter: {0}")]
    InvalidParameter(String),
    #[error("{0}")]
    ParameterValueInvalid(String),
    #[error("{0} does not exist")]
    NotFound(&'static str),
    #[error("Resource does not exist")]
    ResourceNotFound,
    #[error("{0}")]
    AuthorizationError(&'static str),
    #[error("Could not complete request: tag quota of per resource exceeded")]
    TagLimitExceeded,
    #[error("The batch request doesn't contain any entries.")]
    EmptyBatchRequest,
    #[error("The batch request contains more entries than permissible.")]
    TooManyEntriesInBatchRequest,
    #[error("Two or more batch entries in the request have the same Id.")]
    BatchEntryIdsNotDistinct,
    #[error("The Id of a batch entry in a batch request doesn't abide by the specification.")]
    InvalidBatchEntryId,
    #[error("The length of all the batch messages put together is more than the limit.")]
    BatchRequestTooLong,
    #[error("haar does not serve {0}. COMPATIBILITY.md lists what it serves.")]
    NotServed(String),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("failed to sign a message")]
    Signing(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl SnsError {
    /// "Invalid parameter: …".
    pub fn invalid(what: impl Into<String>) -> Self {
        Self::InvalidParameter(what.into())
    }

    /// "Invalid parameter: … Reason: …".
    pub fn because(what: &str, reason: impl std::fmt::Display) -> Self {
        Self::InvalidParameter(format!("{what} Reason: {reason}"))
    }

    /// The error of one entry of a batch; an error of ours fails the whole call.
    pub fn into_entry(self, id: String) -> Result<BatchResultErrorEntry, Self> {
        match self.shape() {
            None => Err(self),
            Some(shape) => Ok(BatchResultErrorEntry {
                id,
                code: shape.code.to_owned(),
                message: Some(self.to_string()),
                sender_fault: shape.sender,
            }),
        }
    }
}

impl AwsError for SnsError {
    fn shape(&self) -> Option<&'static ErrorShape> {
        Some(match self {
            Self::InvalidParameter(_) => &errors::INVALID_PARAMETER_EXCEPTION,
            Self::ParameterValueInvalid(_) => &errors::INVALID_PARAMETER_VALUE_EXCEPTION,
            Self::NotFound(_) => &errors::NOT_FOUND_EXCEPTION,
            Self::ResourceNotFound => &errors::RESOURCE_NOT_FOUND_EXCEPTION,
            Self::AuthorizationError(_) => &errors::AUTHORIZATION_ERROR_EXCEPTION,
            Self::TagLimitExceeded => &errors::TAG_LIMIT_EXCEEDED_EXCEPTION,
            Self::EmptyBatchRequest => &errors::EMPTY_BATCH_REQUEST_EXCEPTION,
            Self::TooManyEntriesInBatchRequest => &errors::TOO_MANY_ENTRIES_IN_BATCH_REQUEST_EXCEPTION,
            Self::BatchEntryIdsNotDistinct => &errors::BATCH_ENTRY_IDS_NOT_DISTINCT_EXCEPTION,
            Self::InvalidBatchEntryId => &errors::INVALID_BATCH_ENTRY_ID_EXCEPTION,
            Self::BatchRequestTooLong => &errors::BATCH_REQUEST_TOO_LONG_EXCEPTION,
            Self::NotServed(_) | Self::Store(_) | Self::Signing(_) => return None,
        })
    }

    fn into_fault(self) -> Fault {
        match (self.shape(), self) {
            (_, Self::NotServed(what)) => Fault::not_served(what),
            (Some(shape), error) => Fault::of(shape, error.to_string()),
            (None, error) => Fault::internal(error),
        }
    }
}
