"""Each credential of a plan is verified once, and its report says what it means for the plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

import jwt
import pytest
from aiohttp import web
from pydantic import SecretBytes

from codespaces_registry_secrets.errors import Location
from codespaces_registry_secrets.inputs.action_inputs import read_inputs
from codespaces_registry_secrets.inputs.sources import Sources
from codespaces_registry_secrets.model.desired import Credential
from codespaces_registry_secrets.model.fields import Source
from codespaces_registry_secrets.model.plan import CredentialReport
from codespaces_registry_secrets.runtime.cancellation import Cancellation
from codespaces_registry_secrets.verify.settling import Settling
from codespaces_registry_secrets.verify.verify import verify_credentials
from contract.sandbox_client import OWNER_TOKEN
from github_sandbox import Sandbox, World
from registry.conftest import Serve
from registry.scripted_server import Served, challenging
from runner_environment import input_variables

WHERE = Location("spec.yml", 3)
EXPIRY = datetime(2099, 1, 31, 12, tzinfo=UTC)
LATER = datetime(2099, 2, 28, 12, tzinfo=UTC)


@pytest.fixture
def registry(serve: Serve) -> Served:
    """Accepts the user `me` with the password `right`; knows `new` from the second login on."""
    accepted = {"Basic bWU6cmlnaHQ="}

    async def respond(request: web.Request) -> web.Response:
        sent = request.headers.get("Authorization")
        if sent == "Basic bWU6bmV3" and sent not in accepted:
            accepted.add(sent)
            return challenging("Basic realm=x")
        return web.json_response({}) if sent in accepted else challenging("Basic realm=x")

    return serve(respond)


class Verification:
    """Verifies credentials whose passwords are in variables of their own."""

    def __init__(self, folder: Path, server: str, api_url: str) -> None:
        self.folder, self.server, self.api_url = folder, server, api_url
        self.masked: list[SecretBytes] = []
        self.log: list[str] = []

    def credential(self, password: str, **fields: object) -> Credential:
        """A login with the password in the variable of that name."""
        credential = Credential("ACR", self.server, "me", Source(env=password), where=WHERE)
        return replace(credential, **fields)  # type: ignore[arg-type] # fields of Credential

    def __call__(
        self,
        *credentials: Credential,
        verify: str = "auto",
        written: frozenset[Credential] | None = None,
        settles: bool = False,
        environment: Mapping[str, str] = MappingProxyType({}),
        **passwords: str,
    ) -> Mapping[Credential, CredentialReport]:
        """The report of each credential."""
        variables = {"token": OWNER_TOKEN, "api-url": self.api_url, "verify": verify}
        values = {"right": "right", "wrong": "wrong", "new": "new", **passwords}
        settling = Settling(self.log.append, Cancellation())
        return verify_credentials(
            credentials,
            frozenset(credentials) if written is None else written,
            read_inputs({**input_variables(variables), **environment}),
            Sources(values, self.folder, self.masked.append),
            dict.fromkeys(credentials, settling) if settles else {},
        )


@pytest.fixture
def verify(registry: Served, sandbox: Sandbox, tmp_path: Path) -> Verification:
    """Verifies at the registry, and at the sandbox of GitHub."""
    return Verification(tmp_path, registry.host, sandbox.url)


def test_a_credential_is_verified_once(verify: Verification, registry: Served) -> None:
    """However many targets have it, and in the order of the plan."""
    right, wrong = verify.credential("right"), verify.credential("wrong")

    reports = verify(right, wrong, right)

    assert list(reports) == [right, wrong]
    assert reports[right] == CredentialReport()
    sent = [request.authorization for request in registry.requests]
    assert sent.count("Basic bWU6cmlnaHQ=") == 1
    assert verify.masked[0] in {SecretBytes(b"right"), SecretBytes(b"wrong")}


def test_a_rejected_credential_is_not_stored(verify: Verification) -> None:
    """The message has the registry's words."""
    (report,) = verify(verify.credential("wrong")).values()

    assert str(report.rejection).startswith(f"{verify.server} rejects the credential (401")
    assert str(report.rejection).endswith("; the stored secrets stay unchanged")
    assert report.notes == ()


@pytest.mark.parametrize(("mode", "logins"), [("off", 0), ("auto", 1), ("required", 1)])
def test_only_what_is_written_is_logged_in_with(
    verify: Verification, registry: Served, mode: str, logins: int
) -> None:
    """A login of another one would count as a failed attempt if it is wrong."""
    wrong = verify.credential("wrong")

    (report,) = verify(wrong, verify=mode).values()

    assert (report.rejection is not None) == bool(logins)
    assert bool(registry.requests) == bool(logins)
    registry.requests.clear()
    assert verify(wrong, verify=mode, written=frozenset()) == {wrong: CredentialReport()}
    assert registry.requests == []


@pytest.mark.parametrize("mode", ["auto", "required"])
def test_a_registry_that_cannot_be_reached(verify: Verification, serve: Serve, mode: str) -> None:
    """Is a warning, or an error if the workflow requires the login."""

    async def fail(_: web.Request) -> web.Response:
        return web.Response(status=404)

    verify.server = serve(fail).host
    (report,) = verify(verify.credential("right"), verify=mode).values()

    if mode == "required":
        assert str(report.rejection).startswith(
            "`verify: required` is set, but the login could not be verified: "
        )
        assert report.notes == ()
    else:
        assert report.rejection is None
        (note,) = report.notes
        assert (note.level, note.where) == ("warning", WHERE)
        assert note.message.startswith("ACR: login not verified: ")


def test_an_image_that_cannot_be_pulled_is_a_rejection(verify: Verification, serve: Serve) -> None:
    """The spec can name images."""

    async def respond(request: web.Request) -> web.Response:
        return web.json_response({}, status=404 if "gone" in request.path else 200)

    here = verify.credential("right", server=serve(respond).host, images=("team/app",))
    gone = replace(here, images=("team/gone",))

    reports = verify(here, gone)

    assert reports[here] == CredentialReport()
    assert str(reports[gone].rejection).startswith("image team/gone: the image does not exist")


def test_allowed_servers_are_respected(verify: Verification, serve: Serve) -> None:
    """A token server on another host gets no password."""
    elsewhere = serve(lambda _: pytest.fail("a request"))

    async def respond(_: web.Request) -> web.Response:
        return challenging(f'Bearer realm="{elsewhere.url}/token"')

    registry = serve(respond)
    credential = verify.credential("right", server=registry.host)
    allowed = {"INPUT_ALLOWED-SERVERS": registry.host}

    (report,) = verify(credential, environment=allowed).values()

    assert f"names the token server {elsewhere.host}" in str(report.rejection)
    assert elsewhere.requests == []


def test_the_endpoint_of_ecr_is_the_variable(verify: Verification, serve: Serve) -> None:
    """As all clients of AWS read it."""

    async def respond(_: web.Request) -> web.Response:
        return web.json_response({"__type": "AccessDenied"}, status=403)

    aws = serve(respond)
    server = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
    credential = verify.credential("right", server=server, username="AKIAIOSFODNN7EXAMPLE")

    (report,) = verify(credential, environment={"AWS_ENDPOINT_URL_ECR": aws.url}).values()

    assert "AWS denied an ECR login for this access key (AccessDenied)" in str(report.rejection)
    assert len(aws.requests) == 1


def test_a_new_credential_is_tried_again(verify: Verification) -> None:
    """If the plan says that the run has just created it."""
    new = verify.credential("new")

    assert verify(new, settles=True)[new].rejection is None

    assert verify.log == ["ACR: the registry does not know the new credential yet; trying again"]


def test_a_source_without_a_value_is_a_rejection(verify: Verification, registry: Served) -> None:
    """Of its credential only."""
    missing, right = verify.credential("missing"), verify.credential("right")

    reports = verify(missing, right)

    assert str(reports[missing].rejection).startswith("environment variable missing is not set")
    assert reports[right] == CredentialReport()


def test_an_error_of_the_credential_itself_needs_no_login(
    verify: Verification, registry: Served
) -> None:
    """Also without `verify`; a warning does not stop it."""
    token = "ghp_" + "x" * 36
    github = verify.credential("token", server="ghcr.io")

    for mode in ("auto", "off"):
        (report,) = verify(github, verify=mode, token=f"{token}\nmore").values()
        assert str(report.rejection).startswith("the password starts like a GitHub token, but")
    assert registry.requests == []


def test_a_warning_does_not_stop_the_login(verify: Verification, registry: Served) -> None:
    """It is at the place of the registry."""
    (report,) = verify(verify.credential("spaced"), spaced="wrong ").values()

    (note,) = report.notes
    assert (note.level, note.where) == ("warning", WHERE)
    assert note.message.startswith("ACR: the password starts or ends with a space")
    assert "rejects the credential" in str(report.rejection)


@pytest.mark.parametrize(
    ("stated", "embedded", "expected"),
    [
        (None, None, None),
        (EXPIRY, None, EXPIRY),
        (None, EXPIRY, EXPIRY),
        (LATER, EXPIRY, EXPIRY),
        (EXPIRY, LATER, EXPIRY),
    ],
)
def test_the_first_expiry_counts(
    verify: Verification,
    stated: datetime | None,
    embedded: datetime | None,
    expected: datetime | None,
) -> None:
    """The one of the spec, or the one in the password."""
    claims = {"exp": embedded} if embedded else {}
    password = jwt.encode(claims, "a-key-of-at-least-thirty-two-bytes", algorithm="HS256")
    credential = verify.credential("jwt", expires=stated)

    (report,) = verify(credential, verify="off", jwt=password).values()

    assert (report.rejection, report.expires) == (None, expected)


def test_github_is_asked_about_its_tokens(
    verify: Verification, sandbox: Sandbox, world: World
) -> None:
    """At its own registry, and for no other password."""
    token = "ghp_" + "y" * 36
    world.add_token(token, user="octocat", scopes=("read:packages",), expires=EXPIRY)
    at_github = verify.credential("token", server="ghcr.io")

    (report,) = verify(at_github, verify="off", token=token).values()
    (unknown,) = verify(at_github, verify="off", token="ghp_" + "z" * 36).values()

    assert report == CredentialReport(expires=EXPIRY)
    assert str(unknown.rejection).startswith("GitHub rejects this token (401)")
    sandbox.clear_exchanges()
    verify(verify.credential("token"), verify="off", token=token)
    verify(at_github, verify="off", token="no-token-of-github")
    assert sandbox.exchanges == []
