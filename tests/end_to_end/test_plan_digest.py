"""An approved plan is applied, and any other plan is refused before the first write."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from github_sandbox import Sandbox, World
from runner import Step
from sandboxed_action import ACR_SPEC, ACTION_YML, TOKEN, TRIPLET, Action, stored_triplet
from workflow import condition, text

ORGANIZATION = "organization:octo-org"
REPOSITORY = "repository:octo-org/app"
SPEC = (
    ACR_SPEC
    + """\
    rotate: missing
    targets:
      - organization: octo-org
        repositories: [svc-001, svc-002]
      - repository: octo-org/app
"""
)
ENVIRONMENT = {"ACR_PASSWORD": "new"}
OTHER = "0" * 64
JOBS = yaml.safe_load(
    (ACTION_YML.parent / "examples/workflows/approval.yml").read_text(encoding="utf-8")
)["jobs"]


@pytest.fixture
def partly_stored(world: World) -> World:
    """The organization has the triplet for one of two repositories; the repository has none."""
    stored_triplet(world, ORGANIZATION, visibility="selected", repositories=["octo-org/svc-001"])
    return world


def plan(action: Action, spec: str = SPEC, **inputs: str) -> Step:
    """Run with `mode: plan`."""
    step = action.step(spec, ENVIRONMENT, mode="plan", **inputs)
    assert step.exit_code == 0, step.stdout
    return step


def plan_file(action: Action, step: Step) -> dict[str, object]:
    """The plan file of a step."""
    path = action.workspace.parent / "_temp" / step.outputs["plan-file"]
    document: dict[str, object] = json.loads(path.read_text())
    return document


def test_the_digest_is_in_outputs_log_summary_and_both_plans(
    partly_stored: World, action: Action
) -> None:
    step = plan(action)

    digest = step.outputs["plan-digest"]
    assert re.fullmatch("[0-9a-f]{64}", digest)
    assert f"\nPlan digest: {digest}\n" in step.stdout
    assert f"\nPlan digest: `{digest}`\n" in step.summary
    assert json.loads(step.outputs["plan"])["digest"] == digest
    assert plan_file(action, step)["digest"] == digest


@pytest.mark.parametrize("spelling", [str, str.upper, lambda digest: f"  {digest}\n"])
def test_the_approved_plan_is_applied(
    partly_stored: World, action: Action, spelling: Callable[[str], str]
) -> None:
    """The digest can be in any letter case, with space around it. `apply` has the same digest."""
    digest = plan(action).outputs["plan-digest"]

    step = action.step(SPEC, ENVIRONMENT, expect_digest=spelling(digest))

    assert step.exit_code == 0, step.stdout
    assert step.outputs["plan-digest"] == digest
    assert (step.outputs["created"], step.outputs["access-changed"]) == ("1", "1")
    assert set(partly_stored.secrets(REPOSITORY)) == set(TRIPLET)
    for secret in partly_stored.secrets(ORGANIZATION).values():
        assert secret.repositories == ("octo-org/svc-001", "octo-org/svc-002")


def test_a_second_plan_has_the_same_digest(partly_stored: World, action: Action) -> None:
    """So does one with another order and spelling of the spec's entries, or in another mode."""
    reordered = (
        ACR_SPEC.replace("ACR\n", "acr\n")
        + """\
    rotate: {when: missing}
    targets:
      - repository: Octo-Org/APP
      - organization: OCTO-ORG
        repositories: [SVC-002, Octo-Org/svc-001]
"""
    )
    first = plan(action).outputs["plan-digest"]

    assert plan(action).outputs["plan-digest"] == first
    assert plan(action, reordered).outputs["plan-digest"] == first
    check = action.step(SPEC, ENVIRONMENT, mode="check", expect_digest=first)
    assert (check.exit_code, check.outputs["plan-digest"]) == (2, first)


def drop_user_secret(world: World) -> None:
    """Somebody deletes one of the three secrets by hand."""
    world.delete_secret(ORGANIZATION, TRIPLET[1])


def share_with_another(world: World) -> None:
    """Somebody adds a repository to the list, which the plan would now remove."""
    for name in TRIPLET:
        world.set_repositories(ORGANIZATION, name, ["octo-org/svc-001", "octo-org/lib-200"])


def store_by_hand(world: World) -> None:
    """Somebody stores the triplet that the plan would create."""
    stored_triplet(world, REPOSITORY)


@pytest.mark.parametrize("drift", [drop_user_secret, share_with_another, store_by_hand])
def test_drift_after_the_approval_is_refused_without_a_write(
    partly_stored: World, sandbox: Sandbox, action: Action, drift: Callable[[World], None]
) -> None:
    approved = plan(action).outputs["plan-digest"]
    drift(partly_stored)
    sandbox.clear_exchanges()

    refused = action.step(SPEC, ENVIRONMENT, expect_digest=approved)

    assert_refused(refused, sandbox, approved)
    digest = plan(action).outputs["plan-digest"]
    assert refused.outputs["plan-digest"] == digest
    assert action.step(SPEC, ENVIRONMENT, expect_digest=digest).exit_code == 0


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("svc-002]", "svc-002, svc-003]"),
        ("svc-001, svc-002]", "svc-002]"),
        ("mycompany.azurecr.io", "attacker.azurecr.io"),
        ("env: ACR_PASSWORD", "env: OTHER_PASSWORD"),
        ("octo-org/app", "octo-org/svc-005"),
        ("ACR\n", "ACR2\n"),
    ],
)
def test_a_spec_that_changed_after_the_approval_is_refused(
    partly_stored: World, sandbox: Sandbox, action: Action, old: str, new: str
) -> None:
    """Even by one repository, and if the server changes only at a triplet that keeps its value."""
    approved = plan(action).outputs["plan-digest"]
    assert old in SPEC

    step = action.step(
        SPEC.replace(old, new), {**ENVIRONMENT, "OTHER_PASSWORD": "new"}, expect_digest=approved
    )

    assert_refused(step, sandbox, approved)


def assert_refused(step: Step, sandbox: Sandbox, approved: str) -> None:
    """Nothing is written, every change is skipped, and the error says what to do."""
    assert sandbox.writes == []
    assert step.exit_code == 1
    outputs, digest = step.outputs, step.outputs["plan-digest"]
    assert digest != approved
    document = json.loads(outputs["plan"])
    assert document["digest"] == digest
    assert {change["outcome"] for change in document["changes"]} == {"skipped"}
    counts = ("created", "repaired", "rotated", "access-changed", "deleted", "failed")
    assert {outputs[name] for name in counts} == {"0"}
    assert (outputs["changed"], outputs["drift"]) == ("false", "true")
    (error,) = step.annotations("error")
    assert f"its digest is {digest}, and `expect-digest` is {approved}" in error
    assert "Review the plan of this run, and run again with its digest" in error
    assert (
        "**Error** `` input `expect-digest` ``: this plan is not the approved one" in step.summary
    )
    assert "**Plan refused, nothing was written: " in step.summary
    assert " not " in step.summary.partition("| Change |")[2]
    assert "at organization:octo-org" in step.stdout


@pytest.mark.parametrize("mode", ["plan", "check", "apply"])
def test_another_digest_is_refused_in_every_mode(
    partly_stored: World, sandbox: Sandbox, action: Action, mode: str
) -> None:
    """A refused plan has no shards, so that no later job applies it."""
    step = action.step(SPEC, ENVIRONMENT, mode=mode, expect_digest=OTHER)

    assert (step.exit_code, step.outputs["matrix"]) == (1, "")
    assert sandbox.writes == []
    (error,) = step.annotations("error")
    assert error.startswith("input `expect-digest`: this plan is not the approved one, so nothing ")
    assert "Plan digest: " in step.summary


def test_a_refused_plan_is_not_recorded(
    partly_stored: World, sandbox: Sandbox, action: Action
) -> None:
    """The Actions variable of `state` stays as it is, too."""
    step = action.step(SPEC, ENVIRONMENT, state="REGISTRY_STATE", expect_digest=OTHER)

    assert step.exit_code == 1
    assert any("/actions/variables/" in exchange.path for exchange in sandbox.exchanges)
    assert {exchange.method for exchange in sandbox.exchanges} == {"GET"}


def test_a_plan_without_changes_is_refused_too(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """Somebody approved changes that are not needed any more: the run says so."""
    spec = SPEC.replace("repositories: [svc-001, svc-002]", "visibility: private")
    stored_triplet(world, ORGANIZATION, visibility="private")
    stored_triplet(world, REPOSITORY)

    step = action.step(spec, ENVIRONMENT, expect_digest=OTHER)

    assert (step.exit_code, step.outputs["unchanged"]) == (1, "2")
    assert sandbox.writes == []


@pytest.mark.parametrize(
    "text", ["0" * 63, "0" * 65, "g" * 64, f"sha256:{OTHER}", f"{OTHER[:32]} {OTHER[32:]}", "any"]
)
def test_another_form_is_an_error_of_the_input(sandbox: Sandbox, action: Action, text: str) -> None:
    """Before any request."""
    step = action.step(SPEC, ENVIRONMENT, expect_digest=text)

    assert step.exit_code == 1
    assert sandbox.exchanges == []
    (error,) = step.annotations("error")
    assert error == (
        "input `expect-digest`: must be the output `plan-digest` of another run, which is 64 "
        "hexadecimal digits"
    )


class Approval:
    """The example workflow, with the secrets that it needs and the spec in the repository."""

    def __init__(self, action: Action) -> None:
        self.action = action
        spec = action.workspace / ".github" / "codespaces-registries.yml"
        spec.parent.mkdir()
        spec.write_text(SPEC)
        self.secrets = {
            "CODESPACES_SECRETS_TOKEN": TOKEN,
            "ACR_PASSWORD": ENVIRONMENT["ACR_PASSWORD"],
            "GHCR_TOKEN": "",
        }
        self.outputs: dict[str, str] = {}

    def run(self, job: str) -> Step:
        """Run a job, and set its outputs."""
        contexts = self._contexts()
        (entry,) = (s for s in JOBS[job]["steps"] if s["uses"].startswith("octo-org/"))
        env = {name: text(value, contexts) for name, value in entry["env"].items()}
        inputs = {
            name.replace("-", "_"): text(value, contexts) for name, value in entry["with"].items()
        }
        step = self.action.step("", env, **inputs)
        contexts["steps"] = {entry.get("id"): {"outputs": step.outputs}}
        outputs = JOBS[job].get("outputs", {})
        self.outputs = {name: text(value, contexts) for name, value in outputs.items()}
        return step

    @property
    def asks(self) -> bool:
        """Whether the second job waits for an approval; GitHub skips it otherwise."""
        return condition(JOBS["apply"]["if"], self._contexts())

    def _contexts(self) -> dict[str, Any]:
        return {"secrets": self.secrets, "needs": {"plan": {"outputs": self.outputs}}}


@pytest.fixture
def approval(partly_stored: World, action: Action) -> Approval:
    """The workflow in a world where both targets differ from the spec."""
    return Approval(action)


def test_the_example_applies_the_approved_plan(approval: Approval) -> None:
    """A second run asks nobody, because there is nothing to write."""
    assert approval.run("plan").exit_code == 0
    assert approval.asks

    applied = approval.run("apply")

    assert applied.exit_code == 0, applied.stdout
    assert (applied.outputs["created"], applied.outputs["access-changed"]) == ("1", "1")
    approval.run("plan")
    assert not approval.asks


def test_the_example_refuses_drift_after_the_approval(
    approval: Approval, partly_stored: World, sandbox: Sandbox
) -> None:
    approval.run("plan")
    approved = approval.outputs["plan-digest"]
    share_with_another(partly_stored)

    step = approval.run("apply")

    assert_refused(step, sandbox, approved)


def test_the_example_applies_nothing_without_a_digest(approval: Approval) -> None:
    """An empty `expect-digest` would accept every plan."""
    approval.run("plan")
    del approval.outputs["plan-digest"]

    assert not approval.asks
