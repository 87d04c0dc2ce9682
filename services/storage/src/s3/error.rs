//! What can go wrong in S3, in AWS's words, with the elements that S3 adds to the error's XML.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>

use haar_platform::aws::s3::errors;
use haar_platform::kernel::{AwsError, ErrorShape, Fault, Value};
use haar_platform::store::StoreError;

/// Errors of S3; `Display` is AWS's message.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    // Buckets.
    #[error("The specified bucket does not exist")]
    NoSuchBucket(String),
    #[error(
        "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please \
         select a different name and try again."
    )]
    BucketAlreadyExists(String),
    #[error("Your previous request to create the named bucket succeeded and you already own it.")]
    BucketAlreadyOwnedByYou(String),
    #[error("The bucket you tried to delete is not empty")]
    BucketNotEmpty(String),
    #[error("The specified bucket is not valid.")]
    InvalidBucketName(String),
    #[error("You have attempted to create more buckets than allowed")]
    TooManyBuckets,
    #[error("The {0} location constraint is incompatible for the region specific endpoint this request was sent to.")]
    IllegalLocationConstraint(String),
    #[error("The specified location-constraint is not valid")]
    InvalidLocationConstraint(String),
    #[error("{0}")]
    IllegalVersioningConfiguration(&'static str),
    #[error("Access Denied")]
    AccessDenied,
    #[error("The bucket does not allow ACLs")]
    AccessControlListNotSupported,
    #[error("Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting")]
    InvalidBucketAclWithObjectOwnership,
    #[error("Bucket cannot have public ACLs set with BlockPublicAccess enabled")]
    InvalidBucketAclWithBlockPublicAccess,
    #[error("A conflicting conditional operation is currently in progress against this resource. Please try again.")]
    OperationAborted,

    // Configurations that a bucket may have.
    #[error("The bucket policy does not exist")]
    NoSuchBucketPolicy(String),
    #[error("The TagSet does not exist")]
    NoSuchTagSet(String),
    #[error("The lifecycle configuration does not exist")]
    NoSuchLifecycleConfiguration(String),
    #[error("The CORS configuration does not exist")]
    NoSuchCorsConfiguration(String),
    #[error("The bucket ownership controls were not found")]
    NoSuchOwnershipControls(String),
    #[error("The public access block configuration was not found")]
    NoSuchPublicAccessBlock(String),

    // What a request says.
    #[error("{message}")]
    InvalidArgument { message: String, name: String, value: String },
    #[error("{0}")]
    InvalidRequest(String),
    #[error("{0}")]
    InvalidTag(String),
    #[error("{0}")]
    BadTagCount(&'static str),
    #[error("The XML you provided was not well-formed or did not validate against our published schema")]
    MalformedXml,
    #[error("{0}")]
    MalformedPolicy(String),
    #[error("The encryption request you specified is not valid. {0}")]
    InvalidEncryptionAlgorithm(String),
    #[error("The storage class you specified is not valid")]
    InvalidStorageClass(String),
    #[error("You must provide the Content-Length HTTP header.")]
    MissingContentLength,
    #[error("The Content-MD5 you specified was invalid.")]
    InvalidDigest(String),
    #[error("The Content-MD5 you specified did not match what we received.")]
    BadDigest { expected: String, calculated: String },
    /// By the algorithm's name: `CRC32`.
    #[error("The {0} you specified did not match the calculated checksum.")]
    BadChecksum(String),
    #[error("Your key is too long")]
    KeyTooLong { size: usize, max: usize },
    #[error("Your metadata headers exceed the maximum allowed metadata size")]
    MetadataTooLarge { size: usize, max: usize },

    // Objects.
    #[error("The specified key does not exist.")]
    NoSuchKey(String),
    #[error("The specified version does not exist.")]
    NoSuchVersion { key: String, version_id: String },
    /// Of a delete marker, when it is asked for by its version.
    #[error("The specified method is not allowed against this resource.")]
    MethodNotAllowed { method: &'static str, resource_type: &'static str },
    #[error("The operation is not valid for the object's storage class")]
    InvalidObjectState { storage_class: String },
    /// By the condition that failed: `If-Match`.
    #[error("At least one of the pre-conditions you specified did not hold")]
    PreconditionFailed(&'static str),
    #[error("Not Modified")]
    NotModified,
    #[error("The requested range is not satisfiable")]
    InvalidRange { requested: String, size: u64 },
    #[error("The requested partnumber is not satisfiable")]
    InvalidPartNumber { requested: i64, count: usize },

    // Multipart uploads.
    #[error(
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or \
         completed."
    )]
    NoSuchUpload(String),
    #[error(
        "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified \
         entity tag may not match the part's entity tag."
    )]
    InvalidPart { upload_id: String, part_number: i64, etag: String },
    #[error("The list of parts was not in ascending order. Parts must be ordered by part number.")]
    InvalidPartOrder(String),
    #[error("Your proposed upload is smaller than the minimum allowed size")]
    EntityTooSmall { size: u64, min: u64, part_number: i64, etag: String },
    #[error("Your proposed upload exceeds the maximum allowed size")]
    EntityTooLarge { size: u64, max: u64 },

    /// An answer from elsewhere: a body that broke off, another service, a thing that haar does not serve.
    #[error(transparent)]
    Fault(#[from] Fault),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Error {
    /// "InvalidArgument", with the argument.
    pub fn argument(message: impl Into<String>, name: impl Into<String>, value: impl Into<String>) -> Self {
        Self::InvalidArgument { message: message.into(), name: name.into(), value: value.into() }
    }

    /// A part of a request that haar does not honour, by name.
    pub fn not_served(what: impl std::fmt::Display) -> Self {
        Self::Fault(Fault::not_served(what))
    }
}

impl AwsError for Error {
    fn shape(&self) -> Option<&'static ErrorShape> {
        Some(match self {
            Self::NoSuchBucket(_) => &errors::NO_SUCH_BUCKET,
            Self::BucketAlreadyExists(_) => &errors::BUCKET_ALREADY_EXISTS,
            Self::BucketAlreadyOwnedByYou(_) => &errors::BUCKET_ALREADY_OWNED_BY_YOU,
            Self::BucketNotEmpty(_) => &errors::BUCKET_NOT_EMPTY,
            Self::InvalidBucketName(_) => &errors::INVALID_BUCKET_NAME,
            Self::TooManyBuckets => &errors::TOO_MANY_BUCKETS,
            Self::IllegalLocationConstraint(_) => &errors::ILLEGAL_LOCATION_CONSTRAINT_EXCEPTION,
            Self::InvalidLocationConstraint(_) => &errors::INVALID_LOCATION_CONSTRAINT,
            Self::IllegalVersioningConfiguration(_) => &errors::ILLEGAL_VERSIONING_CONFIGURATION_EXCEPTION,
            Self::AccessDenied => &errors::ACCESS_DENIED,
            Self::AccessControlListNotSupported => &errors::ACCESS_CONTROL_LIST_NOT_SUPPORTED,
            Self::InvalidBucketAclWithObjectOwnership => &errors::INVALID_BUCKET_ACL_WITH_OBJECT_OWNERSHIP,
            Self::InvalidBucketAclWithBlockPublicAccess => &errors::INVALID_BUCKET_ACL_WITH_BLOCK_PUBLIC_ACCESS_ERROR,
            Self::OperationAborted => &errors::OPERATION_ABORTED,
            Self::NoSuchBucketPolicy(_) => &errors::NO_SUCH_BUCKET_POLICY,
            Self::NoSuchTagSet(_) => &errors::NO_SUCH_TAG_SET,
            Self::NoSuchLifecycleConfiguration(_) => &errors::NO_SUCH_LIFECYCLE_CONFIGURATION,
            Self::NoSuchCorsConfiguration(_) => &errors::NO_SUCH_CORS_CONFIGURATION,
            Self::NoSuchOwnershipControls(_) => &errors::OWNERSHIP_CONTROLS_NOT_FOUND_ERROR,
            Self::NoSuchPublicAccessBlock(_) => &errors::NO_SUCH_PUBLIC_ACCESS_BLOCK_CONFIGURATION,
            Self::InvalidArgument { .. } => &errors::INVALID_ARGUMENT,
            Self::InvalidRequest(_) => &errors::INVALID_REQUEST,
            Self::InvalidTag(_) => &errors::INVALID_TAG,
            // Too many tags are a bad request without a code of their own.
            Self::BadTagCount(_) => &errors::BAD_REQUEST,
            Self::MalformedXml => &errors::MALFORMED_XML,
            Self::MalformedPolicy(_) => &errors::MALFORMED_POLICY,
            Self::InvalidEncryptionAlgorithm(_) => &errors::INVALID_ENCRYPTION_ALGORITHM_ERROR,
            Self::InvalidStorageClass(_) => &errors::INVALID_STORAGE_CLASS,
            Self::MissingContentLength => &errors::MISSING_CONTENT_LENGTH,
            Self::InvalidDigest(_) => &errors::INVALID_DIGEST,
            Self::BadDigest { .. } | Self::BadChecksum(_) => &errors::BAD_DIGEST,
            Self::KeyTooLong { .. } => &errors::KEY_TOO_LONG_ERROR,
            Self::MetadataTooLarge { .. } => &errors::METADATA_TOO_LARGE,
            Self::NoSuchKey(_) => &errors::NO_SUCH_KEY,
            Self::NoSuchVersion { .. } => &errors::NO_SUCH_VERSION,
            Self::MethodNotAllowed { .. } => &errors::METHOD_NOT_ALLOWED,
            Self::InvalidObjectState { .. } => &errors::INVALID_OBJECT_STATE,
            Self::PreconditionFailed(_) => &errors::PRECONDITION_FAILED,
            Self::NotModified => &errors::NOT_MODIFIED,
            Self::InvalidRange { .. } => &errors::INVALID_RANGE,
            Self::InvalidPartNumber { .. } => &errors::INVALID_PART_NUMBER,
            Self::NoSuchUpload(_) => &errors::NO_SUCH_UPLOAD,
            Self::InvalidPart { .. } => &errors::INVALID_PART,
            Self::InvalidPartOrder(_) => &errors::INVALID_PART_ORDER,
            Self::EntityTooSmall { .. } => &errors::ENTITY_TOO_SMALL,
            Self::EntityTooLarge { .. } => &errors::ENTITY_TOO_LARGE,
            Self::Fault(_) | Self::Store(_) => return None,
        })
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        let text = |value: &dyn ToString| Value::String(value.to_string());
        match self {
            Self::NoSuchBucket(name)
            | Self::BucketAlreadyExists(name)
            | Self::BucketAlreadyOwnedByYou(name)
            | Self::BucketNotEmpty(name)
            | Self::InvalidBucketName(name)
            | Self::NoSuchBucketPolicy(name)
            | Self::NoSuchTagSet(name)
            | Self::NoSuchLifecycleConfiguration(name)
            | Self::NoSuchCorsConfiguration(name)
            | Self::NoSuchOwnershipControls(name)
            | Self::NoSuchPublicAccessBlock(name) => vec![("BucketName", text(name))],
            Self::InvalidLocationConstraint(given) => vec![("LocationConstraint", text(given))],
            Self::InvalidArgument { name, value, .. } => {
                vec![("ArgumentName", text(name)), ("ArgumentValue", text(value))]
            }
            Self::InvalidStorageClass(given) => vec![("StorageClassRequested", text(given))],
            Self::InvalidDigest(given) => vec![("Content-MD5", text(given))],
            Self::BadDigest { expected, calculated } => {
                vec![("ExpectedDigest", text(expected)), ("CalculatedDigest", text(calculated))]
            }
            Self::KeyTooLong { size, max } | Self::MetadataTooLarge { size, max } => {
                vec![("Size", text(size)), ("MaxSizeAllowed", text(max))]
            }
            Self::NoSuchKey(key) => vec![("Key", text(key))],
            Self::NoSuchVersion { key, version_id } => vec![("Key", text(key)), ("VersionId", text(version_id))],
            Self::MethodNotAllowed { method, resource_type } => {
                vec![("Method", text(method)), ("ResourceType", text(resource_type))]
            }
            Self::InvalidObjectState { storage_class } => vec![("StorageClass", text(storage_class))],
            Self::PreconditionFailed(condition) => vec![("Condition", text(condition))],
            Self::InvalidRange { requested, size } => {
                vec![("RangeRequested", text(requested)), ("ActualObjectSize", text(size))]
            }
            Self::InvalidPartNumber { requested, count } => {
                vec![("PartNumberRequested", text(requested)), ("ActualPartCount", text(count))]
            }
            Self::NoSuchUpload(id) | Self::InvalidPartOrder(id) => vec![("UploadId", text(id))],
            Self::InvalidPart { upload_id, part_number, etag } => {
                vec![("UploadId", text(upload_id)), ("PartNumber", text(part_number)), ("ETag", text(etag))]
            }
            Self::EntityTooSmall { size, min, part_number, etag } => vec![
                ("ProposedSize", text(size)),
                ("MinSizeAllowed", text(min)),
                ("PartNumber", text(part_number)),
                ("ETag", text(etag)),
            ],
            Self::EntityTooLarge { size, max } => vec![("ProposedSize", text(size)), ("MaxSizeAllowed", text(max))],
            _ => Vec::new(),
        }
    }

    fn into_fault(self) -> Fault {
        match self {
            Self::Fault(fault) => fault,
            _ => match self.shape() {
                Some(shape) => {
                    let mut fault = Fault::of(shape, self.to_string());
                    fault.fields = self.fields();
                    fault
                }
                None => Fault::internal(self),
            },
        }
    }
}
