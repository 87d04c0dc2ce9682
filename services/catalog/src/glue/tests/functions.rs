//! User-defined functions.

use super::*;

fn create(database: &str, name: &str) -> CreateUserDefinedFunctionRequest {
    let input = UserDefinedFunctionInput {
        function_name: Some(name.into()),
        class_name: Some("org.Upper".into()),
        owner_type: Some(PrincipalType::User),
        resource_uris: Some(vec![ResourceUri {
            resource_type: Some(ResourceType::Jar),
            uri: Some("s3://b/u.jar".into()),
            ..Default::default()
        }]),
        ..Default::default()
    };
    CreateUserDefinedFunctionRequest { database_name: database.into(), function_input: input, ..Default::default() }
}

async fn get(house: &TestHouse, name: &str) -> Result<UserDefinedFunction, Fault> {
    let request =
        GetUserDefinedFunctionRequest { database_name: "db".into(), function_name: name.into(), ..Default::default() };
    Ok(house.call::<aws::GetUserDefinedFunction>(request).await?.user_defined_function.unwrap())
}

#[tokio::test]
async fn a_function_is_made_read_changed_and_deleted() {
    let house = with_database().await;
    house.call::<aws::CreateUserDefinedFunction>(create("db", "Upper")).await.unwrap();
    let again = house.call::<aws::CreateUserDefinedFunction>(create("db", "upper")).await;
    assert_eq!(refusal(again), "AlreadyExistsException: Function already exists.");
    let got = get(&house, "UPPER").await.unwrap();
    assert_eq!((got.function_name.as_deref(), got.class_name.as_deref()), (Some("upper"), Some("org.Upper")));
    assert_eq!(got.resource_uris.unwrap()[0].resource_type, Some(ResourceType::Jar));
    let update = UpdateUserDefinedFunctionRequest {
        database_name: "db".into(),
        function_name: "upper".into(),
        function_input: UserDefinedFunctionInput { class_name: Some("org.Other".into()), ..Default::default() },
        ..Default::default()
    };
    house.call::<aws::UpdateUserDefinedFunction>(update).await.unwrap();
    assert_eq!(get(&house, "upper").await.unwrap().class_name.as_deref(), Some("org.Other"));
    let delete = DeleteUserDefinedFunctionRequest {
        database_name: "db".into(),
        function_name: "upper".into(),
        ..Default::default()
    };
    house.call::<aws::DeleteUserDefinedFunction>(delete).await.unwrap();
    assert_eq!(refusal(get(&house, "upper").await), "EntityNotFoundException: Function upper not found.");
}

#[tokio::test]
async fn lists_go_through_all_databases_page_by_page() {
    let house = with_database().await;
    house.call::<aws::CreateDatabase>(database("other")).await.unwrap();
    for (database, name) in [("db", "b"), ("other", "a"), ("db", "a"), ("other", "x1")] {
        house.call::<aws::CreateUserDefinedFunction>(create(database, name)).await.unwrap();
    }
    let list = |database: Option<&str>, pattern: &str, token: Option<String>| GetUserDefinedFunctionsRequest {
        database_name: database.map(str::to_owned),
        pattern: pattern.into(),
        max_results: Some(1),
        next_token: token,
        ..Default::default()
    };
    for (database, pattern, expected) in
        [(None, "*", vec!["db.a", "db.b", "other.a", "other.x1"]), (Some("other"), "x*", vec!["other.x1"])]
    {
        let mut found = Vec::new();
        let mut token = None;
        loop {
            let page = house.call::<aws::GetUserDefinedFunctions>(list(database, pattern, token)).await.unwrap();
            found.extend(
                page.user_defined_functions
                    .unwrap()
                    .into_iter()
                    .map(|function| format!("{}.{}", function.database_name.unwrap(), function.function_name.unwrap())),
            );
            token = page.next_token;
            if token.is_none() {
                break;
            }
        }
        assert_eq!(found, expected);
    }
}
