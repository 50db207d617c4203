"""The outputs of a step, and what becomes of a plan that is too large for one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from codespaces_registry_secrets.errors import Location
from codespaces_registry_secrets.model.desired import Credential
from codespaces_registry_secrets.model.fields import Source
from codespaces_registry_secrets.model.plan import Change, Note, Outcome, Plan, planned_outcomes
from codespaces_registry_secrets.model.targets import Organization, Repository, Shard
from codespaces_registry_secrets.report.outputs import (
    MOST_PLAN_BYTES,
    build_outputs,
    write_plan_file,
)
from codespaces_registry_secrets.report.summary import render_summary
from rendering import HOSTILE, TABLE, assert_means_nothing, rendered

CHANGE = Change(
    target=Organization("octo-org"),
    registry="ACR",
    action="rotate",
    reason="nothing tells the age of the source",
    visibility=("private", "selected"),
    added=("octo-org/api",),
    credential=Credential("ACR", "mycompany.azurecr.io", "me", Source(secret="ACR_PASSWORD")),
)


def test_the_plan_has_the_promised_form() -> None:
    """Later steps read it with `fromJSON`."""
    found = Plan((CHANGE,))

    document = json.loads(build_outputs("plan", found, planned_outcomes(found))["plan"])

    (change,) = document["changes"]
    assert " ".join(change) == (
        "target registry server sources action reason visibility repositories outcome error"
    )
    assert document == {
        "version": 1,
        "mode": "plan",
        "changes": [
            {
                "target": "organization:octo-org",
                "registry": "ACR",
                "server": "mycompany.azurecr.io",
                "sources": {"username": None, "password": "secret:ACR_PASSWORD"},
                "action": "rotate",
                "reason": "nothing tells the age of the source",
                "visibility": {"from": "private", "to": "selected"},
                "repositories": {"add": ["octo-org/api"], "remove": []},
                "outcome": "planned",
                "error": None,
            }
        ],
    }


def test_lists_give_way_to_counts_where_the_plan_is_too_large(tmp_path: Path) -> None:
    """The file holds it whole."""
    names = tuple(f"octo-org/{'x' * 90}-{number:05}" for number in range(6000))
    found = Plan((Change(CHANGE.target, "ACR", "access", "list", added=names),))
    outcomes = planned_outcomes(found)

    short = build_outputs("plan", found, outcomes)["plan"]
    name = write_plan_file(tmp_path, "plan", outcomes)

    assert len(short.encode()) < MOST_PLAN_BYTES
    assert json.loads(short)["changes"][0]["repositories"] == {"add": 6000, "remove": 0}
    whole = json.loads((tmp_path / name).read_text(encoding="utf-8"))
    assert whole["changes"][0]["repositories"]["add"] == list(names)


def test_of_thousands_of_changes_the_first_are_there(tmp_path: Path) -> None:
    """GitHub takes 1 MB for all outputs of a job; the file holds all of them."""
    changes = [
        Change(
            Repository(f"octo-org/svc-{number:04}"), "ACR", "create", "none of the three secrets"
        )
        for number in range(5000)
    ]
    found = Plan(tuple(changes))
    outcomes = planned_outcomes(found)

    short = build_outputs("plan", found, outcomes)["plan"]
    name = write_plan_file(tmp_path, "plan", outcomes)

    document = json.loads(short)
    whole = json.loads((tmp_path / name).read_text(encoding="utf-8"))
    kept = len(document["changes"])
    assert MOST_PLAN_BYTES * 0.99 < len(short.encode()) < MOST_PLAN_BYTES
    assert document["omitted"] == 5000 - kept > 0
    assert list(document) == ["version", "mode", "changes", "omitted"]
    assert [c["target"] for c in document["changes"]] == [str(c.target) for c in changes[:kept]]
    assert len(whole["changes"]) == 5000
    assert "omitted" not in whole


def test_the_matrix_is_one_of_a_job_or_nothing() -> None:
    """GitHub makes an error of a matrix without jobs, so an empty text stands for it."""
    found = Plan((CHANGE,))
    shards = [Shard(1, 2), Shard(2, 2)]

    assert (
        build_outputs("plan", found, planned_outcomes(found), shards)["matrix"]
        == '{"shard": ["1/2", "2/2"]}'
    )
    assert build_outputs("apply", found, planned_outcomes(found))["matrix"] == ""


def test_counts_are_of_what_was_done() -> None:
    """A change that failed is counted as failed and nothing else."""
    found = Plan((CHANGE, CHANGE))
    outcomes = (Outcome(CHANGE, "applied", wrote=True), Outcome(CHANGE, "failed", "no"))

    given = build_outputs("apply", found, outcomes)

    assert (given["rotated"], given["failed"], given["changed"]) == ("1", "1", "true")


@pytest.mark.parametrize("text", HOSTILE)
def test_text_from_outside_is_text_in_the_summary(text: str) -> None:
    """A reason, an error, a name, a source and a note each stay in their place."""
    credential = Credential("ACR", text, Source(file=text or "x"), Source(file=text or "x"))
    note = Note("warning", text, Location())
    change = Change(Organization(text), text, "rotate", text, credential=credential, notes=(note,))

    page = rendered(render_summary("apply", Plan((change,)), [Outcome(change, "failed", text)]))

    assert page.tags.count("h3") == page.tags.count("table") == 1
    assert page.tags.count("td") == 8
    assert_means_nothing(page, "h3", "p", "ul", "li", "strong", *TABLE)
