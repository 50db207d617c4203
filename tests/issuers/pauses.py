"""Repeat requests to issuers, and logins with new credentials, at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from codespaces_registry_secrets.generate import api
from codespaces_registry_secrets.verify import settling


@contextmanager
def no_pauses() -> Iterator[None]:
    """No pause before any attempt; the number of attempts stays."""
    requests, logins = api.PAUSES, settling.PAUSES
    api.PAUSES, settling.PAUSES = (0.0,) * len(requests), (0.0,) * len(logins)
    try:
        yield
    finally:
        api.PAUSES, settling.PAUSES = requests, logins
