//! What is measured of an invocation, and what it is billed for.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html>

use haar_platform::kernel::{Ctx, Measure};
use haar_process::Outcome;

use crate::lambda::capacity::Permit;
use crate::lambda::lookup::Found;
use crate::lambda::name::Reference;

/// The namespace of Lambda's metrics.
pub const NAMESPACE: &str = "AWS/Lambda";

/// Invocations.
const REQUESTS: &str = "lambda-requests";

/// Billed time by memory, in gigabyte-microseconds, by processor.
const TIME_X86: &str = "lambda-gb-microseconds";
const TIME_ARM: &str = "lambda-gb-microseconds-arm";

/// Billed time by the part of `/tmp` that is not free, in gigabyte-microseconds.
const STORAGE: &str = "lambda-ephemeral-gb-microseconds";

/// Megabytes of `/tmp` that cost nothing.
const FREE_STORAGE_MB: u32 = 512;

/// The figures of one invocation.
pub struct Observed {
    measures: Vec<Measure>,
    usage: [(&'static str, u64); 3],
}

impl Observed {
    /// Of an invocation that was run.
    pub fn of(reference: &Reference, found: &Found, outcome: &Outcome, permit: &Permit) -> Self {
        let failed = outcome.answer.error_type().is_some();
        let version = &found.version;
        let dimensions = Dimensions::of(reference, found.alias.is_some().then(|| version.label()));
        let mut measures = Vec::with_capacity(20);
        for (name, value) in [("Invocations", 1.0), ("Errors", f64::from(u8::from(failed))), ("Throttles", 0.0)] {
            dimensions.each(&mut measures, Measure::count(NAMESPACE, name, value));
        }
        let millis = outcome.duration.as_secs_f64() * 1000.0;
        dimensions.each(&mut measures, Measure::new(NAMESPACE, "Duration", millis, "Milliseconds"));
        dimensions.each(&mut measures, Measure::count(NAMESPACE, "ConcurrentExecutions", f64::from(permit.running)));
        let unreserved = f64::from(permit.unreserved);
        measures.push(Measure::count(NAMESPACE, "UnreservedConcurrentExecutions", unreserved));

        let micros = u64::try_from(outcome.billed_duration().as_micros()).unwrap_or(u64::MAX);
        let gigabytes = |megabytes: u32| u64::from(megabytes) * micros / 1024;
        let time = if version.architecture == "arm64" { TIME_ARM } else { TIME_X86 };
        let storage = gigabytes(version.ephemeral_mb.saturating_sub(FREE_STORAGE_MB));
        Self { measures, usage: [(REQUESTS, 1), (time, gigabytes(version.memory_mb)), (STORAGE, storage)] }
    }

    /// Onto the line of the call that is answered with it.
    pub fn put(self, ctx: &Ctx) {
        self.measures.into_iter().for_each(|measure| ctx.measure(measure));
        for (unit, amount) in self.usage {
            if amount > 0 {
                ctx.meter(unit, amount);
            }
        }
    }

    /// As a line of its own: of what ran behind its caller's back, or in another account than the caller's.
    pub async fn note(self, ctx: &Ctx) {
        let own = ctx.elsewhere(ctx.caller.clone(), ctx.region.clone());
        self.put(&own);
        own.note("FunctionInvoked").await;
    }
}

/// There was no room.
pub async fn throttled(ctx: &Ctx, reference: &Reference) {
    let own = ctx.elsewhere(ctx.caller.clone(), ctx.region.clone());
    of_function(reference, "Throttles", 1.0, "Count").into_iter().for_each(|measure| own.measure(measure));
    own.note("FunctionThrottled").await;
}

/// One value of a function, by all its dimensions.
pub fn of_function(reference: &Reference, name: &'static str, value: f64, unit: &'static str) -> Vec<Measure> {
    let mut measures = Vec::with_capacity(3);
    Dimensions::of(reference, None).each(&mut measures, Measure::new(NAMESPACE, name, value, unit));
    measures
}

/// By what a value is found: nothing, the function, what was invoked, and the version behind an alias.
struct Dimensions<'a> {
    name: &'a str,
    resource: String,
    executed: Option<String>,
}

impl<'a> Dimensions<'a> {
    fn of(reference: &'a Reference, executed: Option<String>) -> Self {
        let resource = match &reference.qualifier {
            Some(qualifier) => format!("{}:{qualifier}", reference.name),
            None => reference.name.clone(),
        };
        Self { name: &reference.name, resource, executed }
    }

    fn each(&self, measures: &mut Vec<Measure>, measure: Measure) {
        let of_function = measure.clone().of("FunctionName", self.name);
        let of_resource = of_function.clone().of("Resource", &self.resource);
        if let Some(executed) = &self.executed {
            measures.push(of_resource.clone().of("ExecutedVersion", executed));
        }
        measures.extend([measure, of_function, of_resource]);
    }
}
