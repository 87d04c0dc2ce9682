//! The policy simulator: what would happen if. It asks the same engine that guards the house, about callers, resources
//! and policies that need not exist.

mod context_entry;
mod exclusion;
mod question;
mod subject;
#[cfg(test)]
mod tests;
mod verdict;

use haar_platform::aws::iam::{
    GetContextKeysForCustomPolicyRequest, GetContextKeysForPolicyResponse, GetContextKeysForPrincipalPolicyRequest,
    SimulateCustomPolicyRequest, SimulatePolicyResponse, SimulatePrincipalPolicyRequest,
};
use haar_platform::kernel::access::Resource;
use haar_platform::kernel::{Access, Ctx, Fault};
use haar_platform::policy::Source;

use self::question::{Question, Wording, named};
use self::subject::Subject;
use super::Iam;
use super::error::Error;
use super::page::PageRequest;

/// Pairs of action and resource that one answer holds. AWS names no limit but that of its requests' size.
const PAIRS_MAX: usize = 20_000;

/// Statements that are weighed for one answer, each as often as there are pairs: a few seconds of work.
const WEIGHED_MAX: usize = 2_000_000;

/// The simulation of policies that are only written down touches nothing.
pub fn access_custom(_: &Ctx, _: &Iam, _: &SimulateCustomPolicyRequest) -> Result<Access, Fault> {
    Ok(Access::all())
}

/// That of a principal's policies shows them.
pub fn access_principal(ctx: &Ctx, _: &Iam, input: &SimulatePrincipalPolicyRequest) -> Result<Access, Fault> {
    Ok(to_principal(ctx, &input.policy_source_arn))
}

pub fn access_custom_keys(_: &Ctx, _: &Iam, _: &GetContextKeysForCustomPolicyRequest) -> Result<Access, Fault> {
    Ok(Access::all())
}

pub fn access_principal_keys(
    ctx: &Ctx,
    _: &Iam,
    input: &GetContextKeysForPrincipalPolicyRequest,
) -> Result<Access, Fault> {
    Ok(to_principal(ctx, &input.policy_source_arn))
}

/// What is no ARN of an entity is refused later, in the simulator's words.
fn to_principal(ctx: &Ctx, arn: &str) -> Access {
    let account = Some(ctx.account.to_string());
    Access::default().and(Resource { arn: arn.to_owned(), action: None, account, policy: None, tags: Vec::new() })
}

pub async fn simulate_custom_policy(
    ctx: &Ctx,
    _: &Iam,
    input: SimulateCustomPolicyRequest,
) -> Result<SimulatePolicyResponse, Fault> {
    if input.ordered_organization_policy_input_list.is_some() {
        return Err(Fault::not_served("iam:SimulateCustomPolicy with OrderedOrganizationPolicyInputList"));
    }
    let page = page(ctx, "SimulateCustomPolicy", &input.action_names, input.marker.as_deref(), input.max_items)?;
    let wording = Wording {
        policies: input.policy_input_list,
        boundaries: input.permissions_boundary_policy_input_list,
        resources: input.resource_arns,
        resource_policy: input.resource_policy,
        resource_owner: input.resource_owner,
        caller_arn: input.caller_arn,
        context_entries: input.context_entries,
        handling: input.resource_handling_option,
    };
    let question = Question::read(ctx, wording, None)?;
    Ok(answer(ctx, &page, &question, &input.action_names)?)
}

pub async fn simulate_principal_policy(
    ctx: &Ctx,
    iam: &Iam,
    input: SimulatePrincipalPolicyRequest,
) -> Result<SimulatePolicyResponse, Error> {
    let exclusions = exclusion::read(input.policy_exclusion_list.unwrap_or_default())?;
    let subject = iam.store.read(|tx| Subject::find(tx, ctx, &input.policy_source_arn, &exclusions))?;
    let scope = format!("SimulatePrincipalPolicy {}", input.policy_source_arn);
    let page = page(ctx, &scope, &input.action_names, input.marker.as_deref(), input.max_items)?;
    let wording = Wording {
        policies: input.policy_input_list.unwrap_or_default(),
        boundaries: input.permissions_boundary_policy_input_list,
        resources: input.resource_arns,
        resource_policy: input.resource_policy,
        resource_owner: input.resource_owner,
        caller_arn: input.caller_arn,
        context_entries: input.context_entries,
        handling: input.resource_handling_option,
    };
    let question = Question::read(ctx, wording, Some(subject))?;
    answer(ctx, &page, &question, &input.action_names)
}

pub async fn get_context_keys_for_custom_policy(
    _: &Ctx,
    _: &Iam,
    input: GetContextKeysForCustomPolicyRequest,
) -> Result<GetContextKeysForPolicyResponse, Error> {
    Ok(keys_of(&named("PolicyInputList", &input.policy_input_list)?))
}

pub async fn get_context_keys_for_principal_policy(
    ctx: &Ctx,
    iam: &Iam,
    input: GetContextKeysForPrincipalPolicyRequest,
) -> Result<GetContextKeysForPolicyResponse, Error> {
    let subject = iam.store.read(|tx| Subject::find(tx, ctx, &input.policy_source_arn, &[]))?;
    let mut policies = subject.identity;
    policies.extend(named("PolicyInputList", &input.policy_input_list.unwrap_or_default())?);
    Ok(keys_of(&policies))
}

/// Each key once, however it is spelled.
fn keys_of(policies: &[Source]) -> GetContextKeysForPolicyResponse {
    let mut keys: Vec<&str> = policies.iter().flat_map(|source| source.document.context_keys()).collect();
    keys.sort_by_key(|key| key.to_ascii_lowercase());
    keys.dedup_by(|a, b| a.eq_ignore_ascii_case(b));
    GetContextKeysForPolicyResponse { context_key_names: Some(keys.into_iter().map(str::to_owned).collect()) }
}

/// The results come one per action, and pages are cut between actions.
fn page(
    ctx: &Ctx,
    operation: &str,
    actions: &[String],
    marker: Option<&str>,
    max_items: Option<i32>,
) -> Result<PageRequest, Error> {
    for action in actions {
        let plain = action.split_once(':').is_some_and(|(service, name)| !service.is_empty() && !name.is_empty());
        if !plain || action.contains(['*', '?']) {
            return Err(Error::InvalidInput(format!("Invalid Action Name: {action} does not name one operation.")));
        }
    }
    PageRequest::read(ctx, format!("{operation} {}", actions.join(",")), marker, max_items)
}

fn answer(
    ctx: &Ctx,
    page: &PageRequest,
    question: &Question,
    actions: &[String],
) -> Result<SimulatePolicyResponse, Error> {
    let page = page.cut(ctx, actions)?;
    let pairs = page.items.len().saturating_mul(question.resources.len());
    if pairs > PAIRS_MAX || pairs.saturating_mul(question.statements()) > WEIGHED_MAX {
        return Err(Error::InvalidInput(
            "Invalid Input: the simulation is too large. Ask for fewer actions, resources or statements at once."
                .into(),
        ));
    }
    let page = page.map(|action| question.evaluate(action));
    Ok(SimulatePolicyResponse {
        is_truncated: Some(page.is_truncated()),
        marker: page.marker,
        evaluation_results: Some(page.items),
    })
}
