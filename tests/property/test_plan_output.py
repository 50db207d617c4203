"""The output `plan` is valid JSON and within its limit, for any outcomes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from codespaces_registry_secrets.model.generation import (
    CredentialAction,
    CredentialChange,
    CredentialStatus,
)
from codespaces_registry_secrets.model.generator import GENERATORS
from codespaces_registry_secrets.model.plan import Change, Outcome, Plan
from codespaces_registry_secrets.model.targets import Organization
from codespaces_registry_secrets.report.outputs import MAX_PLAN_BYTES, short_plan, whole_plan
from codespaces_registry_secrets.report.plan_document import plan_schema

PLAN_SCHEMA = Draft202012Validator(plan_schema())
names = st.lists(st.text(max_size=40), max_size=4).map(tuple)
changes = st.builds(
    Change,
    target=st.text(max_size=40).map(Organization),
    registry=st.text(max_size=10),
    action=st.sampled_from(["create", "rotate", "access", "blocked"]),
    reason=st.text(max_size=80),
    visibility=st.sampled_from([None, ("private", "all"), (None, "selected")]),
    added=names,
    removed=names,
)
outcomes = st.builds(
    Outcome,
    change=changes,
    status=st.sampled_from(["planned", "applied", "failed", "skipped"]),
    error=st.none() | st.text(max_size=80),
)
credential_changes = st.builds(
    CredentialChange,
    registry=st.text(max_size=10),
    kind=st.sampled_from(sorted(GENERATORS)),
    store=st.just("STORE"),
    action=st.sampled_from(get_args(CredentialAction)),
    reason=st.text(max_size=80),
    id=st.none() | st.text(max_size=40),
    status=st.sampled_from(get_args(CredentialStatus)),
    error=st.none() | st.text(max_size=80),
)


def enlarge(outcome: Outcome, longer: int, added: int) -> Outcome:
    """Lengthen the reason and the list, which Hypothesis would generate slowly."""
    change = outcome.change
    reason = change.reason + "é" * longer
    return replace(
        outcome, change=replace(change, reason=reason, added=(*change.added, *["öcto/app"] * added))
    )


# How often to repeat the outcomes, and how much to lengthen the reason and the list of each.
SIZES = [(1, 0, 0), (1, 300_000, 0), (200, 0, 100), (200, 0, 300), (200, 1500, 0)]


@given(
    st.lists(outcomes, min_size=1, max_size=3),
    st.lists(credential_changes, max_size=3),
    st.sampled_from(SIZES),
)
def test_the_output_is_within_its_limit(
    few: list[Outcome], created: list[CredentialChange], size: tuple[int, int, int]
) -> None:
    """It has as many changes as fit, in order, equal to the whole plan except for lists."""
    times, longer, added = size
    some = [enlarge(outcome, longer, added) for outcome in few] * times

    credentials = tuple(created)
    plan = Plan(tuple(outcome.change for outcome in some), credentials=credentials)
    short = short_plan("apply", plan, some)

    assert len(short.encode()) < MAX_PLAN_BYTES
    document, whole = json.loads(short), json.loads(whole_plan("apply", plan, some))
    assert PLAN_SCHEMA.is_valid(document)
    assert times > 1 or PLAN_SCHEMA.is_valid(whole)  # more of the same take long
    assert document["digest"] == whole["digest"] == plan.digest
    kept = document["changes"]
    own = document.get("credentials", [])
    assert own == whole.get("credentials", [])[: len(own)]
    assert len(whole.get("credentials", [])) == len(credentials)
    left_out = len(some) + len(credentials) - len(kept) - len(own)
    assert document.get("omitted", 0) == left_out
    assert len(whole["changes"]) == len(some)
    for change, of_whole in zip(kept, whole["changes"], strict=False):
        lists = of_whole["repositories"]
        assert change["repositories"] in (lists, {k: len(v) for k, v in lists.items()})
        assert {**change, "repositories": None} == {**of_whole, "repositories": None}
    if "omitted" in document:
        assert document["omitted"] > 0
