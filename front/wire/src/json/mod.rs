//! JSON documents under a schema: shared by awsJson and restJson1.

mod decode;
mod encode;

pub(crate) use decode::read;
pub(crate) use encode::{write, write_member_name, write_members, write_text};
