//! May this caller do this, to these resources? AWS's evaluation, over the caller's own policies and those of the
//! resources.

use std::sync::Arc;

use haar_platform::kernel::access::{Access, Resource};
use haar_platform::kernel::caller::Permissions;
use haar_platform::kernel::schema::{Model, Operation, Protocol};
use haar_platform::kernel::{Authority, Ctx, Fault};
use haar_platform::policy::{Context, Policies, Principal, Request, Values, decide, denial};
use haar_wire::sigv4::AuthError;

use crate::identify;

/// How strictly policies are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IamMode {
    /// As on AWS.
    #[default]
    Enforce,
    /// Nothing is denied; the ledger says what would have been.
    Observe,
    /// Policies are not looked at.
    Off,
}

/// A refusal.
#[derive(Clone, Debug)]
pub struct Denial {
    /// `sqs:SendMessage`.
    pub action: String,
    /// The ARN that it was asked for.
    pub resource: String,
    /// AWS's words.
    pub message: String,
}

/// Stands between a call and its operation.
pub struct Guard {
    /// Knows the callers' policies.
    pub authority: Arc<dyn Authority>,
    /// How strictly they are taken.
    pub mode: IamMode,
}

impl Guard {
    /// Lets the call through, or denies it in AWS's words. In observe mode the denial comes back beside the permission.
    pub fn authorize(
        &self,
        ctx: &Ctx,
        model: &Model,
        operation: &Operation,
        access: &Access,
    ) -> Result<Option<Denial>, Fault> {
        if self.mode == IamMode::Off || access.resources.is_empty() {
            return Ok(None);
        }
        let permissions = self.authority.permissions(&ctx.caller);
        let own_action = format!("{}:{}", model.service, operation.name);
        let action = access.action.unwrap_or(&own_action);
        let refused = access
            .resources
            .iter()
            .find_map(|resource| refused(ctx, &permissions, resource.action.unwrap_or(action), access, resource));
        match refused {
            None => Ok(None),
            Some(denial) if self.mode == IamMode::Observe => Ok(Some(denial)),
            Some(denial) => Err(denied(ctx, model, denial)),
        }
    }
}

/// The denial, if there is one.
fn refused(ctx: &Ctx, permissions: &Permissions, action: &str, access: &Access, resource: &Resource) -> Option<Denial> {
    let principal = &ctx.caller.principal;
    let lazy = |key: &str| late_key(ctx, resource, key);
    let mut context = Context::of_principal(principal).or_else(&lazy);
    for (key, value) in &ctx.caller.keys {
        context.set(key.as_str(), value.as_str());
    }
    for (key, values) in &access.keys {
        match values.as_slice() {
            [value] if !key.eq_ignore_ascii_case("aws:TagKeys") => context.set(key.as_str(), value.as_str()),
            values => context.set(key.as_str(), values.iter().map(String::as_str).collect::<Values>()),
        }
    }
    let policies = Policies {
        identity: &permissions.identity,
        boundary: permissions.boundary.as_ref(),
        session: permissions.session.as_deref(),
        resource: resource.policy.as_ref(),
    };
    let request = Request {
        principal,
        action,
        resource: &resource.arn,
        resource_account: resource.account.as_deref(),
        canonical_user: None,
        context: &context,
    };
    let decision = decide(&policies, &request);
    let message = denial(&request, &decision)?;
    Some(Denial { action: action.to_owned(), resource: resource.arn.clone(), message })
}

/// Global condition keys that few policies ask for: made only when one does.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html>
fn late_key(ctx: &Ctx, resource: &Resource, key: &str) -> Option<Values<'static>> {
    let lower = key.to_ascii_lowercase();
    let tag = |prefix: &str, tags: &[(String, String)]| {
        let name = lower.strip_prefix(prefix)?;
        let found = tags.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        Some(Values::from(found.1.clone()))
    };
    match lower.as_str() {
        "aws:currenttime" => Some(Values::from(ctx.now().iso8601())),
        "aws:epochtime" => Some(Values::from(ctx.now().seconds().to_string())),
        "aws:sourceip" => ctx.origin.source_ip.map(|ip| Values::from(ip.to_string())),
        "aws:securetransport" => Some(Values::from(ctx.origin.secure)),
        "aws:useragent" => Some(Values::from(ctx.origin.user_agent.clone())),
        "aws:requestedregion" => Some(Values::from(ctx.region.to_string())),
        "aws:resourceaccount" => resource.account.clone().or_else(|| Some(ctx.account.to_string())).map(Values::from),
        "aws:viaawsservice" => Some(Values::from(false)),
        _ => tag("aws:principaltag/", &ctx.caller.tags).or_else(|| tag("aws:resourcetag/", &resource.tags)),
    }
}

/// The code and status differ by protocol. An unsigned call learns that it should have been signed, unless there are
/// unsigned calls that this service allows: SQS and S3 have resources that are open to everybody.
fn denied(ctx: &Ctx, model: &Model, denial: Denial) -> Fault {
    let may_be_open = matches!(model.service, "sqs" | "s3");
    if ctx.caller.principal == Principal::Anonymous && !may_be_open {
        let family = identify::family(model, model.protocols[0]);
        return identify::refusal(&AuthError::MissingToken, family, model.query_compatible);
    }
    let plain_json = matches!(model.protocols[0], Protocol::AwsJson10 | Protocol::AwsJson11) && !model.query_compatible;
    let message = match model.service {
        // SQS writes the action in lower case.
        "sqs" => denial.message.replace(&denial.action, &denial.action.to_lowercase()),
        // S3 says nothing to those who did not sign, and puts the resource in quotes for the others.
        "s3" if ctx.caller.principal == Principal::Anonymous => "Access Denied".to_owned(),
        "s3" => denial
            .message
            .replace(&format!("on resource: {}", denial.resource), &format!("on resource: \"{}\"", denial.resource)),
        _ => denial.message,
    };
    let mut fault = Fault::common("AccessDeniedException", if plain_json { 400 } else { 403 }, message);
    fault.code = "AccessDenied".into();
    fault
}
