"""Whatever GitHub stores: the imported spec describes it, and applying it changes nothing."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from codespaces_registry_secrets.errors import InvalidConfigError
from codespaces_registry_secrets.github.auth import TimeoutConfig, connect
from codespaces_registry_secrets.github.observe import observe_triplets
from codespaces_registry_secrets.github.rate_limiter import MAX_WAIT_SECONDS, RateLimiter
from codespaces_registry_secrets.inputs.action_inputs import read_inputs
from codespaces_registry_secrets.model.desired import Desired
from codespaces_registry_secrets.model.observed import ObservedTarget
from codespaces_registry_secrets.model.targets import Organization, Repository, Target, User
from codespaces_registry_secrets.runtime.cancellation import Cancellation
from codespaces_registry_secrets.spec.imported import render_import, stored_triplets
from codespaces_registry_secrets.spec.load import load_desired
from codespaces_registry_secrets.spec.yaml_document import parse
from github_sandbox import Sandbox, World
from runner_environment import input_variables
from sandboxed_action import TOKEN, Action

PARTS = ("SERVER", "USER", "PASSWORD")
# One that YAML reads as a boolean, and one whose plain variables a spec must not read.
IDS = ("ACR", "NO", "ACTIONS_2")
SERVERS = {name: f"{number}.example.com" for number, name in enumerate(IDS)}
VARIABLES = {
    f"{prefix}{name}_{key}": "a value"
    for prefix in ("", "REGISTRY_")
    for name in IDS
    for key in ("USERNAME", "PASSWORD")
}
OWNED = ("octo-org/api", "octo-org/.github", "octo-org/svc-1", "octo-org/archived")
TARGETS: tuple[Target, ...] = (
    Organization("octo-org"),
    Repository("octo-org/api"),
    Repository("octo-org/archived"),
    User("@me"),
)


@dataclass(frozen=True)
class Stored:
    """One secret of a triplet."""

    target: str
    name: str
    visibility: str | None
    repositories: tuple[str, ...]


@st.composite
def triplets(draw: st.DrawFn) -> list[Stored]:
    """Triplets at several targets: complete or not, with the same access or not."""
    stored = []
    for target in ("organization:octo-org", "user:octocat", *map(str, TARGETS[1:3])):
        for registry in draw(st.sets(st.sampled_from(IDS))):
            parts = draw(st.one_of(st.just(set(PARTS)), st.sets(st.sampled_from(PARTS))))
            shared, agree = draw(accesses(target)), draw(st.booleans())
            for part in parts:
                visibility, listed = shared if agree else draw(accesses(target))
                name = f"{registry}_CONTAINER_REGISTRY_{part}"
                stored.append(Stored(target, name, visibility, listed))
    return stored


def accesses(target: str) -> st.SearchStrategy[tuple[str | None, tuple[str, ...]]]:
    """A visibility and a list that a secret of the target can have."""
    if target.startswith("repository:"):
        return st.just((None, ()))
    owned = st.lists(st.sampled_from(OWNED), unique=True).map(tuple)
    if target.startswith("organization:"):
        return st.one_of(
            st.tuples(st.just("selected"), owned),
            st.sampled_from([("all", ()), ("private", ())]),
        )
    anywhere = st.lists(st.sampled_from([*OWNED, "octocat/dotfiles"]), unique=True).map(tuple)
    return st.tuples(st.none(), anywhere)


def new_world(stored: list[Stored]) -> World:
    world = World()
    world.add_user("octocat")
    world.add_organization("octo-org", owners=("octocat",))
    for name in OWNED:
        world.add_repository(name, archived=name.endswith("archived"))
    world.add_repository("octocat/dotfiles")
    world.add_token(TOKEN, user="octocat", scopes=("repo", "admin:org", "codespace"))
    for secret in stored:
        world.put_secret(
            secret.target,
            secret.name,
            b"old",
            visibility=secret.visibility,
            repositories=secret.repositories,
        )
    return world


def observe(sandbox: Sandbox) -> dict[Target, ObservedTarget]:
    inputs = read_inputs(input_variables({"token": TOKEN, "api-url": sandbox.url}))
    limiter = RateLimiter(60, print, Cancellation(), MAX_WAIT_SECONDS)
    clients = connect(inputs, limiter, TimeoutConfig(backoff=0), lambda _: None)
    return dict(observe_triplets(TARGETS, clients))


def all_secrets(world: World) -> dict[str, object]:
    targets = ("organization:octo-org", "user:octocat", *map(str, TARGETS[1:3]))
    return {target: world.secrets(target) for target in targets}


def load(text: str) -> tuple[Desired, ...]:
    return load_desired(parse(text, "spec.yml"), lambda *_: None)


@given(triplets())
@settings(max_examples=settings().max_examples // 4)
def test_applying_an_imported_spec_changes_nothing(stored: list[Stored]) -> None:
    """With the servers and the variables that it needs."""
    world = new_world(stored)
    with Sandbox(world) as sandbox, tempfile.TemporaryDirectory() as folder:
        found = stored_triplets(observe(sandbox))
        text = render_import(found, SERVERS)
        complete = {(triplet.registry, triplet.target) for triplet in found if not triplet.missing}
        if not complete:
            assert "registries: []" in text
            return
        desired = load(text)
        assert {(triplet.registry, triplet.target) for triplet in desired} == complete
        before = all_secrets(world)
        action = Action(sandbox, Path(folder))
        assert action.run_in_process(text, VARIABLES, mode="check") == 0
        assert action.run_in_process(text, VARIABLES) == 0
        assert all_secrets(world) == before


@given(triplets())
@settings(max_examples=settings().max_examples // 4)
def test_an_imported_spec_has_what_the_secrets_agree_on(stored: list[Stored]) -> None:
    """Each stored triplet once; visibility and lists exactly, or not at all."""
    world = new_world(stored)
    with Sandbox(world) as sandbox:
        found = stored_triplets(observe(sandbox))
    names = {(secret.target, secret.name.partition("_CONTAINER")[0]) for secret in stored}
    assert {(str(triplet.target), triplet.registry) for triplet in found} == names
    text = render_import(found, SERVERS)
    if "registries: []" in text:
        return
    for triplet in load(text):
        members = [
            secret
            for secret in stored
            if secret.target == str(triplet.target)
            and secret.name.partition("_CONTAINER")[0] == triplet.registry
        ]
        visibilities = {member.visibility for member in members}
        lists = {tuple(sorted(member.repositories)) for member in members}
        agreed = visibilities.pop() if len(visibilities) == 1 else None
        assert triplet.visibility == agreed
        expects_list = triplet.target.has_list and agreed in {None, "selected"} and not visibilities
        if expects_list and len(lists) == 1:
            assert triplet.selection
            assert tuple(sorted(triplet.selection.include)) == lists.pop()
        else:
            assert triplet.selection is None


@given(triplets())
@settings(max_examples=settings().max_examples // 4)
def test_a_server_that_is_not_given_is_an_error_of_the_spec(stored: list[Stored]) -> None:
    """One for each registry, on its line; there is no other error."""
    world = new_world(stored)
    with Sandbox(world) as sandbox:
        found = stored_triplets(observe(sandbox))
    text = render_import(found, {})
    try:
        load(text)
    except InvalidConfigError as error:
        messages = [item.message for item in error.errors]
        lines = [text.splitlines()[(item.location.line or 0) - 1] for item in error.errors]
    if "registries: []" in text:
        assert messages == ["is empty; add at least one registry"]
        return
    assert all(message.startswith("fill in the server") for message in messages)
    assert all(line.strip() == 'server: "<server>" # fill in' for line in lines)
    complete = {triplet.registry for triplet in found if not triplet.missing}
    assert len(messages) == len(complete)
