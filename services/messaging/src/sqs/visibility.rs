//! ChangeMessageVisibility and ChangeMessageVisibilityBatch.

use std::time::Duration;

use haar_platform::aws::sqs::{
    ChangeMessageVisibilityBatchRequest, ChangeMessageVisibilityBatchResult, ChangeMessageVisibilityBatchResultEntry,
    ChangeMessageVisibilityRequest,
};
use haar_platform::kernel::Ctx;
use haar_platform::store::Read;

use super::address::Address;
use super::error::SqsError;
use super::inventory::Inventory;
use super::live::Ripple;
use super::model::MESSAGES;
use super::receipt::Receipt;
use super::settings::VISIBILITY_SECONDS_MAX;
use super::{Sqs, batch, meter, queue_in};

/// From now on hidden for so long.
struct Change {
    handle: String,
    receipt: Receipt,
    seconds: u32,
}

/// ChangeMessageVisibility.
pub async fn change(ctx: &Ctx, sqs: &Sqs, input: ChangeMessageVisibilityRequest) -> Result<(), SqsError> {
    meter(ctx, 0);
    let address = Address::from_url(ctx, &input.queue_url)?;
    let change = Change::parse(ctx, &address, input.receipt_handle, input.visibility_timeout);
    let mut outcomes = change_all(ctx, sqs, address, vec![change]).await?;
    outcomes.pop().expect("one outcome for one change")
}

/// ChangeMessageVisibilityBatch: entries fail one by one.
pub async fn change_batch(
    ctx: &Ctx,
    sqs: &Sqs,
    input: ChangeMessageVisibilityBatchRequest,
) -> Result<ChangeMessageVisibilityBatchResult, SqsError> {
    meter(ctx, 0);
    let address = Address::from_url(ctx, &input.queue_url)?;
    let ids = input.entries.iter().map(|entry| entry.id.as_str());
    batch::check("ChangeMessageVisibilityBatchRequestEntry", ids)?;
    let default = sqs.queue(&address)?.settings.visibility_timeout_seconds;
    let (mut ids, mut changes) = (Vec::new(), Vec::new());
    for entry in input.entries {
        let seconds = entry.visibility_timeout.unwrap_or(default.cast_signed());
        ids.push(entry.id);
        changes.push(Change::parse(ctx, &address, entry.receipt_handle, seconds));
    }
    let mut answer = ChangeMessageVisibilityBatchResult::default();
    for (id, outcome) in ids.into_iter().zip(change_all(ctx, sqs, address, changes).await?) {
        match outcome {
            Ok(()) => answer.successful.push(ChangeMessageVisibilityBatchResultEntry { id }),
            Err(error) => answer.failed.push(error.into_entry(id)?),
        }
    }
    Ok(answer)
}

impl Change {
    fn parse(ctx: &Ctx, address: &Address, handle: String, seconds: i32) -> Result<Self, SqsError> {
        let receipt = Receipt::open(ctx, address, &handle)?;
        let found = u32::try_from(seconds).ok().filter(|seconds| *seconds <= VISIBILITY_SECONDS_MAX);
        let seconds =
            found.ok_or_else(|| SqsError::parameter("VisibilityTimeout", seconds, "Must be between 0 and 43200."))?;
        Ok(Self { handle, receipt, seconds })
    }

    fn apply(&self, inventory: &mut Inventory) -> Result<(), SqsError> {
        let now = inventory.now;
        let latest = inventory
            .tx
            .get(MESSAGES, &self.receipt.key)?
            .filter(|message| message.receive_count == self.receipt.receive_count)
            // In a standard queue the latest receiver may hide a message again that has become visible.
            .filter(|message| message.place.is_none() || message.visible_at > now);
        let before = latest.ok_or_else(|| {
            let reason = "Message does not exist or is not available for visibility timeout change.";
            SqsError::parameter("ReceiptHandle", &self.handle, reason)
        })?;
        let mut after = before.clone();
        after.visible_at = now + Duration::from_secs(u64::from(self.seconds));
        let total_max = Duration::from_secs(u64::from(VISIBILITY_SECONDS_MAX));
        if before.last_received.is_some_and(|received| after.visible_at - received > total_max) {
            let reason = format!(
                "Total VisibilityTimeout for the message is beyond the limit [{VISIBILITY_SECONDS_MAX} seconds]."
            );
            return Err(SqsError::parameter("VisibilityTimeout", self.seconds, reason));
        }
        inventory.change(&self.receipt.key, &before, &after)?;
        inventory.ripple.ring_everyone(self.receipt.key.0);
        Ok(())
    }
}

/// One outcome for each change.
async fn change_all(
    ctx: &Ctx,
    sqs: &Sqs,
    address: Address,
    changes: Vec<Result<Change, SqsError>>,
) -> Result<Vec<Result<(), SqsError>>, SqsError> {
    let (live, now) = (sqs.live.clone(), ctx.now());
    sqs.store
        .write(move |tx| {
            queue_in(tx, &address)?;
            let mut ripple = Ripple::default();
            let mut inventory = Inventory { tx, ripple: &mut ripple, now };
            let mut outcomes = Vec::with_capacity(changes.len());
            for change in changes {
                let changed = change.and_then(|change| change.apply(&mut inventory));
                outcomes.push(batch::outcome(changed)?);
            }
            ripple.on_commit(tx, &live);
            Ok(outcomes)
        })
        .await
}
