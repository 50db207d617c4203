"""Names of images, as Docker and Codespaces read them. Pure.

Source: the package `reference` of CNCF Distribution: what is before the first `/` is a host if it
has a `.` or a `:`, or is `localhost`; a name without a host is an image of Docker Hub.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from codespaces_registry_secrets.model.registries import (
    DOCKER_HUB,
    GHCR,
    IMAGE,
    canonical_server,
)

# Stands for the unknown value of a variable in the name of an image. No name can contain it.
UNKNOWN = "\0"

# Registries, and namespaces of registries, without private images. Sources: "Microsoft Artifact
# Registry", learn.microsoft.com; "Amazon ECR public registries", docs.aws.amazon.com; "Docker
# Official Images", docs.docker.com; "Dev Container Features", containers.dev.
_PUBLIC_SERVERS = frozenset({"mcr.microsoft.com", "public.ecr.aws", "registry.k8s.io"})
_PUBLIC_NAMESPACES = frozenset(
    {(DOCKER_HUB, "library"), (DOCKER_HUB, "docker"), (GHCR, "devcontainers")}
)

# Longer than every name that a registry accepts: 255 characters, a host, a tag and a digest.
MAX_LENGTH = 1024
# The last part of a path, with its tag and digest. No character fits two groups, so that the time
# is linear.
_LAST_PART = re.compile(r"([^:@]*)(?::[^@]+)?(?:@.+)?", re.DOTALL)


@dataclass(frozen=True)
class ImageReference:
    """An image, without tag and digest.

    `server` is spelled as in the secret `SERVER`: `https://index.docker.io/v1/` for Docker Hub.
    `repository` is the path on the server, such as `library/ubuntu`, in which `UNKNOWN` stands for
    each unknown value.
    """

    server: str
    repository: str

    @property
    def public(self) -> bool:
        """Whether it is known that everybody can pull the image."""
        namespace = self.repository.partition("/")[0]
        return self.server in _PUBLIC_SERVERS or (self.server, namespace) in _PUBLIC_NAMESPACES

    def __str__(self) -> str:
        """The name for messages, such as `docker.io/library/ubuntu`."""
        return f"{host_of(self.server)}/{self.repository.replace(UNKNOWN, '…')}"


def host_of(server: str) -> str:
    """The host of a server as it stands in the names of images: `docker.io` for Docker Hub."""
    return "docker.io" if server == DOCKER_HUB else server


def parse_image(name: str) -> ImageReference | None:
    """Parse the name of an image, in which `UNKNOWN` stands for each unknown value.

    Returns None if the name is invalid or too long, or if an unknown value hides the server.
    """
    folder, slash, last_part = name.rpartition("/")
    match = _LAST_PART.fullmatch(last_part)
    if match is None or len(name) > MAX_LENGTH:
        return None
    server, repository = _split_server(f"{folder}{slash}{match[1]}")
    if server is None:
        return None
    # What surrounds an unknown value is checked as if a letter stood there.
    is_valid = IMAGE.fullmatch(repository.replace(UNKNOWN, "x"))
    return ImageReference(server, repository) if is_valid else None


def _split_server(path: str) -> tuple[str | None, str]:
    """The server and the path on it; no server if it is invalid or unknown."""
    host, _, rest = path.partition("/")
    has_host = bool(rest) and (
        "." in host or ":" in host or host == "localhost" or host != host.lower()
    )
    server = canonical_server(host) if has_host else DOCKER_HUB
    repository = rest if has_host else path
    if not has_host and UNKNOWN in host:
        return None, path
    if server == DOCKER_HUB and "/" not in repository and UNKNOWN not in repository:
        repository = f"library/{repository}"
    return server, repository
