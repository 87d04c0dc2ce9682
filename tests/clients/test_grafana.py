"""The calls that Grafana's CloudWatch data source makes, in its order and its spelling; each answer is checked."""

from datetime import UTC, datetime, timedelta

import pytest

from refusal import refused

GROUP = "/pipeline/ingest"

# Grafana always asks for these two fields too; `ltrim` lets it name them itself.
PREFIX = (
    "fields @timestamp,ltrim(@log) as __log__grafana_internal__,"
    "ltrim(@logStream) as __logstream__grafana_internal__|"
)


@pytest.fixture(scope="module")
def cloudwatch(house):
    return house.client("cloudwatch")


@pytest.fixture(scope="module")
def logs(house):
    return house.client("logs")


@pytest.fixture(scope="module")
def span(house, cloudwatch, logs):
    """Ten minutes of two functions' metrics and of one log."""
    end = datetime.fromisoformat(house.page("clock")["now"].replace("Z", "+00:00")).astimezone(UTC)
    end = end.replace(second=0, microsecond=0)
    for number, name in enumerate(("ingest", "load")):
        dimensions = [{"Name": "FunctionName", "Value": name}]
        data = [
            {"MetricName": "Duration", "Dimensions": dimensions, "Timestamp": end - timedelta(minutes=10 - minute),
             "Value": 100.0 * (number + 1), "Unit": "Milliseconds"}
            for minute in range(10)
        ]
        cloudwatch.put_metric_data(Namespace="Pipeline", MetricData=data)
    logs.create_log_group(logGroupName=GROUP)
    logs.create_log_stream(logGroupName=GROUP, logStreamName="one")
    at = int(end.timestamp() * 1000) - 60_000
    events = [{"timestamp": at + number, "message": '{"level": "INFO", "posts": %d}' % number} for number in range(5)]
    logs.put_log_events(logGroupName=GROUP, logStreamName="one", logEvents=events)
    return end - timedelta(minutes=10), end


def test_the_health_check_lists_metrics_and_log_groups(cloudwatch, logs, span):
    found = cloudwatch.list_metrics(Namespace="Pipeline", MetricName="Duration")["Metrics"]
    assert len(found) == 2
    assert [group["logGroupName"] for group in logs.describe_log_groups(limit=1)["logGroups"]] == [GROUP]


def test_the_editor_lists_dimension_values(cloudwatch, span):
    pages = cloudwatch.get_paginator("list_metrics").paginate(
        Namespace="Pipeline", MetricName="Duration", Dimensions=[{"Name": "FunctionName"}]
    )
    values = [dimension["Value"] for page in pages for metric in page["Metrics"] for dimension in metric["Dimensions"]]
    assert sorted(values) == ["ingest", "load"]


@pytest.mark.parametrize(
    "search",
    [
        """REMOVE_EMPTY(SEARCH('{"Pipeline","FunctionName"} MetricName="Duration" "FunctionName"=("ingest" OR "load")', 'Average', 60))""",
        """REMOVE_EMPTY(SEARCH('Namespace="Pipeline" MetricName="Duration" ', 'Average', 60))""",
    ],
)
def test_a_panel_asks_by_search_with_a_label_of_its_own(cloudwatch, span, search):
    results = cloudwatch.get_metric_data(
        StartTime=span[0],
        EndTime=span[1],
        ScanBy="TimestampAscending",
        MetricDataQueries=[
            {"Id": "queryA", "Expression": search, "Label": "${LABEL}|&|${PROP('Dim.FunctionName')}", "ReturnData": True}
        ],
    )["MetricDataResults"]
    found = {result["Label"].split("|&|")[1]: result["Values"] for result in results}
    assert {name: set(values) for name, values in found.items()} == {"ingest": {100.0}, "load": {200.0}}
    assert all(result["Id"] == "queryA" and len(result["Values"]) == 10 for result in results)


def test_an_alert_asks_for_one_metric_and_math(cloudwatch, span):
    metric = {"Namespace": "Pipeline", "MetricName": "Duration", "Dimensions": [{"Name": "FunctionName", "Value": "load"}]}
    queries = [
        {"Id": "a", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Maximum"}, "ReturnData": False},
        {"Id": "b", "Expression": "a / 1000", "ReturnData": True},
    ]
    [result] = cloudwatch.get_metric_data(StartTime=span[0], EndTime=span[1], MetricDataQueries=queries)[
        "MetricDataResults"
    ]
    assert set(result["Values"]) == {0.2}


def test_annotations_come_from_alarms_and_their_history(cloudwatch, span):
    cloudwatch.put_metric_alarm(
        AlarmName="slow", Namespace="Pipeline", MetricName="Duration",
        Dimensions=[{"Name": "FunctionName", "Value": "load"}], Statistic="Average", Period=60,
        EvaluationPeriods=1, Threshold=1000, ComparisonOperator="GreaterThanThreshold",
    )
    cloudwatch.set_alarm_state(AlarmName="slow", StateValue="ALARM", StateReason="to see it")
    found = cloudwatch.describe_alarms_for_metric(
        Namespace="Pipeline", MetricName="Duration", Dimensions=[{"Name": "FunctionName", "Value": "load"}],
        Statistic="Average", Period=60,
    )["MetricAlarms"]
    assert [alarm["AlarmName"] for alarm in found] == ["slow"]
    history = cloudwatch.describe_alarm_history(AlarmName="slow", MaxRecords=100)["AlarmHistoryItems"]
    assert history[0]["HistorySummary"] == "Alarm updated from INSUFFICIENT_DATA to ALARM"
    assert [alarm["AlarmName"] for alarm in cloudwatch.describe_alarms(AlarmNamePrefix="sl")["MetricAlarms"]] == ["slow"]


def query(house, logs, span, text: str) -> dict:
    started = logs.start_query(
        startTime=int(span[0].timestamp()), endTime=int(span[1].timestamp()) + 1, queryString=PREFIX + text,
        logGroupNames=[GROUP],
    )
    for _ in range(200):
        answer = logs.get_query_results(queryId=started["queryId"])
        if answer["status"] not in ("Scheduled", "Running"):
            return answer
        house.advance(0)
    raise AssertionError(answer)


def test_explore_asks_insights(house, logs, span):
    answer = query(house, logs, span, "fields @message, posts | sort @timestamp desc | limit 3")
    assert answer["status"] == "Complete"
    rows = [{field["field"]: field["value"] for field in row} for row in answer["results"]]
    assert [row["posts"] for row in rows] == ["4", "3", "2"]
    assert rows[0]["__log__grafana_internal__"].endswith(f":{GROUP}")
    assert rows[0]["__logstream__grafana_internal__"] == "one"
    assert answer["statistics"]["recordsMatched"] == 5.0
    assert answer["statistics"]["bytesScanned"] > 0


def test_a_time_series_of_a_log(house, logs, span):
    answer = query(house, logs, span, "stats count(*) as lines, max(posts) as most by bin(1h)")
    rows = [{field["field"]: field["value"] for field in row} for row in answer["results"]]
    assert sum(int(row["lines"]) for row in rows) == 5
    assert max(int(row["most"]) for row in rows) == 4


def test_stopping_an_ended_query_says_so(house, logs, span):
    started = logs.start_query(
        startTime=int(span[0].timestamp()), endTime=int(span[1].timestamp()), queryString="fields @message",
        logGroupNames=[GROUP],
    )["queryId"]
    for _ in range(200):
        if logs.get_query_results(queryId=started)["status"] == "Complete":
            break
        house.advance(0)
    with refused("InvalidParameterException"):
        logs.stop_query(queryId=started)


def test_the_field_list_and_a_lines_context(logs, span):
    fields = logs.get_log_group_fields(logGroupName=GROUP)["logGroupFields"]
    assert {"@message", "@timestamp", "level", "posts"} <= {field["name"] for field in fields}
    events = logs.get_log_events(logGroupName=GROUP, logStreamName="one", limit=2, startFromHead=True)["events"]
    assert [event["message"] for event in events] == ['{"level": "INFO", "posts": 0}', '{"level": "INFO", "posts": 1}']


@pytest.mark.parametrize(
    ("service", "operation"),
    [("ec2", "describe_regions"), ("oam", "list_sinks"), ("resourcegroupstaggingapi", "get_resources")],
)
def test_what_grafana_can_do_without_is_refused_by_name(house, service, operation):
    with refused("NotImplemented") as caught:
        getattr(house.client(service), operation)()
    assert "haar does not serve" in str(caught.value)
