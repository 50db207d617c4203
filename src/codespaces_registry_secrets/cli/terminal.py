"""Print text for people to standard output and standard error.

Rich decides about colours: only on a terminal, and none if `NO_COLOR` is set.
"""

from __future__ import annotations

import json
import os
import select
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

from codespaces_registry_secrets.text.control_characters import replace_control_characters

Line = tuple[str, str]  # text and style

_POLL_SECONDS = 0.2


class _Stream(Console):
    """A standard stream that can fail without stopping the command.

    Its reader can go away, as `head` does, and a disk can be full. `failure` is the reason why text
    was lost that a reader still expects; None if nothing was lost, or nobody reads it.
    """

    failure: str | None = None

    def on_broken_pipe(self) -> None:
        """Discard this and all later output."""
        self.quiet = True
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, self.file.fileno())
        os.close(null)

    @contextmanager
    def tolerant(self) -> Iterator[None]:
        """Within this context, text that cannot be written is discarded, with all later text."""
        try:
            yield
        except BrokenPipeError:
            self.on_broken_pipe()
        except OSError as error:
            self.failure = error.strerror
            self.on_broken_pipe()


class Terminal:
    """Standard output for results, standard error for everything else.

    Text from outside can hold control characters, which a terminal would act on. They are replaced.
    """

    def __init__(self) -> None:
        self.out = _Stream(file=sys.stdout, highlight=False, markup=False, emoji=False)
        self.err = _Stream(file=sys.stderr, highlight=False, markup=False, emoji=False)

    @property
    def is_interactive(self) -> bool:
        """Whether a person can be asked a question, and sees it."""
        return self.err.is_terminal and sys.stdin is not None and sys.stdin.isatty()

    def result(self, text: str, style: str = "") -> None:
        """Print lines to standard output."""
        _print(self.out, text, style)

    def report(self, lines: Iterable[Line], document: object | None) -> None:
        """Print lines with their styles, or the document as JSON if there is one."""
        if document is not None:
            self.raw_result(f"{json.dumps(document, indent=2)}\n")
            return
        for text, style in lines:
            self.result(text, style)

    def raw_result(self, text: str) -> None:
        """Write text that programs read, such as JSON, to standard output."""
        if self.out.quiet:
            return
        with self.out.tolerant():
            self.out.file.write(text)
            self.out.file.flush()

    def ask(self, question: str) -> bool:
        """Ask a question that is answered with yes or no; the end of input is no."""
        self.err.print(Text(question), end="", soft_wrap=True)
        # A signal that arrives just before a blocking read would only be handled after the answer.
        while not select.select([sys.stdin], [], [], _POLL_SECONDS)[0]:
            pass
        return sys.stdin.readline().strip().lower() in {"y", "yes"}

    def message(self, text: str, style: str = "") -> None:
        """Print lines to standard error."""
        _print(self.err, text, style)


def _print(stream: _Stream, text: str, style: str) -> None:
    """Print text as it is: neither wrapped nor cut, so that it can be copied and searched."""
    with stream.tolerant():
        stream.print(Text(replace_control_characters(text), style=style), soft_wrap=True)
