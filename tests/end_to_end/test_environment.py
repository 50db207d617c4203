"""Environment variables of the step are sources of values, but do not configure libraries."""

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
# With this configuration, a client rejects the certificates of all servers of these tests.
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
    """A certificate authority that clients trust if they use its bundle."""
    return CertificateAuthority(tmp_path)


@pytest.fixture
def registry(certificate_authority: CertificateAuthority) -> Iterator[Served]:
    """A registry with TLS, which accepts any credential."""

    async def log_in(request: web.Request) -> web.StreamResponse:
        authorized = "Authorization" in request.headers
        return web.json_response({}) if authorized else challenging('Basic realm="x"')

    with Served(log_in, certificate_authority.certify("localhost").context()) as served:
        yield served


@pytest.fixture
def without_coverage(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not measure coverage in the process of the step: that would load OpenSSL first."""
    for name in ("COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("without_coverage")
def test_openssl_ignores_environment_variables(
    world: World,
    action: Action,
    certificate_authority: CertificateAuthority,
    registry: Served,
    tmp_path: Path,
) -> None:
    """OpenSSL reads no configuration and writes no keys; the variables still work as sources."""
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
    secrets = world.secrets(REPOSITORY)
    assert secrets["ACR_CONTAINER_REGISTRY_USER"].value == str(configuration).encode()
    assert secrets["ACR_CONTAINER_REGISTRY_PASSWORD"].value == str(keys).encode()


def test_botocore_ignores_environment_variables(world: World, action: Action) -> None:
    """Only the endpoint of ECR is used, and the login uses the key that the spec names."""

    async def accept(request: web.Request) -> web.StreamResponse:
        return web.json_response({})

    async def reject(request: web.Request) -> web.StreamResponse:
        body = {"__type": "UnrecognizedClientException", "message": "no such key"}
        return web.json_response(body, status=400)

    server = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
    spec = SPEC.format(
        server=server, username="AWS_ACCESS_KEY_ID", password="AWS_SECRET_ACCESS_KEY"
    )
    with Served(accept) as other_endpoint, Served(reject) as ecr:
        variables = {
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "AWS_CA_BUNDLE": "/no/such/bundle.pem",
            "AWS_ENDPOINT_URL": other_endpoint.url,
            "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
            "AWS_PROFILE": "no-such-profile",
            "AWS_USE_FIPS_ENDPOINT": "true",
            "AWS_ENDPOINT_URL_ECR": ecr.url,
        }
        step = action.step(spec, variables, verify="required")
        (request,) = ecr.requests

    assert step.exit_code == 1
    assert "UnrecognizedClientException: no such key" in step.stdout
    assert "Credential=AKIAIOSFODNN7EXAMPLE/" in (request.authorization or "")
    assert other_endpoint.requests == []
    assert world.secrets(REPOSITORY) == {}


@pytest.mark.parametrize("url", ["http://ecr.example.com", "ftp://localhost"])
def test_an_ecr_endpoint_without_tls_blocks_the_change(
    world: World, action: Action, url: str
) -> None:
    """Except on this machine. `verify: auto` does not turn it into a warning."""
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


def test_variables_that_configure_libraries_are_removed_from_the_process() -> None:
    """C code does not see them either; the others stay, and the copy has all of them."""
    program = (
        "import ctypes, os, sys; sys.path.insert(0, 'src');"
        "from codespaces_registry_secrets.runtime.environment import isolate_environment;"
        "assert not {'ssl', '_ssl', '_hashlib'} & set(sys.modules);"
        "before = dict(os.environ); assert isolate_environment() == before;"
        "getenv = ctypes.CDLL(None).getenv; getenv.restype = ctypes.c_char_p;"
        "print(*sorted(name for name in before if getenv(name.encode()) is None))"
    )
    kept = ["AWS_ENDPOINT_URL_ECR", "AWS_ENDPOINT_URL_IAM", "AWS_ENDPOINT_URL_STS", "HTTPS_PROXY"]
    removed = [
        "AWS_ENDPOINT_URL",
        "AWS_PROFILE",
        "OPENSSL_CONF",
        "OPENSSL_MODULES",
        "SSLKEYLOGFILE",
    ]
    process = subprocess.run(
        [sys.executable, "-I", "-c", program],
        env=dict.fromkeys([*kept, *removed], ""),
        cwd=ACTION_YML.parent,
        capture_output=True,
        check=True,
        text=True,
    )
    assert process.stdout.split() == removed
