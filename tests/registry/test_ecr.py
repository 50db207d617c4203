"""Exchange an access key for an Amazon ECR login at moto's AWS, and log in with it."""

from __future__ import annotations

import json
import socket
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from aiohttp import web
from botocore.session import Session  # type: ignore[import-untyped]
from moto.server import ThreadedMotoServer
from pydantic import SecretBytes

from codespaces_registry_secrets.verify import login as login_module
from issuers import moto_aws
from registry import debian_registry
from registry.certificate_authority import CertificateAuthority
from registry.conftest import Login, Serve, ignore
from registry.debian_registry import DebianRegistry
from registry.proxy import Proxy

ACCOUNT, REGION = "123456789012", "eu-west-1"
SERVER = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
# The password that moto issues for every key.
PASSWORD = f"{ACCOUNT}-auth-token"
NO_KEY = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")


@dataclass(frozen=True)
class Aws:
    """A server of moto with two users: one can request a login, the other has no permission."""

    url: str
    allowed: tuple[str, str]
    denied: tuple[str, str]


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    """A server of moto that checks signatures and permissions once it has users."""
    moto_aws.reset()  # its state is that of the process, which can have run other tests with it
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    any_key = {"aws_access_key_id": "any", "aws_secret_access_key": "any"}
    iam, ecr = (
        Session().create_client(name, region_name=REGION, endpoint_url=url, **any_key)
        for name in ("iam", "ecr")
    )
    # moto loads a service at the first request to it, with the environment of that moment.
    ecr.get_authorization_token()
    statement = {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    keys = [_user(iam, "allowed", policy), _user(iam, "denied", None)]
    requests.post(f"{url}/moto-api/reset-auth", data="0", timeout=5).raise_for_status()
    yield Aws(url, *keys)
    server.stop()


def _user(iam: Any, name: str, policy: str | None) -> tuple[str, str]:
    iam.create_user(UserName=name)
    if policy:
        iam.put_user_policy(UserName=name, PolicyName="ecr", PolicyDocument=policy)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]


@pytest.fixture
def _to_moto(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the endpoint in the variable that all clients of AWS read."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_ECR", aws.url)


@pytest.fixture
def ecr(
    installed: None,
    certificate_authority: CertificateAuthority,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[DebianRegistry]:
    """Debian's registry in place of ECR, with the login that moto issues."""
    auth = debian_registry.passwords(tmp_path, {"AWS": PASSWORD})
    with (
        DebianRegistry(tmp_path, auth, certificate_authority.certify(SERVER)) as registry,
        Proxy({f"{SERVER}:443": registry.port}) as proxy,
    ):
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        yield registry


@pytest.mark.registry
@pytest.mark.usefixtures("_to_moto", "ecr")
def test_an_access_key_is_exchanged(aws: Aws, login: Login) -> None:
    """The registry gets the login that AWS issues for it."""
    result = login(SERVER, *aws.allowed)
    assert (result.status, result.message) == ("accepted", "")


@pytest.mark.registry
@pytest.mark.usefixtures("ecr")
def test_a_token_is_not_exchanged(login: Login) -> None:
    """The user `AWS` with a token needs no request to AWS."""
    assert login(SERVER, "AWS", PASSWORD).status == "accepted"
    assert login(SERVER, "AWS", "an-old-token").status == "rejected"


@pytest.mark.usefixtures("_to_moto")
def test_aws_settings_of_the_machine_are_ignored(
    aws: Aws, login: Login, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS variables and files change the result neither for a valid key nor for an invalid one."""
    config = tmp_path / "config"
    config.write_text(
        "[default]\n"
        f"aws_access_key_id = {aws.allowed[0]}\n"
        f"aws_secret_access_key = {aws.allowed[1]}\n"
        "endpoint_url = http://127.0.0.1:9\n"
    )
    for name, value in {
        "AWS_CONFIG_FILE": str(config),
        "AWS_SHARED_CREDENTIALS_FILE": str(config),
        "AWS_PROFILE": "no-such-profile",
        "AWS_ACCESS_KEY_ID": aws.allowed[0],
        "AWS_SECRET_ACCESS_KEY": aws.allowed[1],
        "AWS_SESSION_TOKEN": "some-token",
        "AWS_REGION": "mars-north-1",
        "AWS_CA_BUNDLE": "/no/such/bundle.pem",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "HTTPS_PROXY": "http://127.0.0.1:9",
    }.items():
        monkeypatch.setenv(name, value)
    assert login(SERVER, *NO_KEY).status == "rejected"
    # AWS issues the login; the login fails later, because the proxy accepts no connection.
    result = login(SERVER, *aws.allowed)
    assert result.status == "unreachable"
    assert result.message.startswith(f"could not connect to {SERVER} through the configured proxy")


@pytest.mark.usefixtures("_to_moto")
def test_a_key_that_aws_rejects(aws: Aws, login: Login) -> None:
    """The message has AWS's code and the permissions, and not the secret."""
    cases = {
        NO_KEY: "UnrecognizedClientException|InvalidClientTokenId|AuthFailure",
        (aws.allowed[0], NO_KEY[1]): "InvalidSignatureException|SignatureDoesNotMatch",
        aws.denied: "AccessDenied",
    }
    for key, codes in cases.items():
        result = login(SERVER, *key)
        assert result.status == "rejected"
        assert any(code in result.message for code in codes.split("|")), result.message
        assert "`ecr:GetAuthorizationToken` and `sts:GetServiceBearerToken`" in result.message
        assert not any(value in result.message for value in key)


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://ecr.test",
        "ftp://ecr.test",
        "ecr.test",
        "https://",
        "https://me@ecr.test",
        "https://ecr.test?x=1",
        "http://localhost.ecr.test",
    ],
)
def test_an_unsafe_endpoint(login: Login, endpoint: str) -> None:
    """Whoever gets the signed request can request a login with it."""
    result = login(SERVER, *NO_KEY, ecr_endpoint=endpoint)
    assert result.status == "rejected"
    assert result.message == (
        "AWS_ENDPOINT_URL_ECR must be an https URL (http only for a loopback host), so the access "
        "key was not used; correct the variable, or remove it"
    )


def test_the_endpoint_of_a_region(login: Login, monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS's own, over TLS, and China's own."""
    with Proxy({}) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        login(SERVER, *NO_KEY)
        login("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", *NO_KEY)
    assert [line.split()[1] for line in proxy.requests] == [
        "api.ecr.eu-west-1.amazonaws.com:443",
        "api.ecr.cn-north-1.amazonaws.com.cn:443",
    ]


@pytest.mark.parametrize("secret", ["schlüssel\nmit ☃", "\x00\r\n", "x" * 48_000])
def test_a_secret_key_with_odd_characters(aws: Aws, login: Login, secret: str) -> None:
    """AWS rejects it with a message."""
    result = login(SERVER, aws.allowed[0], secret, ecr_endpoint=aws.url)
    assert result.status == "rejected"
    assert "SignatureDoesNotMatch" in result.message or "InvalidSig" in result.message


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ((400, "UnrecognizedClientException"), "rejected"),
        ((400, "ThrottlingException"), "unreachable"),
        ((500, "ServerException"), "unreachable"),
        ((500, "AnotherException"), "unreachable"),
        ((503, "ServiceUnavailable"), "unreachable"),
    ],
)
def test_codes_of_aws(
    serve: Serve,
    login: Login,
    monkeypatch: pytest.MonkeyPatch,
    error: tuple[int, str],
    expected: str,
) -> None:
    """If AWS is overloaded, the result is not about the key."""
    status, code = error

    async def respond(request: web.Request) -> web.StreamResponse:
        body = {"__type": code, "message": "The key in the request is invalid."}
        return web.json_response(body, status=status)

    monkeypatch.setenv("AWS_ENDPOINT_URL_ECR", serve(respond).url)
    result = login(SERVER, *NO_KEY)
    assert result.status == expected
    assert f"({code}: The key in the request is invalid)" in result.message
    assert result.unknown == (code == "UnrecognizedClientException")


@pytest.mark.parametrize(
    ("body", "quoted"),
    [
        (b"Access denied.", "Access denied"),
        (b"No \xff.", "No \N{REPLACEMENT CHARACTER}"),
        (b'["Access denied."]', '["Access denied."]'),
        (b'{"message": "Denied."}', "Denied"),
        (b'{"Message": "Denied."}', "Denied"),
        (b'{"__type": "AccessDenied"}', "AccessDenied"),
        (b'{"__type": "com.amazonaws.ecr#Denied", "message": "No."}', "Denied: No"),
        (b"", "403"),
        (b"{}", "403"),
    ],
)
def test_an_error_of_another_shape_is_quoted(
    serve: Serve, login: Login, monkeypatch: pytest.MonkeyPatch, body: bytes, quoted: str
) -> None:
    """For example one of a proxy."""

    async def respond(request: web.Request) -> web.StreamResponse:
        return web.Response(body=body, status=403)

    monkeypatch.setenv("AWS_ENDPOINT_URL_ECR", serve(respond).url)
    result = login(SERVER, *NO_KEY)
    assert result.status == "rejected"
    assert f"AWS denied an ECR login for this access key ({quoted}); " in result.message


@pytest.mark.parametrize("body", ["{}", '{"authorizationData": []}', "[]", "no JSON", '{"authorizationData": [{"authorizationToken": "?"}]}', '{"authorizationData": [{"authorizationToken": "QVdTOng=!"}]}', '{"authorizationData": [{"authorizationToken": "QVdT"}]}'])  # fmt: skip
def test_a_response_that_is_not_from_aws(
    serve: Serve, login: Login, monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    """Another server responds in its place."""

    async def respond(request: web.Request) -> web.StreamResponse:
        return web.Response(text=body)

    monkeypatch.setenv("AWS_ENDPOINT_URL_ECR", serve(respond).url)
    result = login(SERVER, *NO_KEY)
    assert result.status == "unreachable"
    assert "AWS returned no ECR login in its response" in result.message


@pytest.mark.registry
def test_a_password_of_aws_can_contain_colons(  # noqa: PLR0917
    installed: None,
    certificate_authority: CertificateAuthority,
    serve: Serve,
    login: Login,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only the first colon separates it from the user name."""
    token = b64encode(b"AWS:one:two:three").decode()

    async def respond(request: web.Request) -> web.StreamResponse:
        return web.json_response({"authorizationData": [{"authorizationToken": token}]})

    monkeypatch.setenv("AWS_ENDPOINT_URL_ECR", serve(respond).url)
    auth = debian_registry.passwords(tmp_path, {"AWS": "one:two:three"})
    with (
        DebianRegistry(tmp_path, auth, certificate_authority.certify(SERVER)) as registry,
        Proxy({f"{SERVER}:443": registry.port}) as proxy,
    ):
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        assert login(SERVER, *NO_KEY).status == "accepted"


@pytest.mark.parametrize("end", ["", "/", "/ecr", "/ecr/", "/X"])
def test_the_path_of_an_endpoint_ends_with_a_slash(serve: Serve, login: Login, end: str) -> None:
    """With or without one in the variable."""

    async def respond(request: web.Request) -> web.StreamResponse:
        return web.json_response({}, status=403)

    aws = serve(respond)
    login(SERVER, *NO_KEY, ecr_endpoint=f"{aws.url}{end}")
    assert [request.path for request in aws.requests] == [f"{end.rstrip('/')}/"]


def test_a_user_name_that_is_no_key_is_not_exchanged(
    login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It can be any text; the registry of this account gets it."""
    with Proxy({}) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        assert login(SERVER, "schlüssel", "password").status == "unreachable"
    assert {line.split()[1] for line in proxy.requests} == {f"{SERVER}:443"}


def test_an_endpoint_with_tls_is_used(login: Login) -> None:
    """The error is that of its connection."""
    result = login(SERVER, *NO_KEY, ecr_endpoint="https://127.0.0.1:9")
    assert result.status == "unreachable"
    assert "127.0.0.1:9 refused or closed the connection" in result.message


def test_a_secret_key_of_any_bytes_is_sent(aws: Aws) -> None:
    """AWS rejects it with a message."""
    key_id, secret = SecretBytes(aws.allowed[0].encode()), SecretBytes(b"\xff\xfe" * 20)
    result = login_module.login(SERVER, key_id, secret, (), mask=ignore, ecr_endpoint=aws.url)
    assert result.status == "rejected"
    assert "Signature" in result.message


def test_aws_is_unreachable(login: Login, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing listens on the port."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv("AWS_ENDPOINT_URL_ECR", f"http://127.0.0.1:{taken.getsockname()[1]}")
    result = login(SERVER, *NO_KEY)
    assert result.status == "unreachable"
    assert result.message.startswith(f"request for an ECR login in {REGION}: 127.")
