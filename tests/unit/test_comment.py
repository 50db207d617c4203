"""The body of the comment, and the event that it belongs to."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from codespaces_registry_secrets.inputs.action_inputs import Inputs
from codespaces_registry_secrets.inputs.event import Event, read_event
from codespaces_registry_secrets.model.plan import Change, Note, Plan, planned_outcomes
from codespaces_registry_secrets.model.targets import Organization, Repository
from codespaces_registry_secrets.report.comment import comment_marker, render_comment
from codespaces_registry_secrets.report.summary import build_report
from github_sandbox.comment_store import MAX_CHARACTERS

AT = datetime(2026, 1, 1, tzinfo=UTC)
MARKER = "<!-- codespaces-registry-secrets: spec.yml -->"


@pytest.mark.parametrize("changes", [1, 100, 2000])
@pytest.mark.parametrize("problems", [0, 1, 500])
@pytest.mark.parametrize("letter", ["a", "é", "🔑"])
def test_the_body_fits_and_counts_what_is_cut(changes: int, problems: int, letter: str) -> None:
    """GitHub rejects a longer one. The digest is always there."""
    name = letter * 30
    plan = Plan(
        tuple(
            Change(Repository(f"octo-org/{name}{number}"), "ACR", "create", "does not exist")
            for number in range(changes)
        ),
        at=AT,
    )
    notes = [Note("warning", f"{number} {name * 10}") for number in range(problems)]

    body = render_comment(MARKER, build_report("plan", plan, planned_outcomes(plan), notes))

    assert len(body) <= MAX_CHARACTERS
    assert body.startswith(f"{MARKER}\n")
    assert plan.digest in body
    shown = body.count("does not exist")
    assert shown == changes or f"{changes - shown} more row" in body
    warnings = body.count("**Warning**")
    assert warnings == problems or f"{problems - warnings} more warning" in body


def test_long_lists_of_repositories_fit() -> None:
    """Their names are cut before rows are."""
    names = tuple(f"octo-org/repository-{number}" for number in range(5000))
    change = Change(Organization("octo-org"), "ACR", "access", "differ", added=names)
    plan = Plan((change,), at=AT)

    body = render_comment(MARKER, build_report("plan", plan, planned_outcomes(plan)))

    assert len(body) <= MAX_CHARACTERS
    assert "each list has at most" in body


@pytest.mark.parametrize(
    ("variables", "name"),
    [
        ({}, ".github/codespaces-registries.yml"),
        ({"INPUT_SPEC-FILE": "./a//b.yml"}, "a/b.yml"),
        ({"INPUT_SPEC-FILE": "ä-->.yml"}, "%C3%A4--%3E.yml"),
        ({"INPUT_SPEC": "version: 1"}, "octo-org/app/w.yml#plan"),
        ({"INPUT_ID": "ACR"}, "octo-org/app/w.yml#plan"),
        ({"INPUT_ID": "ACR", "GITHUB_WORKFLOW_REF": ""}, "My%20--%3E%20workflow#plan"),
    ],
)
def test_the_marker_names_the_spec(variables: dict[str, str], name: str) -> None:
    """Its path; or the workflow and the job, without the branch."""
    job = {
        "GITHUB_WORKFLOW_REF": "octo-org/app/w.yml@refs/pull/1/merge",
        "GITHUB_WORKFLOW": "My --> workflow",
        "GITHUB_JOB": "plan",
    }
    inputs = Inputs.model_validate({**job, **variables})
    assert comment_marker(inputs) == f"<!-- codespaces-registry-secrets: {name} -->"


@pytest.mark.parametrize(
    ("payload", "event"),
    [
        ({"repository": {"private": False}}, Event(public=True)),
        ({"repository": {"private": True}}, Event()),
        ({"repository": {"private": True, "visibility": "internal"}}, Event()),
        ({"repository": {"visibility": "public"}}, Event(public=True)),
        ({}, Event(public=True)),
        ([], Event(public=True)),
        ({"repository": {"private": "maybe"}}, Event(public=True)),
        ({"repository": {"private": True}, "issue": {"number": 3}}, Event()),
        (
            {"repository": {"private": True}, "issue": {"number": 3, "pull_request": {"url": "u"}}},
            Event(pull_request=3),
        ),
        ({"repository": {"private": True}, "pull_request": {"number": 4}}, Event(pull_request=4)),
    ],
)
def test_the_event_is_read_from_the_payload(tmp_path: Path, payload: object, event: Event) -> None:
    """A payload that does not tell the visibility counts as public: then names stay hidden."""
    path = tmp_path / "event.json"
    path.write_text(json.dumps(payload))
    assert read_event(path) == event


def test_a_missing_payload_counts_as_public(tmp_path: Path) -> None:
    """But without a path there is no workflow, and no log that others can read."""
    assert read_event(tmp_path / "event.json") == Event(public=True)
    assert read_event(None) == Event()
