//! Lambda: functions that run as processes of this machine.
//!
//! ```text
//!   function, version, alias, layer, permission,     the control plane
//!   concurrency, tag, account, download
//!   invoke, run                                      the way of an invocation
//!   asynchronous                                     the queue behind Event invocations, and where their ends are told
//!   mapping                                          SQS queues that feed functions
//!   url                                              functions as web servers
//!   name, lookup, access, policy, capacity           what all of them ask
//! ```
//! <https://docs.aws.amazon.com/lambda/latest/dg/welcome.html>

mod access;
mod account;
mod alias;
mod asynchronous;
mod capacity;
mod code;
mod concurrency;
mod configuration;
mod download;
mod error;
mod function;
mod invoke;
mod layer;
mod lookup;
mod mapping;
mod model;
mod name;
mod page;
mod permission;
mod policy;
mod role;
mod run;
mod tag;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
mod url;
mod version;

use std::ops::Deref;
use std::sync::Arc;

use haar_platform::Platform;
use haar_platform::aws::lambda as aws;
use haar_platform::kernel::{Access, Body, Ctx, Fault, Service, Waker, WebRequest};
use haar_platform::store::Store;
use haar_process::Supervisor;
use http::Response;
use http::request::Parts;

use self::access::PolicyCache;
use self::asynchronous::InFlight;
use self::capacity::Capacity;
use self::mapping::poller::Pollers;
pub use self::model::tables;
use self::run::pool::Pool;
use self::run::shipping::Shipping;

/// The state of the service; a cheap handle.
#[derive(Clone)]
struct Lambda(Arc<State>);

/// What the operations share.
struct State {
    store: Store,
    supervisor: Arc<Supervisor>,
    policies: PolicyCache,
    pool: Pool,
    capacity: Arc<Capacity>,
    shipping: Shipping,
    in_flight: InFlight,
    pollers: Pollers,
    /// Of the job that attempts asynchronous invocations.
    events: Waker,
    /// Of the job that starts pollers.
    mappings: Waker,
}

impl Deref for Lambda {
    type Target = State;
    fn deref(&self) -> &State {
        &self.0
    }
}

impl Lambda {
    fn open(platform: &Platform, supervisor: Arc<Supervisor>) -> Self {
        Self(Arc::new(State {
            store: platform.store.clone(),
            supervisor,
            policies: PolicyCache::default(),
            pool: Pool::default(),
            capacity: Arc::default(),
            shipping: Shipping::default(),
            in_flight: InFlight::default(),
            pollers: Pollers::default(),
            events: Waker::default(),
            mappings: Waker::default(),
        }))
    }

    fn forget(&self) {
        self.pool.forget();
        self.capacity.forget_all();
        self.pollers.forget();
    }
}

/// `:4566`: what follows a host in addresses that we answer.
fn port_suffix(ctx: &Ctx) -> String {
    let endpoint = ctx.house.endpoint().trim_end_matches('/');
    let port = endpoint.rsplit_once(':').map(|(_, port)| port);
    let port = port.filter(|port| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()));
    port.map(|port| format!(":{port}")).unwrap_or_default()
}

/// The service, whose functions the supervisor runs.
pub fn service(platform: &Platform, supervisor: Arc<Supervisor>) -> Service {
    let lambda = Lambda::open(platform, supervisor);
    let state = lambda.clone();
    Service::of(&aws::MODEL, lambda)
        // Functions.
        .op::<aws::CreateFunction>(function::create::access, function::create::create)
        .op::<aws::GetFunction>(
            |ctx, lambda, input| access::function(ctx, lambda, &input.function_name, input.qualifier.as_deref()),
            function::read::get,
        )
        .op::<aws::GetFunctionConfiguration>(
            |ctx, lambda, input| access::function(ctx, lambda, &input.function_name, input.qualifier.as_deref()),
            function::read::get_configuration,
        )
        .op::<aws::ListFunctions>(|_, _, _| Ok(Access::all()), function::read::list)
        .op::<aws::UpdateFunctionCode>(
            |ctx, lambda, input| access::function(ctx, lambda, &input.function_name, None),
            function::update_code::update,
        )
        .op::<aws::UpdateFunctionConfiguration>(
            function::update_configuration::access,
            function::update_configuration::update,
        )
        .op::<aws::DeleteFunction>(
            |ctx, lambda, input| access::function(ctx, lambda, &input.function_name, input.qualifier.as_deref()),
            function::delete::delete,
        )
        .op::<aws::GetAccountSettings>(|_, _, _| Ok(Access::all()), account::settings)
        // Versions.
        .op::<aws::PublishVersion>(
            |ctx, lambda, input| access::function(ctx, lambda, &input.function_name, None),
            version::publish,
        )
        .op::<aws::ListVersionsByFunction>(
            |ctx, lambda, input| access::function(ctx, lambda, &input.function_name, None),
            version::list,
        )
        // Aliases.
        .op::<aws::CreateAlias>(
            |ctx, lambda, input| access::function(ctx, lambda, &input.function_name, None),
            alias::create,
        )
        .op::<aws::GetAlias>(|ctx, lambda, input| access::function(ctx, lambda, &input.function_name, None), alias::get)
        .op::<aws::UpdateAlias>(
            |ctx, lambda, input| access::function(ctx, lambda, &input.function_name, None),
            alias::update,
        )
        .op::<aws::DeleteAlias>(
            |ctx, lambda, input| access::function(ctx, lambda, &input.function_name, None),
            alias::delete,
        )
        .op::<aws::ListAliases>(
            |ctx, lambda, input| access::function(ctx, lambda, &input.function_name, None),
            alias::list,
        )
        // Layers.
        .op::<aws::PublishLayerVersion>(
            |ctx, lambda, input| layer::access(ctx, lambda, &input.layer_name),
            layer::publish::publish,
        )
        .op::<aws::DeleteLayerVersion>(
            |ctx, lambda, input| layer::version_access(ctx, lambda, &input.layer_name, input.version_number),
            layer::publish::delete,
        )
        .op::<aws::GetLayerVersion>(
            |ctx, lambda, input| layer::version_access(ctx, lambda, &input.layer_name, input.version_number),
            layer::read::get,
        )
        .op::<aws::GetLayerVersionByArn>(layer::read::by_arn_access, layer::read::get_by_arn)
        .op::<aws::ListLayers>(|_, _, _| Ok(Access::all()), layer::read::list)
        .op::<aws::ListLayerVersions>(|_, _, _| Ok(Access::all()), layer::read::versions)
        .op::<aws::AddLayerVersionPermission>(
            |ctx, lambda, input| layer::version_access(ctx, lambda, &input.layer_name, input.version_number),
            layer::permission::add,
        )
        .op::<aws::RemoveLayerVersionPermission>(
            |ctx, lambda, input| layer::version_access(ctx, lambda, &input.layer_name, input.version_number),
            layer::permission::remove,
        )
        .op::<aws::GetLayerVersionPolicy>(
            |ctx, lambda, input| layer::version_access(ctx, lambda, &input.layer_name, input.version_number),
            layer::permission::get,
        )
        // Permissions.
        .op::<aws::AddPermission>(permission::add_access, permission::add)
        .op::<aws::RemovePermission>(
            |ctx, lambda, input| access::function(ctx, lambda, &input.function_name, input.qualifier.as_deref()),
            permission::remove,
        )
        .op::<aws::GetPolicy>(
            |ctx, lambda, input| access::function(ctx, lambda, &input.function_name, input.qualifier.as_deref()),
            permission::get,
        )
        // Concurrency.
        .op::<aws::PutFunctionConcurrency>(
            |ctx, lambda, input| access::function(ctx, lambda, &input.function_name, None),
            concurrency::put,
        )
        .op::<aws::GetFunctionConcurrency>(
            |ctx, lambda, input| access::function(ctx, lambda, &input.function_name, None),
            concurrency::get,
        )
        .op::<aws::DeleteFunctionConcurrency>(
            |ctx, lambda, input| access::function(ctx, lambda, &input.function_name, None),
            concurrency::delete,
        )
        // Invocations.
        .op::<aws::Invoke>(invoke::access, invoke::invoke)
        .op::<aws::InvokeAsync>(
            |ctx, lambda, input| {
                Ok(access::function(ctx, lambda, &input.function_name, None)?.as_action("lambda:InvokeFunction"))
            },
            invoke::invoke_async,
        )
        .op::<aws::PutFunctionEventInvokeConfig>(
            |ctx, lambda, input| access::function(ctx, lambda, &input.function_name, input.qualifier.as_deref()),
            asynchronous::configuration::put,
        )
        .op::<aws::UpdateFunctionEventInvokeConfig>(
            |ctx, lambda, input| access::function(ctx, lambda, &input.function_name, input.qualifier.as_deref()),
            asynchronous::configuration::update,
        )
        .op::<aws::GetFunctionEventInvokeConfig>(
            |ctx, lambda, input| access::function(ctx, lambda, &input.function_name, input.qualifier.as_deref()),
            asynchronous::configuration::get,
        )
        .op::<aws::DeleteFunctionEventInvokeConfig>(
            |ctx, lambda, input| access::function(ctx, lambda, &input.function_name, input.qualifier.as_deref()),
            asynchronous::configuration::delete,
        )
        .op::<aws::ListFunctionEventInvokeConfigs>(
            |ctx, lambda, input| access::function(ctx, lambda, &input.function_name, None),
            asynchronous::configuration::list,
        )
        // URLs.
        .op::<aws::CreateFunctionUrlConfig>(
            |ctx, lambda, input| {
                let (name, qualifier) = (&input.function_name, input.qualifier.as_deref());
                url::configuration::access(ctx, lambda, name, qualifier, Some(input.auth_type))
            },
            url::configuration::create,
        )
        .op::<aws::GetFunctionUrlConfig>(
            |ctx, lambda, input| access::function(ctx, lambda, &input.function_name, input.qualifier.as_deref()),
            url::configuration::get,
        )
        .op::<aws::UpdateFunctionUrlConfig>(
            |ctx, lambda, input| {
                let (name, qualifier) = (&input.function_name, input.qualifier.as_deref());
                url::configuration::access(ctx, lambda, name, qualifier, input.auth_type)
            },
            url::configuration::update,
        )
        .op::<aws::DeleteFunctionUrlConfig>(
            |ctx, lambda, input| access::function(ctx, lambda, &input.function_name, input.qualifier.as_deref()),
            url::configuration::delete,
        )
        .op::<aws::ListFunctionUrlConfigs>(
            |ctx, lambda, input| access::function(ctx, lambda, &input.function_name, None),
            url::configuration::list,
        )
        // Event source mappings.
        .op::<aws::CreateEventSourceMapping>(mapping::create::access, mapping::create::create)
        .op::<aws::GetEventSourceMapping>(
            |ctx, lambda, input| mapping::read::access(ctx, lambda, &input.uuid),
            mapping::read::get,
        )
        .op::<aws::UpdateEventSourceMapping>(
            |ctx, lambda, input| mapping::read::access(ctx, lambda, &input.uuid),
            mapping::change::update,
        )
        .op::<aws::DeleteEventSourceMapping>(
            |ctx, lambda, input| mapping::read::access(ctx, lambda, &input.uuid),
            mapping::change::delete,
        )
        .op::<aws::ListEventSourceMappings>(|_, _, _| Ok(Access::all()), mapping::read::list)
        // Tags.
        .op::<aws::TagResource>(tag::add_access, tag::add)
        .op::<aws::UntagResource>(|_, lambda, input| tag::resource(lambda, &input.resource), tag::remove)
        .op::<aws::ListTags>(|_, lambda, input| tag::resource(lambda, &input.resource), tag::list)
        // Deliveries and pages.
        .target(invoke::serves, invoke::receive)
        .web(serves_page, answer_page)
        // What happens by itself.
        .job("events", &state.events, asynchronous::dispatch)
        .job("mappings", &state.mappings, mapping::poller::supervise)
        .job("environments", &state.pool.waker, run::pool::retire_idle)
        .job("logs", &state.shipping.waker, run::shipping::ship)
        .forget(Lambda::forget)
        .build()
}

/// Function URLs, and addresses of code.
fn serves_page(head: &Parts) -> bool {
    url::page::serves(head) || download::serves(head)
}

async fn answer_page(ctx: &Ctx, lambda: &Lambda, request: WebRequest) -> Result<Response<Body>, Fault> {
    if download::serves(&request.head) {
        download::answer(ctx, lambda, request).await
    } else {
        url::page::answer(ctx, lambda, request).await
    }
}
