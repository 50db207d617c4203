"""A run with `generate` that dies at any request, and what the next run does about it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from generated import MEMBERS, STORE, Nights
from generated_kinds import GITLAB
from github_sandbox import Fault
from issuers.by_hand import delete_by_hand

HOME = "repository:octo-org/infra"
ALL = 10**6

carried = pytest.mark.parametrize("carried_out", [False, True], ids=["lost", "carried out"])


def start_over(nights: Nights) -> None:
    """As before the first run: no journal, no triplets, no credentials."""
    if nights.journal_text:
        nights.world.delete_actions_secret(HOME, STORE)
    for name in nights.targets:
        for member in nights.world.secrets(f"repository:octo-org/{name}"):
            nights.world.delete_secret(f"repository:octo-org/{name}", member)
    for credential in nights.issuer.live():
        delete_by_hand(nights.issuer, credential)


def check_next_run(nights: Nights, before: str | None) -> None:
    """After a killed run: `before` is the id of the credential before it."""
    assert all(map(nights.is_mixed, nights.refused()))
    written = nights.journal.get("id")
    nights.clock.now += timedelta(minutes=5)

    assert nights.run() == 0

    assert nights.refused() == []
    assert nights.journal["stored"]
    assert nights.journal["intent"] is None
    assert set(nights.issuer.live()) == {nights.journal["id"], *nights.previous}
    if written != before:
        assert nights.journal["id"] == written
    assert {nights.stored(name) for name in nights.targets} == {
        (nights.journal["username"], nights.journal["password"])
    }


@carried
@pytest.mark.slow
def test_the_next_run_finishes_a_first_run(nights: Nights, *, carried_out: bool) -> None:
    """Killed at each of its requests: with the credential of the journal, or without its orphan."""
    count = nights.run_killed(ALL, carried_out=carried_out)
    assert count > 20
    orphans = 0
    for at in range(1, count + 1):
        start_over(nights)
        nights.run_killed(at, carried_out=carried_out)
        live = set(nights.issuer.live())
        orphans += bool(live - {nights.journal.get("id")})
        check_next_run(nights, None)
    assert orphans


@carried
@pytest.mark.slow
def test_the_next_run_finishes_a_rotation(nights: Nights, *, carried_out: bool) -> None:
    """Killed at each of its requests; the old credential is retired as usual afterwards."""
    assert nights.run() == 0
    at, finished = 0, False
    while not finished:
        at += 1
        before = nights.journal["id"]
        nights.clock.now += timedelta(days=31)
        finished = nights.run_killed(at, carried_out=carried_out) < at
        check_next_run(nights, before)
        for _ in range(3):
            assert nights.night() == 0
        assert nights.issuer.live() == [nights.journal["id"]]
        assert nights.refused() == []
    assert at > 20


@pytest.mark.parametrize("nights", [GITLAB], indirect=True, ids=lambda kind: kind.name)
@pytest.mark.parametrize("due", [False, True], ids=["soon", "late"])
def test_a_triplet_with_two_credentials_is_finished_first(nights: Nights, *, due: bool) -> None:
    """Before any other target is written, and before a rotation that is due by then."""
    assert nights.run() == 0
    nights.sandbox.fail(Fault("PUT", f"/web/codespaces/secrets/{MEMBERS[1]}", status=422))
    assert nights.night(24 * 31) == 1
    assert nights.refused() == ["web"]
    new = nights.journal["id"]
    nights.sandbox.clear_exchanges()

    assert nights.night(24 * 31 if due else 1) == 0

    order = [e.path.split("/")[3] for e in nights.sandbox.writes if "/codespaces/" in e.path]
    assert order[:3] == ["web"] * 3
    assert sorted(order[3:]) == ["app"] * 3 + ["job"] * 3
    assert nights.journal["id"] == new
    assert nights.refused() == []
    assert nights.night() == 0
    assert (nights.journal["id"] != new) == due


def test_an_orphan_is_deleted_before_the_next_creation(nights: Nights) -> None:
    """It takes a place, and nobody has its password."""
    nights.sandbox.fail(Fault("PUT", f"/actions/secrets/{STORE}", nth=2, times=None, status=422))
    assert nights.run() == 1
    (orphan,) = nights.issuer.live()
    foreign = nights.issuer.make_by_hand() if nights.issuer.limit > 2 else ""
    nights.sandbox.clear_faults()

    assert nights.night() == 0

    assert orphan not in nights.issuer.live()
    expected = {nights.journal["id"]} | ({foreign} if foreign in nights.issuer.live() else set())
    assert set(nights.issuer.live()) == expected
    assert nights.refused() == []
