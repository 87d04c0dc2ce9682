//! Uploads by browsers' forms: the fields first, then the file as a stream.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html>

use futures_util::stream;
use haar_platform::kernel::body::BodyError;
use haar_platform::kernel::{Body, Fault};
use haar_wire::FormUpload;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use multer::{Field, Multipart};

use crate::patience::Patient;

/// Bytes of all fields before the file.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>: MaxPostPreDataLengthExceeded.
const FIELDS_BYTES_MAX: usize = 20 * 1024;

/// A form, read up to its file.
pub struct Form {
    /// The fields before the file; those behind it do not count.
    pub fields: FormUpload,
    file: Field<'static>,
}

impl Form {
    /// Reads the fields.
    pub async fn read(headers: &HeaderMap, body: Patient) -> Result<Self, Fault> {
        let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let boundary = multer::parse_boundary(content_type).map_err(|_| malformed())?;
        let mut parts = Multipart::new(body.into_data_stream(), boundary);
        let mut fields = FormUpload::default();
        let mut room = FIELDS_BYTES_MAX;
        while let Some(mut field) = parts.next_field().await.map_err(|_| malformed())? {
            let name = field.name().ok_or_else(malformed)?.to_owned();
            if name.eq_ignore_ascii_case("file") {
                fields.name_file(field.file_name().unwrap_or_default());
                return Ok(Self { fields, file: field });
            }
            let mut value = Vec::new();
            room = room.checked_sub(name.len()).ok_or_else(too_long)?;
            while let Some(piece) = field.chunk().await.map_err(|_| malformed())? {
                room = room.checked_sub(piece.len()).ok_or_else(too_long)?;
                value.extend_from_slice(&piece);
            }
            fields.push(&name, String::from_utf8(value).map_err(|_| malformed())?);
        }
        Err(Fault::common("InvalidArgument", 400, "POST requires exactly one file upload per request."))
    }

    /// The file, which must have between `min` and `max` bytes.
    pub fn into_file(self, (min, max): (u64, u64)) -> Body {
        Body::of(StreamBody::new(stream::unfold(Some((self.file, 0_u64)), move |state| async move {
            let (mut file, before) = state?;
            match file.chunk().await {
                Ok(Some(piece)) if before + piece.len() as u64 > max => Some((Err(too_large()), None)),
                Ok(Some(piece)) => {
                    let seen = before + piece.len() as u64;
                    Some((Ok(Frame::data(piece)), Some((file, seen))))
                }
                Ok(None) if before < min => Some((Err(too_small()), None)),
                Ok(None) => None,
                Err(_) => Some((Err(Box::new(malformed()) as BodyError), None)),
            }
        })))
    }
}

fn malformed() -> Fault {
    let message = "The body of your POST request is not well-formed multipart/form-data.";
    Fault::common("MalformedPOSTRequest", 400, message)
}

fn too_long() -> Fault {
    let message = "Your POST request fields preceding the upload file were too large.";
    Fault::common("MaxPostPreDataLengthExceeded", 400, message)
}

fn too_large() -> BodyError {
    let message = "Your proposed upload exceeds the maximum allowed size";
    Box::new(Fault::common("EntityTooLarge", 400, message))
}

fn too_small() -> BodyError {
    let message = "Your proposed upload is smaller than the minimum allowed size";
    Box::new(Fault::common("EntityTooSmall", 400, message))
}
