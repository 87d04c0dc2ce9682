//! What a simulation is asked, understood: whose policies, which caller, which resources, under which conditions.

use std::sync::{Arc, LazyLock};

use haar_platform::aws::iam::{ContextEntry, EvaluationResult};
use haar_platform::kernel::{AccountId, Arn, Ctx};
use haar_platform::policy::{
    Context, Document, Effect, Kind, Layer, Matched, Policies, Principal, Request, Source, SourceKind, decide,
};

use super::context_entry;
use super::subject::{EntityArn, EntityKind, Subject};
use super::verdict::{Details, Verdict, of_action};
use crate::iam::error::Error;

/// The members that both simulations share.
pub struct Wording {
    pub policies: Vec<String>,
    pub boundaries: Option<Vec<String>>,
    pub resources: Option<Vec<String>>,
    pub resource_policy: Option<String>,
    pub resource_owner: Option<String>,
    pub caller_arn: Option<String>,
    pub context_entries: Option<Vec<ContextEntry>>,
    pub handling: Option<String>,
}

/// A simulation, ready to be asked about actions.
pub struct Question {
    /// ARNs, or `*` alone.
    pub resources: Vec<String>,
    identity: Vec<Source>,
    boundary: Option<Source>,
    resource_policy: Option<Source>,
    /// Owns the resources whose ARNs name no account.
    resource_owner: Option<String>,
    caller: Principal,
    context: Context<'static>,
}

impl Question {
    /// `subject` brings its policies, and is the caller unless another one is named.
    pub fn read(ctx: &Ctx, wording: Wording, subject: Option<Subject>) -> Result<Self, Error> {
        let resources = match wording.resources {
            Some(resources) if !resources.is_empty() => resources,
            _ => vec!["*".to_owned()],
        };
        if let Some(option) = &wording.handling {
            require_resources(option, &resources)?;
        }
        let caller = match (&wording.caller_arn, &subject) {
            (Some(arn), _) => Some(EntityArn::parse(arn)?),
            (None, Some(subject)) => Some(subject.arn.clone()),
            (None, None) => None,
        };
        let resource_policy = wording.resource_policy.map(|text| read_policy("ResourcePolicy", &text, Kind::Resource));
        let resource_policy = resource_policy.transpose()?;
        if resource_policy.is_some() && caller.as_ref().is_none_or(|caller| caller.kind != EntityKind::User) {
            // The simulator's words for groups and roles; without any caller it can say no better.
            return Err(Error::InvalidInput("Invalid caller - Caller must be an IAM user in this context.".into()));
        }
        let unique_id = subject.as_ref().filter(|subject| Some(&subject.arn) == caller.as_ref());
        let unique_id = unique_id.map(|subject| subject.unique_id.clone());
        let (mut identity, attached) =
            subject.map_or((Vec::new(), None), |subject| (subject.identity, subject.boundary));
        identity.extend(named("PolicyInputList", &wording.policies)?);
        let mut boundaries = named("PermissionsBoundaryPolicyInputList", &wording.boundaries.unwrap_or_default())?;
        if boundaries.len() > 1 {
            return Err(Error::InvalidInput("Invalid Input: only one permissions boundary can be in effect.".into()));
        }
        let resource_owner = wording.resource_owner.map(|arn| account_of(&arn)).transpose()?;
        let mut context = known_context(ctx, caller.as_ref(), unique_id.as_deref());
        for entry in wording.context_entries.unwrap_or_default() {
            let (key, values) = context_entry::read(entry)?;
            context.set(key, values);
        }
        Ok(Self {
            resources,
            identity,
            boundary: boundaries.pop().or(attached),
            resource_policy,
            resource_owner,
            caller: principal(ctx, caller.as_ref(), unique_id),
            context,
        })
    }

    /// How many statements each pair of action and resource is held against.
    pub fn statements(&self) -> usize {
        let sources = self.identity.iter().chain(&self.boundary).chain(&self.resource_policy);
        sources.map(|source| source.document.statements().len()).sum()
    }

    /// The result for one action: that of each resource, and what they come to together.
    pub fn evaluate(&self, action: &str) -> EvaluationResult {
        let verdicts = self.resources.iter().map(|resource| self.weigh(action, resource)).collect();
        of_action(action, self.resources == ["*"], verdicts)
    }

    fn weigh(&self, action: &str, resource: &str) -> Verdict<'_> {
        // Without a policy of the resource there is but one side to ask.
        let owner = self.resource_policy.as_ref().and_then(|_| self.owner_of(resource));
        let request = Request {
            principal: &self.caller,
            action,
            resource,
            resource_account: owner.as_deref(),
            canonical_user: None,
            context: &self.context,
        };
        let boundary = self.boundary.as_ref();
        let policies =
            Policies { identity: &self.identity, boundary, session: None, resource: self.resource_policy.as_ref() };
        let decision = decide(&policies, &request);
        let alone = |sources: &[Source]| {
            let policies = Policies { identity: sources, ..Policies::default() };
            decide(&policies, &Request { resource_account: None, ..request }).outcome
        };
        let is_abroad = owner.as_deref().is_some_and(|owner| self.caller.account() != Some(owner));
        let boundary = boundary.map(|boundary| alone(std::slice::from_ref(boundary)));
        let details = is_abroad.then(|| Details {
            identity: alone(&self.identity),
            resource: decide(&Policies { identity: &*EVERYTHING, boundary: None, ..policies }, &request).outcome,
            boundary,
        });
        Verdict {
            resource: resource.to_owned(),
            outcome: decision.outcome,
            matched: decision.matched.into_iter().filter(contributes).collect(),
            missing_keys: decision.missing_context_keys,
            boundary,
            details,
        }
    }

    fn owner_of(&self, resource: &str) -> Option<String> {
        let arn: Option<Arn> = resource.parse().ok();
        arn.map(|arn| arn.account).filter(|account| !account.is_empty()).or_else(|| self.resource_owner.clone())
    }
}

/// With it, an answer across accounts depends on the resource's policy alone.
static EVERYTHING: LazyLock<[Source; 1]> = LazyLock::new(|| {
    let text = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    [read_policy("Everything", text, Kind::Identity).expect("the document is a policy")]
});

/// A boundary's Allow decides nothing by itself, and the simulator does not list it; its Deny does.
fn contributes(matched: &Matched<'_>) -> bool {
    matched.layer != Layer::Boundary || matched.statement.effect() == Effect::Deny
}

/// Policies that are passed as text: `PolicyInputList.1` and so on.
pub fn named(list: &str, texts: &[String]) -> Result<Vec<Source>, Error> {
    let numbered = texts.iter().enumerate();
    numbered.map(|(index, text)| read_policy(&format!("{list}.{}", index + 1), text, Kind::Identity)).collect()
}

fn read_policy(id: &str, text: &str, kind: Kind) -> Result<Source, Error> {
    let document = Document::parse(text, kind);
    let document = document.map_err(|cause| Error::InvalidInput(format!("Invalid Policy {id}: {cause}")))?;
    Ok(Source { id: id.into(), arn: None, kind: SourceKind::None, document: Arc::new(document) })
}

/// What follows from who calls. All else a policy asks for has to be among the context entries, or is missing.
fn known_context(ctx: &Ctx, caller: Option<&EntityArn>, unique_id: Option<&str>) -> Context<'static> {
    let mut context = Context::new();
    let account = caller.map_or_else(|| ctx.account.to_string(), |caller| caller.account.clone());
    context.set("aws:PrincipalAccount", account);
    let Some(caller) = caller else { return context };
    context.set("aws:PrincipalArn", caller.text.clone());
    match caller.kind {
        EntityKind::User => {
            context.set("aws:PrincipalType", "User");
            context.set("aws:username", caller.name.clone());
            if let Some(unique_id) = unique_id {
                context.set("aws:userid", unique_id.to_owned());
            }
        }
        EntityKind::Role => context.set("aws:PrincipalType", "AssumedRole"),
        EntityKind::Group => {}
    }
    context
}

/// Resource policies are weighed for users alone, so of the others only the account matters.
fn principal(ctx: &Ctx, caller: Option<&EntityArn>, unique_id: Option<String>) -> Principal {
    let unique_id = unique_id.unwrap_or_default();
    match caller {
        Some(caller) => Principal::User { arn: caller.text.clone(), account: caller.account.clone(), unique_id },
        None => Principal::User { arn: String::new(), account: ctx.account.to_string(), unique_id },
    }
}

/// `arn:aws:iam::123456789012:root`, or the twelve digits.
fn account_of(owner: &str) -> Result<String, Error> {
    let account = match owner.parse::<Arn>() {
        Ok(arn) => arn.account,
        Err(_) => owner.to_owned(),
    };
    match AccountId::parse(&account) {
        Some(account) => Ok(account.to_string()),
        None => Err(Error::InvalidInput(format!("Invalid Resource Owner: {owner} does not name an account."))),
    }
}

/// The scenarios of EC2's launches: each demands that resources of these types are there.
fn require_resources(option: &str, resources: &[String]) -> Result<(), Error> {
    const ALL: [&str; 4] = ["instance", "image", "security-group", "network-interface"];
    let further: &[&str] = match option {
        "EC2-VPC-InstanceStore" => &[],
        "EC2-VPC-InstanceStore-Subnet" => &["subnet"],
        "EC2-VPC-EBS" => &["volume"],
        "EC2-VPC-EBS-Subnet" => &["subnet", "volume"],
        _ => return Err(Error::InvalidInput(format!("Invalid Resource Handling Option: {option}"))),
    };
    let is_there = |kind: &str| {
        let prefix = format!("{kind}/");
        let mut arns = resources.iter().filter_map(|text| text.parse::<Arn>().ok());
        arns.any(|arn| arn.service == "ec2" && arn.resource.starts_with(&prefix))
    };
    match ALL.iter().chain(further).find(|kind| !is_there(kind)) {
        None => Ok(()),
        Some(kind) => Err(Error::InvalidInput(format!("Invalid Input: {option} requires a resource of type {kind}."))),
    }
}
