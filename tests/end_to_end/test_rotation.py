"""Rotation by the age of sources and secrets, and warnings before a credential expires."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from github_sandbox import Fault, Sandbox, World
from sandboxed_action import ACR_SPEC, TOKEN, TRIPLET, Action, Clock, stored_triplet

START = datetime(2026, 1, 1, 3, 0, tzinfo=UTC)
REPOSITORY = "repository:octo-org/app"
SPEC = ACR_SPEC.replace("{env:", "{secret:") + "    targets: [{repository: octo-org/app}]\n"


@pytest.fixture
def clock() -> Clock:
    """A clock at the start of a year."""
    return Clock(START)


@pytest.fixture
def world(clock: Clock) -> World:
    """A small organization with that clock."""
    world = World(clock)
    world.add_user("octocat")
    world.add_organization("octo-org", plan="team", owners=("octocat",))
    world.add_repository("octo-org/app")
    world.add_token(TOKEN, user="octocat", scopes=("repo", "admin:org", "codespace"))
    return world


def run(action: Action, value: str = "value", spec: str = SPEC, **inputs: str) -> int:
    """Run the nightly job in `octo-org/app`, and return the exit code."""
    environment = {"ACR_PASSWORD": value, "GITHUB_REPOSITORY": "octo-org/app"}
    return action.run_in_process(spec, environment, **inputs)


def nights_with_writes(
    clock: Clock, world: World, action: Action, sandbox: Sandbox, owner: str
) -> list[int]:
    """Run each night of a year with a source that changes every 30 days.

    Return the nights with writes.
    """
    written = []
    for night in range(365):
        clock.now = START + timedelta(days=night)
        if night % 30 == 0:
            changed = clock.now - timedelta(hours=5)
            world.put_actions_secret(owner, "ACR_PASSWORD", updated_at=changed)
        sandbox.clear_exchanges()
        assert run(action, f"value {night // 30}") == 0
        if sandbox.writes:
            written.append(night)
    return written


@pytest.mark.parametrize("owner", [REPOSITORY, "organization:octo-org"])
def test_a_nightly_run_rotates_only_when_the_source_changes(
    clock: Clock, world: World, sandbox: Sandbox, action: Action, owner: str
) -> None:
    """13 times for a source that changes every 30 days."""
    assert nights_with_writes(clock, world, action, sandbox, owner) == list(range(0, 365, 30))
    assert world.secrets(REPOSITORY)[TRIPLET[2]].value == b"value 12"


def test_a_time_of_a_write_that_lags_does_not_rotate_twice(
    clock: Clock, world: World, sandbox: Sandbox, action: Action
) -> None:
    """GitHub can return a time of a write that is a few seconds too early."""
    world.updated_at_lag = timedelta(seconds=8)
    world.put_actions_secret(REPOSITORY, "ACR_PASSWORD", updated_at=clock.now)

    run(action)
    sandbox.clear_exchanges()
    clock.now += timedelta(days=1)
    run(action)

    assert sandbox.writes == []


def test_max_age_uses_githubs_clock(
    clock: Clock, world: World, sandbox: Sandbox, action: Action
) -> None:
    """The sandbox has another time than the runner, which has no effect."""
    stored_triplet(world, REPOSITORY)
    clock.now += timedelta(days=9)
    spec = SPEC.replace("    targets", "    rotate: {when: missing, max-age: 10d}\n    targets")

    run(action, spec=spec)
    assert sandbox.writes == []
    clock.now += timedelta(days=2)
    run(action, spec=spec)
    assert len(sandbox.writes) == 3


def test_the_age_of_a_source_is_requested_once_for_all_targets(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """And one list of the organization's secrets, for those that the repository does not have."""
    world.add_repository("octo-org/web")
    world.put_actions_secret(REPOSITORY, "ACR_PASSWORD")
    world.put_actions_secret("organization:octo-org", "ACR_USER")
    spec = SPEC.replace("username: me", "username: {secret: ACR_USER}").replace(
        "app}]", "app}, {repository: octo-org/web}]"
    )

    assert (
        action.run_in_process(
            spec, {"ACR_PASSWORD": "p", "ACR_USER": "u", "GITHUB_REPOSITORY": "octo-org/app"}
        )
        == 0
    )

    paths = [exchange.path.partition("/actions/")[2] for exchange in sandbox.exchanges]
    assert sorted(filter(None, paths)) == [
        "organization-secrets",
        "secrets/ACR_PASSWORD",
        "secrets/ACR_USER",
    ]


def test_a_token_that_cannot_read_ages_warns_and_rotates(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """The warning names the permission. The triplet is rotated, because its source could be newer."""
    stored_triplet(world, REPOSITORY)
    world.add_fine_grained_token(
        "github_pat_x",
        user="octocat",
        owner="octo-org",
        permissions={"codespaces_secrets": "write"},
    )

    step = action.step(SPEC, {"ACR_PASSWORD": "new"}, token="github_pat_x")

    assert step.exit_code == 0, step.stdout
    (warning,) = step.annotations("warning")
    assert "cannot tell when the Actions secret ACR_PASSWORD last changed" in warning
    assert "secrets: read" in warning
    assert step.outputs["rotated"] == "1"


def test_a_source_that_does_not_exist_has_a_warning(action: Action) -> None:
    """The value of the source comes from elsewhere then."""
    step = action.step(SPEC, {"ACR_PASSWORD": "new"})

    (warning,) = step.annotations("warning")
    assert "neither octo-org/app nor its organization has an Actions secret of this name" in warning


def test_the_input_only_limits_a_run_to_its_registries(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """The values of the others are not needed. An unknown id is an error."""
    spec = SPEC + SPEC[SPEC.index("  - id") :].replace("ACR", "GHCR")

    assert run(action, spec=spec, only="acr") == 0
    assert set(world.secrets(REPOSITORY)) == set(TRIPLET)
    sandbox.clear_exchanges()
    step = action.step(spec, {"ACR_PASSWORD": "x"}, only="ACR, NOPE")
    assert step.exit_code == 1
    (error,) = step.annotations("error")
    assert (
        error == "input `only`: no registry of the spec has the id `NOPE`; its ids are: ACR, GHCR"
    )
    assert sandbox.exchanges == []


# Days until the expiry, whether there is a warning, and whether an error blocks the change.
EXPIRIES = {"far": (15, False, False), "near": (13, True, False), "past": (-1, False, True)}


@pytest.mark.parametrize("case", EXPIRIES.values(), ids=EXPIRIES)
def test_an_expiring_credential_has_a_warning_and_an_expired_one_an_error(
    clock: Clock, world: World, action: Action, case: tuple[int, bool, bool]
) -> None:
    """A credential that expires soon has a warning; an expired one is not stored."""
    days, has_warning, blocked = case
    expiry = clock.now + timedelta(days=days)
    world.put_actions_secret(REPOSITORY, "ACR_PASSWORD")
    spec = SPEC.replace("    targets", f"    expires: {expiry:%Y-%m-%dT%H:%M:%SZ}\n    targets")

    step = action.step(spec, {"ACR_PASSWORD": "value"})

    assert step.exit_code == (1 if blocked else 0), step.stdout
    assert step.outputs["next-expiry"] == f"{expiry:%Y-%m-%dT%H:%M:%SZ}"
    assert bool(step.annotations("warning")) == has_warning
    assert [": the credential expired at " in error for error in step.annotations("error")] == (
        [True] if blocked else []
    )
    assert len(world.secrets(REPOSITORY)) == (0 if blocked else 3)


def test_an_expiring_token_of_the_run_has_a_warning(
    clock: Clock, world: World, action: Action
) -> None:
    """`expiry-warning` says how long before."""
    expiry = clock.now + timedelta(days=3)
    world.add_token("ghp_soon", user="octocat", scopes=("repo",), expires=expiry)
    world.put_actions_secret(REPOSITORY, "ACR_PASSWORD")

    short = action.step(SPEC, {"ACR_PASSWORD": "x"}, token="ghp_soon", expiry_warning="48h")
    long = action.step(SPEC, {"ACR_PASSWORD": "x"}, token="ghp_soon", expiry_warning="4d")

    assert short.annotations("warning") == []
    (warning,) = long.annotations("warning")
    assert "the token of this run expires in 3d" in warning or "expires in 2d" in warning
    assert long.outputs["next-expiry"] == f"{expiry:%Y-%m-%dT%H:%M:%SZ}"


GHCR_SPEC = SPEC.replace("mycompany.azurecr.io", "ghcr.io")


def test_the_expiry_of_a_github_token_as_password_is_an_output(
    clock: Clock, world: World, action: Action
) -> None:
    """The Action requests them from GitHub with this token."""
    expiry = clock.now + timedelta(days=2)
    world.add_token("ghp_pull", user="octocat", scopes=("read:packages",), expires=expiry)
    world.put_actions_secret(REPOSITORY, "ACR_PASSWORD")

    step = action.step(GHCR_SPEC, {"ACR_PASSWORD": "ghp_pull"})

    assert step.exit_code == 0, step.stdout
    assert step.outputs["next-expiry"] == f"{expiry:%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("ghp_narrow", "the token lacks the scope `read:packages`; add it"),
        (
            "ghp_revoked",
            "GitHub rejects this token (401); it is wrong, revoked or expired: create a new one",
        ),
    ],
)
def test_a_github_token_that_cannot_pull_is_not_stored(
    world: World, action: Action, token: str, reason: str
) -> None:
    """The token is checked before the login to the registry."""
    world.add_token("ghp_narrow", user="octocat", scopes=("repo",))
    world.put_actions_secret(REPOSITORY, "ACR_PASSWORD")

    step = action.step(GHCR_SPEC, {"ACR_PASSWORD": token})

    assert step.exit_code == 1
    assert reason in step.stdout
    assert world.secrets(REPOSITORY) == {}
    assert token not in step.log


def test_ages_of_sources_are_requested_concurrently(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """There is one request for each source."""
    names = [f"PASSWORD_{number}" for number in range(8)]
    entries = ""
    for name in names:
        world.put_actions_secret("repository:octo-org/app", name)
        entries += (
            f"  - {{id: {name}, server: r{name[-1]}.example.com, username: me, "
            f"password: {{secret: {name}}}, targets: [{{repository: octo-org/app}}]}}\n"
        )
    sandbox.fail(Fault(path="/actions/secrets/", status=None, delay=0.3, times=None))

    spec = f"version: 1\nregistries:\n{entries}"
    assert action.step(spec, dict.fromkeys(names, "x"), mode="plan").exit_code == 0

    requests = [exchange for exchange in sandbox.exchanges if "/actions/secrets/" in exchange.path]
    assert len(requests) == len(names)
    others = requests[1:]  # the first shows whether GitHub accepts the token
    assert max(exchange.began for exchange in others) < min(exchange.ended for exchange in others)
