//! Why a delivery failed, and whether it is worth another attempt.

use haar_platform::kernel::Fault;

use super::error::SnsError;

/// See the module's documentation.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    pub code: String,
    pub message: String,
    /// It would fail again: the endpoint is gone, or does not let us in.
    pub lasting: bool,
}

/// Codes of faults that are the caller's and pass all the same.
const PASSING: [&str; 5] =
    ["RequestThrottled", "ThrottlingException", "TooManyRequestsException", "KmsThrottled", "ServiceUnavailable"];

impl Failure {
    /// It may work later.
    pub fn passing(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), lasting: false }
    }

    /// It never will.
    pub fn lasting(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { lasting: true, ..Self::passing(code, message) }
    }
}

/// "Client-side errors" are not tried again, "server-side errors" are.
/// <https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html>
impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        let lasting = (fault.sender || fault.is_not_served()) && !PASSING.contains(&&*fault.name);
        Self { code: fault.code.into_owned(), message: fault.message, lasting }
    }
}

impl From<SnsError> for Failure {
    fn from(error: SnsError) -> Self {
        Fault::from(error).into()
    }
}
