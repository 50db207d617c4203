"""Messages about errors of GitHub, and their effect on other targets."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from end_to_end.faults import scenarios
from end_to_end.faults.scenarios import SCENARIOS, Scenario
from end_to_end.faults.state import build_world
from github_sandbox import Fault, Sandbox, World
from sandboxed_action import ACR_SPEC, TOKEN, Action

SCENARIO_BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
CONNECTION_DROPPED = Fault(method="PUT", path="^/orgs/home-org/.*USER$", drop=True, times=None)
ENDLESS_LIST = Fault(path="^/orgs/home-org/repos", status=None, repeat="forever", times=None)
HTML_PAGE = Fault(path="^/user/repos", status=200, body="<html>Unicorn!</html>", times=None)
INSTALLATION_ERROR = Fault(path="^/repos/home-org/app/installation$", status=500, times=None)
# Scenario, fault, message and the output that counts the target.
CASES = {
    "a connection that breaks off": (
        "organization",
        CONNECTION_DROPPED,
        "rotate ACR at organization:home-org: Could not connect to 127.0.0.1: Remote end closed connection without response. It is safe to re-run.",
        "failed",
    ),
    "a list without an end": (
        "organization",
        ENDLESS_LIST,
        "ACR at organization:home-org is blocked: GitHub returned a page of the list twice",
        "blocked",
    ),
    "an HTML page": (
        "user",
        HTML_PAGE,
        "ACR at user:octocat is blocked: GitHub's response is not JSON; run again",
        "blocked",
    ),
    "the installation of an App": (
        "App, repository",
        INSTALLATION_ERROR,
        "ACR at repository:home-org/app is blocked: GitHub returned a server error to every attempt",
        "blocked",
    ),
}


def make_world(scenario: Scenario) -> World:
    """The target of the scenario, and nineteen others, two of which need a repair."""
    return build_world(scenario, scenarios.others(scenario))


@pytest.mark.parametrize("case", CASES)
def test_an_annotation_names_the_target_and_the_error(tmp_path: Path, case: str) -> None:
    """It also says what happened and what to do. The outputs count the target, and the repairs of the others."""
    name, fault, message, output = CASES[case]
    scenario = SCENARIO_BY_NAME[name]
    with Sandbox(make_world(scenario)) as sandbox:
        sandbox.fail(fault)
        text = scenarios.spec(scenario, scenarios.others(scenario))
        step = Action(sandbox, tmp_path).step(
            text, scenarios.ENVIRONMENT, **scenarios.inputs(scenario)
        )

    assert step.exit_code == 1
    (error,) = step.annotations("error")
    assert message in error
    assert "run again" in error or "safe to re-run" in error
    assert (step.outputs[output], step.outputs["repaired"]) == ("1", "2")
    assert "Unicorn" not in step.stdout


SPEC_WITHOUT_TARGETS = ACR_SPEC + "    targets:\n"
SPEC = SPEC_WITHOUT_TARGETS + "".join(
    f"      - repository: crew-0/svc-{number}\n" for number in range(19)
)


def test_an_app_waits_once_for_an_owner_whose_installation_request_times_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It does not wait again for each repository of that owner, because a time-out is 30 s."""
    scenario = SCENARIO_BY_NAME["App, repository"]
    with Sandbox(make_world(scenario)) as sandbox:
        sandbox.fail(Fault(path="/installation$", status=None, delay=1.5, times=None))
        action = Action(sandbox, tmp_path)
        action.timeouts = scenarios.TIMEOUTS
        began = time.monotonic()

        assert action.run_in_process(SPEC, scenarios.ENVIRONMENT, **scenarios.inputs(scenario)) == 1

        assert time.monotonic() - began < 10
        assert len(sandbox.exchanges) <= 4
    assert "ACR at 19 targets is blocked: GitHub did not respond in time" in capsys.readouterr().out


@pytest.mark.parametrize(
    "fault",
    [
        Fault(path="^/user$", status=403, body="[1]", times=None),
        Fault(path="^/user$", drop=True, times=None),
    ],
    ids=["unexpected", "none"],
)
def test_no_usable_response_about_a_password_is_ignored(tmp_path: Path, fault: Fault) -> None:
    """The password is a GitHub token, about which GitHub is asked."""
    spec = SPEC.replace("mycompany.azurecr.io", "ghcr.io")
    with Sandbox(make_world(SCENARIO_BY_NAME["repository"])) as sandbox:
        sandbox.fail(fault)

        code = Action(sandbox, tmp_path).run_in_process(
            spec, {"ACR_PASSWORD": "ghp_a-token-of-somebody"}
        )

        assert code == 0
        assert any(exchange.path == "/user" for exchange in sandbox.exchanges)


def test_one_failed_target_does_not_stop_the_others(tmp_path: Path) -> None:
    """There are more targets than are written concurrently."""
    world = World()
    world.add_user("octocat")
    world.add_organization("crew-0", owners=("octocat",))
    names = [f"crew-0/svc-{number}" for number in range(40)]
    for name in names:
        world.add_repository(name)
    world.add_token(TOKEN, user="octocat", scopes=("repo",))
    spec = SPEC_WITHOUT_TARGETS + "".join(f"      - repository: {name}\n" for name in names)
    with Sandbox(world) as sandbox:
        sandbox.fail(Fault(path="svc-0/codespaces/secrets/public-key", status=500, times=None))

        assert Action(sandbox, tmp_path).run_in_process(spec, scenarios.ENVIRONMENT) == 1

    assert [len(world.secrets(f"repository:{name}")) for name in names] == [0, *([3] * 39)]
