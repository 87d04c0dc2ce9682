//! The data directory: whose it is, which format it has, and the vault's key in it.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use haar_store::{Config, Store, StoreError, VaultError};

use crate::{in_memory, on_disk};

fn refusal(directory: &std::path::Path) -> String {
    Store::open(Config::at(directory)).err().expect("it is refused").to_string()
}

#[tokio::test]
async fn only_the_owner_can_look_in() {
    let (directory, _store) = on_disk();
    let mode = |name: &str| fs::metadata(directory.path().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("data"), 0o700);
    assert_eq!(mode("data/vault.key"), 0o600);
}

#[tokio::test]
async fn a_second_opener_is_told_who_holds_the_directory() {
    let (directory, store) = on_disk();
    let data = fs::canonicalize(directory.path().join("data")).unwrap();
    assert_eq!(
        refusal(&data),
        format!(
            "data directory {} is in use by process {}: stop it, or use another --data-dir",
            data.display(),
            std::process::id()
        )
    );
    store.close().await.unwrap();
    Store::open(Config::at(data)).unwrap();
}

#[tokio::test]
async fn data_of_a_newer_format_is_refused() {
    let (directory, store) = on_disk();
    store.close().await.unwrap();
    let data = fs::canonicalize(directory.path().join("data")).unwrap();
    fs::write(data.join("FORMAT"), "3\n").unwrap();
    assert_eq!(
        refusal(&data),
        format!(
            "data directory {} was written by haar data format 3; this haar reads up to 1: use a newer haar or another --data-dir",
            data.display()
        )
    );
}

#[test]
fn a_directory_of_somebody_else_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("thesis.tex"), "").unwrap();
    assert!(refusal(directory.path()).ends_with("it has no FORMAT file, and it holds thesis.tex"));
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_database_without_a_format_is_refused() {
    let (directory, store) = on_disk();
    store.close().await.unwrap();
    let data = directory.path().join("data");
    fs::remove_file(data.join("FORMAT")).unwrap();
    assert!(matches!(Store::open(Config::at(data)), Err(StoreError::NotOurs { .. })));
}

#[tokio::test]
async fn a_lost_vault_key_is_never_replaced() {
    let (directory, store) = on_disk();
    store.close().await.unwrap();
    let data = directory.path().join("data");
    fs::remove_file(data.join("vault.key")).unwrap();
    assert!(matches!(Store::open(Config::at(&data)), Err(StoreError::Vault(VaultError::KeyMissing(_)))));
    assert!(!data.join("vault.key").exists());
}

#[tokio::test]
async fn a_vault_key_open_to_others_is_closed() {
    let (directory, store) = on_disk();
    store.close().await.unwrap();
    let key = directory.path().join("data/vault.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    Store::open(Config::at(directory.path().join("data"))).unwrap();
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn what_an_older_key_sealed_opens_after_a_rotation() {
    let (directory, store) = on_disk();
    let sealed = store.vault().seal(b"arn", b"secret").unwrap();
    let mac = store.vault().mac("token", b"page 2");
    store.close().await.unwrap();
    let key = directory.path().join("data/vault.key");
    let rotated = format!("{}2 {}\n", fs::read_to_string(&key).unwrap(), "5a".repeat(32));
    fs::write(&key, rotated).unwrap();
    let store = Store::open(Config::at(directory.path().join("data"))).unwrap();
    assert_eq!(store.vault().open(b"arn", &sealed).unwrap(), b"secret");
    assert!(store.vault().verify_mac("token", b"page 2", &mac));
    assert_eq!(store.vault().seal(b"arn", b"secret").unwrap()[..5], [1, 0, 0, 0, 2]);
}

#[tokio::test]
async fn a_sealed_value_opens_only_unchanged_and_where_it_belongs() {
    let store = in_memory();
    let vault = store.vault();
    let sealed = vault.seal(b"arn:one", b"secret").unwrap();
    assert_eq!(vault.open(b"arn:one", &sealed).unwrap(), b"secret");
    assert_ne!(vault.seal(b"arn:one", b"secret").unwrap(), sealed);
    assert_eq!(vault.open(b"arn:two", &sealed), Err(VaultError::Tampered));
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        assert!(vault.open(b"arn:one", &changed).is_err(), "byte {at}");
    }
    assert_eq!(vault.open(b"arn:one", &sealed[..10]), Err(VaultError::Malformed));
    assert_eq!(vault.open(b"", &vault.seal(b"", b"").unwrap()).unwrap(), b"");
}

#[tokio::test]
async fn a_mac_holds_for_its_context_only() {
    let store = in_memory();
    let mac = store.vault().mac("ab", b"c");
    assert!(store.vault().verify_mac("ab", b"c", &mac));
    assert!(!store.vault().verify_mac("a", b"bc", &mac));
    assert!(!store.vault().verify_mac("ab", b"d", &mac));
    assert!(!in_memory().vault().verify_mac("ab", b"c", &mac));
}
