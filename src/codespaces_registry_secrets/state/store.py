"""Read and write the state in Actions variables that other runs write too.

GitHub has no compare-and-swap for variables. So an update reads, merges, writes and reads again,
and repeats that if another run has written in between.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from codespaces_registry_secrets.errors import RegistrySecretsError
from codespaces_registry_secrets.github.rate_limiter import READS_AT_ONCE
from codespaces_registry_secrets.github.variables import Variables
from codespaces_registry_secrets.runtime.concurrency import run_concurrently
from codespaces_registry_secrets.state.document import (
    HEADER,
    MAX_VARIABLES,
    DamagedValueError,
    Document,
    ForeignValueError,
    TooLargeError,
    format_documents,
    merge_documents,
    parse_document,
)

# The seconds to wait before each read of an update. GitHub can return an old value for a moment.
PAUSES = (0, 0, 1, 2)


class StateError(RegistrySecretsError):
    """The state cannot be used or updated. The message says why."""


class StateStore:
    """The state in the variable `name`, and in `name`_2 and so on if it is large.

    `damaged` are the variables that the last `read` could not read, and that are replaced.
    """

    def __init__(self, variables: Variables, name: str) -> None:
        self.name = name
        self.damaged: tuple[str, ...] = ()
        self._variables = variables
        self._texts: dict[str, str] = {}  # the values that were read last, by the variable's name

    def read(self) -> Document:
        """Read all variables; one that does not exist or is damaged counts as empty.

        Raises:
            GitHubError: a variable cannot be read.
            StateError: a variable belongs to something else.
        """
        self._texts, self.damaged = {}, ()
        first = self._parse(self.name, self._variables.read(self.name))
        names = list(self._names(first.variables))[1:]
        texts = run_concurrently(self._variables.read, names, READS_AT_ONCE)
        return merge_documents([first, *map(self._parse, names, texts)])

    def update(self, change: Callable[[Document], Document]) -> None:
        """Apply `change` to the records, unless it changes nothing.

        Raises:
            GitHubError: a variable cannot be read or written.
            StateError: there are too many records, a variable belongs to something else, or other
                runs write all the time.
        """
        changed: Document | None = None
        for pause in PAUSES:
            if changed is not None:
                self._write(changed)
            time.sleep(pause)
            document = self.read()
            changed = change(document)
            if changed == document:
                return
        raise StateError("other runs replaced what this run wrote, three times in a row")

    def _names(self, count: int) -> Iterator[str]:
        yield self.name
        yield from (f"{self.name}_{number}" for number in range(2, count + 1))

    def _parse(self, name: str, text: str | None) -> Document:
        if text is None:
            return Document()
        self._texts[name] = text
        try:
            return parse_document(text)
        except DamagedValueError:
            self.damaged = (*self.damaged, name)
        except ForeignValueError:
            raise StateError(
                f"the Actions variable {name} does not start with the line `{HEADER}`, so it "
                "belongs to something else; set `state` to another name"
            ) from None
        return Document()

    def _write(self, document: Document) -> None:
        """Write the variables whose values differ, the first one last: it has their number."""
        try:
            texts = format_documents(document)
        except TooLargeError:
            raise StateError(
                f"the records do not fit into {MAX_VARIABLES} Actions variables; use one state for "
                "each of several specs"
            ) from None
        for name, text in reversed(list(zip(self._names(len(texts)), texts, strict=True))):
            if self._texts.get(name) != text:
                self._write_variable(name, text)

    def _write_variable(self, name: str, text: str) -> None:
        """Write one variable, and never one that belongs to something else.

        If another run has created the first variable since `read`, it stays as it is: `update`
        reads it and merges both.
        """
        if name not in self._texts:
            if self._variables.create(name, text) or name == self.name:
                return
            self._parse(name, self._variables.read(name))
        self._variables.update(name, text)
