"""What the workflow allows a spec to reach, whatever the spec says. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True)
class Allowlist:
    """Globs in lower case. Everything is allowed where there are none.

    `servers` are those that a credential may be sent to, `owners` those of targets and of the
    repositories on a list.
    """

    servers: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()


def is_allowed(patterns: Sequence[str], name: str) -> bool:
    """Whether there are no patterns, or one of them matches `name`, in any letter case."""
    return not patterns or any(matches_glob(pattern, name.lower()) for pattern in patterns)


def not_allowed_message(name: str, given: str, patterns: Sequence[str]) -> str:
    """What to say of a server or an owner that the input `given` does not allow."""
    return (
        f"the input `{given}` of the workflow does not allow {name}, only {', '.join(patterns)}; "
        "correct the spec, or the input"
    )


def matches_glob(pattern: str, name: str) -> bool:
    """Whether a glob matches; `*` alone is all, beside other characters it stands for no slash."""
    if pattern == "*":
        return True
    patterns, parts = pattern.split("/"), name.split("/")
    return len(patterns) == len(parts) and all(map(fnmatchcase, parts, patterns))
