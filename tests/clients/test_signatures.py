"""Who is believed: signatures over the wire, each mistake answered in the words of the service's protocol."""

from datetime import timedelta

import botocore.auth
import pytest
from botocore import UNSIGNED

from house import ROOT, Keys
from people import make_user
from refusal import refused
from wire import fetch, query, send

MISMATCH = "The request signature we calculated does not match the signature you provided. "
INVALID_TOKEN = "The security token included in the request is invalid."
WRONG_SECRET = Keys("test", "not the secret")
UNKNOWN_KEY = Keys("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")

# One call of each service, and the code that it answers in each case.
CALLS = {
    "sts": lambda client: client.get_caller_identity(),
    "iam": lambda client: client.list_users(),
    "ssm": lambda client: client.describe_parameters(),
    "sqs": lambda client: client.list_queues(),
}


def codes(query_code: str, json_code: str):
    """SQS speaks JSON, and gives the code of its query days."""
    return pytest.mark.parametrize(
        "service, code", [("sts", query_code), ("iam", query_code), ("ssm", json_code), ("sqs", query_code)]
    )


@pytest.fixture
def client_clock(monkeypatch):
    """Sets the clock of this machine's clients, and of nothing else, off by some minutes."""
    right = botocore.auth.get_current_datetime

    def set_off(minutes: int):
        def wrong(*arguments, **options):
            return right(*arguments, **options) + timedelta(minutes=minutes)

        monkeypatch.setattr(botocore.auth, "get_current_datetime", wrong)

    return set_off


@pytest.mark.parametrize("service", CALLS)
def test_the_default_credentials_are_believed_by_every_service(house, service):
    CALLS[service](house.client(service))


@codes("SignatureDoesNotMatch", "InvalidSignatureException")
def test_a_wrong_secret_is_refused(house, service, code):
    with refused(code, starts=MISMATCH):
        CALLS[service](house.client(service, WRONG_SECRET))


@codes("InvalidClientTokenId", "UnrecognizedClientException")
def test_an_unknown_key_is_refused(house, service, code):
    with refused(code, INVALID_TOKEN):
        CALLS[service](house.client(service, UNKNOWN_KEY))


@codes("InvalidClientTokenId", "UnrecognizedClientException")
def test_a_made_up_session_token_is_refused(house, service, code):
    with refused(code, INVALID_TOKEN):
        CALLS[service](house.client(service, ROOT._replace(token="made-up")))


# STS takes clocks that are fifteen minutes off, most services five.
LATITUDE_MINUTES = {"sts": 15}


@codes("SignatureDoesNotMatch", "InvalidSignatureException")
def test_a_client_whose_clock_is_late_is_told_when_its_signature_expired(house, client_clock, service, code):
    client_clock(-20)
    with refused(code, starts="Signature expired: ") as caught:
        CALLS[service](house.client(service))
    assert "is now earlier than" in str(caught.value)
    assert str(caught.value).endswith(f"- {LATITUDE_MINUTES.get(service, 5)} min.)")


@codes("SignatureDoesNotMatch", "InvalidSignatureException")
def test_a_client_whose_clock_is_early_is_told_so(house, client_clock, service, code):
    client_clock(+20)
    with refused(code, starts="Signature not yet current: "):
        CALLS[service](house.client(service))


@pytest.mark.parametrize("service", CALLS)
@pytest.mark.parametrize("minutes", [-4, +4])
def test_a_clock_that_is_a_little_off_is_believed(house, client_clock, service, minutes):
    client_clock(minutes)
    CALLS[service](house.client(service))


def test_moving_the_clock_of_the_house_breaks_no_signature(open_house):
    house = open_house()
    house.advance(86_400)
    house.client("sts").get_caller_identity()


# SQS is not among them: a queue's policy may let anybody in, as test_sqs_policies.py shows.
@pytest.mark.parametrize(
    "service, code",
    [
        ("sts", "MissingAuthenticationToken"),
        ("iam", "MissingAuthenticationToken"),
        ("ssm", "MissingAuthenticationTokenException"),
    ],
)
def test_an_unsigned_call_is_refused(house, service, code):
    with refused(code):
        CALLS[service](house.client(service, signature_version=UNSIGNED))


def test_a_json_body_that_was_changed_after_signing_is_refused(house, ssm):
    ssm = house.client("ssm")
    tamper(ssm, b"innocent", b"poisoned")
    with refused("InvalidSignatureException", starts=MISMATCH):
        ssm.put_parameter(Name="/tampered", Value="innocent", Type="String")
    with refused("ParameterNotFound"):
        house.client("ssm").get_parameter(Name="/tampered")


def test_a_query_body_that_was_changed_after_signing_is_refused(house, iam):
    changed = house.client("iam")
    tamper(changed, b"UserName=alice", b"UserName=mallo")
    with refused("SignatureDoesNotMatch", starts=MISMATCH, status=403):
        changed.create_user(UserName="alice")
    assert iam.list_users()["Users"] == []


def tamper(client, before: bytes, after: bytes):
    """Changes what the client sends after it has signed it."""

    def change(request, **_):
        body = request.body if isinstance(request.body, bytes) else request.body.encode()
        assert before in body
        request.body = body.replace(before, after)

    client.meta.events.register("before-send", change)


def test_a_header_that_was_changed_after_signing_is_refused(house):
    ssm = house.client("ssm")

    def change(request, **_):
        request.headers["X-Amz-Target"] = "AmazonSSM.DeleteParameter"

    ssm.meta.events.register("before-send", change)
    with refused("InvalidSignatureException", starts=MISMATCH):
        ssm.get_parameter(Name="/a")


def test_a_signature_for_another_service_is_refused(house):
    body = b"Action=ListUsers&Version=2010-05-08"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = send(house, "sts", body, form)
    assert answer.status >= 400
    assert answer.texts("Code") != []


def test_half_an_authorization_header_is_incomplete(house):
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Amz-Date": "20300101T000000Z",
        "Authorization": "AWS4-HMAC-SHA256 Credential=test/20300101/us-east-1/sts/aws4_request",
    }
    answer = fetch(house.endpoint + "/", b"Action=GetCallerIdentity&Version=2011-06-15", headers)
    assert answer.text("Code") == "IncompleteSignature"
    assert "Authorization header requires 'Signature' parameter." in answer.text("Message")


def test_every_answer_carries_its_request_id(house):
    answer = query(house, "sts", "GetCallerIdentity")
    assert answer.headers["x-amzn-requestid"] == answer.text("RequestId")
    refusal = query(house, "iam", "GetUser", UserName="nobody")
    assert refusal.headers["x-amzn-requestid"] == refusal.text("RequestId")


def test_a_key_works_until_it_is_made_inactive(house, iam):
    keys = make_user(house, "switched-off")
    house.client("sts", keys).get_caller_identity()
    iam.update_access_key(UserName="switched-off", AccessKeyId=keys.id, Status="Inactive")
    with refused("InvalidClientTokenId", INVALID_TOKEN, status=403):
        house.client("sts", keys).get_caller_identity()
    iam.update_access_key(UserName="switched-off", AccessKeyId=keys.id, Status="Active")
    house.client("sts", keys).get_caller_identity()


def test_a_deleted_key_is_refused(house, iam):
    keys = make_user(house, "leaver")
    iam.delete_access_key(UserName="leaver", AccessKeyId=keys.id)
    with refused("InvalidClientTokenId", INVALID_TOKEN):
        house.client("sts", keys).get_caller_identity()
