//! Python and Node functions with the machine's interpreters and our interface clients. Interpreters that are not here
//! are named in the output.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test")]

mod house;

use haar_process::{Answer, Environment, InitStatus, Isolation};
use serde_json::{Value, json};

use house::{House, invocation, payload, texts};

/// The newest of a family that this machine has.
async fn newest(house: &House, names: &[&str]) -> Option<String> {
    for name in names {
        match house.supervisor.runtime(name).await {
            Ok(_) => return Some((*name).to_owned()),
            Err(missing) => println!("not shown: {missing}"),
        }
    }
    None
}

const PYTHONS: [&str; 4] = ["python3.12", "python3.13", "python3.11", "python3.10"];
const NODES: [&str; 4] = ["nodejs24.x", "nodejs22.x", "nodejs20.x", "nodejs18.x"];

async fn start(house: &House, names: &[&str], handler: &str, files: &[(&str, &str)]) -> Option<Environment> {
    start_with(house, names, handler, files, &[]).await
}

async fn start_with(
    house: &House,
    names: &[&str],
    handler: &str,
    files: &[(&str, &str)],
    variables: &[(&str, &str)],
) -> Option<Environment> {
    let runtime = newest(house, names).await?;
    let mut spec = house.spec(&runtime, handler, files).await;
    spec.variables.extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    Some(house.start(spec).await)
}

#[tokio::test]
async fn python_handlers_get_events_and_a_whole_context() {
    let house = House::open();
    let code = r#"
import json, logging, os, sys
logging.getLogger().setLevel("INFO")
count = 0
def handler(event, context):
    global count
    count += 1
    print("two\nlines")
    logging.info("hello\nworld")
    left = context.get_remaining_time_in_millis()
    return {"event": event, "count": count, "id": context.aws_request_id, "name": context.function_name,
            "memory": context.memory_limit_in_mb, "arn": context.invoked_function_arn, "left": 0 < left <= 60000,
            "client": context.client_context.custom["a"], "title": context.client_context.client.app_title,
            "identity": context.identity.cognito_identity_id, "trace": os.environ["_X_AMZN_TRACE_ID"],
            "file": __file__.endswith("app/main.py"), "umlaut": "ä"}
"#;
    let Some(mut environment) = start(&house, &PYTHONS, "app/main.handler", &[("app/main.py", code)]).await else {
        return;
    };
    let first = environment.invoke(invocation(r#"{"a":[1,null,"ü"]}"#)).await;
    let mut expected = json!({
        "event": {"a": [1, null, "ü"]}, "count": 1, "id": invocation("").request_id, "name": "demo", "memory": "256",
        "arn": invocation("").invoked_function_arn, "left": true, "client": "b", "title": "t", "identity": null,
        "trace": "Root=1-5759e988-bd862e3fe1be46a994272793", "file": true, "umlaut": "ä",
    });
    assert_eq!(payload(&first), expected);
    let logs = texts(&first);
    assert_eq!(&logs[..2], ["two", "lines"]);
    let parts: Vec<&str> = logs[2].split('\t').collect();
    assert_eq!((parts[0], parts[1].len(), parts[2]), ("[INFO]", 24, invocation("").request_id.as_str()));
    assert_eq!(parts[3], "hello\nworld");
    expected["count"] = json!(2);
    assert_eq!(payload(&environment.invoke(invocation(r#"{"a":[1,null,"ü"]}"#)).await), expected);
}

#[tokio::test]
async fn python_errors_have_aws_shape() {
    let house = House::open();
    let code = r#"
def handler(event, context):
    if event == "set":
        return {1, 2}
    if event == "exit":
        raise SystemExit(7)
    raise ValueError("no good")
"#;
    let Some(mut environment) = start(&house, &PYTHONS, "main.handler", &[("main.py", code)]).await else { return };
    let outcome = environment.invoke(invocation("1")).await;
    let error = payload(&outcome);
    assert_eq!((&error["errorMessage"], &error["errorType"]), (&json!("no good"), &json!("ValueError")));
    assert_eq!(error["requestId"], json!(invocation("").request_id));
    let trace = error["stackTrace"][0].as_str().unwrap();
    assert!(trace.ends_with("main.py\", line 7, in handler\n    raise ValueError(\"no good\")\n"), "{trace}");
    assert!(texts(&outcome)[0].starts_with("[ERROR] ValueError: no good\nTraceback (most recent call last):\n  File "));
    let set = environment.invoke(invocation("\"set\"")).await;
    assert_eq!(
        payload(&set)["errorMessage"],
        "Unable to marshal response: Object of type set is not JSON serializable"
    );
    assert_eq!(set.answer.error_type(), Some("Runtime.MarshalError"));
    let exit = environment.invoke(invocation("\"exit\"")).await;
    assert!(payload(&exit)["errorMessage"].as_str().unwrap().ends_with("exited with error: exit status 7"));
}

#[tokio::test]
async fn python_code_that_cannot_be_loaded_fails_the_init() {
    let house = House::open();
    for (handler, code, error_type, message) in [
        (
            "main.handler",
            "import no_such",
            "Runtime.ImportModuleError",
            "Unable to import module 'main': No module named 'no_such'",
        ),
        ("other.handler", "", "Runtime.ImportModuleError", "Unable to import module 'other': No module named 'other'"),
        ("main.missing", "", "Runtime.HandlerNotFound", "Handler 'missing' missing on module 'main'"),
        ("main.handler", "def (", "Runtime.UserCodeSyntaxError", "Syntax error in module 'main': "),
        (
            "main",
            "",
            "Runtime.MalformedHandlerName",
            "Bad handler 'main': not enough values to unpack (expected 2, got 1)",
        ),
        ("main.handler", "raise KeyError('x')", "KeyError", "'x'"),
    ] {
        let Some(mut environment) = start(&house, &PYTHONS, handler, &[("main.py", code)]).await else { return };
        let outcome = environment.invoke(invocation("1")).await;
        let Answer::FunctionError { error_type: seen, .. } = &outcome.answer else { panic!("{outcome:?}") };
        assert_eq!(seen, error_type);
        assert!(payload(&outcome)["errorMessage"].as_str().unwrap().starts_with(message), "{outcome:?}");
        assert_eq!(outcome.inits[0].status, InitStatus::Error(error_type.to_owned()));
    }
}

#[tokio::test]
async fn python_logs_json_when_asked() {
    let house = House::open();
    let code = "import logging\ndef handler(event, context):\n    logging.info('hi', extra={'order': 5})\n";
    let variables = [("AWS_LAMBDA_LOG_FORMAT", "JSON")];
    let files = [("main.py", code)];
    let Some(mut environment) = start_with(&house, &PYTHONS, "main.handler", &files, &variables).await else { return };
    let outcome = environment.invoke(invocation("1")).await;
    assert_eq!(payload(&outcome), Value::Null);
    let line: Value = serde_json::from_str(texts(&outcome)[0]).unwrap();
    assert_eq!((&line["level"], &line["message"], &line["order"]), (&json!("INFO"), &json!("hi"), &json!(5)));
    assert_eq!((&line["logger"], &line["requestId"]), (&json!("root"), &json!(invocation("").request_id)));
}

#[tokio::test]
async fn node_runs_modules_and_scripts_promises_and_callbacks() {
    let house = House::open();
    let module = r#"
export const handler = async (event, context) => {
  console.log("hello", { a: 1 });
  console.error("two\nlines");
  const left = context.getRemainingTimeInMillis();
  return { event, id: context.awsRequestId, name: context.functionName, left: left > 0 && left <= 60000,
           custom: context.clientContext.custom.a };
};
"#;
    let Some(mut environment) = start(&house, &NODES, "index.handler", &[("index.mjs", module)]).await else { return };
    for _ in 0..2 {
        let outcome = environment.invoke(invocation(r#"{"a":"ü"}"#)).await;
        let id = invocation("").request_id;
        let expected = json!({"event": {"a": "ü"}, "id": id, "name": "demo", "left": true, "custom": "b"});
        assert_eq!(payload(&outcome), expected);
        let logs = texts(&outcome);
        assert!(logs[0].ends_with(&format!("\t{id}\tINFO\thello {{ a: 1 }}")), "{logs:?}");
        assert!(logs[1].ends_with(&format!("\t{id}\tERROR\ttwo\nlines")), "{logs:?}");
    }
    let script = r#"
exports.handlers = { waits: (event, context, callback) => { setTimeout(() => callback(null, event + 1), 1); },
                     silent: () => {},
                     at_once: (event, context, callback) => {
                       context.callbackWaitsForEmptyEventLoop = false;
                       setInterval(() => {}, 1000);
                       callback(null, "done");
                     } };
"#;
    for (handler, expected) in [("waits", json!(2)), ("silent", Value::Null), ("at_once", json!("done"))] {
        let handler = format!("src/app.handlers.{handler}");
        let mut environment = start(&house, &NODES, &handler, &[("src/app.js", script)]).await.unwrap();
        assert_eq!(payload(&environment.invoke(invocation("1")).await), expected, "{handler}");
        assert_eq!(payload(&environment.invoke(invocation("1")).await), expected, "{handler}, again");
    }
}

#[tokio::test]
async fn node_errors_have_aws_shape() {
    let house = House::open();
    let code = r#"
exports.handler = async () => { throw new TypeError("no good"); };
exports.rejects = (event, context, callback) => { Promise.reject(new Error("lost")); setTimeout(() => {}, 60000); };
exports.text = 5;
"#;
    let files = [("index.js", code), ("broken.js", "const ("), ("needs.js", "require('no-such')")];
    let Some(mut environment) = start(&house, &NODES, "index.handler", &files).await else { return };
    let outcome = environment.invoke(invocation("1")).await;
    let error = payload(&outcome);
    assert_eq!((&error["errorType"], &error["errorMessage"]), (&json!("TypeError"), &json!("no good")));
    assert_eq!(error["trace"][0], "TypeError: no good");
    assert!(texts(&outcome)[0].contains("\tERROR\tInvoke Error\t{\"errorType\":\"TypeError\""), "{outcome:?}");
    for (handler, error_type, message) in [
        ("index.none", "Runtime.HandlerNotFound", "index.none is undefined or not exported"),
        ("index.text", "Runtime.HandlerNotFound", "index.text is not a function"),
        ("index", "Runtime.MalformedHandlerName", "Bad handler"),
        ("other.handler", "Runtime.ImportModuleError", "Error: Cannot find module"),
        ("needs.handler", "Runtime.ImportModuleError", "Error: Cannot find module 'no-such'"),
        ("broken.handler", "Runtime.UserCodeSyntaxError", "SyntaxError: "),
        ("index.rejects", "Runtime.UnhandledPromiseRejection", "Error: lost"),
    ] {
        let mut environment = start(&house, &NODES, handler, &files).await.unwrap();
        let outcome = environment.invoke(invocation("1")).await;
        assert_eq!(outcome.answer.error_type(), Some(error_type), "{outcome:?}");
        assert!(payload(&outcome)["errorMessage"].as_str().unwrap().starts_with(message), "{outcome:?}");
    }
}

#[tokio::test]
async fn node_streams_its_response() {
    let house = House::open();
    let code = r#"
export const handler = awslambda.streamifyResponse(async (event, stream, context) => {
  stream = awslambda.HttpResponseStream.from(stream, { statusCode: 201 });
  stream.write("one ");
  stream.end("two");
});
"#;
    let Some(mut environment) = start(&house, &NODES, "index.handler", &[("index.mjs", code)]).await else { return };
    let outcome = environment.invoke(invocation("1")).await;
    let Answer::Responded { payload, content_type } = &outcome.answer else { panic!("{outcome:?}") };
    assert_eq!(&payload[..], b"{\"statusCode\":201}\0\0\0\0\0\0\0\0one two");
    assert_eq!(content_type.as_deref(), Some("application/vnd.awslambda.http-integration-response"));
}

#[tokio::test]
async fn interpreters_run_under_landlock_too() {
    let house = House::open_isolated(Isolation::Landlock);
    let python = "import ssl, tempfile, sqlite3\ndef handler(e, c):\n    return tempfile.mkdtemp() and ssl.OPENSSL_VERSION[:7]\n";
    if let Some(mut environment) = start(&house, &PYTHONS, "main.handler", &[("main.py", python)]).await {
        let outcome = environment.invoke(invocation("1")).await;
        assert_eq!(payload(&outcome), json!("OpenSSL"), "{outcome:?}");
    }
    let node = "import { mkdtempSync } from 'fs'; import { tmpdir } from 'os';\n\
                export const handler = async () => mkdtempSync(tmpdir() + '/x').length > 0;\n";
    if let Some(mut environment) = start(&house, &NODES, "main.handler", &[("main.mjs", node)]).await {
        let outcome = environment.invoke(invocation("1")).await;
        assert_eq!(payload(&outcome), json!(true), "{outcome:?}");
    }
}
