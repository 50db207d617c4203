"""The services and includes of one Compose file. Pure.

Source: the reference at docs.docker.com/reference/compose-file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from codespaces_registry_secrets.devcontainers.collector import Collector, quote
from codespaces_registry_secrets.devcontainers.compose_service import (
    Extends,
    Service,
    ServiceBuild,
    Text,
)
from codespaces_registry_secrets.devcontainers.environment import Environment
from codespaces_registry_secrets.devcontainers.substitution import interpolate
from codespaces_registry_secrets.devcontainers.yaml_file import Override
from codespaces_registry_secrets.model.images import MAX_LENGTH, UNKNOWN


@dataclass(frozen=True)
class Include:
    """An entry of `include`: its files, and the folder and variables for them, if it has some."""

    paths: tuple[Text, ...]
    folder: Text | None = None
    env_files: tuple[Text, ...] = ()


class ComposeFile:
    """A document of a Compose file.

    `folder` is the one that paths in it are relative to.
    """

    def __init__(
        self,
        data: object,
        file: str,
        folder: str,
        environment: Environment,
        collector: Collector,
    ) -> None:
        self.file = file
        self.folder = folder
        self._environment = environment
        self._collector = collector
        self._data = self._mapping(data, "the file")

    def services(self) -> dict[str, Service | None]:
        """The services by name; None for a service that `!reset` removes."""
        services: dict[str, Service | None] = {}
        for name, data in self._mapping(self._data.get("services"), "services").items():
            is_removed = isinstance(data, Override) and data.value is None
            services[name] = None if is_removed else self._service(data, f"services.{name}")
        return services

    def includes(self) -> Iterator[Include]:
        """The entries of `include`."""
        for entry in self._list(self._data.get("include"), "include"):
            data = {"path": entry} if isinstance(entry, str) else self._mapping(entry, "include")
            yield Include(
                self._texts(data.get("path"), "include"),
                self._text(data.get("project_directory"), "include"),
                self._texts(data.get("env_file"), "include"),
            )

    def _service(self, data: object, key: str) -> Service:
        service = self._mapping(data, key)
        replaced = {name for name, value in service.items() if isinstance(value, Override)}
        return Service(
            self.file,
            self._text(service.get("image"), f"{key}.image"),
            self._build(service.get("build"), f"{key}.build"),
            tuple(text.value for text in self._texts(service.get("profiles"), f"{key}.profiles")),
            tuple(self._needs(service, key)),
            self._extends(service.get("extends"), f"{key}.extends"),
            has_provider="provider" in service,
            replaced=frozenset(replaced),
        )

    def _needs(self, service: Mapping[str, object], key: str) -> Iterable[str]:
        """The services that a service depends on."""
        depends_on = _plain(service.get("depends_on"))
        if isinstance(depends_on, dict):
            yield from depends_on
        else:
            yield from (text.value for text in self._texts(depends_on, f"{key}.depends_on"))
        for text in self._texts(service.get("links"), f"{key}.links"):
            yield text.value.partition(":")[0]
        for name in ("network_mode", "ipc", "pid"):
            mode = self._text(service.get(name), f"{key}.{name}")
            if mode is not None and mode.value.startswith("service:"):
                yield mode.value.removeprefix("service:")

    def _build(self, data: object, key: str) -> ServiceBuild | None:
        data = _plain(data)
        if data is None:
            return None
        build = {"context": data} if isinstance(data, str) else self._mapping(data, key)
        if not isinstance(data, str | dict):
            return None
        inline = _plain(build.get("dockerfile_inline"))
        limit = MAX_LENGTH
        if isinstance(inline, str):  # an alias can repeat it in each service
            limit += len(inline)
            inline = inline if self._collector.has_room_for(inline, self.file) else None
        return ServiceBuild(
            self.file,
            self.folder,
            self._text(build.get("context"), f"{key}.context"),
            self._text(build.get("dockerfile"), f"{key}.dockerfile"),
            self._text(inline, f"{key}.dockerfile_inline", limit),
            self._text(build.get("target"), f"{key}.target"),
            self._pairs(build.get("args"), f"{key}.args"),
            self._pairs(build.get("additional_contexts"), f"{key}.additional_contexts"),
            self._texts(build.get("cache_from"), f"{key}.cache_from"),
        )

    def _extends(self, data: object, key: str) -> Extends | None:
        data = _plain(data)
        if data is None:
            return None
        extends = {"service": data} if isinstance(data, str) else self._mapping(data, key)
        service = self._text(extends.get("service"), f"{key}.service")
        if service is None:
            return None
        return Extends(service.value, self._text(extends.get("file"), f"{key}.file"))

    def _pairs(self, data: object, key: str) -> dict[str, Text]:
        """Names with values: a mapping, or a list of `NAME=value`.

        A name without a value has the value of the variable.
        """
        data = _plain(data)
        if not isinstance(data, dict):
            items = [item for item in self._list(data, key) if isinstance(item, str)]
            pairs = [item.partition("=") for item in items]
            data = {name: value if separator else None for name, separator, value in pairs}
        texts = {}
        for name, value in data.items():
            text = self._text(value, f"{key}.{name}")
            if text is None:
                known = self._environment.lookup(name)
                text = Text(self.file, name, UNKNOWN if known is None else known)
            texts[name] = text
        return texts

    def _texts(self, data: object, key: str) -> tuple[Text, ...]:
        """A text, or a list of them."""
        data = _plain(data)
        items = [data] if isinstance(data, str) else self._list(data, key)
        texts = (self._text(item, key) for item in items)
        return tuple(text for text in texts if text is not None)

    def _text(self, data: object, key: str, limit: int = MAX_LENGTH) -> Text | None:
        data = _plain(data)
        if isinstance(data, str):
            return Text(self.file, data, interpolate(data, self._environment.lookup, limit))
        self._expect(data is None, key, "a string")
        return None

    def _list(self, data: object, key: str) -> list[object]:
        data = _plain(data)
        self._expect(data is None or isinstance(data, list), key, "a list")
        return data if isinstance(data, list) else []

    def _mapping(self, data: object, key: str) -> dict[str, object]:
        data = _plain(data)
        self._expect(data is None or isinstance(data, dict), key, "a mapping")
        return data if isinstance(data, dict) else {}

    def _expect(self, condition: bool, key: str, expected: str) -> None:  # noqa: FBT001
        if not condition:
            self._collector.add_problem(self.file, f"{quote(key)} must be {expected}")


def _plain(data: object) -> object:
    return data.value if isinstance(data, Override) else data
