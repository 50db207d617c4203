"""The life of a generated credential over many nights, for every kind."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from generated import START, STORE, Nights
from generated_kinds import AWS, AZURE, GITLAB, GOOGLE, HARBOR

DISABLE = (AWS, GOOGLE, HARBOR)  # the kinds that can disable a credential so that it can be undone
TARGETS = ("app", "web", "job")


def rotated(nights: Nights) -> tuple[str, tuple[str, str]]:
    """Two nights with a rotation in the second; the id and the login of the old credential."""
    assert nights.run() == 0
    old = nights.journal["id"]
    login = nights.stored("app")
    assert login
    assert nights.night(24 * 30 + 1) == 0
    assert nights.journal["id"] != old
    return old, login


def time_of(text: object) -> datetime:
    """A time of the journal."""
    return datetime.fromisoformat(str(text))


def test_the_first_run_stores_a_new_credential_at_every_target(nights: Nights) -> None:
    """The journal has it, and when every target had it."""
    assert nights.run() == 0

    (credential,) = nights.issuer.live()
    stored = {nights.stored(name) for name in TARGETS}
    assert nights.refused() == []
    assert stored == {(nights.journal["username"], nights.journal["password"])}
    assert nights.journal["id"] == credential
    assert time_of(nights.journal["created"]) == START
    assert time_of(nights.journal["stored"]) >= START
    assert (nights.journal["kind"], nights.journal["version"]) == (nights.kind.name, 1)
    assert (nights.journal["previous"], nights.journal["intent"]) == ([], None)


def test_a_night_in_between_writes_nothing(nights: Nights) -> None:
    """It only reads, at GitHub and at the issuer."""
    assert nights.run() == 0
    nights.sandbox.clear_exchanges()
    journal, live = nights.journal_text, nights.issuer.live()

    assert nights.night() == 0

    assert nights.sandbox.writes == []
    assert (nights.journal_text, nights.issuer.live()) == (journal, live)


def test_a_credential_is_replaced_after_max_age(nights: Nights) -> None:
    """Not at exactly `max-age`, but after it; the old one stays accepted."""
    assert nights.run() == 0
    first, old = nights.journal["id"], nights.stored("web")
    assert old
    assert nights.night(24 * 30) == 0
    assert nights.journal["id"] == first

    assert nights.night(1) == 0

    assert nights.previous == [first]
    assert len(nights.issuer.live()) == 2
    assert {nights.stored(name) for name in TARGETS} == {
        (nights.journal["username"], nights.journal["password"])
    }
    assert nights.refused() == []
    assert nights.issuer.accepts(*old)


@pytest.mark.parametrize("nights", DISABLE, indirect=True, ids=lambda kind: kind.name)
def test_an_old_credential_is_disabled_first_and_deleted_later(nights: Nights) -> None:
    """Each `retire-after` after the step before it, not a minute earlier."""
    nights.retire_after = "48h"
    old, login = rotated(nights)

    assert nights.night(47) == 0
    assert nights.journal["previous"][0]["disabled"] is None
    assert nights.night(1) == 0
    assert not nights.issuer.accepts(*login)
    assert old in nights.issuer.live()
    assert time_of(nights.journal["previous"][0]["disabled"]) == nights.clock.now
    assert nights.night(47) == 0
    assert old in nights.issuer.live()
    assert nights.night(1) == 0
    assert old not in nights.issuer.live()
    assert nights.previous == []
    assert nights.refused() == []


@pytest.mark.parametrize("nights", [AZURE, GITLAB], indirect=True, ids=lambda kind: kind.name)
def test_an_old_credential_that_cannot_be_disabled_is_deleted(nights: Nights) -> None:
    """At the first of the two times."""
    old, login = rotated(nights)

    assert nights.night(23) == 0
    assert nights.issuer.accepts(*login)
    assert nights.night(1) == 0
    assert old not in nights.issuer.live()
    assert nights.previous == []
    assert nights.refused() == []


@pytest.mark.parametrize("mode", ["plan", "check"])
def test_a_plan_changes_nothing_and_shows_what_a_run_would_do(
    nights: Nights, mode: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before the first run, before a rotation, and before each step of retirement."""
    name, can_disable = nights.kind.name, nights.kind in DISABLE
    shown: list[str] = []

    def look(expected: str) -> None:
        before = nights.journal_text, nights.issuer.live()
        nights.sandbox.clear_exchanges()
        capsys.readouterr()
        code = nights.run(mode=mode)
        shown.append(capsys.readouterr().out)
        assert expected in shown[-1]
        assert nights.sandbox.writes == []
        assert (nights.journal_text, nights.issuer.live()) == before
        drift = " none " not in expected
        assert code == (2 if mode == "check" and drift else 0)

    look(f"+ generate REG {name}: there is no credential yet")
    assert nights.run() == 0
    first = nights.journal["id"]
    look(f"  none     REG {name} {first}: created less than a minute ago")
    assert "the next one is due at 2026-01-31 03:00 UTC" in shown[-1]
    nights.clock.now += timedelta(days=31)
    look(f"+ generate REG {name}: 31d old, and `max-age` is 30d")
    assert nights.run() == 0
    look(f"  none     REG {name} {nights.journal['id']}: created less than a minute ago")
    step = "disabled" if can_disable else "deleted"
    assert f"; {first} is {step} after 2026-02-02 03:00 UTC" in shown[-1]
    nights.clock.now += timedelta(days=1)
    sign, verb = ("~", "disable ") if can_disable else ("-", "delete  ")
    look(f"{sign} {verb} REG {name} {first}: replaced everywhere 1d ago")
    if can_disable:
        assert nights.run() == 0
        nights.clock.now += timedelta(days=1)
        look(f"- delete   REG {name} {first}: disabled 1d ago")


@pytest.mark.parametrize("nights", [AZURE, GITLAB, HARBOR], indirect=True, ids=lambda k: k.name)
def test_a_credential_with_an_expiry_is_replaced_after_two_thirds(nights: Nights) -> None:
    """`expires-in: 30d` without `max-age`, so that nothing else is due."""
    nights.rotate = "changed"
    nights.generate["expires-in"] = "30d"
    assert nights.run() == 0
    first = nights.journal["id"]

    assert nights.night(24 * 20 - 1) == 0
    assert nights.journal["id"] == first
    assert nights.night(1 + 24) == 0
    assert nights.journal["id"] != first
    assert nights.refused() == []


def test_another_registry_is_not_stopped_by_an_issuer(nights: Nights) -> None:
    """And the other way round: each has its own result."""
    nights.others = [ordinary("docs")]
    nights.issuer.on_request = lambda _: 500

    assert nights.run({"OTHER_PASSWORD": "an ordinary password"}) == 1

    assert "OTHER_CONTAINER_REGISTRY_PASSWORD" in nights.world.secrets("repository:octo-org/docs")
    assert nights.stored("app") is None
    nights.issuer.on_request = lambda _: None
    nights.others = [ordinary("missing")]
    assert nights.run({"OTHER_PASSWORD": "an ordinary password"}) == 1
    assert nights.refused() == []
    assert nights.stored("app") is not None
    assert nights.journal["stored"]


def ordinary(name: str) -> dict[str, object]:
    """A registry without `generate`, with one target."""
    return {
        "id": "OTHER",
        "server": "registry.example.com",
        "username": "me",
        "password": {"env": "OTHER_PASSWORD"},
        "targets": [{"repository": f"octo-org/{name}"}],
    }


@pytest.mark.parametrize("nights", [AWS, GITLAB], indirect=True, ids=lambda kind: kind.name)
def test_a_person_can_delete_the_journal_and_start_over(nights: Nights) -> None:
    """The credential of before is foreign then, and is left alone."""
    assert nights.run() == 0
    first = nights.journal["id"]
    nights.world.delete_actions_secret("repository:octo-org/infra", STORE)

    assert nights.night() == 0

    assert nights.journal["id"] != first
    assert first in nights.issuer.live()
    assert nights.refused() == []
