"""The laws of the state in the planner, and of its text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codespaces_registry_secrets.errors import Location
from codespaces_registry_secrets.model.desired import Credential, Desired
from codespaces_registry_secrets.model.fields import RotationPolicy, Source
from codespaces_registry_secrets.model.observed import Observed, ObservedSecret, ObservedTarget
from codespaces_registry_secrets.model.plan import Change
from codespaces_registry_secrets.model.state import (
    AFTER_WRITE,
    BEFORE_WRITE,
    UNKNOWN_VALUE,
    MemberRecord,
    State,
)
from codespaces_registry_secrets.model.targets import Organization, Repository, User
from codespaces_registry_secrets.model.triplet import Part, secret_name
from codespaces_registry_secrets.planning.planner import compute_plan
from codespaces_registry_secrets.state.document import (
    LATEST,
    DamagedValueError,
    Document,
    ForeignValueError,
    format_documents,
    merge_documents,
    parse_document,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
# Two writes within this time cannot be told apart.
APART = AFTER_WRITE + BEFORE_WRITE + timedelta(seconds=1)
TARGET = Repository("octo-org/app")
KEY = (TARGET, "ACR")
CREDENTIAL = Credential("ACR", "ghcr.io", "me", Source(env="ACR_PASSWORD"))
DESIRED = Desired(
    target=TARGET,
    registry="ACR",
    credential=CREDENTIAL,
    rotate=RotationPolicy(),
    visibility=None,
    selection=None,
    where=Location(),
)
# A value stands for its fingerprint: values are equal if their fingerprints are.
WANTED = b"wanted"
values = st.sampled_from([WANTED, b"other", b"third"])


@st.composite
def members(draw: st.DrawFn) -> tuple[ObservedSecret | None, bytes, MemberRecord | None]:
    """A stored secret, its real value, and a record of any earlier write, of none, or of another.

    The writes of a secret are some time apart. Some of them are the Action's, and recorded.
    """
    writes = draw(st.lists(st.tuples(values, st.booleans()), max_size=4))
    if not writes:
        return None, b"", draw(foreign_records())
    times = [START + number * APART for number in range(len(writes))]
    lag = timedelta(seconds=draw(st.integers(-1, 10)))
    recorded = [
        MemberRecord(value, time)
        for (value, by_action), time in zip(writes, times, strict=True)
        if by_action
    ]
    value, by_action = writes[-1]
    updated_at = times[-1] + (lag if by_action else timedelta(0))
    record = draw(st.sampled_from([*recorded, None])) if recorded else None
    return ObservedSecret("", updated_at), value, record


def foreign_records() -> st.SearchStrategy[MemberRecord | None]:
    """A record that was written for something else."""
    seconds = st.integers(0, 10**9)
    record = st.builds(
        lambda number: MemberRecord(b"other", START - timedelta(seconds=number)), seconds
    )
    return st.none() | record


def planned(
    stored: dict[Part, ObservedSecret], records: dict[Part, MemberRecord], state: bool = True
) -> Change:
    """The change of a triplet with these secrets and records."""
    secrets = {secret_name("ACR", part): secret for part, secret in stored.items()}
    fingerprints = {CREDENTIAL: dict.fromkeys(Part, WANTED)}
    observed = Observed(
        {TARGET: ObservedTarget(secrets, START + timedelta(days=1))},
        {},
        {},
        {},
        state=State("CRS_STATE", {KEY: records}, fingerprints) if state else None,
    )
    (change,) = compute_plan([DESIRED], observed, 0.3).changes
    return change


@given(st.lists(members(), min_size=3, max_size=3))
def test_a_record_never_misses_a_write(
    drawn: list[tuple[ObservedSecret | None, bytes, MemberRecord | None]],
) -> None:
    """Each member that does not hold the wanted value is written, whatever the records are."""
    parts = dict(zip(Part, drawn, strict=True))
    stored = {part: secret for part, (secret, _, _) in parts.items() if secret}
    records = {part: record for part, (_, _, record) in parts.items() if record}

    change = planned(stored, records)

    written = {step.part for step in change.steps if step.value}
    wrong = {part for part, (_, value, _) in parts.items() if value != WANTED}
    assert wrong <= written


@given(st.sets(st.sampled_from(list(Part))), st.integers(-1, 10))
def test_what_is_recorded_and_unchanged_is_not_written(wrong: set[Part], lag: int) -> None:
    """Only the members that differ are written."""
    updated_at = START + timedelta(seconds=lag)
    stored = {part: ObservedSecret("", updated_at) for part in Part}
    records = {part: MemberRecord(b"other" if part in wrong else WANTED, START) for part in Part}

    change = planned(stored, records)

    assert {step.part for step in change.steps} == wrong
    assert change.drift == bool(wrong)


@given(st.sets(st.sampled_from(list(Part)), min_size=1), st.integers(1, 10**6))
def test_a_change_by_hand_is_drift(changed: set[Part], seconds: int) -> None:
    """It is written again even if the value might be equal."""
    later = START + AFTER_WRITE + timedelta(seconds=seconds)
    stored = {part: ObservedSecret("", later if part in changed else START) for part in Part}
    records = {part: MemberRecord(WANTED, START) for part in Part}

    change = planned(stored, records)

    assert {step.part for step in change.steps} == changed
    assert change.drift
    assert "changed outside of this Action at" in change.reason


@given(values, values, st.integers(-30, 30))
def test_two_runs_agree_on_the_later_record(value: bytes, other_value: bytes, apart: int) -> None:
    """It is unknown which of two values is stored if they were written within some seconds."""
    record = MemberRecord(value, START)
    other = MemberRecord(other_value, START + timedelta(seconds=apart))

    latest = record.latest(other, START + timedelta(days=1))

    assert latest == other.latest(record, START + timedelta(days=1))
    assert latest.written_at == max(record.written_at, other.written_at)
    assert (latest.fingerprint == UNKNOWN_VALUE) == (value != other_value and abs(apart) <= 11)


targets = st.builds(
    lambda kind, name: kind(f"octo-org/{name}" if kind is Repository else name),
    st.sampled_from([Organization, Repository, User]),
    st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True),
)


@pytest.mark.parametrize("seconds", [0, LATEST])
def test_a_record_of_any_time_can_be_compared(seconds: int) -> None:
    """The end of the range of `datetime` too: the variable can hold any time."""
    stored = {part: ObservedSecret("", START - timedelta(days=1)) for part in Part}
    record = MemberRecord(WANTED, datetime.fromtimestamp(seconds, UTC))

    change = planned(stored, dict.fromkeys(Part, record))

    assert change.action == "rotate"


times = st.integers(0, 4 * 10**9).map(lambda number: datetime.fromtimestamp(number, UTC))
records = st.builds(MemberRecord, st.binary(min_size=16, max_size=16), times)
registries = st.sampled_from(["ACR", "GHCR", "_X1"])


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Any records."""
    keys = st.tuples(targets, registries)
    parts = st.dictionaries(st.sampled_from(list(Part)), records, min_size=1)
    drawn = draw(st.dictionaries(keys, parts, max_size=8))
    salts = {
        registry: draw(st.binary(min_size=16, max_size=16))
        for registry in sorted({registry for _, registry in drawn})
    }
    return Document(salts, drawn, draw(st.integers(1, 5)))


@given(documents())
def test_any_document_can_be_read_back(document: Document) -> None:
    """From all of its variables, in any order."""
    texts = format_documents(document)

    merged = merge_documents(map(parse_document, texts))
    assert merged == document
    assert merge_documents(map(parse_document, reversed(texts))) == document
    assert format_documents(merged) == texts


@given(documents(), documents())
def test_merged_documents_have_the_later_records(first: Document, second: Document) -> None:
    """For each triplet, of the registries whose salt is the same."""
    second = Document(
        {name: first.salts.get(name, salt) for name, salt in second.salts.items()}, second.records
    )
    merged = merge_documents([first, second]).records

    assert merged.keys() == first.records.keys() | second.records.keys()
    for key, members in merged.items():
        for part, record in members.items():
            candidates = [
                document.records[key][part]
                for document in (first, second)
                if part in document.records.get(key, {})
            ]
            assert record in candidates
            assert record.written_at == max(r.written_at for r in candidates)


@given(documents(), st.data())
def test_a_damaged_text_raises_no_other_error(document: Document, data: st.DataObject) -> None:
    """A character is replaced, or the text is cut."""
    text = format_documents(document)[0]
    position = data.draw(st.integers(0, len(text) - 1))
    replacement = data.draw(st.text(max_size=3))
    for damaged in (text[:position], text[:position] + replacement + text[position + 1 :]):
        try:
            parse_document(damaged)
        except (DamagedValueError, ForeignValueError):
            continue
