//! Which service, operation and protocol a request means: read from the request and the models, from no list kept
//! by hand.
//!
//! ```text
//!   smithy-protocol: rpc-v2-cbor   the path's last four segments: /service/{X}/operation/{Y}
//!   X-Amz-Target: Prefix.Operation awsJson
//!   Action=Operation               awsQuery, in the query string or the form body
//!   anything else                  method and path of a REST service
//! ```
//!
//! Paths mean nothing to the first three, so SQS's queue URLs work as endpoints. Where several services could be
//! meant, the credential scope decides, then the first label of the host. A host that names a bucket means S3, and
//! S3 takes the paths that no other REST service has.

use std::borrow::Cow;
use std::collections::HashMap;

use haar_kernel::Fault;
use haar_kernel::schema::{Kind, Model, Operation, Protocol};
use http::header::{CONTENT_TYPE, HOST, HeaderMap};
use http::request::Parts;
use http::{Method, Uri};
use percent_encoding::percent_decode_str;

use crate::form;
use crate::routes::{Found, Label, Routes};
use crate::{address, s3};

/// Knows every model; built once.
pub struct Recogniser {
    models: &'static [&'static Model],
    /// By the first half of `X-Amz-Target`, which is also the service name in rpcv2Cbor paths.
    targets: HashMap<&'static str, Vec<&'static Model>>,
    actions: HashMap<&'static str, Vec<(&'static Model, &'static Operation)>>,
    /// Services that take every path (S3) come last.
    rest: Vec<(&'static Model, Protocol, Routes)>,
}

/// What a first look at a request can say.
#[derive(Debug)]
pub enum Recognition {
    /// Everything.
    Whole(Recognised),
    /// The action is in the form body: read it whole, then ask [`Recogniser::recognise_form`].
    NeedsForm,
}

/// A request whose operation is known and served.
#[derive(Debug)]
pub struct Recognised {
    /// The service.
    pub model: &'static Model,
    /// The operation.
    pub operation: &'static Operation,
    /// How the caller speaks, and wants to be answered.
    pub protocol: Protocol,
    /// The caller sent `x-amzn-query-mode: true`: it wants the query-era codes of errors too.
    pub query_mode: bool,
    pub(crate) labels: Vec<Label>,
}

/// How to answer a caller: what an error needs to know even if no operation was recognised.
#[derive(Clone, Copy, Debug)]
pub struct Dialect {
    /// The protocol; a guess if the request fits none.
    pub protocol: Protocol,
    /// The service, if it is known.
    pub model: Option<&'static Model>,
    /// The caller sent `x-amzn-query-mode: true`.
    pub query_mode: bool,
}

/// A request that means no operation that haar serves.
#[derive(Debug)]
pub struct Refusal {
    /// How to answer.
    pub dialect: Dialect,
    /// The operation, where AWS has it and haar does not.
    pub operation: Option<&'static Operation>,
    /// What to answer.
    pub fault: Fault,
}

impl Recognised {
    /// How to answer the caller.
    pub fn dialect(&self) -> Dialect {
        Dialect { protocol: self.protocol, model: Some(self.model), query_mode: self.query_mode }
    }

    /// What the path says of a label of the operation's template, decoded: `Bucket`.
    pub fn label(&self, name: &str) -> Option<Cow<'_, str>> {
        let (_, raw) = self.labels.iter().find(|(found, _)| *found == name)?;
        percent_decode_str(raw).decode_utf8().ok()
    }

    /// Whether the body goes to the operation as a stream; otherwise it must be whole in memory to be decoded.
    pub fn streams_input(&self) -> bool {
        streams_input(self.model, self.operation)
    }
}

/// Whether an operation takes its body as a stream.
pub fn streams_input(model: &'static Model, operation: &Operation) -> bool {
    let Some(input) = operation.input else { return false };
    let Kind::Structure(structure) = &model.shape(input).kind else { return false };
    let payload = structure.payload.map(|index| &structure.members[usize::from(index)]);
    payload.is_some_and(|member| matches!(model.shape(member.target).kind, Kind::Blob { streaming: true }))
}

impl Recogniser {
    /// Reads the models: target prefixes, actions, URI templates.
    pub fn new(models: &'static [&'static Model]) -> Self {
        let mut targets: HashMap<&'static str, Vec<&'static Model>> = HashMap::new();
        let mut actions: HashMap<&'static str, Vec<(&'static Model, &'static Operation)>> = HashMap::new();
        let mut rest = Vec::new();
        for model in models.iter().copied() {
            if let Some(prefix) = model.target_prefix {
                targets.entry(prefix).or_default().push(model);
            }
            for protocol in model.protocols.iter().copied() {
                match protocol {
                    Protocol::AwsQuery => {
                        for operation in model.operations {
                            actions.entry(operation.name).or_default().push((model, operation));
                        }
                    }
                    Protocol::RestJson1 | Protocol::RestXml => rest.push((model, protocol, Routes::of(model))),
                    Protocol::AwsJson10 | Protocol::AwsJson11 | Protocol::RpcV2Cbor => {}
                }
            }
        }
        rest.sort_by_key(|(_, _, routes)| routes.takes_everything());
        Self { models, targets, actions, rest }
    }

    fn asked<'a>(&self, parts: &'a Parts, scope: Option<&'a str>) -> Asked<'a> {
        let is_service =
            |label: &str| self.models.iter().any(|model| label == model.endpoint_prefix || label == model.signing_name);
        Asked::of(parts, scope, is_service)
    }

    /// What a request means, as far as its head tells. `scope` is the service name in the credential scope.
    pub fn recognise(&self, parts: &Parts, scope: Option<&str>) -> Result<Recognition, Box<Refusal>> {
        let asked = self.asked(parts, scope);
        self.knows_service(&asked)?;
        if asked.header("smithy-protocol") == Some("rpc-v2-cbor") {
            return self.cbor(&asked).map(Recognition::Whole);
        }
        if let Some(target) = asked.header("x-amz-target") {
            return self.target(&asked, target).map(Recognition::Whole);
        }
        let query = parts.uri.query().unwrap_or_default().as_bytes();
        if self.may_be_query(&asked) {
            if let Some(action) = form::find(query, "Action") {
                let version = form::find(query, "Version");
                return self.action(&asked, &action, version.as_deref()).map(Recognition::Whole);
            }
            if parts.method == Method::POST && (asked.is_form() || self.named(&asked).next().is_some()) {
                return Ok(Recognition::NeedsForm);
            }
        }
        self.path(&asked).map(Recognition::Whole)
    }

    /// What a form body means, once it is here.
    pub fn recognise_form(&self, parts: &Parts, scope: Option<&str>, body: &[u8]) -> Result<Recognised, Box<Refusal>> {
        let asked = self.asked(parts, scope);
        match form::find(body, "Action") {
            Some(action) => {
                let query = parts.uri.query().unwrap_or_default().as_bytes();
                let version = form::find(body, "Version").or_else(|| form::find(query, "Version"));
                self.action(&asked, &action, version.as_deref())
            }
            None => {
                let model = self.named(&asked).next();
                let fault =
                    Fault::common("MissingAction", 400, "The request is missing an action or a required parameter.");
                Err(asked.refuse(Protocol::AwsQuery, model, fault))
            }
        }
    }

    /// The bucket that a browser's form uploads to: `POST /bucket` with `multipart/form-data`.
    pub fn form_upload(&self, parts: &Parts, scope: Option<&str>) -> Option<(&'static Model, String)> {
        if parts.method != Method::POST {
            return None;
        }
        let asked = self.asked(parts, scope);
        let to_bucket = asked.path.trim_matches('/').split('/').count() == 1;
        let is_form = asked.content_type().starts_with("multipart/form-data");
        let other = self.models.iter().any(|model| !s3::is(model) && asked.names(model).is_some());
        (is_form && to_bucket && !other && parts.uri.query().is_none_or(str::is_empty))
            .then(|| self.bucket(parts, scope))?
    }

    /// S3 and the bucket that a request goes to by its host or path, whatever its method: what a browser's preflight
    /// asks about.
    pub fn bucket(&self, parts: &Parts, scope: Option<&str>) -> Option<(&'static Model, String)> {
        let asked = self.asked(parts, scope);
        let model = self.models.iter().copied().find(|model| s3::is(model))?;
        let bucket = asked.path.split('/').nth(1).filter(|bucket| !bucket.is_empty())?;
        Some((model, percent_decode_str(bucket).decode_utf8().ok()?.into_owned()))
    }

    /// A request that is signed for a service that haar does not have is refused by that service's name.
    fn knows_service(&self, asked: &Asked<'_>) -> Result<(), Box<Refusal>> {
        let Some(scope) = asked.scope else { return Ok(()) };
        if self.models.iter().any(|model| model.signing_name == scope) {
            return Ok(());
        }
        let operation = asked.header("x-amz-target").and_then(|target| target.rsplit_once('.')).map(|(_, name)| name);
        let what = operation.map_or_else(|| scope.to_owned(), |name| format!("{scope}:{name}"));
        let protocol = match asked.header("smithy-protocol") {
            Some(_) => Protocol::RpcV2Cbor,
            None if asked.content_type().starts_with("application/x-amz-json-1.0") => Protocol::AwsJson10,
            None if operation.is_some() => Protocol::AwsJson11,
            None if asked.is_form() => Protocol::AwsQuery,
            None if scope == "s3" => Protocol::RestXml,
            None => Protocol::RestJson1,
        };
        Err(asked.refuse(protocol, None, Fault::not_served(what)))
    }

    fn cbor(&self, asked: &Asked<'_>) -> Result<Recognised, Box<Refusal>> {
        let mut segments = asked.uri.path().rsplit('/');
        let (operation, word, service, first) = (segments.next(), segments.next(), segments.next(), segments.next());
        let (Some(name), Some("operation"), Some(service), Some("service")) = (operation, word, service, first) else {
            return Err(asked.refuse(Protocol::RpcV2Cbor, None, unknown_operation(404)));
        };
        let models = self.targets.get(service).into_iter().flatten().copied();
        let speaks = models.filter(|model| model.protocols.contains(&Protocol::RpcV2Cbor));
        let Some(model) = asked.choose(speaks) else {
            return Err(asked.refuse(Protocol::RpcV2Cbor, None, unknown_operation(404)));
        };
        match model.operation(name) {
            Some(operation) => asked.served(Protocol::RpcV2Cbor, model, operation, Vec::new()),
            None => Err(asked.refuse(Protocol::RpcV2Cbor, Some(model), unknown_operation(404))),
        }
    }

    fn target(&self, asked: &Asked<'_>, target: &str) -> Result<Recognised, Box<Refusal>> {
        let guess = if asked.content_type().starts_with("application/x-amz-json-1.0") {
            Protocol::AwsJson10
        } else {
            Protocol::AwsJson11
        };
        let Some((prefix, name)) = target.rsplit_once('.') else {
            return Err(asked.refuse(guess, None, unknown_operation(400)));
        };
        let models = self.targets.get(prefix).into_iter().flatten().copied();
        let Some(model) = asked.choose(models.filter(|model| json_protocol(model).is_some())) else {
            return Err(asked.refuse(guess, None, unknown_operation(400)));
        };
        let protocol = json_protocol(model).unwrap_or(guess);
        match model.operation(name) {
            Some(operation) => asked.served(protocol, model, operation, Vec::new()),
            None => Err(asked.refuse(protocol, Some(model), unknown_operation(400))),
        }
    }

    fn action(&self, asked: &Asked<'_>, name: &str, version: Option<&str>) -> Result<Recognised, Box<Refusal>> {
        let named = self.named(asked).next();
        let candidates = self.actions.get(name).into_iter().flatten().copied();
        let right_version = candidates.filter(|(model, _)| version.is_none_or(|version| version == model.api_version));
        let right: Vec<_> =
            right_version.filter(|(model, _)| named.is_none() || asked.names(model).is_some()).collect();
        let best = asked.choose(right.iter().map(|(model, _)| *model));
        match right.iter().find(|(model, _)| best.is_some_and(|best| std::ptr::eq(best, *model))) {
            Some((model, operation)) => asked.served(Protocol::AwsQuery, model, operation, Vec::new()),
            None => {
                let by_version = || self.models.iter().copied().find(|model| Some(model.api_version) == version);
                let model = named.or_else(by_version);
                Err(asked.refuse(Protocol::AwsQuery, model, invalid_action(name, version, model)))
            }
        }
    }

    fn path(&self, asked: &Asked<'_>) -> Result<Recognised, Box<Refusal>> {
        let named = self.models.iter().any(|model| asked.names(model).is_some());
        let mut guess = None;
        for (model, protocol, routes) in &self.rest {
            if named && asked.names(model).is_none() {
                continue;
            }
            match routes.find(asked.parts, &asked.path) {
                Found::Operation(operation, labels) => return asked.served(*protocol, model, operation, labels),
                Found::OtherMethod if s3::is(model) && (named || asked.path != "/") => {
                    return Err(asked.refuse(*protocol, Some(model), s3::method_not_allowed(&asked.parts.method)));
                }
                Found::OtherMethod | Found::Nothing => {}
            }
            guess.get_or_insert((*protocol, *model));
        }
        // Nobody's path: answer in the voice of the service that the caller signed for.
        let (protocol, model) = match guess.filter(|_| named) {
            Some((protocol, model)) => (protocol, Some(model)),
            None => {
                let model = self.models.iter().copied().find(|model| asked.names(model).is_some());
                (model.and_then(|model| model.protocols.first()).copied().unwrap_or(Protocol::RestJson1), model)
            }
        };
        let fault = match protocol {
            Protocol::AwsQuery => {
                Fault::common("MissingAction", 400, "The request is missing an action or a required parameter.")
            }
            _ => unknown_operation(404),
        };
        Err(asked.refuse(protocol, model, fault))
    }

    /// The query services that the scope or the host names.
    fn named(&self, asked: &Asked<'_>) -> impl Iterator<Item = &'static Model> {
        self.models
            .iter()
            .copied()
            .filter(|model| model.protocols.contains(&Protocol::AwsQuery) && asked.names(model).is_some())
    }

    /// Whether the caller may speak awsQuery: not when it names a service that does not.
    fn may_be_query(&self, asked: &Asked<'_>) -> bool {
        self.named(asked).next().is_some() || !self.models.iter().any(|model| asked.names(model).is_some())
    }
}

/// A request, as recognition looks at it.
struct Asked<'a> {
    parts: &'a Parts,
    uri: &'a Uri,
    headers: &'a HeaderMap,
    scope: Option<&'a str>,
    /// First label of the host name.
    host: &'a str,
    /// The host names a bucket.
    to_bucket: bool,
    /// As sent, with the bucket that the host names in front.
    path: Cow<'a, str>,
}

/// How a service is named; the smaller the stronger.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum NamedBy {
    Scope,
    Host,
}

impl<'a> Asked<'a> {
    fn of(parts: &'a Parts, scope: Option<&'a str>, is_service: impl Fn(&str) -> bool) -> Self {
        let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok()).or(parts.uri.host()).unwrap_or_default();
        let bucket = address::bucket_of(host, scope, is_service);
        let to_bucket = bucket.is_some();
        let path = parts.uri.path();
        let path = bucket.map_or(Cow::Borrowed(path), |bucket| Cow::Owned(format!("/{bucket}{path}")));
        let host = host.split(['.', ':']).next().unwrap_or_default();
        Self { parts, uri: &parts.uri, headers: &parts.headers, scope, host, to_bucket, path }
    }

    fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.get(name)?.to_str().ok()
    }

    fn content_type(&self) -> &'a str {
        self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    fn is_form(&self) -> bool {
        self.content_type().starts_with("application/x-www-form-urlencoded")
    }

    fn query_mode(&self) -> bool {
        self.header("x-amzn-query-mode").is_some_and(|mode| mode.eq_ignore_ascii_case("true"))
    }

    /// Whether the request names a service: by its scope, or where it is not signed by its host.
    fn names(&self, model: &Model) -> Option<NamedBy> {
        match self.scope {
            Some(scope) => (scope == model.signing_name).then_some(NamedBy::Scope),
            None if self.to_bucket => s3::is(model).then_some(NamedBy::Host),
            None => (self.host == model.endpoint_prefix).then_some(NamedBy::Host),
        }
    }

    /// The service that the request names, or the first.
    fn choose(&self, models: impl Iterator<Item = &'static Model>) -> Option<&'static Model> {
        models.min_by_key(|model| self.names(model).map_or(u8::MAX, |by| by as u8))
    }

    fn served(
        &self,
        protocol: Protocol,
        model: &'static Model,
        operation: &'static Operation,
        labels: Vec<Label>,
    ) -> Result<Recognised, Box<Refusal>> {
        if !operation.served {
            let fault = Fault::not_served(format_args!("{}:{}", model.service, operation.name));
            let mut refusal = self.refuse(protocol, Some(model), fault);
            refusal.operation = Some(operation);
            return Err(refusal);
        }
        Ok(Recognised { model, operation, protocol, query_mode: self.query_mode(), labels })
    }

    fn refuse(&self, protocol: Protocol, model: Option<&'static Model>, fault: Fault) -> Box<Refusal> {
        let dialect = Dialect { protocol, model, query_mode: self.query_mode() };
        Box::new(Refusal { dialect, operation: None, fault })
    }
}

fn json_protocol(model: &Model) -> Option<Protocol> {
    model.protocols.iter().copied().find(|protocol| matches!(protocol, Protocol::AwsJson10 | Protocol::AwsJson11))
}

fn unknown_operation(status: u16) -> Fault {
    Fault::common("UnknownOperationException", status, "The requested operation is not recognized by the service.")
}

fn invalid_action(name: &str, version: Option<&str>, model: Option<&Model>) -> Fault {
    let message = match (model, version) {
        (Some(model), _) if model.query_compatible => format!("The action {name} is not valid for this endpoint."),
        (_, Some(version)) => format!("Could not find operation {name} for version {version}"),
        (_, None) => format!("Could not find operation {name} for version NO_VERSION_SPECIFIED"),
    };
    Fault::common("InvalidAction", 400, message)
}
