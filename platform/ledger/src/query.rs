//! Which lines to read.

use haar_kernel::Timestamp;

use crate::line::Line;

/// A question to the ledger. Everything that is given must hold; the default asks for all lines, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// Calls that arrived then or later.
    pub since: Option<Timestamp>,
    /// Calls that arrived before.
    pub until: Option<Timestamp>,
    /// `sqs`.
    pub service: Option<String>,
    /// `SendMessage`.
    pub operation: Option<String>,
    /// Twelve digits.
    pub account: Option<String>,
    /// `us-east-1`.
    pub region: Option<String>,
    /// All of it.
    pub caller_arn: Option<String>,
    /// How the call ended.
    pub outcome: Option<OutcomeFilter>,
    /// Only calls that `--iam observe` would have refused.
    pub would_deny: bool,
    /// Newest first instead of oldest first, by when the calls ended.
    pub newest_first: bool,
    /// Stops after that many lines.
    pub limit: Option<usize>,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutcomeFilter {
    /// It worked.
    Succeeded,
    /// It did not.
    Failed,
    /// It failed with this code of AWS's: `AccessDenied`.
    Code(String),
}

impl Query {
    pub(crate) fn matches(&self, line: &Line) -> bool {
        let is = |wanted: &Option<String>, found: &str| wanted.as_ref().is_none_or(|wanted| wanted == found);
        self.since.is_none_or(|since| line.time >= since)
            && self.until.is_none_or(|until| line.time < until)
            && is(&self.service, &line.service)
            && is(&self.operation, &line.operation)
            && is(&self.account, &line.account)
            && is(&self.region, &line.region)
            && is(&self.caller_arn, &line.caller.arn)
            && self.outcome.as_ref().is_none_or(|outcome| outcome.matches(line))
            && (!self.would_deny || line.would_deny.is_some())
    }
}

impl OutcomeFilter {
    fn matches(&self, line: &Line) -> bool {
        match self {
            Self::Succeeded => line.outcome.failure.is_none(),
            Self::Failed => line.outcome.failure.is_some(),
            Self::Code(code) => line.outcome.code() == Some(code),
        }
    }
}
