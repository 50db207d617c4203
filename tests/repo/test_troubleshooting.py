"""docs/troubleshooting.md has a row for every message, and no row without a message."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from repo.documents import PAGES, prose, quoted, rows
from repo.messages import CODE, MESSAGES, REPORTERS, RETURNED, Collector

ROWS = rows(prose(PAGES["troubleshooting.md"]))
FRAGMENTS = [fragment for row in ROWS for fragment in quoted(row[0])]
# Each way in which the text of a message gets to the place that reports it.
SOURCE = """
from codespaces_registry_secrets.other import ADVICE, describe

HINTS = {"a": "first hint of two", "b": "second hint of two"}

def raises(name: str) -> None:
    raise BlockedError(f"{name} is blocked here; {ADVICE}")

def notes(target, ok: bool) -> None:
    message = "the variable has a text" if ok else describe(target)
    yield Note("warning", message)

def helper(place: str, message: str) -> ConfigError:
    return ConfigError(place, f"{place}: {message}")

helper("spec", "the parameter has a text")

def looks_up(key: str) -> Issue:
    hint = next(text for name, text in HINTS.items() if name == key)
    return Issue("error", f"see the {hint}")

def spec_errors(entry) -> Iterator[PathError]:
    yield ("registries", 0), "the path has a text"

def prints() -> None:
    log("this line tells the progress")
"""
OTHER = """
ADVICE = "run again " "later"

def describe(target) -> str:
    if target:
        return f"the function of {target} has a text"
    return "the function has another text"
"""
FOUND = {
    "… is blocked here; run again later",
    "the variable has a text",
    "the function of … has a text",
    "the function has another text",
    "the parameter has a text",
    "see the first hint of two",
    "see the second hint of two",
    "the path has a text",
}
# Rows for one cause of a message that a more general row has, too.
SPECIAL_CASES = {
    "`GITHUB_TOKEN can never have this permission`",
    "`GITHUB_TOKEN can never manage a user's secrets`",
    "`GitHub redirects to another origin (`",
    "`the token cannot see every selected repository of`",
    "`the credential expired at`",
    "`keeps it as it is`",
    "` of the job`",
    "`needs the whole spec`",
    "`a shard plans only a part`",
    "`GitHub rejects the App's key (401`",
    "`the job has no ID token`",
}


def without_row(messages: frozenset[str], fragments: Sequence[str]) -> list[str]:
    """The messages that contain none of the fragments."""
    return sorted(m for m in messages if not any(fragment in m for fragment in fragments))


def test_every_message_has_a_row() -> None:
    """A search for the message of a log finds its cause and fix."""
    assert without_row(MESSAGES, FRAGMENTS) == []


@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_every_row_is_for_a_message(fragment: str) -> None:
    """A message that was removed or reworded leaves no row behind."""
    assert any(fragment in message for message in MESSAGES)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_row_has_a_message_a_cause_and_a_fix(row: list[str]) -> None:
    message, cause, fix = row
    assert quoted(message)
    assert cause.endswith(".")
    assert fix.endswith(".")


def test_no_fragment_is_listed_twice() -> None:
    assert len(FRAGMENTS) == len(set(FRAGMENTS))


def test_a_deleted_row_is_noticed() -> None:
    """The first test fails without any row, except those for special cases."""
    fragments = {row[0]: quoted(row[0]) for row in ROWS}
    rows_of = [
        [row for row, parts in fragments.items() if any(part in message for part in parts)]
        for message in MESSAGES
    ]
    noticed = {found[0] for found in rows_of if len(found) == 1}
    assert fragments.keys() - noticed == SPECIAL_CASES


def test_a_message_is_followed_to_its_text(tmp_path: Path) -> None:
    """Through variables, constants, functions and parameters, also of other modules."""
    (tmp_path / "module.py").write_text(SOURCE, encoding="utf-8")
    (tmp_path / "other.py").write_text(OTHER, encoding="utf-8")
    assert Collector(tmp_path).messages == FOUND


@pytest.mark.parametrize("name", sorted([*REPORTERS, *RETURNED]))
def test_a_name_that_the_collector_looks_for_is_in_the_code(name: str) -> None:
    """Otherwise a renamed reporter would hide its messages."""
    assert any(name in module.names for module in CODE.modules.values())
