"""The JSON of a journal."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretBytes, SecretStr

from codespaces_registry_secrets.generate.journal import (
    JournalError,
    format_journal,
    parse_journal,
    password_to_mask,
)
from codespaces_registry_secrets.model.journal import (
    CurrentCredential,
    Intent,
    Journal,
    PreviousCredential,
)

texts = st.text(min_size=1, max_size=30)
zones = st.sampled_from([UTC, timezone(timedelta(hours=-7)), timezone(timedelta(hours=5.5))])
times = st.integers(0, 4 * 10**9).flatmap(
    lambda seconds: zones.map(lambda zone: datetime.fromtimestamp(seconds, zone))
)
maybe = st.none() | times
currents = st.builds(CurrentCredential, texts, texts, times, maybe, maybe)
journals = st.builds(
    Journal,
    kind=texts,
    current=st.none() | currents,
    previous=st.lists(st.builds(PreviousCredential, texts, times, maybe, maybe), max_size=3).map(
        tuple
    ),
    intent=st.none() | st.builds(Intent, st.frozensets(texts, max_size=3), times),
)

DOCUMENT = {
    "version": 1,
    "kind": "harbor-robot",
    "id": "7",
    "username": "robot$team+x",
    "password": "Secret-of-robot-7",
    "created": "2026-01-01T03:00:00Z",
    "expires": "2026-04-01T03:00:00Z",
    "stored": None,
    "previous": [{"id": "6", "created": "2025-12-01T03:00:00Z", "stored": None, "disabled": None}],
    "intent": {"ids": ["6"], "at": "2026-01-01T03:00:00Z"},
}


def parse(document: object) -> tuple[Journal, SecretStr | None]:
    """Parse a document."""
    return parse_journal(SecretBytes(json.dumps(document).encode()))


@given(journals, texts)
def test_a_journal_is_read_as_it_was_written(journal: Journal, password: str) -> None:
    """Every field, times in any zone, and a password of any letters."""
    secret = SecretStr(password) if journal.current else None

    assert parse_journal(format_journal(journal, secret)) == (journal, secret)


@given(journals, texts)
def test_a_journal_is_one_line_of_ascii(journal: Journal, password: str) -> None:
    """So that it is one mask, and survives any shell."""
    text = format_journal(journal, SecretStr(password)).get_secret_value()

    assert text.isascii()
    assert b"\n" not in text


def test_the_password_is_not_in_the_journal_of_the_plan() -> None:
    """Only the room that writes it has it."""
    journal, password = parse(DOCUMENT)

    assert password == SecretStr("Secret-of-robot-7")
    assert "Secret-of-robot-7" not in repr((journal, password))
    assert journal.current
    assert journal.current.created == datetime(2026, 1, 1, 3, tzinfo=UTC)


def test_a_journal_before_the_first_credential_has_only_an_intent() -> None:
    """A run can die right after it."""
    document = {"version": 1, "kind": "harbor-robot", "intent": DOCUMENT["intent"]}

    journal, password = parse(document)

    assert (journal.current, journal.previous, password) == (None, (), None)
    assert journal.is_orphan("7")
    assert not journal.is_orphan("6")


INVALID: dict[str, object] = {
    "an unknown key": {**DOCUMENT, "note": 1},
    "an unknown key of an old credential": {**DOCUMENT, "previous": [{"id": "6", "secret": "x"}]},
    "another version": {**DOCUMENT, "version": 2},
    "no version": {k: v for k, v in DOCUMENT.items() if k != "version"},
    "no kind": {k: v for k, v in DOCUMENT.items() if k != "kind"},
    "a time without a zone": {**DOCUMENT, "created": "2026-01-01T03:00:00"},
    "a time that does not exist": {**DOCUMENT, "created": "2026-02-30T03:00:00Z"},
    "a time that is no time": {**DOCUMENT, "stored": "yesterday"},
    "a time before the first one": {**DOCUMENT, "created": "0001-01-01T00:00:00+23:59"},
    "a time after the last one": {**DOCUMENT, "expires": "9999-12-31T23:59:59-23:59"},
    "a time to which no duration can be added": {**DOCUMENT, "stored": "9999-12-31T23:59:59Z"},
    "no password": {**DOCUMENT, "password": None},
    "no user name": {**DOCUMENT, "username": None},
    "no time of creation": {**DOCUMENT, "created": None},
    "an intent without a time": {**DOCUMENT, "intent": {"ids": []}},
    "a number for an id": {**DOCUMENT, "id": 7},
    "a list": [],
    "a text": "Secret-of-robot-7",
    "null": None,
}


@pytest.mark.parametrize("document", INVALID.values(), ids=INVALID)
def test_an_invalid_journal_is_rejected_without_its_text(document: object) -> None:
    """The message does not quote it, because it can hold a password."""
    with pytest.raises(JournalError) as caught:
        parse(document)

    assert str(caught.value) == "its value is not a journal of this Action"
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("raw", [b"{", b"\xff\xfe", b"", b'{"version": 1, "kind": "x"} more'])
def test_what_is_no_json_is_rejected(raw: bytes) -> None:
    with pytest.raises(JournalError):
        parse_journal(SecretBytes(raw))


@pytest.mark.parametrize(
    ("raw", "masked"),
    [
        (json.dumps(DOCUMENT), "Secret-of-robot-7"),
        ('{"version": 1, "kind": "x"}', '{"version": 1, "kind": "x"}'),
        ("no journal", "no journal"),
    ],
)
def test_what_is_masked_of_a_value(raw: str, masked: str) -> None:
    """Its password, or all of it if it is no journal."""
    assert password_to_mask(SecretBytes(raw.encode())).get_secret_value() == masked.encode()
