"""The table of assumptions in docs/decisions.md has the checks of `script/test --live`."""

from __future__ import annotations

import re

import pytest

from live.run import CHECKS
from repo.documents import PAGES, quoted, rows, section

ROWS = rows(section(PAGES["decisions.md"], "## Assumptions about GitHub"))
BY_CHECK = {row[0].strip("`"): row for row in ROWS if row[0].startswith("`")}
WITHOUT_CHECK = [row for row in ROWS if not row[0].startswith("`")]
STATE = re.compile(r"open|settled by documentation|settled 20\d\d-\d\d-\d\d: .+")


def test_every_check_has_a_row_and_every_row_its_check() -> None:
    """A row whose check does not exist could never be settled."""
    assert sorted(BY_CHECK) == sorted(CHECKS)


@pytest.mark.parametrize("name", CHECKS)
def test_a_row_has_the_assumption_of_its_check(name: str) -> None:
    """Word for word, so that a printed row can be compared with it."""
    assert BY_CHECK[name][1] == CHECKS[name].assumption


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[1])
def test_a_row_is_complete(row: list[str]) -> None:
    """It names a module, has a source and a consequence, and is open or settled."""
    _, assumption, relied_on_by, source, if_wrong, state = row
    assert all([assumption, source, if_wrong])
    assert quoted(relied_on_by)[0].endswith(".py")
    assert STATE.fullmatch(state)


def test_a_row_without_a_check_says_why() -> None:
    """It stays open until somebody finds another way to settle it."""
    for check, *_, state in WITHOUT_CHECK:
        assert check.startswith("none: ")
        assert state == "open"


def test_what_the_sandbox_cannot_prove_is_a_check() -> None:
    """The questions that the checks are for."""
    assert {
        "renamed_repository_redirects",
        "list_change_and_updated_at",
        "creating_secrets_in_a_minute",
        "empty_list",
        "secrets_of_an_organization",
        "team_without_read_org",
    } <= CHECKS.keys()
