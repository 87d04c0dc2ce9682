//! What can go wrong in IAM, in AWS's words.

use haar_platform::aws::iam::errors;
use haar_platform::kernel::{AwsError, ErrorShape};
use haar_platform::policy::Malformed;
use haar_platform::store::{StoreError, VaultError};

use super::model::Kind;

#[derive(Debug, thiserror::Error)]
#[expect(clippy::enum_variant_names, reason = "AWS's name")]
pub enum Error {
    #[error("{0}")]
    NoSuchEntity(String),
    #[error("{0}")]
    EntityAlreadyExists(String),
    #[error("{0}")]
    DeleteConflict(String),
    #[error("{0}")]
    LimitExceeded(String),
    #[error("{0}")]
    InvalidInput(String),
    #[error("{0}")]
    ValidationError(String),
    #[error("{0}")]
    UnmodifiableEntity(String),
    #[error("{0}")]
    PolicyNotAttachable(String),
    #[error(transparent)]
    MalformedPolicyDocument(#[from] Malformed),
    #[error("failed to reach what IAM stores")]
    Store(#[from] StoreError),
    #[error("failed to seal a secret")]
    Vault(#[from] VaultError),
}

impl AwsError for Error {
    fn shape(&self) -> Option<&'static ErrorShape> {
        match self {
            Self::NoSuchEntity(_) => Some(&errors::NO_SUCH_ENTITY_EXCEPTION),
            Self::EntityAlreadyExists(_) => Some(&errors::ENTITY_ALREADY_EXISTS_EXCEPTION),
            Self::DeleteConflict(_) => Some(&errors::DELETE_CONFLICT_EXCEPTION),
            Self::LimitExceeded(_) => Some(&errors::LIMIT_EXCEEDED_EXCEPTION),
            Self::InvalidInput(_) => Some(&errors::INVALID_INPUT_EXCEPTION),
            Self::ValidationError(_) => Some(&errors::VALIDATION_ERROR),
            Self::UnmodifiableEntity(_) => Some(&errors::UNMODIFIABLE_ENTITY_EXCEPTION),
            Self::PolicyNotAttachable(_) => Some(&errors::POLICY_NOT_ATTACHABLE_EXCEPTION),
            Self::MalformedPolicyDocument(_) => Some(&errors::MALFORMED_POLICY_DOCUMENT_EXCEPTION),
            Self::Store(_) | Self::Vault(_) => None,
        }
    }
}

impl Error {
    /// There is no entity of that name.
    pub fn no_such(kind: Kind, name: &str) -> Self {
        Self::NoSuchEntity(match kind {
            Kind::User => format!("The user with name {name} cannot be found."),
            Kind::Group => format!("The group with name {name} cannot be found."),
            Kind::Role => format!("The role with name {name} cannot be found."),
            Kind::InstanceProfile => format!("Instance Profile {name} cannot be found."),
            Kind::Policy => format!("Policy {name} was not found."),
        })
    }

    /// There is one already, perhaps in another case.
    pub fn already_exists(kind: Kind, name: &str) -> Self {
        Self::EntityAlreadyExists(match kind {
            Kind::User => format!("User with name {name} already exists."),
            Kind::Group => format!("Group with name {name} already exists."),
            Kind::Role => format!("Role with name {name} already exists."),
            Kind::InstanceProfile => format!("Instance Profile {name} already exists."),
            Kind::Policy => format!("A policy called {name} already exists. Duplicate names are not allowed."),
        })
    }

    /// A quota of IAM's, by the name and value that the message gives.
    pub fn over_quota(quota: &str, maximum: usize) -> Self {
        Self::LimitExceeded(format!("Cannot exceed quota for {quota}: {maximum}"))
    }

    /// Something has to go before the entity can.
    pub fn must_first(what: &str) -> Self {
        Self::DeleteConflict(format!("Cannot delete entity, must {what} first."))
    }

    /// A managed policy that cannot be attached, or used as a boundary, because it is not there.
    pub fn not_attachable(arn: &str) -> Self {
        Self::NoSuchEntity(format!("Policy {arn} does not exist or is not attachable."))
    }
}
