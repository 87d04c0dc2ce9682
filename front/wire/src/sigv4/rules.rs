//! Where services disagree about SigV4: S3's own canonical form and clocks.

/// The longest life of a presigned URL: seven days, the life of a signing key.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>
pub const PRESIGNED_SECONDS_MAX: i64 = 604_800;

const FIVE_MINUTES: i64 = 300;
const FIFTEEN_MINUTES: i64 = 900;

/// One service's reading of SigV4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rules {
    /// S3 encodes paths once and leaves them as they are, wants `x-amz-content-sha256`, and takes chunks.
    pub(super) s3: bool,
    /// How far the request's clock may be from ours.
    pub(super) skew_seconds: i64,
    /// STS lets every presigned URL live for its fifteen minutes of skew and ignores `X-Amz-Expires`:
    /// <https://github.com/kubernetes-sigs/aws-iam-authenticator/pull/160>
    pub(super) ignores_expires: bool,
}

impl Rules {
    /// `service` is the signing name in the scope.
    pub(super) fn of(service: &str) -> Self {
        match service {
            "s3" | "s3express" | "s3-object-lambda" | "s3-outposts" => {
                Self { s3: true, skew_seconds: FIFTEEN_MINUTES, ignores_expires: false }
            }
            "sts" => Self { s3: false, skew_seconds: FIFTEEN_MINUTES, ignores_expires: true },
            _ => Self { s3: false, skew_seconds: FIVE_MINUTES, ignores_expires: false },
        }
    }
}
