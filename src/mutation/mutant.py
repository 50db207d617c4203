"""One change of the code, as data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """One change of the code. `before` and `after` are the lines that differ, without indent.

    `file` is the path in the package, `function` the name with that of its class.
    """

    file: str
    function: str
    before: str
    after: str
    line: int
    status: str
    diff: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What identifies the change, also in a file with other line numbers."""
        return self.file, self.function, self.before, self.after
