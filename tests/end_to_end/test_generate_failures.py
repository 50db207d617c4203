"""What a run with `generate` leaves undone after a failure, and how it says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from codespaces_registry_secrets.runtime.cancellation import Cancellation
from generated import STORE, Nights
from generated_kinds import AWS
from github_sandbox import Fault
from issuers.issuer_server import Fault as IssuerFault

Capture = pytest.CaptureFixture[str]


def on_action(
    name: str, respond: Callable[[], IssuerFault | None]
) -> Callable[[str], IssuerFault | None]:
    """What happens to the requests for an action of AWS."""
    return lambda request: respond() if name in request else None


@pytest.fixture
def nights() -> Iterator[Nights]:
    """AWS, with a key whose creation got no response. The next run replaces it with another."""
    with Nights(AWS) as nights:
        nights.issuer.on_request = on_action("CreateAccessKey", lambda: "after")
        assert nights.run() == 1
        nights.issuer.on_request = lambda _: None
        yield nights


def test_after_a_failure_the_rest_is_skipped(nights: Nights, capsys: Capture) -> None:
    """A creation can need the place of what was to be deleted. The next run does both."""
    (orphan,) = nights.issuer.live()
    nights.issuer.on_request = on_action("DeleteAccessKey", lambda: 403)
    capsys.readouterr()

    assert nights.run() == 1

    assert "not done, because the step before it failed" in capsys.readouterr().out
    assert nights.issuer.live() == [orphan]
    nights.issuer.on_request = lambda _: None
    assert nights.run() == 0
    assert nights.issuer.live() == [nights.journal["id"]]
    assert nights.refused() == []


def test_a_cancelled_run_creates_nothing_more(nights: Nights, capsys: Capture) -> None:
    """The next run does."""
    cancellation = Cancellation()

    def cancel() -> None:
        cancellation.requested = "SIGTERM"

    nights.issuer.on_request = on_action("DeleteAccessKey", cancel)

    assert nights.run(None, cancellation) == 1

    assert "Stopped by SIGTERM" in capsys.readouterr().out
    assert nights.issuer.live() == []
    assert nights.run() == 0
    assert nights.issuer.live() == [nights.journal["id"]]
    assert nights.refused() == []


def test_a_key_whose_last_use_is_unknown_is_not_disabled(capsys: Capture) -> None:
    """A role can lack the permission for that one question."""
    with Nights(AWS) as nights:
        assert nights.run() == 0
        old = nights.journal["id"]
        assert nights.night(24 * 31) == 0
        nights.issuer.on_request = on_action("GetAccessKeyLastUsed", lambda: 403)
        capsys.readouterr()

        assert nights.night(25) == 0

        assert f"REG: {old} stays, because its last use is unknown: " in capsys.readouterr().out
        assert nights.journal["previous"][0]["disabled"] is None
        nights.issuer.on_request = lambda _: None
        assert nights.run() == 0
        assert nights.journal["previous"][0]["disabled"]


def test_a_journal_that_may_exist_is_not_replaced(capsys: Capture) -> None:
    """GitHub does not say whether the Actions secret exists."""
    with Nights(AWS) as nights:
        fault = Fault("GET", f"/actions/secrets/{STORE}", status=403, times=None)
        nights.sandbox.fail(fault)

        assert nights.run() == 1

        message = (
            f"cannot tell whether the Actions secret {STORE} exists: GitHub denied the request"
        )
        assert message in capsys.readouterr().out
        assert nights.issuer.live() == []
