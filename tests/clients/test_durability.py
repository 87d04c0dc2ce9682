"""What was acknowledged is there after a restart, in good order or not; and one house at a time has the data."""

import pytest

from house import HAAR, run
from people import allow, make_user


@pytest.fixture
def data(tmp_path):
    return str(tmp_path / "data")


def fill(house):
    """Something in every service; the keys of a user."""
    house.client("ssm").put_parameter(Name="/kept", Value="secret", Type="SecureString")
    url = house.client("sqs").create_queue(QueueName="kept", Attributes={"VisibilityTimeout": "0"})["QueueUrl"]
    house.client("sqs").send_message(QueueUrl=url, MessageBody="kept")
    return make_user(house, "kept", allow("ssm:GetParameter", "*"))


def check(house, keys):
    """All of it, as that user and as root."""
    read = house.client("ssm", keys).get_parameter(Name="/kept", WithDecryption=True)["Parameter"]
    assert (read["Value"], read["Version"]) == ("secret", 1)
    sqs = house.client("sqs")
    url = sqs.get_queue_url(QueueName="kept")["QueueUrl"]
    assert [message["Body"] for message in sqs.receive_message(QueueUrl=url)["Messages"]] == ["kept"]


def test_everything_is_there_after_a_restart(open_house, data):
    house = open_house("--data-dir", data)
    keys = fill(house)
    house.close()
    check(open_house("--data-dir", data), keys)


def test_everything_is_there_after_a_crash(open_house, data):
    house = open_house("--data-dir", data)
    keys = fill(house)
    house.crash()
    check(open_house("--data-dir", data), keys)


def test_a_reset_lasts(open_house, data):
    house = open_house("--data-dir", data)
    fill(house)
    house.haar("reset")
    house.close()
    house = open_house("--data-dir", data)
    assert house.client("ssm").describe_parameters()["Parameters"] == []
    assert "QueueUrls" not in house.client("sqs").list_queues()
    assert house.client("iam").list_users()["Users"] == []


def test_the_ledger_is_kept(open_house, data):
    house = open_house("--data-dir", data)
    fill(house)
    house.close()
    lines = open_house("--data-dir", data).haar("logs", "--service", "ssm").stdout
    assert "ssm:PutParameter" in lines


def test_an_ephemeral_house_leaves_nothing(open_house, tmp_path):
    house = open_house("--ephemeral")
    fill(house)
    house.close()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_second_house_on_the_same_data_is_refused(open_house, data, tmp_path):
    open_house("--data-dir", data)
    ran = run([HAAR, "up", "--listen", "127.0.0.1:0", "--data-dir", data], tmp_path)
    assert ran.returncode == 1
    assert ran.stdout == ""
    assert f"error: failed to open the data in {data}" in ran.stderr
    assert "another" in ran.stderr


def test_sound_data_is_found_sound(open_house, data, tmp_path):
    house = open_house("--data-dir", data)
    fill(house)
    house.close()
    ran = run([HAAR, "data", "check", "--data-dir", data], tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout != ""


def test_data_in_use_is_not_checked(open_house, data, tmp_path):
    open_house("--data-dir", data)
    ran = run([HAAR, "data", "check", "--data-dir", data], tmp_path)
    assert ran.returncode == 1
    assert f"error: failed to check {data}" in ran.stderr


def test_data_that_is_not_there_is_not_made(data, tmp_path):
    ran = run([HAAR, "data", "check", "--data-dir", data], tmp_path)
    assert ran.returncode == 1
    assert f"error: there is no data in {data}" in ran.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_data_is_for_its_owner_only(open_house, data, tmp_path):
    fill(open_house("--data-dir", data))
    assert (tmp_path / "data").stat().st_mode & 0o077 == 0
