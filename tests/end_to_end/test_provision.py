"""The jobs of the reusable workflow provision.yml do the same as one run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import many_repositories
from codespaces_registry_secrets.model.targets import Repository, Shard
from github_sandbox import Fault, Sandbox, World
from provisioning import JOBS, MERGE, PROJECT, Call
from rendering import HOSTILE, SUMMARY_TAGS, assert_means_nothing, rendered
from runner import Runner
from sandboxed_action import ACR_SPEC, ACTION_YML, TOKEN, TRIPLET, UNPACED

ARTIFACTS = ("actions/upload-artifact@", "actions/download-artifact@", "actions/checkout@")

SPEC = (
    ACR_SPEC
    + """\
    rotate: missing
    targets:
      - repository: "octo-org/svc-00?"
      - repository: octo-org/app
"""
)
PASSWORD = "correct-horse-battery-staple"
SECRETS = {"token": TOKEN, "credentials": json.dumps({"ACR_PASSWORD": PASSWORD})}


@pytest.fixture
def call(sandbox: Sandbox, tmp_path: Path) -> Call:
    """A call with `SPEC`, which has eleven targets."""
    return Call(tmp_path, {"spec": SPEC, "verify": "off"}, SECRETS, sandbox.url)


@pytest.fixture
def large_call(tmp_path: Path) -> Iterator[tuple[Sandbox, Call]]:
    """A call for 280 repositories, with so few writes per minute that it takes several shards."""
    inputs = {
        "spec": many_repositories.SPEC,
        "prune": True,
        "verify": "off",
        "writes-per-minute": 6,
    }
    secrets = {"token": TOKEN, "credentials": json.dumps(many_repositories.ENVIRONMENT)}
    with Sandbox(many_repositories.make_world()) as sandbox:
        yield sandbox, Call(tmp_path, inputs, secrets, sandbox.url)


def repositories_with_triplet(world: World) -> set[str]:
    """Return the repositories that have the triplet."""
    names = ["octo-org/app", *(f"octo-org/svc-00{n}" for n in range(10))]
    return {name for name in names if set(TRIPLET) <= set(world.secrets(f"repository:{name}"))}


def test_the_workflow_does_what_one_run_does(
    large_call: tuple[Sandbox, Call], tmp_path: Path
) -> None:
    """Requests, state and counts are the same, and only the last job writes a summary."""
    sandbox, call = large_call
    outputs = call.run()
    with Sandbox(many_repositories.make_world()) as other:
        (tmp_path / "single").mkdir()
        inputs = {
            "token": TOKEN,
            "spec": many_repositories.SPEC,
            "verify": "off",
            "prune": "true",
            **UNPACED,
        }
        single_run = Runner(ACTION_YML, tmp_path / "single", {"api_url": other.url}).run(
            inputs, many_repositories.ENVIRONMENT
        )
        assert single_run.exit_code == 0, single_run.stdout
        assert many_repositories.requests(sandbox.writes) == many_repositories.requests(
            other.writes
        )
        assert many_repositories.state(sandbox.world) == many_repositories.state(other.world)

    assert outputs.pop("code") == "0"
    assert outputs.pop("skipped") == "0"
    assert outputs == {name: single_run.outputs[name] for name in outputs}
    assert call.outputs["plan"]["drift"] == single_run.outputs["drift"] == "true"
    assert len(call.shards) >= 3
    assert all(step.summary == "" for step in call.steps)
    assert f"**Apply complete: {outputs['created']} created" in call.summary
    assert "**Error**" not in call.summary


def test_a_plan_without_changes_has_no_shards(call: Call, sandbox: Sandbox) -> None:
    """The job `apply` is skipped, and the run succeeds."""
    call.run()
    sandbox.clear_exchanges()
    second = Call(call.folder / "second", call.inputs, SECRETS, sandbox.url)
    second.folder.mkdir()

    outputs = second.run()

    assert second.shards == []
    assert second.result == {"plan": "success", "apply": "skipped"}
    assert (outputs["unchanged"], outputs["changed"], outputs["code"]) == ("11", "false", "0")
    assert sandbox.writes == []


def test_an_approved_plan_is_applied_by_its_shards(large_call: tuple[Sandbox, Call]) -> None:
    """Each shard compares its part. The summary and the outputs have the digest of the whole."""
    sandbox, call = large_call
    assert call.plan().exit_code == 0
    digest = call.outputs["plan"]["plan-digest"]
    second = Call(call.folder / "second", call.inputs, call.secrets, sandbox.url)
    second.folder.mkdir()
    second.inputs = {**call.inputs, "expect-digest": digest}

    outputs = second.run()

    assert (outputs["code"], outputs["skipped"]) == ("0", "0")
    assert len(second.shards) >= 3
    assert second.outputs["plan"]["plan-digest"] == digest
    assert f"Plan digest: `{digest}`\n" in second.summary


def test_a_shard_refuses_what_changed_after_the_plan(large_call: tuple[Sandbox, Call]) -> None:
    """The other shards apply their parts."""
    sandbox, call = large_call
    call.plan()
    call.inputs = {**call.inputs, "expect-digest": call.outputs["plan"]["plan-digest"]}
    first, *_ = json.loads(call.outputs["plan"]["matrix"])["shard"]
    number, of = map(int, first.split("/"))
    changed = next(
        target
        for name in many_repositories.SERVICES
        if Shard(number, of).has(target := Repository(name))
    )
    sandbox.world.put_secret(str(changed), "UNMANAGED_CONTAINER_REGISTRY_USER", b"other")

    steps = call.apply()

    assert [step.exit_code for step in steps] == [1] + [0] * (len(steps) - 1)
    assert len(steps) >= 3
    assert "this plan is not the approved one" in steps[0].stdout
    assert f"/repos/{changed.name}" not in many_repositories.written(sandbox.writes)


def test_another_plan_is_refused_before_the_shards(call: Call, sandbox: Sandbox) -> None:
    """No shard runs, and the summary counts every change as skipped."""
    call.inputs = {**call.inputs, "expect-digest": "0" * 64}

    outputs = call.run()

    assert call.result == {"plan": "failure", "apply": "skipped"}
    assert sandbox.writes == []
    assert (outputs["code"], outputs["created"], outputs["skipped"]) == ("1", "0", "11")
    assert call.outputs["plan"]["plan-digest"] != "0" * 64


@pytest.mark.parametrize(("shards", "at_once"), [(4, 1), (2, 2)])
def test_shards_record_what_they_stored_in_one_state(
    call: Call, sandbox: Sandbox, shards: int, at_once: int
) -> None:
    """One after another, or at the same time. A further plan then has no changes."""
    spec = SPEC.replace("rotate: missing", "rotate: changed")
    call.inputs = {**call.inputs, "spec": spec, "state": "CRS_STATE", "max-parallel": at_once}
    call.plan()
    assert "CRS_STATE" not in sandbox.world.variables("octo-org/app")
    matrix = {"shard": [f"{number}/{shards}" for number in range(1, shards + 1)]}
    call.outputs["plan"]["matrix"] = json.dumps(matrix)
    # Of two shards at once, one saves later, so their requests for the variable do not interleave.
    sandbox.fail(Fault(method="PUT", status=None, delay=1.5 if at_once > 1 else 0))

    steps = call.apply()

    assert [step.exit_code for step in steps] == [0] * shards
    assert [step.outputs["created"] for step in steps].count("0") < shards - 1
    assert call.sum_up()["created"] == "11"
    (value,) = sandbox.world.variables("octo-org/app").values()
    assert all(f'"svc-00{number}"' in value for number in range(10))
    second = Call(call.folder / "second", call.inputs, SECRETS, sandbox.url)
    second.folder.mkdir()
    outputs = second.run()
    assert second.shards == []
    assert (outputs["unchanged"], outputs["changed"], outputs["code"]) == ("11", "false", "0")


@pytest.mark.parametrize(
    ("mode", "plan", "code"), [("plan", "success", "0"), ("check", "failure", "1")]
)
def test_the_modes_plan_and_check_apply_nothing(
    call: Call, sandbox: Sandbox, mode: str, plan: str, code: str
) -> None:
    """The summary has the planned changes, and a check with drift fails."""
    call.inputs = {**call.inputs, "mode": mode}

    outputs = call.run()

    assert call.result == {"plan": plan, "apply": "skipped"}
    assert sandbox.writes == []
    assert (outputs["created"], outputs["changed"], outputs["code"]) == ("11", "false", code)
    assert ": 11 to create" in call.summary
    assert call.summary.count("| `+` to create<br>") == 11


def test_blocked_and_failed_changes_do_not_stop_the_others(call: Call, sandbox: Sandbox) -> None:
    """The run fails, and the summary has both changes with their reasons."""
    spec = f"{SPEC}      - repository: octo-org/absent\n"
    call.inputs = {**call.inputs, "spec": spec}
    body = '{"message": "no | <b>bold</b>\\nlie"}'
    sandbox.fail(Fault(method="PUT", path="svc-003", status=422, times=None, body=body))

    outputs = call.run()

    assert call.result == {"plan": "failure", "apply": "failure"}
    assert len(repositories_with_triplet(sandbox.world)) == 10
    assert {
        name: outputs[name] for name in ("created", "blocked", "failed", "skipped", "code")
    } == {
        "created": "10",
        "blocked": "1",
        "failed": "1",
        "skipped": "0",
        "code": "1",
    }
    failed_error, failed_row = [line for line in call.summary.splitlines() if "svc-003" in line]
    assert failed_row.startswith(
        "| `+` failed to create<br>does not exist | `repository:octo-org/svc-003`<br>`ACR` "
        "| `mycompany.azurecr.io`<br>password from `env:ACR_PASSWORD` |"
    )
    assert failed_error.startswith("- ❌ **Error**: create ACR at `repository:octo-org/svc-003:`")
    assert failed_error.endswith(": no `| <b>bold</b>` lie")
    blocked = [line for line in call.summary.splitlines() if "octo-org/absent" in line]
    assert len(blocked) == 2
    assert all("GitHub returned 404" in line for line in blocked)
    assert PASSWORD not in call.summary + call.printed


def test_the_summary_shows_messages_of_github_as_text(call: Call, sandbox: Sandbox) -> None:
    """A message of GitHub becomes no link, image, HTML, heading, mention or table cell."""
    body = json.dumps({"message": " ".join(HOSTILE)[:1500]})
    sandbox.fail(Fault(method="PUT", path="svc-003", status=422, times=None, body=body))

    call.run()

    page = rendered(call.summary)
    assert page.tags.count("h3") == 1
    assert page.tags.count("li") == 1
    assert_means_nothing(page, *SUMMARY_TAGS)


def test_an_invalid_spec_has_no_plan(call: Call, sandbox: Sandbox) -> None:
    """Nothing is applied, and the summary says that there is no plan."""
    call.inputs = {**call.inputs, "spec": SPEC.replace("server", "serwer")}

    outputs = call.run()

    assert call.result == {"plan": "failure", "apply": "skipped"}
    assert (outputs["created"], outputs["code"]) == ("0", "1")
    assert "There is no plan." in call.summary
    assert sandbox.exchanges == []


def test_changes_that_no_shard_applied_are_skipped_in_the_summary(call: Call) -> None:
    """Such as if the run is cancelled, or a job fails without a plan."""
    call.plan()
    call.result["apply"] = "cancelled"

    outputs = call.sum_up()

    assert (outputs["created"], outputs["skipped"], outputs["code"]) == ("0", "11", "1")
    assert call.summary.count("| `+` not created<br>") == 11


def test_a_dropped_matrix_is_a_failure(call: Call) -> None:
    """GitHub drops a job's output that contains a secret, and the workflow continues."""
    call.plan()
    call.outputs["plan"]["matrix"] = ""
    call.apply()

    outputs = call.sum_up()

    assert call.result == {"plan": "success", "apply": "skipped"}
    assert (outputs["skipped"], outputs["code"]) == ("11", "1")


def test_a_second_attempt_uses_the_newest_artifact_of_each_shard(
    call: Call, sandbox: Sandbox
) -> None:
    """Artifacts of the first attempt still exist when failed jobs run again."""
    sandbox.fail(Fault(method="PUT", path="svc-003", status=422, times=None))
    assert call.run()["failed"] == "1"
    sandbox.clear_faults()
    call.attempt = 2
    call.apply()
    assert call.sum_up()["failed"] == "0"
    assert len(repositories_with_triplet(sandbox.world)) == 11

    sandbox.world.rename("octo-org/svc-003", "octo-org/other")
    call.attempt = 3
    outputs = call.run()
    assert (outputs["unchanged"], outputs["created"], outputs["code"]) == ("10", "0", "0")


def test_a_call_ignores_artifacts_of_another_call(call: Call) -> None:
    """A workflow can call it twice, even with a name that is a prefix of the other name."""
    inputs = {**call.inputs, "name": "codespaces-registries-1"}
    other = Call(call.folder, inputs, SECRETS, call.api_url)
    other.run()
    call.inputs = {**call.inputs, "mode": "plan"}

    assert call.run()["unchanged"] == "11"
    assert other.sum_up()["created"] == "11"


@pytest.mark.parametrize(
    "name",
    [
        "../../other",
        "codespaces-registry-plan-0123456789ab.json/../../../other",
        "codespaces-registry-plan-0123456789ab.json\n../../other",
        "codespaces-registry-plan-0123456789ab.json\n",
        "codespaces-registry-plan-0123456789AB.json",
        "codespaces-registry-plan-*.json",
    ],
)
@pytest.mark.parametrize("job", ["plan", "apply"])
def test_only_plan_files_are_uploaded(call: Call, job: str, name: str) -> None:
    """Otherwise a forged output could upload any file of the machine as a public artifact."""
    (call.folder / "other").write_text("{}")
    if job == "apply":
        call.plan()
    artifacts = set(call.folder.glob("plans/*"))
    call.forged = {"plan-file": name}

    call.plan() if job == "plan" else call.apply([0])

    assert set(call.folder.glob("plans/*")) == artifacts
    assert "so no file is kept" in call.printed


def test_a_long_summary_is_cut(call: Call) -> None:
    """GitHub does not show a summary that is over its limit."""
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
    artifact = call.folder / "plans" / "codespaces-registries-1-plan"
    artifact.mkdir(parents=True)
    (artifact / "plan.json").write_text(json.dumps({"digest": "0" * 64, "changes": changes}))
    call.result = {"plan": "failure", "apply": "skipped"}

    assert call.sum_up()["failed"] == "3000"
    assert len(call.summary.encode()) < 1024 * 1024
    assert call.summary.count("| `+` failed to create<br>") == 3000
    assert call.summary.count("**Error**") == 1
    assert "create ACR at 3000 targets: " in call.summary


def test_these_tests_run_every_step_of_the_workflow() -> None:
    """These tests run each step of the workflow, except those that move files."""
    for job in JOBS.values():
        for step in job["steps"]:
            uses = step.get("uses", "")
            assert "run" in step or uses.startswith((PROJECT, MERGE, *ARTIFACTS))
