"""URLs that carry their signature, as boto3 makes them."""

from datetime import timedelta

import botocore.auth

from house import ACCOUNT, Keys
from people import make_user, user_arn
from wire import fetch


def presigned(house, keys=None, seconds=60) -> str:
    sts = house.client("sts", keys) if keys else house.client("sts")
    return sts.generate_presigned_url("get_caller_identity", ExpiresIn=seconds, HttpMethod="GET")


def test_a_url_says_who_signed_it(house):
    answer = fetch(presigned(house, make_user(house, "linker")))
    assert answer.status == 200
    assert answer.text("Arn") == user_arn("linker")
    assert answer.text("Account") == ACCOUNT


def signed_ago(monkeypatch, seconds: int):
    """From now on boto3 signs as it did so long ago."""
    right = botocore.auth.get_current_datetime
    ago = timedelta(seconds=seconds)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *a, **o: right(*a, **o) - ago)


def test_a_url_is_refused_after_its_life(house, monkeypatch):
    signed_ago(monkeypatch, 90)
    iam = house.client("iam")
    living, dead = [iam.generate_presigned_url("list_users", ExpiresIn=life, HttpMethod="GET") for life in [3600, 60]]
    assert fetch(living).status == 200
    answer = fetch(dead)
    assert (answer.status, answer.text("Code")) == (400, "RequestExpired")
    assert answer.text("Message") == "Request has expired."


def test_sts_lets_every_url_live_for_a_quarter_of_an_hour_whatever_it_says(house, monkeypatch):
    signed_ago(monkeypatch, 800)
    assert fetch(presigned(house, seconds=60)).status == 200
    signed_ago(monkeypatch, 200)
    answer = fetch(presigned(house, seconds=3600))
    assert (answer.status, answer.text("Code")) == (403, "SignatureDoesNotMatch")
    assert answer.text("Message").startswith("Signature expired: ")


def test_a_url_that_was_changed_is_refused(house):
    answer = fetch(presigned(house, seconds=60).replace("Expires=60", "Expires=61"))
    assert answer.status == 403
    assert answer.text("Code") == "SignatureDoesNotMatch"


def test_a_url_of_a_wrong_secret_is_refused(house):
    answer = fetch(presigned(house, Keys("test", "guess")))
    assert answer.status == 403
    assert answer.text("Code") == "SignatureDoesNotMatch"


def test_a_url_may_live_a_week_and_no_longer(house):
    assert fetch(presigned(house, seconds=604_800)).status == 200
    answer = fetch(presigned(house, seconds=604_801))
    assert "X-Amz-Expires must be less than a week" in answer.text("Message")
