"""The rooms whose functions are mutated, and the tests that run for each."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = Path("src/codespaces_registry_secrets")


@dataclass(frozen=True)
class Room:
    """Modules that one set of tests covers. Both are paths; those of `modules` are in the package.

    The tests run in one process, because a mutant has no effect in another.
    """

    name: str
    modules: tuple[str, ...]
    tests: tuple[str, ...]

    def files(self, root: Path = ROOT) -> list[Path]:
        """The files of the modules, relative to the root."""
        found = [path for pattern in self.modules for path in (root / PACKAGE).glob(pattern)]
        return sorted(path.relative_to(root) for path in found if path.stem != "__init__")


ROOMS = (
    Room(
        "planning",
        ("planning/*.py",),
        (
            "tests/unit/test_access.py",
            "tests/unit/test_coverage.py",
            "tests/unit/test_credential_changes.py",
            "tests/unit/test_credential_gate.py",
            "tests/unit/test_generation.py",
            "tests/unit/test_lint.py",
            "tests/unit/test_plan_digest.py",
            "tests/unit/test_planner.py",
            "tests/unit/test_retirement.py",
            "tests/unit/test_rotation.py",
            "tests/unit/test_rotation_with_state.py",
            "tests/unit/test_sharding.py",
            "tests/unit/test_unmanaged.py",
            "tests/property/test_identity_laws.py",
            "tests/property/test_planner_laws.py",
            "tests/property/test_sharding.py",
        ),
    ),
    Room("apply", ("apply/*.py",), ("tests/unit/test_executor.py",)),
    Room(
        "sources",
        ("inputs/sources.py", "credentials.py"),
        (
            "tests/unit/test_sources.py",
            "tests/end_to_end/test_generate_attacks.py",
        ),
    ),
    Room(
        "verify",
        ("verify/*.py",),
        (
            "tests/registry",
            "tests/unit/test_credential_checks.py",
            "tests/unit/test_settling.py",
        ),
    ),
    Room(
        "state",
        ("state/*.py",),
        (
            "tests/unit/test_fingerprints.py",
            "tests/unit/test_state_document.py",
            "tests/unit/test_state_recorder.py",
            "tests/unit/test_state_store.py",
            "tests/end_to_end/test_state.py",
        ),
    ),
    Room(
        "generate",
        ("generate/*.py",),
        (
            "tests/issuers",
            "tests/unit/test_generate_journal.py",
            "tests/end_to_end/test_generate_attacks.py",
            "tests/end_to_end/test_generate_failures.py",
        ),
    ),
)

# These tests are too slow to run for each mutant, or send signals to processes.
EXCLUDED_TESTS = (
    "tests/end_to_end/test_state.py::test_a_stopped_run_loses_no_change",
    "tests/end_to_end/test_state.py::test_many_targets_use_several_variables",
    "tests/end_to_end/test_state.py::test_the_app_needs_to_write_variables",
    "tests/unit/test_sharding.py::test_a_matrix_has_at_most_256_jobs",
    "tests/unit/test_state_store.py::test_more_records_than_all_variables_hold_are_an_error",
)


def select(names: Sequence[str]) -> list[Room]:
    """The rooms with these names or with modules of these paths, reduced to those modules.

    A name that is neither raises ValueError.
    """
    chosen = {room.name: set[Path]() for room in ROOMS}
    for name in names:
        matches = {room.name: _matching(room, name) for room in ROOMS}
        if not any(matches.values()):
            raise ValueError(f"{name} is not a room or a module of one")
        for room, files in matches.items():
            chosen[room] |= files
    return [
        Room(room.name, tuple(str(f.relative_to(PACKAGE)) for f in sorted(files)), room.tests)
        for room in ROOMS
        if (files := chosen[room.name])
    ]


def changed_files(base: str) -> list[str]:
    """The modules of rooms that differ from a commit, committed or not."""
    command = ["git", "diff", "--name-only", "--merge-base", base, "--", str(PACKAGE)]
    process = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    files = {str(file) for room in ROOMS for file in room.files()}
    return [name for name in process.stdout.splitlines() if name in files]


def _matching(room: Room, name: str) -> set[Path]:
    """The files of a room that a name selects."""
    if name == room.name:
        return set(room.files())
    return {file for file in room.files() if Path(name) in {file, file.relative_to(PACKAGE)}}
