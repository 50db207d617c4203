"""Globs over the repositories of an organization or a person, as targets and on a user's list."""

from __future__ import annotations

import json

import pytest

from github_sandbox import Fault, Sandbox, World
from sandboxed_action import ACR_TEMPLATE, TRIPLET, Action

SPEC = ACR_TEMPLATE + "    targets: [{{{target}}}]\n"
ENVIRONMENT = {"ACR_PASSWORD": "new"}


@pytest.mark.parametrize("plan", ["team", "free"])
def test_one_change_for_each_repository_that_matches(
    world: World, sandbox: Sandbox, action: Action, plan: str
) -> None:
    """For organizations whose plan has no organization secrets, too; archived ones are left out."""
    world.add_organization("small-org", plan=plan, owners=("octocat",))
    for name in ("svc-a", "svc-b", "web"):
        world.add_repository(f"small-org/{name}")
    world.add_repository("small-org/svc-old", archived=True)

    step = action.step(SPEC.format(target='repository: "small-org/svc-*"'), ENVIRONMENT)

    assert step.exit_code == 0, step.stdout
    targets = [change["target"] for change in json.loads(step.outputs["plan"])["changes"]]
    assert targets == ["repository:small-org/svc-a", "repository:small-org/svc-b"]
    assert set(world.secrets(targets[0])) == set(TRIPLET)
    assert world.secrets("repository:small-org/web") == {}
    assert "left out because they are archived: small-org/svc-old" in step.stdout
    assert len([one for one in sandbox.exchanges if one.path.endswith("/repos")]) == 1


def test_the_owner_may_be_a_person(world: World, action: Action) -> None:
    """The token's own user, private repositories included."""
    world.add_repository("octocat/secret-project")

    assert action.here(SPEC.format(target='repository: "octocat/*"'), ENVIRONMENT) == 0

    for name in ("dotfiles", "secret-project"):
        assert set(world.secrets(f"repository:octocat/{name}")) == set(TRIPLET)


def test_nothing_matched_is_an_error(action: Action, sandbox: Sandbox) -> None:
    """At the line of the target."""
    step = action.step(SPEC.format(target='repository: "octo-org/nothing-*"'), ENVIRONMENT)

    assert step.exit_code == 1
    assert "octo-org/nothing-* matches no unarchived repository" in step.stdout
    assert sandbox.writes == []


def test_repositories_that_cannot_be_listed_are_an_error(action: Action, sandbox: Sandbox) -> None:
    """And the reason is GitHub's."""
    sandbox.fail(Fault(path="/orgs/octo-org/repos", status=502, times=None))

    step = action.step(SPEC.format(target='repository: "octo-org/svc-*"'), ENVIRONMENT)

    assert step.exit_code == 1
    assert "ACR at repository:octo-org/svc-* is blocked: GitHub returned a server" in step.stdout


def test_a_users_list_takes_globs_within_owners(world: World, action: Action) -> None:
    """Of organizations and of the user."""
    target = 'user: octocat, repositories: ["octo-org/svc-00?", "octocat/*", octo-org/app]'

    assert action.here(SPEC.format(target=target), ENVIRONMENT) == 0

    for secret in world.secrets("user:octocat").values():
        assert set(secret.repositories) == {
            *(f"octo-org/svc-00{n}" for n in range(10)),
            "octocat/dotfiles",
            "octo-org/app",
        }
