//! The vault: seals secrets with a key that never leaves the data directory.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};

use crate::directory::publish;
use crate::error::{StoreError, VaultError};

const KEY_BYTES: usize = 32;
/// The first byte of a sealed value: AES-256-GCM, key id (4 bytes), nonce (12), ciphertext and tag.
const SEALED_FORMAT: u8 = 1;
const HEADER_BYTES: usize = 1 + 4 + NONCE_LEN;
/// Owner only.
const KEY_MODE: u32 = 0o600;

/// Seals and opens values, and signs tokens. The key file has a line per key, `id hexadecimal-key`;
/// the last seals, the others open what was sealed before a rotation.
pub struct Vault {
    keys: Vec<VaultKey>,
    random: SystemRandom,
}

struct VaultKey {
    id: u32,
    sealing: LessSafeKey,
    signing: hmac::Key,
}

impl Vault {
    /// A key that lives as long as the process.
    pub(crate) fn in_memory() -> Result<Self, StoreError> {
        let random = SystemRandom::new();
        let secret = random_bytes(&random)?;
        Ok(Self { keys: vec![VaultKey::new(1, &secret)], random })
    }

    /// Reads the key; makes one only in a fresh data directory, because a new key in an old
    /// directory would turn a lost file into lost secrets, in silence.
    pub(crate) fn load(path: &Path, fresh: bool) -> Result<Self, StoreError> {
        let random = SystemRandom::new();
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound && fresh => {
                let secret: [u8; KEY_BYTES] = random_bytes(&random)?;
                let text = format!("1 {}\n", hex(&secret));
                publish(path, text.as_bytes())?;
                text
            }
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                return Err(VaultError::KeyMissing(path.to_owned()).into());
            }
            Err(cause) => return Err(StoreError::io(format!("read {}", path.display()))(cause)),
        };
        repair_permissions(path)?;
        let keys = text.lines().map(parse_key).collect::<Option<Vec<_>>>().filter(|keys| !keys.is_empty());
        let keys = keys.ok_or_else(|| VaultError::KeyDamaged(path.to_owned()))?;
        Ok(Self { keys, random })
    }

    /// Encrypts `plain`. `aad` says what the value belongs to (its ARN, say): the sealed value opens
    /// with the same `aad` only, so it cannot be moved to another record.
    pub fn seal(&self, aad: &[u8], plain: &[u8]) -> Result<Vec<u8>, VaultError> {
        let key = self.current();
        // A random 96-bit nonce: safe for 2^32 values a key (NIST SP 800-38D, 8.3).
        let nonce: [u8; NONCE_LEN] = random_bytes(&self.random)?;
        let mut sealed = Vec::with_capacity(HEADER_BYTES + plain.len() + AES_256_GCM.tag_len());
        sealed.push(SEALED_FORMAT);
        sealed.extend_from_slice(&key.id.to_be_bytes());
        sealed.extend_from_slice(&nonce);
        let mut content = plain.to_vec();
        key.sealing
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), &mut content)
            .map_err(|_| VaultError::Malformed)?;
        sealed.append(&mut content);
        Ok(sealed)
    }

    /// Decrypts what `seal` made with the same `aad`.
    pub fn open(&self, aad: &[u8], sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        let (header, content) = sealed.split_first_chunk::<HEADER_BYTES>().ok_or(VaultError::Malformed)?;
        let [format, a, b, c, d, nonce @ ..] = header;
        if *format != SEALED_FORMAT {
            return Err(VaultError::Malformed);
        }
        let id = u32::from_be_bytes([*a, *b, *c, *d]);
        let key = self.keys.iter().find(|key| key.id == id).ok_or(VaultError::UnknownKey(id))?;
        let mut content = content.to_vec();
        let plain = key
            .sealing
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(aad), &mut content)
            .map_err(|_| VaultError::Tampered)?;
        let length = plain.len();
        content.truncate(length);
        Ok(content)
    }

    /// HMAC-SHA-256 of `bytes` for one purpose: a token signed in one `context` is worthless in another.
    pub fn mac(&self, context: &str, bytes: &[u8]) -> [u8; 32] {
        sign(self.current(), context, bytes)
    }

    /// Whether `mac` is what [`Vault::mac`] gives, in constant time.
    pub fn verify_mac(&self, context: &str, bytes: &[u8], mac: &[u8]) -> bool {
        let message = mac_message(context, bytes);
        self.keys.iter().any(|key| hmac::verify(&key.signing, &message, mac).is_ok())
    }

    fn current(&self) -> &VaultKey {
        self.keys.last().expect("a vault is never built without a key")
    }
}

impl VaultKey {
    fn new(id: u32, secret: &[u8; KEY_BYTES]) -> Self {
        let sealing = UnboundKey::new(&AES_256_GCM, secret).expect("the key has the length that AES-256 takes");
        // Two uses, two keys: the signing key is derived, so neither use says anything about the other.
        let derived = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), b"haar vault mac");
        Self { id, sealing: LessSafeKey::new(sealing), signing: hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()) }
    }
}

fn sign(key: &VaultKey, context: &str, bytes: &[u8]) -> [u8; 32] {
    let tag = hmac::sign(&key.signing, &mac_message(context, bytes));
    tag.as_ref().try_into().expect("HMAC-SHA-256 is 32 bytes")
}

/// The context's length comes first, so that no two pairs make the same message.
fn mac_message(context: &str, bytes: &[u8]) -> Vec<u8> {
    let mut message = Vec::with_capacity(8 + context.len() + bytes.len());
    message.extend_from_slice(&(context.len() as u64).to_be_bytes());
    message.extend_from_slice(context.as_bytes());
    message.extend_from_slice(bytes);
    message
}

fn parse_key(line: &str) -> Option<VaultKey> {
    let (id, secret) = line.split_once(' ')?;
    let secret: [u8; KEY_BYTES] = unhex(secret)?;
    Some(VaultKey::new(id.parse().ok()?, &secret))
}

fn repair_permissions(path: &Path) -> Result<(), StoreError> {
    let failed = |cause| StoreError::io(format!("protect {}", path.display()))(cause);
    let mode = fs::metadata(path).map_err(failed)?.permissions().mode() & 0o777;
    if mode != KEY_MODE {
        tracing::warn!(path = %path.display(), mode = format!("{mode:o}"), "the vault key was open to others, closing it");
        fs::set_permissions(path, Permissions::from_mode(KEY_MODE)).map_err(failed)?;
    }
    Ok(())
}

pub(crate) fn random_bytes<const N: usize>(random: &SystemRandom) -> Result<[u8; N], VaultError> {
    let mut bytes = [0; N];
    random.fill(&mut bytes).map_err(|_| VaultError::NoRandom)?;
    Ok(bytes)
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        text.push(char::from_digit(u32::from(byte >> 4), 16).expect("four bits are a digit"));
        text.push(char::from_digit(u32::from(byte & 15), 16).expect("four bits are a digit"));
        text
    })
}

pub(crate) fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != N * 2 || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let digits = std::str::from_utf8(digits).ok()?;
        *byte = u8::from_str_radix(digits, 16).ok()?;
    }
    Some(bytes)
}
