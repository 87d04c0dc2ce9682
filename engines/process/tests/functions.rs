//! Real child processes: shell bootstraps through the public interface alone.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test")]

mod house;

use std::time::Duration;

use haar_process::{Answer, Environment, Exit, InitPhase, InitStatus, Invocation, Isolation, Outcome, StartError};
use serde_json::json;

use house::{House, invocation, payload, runs, texts};

const ECHO: &str = r#"echo "got $event"; curl -sS -d "$event" "$api/invocation/$id/response" >/dev/null"#;

#[tokio::test]
async fn a_bootstrap_answers_and_is_warm_the_second_time() {
    let house = House::open();
    let mut environment = house.start(house.shell(ECHO).await).await;
    let first = environment.invoke(invocation(r#"{"n":1}"#)).await;
    assert_eq!(payload(&first), json!({"n": 1}), "{first:?}");
    assert_eq!(texts(&first), [r#"got {"n":1}"#]);
    assert!(first.init_duration().is_some());
    assert!(first.memory_used_bytes > 0);
    let second = environment.invoke(invocation(r#"{"n":2}"#)).await;
    assert_eq!(payload(&second), json!({"n": 2}));
    assert_eq!(texts(&second), [r#"got {"n":2}"#]);
    assert!(second.inits.is_empty() && second.reusable);
    assert!(environment.retire().await.is_empty());
}

#[tokio::test]
async fn the_environment_is_what_was_given_and_nothing_of_ours() {
    let house = House::open();
    let body = r#"env | sort; ls /proc/self/fd | wc -l; curl -sS -d '{}' "$api/invocation/$id/response" >/dev/null"#;
    let mut spec = house.shell(body).await;
    spec.variables.push(("LAMBDA_TASK_ROOT".to_owned(), "mine".to_owned()));
    spec.variables.push(("TZ".to_owned(), "Europe/Berlin".to_owned()));
    let outcome = house.start(spec).await.invoke(invocation("{}")).await;
    let names: Vec<&str> = texts(&outcome).iter().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    let expected = [
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
        "LANG",
        "LD_LIBRARY_PATH",
        "PATH",
        "PWD",
        "TZ",
        "_HANDLER",
    ];
    let ours = ["OLDPWD", "SHLVL", "TMPDIR", "_"];
    assert!(expected.iter().all(|name| names.contains(name)), "{names:?}");
    assert!(names.iter().all(|name| expected.contains(name) || ours.contains(name)), "{names:?}");
    assert!(texts(&outcome).contains(&"TZ=Europe/Berlin"));
    assert!(!texts(&outcome).contains(&"LAMBDA_TASK_ROOT=mine"));
    // Standard input, output and error, and the folder that ls reads.
    assert_eq!(texts(&outcome).last().map(|count| count.trim()), Some("4"));
}

#[tokio::test]
async fn exits_and_signals_are_reported_in_aws_words() {
    let house = House::open();
    for (body, exit, message) in [
        ("exit 3", Exit::Status(3), "Runtime exited with error: exit status 3"),
        ("exit 0", Exit::Status(0), "Runtime exited without providing a reason"),
        ("kill -9 $$", Exit::Signal(9), "Runtime exited with error: signal: killed"),
        ("kill -SEGV $$", Exit::Signal(11), "Runtime exited with error: signal: segmentation fault"),
    ] {
        let mut environment = house.start(house.shell(&format!("echo last words; {body}")).await).await;
        let outcome = environment.invoke(invocation("{}")).await;
        let Answer::Crashed { exit: seen, error_type, .. } = &outcome.answer else { panic!("{outcome:?}") };
        assert_eq!((*seen, error_type.as_str()), (exit, "Runtime.ExitError"));
        let id = invocation("").request_id;
        let expected =
            json!({"errorType": "Runtime.ExitError", "errorMessage": format!("RequestId: {id} Error: {message}")});
        assert_eq!(payload(&outcome), expected);
        assert_eq!(texts(&outcome), ["last words"]);
        assert!(!outcome.reusable && !environment.is_alive());
    }
}

#[tokio::test]
async fn the_timeout_kills_and_the_next_invocation_finds_a_new_process() {
    let house = House::open();
    let body = format!(r#"case "$event" in *hang*) echo begun; sleep 600;; *) {ECHO};; esac"#);
    let mut environment = house.start(house.shell(&body).await).await;
    let hang = Invocation { timeout: Duration::from_millis(1500), ..invocation(r#""hang""#) };
    let outcome = environment.invoke(hang).await;
    assert_eq!(
        payload(&outcome),
        json!({"errorType": "Sandbox.Timedout", "errorMessage":
            "RequestId: 8f5d7f5e-0000-4000-8000-000000000001 Error: Task timed out after 1.50 seconds"})
    );
    assert_eq!(texts(&outcome), ["begun"]);
    assert!(outcome.duration >= Duration::from_millis(1500));
    assert!(!environment.is_alive());
    let again = environment.invoke(invocation("1")).await;
    assert_eq!(payload(&again), json!(1), "{again:?}");
}

#[tokio::test]
async fn nothing_that_a_function_started_outlives_it() {
    let house = House::open();
    if house.supervisor.isolation() != Isolation::Namespaces {
        println!("not shown: no namespaces here, so a process that leaves its session can outlive the function");
        return;
    }
    let word = format!("{}", 700_000 + std::process::id());
    let body = format!("setsid sleep {word} >/dev/null 2>&1 & {ECHO}");
    let mut environment = house.start(house.shell(&body).await).await;
    environment.invoke(invocation("1")).await;
    assert!(runs(&word));
    environment.retire().await;
    assert!(!runs(&word));
}

#[tokio::test]
async fn who_uses_too_much_memory_is_killed_for_it() {
    let house = House::open();
    // A kilobyte of text doubles until something happens.
    let grow = r#"x=$(head -c 1000000 /dev/zero | tr '\0' x); while :; do x="$x$x"; done"#;
    let mut spec = house.shell(grow).await;
    spec.memory_bytes = 64 * 1024 * 1024;
    let outcome = house.start(spec).await.invoke(invocation("{}")).await;
    let Answer::Crashed { error_type, exit, .. } = &outcome.answer else { panic!("{:?}", outcome.answer) };
    assert_eq!((error_type.as_str(), *exit), ("Runtime.OutOfMemory", Exit::Signal(9)));
    assert!(outcome.memory_used_bytes > 64 * 1024 * 1024);
}

#[tokio::test]
async fn an_error_is_answered_as_the_function_reports_it() {
    let house = House::open();
    let body = r#"curl -sS -H 'Lambda-Runtime-Function-Error-Type: Demo.Broken' \
        -d '{"errorType":"Broken","errorMessage":"no"}' "$api/invocation/$id/error" >/dev/null"#;
    let outcome = house.start(house.shell(body).await).await.invoke(invocation("{}")).await;
    assert_eq!(payload(&outcome), json!({"errorType": "Broken", "errorMessage": "no"}));
    assert_eq!(outcome.answer.error_type(), Some("Demo.Broken"));
    assert!(outcome.reusable);
}

#[tokio::test]
async fn the_runtime_api_refuses_as_aws_does() {
    let house = House::open();
    let body = r#"ask() { curl -sS -o "${TMPDIR:-/tmp}/body" -w '%{http_code} ' "$@"; cat "${TMPDIR:-/tmp}/body"; echo; }
  ask -d '1' "$api/invocation/no-such-id/response"
  ask -d '{}' "$api/invocation/no-such-id/error"
  ask -d '{}' "$api/init/error"
  ask "$api/invocation/next"
  ask -d '1' "$api/invocation/$id/response"
  ask -d '1' "$api/invocation/$id/response""#;
    let mut environment = house.start(house.shell(body).await).await;
    let outcome = environment.invoke(invocation("{}")).await;
    let logs: Vec<String> = outcome.logs.iter().map(|line| line.text.clone()).collect();
    let unknown = r#"400 {"errorType":"InvalidRequestID","errorMessage":"Invalid request ID"}"#;
    let state = r#"403 {"errorType":"InvalidStateTransition","errorMessage":"Transition is not allowed"}"#;
    assert_eq!(&logs[..4], [unknown, unknown, state, state]);
    let after = said_after(&mut environment, &outcome, 4).await;
    assert!(after.starts_with(&format!(r#"202 {{"status":"OK"}}{state}"#)), "{after}");
}

/// What it wrote after its answer comes with this outcome or with the next one, and may be cut anywhere between them.
async fn said_after(environment: &mut Environment, outcome: &Outcome, skip: usize) -> String {
    let next = environment.invoke(invocation("{}")).await;
    texts(outcome).into_iter().skip(skip).chain(texts(&next)).collect()
}

#[tokio::test]
async fn a_response_above_six_megabytes_is_refused() {
    let house = House::open();
    let body = r#"head -c 6291557 /dev/zero | tr '\0' 1 > "${TMPDIR:-/tmp}/big"
  curl -sS -H 'Expect:' --data-binary @"${TMPDIR:-/tmp}/big" "$api/invocation/$id/response"; echo"#;
    let mut environment = house.start(house.shell(body).await).await;
    let outcome = environment.invoke(invocation("{}")).await;
    assert_eq!(outcome.answer.error_type(), Some("Function.ResponseSizeTooLarge"));
    assert_eq!(
        payload(&outcome)["errorMessage"],
        "Response payload size (6291557 bytes) exceeded maximum allowed payload size (6291556 bytes)."
    );
    let after = said_after(&mut environment, &outcome, 0).await;
    let message = "Exceeded maximum allowed payload size (6291556 bytes).";
    let refusal = format!(r#"{{"errorType":"RequestEntityTooLarge","errorMessage":"{message}"}}"#);
    assert!(after.starts_with(&refusal), "{after}");
}

#[tokio::test]
async fn a_failed_init_is_run_again_within_the_invocation() {
    let house = House::open();
    let fail = r#"#!/bin/sh
echo starting
curl -sS -d '{"errorType":"Setup","errorMessage":"no"}' "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/init/error" >/dev/null
exit 1
"#;
    let spec = house.spec("provided.al2023", "any", &[("bootstrap", fail)]).await;
    let outcome = house.start(spec).await.invoke(invocation("{}")).await;
    let inits: Vec<_> = outcome.inits.iter().map(|init| (init.phase, init.status.clone())).collect();
    let error = InitStatus::Error("Setup".to_owned());
    assert_eq!(inits, [(InitPhase::Init, error.clone()), (InitPhase::Invoke, error)]);
    assert_eq!(payload(&outcome), json!({"errorType": "Setup", "errorMessage": "no"}));
    assert_eq!(texts(&outcome), ["starting", "starting"]);
    assert_eq!(outcome.init_duration(), None);
}

#[tokio::test]
async fn a_long_init_gets_the_invocations_time() {
    let house = House::open();
    let mut spec = house.spec("provided.al2023", "any", &[("bootstrap", "#!/bin/sh\nsleep 600\n")]).await;
    spec.init_timeout = Duration::from_millis(200);
    let brief = Invocation { timeout: Duration::from_millis(300), ..invocation("{}") };
    let outcome = house.start(spec).await.invoke(brief).await;
    assert!(matches!(outcome.answer, Answer::TimedOut { .. }), "{outcome:?}");
    assert!(outcome.inits.iter().all(|init| init.status == InitStatus::TimedOut) && outcome.inits.len() == 2);
}

#[tokio::test]
async fn a_program_that_cannot_run_is_refused_at_the_start() {
    let house = House::open();
    let none = house.spec("provided.al2", "any", &[("main.sh", "#!/bin/sh")]).await;
    assert!(matches!(house.supervisor.start(none).await, Err(StartError::NoBootstrap)));
    let foreign = house.spec("provided.al2", "any", &[("bootstrap", "\x7fELF no program")]).await;
    let Err(refused) = house.supervisor.start(foreign).await else { panic!("it started") };
    assert_eq!(refused.error_type(), "Runtime.InvalidEntrypoint");
    assert!(refused.to_string().starts_with("fork/exec /var/task/bootstrap: "), "{refused}");
}

#[tokio::test]
async fn what_a_process_sees_is_its_own() {
    let house = House::open();
    let secret = house.root.path().join("secret");
    std::fs::write(&secret, "ours").unwrap();
    let body = format!(
        r#"cat {secret} 2>/dev/null || echo hidden
  touch "$LAMBDA_TASK_ROOT/x" 2>/dev/null || echo read-only
  touch /usr/x 2>/dev/null || echo read-only
  echo data > "${{TMPDIR:-/tmp}}/x" && cat "${{TMPDIR:-/tmp}}/x"
  head -c 100000000 /dev/zero > "${{TMPDIR:-/tmp}}/large" 2>/dev/null || echo full
  rm -f "${{TMPDIR:-/tmp}}/large"
  pwd -P
  {ECHO}"#,
        secret = secret.display()
    );
    let outcome = house.start(house.shell(&body).await).await.invoke(invocation("1")).await;
    println!("isolation: {:?}", house.supervisor.isolation());
    if house.supervisor.isolation() == Isolation::Namespaces {
        assert_eq!(texts(&outcome), ["hidden", "read-only", "read-only", "data", "full", "/var/task", "got 1"]);
    }
}

#[tokio::test]
async fn without_namespaces_a_function_may_open_only_its_own_and_the_systems_files() {
    let house = House::open_isolated(Isolation::Landlock);
    if house.supervisor.isolation() != Isolation::Landlock {
        println!("not shown: this kernel has no Landlock");
        return;
    }
    let secret = house.root.path().join("secret");
    std::fs::write(&secret, "ours").unwrap();
    let body = format!(
        r#"cat {secret} 2>/dev/null || echo hidden
  touch "$LAMBDA_TASK_ROOT/x" 2>/dev/null || echo read-only
  touch /tmp/haar-must-not-be 2>/dev/null || echo read-only
  echo data > "$TMPDIR/x" && cat "$TMPDIR/x"
  tool
  {ECHO}"#,
        secret = secret.display()
    );
    let layer = house.spec("provided.al2", "", &[("bin/tool", "#!/bin/sh\necho from the layer\n")]).await.code;
    let mut spec = house.shell(&body).await;
    spec.layers = Some(house.supervisor.stack(&[layer]).await.unwrap());
    let mut environment = house.start(spec).await;
    let outcome = environment.invoke(invocation("1")).await;
    assert_eq!(texts(&outcome), ["hidden", "read-only", "read-only", "data", "from the layer", "got 1"]);
    let word = format!("{}", 600_000 + std::process::id());
    let spec = house.shell(&format!("sleep {word} >/dev/null 2>&1 & {ECHO}")).await;
    let mut environment = house.start(spec).await;
    environment.invoke(invocation("1")).await;
    assert!(runs(&word));
    environment.retire().await;
    assert!(!runs(&word));
}

#[tokio::test]
async fn layers_are_opt() {
    let house = House::open();
    let layer = house.spec("provided.al2", "", &[("bin/tool", "#!/bin/sh\necho from the layer\n")]).await.code;
    let mut spec = house.shell(&format!("tool; {ECHO}")).await;
    spec.layers = Some(house.supervisor.stack(&[layer]).await.unwrap());
    let outcome = house.start(spec).await.invoke(invocation("1")).await;
    assert_eq!(texts(&outcome), ["from the layer", "got 1"]);
    let extension = house.spec("provided.al2", "", &[("extensions/agent", "#!/bin/sh\n")]).await.code;
    let mut spec = house.shell(ECHO).await;
    spec.layers = Some(house.supervisor.stack(&[extension]).await.unwrap());
    assert!(matches!(house.supervisor.start(spec).await, Err(StartError::Extension(name)) if name == "agent"));
}

#[tokio::test]
async fn dropping_an_invocation_ends_the_process() {
    let house = House::open();
    let mut environment = house.start(house.shell("sleep 600").await).await;
    {
        let running = environment.invoke(invocation("1"));
        tokio::pin!(running);
        tokio::select! {
            biased;
            outcome = &mut running => panic!("{outcome:?}"),
            () = tokio::task::yield_now() => {}
        }
    }
    assert!(!environment.is_alive());
}
