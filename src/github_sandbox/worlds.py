"""Worlds to start from."""

from __future__ import annotations

from collections.abc import Iterable
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
OTHERS = (
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
ARCHIVED = ("monolith", "svc-sessions")
TRIPLET = ("SERVER", "USER", "PASSWORD")
VALUES = (b"mycompany.azurecr.io", b"acr-user-here", b"the password of last month")
LISTED = ("api", "web", "svc-accounts", "svc-auth", "svc-billing", "svc-catalog", "playbooks")


def demo() -> World:
    """An organization of 40 repositories whose registry secrets have drifted.

    `sandbox-token` is a classic token of `octocat`, owner of `octo-org`. The organization's `ACR`
    lists `playbooks` but few of the services and is 45 days old; `GHCR` at
    `octo-org/service-template` has no password; `octocat` has no secrets.
    """
    world = bare(0)
    for name in (*(f"svc-{service}" for service in SERVICES), *OTHERS):
        topics = ("codespaces",) if name in ("api", "web", "service-template") else ()
        world.add_repository(f"octo-org/{name}", private=name != "docs", topics=topics)
    for name in ARCHIVED:
        world.add_repository(f"octo-org/{name}", archived=True)
    world.add_repository("octocat/dotfiles", private=False)
    add_drifted_triplet(world)
    add_half_a_triplet(world)
    return world


def bare(repositories: int) -> World:
    """An organization with so many repositories, `octo-org/repo-0000` and on, and no secrets.

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
    """The same, with ACR at the organization, for every other repository, and at the first ten.

    The Actions secret ACR_PASSWORD of the first repository is older than all of these.
    """
    world = bare(repositories)
    names = [f"octo-org/repo-{number:04}" for number in range(repositories)]
    add_triplet(world, "organization:octo-org", names[::2])
    for name in names[:10]:
        add_triplet(world, f"repository:{name}")
    changed = world.now() - timedelta(days=60)
    world.put_actions_secret(f"repository:{names[0]}", "ACR_PASSWORD", updated_at=changed)
    return world


def add_drifted_triplet(world: World) -> None:
    """The organization's ACR: an old credential, and a list that nobody kept up."""
    add_triplet(world, "organization:octo-org", [f"octo-org/{name}" for name in LISTED])


def add_triplet(world: World, target: str, repositories: Iterable[str] = ()) -> None:
    """ACR, 45 days old; at an organization for the selected repositories."""
    selected = "selected" if target.startswith("organization:") else None
    for part, value in zip(TRIPLET, VALUES, strict=True):
        world.put_secret(
            target,
            f"ACR_CONTAINER_REGISTRY_{part}",
            value,
            visibility=selected,
            repositories=repositories,
            updated_at=world.now() - timedelta(days=45),
        )


def add_half_a_triplet(world: World) -> None:
    """The template's GHCR: a server and a user without a password."""
    for part, value in (("SERVER", b"ghcr.io"), ("USER", b"octocat")):
        name = f"GHCR_CONTAINER_REGISTRY_{part}"
        world.put_secret("repository:octo-org/service-template", name, value)
