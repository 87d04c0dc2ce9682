//! What a call touches: the pipeline authorizes it, and the ledger records it.

use haar_policy::Source;

use crate::arn::Arn;

/// What a call asks for, said before it runs.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// IAM's action where it is not `service:Operation` (`sqs:SendMessage` for SendMessageBatch).
    pub action: Option<&'static str>,
    /// The resources, each of which must be allowed. Empty: everyone may (GetCallerIdentity).
    pub resources: Vec<Resource>,
    /// Condition keys of this call beyond the global ones: `aws:RequestTag/team`, `ssm:Overwrite`.
    pub keys: Vec<(String, Vec<String>)>,
}

/// One resource that a call touches.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Its ARN, or `*` where AWS authorizes no single resource.
    pub arn: String,
    /// The action on this resource where it is not that of the whole call: `sts:TagSession` beside `sts:AssumeRole`.
    pub action: Option<&'static str>,
    /// The account it belongs to; `None` is the caller's.
    pub account: Option<String>,
    /// The policy on the resource itself.
    pub policy: Option<Source>,
    /// Tags of the resource: `aws:ResourceTag/…`.
    pub tags: Vec<(String, String)>,
}

impl Access {
    /// Nobody is refused: the operation needs no permission.
    pub fn open() -> Self {
        Self::default()
    }

    /// The action on no particular resource.
    pub fn all() -> Self {
        Self::default().and(Resource { arn: "*".into(), action: None, account: None, policy: None, tags: Vec::new() })
    }

    /// The action on one resource.
    pub fn to(arn: &Arn) -> Self {
        Self::default().and(Resource::of(arn))
    }

    /// One more resource.
    pub fn and(mut self, resource: Resource) -> Self {
        self.resources.push(resource);
        self
    }

    /// Authorized as another action.
    pub fn as_action(mut self, action: &'static str) -> Self {
        self.action = Some(action);
        self
    }

    /// With a condition key.
    pub fn with_key(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.keys.push((key.into(), vec![value.into()]));
        self
    }

    /// With the condition keys of tags in the request: `aws:RequestTag/…` and `aws:TagKeys`.
    pub fn with_request_tags<'a>(mut self, tags: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut tag_keys = Vec::new();
        for (key, value) in tags {
            self.keys.push((format!("aws:RequestTag/{key}"), vec![value.to_owned()]));
            tag_keys.push(key.to_owned());
        }
        if !tag_keys.is_empty() {
            self.keys.push(("aws:TagKeys".into(), tag_keys));
        }
        self
    }
}

impl Resource {
    /// By its ARN; the account is the ARN's.
    pub fn of(arn: &Arn) -> Self {
        let account = (!arn.account.is_empty()).then(|| arn.account.clone());
        Self { arn: arn.to_string(), action: None, account, policy: None, tags: Vec::new() }
    }

    /// Authorized for an action of its own.
    pub fn for_action(mut self, action: &'static str) -> Self {
        self.action = Some(action);
        self
    }

    /// With the policy on the resource.
    pub fn with_policy(mut self, policy: Option<Source>) -> Self {
        self.policy = policy;
        self
    }

    /// With the resource's tags.
    pub fn with_tags(mut self, tags: impl IntoIterator<Item = (String, String)>) -> Self {
        self.tags.extend(tags);
        self
    }
}
