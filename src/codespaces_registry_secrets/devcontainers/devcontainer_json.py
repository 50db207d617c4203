"""Find the images in a devcontainer.json. Pure.

Source: `docs/specs/devcontainerjson-reference.md` of devcontainers/spec, and `src/spec-node` and
`src/spec-configuration` of devcontainers/cli.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from codespaces_registry_secrets.devcontainers.build_options import build_settings
from codespaces_registry_secrets.devcontainers.cache_from import add_cache_image
from codespaces_registry_secrets.devcontainers.collector import Collector
from codespaces_registry_secrets.devcontainers.compose import add_compose_images
from codespaces_registry_secrets.devcontainers.dockerfile_images import add_dockerfile_images
from codespaces_registry_secrets.devcontainers.features import add_features
from codespaces_registry_secrets.devcontainers.json_file import (
    JsonObject,
    parse_json_file,
    replace_variables,
)

_WORKSPACE = re.compile(r"\$\{localWorkspaceFolder\}(?:/|$)")
# The file that `.env` names if a devcontainer.json names none; see `getDockerComposeFilePaths`.
_COMPOSE_FILE = re.compile(r"^COMPOSE_FILE=(.+)$", re.MULTILINE)


def add_config_images(text: str, file: str, collector: Collector) -> None:
    """Add the images of the dev container that a devcontainer.json describes.

    A Dockerfile comes before an image, and an image before Compose files. Without any of them,
    Codespaces uses its own image.
    """
    data = parse_json_file(text, file, collector)
    if data is None:
        return
    config = JsonObject(data, file, collector)
    dockerfile = config.text("dockerFile") or config.mapping("build").text("dockerfile")
    image = config.text("image")
    if dockerfile:
        _add_build_images(dockerfile, config)
    elif image:
        collector.add_image(file, image, replace_variables(image))
    elif "dockerComposeFile" in data:
        _add_services(config)
    add_features(config.mapping("features").data, file, collector)


def _add_build_images(dockerfile: str, config: JsonObject) -> None:
    collector = config.collector
    build, cache_from = build_settings(config.mapping("build"))
    for source in cache_from:
        add_cache_image(config.file, source, replace_variables(source), collector)
    for path in _resolve([dockerfile], config):
        text = collector.read(path, config.file)
        if text is not None:
            add_dockerfile_images(text, path, build, collector)


def _add_services(config: JsonObject) -> None:
    files = config.texts("dockerComposeFile")
    paths = list(_resolve(files, config)) if files else _default_files(config)
    service = config.text("service")
    if not service:
        config.collector.add_problem(config.file, "`dockerComposeFile` needs `service`")
    elif paths:
        others = config.texts("runServices")
        add_compose_images(
            paths,
            [service, *others],
            start_all=not others,
            file=config.file,
            collector=config.collector,
        )


def _default_files(config: JsonObject) -> list[str]:
    """The Compose files in the root of the repository, if `dockerComposeFile` is an empty list."""
    collector = config.collector
    match = _COMPOSE_FILE.search(collector.read_optional(".env", config.file) or "")
    if match and match[1].strip():
        paths = (collector.resolve("", path, config.file) for path in match[1].strip().split(":"))
        return [path for path in paths if path is not None]
    override = "docker-compose.override.yml"
    has_override = collector.read_optional(override, config.file) is not None
    return ["docker-compose.yml", override] if has_override else ["docker-compose.yml"]


def _resolve(paths: list[str], config: JsonObject) -> Iterator[str]:
    """Paths from the root of the repository; a devcontainer.json has them relative to itself."""
    for path in paths:
        folder = posixpath.dirname(config.file)
        relative = _WORKSPACE.sub("", path) if _WORKSPACE.match(path) else path
        folder = folder if relative == path else ""
        resolved = config.collector.resolve(folder, replace_variables(relative), config.file)
        if resolved is not None:
            yield resolved
