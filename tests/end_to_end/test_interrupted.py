"""Whatever request of a run fails, nothing is lost and the next run ends the job."""

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
# What each list must hold at every moment, and at the end.
ALWAYS = {"kept-org": {"app", "api"}, "exact-org": {"app"}}
FINALLY = {"kept-org": {"app", "api"}, "exact-org": {"app", "web"}}


def fresh_world() -> World:
    """Organizations with old triplets, a repository with half of one, a user with none."""
    world = World()
    world.add_user("octocat")
    for owner in ORGANIZATIONS:
        world.add_organization(owner, plan="team", owners=("octocat",))
        for name in ("app", "web", "api"):
            world.add_repository(f"{owner}/{name}")
        listed = [f"{owner}/{name}" for name in ALWAYS[owner]]
        stored_triplet(world, f"organization:{owner}", visibility="selected", repositories=listed)
    for part in ("SERVER", "USER", "PASSWORD"):
        world.put_secret(
            "organization:kept-org",
            f"LIST_CONTAINER_REGISTRY_{part}",
            b"old",
            visibility="selected",
            repositories=["kept-org/app"],
        )
    world.put_secret("repository:kept-org/app", TRIPLET[0], b"old")
    world.add_token(TOKEN, user="octocat", scopes=("repo", "admin:org", "codespace"))
    return world


def assert_nothing_lost(world: World) -> None:
    """Every secret stands, with a value that someone gave it, open to those that need it."""
    for owner in ORGANIZATIONS:
        secrets = world.secrets(f"organization:{owner}")
        assert set(TRIPLET) <= set(secrets)
        for name in TRIPLET:
            secret = secrets[name]
            assert secret.value in {b"old", b"new", b"mycompany.azurecr.io"}
            assert secret.visibility == "selected"
            needed = {f"{owner}/{name}" for name in ALWAYS[owner]}
            assert needed <= set(secret.repositories)
    assert TRIPLET[0] in world.secrets("repository:kept-org/app")


def assert_all_in_place(world: World) -> None:
    """What the spec says, everywhere."""
    for target in TARGETS:
        values = [world.secrets(target)[name].value for name in TRIPLET]
        assert values == [b"mycompany.azurecr.io", b"new", b"new"], target
    for owner in ORGANIZATIONS:
        secrets = world.secrets(f"organization:{owner}")
        for name in TRIPLET:
            wanted = {f"{owner}/{name}" for name in FINALLY[owner]}
            assert set(secrets[name].repositories) == wanted
    for secret in world.secrets("user:octocat").values():
        assert secret.repositories == ("kept-org/app",)
    for name, secret in world.secrets("organization:kept-org").items():
        if name.startswith("LIST"):
            assert set(secret.repositories) == {"kept-org/app", "kept-org/web"}


def requests_of_a_run(folder: Path) -> int:
    """How many requests a run without any fault takes."""
    with Sandbox(fresh_world()) as sandbox:
        assert Action(sandbox, folder).here(SPEC, ENVIRONMENT) == 0
        assert_all_in_place(sandbox.world)
        return len(sandbox.exchanges)


ONCE = {
    "500 before": Fault(status=500),
    "500 after": Fault(status=500, when="after"),
    "dropped before": Fault(drop=True),
    "dropped after": Fault(drop=True, when="after"),
}
# The matrix of faults shows at each endpoint that the other two come to the same.
FOR_GOOD = ("500 after", "dropped before")


@pytest.mark.parametrize("fault", ONCE)
def test_every_request_may_fail_when_it_is_sent_first(tmp_path: Path, fault: str) -> None:
    """Before or after it is carried out: a retry within the run heals it."""
    with Sandbox(fresh_world()) as sandbox:
        sandbox.fail(replace(ONCE[fault], each=True))

        assert Action(sandbox, tmp_path).here(SPEC, ENVIRONMENT) == 0

        assert len(sandbox.exchanges) > 60
        assert_all_in_place(sandbox.world)


@pytest.mark.parametrize("fault", FOR_GOOD)
def test_no_request_that_fails_for_good_loses_anything(tmp_path: Path, fault: str) -> None:
    """Each request in turn, and all that come after it; the next run ends the job."""
    folders = (_made(tmp_path / str(number)) for number in count())
    total = requests_of_a_run(next(folders))
    assert total > 30
    ended: list[object] = []  # what the next run was seen to bring in order
    for number in range(1, total + 1):
        with Sandbox(fresh_world()) as sandbox:
            action = Action(sandbox, next(folders))
            sandbox.fail(replace(ONCE[fault], nth=number, times=None))
            assert action.here(SPEC, ENVIRONMENT) == 1, number
            assert_nothing_lost(sandbox.world)
            left = all_secrets(sandbox.world)
            if left not in ended:
                sandbox.clear_faults()
                assert action.here(SPEC, ENVIRONMENT) == 0, number
                assert_all_in_place(sandbox.world)
                ended.append(left)
    assert len(ended) > 10


def all_secrets(world: World) -> object:
    """What stands, without its age."""
    return [
        (target, name, secret.value, secret.visibility, secret.repositories)
        for target in TARGETS
        for name, secret in world.secrets(target).items()
    ]


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


STALE = """
version: 1
registries:
  - id: ACR
    server: mycompany.azurecr.io
    username: new
    password: {env: ACR_PASSWORD}
    targets: [{repository: kept-org/api}]
"""
API = "repository:kept-org/api"


def keys_fetched(sandbox: Sandbox) -> int:
    """How often the run asked for a public key."""
    return sum(one.path.endswith("/public-key") for one in sandbox.exchanges)


def test_a_key_that_changes_between_two_writes_is_fetched_again(tmp_path: Path) -> None:
    """The value is sealed anew, and the triplet stands whole."""
    with Sandbox(fresh_world()) as sandbox, ThreadPoolExecutor(1) as pool:
        action = Action(sandbox, tmp_path)
        sandbox.fail(Fault(method="PUT", path="USER$", status=None, delay=0.5))
        code = pool.submit(action.here, STALE, ENVIRONMENT)
        while not sandbox.world.secrets(API):
            time.sleep(0.01)
        sandbox.world.replace_key(API)

        assert code.result() == 0

        values = [sandbox.world.secrets(API)[name].value for name in TRIPLET]
        assert values == [b"mycompany.azurecr.io", b"new", b"new"]
        assert keys_fetched(sandbox) == 2


def test_a_value_that_github_refuses_is_not_sent_again_with_the_same_key(tmp_path: Path) -> None:
    """A 422 that a fresh key does not explain ends in an error that names the target."""
    with Sandbox(fresh_world()) as sandbox:
        action = Action(sandbox, tmp_path)
        refusal = '{"message": "Validation Failed", "errors": ["no room"]}'
        sandbox.fail(Fault(method="PUT", path="USER$", times=None, status=422, body=refusal))

        step = action.step(STALE, ENVIRONMENT)

        assert step.exit_code == 1
        assert (
            f"create ACR at {API}: GitHub returned 422: Validation Failed; no room" in step.stdout
        )
        assert keys_fetched(sandbox) == 2
        assert [one.path[-4:] for one in sandbox.writes] == ["WORD", "USER"]
        assert (step.outputs["failed"], step.outputs["changed"]) == ("1", "true")
