"""The three secrets that Codespaces takes for one registry login.

Source of the names: "Allowing your codespace to access a private registry", docs.github.com.
"""

from __future__ import annotations

import re
from enum import StrEnum


class Part(StrEnum):
    """A member of the triplet, in the order of writing.

    SERVER comes last: Codespaces looks for nothing where there is no server, so a triplet that is
    being made is never seen half.
    """

    PASSWORD = "PASSWORD"  # noqa: S105 - the name of a secret, not one
    USER = "USER"
    SERVER = "SERVER"


_NAME = re.compile(rf"(?P<registry>.+)_CONTAINER_REGISTRY_({'|'.join(Part)})")


def registry_of(name: str) -> str | None:
    """The id whose triplet a secret belongs to; None for a secret that is no member of one."""
    match = _NAME.fullmatch(name)
    return match["registry"] if match else None


def secret_name(registry: str, part: Part) -> str:
    """The name of a member: `ACR_CONTAINER_REGISTRY_SERVER` for `ACR` and SERVER."""
    return f"{registry}_CONTAINER_REGISTRY_{part}"
