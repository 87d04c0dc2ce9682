"""Other ways in: presigned links, forms of browsers, and hosts that name the bucket."""

import socket
import uuid
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import botocore.auth
import pytest

from house import Keys
from people import allow, make_user
from storage import ask, ask_signed, etag, read


@pytest.fixture(scope="module")
def signer(house):
    return house.client("s3", signature_version="s3v4")


def test_a_link_reads_an_object(house, s3, signer, bucket):
    s3.put_object(Bucket=bucket, Key="a b/ü", Body=b"hello", ContentType="text/plain")
    asked = {"Bucket": bucket, "Key": "a b/ü", "ResponseContentDisposition": 'attachment; filename="ü.txt"'}
    reply = ask(house, "GET", signer.generate_presigned_url("get_object", Params=asked))
    assert (reply.status, reply.body, reply.headers["content-type"]) == (200, b"hello", "text/plain")
    assert reply.headers["content-disposition"].startswith("attachment; filename=")
    head = ask(house, "HEAD", signer.generate_presigned_url("head_object", Params={"Bucket": bucket, "Key": "a b/ü"}))
    assert (head.status, head.headers["content-length"], head.body) == (200, "5", b"")


def test_a_link_of_boto3s_own_choice_reads_an_object(house, s3, bucket):
    # In the regions of S3's first years boto3 presigns in version 2 unless it is told otherwise.
    s3.put_object(Bucket=bucket, Key="k", Body=b"hello")
    reply = ask(house, "GET", s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"}))
    assert (reply.status, reply.body) == (200, b"hello")


def test_a_link_writes_an_object(house, s3, signer, bucket):
    asked = {"Bucket": bucket, "Key": "k", "ContentType": "text/plain", "Metadata": {"a": "1"}}
    url = signer.generate_presigned_url("put_object", Params=asked)
    headers = {"Content-Type": "text/plain", "x-amz-meta-a": "1"}
    reply = ask(house, "PUT", url, b"hello", headers)
    assert (reply.status, reply.headers["etag"]) == (200, etag(b"hello"))
    got = s3.get_object(Bucket=bucket, Key="k")
    assert (got["Body"].read(), got["ContentType"], got["Metadata"]) == (b"hello", "text/plain", {"a": "1"})


def test_a_link_allows_what_it_was_signed_for(house, s3, signer, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"hello")
    url = signer.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
    for method, target in [("PUT", url), ("DELETE", url), ("GET", url.replace("/k?", "/l?"))]:
        reply = ask(house, method, target)
        assert (reply.status, reply.code()) == (403, "SignatureDoesNotMatch")
    assert read(s3, bucket, "k") == b"hello"


def test_a_link_with_a_header_too_few_is_refused(house, signer, bucket):
    asked = {"Bucket": bucket, "Key": "k", "ContentType": "text/plain"}
    url = signer.generate_presigned_url("put_object", Params=asked)
    reply = ask(house, "PUT", url, b"hello", {"Content-Type": "text/html"})
    assert (reply.status, reply.code()) == (403, "SignatureDoesNotMatch")


def test_a_link_can_do_what_its_signer_can(house, s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"hello")
    keys = make_user(house, "link-maker")
    weak = house.client("s3", keys, signature_version="s3v4")
    reply = ask(house, "GET", weak.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"}))
    assert (reply.status, reply.code()) == (403, "AccessDenied")


def test_a_link_of_a_stranger_is_refused(house, bucket):
    stranger = house.client("s3", Keys("AKIAIOSFODNN7EXAMPLE", "x"), signature_version="s3v4")
    reply = ask(house, "GET", stranger.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"}))
    assert (reply.status, reply.code()) == (403, "InvalidAccessKeyId")
    assert reply.text("Message") == "The AWS Access Key Id you provided does not exist in our records."


def test_a_link_dies(house, s3, signer, bucket, monkeypatch):
    s3.put_object(Bucket=bucket, Key="k", Body=b"hello")
    right = botocore.auth.get_current_datetime
    ago = timedelta(seconds=90)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *a, **o: right(*a, **o) - ago)
    asked = {"Params": {"Bucket": bucket, "Key": "k"}}
    assert ask(house, "GET", signer.generate_presigned_url("get_object", **asked, ExpiresIn=3600)).status == 200
    reply = ask(house, "GET", signer.generate_presigned_url("get_object", **asked, ExpiresIn=60))
    assert (reply.status, reply.code()) == (403, "AccessDenied")
    assert reply.text("Message") == "Request has expired"
    assert reply.text("X-Amz-Expires") == "60"


def test_a_link_of_more_than_a_week_is_refused(house, signer, bucket):
    url = signer.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"}, ExpiresIn=604_801)
    reply = ask(house, "GET", url)
    assert (reply.status, reply.code()) == (400, "AuthorizationQueryParametersError")
    assert reply.text("Message") == (
        "X-Amz-Expires must be less than a week (in seconds); "
        "that is, the given X-Amz-Expires must be less than 604800 seconds"
    )


def submit(house, form: dict, body: bytes, filename: str = "a.txt", **more):
    """Sends a form as a browser does."""
    boundary = uuid.uuid4().hex
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in (form["fields"] | more).items()
    ]
    file = f'Content-Disposition: form-data; name="file"; filename="{filename}"\r\nContent-Type: text/plain\r\n\r\n'
    parts += [f"--{boundary}\r\n{file}".encode(), body, f"\r\n--{boundary}--\r\n".encode()]
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    return ask(house, "POST", form["url"], b"".join(parts), headers)


def test_a_form_puts_an_object(house, s3, signer, bucket):
    fields = {"Content-Type": "text/csv", "x-amz-meta-a": "1"}
    form = signer.generate_presigned_post(bucket, "k", fields, [{"Content-Type": "text/csv"}, {"x-amz-meta-a": "1"}])
    body = bytes(range(256)) * 200
    reply = submit(house, form, body)
    assert (reply.status, reply.headers["etag"], reply.body) == (204, etag(body), b"")
    got = s3.get_object(Bucket=bucket, Key="k")
    assert (got["Body"].read(), got["ContentType"], got["Metadata"]) == (body, "text/csv", {"a": "1"})


def test_a_form_names_the_object_after_the_file_and_tells_where_it_is(house, s3, signer, bucket):
    fields = {"success_action_status": "201"}
    form = signer.generate_presigned_post(bucket, "up/${filename}", fields, [fields])
    reply = submit(house, form, b"hello", "my file.txt")
    assert reply.status == 201
    assert (reply.text("Bucket"), reply.text("Key"), reply.text("ETag")) == (bucket, "up/my file.txt", etag(b"hello"))
    assert reply.text("Location") == reply.headers["location"]
    assert read(s3, bucket, "up/my file.txt") == b"hello"


def test_a_form_leads_on(house, signer, bucket):
    fields = {"success_action_redirect": "https://example.com/done?a=1"}
    form = signer.generate_presigned_post(bucket, "k", fields, [fields])
    reply = submit(house, form, b"hello")
    assert reply.status == 303
    assert reply.headers["location"].startswith("https://example.com/done?")
    told = dict(parse_qsl(urlsplit(reply.headers["location"]).query))
    assert told == {"a": "1", "bucket": bucket, "key": "k", "etag": etag(b"hello")}


def test_a_form_holds_to_its_policy(house, s3, signer, bucket):
    form = signer.generate_presigned_post(bucket, "k", None, [["content-length-range", 2, 4]])
    assert submit(house, form, b"123").status == 204
    large, small = submit(house, form, b"12345"), submit(house, form, b"1")
    assert (large.status, large.code()) == (400, "EntityTooLarge")
    assert (small.status, small.code()) == (400, "EntityTooSmall")
    other = submit(house, form, b"123", key="other")
    assert (other.status, other.code()) == (403, "AccessDenied")
    assert other.text("Message").startswith("Invalid according to Policy: Policy Condition failed: ")
    extra = submit(house, form, b"123", **{"x-amz-meta-a": "1"})
    assert (extra.status, extra.code()) == (403, "AccessDenied")
    assert extra.text("Message") == "Invalid according to Policy: Extra input fields: x-amz-meta-a"
    assert read(s3, bucket, "k") == b"123"
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1


def test_a_form_dies(house, signer, bucket):
    form = signer.generate_presigned_post(bucket, "k", ExpiresIn=-10)
    reply = submit(house, form, b"hello")
    assert (reply.status, reply.code()) == (403, "AccessDenied")
    assert reply.text("Message") == "Invalid according to Policy: Policy expired."


def test_a_form_with_a_wrong_signature_is_refused(house, signer, bucket):
    form = signer.generate_presigned_post(bucket, "k")
    reply = submit(house, form, b"hello", **{"x-amz-signature": "0" * 64})
    assert (reply.status, reply.code()) == (403, "SignatureDoesNotMatch")


def test_a_form_can_do_what_its_signer_can(house, s3, bucket):
    keys = make_user(house, "form-maker", allow("s3:PutObject", f"arn:aws:s3:::{bucket}/in/*"))
    weak = house.client("s3", keys, signature_version="s3v4")
    assert submit(house, weak.generate_presigned_post(bucket, "in/k"), b"x").status == 204
    reply = submit(house, weak.generate_presigned_post(bucket, "out/k"), b"x")
    assert (reply.status, reply.code()) == (403, "AccessDenied")


def test_a_form_of_boto3s_own_choice_puts_an_object(house, s3, bucket):
    assert submit(house, s3.generate_presigned_post(bucket, "k"), b"hello").status == 204
    assert read(s3, bucket, "k") == b"hello"


HOSTS = ["{}.localhost", "{}.s3.localhost", "{}.s3.us-east-1.localhost", "{}.s3.amazonaws.com"]


@pytest.mark.parametrize("host", HOSTS)
def test_a_host_may_name_the_bucket(house, s3, bucket, host):
    host = f"{host.format(bucket)}:{urlsplit(house.endpoint).port}"
    put = ask_signed(house, "PUT", "/folder/k", b"hello", {"Host": host})
    assert put.status == 200, put.body
    assert read(s3, bucket, "folder/k") == b"hello"
    got = ask_signed(house, "GET", "/folder/k", headers={"Host": host})
    assert (got.status, got.body) == (200, b"hello")
    listed = ask_signed(house, "GET", "/?list-type=2", headers={"Host": host})
    assert (listed.text("Name"), listed.texts("Key")) == (bucket, ["folder/k"])
    assert ask_signed(house, "DELETE", "/folder/k", headers={"Host": host}).status == 204


def test_a_host_may_name_a_bucket_that_is_not_there(house):
    host = f"never-made.localhost:{urlsplit(house.endpoint).port}"
    reply = ask_signed(house, "GET", "/k", headers={"Host": host})
    assert (reply.status, reply.code(), reply.text("BucketName")) == (404, "NoSuchBucket", "never-made")


def test_boto3_finds_buckets_by_their_host(house, s3, bucket, monkeypatch):
    port = urlsplit(house.endpoint).port
    hosts = []
    resolve_to_this_machine(monkeypatch)
    monkeypatch.setattr(house, "endpoint", f"http://localhost:{port}")
    named = house.client("s3", s3={"addressing_style": "virtual"})
    named.meta.events.register("before-send.s3", lambda request, **_: hosts.append(urlsplit(request.url).netloc))
    named.put_object(Bucket=bucket, Key="a b", Body=b"hello")
    assert named.get_object(Bucket=bucket, Key="a b")["Body"].read() == b"hello"
    assert named.list_objects_v2(Bucket=bucket)["KeyCount"] == 1
    assert set(hosts) == {f"{bucket}.localhost:{port}"}


def resolve_to_this_machine(monkeypatch):
    """Not every system knows that all names under localhost are this machine."""
    right = socket.getaddrinfo

    def resolve(host, *arguments, **options):
        return right("127.0.0.1" if str(host).endswith(".localhost") else host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
