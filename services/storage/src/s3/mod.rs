//! S3: objects in buckets.
//!
//! ```text
//!   bucket               what a bucket is, and what is set on it
//!   access               what calls touch: ARNs, bucket policies, condition keys
//!   object, multipart    what a bucket holds
//!   lifecycle            what happens by itself
//!   event, notification  who hears of what happened
//!   objects              what engines read
//! ```

mod access;
mod bucket;
mod copy_source;
mod error;
mod event;
mod lifecycle;
mod model;
mod multipart;
mod notification;
mod object;
mod objects;
mod owner;
mod tag_set;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
mod url_encoding;

use haar_platform::Platform;
use haar_platform::aws::s3 as aws;
use haar_platform::bus::Bus;
use haar_platform::kernel::{Service, Waker};
use haar_platform::store::Store;

use self::access::PolicyCache;
pub use self::model::tables;
pub use self::objects::objects;

/// The state of the service.
#[derive(Clone)]
struct S3 {
    store: Store,
    bus: Bus,
    policies: PolicyCache,
    /// Of the job that expires and moves objects.
    lifecycle: Waker,
}

impl S3 {
    fn of(platform: &Platform) -> Self {
        Self {
            store: platform.store.clone(),
            bus: platform.bus.clone(),
            policies: PolicyCache::default(),
            lifecycle: Waker::default(),
        }
    }
}

/// S3 over a platform's store.
pub fn service(platform: &Platform) -> Service {
    let s3 = S3::of(platform);
    notification::open(platform);
    let lifecycle_waker = s3.lifecycle.clone();
    Service::of(&aws::MODEL, s3)
        // Buckets.
        .op::<aws::CreateBucket>(access::create_bucket, bucket::create::create)
        .op::<aws::DeleteBucket>(access::delete_bucket, bucket::delete)
        .op::<aws::HeadBucket>(access::head_bucket, bucket::head)
        .op::<aws::ListBuckets>(access::list_buckets, bucket::list::list)
        .op::<aws::GetBucketLocation>(access::get_bucket_location, bucket::location)
        .op::<aws::PutBucketVersioning>(access::put_bucket_versioning, bucket::versioning::set)
        .op::<aws::GetBucketVersioning>(access::get_bucket_versioning, bucket::versioning::get)
        .op::<aws::PutBucketTagging>(access::put_bucket_tagging, bucket::tagging::set)
        .op::<aws::GetBucketTagging>(access::get_bucket_tagging, bucket::tagging::get)
        .op::<aws::DeleteBucketTagging>(access::delete_bucket_tagging, bucket::tagging::delete)
        // Who may come in.
        .op::<aws::PutBucketPolicy>(access::put_bucket_policy, bucket::policy::set)
        .op::<aws::GetBucketPolicy>(access::get_bucket_policy, bucket::policy::get)
        .op::<aws::DeleteBucketPolicy>(access::delete_bucket_policy, bucket::policy::delete)
        .op::<aws::GetBucketPolicyStatus>(access::get_bucket_policy_status, bucket::policy::status)
        .op::<aws::PutBucketOwnershipControls>(access::put_bucket_ownership_controls, bucket::ownership::set)
        .op::<aws::GetBucketOwnershipControls>(access::get_bucket_ownership_controls, bucket::ownership::get)
        .op::<aws::DeleteBucketOwnershipControls>(access::delete_bucket_ownership_controls, bucket::ownership::delete)
        .op::<aws::PutPublicAccessBlock>(access::put_public_access_block, bucket::public_access_block::set)
        .op::<aws::GetPublicAccessBlock>(access::get_public_access_block, bucket::public_access_block::get)
        .op::<aws::DeletePublicAccessBlock>(access::delete_public_access_block, bucket::public_access_block::delete)
        .op::<aws::PutBucketAcl>(access::put_bucket_acl, bucket::acl::set)
        .op::<aws::GetBucketAcl>(access::get_bucket_acl, bucket::acl::get)
        .op::<aws::PutBucketCors>(access::put_bucket_cors, bucket::cors::set)
        .op::<aws::GetBucketCors>(access::get_bucket_cors, bucket::cors::get)
        .op::<aws::DeleteBucketCors>(access::delete_bucket_cors, bucket::cors::delete)
        .cross_origin(bucket::cors::answer)
        // What else is set on a bucket.
        .op::<aws::PutBucketLifecycleConfiguration>(access::put_bucket_lifecycle_configuration, bucket::lifecycle::set)
        .op::<aws::GetBucketLifecycleConfiguration>(access::get_bucket_lifecycle_configuration, bucket::lifecycle::get)
        .op::<aws::DeleteBucketLifecycle>(access::delete_bucket_lifecycle, bucket::lifecycle::delete)
        .op::<aws::PutBucketNotificationConfiguration>(
            access::put_bucket_notification_configuration,
            bucket::notification::set,
        )
        .op::<aws::GetBucketNotificationConfiguration>(
            access::get_bucket_notification_configuration,
            bucket::notification::get,
        )
        .op::<aws::PutBucketEncryption>(access::put_bucket_encryption, bucket::encryption::set)
        .op::<aws::GetBucketEncryption>(access::get_bucket_encryption, bucket::encryption::get)
        .op::<aws::DeleteBucketEncryption>(access::delete_bucket_encryption, bucket::encryption::delete)
        // Objects.
        .op::<aws::PutObject>(access::put_object, object::put::put)
        .op::<aws::CopyObject>(access::copy_object, object::copy::copy)
        .op::<aws::GetObject>(access::get_object, object::get::get)
        .op::<aws::HeadObject>(access::head_object, object::get::head)
        .op::<aws::GetObjectAttributes>(access::get_object_attributes, object::attributes::get)
        .op::<aws::DeleteObject>(access::delete_object, object::delete::delete)
        .op::<aws::DeleteObjects>(access::delete_objects, object::delete_many::delete)
        .op::<aws::ListObjects>(access::list_objects, object::list::objects::list)
        .op::<aws::ListObjectsV2>(access::list_objects_v2, object::list::objects::list_v2)
        .op::<aws::ListObjectVersions>(access::list_object_versions, object::list::versions::list)
        .op::<aws::PutObjectTagging>(access::put_object_tagging, object::tagging::put)
        .op::<aws::GetObjectTagging>(access::get_object_tagging, object::tagging::get)
        .op::<aws::DeleteObjectTagging>(access::delete_object_tagging, object::tagging::delete)
        .op::<aws::PutObjectAcl>(access::put_object_acl, object::acl::put)
        .op::<aws::GetObjectAcl>(access::get_object_acl, object::acl::get)
        // Multipart uploads.
        .op::<aws::CreateMultipartUpload>(access::create_multipart_upload, multipart::create::create)
        .op::<aws::UploadPart>(access::upload_part, multipart::part::upload)
        .op::<aws::UploadPartCopy>(access::upload_part_copy, multipart::part_copy::upload)
        .op::<aws::CompleteMultipartUpload>(access::complete_multipart_upload, multipart::complete::complete)
        .op::<aws::AbortMultipartUpload>(access::abort_multipart_upload, multipart::abort::abort)
        .op::<aws::ListMultipartUploads>(access::list_multipart_uploads, multipart::list::list)
        .op::<aws::ListParts>(access::list_parts, multipart::list_parts::list)
        // What happens by itself.
        .job("lifecycle", &lifecycle_waker, lifecycle::apply)
        .build()
}
