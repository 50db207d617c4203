"""A rejected credential never replaces a stored one. Tests with Debian's registry on loopback."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

import pytest
from aiohttp import web

from github_sandbox import Fault, Sandbox, World
from registry import debian_registry
from registry.attacks import Attacker, dribbled_header
from registry.debian_registry import DebianRegistry
from registry.scripted_server import Served
from sandboxed_action import LOGIN_SPEC, TRIPLET, Action, stored_triplet

REPOSITORY = "repository:octo-org/app"
SPEC = (
    LOGIN_SPEC
    + """\
      - repository: octo-org/svc-001
      - organization: octo-org
  - id: OTHER
    server: "{server}"
    username: octocat
    password: {{env: OTHER_PASSWORD}}
    targets:
      - repository: octo-org/svc-002
"""
)
VALID, INVALID = "correct horse battery staple", "the password of last month"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DebianRegistry]:
    """A registry with one user and plain http, which Docker allows on loopback."""
    folder = tmp_path_factory.mktemp("registry")
    auth = debian_registry.passwords(folder, {"octocat": VALID})
    with DebianRegistry(folder, auth) as registry:
        yield registry


@pytest.mark.registry
@pytest.mark.parametrize("mode", ["plan", "apply"])
@pytest.mark.parametrize("verify", ["auto", "required"])
def test_a_rejected_login_blocks_every_target_of_its_credential_and_no_other(
    world: World, action: Action, registry: DebianRegistry, mode: str, verify: str
) -> None:
    """The stored secrets stay unchanged, and the message says so."""
    stored_triplet(world, REPOSITORY)
    before = world.secrets(REPOSITORY)
    environment = {"ACR_PASSWORD": INVALID, "OTHER_PASSWORD": VALID}
    spec = SPEC.format(server=f"127.0.0.1:{registry.port}")

    step = action.step(spec, environment, verify=verify, mode=mode)

    assert step.exit_code == 1
    assert (step.outputs["blocked"], step.outputs["created"]) == ("3", "1")
    assert world.secrets(REPOSITORY) == before
    assert world.secrets("organization:octo-org") == {}
    assert len(world.secrets("repository:octo-org/svc-002")) == (3 if mode == "apply" else 0)
    (blocked,) = (message for message in step.annotations("error") if "is blocked" in message)
    assert "ACR at 3 targets is blocked: " in blocked
    assert "the stored secrets stay unchanged" in blocked
    assert INVALID not in step.log


@pytest.mark.registry
def test_an_accepted_login_is_stored(
    world: World, action: Action, registry: DebianRegistry
) -> None:
    """The run succeeds, and the new password is stored."""
    environment = {"ACR_PASSWORD": VALID, "OTHER_PASSWORD": VALID}

    step = action.step(
        SPEC.format(server=f"127.0.0.1:{registry.port}"), environment, verify="required"
    )

    assert step.exit_code == 0, step.stdout
    assert world.secrets(REPOSITORY)[TRIPLET[2]].value == VALID.encode()


@pytest.mark.registry
def test_an_image_that_does_not_exist_rejects_the_credential(
    world: World, action: Action, registry: DebianRegistry
) -> None:
    """`images` are pulled with the same login, and the message names the image."""
    spec = SPEC.format(server=f"127.0.0.1:{registry.port}").replace(
        "    targets:\n      - repository: octo-org/app\n",
        "    images: [team/devbox]\n    targets:\n      - repository: octo-org/app\n",
    )
    environment = {"ACR_PASSWORD": VALID, "OTHER_PASSWORD": VALID}

    step = action.step(spec, environment, verify="required")

    assert step.exit_code == 1
    assert world.secrets(REPOSITORY) == {}
    assert "image team/devbox" in step.stdout


@pytest.mark.parametrize(
    ("verify", "code", "stored"), [("auto", 0, 3), ("required", 1, 0), ("off", 0, 3)]
)
def test_an_unreachable_registry_depends_on_verify(
    world: World, action: Action, verify: str, code: int, stored: int
) -> None:
    """`auto` warns and stores, `required` does not store, and `off` does not log in."""
    environment = {"ACR_PASSWORD": VALID, "OTHER_PASSWORD": VALID}

    step = action.step(SPEC.format(server="localhost:1"), environment, verify=verify)

    assert step.exit_code == code, step.stdout
    assert len(world.secrets(REPOSITORY)) == stored
    assert len(
        [message for message in step.annotations("warning") if "login not verified: " in message]
    ) == (2 if verify == "auto" else 0)


def test_a_credential_has_one_login_for_all_targets(world: World, action: Action) -> None:
    """Three targets with one credential and one target with another are two logins."""

    async def log_in(request: web.Request) -> web.Response:
        authorized = "Authorization" in request.headers
        challenge = {"WWW-Authenticate": 'Basic realm="counted"'}
        return web.Response(
            status=200 if authorized else 401, headers={} if authorized else challenge
        )

    environment = {"ACR_PASSWORD": VALID, "OTHER_PASSWORD": VALID}
    with Served(log_in) as registry:
        server = f"127.0.0.1:{registry.port}"
        step = action.step(SPEC.format(server=server), environment, verify="required")
        logins = [request for request in registry.requests if request.authorization]

    assert step.exit_code == 0, step.stdout
    assert len(logins) == 2


def test_a_run_without_writes_does_not_log_in(action: Action, world: World) -> None:
    """There is no login for a triplet that is up to date."""
    for target in (REPOSITORY, "repository:octo-org/svc-001"):
        stored_triplet(world, target)
    spec = SPEC[: SPEC.index("      - organization")].format(server="localhost:1")

    step = action.step(spec, {"ACR_PASSWORD": INVALID}, verify="required", rotate="missing")

    assert step.exit_code == 0, step.stdout
    assert step.outputs["unchanged"] == "2"


def test_a_cancelled_run_does_not_wait_for_a_hanging_login(
    sandbox: Sandbox, action: Action
) -> None:
    """A cancelled job has to end within five seconds."""
    environment = {"ACR_PASSWORD": VALID, "OTHER_PASSWORD": VALID}
    with Attacker(dribbled_header) as attacker:
        started = action.start(SPEC.format(server=attacker.host), environment, verify="required")
        assert attacker.began.wait(30)
        signalled_at = time.monotonic()
        started.process.send_signal(signal.SIGINT)
        step = started.end()

    assert time.monotonic() - signalled_at < 5
    assert step.exit_code == 1
    assert "Stopped by SIGINT" in step.annotations("error")[-1]
    assert sandbox.writes == []


def test_a_credential_that_can_never_work_is_blocked_without_a_login(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """GITHUB_TOKEN as a password expires with the job."""
    spec = SPEC[: SPEC.index("  - id: OTHER")].format(server="ghcr.io")

    step = action.step(spec, {"ACR_PASSWORD": "ghs_the_token_of_this_job"})

    assert step.exit_code == 1
    assert step.outputs["blocked"] == "3"
    assert "the password is GITHUB_TOKEN or an App's token" in step.stdout
    assert sandbox.writes == []


@pytest.mark.parametrize("token", ["ghp_two\nlines", "ghp_sn☃w", "ghp_\x00", "ghp_caf\xe9"])
def test_a_token_with_characters_that_no_header_allows_blocks_only_its_registry(
    world: World, sandbox: Sandbox, action: Action, token: str
) -> None:
    """It is not sent, and other registries are written."""
    spec = SPEC.format(server="ghcr.io").replace('"ghcr.io"', "registry.example.com", 1)

    code = action.run_in_process(spec, {"ACR_PASSWORD": "pass-word", "OTHER_PASSWORD": token})

    assert code == 1
    assert len(world.secrets(REPOSITORY)) == 3
    assert world.secrets("repository:octo-org/svc-002") == {}
    assert not [exchange for exchange in sandbox.exchanges if exchange.path == "/user"]


@pytest.mark.parametrize(
    ("scopes", "code"),
    [("", 0), ("read:packages", 0), ("repo", 1)],
    ids=["none", "sufficient", "insufficient"],
)
def test_a_token_with_insufficient_scopes_is_blocked(
    world: World, sandbox: Sandbox, action: Action, scopes: str, code: int
) -> None:
    """A token without scopes in GitHub's response can have permissions instead."""
    world.add_token("ghp_packages", user="octocat", scopes=())
    headers = {"x-oauth-scopes": scopes}
    sandbox.fail(Fault(path="/user$", status=None, headers=headers, times=None))
    spec = SPEC[: SPEC.index("  - id: OTHER")].format(server="ghcr.io")

    step = action.step(spec, {"ACR_PASSWORD": "ghp_packages"})

    assert step.exit_code == code, step.stdout
    assert ("the token lacks the scope `read:packages`" in step.stdout) is bool(code)
