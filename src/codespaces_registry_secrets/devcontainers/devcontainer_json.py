"""Find the images in a devcontainer.json. Pure.

Source: `docs/specs/devcontainerjson-reference.md` of devcontainers/spec, and `src/spec-node` and
`src/spec-configuration` of devcontainers/cli.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

import jsonc

from codespaces_registry_secrets.devcontainers.collector import Collector
from codespaces_registry_secrets.devcontainers.dockerfile_images import Build, add_dockerfile_images
from codespaces_registry_secrets.model.images import UNKNOWN

_WORKSPACE = re.compile(r"^\$\{localWorkspaceFolder\}(?=/|$)")
# The values of these variables are only known in the codespace.
_VARIABLE = re.compile(r"\$\{[^{}]*\}")


def add_config_images(text: str, file: str, collector: Collector) -> None:
    """Add the images of the dev container that a devcontainer.json describes."""
    try:
        config = jsonc.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        collector.add_problem(file, "is not valid JSON with comments")
        return
    if not isinstance(config, dict):
        collector.add_problem(file, "must be an object")
        return
    _Config(config, file, collector).add_images()


class _Config:
    def __init__(self, config: Mapping[str, object], file: str, collector: Collector) -> None:
        self._config = config
        self._file = file
        self._folder = posixpath.dirname(file)
        self._collector = collector

    def add_images(self) -> None:
        build = self._mapping(self._config, "build")
        dockerfile = self._text(self._config, "dockerFile") or self._text(build, "dockerfile")
        image = self._text(self._config, "image")
        if dockerfile:
            self._add_dockerfile(dockerfile, build)
        elif image:
            self._collector.add_image(self._file, image, _replace_variables(image))

    def _add_dockerfile(self, dockerfile: str, build: Mapping[str, object]) -> None:
        path = self._resolve(dockerfile)
        text = path and self._collector.read(path, self._file)
        if path and text is not None:
            args = self._mapping(build, "args")
            values = {name: self._value(args, name) for name in args}
            target = _replace_variables(self._text(build, "target"))
            add_dockerfile_images(text, path, Build(values, target), self._collector)

    def _resolve(self, path: str) -> str | None:
        local = _WORKSPACE.sub("", path)
        folder = self._folder if local == path else ""
        relative = _replace_variables(local if local == path else local.lstrip("/"))
        return self._collector.resolve(folder, relative, self._file)

    def _value(self, args: Mapping[str, object], name: str) -> str:
        return _replace_variables(self._text(args, name))

    def _text(self, mapping: Mapping[str, object], key: str) -> str:
        """A text; empty, with a problem, if it is something else."""
        value = mapping.get(key)
        if isinstance(value, str):
            return value
        if value is not None:
            self._collector.add_problem(self._file, f"`{key}` must be a string")
        return ""

    def _mapping(self, mapping: Mapping[str, object], key: str) -> Mapping[str, object]:
        """An object; empty, with a problem, if it is something else."""
        value = mapping.get(key)
        if isinstance(value, dict):
            return value
        if value is not None:
            self._collector.add_problem(self._file, f"`{key}` must be an object")
        return {}


def _replace_variables(text: str) -> str:
    return _VARIABLE.sub(UNKNOWN, text)
