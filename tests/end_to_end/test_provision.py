"""The reusable workflow, step by step: what its jobs do together is what one run does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import many_repositories as crowd
from github_sandbox import Fault, Sandbox, World
from provisioning import JOBS, MERGE, PROJECT, Call
from rendering import HOSTILE, TABLE, assert_means_nothing, rendered
from runner import Runner
from sandboxed_action import ACTION_YML, TOKEN, TRIPLET, UNPACED

ARTIFACTS = ("actions/upload-artifact@", "actions/download-artifact@", "actions/checkout@")

SPEC = """
version: 1
registries:
  - id: ACR
    server: mycompany.azurecr.io
    username: me
    password: {env: ACR_PASSWORD}
    rotate: missing
    targets:
      - repository: "octo-org/svc-00?"
      - repository: octo-org/app
"""
VALUE = "correct-horse-battery-staple"
SECRETS = {"token": TOKEN, "credentials": json.dumps({"ACR_PASSWORD": VALUE})}


@pytest.fixture
def call(sandbox: Sandbox, tmp_path: Path) -> Call:
    """A call with the spec above, for eleven targets of which one was there before."""
    return Call(tmp_path, {"spec": SPEC, "verify": "off"}, SECRETS, sandbox.url)


@pytest.fixture
def crowded(tmp_path: Path) -> Iterator[tuple[Sandbox, Call]]:
    """A call for the crowd, too slow for one job."""
    inputs = {"spec": crowd.SPEC, "prune": True, "verify": "off", "writes-per-minute": 6}
    secrets = {"token": TOKEN, "credentials": json.dumps(crowd.ENVIRONMENT)}
    with Sandbox(crowd.make_world()) as sandbox:
        yield sandbox, Call(tmp_path, inputs, secrets, sandbox.url)


def in_place(world: World) -> set[str]:
    """The repositories that have the triplet."""
    names = ["octo-org/app", *(f"octo-org/svc-00{n}" for n in range(10))]
    return {name for name in names if set(TRIPLET) <= set(world.secrets(f"repository:{name}"))}


def test_the_workflow_does_what_one_run_does(crowded: tuple[Sandbox, Call], tmp_path: Path) -> None:
    """The same requests, the same state, the same counts, and one summary."""
    sandbox, call = crowded
    outputs = call.run()
    with Sandbox(crowd.make_world()) as other:
        (tmp_path / "one").mkdir()
        given = {"token": TOKEN, "spec": crowd.SPEC, "verify": "off", "prune": "true", **UNPACED}
        one = Runner(ACTION_YML, tmp_path / "one", {"api_url": other.url}).run(
            given, crowd.ENVIRONMENT
        )
        assert one.exit_code == 0, one.stdout
        assert crowd.requests(sandbox.writes) == crowd.requests(other.writes)
        assert crowd.state(sandbox.world) == crowd.state(other.world)

    assert outputs.pop("code") == "0"
    assert outputs.pop("skipped") == "0"
    assert outputs == {name: one.outputs[name] for name in outputs}
    assert call.outputs["plan"]["drift"] == one.outputs["drift"] == "true"
    assert len(call.shards) >= 3
    assert all(step.summary == "" for step in call.steps)
    assert f"| create | applied | {outputs['created']} |" in call.summary
    assert "| Target |" not in call.summary


def test_nothing_to_do_is_no_shard(call: Call, sandbox: Sandbox) -> None:
    """A job without a matrix is skipped, and the run is green."""
    call.run()
    sandbox.clear_exchanges()
    again = Call(call.folder / "again", call.inputs, SECRETS, sandbox.url)
    again.folder.mkdir()

    outputs = again.run()

    assert again.shards == []
    assert again.result == {"plan": "success", "apply": "skipped"}
    assert (outputs["unchanged"], outputs["changed"], outputs["code"]) == ("11", "false", "0")
    assert sandbox.writes == []


@pytest.mark.parametrize(
    ("mode", "plan", "code"), [("plan", "success", "0"), ("check", "failure", "1")]
)
def test_a_plan_and_a_check_apply_nothing(
    call: Call, sandbox: Sandbox, mode: str, plan: str, code: str
) -> None:
    """The summary says what would be done; a check that finds drift is red."""
    call.inputs = {**call.inputs, "mode": mode}

    outputs = call.run()

    assert call.result == {"plan": plan, "apply": "skipped"}
    assert sandbox.writes == []
    assert (outputs["created"], outputs["changed"], outputs["code"]) == ("11", "false", code)
    assert "| create | planned | 11 |" in call.summary


def test_what_is_blocked_or_fails_stops_nothing_else(call: Call, sandbox: Sandbox) -> None:
    """The run is red, and the summary has both with their reasons."""
    spec = f"{SPEC}      - repository: octo-org/absent\n"
    call.inputs = {**call.inputs, "spec": spec}
    body = '{"message": "no | <b>bold</b>\\nlie"}'
    sandbox.fail(Fault(method="PUT", path="svc-003", status=422, times=None, body=body))

    outputs = call.run()

    assert call.result == {"plan": "failure", "apply": "failure"}
    assert len(in_place(sandbox.world)) == 10
    assert {
        name: outputs[name] for name in ("created", "blocked", "failed", "skipped", "code")
    } == {
        "created": "10",
        "blocked": "1",
        "failed": "1",
        "skipped": "0",
        "code": "1",
    }
    (failed,) = [line for line in call.summary.splitlines() if "svc-003" in line]
    assert failed.startswith(
        "| `repository:octo-org/svc-003` | `ACR` | `mycompany.azurecr.io` | `env:ACR_PASSWORD` "
        "| create | failed | "
    )
    assert failed.endswith(": no \\| <b>bold</b> lie` |")
    (blocked,) = [line for line in call.summary.splitlines() if "octo-org/absent" in line]
    assert "GitHub returned 404" in blocked
    assert VALUE not in call.summary + call.printed


def test_the_summary_shows_the_words_of_others_as_text(call: Call, sandbox: Sandbox) -> None:
    """No link, image, HTML, heading or mention comes of what GitHub says, and no cell."""
    body = json.dumps({"message": " ".join(HOSTILE)[:1500]})
    sandbox.fail(Fault(method="PUT", path="svc-003", status=422, times=None, body=body))

    call.run()

    page = rendered(call.summary)
    assert page.tags.count("h3") == 1
    assert page.tags.count("td") == 2 * 3 + 7
    assert_means_nothing(page, "h3", *TABLE)


def test_a_faulty_spec_has_no_plan(call: Call, sandbox: Sandbox) -> None:
    """Nothing is applied, and the summary says where to look."""
    call.inputs = {**call.inputs, "spec": SPEC.replace("server", "serwer")}

    outputs = call.run()

    assert call.result == {"plan": "failure", "apply": "skipped"}
    assert (outputs["created"], outputs["code"]) == ("0", "1")
    assert "There is no plan." in call.summary
    assert sandbox.exchanges == []


def test_what_no_shard_came_to_is_told(call: Call) -> None:
    """As where the run is cancelled, or a job dies without a word."""
    call.plan()
    call.result["apply"] = "cancelled"

    outputs = call.sum_up()

    assert (outputs["created"], outputs["skipped"], outputs["code"]) == ("0", "11", "1")
    assert call.summary.count("| create | skipped |") == 12


def test_a_matrix_that_got_lost_is_no_success(call: Call) -> None:
    """GitHub drops an output of a job in which it finds a secret, and goes on."""
    call.plan()
    call.outputs["plan"]["matrix"] = ""
    call.apply()

    outputs = call.sum_up()

    assert call.result == {"plan": "success", "apply": "skipped"}
    assert (outputs["skipped"], outputs["code"]) == ("11", "1")


def test_a_second_attempt_tells_the_newest_of_each(call: Call, sandbox: Sandbox) -> None:
    """Artifacts of the first attempt are still there when failed jobs run again."""
    sandbox.fail(Fault(method="PUT", path="svc-003", status=422, times=None))
    assert call.run()["failed"] == "1"
    sandbox.clear_faults()
    call.attempt = 2
    call.apply()
    assert call.sum_up()["failed"] == "0"
    assert len(in_place(sandbox.world)) == 11

    sandbox.world.rename("octo-org/svc-003", "octo-org/other")
    call.attempt = 3
    outputs = call.run()
    assert (outputs["unchanged"], outputs["created"], outputs["code"]) == ("10", "0", "0")


def test_artifacts_of_another_call_are_not_its_own(call: Call) -> None:
    """One workflow may call it twice, with two names, of which one begins like the other."""
    inputs = {**call.inputs, "name": "codespaces-registries-1"}
    other = Call(call.folder, inputs, SECRETS, call.api_url)
    other.run()
    call.inputs = {**call.inputs, "mode": "plan"}

    assert call.run()["unchanged"] == "11"
    assert other.sum_up()["created"] == "11"


@pytest.mark.parametrize(
    "name",
    [
        "../../loot",
        "codespaces-registry-plan-0123456789ab.json/../../../loot",
        "codespaces-registry-plan-0123456789ab.json\n../../loot",
        "codespaces-registry-plan-0123456789ab.json\n",
        "codespaces-registry-plan-0123456789AB.json",
        "codespaces-registry-plan-*.json",
    ],
)
@pytest.mark.parametrize("job", ["plan", "apply"])
def test_no_file_is_kept_but_a_plan(call: Call, job: str, name: str) -> None:
    """An output of another form could name any file of the machine, which all could download."""
    (call.folder / "loot").write_text("{}")
    if job == "apply":
        call.plan()
    kept = set(call.folder.glob("plans/*"))
    call.forged = {"plan-file": name}

    call.plan() if job == "plan" else call.apply([0])

    assert set(call.folder.glob("plans/*")) == kept
    assert "so no file is kept" in call.printed


def test_a_long_list_is_cut(call: Call) -> None:
    """A summary has a limit, beyond which GitHub shows none of it."""
    changes = [
        {
            "target": f"repository:octo-org/{number:05}-{'x' * 90}",
            "registry": "ACR",
            "server": None,
            "sources": {"username": None, "password": None},
            "action": "create",
            "reason": "does not exist",
            "outcome": "failed",
            "error": "y" * 4000,
        }
        for number in range(3000)
    ]
    kept = call.folder / "plans" / "codespaces-registries-1-plan"
    kept.mkdir(parents=True)
    (kept / "plan.json").write_text(json.dumps({"changes": changes}))
    call.result = {"plan": "failure", "apply": "skipped"}

    assert call.sum_up()["failed"] == "3000"
    assert "And 2500 more, in the artifacts of this run." in call.summary


def test_no_step_is_left_out() -> None:
    """Every step of the workflow is one that these tests run, or that moves files."""
    for job in JOBS.values():
        for step in job["steps"]:
            uses = step.get("uses", "")
            assert "run" in step or uses.startswith((PROJECT, MERGE, *ARTIFACTS))
