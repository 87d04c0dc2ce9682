//! What can go wrong in the Data Catalog, in AWS's words.

use haar_platform::aws::glue::{self as aws, errors};
use haar_platform::kernel::{AwsError, ErrorShape};
use haar_platform::store::{StoreError, VaultError};

use super::name::{DatabaseName, FunctionName, TableName};

/// AWS's errors, and ours behind them.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something of that name, or those values, is there.
    #[error("{0} already exists.")]
    AlreadyExists(String),
    /// Something is not there: the whole sentence.
    #[error("{0}")]
    EntityNotFound(String),
    /// The request makes no sense.
    #[error("{0}")]
    InvalidInput(String),
    /// What is stored does not allow it.
    #[error("{0}")]
    InvalidState(String),
    /// The table has changed since the caller read it.
    #[error("Update table failed due to concurrent modifications.")]
    ConcurrentModification,
    /// The partition index is being built.
    #[error("{0}")]
    Conflict(String),
    /// A condition on the resource policy does not hold.
    #[error("{0}")]
    ConditionCheckFailure(String),
    /// A quota: what there are too many of.
    #[error("Number of {0} exceeds the account limit.")]
    ResourceNumberLimitExceeded(&'static str),
    /// The crawler crawls already.
    #[error("{0}")]
    CrawlerRunning(String),
    /// The crawler does not crawl.
    #[error("{0}")]
    CrawlerNotRunning(String),
    /// Somebody has stopped the crawler already.
    #[error("{0}")]
    CrawlerStopping(String),
    /// The crawler has no schedule.
    #[error("{0}")]
    NoSchedule(String),
    /// The crawler's schedule runs already.
    #[error("{0}")]
    SchedulerRunning(String),
    /// The crawler's schedule does not run.
    #[error("{0}")]
    SchedulerNotRunning(String),
    /// The crawler has changed since it was read.
    #[error("{0}")]
    VersionMismatch(String),
    #[error("failed to reach the catalog")]
    Store(#[from] StoreError),
    #[error("failed to seal or open a connection's secret")]
    Vault(#[from] VaultError),
    #[error("failed to read a connection's secret as text")]
    NotText(#[from] std::string::FromUtf8Error),
}

impl Error {
    /// An InvalidInputException.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::InvalidInput(message.into())
    }

    /// The catalog of no account.
    pub fn catalog_not_found(id: &str) -> Self {
        Self::EntityNotFound(format!("Catalog {id} not found."))
    }

    /// No such database.
    pub fn database_not_found(name: &DatabaseName) -> Self {
        Self::EntityNotFound(format!("Database {name} not found."))
    }

    /// No such table.
    pub fn table_not_found(name: &TableName) -> Self {
        Self::EntityNotFound(format!("Table {name} not found."))
    }

    /// No such function.
    pub fn function_not_found(name: &FunctionName) -> Self {
        Self::EntityNotFound(format!("Function {name} not found."))
    }

    /// No such version of a table.
    pub fn version_not_found() -> Self {
        Self::EntityNotFound("Version not found.".into())
    }

    /// No such partition.
    pub fn partition_not_found() -> Self {
        Self::EntityNotFound("Cannot find partition.".into())
    }

    /// As batch operations report it for one of their entries; `None` when we are broken, which fails the batch.
    pub fn detail(&self) -> Option<aws::ErrorDetail> {
        let shape = self.shape()?;
        Some(aws::ErrorDetail { error_code: Some(shape.name.to_owned()), error_message: Some(self.to_string()) })
    }
}

impl AwsError for Error {
    fn shape(&self) -> Option<&'static ErrorShape> {
        Some(match self {
            Self::AlreadyExists(_) => &errors::ALREADY_EXISTS_EXCEPTION,
            Self::EntityNotFound(_) => &errors::ENTITY_NOT_FOUND_EXCEPTION,
            Self::InvalidInput(_) => &errors::INVALID_INPUT_EXCEPTION,
            Self::InvalidState(_) => &errors::INVALID_STATE_EXCEPTION,
            Self::ConcurrentModification => &errors::CONCURRENT_MODIFICATION_EXCEPTION,
            Self::Conflict(_) => &errors::CONFLICT_EXCEPTION,
            Self::ConditionCheckFailure(_) => &errors::CONDITION_CHECK_FAILURE_EXCEPTION,
            Self::ResourceNumberLimitExceeded(_) => &errors::RESOURCE_NUMBER_LIMIT_EXCEEDED_EXCEPTION,
            Self::CrawlerRunning(_) => &errors::CRAWLER_RUNNING_EXCEPTION,
            Self::CrawlerNotRunning(_) => &errors::CRAWLER_NOT_RUNNING_EXCEPTION,
            Self::CrawlerStopping(_) => &errors::CRAWLER_STOPPING_EXCEPTION,
            Self::NoSchedule(_) => &errors::NO_SCHEDULE_EXCEPTION,
            Self::SchedulerRunning(_) => &errors::SCHEDULER_RUNNING_EXCEPTION,
            Self::SchedulerNotRunning(_) => &errors::SCHEDULER_NOT_RUNNING_EXCEPTION,
            Self::VersionMismatch(_) => &errors::VERSION_MISMATCH_EXCEPTION,
            Self::Store(_) | Self::Vault(_) | Self::NotText(_) => return None,
        })
    }
}
