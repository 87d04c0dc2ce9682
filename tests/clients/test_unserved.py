"""What haar does not serve is refused by name; bytes that make no sense are refused in AWS's words."""

import json
import socket
from urllib.parse import urlsplit

from refusal import refused, refused_by_cli
from wire import fetch, query, send


def test_an_operation_that_is_not_served_is_named(house, ssm):
    with refused("NotImplemented", starts="haar does not serve ssm:SendCommand.", status=501):
        ssm.send_command(InstanceIds=["i-1234567890abcdef0"], DocumentName="AWS-RunShellScript")


def test_a_query_operation_that_is_not_served_is_named(house, iam, sts):
    with refused("NotImplemented", starts="haar does not serve iam:CreateVirtualMFADevice."):
        iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")
    with refused("NotImplemented", starts="haar does not serve sts:GetFederationToken."):
        sts.get_federation_token(Name="federated")


def test_the_command_line_shows_it(house):
    ran = house.aws("ssm", "list-documents")
    refused_by_cli(ran, "NotImplemented", "ListDocuments")
    assert "ssm:ListDocuments" in ran.stderr


def test_a_service_that_is_not_served_is_refused(house):
    with refused("NotImplemented") as caught:
        house.client("dynamodb").list_tables()
    assert "haar does not serve" in str(caught.value)


def test_an_action_that_aws_does_not_have_is_invalid(house):
    answer = query(house, "iam", "FlyToTheMoon")
    assert (answer.status, answer.text("Code")) == (400, "InvalidAction")
    assert answer.text("Message") == "Could not find operation FlyToTheMoon for version 2010-05-08"


def test_a_target_that_aws_does_not_have_is_unknown(house):
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AmazonSSM.FlyToTheMoon"}
    answer = send(house, "ssm", b"{}", headers)
    assert answer.status == 400
    assert json.loads(answer.body)["__type"].endswith("UnknownOperationException")


def test_json_that_is_none_is_a_serialization_error(house):
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AmazonSSM.GetParameter"}
    for body in [b"{", b"[]", b'{"Name": 5}', b"\xff\xfe", b'{"Name":' * 5000]:
        answer = send(house, "ssm", body, headers)
        assert (answer.status, json.loads(answer.body)["__type"]) == (400, "SerializationException"), body[:20]


def test_a_plain_visit_is_answered_with_an_error_of_aws(house):
    answer = fetch(house.endpoint + "/")
    assert answer.status in (400, 403, 404)
    assert answer.headers["x-amz-request-id"]


def test_bytes_that_are_no_http_do_no_harm(house, sts):
    address = urlsplit(house.endpoint)
    for noise in [
        b"\x00\x01\x02\x03" * 100,
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    ]:
        with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
            connection.sendall(noise)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(4096):
                pass
    sts.get_caller_identity()


def test_the_pages_of_the_house_are_for_this_machine_only(house):
    for headers in [{"Origin": "https://evil.example"}, {"Host": "evil.example"}]:
        assert fetch(house.endpoint + "/_haar/status", headers=headers).status == 403
    assert fetch(house.endpoint + "/_haar/nothing").status == 404
