"""What a refusal must say: AWS's code, and where the test gives them its message and status."""

import subprocess
from contextlib import contextmanager

import pytest
from botocore.exceptions import ClientError


@contextmanager
def refused(code: str, message: str | None = None, status: int | None = None, starts: str | None = None):
    """The block must end in an error of AWS's with this code."""
    with pytest.raises(ClientError) as caught:
        yield caught
    answer = caught.value.response
    assert answer["Error"]["Code"] == code, answer["Error"]
    if message is not None:
        assert answer["Error"]["Message"] == message
    if starts is not None:
        assert answer["Error"]["Message"].startswith(starts), answer["Error"]["Message"]
    if status is not None:
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == status


def refused_by_cli(ran: subprocess.CompletedProcess, code: str, operation: str):
    """The aws CLI must have ended with this error of AWS's."""
    # 254 since version 2 and 1.4x: the service refused; 255 before.
    assert ran.returncode in (254, 255), ran
    assert f"An error occurred ({code}) when calling the {operation} operation" in ran.stderr


def not_allowed(arn: str, action: str, resource: str, kind: str = "identity-based policy") -> str:
    """AWS's words for what no policy allows."""
    return (
        f"User: {arn} is not authorized to perform: {action} on resource: {resource} "
        f"because no {kind} allows the {action} action"
    )
