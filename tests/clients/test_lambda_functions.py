"""Functions in Rust, Python and JavaScript: they run, they fail, and both are told as AWS tells it."""

import json
import re

import pytest

import functions
from functions import invoke, python
from refusal import refused


@pytest.fixture(scope="module")
def lambda_(house):
    return house.client("lambda")


@pytest.fixture(scope="module")
def echo(house):
    functions.rust(house, "echo")
    return "echo"


def test_a_rust_function_on_aws_own_runtime_answers(house, echo):
    answer = invoke(house, echo, {"greeting": "hello"})
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    assert "FunctionError" not in answer
    assert answer["payload"] == {"greeting": "hello"}


def test_the_tail_of_the_log_has_awss_lines(house, echo):
    log = invoke(house, echo, {})["log"]
    request_id = re.search(r"^START RequestId: (\S+) Version: \$LATEST$", log, re.M).group(1)
    assert re.search(rf"^END RequestId: {request_id}$", log, re.M)
    report = (
        rf"^REPORT RequestId: {request_id}\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\t"
        r"Memory Size: 256 MB\tMax Memory Used: \d+ MB"
    )
    assert re.search(report, log, re.M), log


def test_a_handled_error_is_a_function_error(house, echo):
    answer = invoke(house, echo, {"fail": "no posts today"})
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert answer["payload"]["errorMessage"] == "no posts today"


def test_a_process_that_ends_is_reported_as_aws_does(house, echo):
    answer = invoke(house, echo, {"exit": 3})
    assert answer["FunctionError"] == "Unhandled"
    assert answer["payload"]["errorType"] == "Runtime.ExitError"
    assert re.fullmatch(
        r"RequestId: \S+ Error: Runtime exited with error: exit status 3", answer["payload"]["errorMessage"]
    )
    # The next one finds a new environment.
    assert invoke(house, echo, {"a": 1})["payload"] == {"a": 1}


def test_a_function_that_takes_too_long_is_killed(house, lambda_):
    functions.rust(house, "slow", Timeout=1)
    answer = invoke(house, "slow", {"sleep_millis": 20_000})
    assert answer["FunctionError"] == "Unhandled"
    assert re.search(r"Task timed out after 1\.00 seconds", answer["payload"]["errorMessage"])


def test_a_python_function_gets_its_event_and_context(house):
    python(
        house,
        "context",
        """
import os

def handler(event, context):
    print("working on", event["n"])
    return {
        "twice": event["n"] * 2,
        "name": context.function_name,
        "version": context.function_version,
        "arn": context.invoked_function_arn,
        "memory": context.memory_limit_in_mb,
        "left": context.get_remaining_time_in_millis(),
        "stream": context.log_stream_name,
        "own": os.environ["STAGE"],
        "region": os.environ["AWS_REGION"],
        "foreign": sorted(name for name in os.environ if name.startswith("HAAR")),
    }
""",
        Environment={"Variables": {"STAGE": "test"}},
    )
    answer = invoke(house, "context", {"n": 21})
    payload = answer["payload"]
    assert "FunctionError" not in answer, payload
    assert (payload["twice"], payload["name"], payload["version"]) == (42, "context", "$LATEST")
    assert payload["arn"] == functions.function_arn("context")
    assert str(payload["memory"]) == "256"
    assert 0 < payload["left"] <= 30_000
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", payload["stream"])
    assert (payload["own"], payload["region"], payload["foreign"]) == ("test", "us-east-1", [])
    assert "working on 21" in answer["log"]


def test_a_python_exception_has_its_type_and_stack(house):
    python(house, "raises", "def handler(event, context):\n    raise ValueError('bad ' + event['what'])\n")
    answer = invoke(house, "raises", {"what": "luck"})
    assert answer["FunctionError"] == "Unhandled"
    payload = answer["payload"]
    assert (payload["errorType"], payload["errorMessage"]) == ("ValueError", "bad luck")
    assert any("in handler" in frame for frame in payload["stackTrace"])


def test_a_module_that_cannot_be_imported_says_so(house):
    python(house, "imports", "import does_not_exist\n\ndef handler(event, context):\n    pass\n")
    payload = invoke(house, "imports", {})["payload"]
    assert payload["errorType"] == "Runtime.ImportModuleError"
    assert "Unable to import module 'app': No module named 'does_not_exist'" in payload["errorMessage"]


def test_a_javascript_function_awaits(house):
    functions.node(
        house,
        "js",
        """
export const handler = async (event, context) => {
  console.log("name", context.functionName);
  await new Promise((resolve) => setTimeout(resolve, 5));
  if (event.fail) throw new RangeError("too far");
  return { sum: event.a + event.b, left: context.getRemainingTimeInMillis() > 0 };
};
""",
    )
    answer = invoke(house, "js", {"a": 2, "b": 3})
    assert answer["payload"] == {"sum": 5, "left": True}
    assert re.search(r"\tINFO\tname js", answer["log"])
    failed = invoke(house, "js", {"fail": True})
    assert failed["FunctionError"] == "Unhandled"
    assert (failed["payload"]["errorType"], failed["payload"]["errorMessage"]) == ("RangeError", "too far")


def test_a_function_works_with_its_roles_rights_and_no_more(house):
    s3 = house.client("s3")
    s3.create_bucket(Bucket="function-data")
    s3.put_object(Bucket="function-data", Key="a", Body=b"posts")
    source = """
import boto3
from botocore.exceptions import ClientError

def handler(event, context):
    s3 = boto3.client("s3")
    body = s3.get_object(Bucket="function-data", Key="a")["Body"].read().decode()
    try:
        s3.put_object(Bucket="function-data", Key="b", Body=b"")
        put = "allowed"
    except ClientError as error:
        put = error.response["Error"]["Code"]
    return {"body": body, "put": put, "who": boto3.client("sts").get_caller_identity()["Arn"]}
"""
    from people import allow

    python(house, "reader", source, allow("s3:GetObject", "arn:aws:s3:::function-data/*"))
    answer = invoke(house, "reader", {})
    assert answer["payload"]["body"] == "posts", answer
    assert answer["payload"]["put"] == "AccessDenied"
    assert answer["payload"]["who"] == "arn:aws:sts::000000000000:assumed-role/reader-role/reader"


def test_environments_are_reused_while_they_are_warm(house):
    python(house, "counts", "calls = 0\n\ndef handler(event, context):\n    global calls\n    calls += 1\n    return calls\n")
    assert [invoke(house, "counts", {})["payload"] for _ in range(3)] == [1, 2, 3]
    house.client("lambda").update_function_configuration(FunctionName="counts", Description="changed")
    assert invoke(house, "counts", {})["payload"] == 1


def test_versions_are_frozen_and_aliases_point_at_them(house, lambda_):
    python(house, "versions", "def handler(event, context):\n    return 'first'\n")
    first = lambda_.publish_version(FunctionName="versions")["Version"]
    code = functions.zipped({"app.py": "def handler(event, context):\n    return 'second'\n"})
    lambda_.update_function_code(FunctionName="versions", ZipFile=code)
    lambda_.get_waiter("function_updated_v2").wait(FunctionName="versions")
    lambda_.create_alias(FunctionName="versions", Name="live", FunctionVersion=first)
    assert first == "1"
    assert invoke(house, "versions", {}, Qualifier="live")["payload"] == "first"
    assert invoke(house, "versions", {})["payload"] == "second"


def test_layers_lie_under_opt(house, lambda_):
    content = {"ZipFile": functions.zipped({"python/shared.py": "WORD = 'layered'\n"})}
    layer = lambda_.publish_layer_version(LayerName="shared", Content=content)["LayerVersionArn"]
    source = "import shared\n\ndef handler(event, context):\n    return shared.WORD\n"
    python(house, "uses-layer", source, Layers=[layer])
    assert invoke(house, "uses-layer", {})["payload"] == "layered"


def test_reserved_concurrency_of_nothing_throttles(house, lambda_):
    functions.rust(house, "throttled")
    lambda_.put_function_concurrency(FunctionName="throttled", ReservedConcurrentExecutions=0)
    with refused("TooManyRequestsException", status=429):
        invoke(house, "throttled", {})


def test_a_runtime_that_is_not_here_is_refused_by_name(house, lambda_):
    role = functions.service_role(house, "java-role", "lambda")
    with refused("InvalidParameterValueException") as caught:
        lambda_.create_function(
            FunctionName="java", Runtime="java21", Handler="a.B::c", Role=role, Code={"ZipFile": functions.zipped({"a": ""})}
        )
    assert "java21" in str(caught.value)


def test_a_role_that_does_not_trust_lambda_is_refused(house, lambda_):
    role = functions.service_role(house, "glue-only", "glue")
    with refused(
        "InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda."
    ):
        lambda_.create_function(
            FunctionName="untrusted",
            Runtime="provided.al2023",
            Handler="bootstrap",
            Role=role,
            Code={"ZipFile": functions.zipped({"bootstrap": "#!/bin/sh\n"})},
        )


def test_logs_arrive_in_the_functions_group(house):
    python(house, "logs-here", "def handler(event, context):\n    print('one line')\n    return 1\n")
    invoke(house, "logs-here", {})
    house.advance(1)
    events = house.client("logs").filter_log_events(logGroupName="/aws/lambda/logs-here")["events"]
    said = [event["message"].rstrip("\n") for event in events]
    assert "one line" in said
    assert [line.split(" ")[0] for line in said if line.split(" ")[0].isupper()][-2:] == ["END", "REPORT"] or any(
        line.startswith("REPORT RequestId:") for line in said
    )


def test_the_aws_cli_invokes(house, echo, tmp_path):
    out = tmp_path / "out.json"
    answer = house.cli(
        "lambda", "invoke", "--function-name", echo, "--payload", json.dumps({"a": 1}), str(out)
    )
    assert answer["StatusCode"] == 200
    assert json.loads(out.read_text()) == {"a": 1}
