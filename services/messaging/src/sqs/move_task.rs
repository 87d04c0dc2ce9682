//! Message move tasks: out of a dead-letter queue, back or elsewhere, at a pace.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html>

use std::time::Duration;

use haar_platform::aws::sqs::{
    CancelMessageMoveTaskRequest, CancelMessageMoveTaskResult, ListMessageMoveTasksRequest, ListMessageMoveTasksResult,
    ListMessageMoveTasksResultEntry, StartMessageMoveTaskRequest, StartMessageMoveTaskResult, errors,
};
use haar_platform::kernel::{Access, Ctx, Fault, Next, Timestamp, ids};
use haar_platform::store::{Read, Span, Tx};

use super::address::Address;
use super::error::SqsError;
use super::inventory::Inventory;
use super::live::Ripple;
use super::model::{
    BY_DEAD_LETTER_TARGET, BY_NEXT_MOVE, MOVE_TASKS, Message, MessageKey, MoveStatus, MoveTask, MoveTaskKey, QUEUES,
    STOCKS,
};
use super::receive::visible;
use super::{Sqs, access as queues, meter};

/// Messages that one step moves: in a second where a pace is set, at once where not.
const PER_SECOND_MAX: u32 = 500;

/// The pace is kept by steps of this length.
const STEP: Duration = Duration::from_secs(1);

/// Tasks of a source queue that are remembered and listed.
const TASKS_MAX: usize = 10;

/// The source queue.
pub fn access(ctx: &Ctx, sqs: &Sqs, source_arn: &str) -> Result<Access, Fault> {
    let source = parse_arn(ctx, "SourceArn", source_arn)?;
    queues::to(sqs, &source, source.account == ctx.account.as_str())
}

/// The source queue, from the task's handle.
pub fn cancel_access(ctx: &Ctx, sqs: &Sqs, input: &CancelMessageMoveTaskRequest) -> Result<Access, Fault> {
    let (source, _) = open_handle(ctx, &input.task_handle)?;
    queues::to(sqs, &source, source.account == ctx.account.as_str())
}

/// StartMessageMoveTask.
pub async fn start(
    ctx: &Ctx,
    sqs: &Sqs,
    input: StartMessageMoveTaskRequest,
) -> Result<StartMessageMoveTaskResult, SqsError> {
    meter(ctx, 0);
    let source = parse_arn(ctx, "SourceArn", &input.source_arn)?;
    let destination = input.destination_arn.as_deref().map(|arn| parse_arn(ctx, "DestinationArn", arn)).transpose()?;
    let per_second_max = input.max_number_of_messages_per_second.map(check_pace).transpose()?;
    let (live, now, id) = (sqs.live.clone(), ctx.now(), ids::uuid());
    let key = key_of(&source, now.millis(), id);
    let handle = seal_handle(ctx, &source, &key);
    sqs.store
        .write(move |tx| {
            let to_move = admit(tx, &source, destination.as_ref())?;
            forget_oldest(tx, &key)?;
            let task = MoveTask {
                status: MoveStatus::Running,
                destination_arn: destination.map(|destination| destination.arn().to_string()),
                per_second_max,
                to_move,
                moved: 0,
                failure: None,
                next_move: Some(now),
            };
            tx.put(MOVE_TASKS, &key, &task)?;
            let mut ripple = Ripple::default();
            ripple.moves();
            ripple.on_commit(tx, &live);
            Ok::<_, SqsError>(())
        })
        .await?;
    Ok(StartMessageMoveTaskResult { task_handle: Some(handle) })
}

fn check_pace(per_second: i32) -> Result<u32, SqsError> {
    let found = u32::try_from(per_second).ok().filter(|pace| (1..=PER_SECOND_MAX).contains(pace));
    found.ok_or_else(|| {
        let reason = "Must be between 1 and 500, if provided.";
        SqsError::parameter("MaxNumberOfMessagesPerSecond", per_second, reason)
    })
}

/// Refuses a task that cannot be; gives the number of messages that the source holds.
fn admit(tx: &Tx, source: &Address, destination: Option<&Address>) -> Result<u64, SqsError> {
    let queue = tx.get(QUEUES, &source.key())?.ok_or_else(|| missing("SourceArn"))?;
    let refuse = |message: &str| Err(SqsError::InvalidParameterValue(message.into()));
    let arn = source.arn().to_string();
    let mut sources = tx.scan_index_keys(BY_DEAD_LETTER_TARGET, Span::under((arn.as_str(),)));
    if sources.next().transpose()?.is_none() {
        return refuse("Source queue must be configured as a Dead Letter Queue.");
    }
    if let Some(destination) = destination {
        if !tx.contains(QUEUES, &destination.key())? {
            return Err(missing("DestinationArn"));
        }
        if destination == source {
            return refuse("Source queue arn and destination queue arn cannot be the same.");
        }
        if destination.is_fifo() != source.is_fifo() {
            return refuse("Destination queue must be same type of queue as the source.");
        }
    }
    for task in tx.scan(MOVE_TASKS, of_source(source)) {
        if matches!(task?.1.status, MoveStatus::Running | MoveStatus::Cancelling) {
            return refuse(
                "There is already a task running. Only one active task is allowed for a source queue arn at a given \
                 time.",
            );
        }
    }
    Ok(tx.get(STOCKS, &queue.number)?.unwrap_or_default().messages)
}

fn of_source(source: &Address) -> Span<MoveTaskKey> {
    Span::under(source.key())
}

fn key_of(source: &Address, started: i64, id: String) -> MoveTaskKey {
    let Address { account, region, name } = source.clone();
    (account, region, name, started, id)
}

/// Makes room for one more task of the source.
fn forget_oldest(tx: &mut Tx, key: &MoveTaskKey) -> Result<(), SqsError> {
    let span = Span::under((key.0.as_str(), key.1.as_str(), key.2.as_str()));
    let keys: Vec<_> = tx.scan_keys(MOVE_TASKS, span).collect::<Result<_, _>>()?;
    let surplus = (keys.len() + 1).saturating_sub(TASKS_MAX);
    for key in &keys[..surplus] {
        tx.delete(MOVE_TASKS, key)?;
    }
    Ok(())
}

/// CancelMessageMoveTask: what was moved stays moved.
pub async fn cancel(
    ctx: &Ctx,
    sqs: &Sqs,
    input: CancelMessageMoveTaskRequest,
) -> Result<CancelMessageMoveTaskResult, SqsError> {
    meter(ctx, 0);
    let (source, key) = open_handle(ctx, &input.task_handle)?;
    let (live, now) = (sqs.live.clone(), ctx.now());
    let moved = sqs
        .store
        .write(move |tx| {
            if !tx.contains(QUEUES, &source.key())? {
                return Err(missing("SourceArn"));
            }
            let task = tx.get(MOVE_TASKS, &key)?;
            let mut task = task.ok_or_else(|| SqsError::ResourceNotFound("Task does not exist.".into()))?;
            if task.status != MoveStatus::Running {
                return Err(SqsError::UnsupportedOperation(
                    "A message movement task can only be cancelled when its status is RUNNING.".into(),
                ));
            }
            task.status = MoveStatus::Cancelling;
            task.next_move = Some(now);
            tx.put(MOVE_TASKS, &key, &task)?;
            let mut ripple = Ripple::default();
            ripple.moves();
            ripple.on_commit(tx, &live);
            Ok(task.moved)
        })
        .await?;
    Ok(CancelMessageMoveTaskResult { approximate_number_of_messages_moved: Some(moved.cast_signed()) })
}

/// ListMessageMoveTasks: the latest first.
pub async fn list(
    ctx: &Ctx,
    sqs: &Sqs,
    input: ListMessageMoveTasksRequest,
) -> Result<ListMessageMoveTasksResult, SqsError> {
    meter(ctx, 0);
    let source = parse_arn(ctx, "SourceArn", &input.source_arn)?;
    let count = usize::try_from(input.max_results.unwrap_or(1)).unwrap_or_default();
    if !(1..=TASKS_MAX).contains(&count) {
        let asked = input.max_results.unwrap_or_default();
        let reason = "Must be between 1 and 10, if provided.";
        return Err(SqsError::parameter("MaxResults", asked, reason));
    }
    if sqs.find(&source)?.is_none() {
        return Err(missing("SourceArn"));
    }
    let tasks: Vec<_> = sqs.store.read(|tx| {
        let tasks = tx.scan_back(MOVE_TASKS, of_source(&source)).take(count);
        tasks.collect::<Result<_, _>>()
    })?;
    let results = tasks.into_iter().map(|(key, task)| show(ctx, &source, &key, task));
    Ok(ListMessageMoveTasksResult { results: Some(results.collect()) })
}

fn show(ctx: &Ctx, source: &Address, key: &MoveTaskKey, task: MoveTask) -> ListMessageMoveTasksResultEntry {
    ListMessageMoveTasksResultEntry {
        // The handle is for cancelling, so only a task that can be cancelled has one.
        task_handle: (task.status == MoveStatus::Running).then(|| seal_handle(ctx, source, key)),
        status: Some(task.status.as_str().into()),
        source_arn: Some(source.arn().to_string()),
        destination_arn: task.destination_arn,
        max_number_of_messages_per_second: task.per_second_max.map(u32::cast_signed),
        approximate_number_of_messages_moved: Some(task.moved.cast_signed()),
        approximate_number_of_messages_to_move: Some(task.to_move.cast_signed()),
        failure_reason: task.failure,
        started_timestamp: Some(key.3),
    }
}

fn parse_arn(ctx: &Ctx, name: &str, arn: &str) -> Result<Address, SqsError> {
    let address = Address::from_arn(arn).ok_or_else(|| {
        SqsError::InvalidParameterValue(format!(
            "You must use this format to specify the {name}: \
             arn:<partition>:<service>:<region>:<account-id>:<resource-id>"
        ))
    })?;
    if address.region != ctx.region.as_str() {
        return Err(missing(name));
    }
    Ok(address)
}

fn missing(name: &str) -> SqsError {
    SqsError::ResourceNotFound(format!("The resource that you specified for the {name} parameter doesn't exist."))
}

const HANDLE_SCOPE: &str = "sqs move task";

fn seal_handle(ctx: &Ctx, source: &Address, key: &MoveTaskKey) -> String {
    let text = format!("{} {} {}", source.arn(), key.3, key.4);
    ctx.house.pager.seal(HANDLE_SCOPE, &text)
}

fn open_handle(ctx: &Ctx, handle: &str) -> Result<(Address, MoveTaskKey), SqsError> {
    let text = ctx.house.pager.open(HANDLE_SCOPE, handle).ok();
    let parse = |text: &str| {
        let mut parts = text.split(' ');
        let source = Address::from_arn(parts.next()?)?;
        let started = parts.next()?.parse().ok()?;
        let key = key_of(&source, started, parts.next()?.to_owned());
        Some((source, key))
    };
    text.as_deref()
        .and_then(parse)
        .ok_or_else(|| SqsError::InvalidParameterValue("Value for parameter TaskHandle is invalid.".into()))
}

/// Takes every task that is due one step further.
pub async fn advance(ctx: &Ctx, sqs: &Sqs) -> Result<Next, SqsError> {
    loop {
        let first = sqs.store.read(|tx| tx.scan_index_keys(BY_NEXT_MOVE, Span::all()).next().transpose())?;
        let Some((due, key)) = first else { return Ok(Next::WhenWoken) };
        let now = ctx.now();
        if due > now.millis() {
            return Ok(Next::At(Timestamp::from_millis(due)));
        }
        let live = sqs.live.clone();
        sqs.store
            .write(move |tx| {
                let mut ripple = Ripple::default();
                step(tx, &mut ripple, &key, now)?;
                ripple.on_commit(tx, &live);
                Ok::<_, SqsError>(())
            })
            .await?;
    }
}

/// One step of one task.
fn step(tx: &mut Tx, ripple: &mut Ripple, key: &MoveTaskKey, now: Timestamp) -> Result<(), SqsError> {
    let Some(mut task) = tx.get(MOVE_TASKS, key)? else { return Ok(()) };
    let (account, region, name, ..) = key.clone();
    let source = Address { account, region, name };
    if task.status == MoveStatus::Cancelling {
        task.end(MoveStatus::Cancelled);
        return Ok(tx.put(MOVE_TASKS, key, &task)?);
    }
    let budget = task.per_second_max.unwrap_or(PER_SECOND_MAX) as usize;
    let number = tx.get(QUEUES, &source.key())?.map(|queue| queue.number);
    let Some(number) = number else {
        task.fail(errors::QUEUE_DOES_NOT_EXIST.code);
        return Ok(tx.put(MOVE_TASKS, key, &task)?);
    };
    let messages = visible(tx, &source, number, now, budget, &[])?;
    let exhausted = messages.len() < budget;
    let mut inventory = Inventory { tx, ripple, now };
    for (message_key, message) in messages {
        if let Err(reason) = carry(&mut inventory, &task, &message_key, message)? {
            task.fail(reason);
            break;
        }
        task.moved += 1;
    }
    if task.status == MoveStatus::Running {
        match task.per_second_max {
            _ if exhausted => task.end(MoveStatus::Completed),
            Some(_) => task.next_move = Some(now + STEP),
            None => task.next_move = Some(now),
        }
    }
    Ok(tx.put(MOVE_TASKS, key, &task)?)
}

/// Moves one message; the inner error is the reason why the task fails.
fn carry(
    inventory: &mut Inventory,
    task: &MoveTask,
    key: &MessageKey,
    before: Message,
) -> Result<Result<(), &'static str>, SqsError> {
    let arn = task.destination_arn.as_ref().or(before.dead_letter_source.as_ref());
    let Some(address) = arn.and_then(|arn| Address::from_arn(arn)) else {
        return Ok(Err("CouldNotDetermineMessageSource"));
    };
    let Some(queue) = inventory.tx.get(QUEUES, &address.key())? else {
        return Ok(Err(errors::QUEUE_DOES_NOT_EXIST.code));
    };
    let now = inventory.now;
    let content = inventory.content(key, &before)?;
    inventory.remove(key, &before)?;
    // "Redriven messages are considered new messages": a new id, a new age, no receives.
    let delay = Duration::from_secs(u64::from(queue.settings.delay_seconds));
    let message = Message {
        message_id: ids::uuid(),
        content: Some(content),
        visible_at: now + delay,
        receive_count: 0,
        first_received: None,
        last_received: None,
        dead_letter_source: None,
        ..before
    };
    inventory.add(queue.number, now, message, queue.settings.retention_seconds)?;
    Ok(Ok(()))
}

impl MoveTask {
    fn end(&mut self, status: MoveStatus) {
        self.status = status;
        self.next_move = None;
    }

    fn fail(&mut self, reason: &str) {
        self.end(MoveStatus::Failed);
        self.failure = Some(reason.to_owned());
    }
}
