"""The secrets of a scenario before and after a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from end_to_end.faults.scenarios import CREW, PASSWORD, Scenario
from github_app import add_app
from github_sandbox import World
from sandboxed_action import TOKEN

PARTS = ("PASSWORD", "USER", "SERVER")
LISTED = {
    "ACR": ("api", "tools"),
    "KEPT": ("app", "web", "api"),
    "LIST": ("app", "web"),
    "MORE": ("app", "web"),
    "LESS": ("app",),
    "HALF": ("app",),
    "GONE": (),
}
# The selected repositories of PASSWORD that differ from those of the other secrets.
DIFFERENT = {"LIST": ("api",), "MORE": ("app",), "LESS": ("app", "api")}
VALUES = {"PASSWORD": b"new", "USER": b"new", "SERVER": b"mycompany.azurecr.io"}
PERMISSIONS = {
    "codespaces_secrets": "write",
    "organization_codespaces_secrets": "write",
    "organization_custom_properties": "read",
}
# (target, name) -> value, visibility, selected repositories
State: TypeAlias = Mapping[tuple[str, str], tuple[bytes, str | None, frozenset[str]]]


def build_world(scenario: Scenario, other_targets: Sequence[str]) -> World:
    """Return accounts, repositories and stored triplets; two of the other targets lack secrets."""
    world = World()
    world.add_user("octocat")
    world.add_user("hubot")
    for login in ("home-org", *CREW):
        _add_organization(world, login)
    for number in range(19):
        world.add_repository(f"{CREW[0]}/svc-{number}")
    for name in ("octocat/dotfiles", "octocat/site", "hubot/a", "hubot/b", "hubot/c"):
        world.add_repository(name, private=False)
    world.add_repository("octocat/notes")
    for name in ("AAA", "AAB", PASSWORD):
        world.put_actions_secret("organization:home-org", name)
    for target in scenario.at:
        for registry in scenario.registries:
            _store(world, target, registry, PARTS[:1] if registry == "HALF" else PARTS)
    for number, target in enumerate(other_targets):
        _store(world, target, "HALF", PARTS if number % 10 else PARTS[:1])
    world.add_token(TOKEN, user="octocat", scopes=("repo", "admin:org", "codespace"))
    if scenario.app:
        owners = ("octocat", "home-org", *CREW)
        add_app(world, dict.fromkeys(owners, PERMISSIONS))
    return world


def _add_organization(world: World, login: str) -> None:
    world.add_organization(login, plan="team", owners=("octocat",))
    for name in ("app", "web", "api"):
        world.add_repository(f"{login}/{name}")
    world.add_repository(f"{login}/tools", topics=("codespaces",))
    world.set_properties(f"{login}/web", {"team": "core"})


def _store(world: World, target: str, registry: str, parts: Sequence[str]) -> None:
    kind, _, account = target.partition(":")
    owner = account if kind == "organization" else "home-org"
    # Half a triplet is the state after a run that was killed. Its age decides whether it is rotated.
    value = b"old" if parts == PARTS else VALUES["PASSWORD"]
    for part in parts:
        listed = (
            DIFFERENT.get(registry, LISTED[registry]) if part == "PASSWORD" else LISTED[registry]
        )
        world.put_secret(
            target,
            f"{registry}_CONTAINER_REGISTRY_{part}",
            value,
            visibility=None if kind == "repository" else "selected",
            repositories=[] if kind == "repository" else [f"{owner}/{name}" for name in listed],
        )


def read_state(world: World, scenario: Scenario, other_targets: Sequence[str]) -> State:
    """Read every secret of the scenario and of the other targets."""
    return {
        (target, name): (secret.value, secret.visibility, frozenset(secret.repositories))
        for target in (*scenario.at, *other_targets)
        for name, secret in world.secrets(target).items()
    }


def expected_state(scenario: Scenario, other_targets: Sequence[str]) -> State:
    """Return the secrets that the spec describes, computed without the Action."""
    triplets = [(target, registry) for target in scenario.at for registry in scenario.registries]
    triplets += [(target, "HALF") for target in other_targets]
    return {
        (target, f"{registry}_CONTAINER_REGISTRY_{part}"): (
            _value(target, registry, part, other_targets),
            None if target.startswith("repository:") else "selected",
            _list(target, registry),
        )
        for target, registry in triplets
        if registry != "GONE"
        for part in PARTS
    }


def _value(target: str, registry: str, part: str, other_targets: Sequence[str]) -> bytes:
    kept = registry == "HALF" and target in other_targets and other_targets.index(target) % 10
    return b"old" if kept or registry in {"LIST", "MORE", "LESS"} else VALUES[part]


def _list(target: str, registry: str) -> frozenset[str]:
    kind, _, account = target.partition(":")
    owner = account if kind == "organization" else "home-org"
    if kind == "repository":
        return frozenset()
    if registry == "ACR" and kind == "user":
        own = ("octocat/dotfiles", "octocat/notes", "octocat/site")
        return frozenset({*own, "hubot/a", "hubot/b", "hubot/c", "home-org/app"})
    names = ("tools", "web") if registry == "ACR" else LISTED[registry]
    return frozenset(f"{owner}/{name}" for name in names)
