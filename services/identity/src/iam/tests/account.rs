//! The account's alias and summary.

use super::*;

fn alias(name: &str) -> api::CreateAccountAliasRequest {
    api::CreateAccountAliasRequest { account_alias: name.into() }
}

async fn aliases(house: &House) -> Vec<String> {
    house.call::<api::ListAccountAliases>(Default::default()).await.unwrap().account_aliases
}

#[tokio::test]
async fn a_new_alias_takes_the_place_of_the_old_one() {
    let house = open();
    assert!(aliases(&house).await.is_empty());
    house.call::<api::CreateAccountAlias>(alias("first-name")).await.unwrap();
    house.call::<api::CreateAccountAlias>(alias("second-name")).await.unwrap();
    assert_eq!(aliases(&house).await, ["second-name"]);
    let delete = |name: &str| api::DeleteAccountAliasRequest { account_alias: name.into() };
    let refused = house.refused::<api::DeleteAccountAlias>(delete("first-name")).await;
    assert_eq!(refused.0, "NoSuchEntity");
    house.call::<api::DeleteAccountAlias>(delete("second-name")).await.unwrap();
    assert!(aliases(&house).await.is_empty());
}

#[tokio::test]
async fn an_alias_names_one_account() {
    let house = open();
    house.call::<api::CreateAccountAlias>(alias("haar")).await.unwrap();
    let other = house.root("111111111111");
    let refused = house.refused_as::<api::CreateAccountAlias>(&other, alias("haar")).await;
    assert_eq!(refused, error("EntityAlreadyExists", "The account alias haar already exists."));
}

#[tokio::test]
async fn the_summary_counts() {
    let house = open();
    house.user("alice").await;
    house.user("bob").await;
    house.role("worker").await;
    house.policy("queues", SQS).await;
    let summary = house.call::<api::GetAccountSummary>(()).await.unwrap().summary_map.unwrap();
    assert_eq!((summary["Users"], summary["Roles"], summary["Groups"]), (2, 1, 0));
    assert_eq!((summary["Policies"], summary["PolicyVersionsInUse"]), (1, 1));
    assert_eq!((summary["UsersQuota"], summary["AccessKeysPerUserQuota"]), (5000, 2));
    assert_eq!((summary["PolicySizeQuota"], summary["AccountAccessKeysPresent"]), (6144, 0));
}
