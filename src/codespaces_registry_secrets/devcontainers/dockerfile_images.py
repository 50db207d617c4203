"""Find the images that the build of a Dockerfile pulls. Pure.

Source: `frontend/dockerfile/dockerfile2llb/convert.go` of moby/buildkit.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from codespaces_registry_secrets.devcontainers.collector import Collector, quote
from codespaces_registry_secrets.devcontainers.dockerfile import Dockerfile, parse_dockerfile
from codespaces_registry_secrets.devcontainers.substitution import expand
from codespaces_registry_secrets.model.images import UNKNOWN

# Codespaces are virtual machines with Linux on x86-64.
_PLATFORM_ARGS = {
    f"{prefix}{name}": value
    for prefix in ("BUILD", "TARGET")
    for name, value in (
        ("PLATFORM", "linux/amd64"),
        ("OS", "linux"),
        ("ARCH", "amd64"),
        ("VARIANT", ""),
    )
}
_SCRATCH = "scratch"
_IMAGE_CONTEXT = "docker-image://"


@dataclass(frozen=True)
class Build:
    """How a Dockerfile is built: the values of its ARGs, its target, and its named contexts."""

    args: Mapping[str, str] = field(default_factory=dict)
    target: str = ""
    contexts: Mapping[str, str] = field(default_factory=dict)


def add_dockerfile_images(text: str, file: str, build: Build, collector: Collector) -> None:
    """Add the images of the stages that the target needs; `file` names the Dockerfile."""
    dockerfile = parse_dockerfile(text)
    if dockerfile.unterminated_heredoc:
        collector.add_problem(file, "a heredoc has no end")
    syntax = build.args.get("BUILDKIT_SYNTAX", dockerfile.syntax)
    if syntax:
        collector.add_image(file, syntax, syntax)
    if dockerfile.stages:
        _Stages(dockerfile, file, build, collector).add_images()
    else:
        collector.add_problem(file, "has no FROM instruction")


class _Stages:
    def __init__(
        self, dockerfile: Dockerfile, file: str, build: Build, collector: Collector
    ) -> None:
        self._dockerfile = dockerfile
        self._file = file
        self._build = build
        self._collector = collector
        self._contexts = {_familiar(name): value for name, value in build.contexts.items()}
        self._variables = self._global_args()
        self._by_name: dict[str, list[int]] = defaultdict(list)
        for index, stage in enumerate(dockerfile.stages):
            self._by_name[stage.name].append(index)
        self._waiting: list[int] = []
        # The stages whose ONBUILD triggers were added.
        self._triggered: set[int] = set()

    def add_images(self) -> None:
        """Visit the target and each stage that it needs, once."""
        self._waiting = self._targets()
        visited: set[int] = set()
        while self._waiting:
            index = self._waiting.pop()
            if index not in visited:
                visited.add(index)
                self._visit(index)

    def _global_args(self) -> dict[str, str]:
        """The variables that FROM can use."""
        variables = {**_PLATFORM_ARGS, "TARGETSTAGE": self._build.target or "default"}
        for name, default in self._dockerfile.args:
            if name in self._build.args:
                variables[name] = self._build.args[name]
            elif default is not None:
                variables[name] = expand(default, variables.get, self._dockerfile.escape)
        return variables

    def _targets(self) -> list[int]:
        last = len(self._dockerfile.stages) - 1
        target = self._build.target
        if not target:
            return [last]
        if UNKNOWN in target:
            self._collector.add_problem(self._file, "the target is a variable without known value")
            return list(range(last + 1))
        indexes = self._by_name.get(target.lower())
        if indexes:
            return indexes[-1:]
        return self._numbered(target)

    def _visit(self, index: int) -> None:
        """Add the base of a stage, and what else it refers to."""
        stage = self._dockerfile.stages[index]
        base = expand(stage.base, self._variables.get, self._dockerfile.escape)
        earlier = self._by_name.get(base.lower(), [])
        position = bisect_left(earlier, index) if base else 0
        if position and _familiar(base) not in self._contexts:
            base_index = earlier[position - 1]
            self._waiting.append(base_index)
            if base_index not in self._triggered:
                self._triggered.add(base_index)
                self._add_sources(self._dockerfile.stages[base_index].triggers)
        else:
            self._add_image(stage.base, base)
        self._add_sources(stage.sources)

    def _add_sources(self, names: list[str]) -> None:
        for name in names:
            indexes = self._by_name.get(name.lower()) if name else None
            if indexes and _familiar(name) not in self._contexts:
                self._waiting.append(indexes[-1])
            elif name.isdecimal():
                self._waiting += self._numbered(name)
            else:
                self._add_image(name, name)

    def _numbered(self, number: str) -> list[int]:
        """The stage with a number, counted from 0."""
        last = len(self._dockerfile.stages) - 1
        if number.isdecimal() and len(number) <= len(str(last)) and int(number) <= last:
            return [int(number)]
        self._collector.add_problem(self._file, f"has no stage {quote(number)}")
        return []

    def _add_image(self, text: str, name: str) -> None:
        """Add an image, or the image that a named context has in its place."""
        context = self._contexts.get(_familiar(name))
        if context is not None:
            if not context.startswith(_IMAGE_CONTEXT):
                return
            text = name = context.removeprefix(_IMAGE_CONTEXT)
        if name.lower() != _SCRATCH or context is not None:
            self._collector.add_image(self._file, text, name)


def _familiar(name: str) -> str:
    """The short form of an image's name, by which named contexts are found."""
    return name.lower().removeprefix("docker.io/").removeprefix("library/").removesuffix(":latest")
