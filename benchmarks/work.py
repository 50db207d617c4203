"""The pieces of work that are measured: a spec, the world that it meets, and what it may cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from benchmarks.sandbox import Site

PAGE = 100
PARTS = 3
PASSWORD = "correct horse battery staple"  # noqa: S105 - the registry of the bench is made up
SECRETS = {
    "ACR_CONTAINER_REGISTRY_SERVER": "mycompany.azurecr.io",
    "ACR_CONTAINER_REGISTRY_USER": "acr-user-here",
    "ACR_CONTAINER_REGISTRY_PASSWORD": PASSWORD,
}
ORGANIZATION = "organization:octo-org"
HALF, ALL = '["repo-*[02468]"]', '["repo-*"]'


@dataclass(frozen=True)
class Work:
    """Told apart by name. `allowed` are the requests that it may take, by kind."""

    name: str
    site: Site = field(compare=False)
    spec: str = field(compare=False)
    allowed: Mapping[str, int] = field(compare=False)
    targets: tuple[str, ...] = field(compare=False)

    @property
    def stored(self) -> Mapping[str, Mapping[str, str]]:
        """What is stored afterwards, by target and name, where nothing was before."""
        return dict.fromkeys(self.targets, SECRETS)

    @property
    def writes(self) -> int:
        """How many requests write."""
        return self.allowed.get("values", 0) + self.allowed.get("lists set", 0)


def repository(number: int) -> str:
    """A target, as the sandbox names its repositories."""
    return f"repository:octo-org/repo-{number:04}"


def new_at_repositories(count: int) -> Work:
    """A new triplet at each of so many repositories, all that the organization has."""
    targets = tuple(map(repository, range(count)))
    allowed = {
        "secrets": count,
        "repositories": pages(count),
        "keys": count,
        "values": PARTS * count,
    }
    name = f"{count:,} repository target{'s' if count > 1 else ''}"
    return Work(name, Site("bare", count), spec(targets), allowed, targets)


def new_at_organization() -> Work:
    """A new triplet for the private repositories of an organization."""
    text = spec([ORGANIZATION], "visibility: private")
    allowed = {"secrets": 1, "keys": 1, "values": PARTS}
    return Work("one organization triplet", Site("bare", 250), text, allowed, (ORGANIZATION,))


def no_change(repositories: int = 250) -> Work:
    """A triplet at the organization and at ten repositories; all is as it should be.

    Its password comes from an Actions secret, whose age is one more request.
    """
    targets = (ORGANIZATION, *map(repository, range(10)))
    text = spec(targets, f"repositories: {HALF}", source="{secret: ACR_PASSWORD}")
    allowed = {"secrets": len(targets), "ages": 1, **_reading(repositories)}
    return Work("no change", Site("stored", repositories), text, allowed, targets)


def list_change(repositories: int = 250) -> Work:
    """The half of an organization's repositories that is not on the list joins it."""
    text = spec([ORGANIZATION], f"repositories: {ALL}", rotate="missing")
    allowed = {"secrets": 1, "lists set": PARTS, **_reading(repositories)}
    return Work("list change", Site("stored", repositories), text, allowed, (ORGANIZATION,))


def rotation_in_large(repositories: int) -> Work:
    """A new password for half the repositories of a large organization, sent with their list."""
    text = spec([ORGANIZATION], f"repositories: {HALF}", rotate="always")
    allowed = {"secrets": 1, "keys": 1, "values": PARTS, **_reading(repositories)}
    name = f"an organization with {repositories:,} repositories"
    return Work(name, Site("stored", repositories), text, allowed, (ORGANIZATION,))


def _reading(repositories: int) -> Mapping[str, int]:
    """One page walk, and the lists of the three secrets, which hold every other repository."""
    return {"repositories": pages(repositories), "lists": PARTS * pages(repositories // 2)}


def pages(count: int) -> int:
    """How many pages so many things fill."""
    return -(-count // PAGE)


def spec(
    targets: Iterable[str],
    access: str = "",
    *,
    source: str = "{env: ACR_PASSWORD}",
    rotate: str = "changed",
) -> str:
    """ACR at the targets, its password from `source`; `access` is for the organization."""
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
