//! The vectors: every case with the model that goes with it, and the bookkeeping of what is run.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::skips::{INPUTS, OUTPUTS, Skip};

macro_rules! files {
    ($way:literal: $($name:literal)*) => {
        &[$(($name, include_str!(concat!("../../../../tests/data/aws-protocols/", $way, "/", $name, ".json")))),*]
    };
}

const INPUT_FILES: &[(&str, &str)] = files!("input": "ec2" "json" "json_1_0" "json_1_0-query-compatible" "query" "rest-json"
    "rest-xml" "smithy-rpc-v2-cbor" "smithy-rpc-v2-cbor-query-compatible" "smithy-rpc-v2-cbor-non-query-compatible");

const OUTPUT_FILES: &[(&str, &str)] = files!("output": "ec2" "json" "json_1_0" "json_1_0-query-compatible" "query"
    "rest-json" "rest-xml" "smithy-rpc-v2-cbor" "smithy-rpc-v2-cbor-query-compatible"
    "smithy-rpc-v2-cbor-non-query-compatible");

/// What a client sends.
pub fn run_inputs(check: impl Fn(&Json, &Json) -> Result<(), String>) {
    run("input", INPUT_FILES, INPUTS, check);
}

/// What a client reads.
pub fn run_outputs(check: impl Fn(&Json, &Json) -> Result<(), String>) {
    run("output", OUTPUT_FILES, OUTPUTS, check);
}

/// Runs every case. A skipped case that passes is an error: the table must say what is so.
fn run(way: &str, files: &[(&str, &str)], skips: &[Skip], check: impl Fn(&Json, &Json) -> Result<(), String>) {
    let (mut passed, mut skipped, mut wrong) = (0, 0, Vec::new());
    let key = |file: &str, case: &str| (file.to_owned(), case.to_owned());
    let mut unused: BTreeMap<_, _> = skips.iter().map(|skip| (key(skip.file, skip.case), skip.reason)).collect();
    for (file, text) in files {
        let suites: Vec<Json> = serde_json::from_str(text).unwrap();
        for suite in &suites {
            for case in suite["cases"].as_array().unwrap() {
                let id = case["id"].as_str().unwrap();
                if unused.contains_key(&key(file, "*")) {
                    skipped += 1;
                    continue;
                }
                let skip = unused.remove(&key(file, id));
                match (check(suite, case), skip) {
                    (Ok(()), None) => passed += 1,
                    (Err(_), Some(_)) => skipped += 1,
                    (Ok(()), Some(reason)) => wrong.push(format!("{file} {id} passes, but is skipped: {reason}")),
                    (Err(why), None) => wrong.push(format!("{file} {id}: {why}")),
                }
            }
        }
    }
    println!("{way} vectors: ran {}, skipped {skipped}", passed + wrong.len());
    unused.retain(|(_, case), _| case != "*");
    assert!(unused.is_empty(), "skipped cases that do not exist: {unused:?}");
    assert!(wrong.is_empty(), "{} {way} cases are wrong:\n{}", wrong.len(), wrong.join("\n"));
}
