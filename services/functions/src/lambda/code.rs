//! Code as it comes: a zip file in the request, or an object that the caller may read. It is unpacked before it is
//! accepted, so that a function that exists can be started.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use haar_platform::aws::lambda::{
    FunctionCode, LayerVersionContentInput, S3ObjectStorageMode, UpdateFunctionCodeRequest,
};
use haar_platform::aws::s3;
use haar_platform::kernel::{Bytes, Ctx, Fault};
use haar_platform::store::{Blob, Store};
use haar_process::{Package, UnpackError, ZIP_UNPACKED_MAX};
use ring::digest::{SHA256, digest};

use super::Lambda;
use super::error::LambdaError;
use super::model::Code;

/// Bytes of a zip file that comes in a request.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const ZIP_BYTES_MAX: usize = 52_428_800;

/// Where code is to come from.
pub struct Source {
    zip: Option<Bytes>,
    object: Option<(String, String, Option<String>)>,
}

/// Code that was taken in: kept as a blob, and unpacked.
pub struct Taken {
    pub code: Code,
    /// Keep what was unpacked, and the blob until a record names it.
    _package: Package,
    _blob: Blob,
}

impl Source {
    /// Of CreateFunction.
    pub fn of_function(code: FunctionCode) -> Result<Self, Fault> {
        refuse_others(code.image_uri.is_some(), code.source_kms_key_arn.is_some(), code.s3_object_storage_mode)?;
        Ok(Self::new(code.zip_file, code.s3_bucket, code.s3_key, code.s3_object_version)?)
    }

    /// Of UpdateFunctionCode.
    pub fn of_update(input: &mut UpdateFunctionCodeRequest) -> Result<Self, Fault> {
        refuse_others(input.image_uri.is_some(), input.source_kms_key_arn.is_some(), input.s3_object_storage_mode)?;
        let (bucket, key) = (input.s3_bucket.take(), input.s3_key.take());
        Ok(Self::new(input.zip_file.take(), bucket, key, input.s3_object_version.take())?)
    }

    /// Of PublishLayerVersion.
    pub fn of_layer(content: LayerVersionContentInput) -> Result<Self, Fault> {
        refuse_others(false, false, content.s3_object_storage_mode)?;
        Ok(Self::new(content.zip_file, content.s3_bucket, content.s3_key, content.s3_object_version)?)
    }

    fn new(
        zip: Option<Bytes>,
        bucket: Option<String>,
        key: Option<String>,
        version: Option<String>,
    ) -> Result<Self, LambdaError> {
        match (zip, bucket, key) {
            (Some(zip), None, None) => Ok(Self { zip: Some(zip), object: None }),
            (None, Some(bucket), Some(key)) => Ok(Self { zip: None, object: Some((bucket, key, version)) }),
            (Some(_), _, _) => Err(LambdaError::invalid(
                "Please do not provide other FunctionCode parameters when providing a ZipFile.",
            )),
            _ => Err(LambdaError::invalid("Please provide a source for function code.")),
        }
    }

    async fn read(self, ctx: &Ctx) -> Result<Bytes, LambdaError> {
        let bytes = match (self.zip, self.object) {
            (Some(zip), _) if zip.len() > ZIP_BYTES_MAX => {
                return Err(LambdaError::invalid(format!("Zipped size must be smaller than {ZIP_BYTES_MAX} bytes")));
            }
            (Some(zip), _) => zip,
            (None, Some((bucket, key, version))) => object(ctx, bucket, key, version).await?,
            (None, None) => Bytes::new(),
        };
        if bytes.is_empty() {
            return Err(LambdaError::invalid("Uploaded file must be a non-empty zip"));
        }
        Ok(bytes)
    }
}

fn refuse_others(image: bool, key: bool, mode: Option<S3ObjectStorageMode>) -> Result<(), Fault> {
    if image {
        return Err(Fault::not_served("lambda functions from container images (ImageUri)"));
    }
    if key {
        return Err(Fault::not_served("lambda code under a key of KMS (SourceKMSKeyArn)"));
    }
    if mode == Some(S3ObjectStorageMode::Reference) {
        return Err(Fault::not_served("lambda code that stays in S3 (S3ObjectStorageMode REFERENCE)"));
    }
    Ok(())
}

/// Reads an object as the caller, who must be allowed to.
async fn object(ctx: &Ctx, bucket: String, key: String, version: Option<String>) -> Result<Bytes, LambdaError> {
    let place = format!("{bucket}/{key}");
    let request = s3::GetObjectRequest { bucket, key, version_id: version, ..Default::default() };
    let answer = ctx.call_as::<s3::GetObject>(ctx.caller.clone(), request).await;
    let mut answer = answer.map_err(|fault| refused_by_s3(fault, &place))?;
    if answer.content_length.is_some_and(|length| length.unsigned_abs() > ZIP_UNPACKED_MAX) {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.body.next().await {
        bytes.extend_from_slice(&chunk.map_err(Fault::of_body)?);
    }
    Ok(Bytes::from(bytes))
}

fn refused_by_s3(fault: Fault, place: &str) -> LambdaError {
    match fault.status {
        403 => LambdaError::AccessDenied(format!(
            "Your access has been denied by S3, please make sure your request credentials have permission to \
             GetObject for {place}. S3 Error Code: {}. S3 Error Message: {}",
            fault.code, fault.message
        )),
        400..=499 => LambdaError::invalid(format!(
            "Error occurred while GetObject. S3 Error Code: {}. S3 Error Message: {}",
            fault.code, fault.message
        )),
        _ => fault.into(),
    }
}

fn too_large() -> LambdaError {
    LambdaError::invalid(format!("Unzipped size must be smaller than {ZIP_UNPACKED_MAX} bytes"))
}

impl From<UnpackError> for LambdaError {
    fn from(error: UnpackError) -> Self {
        match error {
            UnpackError::NotAZip(_) | UnpackError::LeadsOut(_) => Self::NotAZip,
            UnpackError::TooLarge => too_large(),
            UnpackError::Io(cause) => Self::Broken(format!("failed to unpack code: {cause}")),
        }
    }
}

/// Takes code in: reads it, unpacks it and keeps it.
pub async fn take(ctx: &Ctx, lambda: &Lambda, source: Source) -> Result<Taken, LambdaError> {
    let bytes = source.read(ctx).await?;
    let sha256 = STANDARD.encode(digest(&SHA256, &bytes));
    let package = lambda.supervisor.unpack(&sha256, bytes.clone()).await?;
    let size_bytes = bytes.len() as u64;
    let mut writer = lambda.store.blobs().writer(Some(size_bytes), ()).await?;
    writer.write(bytes).await?;
    let (blob, ()) = writer.finish().await?;
    Ok(Taken { code: Code { blob: blob.id, size_bytes, sha256 }, _package: package, _blob: blob })
}

/// The zip file, as it came.
pub async fn archive(store: &Store, code: &Code) -> Result<Bytes, LambdaError> {
    let mut reader = store.blobs().open(&code.blob).await?;
    let mut bytes = Vec::with_capacity(usize::try_from(reader.size).unwrap_or_default());
    while let Some(chunk) = reader.next().await {
        bytes.extend_from_slice(&chunk?);
    }
    Ok(Bytes::from(bytes))
}

/// Code that was taken in before, unpacked again if it has gone from the work area.
pub async fn unpack(lambda: &Lambda, code: &Code) -> Result<Package, LambdaError> {
    let bytes = archive(&lambda.store, code).await?;
    Ok(lambda.supervisor.unpack(&code.sha256, bytes).await?)
}
