//! Roles linked to a service: made and deleted through it, with a name and trust policy that are its own.

use haar_platform::aws::iam as api;
use haar_platform::kernel::{Access, Ctx, Fault, ids};
use haar_platform::store::Read;

use super::error::Error;
use super::model::{DELETION_TASKS, DeletionTask, Kind, PolicySet, Role};
use super::request::About;
use super::{Iam, access, entity, role};

/// The services that have such roles, and what follows `AWSServiceRoleFor` in their names.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-services-that-work-with-iam.html>
const SERVICES: [(&str, &str); 35] = [
    ("access-analyzer.amazonaws.com", "AccessAnalyzer"),
    ("airflow.amazonaws.com", "AmazonMWAA"),
    ("apidestinations.events.amazonaws.com", "AmazonEventBridgeApiDestinations"),
    ("autoscaling.amazonaws.com", "AutoScaling"),
    ("backup.amazonaws.com", "Backup"),
    ("batch.amazonaws.com", "Batch"),
    ("cloudtrail.amazonaws.com", "CloudTrail"),
    ("cloudwatch-crossaccount.amazonaws.com", "CloudWatchCrossAccount"),
    ("config.amazonaws.com", "Config"),
    ("ecs.amazonaws.com", "ECS"),
    ("eks.amazonaws.com", "AmazonEKS"),
    ("elasticache.amazonaws.com", "ElastiCache"),
    ("elasticloadbalancing.amazonaws.com", "ElasticLoadBalancing"),
    ("elasticmapreduce.amazonaws.com", "EMRCleanup"),
    ("es.amazonaws.com", "AmazonElasticsearchService"),
    ("events.amazonaws.com", "CloudWatchEvents"),
    ("globalaccelerator.amazonaws.com", "GlobalAccelerator"),
    ("guardduty.amazonaws.com", "AmazonGuardDuty"),
    ("kafka.amazonaws.com", "Kafka"),
    ("lakeformation.amazonaws.com", "LakeFormationDataAccess"),
    ("logger.cloudfront.amazonaws.com", "CloudFrontLogger"),
    ("opensearchservice.amazonaws.com", "AmazonOpenSearchService"),
    ("organizations.amazonaws.com", "Organizations"),
    ("ram.amazonaws.com", "ResourceAccessManager"),
    ("rds.amazonaws.com", "RDS"),
    ("redshift.amazonaws.com", "Redshift"),
    ("replicator.lambda.amazonaws.com", "LambdaReplicator"),
    ("schemas.amazonaws.com", "Schemas"),
    ("securityhub.amazonaws.com", "SecurityHub"),
    ("spot.amazonaws.com", "EC2Spot"),
    ("spotfleet.amazonaws.com", "EC2SpotFleet"),
    ("ssm.amazonaws.com", "AmazonSSM"),
    ("sso.amazonaws.com", "SSO"),
    ("support.amazonaws.com", "Support"),
    ("trustedadvisor.amazonaws.com", "TrustedAdvisor"),
];

/// The one among them that makes several roles, told apart by a suffix.
const WITH_SUFFIX: &str = "autoscaling.amazonaws.com";

/// Such roles live under this path, then the service's name.
const PATH: &str = "/aws-service-role/";

pub fn touch_new(ctx: &Ctx, _: &Iam, input: &api::CreateServiceLinkedRoleRequest) -> Result<Access, Fault> {
    let service = &input.aws_service_name;
    let name = name(service, input.custom_suffix.as_deref()).unwrap_or_else(|_| "*".to_owned());
    let access = access::to_create(ctx, Kind::Role, Some(&format!("{PATH}{service}/")), &name, None, None);
    Ok(access.with_key("iam:AWSServiceName", service.as_str()))
}

pub async fn create(
    ctx: &Ctx,
    iam: &Iam,
    input: api::CreateServiceLinkedRoleRequest,
) -> Result<api::CreateServiceLinkedRoleResponse, Error> {
    let service = input.aws_service_name;
    let name = name(&service, input.custom_suffix.as_deref())?;
    let role = Role {
        head: entity::head(ctx, Kind::Role, Some(format!("{PATH}{service}/")), name, Vec::new()),
        policies: PolicySet::default(),
        trust_policy: trust_policy(&service),
        description: input.description,
        max_session_seconds: 3600,
        linked_service: Some(service),
    };
    let answer = role::brief(&role);
    iam.change(move |tx| match entity::create(tx, &role) {
        Err(Error::EntityAlreadyExists(_)) => Err(Error::InvalidInput(format!(
            "Service role name {} has been taken in this account, please try a different suffix.",
            role.head.name
        ))),
        outcome => outcome,
    })
    .await?;
    Ok(api::CreateServiceLinkedRoleResponse { role: Some(answer) })
}

/// AWS asks the service whether the role is still needed; no service of ours needs one, so it goes at once.
pub async fn delete(
    ctx: &Ctx,
    iam: &Iam,
    input: api::DeleteServiceLinkedRoleRequest,
) -> Result<api::DeleteServiceLinkedRoleResponse, Error> {
    let (account, finished) = (ctx.account.to_string(), ctx.now());
    let deletion_task_id = iam
        .change(move |tx| {
            let role = input.find(tx, &account)?;
            let Some(service) = &role.linked_service else {
                return Err(Error::no_such(Kind::Role, &input.role_name));
            };
            let task_id = format!("task{PATH}{service}/{}/{}", role.head.name, ids::uuid());
            let task = DeletionTask { role_arn: entity::arn(&role), finished };
            tx.put(DELETION_TASKS, &(account, task_id.clone()), &task)?;
            role::remove(tx, &role)?;
            Ok(task_id)
        })
        .await?;
    Ok(api::DeleteServiceLinkedRoleResponse { deletion_task_id })
}

/// A task touches the role that it deletes.
pub fn touch_task(ctx: &Ctx, _: &Iam, input: &api::GetServiceLinkedRoleDeletionStatusRequest) -> Result<Access, Fault> {
    let path_and_name = input.deletion_task_id.strip_prefix("task").unwrap_or_default();
    let (path_and_name, _) = path_and_name.rsplit_once('/').unwrap_or(("/*", ""));
    Ok(Access::to(&ctx.global_arn("iam", format!("role{path_and_name}"))))
}

pub async fn deletion_status(
    ctx: &Ctx,
    iam: &Iam,
    input: api::GetServiceLinkedRoleDeletionStatusRequest,
) -> Result<api::GetServiceLinkedRoleDeletionStatusResponse, Error> {
    let task_id = &input.deletion_task_id;
    let task = (ctx.account.as_str(), task_id.as_str());
    if !iam.store.read(|tx| tx.contains(DELETION_TASKS, &task))? {
        return Err(Error::NoSuchEntity(format!("The deletion task with id {task_id} cannot be found.")));
    }
    let status = api::DeletionTaskStatusType::Succeeded;
    Ok(api::GetServiceLinkedRoleDeletionStatusResponse { status, reason: None })
}

fn name(service: &str, suffix: Option<&str>) -> Result<String, Error> {
    let found = SERVICES.iter().find(|(known, _)| *known == service);
    let (_, name) = found.ok_or_else(|| {
        Error::InvalidInput(format!("Service-linked roles are not supported for the service {service}."))
    })?;
    match suffix {
        None => Ok(format!("AWSServiceRoleFor{name}")),
        Some(suffix) if service == WITH_SUFFIX => Ok(format!("AWSServiceRoleFor{name}_{suffix}")),
        Some(_) => Err(Error::InvalidInput(format!("Custom suffix is not allowed for {service}"))),
    }
}

fn trust_policy(service: &str) -> String {
    let statement = serde_json::json!({
        "Effect": "Allow",
        "Principal": { "Service": service },
        "Action": "sts:AssumeRole",
    });
    serde_json::json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
}
