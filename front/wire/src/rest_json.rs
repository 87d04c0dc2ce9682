//! restJson1: what of a message stands in its body.

use haar_kernel::Value;
use haar_kernel::schema::{Member, Model, Shape, Structure};

use crate::answer::Members;
use crate::json;
use crate::malformed::Malformed;
use crate::reading::Reading;
use crate::recognise::Recognised;
use crate::rest::Document;

/// The content type of documents.
pub(crate) const CONTENT_TYPE: &str = "application/json";

pub(crate) struct RestJson;

impl Document for RestJson {
    const CONTENT_TYPE: &'static str = CONTENT_TYPE;
    const EVEN_EMPTY: bool = true;

    fn read(
        reading: &mut Reading,
        shape: &'static Shape,
        member: Option<&'static Member>,
        body: &[u8],
    ) -> Result<Value, Malformed> {
        json::read(reading, shape, member, body)
    }

    fn write_payload(model: &'static Model, member: &'static Member, value: &Value) -> Vec<u8> {
        let mut out = Vec::with_capacity(crate::answer::BODY_CAPACITY);
        json::write(&mut out, model, model.shape(member.target), Some(member), value);
        out
    }

    fn write_members(recognised: &Recognised, _: &Shape, structure: &'static Structure, fields: &[Value]) -> Vec<u8> {
        let mut out = Vec::with_capacity(crate::answer::BODY_CAPACITY);
        out.push(b'{');
        json::write_members(&mut out, recognised.model, structure, fields, Members::Body);
        out.push(b'}');
        out
    }
}
