//! A house for tests of services: the real pipeline from *check* on, a fresh store in memory, and a clock that moves
//! when told to. No sockets, no sleeps.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use haar_platform::Platform;
use haar_platform::kernel::caller::{Credential, Permissions};
use haar_platform::kernel::ctx::Origin;
use haar_platform::kernel::paging::Pager;
use haar_platform::kernel::{
    AccountId, Authority, Caller, Clock, Ctx, Fault, House, Op, Region, Service, Shaped, Timestamp,
};
use haar_platform::store::{Config, Store};

use crate::authorize::IamMode;
use crate::switchboard::Switchboard;

/// The account of [`TestHouse::call`].
pub const ACCOUNT: &str = "000000000000";

/// The region of [`TestHouse::call`].
pub const REGION: &str = "us-east-1";

/// When every test house opens: 2026-01-01T00:00:00Z.
pub const OPENING: Timestamp = Timestamp::from_seconds(1_767_225_600);

/// A house in memory. Calls run as the root user of [`ACCOUNT`] unless said otherwise.
pub struct TestHouse {
    /// What the services were built from.
    pub platform: Platform,
    switchboard: Arc<Switchboard>,
    origin: Arc<Origin>,
}

impl TestHouse {
    /// With the services that `build` makes, and nobody but root.
    pub fn open(build: impl FnOnce(&Platform) -> Vec<Service>) -> Self {
        Self::with_authority(Config::in_memory(), |platform| {
            (build(platform), Arc::new(NobodyElse) as Arc<dyn Authority>)
        })
    }

    /// With an authority of its own (the identity room's), over any store.
    pub fn with_authority(config: Config, build: impl FnOnce(&Platform) -> (Vec<Service>, Arc<dyn Authority>)) -> Self {
        let account = AccountId::parse(ACCOUNT).expect("twelve digits");
        let region = Region::parse(REGION).expect("a region's name");
        let house = House::new(Clock::starting_at(OPENING), Pager::new(b"test"), account, region);
        let store = Store::open(config).expect("a store opens");
        let platform = Platform::assemble(house, store).expect("the ground floor stands");
        let (mut services, authority) = build(&platform);
        let jobs: Vec<_> = services.iter_mut().flat_map(Service::take_jobs).collect();
        let switchboard = Arc::new(Switchboard::new(services, authority, IamMode::Enforce, platform.ledger.clone()));
        let weak: std::sync::Weak<dyn haar_platform::kernel::ctx::Dispatch> =
            Arc::<Switchboard>::downgrade(&switchboard);
        platform.house.connect(weak);
        for job in jobs {
            job.start(&platform.house);
        }
        Self { platform, switchboard, origin: Arc::new(Origin::internal("testkit")) }
    }

    /// One call by root.
    pub async fn call<O: Op>(&self, input: O::Input) -> Result<O::Output, Fault> {
        self.call_as::<O>(&self.root(ACCOUNT), REGION, input).await
    }

    /// One call by anyone, anywhere.
    pub async fn call_as<O: Op>(
        &self,
        caller: &Arc<Caller>,
        region: &str,
        input: O::Input,
    ) -> Result<O::Output, Fault> {
        let region = Region::parse(region).expect("a region's name");
        let ctx = Ctx::new(self.platform.house.clone(), caller.clone(), region, self.origin.clone());
        let operation = O::model().operation(O::NAME).expect("the operation is in its model");
        let outcome = self.switchboard.run(&ctx, O::model(), operation, input.into_value()).await;
        outcome.answer.map(O::Output::from_value)
    }

    /// The root user of an account.
    pub fn root(&self, account: &str) -> Arc<Caller> {
        Arc::new(Caller::root(&AccountId::parse(account).expect("twelve digits")))
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.platform.house.clock.now()
    }

    /// Moves time forward; returns when all that fell due has run.
    pub async fn advance(&self, by: Duration) {
        self.platform.house.clock.advance(by).await;
    }

    /// Waits until everything in the background has had its turn.
    pub async fn settle(&self) {
        self.platform.house.clock.settle().await;
    }
}

/// An authority that knows no credentials and grants nothing: root needs no policies.
struct NobodyElse;

impl Authority for NobodyElse {
    fn credential(&self, _: &str) -> Option<Arc<Credential>> {
        None
    }

    fn permissions(&self, _: &Caller) -> Arc<Permissions> {
        Arc::default()
    }

    fn note_use(&self, _: &Caller, _: &str, _: &str) {}
}

/// An authority for tests of policies: permissions by caller ARN.
#[derive(Default)]
pub struct FixedAuthority {
    /// By the caller's ARN.
    pub permissions: HashMap<String, Arc<Permissions>>,
    /// By access key id.
    pub credentials: HashMap<String, Arc<Credential>>,
}

impl Authority for FixedAuthority {
    fn credential(&self, access_key_id: &str) -> Option<Arc<Credential>> {
        self.credentials.get(access_key_id).cloned()
    }

    fn permissions(&self, caller: &Caller) -> Arc<Permissions> {
        self.permissions.get(&caller.arn).cloned().unwrap_or_default()
    }

    fn note_use(&self, _: &Caller, _: &str, _: &str) {}
}
