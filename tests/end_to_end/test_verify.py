"""A rejected credential never replaces a stored one. Against Debian's registry, over loopback."""

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
GOOD, BAD = "correct horse battery staple", "the password of last month"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DebianRegistry]:
    """One user; plain http, which Docker allows on loopback."""
    folder = tmp_path_factory.mktemp("registry")
    auth = debian_registry.passwords(folder, {"octocat": GOOD})
    with DebianRegistry(folder, auth) as registry:
        yield registry


@pytest.mark.registry
@pytest.mark.parametrize("mode", ["plan", "apply"])
@pytest.mark.parametrize("verify", ["auto", "required"])
def test_a_rejected_login_blocks_every_target_of_its_credential_and_no_other(
    world: World, action: Action, registry: DebianRegistry, mode: str, verify: str
) -> None:
    """What is stored survives, and the message says what the registry said."""
    stored_triplet(world, REPOSITORY)
    before = world.secrets(REPOSITORY)
    environment = {"ACR_PASSWORD": BAD, "OTHER_PASSWORD": GOOD}
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
    assert BAD not in step.log


@pytest.mark.registry
def test_an_accepted_login_is_stored(
    world: World, action: Action, registry: DebianRegistry
) -> None:
    """And nothing is said about it."""
    environment = {"ACR_PASSWORD": GOOD, "OTHER_PASSWORD": GOOD}

    step = action.step(
        SPEC.format(server=f"127.0.0.1:{registry.port}"), environment, verify="required"
    )

    assert step.exit_code == 0, step.stdout
    assert world.secrets(REPOSITORY)[TRIPLET[2]].value == GOOD.encode()


@pytest.mark.registry
def test_an_image_that_is_not_there_rejects_the_credential(
    world: World, action: Action, registry: DebianRegistry
) -> None:
    """`images` are asked for with the same login; the message names the image."""
    spec = SPEC.format(server=f"127.0.0.1:{registry.port}").replace(
        "    targets:\n      - repository: octo-org/app\n",
        "    images: [team/devbox]\n    targets:\n      - repository: octo-org/app\n",
    )
    environment = {"ACR_PASSWORD": GOOD, "OTHER_PASSWORD": GOOD}

    step = action.step(spec, environment, verify="required")

    assert step.exit_code == 1
    assert world.secrets(REPOSITORY) == {}
    assert "image team/devbox" in step.stdout


@pytest.mark.parametrize(
    ("verify", "code", "stored"), [("auto", 0, 3), ("required", 1, 0), ("off", 0, 3)]
)
def test_a_registry_that_cannot_be_reached(
    world: World, action: Action, verify: str, code: int, stored: int
) -> None:
    """`auto` warns and stores, `required` does not store, `off` does not ask."""
    environment = {"ACR_PASSWORD": GOOD, "OTHER_PASSWORD": GOOD}

    step = action.step(SPEC.format(server="localhost:1"), environment, verify=verify)

    assert step.exit_code == code, step.stdout
    assert len(world.secrets(REPOSITORY)) == stored
    assert len([m for m in step.annotations("warning") if "login not verified: " in m]) == (
        2 if verify == "auto" else 0
    )


def test_one_login_for_a_credential_however_many_targets(world: World, action: Action) -> None:
    """Three targets of one registry, one of another: two logins."""

    async def answer(request: web.Request) -> web.Response:
        known = "Authorization" in request.headers
        challenge = {"WWW-Authenticate": 'Basic realm="counted"'}
        return web.Response(status=200 if known else 401, headers={} if known else challenge)

    environment = {"ACR_PASSWORD": GOOD, "OTHER_PASSWORD": GOOD}
    with Served(answer) as counted:
        server = f"127.0.0.1:{counted.port}"
        step = action.step(SPEC.format(server=server), environment, verify="required")
        logins = [seen for seen in counted.seen if seen.authorization]

    assert step.exit_code == 0, step.stdout
    assert len(logins) == 2


def test_nothing_is_asked_where_nothing_is_written(action: Action, world: World) -> None:
    """No login for a triplet that stays as it is."""
    for target in (REPOSITORY, "repository:octo-org/svc-001"):
        stored_triplet(world, target)
    spec = SPEC[: SPEC.index("      - organization")].format(server="localhost:1")

    step = action.step(spec, {"ACR_PASSWORD": BAD}, verify="required", rotate="missing")

    assert step.exit_code == 0, step.stdout
    assert step.outputs["unchanged"] == "2"


def test_a_login_that_hangs_does_not_keep_a_cancelled_run(sandbox: Sandbox, action: Action) -> None:
    """A job that is cancelled has five seconds."""
    environment = {"ACR_PASSWORD": GOOD, "OTHER_PASSWORD": GOOD}
    with Attacker(dribbled_header) as attacker:
        started = action.start(SPEC.format(server=attacker.host), environment, verify="required")
        assert attacker.began.wait(30)
        told = time.monotonic()
        started.process.send_signal(signal.SIGINT)
        step = started.end()

    assert time.monotonic() - told < 5
    assert step.exit_code == 1
    assert "Stopped by SIGINT" in step.annotations("error")[-1]
    assert sandbox.writes == []


def test_a_credential_that_can_never_work_is_blocked_without_a_login(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """GITHUB_TOKEN as a password ends with the job."""
    spec = SPEC[: SPEC.index("  - id: OTHER")].format(server="ghcr.io")

    step = action.step(spec, {"ACR_PASSWORD": "ghs_the_token_of_this_job"})

    assert step.exit_code == 1
    assert step.outputs["blocked"] == "3"
    assert "the password is GITHUB_TOKEN or an App's token" in step.stdout
    assert sandbox.writes == []


@pytest.mark.parametrize("token", ["ghp_two\nlines", "ghp_sn☃w", "ghp_\x00", "ghp_caf\xe9"])
def test_a_token_that_no_header_takes_blocks_its_own_registry(
    world: World, sandbox: Sandbox, action: Action, token: str
) -> None:
    """It is not sent, and what has nothing to do with it goes on."""
    spec = SPEC.format(server="ghcr.io").replace('"ghcr.io"', "registry.example.com", 1)

    code = action.here(spec, {"ACR_PASSWORD": "pass-word", "OTHER_PASSWORD": token})

    assert code == 1
    assert len(world.secrets(REPOSITORY)) == 3
    assert world.secrets("repository:octo-org/svc-002") == {}
    assert not [one for one in sandbox.exchanges if one.path == "/user"]


@pytest.mark.parametrize(
    ("scopes", "code"), [("", 0), ("read:packages", 0), ("repo", 1)], ids=["none", "good", "other"]
)
def test_the_scopes_of_a_token(
    world: World, sandbox: Sandbox, action: Action, scopes: str, code: int
) -> None:
    """A token for which GitHub tells no scope may have permissions of another kind."""
    world.add_token("ghp_packages", user="octocat", scopes=())
    headers = {"x-oauth-scopes": scopes}
    sandbox.fail(Fault(path="/user$", status=None, headers=headers, times=None))
    spec = SPEC[: SPEC.index("  - id: OTHER")].format(server="ghcr.io")

    step = action.step(spec, {"ACR_PASSWORD": "ghp_packages"})

    assert step.exit_code == code, step.stdout
    assert ("the token lacks the scope `read:packages`" in step.stdout) is bool(code)
