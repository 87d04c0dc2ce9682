//! What an operation knows of its call: who, where, when; and how it calls others.

use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use futures_util::future::BoxFuture;
use parking_lot::Mutex;

use crate::arn::{AccountId, Arn, Region};
use crate::caller::Caller;
use crate::clock::Clock;
use crate::delivery::Delivery;
use crate::fault::Fault;
use crate::ids;
use crate::measure::Measure;
use crate::paging::Pager;
use crate::schema::{Model, Operation};
use crate::service::Op;
use crate::shaped::Shaped;
use crate::tasks::Tasks;
use crate::timestamp::Timestamp;
use crate::value::Value;

/// Where a house answers that says nothing else.
const ENDPOINT: &str = "http://localhost:4566";

/// What all calls of one house share.
pub struct House {
    /// The only clock.
    pub clock: Clock,
    /// Makes and reads paging tokens.
    pub pager: Pager,
    /// The only place that starts background work.
    pub tasks: Tasks,
    /// The account of the default credentials.
    pub account: AccountId,
    /// The region of calls that name none.
    pub region: Region,
    dispatch: OnceLock<Weak<dyn Dispatch>>,
    endpoint: OnceLock<String>,
}

impl House {
    /// A house without services: [`House::connect`] brings them.
    pub fn new(clock: Clock, pager: Pager, account: AccountId, region: Region) -> Arc<Self> {
        let (dispatch, endpoint) = (OnceLock::new(), OnceLock::new());
        Arc::new(Self { clock, pager, tasks: Tasks::default(), account, region, dispatch, endpoint })
    }

    /// Where the house answers: `http://127.0.0.1:4566`, as what runs on this machine writes it (a function's
    /// `AWS_ENDPOINT_URL`). The default's, until the sockets are open.
    pub fn endpoint(&self) -> &str {
        self.endpoint.get().map_or(ENDPOINT, String::as_str)
    }

    /// Says where the house answers. Once, when the sockets are open.
    pub fn answers_at(&self, endpoint: String) {
        let first = self.endpoint.set(endpoint);
        debug_assert!(first.is_ok(), "a house answers at one place");
    }

    /// Lets services call each other through the pipeline. Once, at start.
    pub fn connect(&self, dispatch: Weak<dyn Dispatch>) {
        let connected = self.dispatch.set(dispatch);
        debug_assert!(connected.is_ok(), "a house is connected once");
    }
}

/// The pipeline from *authorize* on: how one service calls another.
pub trait Dispatch: Send + Sync {
    /// Authorizes, runs and records one call.
    fn dispatch<'a>(
        &'a self,
        ctx: Ctx,
        model: &'static Model,
        operation: &'static Operation,
        input: Value,
    ) -> BoxFuture<'a, Result<Value, Fault>>;

    /// The same for an operation that is known by its names only, its input and output as AWS's JSON. `service` is the
    /// SDKs' name for it (`sqs`, `eventbridge`, `cloudwatchlogs`), `operation` in any case (`sendMessage`).
    fn dispatch_named<'a>(
        &'a self,
        ctx: Ctx,
        service: &'a str,
        operation: &'a str,
        input: serde_json::Value,
    ) -> BoxFuture<'a, Result<serde_json::Value, Fault>>;

    /// Whether an operation is served, by the names that [`Dispatch::dispatch_named`] takes.
    fn serves_operation(&self, service: &str, operation: &str) -> bool;

    /// Whether a service takes deliveries for such an ARN; whether the target exists is another question.
    fn serves_target(&self, target: &Arn) -> bool;

    /// Hands a delivery to the service that serves its target.
    fn deliver<'a>(&'a self, ctx: Ctx, delivery: Delivery) -> BoxFuture<'a, Result<(), Fault>>;

    /// Records something that happened and was no call.
    fn note<'a>(&'a self, ctx: &'a Ctx, event: &'static str) -> BoxFuture<'a, ()>;
}

/// Where a call came from.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The peer's address; none for calls from inside.
    pub source_ip: Option<std::net::IpAddr>,
    /// `http://localhost:4566`, as the caller wrote it: answers that contain URLs work from where the caller is.
    pub endpoint: String,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// Whether TLS protected the call.
    pub secure: bool,
}

impl Origin {
    /// A call from inside the house.
    pub fn internal(user_agent: impl Into<String>) -> Self {
        Self { source_ip: None, endpoint: ENDPOINT.into(), user_agent: user_agent.into(), secure: true }
    }
}

/// One call.
pub struct Ctx {
    /// A UUID; every answer carries it.
    pub request_id: String,
    /// The account that the call works in: the caller's.
    pub account: AccountId,
    /// The region that the call works in.
    pub region: Region,
    /// Who calls.
    pub caller: Arc<Caller>,
    /// Where from.
    pub origin: Arc<Origin>,
    /// What all calls share.
    pub house: Arc<House>,
    usage: Mutex<Vec<(&'static str, u64)>>,
    measures: Mutex<Vec<Measure>>,
}

impl Ctx {
    /// A call by `caller` in `region`.
    pub fn new(house: Arc<House>, caller: Arc<Caller>, region: Region, origin: Arc<Origin>) -> Self {
        let account = caller.account.clone();
        let (usage, measures) = (Mutex::default(), Mutex::default());
        Self { request_id: ids::uuid(), account, region, caller, origin, house, usage, measures }
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.house.clock.now()
    }

    /// Waits by our clock.
    pub async fn sleep(&self, duration: Duration) {
        self.house.clock.sleep(duration).await;
    }

    /// Waits by our clock.
    pub async fn sleep_until(&self, due: Timestamp) {
        self.house.clock.sleep_until(due).await;
    }

    /// The ARN of a resource of this call's region and account.
    pub fn arn(&self, service: &str, resource: impl Into<String>) -> Arn {
        Arn::new(service, &self.region, &self.account, resource)
    }

    /// The ARN of a resource of this call's account that lives in no region.
    pub fn global_arn(&self, service: &str, resource: impl Into<String>) -> Arn {
        Arn::new(service, "", &self.account, resource)
    }

    /// Adds to what this call will be billed for: `unit` is a name of the price list.
    pub fn meter(&self, unit: &'static str, amount: u64) {
        let mut usage = self.usage.lock();
        match usage.iter_mut().find(|(known, _)| *known == unit) {
            Some((_, total)) => *total += amount,
            None => usage.push((unit, amount)),
        }
    }

    /// What was metered, for the ledger.
    pub fn usage(&self) -> Vec<(&'static str, u64)> {
        self.usage.lock().clone()
    }

    /// Adds a value to a metric of ours; it goes onto the ledger line of this call, or of what a job notes.
    pub fn measure(&self, measure: Measure) {
        self.measures.lock().push(measure);
    }

    /// What was measured, for the ledger.
    pub fn measures(&self) -> Vec<Measure> {
        self.measures.lock().clone()
    }

    /// A paging token for `cursor` in `scope`; account and region are part of the scope.
    pub fn page_token(&self, scope: &str, cursor: &str) -> String {
        self.house.pager.seal(&self.paging_scope(scope), cursor)
    }

    /// The cursor behind a paging token of the same scope.
    pub fn page_cursor(&self, scope: &str, token: &str) -> Result<String, crate::paging::InvalidToken> {
        self.house.pager.open(&self.paging_scope(scope), token)
    }

    fn paging_scope(&self, scope: &str) -> String {
        format!("{}/{}/{scope}", self.account, self.region)
    }

    /// Calls another service, as `service` (`events`): authorized, run and recorded like any call.
    pub async fn call<O: Op>(&self, service: &str, input: O::Input) -> Result<O::Output, Fault> {
        let caller = Arc::new(Caller::service(service, &self.account));
        self.call_as::<O>(caller, input).await
    }

    /// Calls another service as a given caller: a role's session, or the caller of this call.
    pub async fn call_as<O: Op>(&self, caller: Arc<Caller>, input: O::Input) -> Result<O::Output, Fault> {
        let operation = O::model().operation(O::NAME).expect("generated operations are in their model");
        let output = self.dispatch()?.dispatch(self.inner(caller), O::model(), operation, input.into_value()).await?;
        Ok(O::Output::from_value(output))
    }

    /// Calls an operation that is known by its names only (a schedule's universal target): `service` as the SDKs name
    /// it, `operation` in any case, input and output as AWS's JSON.
    pub async fn call_named(
        &self,
        caller: Arc<Caller>,
        service: &str,
        operation: &str,
        input: serde_json::Value,
    ) -> Result<serde_json::Value, Fault> {
        self.dispatch()?.dispatch_named(self.inner(caller), service, operation, input).await
    }

    /// Whether such an operation is served.
    pub fn serves_operation(&self, service: &str, operation: &str) -> bool {
        self.dispatch().is_ok_and(|dispatch| dispatch.serves_operation(service, operation))
    }

    /// Whether any service takes deliveries for such an ARN; whether the target exists is another question.
    pub fn serves_target(&self, target: &Arn) -> bool {
        self.dispatch().is_ok_and(|dispatch| dispatch.serves_target(target))
    }

    /// Hands a delivery to the service that serves its target, as a given caller: a service's principal with
    /// `aws:SourceArn`, or a role's session. The target's region is the ARN's.
    pub async fn deliver(&self, caller: Arc<Caller>, delivery: Delivery) -> Result<(), Fault> {
        let mut ctx = self.inner(caller);
        if let Some(region) = Region::parse(&delivery.target.region) {
            ctx.region = region;
        }
        self.dispatch()?.deliver(ctx, delivery).await
    }

    /// A call from inside, in another account or region than this one: for jobs, which work for everybody.
    pub fn elsewhere(&self, caller: Arc<Caller>, region: Region) -> Self {
        Self::new(self.house.clone(), caller, region, self.origin.clone())
    }

    /// Records something that happened and was no call, with what this context has metered and measured: an
    /// environment that ran, a rule that matched. Use a context of its own ([`Ctx::elsewhere`]) for each.
    pub async fn note(&self, event: &'static str) {
        if let Ok(dispatch) = self.dispatch() {
            dispatch.note(self, event).await;
        }
    }

    fn inner(&self, caller: Arc<Caller>) -> Self {
        self.elsewhere(caller, self.region.clone())
    }

    fn dispatch(&self) -> Result<Arc<dyn Dispatch>, Fault> {
        self.house.dispatch.get().and_then(Weak::upgrade).ok_or_else(|| Fault::internal("the house is closing"))
    }
}
