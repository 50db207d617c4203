"""Find the images that the services of a Compose project pull. Pure.

Source: `loader` of compose-spec/compose-go, for extends and include.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence

from codespaces_registry_secrets.devcontainers.collector import Collector, quote
from codespaces_registry_secrets.devcontainers.compose_file import ComposeFile, Include
from codespaces_registry_secrets.devcontainers.compose_images import add_service_images
from codespaces_registry_secrets.devcontainers.compose_service import Service, Text
from codespaces_registry_secrets.devcontainers.environment import Environment
from codespaces_registry_secrets.devcontainers.yaml_file import InvalidYamlError, parse_yaml

MAX_INCLUDES = 10
MAX_EXTENDS = 10

Services = dict[str, Service]


def add_compose_images(
    paths: Sequence[str], named: Sequence[str], *, start_all: bool, file: str, collector: Collector
) -> None:
    """Add the images of the services that a dev container starts.

    `paths` are the Compose files, in the order of merging. `file` is the devcontainer.json, and
    `named` are the services that it names; with `start_all` all others are started, too.
    """
    folder = posixpath.dirname(paths[0])
    environment = Environment([posixpath.join(folder, ".env")], collector)
    project = _Project(collector)
    services = project.load(paths, folder, environment, file)
    if project.is_incomplete:
        return
    waiting = list(named)
    if start_all:
        waiting += _enabled(services, environment)
    started: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in services:
            collector.add_problem(file, f"there is no service {quote(name)}")
        elif name not in started:
            started.add(name)
            waiting += services[name].needs
            add_service_images(name, services[name], collector)


def _enabled(services: Services, environment: Environment) -> list[str]:
    """The services that start without being named: without a profile, or with an active one."""
    with_profiles = {name for name, service in services.items() if service.profiles}
    if not with_profiles:
        return list(services)
    active = set((environment.lookup("COMPOSE_PROFILES") or "").split(","))
    return [
        name
        for name, service in services.items()
        if name not in with_profiles or "*" in active or not active.isdisjoint(service.profiles)
    ]


class _Project:
    """Loads Compose files; `is_incomplete` if one of them has not been read yet."""

    def __init__(self, collector: Collector) -> None:
        self.is_incomplete = False
        self._collector = collector
        self._documents: dict[str, list[object]] = {}
        self._extended: dict[tuple[str, Environment], ComposeFile] = {}
        self._services: dict[ComposeFile, Mapping[str, Service | None]] = {}

    def load(
        self,
        paths: Iterable[str],
        folder: str,
        environment: Environment,
        referrer: str,
        parents: tuple[str, ...] = (),
    ) -> Services:
        """The services of files that are merged in this order, with what they include."""
        merged: Services = {}
        for path in paths:
            if path in parents or len(parents) >= MAX_INCLUDES:
                self._collector.add_problem(
                    referrer, f"{quote(path)} includes itself, or the files are nested too deeply"
                )
                continue
            for data in self._read(path, referrer):
                file = ComposeFile(data, path, folder, environment, self._collector)
                for include in file.includes():
                    if self._collector.is_exhausted:
                        break
                    included = self._include(include, file, environment, (*parents, path))
                    _merge(included, merged)
                    merged = included
                _merge(merged, self._extended_services(file, environment))
        return merged

    def _include(
        self,
        include: Include,
        file: ComposeFile,
        environment: Environment,
        parents: tuple[str, ...] = (),
    ) -> Services:
        """The services of an entry of `include`."""
        paths = self._resolve(include.paths, file)
        folder = posixpath.dirname(paths[0]) if paths else ""
        if include.folder is not None:
            folders = self._resolve([include.folder], file)
            if not folders:
                return {}
            folder = folders[0]
        env_files = self._resolve(include.env_files, file) or [posixpath.join(folder, ".env")]
        variables = Environment(env_files, self._collector, environment)
        return self.load(paths, folder, variables, file.file, parents)

    def _extended_services(
        self, file: ComposeFile, environment: Environment
    ) -> dict[str, Service | None]:
        """The services of a file, each merged with those that it extends."""
        services = file.services()
        return {
            name: service and self._extend(name, service, services, file, environment)
            for name, service in services.items()
        }

    def _extend(
        self,
        name: str,
        service: Service,
        services: Mapping[str, Service | None],
        file: ComposeFile,
        environment: Environment,
    ) -> Service:
        """Follow `extends` from a service, and merge from its end."""
        chain = [service]
        visited = {(file.file, name)}
        while (extends := chain[-1].extends) is not None:
            if extends.file is not None:
                extended = self._extended_file(extends.file, file, environment)
                if extended is None:
                    break
                file = extended
                services = self._services[file]
            base = services.get(extends.service)
            if base is None:
                self._collector.add_problem(
                    file.file, f"there is no service {quote(extends.service)}"
                )
                break
            if (file.file, extends.service) in visited or len(chain) > MAX_EXTENDS:
                self._collector.add_problem(
                    file.file, f"the service {quote(name)} extends itself, or too many others"
                )
                break
            visited.add((file.file, extends.service))
            chain.append(base)
        merged = chain.pop()
        while chain:
            merged = merged.merged(chain.pop())
        return merged

    def _extended_file(
        self, path: Text, file: ComposeFile, environment: Environment
    ) -> ComposeFile | None:
        """The file of an `extends`; its paths are relative to its own folder."""
        resolved = self._collector.resolve(file.folder, path.value, file.file)
        if resolved is None:
            return None
        key = (resolved, environment)
        if key not in self._extended:
            documents = self._read(resolved, file.file)
            data = documents[0] if documents else None
            folder = posixpath.dirname(resolved)
            extended = ComposeFile(data, resolved, folder, environment, self._collector)
            self._extended[key] = extended
            self._services[extended] = extended.services()
        return self._extended[key]

    def _resolve(self, paths: Iterable[Text], file: ComposeFile) -> list[str]:
        """The paths in a file, from the root of the repository."""
        resolved = (self._collector.resolve(file.folder, path.value, file.file) for path in paths)
        return [path for path in resolved if path is not None]

    def _read(self, path: str, referrer: str) -> list[object]:
        """The documents of a file."""
        text = self._collector.read(path, referrer)
        if text is None:
            self.is_incomplete = self.is_incomplete or path in self._collector.missing
            return []
        if path not in self._documents:
            try:
                self._documents[path] = parse_yaml(text)
            except InvalidYamlError:
                self._collector.add_problem(path, "is not valid YAML, or too large")
                self._documents[path] = []
        return self._documents[path]


def _merge(services: Services, others: Mapping[str, Service | None]) -> None:
    """Merge services into those of earlier files."""
    for name, service in others.items():
        if service is None:
            services.pop(name, None)
        else:
            services[name] = services[name].merged(service) if name in services else service
