//! The form that IAM demands of the ARNs in `Resource` and `NotResource` of its own policies.

use crate::arn::segments;
use crate::malformed::Malformed;

const PARTITIONS: [&str; 9] =
    ["aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc", "*"];

/// How the resource part of an `arn:…:iam:` ARN may begin, in the order of IAM's message.
const IAM_PATHS: [&str; 13] = [
    "user/",
    "federated-user/",
    "role/",
    "group/",
    "instance-profile/",
    "mfa/",
    "server-certificate/",
    "policy/",
    "sms-mfa/",
    "saml-provider/",
    "oidc-provider/",
    "report/",
    "access-report/",
];

/// Checks one resource of an identity-based policy.
pub(crate) fn check(resource: &str) -> Result<(), Malformed> {
    if resource == "*" {
        return Ok(());
    }
    let parts = segments(resource);
    let Some(&partition) = parts.get(1) else {
        return Err(Malformed::ResourceFormat(resource.into()));
    };
    if !PARTITIONS.contains(&partition) {
        let rest: Vec<&str> = (2..6).map(|at| parts.get(at).copied().unwrap_or("*")).collect();
        return Err(Malformed::Partition {
            partition: partition.into(),
            resource: format!("arn:{partition}:{}", rest.join(":")),
        });
    }
    if parts[0] != "arn" {
        return Err(Malformed::ResourceFormat(resource.into()));
    }
    let Some(&vendor) = parts.get(2) else {
        return Err(Malformed::ResourceVendor);
    };
    if vendor.is_empty() || (parts.len() < 6 && resource.contains("::")) {
        return Err(Malformed::Legacy);
    }
    if vendor != "*" && vendor.contains(['*', '?']) {
        return Err(Malformed::ResourceVendor);
    }
    let region = parts.get(3).copied().unwrap_or_default();
    let path = parts.get(5).copied().unwrap_or_default();
    let has_region = !region.is_empty() && region != "*";
    match vendor {
        "iam" if has_region => Err(Malformed::IamRegion(resource.into())),
        "iam" if parts.len() == 6 && path != "*" && !IAM_PATHS.iter().any(|start| path.starts_with(start)) => {
            Err(Malformed::IamPath(IAM_PATHS.join(", ")))
        }
        // Access points are the one kind of S3 resource with a region in its ARN.
        "s3" if has_region && !path.starts_with("accesspoint/") => Err(Malformed::S3Region(resource.into())),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_are_arns_in_a_known_partition_with_a_service() {
        let table = [
            ("*", ""),
            ("arn:aws:s3:::bucket/*", ""),
            ("arn:aws:codebuild:*", ""),
            ("arn:*:sqs:*:*:*", ""),
            ("arn:aws:s3:us-west-2:123456789012:accesspoint/a", ""),
            ("arn:aws:iam::123456789012:user/${aws:username}", ""),
            ("arn:aws:dynamodb:*:*:table/${aws:PrincipalTag/a:b}", ""),
            ("bucket", "Resource bucket must be in ARN format or \"*\"."),
            ("arn:amazon:s3:::b", "Partition \"amazon\" is not valid for resource \"arn:amazon:s3:::b\"."),
            ("arn:error:s3", "Partition \"error\" is not valid for resource \"arn:error:s3:*:*:*\"."),
            ("arn:aws", "Resource vendor must be fully qualified and cannot contain regexes."),
            ("arn:aws:s*:::b", "Resource vendor must be fully qualified and cannot contain regexes."),
            ("arn:aws::::b", "The policy failed legacy parsing"),
            ("arn:aws:s3::b", "The policy failed legacy parsing"),
            (
                "arn:aws:iam:eu-west-1:1:user/a",
                "IAM resource arn:aws:iam:eu-west-1:1:user/a cannot contain region information.",
            ),
            ("arn:aws:s3:eu-west-1::b", "Resource arn:aws:s3:eu-west-1::b can not contain region information."),
            (
                "arn:aws:iam::123456789012:queue/a",
                "IAM resource path must either be \"*\" or start with user/, federated-user/, role/, group/, instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, access-report/.",
            ),
        ];
        for (resource, message) in table {
            let answer = check(resource).map_or_else(|malformed| malformed.to_string(), |()| String::new());
            assert_eq!(answer, message, "{resource}");
        }
    }
}
