//! What S3 tells when something happens to an object: EventBridge's events, and notifications of queues, both in the
//! transaction of the change.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html>

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use haar_platform::bus::{Bus, Event};
use haar_platform::kernel::{Ctx, Timestamp, ids};
use haar_platform::policy::Principal;
use haar_platform::store::{StoreError, Tx};
use serde_json::{Value, json};

use super::model::{Bucket, StorageClass, Version, Versioning};
use super::notification;
use super::object::store::next_sequence;
use super::url_encoding::encode_key;

/// What a lifecycle rule does, it does in this name.
const S3_ITSELF: &str = "s3.amazonaws.com";

/// The MD5 of no bytes: the ETag that events give a delete marker.
const EMPTY_MD5: &str = "d41d8cd98f00b204e9800998ecf8427e";

/// What happened to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    /// Created by PutObject.
    Put,
    /// Created by CopyObject.
    Copied,
    /// Created by CompleteMultipartUpload.
    Completed,
    /// Deleted by a call.
    Deleted(Deletion),
    /// Deleted by a lifecycle rule.
    Expired(Deletion),
    /// Moved by a lifecycle rule to this storage class.
    Moved(StorageClass),
    /// Got tags.
    Tagged,
    /// Lost its tags.
    Untagged,
}

/// What a deletion left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// Nothing: the version is gone.
    Permanent,
    /// A delete marker on top of the versions.
    Marker,
}

/// Who caused what happens in a bucket, from where and when. Made from the call, and taken along into the transaction.
#[derive(Clone)]
pub struct Scene {
    bus: Bus,
    bucket_name: String,
    request_id: String,
    /// Account or service, for EventBridge.
    requester: String,
    /// Unique id of who called, for queues.
    principal_id: String,
    /// None when a rule acts.
    source_ip: Option<String>,
    time: Timestamp,
}

/// The version that something happened to, as events write it.
struct Subject<'a> {
    key: &'a str,
    size: u64,
    etag: &'a str,
    /// None in a bucket that never had versions.
    version_id: Option<String>,
    /// Orders what happens to one key.
    sequencer: String,
}

impl Scene {
    /// A call that changes objects of a bucket.
    pub fn of(ctx: &Ctx, bus: &Bus, bucket_name: &str) -> Self {
        let requester = match &ctx.caller.principal {
            Principal::Service { name } => name.clone(),
            _ => ctx.caller.account.to_string(),
        };
        let principal_id = match &ctx.caller.principal {
            Principal::Anonymous => "Anonymous".to_owned(),
            Principal::Service { name } => name.clone(),
            _ => format!("AWS:{}", ctx.caller.user_id),
        };
        // What comes from inside has no address: the words are CloudTrail's.
        let source_ip = ctx.origin.source_ip.map_or_else(|| "AWS Internal".to_owned(), |ip| ip.to_string());
        let request_id = ctx.request_id.clone();
        let (bus, bucket_name) = (bus.clone(), bucket_name.to_owned());
        Self { bus, bucket_name, request_id, requester, principal_id, source_ip: Some(source_ip), time: ctx.now() }
    }

    /// The lifecycle rules of a bucket at work.
    pub fn of_lifecycle(ctx: &Ctx, bus: &Bus, bucket_name: &str) -> Self {
        Self {
            bus: bus.clone(),
            bucket_name: bucket_name.to_owned(),
            request_id: ctx.request_id.clone(),
            requester: S3_ITSELF.to_owned(),
            principal_id: S3_ITSELF.to_owned(),
            source_ip: None,
            time: ctx.now(),
        }
    }

    /// Tells EventBridge and queues, as far as the bucket's notification configuration wants them to know. `version`
    /// is the version that was made, changed or deleted; where a delete marker was made, the marker.
    pub fn tell(
        &self,
        tx: &mut Tx,
        bucket: &Bucket,
        key: &str,
        version: &Version,
        happening: Happening,
    ) -> Result<(), StoreError> {
        let Some(wishes) = notification::wishes(tx, bucket)? else {
            return Ok(());
        };
        let name = happening.name();
        let targets: Vec<_> = wishes.targets.iter().filter(|target| notification::matches(target, name, key)).collect();
        if !wishes.event_bridge && targets.is_empty() {
            return Ok(());
        }
        let subject = self.subject(tx, bucket, key, version)?;
        if wishes.event_bridge {
            self.bus.emit(tx, self.event(bucket, &subject, happening))?;
        }
        for target in targets {
            let message = json!({ "Records": [self.record(bucket, &subject, happening, &target.id)] });
            notification::post(&self.bus, tx, &self.bucket_name, bucket, &target.arn, message, self.time)?;
        }
        Ok(())
    }

    fn subject<'a>(
        &self,
        tx: &mut Tx,
        bucket: &Bucket,
        key: &'a str,
        version: &'a Version,
    ) -> Result<Subject<'a>, StoreError> {
        let sequence = next_sequence(tx, bucket.number)?;
        let object = version.object();
        Ok(Subject {
            key,
            size: object.map_or(0, |object| object.size),
            etag: object.map_or(EMPTY_MD5, |object| &object.etag),
            version_id: (bucket.versioning != Versioning::Off).then(|| version.id_text()),
            // Of one length, so that texts compare as the numbers do.
            sequencer: format!("{sequence:016X}"),
        })
    }

    fn event(&self, bucket: &Bucket, subject: &Subject<'_>, happening: Happening) -> Event {
        let (detail_type, reason) = happening.detail_type();
        let mut object = json!({ "key": subject.key });
        if matches!(detail_type, "Object Created" | "Object Storage Class Changed") {
            object["size"] = subject.size.into();
        }
        object["etag"] = subject.etag.into();
        if let Some(version_id) = &subject.version_id {
            object["version-id"] = version_id.as_str().into();
        }
        if matches!(detail_type, "Object Created" | "Object Deleted") {
            object["sequencer"] = subject.sequencer.as_str().into();
        }
        let mut detail = json!({
            "version": "0",
            "bucket": { "name": self.bucket_name },
            "object": object,
            "request-id": self.request_id,
            "requester": self.requester,
        });
        if let Some(source_ip) = &self.source_ip {
            detail["source-ip-address"] = source_ip.as_str().into();
        }
        if let Some(reason) = reason {
            detail["reason"] = reason.into();
        }
        match happening {
            Happening::Deleted(deletion) | Happening::Expired(deletion) => {
                detail["deletion-type"] = deletion.as_str().into();
            }
            Happening::Moved(storage_class) => detail["destination-storage-class"] = storage_class.as_str().into(),
            _ => {}
        }
        Event {
            id: ids::uuid(),
            source: "aws.s3".into(),
            detail_type: detail_type.into(),
            account: bucket.owner.clone(),
            region: bucket.region.clone(),
            time: self.time,
            resources: vec![format!("arn:aws:s3:::{}", self.bucket_name)],
            detail,
        }
    }

    /// One of the `Records` of a message.
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>
    fn record(&self, bucket: &Bucket, subject: &Subject<'_>, happening: Happening, configuration_id: &str) -> Value {
        let mut object = json!({ "key": encode_key(subject.key) });
        if !matches!(happening, Happening::Deleted(Deletion::Permanent) | Happening::Expired(Deletion::Permanent)) {
            object["size"] = subject.size.into();
            object["eTag"] = subject.etag.into();
        }
        if let Some(version_id) = &subject.version_id {
            object["versionId"] = version_id.as_str().into();
        }
        object["sequencer"] = subject.sequencer.as_str().into();
        json!({
            "eventVersion": happening.event_version(),
            "eventSource": "aws:s3",
            "awsRegion": bucket.region,
            "eventTime": self.time.format("%Y-%m-%dT%H:%M:%S.%3fZ"),
            "eventName": happening.name(),
            "userIdentity": { "principalId": self.principal_id },
            "requestParameters": { "sourceIPAddress": self.source_ip.as_deref().unwrap_or(S3_ITSELF) },
            "responseElements": { "x-amz-request-id": self.request_id, "x-amz-id-2": host_id(&self.request_id) },
            "s3": {
                "s3SchemaVersion": "1.0",
                "configurationId": configuration_id,
                "bucket": {
                    "name": self.bucket_name,
                    "ownerIdentity": { "principalId": bucket.owner },
                    "arn": format!("arn:aws:s3:::{}", self.bucket_name),
                },
                "object": object,
            },
        })
    }
}

impl Happening {
    /// As queues read it; a configuration's `s3:ObjectCreated:*` is this behind `s3:`.
    fn name(self) -> &'static str {
        match self {
            Self::Put => "ObjectCreated:Put",
            Self::Copied => "ObjectCreated:Copy",
            Self::Completed => "ObjectCreated:CompleteMultipartUpload",
            Self::Deleted(Deletion::Permanent) => "ObjectRemoved:Delete",
            Self::Deleted(Deletion::Marker) => "ObjectRemoved:DeleteMarkerCreated",
            Self::Expired(Deletion::Permanent) => "LifecycleExpiration:Delete",
            Self::Expired(Deletion::Marker) => "LifecycleExpiration:DeleteMarkerCreated",
            Self::Moved(_) => "LifecycleTransition",
            Self::Tagged => "ObjectTagging:Put",
            Self::Untagged => "ObjectTagging:Delete",
        }
    }

    /// EventBridge's detail type and reason.
    fn detail_type(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Put => ("Object Created", Some("PutObject")),
            Self::Copied => ("Object Created", Some("CopyObject")),
            Self::Completed => ("Object Created", Some("CompleteMultipartUpload")),
            Self::Deleted(_) => ("Object Deleted", Some("DeleteObject")),
            Self::Expired(_) => ("Object Deleted", Some("Lifecycle Expiration")),
            Self::Moved(_) => ("Object Storage Class Changed", None),
            Self::Tagged => ("Object Tags Added", None),
            Self::Untagged => ("Object Tags Deleted", None),
        }
    }

    fn event_version(self) -> &'static str {
        match self {
            Self::Expired(_) | Self::Moved(_) | Self::Tagged | Self::Untagged => "2.3",
            _ => "2.1",
        }
    }
}

impl Deletion {
    fn as_str(self) -> &'static str {
        match self {
            Self::Permanent => "Permanently Deleted",
            Self::Marker => "Delete Marker Created",
        }
    }
}

/// The second id of the call's answer, as the wire makes it of the first.
pub fn host_id(request_id: &str) -> String {
    STANDARD.encode(request_id)
}
