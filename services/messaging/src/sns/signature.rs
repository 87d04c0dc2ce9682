//! The key that messages are signed with, its certificate, and what is signed.
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html>
//!
//! The key is made when the first message is signed, and kept in the store, sealed.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use haar_platform::kernel::{Timestamp, ids};
use haar_platform::store::{Read, Store, StoreError};
use parking_lot::Mutex;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rsa::pkcs1v15;
use rsa::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use rsa::signature::{Keypair, SignatureEncoding, Signer as _};
use tokio::sync::OnceCell;
use x509_cert::builder::profile::BuilderProfile;
use x509_cert::builder::{Builder, CertificateBuilder};
use x509_cert::certificate::TbsCertificate;
use x509_cert::der::EncodePem;
use x509_cert::der::asn1::UtcTime;
use x509_cert::der::pem::LineEnding;
use x509_cert::ext::pkix::{KeyUsage, KeyUsages};
use x509_cert::ext::{Extension, ToExtension};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{SubjectPublicKeyInfo, SubjectPublicKeyInfoRef};
use x509_cert::time::Validity;

use super::error::SnsError;
use super::model::{Kind, Message, SIGNING, SigningKey};
use super::notification::{kind_name, subscribe_url, timestamp, topic_arn};

const KEY_BITS: usize = 2048;

/// Whom the certificate names.
const SUBJECT: &str = "CN=sns.amazonaws.com";

/// How long the certificate is good for.
const VALIDITY: Duration = Duration::from_secs(20 * 365 * 24 * 60 * 60);

/// How far clocks may differ from ours: the certificate is good from that long ago.
const LEEWAY: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The record's key in the store, and what the sealed key is bound to.
const ONLY: u64 = 0;
const SEALED_AS: &[u8] = b"sns signing key";

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Signs.
pub struct Signer {
    /// A part of the certificate's URL.
    pub id: String,
    pub certificate_pem: String,
    /// SignatureVersion 1.
    sha1: pkcs1v15::SigningKey<sha1::Sha1>,
    /// SignatureVersion 2: ring is several times faster.
    sha256: RsaKeyPair,
}

/// The house's signer, once somebody needed it.
#[derive(Default)]
pub struct Signing(Mutex<Arc<OnceCell<Arc<Signer>>>>);

impl Signing {
    /// The signer; the first one makes the key.
    pub async fn signer(&self, store: &Store, now: Timestamp) -> Result<Arc<Signer>, SnsError> {
        let cell = self.0.lock().clone();
        cell.get_or_try_init(|| open(store, now)).await.cloned()
    }

    /// After the store was emptied: the next signature makes a key.
    pub fn forget(&self) {
        *self.0.lock() = Arc::default();
    }
}

async fn open(store: &Store, now: Timestamp) -> Result<Arc<Signer>, SnsError> {
    let known = store.read(|tx| tx.get(SIGNING, &ONLY))?;
    let (record, key) = match known {
        Some(record) => {
            let key = store.vault().open(SEALED_AS, &record.sealed_key).map_err(StoreError::from)?;
            (record, key)
        }
        None => {
            let made = off_thread(move || make(now)).await?;
            let sealed_key = store.vault().seal(SEALED_AS, &made.key).map_err(StoreError::from)?;
            let record = SigningKey { id: ids::hex(32), sealed_key, certificate_pem: made.certificate_pem };
            let kept = record.clone();
            store.write(move |tx| tx.put(SIGNING, &ONLY, &kept)).await?;
            (record, made.key)
        }
    };
    Ok(Arc::new(Signer::of(&record, &key).map_err(SnsError::Signing)?))
}

impl Signer {
    fn of(record: &SigningKey, key: &[u8]) -> Result<Self, Failure> {
        Ok(Self {
            id: record.id.clone(),
            certificate_pem: record.certificate_pem.clone(),
            sha1: pkcs1v15::SigningKey::new(rsa::PrivateKey::from_pkcs8_der(key)?),
            sha256: RsaKeyPair::from_pkcs8(key).map_err(|refused| refused.to_string())?,
        })
    }

    /// Signs a text; base64.
    pub fn sign(&self, version: u8, text: &str) -> Result<String, Failure> {
        let signature = if version == 2 {
            let mut signature = vec![0; self.sha256.public().modulus_len()];
            self.sha256
                .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
                .map_err(|_| "failed to sign with SHA-256")?;
            signature
        } else {
            self.sha1.try_sign(text.as_bytes())?.to_vec()
        };
        Ok(STANDARD.encode(signature))
    }
}

/// A new key and its certificate.
pub struct Made {
    /// PKCS #8.
    pub key: Vec<u8>,
    pub certificate_pem: String,
}

/// Makes a key, and a certificate that vouches for itself.
pub fn make(now: Timestamp) -> Result<Made, Failure> {
    let key = rsa::PrivateKey::new(&mut rand::rng(), KEY_BITS)?;
    let signer = pkcs1v15::SigningKey::<sha2::Sha256>::new(key.clone());
    let at = |time: Timestamp| UtcTime::from_unix_duration(Duration::from_secs(time.seconds().unsigned_abs()));
    let validity = Validity::new(at(now - LEEWAY)?.into(), at(now + VALIDITY)?.into());
    let public = SubjectPublicKeyInfo::from_key(&signer.verifying_key())?;
    // The first bit must not be set: serial numbers are positive.
    let mut serial: [u8; 16] = ids::random();
    serial[0] = serial[0] & 0x3f | 0x40;
    let profile = OwnName(Name::from_str(SUBJECT)?);
    let builder = CertificateBuilder::new(profile, SerialNumber::new(&serial)?, validity, public)?;
    let certificate = builder.build::<_, pkcs1v15::Signature>(&signer)?;
    Ok(Made { key: key.to_pkcs8_der()?.as_bytes().to_vec(), certificate_pem: certificate.to_pem(LineEnding::LF)? })
}

/// A certificate that vouches for itself, for signatures.
struct OwnName(Name);

impl BuilderProfile for OwnName {
    fn get_issuer(&self, _: &Name) -> Name {
        self.0.clone()
    }

    fn get_subject(&self) -> Name {
        self.0.clone()
    }

    fn build_extensions(
        &self,
        _: SubjectPublicKeyInfoRef<'_>,
        _: SubjectPublicKeyInfoRef<'_>,
        certificate: &TbsCertificate,
    ) -> x509_cert::builder::Result<Vec<Extension>> {
        let usage = KeyUsage(KeyUsages::DigitalSignature.into());
        Ok(vec![usage.to_extension(certificate.subject(), &[])?])
    }
}

/// Runs what keeps a processor busy where it may.
pub async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, SnsError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(SnsError::Signing),
        Err(ended) => Err(SnsError::Signing(ended.into())),
    }
}

/// What is signed of a message with a text: members in the order of their names, each on a line behind its name.
pub fn canonical(message: &Message, text: &str) -> String {
    let (topic_arn, timestamp) = (topic_arn(message), timestamp(message.published));
    let subscribe_url = subscribe_url(message).unwrap_or_default();
    let mut lines = vec![("Message", text), ("MessageId", &message.message_id)];
    match &message.kind {
        Kind::Notification => {
            lines.extend(message.subject.as_deref().map(|subject| ("Subject", subject)));
            lines.push(("Timestamp", &timestamp));
        }
        Kind::SubscriptionConfirmation { token } | Kind::UnsubscribeConfirmation { token, .. } => {
            lines.extend([("SubscribeURL", &*subscribe_url), ("Timestamp", &timestamp), ("Token", token)]);
        }
    }
    lines.extend([("TopicArn", &*topic_arn), ("Type", kind_name(message))]);
    lines.iter().map(|(name, value)| format!("{name}\n{value}\n")).collect()
}
