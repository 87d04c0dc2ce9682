"""The CloudWatch lab that learners follow, step by step: graphs by search and math, logs, a metric filter, an alarm that
mails, a dashboard."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from house import ACCOUNT, REGION

INSTANCES = ["i-0a1", "i-0b2", "i-0c3", "i-0d4", "i-0e5"]
GROUP = "/ec2/linux/var/log/messages"


@pytest.fixture(scope="module")
def cloudwatch(house):
    return house.client("cloudwatch")


@pytest.fixture(scope="module")
def logs(house):
    return house.client("logs")


def now(house) -> datetime:
    return datetime.fromisoformat(house.page("clock")["now"].replace("Z", "+00:00")).astimezone(UTC)


@pytest.fixture(scope="module")
def measured(house, cloudwatch):
    """An hour of what the agents of five instances report, a point each minute."""
    end = now(house).replace(second=0, microsecond=0)
    for index, instance in enumerate(INSTANCES):
        data = []
        for minute in range(60):
            at = end - timedelta(minutes=60 - minute)
            for name, value, unit in (
                ("CPUUtilization", 10.0 * index + minute % 3, "Percent"),
                ("disk_used_percent", 20.0 + 10 * index, "Percent"),
                ("EBSWriteBytes", 1024.0 * (index + 1), "Bytes"),
            ):
                dimensions = [{"Name": "InstanceId", "Value": instance}, {"Name": "exe", "Value": "agent"}]
                dimensions = dimensions[:1] if name != "disk_used_percent" else dimensions
                data.append({"MetricName": name, "Dimensions": dimensions, "Timestamp": at, "Value": value, "Unit": unit})
        cloudwatch.put_metric_data(Namespace="Lab", MetricData=data)
    return end - timedelta(hours=1), end


def get(cloudwatch, span, *queries) -> list[dict]:
    answer = cloudwatch.get_metric_data(
        StartTime=span[0], EndTime=span[1], ScanBy="TimestampAscending", MetricDataQueries=list(queries)
    )
    return answer["MetricDataResults"]


def test_two_instances_on_one_graph(cloudwatch, measured):
    def stat(identifier, name, instance):
        metric = {"Namespace": "Lab", "MetricName": name, "Dimensions": [{"Name": "InstanceId", "Value": instance}]}
        return {"Id": identifier, "MetricStat": {"Metric": metric, "Period": 300, "Stat": "Average"}}

    queries = [
        stat("m1", "CPUUtilization", "i-0a1"),
        stat("m2", "CPUUtilization", "i-0b2"),
        stat("m3", "EBSWriteBytes", "i-0a1"),
    ]
    results = {result["Id"]: result for result in get(cloudwatch, measured, *queries)}
    assert all(result["StatusCode"] == "Complete" for result in results.values())
    assert 12 <= len(results["m1"]["Values"]) <= 13
    assert all(0 <= value <= 2 for value in results["m1"]["Values"])
    assert all(10 <= value <= 12 for value in results["m2"]["Values"])
    assert set(results["m3"]["Values"]) == {1024.0}


def test_a_search_finds_every_instances_disk_and_math_keeps_the_fullest_three(cloudwatch, measured):
    search = "SEARCH('{Lab,InstanceId,exe} disk_used_percent', 'Average', 300)"
    results = get(
        cloudwatch,
        measured,
        {"Id": "e1", "Expression": search, "ReturnData": False},
        {
            "Id": "e2",
            "Expression": "SORT(e1, SUM, DESC, 3)",
            "Label": "${PROP('Dim.exe')} - ${PROP('Dim.InstanceId')} - ${PROP('MetricName')}",
        },
    )
    assert [result["Label"] for result in results] == [
        f"agent - {instance} - disk_used_percent" for instance in ("i-0e5", "i-0d4", "i-0c3")
    ]
    assert set(results[0]["Values"]) == {60.0}


def test_metrics_are_listed_by_namespace_and_dimension(cloudwatch, measured):
    found = cloudwatch.list_metrics(Namespace="Lab", Dimensions=[{"Name": "InstanceId", "Value": "i-0c3"}])["Metrics"]
    assert sorted(metric["MetricName"] for metric in found) == ["CPUUtilization", "EBSWriteBytes", "disk_used_percent"]


@pytest.fixture(scope="module")
def written(house, logs):
    """Ten minutes of a system log, an error in every fourth line; kept for a week."""
    logs.create_log_group(logGroupName=GROUP)
    logs.put_retention_policy(logGroupName=GROUP, retentionInDays=7)
    logs.create_log_stream(logGroupName=GROUP, logStreamName="i-0a1")
    end = int(now(house).timestamp() * 1000)
    events = [
        {"timestamp": end - (40 - number) * 15_000, "message": f"host app[{number}]: {'ERROR' if number % 4 == 0 else 'ok'} {number}"}
        for number in range(40)
    ]
    answer = logs.put_log_events(logGroupName=GROUP, logStreamName="i-0a1", logEvents=events)
    assert "rejectedLogEventsInfo" not in answer
    return end // 1000 - 3600, end // 1000 + 1


def insights(house, logs, span, query: str) -> list[dict]:
    """The rows of a query, as dictionaries."""
    started = logs.start_query(logGroupName=GROUP, startTime=span[0], endTime=span[1], queryString=query)
    for _ in range(200):
        answer = logs.get_query_results(queryId=started["queryId"])
        if answer["status"] not in ("Scheduled", "Running"):
            break
        house.advance(0)
    assert answer["status"] == "Complete", answer
    return [{field["field"]: field["value"] for field in row} for row in answer["results"]]


def test_the_group_keeps_a_week(logs, written):
    [group] = logs.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"]
    assert (group["retentionInDays"], group["arn"]) == (7, f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{GROUP}:*")


def test_insights_shows_the_newest_lines(house, logs, written):
    rows = insights(house, logs, written, "fields @timestamp, @message | sort @timestamp desc | limit 20")
    assert len(rows) == 20
    assert rows[0]["@message"] == "host app[39]: ok 39"
    assert rows[0]["@timestamp"] > rows[19]["@timestamp"]
    assert rows[0]["@ptr"]


def test_insights_counts_errors(house, logs, written):
    rows = insights(house, logs, written, "filter @message like /ERROR/ | stats count(*) as errors by bin(1h)")
    assert sum(int(row["errors"]) for row in rows) == 10
    parsed = insights(
        house, logs, written, 'parse @message "host app[*]: * *" as number, word, again | stats count(*) as n by word | sort n desc'
    )
    assert parsed == [{"word": "ok", "n": "30"}, {"word": "ERROR", "n": "10"}]


def test_a_query_is_kept_in_a_folder_and_in_the_history(logs, written):
    kept = logs.put_query_definition(
        name="lab/errors", queryString="filter @message like /ERROR/", logGroupNames=[GROUP]
    )["queryDefinitionId"]
    found = logs.describe_query_definitions(queryDefinitionNamePrefix="lab/")["queryDefinitions"]
    assert [definition["queryDefinitionId"] for definition in found] == [kept]
    history = logs.describe_queries(logGroupName=GROUP)["queries"]
    assert any("count(*)" in query["queryString"] for query in history)


def test_eleven_errors_in_a_minute_raise_the_alarm_that_mails_and_it_falls_again(open_house):
    house = open_house()
    logs, cloudwatch, sns = (house.client(name) for name in ("logs", "cloudwatch", "sns"))
    logs.create_log_group(logGroupName=GROUP)
    logs.create_log_stream(logGroupName=GROUP, logStreamName="s")
    transformation = {
        "metricName": "errors", "metricNamespace": "ec2-logs", "metricValue": "1", "defaultValue": 0, "unit": "Count",
    }
    logs.put_metric_filter(
        logGroupName=GROUP, filterName="ERROR", filterPattern="ERROR", metricTransformations=[transformation]
    )
    topic = sns.create_topic(Name="mail")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="operator@example.com")
    pending = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert [subscription["SubscriptionArn"] for subscription in pending] == ["PendingConfirmation"]
    confirm(house)
    cloudwatch.put_metric_alarm(
        AlarmName="errors",
        Namespace="ec2-logs",
        MetricName="errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=10,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[topic],
        OKActions=[topic],
    )
    assert state(cloudwatch) == "INSUFFICIENT_DATA"
    write(house, logs, 11)
    house.advance(120)
    assert state(cloudwatch) == "ALARM"
    mails = [mail for mail in house.page("outbox")["messages"] if "ALARM" in (mail.get("subject") or "")]
    assert [mail["to"] for mail in mails] == ["operator@example.com"]
    assert mails[0]["subject"] == 'ALARM: "errors" in US East (N. Virginia)'
    write(house, logs, 1)
    house.advance(120)
    assert state(cloudwatch) == "OK"
    history = cloudwatch.describe_alarm_history(AlarmName="errors", HistoryItemType="StateUpdate")["AlarmHistoryItems"]
    assert [item["HistorySummary"] for item in history][:2] == [
        "Alarm updated from ALARM to OK",
        "Alarm updated from INSUFFICIENT_DATA to ALARM",
    ]


def confirm(house):
    """Follows the link in the newest mail, as a person does."""
    import re
    import urllib.request

    house.advance(1)
    mail = house.page("outbox")["messages"][0]
    link = re.search(r"http://\S+Action=ConfirmSubscription\S*", mail["text"]).group(0)
    with urllib.request.urlopen(link, timeout=60) as answer:
        assert answer.status == 200


def write(house, logs, errors: int):
    at = int(now(house).timestamp() * 1000)
    events = [{"timestamp": at, "message": f"ERROR {number}"} for number in range(errors)]
    logs.put_log_events(logGroupName=GROUP, logStreamName="s", logEvents=events)


def state(cloudwatch) -> str:
    return cloudwatch.describe_alarms(AlarmNames=["errors"])["MetricAlarms"][0]["StateValue"]


def test_a_dashboard_is_made_of_the_alarm(cloudwatch):
    widget = {
        "type": "metric", "x": 0, "y": 0, "width": 6, "height": 6,
        "properties": {
            "title": "errors",
            "annotations": {"alarms": [f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:errors"]},
            "view": "timeSeries",
            "region": REGION,
        },
    }
    answer = cloudwatch.put_dashboard(DashboardName="lab", DashboardBody=json.dumps({"widgets": [widget]}))
    assert answer["DashboardValidationMessages"] == []
    assert json.loads(cloudwatch.get_dashboard(DashboardName="lab")["DashboardBody"]) == {"widgets": [widget]}
    cloudwatch.delete_dashboards(DashboardNames=["lab"])
    assert cloudwatch.list_dashboards()["DashboardEntries"] == []
