//! Connections and their secrets.

use super::*;
use crate::glue::model::CONNECTIONS;
use haar_platform::store::Read;

fn jdbc(name: &str) -> CreateConnectionRequest {
    let input = ConnectionInput {
        name: name.into(),
        connection_type: ConnectionType::Jdbc,
        match_criteria: Some(texts(&["a", "b"])),
        connection_properties: map(&[("JDBC_CONNECTION_URL", "jdbc:x"), ("USERNAME", "u"), ("PASSWORD", "secret")]),
        ..Default::default()
    };
    CreateConnectionRequest { connection_input: input, ..Default::default() }
}

async fn get(house: &TestHouse, name: &str, hide: bool) -> Result<Connection, Fault> {
    let request = GetConnectionRequest { name: name.into(), hide_password: Some(hide), ..Default::default() };
    Ok(house.call::<aws::GetConnection>(request).await?.connection.unwrap())
}

#[tokio::test]
async fn a_password_is_sealed_at_rest_and_hidden_on_demand() {
    let house = open();
    let created = house.call::<aws::CreateConnection>(jdbc("c")).await.unwrap();
    assert_eq!(created.create_connection_status, Some(ConnectionStatus::Ready));
    let shown = get(&house, "c", false).await.unwrap().connection_properties.unwrap();
    assert_eq!(shown.get("PASSWORD").map(String::as_str), Some("secret"));
    let hidden = get(&house, "c", true).await.unwrap().connection_properties.unwrap();
    assert_eq!(hidden.get("PASSWORD"), None);
    assert_eq!(hidden.get("USERNAME").map(String::as_str), Some("u"));
    let stored = house.platform.store.read(|tx| tx.get(CONNECTIONS, &("000000000000", "us-east-1", "c"))).unwrap();
    let stored = stored.unwrap();
    assert!(!stored.properties.contains_key("PASSWORD"));
    assert!(!stored.secrets[0].1.windows(6).any(|bytes| bytes == b"secret"));
}

#[tokio::test]
async fn an_update_replaces_the_properties() {
    let house = open();
    house.call::<aws::CreateConnection>(jdbc("c")).await.unwrap();
    let mut input = jdbc("c").connection_input;
    input.connection_properties = map(&[("HOST", "h")]);
    let update = UpdateConnectionRequest { name: "c".into(), connection_input: input, ..Default::default() };
    house.call::<aws::UpdateConnection>(update).await.unwrap();
    assert_eq!(get(&house, "c", false).await.unwrap().connection_properties, Some(map(&[("HOST", "h")])));
}

#[tokio::test]
async fn lists_filter_by_criteria_and_type() {
    let house = open();
    for name in ["x", "y"] {
        house.call::<aws::CreateConnection>(jdbc(name)).await.unwrap();
    }
    let list = |filter: GetConnectionsFilter| GetConnectionsRequest { filter: Some(filter), ..Default::default() };
    for (filter, count) in [
        (GetConnectionsFilter { match_criteria: Some(texts(&["b"])), ..Default::default() }, 2),
        (GetConnectionsFilter { match_criteria: Some(texts(&["b", "c"])), ..Default::default() }, 0),
        (GetConnectionsFilter { connection_type: Some(ConnectionType::Kafka), ..Default::default() }, 0),
        (GetConnectionsFilter { connection_type: Some(ConnectionType::Jdbc), ..Default::default() }, 2),
    ] {
        let found = house.call::<aws::GetConnections>(list(filter)).await.unwrap().connection_list.unwrap();
        assert_eq!(found.len(), count);
    }
}

#[tokio::test]
async fn refusals_are_in_the_words_of_aws() {
    let house = open();
    house.call::<aws::CreateConnection>(jdbc("c")).await.unwrap();
    let again = house.call::<aws::CreateConnection>(jdbc("c")).await;
    assert_eq!(refusal(again), "AlreadyExistsException: Connection already exists.");
    assert_eq!(refusal(get(&house, "no", false).await), "EntityNotFoundException: Connection no not found.");
    let batch = BatchDeleteConnectionRequest { connection_name_list: texts(&["c", "no"]), ..Default::default() };
    let answer = house.call::<aws::BatchDeleteConnection>(batch).await.unwrap();
    assert_eq!(answer.succeeded, Some(texts(&["c"])));
    let error = answer.errors.unwrap().remove("no");
    assert_eq!(detail(&error), "EntityNotFoundException: Connection no not found.");
}

#[tokio::test]
async fn credentials_that_would_be_tried_are_refused_by_name() {
    let house = open();
    let mut request = jdbc("c");
    request.connection_input.validate_credentials = Some(true);
    let refused = refusal(house.call::<aws::CreateConnection>(request).await);
    assert!(refused.contains("ValidateCredentials"), "{refused}");
    let mut request = jdbc("c");
    request.connection_input.authentication_configuration = Some(AuthenticationConfigurationInput {
        basic_authentication_credentials: Some(BasicAuthenticationCredentials::default()),
        ..Default::default()
    });
    let refused = refusal(house.call::<aws::CreateConnection>(request).await);
    assert!(refused.contains("BasicAuthenticationCredentials"), "{refused}");
}
