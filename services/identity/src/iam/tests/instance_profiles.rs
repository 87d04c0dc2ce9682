//! Instance profiles.

use super::*;

async fn profile(house: &House, name: &str) -> api::InstanceProfile {
    let input = api::CreateInstanceProfileRequest { instance_profile_name: name.into(), ..Default::default() };
    house.call::<api::CreateInstanceProfile>(input).await.unwrap().instance_profile
}

fn put(profile: &str, role: &str) -> api::AddRoleToInstanceProfileRequest {
    api::AddRoleToInstanceProfileRequest { instance_profile_name: profile.into(), role_name: role.into() }
}

fn take(profile: &str, role: &str) -> api::RemoveRoleFromInstanceProfileRequest {
    api::RemoveRoleFromInstanceProfileRequest { instance_profile_name: profile.into(), role_name: role.into() }
}

#[tokio::test]
async fn a_profile_holds_one_role() {
    let house = open();
    let made = profile(&house, "machine").await;
    assert_eq!(made.arn, "arn:aws:iam::000000000000:instance-profile/machine");
    assert!(made.instance_profile_id.starts_with("AIPA") && made.roles.is_empty());
    house.role("worker").await;
    house.role("second").await;
    house.call::<api::AddRoleToInstanceProfile>(put("machine", "worker")).await.unwrap();
    let refused = house.refused::<api::AddRoleToInstanceProfile>(put("machine", "second")).await;
    assert_eq!(refused, error("LimitExceeded", "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1"));
    let input = api::GetInstanceProfileRequest { instance_profile_name: "machine".into() };
    let found = house.call::<api::GetInstanceProfile>(input).await.unwrap().instance_profile;
    assert_eq!(found.roles[0].role_name, "worker");
}

#[tokio::test]
async fn profiles_are_found_by_their_role() {
    let house = open();
    house.role("worker").await;
    for name in ["first", "second", "third"] {
        profile(&house, name).await;
    }
    house.call::<api::AddRoleToInstanceProfile>(put("first", "worker")).await.unwrap();
    house.call::<api::AddRoleToInstanceProfile>(put("third", "worker")).await.unwrap();
    let input = api::ListInstanceProfilesForRoleRequest { role_name: "worker".into(), ..Default::default() };
    let found = house.call::<api::ListInstanceProfilesForRole>(input).await.unwrap().instance_profiles;
    let names: Vec<_> = found.iter().map(|profile| profile.instance_profile_name.as_str()).collect();
    assert_eq!(names, ["first", "third"]);
    let all = house.call::<api::ListInstanceProfiles>(Default::default()).await.unwrap().instance_profiles;
    assert_eq!(all.len(), 3);
}

#[tokio::test]
async fn neither_goes_while_they_belong_together() {
    let house = open();
    house.role("worker").await;
    profile(&house, "machine").await;
    house.call::<api::AddRoleToInstanceProfile>(put("machine", "worker")).await.unwrap();
    let conflict = error("DeleteConflict", "Cannot delete entity, must remove roles from instance profile first.");
    let input = api::DeleteRoleRequest { role_name: "worker".into() };
    assert_eq!(house.refused::<api::DeleteRole>(input).await, conflict);
    let delete = || api::DeleteInstanceProfileRequest { instance_profile_name: "machine".into() };
    assert_eq!(house.refused::<api::DeleteInstanceProfile>(delete()).await, conflict);
    house.call::<api::RemoveRoleFromInstanceProfile>(take("machine", "worker")).await.unwrap();
    let refused = house.refused::<api::RemoveRoleFromInstanceProfile>(take("machine", "worker")).await;
    assert_eq!(refused.0, "NoSuchEntity");
    house.call::<api::DeleteInstanceProfile>(delete()).await.unwrap();
    let refused = house.refused::<api::DeleteInstanceProfile>(delete()).await;
    assert_eq!(refused, error("NoSuchEntity", "Instance Profile machine cannot be found."));
}
