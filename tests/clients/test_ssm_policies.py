"""Parameter policies and events: what happens by itself when the clock says so, and what is told of it."""

import json
from datetime import datetime, timedelta

import pytest

from house import ACCOUNT, REGION
from refusal import refused

DAY = 86_400


def expiration(house, days: float) -> dict:
    """A policy that deletes its parameter so many days from the house's now."""
    now = datetime.fromisoformat(house.page("clock")["now"].replace("Z", "+00:00"))
    at = (now + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return {"Type": "Expiration", "Version": "1.0", "Attributes": {"Timestamp": at}}


def notification(kind: str, name: str, days: int) -> dict:
    return {"Type": kind, "Version": "1.0", "Attributes": {name: str(days), "Unit": "Days"}}


def put(ssm, name: str, *policies: dict, **more):
    ssm.put_parameter(Name=name, Value="1", Type="String", Tier="Advanced", Policies=json.dumps(policies), **more)


def told(house, detail_type: str) -> list[dict]:
    """The details of the events of that type, oldest first."""
    events = house.page("events?limit=100")["events"]
    return [event["detail"] for event in reversed(events) if event["detail-type"] == detail_type]


def test_a_parameter_expires_when_its_time_has_come(open_house):
    house = open_house()
    ssm = house.client("ssm")
    put(ssm, "/expires", expiration(house, 10))
    house.advance(9 * DAY)
    assert ssm.get_parameter(Name="/expires")["Parameter"]["Value"] == "1"
    house.advance(DAY + 60)
    with refused("ParameterNotFound"):
        ssm.get_parameter(Name="/expires")


def test_who_relies_on_it_is_told_before(open_house):
    house = open_house()
    ssm = house.client("ssm")
    put(ssm, "/warned", expiration(house, 10), notification("ExpirationNotification", "Before", 3))
    house.advance(6 * DAY)
    assert told(house, "Parameter Store Policy Action") == []
    house.advance(DAY + 60)
    [event] = told(house, "Parameter Store Policy Action")
    assert (event["parameter-name"], event["policy-type"]) == ("/warned", "ExpirationNotification")
    assert ssm.get_parameter(Name="/warned")["Parameter"]["Value"] == "1"


def test_who_forgot_it_is_told_after(open_house):
    house = open_house()
    ssm = house.client("ssm")
    put(ssm, "/still", notification("NoChangeNotification", "After", 5))
    house.advance(4 * DAY)
    ssm.put_parameter(Name="/still", Value="2", Overwrite=True)
    house.advance(4 * DAY)
    assert told(house, "Parameter Store Policy Action") == []
    house.advance(DAY + 60)
    [event] = told(house, "Parameter Store Policy Action")
    assert (event["parameter-name"], event["policy-type"]) == ("/still", "NoChangeNotification")


def test_policies_are_described_with_their_state(open_house):
    house = open_house()
    ssm = house.client("ssm")
    put(ssm, "/state", expiration(house, 10), notification("ExpirationNotification", "Before", 3))
    house.advance(8 * DAY)
    [described] = ssm.describe_parameters()["Parameters"]
    states = {policy["PolicyType"]: policy["PolicyStatus"] for policy in described["Policies"]}
    assert states == {"Expiration": "Pending", "ExpirationNotification": "Finished"}


def test_policies_need_the_advanced_tier(house, ssm):
    with refused("ValidationException"):
        policies = json.dumps([expiration(house, 1)])
        ssm.put_parameter(Name="/standard", Value="1", Type="String", Tier="Standard", Policies=policies)


@pytest.mark.parametrize(
    "policy, code",
    [
        ({"Type": "Explosion", "Version": "1.0", "Attributes": {}}, "InvalidPolicyTypeException"),
        ({"Type": "Expiration", "Version": "1.0", "Attributes": {}}, "InvalidPolicyAttributeException"),
        (notification("ExpirationNotification", "Before", 3), "IncompatiblePolicyException"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(ssm, policy, code):
    with refused(code):
        put(ssm, "/senseless", policy)


def test_every_change_is_an_event_in_the_form_of_aws(open_house):
    house = open_house()
    ssm = house.client("ssm")
    ssm.put_parameter(Name="/told", Value="1", Type="String", Description="first")
    ssm.put_parameter(Name="/told", Value="2", Overwrite=True)
    ssm.label_parameter_version(Name="/told", Labels=["live"])
    ssm.delete_parameter(Name="/told")
    operations = [detail["operation"] for detail in told(house, "Parameter Store Change")]
    assert operations == ["Create", "Update", "LabelParameterVersion", "Delete"]
    created = house.page("events?limit=100")["events"][-1]
    assert created["source"] == "aws.ssm"
    assert (created["account"], created["region"]) == (ACCOUNT, REGION)
    assert created["resources"] == [f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/told"]
    assert created["detail"] == {"operation": "Create", "name": "/told", "type": "String", "description": "first"}
    assert created["version"] == "0" and created["id"] and created["time"].endswith("Z")


def test_what_was_refused_is_no_event(open_house):
    house = open_house()
    ssm = house.client("ssm")
    with refused("ParameterNotFound"):
        ssm.delete_parameter(Name="/none")
    assert house.page("events")["events"] == []
