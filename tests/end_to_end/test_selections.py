"""Selected repositories by name, glob, topic and custom property, and their safety checks."""

from __future__ import annotations

import pytest

from github_sandbox import Fault, Sandbox, World
from sandboxed_action import TOKEN, Action, stored_triplet

ORGANIZATION = "organization:octo-org"
ACCESS_SPEC = """
version: 1
registries:
  - id: ACR
    targets:
      - organization: octo-org
        repositories: {selection}
"""


def selected(world: World) -> set[str]:
    """Return the repositories of the triplet, without their owner."""
    selections = {frozenset(s.repositories) for s in world.secrets(ORGANIZATION).values()}
    assert len(selections) == 1
    return {name.removeprefix("octo-org/") for name in next(iter(selections))}


@pytest.fixture
def teams(world: World) -> World:
    """Topics and properties of a few repositories, and a triplet with `app` selected."""
    world.add_repository("octo-org/tools", topics=("codespaces", "cli"))
    world.add_repository("octo-org/attic", topics=("codespaces",), archived=True)
    world.set_properties("octo-org/svc-001", {"team": "core", "tier": ["gold", "silver"]})
    world.set_properties("octo-org/svc-002", {"team": "core", "tier": None})
    world.set_properties("octo-org/svc-003", {"team": "web", "tier": ["gold"]})
    stored_triplet(world, ORGANIZATION, visibility="selected", repositories=["octo-org/app"])
    return world


@pytest.mark.parametrize(
    ("selection", "expected"),
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
def test_a_selection_matches_names_globs_topics_and_properties(
    teams: World, action: Action, selection: str, expected: set[str]
) -> None:
    """Matches of `include`, `topics` and `properties` are combined; all properties must match."""
    assert action.run_in_process(ACCESS_SPEC.format(selection=selection)) == 0

    assert selected(teams) == expected


def test_the_plan_shows_why_a_repository_is_selected(teams: World, action: Action) -> None:
    """A glob, a topic or a property; not a name."""
    selection = "{include: [app, 'svc-00?'], topics: [cli], properties: {team: [core, web]}}"

    step = action.step(ACCESS_SPEC.format(selection=selection), mode="plan")

    assert "(by `octo-org/svc-00?`)" in step.stdout
    assert "+ 1 repository: tools (by topic `cli`)" in step.stdout


def test_repositories_and_properties_are_listed_once(
    teams: World, sandbox: Sandbox, action: Action
) -> None:
    """Three pages each for 254 repositories, for any number of selections."""
    selection = "{topics: [cli], properties: {team: core}, include: ['svc-*']}"
    second = ACCESS_SPEC[ACCESS_SPEC.index("  - id") :].replace("ACR", "GHCR")
    stored_triplet(teams, ORGANIZATION, registry="GHCR", visibility="selected")

    action.run_in_process((ACCESS_SPEC + second).format(selection=selection))

    lists = [exchange for exchange in sandbox.exchanges if exchange.path == "/orgs/octo-org/repos"]
    properties = [
        exchange for exchange in sandbox.exchanges if exchange.path.endswith("/properties/values")
    ]
    assert (len(lists), len(properties)) == (3, 3)


def test_ensure_looks_up_only_its_repositories(
    teams: World, sandbox: Sandbox, action: Action
) -> None:
    """For a name, it does not list the organization's repositories."""
    action.run_in_process(ACCESS_SPEC.format(selection="{mode: ensure, include: [svc-001]}"))

    assert [exchange.path for exchange in sandbox.exchanges if "secrets" not in exchange.path] == [
        "/repos/octo-org/svc-001"
    ]


def test_remove_sends_one_request_for_each_repository(
    teams: World, sandbox: Sandbox, action: Action
) -> None:
    """So it never writes back a list that another run changed."""
    assert (
        action.run_in_process(ACCESS_SPEC.format(selection="{mode: remove, include: [app]}")) == 0
    )

    assert {exchange.method for exchange in sandbox.writes} == {"DELETE"}
    assert len(sandbox.writes) == 3


def store_with_services(world: World, number: int) -> None:
    """Store a triplet with `number` selected repositories."""
    names = [f"octo-org/svc-{n:03}" for n in range(number)]
    stored_triplet(world, ORGANIZATION, visibility="selected", repositories=names)


@pytest.mark.parametrize(
    ("kept", "limit", "code"),
    [("svc-00[0-6]", "", 0), ("svc-00[0-5]", "", 1), ("svc-00[0-5]", "40%", 0), ("app", "100%", 0)],
)
def test_removals_over_the_limit_block_the_target(
    world: World, action: Action, kept: str, limit: str, code: int
) -> None:
    """Three removals are always allowed; a fourth of ten is 40 %."""
    store_with_services(world, 10)
    before = selected(world)

    step = action.step(ACCESS_SPEC.format(selection=f"['{kept}']"), removal_limit=limit)

    assert step.exit_code == code, step.stdout
    if code:
        assert selected(world) == before
        assert "would remove 4 of 10 repositories from ACR_CONTAINER_REGISTRY_PASSWORD" in (
            step.stdout
        )
        assert "`removal-limit` allows (30%)" in step.stdout


def test_remove_also_removes_repositories_that_the_token_cannot_see(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """By its id, which has no effect if it is not selected."""
    store_with_services(world, 10)
    world.show_partially("octo-org", token=TOKEN)

    assert (
        action.run_in_process(
            ACCESS_SPEC.format(selection="{mode: remove, include: [svc-001, app]}")
        )
        == 0
    )

    assert selected(world) == {f"svc-{n:03}" for n in range(10)} - {"svc-001"}
    assert {exchange.method for exchange in sandbox.writes} == {"DELETE"}


def test_remove_works_on_a_list_that_changes_during_the_read(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """Its pages are inconsistent then, but `remove` does not need them."""
    store_with_services(world, 10)
    body = '{"total_count": 10, "repositories": []}'
    sandbox.fail(Fault(method="GET", path="SERVER/repositories", status=200, body=body))

    assert (
        action.run_in_process(ACCESS_SPEC.format(selection="{mode: remove, include: [svc-001]}"))
        == 0
    )

    assert selected(world) == {f"svc-{n:03}" for n in range(10)} - {"svc-001"}


def test_repositories_that_cannot_be_listed_block_the_selection_of_at_me(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """Otherwise those of the glob would be removed. Another registry is not concerned."""
    listed = ["octocat/dotfiles", "octo-org/svc-001"]
    for registry in ("ACR", "GHCR"):
        stored_triplet(world, "user:octocat", registry=registry, repositories=listed)
    spec = ACCESS_SPEC.replace("organization: octo-org", 'user: "@me"')
    second = spec[spec.index("  - id") :].replace("ACR", "GHCR")
    sandbox.fail(Fault(path="/orgs/octo-org/repos", status=422, times=None))

    step = action.step(
        spec.format(selection="[octocat/dotfiles, 'octo-org/svc-00?']")
        + second.format(selection="[octo-org/app]")
    )

    assert step.exit_code == 1
    assert "ACR at user:octocat is blocked: GitHub returned 422" in step.stdout
    lists = {name: secret.repositories for name, secret in world.secrets("user:octocat").items()}
    assert {lists[name] for name in lists if name.startswith("ACR")} == {tuple(listed)}
    assert {lists[name] for name in lists if name.startswith("GHCR")} == {("octo-org/app",)}


def test_a_list_that_single_sign_on_shortens_is_not_replaced(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """Only a header says that the list is incomplete; its total is too low as well."""
    store_with_services(world, 10)
    world.show_partially("octo-org", token=TOKEN)

    step = action.step(ACCESS_SPEC.format(selection="[app]"), removal_limit="100%")

    assert step.exit_code == 1
    assert "the token cannot see every selected repository of" in step.stdout
    assert sandbox.writes == []


def test_a_glob_over_repositories_that_single_sign_on_hides_blocks_the_target(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """A glob over a part of the repositories would remove the others."""
    stored_triplet(world, ORGANIZATION, visibility="selected")
    world.show_partially("octo-org", token=TOKEN)

    step = action.step(ACCESS_SPEC.format(selection="['svc-*']"))

    assert step.exit_code == 1
    assert "not authorized for single sign-on in every organization" in step.stdout
    assert sandbox.writes == []
