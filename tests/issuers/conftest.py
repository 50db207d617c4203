from __future__ import annotations

from collections.abc import Iterator

import pytest

from issuers.contexts import Masks
from issuers.id_tokens import IdTokens
from issuers.pauses import no_pauses


@pytest.fixture(autouse=True)
def _no_pauses() -> Iterator[None]:
    """Repeat requests at once."""
    with no_pauses():
        yield


@pytest.fixture
def id_tokens() -> Iterator[IdTokens]:
    """The runner's service for ID tokens."""
    with IdTokens() as server:
        yield server


@pytest.fixture
def masks() -> Masks:
    """The masked secrets."""
    return Masks()
