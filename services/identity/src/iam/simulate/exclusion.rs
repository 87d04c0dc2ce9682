//! Policies that a simulation leaves out: what if they were detached?

use haar_platform::aws::iam::{AttachmentType, PolicyIdentifier, PolicyIdentifierPolicyType as PolicyType};
use haar_platform::kernel::Arn;

use crate::iam::error::Error;
use crate::iam::model::{Holder, Kind};

/// The account that AWS's own managed policies belong to.
const AWS: &str = "aws";

/// Policies to leave out.
pub enum Exclusion {
    Type(PolicyType),
    /// Of a managed policy; its last segment is a pattern.
    Arn(String),
    Inline {
        policy_name: String,
        attached_to: Kind,
        name: String,
    },
}

/// Reads the identifiers; those that cannot name any policy are refused.
pub fn read(identifiers: Vec<PolicyIdentifier>) -> Result<Vec<Exclusion>, Error> {
    identifiers.into_iter().map(Exclusion::read).collect()
}

/// Takes what is excluded from an entity's policies.
pub fn apply<E: Holder>(exclusions: &[Exclusion], holder: &mut E) {
    let name = holder.head().name.clone();
    let policies = holder.policies_mut();
    for exclusion in exclusions {
        match exclusion {
            Exclusion::Type(PolicyType::Inline) => policies.inline.clear(),
            Exclusion::Type(PolicyType::AwsManaged) => policies.attached.retain(|arn| !is_aws_managed(arn)),
            Exclusion::Type(PolicyType::UserManaged) => policies.attached.retain(|arn| is_aws_managed(arn)),
            Exclusion::Type(PolicyType::PermissionBoundary) => policies.boundary = None,
            // No organization limits an account here.
            Exclusion::Type(PolicyType::Scp | PolicyType::Rcp) => {}
            Exclusion::Arn(pattern) => policies.attached.retain(|arn| !fits(pattern, arn)),
            Exclusion::Inline { policy_name, attached_to, name: pattern } => {
                if *attached_to == E::KIND && fits(pattern, &name) {
                    policies.inline.remove(policy_name);
                }
            }
        }
    }
}

impl Exclusion {
    fn read(identifier: PolicyIdentifier) -> Result<Self, Error> {
        match identifier {
            PolicyIdentifier::PolicyType(kind) => Ok(Self::Type(kind)),
            PolicyIdentifier::PolicyArn(text) => {
                let arn: Option<Arn> = text.parse().ok();
                let resource = arn.filter(|arn| arn.service == "iam").map(|arn| arn.resource);
                let is_policy = resource.is_some_and(|resource| resource.starts_with("policy/"));
                let fixed = text.rfind('/').map_or("", |slash| &text[..slash]);
                if !is_policy || fixed.contains(['*', '?']) || !is_pattern(&text) {
                    return Err(Error::InvalidInput(format!("Invalid Policy Identifier: {text}")));
                }
                Ok(Self::Arn(text))
            }
            PolicyIdentifier::InlinePolicyIdentifier(inline) => {
                if !is_pattern(&inline.attachment_name) {
                    let name = inline.attachment_name;
                    return Err(Error::InvalidInput(format!("Invalid Policy Identifier: {name}")));
                }
                let attached_to = match inline.attachment_type {
                    AttachmentType::User => Kind::User,
                    AttachmentType::Group => Kind::Group,
                    AttachmentType::Role => Kind::Role,
                };
                Ok(Self::Inline { policy_name: inline.policy_name, attached_to, name: inline.attachment_name })
            }
        }
    }
}

fn is_aws_managed(arn: &str) -> bool {
    arn.parse::<Arn>().is_ok_and(|arn| arn.account == AWS)
}

/// At most one `*`, as AWS demands; so matching needs no search.
fn is_pattern(text: &str) -> bool {
    text.matches('*').count() <= 1
}

/// `*` fits any text, `?` one character.
fn fits(pattern: &str, text: &str) -> bool {
    let same = |(pattern, actual): (char, char)| pattern == '?' || pattern == actual;
    let text: Vec<char> = text.chars().collect();
    match pattern.split_once('*') {
        None => pattern.chars().count() == text.len() && pattern.chars().zip(text).all(same),
        Some((head, tail)) => {
            let fixed = head.chars().count() + tail.chars().count();
            fixed <= text.len()
                && head.chars().zip(text.iter().copied()).all(same)
                && tail.chars().rev().zip(text.iter().rev().copied()).all(same)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_have_one_star_and_any_question_marks() {
        let table = [
            ("a*c", "abbc", true),
            ("a*c", "ac", true),
            ("ab*bc", "abc", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*", "", true),
            ("ä?*", "äöü", true),
            ("abc", "abcd", false),
        ];
        for (pattern, text, expected) in table {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }
}
