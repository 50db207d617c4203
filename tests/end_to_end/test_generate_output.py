"""What a step with `generate` prints and writes, as a process."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from codespaces_registry_secrets.report.plan_document import plan_schema
from generated import Nights
from generated_kinds import AWS, HARBOR
from runner import Step

PLAN_SCHEMA = Draft202012Validator(plan_schema())

first = pytest.mark.parametrize("nights", [AWS, HARBOR], indirect=True, ids=lambda kind: kind.name)
one = pytest.mark.parametrize("nights", [HARBOR], indirect=True, ids=lambda kind: kind.name)


def credentials(step: Step) -> list[dict[str, Any]]:
    """`credentials` of the output `plan`, which is valid."""
    document = json.loads(step.outputs["plan"])
    assert PLAN_SCHEMA.is_valid(document)
    shown: list[dict[str, Any]] = document["credentials"]
    return shown


@first
def test_the_outputs_have_the_credentials(nights: Nights) -> None:
    """With registry, kind, action, reason, id and outcome, from plan to deletion."""
    plan = nights.step(mode="plan")
    assert nights.run() == 0
    old = nights.journal["id"]
    nights.clock.now += timedelta(days=31)
    rotation = nights.step()
    nights.clock.now += timedelta(days=1)
    retirement = nights.step()

    (planned,) = credentials(plan)
    assert planned == {
        "registry": "REG",
        "kind": nights.kind.name,
        "action": "generate",
        "reason": "there is no credential yet",
        "id": None,
        "outcome": "planned",
        "error": None,
    }
    (replaced,) = credentials(rotation)
    assert replaced == {
        **planned,
        "reason": "31d old, and `max-age` is 30d",
        "id": nights.journal["id"],
        "outcome": "applied",
    }
    assert [(c["action"], c["id"], c["outcome"]) for c in credentials(retirement)] == [
        ("disable", old, "applied"),
        ("none", replaced["id"], "planned"),
    ]
    steps = (plan, rotation, retirement)
    assert [step.outputs["changed"] for step in steps] == ["false", "true", "true"]
    assert {step.outputs["drift"] for step in steps} == {"true"}
    assert (plan.outputs["created"], rotation.outputs["rotated"]) == ("3", "3")
    assert (retirement.outputs["rotated"], retirement.outputs["unchanged"]) == ("0", "3")
    names = {c["sources"]["password"] for c in json.loads(plan.outputs["plan"])["changes"]}
    assert names == {f"generate:{nights.kind.name}"}


@one
def test_a_night_without_work_is_no_drift(nights: Nights) -> None:
    """`check` is green, and nothing changed."""
    assert nights.run() == 0

    step = nights.step(mode="check")

    assert (step.exit_code, step.outputs["drift"], step.outputs["changed"]) == (0, "false", "false")
    assert [c["action"] for c in credentials(step)] == ["none"]


@one
def test_the_next_expiry_is_that_of_the_credential(nights: Nights) -> None:
    """It moves with a rotation, and does not warn while the Action renews in time."""
    nights.generate["expires-in"] = "30d"
    nights.rotate = "changed"
    assert nights.run() == 0
    nights.clock.now += timedelta(days=18)
    later = nights.step()
    nights.clock.now += timedelta(days=3)
    rotation = nights.step()

    assert later.outputs["next-expiry"] == "2026-01-31T03:00:00Z"
    assert rotation.outputs["next-expiry"] == "2026-02-21T03:00:00Z"
    changes = [json.loads(step.outputs["plan"])["changes"] for step in (later, rotation)]
    assert {c["expires"] for c in changes[0]} == {"2026-01-31T03:00:00Z"}
    assert {c["expires"] for c in changes[1]} == {"2026-02-21T03:00:00Z"}
    assert [text for text in later.annotations("warning") if "expires" in text] == []


def digest_of(nights: Nights, capsys: pytest.CaptureFixture[str], **inputs: str) -> str:
    """The digest that a run in this process logs."""
    capsys.readouterr()
    assert nights.run(**inputs) == 0
    found = re.search(r"Plan digest: (\w{64})", capsys.readouterr().out)
    assert found
    return found[1]


def test_the_digest_changes_with_the_credentials(
    nights: Nights, capsys: pytest.CaptureFixture[str]
) -> None:
    """A plan that also retires one has another digest; an apply has that of its plan."""
    plan = digest_of(nights, capsys, mode="plan")
    assert digest_of(nights, capsys, expect_digest=plan) == plan
    quiet = digest_of(nights, capsys, mode="plan")
    nights.clock.now += timedelta(days=31)
    assert digest_of(nights, capsys) != quiet
    after_rotation = digest_of(nights, capsys, mode="plan")
    nights.clock.now += timedelta(days=1)
    retirement = digest_of(nights, capsys, mode="plan")

    assert len({plan, quiet, after_rotation, retirement}) == 4
    assert digest_of(nights, capsys, expect_digest=retirement) == retirement
    assert nights.refused() == []


@one
def test_another_digest_creates_nothing(nights: Nights) -> None:
    """Neither at the issuer nor at GitHub, not even the intent."""
    step = nights.step(expect_digest="0" * 64)

    assert step.exit_code == 1
    assert nights.issuer.live() == []
    assert nights.sandbox.writes == []
    assert nights.journal_text == ""


@first
def test_the_summary_has_a_table_and_a_timeline(nights: Nights) -> None:
    """Each credential with its creation and its end, by day."""
    assert nights.run() == 0
    old = nights.journal["id"]
    nights.clock.now += timedelta(days=31)
    rotation = nights.step()
    nights.clock.now += timedelta(hours=1)
    quiet = nights.step()

    new = nights.journal["id"]
    kind = nights.kind.name
    assert f"| + generated | `REG` `{kind}` | `{new}` | `31d` old" in rotation.summary
    assert f"| unchanged | `REG` `{kind}` | `{new}` | created `1h` ago" in quiet.summary
    assert "section REG_issuer" in quiet.summary
    assert f"credential {new} created today :done, 2026-02-01, 2026-02-02" in quiet.summary
    assert f"credential {old} created 31d ago :done, 2026-01-01, 2026-02-01" in quiet.summary
    assert f"credential {old} is disabled in 1d :2026-02-01, 2026-02-02" in quiet.summary
    expires = "3 targets expires in 90d" in quiet.summary
    assert expires == (nights.kind is HARBOR)
    assert "credentials: 1 generated" in rotation.stdout


@one
def test_a_failed_creation_is_told_in_every_report(nights: Nights) -> None:
    """Log, annotation, summary and JSON, with the reason of the issuer."""
    nights.issuer.on_request = lambda name: 403 if name.startswith("POST") else None

    step = nights.step()

    (failed,) = credentials(step)
    assert step.exit_code == 1
    assert (failed["action"], failed["outcome"]) == ("generate", "failed")
    assert "403" in failed["error"]
    assert any("REG: cannot generate a credential: " in e for e in step.annotations("error"))
    assert "| + failed to generate |" in step.summary
    assert step.outputs["blocked"] == "3"
    assert "Apply incomplete" in step.stdout
    assert step.outputs["changed"] == "false"
