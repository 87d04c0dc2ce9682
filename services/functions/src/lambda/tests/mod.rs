//! Behaviour of Lambda, through the pipeline, with real processes. Shared here: a house with functions and queues, and
//! short ways to call it.

mod aliases;
mod asynchronous;
mod concurrency;
mod functions;
mod invoking;
mod layers;
mod mappings;
mod permissions;
mod roles;
mod urls;

use std::collections::HashMap;
use std::io::Write;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use haar_gateway::testkit::{FixedAuthority, TestHouse};
use haar_platform::Platform;
use haar_platform::aws::lambda::{self as aws, *};
use haar_platform::aws::sqs;
use haar_platform::kernel::caller::Permissions;
use haar_platform::kernel::ctx::Origin;
use haar_platform::kernel::serde_json::{self, Value};
use haar_platform::kernel::{Authority, Bytes, Ctx, Fault, Op, Service};
use haar_platform::ledger::Query;
use haar_platform::store::Config;
use haar_process::{Config as ProcessConfig, Supervisor};
use zip::write::SimpleFileOptions;

/// The role of all functions.
pub const ROLE: &str = "arn:aws:iam::000000000000:role/worker";

/// Runtimes that a test may use: the first that this machine has.
const PYTHONS: [&str; 5] = ["python3.13", "python3.12", "python3.11", "python3.14", "python3.10"];

/// Looks for something that happens in the background are this far apart, and so many at most: a minute.
const LOOK_AGAIN: Duration = Duration::from_millis(2);
const LOOKS_MAX: usize = 30_000;

/// A house with functions and queues, and the work area of its processes.
pub struct Functions {
    pub house: TestHouse,
    pub runtime: Runtime,
    supervisor: Arc<Supervisor>,
    _work: tempfile::TempDir,
}

impl Deref for Functions {
    type Target = TestHouse;
    fn deref(&self) -> &TestHouse {
        &self.house
    }
}

/// A house in which nobody but root may do anything.
pub async fn open() -> Functions {
    open_with(HashMap::new()).await
}

/// A house in which others may do something, by their ARNs.
pub async fn open_with(permissions: HashMap<String, Arc<Permissions>>) -> Functions {
    open_over(Config::in_memory(), permissions).await
}

/// The same over any store.
pub async fn open_over(config: Config, permissions: HashMap<String, Arc<Permissions>>) -> Functions {
    let authority = FixedAuthority { permissions, ..Default::default() };
    open_house(config, |platform| {
        (vec![haar_messaging::sqs::service(platform)], Arc::new(authority) as Arc<dyn Authority>)
    })
    .await
}

/// Functions beside other rooms.
pub async fn open_house(
    config: Config,
    rooms: impl FnOnce(&Platform) -> (Vec<Service>, Arc<dyn Authority>),
) -> Functions {
    let work = tempfile::tempdir().unwrap();
    let mut supervisor = None;
    let build = |platform: &Platform| {
        let root = work.path().join("functions");
        let (clock, tasks) = (platform.house.clock.clone(), platform.house.tasks.clone());
        let opened = Supervisor::open(ProcessConfig { root, clock, tasks }).unwrap();
        supervisor = Some(opened.clone());
        let (mut services, authority) = rooms(platform);
        services.push(super::service(platform, opened));
        (services, authority)
    };
    let house = TestHouse::with_authority(config, build);
    let supervisor = supervisor.unwrap();
    let runtime = python(&supervisor).await;
    Functions { house, runtime, supervisor, _work: work }
}

async fn python(supervisor: &Arc<Supervisor>) -> Runtime {
    for name in PYTHONS {
        if supervisor.runtime(name).await.is_ok() {
            return Runtime::parse(name).unwrap();
        }
    }
    panic!("these tests need one of {PYTHONS:?}");
}

/// A zip file of texts; all may be executed.
pub fn zip(files: &[(&str, &str)]) -> Bytes {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in files {
        archive.start_file(*name, SimpleFileOptions::default().unix_permissions(0o755)).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner().into()
}

impl Functions {
    /// What CreateFunction needs, of a Python function whose file is `text`.
    pub fn draft(&self, name: &str, text: &str) -> CreateFunctionRequest {
        CreateFunctionRequest {
            function_name: name.into(),
            runtime: Some(self.runtime),
            role: ROLE.into(),
            handler: Some("main.handler".into()),
            code: FunctionCode { zip_file: Some(zip(&[("main.py", text)])), ..Default::default() },
            ..Default::default()
        }
    }

    /// A Python function.
    pub async fn create(&self, name: &str, text: &str) -> FunctionConfiguration {
        self.call::<aws::CreateFunction>(self.draft(name, text)).await.unwrap()
    }

    /// A call by root that leaves a line in the ledger, as calls from the network do.
    pub async fn recorded<O: Op>(&self, input: O::Input) -> Result<O::Output, Fault> {
        let ctx = self.ctx();
        ctx.call_as::<O>(ctx.caller.clone(), input).await
    }

    /// Root's, in the first region.
    pub fn ctx(&self) -> Ctx {
        let (house, origin) = (self.platform.house.clone(), Arc::new(Origin::internal("test")));
        let region = house.region.clone();
        Ctx::new(house, self.root("000000000000"), region, origin)
    }

    /// An invocation that is answered.
    pub async fn invoke(&self, name: &str, payload: &str) -> Result<InvocationResponse, Fault> {
        self.recorded::<Invoke>(invocation(name, payload)).await
    }

    /// What the function answered, as JSON.
    pub async fn answer(&self, name: &str, payload: &str) -> Value {
        let answer = self.invoke(name, payload).await.unwrap();
        assert_eq!(answer.function_error, None, "{:?}", answer.payload);
        serde_json::from_slice(&answer.payload.unwrap()).unwrap()
    }

    /// An asynchronous invocation.
    pub async fn send(&self, name: &str, payload: &str) {
        let request = InvocationRequest { invocation_type: Some(InvocationType::Event), ..invocation(name, payload) };
        assert_eq!(self.recorded::<Invoke>(request).await.unwrap().status_code, Some(202));
    }

    /// A new version.
    pub async fn publish(&self, name: &str) -> FunctionConfiguration {
        let request = PublishVersionRequest { function_name: name.into(), ..Default::default() };
        self.call::<PublishVersion>(request).await.unwrap()
    }

    /// Other code.
    pub async fn update_code(&self, name: &str, text: &str) -> FunctionConfiguration {
        let request = UpdateFunctionCodeRequest {
            function_name: name.into(),
            zip_file: Some(zip(&[("main.py", text)])),
            ..Default::default()
        };
        self.call::<UpdateFunctionCode>(request).await.unwrap()
    }

    /// A queue, by its name.
    pub async fn queue(&self, name: &str, attributes: &[(&str, &str)]) -> String {
        let attributes = attributes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let request = sqs::CreateQueueRequest {
            queue_name: name.into(),
            attributes: Some(attributes.collect()),
            ..Default::default()
        };
        self.call::<sqs::CreateQueue>(request).await.unwrap().queue_url.unwrap()
    }

    /// The one message of a queue, which it keeps.
    pub async fn message(&self, queue: &str) -> Option<sqs::Message> {
        let request = sqs::ReceiveMessageRequest {
            queue_url: format!("000000000000/{queue}"),
            message_attribute_names: Some(vec!["All".into()]),
            visibility_timeout: Some(0),
            ..Default::default()
        };
        self.call::<sqs::ReceiveMessage>(request).await.unwrap().messages.and_then(|mut all| all.pop())
    }

    /// The body of the one message of a queue, as JSON.
    pub async fn body(&self, queue: &str) -> Value {
        let message = self.message(queue).await.unwrap();
        serde_json::from_str(&message.body.unwrap()).unwrap()
    }

    /// Messages that can be received, and those that are hidden.
    pub async fn depth(&self, queue: &str) -> (u64, u64) {
        let request = sqs::GetQueueAttributesRequest {
            queue_url: format!("000000000000/{queue}"),
            attribute_names: Some(vec!["All".into()]),
        };
        let attributes = self.call::<sqs::GetQueueAttributes>(request).await.unwrap().attributes.unwrap();
        let number = |name: &str| attributes[name].parse().unwrap();
        (number("ApproximateNumberOfMessages"), number("ApproximateNumberOfMessagesNotVisible"))
    }

    /// Waits for something that pollers do, which nobody else can wait for.
    pub async fn until(&self, what: &str, look: impl AsyncFn() -> bool) {
        for _ in 0..LOOKS_MAX {
            self.settle().await;
            if look().await {
                return;
            }
            self.platform.house.clock.patience(LOOK_AGAIN).await;
        }
        panic!("{what} never came true");
    }

    /// The sum of a metric's values under exactly these dimensions.
    pub async fn sum(&self, metric: &str, dimensions: &[(&str, &str)]) -> f64 {
        self.platform.ledger.flush().await.unwrap();
        let lines = self.platform.ledger.read(Query::default()).await.unwrap().all().await.unwrap();
        let measures = lines.iter().flat_map(|line| &line.measures);
        let wanted = measures.filter(|measure| {
            let found: Vec<_> = measure.dimensions.iter().map(|(name, value)| (&**name, value.as_str())).collect();
            measure.name == metric && found == dimensions
        });
        wanted.map(|measure| measure.value).sum()
    }
}

/// What Invoke needs.
pub fn invocation(name: &str, payload: &str) -> InvocationRequest {
    InvocationRequest {
        function_name: name.into(),
        payload: Some(Bytes::from(payload.to_owned())),
        ..Default::default()
    }
}

/// A refusal by its name and its words.
#[track_caller]
pub fn refused<T: std::fmt::Debug>(answer: Result<T, Fault>, name: &str, words: &str) {
    let fault = answer.expect_err("a refusal");
    assert_eq!(fault.name, name, "{}", fault.message);
    assert!(fault.message.contains(words), "{}", fault.message);
}
