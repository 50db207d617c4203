"""The triplet: the three secrets that Codespaces reads as one registry login.

Source of the names: "Allowing your codespace to access a private registry", docs.github.com.
"""

from __future__ import annotations

import re
from enum import StrEnum


class Part(StrEnum):
    """A member of the triplet. The members are written in this order.

    SERVER is last: Codespaces ignores a triplet without a server, so it never sees a new triplet
    that is only half written.
    """

    PASSWORD = "PASSWORD"  # noqa: S105 - the name of a secret, not one
    USER = "USER"
    SERVER = "SERVER"


_NAME = re.compile(rf"(?P<registry>.+)_CONTAINER_REGISTRY_({'|'.join(Part)})")


def registry_of(name: str) -> str | None:
    """The registry id in the name of a triplet's secret; None for any other secret."""
    match = _NAME.fullmatch(name)
    return match["registry"] if match else None


def secret_name(registry: str, part: Part) -> str:
    """The name of a member: `ACR_CONTAINER_REGISTRY_SERVER` for `ACR` and SERVER."""
    return f"{registry}_CONTAINER_REGISTRY_{part}"
