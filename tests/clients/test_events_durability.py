"""`kill -9` under load: every acknowledged event is delivered at least once, every acknowledged log line and data point
is found."""

import json
import threading
from datetime import UTC, datetime, timedelta

from botocore.exceptions import BotoCoreError, ClientError

from functions import messages, queue

GROUP = "/durable"

# Rounds of writing that end in a crash; each goes on with the same data.
ROUNDS = 2

# Writers of each kind, and how much is acknowledged before the house is killed.
WRITERS = 3
ENOUGH = 300


class Writers:
    """Threads that write until the house is gone, and remember what was acknowledged."""

    def __init__(self):
        self.acknowledged = []
        self.enough = threading.Event()
        self.threads = []

    def start(self, write):
        def work(number: int):
            for turn in range(100_000):
                name = f"{number}-{turn}"
                try:
                    write(name)
                except (BotoCoreError, ClientError):
                    return
                self.acknowledged.append(name)
                if len(self.acknowledged) >= ENOUGH:
                    self.enough.set()

        for number in range(WRITERS):
            thread = threading.Thread(target=work, args=(number,))
            thread.start()
            self.threads.append(thread)


def now(house) -> datetime:
    return datetime.fromisoformat(house.page("clock")["now"].replace("Z", "+00:00")).astimezone(UTC)


def test_what_was_acknowledged_is_there_after_a_crash(open_house, tmp_path):
    house = open_house("--data-dir", str(tmp_path / "data"))
    url, arn = queue(house, "sink", "events")
    events = house.client("events")
    events.put_rule(Name="all", EventPattern=json.dumps({"source": ["test"]}))
    events.put_targets(Rule="all", Targets=[{"Id": "sink", "Arn": arn, "InputPath": "$.detail"}])
    logs = house.client("logs")
    logs.create_log_group(logGroupName=GROUP)
    for number in range(WRITERS):
        logs.create_log_stream(logGroupName=GROUP, logStreamName=str(number))
    delivered, written, counted = set(), [], []
    for round_ in range(ROUNDS):
        clients = {name: house.client(name) for name in ("events", "logs", "cloudwatch")}

        def put_event(name: str):
            detail = json.dumps({"name": f"{round_}/{name}"})
            answer = clients["events"].put_events(Entries=[{"Source": "test", "DetailType": "t", "Detail": detail}])
            assert answer["FailedEntryCount"] == 0

        def put_line(name: str):
            at = int(now_here.timestamp() * 1000)
            line = {"timestamp": at, "message": f"{round_}/{name}"}
            clients["logs"].put_log_events(logGroupName=GROUP, logStreamName=name.split("-")[0], logEvents=[line])

        def put_point(name: str):
            clients["cloudwatch"].put_metric_data(
                Namespace="Durable", MetricData=[{"MetricName": "points", "Value": 1, "Timestamp": now_here}]
            )

        now_here = now(house)
        kinds = [(put_event, Writers()), (put_line, Writers()), (put_point, Writers())]
        for write, writers in kinds:
            writers.start(write)
        for _, writers in kinds:
            assert writers.enough.wait(timeout=120)
        house.crash()
        for _, writers in kinds:
            for thread in writers.threads:
                thread.join()
        house = open_house("--data-dir", str(tmp_path / "data"))
        sent, lines, points = ([f"{round_}/{name}" for name in writers.acknowledged] for _, writers in kinds)
        written += lines
        counted += points
        house.advance(600)
        delivered |= {message["name"] for message in messages(house, url)}
        assert set(sent) - delivered == set()
    found = set()
    for page in house.client("logs").get_paginator("filter_log_events").paginate(logGroupName=GROUP):
        found |= {event["message"] for event in page["events"]}
    assert set(written) - found == set()
    end = now(house) + timedelta(minutes=1)
    points = house.client("cloudwatch").get_metric_statistics(
        Namespace="Durable", MetricName="points", StartTime=end - timedelta(hours=3), EndTime=end, Period=3600,
        Statistics=["SampleCount"],
    )["Datapoints"]
    assert sum(point["SampleCount"] for point in points) >= len(counted)
