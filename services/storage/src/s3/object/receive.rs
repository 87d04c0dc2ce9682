//! A request's body becomes content: streamed to a blob (or kept, when it is small), digested on the way, compared
//! with what the caller said it would be.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use haar_platform::aws::s3 as api;
use haar_platform::kernel::{Body, Bytes, Fault};
use haar_platform::store::{Blob, Chunk, Digest, Store};

use crate::s3::error::Error;
use crate::s3::model::{Checksum, ChecksumAlgorithm, Content, INLINE_BYTES_MAX, Inline, Piece};

use super::digest::{Digests, hex};

/// The largest body of one request: 5 GiB.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html>
pub const BODY_BYTES_MAX: u64 = 5 << 30;

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
    let mut intake = Intake::of(body)?;
    let first = intake.gather().await?;
    if first.as_ref().len() > INLINE_BYTES_MAX {
        return stream(store, intake, first, announced).await;
    }
    let mut digests = Digests::new(announced.algorithm);
    digests.update(first.as_ref());
    let (md5, checksum) = announced.compare(digests, &intake.body)?;
    let bytes = Bytes::copy_from_slice(first.as_ref());
    Ok(Received { bytes, blob: None, size: intake.size, md5, checksum })
}

/// Receives the body of a part, always as a blob.
pub async fn part(store: &Store, body: Body, announced: Announced) -> Result<Received, Error> {
    let mut intake = Intake::of(body)?;
    let first = intake.gather().await?;
    stream(store, intake, first, announced).await
}

/// Receives, digests and writes, each beside the others.
async fn stream(store: &Store, mut intake: Intake, first: Chunk, announced: Announced) -> Result<Received, Error> {
    let mut writer = store.blobs().writer(intake.announced, Digests::new(announced.algorithm)).await?;
    let mut chunk = first;
    while !chunk.as_ref().is_empty() {
        writer.write(chunk.freeze()).await?;
        chunk = intake.gather().await?;
    }
    let (blob, digests) = writer.finish().await?;
    let (md5, checksum) = announced.compare(digests, &intake.body)?;
    Ok(Received { bytes: Bytes::new(), blob: Some(blob), size: intake.size, md5, checksum })
}

/// A body on its way in.
struct Intake {
    body: Body,
    /// Its size, where the sender said it.
    announced: Option<u64>,
    /// What did not fit into the last chunk.
    left: Bytes,
    size: u64,
    /// A body is not asked again once it ended.
    ended: bool,
}

impl Intake {
    fn of(body: Body) -> Result<Self, Error> {
        let announced = body.length();
        refuse_too_large(announced.unwrap_or(0))?;
        Ok(Self { body, announced, left: Bytes::new(), size: 0, ended: false })
    }

    /// The next chunk. It is full but at the end of the body, and empty behind it.
    async fn gather(&mut self) -> Result<Chunk, Error> {
        let mut chunk = Chunk::default();
        chunk.fill(&mut self.left);
        while !chunk.is_full() && !self.ended {
            let Some(bytes) = self.body.next().await else {
                self.ended = true;
                break;
            };
            self.left = bytes.map_err(Fault::of_body)?;
            self.size += self.left.len() as u64;
            refuse_too_large(self.size)?;
            chunk.fill(&mut self.left);
        }
        Ok(chunk)
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
