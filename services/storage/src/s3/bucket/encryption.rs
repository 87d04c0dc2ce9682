//! Default encryption: SSE-S3 always, a KMS key if asked for. Keys are recorded and echoed; nothing is encrypted.

use haar_platform::aws::s3::*;
use haar_platform::kernel::Ctx;
use haar_platform::store::{Read, StoreError};

use crate::s3::S3;
use crate::s3::error::Error;
use crate::s3::model::{Bucket, Configuration, ConfigurationKind, Encryption, KmsEncryption};

const KIND: ConfigurationKind = ConfigurationKind::Encryption;

/// What objects get that name no encryption.
pub fn of(tx: &impl Read, bucket: &Bucket) -> Result<Encryption, StoreError> {
    Ok(stated(super::configuration(tx, bucket, KIND)?))
}

fn stated(configuration: Option<Configuration>) -> Encryption {
    match configuration {
        Some(Configuration::Encryption(encryption)) => encryption,
        _ => Encryption::Aes256,
    }
}

/// Sets the one rule that there is.
pub async fn set(ctx: &Ctx, s3: &S3, input: PutBucketEncryptionRequest) -> Result<(), Error> {
    let encryption = parse(&input.server_side_encryption_configuration)?;
    super::set(ctx, s3, input.bucket, input.expected_bucket_owner, KIND, Configuration::Encryption(encryption)).await
}

fn parse(configuration: &ServerSideEncryptionConfiguration) -> Result<Encryption, Error> {
    let [rule] = configuration.rules.as_slice() else { return Err(Error::MalformedXml) };
    let blocked = rule.blocked_encryption_types.as_ref().and_then(|blocked| blocked.encryption_type.as_deref());
    if blocked.is_some_and(|types| types.contains(&EncryptionType::SseC)) {
        return Err(Error::not_served("blocking SSE-C (BlockedEncryptionTypes)"));
    }
    let by_default = rule.apply_server_side_encryption_by_default.as_ref().ok_or(Error::MalformedXml)?;
    let dual_layer = match by_default.sse_algorithm {
        ServerSideEncryption::Aes256 if by_default.kms_master_key_id.is_some() => {
            let message = "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or \
                           aws:kms:dsse";
            return Err(Error::argument(message, "ApplyServerSideEncryptionByDefault", "AES256"));
        }
        ServerSideEncryption::Aes256 => return Ok(Encryption::Aes256),
        ServerSideEncryption::AwsKms => false,
        ServerSideEncryption::AwsKmsDsse => true,
        other => return Err(Error::not_served(format_args!("the encryption {other}"))),
    };
    Ok(Encryption::Kms(KmsEncryption {
        dual_layer,
        key_id: by_default.kms_master_key_id.clone(),
        context: None,
        bucket_key: rule.bucket_key_enabled,
    }))
}

/// What was set, or SSE-S3.
pub async fn get(ctx: &Ctx, s3: &S3, input: GetBucketEncryptionRequest) -> Result<GetBucketEncryptionOutput, Error> {
    let encryption = stated(super::get(ctx, s3, &input.bucket, input.expected_bucket_owner.as_deref(), KIND)?);
    let kms = encryption.kms();
    let rule = ServerSideEncryptionRule {
        apply_server_side_encryption_by_default: Some(ServerSideEncryptionByDefault {
            sse_algorithm: encryption.algorithm(),
            kms_master_key_id: kms.and_then(|kms| kms.key_id.clone()),
        }),
        bucket_key_enabled: Some(kms.and_then(|kms| kms.bucket_key).unwrap_or(false)),
        blocked_encryption_types: None,
    };
    let server_side_encryption_configuration = Some(ServerSideEncryptionConfiguration { rules: vec![rule] });
    Ok(GetBucketEncryptionOutput { server_side_encryption_configuration })
}

/// Back to SSE-S3.
pub async fn delete(_: &Ctx, s3: &S3, input: DeleteBucketEncryptionRequest) -> Result<(), Error> {
    super::clear(s3, input.bucket, input.expected_bucket_owner, KIND).await
}
