"""An App has an installation at each owner, and none keeps another waiting."""

from __future__ import annotations

import pytest

from github_app import add_app, private_pem
from github_sandbox import Fault, Sandbox, World
from sandboxed_action import ACR_SPEC, Action

OWNERS = ("first-org", "slow-org", "quick-org")
GRANTED = {"codespaces_secrets": "write"}
INPUTS = {"token": "", "app_id": "1234", "app_private_key": private_pem()}
SPEC = (
    ACR_SPEC
    + """\
    targets:
      - repository: first-org/app
      - repository: slow-org/app
      - repository: slow-org/web
      - repository: quick-org/app
"""
)
ENVIRONMENT = {"ACR_PASSWORD": "new"}


@pytest.fixture
def owners(world: World) -> World:
    """Three organizations that have the App."""
    for owner in OWNERS:
        world.add_organization(owner, owners=("octocat",))
        for name in ("app", "web"):
            world.add_repository(f"{owner}/{name}")
    add_app(world, dict.fromkeys(OWNERS, GRANTED))
    return world


def test_owners_do_not_wait_for_each_other(owners: World, sandbox: Sandbox, action: Action) -> None:
    """GitHub takes its time to answer for one of them."""
    sandbox.fail(Fault(path="/repos/slow-org/.*/installation", status=None, delay=1.5))

    assert action.here(SPEC, ENVIRONMENT, **INPUTS) == 0

    slow = next(one for one in sandbox.exchanges if one.path == "/repos/slow-org/app/installation")
    quick = next(one for one in sandbox.exchanges if one.path.startswith("/repos/quick-org/app/co"))
    assert quick.ended < slow.ended


def test_each_owner_is_asked_for_once(owners: World, sandbox: Sandbox, action: Action) -> None:
    """However many threads come for it at once: one installation, and one token."""
    targets = "".join(f"      - repository: quick-org/r{number}\n" for number in range(30))
    for number in range(30):
        owners.add_repository(f"quick-org/r{number}")

    assert action.here(SPEC + targets, ENVIRONMENT, **INPUTS) == 0

    asked = [one.path for one in sandbox.exchanges if one.path.endswith("/installation")]
    tokens = [one.path for one in sandbox.exchanges if one.path.endswith("/access_tokens")]
    assert (len(asked), len(tokens)) == (len(OWNERS), len(OWNERS))


def test_a_transferred_target_fails_no_other(
    owners: World, sandbox: Sandbox, action: Action
) -> None:
    """GitHub redirects to the installation of the new owner, which is none for the old one's."""
    owners.rename("slow-org/app", "quick-org/moved")

    step = action.step(SPEC, ENVIRONMENT, **INPUTS)

    assert step.exit_code == 1
    assert (step.outputs["created"], step.outputs["blocked"]) == ("3", "1")
    assert "slow-org/app was transferred and now belongs to another owner (quick-org)" in (
        step.stdout
    )
    assert owners.secrets("repository:quick-org/moved") == {}
