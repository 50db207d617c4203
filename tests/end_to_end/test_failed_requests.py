"""A failed request loses no secret and no access, and the next run completes the changes."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from github_sandbox import Fault, Sandbox, World
from sandboxed_action import TOKEN, TRIPLET, Action, stored_triplet

SPEC = """
version: 1
defaults:
  server: mycompany.azurecr.io
  username: new
  password: {env: ACR_PASSWORD}
  rotate: always
registries:
  - id: ACR
    targets:
      - organization: kept-org
      - organization: exact-org
        visibility: selected
        repositories: [app, web]
      - repository: kept-org/app
      - user: octocat
        repositories: [kept-org/app]
  - id: LIST
    rotate: missing
    targets:
      - organization: kept-org
        repositories: {mode: ensure, include: [web]}
"""
ENVIRONMENT = {"ACR_PASSWORD": "new"}
ORGANIZATIONS = ("kept-org", "exact-org")
TARGETS = (
    *(f"organization:{owner}" for owner in ORGANIZATIONS),
    "repository:kept-org/app",
    "user:octocat",
)
# Repositories that must be selected at any time, and after a complete run.
SELECTED_ALWAYS = {"kept-org": {"app", "api"}, "exact-org": {"app"}}
SELECTED_AT_THE_END = {"kept-org": {"app", "api"}, "exact-org": {"app", "web"}}


def make_world() -> World:
    """Organizations with old triplets, a repository with half a triplet, and a user without one."""
    world = World()
    world.add_user("octocat")
    for owner in ORGANIZATIONS:
        world.add_organization(owner, plan="team", owners=("octocat",))
        for name in ("app", "web", "api"):
            world.add_repository(f"{owner}/{name}")
        listed = [f"{owner}/{name}" for name in SELECTED_ALWAYS[owner]]
        stored_triplet(world, f"organization:{owner}", visibility="selected", repositories=listed)
    stored_triplet(
        world,
        "organization:kept-org",
        registry="LIST",
        visibility="selected",
        repositories=["kept-org/app"],
    )
    world.put_secret("repository:kept-org/app", TRIPLET[0], b"old")
    world.add_token(TOKEN, user="octocat", scopes=("repo", "admin:org", "codespace"))
    return world


def assert_nothing_lost(world: World) -> None:
    """Each secret exists, with its old or its new value, and is visible to its repositories."""
    for owner in ORGANIZATIONS:
        secrets = world.secrets(f"organization:{owner}")
        assert set(TRIPLET) <= set(secrets)
        for name in TRIPLET:
            secret = secrets[name]
            assert secret.value in {b"old", b"new", b"mycompany.azurecr.io"}
            assert secret.visibility == "selected"
            needed = {f"{owner}/{name}" for name in SELECTED_ALWAYS[owner]}
            assert needed <= set(secret.repositories)
    assert TRIPLET[0] in world.secrets("repository:kept-org/app")


def assert_all_in_place(world: World) -> None:
    """Each target has what the spec says."""
    for target in TARGETS:
        values = [world.secrets(target)[name].value for name in TRIPLET]
        assert values == [b"mycompany.azurecr.io", b"new", b"new"], target
    for owner in ORGANIZATIONS:
        secrets = world.secrets(f"organization:{owner}")
        for name in TRIPLET:
            expected = {f"{owner}/{name}" for name in SELECTED_AT_THE_END[owner]}
            assert set(secrets[name].repositories) == expected
    for secret in world.secrets("user:octocat").values():
        assert secret.repositories == ("kept-org/app",)
    for name, secret in world.secrets("organization:kept-org").items():
        if name.startswith("LIST"):
            assert set(secret.repositories) == {"kept-org/app", "kept-org/web"}


def count_requests(folder: Path) -> int:
    """Return the number of requests of a run without a fault."""
    with Sandbox(make_world()) as sandbox:
        assert Action(sandbox, folder).run_in_process(SPEC, ENVIRONMENT) == 0
        assert_all_in_place(sandbox.world)
        return len(sandbox.exchanges)


FAULTS = {
    "500 before": Fault(status=500),
    "500 after": Fault(status=500, when="after"),
    "dropped before": Fault(drop=True),
    "dropped after": Fault(drop=True, when="after"),
}
# The fault matrix shows for each endpoint that the other two have the same effect.
LASTING_FAULTS = ("500 after", "dropped before")


@pytest.mark.parametrize("fault", FAULTS)
def test_a_run_succeeds_if_each_request_fails_once(tmp_path: Path, fault: str) -> None:
    """Before or after GitHub executes it. The run succeeds, because it sends the request again."""
    with Sandbox(make_world()) as sandbox:
        sandbox.fail(replace(FAULTS[fault], each=True))

        assert Action(sandbox, tmp_path).run_in_process(SPEC, ENVIRONMENT) == 0

        assert len(sandbox.exchanges) > 60
        assert_all_in_place(sandbox.world)


@pytest.mark.parametrize("fault", LASTING_FAULTS)
def test_a_run_that_fails_at_any_request_loses_nothing(tmp_path: Path, fault: str) -> None:
    """Each request in turn fails, and all later ones. The next run completes the changes."""
    folders = (_make_folder(tmp_path / str(number)) for number in count())
    total = count_requests(next(folders))
    assert total > 30
    repaired: list[object] = []  # states that the next run completed
    for number in range(1, total + 1):
        with Sandbox(make_world()) as sandbox:
            action = Action(sandbox, next(folders))
            sandbox.fail(replace(FAULTS[fault], nth=number, times=None))
            assert action.run_in_process(SPEC, ENVIRONMENT) == 1, number
            assert_nothing_lost(sandbox.world)
            state = all_secrets(sandbox.world)
            if state not in repaired:
                sandbox.clear_faults()
                assert action.run_in_process(SPEC, ENVIRONMENT) == 0, number
                assert_all_in_place(sandbox.world)
                repaired.append(state)
    assert len(repaired) > 10


def all_secrets(world: World) -> object:
    """Return each secret, without its age."""
    return [
        (target, name, secret.value, secret.visibility, secret.repositories)
        for target in TARGETS
        for name, secret in world.secrets(target).items()
    ]


def _make_folder(folder: Path) -> Path:
    folder.mkdir()
    return folder


SPEC_OF_API = """
version: 1
registries:
  - id: ACR
    server: mycompany.azurecr.io
    username: new
    password: {env: ACR_PASSWORD}
    targets: [{repository: kept-org/api}]
"""
API_TARGET = "repository:kept-org/api"


def count_key_requests(sandbox: Sandbox) -> int:
    """Return how often the run fetched a public key."""
    return sum(exchange.path.endswith("/public-key") for exchange in sandbox.exchanges)


def test_a_public_key_that_changes_between_two_writes_is_fetched_again(tmp_path: Path) -> None:
    """The value is sealed again, and the triplet is complete."""
    with Sandbox(make_world()) as sandbox, ThreadPoolExecutor(1) as pool:
        action = Action(sandbox, tmp_path)
        sandbox.fail(Fault(method="PUT", path="USER$", status=None, delay=0.5))
        code = pool.submit(action.run_in_process, SPEC_OF_API, ENVIRONMENT)
        while not sandbox.world.secrets(API_TARGET):
            time.sleep(0.01)
        sandbox.world.replace_key(API_TARGET)

        assert code.result() == 0

        values = [sandbox.world.secrets(API_TARGET)[name].value for name in TRIPLET]
        assert values == [b"mycompany.azurecr.io", b"new", b"new"]
        assert count_key_requests(sandbox) == 2


def test_a_rejected_value_is_sent_again_only_with_a_new_key(tmp_path: Path) -> None:
    """A 422 to a value that was sealed with a new key is an error, which names the target."""
    with Sandbox(make_world()) as sandbox:
        action = Action(sandbox, tmp_path)
        validation_error = '{"message": "Validation Failed", "errors": ["no room"]}'
        sandbox.fail(
            Fault(method="PUT", path="USER$", times=None, status=422, body=validation_error)
        )

        step = action.step(SPEC_OF_API, ENVIRONMENT)

        assert step.exit_code == 1
        assert (
            f"create ACR at {API_TARGET}: GitHub returned 422: Validation Failed; no room"
            in step.stdout
        )
        assert count_key_requests(sandbox) == 2
        assert [exchange.path[-4:] for exchange in sandbox.writes] == ["WORD", "USER"]
        assert (step.outputs["failed"], step.outputs["changed"]) == ("1", "true")
