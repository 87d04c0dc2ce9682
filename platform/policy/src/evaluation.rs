//! Weighs all policies that apply to a request, as AWS's enforcement code does.

use std::sync::Arc;

use crate::context::{Context, Lookup};
use crate::decision::{Decision, Layer, Matched, Outcome};
use crate::document::{Document, Kind};
use crate::principal::{Grant, Principal};
use crate::statement::Effect;

/// AWS's `PolicySourceType`: where a policy is attached or who manages it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceKind {
    User,
    Group,
    Role,
    AwsManaged,
    UserManaged,
    Resource,
    None,
}

impl SourceKind {
    pub fn as_str(self) -> &'static str {
        match self {
            SourceKind::User => "user",
            SourceKind::Group => "group",
            SourceKind::Role => "role",
            SourceKind::AwsManaged => "aws-managed",
            SourceKind::UserManaged => "user-managed",
            SourceKind::Resource => "resource",
            SourceKind::None => "none",
        }
    }
}

/// A document with the name it goes by in answers (`SourcePolicyId`).
#[derive(Clone, Debug)]
pub struct Source {
    pub id: Arc<str>,
    /// A managed policy's; inline policies and those of resources have none.
    pub arn: Option<Arc<str>>,
    pub kind: SourceKind,
    pub document: Arc<Document>,
}

/// The policies that apply to one request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Policies<'p> {
    /// Of the user and its groups, or of the role: inline and managed.
    pub identity: &'p [Source],
    /// The user's or role's permissions boundary.
    pub boundary: Option<&'p Source>,
    /// The session policies, which together limit the session. `Some` of an empty list allows nothing, as after
    /// `GetFederationToken` without a policy.
    pub session: Option<&'p [Source]>,
    /// The policy of the resource. A document of [`Kind::Trust`] must allow, whatever the identity's policies say.
    pub resource: Option<&'p Source>,
}

#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    pub principal: &'a Principal,
    /// `sqs:SendMessage`; compared without case.
    pub action: &'a str,
    /// The ARN acted on, or `*` for actions without one.
    pub resource: &'a str,
    /// The account that owns the resource; `None` means the caller's own.
    pub resource_account: Option<&'a str>,
    /// The canonical user id of the caller's account, which only S3's policies name.
    pub canonical_user: Option<&'a str>,
    pub context: &'a Context<'a>,
}

impl Request<'_> {
    pub(crate) fn is_within_account(&self) -> bool {
        self.resource_account.is_none_or(|owner| self.principal.account() == Some(owner))
    }
}

/// Decides one request, following
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html>:
/// a deny anywhere wins; within an account the resource's policy or the identity's must allow, across accounts both;
/// boundary and session policies limit what the identity's policies (and those of the resource that name only its role)
/// allow. An account's root user needs no policy in its own account.
pub fn decide<'p>(policies: &Policies<'p>, request: &Request) -> Decision<'p> {
    let mut scan = Scan { request, lookup: Lookup::new(request.context), allows: Vec::new(), denies: Vec::new() };
    let resource_layer = match policies.resource {
        Some(source) if source.document.kind() == Kind::Trust => Layer::Trust,
        _ => Layer::Resource,
    };
    let identity = scan.layer(Layer::Identity, policies.identity);
    let resource = scan.layer(resource_layer, policies.resource.map_or(&[], std::slice::from_ref));
    let boundary = policies.boundary.map(|source| scan.layer(Layer::Boundary, std::slice::from_ref(source)).is_some());
    let session = policies.session.map(|sources| scan.layer(Layer::Session, sources).is_some());

    let Scan { lookup, allows, denies, .. } = scan;
    let (outcome, denied_by, matched) = if let Some(deny) = denies.first() {
        (Outcome::ExplicitDeny, Some(deny.layer), denies)
    } else {
        let verdict = Verdict { identity: identity.is_some(), boundary, session, resource, resource_layer };
        match verdict.missing_layer(request) {
            None => (Outcome::Allowed, None, allows),
            Some(layer) => (Outcome::ImplicitDeny, Some(layer), allows),
        }
    };
    Decision { outcome, denied_by, matched, missing_context_keys: lookup.missing, allowed_by_boundary: boundary }
}

struct Scan<'r, 'p> {
    request: &'r Request<'r>,
    lookup: Lookup<'r, 'p>,
    allows: Vec<Matched<'p>>,
    denies: Vec<Matched<'p>>,
}

impl<'p> Scan<'_, 'p> {
    /// Collects the statements of a layer that apply, and answers the closest Allow among them.
    fn layer(&mut self, layer: Layer, sources: &'p [Source]) -> Option<Grant> {
        let mut closest = None;
        for source in sources {
            for statement in source.document.statements() {
                let Some(grant) = statement.applies(self.request, &mut self.lookup) else {
                    continue;
                };
                let matched = Matched { layer, source, statement };
                match statement.effect() {
                    Effect::Deny => self.denies.push(matched),
                    Effect::Allow => {
                        closest = closest.max(Some(grant));
                        self.allows.push(matched);
                    }
                }
            }
        }
        closest
    }
}

/// What each layer allows, when none denies.
struct Verdict {
    identity: bool,
    boundary: Option<bool>,
    session: Option<bool>,
    resource: Option<Grant>,
    resource_layer: Layer,
}

impl Verdict {
    /// The layer whose missing Allow refuses the request; `None` when it is allowed.
    fn missing_layer(&self, request: &Request) -> Option<Layer> {
        if request.principal.account().is_none() {
            return self.missing_in_resource(Grant::ThroughRole);
        }
        let is_root = matches!(request.principal, Principal::Root { .. });
        if !request.is_within_account() {
            return self.missing_in_identity(is_root).or(self.missing_in_resource(Grant::Delegated));
        }
        if self.resource_layer == Layer::Trust && self.resource.is_none() {
            return Some(Layer::Trust);
        }
        match self.resource {
            Some(Grant::Direct) => None,
            Some(Grant::ThroughRole) => self.missing_in_limits(),
            Some(Grant::Delegated) | None => self.missing_in_identity(is_root),
        }
    }

    fn missing_in_resource(&self, at_least: Grant) -> Option<Layer> {
        if self.resource.is_some_and(|grant| grant >= at_least) { None } else { Some(self.resource_layer) }
    }

    /// Root needs no identity-based policy and has neither boundary nor session policies.
    fn missing_in_identity(&self, is_root: bool) -> Option<Layer> {
        if is_root {
            None
        } else if !self.identity {
            Some(Layer::Identity)
        } else {
            self.missing_in_limits()
        }
    }

    fn missing_in_limits(&self) -> Option<Layer> {
        if self.boundary == Some(false) {
            Some(Layer::Boundary)
        } else if self.session == Some(false) {
            Some(Layer::Session)
        } else {
            None
        }
    }
}
