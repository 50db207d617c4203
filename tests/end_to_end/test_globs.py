"""Globs over the repositories of an organization or a user, as targets and in a user's selection."""

from __future__ import annotations

import json

import pytest

from github_sandbox import Fault, Sandbox, World
from sandboxed_action import ACR_SPEC, TRIPLET, Action

ENVIRONMENT = {"ACR_PASSWORD": "new"}


def spec(target: str) -> str:
    """Return a spec with one target, which is the inside of a YAML flow mapping."""
    return f"{ACR_SPEC}    targets: [{{{target}}}]\n"


@pytest.mark.parametrize("plan", ["team", "free"])
def test_a_glob_creates_one_change_for_each_matching_repository(
    world: World, sandbox: Sandbox, action: Action, plan: str
) -> None:
    """Also on the Free plan, which has no organization secrets. Archived repositories are left out."""
    world.add_organization("small-org", plan=plan, owners=("octocat",))
    for name in ("svc-a", "svc-b", "web"):
        world.add_repository(f"small-org/{name}")
    world.add_repository("small-org/svc-old", archived=True)

    step = action.step(spec('repository: "small-org/svc-*"'), ENVIRONMENT)

    assert step.exit_code == 0, step.stdout
    targets = [change["target"] for change in json.loads(step.outputs["plan"])["changes"]]
    assert targets == ["repository:small-org/svc-a", "repository:small-org/svc-b"]
    assert set(world.secrets(targets[0])) == set(TRIPLET)
    assert world.secrets("repository:small-org/web") == {}
    assert "left out because they are archived: small-org/svc-old" in step.stdout
    assert (
        len([exchange for exchange in sandbox.exchanges if exchange.path.endswith("/repos")]) == 1
    )


def test_the_owner_in_a_glob_can_be_a_user(world: World, action: Action) -> None:
    """The glob of the token's user also matches private repositories."""
    world.add_repository("octocat/secret-project")

    assert action.run_in_process(spec('repository: "octocat/*"'), ENVIRONMENT) == 0

    for name in ("dotfiles", "secret-project"):
        assert set(world.secrets(f"repository:octocat/{name}")) == set(TRIPLET)


def test_a_glob_without_a_match_is_an_error(action: Action, sandbox: Sandbox) -> None:
    """Nothing is written then."""
    step = action.step(spec('repository: "octo-org/nothing-*"'), ENVIRONMENT)

    assert step.exit_code == 1
    assert "octo-org/nothing-* matches no unarchived repository" in step.stdout
    assert sandbox.writes == []


def test_repositories_that_cannot_be_listed_are_an_error(action: Action, sandbox: Sandbox) -> None:
    """The message has GitHub's reason."""
    sandbox.fail(Fault(path="/orgs/octo-org/repos", status=502, times=None))

    step = action.step(spec('repository: "octo-org/svc-*"'), ENVIRONMENT)

    assert step.exit_code == 1
    assert "ACR at repository:octo-org/svc-* is blocked: GitHub returned a server" in step.stdout


def test_a_users_selection_takes_globs_within_an_owner(world: World, action: Action) -> None:
    """Owners can be organizations and the user."""
    target = 'user: octocat, repositories: ["octo-org/svc-00?", "octocat/*", octo-org/app]'

    assert action.run_in_process(spec(target), ENVIRONMENT) == 0

    for secret in world.secrets("user:octocat").values():
        assert set(secret.repositories) == {
            *(f"octo-org/svc-00{n}" for n in range(10)),
            "octocat/dotfiles",
            "octo-org/app",
        }
