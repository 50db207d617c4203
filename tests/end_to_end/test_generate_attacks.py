"""What could leave a target with a dead credential, or touch one that is not of the Action."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from codespaces_registry_secrets.runtime.cancellation import Cancellation
from generated import STORE, Kind, Nights
from generated_kinds import AWS, AZURE, GITLAB, GOOGLE, HARBOR
from github_sandbox import Fault
from issuers import moto_aws
from issuers.aws import USER
from issuers.google import ACCOUNT, GoogleServer
from issuers.harbor import Harbor, Robot

STATE = "CRS_STATE"
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@contextmanager
def failing_writes(nights: Nights, path: str) -> Iterator[None]:
    """GitHub rejects each PUT whose path contains `path`."""

    def reject(method: str, url: str) -> Fault | None:
        return Fault(status=422) if method == "PUT" and path in url else None

    nights.sandbox.choose_faults(reject)
    yield
    nights.sandbox.choose_faults(lambda *_: None)


def set_status(key_id: str, status: str) -> None:
    """Disable or enable an access key, as a person does."""
    moto_aws.iam().update_access_key(USER, key_id, status)


def after(nights: Nights, span: timedelta, **inputs: str) -> int:
    """Run after some time, and return the exit code."""
    nights.clock.now += span
    return nights.run(None, **inputs)


def test_a_registry_at_azure_recovers_from_a_pause_longer_than_the_lifetime() -> None:
    """Both places are taken by passwords that have expired."""
    with Nights(AZURE) as nights:
        assert nights.run() == 0
        assert after(nights, 31 * DAY) == 0

        assert after(nights, 100 * DAY) == 0

        assert nights.refused() == []


def test_a_disabled_credential_is_replaced_after_the_old_one_is_deleted() -> None:
    """AWS allows two keys: the one that a person disabled, and the old one that waits."""
    with Nights(AWS) as nights:
        assert nights.run() == 0
        assert after(nights, 31 * DAY) == 0
        set_status(nights.journal["id"], "Inactive")

        codes = [after(nights, 25 * HOUR) for _ in range(3)]

        assert codes == [1, 1, 0]
        assert nights.refused() == []


def test_a_credential_that_no_target_has_is_not_written_down_as_stored() -> None:
    """Nothing is written, because it was disabled before a target had it."""
    with Nights(AWS) as nights:
        assert nights.run() == 0
        with failing_writes(nights, "/codespaces/secrets/"):
            assert after(nights, 31 * DAY) == 1
        set_status(nights.journal["id"], "Inactive")

        assert after(nights, HOUR) == 1

        assert nights.journal["stored"] is None
        assert nights.refused() == []


def test_a_key_that_a_person_enabled_again_is_kept() -> None:
    """A key of the documentation can be enabled again, because something needs it."""
    with Nights(AWS) as nights:
        assert nights.run() == 0
        old = nights.journal["id"]
        assert after(nights, 31 * DAY) == 0
        assert after(nights, 25 * HOUR) == 0
        assert nights.issuer.live() != [nights.journal["id"]]
        set_status(old, "Active")

        assert after(nights, 25 * HOUR) == 0

        assert old in nights.issuer.live()
        assert nights.journal["previous"][0]["id"] == old
        set_status(old, "Inactive")
        assert after(nights, 25 * HOUR) == 0
        assert old not in nights.issuer.live()


def test_keys_of_another_account_are_no_orphans() -> None:
    """After a creation without a response, the spec names another service account."""
    with Nights(GOOGLE) as nights:
        nights.issuer.on_request = lambda name: (
            "before" if name.startswith("POST") and name.endswith("/keys") else None
        )
        assert nights.run() == 1
        nights.issuer.on_request = lambda _: None
        assert nights.journal["intent"]
        other = ACCOUNT.replace("pull", "other")
        foreign = nights.issuer.make_by_hand()
        assert isinstance(nights.issuer, GoogleServer)
        nights.issuer.accounts.add(other)
        generate = {**GOOGLE.generate(nights.issuer), "service-account": other}
        nights.kind = replace(GOOGLE, generate=lambda _: generate)

        assert nights.run() == 0

        assert foreign in nights.issuer.live()


@pytest.mark.parametrize("kind", [AWS, AZURE, GOOGLE], ids=lambda kind: kind.name)
def test_two_registries_cannot_create_the_credentials_of_one_account(
    kind: Kind, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each would delete the other's new credential after a run that died."""
    with Nights(kind) as nights:
        spec = nights.spec
        (entry,) = spec["registries"]
        other = {**entry, "id": "OTHER", "generate": {**entry["generate"], "store": "OTHER"}}
        spec["registries"].append(other)

        assert nights.action.run_in_process(json.dumps(spec), nights.environment) == 1

        assert "each registry needs its own" in capsys.readouterr().out
        assert nights.issuer.live() == []


def test_an_id_that_the_issuer_uses_again_is_not_retired() -> None:
    """A Harbor that was installed again counts from the same number."""
    with Nights(HARBOR) as nights:
        assert nights.run() == 0
        assert isinstance(nights.issuer, Harbor)
        nights.issuer.reinstall()

        for _ in range(4):
            assert after(nights, 25 * HOUR) == 0
            assert nights.refused() == []


def test_a_cut_triplet_is_finished_although_a_new_credential_is_due() -> None:
    """The issuer has an outage, so a new credential could not finish it."""
    with Nights(HARBOR) as nights:
        nights.rotate = {"max-age": "12h"}
        assert nights.run() == 0
        with failing_writes(nights, "app/codespaces/secrets/REG_CONTAINER_REGISTRY_USER"):
            assert after(nights, DAY) == 1
        assert nights.refused() == ["app"]
        nights.issuer.on_request = lambda name: 500 if name.startswith("POST") else None

        after(nights, DAY)

        assert nights.refused() == []


def departed(nights: Nights) -> None:
    """Let `job` leave the spec with the first credential, and rotate."""
    assert nights.run(state=STATE) == 0
    nights.targets.remove("job")
    assert after(nights, 31 * DAY, state=STATE) == 0


@pytest.mark.parametrize("status", [403, 503])
def test_an_unreadable_state_does_not_release_a_target_that_left_the_spec(status: int) -> None:
    """The target still has the old credential, and only the state knows it."""
    with Nights(HARBOR) as nights:
        departed(nights)
        fault = Fault(path="actions/variables", status=status, times=None)
        nights.sandbox.fail(fault)

        assert after(nights, 25 * HOUR, state=STATE) == 0

        assert nights.refused() == []
        nights.sandbox.clear_faults()
        assert after(nights, 25 * HOUR, state=STATE) == 0
        assert nights.refused() == []


def test_a_triplet_that_was_deleted_by_hand_holds_no_credential_back() -> None:
    """As the warning advises."""
    with Nights(HARBOR) as nights:
        departed(nights)
        old = nights.journal["previous"][0]["id"]
        for name in list(nights.world.secrets("repository:octo-org/job")):
            nights.world.delete_secret("repository:octo-org/job", name)

        assert after(nights, 25 * HOUR, state=STATE) == 0
        assert after(nights, 25 * HOUR, state=STATE) == 0

        assert old not in nights.issuer.live()


def test_a_renamed_target_holds_no_credential_back() -> None:
    """The state has its former name."""
    with Nights(HARBOR) as nights:
        assert nights.run(state=STATE) == 0
        old = nights.journal["id"]
        nights.world.rename("octo-org/docs", "octo-org/other")
        nights.world.rename("octo-org/job", "octo-org/docs")
        nights.targets[2] = "docs"
        assert after(nights, 31 * DAY, state=STATE) == 0

        assert after(nights, 25 * HOUR, state=STATE) == 0
        assert after(nights, 25 * HOUR, state=STATE) == 0

        assert old not in nights.issuer.live()


def test_a_target_that_left_with_the_current_credential_holds_none_back() -> None:
    """Only its password is newer, because the user name is the same for all keys."""
    with Nights(GOOGLE) as nights:
        assert nights.run(state=STATE) == 0
        old = nights.journal["id"]
        with failing_writes(nights, "/codespaces/secrets/"):
            assert after(nights, 31 * DAY, state=STATE) == 1
        assert after(nights, DAY, state=STATE) == 0
        nights.targets.remove("job")

        assert after(nights, 25 * HOUR, state=STATE) == 0
        assert after(nights, 25 * HOUR, state=STATE) == 0

        assert old not in nights.issuer.live()
        assert nights.refused() == []


def test_a_target_of_another_entry_with_the_same_id_holds_none_back() -> None:
    """One id can have different credentials at different targets."""
    with Nights(HARBOR, targets=("app",)) as nights:
        given = {
            "id": "REG",
            "server": "registry.example",
            "username": "me",
            "password": {"env": "GIVEN"},
            "targets": [{"repository": "octo-org/docs"}],
        }

        def run(span: timedelta) -> int:
            nights.clock.now += span
            spec = nights.spec
            spec["registries"].append(given)
            environment = {**nights.environment, "GIVEN": "given-password-1"}
            return nights.action.run_in_process(json.dumps(spec), environment, state=STATE)

        assert run(DAY) == 0
        old = nights.journal["id"]

        assert [run(31 * DAY), run(25 * HOUR), run(25 * HOUR)] == [0, 0, 0]

        assert old not in nights.issuer.live()


def test_the_log_of_a_public_repository_hides_a_private_target_that_left_the_spec(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The state knows its name, and everybody can read the log."""
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"repository": {"private": False}}))
    with Nights(HARBOR) as nights:
        departed(nights)
        capsys.readouterr()
        nights.clock.now += 25 * HOUR

        assert nights.run({"GITHUB_EVENT_PATH": str(event)}, state=STATE) == 0

        out = capsys.readouterr().out
        assert "left the spec" in out
        assert "octo-org/job" not in out


def test_a_rejected_creation_leaves_no_intent() -> None:
    """A credential that a person creates after it is no orphan."""
    with Nights(GOOGLE) as nights:
        nights.issuer.on_request = lambda name: (
            403 if name.startswith("POST") and name.endswith("/keys") else None
        )
        assert nights.run() == 1
        foreign = nights.issuer.make_by_hand()
        nights.issuer.on_request = lambda _: None

        assert after(nights, DAY) == 0

        assert foreign in nights.issuer.live()


def test_a_target_with_a_foreign_user_name_gets_the_whole_credential() -> None:
    """Its password is older than the credential, and its user name is newer."""
    with Nights(GITLAB, targets=("app",)) as nights:
        for part in ("SERVER", "PASSWORD"):
            nights.world.put_secret(
                "repository:octo-org/docs", f"REG_CONTAINER_REGISTRY_{part}", b"x"
            )
        assert after(nights, DAY) == 0
        nights.clock.now += HOUR
        nights.world.put_secret("repository:octo-org/docs", "REG_CONTAINER_REGISTRY_USER", b"x")
        nights.targets.append("docs")

        assert after(nights, DAY) == 0

        assert nights.refused() == []


class WrongDates(Harbor):
    """Lists robots that expire at a time that no calendar has."""

    def _shown(self, robot: Robot) -> dict[str, Any]:
        return {**super()._shown(robot), "expires_at": 10**18}


def test_an_error_at_one_issuer_does_not_stop_other_registries() -> None:
    """Not even one that nobody expected."""
    with Nights(replace(HARBOR, start=lambda now, _: WrongDates(now))) as nights:
        assert nights.run() == 0
        spec = nights.spec
        given = {"id": "GIVEN", "server": "registry.example", "username": "me"}
        target = {"repository": "octo-org/docs"}
        spec["registries"].append({**given, "password": {"env": "GIVEN"}, "targets": [target]})
        environment = {**nights.environment, "GIVEN": "given-password-1"}

        assert nights.action.run_in_process(json.dumps(spec), environment) == 1

        assert len(nights.world.secrets("repository:octo-org/docs")) == 3


def test_missing_stores_no_credential_that_does_not_work() -> None:
    """The policy creates no other one, so a new target stays as it is."""
    with Nights(AWS, targets=("app",)) as nights:
        nights.rotate = "missing"
        assert nights.run() == 0
        set_status(nights.journal["id"], "Inactive")
        assert after(nights, DAY) == 0
        nights.targets.append("docs")

        assert after(nights, DAY) == 1

        assert nights.world.secrets("repository:octo-org/docs") == {}


def test_times_of_the_journal_are_not_those_of_the_runner() -> None:
    """No target could be read, so none of them told GitHub's time."""
    with Nights(AZURE) as nights:
        fault = Fault(method="GET", path="/codespaces/secrets", status=403, times=None)
        nights.sandbox.fail(fault)

        assert nights.run() == 1

        assert nights.journal["created"].startswith("2026-01-01")
        assert nights.journal["intent"] is None


def test_a_signal_while_the_journal_is_written_loses_no_outcome(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The report says what was stored, and the next run finishes."""
    with Nights(HARBOR) as nights:
        cancellation = Cancellation()

        def stop(method: str, path: str) -> Fault | None:
            if method != "PUT" or STORE not in path or "id" not in nights.journal:
                return None
            if nights.stored("job") is None:
                return None
            cancellation.requested = "SIGTERM"
            return Fault(status=429, headers={"retry-after": "60"})

        nights.sandbox.choose_faults(stop)

        nights.run(None, cancellation)

        out = capsys.readouterr().out
        assert "Apply complete: 3 created" in out
        assert f"the journal {STORE} cannot be written" in out
        assert nights.journal["stored"] is None
        nights.sandbox.choose_faults(lambda *_: None)
        assert nights.run() == 0


def test_a_later_step_of_a_job_does_not_use_the_old_journal(tmp_path: Path) -> None:
    """It has an intent, so the credential of the first step would be an orphan."""
    with Nights(GOOGLE) as nights:
        assert nights.run() == 0
        nights.issuer.on_request = lambda name: (
            "before" if name.startswith("POST") and name.endswith("/keys") else None
        )
        assert after(nights, 31 * DAY) == 1
        nights.issuer.on_request = lambda _: None
        job = {STORE: nights.journal_text, "RUNNER_TEMP": str(tmp_path)}
        assert nights.run(job) == 0
        live = nights.issuer.live()

        assert nights.run(job) == 1

        assert nights.issuer.live() == live
        assert nights.refused() == []
