"""Which servers and owners the workflow allows a spec to name. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True)
class Allowlist:
    """The inputs `allowed-servers` and `allowed-owners`: globs in lower case.

    `servers` are the registry servers that a credential can be sent to. `owners` are the owners of
    targets and of listed repositories. An empty tuple allows everything.
    """

    servers: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()


def is_allowed(patterns: Sequence[str], name: str) -> bool:
    """Whether one of the patterns matches `name`, in any letter case, or there are no patterns."""
    return not patterns or any(matches_glob(pattern, name.lower()) for pattern in patterns)


def not_allowed_message(name: str, input_name: str, patterns: Sequence[str]) -> str:
    """The error for a server or an owner that the input `input_name` does not allow."""
    return (
        f"{name} is not allowed by the workflow's input `{input_name}` ({', '.join(patterns)}); "
        "correct the spec, or the input"
    )


def matches_glob(pattern: str, name: str) -> bool:
    """Whether a glob matches. `*` alone matches everything; in a longer glob it stops at `/`."""
    if pattern == "*":
        return True
    patterns, parts = pattern.split("/"), name.split("/")
    return len(patterns) == len(parts) and all(map(fnmatchcase, parts, patterns))
