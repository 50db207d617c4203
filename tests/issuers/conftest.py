from __future__ import annotations

from collections.abc import Iterator

import pytest

from issuers.contexts import Masks
from issuers.id_tokens import IdTokens
from issuers.pauses import no_pauses
from registry.proxy import Proxy


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


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """A proxy that connects to no host, so that requests to the internet never leave this machine."""
    for name in ("ALL_PROXY", "HTTPS_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    with Proxy({}) as server:
        monkeypatch.setenv("HTTPS_PROXY", server.url)
        yield server
