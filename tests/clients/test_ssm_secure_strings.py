"""SecureStrings: readable to who asks for decryption, and to nobody who reads the disk."""

import base64

SECRET = "correct-horse-battery-staple"


def test_the_value_is_sealed_until_decryption_is_asked_for(ssm):
    ssm.put_parameter(Name="/secret", Value=SECRET, Type="SecureString")
    sealed = ssm.get_parameter(Name="/secret")["Parameter"]
    assert sealed["Type"] == "SecureString"
    assert SECRET.encode() not in base64.b64decode(sealed["Value"])
    opened = ssm.get_parameter(Name="/secret", WithDecryption=True)["Parameter"]
    assert opened["Value"] == SECRET


def test_every_way_of_reading_opens_it(ssm):
    ssm.put_parameter(Name="/ways/secret", Value=SECRET, Type="SecureString")
    [many] = ssm.get_parameters(Names=["/ways/secret"], WithDecryption=True)["Parameters"]
    [by_path] = ssm.get_parameters_by_path(Path="/ways", WithDecryption=True)["Parameters"]
    [history] = ssm.get_parameter_history(Name="/ways/secret", WithDecryption=True)["Parameters"]
    assert [many["Value"], by_path["Value"], history["Value"]] == [SECRET] * 3
    [closed] = ssm.get_parameters_by_path(Path="/ways")["Parameters"]
    assert closed["Value"] != SECRET


def test_the_key_is_named_and_is_the_default_one_unless_given(ssm):
    ssm.put_parameter(Name="/keyed/default", Value=SECRET, Type="SecureString")
    ssm.put_parameter(Name="/keyed/own", Value=SECRET, Type="SecureString", KeyId="alias/own")
    filters = [{"Key": "Path", "Values": ["/keyed"]}]
    described = ssm.describe_parameters(ParameterFilters=filters)["Parameters"]
    assert {parameter["Name"]: parameter["KeyId"] for parameter in described} == {
        "/keyed/default": "alias/aws/ssm",
        "/keyed/own": "alias/own",
    }


def test_it_is_nowhere_on_the_disk_and_the_key_is_for_its_owner_only(open_house, tmp_path):
    data = tmp_path / "data"
    house = open_house("--data-dir", str(data))
    house.client("ssm").put_parameter(Name="/secret", Value=SECRET, Type="SecureString")
    house.client("ssm").put_parameter(Name="/plain", Value="plain-as-day", Type="String")
    house.close()
    files = [path for path in data.rglob("*") if path.is_file()]
    contents = b"".join(path.read_bytes() for path in files)
    assert b"plain-as-day" in contents
    assert SECRET.encode() not in contents
    [key] = [path for path in files if path.suffix == ".key"]
    assert key.stat().st_mode & 0o077 == 0
    reopened = open_house("--data-dir", str(data)).client("ssm")
    assert reopened.get_parameter(Name="/secret", WithDecryption=True)["Parameter"]["Value"] == SECRET
