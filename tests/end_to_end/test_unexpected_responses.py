"""Responses of GitHub that its API does not promise end nothing but their target."""

from __future__ import annotations

from dataclasses import replace

import pytest

from github_sandbox import Fault, Sandbox, World
from sandboxed_action import ACR_SPEC, Action, stored_triplet

ENVIRONMENT = {"ACR_PASSWORD": "new"}
APP = ACR_SPEC + "    targets: [{repository: octo-org/app}]\n"
GLOB = ACR_SPEC + '    targets: [{organization: octo-org, repositories: ["svc-*"]}]\n'


def test_an_empty_page_that_links_to_itself_is_read_once(
    sandbox: Sandbox, action: Action, capsys: pytest.CaptureFixture[str]
) -> None:
    """It has no items by which a repeated page is found."""
    link = f'<{sandbox.url}/orgs/octo-org/repos?per_page=100&page=2>; rel="next"'
    fault = Fault(path=r"/orgs/octo-org/repos\?", status=200, body="[]", headers={"link": link})
    sandbox.fail(replace(fault, times=None))

    assert action.run_in_process(GLOB, ENVIRONMENT) == 1

    message = "GitHub's list links back to a page that was already read; run again"
    assert message in capsys.readouterr().out
    assert len([e for e in sandbox.exchanges if e.path == "/orgs/octo-org/repos"]) == 2
    assert sandbox.writes == []


def test_an_error_without_a_message_has_its_status(
    sandbox: Sandbox, action: Action, capsys: pytest.CaptureFixture[str]
) -> None:
    """The body of an error is an object, but a proxy can return anything."""
    sandbox.fail(Fault(method="PUT", status=422, body="[1]", times=None))

    assert action.run_in_process(APP, ENVIRONMENT) == 1

    message = "create ACR at repository:octo-org/app: GitHub returned 422: no explanation"
    assert message in capsys.readouterr().out


def test_a_secret_that_is_already_deleted_is_deleted(
    world: World, sandbox: Sandbox, action: Action, capsys: pytest.CaptureFixture[str]
) -> None:
    """An earlier try or another run has done it."""
    stored_triplet(world, "repository:octo-org/app", registry="OLD")
    gone = Fault(method="DELETE", status=404, body='{"message": "Not Found"}', when="after")
    sandbox.fail(gone)

    assert action.run_in_process(APP, ENVIRONMENT, prune="true") == 0

    assert "1 created, 1 deleted" in capsys.readouterr().out
    assert not [name for name in world.secrets("repository:octo-org/app") if "OLD" in name]
