"""Selected repositories by team: what is listed, and what a missing team or permission blocks."""

from __future__ import annotations

import pytest

from github_app import add_app, app_inputs
from github_sandbox import Fault, Sandbox, World
from sandboxed_action import ACR_SPEC, TOKEN, Action, stored_triplet

ORGANIZATION = "organization:octo-org"
PLATFORM = "/orgs/octo-org/teams/platform/repos"
SPEC = """
version: 1
registries:
  - id: ACR
    targets:
      - organization: octo-org
        repositories: {selection}
"""
# A second registry at the same target, without a team.
GHCR = """\
  - id: GHCR
    targets:
      - organization: octo-org
        repositories: [svc-001]
"""


@pytest.fixture
def teams(world: World) -> World:
    """Two teams with a few repositories, and two triplets with `app` selected."""
    world.add_organization("other-org", owners=("octocat",))
    world.add_repository("other-org/shared")
    world.add_repository("octo-org/attic", archived=True)
    world.add_repository("octo-org/tools", topics=("codespaces",))
    world.set_properties("octo-org/svc-005", {"team": "core"})
    platform = ["svc-001", "svc-002", "tools", "attic"]
    world.add_team("octo-org", "platform", repositories=[f"octo-org/{name}" for name in platform])
    world.add_team("octo-org", "data.eng_2", repositories=["octo-org/svc-002", "octo-org/svc-003"])
    world.add_team("octo-org", "shares", repositories=["other-org/shared", "octo-org/svc-004"])
    world.add_team("octo-org", "nobody")
    world.add_team("other-org", "abroad", repositories=["other-org/shared"])
    for registry in ("ACR", "GHCR"):
        stored_triplet(
            world,
            ORGANIZATION,
            registry=registry,
            visibility="selected",
            repositories=["octo-org/app"],
        )
    return world


def selected(world: World, registry: str = "ACR") -> set[str]:
    """The repositories of a triplet, without their owner."""
    secrets = world.secrets(ORGANIZATION)
    selections = {
        secrets[f"{registry}_CONTAINER_REGISTRY_{part}"].repositories
        for part in ("SERVER", "USER", "PASSWORD")
    }
    assert len(selections) == 1
    return {name.removeprefix("octo-org/") for name in next(iter(selections))}


def lists(sandbox: Sandbox) -> list[str]:
    """The paths of the requests that are not about secrets, sorted."""
    return sorted(e.path for e in sandbox.exchanges if "secrets" not in e.path)


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ("{teams: [platform]}", {"svc-001", "svc-002", "tools"}),
        ("{teams: [Platform]}", {"svc-001", "svc-002", "tools"}),
        ("{teams: [platform], archived: true}", {"svc-001", "svc-002", "tools", "attic"}),
        ("{teams: [platform, data.eng_2]}", {"svc-001", "svc-002", "svc-003", "tools"}),
        ("{teams: [platform], exclude: ['*-002', tools]}", {"svc-001"}),
        ("{teams: [data.eng_2], include: [app], topics: [codespaces]}", "all"),
        ("{teams: [data.eng_2], properties: {team: core}}", {"svc-002", "svc-003", "svc-005"}),
        ("{teams: [shares]}", {"svc-004"}),
        ("{mode: ensure, teams: [data.eng_2]}", {"app", "svc-002", "svc-003"}),
        ("{teams: [nobody], include: [svc-001]}", {"svc-001"}),
    ],
)
def test_a_selection_has_the_repositories_of_each_team(
    teams: World, action: Action, selection: str, expected: set[str] | str
) -> None:
    """They are added to the others; those of another owner never are."""
    assert action.run_in_process(SPEC.format(selection=selection)) == 0

    united = {"svc-002", "svc-003", "app", "tools"}
    assert selected(teams) == (united if expected == "all" else expected)


def test_mode_remove_takes_the_repositories_of_a_team_off_the_list(
    teams: World, action: Action
) -> None:
    """The others stay."""
    for name in ("SERVER", "USER", "PASSWORD"):
        names = ["octo-org/app", "octo-org/svc-001", "octo-org/attic"]
        teams.set_repositories(ORGANIZATION, f"ACR_CONTAINER_REGISTRY_{name}", names)

    assert action.run_in_process(SPEC.format(selection="{mode: remove, teams: [platform]}")) == 0

    assert selected(teams) == {"app"}


def test_only_the_teams_are_listed(teams: World, sandbox: Sandbox, action: Action) -> None:
    """Each once for any number of registries, and not the repositories of the organization."""
    selection = "{teams: [platform, data.eng_2], exclude: [tools]}"
    second = SPEC[SPEC.index("  - id") :].replace("ACR", "GHCR")

    assert action.run_in_process((SPEC + second).format(selection=selection)) == 0

    assert lists(sandbox) == ["/orgs/octo-org/teams/data.eng_2/repos", PLATFORM]


def test_a_second_run_is_green_without_a_write(
    teams: World, sandbox: Sandbox, action: Action
) -> None:
    """The plan of the first run is complete."""
    spec = SPEC.format(selection="{teams: [platform]}")
    assert action.run_in_process(spec) == 0
    sandbox.clear_exchanges()

    assert action.run_in_process(spec, mode="check") == 0
    assert action.run_in_process(spec) == 0

    assert sandbox.writes == []
    assert selected(teams) == {"svc-001", "svc-002", "tools"}


def test_every_page_of_a_team_is_read(teams: World, sandbox: Sandbox, action: Action) -> None:
    """A team can have more repositories than a page."""
    names = [f"octo-org/svc-{number:03}" for number in range(120)]
    teams.add_team("octo-org", "platform", repositories=names)

    assert action.run_in_process(SPEC.format(selection="{teams: [platform]}")) == 0

    assert selected(teams) == {name.removeprefix("octo-org/") for name in names}
    assert lists(sandbox) == [PLATFORM, PLATFORM]


def test_the_plan_shows_the_team_that_selected_a_repository(teams: World, action: Action) -> None:
    """As for a glob, a topic or a property; an archived repository has a notice."""
    step = action.step(SPEC.format(selection="{include: [app], teams: [platform]}"), mode="plan")

    assert "+ 3 repositories: svc-001, svc-002, tools (by team `platform`)" in step.stdout
    assert "left out because they are archived: octo-org/attic" in step.stdout


def test_a_team_without_repositories_is_a_warning(teams: World, action: Action) -> None:
    """If nothing else is selected, the selection is empty, which is blocked."""
    selection = "{teams: [nobody], include: [app]}"
    warned = action.step(SPEC.format(selection=selection), mode="plan")
    empty = action.step(SPEC.format(selection="{teams: [nobody]}"), mode="plan")

    assert warned.exit_code == 0
    assert "team `nobody` matches no repository" in warned.stdout
    assert empty.exit_code == 1
    assert "the selection is empty: team `nobody` matches no repository" in empty.stdout


@pytest.mark.parametrize("team", ["platfrom", "abroad"])
def test_an_unknown_team_blocks_only_the_triplet_that_names_it(
    teams: World, action: Action, team: str
) -> None:
    """Also a team of another organization. Another registry at the same target is written."""
    step = action.step(SPEC.format(selection=f"{{teams: [{team}], include: [app]}}") + GHCR)

    assert step.exit_code == 1
    assert (
        f"ACR at organization:octo-org is blocked: team `{team}` of octo-org: GitHub returned 404: "
        "the team does not exist, or the token cannot see it"
    ) in step.stdout
    assert "the scope read:org" in step.stdout
    assert "members: read" in step.stdout
    assert (selected(teams), selected(teams, "GHCR")) == ({"app"}, {"svc-001"})


@pytest.mark.parametrize("kind", ["fine-grained", "app"])
def test_a_missing_permission_is_named(teams: World, action: Action, kind: str) -> None:
    """Only a triplet with a team needs it. The classic scope of organization secrets has it."""
    permissions = {"organization_codespaces_secrets": "write", "metadata": "read"}
    inputs = app_inputs() if kind == "app" else {"token": "fine-grained"}
    add_app(teams, {"octo-org": permissions})
    teams.add_fine_grained_token(
        "fine-grained", user="octocat", owner="octo-org", permissions=permissions
    )

    step = action.step(SPEC.format(selection="{teams: [platform]}") + GHCR, None, **inputs)

    assert step.exit_code == 1
    needs = "a fine-grained one or a GitHub App" if kind == "fine-grained" else "a GitHub App needs"
    assert "is blocked: team `platform` of octo-org: GitHub denied the request (" in step.stdout
    assert f"{needs} members: read" in step.stdout
    assert (selected(teams), selected(teams, "GHCR")) == ({"app"}, {"svc-001"})


def test_a_team_that_cannot_be_listed_blocks_its_triplet(
    teams: World, sandbox: Sandbox, action: Action
) -> None:
    """A part of a team's repositories is no selection."""
    sandbox.fail(Fault(path=PLATFORM, status=502, times=None))

    step = action.step(SPEC.format(selection="{teams: [platform], include: [app]}") + GHCR)

    assert step.exit_code == 1
    assert "is blocked: team `platform` of octo-org: GitHub returned a server error" in step.stdout
    assert (selected(teams), selected(teams, "GHCR")) == ({"app"}, {"svc-001"})


def test_a_team_that_single_sign_on_shortens_blocks_its_triplet(
    teams: World, action: Action
) -> None:
    """A selection from a part of the repositories would remove the others."""
    teams.show_partially("octo-org", token=TOKEN)

    step = action.step(SPEC.format(selection="{mode: ensure, teams: [platform]}"))

    assert step.exit_code == 1
    assert "not authorized for single sign-on in every organization" in step.stdout
    assert selected(teams) == {"app"}


def test_a_former_name_and_a_team_are_one_repository(
    teams: World, action: Action, capsys: pytest.CaptureFixture[str]
) -> None:
    """Messages name it once."""
    teams.rename("octo-org/svc-001", "octo-org/site")
    teams.put_file("octo-org/site", ".devcontainer.json", "{")
    spec = f"""{ACR_SPEC}    rotate: missing
    targets:
      - organization: octo-org
        repositories: {{include: [svc-001], teams: [platform], devcontainer: true}}
"""
    assert action.run_in_process(spec, {"ACR_PASSWORD": "p"}, mode="plan") == 0
    assert "dev containers of octo-org/site pull from" in capsys.readouterr().out
