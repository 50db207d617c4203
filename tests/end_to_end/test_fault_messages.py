"""What a user is told of a fault of GitHub's, by the Action in a process of its own."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from end_to_end.faults import scenarios
from end_to_end.faults.scenarios import SCENARIOS, Scenario
from end_to_end.faults.state import build_world
from github_sandbox import Fault, Sandbox, World
from sandboxed_action import TOKEN, Action

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
DROPPED = Fault(method="PUT", path="^/orgs/home-org/.*USER$", drop=True, times=None)
LOOPING = Fault(path="^/orgs/home-org/repos", status=None, repeat="forever", times=None)
UNICORN = Fault(path="^/user/repos", status=200, body="<html>Unicorn!</html>", times=None)
UNKNOWN = Fault(path="^/repos/home-org/app/installation$", status=500, times=None)
TOLD = {
    "a connection that breaks off": (
        "organization",
        DROPPED,
        "rotate ACR at organization:home-org: Could not connect to 127.0.0.1: Remote end closed connection without response. It is safe to re-run.",
        "failed",
    ),
    "a list without an end": (
        "organization",
        LOOPING,
        "ACR at organization:home-org is blocked: GitHub returned a page of the list twice",
        "blocked",
    ),
    "a page for people": (
        "user",
        UNICORN,
        "ACR at user:octocat is blocked: GitHub's response is not JSON; run again",
        "blocked",
    ),
    "an installation of an App": (
        "App, repository",
        UNKNOWN,
        "ACR at repository:home-org/app is blocked: GitHub returned a server error to every attempt",
        "blocked",
    ),
}


def served(scenario: Scenario) -> World:
    """The scenario among nineteen others, two of which have something to be repaired."""
    return build_world(scenario, scenarios.others(scenario))


@pytest.mark.parametrize("told", TOLD)
def test_the_annotation_names_the_target(tmp_path: Path, told: str) -> None:
    """And what happened, and what to do; the outputs count it, and what else was done."""
    name, fault, message, counted = TOLD[told]
    scenario = BY_NAME[name]
    with Sandbox(served(scenario)) as sandbox:
        sandbox.fail(fault)
        text = scenarios.spec(scenario, scenarios.others(scenario))
        step = Action(sandbox, tmp_path).step(
            text, scenarios.ENVIRONMENT, **scenarios.inputs(scenario)
        )

    assert step.exit_code == 1
    (error,) = step.annotations("error")
    assert message in error
    assert "run again" in error or "safe to re-run" in error
    assert (step.outputs[counted], step.outputs["repaired"]) == ("1", "2")
    assert "Unicorn" not in step.stdout


SPEC = """
version: 1
registries:
  - id: ACR
    server: mycompany.azurecr.io
    username: new
    password: {env: ACR_PASSWORD}
    targets:
""" + "".join(f"      - repository: crew-0/svc-{number}\n" for number in range(19))


def test_an_app_waits_once_for_an_owner_that_github_is_silent_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And not once more for each repository of that owner: with 30 s a try that would be hours."""
    scenario = BY_NAME["App, repository"]
    with Sandbox(served(scenario)) as sandbox:
        sandbox.fail(Fault(path="/installation$", status=None, delay=1.5, times=None))
        action = Action(sandbox, tmp_path)
        action.timeouts = scenarios.TIMEOUTS
        began = time.monotonic()

        assert action.here(SPEC, scenarios.ENVIRONMENT, **scenarios.inputs(scenario)) == 1

        assert time.monotonic() - began < 10
        assert len(sandbox.exchanges) <= 4
    assert "ACR at 19 targets is blocked: GitHub did not respond in time" in capsys.readouterr().out


def test_what_is_odd_about_a_password_does_not_end_a_run(tmp_path: Path) -> None:
    """Where GitHub says nothing sensible of a token that is a password, nothing is known of it."""
    spec = SPEC.replace("mycompany.azurecr.io", "ghcr.io")
    with Sandbox(served(BY_NAME["repository"])) as sandbox:
        sandbox.fail(Fault(path="^/user$", status=403, body="[1]", times=None))

        code = Action(sandbox, tmp_path).here(spec, {"ACR_PASSWORD": "ghp_a-token-of-somebody"})

        assert code == 0
        assert any(one.path == "/user" for one in sandbox.exchanges)


def test_one_failure_does_not_keep_others_from_beginning(tmp_path: Path) -> None:
    """Not even where more targets are to be written than are under way at once."""
    world = World()
    world.add_user("octocat")
    world.add_organization("crew-0", owners=("octocat",))
    names = [f"crew-0/svc-{number}" for number in range(40)]
    for name in names:
        world.add_repository(name)
    world.add_token(TOKEN, user="octocat", scopes=("repo",))
    spec = SPEC.partition("      - ")[0] + "".join(f"      - repository: {n}\n" for n in names)
    with Sandbox(world) as sandbox:
        sandbox.fail(Fault(path="svc-0/codespaces/secrets/public-key", status=500, times=None))

        assert Action(sandbox, tmp_path).here(spec, scenarios.ENVIRONMENT) == 1

    assert [len(world.secrets(f"repository:{name}")) for name in names] == [0, *([3] * 39)]
