"""A year of nights of each kind of `generate`, with a run that dies at any request each week."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

import pytest

from generated import Kind, Nights
from generated_kinds import KINDS

ROTATION = timedelta(days=30)
# About as many requests as a run sends: one that creates a credential, and any other.
REQUESTS = {True: 40, False: 12}


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_no_night_ends_with_a_refused_credential(
    kind: Kind, capsys: pytest.CaptureFixture[str]
) -> None:
    """But for a triplet that is cut between PASSWORD and USER, and that the next night finishes.

    The kill of a week, and of each second rotation, is at a random request, of GitHub or of the
    issuer, that is carried out or not. No night prints a password, except to mask it.
    """
    random = Random(kind.name)  # noqa: S311 - no secret depends on it
    with Nights(kind) as nights:
        foreign = {nights.issuer.make_by_hand()} if nights.issuer.limit > 2 else set()
        credentials: set[str] = set()
        passwords: set[str] = set()
        mixed: set[str] = set()
        for night in range(365):
            nights.clock.now += timedelta(days=1)
            due = is_due(nights)
            if night % 7 == 3 or (due and random.random() < 0.5):
                at = random.randrange(1, REQUESTS[due])
                nights.run_killed(at, carried_out=random.random() < 0.5)
            else:
                assert nights.run() == 0
            passwords |= {pair[1] for name in nights.targets if (pair := nights.stored(name))}
            passwords.add(nights.journal.get("password") or "no password")
            lines = capsys.readouterr().out.splitlines()
            printed = "\n".join(line for line in lines if not line.startswith("::add-mask::"))
            assert not [password for password in passwords if password in printed]
            refused = set(nights.refused())
            assert all(map(nights.is_mixed, refused)), (night, refused)
            assert not refused & mixed, (night, refused)
            mixed = refused
            credentials.add(nights.journal.get("id", ""))
            assert foreign <= set(nights.issuer.live())
            assert len(nights.issuer.live()) <= nights.issuer.limit
        assert len(credentials) >= 10
        assert len(passwords) >= len(credentials) - 1
        nights.clock.now += timedelta(days=1)
        assert nights.run() == 0
        assert nights.refused() == []


def is_due(nights: Nights) -> bool:
    """Whether the next run creates a credential."""
    created = nights.journal.get("created")
    return not created or nights.clock.now - datetime.fromisoformat(created) > ROTATION
