//! The condition keys that a bucket policy can name.
//!
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html#amazons3-policy-keys>

const KEYS: [&str; 33] = [
    "s3:accessgrantsinstancearn",
    "s3:accesspointnetworkorigin",
    "s3:authtype",
    "s3:dataaccesspointaccount",
    "s3:dataaccesspointarn",
    "s3:delimiter",
    "s3:destinationregion",
    "s3:existingjoboperation",
    "s3:existingjobpriority",
    "s3:if-match",
    "s3:if-none-match",
    "s3:inventoryaccessibleoptionalfields",
    "s3:isreplicationpauserequest",
    "s3:jobsuspendedcause",
    "s3:locationconstraint",
    "s3:max-keys",
    "s3:object-lock-legal-hold",
    "s3:object-lock-mode",
    "s3:object-lock-remaining-retention-days",
    "s3:object-lock-retain-until-date",
    "s3:objectcreationoperation",
    "s3:prefix",
    "s3:requestjoboperation",
    "s3:requestjobpriority",
    "s3:requestobjecttagkeys",
    "s3:resourceaccount",
    "s3:signatureage",
    "s3:signatureversion",
    "s3:tlsversion",
    "s3:versionid",
    "saml:aud",
    "sts:externalid",
    "sts:sourceidentity",
];

/// Keys that end in a name of the caller's choice.
const FAMILIES: [&str; 6] =
    ["aws:", "s3:accesspointtag/", "s3:buckettag/", "s3:existingobjecttag/", "s3:requestobjecttag/", "s3:x-amz-"];

/// Whether S3 takes a policy with this key. Keys of all services (`aws:…`) are not looked at closely.
pub fn is_known_key(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    KEYS.contains(&key.as_str()) || FAMILIES.iter().any(|family| key.starts_with(family))
}
