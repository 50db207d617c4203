"""Split a Dockerfile into its stages, with what each refers to. Pure.

Source: `frontend/dockerfile/parser` and `frontend/dockerfile/instructions` of moby/buildkit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_DIRECTIVE = re.compile(r"#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(\S.*)")
_DIRECTIVES = ("syntax", "escape", "check")
_SPACE = re.compile(r"\s+")
# Quoted text, an escaped character, a heredoc, or anything else. The quantifiers are possessive, so
# that the time is linear.
_HEREDOC = re.compile(
    r"""'[^']*+'|"(?:[^"\\]|\\.)*+"|\\."""
    r"""|(?:^|(?<=\s))\d*+<<(?P<dash>-?)[ \t]*+(?P<word>'[^']++'|"[^"]++"|[^\s<'"]++)(?=\s|$)"""
    r"""|[^'"\\<\s]++|\s++|.""",
    re.DOTALL,
)
_HEREDOC_INSTRUCTIONS = ("run", "copy", "add", "onbuild")


@dataclass
class Stage:
    """A stage: its lower-case name, the text of its base, and what else it refers to.

    `sources` are the names in `COPY --from` and `RUN --mount=from`: a stage, a number or an image.
    `triggers` are those after ONBUILD: they count for a stage that has this one as its base.
    """

    base: str
    name: str = ""
    sources: list[str] = field(default_factory=list)
    triggers: list[str] = field(default_factory=list)


@dataclass
class Dockerfile:
    """A Dockerfile: its syntax image, its escape character, the ARGs before FROM, and its stages.

    An ARG has the text of its default; None without one.
    """

    syntax: str | None = None
    escape: str = "\\"
    args: list[tuple[str, str | None]] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)
    unterminated_heredoc: bool = False


def parse_dockerfile(text: str) -> Dockerfile:
    """Parse a Dockerfile. Instructions that refer to no image are skipped, without validation."""
    dockerfile = Dockerfile()
    lines = iter(_directives(text.removeprefix("\ufeff").split("\n"), dockerfile))
    for instruction in _instructions(lines, dockerfile.escape):
        keyword, rest = _split(instruction)
        if keyword in _HEREDOC_INSTRUCTIONS and "<<" in rest:
            _skip_heredocs(rest, lines, dockerfile)
        _add(keyword, rest, dockerfile)
    return dockerfile


def _directives(lines: list[str], dockerfile: Dockerfile) -> list[str]:
    """Read the parser directives at the top, and return the lines after them."""
    if lines[0].startswith("#!"):
        lines = lines[1:]
    for position, line in enumerate(lines):
        match = _DIRECTIVE.match(line.strip())
        name = match[1].lower() if match else ""
        if match is None or name not in _DIRECTIVES:
            return lines[position:]
        if name == "syntax":
            dockerfile.syntax = match[2].split()[0]
        if name == "escape" and match[2] == "`":
            dockerfile.escape = "`"
    return []


def _instructions(lines: Iterator[str], escape: str) -> Iterator[str]:
    """Join continued lines, and skip comments and empty lines."""
    parts: list[str] = []
    for line in lines:
        content = line.rstrip("\r") if parts else line.strip()
        if content.lstrip().startswith("#") or not content.strip():
            continue
        end = content.rstrip(" \t")
        if end.endswith(escape) and not end.endswith(escape * 2):
            parts.append(end[:-1])
            continue
        parts.append(content)
        yield "".join(parts)
        parts = []
    if parts:
        yield "".join(parts)


def _split(instruction: str) -> tuple[str, str]:
    """The keyword in lower case, and what follows it."""
    keyword, _, rest = instruction.strip().replace("\t", " ").partition(" ")
    return keyword.lower(), rest.strip()


def _skip_heredocs(rest: str, lines: Iterator[str], dockerfile: Dockerfile) -> None:
    """Skip the lines of the heredocs that an instruction starts."""
    for match in _HEREDOC.finditer(rest):
        if match["word"] is None:
            continue
        end = match["word"].strip("'\"")
        for line in lines:
            content = line.rstrip("\r")
            if (content.lstrip("\t") if match["dash"] else content) == end:
                break
        else:
            dockerfile.unterminated_heredoc = True


def _add(keyword: str, rest: str, dockerfile: Dockerfile) -> None:
    """Add what an instruction refers to."""
    escape = dockerfile.escape
    if keyword == "from":
        dockerfile.stages.append(_stage(rest, escape))
    elif keyword == "arg" and not dockerfile.stages:
        for word in split_words(rest, escape):
            name, separator, value = word.partition("=")
            dockerfile.args.append((name, value if separator else None))
    elif dockerfile.stages:
        stage = dockerfile.stages[-1]
        if keyword == "onbuild":
            stage.triggers += _sources(*_split(rest), escape)
        else:
            stage.sources += _sources(keyword, rest, escape)


def _stage(rest: str, escape: str) -> Stage:
    _, arguments = _split_flags(rest, escape)
    base, *name = arguments.split()[:3] or [""]
    has_name = len(name) == 2 and name[0].lower() == "as"  # noqa: PLR2004
    return Stage(base, name[1].lower() if has_name else "")


def _sources(keyword: str, rest: str, escape: str) -> Iterator[str]:
    """The names in `COPY --from` and `RUN --mount=from`."""
    if keyword not in ("copy", "run"):
        return
    flags, _ = _split_flags(rest, escape)
    for flag in flags:
        name, _, value = flag.partition("=")
        if keyword == "copy" and name == "--from":
            yield value
        elif keyword == "run" and name == "--mount":
            yield from (
                source
                for key, _, source in (item.strip().partition("=") for item in value.split(","))
                if key.lower() == "from"
            )


def _split_flags(rest: str, escape: str) -> tuple[list[str], str]:
    """The flags at the start, without quotes, and what follows them."""
    flags = []
    word = _word(escape)
    position = 0
    while rest.startswith("--", position) and (match := word.match(rest, position)):
        flags.append(re.sub(r"""['"]""", "", match[0]))
        position = _end_of_space(rest, match.end())
    return flags, rest[position:]


def _end_of_space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position


def split_words(text: str, escape: str) -> list[str]:
    """Split at whitespace outside of quotes; the quotes stay."""
    return [match[0] for match in _word(escape).finditer(text)]


def _word(escape: str) -> re.Pattern[str]:
    """A word: quoted text, escaped characters, and other characters. A lone quote is one, too."""
    e = re.escape(escape)
    return re.compile(
        rf"""(?:[^\s'"{e}]++|{e}.|'[^']*+'|"(?:[^"{e}]|{e}.)*+"|['"{e}])++""", re.DOTALL
    )
