//! SecureStrings: what callers see, and what is on disk.

use super::*;

fn secure(name: &str, value: &str) -> PutParameterRequest {
    PutParameterRequest { r#type: Some(ParameterType::SecureString), ..string(name, value) }
}

async fn encrypted(house: &TestHouse, name: &str) -> String {
    let request = aws::GetParameterRequest { name: name.into(), with_decryption: Some(false) };
    let answer = house.call::<aws::GetParameter>(request).await.unwrap();
    answer.parameter.unwrap().value.unwrap()
}

#[tokio::test]
async fn only_decryption_shows_the_value() {
    let house = open();
    put(&house, secure("a", "hunter2")).await;
    assert_eq!(value(&house, "a").await, "hunter2");
    let shown = encrypted(&house, "a").await;
    assert!(shown.len() > 40 && shown.starts_with("AQ"), "{shown}");
    assert!(!shown.contains("hunter2"));
}

#[tokio::test]
async fn decryption_does_nothing_to_other_types() {
    let house = open();
    put(&house, string("a", "plain")).await;
    assert_eq!(encrypted(&house, "a").await, "plain");
}

#[tokio::test]
async fn equal_values_have_different_ciphertexts() {
    let house = open();
    put(&house, secure("a", "same")).await;
    put(&house, secure("b", "same")).await;
    assert_ne!(encrypted(&house, "a").await, encrypted(&house, "b").await);
}

#[tokio::test]
async fn older_versions_still_open() {
    let house = open();
    put(&house, secure("a", "old")).await;
    put(&house, over(secure("a", "new"))).await;
    assert_eq!(value(&house, "a:1").await, "old");
    assert_eq!(value(&house, "a").await, "new");
}

#[tokio::test]
async fn a_sealed_value_moved_to_another_parameter_does_not_open() {
    use crate::ssm::model::PARAMETERS;
    use haar_platform::store::{Read, StoreError};

    let house = open();
    put(&house, secure("a", "hunter2")).await;
    let moved = house.platform.store.write(|tx| {
        let key = |name: &'static str| ("000000000000", "us-east-1", name);
        let stolen = tx.get(PARAMETERS, &key("a"))?.unwrap();
        tx.put(PARAMETERS, &key("b"), &stolen)?;
        Ok::<_, StoreError>(())
    });
    moved.await.unwrap();
    assert!(refusal(try_get(&house, "b").await).starts_with("InternalFailure"));
}

#[tokio::test]
async fn nothing_in_the_store_is_in_clear_text() {
    use crate::ssm::model::{PARAMETERS, Value};
    use haar_platform::store::Read;

    let house = open();
    put(&house, secure("a", "hunter2")).await;
    let key = ("000000000000", "us-east-1", "a");
    let stored = house.platform.store.read(|tx| tx.get(PARAMETERS, &key)).unwrap().unwrap();
    let Value::Sealed(bytes) = stored.latest.value else { panic!("in clear text") };
    assert!(!bytes.windows(7).any(|window| window == b"hunter2"));
}

#[tokio::test]
async fn keys_are_told_and_kept() {
    let house = open();
    let key_of = async |house: &TestHouse| {
        let known = house.call::<aws::DescribeParameters>(Default::default()).await.unwrap();
        known.parameters.unwrap().remove(0).key_id
    };
    put(&house, secure("a", "1")).await;
    assert_eq!(key_of(&house).await.as_deref(), Some("alias/aws/ssm"));
    let keyed = PutParameterRequest { key_id: Some("alias/mine".into()), ..over(secure("a", "2")) };
    put(&house, keyed).await;
    put(&house, over(secure("a", "3"))).await;
    assert_eq!(key_of(&house).await.as_deref(), Some("alias/mine"));
}

#[tokio::test]
async fn a_key_needs_a_secure_string() {
    let house = open();
    let keyed = PutParameterRequest { key_id: Some("alias/mine".into()), ..string("a", "1") };
    assert_eq!(
        refusal(try_put(&house, keyed).await),
        "ValidationException: KeyId is required for SecureString type parameter only."
    );
}
