"""The name of an image tells its server and its path on it."""

from __future__ import annotations

import pytest

from codespaces_registry_secrets.model.dev_containers import DevContainers, RegistryImages
from codespaces_registry_secrets.model.images import UNKNOWN, ImageReference, parse_image
from codespaces_registry_secrets.model.registries import DOCKER_HUB

DIGEST = f"sha256:{'a' * 64}"
IMAGES = {
    "ubuntu": (DOCKER_HUB, "library/ubuntu"),
    "ubuntu:24.04": (DOCKER_HUB, "library/ubuntu"),
    f"ubuntu@{DIGEST}": (DOCKER_HUB, "library/ubuntu"),
    f"ubuntu:24.04@{DIGEST}": (DOCKER_HUB, "library/ubuntu"),
    "octo/app": (DOCKER_HUB, "octo/app"),
    "docker.io/ubuntu": (DOCKER_HUB, "library/ubuntu"),
    "docker.io/octo/app": (DOCKER_HUB, "octo/app"),
    "index.docker.io/octo/app": (DOCKER_HUB, "octo/app"),
    "registry-1.docker.io/octo/app": (DOCKER_HUB, "octo/app"),
    "ghcr.io/octo-org/app:v2": ("ghcr.io", "octo-org/app"),
    "mycompany.azurecr.io/app": ("mycompany.azurecr.io", "app"),
    "localhost/app": ("localhost", "app"),
    "localhost:5000/app:v1": ("localhost:5000", "app"),
    "registry:5000/team/app": ("registry:5000", "team/app"),
    "registry.example.com:443/app": ("registry.example.com", "app"),
    "REGISTRY.example.com/app": ("registry.example.com", "app"),
    "registry/app": (DOCKER_HUB, "registry/app"),
    f"ghcr.io/octo-org/{UNKNOWN}:v2": ("ghcr.io", f"octo-org/{UNKNOWN}"),
    f"ghcr.io/octo-org/app:{UNKNOWN}": ("ghcr.io", "octo-org/app"),
    f"octo/{UNKNOWN}": (DOCKER_HUB, f"octo/{UNKNOWN}"),
    f"ubuntu:{UNKNOWN}": (DOCKER_HUB, "library/ubuntu"),
}


@pytest.mark.parametrize(("name", "expected"), IMAGES.items())
def test_the_name_of_an_image_is_read_as_docker_reads_it(
    name: str, expected: tuple[str, str]
) -> None:
    assert parse_image(name) == ImageReference(*expected)


INVALID = (
    "",
    "/app",
    "ghcr.io/",
    "octo/App",
    "ghcr.io//app",
    "a b",
    "-app",
    "ghcr.io/app:",
    "..",
    "a" * 1025,
)
HIDDEN = (UNKNOWN, f"{UNKNOWN}/app", f"ghcr{UNKNOWN}.io/app", f"app{UNKNOWN}")
PARTLY_UNKNOWN = (f"ghcr.io/octo-org/\x1b{UNKNOWN}", f"ghcr.io/{UNKNOWN}/\ufeffapp")


@pytest.mark.parametrize("name", [*INVALID, *HIDDEN, *PARTLY_UNKNOWN])
def test_a_name_without_a_known_server_is_no_image(name: str) -> None:
    assert parse_image(name) is None


@pytest.mark.parametrize(
    ("image", "expected"),
    [("team/app", "yes"), ("other/app", "no"), ("base/tools/go", "yes"), ("base", "no")],
)
def test_images_and_namespaces_narrow_what_a_credential_is_for(image: str, expected: str) -> None:
    wanted = RegistryImages("ghcr.io", repositories=("team/app",), namespaces=("base",))
    containers = DevContainers((ImageReference("ghcr.io", image),))
    assert wanted.needed_by(containers) == expected


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (RegistryImages("ghcr.io"), "yes"),
        (RegistryImages("ghcr.io", namespaces=("octo-org",)), "yes"),
        (RegistryImages("ghcr.io", namespaces=("octo-org/team",)), "unknown"),
        (RegistryImages("ghcr.io", namespaces=("octo",)), "no"),
        (RegistryImages("ghcr.io", repositories=("octo-org/app",)), "unknown"),
        (RegistryImages("ghcr.io", repositories=("team/app",)), "no"),
        (RegistryImages("quay.io"), "no"),
    ],
)
def test_a_name_that_is_partly_unknown_can_be_one_of_the_images(
    wanted: RegistryImages, expected: str
) -> None:
    image = parse_image(f"ghcr.io/octo-org/{UNKNOWN}")
    assert image is not None
    assert wanted.needed_by(DevContainers((image,))) == expected


def test_what_cannot_be_resolved_leaves_the_need_unknown() -> None:
    assert RegistryImages("quay.io").needed_by(DevContainers(problems=("a: b",))) == "unknown"
    assert RegistryImages("quay.io").needed_by(DevContainers()) == "no"
