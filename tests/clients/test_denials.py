"""What a user may not do is refused, in AWS's words and with the code of the service; what it may is done."""

from house import ACCOUNT
from people import allow, deny, document, make_user, user_arn
from refusal import not_allowed, refused, refused_by_cli

PARAMETER = f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}"


def test_without_a_policy_ssm_denies(house):
    ssm = house.client("ssm", make_user(house, "bare-ssm"))
    message = not_allowed(user_arn("bare-ssm"), "ssm:GetParameter", f"{PARAMETER}/app/a")
    with refused("AccessDeniedException", message, status=400):
        ssm.get_parameter(Name="/app/a")


def test_without_a_policy_iam_denies(house):
    iam = house.client("iam", make_user(house, "bare-iam"))
    message = not_allowed(user_arn("bare-iam"), "iam:CreateUser", user_arn("another"))
    with refused("AccessDenied", message, status=403):
        iam.create_user(UserName="another")


def test_without_a_policy_sqs_denies_and_writes_the_action_small(house, sqs):
    url = sqs.create_queue(QueueName="bare")["QueueUrl"]
    message = not_allowed(user_arn("bare-sqs"), "sqs:sendmessage", f"{QUEUE}:bare")
    with refused("AccessDenied", message):
        house.client("sqs", make_user(house, "bare-sqs")).send_message(QueueUrl=url, MessageBody="x")


def test_a_caller_is_denied_before_it_learns_whether_a_thing_exists(house):
    keys = make_user(house, "curious")
    with refused("AccessDeniedException"):
        house.client("ssm", keys).get_parameter(Name="/there/is/none")
    with refused("AccessDenied"):
        house.client("iam", keys).get_user(UserName="there-is-none")


def test_a_scoped_policy_allows_its_path_and_nothing_beside(house, ssm):
    for name in ["/orders/db", "/payments/db"]:
        ssm.put_parameter(Name=name, Value="postgres", Type="String")
    keys = make_user(house, "orders", allow(["ssm:GetParameter", "ssm:PutParameter"], f"{PARAMETER}/orders/*"))
    scoped = house.client("ssm", keys)
    assert scoped.get_parameter(Name="/orders/db")["Parameter"]["Value"] == "postgres"
    scoped.put_parameter(Name="/orders/new", Value="1", Type="String")
    message = not_allowed(user_arn("orders"), "ssm:GetParameter", f"{PARAMETER}/payments/db")
    with refused("AccessDeniedException", message):
        scoped.get_parameter(Name="/payments/db")
    with refused("AccessDeniedException"):
        scoped.delete_parameter(Name="/orders/db")


def test_reading_many_needs_permission_for_each(house, ssm):
    for name in ["/each/a", "/each/b"]:
        ssm.put_parameter(Name=name, Value="1", Type="String")
    scoped = house.client("ssm", make_user(house, "some", allow("ssm:GetParameters", f"{PARAMETER}/each/a")))
    assert len(scoped.get_parameters(Names=["/each/a"])["Parameters"]) == 1
    with refused("AccessDeniedException", not_allowed(user_arn("some"), "ssm:GetParameters", f"{PARAMETER}/each/b")):
        scoped.get_parameters(Names=["/each/a", "/each/b"])


def test_a_producer_may_send_and_not_receive(house, sqs):
    url = sqs.create_queue(QueueName="producer")["QueueUrl"]
    keys = make_user(house, "producer", allow(["sqs:SendMessage", "sqs:GetQueueUrl"], f"{QUEUE}:producer"))
    producer = house.client("sqs", keys)
    producer.send_message(QueueUrl=producer.get_queue_url(QueueName="producer")["QueueUrl"], MessageBody="x")
    producer.send_message_batch(QueueUrl=url, Entries=[{"Id": "a", "MessageBody": "y"}])
    with refused("AccessDenied"):
        producer.receive_message(QueueUrl=url)
    with refused("AccessDenied"):
        producer.delete_queue(QueueUrl=url)


def test_an_explicit_deny_wins_and_says_so(house, ssm):
    ssm.put_parameter(Name="/secret/a", Value="1", Type="String")
    keys = make_user(house, "denied", allow("ssm:*"), deny("ssm:GetParameter", f"{PARAMETER}/secret/*"))
    denied = house.client("ssm", keys)
    denied.describe_parameters()
    with refused("AccessDeniedException") as caught:
        denied.get_parameter(Name="/secret/a")
    assert "with an explicit deny in an identity-based policy" in str(caught.value)


def test_a_condition_decides(house, ssm):
    ssm.put_parameter(Name="/here/a", Value="1", Type="String")
    elsewhere = {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}
    keys = make_user(house, "regional", allow("ssm:*", Condition=elsewhere))
    with refused("AccessDeniedException"):
        house.client("ssm", keys).get_parameter(Name="/here/a")
    with refused("ParameterNotFound"):
        house.client("ssm", keys, region="eu-west-1").get_parameter(Name="/here/a")


def test_a_variable_in_a_policy_is_the_name_of_the_caller(house, ssm):
    for name in ["/home/anna/a", "/home/berta/a"]:
        ssm.put_parameter(Name=name, Value="1", Type="String")
    anna = house.client(
        "ssm", make_user(house, "anna", allow("ssm:GetParameter", f"{PARAMETER}/home/${{aws:username}}/*"))
    )
    anna.get_parameter(Name="/home/anna/a")
    with refused("AccessDeniedException"):
        anna.get_parameter(Name="/home/berta/a")


def test_a_policy_works_from_the_moment_it_is_attached_until_it_is_detached(house, iam):
    keys = make_user(house, "attached")
    policy = iam.create_policy(PolicyName="describe", PolicyDocument=document(allow("ssm:DescribeParameters")))
    arn = policy["Policy"]["Arn"]
    ssm = house.client("ssm", keys)
    for _ in range(3):
        with refused("AccessDeniedException"):
            ssm.describe_parameters()
        iam.attach_user_policy(UserName="attached", PolicyArn=arn)
        ssm.describe_parameters()
        iam.detach_user_policy(UserName="attached", PolicyArn=arn)


def test_a_group_lends_its_policies_to_its_members(house, iam):
    keys = make_user(house, "member")
    iam.create_group(GroupName="readers")
    iam.put_group_policy(
        GroupName="readers", PolicyName="own", PolicyDocument=document(allow("ssm:DescribeParameters"))
    )
    ssm = house.client("ssm", keys)
    with refused("AccessDeniedException"):
        ssm.describe_parameters()
    iam.add_user_to_group(GroupName="readers", UserName="member")
    ssm.describe_parameters()
    iam.remove_user_from_group(GroupName="readers", UserName="member")
    with refused("AccessDeniedException"):
        ssm.describe_parameters()


def test_a_boundary_limits_what_policies_give(house, iam):
    keys = make_user(house, "bounded", allow(["ssm:*", "sqs:ListQueues"]))
    boundary = iam.create_policy(PolicyName="only-ssm", PolicyDocument=document(allow("ssm:*")))["Policy"]["Arn"]
    house.client("sqs", keys).list_queues()
    iam.put_user_permissions_boundary(UserName="bounded", PermissionsBoundary=boundary)
    house.client("ssm", keys).describe_parameters()
    with refused("AccessDenied") as caught:
        house.client("sqs", keys).list_queues()
    assert "because no permissions boundary allows the sqs:listqueues action" in str(caught.value)
    iam.delete_user_permissions_boundary(UserName="bounded")
    house.client("sqs", keys).list_queues()


def test_a_boundary_alone_gives_nothing(house, iam):
    keys = make_user(house, "only-bounded")
    policy = iam.create_policy(PolicyName="all", PolicyDocument=document(allow("*")))["Policy"]["Arn"]
    iam.put_user_permissions_boundary(UserName="only-bounded", PermissionsBoundary=policy)
    with refused("AccessDeniedException") as caught:
        house.client("ssm", keys).describe_parameters()
    assert "because no identity-based policy allows" in str(caught.value)


def test_the_command_line_shows_the_denial(house):
    keys = make_user(house, "cli-denied")
    ran = house.aws("ssm", "get-parameter", "--name", "/app/a", keys=keys)
    refused_by_cli(ran, "AccessDeniedException", "GetParameter")
    assert not_allowed(user_arn("cli-denied"), "ssm:GetParameter", f"{PARAMETER}/app/a") in ran.stderr


def test_with_iam_off_users_may_do_everything(open_house):
    house = open_house("--ephemeral", "--iam", "off")
    house.client("ssm", make_user(house, "free")).describe_parameters()
