"""`allowed-servers` and `allowed-owners` limit a spec, and the runner's tokens are no sources."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from aiohttp import web

from github_sandbox import Sandbox, World
from registry.scripted_server import Served
from sandboxed_action import TOKEN, Action

SPEC = """
version: 1
registries:
  - id: ACR
    server: "{server}"
    username: octocat
    password: {source}
    targets: [{{repository: octo-org/app}}]
"""
ENVIRONMENT = {"ACR_PASSWORD": "the password", "GITHUB_TOKEN": "ghs_job", "runner_token": "its"}


@pytest.fixture
def registry() -> Iterator[Served]:
    """A registry that accepts any credential."""

    async def accept(request: web.Request) -> web.StreamResponse:
        return web.json_response({}, headers={"Docker-Distribution-API-Version": "registry/2.0"})

    with Served(accept) as served:
        yield served


def plan(
    action: Action,
    registry: Served,
    source: str = "{env: ACR_PASSWORD}",
    event: str = "push",
    **inputs: str,
) -> int:
    """Run `mode: plan` with a login, and return the exit code."""
    environment = {**ENVIRONMENT, "GITHUB_EVENT_NAME": event}
    spec = SPEC.format(server=f"127.0.0.1:{registry.port}", source=source)
    return action.run_in_process(spec, environment, mode="plan", verify="auto", **inputs)


@pytest.mark.parametrize(
    "source",
    ["{env: INPUT_TOKEN}", "{secret: runner_token}", "{env: GITHUB_TOKEN}", "{file: .git/config}"],
)
def test_a_token_of_the_runner_is_not_a_source(
    sandbox: Sandbox, action: Action, registry: Served, source: str
) -> None:
    """Also not with `mode: plan`: there is no request to GitHub or to the registry."""
    assert plan(action, registry, source) == 1

    assert registry.requests == []
    assert sandbox.exchanges == []


@pytest.mark.parametrize(
    "limits", [{"allowed-servers": "*.azurecr.io, ghcr.io"}, {"allowed-owners": "octocat"}]
)
def test_nothing_is_sent_to_servers_and_owners_that_are_not_allowed(
    sandbox: Sandbox, action: Action, registry: Served, limits: dict[str, str]
) -> None:
    """There is no login, and no request to GitHub."""
    assert plan(action, registry, **limits) == 1

    assert registry.requests == []
    assert sandbox.exchanges == []


def test_allowed_owners_applies_to_the_user_of_the_token(
    sandbox: Sandbox, action: Action, registry: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    """`allowed-owners` also applies to the user of `@me`: there is no login, and no write."""
    spec = SPEC.format(server=f"127.0.0.1:{registry.port}", source="{env: ACR_PASSWORD}")
    spec = spec.replace("repository: octo-org/app", 'user: "@me", repositories: [octo-org/app]')

    code = action.run_in_process(spec, ENVIRONMENT, verify="auto", **{"allowed-owners": "octo-org"})

    assert code == 1
    assert (registry.requests, sandbox.writes) == ([], [])
    assert "octocat is not allowed by the workflow's input `allowed-owners`" in (
        capsys.readouterr().out
    )


def test_allowed_servers_and_owners_are_used(
    world: World, action: Action, registry: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also in a pull request, and without a warning."""
    limits = {"allowed-servers": "127.0.0.1:*", "allowed-owners": "Octo-*"}

    assert plan(action, registry, event="pull_request", **limits) == 0

    assert registry.requests
    assert "allowed-servers" not in capsys.readouterr().out


def test_a_pull_request_without_limits_has_a_warning(
    action: Action, registry: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    """The run has one such warning."""
    plan(action, registry, event="pull_request_target")

    out = capsys.readouterr().out
    assert out.count("the author of this pull request can change which servers receive") == 1
    assert TOKEN not in out.replace(f"::add-mask::{TOKEN}", "")
