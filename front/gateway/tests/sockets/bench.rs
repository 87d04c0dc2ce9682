//! A gateway on a real socket, in front of a service of the test's own with S3's shape.

use std::sync::Arc;

use bytes::Bytes;
use haar_gateway::{AuthMode, Gateway, IamMode, Listener, Switchboard};
use haar_platform::Platform;
use haar_platform::kernel::caller::{Credential, Permissions};
use haar_platform::kernel::paging::Pager;
use haar_platform::kernel::schema::{
    Kind, Location, Member, Model, Operation, Protocol, Shape, ShapeId, Structure, Violations,
};
use haar_platform::kernel::{
    Access, AccountId, Authority, Body, Caller, Clock, CrossOrigin, Ctx, Fault, House, Op, Region, Service,
};
use haar_platform::store::{Config, Store};
use haar_wire::sigv4::{AmzDate, SignedPayload, Signer, SigningKey};
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Mutex, mpsc};

const fn shape(name: &'static str, kind: Kind) -> Shape {
    Shape { name, kind, min: None, max: None, pattern: None, sensitive: false }
}

const fn structure(members: &'static [Member], payload: Option<u16>) -> Kind {
    Kind::Structure(Structure {
        members,
        union: false,
        payload,
        error: None,
        xml_name: None,
        xml_namespace: None,
        xml_unwrapped: false,
    })
}

const fn header(name: &'static str, target: u16, wire_name: &'static str) -> Member {
    Member { location: Location::Header, wire_name: Some(wire_name), ..Member::new(name, target) }
}

const fn label(name: &'static str) -> Member {
    Member { location: Location::Uri, required: true, ..Member::new(name, 0) }
}

static SHAPES: [Shape; 8] = [
    shape("Text", Kind::String { values: &[] }),
    shape("Blob", Kind::Blob { streaming: true }),
    shape("PutRequest", structure(&[label("Bucket"), label("Key"), Member::new("Body", 1)], Some(2))),
    shape("GetRequest", structure(&[label("Bucket"), label("Key")], None)),
    shape("GetOutput", structure(&[header("Length", 5, "Content-Length"), Member::new("Body", 1)], Some(1))),
    shape("Length", Kind::Long),
    shape("PutOutput", structure(&[header("ETag", 0, "ETag")], None)),
    shape(
        "BatchRequest",
        structure(
            &[label("Bucket"), header("Algorithm", 0, "x-amz-sdk-checksum-algorithm"), Member::new("Text", 0)],
            Some(2),
        ),
    ),
];

const fn operation(
    name: &'static str,
    method: &'static str,
    uri: &'static str,
    input: u16,
    output: Option<ShapeId>,
) -> Operation {
    Operation {
        name,
        served: true,
        method,
        uri,
        status: 200,
        request_bytes_max: None,
        input: Some(ShapeId(input)),
        output,
        result_wrapper: None,
        input_root: None,
        signed: true,
    }
}

static OPERATIONS: [Operation; 4] = [
    operation("Batch", "POST", "/{Bucket}?batch", 7, None),
    operation("GetThing", "GET", "/{Bucket}/{Key+}", 3, Some(ShapeId(4))),
    operation("HeadThing", "HEAD", "/{Bucket}/{Key+}", 3, Some(ShapeId(4))),
    operation("PutThing", "PUT", "/{Bucket}/{Key+}", 2, Some(ShapeId(6))),
];

static MODEL: Model = Model {
    service: "s3",
    service_id: "S3",
    signing_name: "s3",
    endpoint_prefix: "s3",
    api_version: "2006-03-01",
    protocols: &[Protocol::RestXml],
    target_prefix: None,
    xml_namespace: None,
    query_compatible: false,
    violations: Violations::ValidationException,
    global: false,
    operations: &OPERATIONS,
    shapes: &SHAPES,
};

static MODELS: [&Model; 1] = [&MODEL];

haar_platform::kernel::streaming_structure!(PutRequest { bucket: String, key: String, body: Body });
haar_platform::kernel::structure!(GetRequest { bucket: String, key: String });
haar_platform::kernel::streaming_structure!(GetOutput { length: Option<i64>, body: Body });
haar_platform::kernel::structure!(PutOutput { etag: Option<String> });
haar_platform::kernel::structure!(BatchRequest { bucket: String, algorithm: Option<String>, text: Option<String> });

macro_rules! op {
    ($name:ident, $input:ty, $output:ty) => {
        struct $name;
        impl Op for $name {
            const NAME: &'static str = stringify!($name);
            type Input = $input;
            type Output = $output;
            fn model() -> &'static Model {
                &MODEL
            }
        }
    };
}

op!(Batch, BatchRequest, ());
op!(GetThing, GetRequest, GetOutput);
op!(HeadThing, GetRequest, GetOutput);
op!(PutThing, PutRequest, PutOutput);

/// Tells the test what arrived, and answers what the test gives.
struct Things {
    arrived: mpsc::UnboundedSender<Bytes>,
    answers: Mutex<mpsc::UnboundedReceiver<Body>>,
}

/// Tells its length, its pieces, and what came behind them.
async fn put(_: &Ctx, things: &Things, mut input: PutRequest) -> Result<PutOutput, Fault> {
    let tell = |text: Bytes| things.arrived.send(text).expect("the test listens");
    if input.key.starts_with("told/") {
        tell(format!("{}/{}: {:?} bytes", input.bucket, input.key, input.body.length()).into());
    }
    while let Some(piece) = input.body.next().await {
        tell(piece.map_err(Fault::of_body)?);
    }
    if let Some(checksum) = input.body.trailer("x-amz-checksum-crc32") {
        tell(format!("crc32 {checksum}").into());
    }
    Ok(PutOutput { etag: Some("\"abc\"".into()) })
}

async fn get(_: &Ctx, things: &Things, _: GetRequest) -> Result<GetOutput, Fault> {
    let body = things.answers.lock().await.recv().await.expect("the test answers");
    Ok(GetOutput { length: None, body })
}

async fn head(_: &Ctx, _: &Things, input: GetRequest) -> Result<GetOutput, Fault> {
    match input.key.as_str() {
        "nothing" => Err(Fault::common("NoSuchKey", 404, "The specified key does not exist.")),
        _ => Ok(GetOutput { length: Some(42), body: Body::empty() }),
    }
}

async fn batch(_: &Ctx, things: &Things, input: BatchRequest) -> Result<(), Fault> {
    things.arrived.send(input.text.unwrap_or_default().into()).expect("the test listens");
    Ok(())
}

/// Only pages of example.com may ask, and only the bucket `a`.
fn rule(_: &Things, asked: &CrossOrigin<'_>) -> Result<Vec<(&'static str, String)>, Fault> {
    if asked.resource != "a" || asked.origin != "https://example.com" || asked.headers.iter().any(|name| name == "x-no")
    {
        return Err(Fault::common("AccessForbidden", 403, "CORSResponse: This CORS request is not allowed."));
    }
    Ok(vec![
        ("Access-Control-Allow-Origin", asked.origin.into()),
        ("Access-Control-Allow-Methods", asked.method.into()),
    ])
}

/// Root, with the keys `test`/`test`.
struct Root(Arc<Credential>);

impl Authority for Root {
    fn credential(&self, access_key_id: &str) -> Option<Arc<Credential>> {
        (access_key_id == "test").then(|| self.0.clone())
    }

    fn permissions(&self, _: &Caller) -> Arc<Permissions> {
        Arc::default()
    }

    fn note_use(&self, _: &Caller, _: &str, _: &str) {}
}

pub struct Bench {
    pub address: String,
    pub arrived: mpsc::UnboundedReceiver<Bytes>,
    pub answers: mpsc::UnboundedSender<Body>,
    /// Of every request.
    pub headers: Vec<(&'static str, &'static str)>,
    /// Where requests go, and to which host if not to the address.
    pub path: &'static str,
    pub host: Option<&'static str>,
    pub platform: Platform,
}

impl Bench {
    pub async fn open() -> Self {
        let account = AccountId::parse("000000000000").expect("twelve digits");
        let region = Region::parse("us-east-1").expect("a region");
        let house = House::new(Clock::system(), Pager::new(b"test"), account.clone(), region);
        let store = Store::open(Config::in_memory()).expect("a store");
        let platform = Platform::assemble(house, store).expect("a ground floor");
        let (tell, arrived) = mpsc::unbounded_channel();
        let (answers, give) = mpsc::unbounded_channel();
        let service = Service::of(&MODEL, Things { arrived: tell, answers: Mutex::new(give) })
            .op::<PutThing>(|_, _, _| Ok(Access::all()), put)
            .op::<GetThing>(|_, _, _| Ok(Access::all()), get)
            .op::<HeadThing>(|_, _, _| Ok(Access::all()), head)
            .op::<Batch>(|_, _, _| Ok(Access::all()), batch)
            .cross_origin(rule)
            .build();
        let credential = Credential {
            secret: "test".into(),
            session_token: None,
            expires: None,
            caller: Arc::new(Caller::root(&account)),
        };
        let switchboard = Switchboard::new(
            vec![service],
            Arc::new(Root(Arc::new(credential))),
            IamMode::Enforce,
            platform.ledger.clone(),
        );
        let gateway = Gateway::new(platform.clone(), &MODELS, Arc::new(switchboard), AuthMode::On, "memory".into());
        let listener = Listener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.address().expect("bound").to_string();
        listener.serve(Arc::new(gateway));
        Self { address, arrived, answers, headers: Vec::new(), path: "/a/thing", host: None, platform }
    }

    /// Signs and sends, without waiting for the body's end.
    pub async fn send<B>(
        &self,
        method: &str,
        payload: SignedPayload<'_>,
        body: impl FnOnce(&str, &SigningKey, AmzDate) -> B,
    ) -> Response<Incoming>
    where
        B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: std::error::Error + Send + Sync,
    {
        let request =
            Request::builder().method(method).uri(self.path).header("host", self.host.unwrap_or(&self.address));
        let chunked = matches!(payload, SignedPayload::StreamingSigned);
        let request = if chunked { request.header("x-amz-decoded-content-length", "13") } else { request };
        let request = self.headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let (mut parts, ()) = request.body(()).expect("a request").into_parts();
        let date = AmzDate::from_seconds(self.platform.house.clock.machine_now().seconds());
        let key = SigningKey::derive("test", &date.day(), "us-east-1", "s3");
        let signer = Signer { access_key_id: "test", key: &key, session_token: None, date };
        let signature = signer.sign(&mut parts, payload);
        let request = Request::from_parts(parts, body(&signature, &key, date));
        let stream = TcpStream::connect(&self.address).await.expect("a connection");
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("HTTP");
        self.platform.house.tasks.spawn("client", async move {
            // A refusal may close the connection early.
            let _ = connection.await;
        });
        sender.send_request(request).await.expect("an answer")
    }

    /// Sends bytes as they are, and reads all that comes back. They must ask to close the connection.
    pub async fn raw(&self, request: impl AsRef<[u8]>) -> String {
        let mut stream = TcpStream::connect(&self.address).await.expect("a connection");
        stream.write_all(request.as_ref()).await.expect("sent");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("an answer");
        String::from_utf8_lossy(&answer).into_owned()
    }

    pub async fn piece(&mut self) -> Bytes {
        self.arrived.recv().await.expect("a piece")
    }
}
