"""Mutation tests: rooms, their tests, the workflow and the explained mutants agree with the tree."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from mutation.explained import Explained, compare, read_explained
from mutation.mutant import Mutant
from mutation.rooms import EXCLUDED_TESTS, PACKAGE, ROOMS, Room, select
from repo.documents import PAGES, ROOT, rows, section

WORKFLOW: dict[str, Any] = yaml.safe_load(
    (ROOT / ".github" / "workflows" / "mutation.yml").read_text(encoding="utf-8")
)
EXPLAINED = read_explained()
MUTANT = Mutant("state/store.py", "f", "a < b", "a <= b", line=7, status="survived", diff="")
ENTRY = Explained(MUTANT.file, MUTANT.function, MUTANT.before, MUTANT.after, "a is never b")


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_a_room_has_modules_and_tests(room: Room) -> None:
    """Each pattern has files, and each path of tests exists."""
    assert all(list((ROOT / PACKAGE).glob(pattern)) for pattern in room.modules)
    assert [test for test in room.tests if not (ROOT / test).exists()] == []


@pytest.mark.parametrize("test", EXCLUDED_TESTS)
def test_a_test_that_is_left_out_exists(test: str) -> None:
    """Otherwise the exclusion means nothing."""
    path, _, name = test.partition("::")
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_the_workflow_runs_every_room() -> None:
    """In a job of its own."""
    rooms = [room.name for room in ROOMS]
    assert WORKFLOW["jobs"]["mutate"]["strategy"]["matrix"]["room"] == rooms


def test_the_figures_name_every_room() -> None:
    """In docs/testing.md."""
    table = rows(section(PAGES["testing.md"], "### Results by room"))
    assert [row[0].strip("`") for row in table] == [room.name for room in ROOMS]


def test_rooms_and_modules_are_selected_by_name() -> None:
    """A module as a path in the repository or in the package."""
    state = next(room for room in ROOMS if room.name == "state")
    assert select(["state"])[0].files() == state.files()
    for name in ("state/store.py", str(PACKAGE / "state" / "store.py")):
        (room,) = select([name])
        assert (room.name, room.tests) == ("state", state.tests)
        assert room.files() == [PACKAGE / "state" / "store.py"]
    assert [room.name for room in select(["state/store.py", "apply"])] == ["apply", "state"]
    with pytest.raises(ValueError, match="report is not a room or a module of one"):
        select(["report"])


@pytest.mark.parametrize("entry", EXPLAINED, ids=lambda entry: entry.function)
def test_an_explained_mutant_is_of_a_room_and_has_a_reason(entry: Explained) -> None:
    """And changes something that the module has."""
    modules = {file for room in ROOMS for file in room.files()}
    path = PACKAGE / Path(entry.file)
    assert path in modules
    text = (ROOT / path).read_text(encoding="utf-8")
    assert f"def {entry.function.rpartition('.')[2]}(" in text
    assert entry.before.split(" ")[0] in text
    assert entry.before != entry.after
    assert entry.reason.endswith(".")


def test_a_survivor_needs_an_explanation() -> None:
    """On any line: the file can have changed."""
    moved = replace(MUTANT, line=8)
    other = replace(MUTANT, after="a > b")
    assert compare([moved, other], [ENTRY], [MUTANT.file]) == ([other], [])


def test_an_explanation_counts_as_often_as_it_says() -> None:
    """A function can have the same change twice."""
    twice = replace(ENTRY, times=2)
    assert compare([MUTANT, MUTANT], [ENTRY], [MUTANT.file]) == ([MUTANT], [])
    assert compare([MUTANT, MUTANT], [twice], [MUTANT.file]) == ([], [])
    assert compare([MUTANT], [twice], [MUTANT.file]) == ([], [twice])


def test_an_explanation_without_a_survivor_is_outdated() -> None:
    """If the module was mutated."""
    assert compare([], [ENTRY], [MUTANT.file]) == ([], [ENTRY])
    assert compare([], [ENTRY], ["state/document.py"]) == ([], [])
