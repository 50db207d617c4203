"""Rotations come when they are due, and warnings before a credential ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from github_sandbox import Fault, Sandbox, World
from sandboxed_action import TOKEN, TRIPLET, Action, stored_triplet

START = datetime(2026, 1, 1, 3, 0, tzinfo=UTC)
REPOSITORY = "repository:octo-org/app"
SPEC = """
version: 1
registries:
  - id: ACR
    server: mycompany.azurecr.io
    username: me
    password: {secret: ACR_PASSWORD}
    targets: [{repository: octo-org/app}]
"""


class Clock:
    """GitHub's clock, which the tests turn."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """At the start of a year."""
    return Clock()


@pytest.fixture
def world(clock: Clock) -> World:
    """A small organization on that clock."""
    world = World(clock)
    world.add_user("octocat")
    world.add_organization("octo-org", plan="team", owners=("octocat",))
    world.add_repository("octo-org/app")
    world.add_token(TOKEN, user="octocat", scopes=("repo", "admin:org", "codespace"))
    return world


def run(action: Action, value: str = "value", spec: str = SPEC, **inputs: str) -> int:
    """One run of the nightly job in `octo-org/app`."""
    environment = {"ACR_PASSWORD": value, "GITHUB_REPOSITORY": "octo-org/app"}
    return action.here(spec, environment, **inputs)


def nights(clock: Clock, world: World, action: Action, sandbox: Sandbox, where: str) -> list[int]:
    """The nights of a year on which something was written; the source changes every 30 days."""
    written = []
    for night in range(365):
        clock.now = START + timedelta(days=night)
        if night % 30 == 0:
            at = clock.now - timedelta(hours=5)
            world.put_actions_secret(where, "ACR_PASSWORD", updated_at=at)
        sandbox.clear_exchanges()
        assert run(action, f"value {night // 30}") == 0
        if sandbox.writes:
            written.append(night)
    return written


@pytest.mark.parametrize("where", [REPOSITORY, "organization:octo-org"])
def test_a_year_of_nights_rotates_when_the_source_changes(
    clock: Clock, world: World, sandbox: Sandbox, action: Action, where: str
) -> None:
    """13 times for a source that changes every 30 days, and not 365."""
    assert nights(clock, world, action, sandbox, where) == list(range(0, 365, 30))
    assert world.secrets(REPOSITORY)[TRIPLET[2]].value == b"value 12"


def test_a_lagging_time_does_not_rotate_twice(
    clock: Clock, world: World, sandbox: Sandbox, action: Action
) -> None:
    """GitHub shows the write of this moment as a few seconds old."""
    world.updated_at_lag = timedelta(seconds=8)
    world.put_actions_secret(REPOSITORY, "ACR_PASSWORD", updated_at=clock.now)

    run(action)
    sandbox.clear_exchanges()
    clock.now += timedelta(days=1)
    run(action)

    assert sandbox.writes == []


def test_the_clock_of_the_runner_does_not_count(
    clock: Clock, world: World, sandbox: Sandbox, action: Action
) -> None:
    """A year lies between it and GitHub's, by which nothing is too old."""
    stored_triplet(world, REPOSITORY)
    clock.now += timedelta(days=9)
    spec = SPEC.replace("    targets", "    rotate: {when: missing, max-age: 10d}\n    targets")

    run(action, spec=spec)
    assert sandbox.writes == []
    clock.now += timedelta(days=2)
    run(action, spec=spec)
    assert len(sandbox.writes) == 3


def test_one_request_for_a_name_however_many_targets(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """And one walk over the organization's for those that the repository does not have."""
    world.add_repository("octo-org/web")
    world.put_actions_secret(REPOSITORY, "ACR_PASSWORD")
    world.put_actions_secret("organization:octo-org", "ACR_USER")
    spec = SPEC.replace("username: me", "username: {secret: ACR_USER}").replace(
        "app}]", "app}, {repository: octo-org/web}]"
    )

    assert (
        action.here(
            spec, {"ACR_PASSWORD": "p", "ACR_USER": "u", "GITHUB_REPOSITORY": "octo-org/app"}
        )
        == 0
    )

    asked = [one.path.partition("/actions/")[2] for one in sandbox.exchanges]
    assert sorted(filter(None, asked)) == [
        "organization-secrets",
        "secrets/ACR_PASSWORD",
        "secrets/ACR_USER",
    ]


def test_a_token_that_may_not_read_ages_warns_and_writes(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """The permission is named; a credential that may have changed is stored."""
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


def test_a_secret_that_does_not_exist_is_told(action: Action) -> None:
    """Its value came from somewhere else, then."""
    step = action.step(SPEC, {"ACR_PASSWORD": "new"})

    (warning,) = step.annotations("warning")
    assert "neither octo-org/app nor its organization has an Actions secret of this name" in warning


def test_only_acts_on_the_registries_that_it_names(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """The values of the others are not even needed; an unknown id is a fault."""
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


# Days to the end, and whether it is warned of, and nothing is stored.
ENDS = {"far": (15, False, False), "near": (13, True, False), "past": (-1, True, True)}


@pytest.mark.parametrize("case", ENDS.values(), ids=ENDS)
def test_the_end_of_a_credential(
    clock: Clock, world: World, action: Action, case: tuple[int, bool, bool]
) -> None:
    """Warned of in time, and past it nothing is stored."""
    days, warned, blocked = case
    ends = clock.now + timedelta(days=days)
    world.put_actions_secret(REPOSITORY, "ACR_PASSWORD")
    spec = SPEC.replace("    targets", f"    expires: {ends:%Y-%m-%dT%H:%M:%SZ}\n    targets")

    step = action.step(spec, {"ACR_PASSWORD": "value"})

    assert step.exit_code == (1 if blocked else 0), step.stdout
    assert step.outputs["next-expiry"] == f"{ends:%Y-%m-%dT%H:%M:%SZ}"
    assert bool(step.annotations("warning")) == warned
    assert len(world.secrets(REPOSITORY)) == (0 if blocked else 3)


def test_the_end_of_the_managing_token_is_looked_at(
    clock: Clock, world: World, action: Action
) -> None:
    """With `expiry-warning` as the user wants it."""
    ends = clock.now + timedelta(days=3)
    world.add_token("ghp_soon", user="octocat", scopes=("repo",), expires=ends)
    world.put_actions_secret(REPOSITORY, "ACR_PASSWORD")

    late = action.step(SPEC, {"ACR_PASSWORD": "x"}, token="ghp_soon", expiry_warning="48h")
    early = action.step(SPEC, {"ACR_PASSWORD": "x"}, token="ghp_soon", expiry_warning="4d")

    assert late.annotations("warning") == []
    (warning,) = early.annotations("warning")
    assert "the token of this run expires in 3d" in warning or "expires in 2d" in warning
    assert early.outputs["next-expiry"] == f"{ends:%Y-%m-%dT%H:%M:%SZ}"


GHCR = SPEC.replace("mycompany.azurecr.io", "ghcr.io")


def test_a_github_token_as_password_tells_its_end_and_its_scopes(
    clock: Clock, world: World, action: Action
) -> None:
    """GitHub is asked with the token itself."""
    ends = clock.now + timedelta(days=2)
    world.add_token("ghp_pull", user="octocat", scopes=("read:packages",), expires=ends)
    world.put_actions_secret(REPOSITORY, "ACR_PASSWORD")

    step = action.step(GHCR, {"ACR_PASSWORD": "ghp_pull"})

    assert step.exit_code == 0, step.stdout
    assert step.outputs["next-expiry"] == f"{ends:%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("ghp_narrow", "the token lacks the scope `read:packages`"),
        ("ghp_revoked", "GitHub rejects this token (401); create a new one"),
    ],
)
def test_a_github_token_that_cannot_pull_is_not_stored(
    world: World, action: Action, token: str, reason: str
) -> None:
    """Known before the registry is asked."""
    world.add_token("ghp_narrow", user="octocat", scopes=("repo",))
    world.put_actions_secret(REPOSITORY, "ACR_PASSWORD")

    step = action.step(GHCR, {"ACR_PASSWORD": token})

    assert step.exit_code == 1
    assert reason in step.stdout
    assert world.secrets(REPOSITORY) == {}
    assert token not in step.log


def test_ages_are_asked_for_at_the_same_time(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """One request each, which do not wait for each other."""
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

    asked = [one for one in sandbox.exchanges if "/actions/secrets/" in one.path]
    assert len(asked) == len(names)
    others = asked[1:]  # the first one shows whether GitHub takes the token
    assert max(one.began for one in others) < min(one.ended for one in others)
