//! The checksum of a multipart object, out of those of its parts: of their checksums in a row (composite), or of the
//! bytes, which CRCs can tell without reading them again.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html>

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use haar_platform::aws::s3 as api;

use crate::s3::error::Error;
use crate::s3::model::{Checksum, ChecksumAlgorithm, Part, UploadChecksum};
use crate::s3::object::digest::Running;

/// What an upload asks for. Without a type each algorithm has its own.
pub fn asked_for(
    algorithm: Option<api::ChecksumAlgorithm>,
    kind: Option<api::ChecksumType>,
) -> Result<Option<UploadChecksum>, Error> {
    let Some(algorithm) = algorithm else {
        return match kind {
            None => Ok(None),
            Some(_) => Err(Error::InvalidRequest(
                "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.".into(),
            )),
        };
    };
    let algorithm = ChecksumAlgorithm::chosen(algorithm)?;
    let by_default = match algorithm {
        ChecksumAlgorithm::Crc64Nvme => api::ChecksumType::FullObject,
        _ => api::ChecksumType::Composite,
    };
    let kind = kind.unwrap_or(by_default);
    let composite = kind == api::ChecksumType::Composite;
    let possible = if composite { algorithm != ChecksumAlgorithm::Crc64Nvme } else { algorithm.crc().is_some() };
    if !possible {
        let algorithm = algorithm.as_str().to_ascii_lowercase();
        return Err(Error::InvalidRequest(format!(
            "The {kind} checksum type cannot be used with the {algorithm} checksum algorithm."
        )));
    }
    Ok(Some(UploadChecksum { algorithm, composite }))
}

/// AWS's word for what an upload's checksum is of.
pub fn kind(checksum: UploadChecksum) -> api::ChecksumType {
    if checksum.composite { api::ChecksumType::Composite } else { api::ChecksumType::FullObject }
}

/// The checksum of the object. None when the upload asked for none and the parts do not have one in common that can
/// be put together.
pub fn of_object(asked: Option<UploadChecksum>, parts: &[&Part]) -> Option<Checksum> {
    let first = parts.first()?.checksum.as_ref()?.algorithm;
    let UploadChecksum { algorithm, composite } =
        asked.unwrap_or(UploadChecksum { algorithm: first, composite: false });
    let mut of_parts = Vec::with_capacity(parts.len());
    for part in parts {
        let checksum = part.checksum.as_ref().filter(|checksum| checksum.algorithm == algorithm)?;
        of_parts.push((STANDARD.decode(&checksum.value).ok()?, part.piece.size));
    }
    if composite {
        let mut running = Running::new(algorithm);
        of_parts.iter().for_each(|(checksum, _)| running.update(checksum));
        let value = format!("{}-{}", STANDARD.encode(running.finish()), parts.len());
        return Some(Checksum { algorithm, composite, value });
    }
    let crc = algorithm.crc()?;
    let mut combined = None;
    for (checksum, size) in &of_parts {
        let next = checksum.iter().fold(0, |number: u64, byte| number << 8 | u64::from(*byte));
        combined = Some(match combined {
            None => next,
            Some(before) => crc_fast::checksum_combine(crc, before, next, *size),
        });
    }
    let bytes = combined?.to_be_bytes();
    Some(Checksum::full(algorithm, &bytes[8 - algorithm.bytes()..]))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn full(algorithm: ChecksumAlgorithm, bytes: &[u8]) -> String {
        let mut running = Running::new(algorithm);
        running.update(bytes);
        STANDARD.encode(running.finish())
    }

    #[test]
    fn each_algorithm_has_its_type() {
        let asked = |algorithm, kind| asked_for(Some(algorithm), kind).unwrap().unwrap().composite;
        assert!(asked(api::ChecksumAlgorithm::Crc32, None));
        assert!(asked(api::ChecksumAlgorithm::Sha256, None));
        assert!(!asked(api::ChecksumAlgorithm::Crc64nvme, None));
        assert!(!asked(api::ChecksumAlgorithm::Crc32c, Some(api::ChecksumType::FullObject)));
    }

    #[test]
    fn types_that_an_algorithm_cannot_have_are_refused() {
        for (algorithm, kind, message) in [
            (
                api::ChecksumAlgorithm::Sha256,
                api::ChecksumType::FullObject,
                "The FULL_OBJECT checksum type cannot be used with the sha256 checksum algorithm.",
            ),
            (
                api::ChecksumAlgorithm::Crc64nvme,
                api::ChecksumType::Composite,
                "The COMPOSITE checksum type cannot be used with the crc64nvme checksum algorithm.",
            ),
        ] {
            assert_eq!(asked_for(Some(algorithm), Some(kind)).unwrap_err().to_string(), message);
        }
        assert!(asked_for(None, Some(api::ChecksumType::Composite)).is_err());
        assert!(asked_for(None, None).unwrap().is_none());
    }

    #[test]
    fn crcs_are_combined_to_that_of_the_whole() {
        let (one, two, three) = (b"some bytes".as_slice(), b"".as_slice(), b"and more of them".as_slice());
        let whole = [one, two, three].concat();
        for algorithm in ChecksumAlgorithm::ALL.into_iter().filter(|algorithm| algorithm.crc().is_some()) {
            let crc = algorithm.crc().unwrap();
            let number = |bytes: &[u8]| {
                let mut digest = crc_fast::Digest::new(crc);
                digest.update(bytes);
                digest.finalize()
            };
            let mut combined = number(one);
            for part in [two, three] {
                combined = crc_fast::checksum_combine(crc, combined, number(part), part.len() as u64);
            }
            let bytes = combined.to_be_bytes();
            assert_eq!(STANDARD.encode(&bytes[8 - algorithm.bytes()..]), full(algorithm, &whole));
        }
    }
}
