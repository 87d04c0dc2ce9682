//! Queues come, are found, and go.

use std::time::Duration;

use haar_platform::aws::sqs::{
    CreateQueueRequest, CreateQueueResult, DeleteQueueRequest, GetQueueUrlRequest, GetQueueUrlResult,
    ListDeadLetterSourceQueuesRequest, ListDeadLetterSourceQueuesResult, ListQueuesRequest, ListQueuesResult,
};
use haar_platform::kernel::access::{Access, Resource};
use haar_platform::kernel::paging::cut;
use haar_platform::kernel::{AccountId, Ctx, Fault, Timestamp, ids};
use haar_platform::store::{Read, Span, StoreError, Tx};

use super::address::{Address, check_name};
use super::error::SqsError;
use super::live::Ripple;
use super::model::{
    BY_DEAD_LETTER_TARGET, DELETED, Deleted, GARBAGE, Garbage, MOVE_TASKS, QUEUES, Queue, STOCKS, Stock,
};
use super::settings::{Settings, asks_for_fifo};
use super::{Sqs, access, meter, queue_in, tags};

/// How long the name of a deleted queue is held back.
pub const NAME_HELD_BACK: Duration = Duration::from_secs(60);

/// Queues on a page, and on a page for which no size was asked.
const PAGE_MAX: i32 = 1000;

/// A new queue's ARN; creating is decided on the name alone.
pub fn create_access(ctx: &Ctx, _: &Sqs, input: &CreateQueueRequest) -> Result<Access, Fault> {
    let address = Address::of(ctx, &ctx.account, &input.queue_name);
    let tags = input.tags.iter().flatten();
    Ok(Access::to(&address.arn()).with_request_tags(tags.map(|(key, value)| (key.as_str(), value.as_str()))))
}

/// CreateQueue: gives the queue that is there if it has the attributes that are asked for.
pub async fn create(ctx: &Ctx, sqs: &Sqs, input: CreateQueueRequest) -> Result<CreateQueueResult, SqsError> {
    meter(ctx, 0);
    let attributes = input.attributes.unwrap_or_default();
    let fifo = asks_for_fifo(&attributes)?;
    check_name(&input.queue_name, fifo)?;
    let mut settings = Settings::new(fifo);
    settings.apply(&attributes)?;
    let tags = input.tags.unwrap_or_default();
    tags::check(&input.queue_name, &tags)?;

    let address = Address::of(ctx, &ctx.account, &input.queue_name);
    let url = address.url(ctx);
    let now = ctx.now();
    let number = new_number();
    sqs.store
        .write(move |tx| {
            if let Some(existing) = tx.get(QUEUES, &address.key())? {
                let mut wanted = existing.settings.clone();
                wanted.apply(&attributes)?;
                return same(&existing.settings, &wanted);
            }
            if let Some(deleted) = tx.get(DELETED, &address.key())?
                && now < deleted.at + NAME_HELD_BACK
            {
                return Err(SqsError::QueueDeletedRecently);
            }
            if let Some(redrive) = &settings.redrive {
                redrive.check_target(tx, &address)?;
            }
            let queue = Queue { number, created: now, modified: now, purged: None, settings, tags };
            tx.put(QUEUES, &address.key(), &queue)?;
            tx.delete(DELETED, &address.key())?;
            tx.put(STOCKS, &number, &Stock::default())?;
            Ok(())
        })
        .await?;
    Ok(CreateQueueResult { queue_url: Some(url) })
}

/// A number that no queue has had: 64 random bits.
pub fn new_number() -> u64 {
    u64::from_be_bytes(ids::random())
}

/// Refuses settings that differ, by the name of the first difference.
fn same(existing: &Settings, wanted: &Settings) -> Result<(), SqsError> {
    let (existing, wanted) = (existing.describe(), wanted.describe());
    let mut names = wanted.keys().chain(existing.keys());
    match names.find(|name| existing.get(*name) != wanted.get(*name)) {
        None => Ok(()),
        Some(name) => Err(SqsError::QueueNameExists((*name).to_owned())),
    }
}

/// DeleteQueue: with all its messages.
pub async fn delete(ctx: &Ctx, sqs: &Sqs, input: DeleteQueueRequest) -> Result<(), SqsError> {
    meter(ctx, 0);
    let address = Address::from_url(ctx, &input.queue_url)?;
    let (live, now) = (sqs.live.clone(), ctx.now());
    sqs.store
        .write(move |tx| {
            let queue = queue_in(tx, &address)?;
            tx.delete(QUEUES, &address.key())?;
            tx.put(DELETED, &address.key(), &Deleted { at: now })?;
            let tasks = tx.scan_keys(MOVE_TASKS, Span::under(address.key()));
            let tasks: Vec<_> = tasks.collect::<Result<_, _>>()?;
            for task in &tasks {
                tx.delete(MOVE_TASKS, task)?;
            }
            let mut ripple = Ripple::default();
            retire(tx, &mut ripple, queue.number, now)?;
            ripple.on_commit(tx, &live);
            Ok(())
        })
        .await
}

/// Leaves all that hangs on a number to the sweep.
pub fn retire(tx: &mut Tx, ripple: &mut Ripple, number: u64, now: Timestamp) -> Result<(), StoreError> {
    tx.delete(STOCKS, &number)?;
    tx.put(GARBAGE, &number, &Garbage { since: now })?;
    ripple.retire(number);
    Ok(())
}

/// The queue by its name, in the caller's account or another.
pub fn get_url_access(ctx: &Ctx, sqs: &Sqs, input: &GetQueueUrlRequest) -> Result<Access, Fault> {
    access::to(sqs, &named(ctx, input)?, true)
}

/// GetQueueUrl.
pub async fn get_url(ctx: &Ctx, sqs: &Sqs, input: GetQueueUrlRequest) -> Result<GetQueueUrlResult, SqsError> {
    meter(ctx, 0);
    let address = named(ctx, &input)?;
    sqs.queue(&address)?;
    Ok(GetQueueUrlResult { queue_url: Some(address.url(ctx)) })
}

fn named(ctx: &Ctx, input: &GetQueueUrlRequest) -> Result<Address, SqsError> {
    let account = match &input.queue_owner_aws_account_id {
        None => ctx.account.clone(),
        Some(text) => AccountId::parse(text).ok_or(SqsError::QueueDoesNotExist)?,
    };
    Ok(Address::of(ctx, &account, &input.queue_name))
}

/// No queue in particular: AWS names account and region, and leaves the queue's name empty.
pub fn list_access(ctx: &Ctx, _: &Sqs, _: &ListQueuesRequest) -> Result<Access, Fault> {
    Ok(Access::default().and(Resource::of(&ctx.arn("sqs", ""))))
}

/// ListQueues.
pub async fn list(ctx: &Ctx, sqs: &Sqs, input: ListQueuesRequest) -> Result<ListQueuesResult, SqsError> {
    meter(ctx, 0);
    let size_max = page_size(input.max_results)?;
    let prefix = input.queue_name_prefix.unwrap_or_default();
    let scope = format!("ListQueues {prefix}");
    let place = (ctx.account.as_str(), ctx.region.as_str());
    let mut span = Span::starting(place, &prefix);
    if let Some(last) = cursor(ctx, &scope, input.next_token.as_deref())? {
        span = span.after(&(place.0, place.1, last.as_str()));
    }
    let names = sqs.store.read(|tx| {
        let names = tx.scan_keys(QUEUES, span).map(|key| key.map(|(_, _, name)| name));
        names.take(size_max + 1).collect::<Result<Vec<_>, _>>()
    })?;
    let (names, last) = cut(names, size_max, String::clone);
    let urls: Vec<_> = names.iter().map(|name| Address::of(ctx, &ctx.account, name).url(ctx)).collect();
    Ok(ListQueuesResult {
        queue_urls: (!urls.is_empty()).then_some(urls),
        // Without a page size AWS answers the first thousand and no token.
        next_token: last.filter(|_| input.max_results.is_some()).map(|last| ctx.page_token(&scope, &last)),
    })
}

/// ListDeadLetterSourceQueues.
pub async fn list_dead_letter_sources(
    ctx: &Ctx,
    sqs: &Sqs,
    input: ListDeadLetterSourceQueuesRequest,
) -> Result<ListDeadLetterSourceQueuesResult, SqsError> {
    meter(ctx, 0);
    let size_max = page_size(input.max_results)?;
    let address = Address::from_url(ctx, &input.queue_url)?;
    sqs.queue(&address)?;
    let arn = address.arn().to_string();
    let scope = format!("ListDeadLetterSourceQueues {arn}");
    let mut span = Span::under((arn.as_str(),));
    if let Some(last) = cursor(ctx, &scope, input.next_token.as_deref())? {
        span = span.after(&(arn.as_str(), last.as_str()));
    }
    let names = sqs.store.read(|tx| {
        let entries = tx.scan_index_keys(BY_DEAD_LETTER_TARGET, span);
        let names = entries.map(|entry| entry.map(|((_, name), _)| name));
        names.take(size_max + 1).collect::<Result<Vec<_>, _>>()
    })?;
    let (names, last) = cut(names, size_max, String::clone);
    let urls = names.iter().map(|name| Address::of(ctx, &address.account, name).url(ctx));
    Ok(ListDeadLetterSourceQueuesResult {
        queue_urls: urls.collect(),
        next_token: last.filter(|_| input.max_results.is_some()).map(|last| ctx.page_token(&scope, &last)),
    })
}

fn page_size(asked: Option<i32>) -> Result<usize, SqsError> {
    match asked {
        Some(size) if !(1..=PAGE_MAX).contains(&size) => {
            Err(SqsError::parameter("MaxResults", size, "MaxResults must be an integer between 1 and 1000."))
        }
        size => Ok(size.unwrap_or(PAGE_MAX).unsigned_abs() as usize),
    }
}

fn cursor(ctx: &Ctx, scope: &str, token: Option<&str>) -> Result<Option<String>, SqsError> {
    token
        .map(|token| ctx.page_cursor(scope, token))
        .transpose()
        .map_err(|_| SqsError::InvalidParameterValue("Invalid or expired next token.".into()))
}
