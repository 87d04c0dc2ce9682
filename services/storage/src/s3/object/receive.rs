//! A request's body becomes content: streamed to a blob (or kept, when it is small), digested on the way, compared
//! with what the caller said it would be.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::join;
use haar_platform::aws::s3 as api;
use haar_platform::kernel::{Body, Bytes, Fault};
use haar_platform::store::{Blob, Store};

use crate::s3::error::Error;
use crate::s3::model::{Checksum, ChecksumAlgorithm, Content, INLINE_BYTES_MAX, Inline, Piece};

use super::digest::{Digests, hex};

/// The largest body of one request: 5 GiB.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html>
pub const BODY_BYTES_MAX: u64 = 5 << 30;

/// What is gathered before it is written, so that many small frames are few writes.
const WRITE_BYTES: usize = 256 * 1024;

/// What the caller says the bytes will be.
pub struct Announced {
    md5: Option<[u8; 16]>,
    /// The algorithm that was named, in whatever way.
    algorithm: Option<ChecksumAlgorithm>,
    /// From a header; otherwise it comes behind the body, or not at all.
    checksum: Option<Checksum>,
    /// `x-amz-sdk-checksum-algorithm` without a header: it has to come.
    required: bool,
}

impl Announced {
    /// Reads `Content-MD5`, `x-amz-sdk-checksum-algorithm` and the `x-amz-checksum-…` headers
    /// (`given_checksums!(input)`).
    pub fn of(
        content_md5: Option<&str>,
        named: Option<api::ChecksumAlgorithm>,
        given: Vec<(api::ChecksumAlgorithm, String)>,
    ) -> Result<Self, Error> {
        let md5 = content_md5.map(parse_md5).transpose()?;
        let named = named.map(ChecksumAlgorithm::chosen).transpose()?;
        let mut given = given.into_iter();
        let first = given.next();
        if given.next().is_some() {
            let message = "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.";
            return Err(Error::InvalidRequest(message.into()));
        }
        let checksum = first.map(|(algorithm, value)| parse_checksum(ChecksumAlgorithm::chosen(algorithm)?, &value));
        let checksum = checksum.transpose()?;
        let algorithm = match (&checksum, named) {
            (Some(checksum), Some(named)) if checksum.algorithm != named => {
                return Err(Error::InvalidRequest("Value for x-amz-sdk-checksum-algorithm header is invalid.".into()));
            }
            (Some(checksum), _) => Some(checksum.algorithm),
            (None, named) => named,
        };
        Ok(Self { md5, algorithm, required: named.is_some() && checksum.is_none(), checksum })
    }

    /// With this algorithm unless the caller named one: what the upload that a part belongs to wants.
    #[must_use]
    pub fn or_by(mut self, algorithm: Option<ChecksumAlgorithm>) -> Self {
        self.algorithm = self.algorithm.or(algorithm);
        self
    }

    /// The algorithm that the caller named.
    pub fn algorithm(&self) -> Option<ChecksumAlgorithm> {
        self.algorithm
    }
}

/// What came.
pub struct Received {
    bytes: Bytes,
    /// Keep the whole value until the transaction that stores the content is answered: it holds the file.
    blob: Option<Blob>,
    pub size: u64,
    /// Hex.
    pub md5: String,
    pub checksum: Checksum,
}

impl Received {
    /// For [`crate::s3::model::CONTENTS`].
    pub fn content(&self) -> Content {
        match self.piece() {
            Some(piece) => Content::Stored(piece),
            None => Content::Inline(Inline(self.bytes.clone())),
        }
    }

    /// The whole of the blob, if it is one.
    pub fn piece(&self) -> Option<Piece> {
        self.blob.as_ref().map(|blob| Piece { blob: blob.id, start: 0, size: blob.size })
    }
}

/// Receives the body of an object: small ones stay in memory.
pub async fn object(store: &Store, body: Body, announced: Announced) -> Result<Received, Error> {
    receive(store, body, announced, INLINE_BYTES_MAX).await
}

/// Receives the body of a part, always as a blob.
pub async fn part(store: &Store, body: Body, announced: Announced) -> Result<Received, Error> {
    let received = receive(store, body, announced, 0).await?;
    if received.blob.is_some() {
        return Ok(received);
    }
    let blob = store.blobs().writer().await?.finish(None).await?;
    Ok(Received { blob: Some(blob), ..received })
}

async fn receive(store: &Store, body: Body, announced: Announced, inline_max: usize) -> Result<Received, Error> {
    refuse_too_large(body.length().unwrap_or(0))?;
    let mut intake = Intake { body, digests: Digests::new(announced.algorithm), size: 0, ended: false };
    let mut buffer = intake.gather().await?;
    if buffer.len() <= inline_max {
        let (md5, checksum) = announced.compare(intake.digests, &intake.body)?;
        return Ok(Received { bytes: buffer.into(), blob: None, size: intake.size, md5, checksum });
    }
    let mut writer = store.blobs().writer().await?;
    while !buffer.is_empty() {
        // The next bytes are received and digested while these are written.
        let (written, next) = join(writer.write(buffer.into()), intake.gather()).await;
        written?;
        buffer = next?;
    }
    let (md5, checksum) = announced.compare(intake.digests, &intake.body)?;
    let blob = writer.finish(None).await?;
    Ok(Received { bytes: Bytes::new(), blob: Some(blob), size: intake.size, md5, checksum })
}

/// A body on its way in.
struct Intake {
    body: Body,
    digests: Digests,
    size: u64,
    /// A body is not asked again once it ended.
    ended: bool,
}

impl Intake {
    /// The next bytes, about [`WRITE_BYTES`] of them; fewer at the end of the body, none behind it.
    async fn gather(&mut self) -> Result<Vec<u8>, Error> {
        let mut buffer = Vec::new();
        while buffer.len() < WRITE_BYTES && !self.ended {
            let Some(bytes) = self.body.next().await else {
                self.ended = true;
                break;
            };
            let bytes = bytes.map_err(Fault::of_body)?;
            self.size += bytes.len() as u64;
            refuse_too_large(self.size)?;
            self.digests.update(&bytes);
            buffer.extend_from_slice(&bytes);
        }
        Ok(buffer)
    }
}

impl Announced {
    /// Compares what came with what was said, before and behind the body. Gives the MD5 in hex and the checksum to
    /// record.
    fn compare(self, digests: Digests, body: &Body) -> Result<(String, Checksum), Error> {
        let trailing = ChecksumAlgorithm::ALL.into_iter().find_map(|algorithm| {
            let value = body.trailer(algorithm.header())?;
            Some(parse_checksum(algorithm, value))
        });
        let expected = match (self.checksum, trailing.transpose()?) {
            (Some(_), Some(_)) => {
                let message = "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.";
                return Err(Error::InvalidRequest(message.into()));
            }
            (header, trailer) => header.or(trailer),
        };
        if expected.is_none() && self.required {
            let message = "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or \
                           x-amz-trailer headers were found.";
            return Err(Error::InvalidRequest(message.into()));
        }
        let wanted = expected.as_ref().map(|checksum| checksum.algorithm).or(self.algorithm);
        let algorithm = wanted.unwrap_or(ChecksumAlgorithm::DEFAULT);
        let (md5, checksum) = digests.finish(algorithm).ok_or_else(|| {
            let message = format!("The trailer {} needs x-amz-sdk-checksum-algorithm.", algorithm.header());
            Error::InvalidRequest(message)
        })?;
        if let Some(expected) = self.md5.filter(|expected| *expected != md5) {
            return Err(Error::BadDigest { expected: STANDARD.encode(expected), calculated: STANDARD.encode(md5) });
        }
        if expected.is_some_and(|expected| expected != checksum) {
            return Err(Error::BadChecksum(algorithm.as_str().to_owned()));
        }
        Ok((hex(&md5), checksum))
    }
}

fn refuse_too_large(size: u64) -> Result<(), Error> {
    if size > BODY_BYTES_MAX { Err(Error::EntityTooLarge { size, max: BODY_BYTES_MAX }) } else { Ok(()) }
}

fn parse_md5(text: &str) -> Result<[u8; 16], Error> {
    let bytes = STANDARD.decode(text).ok();
    bytes.and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| Error::InvalidDigest(text.to_owned()))
}

/// A checksum of all the bytes, as a header or a trailer gives it.
pub fn parse_checksum(algorithm: ChecksumAlgorithm, text: &str) -> Result<Checksum, Error> {
    let fits = STANDARD.decode(text).is_ok_and(|bytes| bytes.len() == algorithm.bytes());
    if !fits {
        return Err(Error::InvalidRequest(format!("Value for {} header is invalid.", algorithm.header())));
    }
    Ok(Checksum { algorithm, composite: false, value: text.to_owned() })
}
