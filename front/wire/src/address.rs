//! Which bucket a host name means: S3's virtual-host style.
//!
//! ```text
//!   bucket.s3.us-east-1.amazonaws.com    as on AWS, with or without the region; legacy s3-us-east-1 too
//!   bucket.s3.localhost                  the same, at home
//!   bucket.localhost                     what clients make of the endpoint http://localhost:4566
//! ```
//!
//! Only the meaning of the request changes; its signature covers the path as it was sent.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html>

/// The bucket that a host names. `scope` is the service of the signature, if there is one; `is_service` knows the
/// names that stand for services: `sqs.localhost` is no bucket, unless the caller signed for S3.
pub(crate) fn bucket_of(host: &str, scope: Option<&str>, is_service: impl Fn(&str) -> bool) -> Option<String> {
    if scope.is_some_and(|scope| scope != "s3") {
        return None;
    }
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let labels: Vec<&str> = name.split('.').collect();
    if labels.iter().any(|label| label.is_empty()) {
        return None;
    }
    if let Some(at) = (0..labels.len()).rev().find(|at| is_endpoint(&labels[*at..])) {
        return (at > 0).then(|| labels[..at].join("."));
    }
    match labels.as_slice() {
        [bucket @ .., "localhost"] if !bucket.is_empty() => {
            let taken = scope.is_none() && bucket.iter().any(|label| is_service(label));
            (!taken).then(|| bucket.join("."))
        }
        _ => None,
    }
}

/// `s3`, a region perhaps, and where AWS or this machine is.
fn is_endpoint(labels: &[&str]) -> bool {
    let Some((first, rest)) = labels.split_first() else { return false };
    let region = match rest {
        [region @ .., "localhost"] | [region @ .., "amazonaws", "com"] | [region @ .., "amazonaws", "com", "cn"] => {
            region
        }
        _ => return false,
    };
    match (*first, region) {
        ("s3", [] | ["dualstack", _]) => true,
        ("s3", [region]) => is_region(region),
        (legacy, []) => legacy.strip_prefix("s3-").is_some_and(is_region),
        _ => false,
    }
}

/// `us-east-1`, `us-gov-west-1`.
fn is_region(label: &str) -> bool {
    let mut parts = label.rsplit('-');
    let number = parts.next().is_some_and(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    let words = parts.clone().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase()));
    number && words && parts.count() >= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(host: &str, scope: Option<&str>) -> Option<String> {
        bucket_of(host, scope, |label| matches!(label, "s3" | "sqs" | "cloudfront"))
    }

    #[test]
    fn hosts_of_aws_name_their_bucket() {
        let named = |host| bucket(host, Some("s3")).unwrap_or_default();
        assert_eq!(named("photos.s3.us-east-1.amazonaws.com"), "photos");
        assert_eq!(named("photos.s3.amazonaws.com:443"), "photos");
        assert_eq!(named("my.photos.s3.dualstack.eu-west-1.amazonaws.com"), "my.photos");
        assert_eq!(named("photos.s3-us-west-2.amazonaws.com"), "photos");
        assert_eq!(named("photos.s3.cn-north-1.amazonaws.com.cn"), "photos");
        assert_eq!(named("s3.us-east-1.amazonaws.com"), "");
        assert_eq!(named("s3.amazonaws.com"), "");
    }

    #[test]
    fn hosts_at_home_name_their_bucket() {
        for scope in [None, Some("s3")] {
            assert_eq!(bucket("photos.localhost:4566", scope).as_deref(), Some("photos"));
            assert_eq!(bucket("My.Photos.localhost", scope).as_deref(), Some("my.photos"));
            assert_eq!(bucket("photos.s3.localhost:4566", scope).as_deref(), Some("photos"));
            assert_eq!(bucket("photos.s3.us-east-1.localhost:4566", scope).as_deref(), Some("photos"));
            assert_eq!(bucket("a.s3.s3.localhost", scope).as_deref(), Some("a.s3"));
            for path_style in
                ["localhost:4566", "127.0.0.1:4566", "[::1]:4566", "s3.localhost", "s3.us-east-1.localhost", ""]
            {
                assert_eq!(bucket(path_style, scope), None, "{path_style}");
            }
        }
    }

    #[test]
    fn a_service_keeps_its_name_unless_the_signature_says_s3() {
        assert_eq!(bucket("sqs.localhost:4566", None), None);
        assert_eq!(bucket("sqs.us-east-1.localhost:4566", None), None);
        assert_eq!(bucket("d111.cloudfront.localhost", None), None);
        assert_eq!(bucket("sqs.localhost:4566", Some("s3")).as_deref(), Some("sqs"));
        assert_eq!(bucket("photos.localhost:4566", Some("sqs")), None);
    }
}
