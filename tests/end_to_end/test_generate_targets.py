"""When an old credential is retired: only after every target certainly has the new one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from generated import MEMBERS, STORE, Nights
from generated_kinds import AWS, AZURE, GITLAB, GOOGLE, HARBOR
from github_sandbox import Fault
from issuers.by_hand import delete_by_hand, disable_by_hand

Capture = pytest.CaptureFixture[str]

STATE = {"state": "CRS_STATE"}
some = pytest.mark.parametrize("nights", [AWS, GITLAB], indirect=True, ids=lambda kind: kind.name)
with_state = pytest.mark.parametrize("inputs", [{}, STATE], ids=["without state", "with state"])


def written(nights: Nights) -> list[str]:
    """The targets of the writes since the last call, one for each write."""
    names = [e.path.split("/")[3] for e in nights.sandbox.writes if "/codespaces/" in e.path]
    nights.sandbox.clear_exchanges()
    return sorted(names)


@with_state
@some
def test_a_run_that_did_not_reach_every_target_is_finished(
    nights: Nights, inputs: dict[str, str]
) -> None:
    """Without a state at every target again, because nothing tells which have it."""
    nights.sandbox.fail(Fault("PUT", f"/web/codespaces/secrets/{MEMBERS[2]}", status=422))
    assert nights.run(**inputs) == 1
    assert nights.journal["stored"] is None
    created = nights.journal["id"]
    written(nights)
    nights.clock.now += timedelta(hours=1)

    assert nights.run(**inputs) == 0

    expected = ["web"] * 3 if inputs else ["app"] * 3 + ["job"] * 3 + ["web"] * 3
    assert written(nights) == expected
    assert nights.journal["id"] == created
    assert nights.journal["stored"]
    assert nights.refused() == []


@with_state
@some
def test_a_run_that_did_not_write_its_end_is_finished(
    nights: Nights, inputs: dict[str, str], capsys: Capture
) -> None:
    """`stored` is never inferred from the times of the secrets."""
    nights.sandbox.fail(Fault("PUT", f"/actions/secrets/{STORE}", nth=3, times=None, status=422))
    assert nights.run(**inputs) == 0
    assert f"the journal {STORE} cannot be written" in capsys.readouterr().out
    assert nights.journal["stored"] is None
    nights.sandbox.clear_faults()
    written(nights)
    nights.clock.now += timedelta(hours=1)

    assert nights.run(**inputs) == 0

    assert written(nights) == ([] if inputs else ["app"] * 3 + ["job"] * 3 + ["web"] * 3)
    assert nights.journal["stored"]


@some
def test_an_unfinished_rotation_retires_nothing(nights: Nights) -> None:
    """However long it takes, a target that keeps the old one is accepted."""
    assert nights.run() == 0
    old = nights.journal["id"]
    nights.sandbox.fail(
        Fault("PUT", f"/web/codespaces/secrets/{MEMBERS[2]}", times=None, status=422)
    )
    nights.night(24 * 31)
    for _ in range(5):
        assert nights.night() == 1
        assert nights.refused() == []
        assert old in nights.issuer.live()
    nights.sandbox.clear_faults()

    assert nights.night() == 0
    assert old in nights.issuer.live()
    for _ in range(2):
        assert nights.night() == 0
    assert old not in nights.issuer.live()


@some
def test_a_blocked_target_holds_retirement_back(nights: Nights) -> None:
    """An archived repository keeps the old credential, which stays good."""
    assert nights.run() == 0
    old = nights.journal["id"]
    nights.world.archive("octo-org/web")
    nights.night(24 * 31)
    for _ in range(3):
        assert nights.night() == 1
        assert nights.refused() == []
        assert old in nights.issuer.live()


@some
def test_a_target_that_left_the_spec_holds_retirement_back(nights: Nights, capsys: Capture) -> None:
    """With a state, which knows of it. Added again, it gets the new one."""
    assert nights.run(**STATE) == 0
    old = nights.journal["id"]
    nights.targets.remove("job")
    nights.clock.now += timedelta(days=31)
    assert nights.run(**STATE) == 0
    capsys.readouterr()
    for _ in range(3):
        nights.clock.now += timedelta(days=1)
        assert nights.run(**STATE) == 0
        log = capsys.readouterr().out
        assert f"REG: {old} stays, because repository:octo-org/job left the spec" in log
        assert not nights.journal["previous"][0]["disabled"]
    nights.targets.append("job")

    for _ in range(3):
        nights.clock.now += timedelta(days=1)
        assert nights.run(**STATE) == 0

    assert old not in nights.issuer.live()
    assert nights.refused() == []


@some
def test_a_target_that_left_the_spec_with_the_new_credential_holds_nothing_back(
    nights: Nights,
) -> None:
    """Only the time of its password counts: the other two secrets can be older."""
    assert nights.run(**STATE) == 0
    old = nights.journal["id"]
    nights.sandbox.fail(Fault("PUT", f"/job/codespaces/secrets/{MEMBERS[1]}", status=422))
    nights.clock.now += timedelta(days=31)
    assert nights.run(**STATE) == 1
    nights.clock.now += timedelta(hours=1)
    assert nights.run(**STATE) == 0
    nights.targets.remove("job")

    for _ in range(2):
        nights.clock.now += timedelta(days=1)
        assert nights.run(**STATE) == 0

    assert old not in nights.issuer.live()
    assert nights.refused() == []


@some
def test_a_deleted_triplet_is_forgotten_with_the_state(nights: Nights) -> None:
    """As the warning says: delete the triplet and the variable."""
    assert nights.run(**STATE) == 0
    old = nights.journal["id"]
    nights.targets.remove("job")
    nights.clock.now += timedelta(days=31)
    assert nights.run(**STATE) == 0
    for member in MEMBERS:
        nights.world.delete_secret("repository:octo-org/job", member)
    nights.world.delete_variable("octo-org/infra", "CRS_STATE")

    for _ in range(4):
        nights.clock.now += timedelta(days=1)
        assert nights.run(**STATE) == 0

    assert old not in nights.issuer.live()


@some
def test_without_a_state_only_the_targets_of_the_spec_are_looked_at(
    nights: Nights, capsys: Capture
) -> None:
    """Which the warning says before the old credential is retired."""
    assert nights.run() == 0
    nights.night(24 * 31)
    capsys.readouterr()
    nights.clock.now += timedelta(days=1)

    assert nights.run(mode="plan") == 0

    log = capsys.readouterr().out
    assert "::warning" in log
    assert "a target that left the spec can still have it. Set `state` to notice that" in log


@pytest.mark.parametrize("nights", [AWS], indirect=True, ids=lambda kind: kind.name)
@pytest.mark.parametrize("hours", [23, 25])
def test_a_key_that_is_still_used_is_not_disabled(
    nights: Nights, capsys: Capture, hours: int
) -> None:
    """If its last use was after its successor was stored everywhere; an earlier one is none."""
    assert nights.run() == 0
    old = nights.journal["id"]
    nights.night(24 * 31)
    nights.clock.now += timedelta(days=1)
    nights.issuer.use(old, ago=timedelta(hours=hours))
    capsys.readouterr()

    assert nights.run() == 0

    log = capsys.readouterr().out
    used = hours == 23
    assert (
        f"REG: {old} was used 23h ago, after every target had the new credential" in log
    ) == used
    assert bool(nights.journal["previous"][0]["disabled"]) != used
    assert old in nights.issuer.live()


@pytest.mark.parametrize("nights", [AWS, GOOGLE, HARBOR], indirect=True, ids=lambda k: k.name)
def test_a_credential_that_was_disabled_by_hand_is_replaced(nights: Nights) -> None:
    """In the next run, and the disabled one is deleted later."""
    assert nights.run() == 0
    old = nights.journal["id"]
    disable_by_hand(nights.issuer, old)
    assert nights.refused() == ["app", "web", "job"]

    assert nights.night() == 0

    assert nights.journal["id"] != old
    assert nights.refused() == []
    for _ in range(3):
        assert nights.night() == 0
    assert nights.issuer.live() == [nights.journal["id"]]


@pytest.mark.parametrize(
    "nights", [AWS, AZURE, GITLAB, GOOGLE, HARBOR], indirect=True, ids=lambda k: k.name
)
def test_a_credential_that_was_deleted_by_hand_is_replaced(nights: Nights) -> None:
    """In the next run."""
    assert nights.run() == 0
    old = nights.journal["id"]
    delete_by_hand(nights.issuer, old)
    assert nights.refused() == ["app", "web", "job"]

    assert nights.night() == 0

    assert nights.journal["id"] != old
    assert nights.refused() == []
    assert nights.night() == 0
    assert nights.issuer.live() == [nights.journal["id"]]


def test_a_shard_asks_no_issuer(nights: Nights) -> None:
    """It stores what the journal has, and creates, disables and deletes nothing."""
    assert nights.run() == 0
    old = nights.journal["id"]
    nights.night(24 * 31)
    nights.clock.now += timedelta(days=31)
    nights.targets.append("docs")
    journal, live = nights.journal_text, nights.issuer.live()
    nights.issuer.requests.clear()
    issued = len(nights.id_tokens.issued)

    for shard in ("1/2", "2/2"):
        assert nights.run(shard=shard) == 0

    assert nights.issuer.requests == []
    assert len(nights.id_tokens.issued) == issued
    assert (nights.journal_text, nights.issuer.live()) == (journal, live)
    assert old in nights.issuer.live()
    assert nights.stored("docs") == nights.stored("app")


def test_a_shard_without_a_journal_creates_nothing(nights: Nights, capsys: Capture) -> None:
    """A run without `shard` comes first."""
    codes = [nights.run(shard=shard) for shard in ("1/2", "2/2")]

    assert 1 in codes
    assert "there is no credential yet; run without `shard` first" in capsys.readouterr().out
    assert nights.issuer.requests == []
    assert nights.journal_text == ""


@pytest.mark.parametrize("nights", [HARBOR], indirect=True, ids=lambda kind: kind.name)
def test_a_shard_stores_no_expired_credential(nights: Nights) -> None:
    """It cannot create one, and the one of the journal is dead."""
    nights.generate["expires-in"] = "30d"
    nights.rotate = "changed"
    assert nights.run() == 0
    nights.targets.append("docs")
    nights.clock.now += timedelta(days=30)

    codes = [nights.run(shard=shard) for shard in ("1/2", "2/2")]

    assert 1 in codes
    assert nights.stored("docs") is None
