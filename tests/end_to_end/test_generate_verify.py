"""A new credential is stored only after its registry accepts it, which can take a while."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from codespaces_registry_secrets.verify import settling
from generated import Nights
from generated_kinds import AWS, GITLAB, HARBOR
from github_sandbox import Fault
from issuers.registry import Registry

Capture = pytest.CaptureFixture[str]

WAITS = "REG: the registry does not know the new credential yet; trying again"
hosts = pytest.mark.parametrize("nights", [GITLAB, HARBOR], indirect=True, ids=lambda k: k.name)
aws = pytest.mark.parametrize("nights", [AWS], indirect=True, ids=lambda kind: kind.name)


@pytest.fixture
def registry(nights: Nights) -> Iterator[Registry]:
    """The registry of the issuer on loopback, as `server` of the spec."""
    with Registry(nights.issuer) as registry:
        nights.entry = {"server": registry.server}
        yield registry


@hosts
def test_a_login_is_repeated_until_the_registry_knows_the_credential(
    nights: Nights, registry: Registry, capsys: Capture
) -> None:
    """Each repetition is logged, and no target is written before."""
    nights.issuer.settling = 3
    stored: list[int] = []

    def count(method: str, path: str) -> None:
        if method == "PUT" and "/codespaces/" in path:
            stored.append(len(registry.logins))

    nights.sandbox.choose_faults(count)

    assert nights.run(verify="required") == 0

    log = capsys.readouterr().out
    assert log.count(WAITS) == 3
    assert len(registry.logins) == 4
    assert log.rindex(WAITS) < log.index("✓ created: REG at repository:octo-org/app")
    assert stored == [4] * 9
    assert nights.refused() == []


@hosts
@pytest.mark.parametrize("verify", ["auto", "required"])
def test_a_definite_refusal_is_not_repeated(
    nights: Nights, registry: Registry, capsys: Capture, verify: str
) -> None:
    """A permission that is missing does not come with time. The next run uses the same one."""
    registry.refusal = 403

    assert nights.run(verify=verify) == 1

    log = capsys.readouterr().out
    assert WAITS not in log
    assert len(registry.logins) == 1
    assert "(403)" in log
    assert nights.stored("app") is None
    (created,) = nights.issuer.live()
    assert (nights.journal["id"], nights.journal["stored"]) == (created, None)
    registry.refusal = 200
    assert nights.run(verify=verify) == 0
    assert nights.issuer.live() == [created]
    assert nights.refused() == []
    assert nights.journal["stored"]


@hosts
def test_a_credential_that_stays_unknown_is_kept_for_the_next_run(
    nights: Nights, registry: Registry, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The targets keep the old one, and the next run continues with the same new one."""
    assert nights.run(verify="required") == 0
    old = nights.stored("app")
    nights.clock.now += timedelta(days=31)
    nights.issuer.settling = 10_000
    monkeypatch.setattr(settling, "MAX_SECONDS", 0.3)
    capsys.readouterr()

    assert nights.run(verify="required") == 1

    log = capsys.readouterr().out
    assert WAITS in log
    assert "rejects the credential (401)" in log
    assert nights.stored("app") == old
    new = nights.journal["id"]
    assert nights.journal["stored"] is None
    assert new in nights.issuer.live()
    settle(nights)
    nights.clock.now += timedelta(days=1)
    assert nights.run(verify="required") == 0
    assert nights.journal["id"] == new
    assert nights.journal["stored"]
    assert len(nights.issuer.live()) == 2
    assert nights.refused() == []


def settle(nights: Nights) -> None:
    """Let the registry know every credential from now on."""
    for credential in [
        *getattr(nights.issuer, "deploy_tokens", {}).values(),
        *getattr(nights.issuer, "robots", {}).values(),
    ]:
        credential.settling = 0


@hosts
def test_the_next_run_waits_too(nights: Nights, registry: Registry, capsys: Capture) -> None:
    """A credential of a run that died right after its creation can be seconds old."""
    nights.issuer.settling = 2
    nights.sandbox.fail(Fault("PUT", "/codespaces/secrets/", times=None, status=422))
    assert nights.run(verify="off") == 1
    nights.sandbox.clear_faults()
    created = nights.journal["id"]
    capsys.readouterr()

    assert nights.run(verify="required") == 0

    assert capsys.readouterr().out.count(WAITS) == 2
    assert nights.journal["id"] == created
    assert nights.refused() == []


@hosts
def test_without_verification_a_credential_is_stored_at_once(
    nights: Nights, registry: Registry
) -> None:
    """`verify: off` is the user's choice."""
    nights.issuer.settling = 5

    assert nights.run(verify="off") == 0

    assert registry.logins == []
    assert nights.stored("app") is not None


@aws
def test_a_key_of_aws_is_exchanged_until_ecr_knows_it(nights: Nights, capsys: Capture) -> None:
    """The exchange is the login that counts: the host of the registry does not exist here."""
    nights.issuer.settling = 2

    assert nights.run(verify="auto") == 0

    log = capsys.readouterr().out
    assert log.count(WAITS) == 2
    logins = [name for name in nights.issuer.requests if "GetAuthorizationToken" in name]
    assert len(logins) == 3
    assert "login not verified" in log
    assert nights.refused() == []


@aws
def test_a_key_of_aws_without_permission_is_rejected_at_once(
    nights: Nights, capsys: Capture
) -> None:
    """The next run continues with the same key after the permission was given."""
    nights.issuer.on_request = lambda name: 403 if "GetAuthorizationToken" in name else None

    assert nights.run(verify="auto") == 1

    assert WAITS not in capsys.readouterr().out
    assert nights.stored("app") is None
    (key,) = nights.issuer.live()
    nights.issuer.on_request = lambda _: None
    assert nights.run(verify="auto") == 0
    assert nights.issuer.live() == [key]
    assert nights.refused() == []
