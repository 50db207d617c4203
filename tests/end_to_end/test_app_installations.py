"""An App has an installation for each owner, and owners are handled concurrently."""

from __future__ import annotations

import pytest

from github_app import add_app, app_inputs
from github_sandbox import Fault, Sandbox, World
from sandboxed_action import ACR_SPEC, Action

OWNERS = ("first-org", "slow-org", "quick-org")
PERMISSIONS = {"codespaces_secrets": "write"}
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
    """Three organizations in which the App is installed."""
    for owner in OWNERS:
        world.add_organization(owner, owners=("octocat",))
        for name in ("app", "web"):
            world.add_repository(f"{owner}/{name}")
    add_app(world, dict.fromkeys(OWNERS, PERMISSIONS))
    return world


def test_owners_do_not_wait_for_each_other(owners: World, sandbox: Sandbox, action: Action) -> None:
    """GitHub takes long to respond for one of them."""
    sandbox.fail(Fault(path="/repos/slow-org/.*/installation", status=None, delay=1.5))

    assert action.run_in_process(SPEC, ENVIRONMENT, **app_inputs()) == 0

    slow = next(
        exchange
        for exchange in sandbox.exchanges
        if exchange.path == "/repos/slow-org/app/installation"
    )
    quick = next(
        exchange
        for exchange in sandbox.exchanges
        if exchange.path.startswith("/repos/quick-org/app/co")
    )
    assert quick.ended < slow.ended


def test_one_installation_and_one_token_are_requested_for_each_owner(
    owners: World, sandbox: Sandbox, action: Action
) -> None:
    """One installation and one token are requested for an owner, for any number of targets."""
    targets = "".join(f"      - repository: quick-org/r{number}\n" for number in range(30))
    for number in range(30):
        owners.add_repository(f"quick-org/r{number}")

    assert action.run_in_process(SPEC + targets, ENVIRONMENT, **app_inputs()) == 0

    installations = [
        exchange.path for exchange in sandbox.exchanges if exchange.path.endswith("/installation")
    ]
    tokens = [
        exchange.path for exchange in sandbox.exchanges if exchange.path.endswith("/access_tokens")
    ]
    assert (len(installations), len(tokens)) == (len(OWNERS), len(OWNERS))


def test_a_transferred_target_does_not_block_the_others(
    owners: World, sandbox: Sandbox, action: Action
) -> None:
    """GitHub redirects to the installation of the new owner, which is not used for the old owner."""
    owners.rename("slow-org/app", "quick-org/moved")

    step = action.step(SPEC, ENVIRONMENT, **app_inputs())

    assert step.exit_code == 1
    assert (step.outputs["created"], step.outputs["blocked"]) == ("3", "1")
    assert "slow-org/app was transferred and now belongs to another owner (quick-org)" in (
        step.stdout
    )
    assert owners.secrets("repository:quick-org/moved") == {}
