//! All services behind one door: from a typed call to its answer. The network's pipeline and services that call
//! each other meet here.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use haar_platform::kernel::access::Access;
use haar_platform::kernel::ctx::Dispatch;
use haar_platform::kernel::schema::{Model, Operation};
use haar_platform::kernel::{
    Arn, Authority, Body, CrossOrigin, Ctx, Delivery, Fault, Service, Value, WebRequest, check, serde_json,
};
use haar_platform::ledger::Ledger;
use http::Response;
use http::request::Parts;

use crate::authorize::{Denial, Guard, IamMode};
use crate::named;
use crate::record::Draft;

/// The services of a house, and who guards them.
pub struct Switchboard {
    services: HashMap<&'static str, Service>,
    guard: Guard,
    ledger: Ledger,
}

/// What a call came to: its answer, and what the ledger wants to know beside it.
pub struct Outcome {
    /// The answer.
    pub answer: Result<Value, Fault>,
    /// What the call touched, as far as it came.
    pub access: Access,
    /// In observe mode: what would have been denied.
    pub would_deny: Option<Denial>,
}

impl Switchboard {
    /// With every service of the house.
    pub fn new(services: Vec<Service>, authority: Arc<dyn Authority>, mode: IamMode, ledger: Ledger) -> Self {
        let services = services.into_iter().map(|service| (service.model.service, service)).collect();
        Self { services, guard: Guard { authority, mode }, ledger }
    }

    /// Who knows the credentials.
    pub fn authority(&self) -> &Arc<dyn Authority> {
        &self.guard.authority
    }

    /// The services, by name.
    pub fn service_names(&self) -> Vec<&'static str> {
        let mut names: Vec<_> = self.services.keys().copied().collect();
        names.sort_unstable();
        names
    }

    /// After the store was emptied: services drop what they keep in memory.
    pub fn forget(&self) {
        self.services.values().for_each(Service::forget);
    }

    /// What a service says to a page of another origin; `None` where it has no such rules.
    pub fn cross_origin(
        &self,
        model: &Model,
        request: &CrossOrigin<'_>,
    ) -> Option<Result<Vec<(&'static str, String)>, Fault>> {
        self.services.get(model.service)?.cross_origin(request)
    }

    /// The service that has a page for a request.
    pub fn web(&self, head: &Parts) -> Option<&Service> {
        self.services.values().find(|service| service.serves_page(head))
    }

    /// A service's page. Never panics, whatever the page does.
    pub async fn page(&self, service: &Service, ctx: &Ctx, request: WebRequest) -> Result<Response<Body>, Fault> {
        let answer = AssertUnwindSafe(service.page(ctx, request)).catch_unwind().await;
        answer.unwrap_or_else(|panic| Err(panicked(panic)))
    }

    fn named(&self, service: &str, operation: &str) -> Option<(&'static Model, &'static Operation)> {
        let models: Vec<&'static Model> = self.services.values().map(|service| service.model).collect();
        named::find(models.iter(), service, operation)
    }

    /// Checks, authorizes and runs one call. Never panics, whatever the operation does.
    pub async fn run(&self, ctx: &Ctx, model: &'static Model, operation: &'static Operation, input: Value) -> Outcome {
        let mut outcome =
            Outcome { answer: Err(refusal(model, operation)), access: Access::default(), would_deny: None };
        let Some(function) = self.services.get(model.service).and_then(|service| service.operation(operation.name))
        else {
            return outcome;
        };
        if let Err(fault) = check::input(model, operation, &input) {
            outcome.answer = Err(fault);
            return outcome;
        }
        let call = function.prepare(input);
        match std::panic::catch_unwind(AssertUnwindSafe(|| call.access(ctx))) {
            Ok(Ok(access)) => outcome.access = access,
            Ok(Err(fault)) => {
                outcome.answer = Err(fault);
                return outcome;
            }
            Err(panic) => {
                outcome.answer = Err(panicked(panic));
                return outcome;
            }
        }
        match self.guard.authorize(ctx, model, operation, &outcome.access) {
            Ok(would_deny) => outcome.would_deny = would_deny,
            Err(denial) => {
                outcome.answer = Err(denial);
                return outcome;
            }
        }
        outcome.answer =
            AssertUnwindSafe(call.run(ctx)).catch_unwind().await.unwrap_or_else(|panic| Err(panicked(panic)));
        outcome
    }
}

impl Dispatch for Switchboard {
    fn dispatch<'a>(
        &'a self,
        ctx: Ctx,
        model: &'static Model,
        operation: &'static Operation,
        input: Value,
    ) -> BoxFuture<'a, Result<Value, Fault>> {
        Box::pin(async move {
            let mut draft = Draft::inside(&ctx, model, operation);
            let outcome = self.run(&ctx, model, operation, input).await;
            draft.ran(&ctx, &outcome);
            draft.record_inside(&self.ledger, &outcome.answer, model).await;
            outcome.answer
        })
    }

    fn dispatch_named<'a>(
        &'a self,
        ctx: Ctx,
        service: &'a str,
        operation: &'a str,
        input: serde_json::Value,
    ) -> BoxFuture<'a, Result<serde_json::Value, Fault>> {
        Box::pin(async move {
            let (model, operation) = self
                .named(service, operation)
                .ok_or_else(|| Fault::not_served(format_args!("{service}:{operation}")))?;
            let input = named::input(model, operation, input)?;
            let output = self.dispatch(ctx, model, operation, input).await?;
            Ok(named::output(model, operation, output))
        })
    }

    fn serves_operation(&self, service: &str, operation: &str) -> bool {
        self.named(service, operation).is_some()
    }

    fn serves_target(&self, target: &Arn) -> bool {
        self.services.values().any(|service| service.serves_target(target))
    }

    fn deliver<'a>(&'a self, ctx: Ctx, delivery: Delivery) -> BoxFuture<'a, Result<(), Fault>> {
        Box::pin(async move {
            let service = self.services.values().find(|service| service.serves_target(&delivery.target));
            let service = service.ok_or_else(|| Fault::not_served(&delivery.target))?;
            let received = AssertUnwindSafe(service.receive(&ctx, delivery)).catch_unwind().await;
            received.unwrap_or_else(|panic| Err(panicked(panic)))
        })
    }

    fn note<'a>(&'a self, ctx: &'a Ctx, event: &'static str) -> BoxFuture<'a, ()> {
        let caller = ctx.caller.arn.strip_suffix(".amazonaws.com").unwrap_or_default();
        let service = self.services.keys().copied().find(|known| *known == caller).unwrap_or_default();
        Box::pin(Draft::event(ctx, service, event).record_event(&self.ledger))
    }
}

/// Names an operation that haar knows of and does not serve.
pub fn refusal(model: &Model, operation: &Operation) -> Fault {
    Fault::not_served(format_args!("{}:{}", model.service, operation.name))
}

fn panicked(panic: Box<dyn std::any::Any + Send>) -> Fault {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    Fault::internal(format!("the operation panicked: {}", text.unwrap_or_default()))
}
