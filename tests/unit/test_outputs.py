"""The outputs of the step, and a plan that is too large for an output."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from codespaces_registry_secrets.model.desired import Credential
from codespaces_registry_secrets.model.fields import Source
from codespaces_registry_secrets.model.generation import CredentialChange
from codespaces_registry_secrets.model.plan import (
    Change,
    Outcome,
    Plan,
    Write,
    planned_outcomes,
)
from codespaces_registry_secrets.model.targets import Organization, Repository, Shard
from codespaces_registry_secrets.model.triplet import Part
from codespaces_registry_secrets.report.outputs import (
    MAX_PLAN_BYTES,
    build_outputs,
    whole_plan,
    write_plan_file,
)

CHANGE = Change(
    target=Organization("octo-org"),
    registry="ACR",
    action="rotate",
    reason="cannot tell when the source last changed, so rewriting to be safe",
    visibility=("private", "selected"),
    added=("octo-org/api",),
    credential=Credential("ACR", "mycompany.azurecr.io", "me", Source(secret="ACR_PASSWORD")),
    stored_at=datetime(2026, 1, 31, 9, 30, tzinfo=UTC),
)


def test_the_plan_has_the_documented_form() -> None:
    """Later steps read it with `fromJSON`."""
    plan = Plan((CHANGE,))

    document = json.loads(build_outputs("plan", plan, planned_outcomes(plan))["plan"])

    (change,) = document["changes"]
    assert " ".join(change) == (
        "target registry server sources action reason visibility repositories stored expires outcome error"
    )
    assert document == {
        "version": 1,
        "mode": "plan",
        "digest": plan.digest,
        "changes": [
            {
                "target": "organization:octo-org",
                "registry": "ACR",
                "server": "mycompany.azurecr.io",
                "sources": {"username": None, "password": "secret:ACR_PASSWORD"},
                "action": "rotate",
                "reason": "cannot tell when the source last changed, so rewriting to be safe",
                "visibility": {"from": "private", "to": "selected"},
                "repositories": {"add": ["octo-org/api"], "remove": []},
                "stored": "2026-01-31T09:30:00Z",
                "expires": None,
                "outcome": "planned",
                "error": None,
            }
        ],
    }


def test_a_large_plan_has_counts_instead_of_lists(tmp_path: Path) -> None:
    """The file has the whole plan."""
    names = tuple(f"octo-org/{'x' * 90}-{number:05}" for number in range(6000))
    plan = Plan((Change(CHANGE.target, "ACR", "access", "list", added=names),))
    outcomes = planned_outcomes(plan)

    short = build_outputs("plan", plan, outcomes)["plan"]
    name = write_plan_file(tmp_path, whole_plan("plan", plan, outcomes))

    assert len(short.encode()) < MAX_PLAN_BYTES
    assert json.loads(short)["changes"][0]["repositories"] == {"add": 6000, "remove": 0}
    whole = json.loads((tmp_path / name).read_text(encoding="utf-8"))
    assert whole["changes"][0]["repositories"]["add"] == list(names)


def test_a_very_large_plan_has_the_first_changes(tmp_path: Path) -> None:
    """GitHub accepts 1 MB for all outputs of a job; the file has every change."""
    changes = [
        Change(Repository(f"octo-org/svc-{number:04}"), "ACR", "create", "does not exist")
        for number in range(5000)
    ]
    plan = Plan(tuple(changes))
    outcomes = planned_outcomes(plan)

    short = build_outputs("plan", plan, outcomes)["plan"]
    name = write_plan_file(tmp_path, whole_plan("plan", plan, outcomes))

    document = json.loads(short)
    whole = json.loads((tmp_path / name).read_text(encoding="utf-8"))
    kept = len(document["changes"])
    assert MAX_PLAN_BYTES * 0.99 < len(short.encode()) < MAX_PLAN_BYTES
    assert document["omitted"] == 5000 - kept > 0
    assert list(document) == ["version", "mode", "digest", "changes", "omitted"]
    assert [c["target"] for c in document["changes"]] == [str(c.target) for c in changes[:kept]]
    assert len(whole["changes"]) == 5000
    assert "omitted" not in whole


def test_the_matrix_has_the_digest_of_each_shard() -> None:
    """In `include`, so that each job has `matrix.shard` and `matrix.digest`."""
    plan = Plan((CHANGE, replace(CHANGE, target=Repository("octo-org/app"))))
    shards = [Shard(1, 2), Shard(2, 2)]
    parts = [
        Plan(tuple(change for change in plan.changes if shard.has(change.target)))
        for shard in shards
    ]

    matrix = build_outputs("plan", plan, planned_outcomes(plan), shards)["matrix"]

    assert [len(part.changes) for part in parts] == [1, 1]
    assert json.loads(matrix) == {
        "shard": ["1/2", "2/2"],
        "include": [
            {"shard": "1/2", "digest": parts[0].digest},
            {"shard": "2/2", "digest": parts[1].digest},
        ],
    }


def test_the_matrix_is_empty_without_shards() -> None:
    """GitHub fails a job whose matrix is an empty list, so the output is an empty text."""
    plan = Plan((CHANGE,))

    assert build_outputs("apply", plan, planned_outcomes(plan))["matrix"] == ""


def test_a_failed_change_is_counted_only_as_failed() -> None:
    """The other counts are of applied changes."""
    plan = Plan((CHANGE, CHANGE))
    outcomes = (
        Outcome(CHANGE, "applied", writes=(Write(Part.USER, value=True),)),
        Outcome(CHANGE, "failed", "no"),
    )

    outputs = build_outputs("apply", plan, outcomes)

    assert (outputs["rotated"], outputs["failed"], outputs["changed"]) == ("1", "1", "true")


def test_a_plan_with_many_credentials_is_within_its_limit() -> None:
    """They get half of the space at most, so that changes are there too."""
    reason = "é" * 900
    credentials = tuple(
        CredentialChange(f"R{n}", "harbor-robot", f"STORE_{n}", "blocked", reason)
        for n in range(600)
    )
    changes = tuple(replace(CHANGE, registry=f"R{n}", reason=reason) for n in range(600))
    plan = Plan(changes, credentials=credentials)

    outputs = build_outputs("plan", plan, planned_outcomes(plan))

    document = json.loads(outputs["plan"])
    shown = len(document["credentials"]), len(document["changes"])
    assert len(outputs["plan"].encode()) < MAX_PLAN_BYTES
    assert min(shown) > 100
    assert document["omitted"] == 1200 - sum(shown)
    assert document["credentials"][0]["reason"] == reason
