//! What can go wrong in EventBridge Scheduler, in AWS's words.

use haar_platform::aws::scheduler::errors;
use haar_platform::kernel::{AwsError, ErrorShape, Fault};
use haar_platform::store::StoreError;

/// Errors of Scheduler; `Display` is AWS's message.
#[derive(Debug, thiserror::Error)]
pub enum SchedulerError {
    #[error("{0}")]
    Validation(String),
    #[error("Schedule {0} already exists.")]
    ScheduleExists(String),
    #[error("Schedule group {0} already exists.")]
    GroupExists(String),
    #[error("Schedule {0} does not exist.")]
    NoSchedule(String),
    #[error("Schedule group {0} does not exist.")]
    NoGroup(String),
    #[error("{0}")]
    QuotaExceeded(String),
    #[error("haar does not serve {0}. COMPATIBILITY.md lists what it serves.")]
    NotServed(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SchedulerError {
    /// A ValidationException.
    pub fn validation(message: impl Into<String>) -> Self {
        Self::Validation(message.into())
    }
}

impl AwsError for SchedulerError {
    fn shape(&self) -> Option<&'static ErrorShape> {
        Some(match self {
            Self::Validation(_) => &errors::VALIDATION_EXCEPTION,
            Self::ScheduleExists(_) | Self::GroupExists(_) => &errors::CONFLICT_EXCEPTION,
            Self::NoSchedule(_) | Self::NoGroup(_) => &errors::RESOURCE_NOT_FOUND_EXCEPTION,
            Self::QuotaExceeded(_) => &errors::SERVICE_QUOTA_EXCEEDED_EXCEPTION,
            Self::NotServed(_) | Self::Store(_) => return None,
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
