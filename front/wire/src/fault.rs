//! Errors on the wire, each protocol in its own clothes.

use haar_kernel::schema::{Kind, Location, Member, Model, Protocol};
use haar_kernel::{Body, Fault, Value};
use http::header::HeaderName;
use http::{Response, StatusCode};

use crate::recognise::Dialect;
use crate::xml::{Names, Writer};
use crate::{answer, aws_json, cbor, json, query, rest, rest_json, rest_xml, rpc_cbor, s3};

/// The header that carries the query-era code to clients that ask for it.
const QUERY_ERROR: HeaderName = HeaderName::from_static("x-amzn-query-error");

/// The header that carries the type of a restJson1 error.
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

pub(crate) fn encode(dialect: &Dialect, fault: &Fault, request_id: &str) -> Response<Body> {
    let known = Known::find(dialect.model, fault);
    let mut response = answer::with_request_id(known.status(dialect), dialect.protocol, request_id);
    match dialect.protocol {
        Protocol::AwsJson10 | Protocol::AwsJson11 => {
            let body = json_body(&known, Some(&type_name(dialect, &known)));
            answer::set_body(&mut response, aws_json::content_type(dialect.protocol), body);
        }
        Protocol::RestJson1 => {
            write_headers(&mut response, dialect, &known);
            response.headers_mut().insert(ERROR_TYPE, answer::header_value(&fault.name));
            answer::set_body(&mut response, rest_json::CONTENT_TYPE, json_body(&known, None));
        }
        Protocol::RpcV2Cbor => {
            let body = cbor_body(&known, &type_name(dialect, &known));
            answer::set_body(&mut response, rpc_cbor::CONTENT_TYPE, body);
            rpc_cbor::mark(&mut response);
        }
        Protocol::AwsQuery => {
            let body = xml_body(&known, dialect, Names::Query, request_id);
            answer::set_body(&mut response, query::CONTENT_TYPE, body);
        }
        Protocol::RestXml => {
            write_headers(&mut response, dialect, &known);
            if dialect.model.is_some_and(s3::is) {
                s3::add_host_id(response.headers_mut(), request_id);
            }
            // HTTP gives this status no body.
            if response.status() != StatusCode::NOT_MODIFIED {
                let body = xml_body(&known, dialect, Names::Xml, request_id);
                answer::set_body(&mut response, rest_xml::CONTENT_TYPE, body);
            }
        }
    }
    if dialect.query_mode && dialect.model.is_some_and(|model| model.query_compatible) {
        let culprit = if fault.sender { "Sender" } else { "Receiver" };
        response.headers_mut().insert(QUERY_ERROR, answer::header_value(&format!("{};{culprit}", fault.code)));
    }
    response
}

fn write_headers(response: &mut Response<Body>, dialect: &Dialect, known: &Known<'_>) {
    rest::write_headers(response.headers_mut(), dialect.model, known.members.iter().copied());
    for (name, value) in known.fault.headers.iter() {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("faults name headers that HTTP knows");
        response.headers_mut().insert(name, answer::header_value(value));
    }
}

/// A fault beside what the model says of it.
struct Known<'f> {
    fault: &'f Fault,
    model: Option<&'static Model>,
    modelled: bool,
    /// The member of the error's shape that holds the message.
    message: Option<&'static Member>,
    /// The other members that the fault fills in.
    members: Vec<(&'static Member, &'f Value)>,
}

impl<'f> Known<'f> {
    fn find(model: Option<&'static Model>, fault: &'f Fault) -> Self {
        let mut known = Self { fault, model, modelled: false, message: None, members: Vec::new() };
        let shapes = model.map_or(&[][..], |model| model.shapes);
        let structure = shapes.iter().find_map(|shape| match &shape.kind {
            Kind::Structure(structure) => {
                let named = structure.error.is_some_and(|error| error.name == fault.name);
                named.then_some(structure)
            }
            _ => None,
        });
        let Some(structure) = structure else { return known };
        known.modelled = true;
        for member in structure.members {
            let field = fault.fields.iter().find(|(name, _)| *name == member.name);
            match field {
                Some((_, value)) if value.is_present() => known.members.push((member, value)),
                _ if member.name.eq_ignore_ascii_case("message") => known.message = Some(member),
                _ => {}
            }
        }
        known
    }

    /// The status. The query-era statuses of a service that left awsQuery are awsQuery's alone: the other protocols
    /// answer 400 or 500, as SQS's API reference has it.
    fn status(&self, dialect: &Dialect) -> u16 {
        let left_query = self.model.is_some_and(|model| model.query_compatible) && self.modelled;
        match dialect.protocol {
            Protocol::AwsQuery => self.fault.status,
            _ if left_query => {
                if self.fault.sender {
                    400
                } else {
                    500
                }
            }
            _ => self.fault.status,
        }
    }

    /// The members that go into the body.
    fn body_members(&self) -> impl Iterator<Item = (&'static Member, &'f Value)> {
        self.members.iter().copied().filter(|(member, _)| member.location == Location::Body)
    }

    /// Texts that no model lists: S3 explains its errors with elements of their own (`BucketName`, `Key`).
    fn unmodelled(&self) -> impl Iterator<Item = (&'static str, &'f str)> {
        let listed = |name: &str| self.members.iter().any(|(member, _)| member.name == name);
        self.fault.fields.iter().filter_map(move |(name, value)| match value {
            Value::String(text) if !listed(name) => Some((*name, text.as_str())),
            _ => None,
        })
    }

    /// Name of the message's member; `None` when there is nothing to say.
    fn message_name(&self) -> Option<&'static str> {
        let own = self.message.map(Member::wire_name);
        own.or((!self.fault.message.is_empty()).then_some("message"))
    }
}

/// The value of `__type`: awsJson 1.1 services send the bare name, the others put a namespace in front. What
/// comes from AWS's common front door has that one's namespace.
fn type_name(dialect: &Dialect, known: &Known<'_>) -> String {
    let name = &known.fault.name;
    match (dialect.protocol, known.model) {
        (Protocol::AwsJson11, _) => name.to_string(),
        (_, Some(model)) if known.modelled => format!("com.amazonaws.{}#{name}", model.service),
        _ => format!("com.amazon.coral.service#{name}"),
    }
}

fn json_body(known: &Known<'_>, type_name: Option<&str>) -> Vec<u8> {
    let mut body = Vec::with_capacity(answer::BODY_CAPACITY);
    body.push(b'{');
    if let Some(type_name) = type_name {
        json::write_member_name(&mut body, "__type");
        json::write_text(&mut body, type_name);
    }
    if let Some(name) = known.message_name() {
        json::write_member_name(&mut body, name);
        json::write_text(&mut body, &known.fault.message);
    }
    for (member, value) in known.body_members() {
        if let Some(model) = known.model {
            json::write_member_name(&mut body, member.wire_name());
            json::write(&mut body, model, model.shape(member.target), Some(member), value);
        }
    }
    body.push(b'}');
    body
}

fn cbor_body(known: &Known<'_>, type_name: &str) -> Vec<u8> {
    let message = known.message_name().map(|name| (name, known.fault.message.as_str()));
    let texts = [("__type", type_name)].into_iter().chain(message);
    cbor::write_error(known.model, texts, known.body_members())
}

fn xml_body(known: &Known<'_>, dialect: &Dialect, names: Names, request_id: &str) -> Vec<u8> {
    let mut writer = Writer::new(names);
    // S3 alone answers the bare element, and with the declaration.
    let bare = dialect.model.is_some_and(s3::is);
    if bare {
        writer.declaration();
    } else {
        writer.open_root("ErrorResponse", dialect.model.and_then(|model| model.xml_namespace));
    }
    writer.open("Error");
    if !bare {
        writer.text_element("Type", if known.fault.sender { "Sender" } else { "Receiver" });
    }
    writer.text_element("Code", if bare { s3::code(known.fault) } else { &known.fault.code });
    if known.message_name().is_some() {
        writer.text_element("Message", &known.fault.message);
    }
    for (member, value) in known.body_members() {
        if let Some(model) = known.model {
            writer.member(model, member, value);
        }
    }
    if dialect.model.is_some_and(|model| model.query_compatible) {
        writer.empty("Detail");
    }
    if bare {
        for (name, value) in known.unmodelled() {
            writer.text_element(name, value);
        }
        writer.text_element("RequestId", request_id);
        writer.text_element("HostId", &s3::host_id(request_id));
    }
    writer.close("Error");
    if !bare {
        writer.text_element("RequestId", request_id);
        writer.close("ErrorResponse");
    }
    writer.into_bytes()
}
