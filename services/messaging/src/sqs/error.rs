//! What can go wrong in SQS, in AWS's words.

use haar_platform::aws::sqs::{BatchResultErrorEntry, errors};
use haar_platform::kernel::{AwsError, ErrorShape};
use haar_platform::store::StoreError;

/// Errors of SQS; `Display` is AWS's message.
#[derive(Debug, thiserror::Error)]
pub enum SqsError {
    #[error("The specified queue does not exist.")]
    QueueDoesNotExist,
    #[error("The address {0} is not valid for this endpoint.")]
    InvalidAddress(String),
    #[error("A queue already exists with the same name and a different value for attribute {0}")]
    QueueNameExists(String),
    #[error("You must wait 60 seconds after deleting a queue before you can create another with the same name.")]
    QueueDeletedRecently,
    #[error("Unknown Attribute {0}.")]
    UnknownAttribute(String),
    #[error("{0}")]
    InvalidAttributeName(String),
    #[error("Invalid value for the parameter {0}.")]
    InvalidAttributeValue(String),
    #[error("Invalid value for the parameter {name}. Reason: {reason}")]
    InvalidAttributeValueBecause { name: &'static str, reason: &'static str },
    #[error("Value {value} for parameter {name} is invalid. Reason: {reason}")]
    InvalidParameter { name: &'static str, value: String, reason: String },
    #[error("{0}")]
    InvalidParameterValue(String),
    #[error("The request must contain the parameter {0}.")]
    MissingParameter(&'static str),
    #[error(
        "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"
    )]
    NoDeduplicationId,
    #[error("{0}")]
    InvalidMessageContents(String),
    #[error("The input receipt handle \"{0}\" is not a valid receipt handle.")]
    ReceiptHandleIsInvalid(String),
    #[error("There should be at least one {0} in the request.")]
    EmptyBatchRequest(&'static str),
    #[error("Maximum number of entries per request are 10. You have sent {0}.")]
    TooManyEntriesInBatchRequest(usize),
    #[error(
        "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 \
         letters long."
    )]
    InvalidBatchEntryId,
    #[error("Id {0} repeated.")]
    BatchEntryIdsNotDistinct(String),
    #[error("Batch requests cannot be longer than {max} bytes. You have sent {sent} bytes.")]
    BatchRequestTooLong { max: usize, sent: usize },
    #[error("Only one PurgeQueue operation on {0} is allowed every 60 seconds.")]
    PurgeQueueInProgress(String),
    #[error("{0}")]
    OverLimit(String),
    #[error("{0}")]
    ResourceNotFound(String),
    #[error("{0}")]
    UnsupportedOperation(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SqsError {
    /// "Value … for parameter … is invalid. Reason: …".
    pub fn parameter(name: &'static str, value: impl ToString, reason: impl Into<String>) -> Self {
        Self::InvalidParameter { name, value: value.to_string(), reason: reason.into() }
    }

    /// The error of one entry of a batch; an error of ours fails the whole call.
    pub fn into_entry(self, id: String) -> Result<BatchResultErrorEntry, Self> {
        let Some(shape) = self.shape() else { return Err(self) };
        // Outside batches a missing parameter has a code of its own; inside, AWS calls everything invalid.
        let code = match self {
            Self::MissingParameter(_) => errors::INVALID_PARAMETER_VALUE_EXCEPTION.code,
            _ => shape.code,
        };
        Ok(BatchResultErrorEntry {
            id,
            sender_fault: shape.sender,
            code: code.to_owned(),
            message: Some(self.to_string()),
        })
    }
}

impl AwsError for SqsError {
    fn shape(&self) -> Option<&'static ErrorShape> {
        Some(match self {
            Self::QueueDoesNotExist => &errors::QUEUE_DOES_NOT_EXIST,
            Self::InvalidAddress(_) => &errors::INVALID_ADDRESS,
            Self::QueueNameExists(_) => &errors::QUEUE_NAME_EXISTS,
            Self::QueueDeletedRecently => &errors::QUEUE_DELETED_RECENTLY,
            Self::UnknownAttribute(_) | Self::InvalidAttributeName(_) => &errors::INVALID_ATTRIBUTE_NAME,
            Self::InvalidAttributeValue(_) | Self::InvalidAttributeValueBecause { .. } => {
                &errors::INVALID_ATTRIBUTE_VALUE
            }
            Self::InvalidParameter { .. } | Self::InvalidParameterValue(_) | Self::NoDeduplicationId => {
                &errors::INVALID_PARAMETER_VALUE_EXCEPTION
            }
            Self::MissingParameter(_) => &errors::MISSING_REQUIRED_PARAMETER_EXCEPTION,
            Self::InvalidMessageContents(_) => &errors::INVALID_MESSAGE_CONTENTS,
            Self::ReceiptHandleIsInvalid(_) => &errors::RECEIPT_HANDLE_IS_INVALID,
            Self::EmptyBatchRequest(_) => &errors::EMPTY_BATCH_REQUEST,
            Self::TooManyEntriesInBatchRequest(_) => &errors::TOO_MANY_ENTRIES_IN_BATCH_REQUEST,
            Self::InvalidBatchEntryId => &errors::INVALID_BATCH_ENTRY_ID,
            Self::BatchEntryIdsNotDistinct(_) => &errors::BATCH_ENTRY_IDS_NOT_DISTINCT,
            Self::BatchRequestTooLong { .. } => &errors::BATCH_REQUEST_TOO_LONG,
            Self::PurgeQueueInProgress(_) => &errors::PURGE_QUEUE_IN_PROGRESS,
            Self::OverLimit(_) => &errors::OVER_LIMIT,
            Self::ResourceNotFound(_) => &errors::RESOURCE_NOT_FOUND_EXCEPTION,
            Self::UnsupportedOperation(_) => &errors::UNSUPPORTED_OPERATION,
            Self::Store(_) => return None,
        })
    }
}
