//! What can go wrong in Athena, in AWS's words.

use haar_platform::aws::athena::errors;
use haar_platform::kernel::{AwsError, ErrorShape, Value};
use haar_platform::store::StoreError;

/// AWS's errors, and ours behind them.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request makes no sense, or names what is not there: the whole sentence.
    #[error("{message}")]
    InvalidRequest {
        /// What the caller reads.
        message: String,
        /// `AthenaErrorCode`, where AWS sends one.
        code: Option<&'static str>,
    },
    /// Something with a name is not there.
    #[error("{message}")]
    ResourceNotFound {
        /// What the caller reads.
        message: String,
        /// The name.
        name: String,
    },
    /// A quota of queries at work.
    #[error(
        "You have exceeded the limit for the number of queries you can run concurrently. Please reduce the number of concurrent queries submitted by this account. Contact customer support to request a concurrent query limit increase."
    )]
    TooManyRequests,
    /// The metastore did not do what it was asked: the whole sentence.
    #[error("{0}")]
    Metadata(String),
    #[error("failed to reach what Athena keeps")]
    Store(#[from] StoreError),
}

impl Error {
    /// An InvalidRequestException.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::InvalidRequest { message: message.into(), code: Some("INVALID_INPUT") }
    }

    /// An InvalidRequestException of a query text that cannot be read.
    pub fn malformed(message: impl Into<String>) -> Self {
        Self::InvalidRequest { message: message.into(), code: Some("MALFORMED_QUERY") }
    }

    /// No such workgroup.
    pub fn workgroup_not_found(name: &str) -> Self {
        Self::invalid(format!("WorkGroup {name} is not found."))
    }

    /// No such execution.
    pub fn execution_not_found(id: &str) -> Self {
        Self::invalid(format!("QueryExecution {id} was not found"))
    }

    /// No such named query.
    pub fn named_query_not_found(id: &str) -> Self {
        Self::invalid(format!("NamedQuery {id} was not found"))
    }

    /// No such prepared statement.
    pub fn statement_not_found(name: &str, workgroup: &str) -> Self {
        Self::ResourceNotFound {
            message: format!("PreparedStatement {name} was not found in workGroup {workgroup}"),
            name: name.to_owned(),
        }
    }

    /// No such data catalog.
    pub fn catalog_not_found(name: &str) -> Self {
        Self::invalid(format!("DataCatalog {name} was not found"))
    }

    /// The code under which batch operations report the error for one of their entries.
    pub fn entry_code(&self) -> Option<String> {
        match self {
            Self::InvalidRequest { code, .. } => Some(code.unwrap_or("INVALID_INPUT").to_owned()),
            Self::ResourceNotFound { .. } => Some("STATEMENT_NOT_FOUND".to_owned()),
            _ => None,
        }
    }
}

impl AwsError for Error {
    fn shape(&self) -> Option<&'static ErrorShape> {
        Some(match self {
            Self::InvalidRequest { .. } => &errors::INVALID_REQUEST_EXCEPTION,
            Self::ResourceNotFound { .. } => &errors::RESOURCE_NOT_FOUND_EXCEPTION,
            Self::TooManyRequests => &errors::TOO_MANY_REQUESTS_EXCEPTION,
            Self::Metadata(_) => &errors::METADATA_EXCEPTION,
            Self::Store(_) => return None,
        })
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        match self {
            Self::InvalidRequest { code: Some(code), .. } => {
                vec![("AthenaErrorCode", Value::String((*code).to_owned()))]
            }
            Self::ResourceNotFound { name, .. } => vec![("ResourceName", Value::String(name.clone()))],
            Self::TooManyRequests => vec![("Reason", Value::String("CONCURRENT_QUERY_LIMIT_EXCEEDED".to_owned()))],
            _ => Vec::new(),
        }
    }
}
