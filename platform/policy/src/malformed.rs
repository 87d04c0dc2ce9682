//! Why a policy document is refused, in the words of IAM's `MalformedPolicyDocument`.

use thiserror::Error;

/// The reason for a `MalformedPolicyDocument`; `Display` is AWS's message.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Malformed {
    #[error("Syntax errors in policy.")]
    Syntax,
    /// Managed policies only: inline and trust policies may still be written in 2008-10-17.
    #[error("Policy document must be version 2012-10-17 or greater.")]
    Version,
    /// What IAM says when the shape is right and a value is not: the effect's case, a date, a number, an address.
    #[error("The policy failed legacy parsing")]
    Legacy,
    #[error("Statement IDs (SID) in a single policy must be unique.")]
    DuplicateSid,
    #[error(
        "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"
    )]
    Sid,
    #[error("Policy statement must contain actions.")]
    NoActions,
    #[error("Policy statement must contain resources.")]
    NoResources,
    #[error("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")]
    NoVendor,
    #[error("Actions/Condition can contain only one colon.")]
    Colons,
    #[error("Vendor {0} is not valid")]
    Vendor(String),
    #[error("Policy document should not specify a principal.")]
    UnwantedPrincipal,
    /// Names the element: "Principal" or "Resource".
    #[error("Missing required field {0}")]
    MissingField(&'static str),
    #[error("Has prohibited field {0}")]
    ProhibitedField(&'static str),
    #[error("AssumeRole policy may only specify STS AssumeRole actions.")]
    TrustAction,
    /// The document cannot know whether a user or role exists: IAM makes this from [`crate::Document::principals`].
    #[error("Invalid principal in policy: \"{kind}\":\"{value}\"")]
    Principal { kind: String, value: String },
    #[error("Resource {0} must be in ARN format or \"*\".")]
    ResourceFormat(String),
    #[error("Partition \"{partition}\" is not valid for resource \"{resource}\".")]
    Partition { partition: String, resource: String },
    #[error("Resource vendor must be fully qualified and cannot contain regexes.")]
    ResourceVendor,
    #[error("IAM resource {0} cannot contain region information.")]
    IamRegion(String),
    #[error("Resource {0} can not contain region information.")]
    S3Region(String),
    #[error("IAM resource path must either be \"*\" or start with {0}.")]
    IamPath(String),
}
