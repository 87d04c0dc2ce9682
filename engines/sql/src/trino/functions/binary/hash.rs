//! Hashes and authentication codes of bytes.

use md5::{Digest, Md5};
use ring::{digest, hmac};

/// How many bytes HMAC's keys are filled up to under MD5.
const MD5_BLOCK_BYTES: usize = 64;

pub fn md5(bytes: &[u8]) -> [u8; 16] {
    Md5::digest(bytes).into()
}

pub fn sha1(bytes: &[u8]) -> digest::Digest {
    digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, bytes)
}

pub fn sha256(bytes: &[u8]) -> digest::Digest {
    digest::digest(&digest::SHA256, bytes)
}

pub fn sha512(bytes: &[u8]) -> digest::Digest {
    digest::digest(&digest::SHA512, bytes)
}

/// RFC 2104 over MD5, which ring does not have.
pub fn hmac_md5(bytes: &[u8], key: &[u8]) -> [u8; 16] {
    let mut block = [0; MD5_BLOCK_BYTES];
    if key.len() > MD5_BLOCK_BYTES {
        block[..16].copy_from_slice(&md5(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let inner = Md5::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(bytes).finalize();
    Md5::new().chain_update(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().into()
}

pub fn hmac_sha1(bytes: &[u8], key: &[u8]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key), bytes)
}

pub fn hmac_sha256(bytes: &[u8], key: &[u8]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), bytes)
}

pub fn hmac_sha512(bytes: &[u8], key: &[u8]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA512, key), bytes)
}

/// The 128 bits of MurmurHash3 for 64-bit machines.
pub fn murmur3(bytes: &[u8]) -> [u8; 16] {
    let mut reader = bytes;
    // A slice never fails to be read.
    murmur3::murmur3_x64_128(&mut reader, 0).unwrap_or_default().to_le_bytes()
}

pub fn xxhash64(bytes: &[u8]) -> [u8; 8] {
    twox_hash::XxHash64::oneshot(0, bytes).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::super::base::to_hex;
    use super::*;

    #[test]
    fn hashes_are_those_that_everyone_knows() {
        assert_eq!(to_hex(&md5(b"hello")), "5D41402ABC4B2A76B9719D911017C592");
        assert_eq!(to_hex(sha1(b"").as_ref()), "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709");
        assert_eq!(to_hex(&murmur3(b"hashme")), "93192FE805BE23041C8318F67EC4F2BC");
        assert_eq!(to_hex(&xxhash64(b"")), "EF46DB3751D8E999");
        assert_eq!(to_hex(&xxhash64(b"hashme")), "F9D96E0E1165E892");
    }

    #[test]
    fn codes_under_md5_are_those_of_rfc_2202() {
        assert_eq!(to_hex(&hmac_md5(b"Hi There", &[0x0b; 16])), "9294727A3638BB1C13F48EF8158BFC9D");
        let long = b"Test Using Larger Than Block-Size Key - Hash Key First";
        assert_eq!(to_hex(&hmac_md5(long, &[0xaa; 80])), "6B1AB7FE4BD7BF8F0B62E6CE61B9D0CD");
    }
}
