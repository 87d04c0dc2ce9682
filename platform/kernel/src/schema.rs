//! What AWS's service models say, as plain data that the wire codecs and the constraint checks walk.
//!
//! `platform/aws` holds one static [`Model`] per service, generated. Shapes refer to each other by index
//! ([`ShapeId`]), so recursive shapes need no indirection and a model can also be built at run time (the
//! protocol vectors do that).

use std::sync::OnceLock;

use fancy_regex::Regex;

/// One AWS service as its model describes it.
#[derive(Debug)]
pub struct Model {
    /// Our name for the service: the module in `platform/aws`, and IAM's action prefix.
    pub service: &'static str,
    /// The SDKs' name for the service: `CloudWatch Logs`.
    pub service_id: &'static str,
    /// The service name in a SigV4 credential scope.
    pub signing_name: &'static str,
    /// First label of the service's host names.
    pub endpoint_prefix: &'static str,
    /// `2012-11-05`; the `Version` parameter of query requests.
    pub api_version: &'static str,
    /// Wire protocols that we speak for the service, the preferred one first.
    pub protocols: &'static [Protocol],
    /// First half of `X-Amz-Target`, and the service name in rpcv2Cbor paths.
    pub target_prefix: Option<&'static str>,
    /// Namespace of XML answers.
    pub xml_namespace: Option<&'static str>,
    /// The `awsQueryCompatible` trait: JSON and CBOR errors also carry their query-era code.
    pub query_compatible: bool,
    /// How the service words a constraint violation.
    pub violations: Violations,
    /// One endpoint for all regions (IAM): resources live in no region.
    pub global: bool,
    /// Every operation of the model, sorted by name, served or not.
    pub operations: &'static [Operation],
    /// The shapes that served operations reach.
    pub shapes: &'static [Shape],
}

impl Model {
    /// The shape behind an id.
    #[inline]
    pub fn shape(&self, id: ShapeId) -> &'static Shape {
        &self.shapes[usize::from(id.0)]
    }

    /// The operation of that name, served or not.
    pub fn operation(&self, name: &str) -> Option<&'static Operation> {
        let found = self.operations.binary_search_by(|operation| operation.name.cmp(name)).ok()?;
        Some(&self.operations[found])
    }
}

/// The wire protocols of AWS that we speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// awsJson1_0.
    AwsJson10,
    /// awsJson1_1.
    AwsJson11,
    /// restJson1.
    RestJson1,
    /// restXml.
    RestXml,
    /// awsQuery.
    AwsQuery,
    /// rpcv2Cbor.
    RpcV2Cbor,
}

/// How a service words a request that breaks its model's constraints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violations {
    /// `ValidationException`, "1 validation error detected: …": most JSON services.
    ValidationException,
    /// `ValidationError` with the same text: the query services.
    ValidationError,
    /// `InvalidParameterException` with the same text: CloudWatch Logs.
    InvalidParameter,
    /// SQS's own: `MissingParameter` and `InvalidParameterValue`, one at a time.
    Parameter,
    /// S3's own: `InvalidArgument` with the argument's name on the wire, `MalformedXML`, and a few more, one at a time.
    Argument,
}

/// One operation.
#[derive(Debug)]
pub struct Operation {
    /// `SendMessage`.
    pub name: &'static str,
    /// False: recognised, and refused by name.
    pub served: bool,
    /// HTTP method of the REST protocols.
    pub method: &'static str,
    /// URI template of the REST protocols: `/2015-03-31/functions/{FunctionName}?x=y`.
    pub uri: &'static str,
    /// HTTP status of a success.
    pub status: u16,
    /// What its requests may weigh, where that is more than the front door's own bound.
    pub request_bytes_max: Option<u32>,
    /// None when not served, or when the operation takes nothing.
    pub input: Option<ShapeId>,
    /// None when not served, or when the operation answers nothing.
    pub output: Option<ShapeId>,
    /// Query answers wrap the result in this element.
    pub result_wrapper: Option<&'static str>,
    /// Root element and namespace of a restXml request.
    pub input_root: Option<XmlRoot>,
    /// False for operations that take unsigned requests (`AssumeRoleWithWebIdentity`).
    pub signed: bool,
}

/// Root element of a restXml request document.
#[derive(Clone, Copy, Debug)]
pub struct XmlRoot {
    /// Element name.
    pub name: &'static str,
    /// Namespace, if the model names one.
    pub namespace: Option<&'static str>,
}

/// Index of a shape in its model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ShapeId(pub u16);

/// One shape: a named type with its constraints.
#[derive(Debug)]
pub struct Shape {
    /// AWS's name for it.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// Length (strings, blobs, lists, maps) or value (numbers), at least.
    pub min: Option<f64>,
    /// Length or value, at most.
    pub max: Option<f64>,
    /// Strings only.
    pub pattern: Option<Pattern>,
    /// Never shown in messages or records.
    pub sensitive: bool,
}

/// What a shape is.
#[derive(Debug)]
pub enum Kind {
    /// A structure or a union.
    Structure(Structure),
    /// A list.
    List {
        /// Its elements.
        element: Member,
        /// No wrapper element (XML) and no `.member` (query).
        flattened: bool,
    },
    /// A map; keys are strings.
    Map {
        /// Its keys.
        key: Member,
        /// Its values.
        value: Member,
        /// No wrapper element (XML) and no `.entry` (query).
        flattened: bool,
    },
    /// A string; `values` is empty unless it is an enumeration.
    String {
        /// The enumeration's values.
        values: &'static [&'static str],
    },
    /// Bytes; base64 in text formats.
    Blob {
        /// Handed on as a stream, never buffered.
        streaming: bool,
    },
    /// A boolean.
    Boolean,
    /// 8 to 32 bits, signed.
    Integer,
    /// 64 bits, signed.
    Long,
    /// 32 bits.
    Float,
    /// 64 bits.
    Double,
    /// A point in time; the format defaults to the protocol's.
    Timestamp(Option<TimestampFormat>),
    /// Any JSON value.
    Document,
}

/// Members of a structure or union.
#[derive(Debug)]
pub struct Structure {
    /// In the model's order: also the order of fields in [`crate::Value::Struct`].
    pub members: &'static [Member],
    /// Exactly one member is set.
    pub union: bool,
    /// Index of the member that is the whole HTTP body (REST protocols).
    pub payload: Option<u16>,
    /// Set for errors.
    pub error: Option<&'static crate::fault::ErrorShape>,
    /// Root element name (restXml), where it differs from the shape's.
    pub xml_name: Option<&'static str>,
    /// Namespace of the element: prefix and URI.
    pub xml_namespace: Option<(Option<&'static str>, &'static str)>,
    /// The document is the one member itself, without an element around it (S3's `GetBucketLocation`; Smithy calls
    /// the trait `s3UnwrappedXmlOutput`).
    pub xml_unwrapped: bool,
}

/// A member of a structure, the element of a list, the key or value of a map.
#[derive(Debug)]
pub struct Member {
    /// AWS's name; empty for elements, keys and values.
    pub name: &'static str,
    /// Its type.
    pub target: ShapeId,
    /// Where the REST protocols put it.
    pub location: Location,
    /// Its name on the wire where that differs (`locationName`).
    pub wire_name: Option<&'static str>,
    /// Its name in the query protocol where that differs from `wire_name` (a patch of ours: query-era names).
    pub query_name: Option<&'static str>,
    /// The member flattens its list or map, whatever the shape says.
    pub flattened: bool,
    /// An XML attribute instead of an element.
    pub xml_attribute: bool,
    /// Namespace of the element: prefix and URI.
    pub xml_namespace: Option<(Option<&'static str>, &'static str)>,
    /// Overrides the shape's and protocol's format.
    pub timestamp_format: Option<TimestampFormat>,
    /// Must be present.
    pub required: bool,
    /// Clients fill it in when the caller does not.
    pub idempotency_token: bool,
    /// A string that carries JSON, base64 in a header.
    pub json_value: bool,
}

impl Member {
    /// A member with nothing special: the base of generated constants.
    pub const fn new(name: &'static str, target: u16) -> Self {
        Self {
            name,
            target: ShapeId(target),
            location: Location::Body,
            wire_name: None,
            query_name: None,
            flattened: false,
            xml_attribute: false,
            xml_namespace: None,
            timestamp_format: None,
            required: false,
            idempotency_token: false,
            json_value: false,
        }
    }

    /// The name on the wire for every protocol but query.
    #[inline]
    pub fn wire_name(&self) -> &'static str {
        self.wire_name.unwrap_or(self.name)
    }
}

/// Where the REST protocols put a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Location {
    /// In the document that the body holds.
    Body,
    /// In a header.
    Header,
    /// A map spread over headers with a prefix.
    Headers,
    /// In the query string.
    QueryString,
    /// In the path, at the label of its wire name.
    Uri,
    /// The HTTP status code (answers).
    StatusCode,
}

/// How a point in time is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimestampFormat {
    /// `2019-12-16T23:48:18Z`.
    Iso8601,
    /// `2019-12-16T23:48:18.000Z`: S3's documents always have the fraction.
    Iso8601Millis,
    /// `Mon, 16 Dec 2019 23:48:18 GMT`.
    Rfc822,
    /// Seconds since 1970, with a fraction where there is one.
    UnixTimestamp,
}

/// A regular expression of a model: matched against the whole string, compiled at first use.
#[derive(Debug)]
pub struct Pattern {
    source: &'static str,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// A pattern that `cargo xtask gen` has checked to compile.
    pub const fn new(source: &'static str) -> Self {
        Self { source, compiled: OnceLock::new() }
    }

    /// As the model writes it, and as AWS's messages show it.
    pub fn source(&self) -> &'static str {
        self.source
    }

    /// Whether the whole of `text` matches. A pattern that does not compile constrains nothing; `gen` refuses those.
    pub fn matches(&self, text: &str) -> bool {
        let compiled = self.compiled.get_or_init(|| Self::compile(self.source).ok());
        compiled.as_ref().is_none_or(|regex| regex.is_match(text).unwrap_or(false))
    }

    /// Compiles a pattern as the models write it: in Java's syntax, where a character beyond U+FFFF is a pair of
    /// surrogates.
    pub fn compile(source: &str) -> Result<Regex, fancy_regex::Error> {
        let source = source.replace(r"\uD800\uDC00-\uDBFF\uDFFF", r"\x{10000}-\x{10FFFF}");
        Regex::new(&format!(r"\A(?:{source})\z"))
    }
}
