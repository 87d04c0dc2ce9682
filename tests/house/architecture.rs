//! The arrows between crates, as ARCHITECTURE.md draws them, and the first line of every file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn workspace() -> Metadata {
    MetadataCommand::new().current_dir(root()).no_deps().other_options(["--offline".to_owned()]).exec().unwrap()
}

/// Where a crate lives: `services/identity`, `platform/store`, `app`.
fn place(package: &Package) -> String {
    let folder = package.manifest_path.parent().unwrap();
    folder.strip_prefix(root().to_str().unwrap()).unwrap().to_string()
}

/// One engine stands on others: SQL over the files of a lake, and over logs.
const SQL_READS: [&str; 2] = ["engines/formats", "engines/telemetry"];

/// May the crate at `from` depend on the one at `to`? `test` means: for its tests only.
fn allowed(from: &str, to: &str, test: bool) -> bool {
    let (room, target) = (from.split('/').next().unwrap(), to.split('/').next().unwrap());
    match room {
        // The binary wires everything; tools, tests and benchmarks stand outside.
        "app" | "tests" | "bench" | "tools" => true,
        "front" => target == "platform" || from == "front/gateway" && to == "front/wire",
        // Tests of a service walk the real pipeline, with the rooms that it calls at work.
        "services" => {
            to == "platform" || target == "engines" || test && (to == "front/gateway" || target == "services")
        }
        "engines" => {
            ["platform/kernel", "platform/store", "platform/ledger"].contains(&to)
                || from == "engines/sql" && SQL_READS.contains(&to)
        }
        "platform" => ground_floor(from, to) || test && ground_floor("platform", to),
        _ => false,
    }
}

/// bus → ledger → store → kernel ← aws, kernel ← schedule, kernel → policy, pattern by itself; the facade names them
/// all.
fn ground_floor(from: &str, to: &str) -> bool {
    let below: &[&str] = match from {
        "platform" => &["aws", "bus", "kernel", "ledger", "pattern", "policy", "schedule", "store"],
        "platform/bus" => &["ledger", "store", "kernel", "policy"],
        "platform/ledger" => &["store", "kernel", "policy"],
        "platform/store" => &["kernel", "policy"],
        "platform/aws" | "platform/schedule" => &["kernel"],
        "platform/kernel" => &["policy"],
        _ => &[],
    };
    to.strip_prefix("platform/").is_some_and(|name| below.contains(&name))
}

#[test]
fn arrows_between_crates_point_as_they_should() {
    let metadata = workspace();
    let places: BTreeMap<&str, String> =
        metadata.packages.iter().map(|package| (package.name.as_str(), place(package))).collect();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for package in &metadata.packages {
        for dependency in package.dependencies.iter().filter(|dependency| dependency.path.is_some()) {
            let (from, to) = (&places[package.name.as_str()], &places[dependency.name.as_str()]);
            seen += 1;
            if !allowed(from, to, dependency.kind == DependencyKind::Development) {
                wrong.push(format!("{from} → {to}"));
            }
        }
    }
    assert!(seen > 20, "the arrows were not read");
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_rules_refuse_what_they_are_there_for() {
    for (from, to) in [
        ("services/messaging", "services/identity"),
        ("services/messaging", "front/gateway"),
        ("services/messaging", "platform/store"),
        ("front/wire", "services/identity"),
        ("front/wire", "front/gateway"),
        ("platform/policy", "platform/kernel"),
        ("platform/kernel", "platform/store"),
        ("platform/store", "platform/ledger"),
        ("platform/ledger", "platform/bus"),
        ("platform/kernel", "front/wire"),
        ("engines/sql", "platform/aws"),
        ("engines/sql", "services/query"),
        ("platform", "app"),
    ] {
        assert!(!allowed(from, to, false), "{from} → {to}");
    }
    assert!(allowed("services/messaging", "front/gateway", true));
    assert!(allowed("services/query", "services/catalog", true));
    assert!(!allowed("services/query", "services/catalog", false));
    assert!(!allowed("engines/formats", "engines/sql", false));
}

#[test]
fn every_hand_written_file_says_first_what_it_is_for() {
    let mut silent = BTreeSet::new();
    let mut read = 0;
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                let ours = !name.starts_with('.') && !["target", "generated", "node_modules"].contains(&name.as_str());
                folders.extend(ours.then_some(path));
            } else if name.ends_with(".rs") {
                read += 1;
                let text = std::fs::read_to_string(&path).unwrap();
                let first = text.lines().next().unwrap_or_default();
                if first.strip_prefix("//! ").is_none_or(|sentence| !sentence.contains(' ')) {
                    silent.insert(path.strip_prefix(root()).unwrap().to_owned());
                }
            }
        }
    }
    assert!(read > 100, "the files were not found");
    assert_eq!(silent, BTreeSet::new());
}

#[test]
fn generated_files_say_which_command_makes_them() {
    let folder = root().join("platform/aws/src/generated");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.lines().next().unwrap().contains("cargo xtask gen"), "{}", path.display());
    }
}
