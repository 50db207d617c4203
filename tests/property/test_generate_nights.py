"""A year of nights of each kind of `generate`, with a run that dies at any request each week."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest

from generated import Kind, Nights
from generated_kinds import KINDS

MOST_REQUESTS = 40  # of a run that creates a credential


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_no_night_ends_with_a_refused_credential(kind: Kind) -> None:
    """But for a triplet that is cut between PASSWORD and USER, and that the next night finishes.

    The kill of a week is at a random request, of GitHub or of the issuer, that is carried out or
    not. It is drawn again until it hits a request, so most kills hit the nights of a rotation.
    """
    random = Random(kind.name)  # noqa: S311 - no secret depends on it
    with Nights(kind) as nights:
        foreign = {nights.issuer.make_by_hand()} if nights.issuer.limit > 2 else set()
        credentials: set[str] = set()
        mixed: set[str] = set()
        for night in range(365):
            nights.clock.now += timedelta(days=1)
            if night % 7 == 3 or (night % 30 == 0 and night % 60):
                at = random.randrange(1, MOST_REQUESTS)
                nights.run_killed(at, carried_out=random.random() < 0.5)
            else:
                assert nights.run() == 0
            refused = set(nights.refused())
            assert all(map(nights.is_mixed, refused)), (night, refused)
            assert not refused & mixed, (night, refused)
            mixed = refused
            credentials.add(nights.journal.get("id", ""))
            assert foreign <= set(nights.issuer.live())
            assert len(nights.issuer.live()) <= nights.issuer.limit
        assert len(credentials) >= 10
        nights.clock.now += timedelta(days=1)
        assert nights.run() == 0
        assert nights.refused() == []
