"""Variables of the step are sources of values, and nothing that a library obeys."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web

from github_sandbox import World
from registry.certificate_authority import CertificateAuthority
from registry.scripted_server import Served, challenging
from sandboxed_action import ACTION_YML, Action

REPOSITORY = "repository:octo-org/app"
SPEC = """
version: 1
registries:
  - id: ACR
    server: "{server}"
    username: {{env: {username}}}
    password: {{env: {password}}}
    targets:
      - repository: octo-org/app
"""
# No server of these tests has a certificate that such a client takes.
OPENSSL_CONF = """
openssl_conf = openssl_init
[openssl_init]
ssl_conf = ssl_configuration
[ssl_configuration]
system_default = tls_defaults
[tls_defaults]
SignatureAlgorithms = RSA+SHA256
"""


@pytest.fixture
def certificate_authority(tmp_path: Path) -> CertificateAuthority:
    """Believed by those who are told of its bundle."""
    return CertificateAuthority(tmp_path)


@pytest.fixture
def registry(certificate_authority: CertificateAuthority) -> Iterator[Served]:
    """A registry with TLS, which takes any credential."""

    async def answer(request: web.Request) -> web.StreamResponse:
        known = "Authorization" in request.headers
        return web.json_response({}) if known else challenging('Basic realm="x"')

    with Served(answer, certificate_authority.certify("localhost").context()) as served:
        yield served


@pytest.fixture
def uncovered(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that coverage does not follow: it would load OpenSSL before all else."""
    for name in ("COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("uncovered")
def test_openssl_takes_no_orders(
    world: World,
    action: Action,
    certificate_authority: CertificateAuthority,
    registry: Served,
    tmp_path: Path,
) -> None:
    """No configuration is read, and no keys are written; the variables are sources all the same."""
    configuration, keys = tmp_path / "openssl.cnf", tmp_path / "keys.log"
    configuration.write_text(OPENSSL_CONF)
    variables = {
        "OPENSSL_CONF": str(configuration),
        "OPENSSL_MODULES": str(tmp_path),
        "SSLKEYLOGFILE": str(keys),
        "REQUESTS_CA_BUNDLE": str(certificate_authority.bundle),
    }
    spec = SPEC.format(server=registry.host, username="OPENSSL_CONF", password="SSLKEYLOGFILE")

    step = action.step(spec, variables, verify="required")

    assert step.exit_code == 0, step.stdout
    assert not keys.exists()
    stored = world.secrets(REPOSITORY)
    assert stored["ACR_CONTAINER_REGISTRY_USER"].value == str(configuration).encode()
    assert stored["ACR_CONTAINER_REGISTRY_PASSWORD"].value == str(keys).encode()


def test_botocore_takes_no_orders(world: World, action: Action) -> None:
    """The endpoint of ECR counts alone, and the key that is checked is the one of the spec."""

    async def trap(request: web.Request) -> web.StreamResponse:
        return web.json_response({})

    async def refuse(request: web.Request) -> web.StreamResponse:
        body = {"__type": "UnrecognizedClientException", "message": "no such key"}
        return web.json_response(body, status=400)

    server = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
    spec = SPEC.format(
        server=server, username="AWS_ACCESS_KEY_ID", password="AWS_SECRET_ACCESS_KEY"
    )
    with Served(trap) as elsewhere, Served(refuse) as ecr:
        variables = {
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "AWS_CA_BUNDLE": "/no/such/bundle.pem",
            "AWS_ENDPOINT_URL": elsewhere.url,
            "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
            "AWS_PROFILE": "no-such-profile",
            "AWS_USE_FIPS_ENDPOINT": "true",
            "AWS_ENDPOINT_URL_ECR": ecr.url,
        }
        step = action.step(spec, variables, verify="required")
        (asked,) = ecr.seen

    assert step.exit_code == 1
    assert "UnrecognizedClientException: no such key" in step.stdout
    assert "Credential=AKIAIOSFODNN7EXAMPLE/" in (asked.authorization or "")
    assert elsewhere.seen == []
    assert world.secrets(REPOSITORY) == {}


@pytest.mark.parametrize("url", ["http://ecr.example.com", "ftp://localhost"])
def test_an_endpoint_without_tls_blocks(world: World, action: Action, url: str) -> None:
    """Beyond this machine; also where an unreachable registry would only be warned of."""
    server = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
    spec = SPEC.format(server=server, username="KEY_ID", password="SECRET_KEY")
    variables = {
        "KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "SECRET_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "AWS_ENDPOINT_URL_ECR": url,
    }

    step = action.step(spec, variables, verify="auto")

    assert step.exit_code == 1
    assert "AWS_ENDPOINT_URL_ECR must be an https URL" in step.stdout
    assert world.secrets(REPOSITORY) == {}


def test_what_is_gone_from_the_process() -> None:
    """C code does not see it either; the rest stays, and the copy has everything."""
    program = (
        "import ctypes, os, sys; sys.path.insert(0, 'src');"
        "from codespaces_registry_secrets.runtime.environment import isolate_environment;"
        "assert not {'ssl', '_ssl', '_hashlib'} & set(sys.modules);"
        "before = dict(os.environ); assert isolate_environment() == before;"
        "getenv = ctypes.CDLL(None).getenv; getenv.restype = ctypes.c_char_p;"
        "print(*sorted(name for name in before if getenv(name.encode()) is None))"
    )
    kept = ["AWS_ENDPOINT_URL_ECR", "AWS_ENDPOINT_URL_IAM", "AWS_ENDPOINT_URL_STS", "HTTPS_PROXY"]
    gone = ["AWS_ENDPOINT_URL", "AWS_PROFILE", "OPENSSL_CONF", "OPENSSL_MODULES", "SSLKEYLOGFILE"]
    done = subprocess.run(
        [sys.executable, "-I", "-c", program],
        env=dict.fromkeys([*kept, *gone], ""),
        cwd=ACTION_YML.parent,
        capture_output=True,
        check=True,
        text=True,
    )
    assert done.stdout.split() == gone
