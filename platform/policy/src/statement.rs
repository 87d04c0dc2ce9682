//! One statement, compiled, and whether it applies to a request.

use crate::condition::Condition;
use crate::context::Lookup;
use crate::evaluation::Request;
use crate::json::Position;
use crate::pattern::Pattern;
use crate::principal::{Grant, PrincipalElement};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    Allow,
    Deny,
}

/// A list of patterns under `Action` or `Resource`, or under `NotAction` or `NotResource` when negated.
#[derive(Debug)]
pub(crate) struct Patterns {
    pub list: Box<[Pattern]>,
    pub negated: bool,
}

#[derive(Debug)]
pub struct Statement {
    pub(crate) sid: Option<Box<str>>,
    pub(crate) effect: Effect,
    /// Identity-based policies have none: they apply to whom they are attached to.
    pub(crate) principal: Option<PrincipalElement>,
    pub(crate) actions: Patterns,
    /// Trust policies have none: they apply to the role they belong to.
    pub(crate) resources: Option<Patterns>,
    pub(crate) conditions: Box<[Condition]>,
    pub(crate) start: Position,
    pub(crate) end: Position,
}

impl Statement {
    pub fn sid(&self) -> Option<&str> {
        self.sid.as_deref()
    }

    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// Where the statement begins in the document's text, as `SimulatePrincipalPolicy` tells it.
    pub fn start(&self) -> Position {
        self.start
    }

    /// Just behind the statement's last character.
    pub fn end(&self) -> Position {
        self.end
    }

    /// Whether the statement applies, and how closely it names the caller.
    pub(crate) fn applies<'p>(&'p self, request: &Request, lookup: &mut Lookup<'_, 'p>) -> Option<Grant> {
        let action_fits = self.actions.list.iter().any(|pattern| pattern.fits(request.action, lookup).unwrap_or(false));
        if action_fits == self.actions.negated {
            return None;
        }
        let grant = self.names(request)?;
        if !self.covers(request.resource, lookup) {
            return None;
        }
        // All are asked, so that every missing key gets reported.
        let holding = self.conditions.iter().filter(|condition| condition.holds(lookup)).count();
        (holding == self.conditions.len()).then_some(grant)
    }

    fn names(&self, request: &Request) -> Option<Grant> {
        match (&self.principal, self.effect) {
            (None, _) => Some(Grant::Direct),
            (Some(element), Effect::Allow) => element.grants(request.principal, request.canonical_user),
            (Some(element), Effect::Deny) => {
                element.binds(request.principal, request.canonical_user).then_some(Grant::Direct)
            }
        }
    }

    /// A policy variable without a value makes its pattern fit nothing. In `NotResource` that would widen an Allow to
    /// what it was to leave out, so such an Allow does not apply, and such a Deny does.
    fn covers<'p>(&'p self, resource: &str, lookup: &mut Lookup<'_, 'p>) -> bool {
        let Some(resources) = &self.resources else { return true };
        if !resources.negated {
            return resources.list.iter().any(|pattern| pattern.fits(resource, lookup).unwrap_or(false));
        }
        let unknown = self.effect == Effect::Allow;
        !resources.list.iter().any(|pattern| pattern.fits(resource, lookup).unwrap_or(unknown))
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        let in_resources = self.resources.iter().flat_map(|resources| resources.list.iter().flat_map(Pattern::keys));
        in_resources.chain(self.conditions.iter().flat_map(Condition::keys))
    }
}
