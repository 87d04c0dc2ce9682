//! What IAM stores: users, groups, roles, instance profiles, managed policies, access keys.
//!
//! All tables are keyed by account (IAM is global) and by the name in lower case, because names are unique without
//! case. Whatever points at an entity from elsewhere does so by unique id (`AIDA…`), so that a new name changes
//! nothing and a namesake made later inherits nothing.

use std::collections::BTreeMap;

use haar_platform::kernel::{Arn, Timestamp, ids};
use haar_platform::store::{Index, Record, Span, Table, TableInfo};
use serde::{Deserialize, Serialize};

/// Account, and the name in lower case.
pub type NameKey = (String, String);

/// The key of the entity of that name.
pub fn key(account: &str, name: &str) -> NameKey {
    (account.to_owned(), name.to_ascii_lowercase())
}

/// The time as IAM tells it: in whole seconds.
pub fn whole_second(time: Timestamp) -> Timestamp {
    Timestamp::from_seconds(time.seconds())
}

/// The records that an index of a single text names under that text.
pub fn exactly(text: &str) -> Span<String> {
    Span::between((), text..=text)
}

/// What every entity has.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Head {
    pub account: String,
    /// As it was given, in its own case.
    pub name: String,
    /// Begins and ends with a slash.
    pub path: String,
    /// `AIDA…`, `AGPA…`, `AROA…`, `AIPA…`, `ANPA…`: never used again.
    pub id: String,
    pub created: Timestamp,
    /// In the order of their making; groups have none.
    pub tags: Vec<Tag>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    pub key: String,
    pub value: String,
}

/// The kinds of entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    User,
    Group,
    Role,
    InstanceProfile,
    Policy,
}

impl Kind {
    /// As ARNs say it.
    pub const fn in_arn(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Role => "role",
            Self::InstanceProfile => "instance-profile",
            Self::Policy => "policy",
        }
    }

    /// How many an account has at most, and IAM's name for that quota.
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
    pub const fn quota(self) -> (&'static str, usize) {
        match self {
            Self::User => ("UsersPerAccount", 5000),
            Self::Group => ("GroupsPerAccount", 300),
            Self::Role => ("RolesPerAccount", 1000),
            Self::InstanceProfile => ("InstanceProfilesPerAccount", 1000),
            Self::Policy => ("PoliciesPerAccount", 1500),
        }
    }

    /// A unique id for a new entity.
    pub fn new_id(self) -> String {
        let prefix = match self {
            Self::User => "AIDA",
            Self::Group => "AGPA",
            Self::Role => "AROA",
            Self::InstanceProfile => "AIPA",
            Self::Policy => "ANPA",
        };
        ids::iam(prefix, 21)
    }

    /// `user/division/alice`, in the account's ARNs.
    pub fn arn(self, account: &str, path: &str, name: &str) -> Arn {
        Arn::new("iam", "", account, format!("{}{path}{name}", self.in_arn()))
    }
}

/// An entity with a table of its own.
pub trait Entity: Record + Clone {
    const KIND: Kind;
    const TABLE: Table<NameKey, Self>;
    fn head(&self) -> &Head;
    fn head_mut(&mut self) -> &mut Head;

    /// Whether nobody but the service that it is linked to may change it.
    fn is_protected(&self) -> bool {
        false
    }

    fn arn(&self) -> Arn {
        let head = self.head();
        Self::KIND.arn(&head.account, &head.path, &head.name)
    }

    fn key(&self) -> NameKey {
        key(&self.head().account, &self.head().name)
    }
}

/// An entity that policies are attached to: a user, a group or a role.
pub trait Holder: Entity {
    /// Characters of its inline policies together, and managed policies attached to it with IAM's name for that quota.
    const INLINE_SIZE_MAX: usize;
    const ATTACHED_QUOTA: &'static str;
    /// The index of its policies.
    const BY_POLICY: Index<PolicyUse, NameKey, Self>;
    fn policies(&self) -> &PolicySet;
    fn policies_mut(&mut self) -> &mut PolicySet;
}

/// The policies of a user, a group or a role.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct PolicySet {
    /// Documents by the policy's name.
    pub inline: BTreeMap<String, String>,
    /// ARNs of managed policies, in the order of attachment.
    pub attached: Vec<String>,
    /// The ARN of the managed policy that is the permissions boundary; groups have none.
    pub boundary: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct User {
    pub head: Head,
    pub policies: PolicySet,
    /// Unique ids of the groups.
    pub groups: Vec<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Group {
    pub head: Head,
    pub policies: PolicySet,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Role {
    pub head: Head,
    pub policies: PolicySet,
    /// The document that says who may assume the role.
    pub trust_policy: String,
    pub description: Option<String>,
    pub max_session_seconds: u32,
    /// The service that the role is linked to (`sqs.amazonaws.com`): nobody but that service changes it.
    pub linked_service: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InstanceProfile {
    pub head: Head,
    /// The unique id of its role.
    pub role: Option<String>,
}

/// A customer managed policy; AWS's own are in [`super::aws_managed`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ManagedPolicy {
    pub head: Head,
    pub description: Option<String>,
    pub updated: Timestamp,
    /// Oldest first, at most five, never without the default.
    pub versions: Vec<PolicyVersion>,
    pub default_version: u32,
    /// Numbers are not used again.
    pub last_version: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PolicyVersion {
    pub number: u32,
    pub document: String,
    pub created: Timestamp,
}

/// An access key, under its id.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccessKey {
    pub account: String,
    /// The unique id of its user; the account's id for the root user.
    pub owner: String,
    pub active: bool,
    pub created: Timestamp,
    /// The secret, sealed by the store's vault with the key's id as context.
    pub sealed_secret: Vec<u8>,
}

/// The last call that an access key or a role made, under the key's id or the role's unique id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastUse {
    pub at: Timestamp,
    /// As signatures name it: `sqs`.
    pub service: String,
    pub region: String,
}

/// A service-linked role's deletion, under account and task id.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeletionTask {
    pub role_arn: String,
    pub finished: Timestamp,
}

pub const USERS: Table<NameKey, User> =
    Table::new("iam.users").indexed(&[&USERS_BY_ID, &USERS_BY_GROUP, &USERS_BY_POLICY]);
/// By unique id.
pub const USERS_BY_ID: Index<String, NameKey, User> =
    Index::new("iam.users.by_id", |_, user| vec![user.head.id.clone()]);
/// By the unique ids of their groups.
pub const USERS_BY_GROUP: Index<String, NameKey, User> =
    Index::new("iam.users.by_group", |_, user| user.groups.clone());
/// By account, managed policy, and whether it is the boundary.
pub const USERS_BY_POLICY: Index<PolicyUse, NameKey, User> =
    Index::new("iam.users.by_policy", |(account, _), user| user.policies.uses(account));

pub const GROUPS: Table<NameKey, Group> = Table::new("iam.groups").indexed(&[&GROUPS_BY_ID, &GROUPS_BY_POLICY]);
/// By unique id.
pub const GROUPS_BY_ID: Index<String, NameKey, Group> =
    Index::new("iam.groups.by_id", |_, group| vec![group.head.id.clone()]);
/// By account, managed policy, and whether it is the boundary.
pub const GROUPS_BY_POLICY: Index<PolicyUse, NameKey, Group> =
    Index::new("iam.groups.by_policy", |(account, _), group| group.policies.uses(account));

pub const ROLES: Table<NameKey, Role> = Table::new("iam.roles").indexed(&[&ROLES_BY_ID, &ROLES_BY_POLICY]);
/// By unique id.
pub const ROLES_BY_ID: Index<String, NameKey, Role> =
    Index::new("iam.roles.by_id", |_, role| vec![role.head.id.clone()]);
/// By account, managed policy, and whether it is the boundary.
pub const ROLES_BY_POLICY: Index<PolicyUse, NameKey, Role> =
    Index::new("iam.roles.by_policy", |(account, _), role| role.policies.uses(account));

pub const INSTANCE_PROFILES: Table<NameKey, InstanceProfile> =
    Table::new("iam.instance_profiles").indexed(&[&INSTANCE_PROFILES_BY_ROLE]);
/// By the unique id of their role.
pub const INSTANCE_PROFILES_BY_ROLE: Index<String, NameKey, InstanceProfile> =
    Index::new("iam.instance_profiles.by_role", |_, profile| profile.role.iter().cloned().collect());

pub const MANAGED_POLICIES: Table<NameKey, ManagedPolicy> = Table::new("iam.managed_policies");

pub const ACCESS_KEYS: Table<String, AccessKey> = Table::new("iam.access_keys").indexed(&[&ACCESS_KEYS_BY_OWNER]);
/// By the unique id of their user.
pub const ACCESS_KEYS_BY_OWNER: Index<String, String, AccessKey> =
    Index::new("iam.access_keys.by_owner", |_, access_key| vec![access_key.owner.clone()]);

pub const LAST_USES: Table<String, LastUse> = Table::new("iam.last_uses");

/// The alias of an account, under the account.
pub const ACCOUNT_ALIASES: Table<String, String> = Table::new("iam.account_aliases").indexed(&[&ACCOUNTS_BY_ALIAS]);
/// Accounts by alias: one alias names one account in all of AWS.
pub const ACCOUNTS_BY_ALIAS: Index<String, String, String> =
    Index::new("iam.account_aliases.by_alias", |_, alias| vec![alias.clone()]);

pub const DELETION_TASKS: Table<(String, String), DeletionTask> = Table::new("iam.deletion_tasks");

/// Everything that IAM stores.
pub fn tables() -> Vec<TableInfo> {
    vec![
        USERS.info(),
        GROUPS.info(),
        ROLES.info(),
        INSTANCE_PROFILES.info(),
        MANAGED_POLICIES.info(),
        ACCESS_KEYS.info(),
        LAST_USES.info(),
        ACCOUNT_ALIASES.info(),
        DELETION_TASKS.info(),
    ]
}

/// Account, the ARN of a managed policy, and whether it is used as a boundary.
pub type PolicyUse = (String, String, bool);

impl PolicySet {
    fn uses(&self, account: &str) -> Vec<PolicyUse> {
        let attached = self.attached.iter().map(|arn| (arn, false));
        let boundary = self.boundary.iter().map(|arn| (arn, true));
        attached.chain(boundary).map(|(arn, as_boundary)| (account.to_owned(), arn.clone(), as_boundary)).collect()
    }
}

impl ManagedPolicy {
    /// The version with that number.
    pub fn version(&self, number: u32) -> Option<&PolicyVersion> {
        self.versions.iter().find(|version| version.number == number)
    }

    /// The version in force.
    pub fn default_version(&self) -> &PolicyVersion {
        self.version(self.default_version).expect("the default version of a policy is never deleted")
    }
}

impl Record for User {}
impl Record for Group {}
impl Record for Role {}
impl Record for InstanceProfile {}
impl Record for ManagedPolicy {}
impl Record for AccessKey {}
impl Record for LastUse {}
impl Record for DeletionTask {}

macro_rules! entity {
    ($record:ident, $kind:ident, $table:ident $(, $is_protected:expr)?) => {
        impl Entity for $record {
            const KIND: Kind = Kind::$kind;
            const TABLE: Table<NameKey, Self> = $table;
            fn head(&self) -> &Head {
                &self.head
            }
            fn head_mut(&mut self) -> &mut Head {
                &mut self.head
            }
            $(fn is_protected(&self) -> bool {
                let is_protected: fn(&Self) -> bool = $is_protected;
                is_protected(self)
            })?
        }
    };
}

entity!(User, User, USERS);
entity!(Group, Group, GROUPS);
entity!(Role, Role, ROLES, |role| role.linked_service.is_some());
entity!(InstanceProfile, InstanceProfile, INSTANCE_PROFILES);
entity!(ManagedPolicy, Policy, MANAGED_POLICIES);

macro_rules! holder {
    ($record:ident, $by_policy:ident, $inline_size_max:literal, $attached_quota:literal) => {
        impl Holder for $record {
            const INLINE_SIZE_MAX: usize = $inline_size_max;
            const ATTACHED_QUOTA: &'static str = $attached_quota;
            const BY_POLICY: Index<PolicyUse, NameKey, Self> = $by_policy;
            fn policies(&self) -> &PolicySet {
                &self.policies
            }
            fn policies_mut(&mut self) -> &mut PolicySet {
                &mut self.policies
            }
        }
    };
}

holder!(User, USERS_BY_POLICY, 2048, "PoliciesPerUser");
holder!(Group, GROUPS_BY_POLICY, 5120, "PoliciesPerGroup");
holder!(Role, ROLES_BY_POLICY, 10240, "PoliciesPerRole");
