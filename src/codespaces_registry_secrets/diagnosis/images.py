"""Say for each image of a dev container whether a codespace can log in to its server. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from codespaces_registry_secrets.model.desired import DeclaredRegistry
from codespaces_registry_secrets.model.images import ImageReference


@dataclass(frozen=True)
class RegistryAccess:
    """A registry with its server, None if unknown, and whether a codespace can log in to it."""

    registry: str
    server: str | None
    can_log_in: bool | None


@dataclass(frozen=True)
class ImageDiagnosis:
    """An image, and the registry whose triplet a codespace uses to pull it; None if there is none.

    `can_pull` is true if the image is public or a codespace can log in to the registry, and None if
    that is unknown. `reason` explains it.
    """

    image: ImageReference
    registry: str | None
    can_pull: bool | None
    reason: str


def diagnose_images(
    images: Iterable[ImageReference],
    registries: Sequence[RegistryAccess],
    declared: Mapping[str, Sequence[DeclaredRegistry]],
) -> tuple[ImageDiagnosis, ...]:
    """Find the registry of each image. `declared` is what a spec says about each registry."""
    ids = defaultdict(list)
    for registry, entries in declared.items():
        for server in {entry.server for entry in entries if entry.server}:
            ids[server].append(registry)
    return tuple(_diagnose(image, registries, ids.get(image.server, [])) for image in images)


def find_uncovered(images: Iterable[ImageDiagnosis]) -> Iterator[str]:
    """A message for each server without a triplet that the codespace gets."""
    servers: defaultdict[str, list[str]] = defaultdict(list)
    for item in images:
        if item.can_pull is False:
            servers[item.image.server].append(str(item.image))
    for server, names in sorted(servers.items()):
        yield (
            f"the dev container pulls from {server}, and no triplet that the codespace gets has "
            f"this server: {', '.join(names)}; add one if the images are private"
        )


def _diagnose(
    image: ImageReference, registries: Sequence[RegistryAccess], declared: Sequence[str]
) -> ImageDiagnosis:
    if image.public:
        return ImageDiagnosis(image, None, True, "public, needs no login")
    matching = [item for item in registries if item.server == image.server]
    for can_log_in, reason in (
        (True, "a codespace can log in"),
        (None, "unknown whether a codespace can log in"),
        (False, "a codespace cannot log in"),
    ):
        for item in matching:
            if item.can_log_in is can_log_in:
                return ImageDiagnosis(image, item.registry, can_log_in, reason)
    if declared:
        reason = "in the spec, but no secret of it is stored for this repository"
        return ImageDiagnosis(image, min(declared), False, reason)
    unknown = sorted(item.registry for item in registries if item.server is None)
    if unknown:
        reason = f"unknown: only a spec tells the server of {', '.join(unknown)}"
        return ImageDiagnosis(image, None, None, reason)
    return ImageDiagnosis(image, None, False, f"no triplet has the server {image.server}")
