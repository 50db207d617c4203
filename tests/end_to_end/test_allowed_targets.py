"""A spec reaches what the workflow allows, and never what belongs to the runner."""

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
    """Whoever a spec may name; it takes what it is sent."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.json_response({}, headers={"Docker-Distribution-API-Version": "registry/2.0"})

    with Served(answer) as served:
        yield served


def run(action: Action, registry: Served, source: str = "{env: ACR_PASSWORD}", **given: str) -> int:
    """A plan that logs in."""
    event = {"GITHUB_EVENT_NAME": given.pop("event", "push")}
    spec = SPEC.format(server=f"127.0.0.1:{registry.port}", source=source)
    return action.here(spec, {**ENVIRONMENT, **event}, mode="plan", verify="auto", **given)


@pytest.mark.parametrize(
    "source",
    ["{env: INPUT_TOKEN}", "{secret: runner_token}", "{env: GITHUB_TOKEN}", "{file: .git/config}"],
)
def test_no_spec_sends_a_token_of_the_runner(
    sandbox: Sandbox, action: Action, registry: Served, source: str
) -> None:
    """Neither in the mode plan: nothing is read, and nobody is asked."""
    assert run(action, registry, source) == 1

    assert registry.seen == []
    assert sandbox.exchanges == []


@pytest.mark.parametrize(
    "bound", [{"allowed-servers": "*.azurecr.io, ghcr.io"}, {"allowed-owners": "octocat"}]
)
def test_nothing_is_sent_where_the_workflow_does_not_allow_it(
    sandbox: Sandbox, action: Action, registry: Served, bound: dict[str, str]
) -> None:
    """No login, no write, no request to GitHub."""
    assert run(action, registry, **bound) == 1

    assert registry.seen == []
    assert sandbox.exchanges == []


def test_the_tokens_own_user_is_an_owner_too(
    sandbox: Sandbox, action: Action, registry: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    """`@me` is whoever GitHub says it is: no login, and no write."""
    spec = SPEC.format(server=f"127.0.0.1:{registry.port}", source="{env: ACR_PASSWORD}")
    spec = spec.replace("repository: octo-org/app", 'user: "@me", repositories: [octo-org/app]')

    code = action.here(spec, ENVIRONMENT, verify="auto", **{"allowed-owners": "octo-org"})

    assert code == 1
    assert (registry.seen, sandbox.writes) == ([], [])
    assert "the input `allowed-owners` of the workflow does not allow octocat" in (
        capsys.readouterr().out
    )


def test_what_the_workflow_allows_is_done(
    world: World, action: Action, registry: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a pull request too, and without a warning then."""
    bound = {"allowed-servers": "127.0.0.1:*", "allowed-owners": "Octo-*"}

    assert run(action, registry, event="pull_request", **bound) == 0

    assert registry.seen
    assert "allowed-servers" not in capsys.readouterr().out


def test_a_pull_request_that_chooses_where_credentials_go_is_warned_of(
    action: Action, registry: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    """Once a run, with what to do."""
    run(action, registry, event="pull_request_target")

    out = capsys.readouterr().out
    assert out.count("whoever opens this pull request can change where the spec sends") == 1
    assert TOKEN not in out.replace(f"::add-mask::{TOKEN}", "")
