"""Which repositories get access: by name, glob, topic and property, within guards."""

from __future__ import annotations

import pytest

from github_sandbox import Fault, Sandbox, World
from sandboxed_action import TOKEN, TRIPLET, Action, stored_triplet

ORGANIZATION = "organization:octo-org"
ACCESS = """
version: 1
registries:
  - id: ACR
    targets:
      - organization: octo-org
        repositories: {chosen}
"""


def listed(world: World) -> set[str]:
    """The repositories that all three secrets list, without their owner."""
    lists = {frozenset(s.repositories) for s in world.secrets(ORGANIZATION).values()}
    assert len(lists) == 1
    return {name.removeprefix("octo-org/") for name in next(iter(lists))}


@pytest.fixture
def teams(world: World) -> World:
    """Topics and properties on a few repositories, and a triplet that `app` may use."""
    world.add_repository("octo-org/tools", topics=("codespaces", "cli"))
    world.add_repository("octo-org/attic", topics=("codespaces",), archived=True)
    world.set_properties("octo-org/svc-001", {"team": "core", "tier": ["gold", "silver"]})
    world.set_properties("octo-org/svc-002", {"team": "core", "tier": None})
    world.set_properties("octo-org/svc-003", {"team": "web", "tier": ["gold"]})
    stored_triplet(world, ORGANIZATION, visibility="selected", repositories=["octo-org/app"])
    return world


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ("{topics: [codespaces]}", {"tools"}),
        ("{topics: [Codespaces, nothing]}", {"tools"}),
        ("{topics: [codespaces], archived: true}", {"tools", "attic"}),
        ("{properties: {team: core}}", {"svc-001", "svc-002"}),
        ("{properties: {team: [core, web]}}", {"svc-001", "svc-002", "svc-003"}),
        ("{properties: {team: core, tier: gold}}", {"svc-001"}),
        ("{include: [app], topics: [cli], properties: {team: web}}", {"app", "tools", "svc-003"}),
        ("{properties: {team: core}, exclude: ['*-002']}", {"svc-001"}),
        ("{mode: ensure, topics: [cli]}", {"app", "tools"}),
        ("{mode: remove, include: [app]}", set()),
        ("{mode: remove, include: [gone, svc-001]}", {"app"}),
        ("[]", set()),
    ],
)
def test_a_selection(teams: World, action: Action, chosen: str, expected: set[str]) -> None:
    """`include`, `topics` and `properties` are united; all properties must match."""
    assert action.here(ACCESS.format(chosen=chosen)) == 0

    assert listed(teams) == expected


def test_the_plan_says_what_picked_a_repository(teams: World, action: Action) -> None:
    """By glob, topic or property; a name needs no telling."""
    chosen = "{include: [app, 'svc-00?'], topics: [cli], properties: {team: [core, web]}}"

    step = action.step(ACCESS.format(chosen=chosen), mode="plan")

    assert "(by `octo-org/svc-00?`)" in step.stdout
    assert "+ 1 repository: tools (by topic `cli`)" in step.stdout


def test_one_walk_and_one_of_properties(teams: World, sandbox: Sandbox, action: Action) -> None:
    """Three pages each for 254 repositories, whatever the number of selections."""
    chosen = "{topics: [cli], properties: {team: core}, include: ['svc-*']}"
    second = ACCESS[ACCESS.index("  - id") :].replace("ACR", "GHCR")
    stored = {name.replace("ACR", "GHCR"): b"old" for name in TRIPLET}
    for name, value in stored.items():
        teams.put_secret(ORGANIZATION, name, value, visibility="selected")

    action.here((ACCESS + second).format(chosen=chosen))

    walks = [one for one in sandbox.exchanges if one.path == "/orgs/octo-org/repos"]
    valued = [one for one in sandbox.exchanges if one.path.endswith("/properties/values")]
    assert (len(walks), len(valued)) == (3, 3)


def test_ensure_asks_for_its_one_repository_only(
    teams: World, sandbox: Sandbox, action: Action
) -> None:
    """No walk over an organization for a name."""
    action.here(ACCESS.format(chosen="{mode: ensure, include: [svc-001]}"))

    assert [one.path for one in sandbox.exchanges if "secrets" not in one.path] == [
        "/repos/octo-org/svc-001"
    ]


def test_remove_takes_off_one_by_one(teams: World, sandbox: Sandbox, action: Action) -> None:
    """So that it never sends a list back that another run has changed."""
    assert action.here(ACCESS.format(chosen="{mode: remove, include: [app]}")) == 0

    assert {one.method for one in sandbox.writes} == {"DELETE"}
    assert len(sandbox.writes) == 3


def many(world: World, number: int) -> None:
    """A triplet whose lists hold so many repositories."""
    names = [f"octo-org/svc-{n:03}" for n in range(number)]
    stored_triplet(world, ORGANIZATION, visibility="selected", repositories=names)


@pytest.mark.parametrize(
    ("kept", "limit", "code"),
    [("svc-00[0-6]", "", 0), ("svc-00[0-5]", "", 1), ("svc-00[0-5]", "40%", 0), ("app", "100%", 0)],
)
def test_the_removal_limit(world: World, action: Action, kept: str, limit: str, code: int) -> None:
    """Of ten, three may go whatever the share; a fourth is 40 %."""
    many(world, 10)
    before = listed(world)

    step = action.step(ACCESS.format(chosen=f"['{kept}']"), removal_limit=limit)

    assert step.exit_code == code, step.stdout
    if code:
        assert listed(world) == before
        assert "would remove 4 of 10 repositories from ACR_CONTAINER_REGISTRY_PASSWORD" in (
            step.stdout
        )
        assert "`removal-limit` allows (30%)" in step.stdout


def test_remove_takes_off_what_it_was_not_shown(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """By its id, which does no harm where it is not on the list."""
    many(world, 10)
    world.show_partially("octo-org", token=TOKEN)

    assert action.here(ACCESS.format(chosen="{mode: remove, include: [svc-001, app]}")) == 0

    assert listed(world) == {f"svc-{n:03}" for n in range(10)} - {"svc-001"}
    assert {one.method for one in sandbox.writes} == {"DELETE"}


def test_remove_on_a_list_that_others_change_while_it_is_read(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """Its pages do not add up then; what was asked for is done all the same."""
    many(world, 10)
    body = '{"total_count": 10, "repositories": []}'
    sandbox.fail(Fault(method="GET", path="SERVER/repositories", status=200, body=body))

    assert action.here(ACCESS.format(chosen="{mode: remove, include: [svc-001]}")) == 0

    assert listed(world) == {f"svc-{n:03}" for n in range(10)} - {"svc-001"}


def test_a_list_that_single_sign_on_cuts_short_is_not_replaced(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """GitHub says so in a header alone; its total is short too."""
    many(world, 10)
    world.show_partially("octo-org", token=TOKEN)

    step = action.step(ACCESS.format(chosen="[app]"), removal_limit="100%")

    assert step.exit_code == 1
    assert "the token cannot see every selected repository of" in step.stdout
    assert sandbox.writes == []


def test_repositories_that_single_sign_on_hides_are_not_concluded_from(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """A glob over a part of the repositories would take the rest off."""
    stored_triplet(world, ORGANIZATION, visibility="selected")
    world.show_partially("octo-org", token=TOKEN)

    step = action.step(ACCESS.format(chosen="['svc-*']"))

    assert step.exit_code == 1
    assert "not authorized for single sign-on in every organization" in step.stdout
    assert sandbox.writes == []
