//! The events that parameters emit, in the form that AWS documents.
//!
//! <https://docs.aws.amazon.com/systems-manager/latest/userguide/monitoring-systems-manager-event-examples.html>

use haar_platform::bus::{Bus, Event};
use haar_platform::kernel::{Timestamp, ids};
use haar_platform::store::{StoreError, Tx};
use serde_json::{Value, json};

use super::model::Version;
use super::place::Place;
use super::policy::Policy;

/// What happened to a parameter, in the event's words.
#[derive(Clone, Copy)]
pub enum Change {
    /// Its first version.
    Create,
    /// A later version.
    Update,
    /// It is gone.
    Delete,
    /// A label was put on a version, or moved to it.
    LabelParameterVersion,
}

impl Change {
    fn as_str(self) -> &'static str {
        match self {
            Self::Create => "Create",
            Self::Update => "Update",
            Self::Delete => "Delete",
            Self::LabelParameterVersion => "LabelParameterVersion",
        }
    }
}

/// Where and when something happened, and to which parameter.
pub struct Scene<'a> {
    /// Where.
    pub place: &'a Place,
    /// When.
    pub now: Timestamp,
    /// To which.
    pub name: &'a str,
    /// In which version.
    pub version: &'a Version,
}

impl Scene<'_> {
    /// Tells of a change.
    pub fn changed(&self, bus: &Bus, tx: &mut Tx, change: Change) -> Result<(), StoreError> {
        let mut detail = json!({
            "operation": change.as_str(),
            "name": self.name,
            "type": self.version.kind.as_str(),
        });
        if let Some(description) = &self.version.description {
            detail["description"] = description.as_str().into();
        }
        self.emit(bus, tx, "Parameter Store Change", detail)
    }

    /// Tells that a policy did what it is for.
    pub fn acted(&self, bus: &Bus, tx: &mut Tx, policy: &Policy) -> Result<(), StoreError> {
        let detail = json!({
            "policy-type": policy.action.kind(),
            "parameter-name": self.name,
            "parameter-type": self.version.kind.as_str(),
            "policy-content": policy.text,
            "action-status": "Success",
            "action-reason": policy.reason(),
        });
        self.emit(bus, tx, "Parameter Store Policy Action", detail)
    }

    fn emit(&self, bus: &Bus, tx: &mut Tx, detail_type: &str, detail: Value) -> Result<(), StoreError> {
        let event = Event {
            id: ids::uuid(),
            source: "aws.ssm".into(),
            detail_type: detail_type.into(),
            account: self.place.account.to_string(),
            region: self.place.region.to_string(),
            time: self.now,
            resources: vec![self.place.arn(self.name)],
            detail,
        };
        bus.emit(tx, event)
    }
}
