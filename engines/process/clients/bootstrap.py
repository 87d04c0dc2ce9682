"""haar's interface client for Python functions: loads the handler, asks the Lambda Runtime API for events, answers.

Runs on the standard library of the machine's interpreter alone. It speaks HTTP over a plain socket, because importing
http.client takes longer than everything else here together.
"""

import sys

# The folder of this file is no place to import a function's modules from.
sys.path.pop(0)

import importlib
import json
import logging
import os
import socket
import time
import traceback

API = "/2018-06-01/runtime"
JSON_LOGS = os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"
LEVELS = {"TRACE": 5, "DEBUG": 10, "INFO": 20, "WARN": 30, "ERROR": 40, "FATAL": 50}


class Api:
    """One connection to the Runtime API, kept open."""

    def __init__(self, address):
        host, port = address.rsplit(":", 1)
        self.host = address
        self.socket = socket.create_connection((host, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.answers = self.socket.makefile("rb")

    def call(self, method, path, body=b"", headers=()):
        lines = [f"{method} {API}{path} HTTP/1.1", f"Host: {self.host}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers]
        self.socket.sendall("\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + body)
        status = int(self.answers.readline().split()[1])
        answered = {}
        while True:
            line = self.answers.readline().strip()
            if not line:
                break
            name, _, value = line.partition(b":")
            answered[name.strip().lower().decode("latin-1")] = value.strip().decode("utf-8", "replace")
        return status, answered, self.answers.read(int(answered.get("content-length", "0")))

    def next(self):
        status, headers, body = self.call("GET", "/invocation/next")
        if status != 200:
            sys.exit(1)
        return headers, body

    def respond(self, request_id, body):
        headers = [("Content-Type", "application/json")]
        return self.call("POST", f"/invocation/{request_id}/response", body, headers)[0]

    def fail(self, path, error):
        headers = [
            ("Content-Type", "application/json"),
            ("Lambda-Runtime-Function-Error-Type", error["errorType"]),
        ]
        return self.call("POST", path, dump(error), headers)[0]


class Fault(Exception):
    """A failure that is this client's to name: its type is AWS's, not a Python class."""

    def __init__(self, kind, message, trace=()):
        super().__init__(message)
        self.kind = kind
        self.trace = list(trace)


def dump(value):
    def convert(other):
        # DynamoDB's numbers.
        if type(other).__name__ == "Decimal":
            return float(other)
        raise TypeError(f"Object of type {type(other).__name__} is not JSON serializable")

    return json.dumps(value, ensure_ascii=False, default=convert).encode("utf-8", "surrogatepass")


def describe(error, request_id=""):
    """An exception in the shape that Lambda answers and logs."""
    if isinstance(error, Fault):
        kind, trace = error.kind, error.trace
    else:
        kind = type(error).__name__
        frames = traceback.extract_tb(error.__traceback__)
        while frames and (frames[0].filename == __file__ or "importlib" in frames[0].filename):
            frames.pop(0)
        trace = traceback.format_list(frames)
    return {"errorMessage": str(error), "errorType": kind, "requestId": request_id, "stackTrace": trace}


def write_message(text):
    """One log event, however many lines it has."""
    sys.stdout.flush()
    body = text.encode("utf-8", "replace")
    left = b"\x1e%08x" % len(body) + body
    while left:
        left = left[os.write(1, left) :]


def log_error(error, request_id):
    if JSON_LOGS:
        entry = {"timestamp": timestamp(time.time()), "log_level": "ERROR"}
        entry.update({key: value for key, value in error.items() if key != "requestId" or value})
        write_message(dump(entry).decode("utf-8", "replace"))
        return
    text = f"[ERROR] {error['errorType']}"
    text += f": {error['errorMessage']}" if error["errorMessage"] else ""
    if error["stackTrace"]:
        text += "\nTraceback (most recent call last):\n" + "".join(error["stackTrace"]).rstrip("\n")
    write_message(text)


def timestamp(seconds, millis=True):
    text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{text}.{int(seconds * 1000) % 1000:03d}Z" if millis else f"{text}Z"


class TextFormatter(logging.Formatter):
    """`[LEVEL]<tab>time<tab>request id<tab>message`."""

    converter = time.gmtime

    def __init__(self):
        form = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s"
        super().__init__(form, "%Y-%m-%dT%H:%M:%S")


class JsonFormatter(logging.Formatter):
    """One object per record, with what the caller put into `extra`."""

    KNOWN = set(vars(logging.makeLogRecord({}))) | {"aws_request_id", "message", "asctime", "taskName"}

    def format(self, record):
        entry = {
            "timestamp": timestamp(record.created, millis=False),
            "level": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
        }
        if record.exc_info:
            kind, error, trace = record.exc_info
            entry["stackTrace"] = traceback.format_list(traceback.extract_tb(trace))
            entry["errorType"] = kind.__name__ if kind else None
            entry["errorMessage"] = str(error)
            entry["location"] = f"{record.pathname}:{record.funcName}:{record.lineno}"
        if record.aws_request_id:
            entry["requestId"] = record.aws_request_id
        for name, value in vars(record).items():
            if name not in self.KNOWN and name not in entry:
                entry[name] = value
        return json.dumps(entry, ensure_ascii=False, default=str)


class Handler(logging.Handler):
    """The root logger's only handler, as a function finds it."""

    def emit(self, record):
        try:
            record.aws_request_id = CURRENT.request_id
            write_message(self.format(record))
        except Exception:  # A logging handler must not raise: it reports, as the standard library's do.
            self.handleError(record)


class Current:
    request_id = ""


CURRENT = Current()


def set_up_logging():
    handler = Handler()
    handler.setFormatter(JsonFormatter() if JSON_LOGS else TextFormatter())
    root = logging.getLogger()
    root.addHandler(handler)
    logging.addLevelName(5, "TRACE")
    logging.Formatter.converter = time.gmtime
    if JSON_LOGS:
        root.setLevel(LEVELS.get(os.environ.get("AWS_LAMBDA_LOG_LEVEL", "INFO").upper(), logging.INFO))


class CognitoIdentity:
    __slots__ = ["cognito_identity_id", "cognito_identity_pool_id"]

    def __init__(self, identity):
        self.cognito_identity_id = identity.get("cognitoIdentityId")
        self.cognito_identity_pool_id = identity.get("cognitoIdentityPoolId")

    def __repr__(self):
        values = (self.cognito_identity_id, self.cognito_identity_pool_id)
        return "CognitoIdentity([cognito_identity_id={},cognito_identity_pool_id={}])".format(*values)


class Client:
    __slots__ = ["installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name"]

    def __init__(self, client):
        for name in self.__slots__:
            setattr(self, name, client.get(name))


class ClientContext:
    __slots__ = ["custom", "env", "client"]

    def __init__(self, context):
        self.custom = context.get("custom")
        self.env = context.get("env")
        self.client = Client(context["client"]) if context.get("client") else None


class LambdaContext:
    """What a handler gets as its second argument."""

    def __init__(self, headers):
        environment = os.environ.get
        self.aws_request_id = headers["lambda-runtime-aws-request-id"]
        self.log_group_name = environment("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = environment("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = environment("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = environment("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = environment("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = headers.get("lambda-runtime-invoked-function-arn")
        self.tenant_id = headers.get("lambda-runtime-aws-tenant-id")
        client = headers.get("lambda-runtime-client-context")
        context = json.loads(client) if client else None
        self.client_context = ClientContext(context) if isinstance(context, dict) else None
        identity = headers.get("lambda-runtime-cognito-identity")
        self.identity = CognitoIdentity(json.loads(identity) if identity else {})
        self._epoch_deadline_time_in_ms = int(headers["lambda-runtime-deadline-ms"])

    def get_remaining_time_in_millis(self):
        return max(self._epoch_deadline_time_in_ms - int(time.time() * 1000), 0)

    def log(self, message):
        sys.stdout.write(str(message))
        sys.stdout.flush()

    def __repr__(self):
        values = ",".join(f"{name}={value}" for name, value in vars(self).items() if not name.startswith("_"))
        return f"LambdaContext([{values}])"


def load_handler(name):
    """`folder/module.function`, or `folder.module.function`."""
    try:
        module_name, function_name = name.rsplit(".", 1)
    except ValueError as error:
        raise Fault("Runtime.MalformedHandlerName", f"Bad handler '{name}': {error}") from None
    module_name = module_name.replace("/", ".").lstrip(".")
    if module_name.split(".")[0] in sys.builtin_module_names:
        message = f"Cannot use built-in module {module_name} as a handler module"
        raise Fault("Runtime.BuiltInModuleConflict", message)
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        message = f"Unable to import module '{module_name}': {error}"
        raise Fault("Runtime.ImportModuleError", message) from None
    except SyntaxError as error:
        trace = [f'  File "{error.filename}" Line {error.lineno}\n    {error.text}']
        message = f"Syntax error in module '{module_name}': {error}"
        raise Fault("Runtime.UserCodeSyntaxError", message, trace) from None
    try:
        return getattr(module, function_name)
    except AttributeError:
        message = f"Handler '{function_name}' missing on module '{module_name}'"
        raise Fault("Runtime.HandlerNotFound", message) from None


def run(handler, headers, body):
    try:
        event = json.loads(body.decode("utf-8"))
    except ValueError as error:
        raise Fault("Runtime.UnmarshalError", f"Unable to unmarshal input: {error}") from None
    response = handler(event, LambdaContext(headers))
    try:
        return dump(response)
    except (TypeError, ValueError) as error:
        raise Fault("Runtime.MarshalError", f"Unable to marshal response: {error}") from None


def main():
    sys.stdout.reconfigure(line_buffering=True)
    sys.stderr.reconfigure(line_buffering=True)
    api = Api(os.environ["AWS_LAMBDA_RUNTIME_API"])
    set_up_logging()
    task = os.environ["LAMBDA_TASK_ROOT"]
    if task not in sys.path:
        sys.path.insert(0, task)
    try:
        handler = load_handler(os.environ["_HANDLER"])
    except Exception as error:
        described = describe(error)
        log_error(described, "")
        api.fail("/init/error", described)
        sys.exit(1)
    while True:
        headers, body = api.next()
        request_id = CURRENT.request_id = headers["lambda-runtime-aws-request-id"]
        if "lambda-runtime-trace-id" in headers:
            os.environ["_X_AMZN_TRACE_ID"] = headers["lambda-runtime-trace-id"]
        else:
            os.environ.pop("_X_AMZN_TRACE_ID", None)
        try:
            response = run(handler, headers, body)
        except Exception as error:
            described = describe(error, request_id)
            log_error(described, request_id)
            sys.stdout.flush()
            sys.stderr.flush()
            api.fail(f"/invocation/{request_id}/error", described)
        else:
            sys.stdout.flush()
            sys.stderr.flush()
            api.respond(request_id, response)


main()
