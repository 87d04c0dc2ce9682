//! XML under a schema: requests of restXml, answers of restXml and awsQuery.

mod decode;
mod document;
mod encode;

pub(crate) use decode::read;
pub(crate) use document::Element;
pub(crate) use encode::{Names, Writer};
