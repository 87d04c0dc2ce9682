//! A supervisor in a temporary folder, and functions for it.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, dead_code, reason = "each test program uses some of it")]

use std::io::{Cursor, Write};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use haar_kernel::Clock;
use haar_kernel::tasks::Tasks;
use haar_process::{Config, Environment, Invocation, Isolation, Outcome, Spec, Supervisor};
use serde_json::Value;
use zip::write::{SimpleFileOptions, ZipWriter};

pub struct House {
    pub supervisor: Arc<Supervisor>,
    pub root: tempfile::TempDir,
}

impl House {
    pub fn open() -> Self {
        Self::open_isolated(Isolation::Namespaces)
    }

    pub fn open_isolated(strongest: Isolation) -> Self {
        let root = tempfile::tempdir().unwrap();
        let config = Config { root: root.path().join("functions"), clock: Clock::system(), tasks: Tasks::default() };
        Self { supervisor: Supervisor::open_isolated(config, strongest).unwrap(), root }
    }

    pub async fn spec(&self, runtime: &str, handler: &str, files: &[(&str, &str)]) -> Spec {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in files {
            writer.start_file(*name, SimpleFileOptions::default().unix_permissions(0o755)).unwrap();
            writer.write_all(text.as_bytes()).unwrap();
        }
        let archive = Bytes::from(writer.finish().unwrap().into_inner());
        let digest = format!("{files:?}");
        Spec {
            runtime: self.supervisor.runtime(runtime).await.unwrap(),
            code: self.supervisor.unpack(&digest, archive).await.unwrap(),
            layers: None,
            handler: handler.to_owned(),
            variables: vec![
                ("AWS_LAMBDA_FUNCTION_NAME".to_owned(), "demo".to_owned()),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE".to_owned(), "256".to_owned()),
            ],
            memory_bytes: 256 * 1024 * 1024,
            ephemeral_bytes: 16 * 1024 * 1024,
            init_timeout: Spec::INIT_TIMEOUT,
            function_arn: "arn:aws:lambda:eu-west-1:000000000000:function:demo".to_owned(),
        }
    }

    /// A bootstrap in sh that answers each event by running `body` with the event in `$event` and its id in `$id`.
    pub async fn shell(&self, body: &str) -> Spec {
        let bootstrap = format!(
            r#"#!/bin/sh
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime"
while :; do
  event=$(curl -sS -D "${{TMPDIR:-/tmp}}/headers" "$api/invocation/next")
  id=$(grep -i '^lambda-runtime-aws-request-id' "${{TMPDIR:-/tmp}}/headers" | tr -d '\r' | cut -d' ' -f2)
  {body}
done
"#
        );
        self.spec("provided.al2023", "any", &[("bootstrap", &bootstrap)]).await
    }

    pub async fn start(&self, spec: Spec) -> Environment {
        self.supervisor.start(spec).await.unwrap()
    }
}

pub fn invocation(payload: &str) -> Invocation {
    Invocation {
        request_id: "8f5d7f5e-0000-4000-8000-000000000001".to_owned(),
        payload: Bytes::from(payload.to_owned()),
        timeout: Duration::from_secs(60),
        invoked_function_arn: "arn:aws:lambda:eu-west-1:000000000000:function:demo:live".to_owned(),
        trace_id: Some("Root=1-5759e988-bd862e3fe1be46a994272793".to_owned()),
        client_context: Some(r#"{"custom":{"a":"b"},"env":{},"client":{"app_title":"t"}}"#.to_owned()),
        cognito_identity: None,
    }
}

pub fn payload(outcome: &Outcome) -> Value {
    serde_json::from_slice(outcome.answer.payload()).unwrap_or_else(|_| panic!("no JSON: {outcome:?}"))
}

pub fn texts(outcome: &Outcome) -> Vec<&str> {
    outcome.logs.iter().map(|line| line.text.as_str()).collect()
}

/// Whether a process runs whose command line has this word; a zombie has none.
pub fn runs(word: &str) -> bool {
    std::fs::read_dir("/proc").unwrap().flatten().any(|entry| {
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        line.split(|byte| *byte == 0).any(|argument| argument == word.as_bytes())
    })
}
