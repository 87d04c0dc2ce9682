//! New temporary credentials, on their way to their bearer and, sealed, into the store.

use haar_platform::aws::sts::Credentials;
use haar_platform::kernel::{Timestamp, ids};
use haar_platform::store::{Vault, VaultError};

/// AWS's tokens vary in size; ours are this long, unless a caller wants them longer to test what carries them.
const TOKEN_SIZE: usize = 356;

/// The longest token that STS gives out (`MinimumSessionTokenSize` goes up to it).
const TOKEN_SIZE_MAX: usize = 4096;

/// Of base64, as in AWS's tokens.
const TOKEN_ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Random all over: nobody can guess or derive the secret or the token, and neither says anything about the session.
pub struct NewCredentials {
    /// What is kept of them.
    pub sealed: Sealed,
    secret: String,
    token: String,
}

/// Credentials as they are stored.
#[derive(Clone)]
pub struct Sealed {
    pub access_key_id: String,
    pub secret: Vec<u8>,
    pub token: Vec<u8>,
}

impl NewCredentials {
    pub fn make(vault: &Vault, token_size_min: Option<i32>) -> Result<Self, VaultError> {
        let asked = token_size_min.and_then(|size| usize::try_from(size).ok()).unwrap_or(0);
        let access_key_id = ids::iam("ASIA", 20);
        let secret = ids::secret_key();
        let token = ids::from_alphabet(asked.clamp(TOKEN_SIZE, TOKEN_SIZE_MAX), TOKEN_ALPHABET);
        let sealed = Sealed {
            secret: vault.seal(access_key_id.as_bytes(), secret.as_bytes())?,
            token: vault.seal(access_key_id.as_bytes(), token.as_bytes())?,
            access_key_id,
        };
        Ok(Self { sealed, secret, token })
    }

    /// In bytes.
    pub fn token_size(&self) -> i32 {
        i32::try_from(self.token.len()).expect("a token has at most 4096 bytes")
    }

    /// In per cent of the longest token.
    pub fn token_utilization(&self) -> i32 {
        percent(self.token.len(), TOKEN_SIZE_MAX)
    }

    /// What the bearer gets, once.
    pub fn hand_out(self, expires: Timestamp) -> Credentials {
        Credentials {
            access_key_id: self.sealed.access_key_id,
            secret_access_key: self.secret,
            session_token: self.token,
            expiration: expires,
        }
    }
}

/// How much of `whole` that is, rounded up.
pub fn percent(part: usize, whole: usize) -> i32 {
    i32::try_from((part * 100).div_ceil(whole)).unwrap_or(i32::MAX)
}
