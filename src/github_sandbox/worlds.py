"""Worlds to start from."""

from __future__ import annotations

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
LISTED = ("api", "web", "svc-accounts", "svc-auth", "svc-billing", "svc-catalog", "playbooks")


def demo() -> World:
    """An organization of 40 repositories whose registry secrets have drifted.

    `sandbox-token` is a classic token of `octocat`, owner of `octo-org`. The organization's `ACR`
    lists `playbooks` but few of the services and is 45 days old; `GHCR` at
    `octo-org/service-template` has no password; `octocat` has no secrets.
    """
    world = World()
    world.add_user("octocat")
    world.add_organization("octo-org", plan="team", owners=("octocat",))
    for name in (*(f"svc-{service}" for service in SERVICES), *OTHERS):
        topics = ("codespaces",) if name in ("api", "web", "service-template") else ()
        world.add_repository(f"octo-org/{name}", private=name != "docs", topics=topics)
    for name in ARCHIVED:
        world.add_repository(f"octo-org/{name}", archived=True)
    world.add_repository("octocat/dotfiles", private=False)
    world.add_token("sandbox-token", user="octocat", scopes=("repo", "admin:org", "codespace"))
    add_drifted_triplet(world)
    add_half_a_triplet(world)
    return world


def add_drifted_triplet(world: World) -> None:
    """The organization's ACR: an old credential, and a list that nobody kept up."""
    values = (b"mycompany.azurecr.io", b"acr-user-here", b"the password of last month")
    for part, value in zip(TRIPLET, values, strict=True):
        world.put_secret(
            "organization:octo-org",
            f"ACR_CONTAINER_REGISTRY_{part}",
            value,
            visibility="selected",
            repositories=[f"octo-org/{name}" for name in LISTED],
            updated_at=world.now() - timedelta(days=45),
        )


def add_half_a_triplet(world: World) -> None:
    """The template's GHCR: a server and a user without a password."""
    for part, value in (("SERVER", b"ghcr.io"), ("USER", b"octocat")):
        name = f"GHCR_CONTAINER_REGISTRY_{part}"
        world.put_secret("repository:octo-org/service-template", name, value)
