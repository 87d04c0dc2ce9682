"""What the tests with real clients share: houses, and root's clients for them."""

import os
import uuid

# Before boto3 reads them: a developer's own profiles, regions and proxies are none of these tests' business.
for name in list(os.environ):
    if name.startswith("AWS_") or name.lower().endswith("_proxy"):
        del os.environ[name]
os.environ |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "NO_PROXY": "*"}

import pytest

pytest.register_assert_rewrite("house", "refusal")

from house import House


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A house in memory, for the tests of one file: each names its things for itself."""
    house = House("--ephemeral", folder=tmp_path_factory.mktemp("house"))
    yield house
    house.close()


@pytest.fixture
def open_house(tmp_path):
    """Opens houses for one test alone: where its clock moves, or it is started in another way."""
    opened = []

    def open_one(*flags: str) -> House:
        house = House(*(flags or ["--ephemeral"]), folder=tmp_path)
        opened.append(house)
        return house

    yield open_one
    for house in opened:
        if house.process.returncode is None:
            house.close()


@pytest.fixture(scope="module")
def iam(house):
    return house.client("iam")


@pytest.fixture(scope="module")
def sts(house):
    return house.client("sts")


@pytest.fixture(scope="module")
def ssm(house):
    return house.client("ssm")


@pytest.fixture(scope="module")
def sqs(house):
    return house.client("sqs")


@pytest.fixture(scope="module")
def s3(house):
    return house.client("s3")


@pytest.fixture(scope="module")
def glue(house):
    return house.client("glue")


@pytest.fixture
def bucket(request, s3):
    """A new bucket for one test alone, named after it as far as S3 allows."""
    words = request.node.originalname.removeprefix("test_").replace("_", "-")[:40].strip("-")
    name = f"{words}-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name)
    return name
