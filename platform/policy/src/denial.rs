//! The text of an access-denied error, in AWS's present wording.

use std::borrow::Cow;

use crate::decision::{Decision, Layer, Outcome};
use crate::evaluation::Request;
use crate::principal::Principal;

/// Words a refusal as in
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html>; `None` when the request is
/// allowed. Since 2026 AWS adds the ARN of a managed policy that denies explicitly, to callers of the resource's own
/// account: <https://aws.amazon.com/blogs/security/enhanced-access-denied-error-messages-with-policy-arns>.
pub fn denial(request: &Request, decision: &Decision) -> Option<String> {
    let layer = decision.denied_by?;
    let action = request.action;
    let reason = match decision.outcome {
        Outcome::Allowed => return None,
        Outcome::ExplicitDeny => format!(
            "with an explicit deny in {}",
            match layer {
                Layer::Identity => "an identity-based policy",
                Layer::Boundary => "a permissions boundary",
                Layer::Session => "a session policy",
                Layer::Resource => "a resource-based policy",
                Layer::Trust => "the role trust policy",
            }
        ),
        Outcome::ImplicitDeny => format!(
            "because no {} allows the {action} action",
            match layer {
                Layer::Identity => "identity-based policy",
                Layer::Boundary => "permissions boundary",
                Layer::Session => "session policy",
                Layer::Resource => "resource-based policy",
                Layer::Trust => "role trust policy",
            }
        ),
    };
    let denying_arn = match decision.outcome {
        Outcome::ExplicitDeny if request.is_within_account() => decision.matched.first(),
        _ => None,
    }
    .and_then(|matched| matched.source.arn.as_deref());
    let name = principal_name(request.principal);
    let mut text =
        format!("User: {name} is not authorized to perform: {action} on resource: {} {reason}", request.resource);
    if let Some(arn) = denying_arn {
        text.push_str(": ");
        text.push_str(arn);
    }
    Some(text)
}

/// How AWS's messages call the caller: by ARN where there is one.
pub fn principal_name(principal: &Principal) -> Cow<'_, str> {
    match principal {
        Principal::Root { account } => Cow::Owned(format!("arn:aws:iam::{account}:root")),
        Principal::User { arn, .. } | Principal::RoleSession { arn, .. } | Principal::FederatedUser { arn, .. } => {
            Cow::Borrowed(arn)
        }
        Principal::Service { name } => Cow::Borrowed(name),
        Principal::Federated { provider } => Cow::Borrowed(provider),
        Principal::Anonymous => Cow::Borrowed("anonymous"),
    }
}
