"""A month of schedules, in moments: the clock moves, what is due happens, in its zone."""

import json

from functions import messages, queue, service_role
from house import ACCOUNT
from people import allow


def schedule(house, name: str, expression: str, arn: str, role: str, zone: str = "UTC", **more):
    target = {"Arn": arn, "RoleArn": role, "Input": json.dumps({"schedule": name, "at": "<aws.scheduler.scheduled-time>"})}
    house.client("scheduler").create_schedule(
        Name=name,
        ScheduleExpression=expression,
        ScheduleExpressionTimezone=zone,
        FlexibleTimeWindow={"Mode": "OFF"},
        Target=target | more.pop("Target", {}),
        **more,
    )


def test_a_month_of_an_hourly_and_a_weekday_schedule(open_house):
    house = open_house()
    url, arn = queue(house, "due")
    role = service_role(house, "scheduler", "scheduler", allow("sqs:SendMessage", arn))
    schedule(house, "hourly", "rate(1 hour)", arn, role)
    schedule(house, "weekdays", "cron(0 8 ? * MON-FRI *)", arn, role, zone="Asia/Ho_Chi_Minh")
    due = []
    # The queue keeps what came for four days.
    for _ in range(10):
        house.advance(3 * 86_400)
        due += messages(house, url)
    hourly = [message for message in due if message["schedule"] == "hourly"]
    weekdays = [message for message in due if message["schedule"] == "weekdays"]
    assert 720 <= len(hourly) <= 721
    assert 20 <= len(weekdays) <= 23
    assert all(message["at"].endswith("T01:00:00Z") for message in weekdays)


def test_a_universal_target_reaches_any_operation(open_house):
    house = open_house()
    role = service_role(house, "scheduler", "scheduler", allow("ssm:PutParameter"))
    house.client("scheduler").create_schedule(
        Name="once",
        ScheduleExpression="rate(5 minutes)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": "arn:aws:scheduler:::aws-sdk:ssm:putParameter",
            "RoleArn": role,
            "Input": json.dumps({"Name": "/by/schedule", "Value": "x", "Type": "String", "Overwrite": True}),
        },
    )
    house.advance(600)
    assert house.client("ssm").get_parameter(Name="/by/schedule")["Parameter"]["Version"] >= 1


def test_a_schedule_at_a_time_happens_once_and_goes(open_house):
    house = open_house()
    url, arn = queue(house, "once")
    role = service_role(house, "scheduler", "scheduler", allow("sqs:SendMessage", arn))
    now = house.page("clock")["now"]
    from datetime import datetime, timedelta

    due = datetime.fromisoformat(now.replace("Z", "+00:00")) + timedelta(hours=2)
    schedule(
        house, "once", f"at({due:%Y-%m-%dT%H:%M:%S})", arn, role, ActionAfterCompletion="DELETE"
    )
    house.advance(3 * 3600)
    assert len(messages(house, url)) == 1
    assert house.client("scheduler").list_schedules()["Schedules"] == []


def test_what_cannot_be_delivered_goes_to_the_dead_letter_queue(open_house):
    house = open_house()
    url, arn = queue(house, "dead")
    gone = arn.replace(":dead", ":gone")
    role = service_role(house, "scheduler", "scheduler", allow("sqs:SendMessage", f"arn:aws:sqs:us-east-1:{ACCOUNT}:*"))
    retry = {"DeadLetterConfig": {"Arn": arn}, "RetryPolicy": {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 3600}}
    schedule(house, "lost", "rate(1 day)", gone, role, Target=retry)
    house.advance(2 * 3600)
    assert len(messages(house, url)) == 1
