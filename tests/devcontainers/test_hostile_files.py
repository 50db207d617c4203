"""Files that are made to be slow: each takes seconds at most, whatever a repository contains."""

from __future__ import annotations

import json
import time

import pytest

from devcontainers.dev_container_files import scan_in_rounds

# GitHub returns the text of files up to about this many bytes.
SIZE = 500_000
# An idle machine takes a tenth of it. Without a limit, each of the files takes minutes.
MAX_SECONDS = 20
CONFIGURATION = ".devcontainer/devcontainer.json"


def image(name: str) -> dict[str, str]:
    """A dev container with an image."""
    return {CONFIGURATION: json.dumps({"image": name})}


def dockerfile(text: str) -> dict[str, str]:
    """A dev container with a Dockerfile."""
    configuration = '{"build": {"dockerfile": "Dockerfile"}}'
    return {CONFIGURATION: configuration, ".devcontainer/Dockerfile": text}


def compose(text: str, variables: str = "") -> dict[str, str]:
    """A dev container with a Compose file and its `.env`."""
    return {
        CONFIGURATION: '{"dockerComposeFile": "docker-compose.yml", "service": "web"}',
        ".devcontainer/docker-compose.yml": f"{text}\n  web: {{image: quay.io/web}}\n",
        ".devcontainer/.env": variables,
    }


def services(count: int, text: str) -> str:
    """Services of a Compose file with the same text."""
    return "services:\n" + "".join(f"  s{number}: {text}\n" for number in range(count))


LONG_DOCKERFILE = "FROM quay.io/$A\\n" * (SIZE // 32)
TRIGGERS = "ONBUILD COPY --from=a / /\n" * (SIZE // 52)
STAGES = "FROM a\nCOPY . .\n" * (SIZE // 38)
NEEDS = "x," * (SIZE // 8)

HOSTILE = {
    "an image with many tags": image(f"quay.io/{':a' * (SIZE // 2)}/"),
    "an image with many digests": image(f"quay.io/{'@a' * (SIZE // 2)}/"),
    "stages with the same triggers": dockerfile(
        f"FROM quay.io/a AS a\n{TRIGGERS}{STAGES}"
        + "".join(f"COPY --from={number} / /\n" for number in range(SIZE // 38))
    ),
    "a long Dockerfile in many services": compose(
        f'x-dockerfile: &long "{LONG_DOCKERFILE}"\n'
        + services(1500, "{build: {dockerfile_inline: *long}}")
    ),
    "services that extend one with many needs": compose(
        services(SIZE // 100, "{extends: base, links: [web]}")
        + f"  base: {{image: quay.io/a, depends_on: [{NEEDS}]}}"
    ),
    "services with profiles, and many active ones": compose(
        services(1900, "{image: quay.io/a, profiles: [a]}"),
        f"COMPOSE_PROFILES={'p,' * (SIZE // 2)}",
    ),
}


@pytest.mark.parametrize("files", HOSTILE.values(), ids=HOSTILE)
def test_a_file_that_is_made_to_be_slow_takes_seconds(files: dict[str, str]) -> None:
    began = time.process_time()
    scan_in_rounds(files)
    assert time.process_time() - began < MAX_SECONDS


def test_an_image_with_a_name_that_is_too_long_is_a_problem() -> None:
    containers = scan_in_rounds(image(f"quay.io/{'a/' * 1000}a"))
    assert containers.images == ()
    assert "is not a valid name of an image" in containers.problems[0]
