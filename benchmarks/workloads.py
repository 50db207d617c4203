"""The workloads to measure: a spec, the sandbox that it runs against, and its allowed requests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from benchmarks.sandbox import SandboxConfig

PER_PAGE = 100
PARTS = 3
PASSWORD = "correct horse battery staple"  # noqa: S105 - of a registry that does not exist
SECRETS = {
    "ACR_CONTAINER_REGISTRY_SERVER": "mycompany.azurecr.io",
    "ACR_CONTAINER_REGISTRY_USER": "acr-user-here",
    "ACR_CONTAINER_REGISTRY_PASSWORD": PASSWORD,
}
ORGANIZATION = "organization:octo-org"
EVERY_OTHER, ALL = '["repo-*[02468]"]', '["repo-*"]'


@dataclass(frozen=True)
class Workload:
    """A spec to apply; identified by its name. `allowed` is the number of requests by kind."""

    name: str
    sandbox: SandboxConfig = field(compare=False)
    spec: str = field(compare=False)
    allowed: Mapping[str, int] = field(compare=False)
    targets: tuple[str, ...] = field(compare=False)

    @property
    def stored(self) -> Mapping[str, Mapping[str, str]]:
        """The secrets after a run against an empty sandbox, by target and name."""
        return dict.fromkeys(self.targets, SECRETS)

    @property
    def writes(self) -> int:
        """The number of requests that write."""
        return self.allowed.get("value writes", 0) + self.allowed.get("list writes", 0)


def no_change(repositories: int = 250) -> Workload:
    """Find no changes for a triplet at the organization and at ten repositories.

    The password comes from an Actions secret, so one more request reads its age.
    """
    targets = (ORGANIZATION, *map(repository, range(10)))
    spec = build_spec(targets, f"repositories: {EVERY_OTHER}", source="{secret: ACR_PASSWORD}")
    allowed = {"secrets": len(targets), "ages": 1, **_count_reads(repositories)}
    return Workload("no change", SandboxConfig("stored", repositories), spec, allowed, targets)


def new_at_organization() -> Workload:
    """Create a triplet for the private repositories of an organization."""
    spec = build_spec([ORGANIZATION], "visibility: private")
    allowed = {"secrets": 1, "keys": 1, "value writes": PARTS}
    sandbox = SandboxConfig("bare", 250)
    return Workload("one organization triplet", sandbox, spec, allowed, (ORGANIZATION,))


def new_at_repositories(count: int) -> Workload:
    """Create a triplet at each of an organization's `count` repositories."""
    targets = tuple(map(repository, range(count)))
    allowed = {
        "secrets": count,
        "repositories": count_pages(count),
        "keys": count,
        "value writes": PARTS * count,
    }
    name = f"{count:,} repository target{'s' if count > 1 else ''}"
    return Workload(name, SandboxConfig("bare", count), build_spec(targets), allowed, targets)


def list_change(repositories: int = 250) -> Workload:
    """Select all repositories of an organization instead of every other one."""
    spec = build_spec([ORGANIZATION], f"repositories: {ALL}", rotate="missing")
    allowed = {"secrets": 1, "list writes": PARTS, **_count_reads(repositories)}
    sandbox = SandboxConfig("stored", repositories)
    return Workload("list change", sandbox, spec, allowed, (ORGANIZATION,))


def rotation_in_large(repositories: int) -> Workload:
    """Rotate the password of a triplet that half of a large organization's repositories use."""
    spec = build_spec([ORGANIZATION], f"repositories: {EVERY_OTHER}", rotate="always")
    allowed = {"secrets": 1, "keys": 1, "value writes": PARTS, **_count_reads(repositories)}
    name = f"an organization with {repositories:,} repositories"
    return Workload(name, SandboxConfig("stored", repositories), spec, allowed, (ORGANIZATION,))


def _count_reads(repositories: int) -> Mapping[str, int]:
    """Count the pages of all repositories, and of the three lists with every other repository."""
    return {
        "repositories": count_pages(repositories),
        "lists": PARTS * count_pages(repositories // 2),
    }


def count_pages(items: int) -> int:
    """The number of pages of a list."""
    return -(-items // PER_PAGE)


def repository(number: int) -> str:
    """The target of a repository, with the sandbox's name for it."""
    return f"repository:octo-org/repo-{number:04}"


def build_spec(
    targets: Iterable[str],
    access: str = "",
    *,
    source: str = "{env: ACR_PASSWORD}",
    rotate: str = "changed",
) -> str:
    """Build a spec of ACR at the targets; `access` is a line for the organization."""
    lines = [
        "version: 1",
        "registries:",
        "  - id: ACR",
        "    registry: acr",
        "    name: mycompany",
        "    username: acr-user-here",
        f"    password: {source}",
        f"    rotate: {rotate}",
        "    targets:",
    ]
    for target in targets:
        scope, _, name = target.partition(":")
        lines.append(f"      - {scope}: {name}")
        if access and scope == "organization":
            lines.append(f"        {access}")
    return "\n".join(lines) + "\n"
