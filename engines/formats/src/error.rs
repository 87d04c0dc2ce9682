//! Why a file of the lake cannot be read, in Athena's words.

use haar_kernel::objects::ObjectsError;

/// A failure: Athena's name for it, then what happened. Displayed as Athena's `StateChangeReason` has it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {message}")]
pub struct FormatError {
    /// `HIVE_BAD_DATA`, `HIVE_CURSOR_ERROR`, ….
    pub name: &'static str,
    /// What happened, for the person who asked.
    pub message: String,
}

impl FormatError {
    /// A value is not what its column says.
    pub fn bad_data(message: impl Into<String>) -> FormatError {
        FormatError { name: "HIVE_BAD_DATA", message: message.into() }
    }

    /// A file is not what its format says: reading cannot go on.
    pub fn cursor(message: impl Into<String>) -> FormatError {
        FormatError { name: "HIVE_CURSOR_ERROR", message: message.into() }
    }

    /// A file cannot be opened as what it is said to be.
    pub fn open_split(message: impl Into<String>) -> FormatError {
        FormatError { name: "HIVE_CANNOT_OPEN_SPLIT", message: message.into() }
    }

    /// The table's description makes no sense.
    pub fn invalid_metadata(message: impl Into<String>) -> FormatError {
        FormatError { name: "HIVE_INVALID_METADATA", message: message.into() }
    }

    /// The table's description names a format that is not served.
    pub fn unsupported_format(message: impl Into<String>) -> FormatError {
        FormatError { name: "HIVE_UNSUPPORTED_FORMAT", message: message.into() }
    }

    /// The table's description names a SerDe that nobody knows.
    pub fn serde_not_found(message: impl Into<String>) -> FormatError {
        FormatError { name: "HIVE_SERDE_NOT_FOUND", message: message.into() }
    }
}

impl From<ObjectsError> for FormatError {
    fn from(error: ObjectsError) -> FormatError {
        FormatError::open_split(error.to_string())
    }
}
