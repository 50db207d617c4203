"""The command `explain`, against a sandbox."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from command_line import CommandLine, signed_in
from github_sandbox import Sandbox, World
from sandboxed_action import TOKEN, Clock, stored_triplet

ORGANIZATION = "organization:octo-org"
NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
SPEC = """\
version: 1
registries:
  - id: ACR
    server: mycompany.azurecr.io
    username: me
    password: {secret: ACR_PASSWORD}
    rotate: {when: changed, max-age: 30d}
    expires: 2026-02-12
    targets:
      - organization: octo-org
      - repository: octo-org/app
  - id: ACR
    server: other.azurecr.io
    username: me
    password: {env: OTHER_PASSWORD}
    rotate: missing
    targets:
      - repository: octo-org/old
  - id: GHCR
    targets:
      - user: "@me"
"""


@pytest.fixture
def world() -> World:
    world = World(now=Clock(NOW))
    world.add_user("octocat")
    world.add_organization("octo-org", owners=("octocat",))
    for name in ("octo-org/app", "octo-org/old", "octocat/dotfiles"):
        world.add_repository(name, archived=name.endswith("old"))
    for number in range(12):
        world.add_repository(f"octo-org/svc-{number:02}")
    world.add_token(TOKEN, user="octocat", scopes=("repo", "admin:org", "codespace"))
    written = NOW - timedelta(days=40)
    listed = [f"octo-org/svc-{number:02}" for number in range(12)]
    stored_triplet(
        world, ORGANIZATION, visibility="selected", repositories=listed, updated_at=written
    )
    world.put_secret("repository:octo-org/app", "ACR_CONTAINER_REGISTRY_USER", b"old")
    stored_triplet(world, "user:octocat", registry="GHCR", repositories=["octocat/dotfiles"])
    world.put_actions_secret("repository:octo-org/app", "ACR_PASSWORD", updated_at=written)
    return world


@pytest.fixture
def github(cli: CommandLine, sandbox: Sandbox) -> CommandLine:
    (cli.folder / "spec.yml").write_text(SPEC)
    return signed_in(cli, sandbox)


OPTIONS = ("--spec-file", "spec.yml", "--repository", "octo-org/app")


def test_each_target_has_its_secrets_its_reason_and_its_users(
    github: CommandLine, sandbox: Sandbox
) -> None:
    """No value is needed, and nothing is written."""
    result = github.run("explain", "acr", *OPTIONS)
    assert result.code == 0
    assert "takes precedence" in result.err
    assert (
        result.out
        == """\
ACR: mycompany.azurecr.io
  username: literal
  password: secret:ACR_PASSWORD
  rotate: changed, max-age 30d
  expires: 2026-02-12 00:00 UTC (in 11d)

organization:octo-org
  rotate: the stored password is 40d old, and `max-age` is 30d
  ACR_CONTAINER_REGISTRY_SERVER: written 2025-12-22 09:30 UTC (40d ago)
  ACR_CONTAINER_REGISTRY_USER: written 2025-12-22 09:30 UTC (40d ago)
  ACR_CONTAINER_REGISTRY_PASSWORD: written 2025-12-22 09:30 UTC (40d ago)
  used by: octo-org/svc-00, octo-org/svc-01, octo-org/svc-02, octo-org/svc-03, octo-org/svc-04, \
octo-org/svc-05, octo-org/svc-06, octo-org/svc-07, octo-org/svc-08, octo-org/svc-09 and 2 more

repository:octo-org/app
  repair: ACR_CONTAINER_REGISTRY_PASSWORD and ACR_CONTAINER_REGISTRY_SERVER are missing
  ACR_CONTAINER_REGISTRY_SERVER: does not exist
  ACR_CONTAINER_REGISTRY_USER: written 2026-01-31 09:30 UTC (less than a minute ago)
  ACR_CONTAINER_REGISTRY_PASSWORD: does not exist
  used by: this repository

ACR: other.azurecr.io
  username: literal
  password: env:OTHER_PASSWORD
  rotate: missing
  expires: not known

repository:octo-org/old
  blocked: the repository is archived and accepts no secrets; unarchive it, or remove it from the \
spec
  ACR_CONTAINER_REGISTRY_SERVER: does not exist
  ACR_CONTAINER_REGISTRY_USER: does not exist
  ACR_CONTAINER_REGISTRY_PASSWORD: does not exist
"""
    )
    assert {exchange.method for exchange in sandbox.exchanges} == {"GET"}


def test_json_has_all_of_it(github: CommandLine) -> None:
    """Every repository, and the expiry that a password contains if its value is set."""
    document = json.loads(github.run("explain", "ACR", "--json", *OPTIONS).out)
    first, second = document["entries"]
    assert first["server"] == "mycompany.azurecr.io"
    assert first["sources"] == {"username": None, "password": "secret:ACR_PASSWORD"}
    assert first["rotate"] == {"when": "changed", "max-age": "30d"}
    assert first["expires"] == "2026-02-12T00:00:00Z"
    organization, repository = first["targets"]
    member = organization["secrets"]["ACR_CONTAINER_REGISTRY_SERVER"]
    assert member["updated_at"] == "2025-12-22T09:30:00Z"
    assert member["visibility"] == "selected"
    assert len(member["repositories"]) == 12
    assert repository["secrets"]["ACR_CONTAINER_REGISTRY_SERVER"] is None
    assert second["targets"][0]["action"] == "blocked"
    assert second["expires"] is None
    jwt = "e30.eyJleHAiOjE3NzI1NDQwMDB9.e30"  # {"exp": 2026-03-03T13:20:00Z}
    result = github.run("explain", "ACR", "--json", *OPTIONS, OTHER_PASSWORD=jwt)
    assert jwt not in result.out + result.err
    assert json.loads(result.out)["entries"][1]["expires"] == "2026-03-03T13:20:00Z"


def test_a_registry_without_a_credential_is_explained_too(github: CommandLine) -> None:
    """`@me` is shown as the login that it stands for."""
    result = github.run("explain", "GHCR", *OPTIONS)
    assert result.code == 0
    assert result.out.startswith("GHCR: access only\n\nuser:octocat (in the spec: user:@me)\n")
    assert "  none: up to date\n" in result.out
    assert "  used by: octocat/dotfiles\n" in result.out


def test_with_a_state_each_secret_is_compared_with_it(github: CommandLine, world: World) -> None:
    """Current after an apply, and changed outside after a change by hand."""
    state = ("--state", "REGISTRY_STATE")
    values = {"ACR_PASSWORD": "a password", "OTHER_PASSWORD": "another"}
    apply = github.run("apply", "--yes", "--verify", "off", *OPTIONS, *state, **values)
    assert "blocked" in apply.out
    world.put_secret(
        "repository:octo-org/app",
        "ACR_CONTAINER_REGISTRY_USER",
        b"by hand",
        updated_at=NOW + timedelta(hours=1),
    )
    result = github.run("explain", "ACR", *OPTIONS, *state, **values)
    assert result.code == 0, result.err
    _, _, app = result.out.partition("repository:octo-org/app\n")
    assert "ACR_CONTAINER_REGISTRY_SERVER: written 2026-01-31 09:30 UTC" in app
    assert "state: current" in app
    assert "state: changed outside" in app
    assert "a password" not in result.out
    missing = github.run("explain", "ACR", *OPTIONS, *state)
    assert (missing.code, missing.out) == (1, "")
    assert "spec.yml:6:5: registries[0].password: environment variable ACR_PASSWORD" in missing.err


def test_it_warns_if_the_age_of_a_source_is_unknown(github: CommandLine) -> None:
    """As a plan does, and on standard error."""
    result = github.run("explain", "ACR", "--spec-file", "spec.yml")
    assert result.code == 0
    assert "warning: ACR: cannot tell when the Actions secret ACR_PASSWORD" in result.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "requires an argument"),
        (("NONE", *OPTIONS), "NONE: no registry of the spec has the id `NONE`; its ids are: ACR"),
        (("ACR", "--spec-file", "none.yml"), "none.yml: cannot be read"),
        (("ACR", *OPTIONS, "--state", "1"), "--state: must be the name of an Actions variable"),
        (("ACR", *OPTIONS, "--token-file", "none"), "--token-file none: cannot be read"),
    ],
)
def test_bad_input_is_an_error(
    github: CommandLine, arguments: tuple[str, ...], message: str
) -> None:
    result = github.run("explain", *arguments)
    assert (result.code, result.out) == (1, "")
    assert message in result.err
    assert "Traceback" not in result.err


def test_a_glob_of_organizations_is_replaced_by_its_matches(
    github: CommandLine, sandbox: Sandbox
) -> None:
    """With `--allowed-owners`, as in a workflow. Nothing is written."""
    (github.folder / "spec.yml").write_text(SPEC.replace("n: octo-org", 'n: "octo-*"'))

    missing = github.run("explain", "acr", *OPTIONS)
    result = github.run("explain", "acr", *OPTIONS, "--allowed-owners", "octo-org")

    assert missing.code == 1
    assert "a glob of organizations needs the input `allowed-owners`" in missing.err
    assert result.code == 0
    assert "\norganization:octo-org\n  rotate: " in result.out
    assert sandbox.writes == []
