"""What a login showed about a credential."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from codespaces_registry_secrets.errors import RegistrySecretsError


@dataclass(frozen=True)
class Verdict:
    """`rejected`: the registry said no. `unreachable`: it said neither yes nor no.

    `message` is what the registry said and what to do next, without any value; empty when accepted.
    """

    status: Literal["accepted", "rejected", "unreachable"]
    message: str = ""


class NotProvenError(RegistrySecretsError):
    """Ends a login before it is accepted; `verdict` says why. It does not leave this package."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict
        super().__init__(verdict.message)

    def about(self, subject: str) -> NotProvenError:
        """The same, said of one thing in particular."""
        return NotProvenError(Verdict(self.verdict.status, f"{subject}: {self.verdict.message}"))


def rejected(message: str) -> NotProvenError:
    """The registry refuses the credential."""
    return NotProvenError(Verdict("rejected", message))


def unreachable(message: str) -> NotProvenError:
    """Nothing is known about the credential."""
    return NotProvenError(Verdict("unreachable", message))
