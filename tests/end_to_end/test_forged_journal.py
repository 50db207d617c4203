"""Who can write Actions secrets can replace a journal, but not with any credential they like."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from codespaces_registry_secrets.verify import settling
from generated import HOME, STORE, Nights
from generated_kinds import GITLAB, HARBOR
from issuers.registry import Registry

EVIL = "a-credential-of-somebody-else"
hosts = pytest.mark.parametrize("nights", [GITLAB, HARBOR], indirect=True, ids=lambda k: k.name)


@pytest.fixture
def registry(nights: Nights) -> Iterator[Registry]:
    """The registry of the issuer on loopback, as `server` of the spec."""
    with Registry(nights.issuer) as registry:
        nights.entry = {"server": registry.server}
        yield registry


def replace_journal(nights: Nights, **changes: object) -> None:
    """Write another journal by hand, a night later."""
    nights.clock.now += timedelta(days=1)
    text = json.dumps({**nights.journal, **changes})
    nights.world.put_actions_secret(f"repository:{HOME}", STORE, value=text.encode())


@hosts
def test_a_credential_that_the_registry_refuses_is_not_stored(
    nights: Nights, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not at one target: they keep what works. The run fails."""
    assert nights.run(verify="required") == 0
    monkeypatch.setattr(settling, "MAX_SECONDS", 0.3)
    replace_journal(nights, username=EVIL, password=EVIL, stored=None)

    assert nights.run(verify="required") == 1

    assert EVIL in registry.logins
    stored = [nights.stored(name) for name in ("app", "web", "job")]
    assert all(pair and EVIL not in pair for pair in stored)
    assert nights.refused() == []


@hosts
@pytest.mark.usefixtures("registry")
def test_the_targets_stay_those_of_the_spec(nights: Nights) -> None:
    """A journal has no targets and no server, and one with more keys is not used at all."""
    assert nights.run(verify="required") == 0
    targets = [{"repository": "octo-org/docs"}]
    replace_journal(nights, targets=targets, server="evil.example", stored=None)

    assert nights.run(verify="required") == 1

    assert nights.stored("docs") is None
    assert nights.refused() == []
