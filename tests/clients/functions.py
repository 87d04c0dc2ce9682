"""Lambda functions for tests: their code as zip files, the role they work with, and what they said."""

import base64
import io
import json
import os
import sys
import zipfile
from pathlib import Path

from house import ACCOUNT, House, REGION
from people import allow, document, trust

# The interpreter of the tests is on the house's PATH.
PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
NODE = "nodejs24.x"

# Built by the test command: AWS's own runtime crate.
RUST_ECHO = Path(os.environ["ECHO_FUNCTION"])

# As AWSLambdaBasicExecutionRole.
LOGS = allow(["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"])


def zipped(files: dict[str, str | bytes], mode: int = 0o755) -> bytes:
    """A zip file of these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return buffer.getvalue()


def service_role(house: House, name: str, service: str, *statements: dict) -> str:
    """A role that a service of AWS may assume, and its ARN."""
    iam = house.client("iam")
    principal = {"Service": f"{service}.amazonaws.com"}
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(principal))["Role"]
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document(*statements))
    return role["Arn"]


def function_arn(name: str) -> str:
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"


def create(house: House, name: str, runtime: str, handler: str, code: bytes, *statements: dict, **more) -> str:
    """A function with a role of its own, and its ARN."""
    role = service_role(house, f"{name}-role", "lambda", LOGS, *statements)
    client = house.client("lambda")
    settings = {"Timeout": 30, "MemorySize": 256} | more
    client.create_function(
        FunctionName=name, Runtime=runtime, Handler=handler, Role=role, Code={"ZipFile": code}, **settings
    )
    client.get_waiter("function_active_v2").wait(FunctionName=name)
    return function_arn(name)


def python(house: House, name: str, source: str, *statements: dict, **more) -> str:
    """A function in Python: `source` defines `handler`."""
    return create(house, name, PYTHON, "app.handler", zipped({"app.py": source}), *statements, **more)


def node(house: House, name: str, source: str, *statements: dict, **more) -> str:
    """A function in JavaScript: `source` exports `handler`."""
    return create(house, name, NODE, "app.handler", zipped({"app.mjs": source}), *statements, **more)


def rust(house: House, name: str, *statements: dict, **more) -> str:
    """The echo function."""
    code = zipped({"bootstrap": RUST_ECHO.read_bytes()})
    return create(house, name, "provided.al2023", "bootstrap", code, *statements, **more)


def invoke(house: House, name: str, event, **more) -> dict:
    """One synchronous invocation: `payload` is parsed, `log` the log's tail."""
    answer = house.client("lambda").invoke(
        FunctionName=name, Payload=json.dumps(event), LogType="Tail", **more
    )
    answer["payload"] = json.loads(answer["Payload"].read() or "null")
    answer["log"] = base64.b64decode(answer.get("LogResult", "")).decode()
    return answer


def messages(house: House, queue_url: str) -> list[dict]:
    """Everything that is in a queue now, parsed, and taken out of it."""
    sqs = house.client("sqs")
    bodies = []
    while True:
        received = sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages", [])
        if not received:
            return bodies
        for message in received:
            bodies.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])


def queue(house: House, name: str, *senders: str) -> tuple[str, str]:
    """A queue that these services of AWS may send to: its URL and ARN."""
    sqs = house.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
    if senders:
        principals = {"Service": [f"{sender}.amazonaws.com" for sender in senders]}
        statement = allow("sqs:SendMessage", arn, Principal=principals)
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": document(statement)})
    return url, arn
