//! What was decided about a request, and by which statements.

use crate::evaluation::Source;
use crate::statement::Statement;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Allowed,
    ExplicitDeny,
    ImplicitDeny,
}

impl Outcome {
    /// AWS's `PolicyEvaluationDecisionType`.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Allowed => "allowed",
            Outcome::ExplicitDeny => "explicitDeny",
            Outcome::ImplicitDeny => "implicitDeny",
        }
    }
}

/// The kind of policy that a statement came from, or that withheld permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    Identity,
    Boundary,
    Session,
    Resource,
    /// The trust policy of the role that is the resource.
    Trust,
}

/// A statement that applied to the request.
#[derive(Clone, Copy, Debug)]
pub struct Matched<'p> {
    pub layer: Layer,
    pub source: &'p Source,
    pub statement: &'p Statement,
}

#[derive(Clone, Debug)]
pub struct Decision<'p> {
    pub outcome: Outcome,
    /// The layer that denied, explicitly or by not allowing; `None` when allowed.
    pub denied_by: Option<Layer>,
    /// The statements that decided: the denying ones alone after an explicit deny, else all that allowed.
    pub matched: Vec<Matched<'p>>,
    /// Condition keys that statements otherwise fitting the action asked for in vain, in the policies' spelling.
    pub missing_context_keys: Vec<&'p str>,
    /// Whether the permissions boundary allows the request; `None` without one.
    pub allowed_by_boundary: Option<bool>,
}

impl Decision<'_> {
    pub fn is_allowed(&self) -> bool {
        self.outcome == Outcome::Allowed
    }
}
