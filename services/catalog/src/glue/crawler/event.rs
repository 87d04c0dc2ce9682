//! The events of crawlers, in the form that AWS documents.
//!
//! <https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-glue.html>

use haar_platform::bus::{Bus, Event};
use haar_platform::kernel::{Timestamp, ids};
use haar_platform::store::{StoreError, Tx};
use serde_json::{Value, json};

use super::super::place::Place;
use super::model::{End, Tally};

/// Where the messages of crawls are.
pub const LOG_GROUP: &str = "/aws-glue/crawlers";

/// Account, region and name of a crawler.
pub type Whose<'a> = (&'a str, &'a str, &'a str);

/// A crawl has begun.
pub fn started(tx: &mut Tx, bus: &Bus, place: &Place, name: &str, now: Timestamp) -> Result<(), StoreError> {
    let whose = (place.account.as_str(), place.region.as_str(), name);
    let detail = json!({
        "accountId": place.account.as_str(),
        "crawlerName": name,
        "startTime": seconds(now),
        "state": "Started",
        "message": "Crawler Started",
    });
    emit(tx, bus, whose, "Glue Crawler State Change", detail, now)
}

/// A crawl has ended. AWS tells nothing of those that were stopped.
pub fn ended(
    tx: &mut Tx,
    bus: &Bus,
    whose: Whose<'_>,
    end: &End,
    tally: &Tally,
    started: Timestamp,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (account, region, name) = whose;
    let link = format!(
        "https://console.aws.amazon.com/cloudwatch/home?region={region}#logEventViewer:group={LOG_GROUP};stream={name}"
    );
    let detail = match end {
        End::Stopped => return Ok(()),
        End::Completed => json!({
            "tablesCreated": tally.tables.created.to_string(),
            "warningMessage": "N/A",
            "partitionsUpdated": tally.partitions.updated.to_string(),
            "tablesUpdated": tally.tables.updated.to_string(),
            "message": "Crawler Succeeded",
            "partitionsDeleted": tally.partitions.deleted.to_string(),
            "accountId": account,
            "runningTime (sec)": (now - started).as_secs().to_string(),
            "tablesDeleted": tally.tables.deleted.to_string(),
            "crawlerName": name,
            "completionDate": seconds(now),
            "state": "Succeeded",
            "partitionsCreated": tally.partitions.created.to_string(),
            "cloudWatchLogLink": link,
        }),
        End::Failed(why) => json!({
            "crawlerName": name,
            "errorMessage": why,
            "accountId": account,
            "cloudWatchLogLink": link,
            "state": "Failed",
            "message": "Crawler Failed",
        }),
    };
    emit(tx, bus, whose, "Glue Crawler State Change", detail, now)
}

/// A schedule could not start its crawler.
pub fn not_started(tx: &mut Tx, bus: &Bus, whose: Whose<'_>, why: &str, now: Timestamp) -> Result<(), StoreError> {
    let (account, _, name) = whose;
    let detail = json!({"customerId": account, "crawlerName": name, "errorMessage": why});
    emit(tx, bus, whose, "Glue Scheduled Crawler Invocation Failure", detail, now)
}

fn emit(
    tx: &mut Tx,
    bus: &Bus,
    (account, region, _): Whose<'_>,
    detail_type: &str,
    detail: Value,
    now: Timestamp,
) -> Result<(), StoreError> {
    let event = Event {
        id: ids::uuid(),
        source: "aws.glue".into(),
        detail_type: detail_type.into(),
        account: account.into(),
        region: region.into(),
        time: now,
        resources: Vec::new(),
        detail,
    };
    bus.emit(tx, event)
}

fn seconds(time: Timestamp) -> String {
    time.format("%Y-%m-%dT%H:%M:%SZ")
}
