//! What can go wrong in Lambda, in AWS's words.

use haar_platform::aws::lambda::{ThrottleReason, errors};
use haar_platform::kernel::{AwsError, ErrorShape, Fault, Value};
use haar_platform::store::{StoreError, VaultError};

/// Errors of Lambda; `Display` is AWS's message.
#[derive(Debug, thiserror::Error)]
pub enum LambdaError {
    #[error("Function not found: {0}")]
    FunctionNotFound(String),
    #[error("{0}")]
    ResourceNotFound(String),
    #[error("{0}")]
    ResourceConflict(String),
    #[error("{0}")]
    InvalidParameterValue(String),
    #[error("{0}")]
    InvalidRequestContent(String),
    #[error("Could not unzip uploaded file. Please check your file, then try to upload again.")]
    NotAZip,
    #[error("{0}")]
    RequestTooLarge(String),
    #[error(
        "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve \
         the latest Revision Id"
    )]
    PreconditionFailed,
    #[error("{0}")]
    PolicyLengthExceeded(String),
    #[error("Rate Exceeded.")]
    TooManyRequests(ThrottleReason),
    /// The environment of a function could not be made, by its configuration.
    #[error("{0}")]
    InvalidRuntime(String),
    #[error("{0}")]
    AccessDenied(String),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error("{0}")]
    Broken(String),
    /// Another service's answer that is ours too.
    #[error("{0}")]
    Passed(Box<Fault>),
}

impl LambdaError {
    /// InvalidParameterValueException.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::InvalidParameterValue(message.into())
    }

    /// What GetPolicy and others answer for something that is not there.
    pub fn no_such_resource() -> Self {
        Self::ResourceNotFound("The resource you requested does not exist.".into())
    }
}

impl From<Fault> for LambdaError {
    fn from(fault: Fault) -> Self {
        Self::Passed(Box::new(fault))
    }
}

impl AwsError for LambdaError {
    fn shape(&self) -> Option<&'static ErrorShape> {
        Some(match self {
            Self::FunctionNotFound(_) | Self::ResourceNotFound(_) => &errors::RESOURCE_NOT_FOUND_EXCEPTION,
            Self::ResourceConflict(_) => &errors::RESOURCE_CONFLICT_EXCEPTION,
            Self::InvalidParameterValue(_) | Self::NotAZip => &errors::INVALID_PARAMETER_VALUE_EXCEPTION,
            Self::InvalidRequestContent(_) => &errors::INVALID_REQUEST_CONTENT_EXCEPTION,
            Self::RequestTooLarge(_) => &errors::REQUEST_TOO_LARGE_EXCEPTION,
            Self::PreconditionFailed => &errors::PRECONDITION_FAILED_EXCEPTION,
            Self::PolicyLengthExceeded(_) => &errors::POLICY_LENGTH_EXCEEDED_EXCEPTION,
            Self::TooManyRequests(_) => &errors::TOO_MANY_REQUESTS_EXCEPTION,
            Self::InvalidRuntime(_) => &errors::INVALID_RUNTIME_EXCEPTION,
            Self::AccessDenied(_) | Self::Passed(_) | Self::Store(_) | Self::Vault(_) | Self::Broken(_) => return None,
        })
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        let text = |value: &str| Value::String(value.to_owned());
        match self {
            Self::TooManyRequests(reason) => vec![("Reason", text(reason.as_str())), ("Type", text("User"))],
            Self::InvalidRuntime(_) => vec![("Type", text("Service"))],
            _ => vec![("Type", text("User"))],
        }
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::TooManyRequests(_) => vec![("retry-after", "1".to_owned())],
            _ => Vec::new(),
        }
    }

    fn into_fault(self) -> Fault {
        match self {
            Self::Passed(fault) => *fault,
            Self::AccessDenied(message) => Fault::common("AccessDeniedException", 403, message),
            error => match error.shape() {
                Some(shape) => {
                    let mut fault = Fault::of(shape, error.to_string());
                    fault.fields = error.fields();
                    error.headers().into_iter().for_each(|(name, value)| fault.headers.push(name, value));
                    fault
                }
                None => Fault::internal(error),
            },
        }
    }
}
