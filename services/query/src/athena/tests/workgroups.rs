//! Workgroups: their settings, and who may use them.

use super::*;

fn named(name: &str) -> CreateWorkGroupInput {
    CreateWorkGroupInput { name: name.into(), ..Default::default() }
}

async fn find(house: &TestHouse, name: &str) -> Result<WorkGroup, Fault> {
    let request = GetWorkGroupInput { work_group: name.into() };
    Ok(house.call::<aws::GetWorkGroup>(request).await?.work_group.unwrap())
}

async fn names(house: &TestHouse, size: i32) -> Vec<Vec<String>> {
    let (mut pages, mut next_token) = (Vec::new(), None);
    loop {
        let request = ListWorkGroupsInput { max_results: Some(size), next_token };
        let answer = house.call::<aws::ListWorkGroups>(request).await.unwrap();
        pages.push(answer.work_groups.unwrap().into_iter().filter_map(|group| group.name).collect());
        next_token = answer.next_token;
        if next_token.is_none() {
            return pages;
        }
    }
}

#[tokio::test]
async fn primary_is_there_from_the_beginning() {
    let house = open().await;
    let primary = find(&house, "primary").await.unwrap();
    assert_eq!(primary.state, Some(WorkGroupState::Enabled));
    let configuration = primary.configuration.unwrap();
    assert_eq!(configuration.enforce_work_group_configuration, Some(false));
    let version = configuration.engine_version.unwrap();
    assert_eq!(version.selected_engine_version.as_deref(), Some("AUTO"));
    assert_eq!(version.effective_engine_version.as_deref(), Some("Athena engine version 3"));
    let request = DeleteWorkGroupInput { work_group: "primary".into(), ..Default::default() };
    assert!(refusal(house.call::<aws::DeleteWorkGroup>(request).await).starts_with("InvalidRequestException: "));
}

#[tokio::test]
async fn lists_have_primary_in_its_place() {
    let house = open().await;
    for name in ["a", "z"] {
        house.call::<aws::CreateWorkGroup>(named(name)).await.unwrap();
    }
    assert_eq!(names(&house, 50).await, [["a", "primary", "z"]]);
    assert_eq!(names(&house, 2).await, [vec!["a", "primary"], vec!["z"]]);
    assert_eq!(names(&house, 1).await, [["a"], ["primary"], ["z"]]);
}

#[tokio::test]
async fn an_update_changes_what_it_names() {
    let house = open().await;
    let configuration = WorkGroupConfiguration {
        bytes_scanned_cutoff_per_query: Some(10_000_000),
        result_configuration: Some(ResultConfiguration {
            output_location: Some("s3://results/a/".into()),
            ..Default::default()
        }),
        ..Default::default()
    };
    let request =
        CreateWorkGroupInput { configuration: Some(configuration), description: Some("d".into()), ..named("w") };
    house.call::<aws::CreateWorkGroup>(request).await.unwrap();
    let updates = WorkGroupConfigurationUpdates {
        remove_bytes_scanned_cutoff_per_query: Some(true),
        requester_pays_enabled: Some(true),
        ..Default::default()
    };
    let request = UpdateWorkGroupInput {
        work_group: "w".into(),
        state: Some(WorkGroupState::Disabled),
        configuration_updates: Some(updates),
        ..Default::default()
    };
    house.call::<aws::UpdateWorkGroup>(request).await.unwrap();
    let found = find(&house, "w").await.unwrap();
    assert_eq!((found.state, found.description.as_deref()), (Some(WorkGroupState::Disabled), Some("d")));
    let configuration = found.configuration.unwrap();
    assert_eq!(configuration.bytes_scanned_cutoff_per_query, None);
    assert_eq!(configuration.requester_pays_enabled, Some(true));
    assert_eq!(configuration.result_configuration.unwrap().output_location.as_deref(), Some("s3://results/a/"));
}

#[tokio::test]
async fn refusals_are_awss() {
    let house = open().await;
    house.call::<aws::CreateWorkGroup>(named("w")).await.unwrap();
    assert_eq!(
        refusal(house.call::<aws::CreateWorkGroup>(named("w")).await),
        "InvalidRequestException: WorkGroup is already created"
    );
    assert_eq!(refusal(find(&house, "x").await), "InvalidRequestException: WorkGroup x is not found.");
    let spark = WorkGroupConfiguration {
        engine_version: Some(EngineVersion {
            selected_engine_version: Some("PySpark engine version 3".into()),
            ..Default::default()
        }),
        ..Default::default()
    };
    let request = CreateWorkGroupInput { configuration: Some(spark), ..named("spark") };
    assert!(refusal(house.call::<aws::CreateWorkGroup>(request).await).starts_with("NotImplemented: "));
    let request = CreateWorkGroupInput {
        configuration: Some(WorkGroupConfiguration {
            result_configuration: Some(ResultConfiguration {
                output_location: Some("results".into()),
                ..Default::default()
            }),
            ..Default::default()
        }),
        ..named("bad")
    };
    assert_eq!(
        refusal(house.call::<aws::CreateWorkGroup>(request).await),
        "InvalidRequestException: outputLocation is not a valid S3 path."
    );
}

#[tokio::test]
async fn one_with_contents_is_deleted_only_recursively() {
    let house = open().await;
    house.call::<aws::CreateWorkGroup>(named("w")).await.unwrap();
    let request = CreateNamedQueryInput {
        name: "q".into(),
        database: "db".into(),
        query_string: "SELECT 1".into(),
        work_group: Some("w".into()),
        ..Default::default()
    };
    let id = house.call::<aws::CreateNamedQuery>(request).await.unwrap().named_query_id.unwrap();
    let mut request = DeleteWorkGroupInput { work_group: "w".into(), ..Default::default() };
    assert_eq!(
        refusal(house.call::<aws::DeleteWorkGroup>(request.clone()).await),
        "InvalidRequestException: WorkGroup w is not empty"
    );
    request.recursive_delete_option = Some(true);
    house.call::<aws::DeleteWorkGroup>(request).await.unwrap();
    let request = GetNamedQueryInput { named_query_id: id.clone() };
    assert_eq!(
        refusal(house.call::<aws::GetNamedQuery>(request).await),
        format!("InvalidRequestException: NamedQuery {id} was not found")
    );
}
