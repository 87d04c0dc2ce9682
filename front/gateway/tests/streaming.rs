//! Bodies that stream: handed on while they arrive, answered while they are made, verified while they pass. Real
//! sockets, and a service of the test's own with S3's shape.

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
    Access, AccountId, Authority, Body, Caller, Clock, Ctx, Fault, House, Op, Region, Service,
};
use haar_platform::store::{Config, Store};
use haar_wire::sigv4::{AmzDate, SignedPayload, Signer, SigningKey};
use http::{Request, Response};
use http_body_util::channel::{Channel, Sender};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::{Mutex, mpsc};

const fn shape(name: &'static str, kind: Kind) -> Shape {
    Shape { name, kind, min: None, max: None, pattern: None, sensitive: false }
}

const fn structure(members: &'static [Member], payload: Option<u16>) -> Kind {
    Kind::Structure(Structure { members, union: false, payload, error: None, xml_name: None, xml_namespace: None })
}

static SHAPES: [Shape; 5] = [
    shape("Key", Kind::String { values: &[] }),
    shape("Blob", Kind::Blob { streaming: true }),
    shape(
        "PutRequest",
        structure(
            &[Member { location: Location::Uri, required: true, ..Member::new("Key", 0) }, Member::new("Body", 1)],
            Some(1),
        ),
    ),
    shape(
        "GetRequest",
        structure(&[Member { location: Location::Uri, required: true, ..Member::new("Key", 0) }], None),
    ),
    shape("GetOutput", structure(&[Member::new("Body", 1)], Some(0))),
];

const fn operation(name: &'static str, method: &'static str, input: u16, output: Option<ShapeId>) -> Operation {
    Operation {
        name,
        served: true,
        method,
        uri: "/{Key+}",
        status: 200,
        input: Some(ShapeId(input)),
        output,
        result_wrapper: None,
        input_root: None,
        signed: true,
    }
}

static OPERATIONS: [Operation; 2] =
    [operation("GetThing", "GET", 3, Some(ShapeId(4))), operation("PutThing", "PUT", 2, None)];

static MODEL: Model = Model {
    service: "s3",
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

haar_platform::kernel::streaming_structure!(PutRequest { key: String, body: Body });
haar_platform::kernel::structure!(GetRequest { key: String });
haar_platform::kernel::streaming_structure!(GetOutput { body: Body });

struct PutThing;
impl Op for PutThing {
    const NAME: &'static str = "PutThing";
    type Input = PutRequest;
    type Output = ();
    fn model() -> &'static Model {
        &MODEL
    }
}

struct GetThing;
impl Op for GetThing {
    const NAME: &'static str = "GetThing";
    type Input = GetRequest;
    type Output = GetOutput;
    fn model() -> &'static Model {
        &MODEL
    }
}

/// Tells the test what arrived, and answers what the test gives.
struct Things {
    arrived: mpsc::UnboundedSender<Bytes>,
    answers: Mutex<mpsc::UnboundedReceiver<Body>>,
}

async fn put(_: &Ctx, things: &Things, mut input: PutRequest) -> Result<(), Fault> {
    while let Some(piece) = input.body.next().await {
        things.arrived.send(piece.map_err(Fault::of_body)?).expect("the test listens");
    }
    Ok(())
}

async fn get(_: &Ctx, things: &Things, _: GetRequest) -> Result<GetOutput, Fault> {
    let body = things.answers.lock().await.recv().await.expect("the test answers");
    Ok(GetOutput { body })
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

struct Bench {
    address: String,
    arrived: mpsc::UnboundedReceiver<Bytes>,
    answers: mpsc::UnboundedSender<Body>,
    platform: Platform,
}

impl Bench {
    async fn open() -> Self {
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
        Self { address, arrived, answers, platform }
    }

    /// Signs and sends, without waiting for the body's end.
    async fn send<B>(
        &self,
        method: &str,
        payload: SignedPayload<'_>,
        body: impl FnOnce(&str, &SigningKey, AmzDate) -> B,
    ) -> Response<Incoming>
    where
        B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: std::error::Error + Send + Sync,
    {
        let request = Request::builder().method(method).uri("/a/thing").header("host", &self.address);
        let chunked = matches!(payload, SignedPayload::StreamingSigned);
        let request = if chunked { request.header("x-amz-decoded-content-length", "13") } else { request };
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

    async fn piece(&mut self) -> Bytes {
        self.arrived.recv().await.expect("a piece")
    }
}

fn channel() -> (Sender<Bytes, std::io::Error>, Channel<Bytes, std::io::Error>) {
    Channel::new(1)
}

#[tokio::test]
async fn a_body_reaches_the_operation_before_the_client_has_sent_it_all() {
    let mut bench = Bench::open().await;
    let (mut sender, body) = channel();
    let mut arrived = std::mem::replace(&mut bench.arrived, mpsc::unbounded_channel().1);
    let sending = async {
        sender.send_data(Bytes::from_static(b"first")).await.expect("sent");
        // The second piece is only sent after the operation has seen the first: buffering would hang here.
        assert_eq!(arrived.recv().await.expect("a piece"), "first");
        sender.send_data(Bytes::from_static(b"second")).await.expect("sent");
        drop(sender);
        assert_eq!(arrived.recv().await.expect("a piece"), "second");
    };
    let (response, ()) = tokio::join!(bench.send("PUT", SignedPayload::Unsigned, |_, _, _| body), sending);
    assert_eq!(response.status(), 200);
}

#[tokio::test]
async fn an_answer_arrives_before_it_is_whole() {
    let bench = Bench::open().await;
    let (mut sender, body) = channel();
    bench.answers.send(Body::of(body)).expect("the operation listens");
    sender.send_data(Bytes::from_static(b"first")).await.expect("sent");
    let response = bench.send("GET", SignedPayload::Unsigned, |_, _, _| Full::new(Bytes::new())).await;
    let mut body = response.into_body();
    let first = body.frame().await.expect("a frame").expect("read").into_data().expect("data");
    assert_eq!(first, "first");
    sender.send_data(Bytes::from_static(b"second")).await.expect("sent");
    drop(sender);
    assert_eq!(body.collect().await.expect("read").to_bytes(), "second");
}

fn signed_chunks(signature: &str, key: &SigningKey, date: AmzDate) -> Vec<u8> {
    let signer = Signer { access_key_id: "test", key, session_token: None, date };
    let mut encoder = signer.chunk_encoder(signature);
    let mut body = Vec::new();
    body.extend_from_slice(&encoder.chunk(b"Hello, world!"));
    body.extend_from_slice(&encoder.end(&[]));
    body
}

#[tokio::test]
async fn signed_chunks_are_unwrapped_for_the_operation() {
    let mut bench = Bench::open().await;
    let response = bench
        .send("PUT", SignedPayload::StreamingSigned, |signature, key, date| {
            Full::from(signed_chunks(signature, key, date))
        })
        .await;
    assert_eq!(response.status(), 200);
    assert_eq!(bench.piece().await, "Hello, world!");
}

#[tokio::test]
async fn a_changed_chunk_is_refused_in_s3s_words() {
    let bench = Bench::open().await;
    let response = bench
        .send("PUT", SignedPayload::StreamingSigned, |signature, key, date| {
            let mut body = signed_chunks(signature, key, date);
            let at = body.windows(5).position(|window| window == b"world").expect("the text is there");
            body[at] = b'W';
            Full::from(body)
        })
        .await;
    assert_eq!(response.status(), 403);
    let text = response.into_body().collect().await.expect("read").to_bytes();
    assert!(String::from_utf8_lossy(&text).contains("<Code>SignatureDoesNotMatch</Code>"), "{text:?}");
}

#[tokio::test]
async fn a_body_with_another_hash_than_declared_is_refused() {
    let bench = Bench::open().await;
    let response =
        bench.send("PUT", SignedPayload::Bytes(b"what was signed"), |_, _, _| Full::from("what was sent")).await;
    assert_eq!(response.status(), 400);
    let text = response.into_body().collect().await.expect("read").to_bytes();
    assert!(String::from_utf8_lossy(&text).contains("<Code>XAmzContentSHA256Mismatch</Code>"), "{text:?}");
}
