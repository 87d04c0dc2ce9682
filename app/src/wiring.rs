//! A house, put together: store, ground floor, rooms, front door; opened in that order and closed in the other.

use std::sync::{Arc, Weak};

use haar_gateway::{AuthMode, Gateway, IamMode, Listener, Switchboard};
use haar_platform::Platform;
use haar_platform::kernel::ctx::Dispatch;
use haar_platform::kernel::paging::Pager;
use haar_platform::kernel::{Clock, House, Objects, Service, ids};
use haar_platform::store::{Config, Store, TableInfo};
use haar_process::Supervisor;
use haar_sql::Engine;

use crate::cli;
use crate::failure::Failure;
use crate::insights::InsightsEngine;
use crate::settings::Settings;

/// Of all queries together, and 256 MiB of what they read lately; what does not fit is spilled to disk.
const ENGINE_MEMORY_BYTES: u64 = 1280 << 20;

/// A house that answers.
pub struct OpenHouse {
    platform: Platform,
    gateway: Arc<Gateway>,
    endpoint: String,
}

impl OpenHouse {
    /// Opens everything, the sockets last: when this returns, every service answers.
    pub async fn open(settings: &Settings) -> Result<Self, Failure> {
        let platform = ground_floor(settings)?;
        // What runs from the start on, like a function that an old event is for, knows where the house will answer.
        let (listener, endpoint) = bind(&settings.listen).await?;
        platform.house.answers_at(endpoint.clone());
        let identity = haar_identity::open(&platform);
        let mut services = identity.services;
        services.extend(rooms(&platform, settings)?);
        let jobs: Vec<_> = services.iter_mut().flat_map(Service::take_jobs).collect();
        let switchboard =
            Arc::new(Switchboard::new(services, identity.authority, iam_mode(settings.iam), platform.ledger.clone()));
        let dispatch: Weak<dyn Dispatch> = Arc::<Switchboard>::downgrade(&switchboard);
        platform.house.connect(dispatch);
        for job in jobs {
            job.start(&platform.house);
        }
        platform
            .bus
            .start(&platform.house)
            .await
            .map_err(|error| Failure::new("failed to start the bus").because(error))?;
        let data = settings.data_dir.as_ref().map_or("memory".to_owned(), |folder| folder.display().to_string());
        let models = haar_platform::aws::MODELS;
        let gateway = Arc::new(Gateway::new(platform.clone(), models, switchboard, auth_mode(settings.auth), data));
        listener.serve(gateway.clone());
        tracing::info!(%endpoint, "the house is open");
        Ok(Self { platform, gateway, endpoint })
    }

    /// `http://127.0.0.1:4566`.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// What the house stands on: for tests and benchmarks that look inside.
    pub fn platform(&self) -> &Platform {
        &self.platform
    }

    /// Finishes what is in flight, then writes down what is not written yet, then lets go of the data.
    pub async fn close(self) -> Result<(), Failure> {
        let failed = |error: &dyn std::fmt::Display| Failure::new("failed to close in good order").because(error);
        self.platform.house.tasks.close().await;
        self.platform.ledger.close().await.map_err(|error| failed(&error))?;
        drop(self.gateway);
        self.platform.store.close().await.map_err(|error| failed(&error))?;
        tracing::info!("the house is closed");
        Ok(())
    }
}

/// Every table of every room: what `haar data check` knows.
pub fn tables() -> Vec<TableInfo> {
    let mut tables = haar_platform::bus::tables();
    tables.extend(haar_identity::tables());
    tables.extend(haar_catalog::glue::tables());
    tables.extend(haar_events::events::tables());
    tables.extend(haar_events::scheduler::tables());
    tables.extend(haar_functions::lambda::tables());
    tables.extend(haar_messaging::sns::tables());
    tables.extend(haar_messaging::sqs::tables());
    tables.extend(haar_observability::cloudwatch::tables());
    tables.extend(haar_observability::logs::tables());
    tables.extend(haar_query::athena::tables());
    tables.extend(haar_storage::s3::tables());
    tables.extend(haar_systems::ssm::tables());
    tables
}

/// The rooms beside identity, each with the engines that it drives.
fn rooms(platform: &Platform, settings: &Settings) -> Result<Vec<Service>, Failure> {
    let objects = haar_storage::s3::objects(platform);
    let engine = engine(settings, objects.clone())?;
    let insights = Arc::new(InsightsEngine(engine.clone()));
    Ok(vec![
        haar_catalog::glue::service(platform, objects),
        haar_events::events::service(platform),
        haar_events::scheduler::service(platform),
        haar_functions::lambda::service(platform, supervisor(platform, settings)?),
        haar_messaging::sns::service(platform),
        haar_messaging::sqs::service(platform),
        haar_observability::cloudwatch::service(platform),
        haar_observability::logs::service(platform, insights),
        haar_query::athena::service(platform, engine),
        haar_storage::s3::service(platform),
        haar_systems::ssm::service(platform),
    ])
}

/// What functions run in. Its work area lies beside the data; of a house in memory, among the machine's temporary
/// files.
fn supervisor(platform: &Platform, settings: &Settings) -> Result<Arc<Supervisor>, Failure> {
    let beside = settings.data_dir.as_ref().map(|folder| folder.join("work"));
    let root = beside.unwrap_or_else(|| std::env::temp_dir().join(format!("haar-work-{}", ids::uuid())));
    let (clock, tasks) = (platform.house.clock.clone(), platform.house.tasks.clone());
    let config = haar_process::Config { root, clock, tasks };
    Supervisor::open(config).map_err(|error| Failure::new("failed to prepare for functions").because(error))
}

/// The SQL engine. What it spills lies beside the data; of a house in memory, among the machine's temporary files.
fn engine(settings: &Settings, objects: Arc<dyn Objects>) -> Result<Engine, Failure> {
    let spill_dir = settings.data_dir.as_ref().map(|folder| folder.join("spill"));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let config = haar_sql::Config { memory_bytes: ENGINE_MEMORY_BYTES, spill_dir, threads };
    Engine::open(config, objects).map_err(|error| Failure::new("failed to start the SQL engine").because(error))
}

fn ground_floor(settings: &Settings) -> Result<Platform, Failure> {
    let config = settings.data_dir.as_ref().map_or_else(Config::in_memory, Config::at);
    let place = settings.data_dir.as_ref().map_or("memory".into(), |folder| folder.display().to_string());
    let failed = || Failure::new(format!("failed to open the data in {place}"));
    let store = Store::open(config).map_err(|error| failed().because(error))?;
    let pager = Pager::new(&store.vault().mac("paging tokens", &[]));
    let house = House::new(Clock::system(), pager, settings.account.clone(), settings.region.clone());
    Platform::assemble(house, store).map_err(|error| failed().because(error))
}

/// Takes the address, and says as which endpoint. Nobody is answered yet: callers wait.
async fn bind(address: &str) -> Result<(Listener, String), Failure> {
    let failed = |error: std::io::Error| {
        let failure = Failure::new(format!("failed to listen on {address}")).because(&error);
        match error.kind() {
            std::io::ErrorKind::AddrInUse => failure.hint("is another haar up? Choose another port with --listen"),
            _ => failure,
        }
    };
    let listener = Listener::bind(address).await.map_err(failed)?;
    let bound = listener.address().map_err(failed)?;
    Ok((listener, format!("http://{bound}")))
}

fn iam_mode(mode: cli::IamMode) -> IamMode {
    match mode {
        cli::IamMode::Enforce => IamMode::Enforce,
        cli::IamMode::Observe => IamMode::Observe,
        cli::IamMode::Off => IamMode::Off,
    }
}

fn auth_mode(auth: cli::Auth) -> AuthMode {
    match auth {
        cli::Auth::On => AuthMode::On,
        cli::Auth::Off => AuthMode::Off,
    }
}
