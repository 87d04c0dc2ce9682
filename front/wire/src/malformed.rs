//! What AWS says about a message that it cannot read, in the words that all its protocols share.

use haar_kernel::Fault;
use haar_kernel::schema::{Kind, Protocol, Shape};

/// Structures, lists and maps inside each other: deeper messages are refused before they cost stack.
///
/// AWS documents no such limit for the wire; its deepest modelled inputs (DynamoDB's attribute values) nest 32.
pub const DEPTH_MAX: usize = 100;

/// A message that cannot be read; the protocol decides which error code goes with the words.
#[derive(Debug, PartialEq)]
pub(crate) struct Malformed(pub String);

impl Malformed {
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    /// The fault as the protocol's services name it.
    pub fn into_fault(self, protocol: Protocol) -> Fault {
        match protocol {
            Protocol::AwsQuery => Fault::common("MalformedInput", 400, self.0),
            // S3's code and message, whatever the detail; the other restXml services answer alike.
            Protocol::RestXml => Fault::common(
                "MalformedXML",
                400,
                "The XML you provided was not well-formed or did not validate against our published schema",
            ),
            Protocol::AwsJson10 | Protocol::AwsJson11 | Protocol::RestJson1 | Protocol::RpcV2Cbor => {
                Fault::common("SerializationException", 400, self.0)
            }
        }
    }
}

/// What a decoder met where the schema asks for something else.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Found {
    String,
    Number,
    True,
    False,
    Bytes,
    Time,
    List,
    Structure,
}

impl Found {
    pub fn boolean(fact: bool) -> Self {
        if fact { Self::True } else { Self::False }
    }

    fn word(self) -> &'static str {
        match self {
            Self::String => "STRING_VALUE",
            Self::Number => "NUMBER_VALUE",
            Self::True => "TRUE_VALUE",
            Self::False => "FALSE_VALUE",
            Self::Bytes => "BLOB_VALUE",
            Self::Time => "TIMESTAMP_VALUE",
            Self::List => "START_ARRAY",
            Self::Structure => "START_OBJECT",
        }
    }

    /// `STRING_VALUE can not be converted to an Integer`.
    pub fn instead_of(self, shape: &Shape) -> Malformed {
        let wanted = match (self, &shape.kind) {
            (Self::Structure, _) => {
                return Malformed::new("Start of structure or map found where not expected.");
            }
            (Self::List, _) => return Malformed::new("Start of list found where not expected."),
            (_, Kind::Structure(_) | Kind::List { .. } | Kind::Map { .. }) => {
                return Malformed::new("Unexpected field type");
            }
            (_, Kind::String { .. }) => "a String",
            (_, Kind::Blob { .. }) => "a Blob",
            (_, Kind::Boolean) => "a Boolean",
            (_, Kind::Integer) => "an Integer",
            (_, Kind::Long) => "a Long",
            (_, Kind::Float) => "a Float",
            (_, Kind::Double) => "a Double",
            (_, Kind::Timestamp(_)) => "a Timestamp",
            (_, Kind::Document) => "a Document",
        };
        Malformed(format!("{} can not be converted to {wanted}", self.word()))
    }
}
