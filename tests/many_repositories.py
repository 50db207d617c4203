"""A world with 280 repositories, a spec for it, and the state and requests that tests compare."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import TypeAlias

from github_sandbox import Exchange, World
from sandboxed_action import TOKEN, stored_triplet

# The secrets of each target by name: value, visibility and selected repositories.
State: TypeAlias = dict[str, dict[str, tuple[bytes, str | None, tuple[str, ...]]]]

SERVICES = tuple(f"octo-org/svc-{number:02}" for number in range(60))
LIBRARIES = tuple(f"octo-org/lib-{number:03}" for number in range(220))
ENVIRONMENT = {"ACR_PASSWORD": "new of ACR", "GHCR_TOKEN": "new of GHCR"}
SPEC = """
version: 1
registries:
  - id: ACR
    server: mycompany.azurecr.io
    username: me
    password: {secret: ACR_PASSWORD}
    targets:
      - organization: octo-org
        repositories: [app, "svc-0*"]
      - repository: "octo-org/svc-*"
  - id: GHCR
    registry: ghcr
    username: me
    password: {env: GHCR_TOKEN}
    rotate: missing
    targets: [{repository: "octo-org/svc-*"}]
  - id: LISTED
    targets:
      - organization: octo-org
        repositories: {mode: ensure, include: ["*"]}
      - user: "@me"
        repositories: {mode: ensure, include: ["octo-org/*"]}
"""


def make_world() -> World:
    """60 services in five different states, and an organization and a user with long lists."""
    world = World()
    world.add_user("octocat")
    world.add_organization("octo-org", plan="team", owners=("octocat",))
    for name in ("octo-org/app", *SERVICES, *LIBRARIES):
        world.add_repository(name)
    world.add_token(TOKEN, user="octocat", scopes=("repo", "admin:org", "codespace"))
    world.put_actions_secret("repository:octo-org/app", "ACR_PASSWORD")
    _store(world, "organization:octo-org", "ACR", visibility="selected", listed=["octo-org/app"])
    _store(world, "organization:octo-org", "LISTED", visibility="selected")
    _store(world, "user:octocat", "LISTED", listed=LIBRARIES[:4])
    for number, name in enumerate(SERVICES):
        _store_service(world, f"repository:{name}", number)
    return world


def _store_service(world: World, target: str, number: int) -> None:
    """Store one of five states: nothing, an incomplete triplet, ACR, ACR and GHCR, or an unmanaged triplet."""
    if number % 5 == 1:
        world.put_secret(target, "ACR_CONTAINER_REGISTRY_USER", b"me")
    elif number % 5 == 2:
        _store(world, target, "ACR")
    elif number % 5 == 3:
        stored_triplet(world, target)
        _store(world, target, "GHCR")
    elif number % 5 == 4:
        _store(world, target, "OLD")


def _store(
    world: World,
    target: str,
    registry: str,
    *,
    visibility: str | None = None,
    listed: Iterable[str] = (),
) -> None:
    """Store a triplet that is a day old."""
    stored_triplet(
        world,
        target,
        registry=registry,
        visibility=visibility,
        repositories=list(listed),
        updated_at=world.now() - timedelta(days=1),
    )


def state(world: World) -> State:
    """All stored secrets, without their times."""
    targets = [f"repository:{name}" for name in ("octo-org/app", *SERVICES, *LIBRARIES)]
    return {
        target: {
            name: (secret.value, secret.visibility, tuple(sorted(secret.repositories)))
            for name, secret in world.secrets(target).items()
        }
        for target in ("organization:octo-org", "user:octocat", *targets)
    }


def requests(writes: Iterable[Exchange]) -> Counter[tuple[str, str]]:
    """How often each write was sent, by method and path."""
    return Counter((write.method, write.path) for write in writes)


def written(writes: Iterable[Exchange]) -> set[str]:
    """The targets of the writes, as path prefixes of the API."""
    return {write.path.partition("/codespaces/")[0] for write in writes}
