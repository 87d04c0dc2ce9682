//! DeleteMessage and DeleteMessageBatch.

use haar_platform::aws::sqs::{
    DeleteMessageBatchRequest, DeleteMessageBatchResult, DeleteMessageBatchResultEntry, DeleteMessageRequest,
};
use haar_platform::kernel::Ctx;
use haar_platform::store::Read;

use super::address::Address;
use super::error::SqsError;
use super::inventory::Inventory;
use super::live::Ripple;
use super::model::MESSAGES;
use super::receipt::Receipt;
use super::{Sqs, batch, measures, meter, queue_in};

/// DeleteMessage.
pub async fn delete(ctx: &Ctx, sqs: &Sqs, input: DeleteMessageRequest) -> Result<(), SqsError> {
    meter(ctx, 0);
    let address = Address::from_url(ctx, &input.queue_url)?;
    let mut outcomes = delete_all(ctx, sqs, address, vec![input.receipt_handle]).await?;
    outcomes.pop().expect("one outcome for one handle")
}

/// DeleteMessageBatch: entries fail one by one.
pub async fn delete_batch(
    ctx: &Ctx,
    sqs: &Sqs,
    input: DeleteMessageBatchRequest,
) -> Result<DeleteMessageBatchResult, SqsError> {
    meter(ctx, 0);
    let address = Address::from_url(ctx, &input.queue_url)?;
    let ids = input.entries.iter().map(|entry| entry.id.as_str());
    batch::check("DeleteMessageBatchRequestEntry", ids)?;
    let (ids, handles): (Vec<_>, Vec<_>) =
        input.entries.into_iter().map(|entry| (entry.id, entry.receipt_handle)).unzip();
    let mut answer = DeleteMessageBatchResult::default();
    for (id, outcome) in ids.into_iter().zip(delete_all(ctx, sqs, address, handles).await?) {
        match outcome {
            Ok(()) => answer.successful.push(DeleteMessageBatchResultEntry { id }),
            Err(error) => answer.failed.push(error.into_entry(id)?),
        }
    }
    Ok(answer)
}

/// One outcome for each handle.
async fn delete_all(
    ctx: &Ctx,
    sqs: &Sqs,
    address: Address,
    handles: Vec<String>,
) -> Result<Vec<Result<(), SqsError>>, SqsError> {
    let receipts: Vec<_> = handles
        .into_iter()
        .map(|handle| Receipt::open(ctx, &address, &handle).map(|receipt| (handle, receipt)))
        .collect();
    let (live, now) = (sqs.live.clone(), ctx.now());
    let target = address.clone();
    let (number, outcomes) = sqs
        .store
        .write(move |tx| {
            let number = queue_in(tx, &target)?.number;
            let mut ripple = Ripple::default();
            let mut inventory = Inventory { tx, ripple: &mut ripple, now };
            let mut outcomes = Vec::with_capacity(receipts.len());
            for receipt in receipts {
                let deleted = receipt.and_then(|(handle, receipt)| delete_one(&mut inventory, &handle, &receipt));
                outcomes.push(batch::outcome(deleted)?);
            }
            ripple.on_commit(tx, &live);
            Ok::<_, SqsError>((number, outcomes))
        })
        .await?;
    let deleted = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    measures::count(ctx, "NumberOfMessagesDeleted", &address, deleted);
    sqs.live.gauges.called(number, &address, now);
    Ok(outcomes)
}

fn delete_one(inventory: &mut Inventory, handle: &str, receipt: &Receipt) -> Result<(), SqsError> {
    // A message that is gone was deleted: deleting is idempotent.
    let Some(message) = inventory.tx.get(MESSAGES, &receipt.key)? else { return Ok(()) };
    let is_latest = message.receive_count == receipt.receive_count;
    match message.place {
        // While the message is another's, or nobody's, a FIFO queue must not lose it.
        Some(_) if !is_latest || message.visible_at <= inventory.now => {
            Err(SqsError::parameter("ReceiptHandle", handle, "The receipt handle has expired."))
        }
        // "Otherwise, the request succeeds, but the message will not be deleted."
        // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html
        None if !is_latest => Ok(()),
        _ => inventory.remove(&receipt.key, &message),
    }
}
