//! Why an execution did not work, in Athena's words.
//!
//! Categories and types are those of <https://docs.aws.amazon.com/athena/latest/ug/error-reference.html>, as far as
//! one is known for a cause: the system's errors are 200, the users' 1006, and a lack of permission 1100.

use haar_platform::kernel::{AwsError, Fault};
use haar_sql::SqlError;

use crate::athena::error::Error;
use crate::athena::model::Failure;

/// The error of an engine that is told to look at what the caller may not see; its message is the whole reason.
pub const PERMISSION_DENIED: &str = "PERMISSION_DENIED";

/// The engine's error for a query that reads more than its workgroup lets it.
const SCAN_LIMIT: &str = "EXCEEDED_SCAN_LIMIT";

const SYSTEM: i32 = 1;
const USER: i32 = 2;

/// The type of a lack of permission.
const DENIED: i32 = 1100;

impl Failure {
    /// The user's.
    pub fn user(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), category: USER, kind: 1006, retryable: false, cancelled: false }
    }

    /// Not let go on.
    pub fn cancelled(reason: impl Into<String>) -> Self {
        Self { cancelled: true, ..Self::user(reason) }
    }

    /// Something that the caller may not do.
    pub fn denied(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), category: USER, kind: DENIED, retryable: false, cancelled: false }
    }

    /// Whether it is about something that the caller may not do.
    pub fn is_denial(&self) -> bool {
        self.kind == DENIED
    }

    /// Ours.
    pub fn system(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), category: SYSTEM, kind: 200, retryable: true, cancelled: false }
    }

    /// As Hive's tasks report what the catalog said: `FAILED: Execution Error, return code 1 …`.
    pub fn of_task(message: impl std::fmt::Display) -> Self {
        Self::user(format!(
            "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. {message}"
        ))
    }

    /// As Hive's analyzer reports what makes no sense.
    pub fn semantic(message: impl std::fmt::Display) -> Self {
        Self::user(format!("FAILED: SemanticException {message}"))
    }

    /// What another service answered.
    pub fn of_call(fault: &Fault) -> Self {
        if fault.name == "AccessDeniedException" || fault.code == "AccessDenied" {
            return Self::denied(format!("Insufficient permissions to execute the query. {}", fault.message));
        }
        if fault.sender { Self::user(format!("{}: {}", fault.name, fault.message)) } else { Self::internal(fault) }
    }

    /// We are broken: the cause goes to the log.
    pub fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(%cause, "an execution failed for a reason of ours");
        Self::system("GENERIC_INTERNAL_ERROR: Query failed with an internal error")
    }
}

impl From<SqlError> for Failure {
    fn from(error: SqlError) -> Self {
        match error.name {
            PERMISSION_DENIED => Self::denied(error.message),
            SCAN_LIMIT => Self::cancelled(format!("Query cancelled! : {}", error.message)),
            "GENERIC_INTERNAL_ERROR" => Self { retryable: false, ..Self::system(error.to_string()) },
            name if name.starts_with("EXCEEDED_") => {
                Self { reason: error.to_string(), category: SYSTEM, kind: 3, retryable: true, cancelled: false }
            }
            _ => Self::user(error.to_string()),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        if error.shape().is_some() { Self::user(error.to_string()) } else { Self::internal(&error) }
    }
}
