"""The program itself: its commands, what they print and how they end."""

import json
import re
import subprocess

import pytest

from house import HAAR, environment, run
from people import make_user
from refusal import refused

SERVICES = "athena cloudwatch events glue iam lambda logs s3 scheduler sns sqs ssm sts".split()


def test_what_env_prints_makes_the_aws_cli_work_in_a_shell(house):
    script = f'eval "$({HAAR} env)" && aws sts get-caller-identity --query Arn --output text'
    ran = run(["bash", "-c", script], house.folder, HAAR_ENDPOINT=house.endpoint)
    assert (ran.returncode, ran.stdout) == (0, "arn:aws:iam::000000000000:root\n"), ran.stderr


def test_up_says_on_standard_error_what_to_export(house):
    said = house.said()
    assert f"export AWS_ENDPOINT_URL={house.endpoint}" in said
    assert "export AWS_ACCESS_KEY_ID=test" in said


def test_env_works_before_the_house_is_up_and_notes_it(tmp_path):
    ran = run([HAAR, "env", "--endpoint", "http://127.0.0.1:1"], tmp_path)
    assert ran.returncode == 0
    assert "export AWS_ENDPOINT_URL=http://127.0.0.1:1\n" in ran.stdout
    assert ran.stderr.startswith("note: no house answers at http://127.0.0.1:1\n")


def test_health_names_the_services(house):
    health = house.page("health")
    assert health["status"] == "ok"
    assert health["services"] == SERVICES


def test_status_tells_what_is_in_the_house(open_house):
    house = open_house()
    house.client("ssm").put_parameter(Name="/a", Value="1", Type="String")
    ran = house.haar("status")
    assert ran.returncode == 0
    lines = ran.stdout.splitlines()
    assert lines[0].endswith(f"at {house.endpoint}, account 000000000000, region us-east-1")
    assert f"services {', '.join(SERVICES)}" in lines
    assert "data     memory" in lines
    status = json.loads(house.haar("status", "--json").stdout)
    assert status["calls"] == 1 and sum(status["tables"].values()) >= 1


@pytest.mark.parametrize("command", [["status"], ["clock"], ["logs"], ["events"], ["reset"], ["iam", "suggest"]])
def test_a_command_that_finds_no_house_fails_with_a_hint(tmp_path, command):
    ran = run([HAAR, *command, "--endpoint", "http://127.0.0.1:1"], tmp_path)
    assert ran.returncode == 1
    assert ran.stdout == ""
    assert ran.stderr.startswith("error: no house answers at http://127.0.0.1:1\n")
    assert "hint: start one with `haar up`" in ran.stderr


def test_the_clock_is_shown_and_moved(open_house):
    house = open_house()
    shown = house.haar("clock")
    assert shown.returncode == 0 and shown.stdout.endswith("(0s ahead of this machine)\n")
    moved = house.haar("clock", "advance", "1d2h")
    assert moved.returncode == 0 and moved.stdout.endswith("(1d 2h ahead of this machine)\n")
    assert house.page("clock")["ahead_seconds"] == 93_600


def test_the_clock_does_not_take_nonsense(house):
    ran = house.haar("clock", "advance", "soon")
    assert ran.returncode == 1
    assert ran.stderr.startswith("error: soon is no span of time\n  hint: ")


def test_the_log_has_a_line_for_every_call_with_who_what_and_how_it_ended(open_house):
    house = open_house()
    ssm = house.client("ssm")
    ssm.put_parameter(Name="/a", Value="1", Type="String")
    with refused("ParameterNotFound"):
        ssm.get_parameter(Name="/none")
    house.client("sqs").list_queues()
    lines = house.haar("logs").stdout.splitlines()
    assert [line.split()[1] for line in lines] == ["ssm:PutParameter", "ssm:GetParameter", "sqs:ListQueues"]
    assert "400 ParameterNotFound" in lines[1]
    assert all(line.endswith("arn:aws:iam::000000000000:root") for line in lines)
    assert all(" 0.00 ms" not in line for line in lines)
    assert len(house.haar("logs", "--service", "sqs").stdout.splitlines()) == 1
    assert len(house.haar("logs", "--limit", "2").stdout.splitlines()) == 2
    [call] = [json.loads(line) for line in house.haar("logs", "--json", "--service", "sqs").stdout.splitlines()]
    assert (call["operation"], call["status"], call["region"]) == ("ListQueues", 200, "us-east-1")


def test_secrets_are_in_no_log(open_house):
    house = open_house("--ephemeral", "--log", "trace")
    keys = make_user(house, "careful")
    value = "a-value-for-nobody-to-read"
    house.client("ssm").put_parameter(Name="/s", Value=value, Type="SecureString")
    house.client("ssm").get_parameter(Name="/s", WithDecryption=True)
    logs = house.haar("logs", "--json").stdout + house.haar("events").stdout + house.said()
    assert "PutParameter" in logs
    assert value not in logs and keys.secret not in logs


def test_events_are_printed_as_json_lines(open_house):
    house = open_house()
    for name in ["/a", "/b"]:
        house.client("ssm").put_parameter(Name=name, Value="1", Type="String")
    printed = [json.loads(line) for line in house.haar("events").stdout.splitlines()]
    assert [event["detail"]["name"] for event in printed] == ["/a", "/b"]


def test_reset_empties_everything_and_the_house_goes_on(open_house):
    house = open_house()
    keys = make_user(house, "gone")
    ssm, sqs = house.client("ssm"), house.client("sqs")
    ssm.put_parameter(Name="/a", Value="1", Type="String")
    url = sqs.create_queue(QueueName="a")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="x")
    ran = house.haar("reset")
    assert (ran.returncode, ran.stdout) == (0, f"the house at {house.endpoint} is empty\n")
    with refused("ParameterNotFound"):
        ssm.get_parameter(Name="/a")
    assert "QueueUrls" not in sqs.list_queues()
    with refused("InvalidClientTokenId"):
        house.client("sts", keys).get_caller_identity()
    url = sqs.create_queue(QueueName="a")["QueueUrl"]
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    assert ssm.put_parameter(Name="/a", Value="1", Type="String")["Version"] == 1


def test_the_demo_walks_to_its_end(tmp_path):
    ran = run([HAAR, "demo"], tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert "first post, second post" in ran.stdout
    assert "AccessDeniedException: User: arn:aws:iam::000000000000:user/ingest is not authorized" in ran.stdout
    assert "ParameterNotFound" in ran.stdout
    assert "12000 posts of 3 days" in ran.stdout
    assert "id string, subreddit string, title string, score int, upvote_ratio double, created_utc int, dt string" in ran.stdout
    assert "2026-11-21 9988437, 2026-11-22 10004133, 2026-11-23 10004829" in ran.stdout
    assert "2 files, 33 bytes" in ran.stdout
    assert 'ALARM: "on-arrival fails" in US East (N. Virginia)' in ran.stdout
    # How many depends on which versions of Python there are: each that is not is refused by name.
    assert re.search(r"\d+ calls, \d+ of them refused", ran.stdout)
    suggested = json.loads(ran.stdout[ran.stdout.rindex("\n{\n") :])
    assert suggested["Version"] == "2012-10-17"


def test_a_port_that_is_taken_is_named_with_a_hint(house, tmp_path):
    address = house.endpoint.removeprefix("http://")
    ran = run([HAAR, "up", "--ephemeral", "--listen", address], tmp_path)
    assert ran.returncode == 1
    assert ran.stdout == ""
    assert f"error: failed to listen on {address}" in ran.stderr
    assert "hint: is another haar up?" in ran.stderr


@pytest.mark.parametrize("arguments", [["--auth", "maybe"], ["--account", "12"], ["--region", "Nowhere!"]])
def test_a_wrong_setting_is_refused(tmp_path, arguments):
    ran = run([HAAR, "up", "--ephemeral", "--listen", "127.0.0.1:0", *arguments], tmp_path)
    assert ran.returncode in (1, 2)
    assert ran.stdout == ""
    assert ran.stderr.startswith("error: ")


def test_settings_come_from_a_file_then_variables_then_flags(tmp_path):
    (tmp_path / "haar.toml").write_text('listen = "127.0.0.1:0"\nephemeral = true\naccount = "111111111111"\n')
    process = subprocess.Popen(
        [HAAR, "up", "--region", "eu-west-1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=tmp_path,
        env=environment(tmp_path) | {"HAAR_ACCOUNT": "222222222222", "HAAR_REGION": "us-west-2"},
    )
    endpoint = process.stdout.readline().removeprefix("ready ").strip()
    status = json.loads(run([HAAR, "status", "--json", "--endpoint", endpoint], tmp_path).stdout)
    process.terminate()
    assert process.wait() == 0
    assert (status["account"], status["region"], status["data"]) == ("222222222222", "eu-west-1", "memory")


def test_a_shell_gets_its_completions(tmp_path):
    ran = run([HAAR, "completions", "bash"], tmp_path)
    assert ran.returncode == 0 and "complete -F _haar" in ran.stdout
