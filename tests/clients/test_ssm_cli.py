"""Parameter Store through the aws CLI."""

from refusal import refused_by_cli


def test_a_parameter_is_put_and_its_value_is_one_line_of_text(house):
    put = ["ssm", "put-parameter", "--name", "/cli/a", "--value", "hello world", "--type", "String"]
    assert house.cli(*put, "--tags", "Key=team,Value=blue") == {"Version": 1, "Tier": "Standard"}
    read = ["ssm", "get-parameter", "--name", "/cli/a", "--query", "Parameter.Value", "--output", "text"]
    assert house.aws(*read).stdout == "hello world\n"
    refused_by_cli(house.aws(*put), "ParameterAlreadyExists", "PutParameter")
    tags = house.cli("ssm", "list-tags-for-resource", "--resource-type", "Parameter", "--resource-id", "/cli/a")
    assert tags == {"TagList": [{"Key": "team", "Value": "blue"}]}


def test_a_path_is_read_to_its_end(house, ssm):
    for number in range(25):
        ssm.put_parameter(Name=f"/cli-path/x/{number:02}", Value=str(number), Type="String")
    query = "Parameters[].Value"
    values = house.cli("ssm", "get-parameters-by-path", "--path", "/cli-path", "--recursive", "--query", query)
    assert values == [str(number) for number in range(25)]


def test_a_secret_comes_from_a_file_and_is_opened(house):
    (house.folder / "secret.txt").write_text("line one\nline two")
    put = ["ssm", "put-parameter", "--name", "/cli/secret", "--type", "SecureString", "--value", "file://secret.txt"]
    house.cli(*put)
    read = house.cli("ssm", "get-parameter", "--name", "/cli/secret", "--with-decryption")
    assert read["Parameter"]["Value"] == "line one\nline two"


def test_history_and_labels(house, ssm):
    ssm.put_parameter(Name="/cli/history", Value="1", Type="String")
    ssm.put_parameter(Name="/cli/history", Value="2", Overwrite=True)
    label = ["--name", "/cli/history", "--parameter-version", "1", "--labels", "live"]
    assert house.cli("ssm", "label-parameter-version", *label) == {"InvalidLabels": [], "ParameterVersion": 1}
    assert house.cli("ssm", "get-parameter", "--name", "/cli/history:live")["Parameter"]["Value"] == "1"
    history = house.cli("ssm", "get-parameter-history", "--name", "/cli/history", "--query", "Parameters[].Value")
    assert history == ["1", "2"]


def test_descriptions_are_filtered(house, ssm):
    ssm.put_parameter(Name="/cli-filter/a", Value="1", Type="StringList")
    filters = ["Key=Path,Values=/cli-filter", "Key=Type,Values=StringList"]
    [found] = house.cli("ssm", "describe-parameters", "--parameter-filters", *filters)["Parameters"]
    assert found["Name"] == "/cli-filter/a"


def test_deleting_what_is_not_there_fails(house):
    refused_by_cli(house.aws("ssm", "delete-parameter", "--name", "/none"), "ParameterNotFound", "DeleteParameter")
