//! The targets of a rule.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html>

use haar_platform::aws::events as aws;
use haar_platform::kernel::{Access, Arn, Ctx, Fault};
use serde_json::Value;

use super::Events;
use super::access;
use super::error::Error;
use super::json_path::JsonPath;
use super::model::{Input, Target};
use super::paging::{self, Page};
use super::place::BusPlace;
use super::rule;
use super::transform;

/// Targets of a rule.
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html>
const TARGETS_MAX: usize = 5;

/// The rule, and the roles of the targets, which must be passed.
pub fn put_access(ctx: &Ctx, events: &Events, input: &aws::PutTargetsRequest) -> Result<Access, Fault> {
    let mut access = access::rule(ctx, events, input.event_bus_name.as_deref(), &input.rule)?;
    let arns = input.targets.iter().map(|target| target.arn.clone()).collect();
    access.keys.push(("events:TargetArn".into(), arns));
    let roles = input.targets.iter().filter_map(|target| target.role_arn.as_deref());
    Ok(access::passing(access, roles))
}

/// PutTargets: a target takes the place of one with the same id.
pub async fn put(ctx: &Ctx, events: &Events, input: aws::PutTargetsRequest) -> Result<aws::PutTargetsResponse, Fault> {
    let place = BusPlace::named(ctx, input.event_bus_name.as_deref())?;
    let mut targets = Vec::new();
    for target in input.targets {
        if targets.iter().any(|known: &Target| known.id == target.id) {
            return Err(Error::validation(format!("Target ids must be unique: {} is repeated.", target.id)).into());
        }
        targets.push(check(ctx, target)?);
    }
    rule::change(events, &place, &input.rule, move |_, rule| {
        for target in targets {
            match rule.targets.iter_mut().find(|known| known.id == target.id) {
                Some(known) => *known = target,
                None => rule.targets.push(target),
            }
        }
        if rule.targets.len() > TARGETS_MAX {
            return Err(Error::LimitExceeded);
        }
        Ok(())
    })
    .await?;
    Ok(aws::PutTargetsResponse { failed_entry_count: Some(0), failed_entries: Some(Vec::new()) })
}

/// RemoveTargets. Ids that are not there are no error.
pub async fn remove(
    ctx: &Ctx,
    events: &Events,
    input: aws::RemoveTargetsRequest,
) -> Result<aws::RemoveTargetsResponse, Error> {
    let place = BusPlace::named(ctx, input.event_bus_name.as_deref())?;
    rule::change(events, &place, &input.rule, move |_, rule| {
        rule.targets.retain(|target| !input.ids.contains(&target.id));
        Ok(())
    })
    .await?;
    Ok(aws::RemoveTargetsResponse { failed_entry_count: Some(0), failed_entries: Some(Vec::new()) })
}

/// ListTargetsByRule.
pub async fn list(
    ctx: &Ctx,
    events: &Events,
    input: aws::ListTargetsByRuleRequest,
) -> Result<aws::ListTargetsByRuleResponse, Error> {
    let place = BusPlace::named(ctx, input.event_bus_name.as_deref())?;
    let mut targets = events.store.read(|tx| rule::find(tx, &place, &input.rule))?.targets;
    targets.sort_by(|one, other| one.id.cmp(&other.id));
    let Page { items, next } =
        paging::cut(ctx, "targets", input.next_token, input.limit, targets, |target| &target.id)?;
    let targets = items.into_iter().map(answer).collect();
    Ok(aws::ListTargetsByRuleResponse { targets: Some(targets), next_token: next })
}

/// A target as it is kept, if we can do what it asks for.
fn check(ctx: &Ctx, target: aws::Target) -> Result<Target, Fault> {
    refuse_parameters(&target)?;
    let arn: Arn = target.arn.parse().map_err(|_| malformed(&target.arn))?;
    if !ctx.serves_target(&arn) {
        let reason = "haar serves no target by that ARN. COMPATIBILITY.md lists what it serves.";
        return Err(Error::parameter(&target.arn, reason).into());
    }
    let is_bus = BusPlace::of_arn(&arn).is_some();
    let input = input(&target)?;
    if is_bus && input != Input::Event {
        let message = "Parameter(s) Input, InputPath and InputTransformer are not supported for an event bus as target";
        return Err(Error::validation(format!("{message} {}.", target.id)).into());
    }
    let message_group_id = target.sqs_parameters.and_then(|parameters| parameters.message_group_id);
    if arn.service == "sqs" && arn.resource.ends_with(".fifo") != message_group_id.is_some() {
        let message = match message_group_id {
            None => format!("Parameter(s) SqsParameters must be specified for target: {}.", target.id),
            Some(_) => format!("SqsParameters is only supported for FIFO queues: target {}.", target.id),
        };
        return Err(Error::validation(message).into());
    }
    if let Some(role) = target.role_arn.as_ref().filter(|role| role.parse::<Arn>().is_err()) {
        return Err(malformed(role).into());
    }
    let dead_letter_arn = target.dead_letter_config.and_then(|config| config.arn);
    if let Some(queue) = &dead_letter_arn {
        let queue_arn: Arn = queue.parse().map_err(|_| malformed(queue))?;
        if queue_arn.service != "sqs" || queue_arn.resource.ends_with(".fifo") {
            return Err(Error::parameter("DeadLetterConfig.Arn", "It must be a standard SQS queue.").into());
        }
    }
    let policy = target.retry_policy.unwrap_or_default();
    let limit = |limit: Option<i32>| limit.and_then(|limit| u32::try_from(limit).ok());
    Ok(Target {
        id: target.id,
        arn: target.arn,
        role_arn: target.role_arn,
        input,
        message_group_id,
        dead_letter_arn,
        attempts_max: limit(policy.maximum_retry_attempts),
        age_seconds_max: limit(policy.maximum_event_age_in_seconds),
    })
}

fn malformed(arn: &str) -> Error {
    Error::parameter(arn, "Provided Arn is not in correct format.")
}

/// What belongs to targets that nobody serves.
fn refuse_parameters(target: &aws::Target) -> Result<(), Fault> {
    let asked = [
        ("KinesisParameters", target.kinesis_parameters.is_some()),
        ("RunCommandParameters", target.run_command_parameters.is_some()),
        ("EcsParameters", target.ecs_parameters.is_some()),
        ("BatchParameters", target.batch_parameters.is_some()),
        ("HttpParameters", target.http_parameters.is_some()),
        ("RedshiftDataParameters", target.redshift_data_parameters.is_some()),
        ("SageMakerPipelineParameters", target.sage_maker_pipeline_parameters.is_some()),
        ("AppSyncParameters", target.app_sync_parameters.is_some()),
    ];
    match asked.iter().find(|(_, asked)| *asked) {
        Some((name, _)) => Err(Fault::not_served(format_args!("targets with {name}"))),
        None => Ok(()),
    }
}

fn input(target: &aws::Target) -> Result<Input, Error> {
    let id = &target.id;
    let input = match (&target.input, &target.input_path, &target.input_transformer) {
        (None, None, None) => Input::Event,
        (Some(text), None, None) => {
            if let Err(why) = serde_json::from_str::<Value>(text) {
                return Err(Error::validation(format!("JSON syntax error in input for target {id} : {why}.")));
            }
            Input::Constant(text.clone())
        }
        (None, Some(path), None) => {
            check_path(path, id)?;
            Input::Part(path.clone())
        }
        (None, None, Some(transformer)) => {
            let paths = transformer.input_paths_map.clone().unwrap_or_default();
            for (name, path) in &paths {
                if transform::is_reserved(name) {
                    return Err(Error::validation(format!(
                        "Invalid variable {name} in InputPathsMap for target {id}: names must not begin with AWS."
                    )));
                }
                check_path(path, id)?;
            }
            Input::Transformed { paths, template: transformer.input_template.clone() }
        }
        _ => {
            let message = "Only one of Input, InputPath, or InputTransformer must be provided for target";
            return Err(Error::validation(format!("{message} {id}.")));
        }
    };
    if let Some(name) = transform::unknown_variables(&input).first() {
        let message = format!("InputTemplate for target {id} contains invalid placeholder {name}.");
        return Err(Error::validation(message));
    }
    Ok(input)
}

fn check_path(path: &str, id: &str) -> Result<(), Error> {
    match JsonPath::parse(path) {
        Some(_) => Ok(()),
        None => Err(Error::validation(format!("InputPath {path} for target {id} is not a valid JSON path."))),
    }
}

fn answer(target: Target) -> aws::Target {
    let retry_policy = (target.attempts_max.is_some() || target.age_seconds_max.is_some()).then(|| aws::RetryPolicy {
        maximum_retry_attempts: target.attempts_max.map(|attempts| attempts as i32),
        maximum_event_age_in_seconds: target.age_seconds_max.map(|seconds| seconds as i32),
    });
    let mut answer = aws::Target {
        id: target.id,
        arn: target.arn,
        role_arn: target.role_arn,
        sqs_parameters: target.message_group_id.map(|group| aws::SqsParameters { message_group_id: Some(group) }),
        dead_letter_config: target.dead_letter_arn.map(|arn| aws::DeadLetterConfig { arn: Some(arn) }),
        retry_policy,
        ..Default::default()
    };
    match target.input {
        Input::Event => {}
        Input::Constant(text) => answer.input = Some(text),
        Input::Part(path) => answer.input_path = Some(path),
        Input::Transformed { paths, template } => {
            answer.input_transformer = Some(aws::InputTransformer {
                input_paths_map: (!paths.is_empty()).then_some(paths),
                input_template: template,
            });
        }
    }
    answer
}
