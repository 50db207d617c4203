"""Escape text from outside for GitHub's Markdown. Pure.

A backslash or an entity does not stop GitHub from linking `@user`, `#1` or a URL: GitHub looks for
them in the rendered text, except in code. So everything that Markdown or GitHub could interpret is
put into a code span. Source: "GitHub Flavored Markdown Spec", github.github.com/gfm.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby

from codespaces_registry_secrets.text.control_characters import one_line

# Words and short numbers with the punctuation of a sentence. Not `1.`, which begins a list, and not
# seven letters from a to f, which GitHub could link as a commit.
_PLAIN = re.compile(
    r"""[("']* (?![a-f]{7}) [^\W\d_]+ ([-'][^\W\d_]+)* ["')]* [.,:;?!]?
      | [0-9]{1,6} [,:;]? | […→]""",
    re.VERBOSE,
)


def code(text: str) -> str:
    """A code span on one line that `text` cannot close; empty if `text` is blank."""
    line = one_line(text)
    if not line:
        return ""
    fence = "`" * (1 + max(map(len, re.findall("`+", line)), default=0))
    pad = " " if "`" in (line[0], line[-1]) else ""  # Markdown removes one blank at each end
    return f"{fence}{pad}{line}{pad}{fence}"


def prose(text: str) -> str:
    """The text on one line, with everything except plain words in code spans.

    Backquotes are removed: in the Action's own messages they only mark code.
    """
    runs = groupby(one_line(text).split(), key=_is_plain)
    parts = ((plain, " ".join(words)) for plain, words in runs)
    rendered = (part if plain else code(part.replace("`", "")) for plain, part in parts)
    return " ".join(filter(None, rendered))


def table_head(columns: Sequence[str]) -> str:
    """The row of a table that names its columns, and the line below it."""
    return f"{row(columns)}\n{'|---' * len(columns)}|"


def row(cells: Iterable[str]) -> str:
    """A row of a table. The cells are Markdown; each `|` in them is escaped, also within code."""
    escaped = (cell.replace("|", r"\|") for cell in cells)
    return f"| {' | '.join(escaped)} |"


def _is_plain(word: str) -> bool:
    return _PLAIN.fullmatch(word) is not None
