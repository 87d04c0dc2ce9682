//! Bytes become an object, as the query's owner: at once while they are few, in parts when they are many. Nothing
//! appears before all of them are there.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use haar_platform::aws::s3;
use haar_platform::kernel::{Body, Fault};

use crate::athena::execution::run::Execution;
use crate::athena::location::Location;
use crate::athena::model::{Failure, ResultSettings};

/// Of one part, and the most that is held in memory.
const PART_BYTES: usize = 8 << 20;

/// An object that is being written. Dropped before [`Upload::finish`], it leaves nothing behind.
pub struct Upload {
    execution: Arc<Execution>,
    location: Location,
    /// How results are encrypted and owned; data of tables is as the bucket has it.
    settings: Option<ResultSettings>,
    buffer: BytesMut,
    /// Of the upload in parts, once there is one.
    upload_id: Option<String>,
    parts: Vec<s3::CompletedPart>,
    bytes: u64,
}

impl Upload {
    /// Of a result's file.
    pub fn of_result(execution: &Arc<Execution>, location: Location) -> Self {
        Self::at(execution, location, Some(execution.submission.result.clone()))
    }

    /// Of a table's data.
    pub fn of_data(execution: &Arc<Execution>, location: Location) -> Self {
        Self::at(execution, location, None)
    }

    fn at(execution: &Arc<Execution>, location: Location, settings: Option<ResultSettings>) -> Self {
        Self {
            execution: execution.clone(),
            location,
            settings,
            buffer: BytesMut::new(),
            upload_id: None,
            parts: Vec::new(),
            bytes: 0,
        }
    }

    /// Bytes so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Appends.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.buffer.extend_from_slice(bytes);
        self.bytes += bytes.len() as u64;
        while self.buffer.len() >= PART_BYTES {
            let part = self.buffer.split_to(PART_BYTES).freeze();
            self.put_part(part).await.map_err(|fault| self.failure(&fault))?;
        }
        Ok(())
    }

    /// Makes the object appear.
    pub async fn finish(mut self) -> Result<(), Failure> {
        let rest = self.buffer.split().freeze();
        let done = match self.upload_id.clone() {
            None => self.put_whole(rest).await,
            Some(_) if rest.is_empty() => self.complete().await,
            Some(_) => match self.put_part(rest).await {
                Ok(()) => self.complete().await,
                Err(fault) => Err(fault),
            },
        };
        done.map_err(|fault| self.failure(&fault))?;
        self.upload_id = None;
        Ok(())
    }

    async fn put_whole(&self, bytes: Bytes) -> Result<(), Fault> {
        let (encryption, kms_key) = self.encryption();
        let request = s3::PutObjectRequest {
            bucket: self.location.bucket.clone(),
            key: self.location.key.clone(),
            body: Body::full(bytes),
            server_side_encryption: encryption,
            ssekms_key_id: kms_key,
            acl: self.acl(),
            expected_bucket_owner: self.expected_owner(),
            content_type: Some("application/octet-stream".to_owned()),
            ..Default::default()
        };
        let ctx = &self.execution.ctx;
        ctx.call_as::<s3::PutObject>(ctx.caller.clone(), request).await?;
        Ok(())
    }

    async fn put_part(&mut self, bytes: Bytes) -> Result<(), Fault> {
        let upload_id = match &self.upload_id {
            Some(id) => id.clone(),
            None => self.begin().await?,
        };
        let number = i32::try_from(self.parts.len() + 1).unwrap_or(i32::MAX);
        let request = s3::UploadPartRequest {
            bucket: self.location.bucket.clone(),
            key: self.location.key.clone(),
            upload_id,
            part_number: number,
            body: Body::full(bytes),
            expected_bucket_owner: self.expected_owner(),
            ..Default::default()
        };
        let ctx = &self.execution.ctx;
        let answer = ctx.call_as::<s3::UploadPart>(ctx.caller.clone(), request).await?;
        self.parts.push(s3::CompletedPart { e_tag: answer.e_tag, part_number: Some(number), ..Default::default() });
        Ok(())
    }

    async fn begin(&mut self) -> Result<String, Fault> {
        let (encryption, kms_key) = self.encryption();
        let request = s3::CreateMultipartUploadRequest {
            bucket: self.location.bucket.clone(),
            key: self.location.key.clone(),
            server_side_encryption: encryption,
            ssekms_key_id: kms_key,
            acl: self.acl(),
            expected_bucket_owner: self.expected_owner(),
            content_type: Some("application/octet-stream".to_owned()),
            ..Default::default()
        };
        let ctx = &self.execution.ctx;
        let answer = ctx.call_as::<s3::CreateMultipartUpload>(ctx.caller.clone(), request).await?;
        let id = answer.upload_id.unwrap_or_default();
        self.upload_id = Some(id.clone());
        Ok(id)
    }

    async fn complete(&mut self) -> Result<(), Fault> {
        let request = s3::CompleteMultipartUploadRequest {
            bucket: self.location.bucket.clone(),
            key: self.location.key.clone(),
            upload_id: self.upload_id.clone().unwrap_or_default(),
            multipart_upload: Some(s3::CompletedMultipartUpload { parts: Some(std::mem::take(&mut self.parts)) }),
            expected_bucket_owner: self.expected_owner(),
            ..Default::default()
        };
        let ctx = &self.execution.ctx;
        ctx.call_as::<s3::CompleteMultipartUpload>(ctx.caller.clone(), request).await?;
        Ok(())
    }

    fn encryption(&self) -> (Option<s3::ServerSideEncryption>, Option<String>) {
        match self.settings.as_ref().and_then(|settings| settings.encryption.clone()) {
            None => (None, None),
            Some(encryption) if encryption.option == "SSE_KMS" => {
                (s3::ServerSideEncryption::parse("aws:kms"), encryption.kms_key)
            }
            Some(_) => (s3::ServerSideEncryption::parse("AES256"), None),
        }
    }

    fn acl(&self) -> Option<s3::ObjectCannedACL> {
        let wanted = self.settings.as_ref().is_some_and(|settings| settings.owner_full_control);
        if wanted { s3::ObjectCannedACL::parse("bucket-owner-full-control") } else { None }
    }

    fn expected_owner(&self) -> Option<String> {
        self.settings.as_ref().and_then(|settings| settings.expected_bucket_owner.clone())
    }

    /// What S3 said, as Athena says it.
    fn failure(&self, fault: &Fault) -> Failure {
        if !fault.sender {
            return Failure::internal(fault);
        }
        if fault.code == "AccessDenied" || fault.name == "AccessDenied" {
            return Failure::denied(format!(
                "Access denied when writing output to url: {} . Please ensure you are allowed to access the S3 bucket. \
                 If you are encrypting query results with KMS key, please ensure you are allowed to access your KMS key",
                self.location
            ));
        }
        Failure::user(format!("Error writing output to url: {} . {}: {}", self.location, fault.code, fault.message))
    }
}

impl Drop for Upload {
    /// Lets go of the parts of an upload that nobody will complete.
    fn drop(&mut self) {
        let Some(upload_id) = self.upload_id.take() else { return };
        let (execution, location) = (self.execution.clone(), self.location.clone());
        let house = execution.ctx.house.clone();
        house.tasks.spawn("athena abandoned upload", async move {
            let request = s3::AbortMultipartUploadRequest {
                bucket: location.bucket,
                key: location.key,
                upload_id,
                ..Default::default()
            };
            let ctx = &execution.ctx;
            if let Err(fault) = ctx.call_as::<s3::AbortMultipartUpload>(ctx.caller.clone(), request).await {
                tracing::warn!(%fault, "the parts of an abandoned upload stay behind");
            }
        });
    }
}
