//! Each change of an execution's state, told to EventBridge with it.
//!
//! <https://docs.aws.amazon.com/athena/latest/ug/athena-events.html>

use haar_platform::bus::{Bus, Event};
use haar_platform::kernel::{Timestamp, ids};
use haar_platform::store::{StoreError, Tx};
use serde_json::json;

use crate::athena::model::{Progress, State, Submission};
use crate::athena::place::Place;

/// A change of state, at a time.
pub struct Change<'a> {
    /// Where the execution is.
    pub place: &'a Place,
    /// Its id.
    pub id: &'a str,
    /// What was submitted.
    pub submission: &'a Submission,
    /// What it was before; nothing was before QUEUED.
    pub before: Option<State>,
    /// What it is now.
    pub progress: &'a Progress,
    /// When.
    pub now: Timestamp,
}

impl Change<'_> {
    /// Tells of it.
    pub fn emit(&self, bus: &Bus, tx: &mut Tx) -> Result<(), StoreError> {
        let mut detail = json!({
            "versionId": "0",
            "currentState": self.progress.state.as_str(),
            "statementType": self.submission.statement_type,
            "queryExecutionId": self.id,
            "workgroupName": self.submission.workgroup_name,
            "sequenceNumber": self.progress.sequence.to_string(),
        });
        if let Some(before) = self.before {
            detail["previousState"] = before.as_str().into();
        }
        if let (State::Failed, Some(failure)) = (self.progress.state, &self.progress.failure) {
            detail["athenaError"] = json!({
                "errorCategory": f64::from(failure.category),
                "errorType": f64::from(failure.kind),
                "errorMessage": failure.reason,
                "retryable": failure.retryable,
            });
        }
        let event = Event {
            id: ids::uuid(),
            source: "aws.athena".into(),
            detail_type: "Athena Query State Change".into(),
            account: self.place.account.to_string(),
            region: self.place.region.to_string(),
            time: self.now,
            resources: Vec::new(),
            detail,
        };
        bus.emit(tx, event)
    }
}
