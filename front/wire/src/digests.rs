//! What a caller says of a body that is read whole, checked: `Content-MD5` and `x-amz-checksum-…`.
//!
//! Only for operations whose checksum headers mean the body of the request: those of `CompleteMultipartUpload` mean
//! the object. Bodies that stream are checked by the operation that stores them.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html>

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use crc_fast::CrcAlgorithm;
use haar_kernel::schema::{Kind, Operation};
use haar_kernel::{Fault, Value};
use http::HeaderMap;
use md5::{Digest, Md5};
use ring::digest;

use crate::recognise::Recognised;
use crate::s3;

/// The member that says which checksum a client has made of the body.
const ALGORITHM: &str = "x-amz-sdk-checksum-algorithm";

const PREFIX: &str = "x-amz-checksum-";

/// Headers that have the prefix and are no checksum.
const SETTINGS: [&str; 3] = ["algorithm", "mode", "type"];

/// Refuses a whole body that is not what its digests say. `trailers` came behind a body in chunks.
pub fn check_digests(
    recognised: &Recognised,
    headers: &HeaderMap,
    trailers: &HeaderMap,
    body: &[u8],
) -> Result<(), Fault> {
    if !s3::is(recognised.model) {
        return Ok(());
    }
    if let Some(sent) = headers.get("content-md5") {
        check_md5(&String::from_utf8_lossy(sent.as_bytes()), body)?;
    }
    if means_the_body(recognised.operation, recognised) {
        check_checksums(headers, trailers, body)?;
    }
    Ok(())
}

fn means_the_body(operation: &Operation, recognised: &Recognised) -> bool {
    let Some(input) = operation.input else { return false };
    let Kind::Structure(structure) = &recognised.model.shape(input).kind else { return false };
    structure.members.iter().any(|member| member.wire_name() == ALGORITHM)
}

fn check_md5(sent: &str, body: &[u8]) -> Result<(), Fault> {
    let field = |text: &str| Value::String(text.to_owned());
    let computed = Md5::digest(body);
    match BASE64.decode(sent.trim()) {
        Ok(bytes) if bytes.len() != computed.len() => {}
        Ok(bytes) if bytes[..] == computed[..] => return Ok(()),
        Ok(_) => {
            let message = "The Content-MD5 you specified did not match what we received.";
            let fault = Fault::common("BadDigest", 400, message).with("ExpectedDigest", field(sent));
            return Err(fault.with("CalculatedDigest", Value::String(BASE64.encode(computed))));
        }
        Err(_) => {}
    }
    Err(Fault::common("InvalidDigest", 400, "The Content-MD5 you specified was invalid.")
        .with("Content-MD5", field(sent)))
}

fn check_checksums(headers: &HeaderMap, trailers: &HeaderMap, body: &[u8]) -> Result<(), Fault> {
    let mut checksums = headers.iter().chain(trailers).filter_map(|(name, value)| {
        let algorithm = name.as_str().strip_prefix(PREFIX).filter(|name| !SETTINGS.contains(name))?;
        Some((algorithm, value))
    });
    let Some((algorithm, sent)) = checksums.next() else {
        if headers.contains_key(ALGORITHM) {
            return Err(invalid_request(
                "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer \
                 headers were found.",
            ));
        }
        return Ok(());
    };
    if checksums.next().is_some() {
        let message = "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.";
        return Err(invalid_request(message));
    }
    let Some(computed) = compute(algorithm, body) else {
        return Err(Fault::not_served(format_args!("{PREFIX}{algorithm}")));
    };
    match BASE64.decode(sent.as_bytes()) {
        Ok(bytes) if bytes == computed => Ok(()),
        Ok(bytes) if bytes.len() == computed.len() => {
            let name = algorithm.to_ascii_uppercase();
            let message = format!("The {name} you specified did not match the calculated checksum.");
            Err(Fault::common("BadDigest", 400, message))
        }
        _ => Err(invalid_request(&format!("Value for {PREFIX}{algorithm} header is invalid."))),
    }
}

fn compute(algorithm: &str, body: &[u8]) -> Option<Vec<u8>> {
    let crc = |algorithm, width: usize| {
        let sum = crc_fast::checksum(algorithm, body).to_be_bytes();
        sum[sum.len() - width..].to_vec()
    };
    let sha = |algorithm| digest::digest(algorithm, body).as_ref().to_vec();
    Some(match algorithm {
        "crc32" => crc(CrcAlgorithm::Crc32IsoHdlc, 4),
        "crc32c" => crc(CrcAlgorithm::Crc32Iscsi, 4),
        "crc64nvme" => crc(CrcAlgorithm::Crc64Nvme, 8),
        "sha1" => sha(&digest::SHA1_FOR_LEGACY_USE_ONLY),
        "sha256" => sha(&digest::SHA256),
        "sha512" => sha(&digest::SHA512),
        "md5" => Md5::digest(body).to_vec(),
        _ => return None,
    })
}

fn invalid_request(message: &str) -> Fault {
    Fault::common("InvalidRequest", 400, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(headers: &[(&'static str, &str)], body: &[u8]) -> Result<(), String> {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().expect("a header value")))
            .collect();
        check_checksums(&headers, &HeaderMap::new(), body).map_err(|fault| fault.code.into_owned())
    }

    /// The check value of each algorithm: its sum of `123456789`.
    #[test]
    fn checksums_are_the_standard_ones() {
        let sums = [
            ("x-amz-checksum-crc32", "y/Q5Jg=="),
            ("x-amz-checksum-crc32c", "4waSgw=="),
            ("x-amz-checksum-crc64nvme", "rosUhgp5mIg="),
            ("x-amz-checksum-sha1", "98O8HYCOBHMq32eZZczDTKeuNEE="),
            ("x-amz-checksum-sha256", "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU="),
            ("x-amz-checksum-md5", "JfnnlDI7RTiF9RgfG2JNCw=="),
        ];
        for sum in sums {
            assert_eq!(checked(&[sum], b"123456789"), Ok(()), "{}", sum.0);
            assert_eq!(checked(&[sum], b"123456780"), Err("BadDigest".into()), "{}", sum.0);
        }
    }

    #[test]
    fn what_cannot_be_a_checksum_is_refused() {
        let refused = Err("InvalidRequest".to_owned());
        assert_eq!(checked(&[("x-amz-checksum-crc32", "y/Q5")], b""), refused);
        assert_eq!(checked(&[("x-amz-checksum-crc32", "AAAAAA=="), ("x-amz-checksum-sha1", "")], b""), refused);
        assert_eq!(checked(&[("x-amz-sdk-checksum-algorithm", "CRC32")], b""), refused);
        assert_eq!(checked(&[("x-amz-checksum-xxhash3", "AAAA")], b""), Err("NotImplemented".into()));
        assert_eq!(checked(&[("x-amz-checksum-type", "COMPOSITE")], b""), Ok(()));
    }

    #[test]
    fn content_md5_is_checked() {
        assert!(check_md5("JfnnlDI7RTiF9RgfG2JNCw==", b"123456789").is_ok());
        assert_eq!(check_md5("JfnnlDI7RTiF9RgfG2JNCw==", b"").expect_err("another body").code, "BadDigest");
        assert_eq!(check_md5("JfnnlDI7", b"").expect_err("no MD5").code, "InvalidDigest");
    }
}
