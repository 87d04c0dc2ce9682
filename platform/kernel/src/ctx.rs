//! What an operation knows of its call: who, where, when; and how it calls others.

use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use futures_util::future::BoxFuture;
use parking_lot::Mutex;

use crate::arn::{AccountId, Arn, Region};
use crate::caller::Caller;
use crate::clock::Clock;
use crate::fault::Fault;
use crate::ids;
use crate::paging::Pager;
use crate::schema::{Model, Operation};
use crate::service::Op;
use crate::shaped::Shaped;
use crate::tasks::Tasks;
use crate::timestamp::Timestamp;
use crate::value::Value;

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
}

impl House {
    /// A house without services: [`House::connect`] brings them.
    pub fn new(clock: Clock, pager: Pager, account: AccountId, region: Region) -> Arc<Self> {
        Arc::new(Self { clock, pager, tasks: Tasks::default(), account, region, dispatch: OnceLock::new() })
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
        Self { source_ip: None, endpoint: "http://localhost:4566".into(), user_agent: user_agent.into(), secure: true }
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
}

impl Ctx {
    /// A call by `caller` in `region`.
    pub fn new(house: Arc<House>, caller: Arc<Caller>, region: Region, origin: Arc<Origin>) -> Self {
        let account = caller.account.clone();
        Self { request_id: ids::uuid(), account, region, caller, origin, house, usage: Mutex::new(Vec::new()) }
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
        let dispatch = self.house.dispatch.get().and_then(Weak::upgrade);
        let dispatch = dispatch.ok_or_else(|| Fault::internal("the house is closing"))?;
        let operation = O::model().operation(O::NAME).expect("generated operations are in their model");
        let ctx = Ctx::new(self.house.clone(), caller, self.region.clone(), self.origin.clone());
        let output = dispatch.dispatch(ctx, O::model(), operation, input.into_value()).await?;
        Ok(O::Output::from_value(output))
    }
}
