"""Run mutmut in the current folder, with our rule for texts."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import libcst
from mutmut.__main__ import cli
from mutmut.mutation import file_mutation
from mutmut.mutation.mutators import mutation_operators
from mutmut.type_checking import TypeCheckingError, run_type_checker


def change_text(node: libcst.BaseString) -> Iterator[libcst.BaseString]:
    """Change a text without spaces, such as a key or a status.

    A text with spaces is the wording of a message, which tests/repo compares with the
    documentation. mutmut also changes the case of a text, which adds little to this.
    """
    if isinstance(node, libcst.SimpleString) and " " not in node.raw_value:
        quote = node.quote
        yield node.with_changes(value=f"{node.prefix}{quote}XX{node.raw_value}XX{quote}")


def check_types(command: list[str]) -> list[TypeCheckingError]:
    """The type errors in mutants; mutmut ends if there is another one.

    Its decorators make some methods differ from those of their protocol.
    """
    return [error for error in run_type_checker(command) if _is_in_mutant(error)]


def _is_in_mutant(error: TypeCheckingError) -> bool:
    index = Path(f"{error.file_path}.spans")  # that mutmut writes next to a mutated file
    spans = json.loads(index.read_text(encoding="utf-8"))["spans"] if index.exists() else {}
    return any(
        first <= error.line_number <= last
        for name, (first, last) in spans.items()
        if not name.endswith("__mutmut_orig")
    )


def main() -> None:
    """Pass the arguments to mutmut."""
    others = [pair for pair in mutation_operators if pair[0] is not libcst.BaseString]
    vars(file_mutation).update(
        mutation_operators=[*others, (libcst.BaseString, change_text)],
        run_type_checker=check_types,
    )
    cli(["run", *sys.argv[1:]])


if __name__ == "__main__":
    main()
