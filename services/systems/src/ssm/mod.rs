//! Parameter Store: values under names in hierarchies, with versions, labels, tags and policies.
//!
//! <https://docs.aws.amazon.com/systems-manager/latest/userguide/systems-manager-parameter-store.html>

mod delete;
mod describe;
mod error;
mod event;
mod filter;
mod get;
mod history;
mod label;
mod listing;
mod model;
mod name;
mod place;
mod policy;
mod policy_job;
mod put;
mod secret;
mod tag;
mod tier;
mod value;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

use haar_platform::Platform;
use haar_platform::aws::ssm as aws;
use haar_platform::bus::Bus;
use haar_platform::kernel::{Service, Waker};
use haar_platform::store::{Store, TableInfo};

pub use tier::Quotas;

/// What the operations share.
#[derive(Clone)]
struct Ssm {
    store: Store,
    bus: Bus,
    quotas: Quotas,
    /// Of the job that acts on policies.
    policies: Waker,
}

/// Parameter Store with AWS's quotas.
pub fn service(platform: &Platform) -> Service {
    service_with(platform, Quotas::default())
}

/// Parameter Store with other quotas: measurements keep more parameters than AWS would.
pub fn service_with(platform: &Platform, quotas: Quotas) -> Service {
    let policies = Waker::default();
    let state = Ssm { store: platform.store.clone(), bus: platform.bus.clone(), quotas, policies: policies.clone() };
    Service::of(&aws::MODEL, state)
        // Parameters.
        .op::<aws::PutParameter>(put::access, put::put)
        .op::<aws::DeleteParameter>(delete::one_access, delete::one)
        .op::<aws::DeleteParameters>(delete::many_access, delete::many)
        // Reading.
        .op::<aws::GetParameter>(get::one_access, get::one)
        .op::<aws::GetParameters>(get::many_access, get::many)
        .op::<aws::GetParametersByPath>(get::by_path_access, get::by_path)
        .op::<aws::GetParameterHistory>(history::access, history::get)
        .op::<aws::DescribeParameters>(describe::access, describe::describe)
        // Labels.
        .op::<aws::LabelParameterVersion>(label::add_access, label::add)
        .op::<aws::UnlabelParameterVersion>(label::remove_access, label::remove)
        // Tags.
        .op::<aws::AddTagsToResource>(tag::add_access, tag::add)
        .op::<aws::RemoveTagsFromResource>(tag::remove_access, tag::remove)
        .op::<aws::ListTagsForResource>(tag::list_access, tag::list)
        // What happens by itself.
        .job("parameter policies", &policies, policy_job::act)
        .build()
}

/// The tables of this service, for `haar data check`.
pub fn tables() -> Vec<TableInfo> {
    vec![model::PARAMETERS.info(), model::HISTORY.info(), model::TAGS.info(), model::COUNTS.info()]
}
