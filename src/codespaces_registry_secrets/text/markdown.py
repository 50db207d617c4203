"""Text from outside in GitHub's Markdown: it is shown, and it never means anything. Pure.

A backslash or an entity does not stop GitHub from linking `@user`, `#1` or an address: it looks for
them in the rendered text, wherever that is not code. So what could mean something is a code span.
Source: "GitHub Flavored Markdown Spec", github.github.com/gfm.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby

from codespaces_registry_secrets.text.control_characters import one_line

# Words and small numbers with a sentence's punctuation. But `1.` would begin a list, and seven
# letters of a to f could be a commit.
_PLAIN = re.compile(
    r"""[("']* (?![a-f]{7}) [^\W\d_]+ ([-'][^\W\d_]+)* ["')]* [.,:;?!]?
      | [0-9]{1,6} [,:;]? | […→]""",
    re.VERBOSE,
)


def code(text: str) -> str:
    """A code span that `text` cannot leave, on one line; empty where `text` is."""
    line = one_line(text)
    if not line:
        return ""
    fence = "`" * (1 + max(map(len, re.findall("`+", line)), default=0))
    pad = " " if "`" in (line[0], line[-1]) else ""  # Markdown removes one blank at each end
    return f"{fence}{pad}{line}{pad}{fence}"


def prose(text: str) -> str:
    """Words stay words, on one line; everything else is in code spans.

    Backquotes are left out: in a message they only mark what is code.
    """
    runs = groupby(one_line(text).split(), key=_is_plain)
    parts = ((plain, " ".join(words)) for plain, words in runs)
    shown = (part if plain else code(part.replace("`", "")) for plain, part in parts)
    return " ".join(filter(None, shown))


def table_head(columns: Sequence[str]) -> str:
    """The row of a table that names its columns, and the line below it."""
    return f"{row(columns)}\n{'|---' * len(columns)}|"


def row(cells: Iterable[str]) -> str:
    """A row of a table. A cell is Markdown, and no `|` within it ends it, not even one in code."""
    escaped = (cell.replace("|", r"\|") for cell in cells)
    return f"| {' | '.join(escaped)} |"


def _is_plain(word: str) -> bool:
    return _PLAIN.fullmatch(word) is not None
