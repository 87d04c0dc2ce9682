//! Digests of bytes on their way: MD5 for the ETag, and the checksum that the caller chose.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html>

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crc_fast::CrcAlgorithm;
use haar_platform::aws::s3 as api;
use haar_platform::store::Digest;
use md5::{Digest as _, Md5};
use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256};

use crate::s3::error::Error;
use crate::s3::model::{Checksum, ChecksumAlgorithm};

impl ChecksumAlgorithm {
    /// What S3 records when a caller chooses none.
    pub const DEFAULT: Self = Self::Crc64Nvme;

    /// All, in no particular order.
    pub const ALL: [Self; 5] = [Self::Crc32, Self::Crc32c, Self::Crc64Nvme, Self::Sha1, Self::Sha256];

    /// AWS's spelling: `CRC64NVME`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64Nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }

    /// The header or trailer that carries it: `x-amz-checksum-crc32`.
    pub const fn header(self) -> &'static str {
        match self {
            Self::Crc32 => "x-amz-checksum-crc32",
            Self::Crc32c => "x-amz-checksum-crc32c",
            Self::Crc64Nvme => "x-amz-checksum-crc64nvme",
            Self::Sha1 => "x-amz-checksum-sha1",
            Self::Sha256 => "x-amz-checksum-sha256",
        }
    }

    /// The size of a checksum.
    pub const fn bytes(self) -> usize {
        match self {
            Self::Crc32 | Self::Crc32c => 4,
            Self::Crc64Nvme => 8,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    /// The one that a caller names; those that haar does not compute are refused by name.
    pub fn chosen(algorithm: api::ChecksumAlgorithm) -> Result<Self, Error> {
        let name = algorithm.as_str();
        let known = Self::ALL.into_iter().find(|known| known.as_str() == name);
        known.ok_or_else(|| Error::not_served(format_args!("the checksum algorithm {name}")))
    }

    /// The generated enumeration's word for it.
    pub fn api(self) -> api::ChecksumAlgorithm {
        match self {
            Self::Crc32 => api::ChecksumAlgorithm::Crc32,
            Self::Crc32c => api::ChecksumAlgorithm::Crc32c,
            Self::Crc64Nvme => api::ChecksumAlgorithm::Crc64nvme,
            Self::Sha1 => api::ChecksumAlgorithm::Sha1,
            Self::Sha256 => api::ChecksumAlgorithm::Sha256,
        }
    }

    /// The parameters of a CRC; none for what is no CRC and cannot be combined.
    pub fn crc(self) -> Option<CrcAlgorithm> {
        match self {
            Self::Crc32 => Some(CrcAlgorithm::Crc32IsoHdlc),
            Self::Crc32c => Some(CrcAlgorithm::Crc32Iscsi),
            Self::Crc64Nvme => Some(CrcAlgorithm::Crc64Nvme),
            Self::Sha1 | Self::Sha256 => None,
        }
    }
}

impl Checksum {
    /// Of all the bytes.
    pub fn full(algorithm: ChecksumAlgorithm, bytes: &[u8]) -> Self {
        Self { algorithm, composite: false, value: STANDARD.encode(bytes) }
    }

    /// AWS's word for what it is of.
    pub fn kind(&self) -> api::ChecksumType {
        if self.composite { api::ChecksumType::Composite } else { api::ChecksumType::FullObject }
    }
}

/// A checksum in the making.
pub enum Running {
    /// One of the CRCs.
    Crc(crc_fast::Digest, usize),
    /// One of the SHAs.
    Sha(Context),
}

impl Running {
    /// Of nothing yet.
    pub fn new(algorithm: ChecksumAlgorithm) -> Self {
        match algorithm.crc() {
            Some(crc) => Self::Crc(crc_fast::Digest::new(crc), algorithm.bytes()),
            None if algorithm == ChecksumAlgorithm::Sha1 => Self::Sha(Context::new(&SHA1_FOR_LEGACY_USE_ONLY)),
            None => Self::Sha(Context::new(&SHA256)),
        }
    }

    /// Goes on.
    pub fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Crc(digest, _) => digest.update(bytes),
            Self::Sha(context) => context.update(bytes),
        }
    }

    /// The checksum, big-endian as S3 writes it.
    pub fn finish(self) -> Vec<u8> {
        match self {
            Self::Crc(digest, length) => digest.finalize().to_be_bytes()[8 - length..].to_vec(),
            Self::Sha(context) => context.finish().as_ref().to_vec(),
        }
    }
}

/// MD5 and checksums of the same bytes.
pub struct Digests {
    md5: Md5,
    running: Vec<(ChecksumAlgorithm, Running)>,
}

impl Digests {
    /// By one algorithm; by none, the CRCs are all computed: they cost little beside MD5, and some callers tell the
    /// algorithm only in the trailer.
    pub fn new(algorithm: Option<ChecksumAlgorithm>) -> Self {
        let wanted = |candidate: &ChecksumAlgorithm| match algorithm {
            Some(algorithm) => algorithm == *candidate,
            None => candidate.crc().is_some(),
        };
        let chosen = ChecksumAlgorithm::ALL.into_iter().filter(wanted);
        Self { md5: Md5::new(), running: chosen.map(|algorithm| (algorithm, Running::new(algorithm))).collect() }
    }

    /// The MD5 and one of the checksums; `None` if that one was not computed.
    pub fn finish(self, algorithm: ChecksumAlgorithm) -> Option<([u8; 16], Checksum)> {
        let (_, running) = self.running.into_iter().find(|(computed, _)| *computed == algorithm)?;
        Some((self.md5.finalize().into(), Checksum::full(algorithm, &running.finish())))
    }
}

impl Digest for Digests {
    fn update(&mut self, bytes: &[u8]) {
        self.md5.update(bytes);
        for (_, running) in &mut self.running {
            running.update(bytes);
        }
    }
}

/// Lower-case hex: how ETags are written.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The checksums that a request (or a part in a list) gives, by AWS's algorithm: a macro because generated types
/// have the same ten members and no trait in common.
macro_rules! given_checksums {
    ($shape:expr) => {{
        use haar_platform::aws::s3::ChecksumAlgorithm as Algorithm;
        let shape = &$shape;
        let all = [
            (Algorithm::Crc32, &shape.checksum_crc32),
            (Algorithm::Crc32c, &shape.checksum_crc32c),
            (Algorithm::Crc64nvme, &shape.checksum_crc64nvme),
            (Algorithm::Sha1, &shape.checksum_sha1),
            (Algorithm::Sha256, &shape.checksum_sha256),
            (Algorithm::Sha512, &shape.checksum_sha512),
            (Algorithm::Md5, &shape.checksum_md5),
            (Algorithm::Xxhash64, &shape.checksum_xxhash64),
            (Algorithm::Xxhash3, &shape.checksum_xxhash3),
            (Algorithm::Xxhash128, &shape.checksum_xxhash128),
        ];
        all.into_iter().filter_map(|(algorithm, value)| Some((algorithm, value.clone()?))).collect::<Vec<_>>()
    }};
}
pub(crate) use given_checksums;

/// Writes a checksum into its member of an answer.
macro_rules! answer_checksum {
    ($shape:expr, $checksum:expr) => {{
        use $crate::s3::model::ChecksumAlgorithm as Algorithm;
        let checksum: &$crate::s3::model::Checksum = $checksum;
        let value = Some(checksum.value.clone());
        match checksum.algorithm {
            Algorithm::Crc32 => $shape.checksum_crc32 = value,
            Algorithm::Crc32c => $shape.checksum_crc32c = value,
            Algorithm::Crc64Nvme => $shape.checksum_crc64nvme = value,
            Algorithm::Sha1 => $shape.checksum_sha1 = value,
            Algorithm::Sha256 => $shape.checksum_sha256 = value,
        }
    }};
}
pub(crate) use answer_checksum;

#[cfg(test)]
mod tests {
    use super::*;

    fn of(algorithm: ChecksumAlgorithm, bytes: &[u8]) -> String {
        let mut running = Running::new(algorithm);
        for byte in bytes.chunks(4) {
            running.update(byte);
        }
        hex(&running.finish())
    }

    /// The check values of the catalogue of CRCs, and of FIPS 180.
    #[test]
    fn known_values() {
        let bytes = b"123456789";
        assert_eq!(of(ChecksumAlgorithm::Crc32, bytes), "cbf43926");
        assert_eq!(of(ChecksumAlgorithm::Crc32c, bytes), "e3069283");
        assert_eq!(of(ChecksumAlgorithm::Crc64Nvme, bytes), "ae8b14860a799888");
        assert_eq!(of(ChecksumAlgorithm::Sha1, b"abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(
            of(ChecksumAlgorithm::Sha256, b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn every_checksum_has_its_size() {
        for algorithm in ChecksumAlgorithm::ALL {
            assert_eq!(Running::new(algorithm).finish().len(), algorithm.bytes(), "{}", algorithm.as_str());
        }
    }
}
