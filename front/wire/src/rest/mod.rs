//! What restJson1 and restXml share: members in the path, the query string, headers, the status and the body.

pub(crate) mod header;
mod request;
mod response;

use haar_kernel::Value;
use haar_kernel::schema::{Member, Model, Shape, Structure};

use crate::malformed::Malformed;
use crate::reading::Reading;
use crate::recognise::Recognised;

pub(crate) use request::decode;
pub(crate) use response::{encode, write_headers};

/// How a REST protocol writes the documents in its bodies.
pub(crate) trait Document {
    /// The content type of a document.
    const CONTENT_TYPE: &'static str;

    /// Whether an answer has a document even if all its members are elsewhere.
    const EVEN_EMPTY: bool;

    /// Reads a whole body.
    fn read(
        reading: &mut Reading,
        shape: &'static Shape,
        member: Option<&'static Member>,
        body: &[u8],
    ) -> Result<Value, Malformed>;

    /// Writes the member that is the whole body.
    fn write_payload(model: &'static Model, member: &'static Member, value: &Value) -> Vec<u8>;

    /// Writes the members that share the body.
    fn write_members(
        recognised: &Recognised,
        shape: &Shape,
        structure: &'static Structure,
        fields: &[Value],
    ) -> Vec<u8>;
}
