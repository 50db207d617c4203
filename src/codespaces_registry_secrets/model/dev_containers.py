"""What the dev containers of a repository pull, and whether they need a registry. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from codespaces_registry_secrets.model.images import UNKNOWN, ImageReference, host_of, parse_image

# Whether a repository needs the credential of a registry. `unknown`: its files cannot be read, or
# name an image by a variable of unknown value.
Need = Literal["yes", "no", "unknown"]


# In place of what only the files of a private repository say.
HIDDEN_IMAGE = ImageReference("a server that only private repositories name", "")
HIDDEN_PROBLEM = (
    "their files have problems that are not shown, because everybody can read this log; the "
    "command `doctor` shows them"
)


@dataclass(frozen=True)
class DevContainers:
    """The images that the dev containers of one repository pull; empty if it has none.

    `images` is sorted. `problems` say what could not be resolved, each with its file: then the
    repository can pull more images. If GitHub did not return the files, they are not `readable`,
    and the problem is its error.
    """

    images: tuple[ImageReference, ...] = ()
    problems: tuple[str, ...] = ()
    readable: bool = True

    def without_content(self, servers: Collection[str]) -> DevContainers:
        """The same for a log that people can read who cannot read the repository.

        Only those of `servers` that it pulls from are left of its files.
        """
        known = tuple(image for image in self.images if image.server in servers)
        others = (image for image in self.images if image.server not in servers)
        hidden = (HIDDEN_IMAGE,) if any(not image.public for image in others) else ()
        problems = (HIDDEN_PROBLEM,) if self.problems and self.readable else self.problems
        return replace(self, images=(*known, *hidden), problems=problems)


NO_DEV_CONTAINERS = DevContainers()

# By the id of the repository, for each that was read.
DevContainerIndex = Mapping[int, DevContainers]


@dataclass(frozen=True)
class RegistryImages:
    """The images that a registry's credential is for.

    `server` is its exact server. If `repositories` or `namespaces` are given, only the images with
    these paths, or below these paths, count.
    """

    server: str
    repositories: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()

    def needed_by(self, containers: DevContainers) -> Need:
        """Whether dev containers pull one of the images."""
        matches = [self._matches(image) for image in containers.images]
        if "yes" in matches:
            return "yes"
        return "unknown" if "unknown" in matches or containers.problems else "no"

    def _matches(self, image: ImageReference) -> Need:
        if image.server != self.server:
            return "no"
        if not (self.repositories or self.namespaces):
            return "yes"
        known, hidden, _ = image.repository.partition(UNKNOWN)
        below = tuple(f"{name}/" for name in self.namespaces)
        if known.startswith(below) or (not hidden and known in self.repositories):
            return "yes"
        can_match = hidden and any(name.startswith(known) for name in (*below, *self.repositories))
        return "unknown" if can_match else "no"


def registry_images(
    server: str, images: Iterable[str], namespaces: tuple[str, ...]
) -> RegistryImages:
    """The images of a registry; `images` are written without the server, with or without a tag."""
    references = (parse_image(f"{host_of(server)}/{image}") for image in images)
    repositories = {r.repository for r in references if r and r.repository}
    return RegistryImages(server, tuple(sorted(repositories)), namespaces)
