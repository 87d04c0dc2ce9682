//! The simulator's answer: what each resource came to, and all of an action's resources together.

use std::collections::BTreeMap;

use haar_platform::aws::iam::{
    EvaluationResult, PermissionsBoundaryDecisionDetail, PolicyEvaluationDecisionType, Position,
    ResourceSpecificResult, Statement,
};
use haar_platform::policy::{Layer, Matched, Outcome, Position as Place};

const IDENTITY: &str = "IAM Policy";
const RESOURCE: &str = "Resource Policy";
const BOUNDARY: &str = "Permissions Boundary Policy";

/// What one action on one resource came to.
pub struct Verdict<'q> {
    pub resource: String,
    pub outcome: Outcome,
    pub matched: Vec<Matched<'q>>,
    pub missing_keys: Vec<&'q str>,
    /// What the permissions boundary says by itself.
    pub boundary: Option<Outcome>,
    /// Across accounts only.
    pub details: Option<Details>,
}

/// What each kind of policy says by itself.
pub struct Details {
    pub identity: Outcome,
    pub resource: Outcome,
    pub boundary: Option<Outcome>,
}

/// The result of an action: as strict as the strictest of its resources.
pub fn of_action(action: &str, everywhere: bool, verdicts: Vec<Verdict<'_>>) -> EvaluationResult {
    let outcome = verdicts.iter().map(|verdict| verdict.outcome).max_by_key(strictness);
    let outcome = outcome.unwrap_or(Outcome::ImplicitDeny);
    // Nothing contributes to a denial for want of permission; else the statements of those that decided.
    let deciding = verdicts.iter().filter(|verdict| verdict.outcome == outcome && outcome != Outcome::ImplicitDeny);
    let mut statements: Vec<Statement> = Vec::new();
    for statement in deciding.flat_map(|verdict| &verdict.matched).map(tell) {
        if !statements.iter().any(|known| is_same(known, &statement)) {
            statements.push(statement);
        }
    }
    let mut missing: Vec<String> = Vec::new();
    for key in verdicts.iter().flat_map(|verdict| &verdict.missing_keys) {
        if !missing.iter().any(|known| known.eq_ignore_ascii_case(key)) {
            missing.push((*key).to_owned());
        }
    }
    let mut details = BTreeMap::new();
    for (kind, outcome) in verdicts.iter().filter_map(|verdict| verdict.details.as_ref()).flat_map(Details::by_kind) {
        let strictest = details.entry(kind).or_insert(outcome);
        if strictness(&outcome) > strictness(strictest) {
            *strictest = outcome;
        }
    }
    let boundary = verdicts.iter().filter_map(|verdict| verdict.boundary).max_by_key(strictness);
    EvaluationResult {
        eval_action_name: action.to_owned(),
        eval_resource_name: Some(match verdicts.as_slice() {
            [only] => only.resource.clone(),
            _ => "*".to_owned(),
        }),
        eval_decision: decision(outcome),
        matched_statements: Some(statements),
        missing_context_values: Some(missing),
        organizations_decision_detail: None,
        permissions_boundary_decision_detail: boundary.map(boundary_detail),
        // Within an account the map is there and empty, but for a simulation of all resources.
        eval_decision_details: (!everywhere || !details.is_empty()).then(|| told(details)),
        resource_specific_results: (!everywhere).then(|| verdicts.into_iter().map(of_resource).collect()),
    }
}

fn of_resource(verdict: Verdict<'_>) -> ResourceSpecificResult {
    ResourceSpecificResult {
        eval_resource_decision: decision(verdict.outcome),
        matched_statements: Some(verdict.matched.iter().map(tell).collect()),
        missing_context_values: Some(verdict.missing_keys.iter().map(|key| (*key).to_owned()).collect()),
        eval_decision_details: verdict.details.map(|details| told(details.by_kind().collect())),
        permissions_boundary_decision_detail: verdict.boundary.map(boundary_detail),
        eval_resource_name: verdict.resource,
    }
}

impl Details {
    fn by_kind(&self) -> impl Iterator<Item = (&'static str, Outcome)> {
        let sides = [(IDENTITY, self.identity), (RESOURCE, self.resource)];
        sides.into_iter().chain(self.boundary.map(|outcome| (BOUNDARY, outcome)))
    }
}

/// A deny is stricter than the want of an allow.
fn strictness(outcome: &Outcome) -> u8 {
    match outcome {
        Outcome::Allowed => 0,
        Outcome::ImplicitDeny => 1,
        Outcome::ExplicitDeny => 2,
    }
}

fn decision(outcome: Outcome) -> PolicyEvaluationDecisionType {
    match outcome {
        Outcome::Allowed => PolicyEvaluationDecisionType::Allowed,
        Outcome::ExplicitDeny => PolicyEvaluationDecisionType::ExplicitDeny,
        Outcome::ImplicitDeny => PolicyEvaluationDecisionType::ImplicitDeny,
    }
}

fn boundary_detail(outcome: Outcome) -> PermissionsBoundaryDecisionDetail {
    PermissionsBoundaryDecisionDetail { allowed_by_permissions_boundary: Some(outcome == Outcome::Allowed) }
}

fn told(details: BTreeMap<&'static str, Outcome>) -> BTreeMap<String, PolicyEvaluationDecisionType> {
    details.into_iter().map(|(kind, outcome)| (kind.to_owned(), decision(outcome))).collect()
}

fn tell(matched: &Matched<'_>) -> Statement {
    let kind = match matched.layer {
        Layer::Identity | Layer::Session => IDENTITY,
        Layer::Resource | Layer::Trust => RESOURCE,
        Layer::Boundary => BOUNDARY,
    };
    Statement {
        source_policy_id: Some(matched.source.id.to_string()),
        source_policy_type: Some(kind.to_owned()),
        start_position: Some(position(matched.statement.start())),
        end_position: Some(position(matched.statement.end())),
    }
}

fn position(place: Place) -> Position {
    let number = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
    Position { line: Some(number(place.line)), column: Some(number(place.column)) }
}

fn is_same(a: &Statement, b: &Statement) -> bool {
    let start = |statement: &Statement| statement.start_position.as_ref().map(|place| (place.line, place.column));
    (&a.source_policy_id, &a.source_policy_type, start(a)) == (&b.source_policy_id, &b.source_policy_type, start(b))
}
