//! SQS: queues that hold messages until somebody has dealt with them.
//!
//! ```text
//!   queue, attributes, tags, permission, purge, move_task    the control plane
//!   send, receive, delete, visibility                        the way of a message
//!   inventory   puts messages in and takes them out; every change goes through it
//!   live        what follows from the tables and is kept in memory: hidden counts, bells, deadlines
//!   target      what other services deliver to queues
//!   measures    the metrics of AWS/SQS
//!   upkeep      what happens by itself
//! ```

mod access;
mod address;
mod attributes;
mod batch;
mod content;
mod delete;
mod digest;
mod error;
mod inventory;
mod live;
mod measures;
mod model;
mod move_task;
mod permission;
mod purge;
mod queue;
mod receipt;
mod receive;
mod redrive;
mod send;
mod settings;
mod tags;
mod target;
#[cfg(test)]
mod tests;
mod upkeep;
mod visibility;

use std::sync::Arc;

use haar_platform::Platform;
use haar_platform::aws::sqs as aws;
use haar_platform::kernel::{Ctx, Service};
use haar_platform::store::{Read, Store, StoreError};

use self::access::{PolicyCache, own, shared};
use self::address::Address;
use self::error::SqsError;
use self::live::Live;
pub use self::model::tables;
use self::model::{QUEUES, Queue};

/// Bytes that AWS bills as one request.
/// <https://aws.amazon.com/sqs/pricing/>
const BILLED_BYTES: usize = 64 * 1024;

/// Requests, one for each 64 KiB that a call carries.
const REQUESTS: &str = "sqs-requests";

/// The state of the service.
struct Sqs {
    store: Store,
    live: Arc<Live>,
    policies: PolicyCache,
}

impl Sqs {
    fn open(platform: &Platform) -> Self {
        let now = platform.house.clock.now();
        let live = platform.store.read(|tx| Live::load(tx, now)).unwrap_or_else(|cause| {
            // A store that does not read fails every call, and says so there.
            tracing::error!(%cause, "failed to count hidden messages");
            Live::default()
        });
        Self { live: Arc::new(live), store: platform.store.clone(), policies: PolicyCache::default() }
    }

    /// A queue, if it exists.
    fn find(&self, address: &Address) -> Result<Option<Queue>, StoreError> {
        self.store.read(|tx| tx.get(QUEUES, &address.key()))
    }

    /// A queue that must exist.
    fn queue(&self, address: &Address) -> Result<Queue, SqsError> {
        self.find(address)?.ok_or(SqsError::QueueDoesNotExist)
    }
}

/// A queue that must exist, inside a transaction.
fn queue_in(tx: &impl Read, address: &Address) -> Result<Queue, SqsError> {
    tx.get(QUEUES, &address.key())?.ok_or(SqsError::QueueDoesNotExist)
}

/// Meters a call that carries so many bytes.
fn meter(ctx: &Ctx, bytes: usize) {
    ctx.meter(REQUESTS, bytes.div_ceil(BILLED_BYTES).max(1) as u64);
}

/// The service over a platform's store.
pub fn service(platform: &Platform) -> Service {
    let sqs = Sqs::open(platform);
    let live = sqs.live.clone();
    Service::of(&aws::MODEL, sqs)
        // Queues.
        .op::<aws::CreateQueue>(queue::create_access, queue::create)
        .op::<aws::DeleteQueue>(|ctx, sqs, input| own(ctx, sqs, &input.queue_url), queue::delete)
        .op::<aws::GetQueueUrl>(queue::get_url_access, queue::get_url)
        .op::<aws::ListQueues>(queue::list_access, queue::list)
        .op::<aws::ListDeadLetterSourceQueues>(
            |ctx, sqs, input| shared(ctx, sqs, &input.queue_url),
            queue::list_dead_letter_sources,
        )
        .op::<aws::PurgeQueue>(|ctx, sqs, input| shared(ctx, sqs, &input.queue_url), purge::purge)
        .op::<aws::GetQueueAttributes>(|ctx, sqs, input| shared(ctx, sqs, &input.queue_url), attributes::get)
        .op::<aws::SetQueueAttributes>(|ctx, sqs, input| own(ctx, sqs, &input.queue_url), attributes::set)
        .op::<aws::TagQueue>(tags::tag_access, tags::tag)
        .op::<aws::UntagQueue>(tags::untag_access, tags::untag)
        .op::<aws::ListQueueTags>(|ctx, sqs, input| own(ctx, sqs, &input.queue_url), tags::list)
        .op::<aws::AddPermission>(|ctx, sqs, input| own(ctx, sqs, &input.queue_url), permission::add)
        .op::<aws::RemovePermission>(|ctx, sqs, input| own(ctx, sqs, &input.queue_url), permission::remove)
        // Messages. A batch needs the permission of its single action.
        .op::<aws::SendMessage>(|ctx, sqs, input| shared(ctx, sqs, &input.queue_url), send::send)
        .op::<aws::SendMessageBatch>(
            |ctx, sqs, input| Ok(shared(ctx, sqs, &input.queue_url)?.as_action("sqs:SendMessage")),
            send::send_batch,
        )
        .op::<aws::ReceiveMessage>(|ctx, sqs, input| shared(ctx, sqs, &input.queue_url), receive::receive)
        .op::<aws::DeleteMessage>(|ctx, sqs, input| shared(ctx, sqs, &input.queue_url), delete::delete)
        .op::<aws::DeleteMessageBatch>(
            |ctx, sqs, input| Ok(shared(ctx, sqs, &input.queue_url)?.as_action("sqs:DeleteMessage")),
            delete::delete_batch,
        )
        .op::<aws::ChangeMessageVisibility>(|ctx, sqs, input| shared(ctx, sqs, &input.queue_url), visibility::change)
        .op::<aws::ChangeMessageVisibilityBatch>(
            |ctx, sqs, input| Ok(shared(ctx, sqs, &input.queue_url)?.as_action("sqs:ChangeMessageVisibility")),
            visibility::change_batch,
        )
        // Out of dead-letter queues.
        .op::<aws::StartMessageMoveTask>(
            |ctx, sqs, input| move_task::access(ctx, sqs, &input.source_arn),
            move_task::start,
        )
        .op::<aws::CancelMessageMoveTask>(move_task::cancel_access, move_task::cancel)
        .op::<aws::ListMessageMoveTasks>(
            |ctx, sqs, input| move_task::access(ctx, sqs, &input.source_arn),
            move_task::list,
        )
        // What happens by itself.
        .job("retention", &live.retention.waker, upkeep::expire)
        .job("forgetting", &live.forgetting.waker, upkeep::forget)
        .job("sweep", &live.sweep, upkeep::sweep)
        .job("moves", &live.moves, move_task::advance)
        .job("gauges", &live.gauges.due.waker, measures::sample)
        // What others deliver.
        .target(target::serves, target::receive)
        .forget(|sqs| sqs.live.forget())
        .build()
}
