"""Inconsistent or incomplete responses of GitHub block writes."""

from __future__ import annotations

import pytest

from github_sandbox import Fault, Sandbox, World
from sandboxed_action import ACR_SPEC, TRIPLET, Action, stored_triplet

ORGANIZATION = "organization:octo-org"
SPEC = ACR_SPEC + '    targets: [{organization: octo-org, repositories: ["svc-*", app]}]\n'
ENVIRONMENT = {"ACR_PASSWORD": "new"}


def test_an_inconsistent_count_of_secrets_blocks_the_target(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """A triplet that seems to be missing can exist without being listed."""
    stored_triplet(world, ORGANIZATION, visibility="all")
    body = '{"total_count": 3, "secrets": []}'
    path = r"/orgs/octo-org/codespaces/secrets\?"
    sandbox.fail(Fault(path=path, status=200, body=body, times=None))

    step = action.step(SPEC, ENVIRONMENT)

    assert step.exit_code == 1
    assert "GitHub reports 3 secrets but lists 0; run again" in step.stdout
    assert sandbox.writes == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (r"/codespaces/secrets\?", '{"total_count": 3, "secrets": []}'),
        ("USER/repositories", '{"total_count": 2, "repositories": []}'),
    ],
    ids=["secrets", "selected repositories"],
)
def test_an_inconsistent_list_is_read_a_second_time(
    world: World, sandbox: Sandbox, action: Action, path: str, body: str
) -> None:
    """Somebody else can change a list while its pages are read."""
    stored_triplet(world, ORGANIZATION, visibility="selected", repositories=["octo-org/app"])
    sandbox.fail(Fault(method="GET", path=path, status=200, body=body))

    assert action.run_in_process(SPEC, ENVIRONMENT) == 0

    assert b"new" in {secret.value for secret in world.secrets(ORGANIZATION).values()}


def test_repositories_that_cannot_be_listed_block_the_target(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """A glob over an incomplete list would remove repositories."""
    stored_triplet(world, ORGANIZATION, visibility="selected", repositories=["octo-org/svc-001"])
    sandbox.fail(Fault(path=r"/orgs/octo-org/repos\?.*page=2", status=502, times=None))

    step = action.step(SPEC, ENVIRONMENT)

    assert step.exit_code == 1
    assert (
        "ACR at organization:octo-org is blocked: GitHub returned a server error to every attempt"
        in (step.stdout)
    )
    assert sandbox.writes == []


def test_a_list_that_shrinks_during_the_read_is_not_written_back(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """The list is read a second time right before the write, and must be consistent then too."""
    stored_triplet(world, ORGANIZATION, visibility="selected", repositories=["octo-org/app"])
    body = '{"total_count": 2, "repositories": []}'
    path = "PASSWORD/repositories"
    sandbox.fail(Fault(method="GET", path=path, nth=2, status=200, body=body, times=None))
    spec = SPEC.replace(', repositories: ["svc-*", app]', "")

    step = action.step(spec, ENVIRONMENT)

    assert step.exit_code == 1
    assert (
        f"the selected repositories of {TRIPLET[2]} changed during the read; run again"
        in step.stdout
    )
    assert sandbox.writes == []


def test_a_token_that_is_rejected_during_the_run_stops_the_run(
    sandbox: Sandbox, action: Action
) -> None:
    """Targets that were not written are skipped, and the run fails."""
    targets = "}, {".join(f"repository: octo-org/svc-{n:03}" for n in range(60))
    spec = f"{SPEC[: SPEC.index('targets')]}targets: [{{{targets}}}]"
    body = '{"message": "Bad credentials"}'
    sandbox.fail(Fault(method="PUT", status=401, times=None, body=body))

    step = action.step(spec, ENVIRONMENT)

    assert step.exit_code == 1
    assert len(sandbox.writes) <= 10
    assert int(step.outputs["failed"]) == len(sandbox.writes)
    assert step.outputs["created"] == "0"
