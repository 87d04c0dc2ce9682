//! What can go wrong in STS, in AWS's words.

use haar_platform::aws::sts::errors;
use haar_platform::kernel::{AwsError, ErrorShape};
use haar_platform::policy::Malformed;
use haar_platform::store::{StoreError, VaultError};

#[derive(Debug, thiserror::Error)]
#[expect(clippy::enum_variant_names, reason = "ValidationError is AWS's name")]
pub enum Error {
    #[error("{0}")]
    AccessDenied(String),
    #[error("{0}")]
    InvalidIdentityToken(String),
    #[error("{0}")]
    InvalidParameterValue(&'static str),
    #[error(transparent)]
    MalformedPolicyDocument(#[from] Malformed),
    #[error("Request is missing Authentication Token")]
    MissingAuthenticationToken,
    #[error("{0}")]
    PackedPolicyTooLarge(String),
    #[error("{0}")]
    ValidationError(String),
    #[error("failed to reach what STS stores")]
    Store(#[from] StoreError),
    #[error("failed to seal credentials")]
    Vault(#[from] VaultError),
    /// Documents are checked before they are stored.
    #[error("failed to read the trust policy of {role}: {cause}")]
    DamagedTrustPolicy { role: String, cause: Malformed },
}

impl AwsError for Error {
    fn shape(&self) -> Option<&'static ErrorShape> {
        match self {
            Self::AccessDenied(_) => Some(&errors::ACCESS_DENIED),
            Self::InvalidIdentityToken(_) => Some(&errors::INVALID_IDENTITY_TOKEN_EXCEPTION),
            Self::InvalidParameterValue(_) => Some(&errors::INVALID_PARAMETER_VALUE),
            Self::MalformedPolicyDocument(_) => Some(&errors::MALFORMED_POLICY_DOCUMENT_EXCEPTION),
            Self::MissingAuthenticationToken => Some(&errors::MISSING_AUTHENTICATION_TOKEN),
            Self::PackedPolicyTooLarge(_) => Some(&errors::PACKED_POLICY_TOO_LARGE_EXCEPTION),
            Self::ValidationError(_) => Some(&errors::VALIDATION_ERROR),
            Self::Store(_) | Self::Vault(_) | Self::DamagedTrustPolicy { .. } => None,
        }
    }
}

impl Error {
    /// MFA devices are not kept here, so no code can be right: AWS's answer for a device that it does not know.
    pub fn unknown_mfa_device() -> Self {
        Self::AccessDenied(
            "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is \
             valid and associated with this user."
                .into(),
        )
    }
}
