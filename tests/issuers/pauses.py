"""Repeat requests to issuers at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from codespaces_registry_secrets.generate import api


@contextmanager
def no_pauses() -> Iterator[None]:
    """No pause before any attempt; the number of attempts stays."""
    pauses = api.PAUSES
    api.PAUSES = (0.0,) * len(pauses)
    try:
        yield
    finally:
        api.PAUSES = pauses
