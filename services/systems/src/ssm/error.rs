//! What can go wrong in Parameter Store, in AWS's words.

use haar_platform::aws::ssm::errors;
use haar_platform::kernel::{AwsError, ErrorShape};
use haar_platform::store::{StoreError, VaultError};

/// AWS's errors. `Display` is AWS's message: of the service where it is known from it, otherwise of its API reference.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Anything that AWS answers with a plain ValidationException.
    #[error("{0}")]
    Validation(String),
    /// The `/aws` namespace belongs to AWS.
    #[error("No access to reserved parameter name: {0}.")]
    AccessDenied(String),
    #[error("A hierarchy can have a maximum of 15 levels.")]
    HierarchyLevelLimitExceeded,
    #[error(
        "Parameter Store doesn't support changing a parameter type in a hierarchy. For example, you can't change a \
         parameter from a String type to a SecureString type. You must create a new, unique parameter."
    )]
    HierarchyTypeMismatch,
    #[error("{0}")]
    IncompatiblePolicy(&'static str),
    #[error("The request does not meet the regular expression requirement.")]
    InvalidAllowedPattern,
    #[error("{0}")]
    InvalidFilterKey(String),
    #[error("{0}")]
    InvalidFilterOption(String),
    #[error("{0}")]
    InvalidFilterValue(String),
    #[error("The specified token isn't valid.")]
    InvalidNextToken,
    #[error("{0}")]
    InvalidPolicyAttribute(String),
    #[error("Policy type {0} is not supported.")]
    InvalidPolicyType(String),
    #[error("The resource ID isn't valid. Verify that you entered the correct ID and try again.")]
    InvalidResourceId,
    #[error("The parameter already exists. To overwrite this value, set the overwrite option in the request to true.")]
    ParameterAlreadyExists,
    #[error(
        "You have exceeded the number of parameters for this AWS account. Delete one or more parameters and try again."
    )]
    ParameterLimitExceeded,
    #[error(
        "You attempted to create a new version of {name} by calling the PutParameter API with the overwrite flag. \
         Version {oldest}, the oldest version, can't be deleted because it has a label associated with it. Move the \
         label to another version of the parameter, and try again."
    )]
    ParameterMaxVersionLimitExceeded {
        /// The parameter.
        name: String,
        /// The version in the way.
        oldest: i64,
    },
    /// AWS sends no message with it.
    #[error("")]
    ParameterNotFound,
    #[error("Parameter value, cannot be validated against allowedPattern: {0}")]
    ParameterPatternMismatch(String),
    #[error("A parameter version can have maximum 10 labels.Move one or more labels to another version and try again.")]
    ParameterVersionLabelLimitExceeded,
    #[error("Systems Manager could not find version {version} of {name}. Verify the version and try again.")]
    ParameterVersionNotFound {
        /// The parameter.
        name: String,
        /// A number, or a label.
        version: String,
    },
    #[error("Number of policies attached to a parameter cannot exceed 10")]
    PoliciesLimitExceeded,
    #[error("The Targets parameter includes too many tags. Remove one or more tags and try the command again.")]
    TooManyTags,
    #[error("failed to reach the parameters")]
    Store(#[from] StoreError),
    #[error("failed to seal or open a SecureString")]
    Vault(#[from] VaultError),
    /// A sealed value that is no text: we are broken.
    #[error("failed to read a SecureString as text")]
    NotText(#[from] std::string::FromUtf8Error),
}

impl Error {
    /// A ValidationException.
    pub fn validation(message: impl Into<String>) -> Self {
        Self::Validation(message.into())
    }
}

/// Errors that every service can answer, so no model lists them.
static VALIDATION_EXCEPTION: ErrorShape = common("ValidationException");
static ACCESS_DENIED_EXCEPTION: ErrorShape = common("AccessDeniedException");

const fn common(name: &'static str) -> ErrorShape {
    ErrorShape { name, code: name, status: 400, sender: true }
}

impl AwsError for Error {
    fn shape(&self) -> Option<&'static ErrorShape> {
        Some(match self {
            Self::Validation(_) => &VALIDATION_EXCEPTION,
            Self::AccessDenied(_) => &ACCESS_DENIED_EXCEPTION,
            Self::HierarchyLevelLimitExceeded => &errors::HIERARCHY_LEVEL_LIMIT_EXCEEDED_EXCEPTION,
            Self::HierarchyTypeMismatch => &errors::HIERARCHY_TYPE_MISMATCH_EXCEPTION,
            Self::IncompatiblePolicy(_) => &errors::INCOMPATIBLE_POLICY_EXCEPTION,
            Self::InvalidAllowedPattern => &errors::INVALID_ALLOWED_PATTERN_EXCEPTION,
            Self::InvalidFilterKey(_) => &errors::INVALID_FILTER_KEY,
            Self::InvalidFilterOption(_) => &errors::INVALID_FILTER_OPTION,
            Self::InvalidFilterValue(_) => &errors::INVALID_FILTER_VALUE,
            Self::InvalidNextToken => &errors::INVALID_NEXT_TOKEN,
            Self::InvalidPolicyAttribute(_) => &errors::INVALID_POLICY_ATTRIBUTE_EXCEPTION,
            Self::InvalidPolicyType(_) => &errors::INVALID_POLICY_TYPE_EXCEPTION,
            Self::InvalidResourceId => &errors::INVALID_RESOURCE_ID,
            Self::ParameterAlreadyExists => &errors::PARAMETER_ALREADY_EXISTS,
            Self::ParameterLimitExceeded => &errors::PARAMETER_LIMIT_EXCEEDED,
            Self::ParameterMaxVersionLimitExceeded { .. } => &errors::PARAMETER_MAX_VERSION_LIMIT_EXCEEDED,
            Self::ParameterNotFound => &errors::PARAMETER_NOT_FOUND,
            Self::ParameterPatternMismatch(_) => &errors::PARAMETER_PATTERN_MISMATCH_EXCEPTION,
            Self::ParameterVersionLabelLimitExceeded => &errors::PARAMETER_VERSION_LABEL_LIMIT_EXCEEDED,
            Self::ParameterVersionNotFound { .. } => &errors::PARAMETER_VERSION_NOT_FOUND,
            Self::PoliciesLimitExceeded => &errors::POLICIES_LIMIT_EXCEEDED_EXCEPTION,
            Self::TooManyTags => &errors::TOO_MANY_TAGS_ERROR,
            Self::Store(_) | Self::Vault(_) | Self::NotText(_) => return None,
        })
    }
}
