//! Service-linked roles.

use super::*;

fn create(service: &str) -> api::CreateServiceLinkedRoleRequest {
    api::CreateServiceLinkedRoleRequest { aws_service_name: service.into(), ..Default::default() }
}

#[tokio::test]
async fn the_name_and_path_are_the_services() {
    let house = open();
    let input = create("elasticache.amazonaws.com");
    let role = house.call::<api::CreateServiceLinkedRole>(input).await.unwrap().role.unwrap();
    let arn = "arn:aws:iam::000000000000:role/aws-service-role/elasticache.amazonaws.com/AWSServiceRoleForElastiCache";
    assert_eq!(role.arn, arn);
    assert!(role.assume_role_policy_document.unwrap().contains("elasticache.amazonaws.com"));
}

#[tokio::test]
async fn there_is_one_per_service_and_account() {
    let house = open();
    house.call::<api::CreateServiceLinkedRole>(create("redshift.amazonaws.com")).await.unwrap();
    let refused = house.refused::<api::CreateServiceLinkedRole>(create("redshift.amazonaws.com")).await;
    let text = "Service role name AWSServiceRoleForRedshift has been taken in this account, please try a different \
                suffix.";
    assert_eq!(refused, error("InvalidInput", text));
}

#[tokio::test]
async fn unknown_services_and_unwanted_suffixes_are_refused() {
    let house = open();
    let refused = house.refused::<api::CreateServiceLinkedRole>(create("nothing.amazonaws.com")).await;
    assert_eq!(refused.0, "InvalidInput");
    let suffixed =
        |service| api::CreateServiceLinkedRoleRequest { custom_suffix: Some("mine".into()), ..create(service) };
    let refused = house.refused::<api::CreateServiceLinkedRole>(suffixed("redshift.amazonaws.com")).await;
    assert_eq!(refused, error("InvalidInput", "Custom suffix is not allowed for redshift.amazonaws.com"));
    let input = suffixed("autoscaling.amazonaws.com");
    let role = house.call::<api::CreateServiceLinkedRole>(input).await.unwrap().role.unwrap();
    assert_eq!(role.role_name, "AWSServiceRoleForAutoScaling_mine");
}

#[tokio::test]
async fn nobody_but_the_service_changes_it() {
    let house = open();
    house.call::<api::CreateServiceLinkedRole>(create("ssm.amazonaws.com")).await.unwrap();
    let role_name = || "AWSServiceRoleForAmazonSSM".to_owned();
    let text = "Cannot perform the operation on the protected role 'AWSServiceRoleForAmazonSSM' - this role is only \
                modifiable by AWS";
    let protected = error("UnmodifiableEntity", text);
    let input = api::AttachRolePolicyRequest { role_name: role_name(), policy_arn: READ_ONLY.into() };
    assert_eq!(house.refused::<api::AttachRolePolicy>(input).await, protected);
    let input =
        api::PutRolePolicyRequest { role_name: role_name(), policy_name: "queues".into(), policy_document: SQS.into() };
    assert_eq!(house.refused::<api::PutRolePolicy>(input).await, protected);
    let input = api::UpdateAssumeRolePolicyRequest { role_name: role_name(), policy_document: TRUST.into() };
    assert_eq!(house.refused::<api::UpdateAssumeRolePolicy>(input).await, protected);
    let input = api::DeleteRoleRequest { role_name: role_name() };
    assert_eq!(house.refused::<api::DeleteRole>(input).await, protected);
    let input = api::UpdateRoleDescriptionRequest { role_name: role_name(), description: "ours".into() };
    house.call::<api::UpdateRoleDescription>(input).await.unwrap();
}

#[tokio::test]
async fn its_deletion_is_a_task_that_can_be_asked_for() {
    let house = open();
    house.call::<api::CreateServiceLinkedRole>(create("ssm.amazonaws.com")).await.unwrap();
    let input = api::DeleteServiceLinkedRoleRequest { role_name: "AWSServiceRoleForAmazonSSM".into() };
    let task = house.call::<api::DeleteServiceLinkedRole>(input).await.unwrap().deletion_task_id;
    assert!(task.starts_with("task/aws-service-role/ssm.amazonaws.com/AWSServiceRoleForAmazonSSM/"), "{task}");
    let input = api::GetServiceLinkedRoleDeletionStatusRequest { deletion_task_id: task };
    let status = house.call::<api::GetServiceLinkedRoleDeletionStatus>(input).await.unwrap().status;
    assert_eq!(status, api::DeletionTaskStatusType::Succeeded);
    let input = api::GetRoleRequest { role_name: "AWSServiceRoleForAmazonSSM".into() };
    assert_eq!(house.refused::<api::GetRole>(input).await.0, "NoSuchEntity");
    let input = api::GetServiceLinkedRoleDeletionStatusRequest { deletion_task_id: "task/nothing".into() };
    assert_eq!(house.refused::<api::GetServiceLinkedRoleDeletionStatus>(input).await.0, "NoSuchEntity");
}

#[tokio::test]
async fn an_ordinary_role_is_not_deleted_as_one() {
    let house = open();
    house.role("worker").await;
    let input = api::DeleteServiceLinkedRoleRequest { role_name: "worker".into() };
    assert_eq!(house.refused::<api::DeleteServiceLinkedRole>(input).await.0, "NoSuchEntity");
}
