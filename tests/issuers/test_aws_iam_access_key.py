"""Access keys of an IAM user, at moto's AWS."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from pydantic import SecretBytes

from codespaces_registry_secrets.generate.aws import AwsIamAccessKey
from codespaces_registry_secrets.generate.aws_role import Role
from codespaces_registry_secrets.generate.http import IssuerClient
from codespaces_registry_secrets.generate.issuer import (
    IssuerError,
    NewCredential,
    NoIdTokenError,
)
from codespaces_registry_secrets.verify.deadline import Connections
from codespaces_registry_secrets.verify.ecr import exchange_access_key
from codespaces_registry_secrets.verify.errors import LoginError
from codespaces_registry_secrets.verify.http import BasicCredentials, RegistryClient
from issuers.aws import ACTIONS, ROLE, USER, AwsServer
from issuers.contexts import Masks, context
from issuers.id_tokens import IMMUTABLE_SUBJECT, IdTokens
from issuers.issuer_server import Fault

NOW = datetime(2027, 3, 4, 5, 6, 7, tzinfo=UTC)
ABSENT = "AKIAIOSFODNN7EXAMPLE"


class DamagedAws(AwsServer):
    """Replaces text in its responses to one action, if `damage` names one."""

    damage = ("action", "old", "new")

    async def respond(self, request: web.Request) -> web.StreamResponse:
        response = await super().respond(request)
        assert isinstance(response, web.Response)
        action, old, new = self.damage
        if await self.request_name(request) == f"POST {action}":
            text = response.text or ""
            assert re.search(old, text, re.DOTALL), text
            response.text = re.sub(old, new, text, flags=re.DOTALL)
        return response


@pytest.fixture
def aws(id_tokens: IdTokens) -> Iterator[DamagedAws]:
    """AWS, where it is spring."""
    with DamagedAws(id_tokens, lambda: NOW) as aws:
        yield aws


def ignore(value: SecretBytes) -> None:
    """Mask nothing, because there is no log."""


Make = Callable[..., AwsIamAccessKey]


@pytest.fixture
def environment(aws: AwsServer, id_tokens: IdTokens) -> Mapping[str, str]:
    """The variables of a job with `id-token: write`."""
    return {**aws.environment, **id_tokens.environment}


@pytest.fixture
def make(environment: Mapping[str, str], masks: Masks) -> Make:
    """Create an issuer; `environ` replaces variables."""

    def make(
        environ: Mapping[str, str] | None = None, role: str = ROLE, user: str = USER
    ) -> AwsIamAccessKey:
        options = {"role": role, "user": user}
        variables = {**environment, **(environ or {})}
        return AwsIamAccessKey(context("aws-iam-access-key", options, variables, masks))

    return make


@pytest.fixture
def issuer(make: Make) -> AwsIamAccessKey:
    """The issuer at AWS."""
    return make()


def test_a_created_key_is_listed_and_accepted(aws: AwsServer, issuer: AwsIamAccessKey) -> None:
    """Its user name is its id, and its times are those of AWS."""
    assert issuer.list_credentials() == ()
    new = issuer.create(())
    assert (new.username, new.created, new.expires) == (new.id, NOW, None)
    assert aws.accepts(new.username, new.password.get_secret_value())
    (listed,) = issuer.list_credentials()
    assert (listed.id, listed.created, listed.disabled) == (new.id, NOW, False)


def test_the_other_key_stays_as_it_is(aws: AwsServer, issuer: AwsIamAccessKey) -> None:
    """A key that exists is accepted after the creation of another."""
    old = aws.make_by_hand()
    issuer.create(issuer.list_credentials())
    assert aws.accepts(old, aws.secret_of(old))
    assert len(aws.active()) == 2


def test_a_third_key_is_rejected(aws: AwsServer, issuer: AwsIamAccessKey) -> None:
    """A disabled one counts; the message names the limit."""
    old = aws.make_by_hand()
    issuer.disable(old)
    aws.make_by_hand()
    with pytest.raises(IssuerError, match=r"LimitExceeded.*at most 2 access keys; delete one"):
        issuer.create(issuer.list_credentials())
    assert len(aws.live()) == 2


def test_a_key_is_disabled_and_deleted(aws: AwsServer, issuer: AwsIamAccessKey) -> None:
    """A disabled key is listed as such, and rejected by ECR."""
    new = issuer.create(())
    issuer.disable(new.id)
    assert [key.disabled for key in issuer.list_credentials()] == [True]
    assert not aws.accepts(new.username, new.password.get_secret_value())
    issuer.delete(new.id)
    assert aws.live() == []


@pytest.mark.parametrize("action", ["UpdateAccessKey", "DeleteAccessKey"])
def test_an_absent_key_is_no_error(aws: AwsServer, issuer: AwsIamAccessKey, action: str) -> None:
    """Somebody deleted it meanwhile; the other key stays."""
    old = aws.make_by_hand()
    call(issuer, action, ABSENT)
    assert aws.active() == [old]


def test_all_pages_are_read(aws: AwsServer, issuer: AwsIamAccessKey) -> None:
    """One key on each page."""
    aws.page_size = 1
    keys = [aws.make_by_hand(), aws.make_by_hand()]
    assert [key.id for key in issuer.list_credentials()] == keys
    assert aws.requests.count("POST ListAccessKeys") == 2


def test_the_last_use_is_measured_by_the_clock_of_aws(
    aws: AwsServer, issuer: AwsIamAccessKey
) -> None:
    """None before the first use; the clock of this machine does not count."""
    key = aws.make_by_hand()
    assert issuer.unused_for(key) is None
    aws.use(key, timedelta(hours=30))
    assert issuer.unused_for(key) == timedelta(hours=30)
    aws.use(key, -timedelta(seconds=5))
    assert issuer.unused_for(key) == timedelta()


def test_a_new_key_settles(aws: AwsServer, issuer: AwsIamAccessKey) -> None:
    """ECR does not know it during the first logins, and a wrong secret never gets one."""
    aws.settling = 2
    new = issuer.create(())
    secret = new.password.get_secret_value()
    assert [aws.accepts(new.id, secret) for _ in range(3)] == [False, False, True]
    assert not aws.accepts(new.id, f"{secret}a")
    assert issuer.unused_for(new.id) == timedelta()


def exchange(aws: AwsServer, new: NewCredential) -> bytes:
    """Exchange a key for a login at ECR, and return the user name."""
    password = new.password.get_secret_value()
    key = BasicCredentials(SecretBytes(new.username.encode()), SecretBytes(password.encode()))
    server = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
    connections = Connections()
    try:
        with RegistryClient(key, server, connections, ignore) as client:
            login = exchange_access_key(client, server, key, aws.url)
    finally:
        connections.shut_down()
    return login.username.get_secret_value()


def test_ecr_issues_a_login_for_a_key(aws: AwsServer, issuer: AwsIamAccessKey) -> None:
    """Once it has settled, and until it is disabled."""
    aws.settling = 1
    new = issuer.create(())
    with pytest.raises(LoginError, match="UnrecognizedClientException"):
        exchange(aws, new)
    assert exchange(aws, new) == b"AWS"
    issuer.disable(new.id)
    with pytest.raises(LoginError, match="UnrecognizedClientException"):
        exchange(aws, new)


def test_the_role_is_assumed_once(
    aws: AwsServer, issuer: AwsIamAccessKey, id_tokens: IdTokens
) -> None:
    """One ID token and one session serve all requests; the constructor sends none."""
    assert (aws.requests, id_tokens.issued) == ([], [])
    new = issuer.create(issuer.list_credentials())
    issuer.disable(new.id)
    assert (aws.sessions, len(id_tokens.issued)) == (1, 1)


def test_the_role_is_assumed_again_before_its_session_ends(
    aws: AwsServer, environment: Mapping[str, str]
) -> None:
    """A session lasts 15 minutes."""
    seconds = iter([0.0, 13 * 60 - 1.0, 13 * 60.0, 13 * 60.0])
    role = Role(IssuerClient(ignore), environment, ROLE, lambda: next(seconds))
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    first, second, third = (role.session(policy) for _ in range(3))
    assert (first, aws.sessions) == (second, 2)
    assert third != first


def test_every_secret_is_masked(
    aws: AwsServer, issuer: AwsIamAccessKey, id_tokens: IdTokens, masks: Masks
) -> None:
    """The ID token, the secrets of the session, the signatures, and the secret of the key."""
    new = issuer.create(())
    (token,) = id_tokens.issued
    request_token, id_token, secret, session_token, signature, password = masks.secrets
    assert request_token == id_tokens.environment["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]
    assert (id_token, password) == (token, new.password.get_secret_value())
    assert (len(secret), len(signature)) == (40, 64)
    assert len(session_token) > 100
    assert password not in repr(new)


@pytest.mark.parametrize("action", ACTIONS)
def test_a_missing_permission_is_named(
    aws: AwsServer, issuer: AwsIamAccessKey, action: str
) -> None:
    """A role with all the others is told which one it needs."""
    key = aws.make_by_hand()
    aws.grant(*(other for other in ACTIONS if other != action))
    advice = f"allow iam:{action} in a policy of the role {ROLE}"
    with pytest.raises(IssuerError, match=rf"^could not .* of the IAM user {USER}: .*; {advice}$"):
        call(issuer, action, key)
    assert aws.active() == [key]


def call(issuer: AwsIamAccessKey, action: str, key: str) -> object:
    """Call the method that sends a request."""
    calls: dict[str, Callable[[], object]] = {
        "CreateAccessKey": lambda: issuer.create(()),
        "DeleteAccessKey": lambda: issuer.delete(key),
        "GetAccessKeyLastUsed": lambda: issuer.unused_for(key),
        "ListAccessKeys": issuer.list_credentials,
        "UpdateAccessKey": lambda: issuer.disable(key),
    }
    return calls[action]()


def test_a_policy_of_the_organization_forbids_creation(
    aws: AwsServer, issuer: AwsIamAccessKey
) -> None:
    """The message does not advise to change the role."""
    aws.forbidden.add("CreateAccessKey")
    with pytest.raises(IssuerError, match="a policy in AWS forbids iam:CreateAccessKey"):
        issuer.create(())


def test_an_absent_user_is_reported(aws: AwsServer, make: Make) -> None:
    """A role of the same account without a policy for it has no permission."""
    issuer = make(user="nobody")
    with pytest.raises(IssuerError, match="could not list the access keys of the IAM user nobody"):
        issuer.list_credentials()


def test_the_immutable_subject_is_trusted(
    issuer: AwsIamAccessKey, aws: AwsServer, id_tokens: IdTokens
) -> None:
    """`repo:OWNER@ID/REPOSITORY@ID:…`, which new repositories have."""
    id_tokens.subject = IMMUTABLE_SUBJECT
    assert issuer.list_credentials() == ()
    assert aws.sessions == 1


def test_an_untrusted_subject_is_reported(
    aws: AwsServer, issuer: AwsIamAccessKey, id_tokens: IdTokens
) -> None:
    """The message has the subject that the trust policy must allow."""
    id_tokens.subject = "repo:octo-org/fork:ref:refs/heads/main"
    with pytest.raises(
        IssuerError,
        match=rf"AccessDenied.*audience sts\.amazonaws\.com and the subject {id_tokens.subject}",
    ):
        issuer.create(())
    assert aws.live() == []


def test_another_role_is_reported(aws: AwsServer, make: Make) -> None:
    """One that does not exist, or does not trust the job."""
    issuer = make(role=f"{ROLE}-2")
    with pytest.raises(IssuerError, match=f"could not assume the role {ROLE}-2: .*must exist"):
        issuer.list_credentials()


def test_another_audience_is_reported(aws: AwsServer, issuer: AwsIamAccessKey) -> None:
    """The message has the audience that the provider must have."""
    aws.audiences = {"another"}
    message = r"Incorrect token audience.*https://token\.actions\.githubusercontent\.com with the audience sts\.amazonaws\.com"
    with pytest.raises(IssuerError, match=message):
        issuer.list_credentials()


def test_a_token_that_is_no_jwt_is_reported(issuer: AwsIamAccessKey, id_tokens: IdTokens) -> None:
    """Its issuer is unknown."""
    id_tokens.issue = lambda *_, **__: "a-text-instead-of-a-token"  # type: ignore[method-assign]
    with pytest.raises(IssuerError, match="needs the OIDC provider of the job with the audience"):
        issuer.list_credentials()


def test_a_role_in_china_has_its_own_audience(aws: AwsServer, make: Make) -> None:
    """AWS in China expects `sts.amazonaws.com.cn`."""
    aws.audiences = {"sts.amazonaws.com.cn"}
    issuer = make(role=ROLE.replace("aws:", "aws-cn:"))
    with pytest.raises(IssuerError, match="AccessDenied"):  # the token is right, the role absent
        issuer.list_credentials()


def test_an_expired_token_is_reported(
    aws: AwsServer, issuer: AwsIamAccessKey, id_tokens: IdTokens
) -> None:
    """Another run gets another token."""
    aws.now = id_tokens.now = lambda: NOW + timedelta(seconds=next(clock))
    clock = iter((0, *[301] * 50))
    with pytest.raises(IssuerError, match=r"ExpiredTokenException.*run again later"):
        issuer.list_credentials()


def test_a_job_without_id_token_is_told_the_permission(aws: AwsServer, make: Make) -> None:
    """Nothing is sent to AWS."""
    issuer = make({"ACTIONS_ID_TOKEN_REQUEST_TOKEN": ""})
    with pytest.raises(NoIdTokenError, match="`id-token: write`"):
        issuer.list_credentials()
    assert aws.requests == []


@pytest.mark.parametrize(
    ("role", "user", "key"),
    [
        ("", USER, "role"),
        ("rotate-codespaces-pull", USER, "role"),
        ("arn:aws:iam::123456789012:user/somebody", USER, "role"),
        (f"{ROLE}\n", USER, "role"),
        (ROLE.replace("aws:", "aws-moon:"), USER, "role"),
        (ROLE, "", "user"),
        (ROLE, f"arn:aws:iam::123456789012:user/{USER}", "user"),
        (ROLE, "*", "user"),
        (ROLE, "a" * 65, "user"),
    ],
)
def test_invalid_options_are_rejected(
    aws: AwsServer, make: Make, role: str, user: str, key: str
) -> None:
    """Before any request."""
    with pytest.raises(IssuerError, match=f"`{key}` must be"):
        make(role=role, user=user).list_credentials()
    assert aws.requests == []


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_IAM"])
def test_an_endpoint_without_tls_is_rejected(aws: AwsServer, make: Make, variable: str) -> None:
    """No key is created."""
    issuer = make({variable: "http://aws.example.com"})
    with pytest.raises(IssuerError, match=f"{variable} must be an https URL"):
        issuer.create(())
    assert aws.live() == []


def test_reads_are_repeated(aws: AwsServer, issuer: AwsIamAccessKey) -> None:
    """After a server error, a limit of the rate, and a lost response, each up to twice."""
    key = aws.make_by_hand()
    faults: Iterator[Fault | None] = iter([503, "after", None, 429, "before", None, 500, None])
    aws.on_request = lambda _: next(faults)
    assert [listed.id for listed in issuer.list_credentials()] == [key]
    assert issuer.unused_for(key) is None
    assert next(faults, "all used") == "all used"


@pytest.mark.parametrize("fault", [500, "before", "after"])
@pytest.mark.parametrize("action", ["CreateAccessKey", "UpdateAccessKey", "DeleteAccessKey"])
def test_a_write_is_sent_once(
    aws: AwsServer, issuer: AwsIamAccessKey, action: str, fault: Fault
) -> None:
    """Whether it was carried out shows in the next list."""
    key = aws.make_by_hand()
    before = issuer.list_credentials()
    aws.on_request = lambda name: fault if name == f"POST {action}" else None
    with pytest.raises(IssuerError, match=r"^could not (create|disable|delete) .*run"):
        call(issuer, action, key)
    assert aws.requests.count(f"POST {action}") == 1
    assert (issuer.list_credentials() == before) == (fault != "after")


def test_an_outage_is_reported(aws: AwsServer, issuer: AwsIamAccessKey) -> None:
    """After the third attempt."""
    aws.on_request = lambda name: 503 if name == "POST ListAccessKeys" else None
    with pytest.raises(
        IssuerError,
        match=r"^could not list the access keys of .* responded 503: try again; run again later$",
    ):
        issuer.list_credentials()
    assert aws.requests.count("POST ListAccessKeys") == 3


def test_requests_are_signed_by_the_session_alone(
    aws: AwsServer, issuer: AwsIamAccessKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Variables and profiles of AWS on the machine change nothing."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.setenv(name, "machine")
    assert issuer.list_credentials() == ()


def test_the_policy_of_the_session_allows_no_other_user(
    aws: AwsServer, issuer: AwsIamAccessKey
) -> None:
    """Even if the role had the permissions for all users."""
    issuer.list_credentials()
    (policy,) = aws.session_policies
    assert policy == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": [f"iam:{action}" for action in ACTIONS],
                "Resource": [
                    f"arn:aws:iam::123456789012:user/{USER}",
                    f"arn:aws:iam::123456789012:user/*/{USER}",
                ],
            }
        ],
    }


UNEXPECTED = "returned an unexpected response; check for a proxy .*"
TASKS = {
    "AssumeRoleWithWebIdentity": "assume the role",
    "CreateAccessKey": "create an access key",
    "DeleteAccessKey": "delete access key",
    "GetAccessKeyLastUsed": "read the last use of access key",
    "ListAccessKeys": "list the access keys",
    "UpdateAccessKey": "disable access key",
}
ENTITIES = '<!DOCTYPE a [<!ENTITY b "c">]>'


@pytest.mark.parametrize(
    ("action", "old", "new"),
    [
        ("AssumeRoleWithWebIdentity", "<SessionToken>.*</SessionToken>", ""),
        (
            "AssumeRoleWithWebIdentity",
            "<AccessKeyId>.*</AccessKeyId>",
            "<AccessKeyId>a</AccessKeyId>",
        ),
        ("AssumeRoleWithWebIdentity", ".*", "<html><title>Sign in</title></html>"),
        ("ListAccessKeys", ".*", ""),
        ("ListAccessKeys", ".*", '{"ListAccessKeysResponse": {}}'),
        ("ListAccessKeys", "^", ENTITIES),
        ("ListAccessKeys", "ListAccessKeysRes", "ListUsersRes"),
        ("ListAccessKeys", "<IsTruncated>false</IsTruncated>", ""),
        ("ListAccessKeys", "<IsTruncated>false", "<IsTruncated>true"),
        (
            "ListAccessKeys",
            "<IsTruncated>false</IsTruncated>",
            "<IsTruncated>true</IsTruncated><Marker>0</Marker>",
        ),
        ("ListAccessKeys", "<CreateDate>.*?</CreateDate>", ""),
        ("ListAccessKeys", "Z</CreateDate>", "</CreateDate>"),
        ("ListAccessKeys", "<Status>Active</Status>", ""),
        ("ListAccessKeys", "<AccessKeyId>AKIA", "<AccessKeyId>AK/A"),
        ("CreateAccessKey", "<SecretAccessKey>.*</SecretAccessKey>", "<SecretAccessKey/>"),
        ("CreateAccessKey", "<CreateDate>.*</CreateDate>", ""),
        ("CreateAccessKey", "<AccessKey>.*</AccessKey>", ""),
        ("UpdateAccessKey", ".*", "<html/>"),
        ("DeleteAccessKey", ".*", ""),
        (
            "GetAccessKeyLastUsed",
            "<LastUsedDate>.*</LastUsedDate>",
            "<LastUsedDate>soon</LastUsedDate>",
        ),
    ],
)
def test_a_damaged_response_is_an_error(
    aws: DamagedAws, make: Make, action: str, old: str, new: str
) -> None:
    """The message names the request, and contains nothing of the response."""
    key = aws.make_by_hand()
    aws.use(key)
    aws.damage = (action, old, new)
    task = TASKS[action]
    called = action.replace("AssumeRoleWithWebIdentity", "ListAccessKeys")
    with pytest.raises(IssuerError, match=f"^could not {task} .* {UNEXPECTED}$"):
        call(make(), called, key)


def test_the_secret_of_a_damaged_response_is_masked(
    aws: DamagedAws, make: Make, masks: Masks
) -> None:
    """Before its fields are checked."""
    aws.damage = ("CreateAccessKey", "<CreateDate>.*</CreateDate>", "")
    with pytest.raises(IssuerError):
        make().create(())
    (key,) = aws.live()
    assert masks.secrets[-1] == aws.secret_of(key)


def test_an_unknown_status_counts_as_disabled(aws: DamagedAws, make: Make) -> None:
    """AWS accepts only active keys."""
    aws.make_by_hand()
    aws.damage = ("ListAccessKeys", ">Active<", ">Expired<")
    assert [key.disabled for key in make().list_credentials()] == [True]


def test_an_error_that_repeats_a_secret_is_redacted(
    aws: DamagedAws, make: Make, id_tokens: IdTokens
) -> None:
    """The ID token, here."""
    aws.trusted = set()
    token = id_tokens.issue("sts.amazonaws.com")
    id_tokens.issue = lambda *_, **__: token  # type: ignore[method-assign]
    aws.damage = ("AssumeRoleWithWebIdentity", "Not authorized", token)
    with pytest.raises(IssuerError) as caught:
        make().list_credentials()
    assert token[:20] not in str(caught.value)
    assert "text not shown because it repeats the credential" in str(caught.value)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("Throttling", "Throttling: .*; run again later"),
        ("SignatureDoesNotMatch", "the clock of the runner must be right"),
        ("NoSuchEntity", "`user` must be the name of a user in the AWS account of the role"),
        ("InvalidInput", "could not create an access key .*; check `user` and `role`"),
    ],
)
def test_an_error_says_what_to_do(aws: DamagedAws, make: Make, code: str, message: str) -> None:
    """By the code of AWS."""
    aws.forbidden.add("CreateAccessKey")
    aws.damage = ("CreateAccessKey", "AccessDenied", code)
    with pytest.raises(IssuerError, match=message):
        make().create(())


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            "IDPCommunicationError",
            "could not assume the role .*: IDPCommunicationError: .*; run again later",
        ),
        (
            "IDPRejectedClaim",
            r"needs the OIDC provider https://token\.actions\.githubusercontent\.com",
        ),
        ("RegionDisabledException", "check the role and its trust policy"),
    ],
)
def test_an_error_of_the_role_says_what_to_do(
    aws: DamagedAws, make: Make, code: str, message: str
) -> None:
    """By the code of AWS."""
    aws.trusted = set()
    aws.damage = ("AssumeRoleWithWebIdentity", "AccessDenied", code)
    with pytest.raises(IssuerError, match=message):
        make().create(())
