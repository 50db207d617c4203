"""The mutants that no test can notice, each with its reason: tests/mutants.toml."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mutation.mutant import Mutant
from mutation.rooms import ROOT

FILE = ROOT / "tests" / "mutants.toml"


@dataclass(frozen=True)
class Explained:
    """A mutant by what it changes, so that it is found again in a file with other line numbers.

    `times` says how often the function has the same change.
    """

    file: str
    function: str
    before: str
    after: str
    reason: str
    times: int = 1

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What identifies the change."""
        return self.file, self.function, self.before, self.after


def read_explained(path: Path = FILE) -> list[Explained]:
    """The entries of the file, in its order."""
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get("mutant", [])
    return [Explained(**entry) for entry in entries]


def compare(
    survivors: Iterable[Mutant], explained: Sequence[Explained], files: Iterable[str]
) -> tuple[list[Mutant], list[Explained]]:
    """The survivors without an explanation, and the explanations of these files without one."""
    remaining = Counter({entry.key: entry.times for entry in explained})
    unexplained = []
    for mutant in survivors:
        if remaining[mutant.key] > 0:
            remaining[mutant.key] -= 1
        else:
            unexplained.append(mutant)
    ran = set(files)
    outdated = [entry for entry in explained if entry.file in ran and remaining[entry.key] > 0]
    return unexplained, outdated
