"""Whatever request of a run fails, nothing is lost and the next run ends the job."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from github_sandbox import Fault, Sandbox, World
from running import TOKEN, TRIPLET, Action, stored_triplet

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
    targets = [f"organization:{owner}" for owner in ORGANIZATIONS]
    for target in [*targets, "repository:kept-org/app", "user:octocat"]:
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


def faults(number: int, *, for_good: bool) -> Iterator[Fault]:
    """Each way in which request `number` can fail; `for_good`, and all that come after it."""
    times = None if for_good else 1
    for when in ("before", "after"):
        yield Fault(nth=number, times=times, when=when, status=500)
        yield Fault(nth=number, times=times, when=when, drop=True)


@pytest.mark.parametrize("for_good", [False, True], ids=["once", "from then on"])
def test_no_failed_request_loses_anything(tmp_path: Path, *, for_good: bool) -> None:
    """Each request in turn, before and after it is carried out, with 500 and a dropped connection.

    A fault that passes is healed by a retry within the run, one that stays by the next run.
    """
    folders = iter(tmp_path / str(n) for n in range(10_000))
    total = requests_of_a_run(_made(next(folders)))
    assert total > 30
    for number in range(1, total + 1):
        for fault in faults(number, for_good=for_good):
            with Sandbox(fresh_world()) as sandbox:
                action = Action(sandbox, _made(next(folders)))
                sandbox.fail(fault)
                code = action.here(SPEC, ENVIRONMENT)
                assert code == (1 if for_good else 0), fault
                assert_nothing_lost(sandbox.world)
                sandbox.heal()
                if for_good:
                    assert action.here(SPEC, ENVIRONMENT) == 0, fault
                assert_all_in_place(sandbox.world)


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
        sandbox.world.new_key(API)

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
        assert f"create ACR at {API}: GitHub answers 422: Validation Failed; no room" in step.stdout
        assert keys_fetched(sandbox) == 2
        assert [one.path[-4:] for one in sandbox.writes] == ["WORD", "USER"]
        assert (step.outputs["failed"], step.outputs["changed"]) == ("1", "true")
