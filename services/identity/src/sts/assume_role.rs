//! AssumeRole: temporary credentials that may do what a role may.

use std::sync::{Arc, LazyLock};

use haar_platform::aws::sts::{AssumeRoleRequest, AssumeRoleResponse, AssumedRoleUser};
use haar_platform::kernel::access::Resource;
use haar_platform::kernel::{Access, AccountId, Arn, Ctx, Fault, Timestamp};
use haar_platform::policy::{Document, Kind, Principal, Source, SourceKind, quota_size};
use haar_platform::store::{Read, StoreError, Tx};

use super::credentials::{NewCredentials, Sealed, percent};
use super::error::Error;
use super::model::{SESSIONS, SOURCE_IDENTITY, Session, SessionOf};
use super::session_tags::SessionTags;
use super::{Sts, require_signature, session};
use crate::iam::model::{Entity, ROLES, Role, key};
use crate::iam::{aws_managed, policy};

/// One hour: what is given when nothing is asked for, and the most along a chain of roles.
const HOUR_SECONDS: i32 = 3600;

/// Characters of all session policies together, inline documents and ARNs, white space aside.
const POLICY_CHARS_MAX: usize = 2048;

/// Characters of session policies and session tags together. AWS packs them by a method of its own and says only how
/// full the package is; ours is as full as the text is long.
const PACKED_CHARS_MAX: usize = 4096;

/// The role stands as the resource, its trust policy as the resource's, and what the call says of the session as
/// condition keys. See
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html>.
pub fn access(ctx: &Ctx, sts: &Sts, input: &AssumeRoleRequest) -> Result<Access, Fault> {
    require_signature(ctx)?;
    if matches!(ctx.caller.principal, Principal::Root { .. }) {
        return Err(Error::AccessDenied("Roles may not be assumed by root accounts.".into()).into());
    }
    let arn = role_arn(&input.role_arn)?;
    let role = sts.store.read(|tx| find_role(tx, &arn)).map_err(Error::from)?;
    let trust = role.as_ref().map_or_else(|| Ok(TRUST_IN_NOBODY.clone()), trust_policy)?;
    let tags = role.map(|role| role.head.tags).unwrap_or_default();
    let pairs = tags.iter().map(|tag| (tag.key.clone(), tag.value.clone()));
    let resource = Resource::of(&arn).with_policy(Some(trust)).with_tags(pairs);
    let passed = input.tags.iter().flatten().map(|tag| (tag.key.as_str(), tag.value.as_str()));
    let mut access = Access::default()
        .and(resource.clone())
        .with_key("sts:RoleSessionName", &input.role_session_name)
        .with_request_tags(passed);
    if input.tags.as_ref().is_some_and(|tags| !tags.is_empty()) {
        access = access.and(resource.clone().for_action("sts:TagSession"));
    }
    if input.source_identity.is_some() {
        access = access.and(resource.for_action("sts:SetSourceIdentity"));
    }
    for tag in &tags {
        // Roles are known by this key too, and were before `aws:ResourceTag` came.
        access = access.with_key(format!("iam:ResourceTag/{}", tag.key), &tag.value);
    }
    if let Some(external_id) = &input.external_id {
        access = access.with_key("sts:ExternalId", external_id);
    }
    if let Some(source_identity) = &input.source_identity {
        access = access.with_key("sts:SourceIdentity", source_identity);
    }
    if let Some(keys) = &input.transitive_tag_keys {
        access.keys.push(("sts:TransitiveTagKeys".into(), keys.clone()));
    }
    Ok(access)
}

pub async fn assume_role(ctx: &Ctx, sts: &Sts, input: AssumeRoleRequest) -> Result<AssumeRoleResponse, Fault> {
    if input.serial_number.is_some() || input.token_code.is_some() {
        return Err(Error::unknown_mfa_device().into());
    }
    if input.provided_contexts.is_some() {
        return Err(Fault::not_served("sts:AssumeRole with ProvidedContexts"));
    }
    let token_size_min = input.minimum_session_token_size;
    let calling = sts.store.read(|tx| session::of_caller(ctx, tx)).map_err(Error::from)?;
    let wish = Wish::read(ctx, calling.as_ref(), input)?;
    let packed_policy_size = wish.packed_percent()?;
    let source_identity = wish.source_identity.clone();

    let made = NewCredentials::make(sts.store.vault(), token_size_min).map_err(Error::from)?;
    let (expires, sealed) = (wish.expires, made.sealed.clone());
    let assumed = sts.store.write(move |tx| begin(tx, wish, sealed)).await?;
    sts.sessions.wake();
    Ok(AssumeRoleResponse {
        assumed_role_user: Some(assumed),
        packed_policy_size,
        source_identity,
        session_token_utilization: Some(made.token_utilization()),
        session_token_size: Some(made.token_size()),
        credentials: Some(made.hand_out(expires)),
    })
}

/// What a caller asks for, as far as it can be understood without looking at the role.
struct Wish {
    role: Arn,
    session_name: String,
    duration_seconds: i32,
    expires: Timestamp,
    /// The condition keys of the session. A source identity, set once, goes down a whole chain of roles.
    keys: Vec<(String, String)>,
    source_identity: Option<String>,
    tags: SessionTags,
    policy: Option<String>,
    policy_arns: Vec<String>,
    /// The refusal of a caller for whom there is no such role.
    refusal: String,
}

impl Wish {
    fn read(ctx: &Ctx, calling: Option<&Session>, input: AssumeRoleRequest) -> Result<Self, Error> {
        let role = role_arn(&input.role_arn)?;
        let duration_seconds = input.duration_seconds.unwrap_or(HOUR_SECONDS);
        if session::is_temporary(ctx) && duration_seconds > HOUR_SECONDS {
            return Err(Error::ValidationError(
                "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
                    .into(),
            ));
        }
        let inherited = ctx.caller.keys.iter().find(|(key, _)| key == SOURCE_IDENTITY).map(|(_, value)| value.clone());
        if inherited.is_some() && input.source_identity.is_some() && inherited != input.source_identity {
            let message = "The source identity is already set for this assume role session";
            return Err(Error::ValidationError(message.into()));
        }
        if let Some(policy) = &input.policy {
            Document::parse(policy, Kind::Identity)?;
        }
        let source_identity = input.source_identity.or(inherited);
        let mut keys = session::keys(ctx.now());
        keys.extend(source_identity.iter().map(|value| (SOURCE_IDENTITY.to_owned(), value.clone())));
        let descriptors = input.policy_arns.unwrap_or_default();
        let tags = SessionTags::join(
            input.tags.as_deref().unwrap_or_default(),
            input.transitive_tag_keys.as_deref().unwrap_or_default(),
            calling,
        )?;
        Ok(Self {
            refusal: format!(
                "User: {} is not authorized to perform: sts:AssumeRole on resource: {role}",
                ctx.caller.arn
            ),
            role,
            session_name: input.role_session_name,
            duration_seconds,
            expires: session::end(ctx.now(), duration_seconds),
            keys,
            source_identity,
            tags,
            policy: input.policy,
            policy_arns: descriptors.into_iter().filter_map(|descriptor| descriptor.arn).collect(),
        })
    }

    /// How full the package of policies and tags is; nothing when it is empty.
    fn packed_percent(&self) -> Result<Option<i32>, Error> {
        let documents = self.policy.as_deref().map_or(0, quota_size);
        let policies = documents + self.policy_arns.iter().map(|arn| arn.chars().count()).sum::<usize>();
        if policies > POLICY_CHARS_MAX {
            let percent = percent(policies, POLICY_CHARS_MAX);
            return Err(Error::PackedPolicyTooLarge(format!(
                "Packed policy consumes {percent}% of allotted space, please use smaller policy."
            )));
        }
        let chars = |(key, value): &(String, String)| key.chars().count() + value.chars().count();
        let packed = policies + self.tags.tags.iter().map(chars).sum::<usize>();
        let percent = percent(packed, PACKED_CHARS_MAX);
        if packed > PACKED_CHARS_MAX {
            return Err(Error::PackedPolicyTooLarge(format!(
                "Packed size of session tags consumes {percent}% of allotted space."
            )));
        }
        Ok((packed > 0).then_some(percent))
    }
}

/// Begins the session, if the role is there and lets it last so long.
fn begin(tx: &mut Tx, wish: Wish, sealed: Sealed) -> Result<AssumedRoleUser, Error> {
    let account = &wish.role.account;
    let Some(role) = find_role(tx, &wish.role)? else { return Err(Error::AccessDenied(wish.refusal)) };
    if u32::try_from(wish.duration_seconds).is_ok_and(|seconds| seconds > role.max_session_seconds) {
        let message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
        return Err(Error::ValidationError(message.into()));
    }
    for arn in &wish.policy_arns {
        if aws_managed::find(arn).is_none() && policy::by_arn(tx, account, arn)?.is_none() {
            return Err(Error::ValidationError(format!("Policy {arn} does not exist in account {account}.")));
        }
    }
    let Wish { session_name, tags, .. } = wish;
    let assumed = AssumedRoleUser {
        assumed_role_id: format!("{}:{session_name}", role.head.id),
        arn: Arn::new("sts", "", account, format!("assumed-role/{}/{session_name}", role.head.name)).to_string(),
    };
    let session = Session {
        account: role.head.account,
        of: SessionOf::Role { role_id: role.head.id, session_name },
        sealed_secret: sealed.secret,
        sealed_token: sealed.token,
        expires: wish.expires,
        keys: wish.keys,
        tags: tags.tags,
        transitive_tag_keys: tags.transitive_keys,
        policy: wish.policy,
        policy_arns: wish.policy_arns,
    };
    tx.put(SESSIONS, &sealed.access_key_id, &session)?;
    Ok(assumed)
}

fn role_arn(text: &str) -> Result<Arn, Error> {
    let arn: Option<Arn> = text.parse().ok();
    arn.filter(|arn| arn.service == "iam" && arn.region.is_empty() && AccountId::parse(&arn.account).is_some())
        .filter(|arn| arn.resource.strip_prefix("role/").is_some_and(|path| !path.is_empty()))
        .ok_or_else(|| Error::ValidationError("Request ARN is invalid".into()))
}

/// By name and, because a caller means all of it, by path.
fn find_role(tx: &impl Read, arn: &Arn) -> Result<Option<Role>, StoreError> {
    let name = arn.resource.rsplit('/').next().unwrap_or_default();
    let role = tx.get(ROLES, &key(&arn.account, name))?;
    Ok(role.filter(|role| role.arn() == *arn))
}

/// Stands for the trust policy of a role that is not there: callers learn no more than of one that does not trust
/// them.
static TRUST_IN_NOBODY: LazyLock<Source> = LazyLock::new(|| {
    let text = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"nobody"},"Action":"sts:AssumeRole"}}"#;
    trust_source(Document::parse(text, Kind::Trust).expect("the document is a trust policy"))
});

fn trust_policy(role: &Role) -> Result<Source, Error> {
    let parsed = Document::parse(&role.trust_policy, Kind::Trust);
    parsed.map(trust_source).map_err(|cause| Error::DamagedTrustPolicy { role: role.arn().to_string(), cause })
}

fn trust_source(document: Document) -> Source {
    Source { id: "TrustPolicy".into(), arn: None, kind: SourceKind::Resource, document: Arc::new(document) }
}
