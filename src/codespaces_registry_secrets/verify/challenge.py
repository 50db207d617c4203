"""Parse a `WWW-Authenticate` header: the authentication schemes that a server offers.

A header can hold several challenges. Commas separate challenges, and also the parameters of one,
and a quoted value can contain commas too. Source: RFC 9110, section 11.6.1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.request import parse_http_list

_TOKEN = r"[!#$%&'*+.^_`|~\w-]+"  # noqa: S105 - a token of the grammar
_PARAMETER = re.compile(rf"({_TOKEN})\s*=\s*(.*)", re.DOTALL)
_WITH_SCHEME = re.compile(rf"({_TOKEN})(?:\s+(?!=)(.*))?", re.DOTALL)


@dataclass(frozen=True)
class Challenge:
    """A scheme such as `bearer`, in lower case, and its parameters by their lower-case names."""

    scheme: str
    parameters: Mapping[str, str]


def parse_challenges(header: str) -> list[Challenge]:
    """Parse every challenge of a header, in order, and skip anything else."""
    challenges: list[tuple[str, dict[str, str]]] = []
    for item in parse_http_list(header):
        scheme, parameter = _split(item)
        if scheme:
            challenges.append((scheme.lower(), {}))
        if parameter and challenges:
            challenges[-1][1].setdefault(*parameter)
    return [Challenge(scheme, parameters) for scheme, parameters in challenges]


def _split(item: str) -> tuple[str, tuple[str, str] | None]:
    """`Bearer realm="x"` -> both; `service="x"` -> no scheme; `Negotiate` -> no parameter."""
    parameter = _PARAMETER.fullmatch(item)
    if parameter:
        return "", _parameter(parameter)
    with_scheme = _WITH_SCHEME.fullmatch(item)
    if not with_scheme:
        return "", None
    first = _PARAMETER.fullmatch(with_scheme[2] or "")
    return with_scheme[1], _parameter(first) if first else None


def _parameter(match: re.Match[str]) -> tuple[str, str]:
    name, value = match.groups()
    quoted = len(value) > 1 and value.startswith('"') and value.endswith('"')
    return name.lower(), value[1:-1] if quoted else value
