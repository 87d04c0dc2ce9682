//! The operation table of a service: one line per operation, one per job.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use http::Response;
use http::request::Parts;

use crate::access::Access;
use crate::arn::Arn;
use crate::body::Body;
use crate::ctx::Ctx;
use crate::delivery::Delivery;
use crate::fault::Fault;
use crate::job::{Job, JobHandler, Waker};
use crate::schema::Model;
use crate::shaped::Shaped;
use crate::value::Value;
use crate::web::WebRequest;

/// An operation of AWS: generated markers implement it.
pub trait Op: 'static {
    /// AWS's name for it.
    const NAME: &'static str;
    /// What it takes.
    type Input: Shaped + Send + Sync + 'static;
    /// What it answers.
    type Output: Shaped + Send + 'static;
    /// The service that has it.
    fn model() -> &'static Model;
}

/// A delivery's or a page's function: `async fn(ctx, state, what came) -> Result<…, Fault>`; as [`Handler`] is for
/// operations.
pub trait Receiver<'a, S, I, O>: Send + Sync {
    /// What the function returns.
    type Future: Future<Output = Result<O, Fault>> + Send + 'a;
    /// Calls it.
    fn call(&self, ctx: &'a Ctx, state: &'a S, input: I) -> Self::Future;
}

impl<'a, S: 'a, I, O, F, R> Receiver<'a, S, I, O> for F
where
    F: Fn(&'a Ctx, &'a S, I) -> R + Send + Sync,
    R: Future<Output = Result<O, Fault>> + Send + 'a,
{
    type Future = R;
    fn call(&self, ctx: &'a Ctx, state: &'a S, input: I) -> R {
        self(ctx, state, input)
    }
}

/// An operation's function: `async fn(ctx, state, input) -> Result<output, error>`, where the error is the service's
/// own enum or a [`Fault`].
///
/// The trait exists because a plain bound cannot say that the future may borrow from `ctx` and `state` and is
/// `Send`; every such `async fn` implements it.
pub trait Handler<'a, S, I, O>: Send + Sync {
    /// What the function returns.
    type Future: Future<Output: IntoAnswer<O>> + Send + 'a;
    /// Calls it.
    fn call(&self, ctx: &'a Ctx, state: &'a S, input: I) -> Self::Future;
}

impl<'a, S: 'a, I, O, F, R> Handler<'a, S, I, O> for F
where
    F: Fn(&'a Ctx, &'a S, I) -> R + Send + Sync,
    R: Future<Output: IntoAnswer<O>> + Send + 'a,
{
    type Future = R;
    fn call(&self, ctx: &'a Ctx, state: &'a S, input: I) -> R {
        self(ctx, state, input)
    }
}

/// A result whose error the caller may read.
pub trait IntoAnswer<O> {
    /// With the error in AWS's words.
    fn into_answer(self) -> Result<O, Fault>;
}

impl<O, E: Into<Fault>> IntoAnswer<O> for Result<O, E> {
    fn into_answer(self) -> Result<O, Fault> {
        self.map_err(Into::into)
    }
}

/// One service, ready to be called.
pub struct Service {
    /// What AWS says it is.
    pub model: &'static Model,
    operations: HashMap<&'static str, Box<dyn Operation>>,
    jobs: Vec<Job>,
    forget: Option<Box<dyn Fn() + Send + Sync>>,
    cross_origin: Option<Box<CrossOriginRule>>,
    target: Option<Target>,
    web: Option<Web>,
}

/// A [`Receiver`] with its state, for whatever `I` is.
type Received<I, O> = Box<dyn for<'a> Fn(&'a Ctx, I) -> BoxFuture<'a, Result<O, Fault>> + Send + Sync>;

/// What a service does with deliveries, and for which ARNs.
struct Target {
    serves: fn(&Arn) -> bool,
    receive: Received<Delivery, ()>,
}

/// A service's own pages, and which requests are for them.
struct Web {
    serves: fn(&Parts) -> bool,
    answer: Received<WebRequest, Response<Body>>,
}

/// What a service says to a browser's page: headers for the answer, or why the page may not ask.
type CrossOriginRule = dyn Fn(&CrossOrigin<'_>) -> Result<Vec<(&'static str, String)>, Fault> + Send + Sync;

/// A request that a browser makes for a page of another origin, or announces (a preflight).
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html>
#[derive(Clone, Debug)]
pub struct CrossOrigin<'a> {
    /// The resource that has the rules: S3's bucket.
    pub resource: &'a str,
    /// Where the page comes from: `https://example.com`.
    pub origin: &'a str,
    /// The method of the request, or the announced one.
    pub method: &'a str,
    /// The announced headers, in lower case; none for a request that is no preflight.
    pub headers: Vec<String>,
    /// Whether the request is only announced.
    pub preflight: bool,
}

impl Service {
    /// A table for a model, over the service's state.
    pub fn of<S: Send + Sync + 'static>(model: &'static Model, state: S) -> Builder<S> {
        Builder {
            state: Arc::new(state),
            service: Self {
                model,
                operations: HashMap::new(),
                jobs: Vec::new(),
                forget: None,
                cross_origin: None,
                target: None,
                web: None,
            },
        }
    }

    /// The function behind an operation; `None` when it is not served.
    pub fn operation(&self, name: &str) -> Option<&dyn Operation> {
        self.operations.get(name).map(|operation| &**operation)
    }

    /// Names of the operations in the table.
    pub fn operation_names(&self) -> impl Iterator<Item = &'static str> {
        self.operations.keys().copied()
    }

    /// The store was emptied: drops what the service keeps in memory of it.
    pub fn forget(&self) {
        if let Some(forget) = &self.forget {
            forget();
        }
    }

    /// The headers that let a browser's page have its answer, or why it may not; `None` where the service has no such
    /// rules.
    pub fn cross_origin(&self, request: &CrossOrigin<'_>) -> Option<Result<Vec<(&'static str, String)>, Fault>> {
        self.cross_origin.as_ref().map(|rule| rule(request))
    }

    /// Whether the service takes deliveries for such an ARN.
    pub fn serves_target(&self, target: &Arn) -> bool {
        self.target.as_ref().is_some_and(|known| (known.serves)(target))
    }

    /// Takes a delivery.
    pub async fn receive(&self, ctx: &Ctx, delivery: Delivery) -> Result<(), Fault> {
        match &self.target {
            Some(target) => (target.receive)(ctx, delivery).await,
            None => Err(Fault::not_served(delivery.target)),
        }
    }

    /// Whether a request is for the service's own pages.
    pub fn serves_page(&self, head: &Parts) -> bool {
        self.web.as_ref().is_some_and(|web| (web.serves)(head))
    }

    /// Answers a request for one of its pages.
    pub async fn page(&self, ctx: &Ctx, request: WebRequest) -> Result<Response<Body>, Fault> {
        match &self.web {
            Some(web) => (web.answer)(ctx, request).await,
            None => Err(Fault::not_served(request.head.uri)),
        }
    }

    /// What happens by itself, handed to whoever starts the house.
    pub fn take_jobs(&mut self) -> Vec<Job> {
        std::mem::take(&mut self.jobs)
    }
}

/// An operation behind its types.
pub trait Operation: Send + Sync {
    /// Types a checked input.
    fn prepare(&self, input: Value) -> Box<dyn Prepared>;
}

/// A call with its input typed: first say what it touches, then run it.
pub trait Prepared: Send + Sync {
    /// What the call touches.
    fn access(&self, ctx: &Ctx) -> Result<Access, Fault>;
    /// Runs it.
    fn run<'a>(self: Box<Self>, ctx: &'a Ctx) -> BoxFuture<'a, Result<Value, Fault>>;
}

/// Builds a [`Service`].
pub struct Builder<S> {
    state: Arc<S>,
    service: Service,
}

impl<S: Send + Sync + 'static> Builder<S> {
    /// One operation: what it touches, and what it does.
    pub fn op<O: Op>(
        mut self,
        access: impl Fn(&Ctx, &S, &O::Input) -> Result<Access, Fault> + Send + Sync + 'static,
        run: impl for<'a> Handler<'a, S, O::Input, O::Output> + 'static,
    ) -> Self {
        let declared = self.service.model.operation(O::NAME).is_some_and(|operation| operation.served);
        assert!(declared, "{} is not in models/served.toml", O::NAME);
        let function = Arc::new(Function { state: self.state.clone(), access, run });
        let entry = Entry::<O, S, _, _> { function, operation: std::marker::PhantomData };
        let before = self.service.operations.insert(O::NAME, Box::new(entry));
        assert!(before.is_none(), "{} is in the table twice", O::NAME);
        self
    }

    /// Something that happens by itself: runs at start, whenever it is due, and when `waker` says that something
    /// changed.
    pub fn job(mut self, name: &'static str, waker: &Waker, run: impl for<'a> JobHandler<'a, S> + 'static) -> Self {
        self.service.jobs.push(Job::new(self.service.model.service, name, waker.clone(), self.state.clone(), run));
        self
    }

    /// How to drop what the state keeps in memory of the store, when the store is emptied.
    pub fn forget(mut self, forget: impl Fn(&S) + Send + Sync + 'static) -> Self {
        let state = self.state.clone();
        self.service.forget = Some(Box::new(move || forget(&state)));
        self
    }

    /// Who may ask from a browser's page: answers preflights (a refusal is the answer's fault), and adds headers to
    /// the answers of real requests (a refusal adds none).
    pub fn cross_origin(
        mut self,
        rule: impl Fn(&S, &CrossOrigin<'_>) -> Result<Vec<(&'static str, String)>, Fault> + Send + Sync + 'static,
    ) -> Self {
        let state = self.state.clone();
        self.service.cross_origin = Some(Box::new(move |request| rule(&state, request)));
        self
    }

    /// What the service does with deliveries for its ARNs. It runs as whoever sends (`ctx.caller`): it calls its own
    /// operation with `ctx.call_as(ctx.caller.clone(), …)`, so that policies are asked.
    pub fn target(
        mut self,
        serves: fn(&Arn) -> bool,
        receive: impl for<'a> Receiver<'a, S, Delivery, ()> + 'static,
    ) -> Self {
        let receive = received(self.state.clone(), receive);
        self.service.target = Some(Target { serves, receive });
        self
    }

    /// The service's own pages: `serves` says by host or path which requests are for them. Pages under `/_haar/` are
    /// for people at this machine only; the front door sees to that.
    pub fn web(
        mut self,
        serves: fn(&Parts) -> bool,
        answer: impl for<'a> Receiver<'a, S, WebRequest, Response<Body>> + 'static,
    ) -> Self {
        let answer = received(self.state.clone(), answer);
        self.service.web = Some(Web { serves, answer });
        self
    }

    /// The finished table. Every operation that `served.toml` names must be in it.
    pub fn build(self) -> Service {
        for operation in self.service.model.operations.iter().filter(|operation| operation.served) {
            let name = operation.name;
            assert!(self.service.operations.contains_key(name), "{name} is in models/served.toml but has no function");
        }
        self.service
    }
}

fn received<S, I, O>(state: Arc<S>, receiver: impl for<'a> Receiver<'a, S, I, O> + 'static) -> Received<I, O>
where
    S: Send + Sync + 'static,
    I: Send + 'static,
    O: 'static,
{
    let shared = Arc::new((state, receiver));
    Box::new(move |ctx, input| {
        let shared = shared.clone();
        Box::pin(async move { shared.1.call(ctx, &shared.0, input).await })
    })
}

struct Function<S, A, R> {
    state: Arc<S>,
    access: A,
    run: R,
}

struct Entry<O, S, A, R> {
    function: Arc<Function<S, A, R>>,
    operation: std::marker::PhantomData<fn() -> O>,
}

impl<O, S, A, R> Operation for Entry<O, S, A, R>
where
    O: Op,
    S: Send + Sync + 'static,
    A: Fn(&Ctx, &S, &O::Input) -> Result<Access, Fault> + Send + Sync + 'static,
    R: for<'a> Handler<'a, S, O::Input, O::Output> + 'static,
{
    fn prepare(&self, input: Value) -> Box<dyn Prepared> {
        Box::new(Call::<O, S, A, R> { function: self.function.clone(), input: O::Input::from_value(input) })
    }
}

struct Call<O: Op, S, A, R> {
    function: Arc<Function<S, A, R>>,
    input: O::Input,
}

impl<O, S, A, R> Prepared for Call<O, S, A, R>
where
    O: Op,
    S: Send + Sync + 'static,
    A: Fn(&Ctx, &S, &O::Input) -> Result<Access, Fault> + Send + Sync + 'static,
    R: for<'a> Handler<'a, S, O::Input, O::Output> + 'static,
{
    fn access(&self, ctx: &Ctx) -> Result<Access, Fault> {
        (self.function.access)(ctx, &self.function.state, &self.input)
    }

    fn run<'a>(self: Box<Self>, ctx: &'a Ctx) -> BoxFuture<'a, Result<Value, Fault>> {
        Box::pin(async move {
            let Self { function, input } = *self;
            let output = function.run.call(ctx, &function.state, input).await.into_answer()?;
            Ok(output.into_value())
        })
    }
}
