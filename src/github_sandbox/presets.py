"""Preset worlds: `demo`, `bare`, `stored` and `with_dev_containers`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

from github_sandbox.world import World

SERVICES = (
    "accounts",
    "auth",
    "billing",
    "billing-legacy",
    "catalog",
    "checkout",
    "email",
    "events",
    "exports",
    "gateway",
    "images",
    "inventory",
    "ledger",
    "notifications",
    "orders",
    "payments",
    "pricing",
    "profiles",
    "reports",
    "search",
    "shipping",
)
OTHER_REPOSITORIES = (
    "api",
    "cli",
    "data-pipeline",
    "design-system",
    "docs",
    "e2e-tests",
    "homepage",
    "infra",
    "load-tests",
    "mobile",
    "platform",
    "playbooks",
    "runbooks",
    "sdk-python",
    "service-template",
    "tools",
    "web",
)
ARCHIVED_REPOSITORIES = ("monolith", "svc-sessions")
PARTS = ("SERVER", "USER", "PASSWORD")
OLD_VALUES = (b"mycompany.azurecr.io", b"acr-user-here", b"the password of last month")
# The files of dev containers. The second one pulls public images only.
DEV_CONTAINERS: tuple[Mapping[str, str], ...] = (
    {".devcontainer/devcontainer.json": '{"image": "mycompany.azurecr.io/team/app:v1"}'},
    {
        ".devcontainer/devcontainer.json": '{"build": {"dockerfile": "Dockerfile"}}',
        ".devcontainer/Dockerfile": "FROM mcr.microsoft.com/devcontainers/base:ubuntu\n",
    },
    {
        ".devcontainer/devcontainer.json": '{"build": {"dockerfile": "../docker/dev.Dockerfile"}}',
        "docker/dev.Dockerfile": "ARG TAG=v1\nFROM mycompany.azurecr.io/team/base:$TAG\n",
    },
    {
        ".devcontainer/devcontainer.json": (
            '{"dockerComposeFile": "../compose.yml", "service": "app"}'
        ),
        "compose.yml": "services: {app: {build: {context: docker}}, db: {image: postgres}}\n",
        "docker/Dockerfile": "FROM mycompany.azurecr.io/team/base:v1\n",
    },
)
SELECTED_REPOSITORIES = (
    "api",
    "web",
    "svc-accounts",
    "svc-auth",
    "svc-billing",
    "svc-catalog",
    "playbooks",
)


def demo() -> World:
    """Create an organization with 40 repositories whose registry secrets have drifted.

    `sandbox-token` is a classic token of `octocat`, the owner of `octo-org`. The organization's
    `ACR` is 45 days old and selects `playbooks` but few of the services. `GHCR` of
    `octo-org/service-template` has no password. `octocat` has no secrets.
    """
    world = bare(0)
    for name in (*(f"svc-{service}" for service in SERVICES), *OTHER_REPOSITORIES):
        topics = ("codespaces",) if name in ("api", "web", "service-template") else ()
        world.add_repository(f"octo-org/{name}", private=name != "docs", topics=topics)
    for name in ARCHIVED_REPOSITORIES:
        world.add_repository(f"octo-org/{name}", archived=True)
    world.add_repository("octocat/dotfiles", private=False)
    add_drifted_triplet(world)
    add_incomplete_triplet(world)
    return world


def bare(repositories: int) -> World:
    """Create an organization with repositories from `octo-org/repo-0000` on, and no secrets.

    `sandbox-token` is a classic token of its owner.
    """
    world = World()
    world.add_user("octocat")
    world.add_organization("octo-org", plan="team", owners=("octocat",))
    for number in range(repositories):
        world.add_repository(f"octo-org/repo-{number:04}")
    world.add_token("sandbox-token", user="octocat", scopes=("repo", "admin:org", "codespace"))
    return world


def stored(repositories: int) -> World:
    """Create `bare` plus a triplet ACR of the organization and one of each of ten repositories.

    The organization's triplet selects every other repository. The Actions secret ACR_PASSWORD of
    the first repository is older than all triplets.
    """
    world = bare(repositories)
    names = [f"octo-org/repo-{number:04}" for number in range(repositories)]
    add_triplet(world, "organization:octo-org", names[::2])
    for name in names[:10]:
        add_triplet(world, f"repository:{name}")
    updated_at = world.now() - timedelta(days=60)
    world.put_actions_secret(f"repository:{names[0]}", "ACR_PASSWORD", updated_at=updated_at)
    return world


def with_dev_containers(repositories: int) -> World:
    """Create `bare` with the dev containers of `DEV_CONTAINERS`, in turn, in the repositories."""
    world = bare(repositories)
    for number in range(repositories):
        name, files = f"octo-org/repo-{number:04}", DEV_CONTAINERS[number % len(DEV_CONTAINERS)]
        world.put_files(name, {"README.md": "An application.\n", **files})
    return world


def add_drifted_triplet(world: World) -> None:
    """Add the organization's ACR: an old credential and outdated selected repositories."""
    add_triplet(
        world, "organization:octo-org", [f"octo-org/{name}" for name in SELECTED_REPOSITORIES]
    )


def add_triplet(world: World, target: str, repositories: Iterable[str] = ()) -> None:
    """Add ACR, 45 days old; an organization's has the visibility `selected`."""
    visibility = "selected" if target.startswith("organization:") else None
    for part, value in zip(PARTS, OLD_VALUES, strict=True):
        world.put_secret(
            target,
            f"ACR_CONTAINER_REGISTRY_{part}",
            value,
            visibility=visibility,
            repositories=repositories,
            updated_at=world.now() - timedelta(days=45),
        )


def add_incomplete_triplet(world: World) -> None:
    """Add the template's GHCR: server and user without a password."""
    for part, value in (("SERVER", b"ghcr.io"), ("USER", b"octocat")):
        name = f"GHCR_CONTAINER_REGISTRY_{part}"
        world.put_secret("repository:octo-org/service-template", name, value)
