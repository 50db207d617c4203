"""The part of a Compose service that decides which images it pulls. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Text:
    """A text of a file, and its value with `UNKNOWN` for unknown values."""

    file: str
    source: str
    value: str


@dataclass(frozen=True)
class ServiceBuild:
    """The key `build`. `folder` is the one that `context` is relative to; it is in `file`."""

    file: str
    folder: str
    context: Text | None = None
    dockerfile: Text | None = None
    dockerfile_inline: Text | None = None
    target: Text | None = None
    args: Mapping[str, Text] = field(default_factory=dict)
    contexts: Mapping[str, Text] = field(default_factory=dict)
    cache_from: tuple[Text, ...] = ()

    def merged(self, other: ServiceBuild) -> ServiceBuild:
        """This one with what `other` overrides."""
        located = other if other.context else self
        return ServiceBuild(
            located.file,
            located.folder,
            located.context,
            other.dockerfile or self.dockerfile,
            other.dockerfile_inline or self.dockerfile_inline,
            other.target or self.target,
            {**self.args, **other.args},
            {**self.contexts, **other.contexts},
            (*self.cache_from, *other.cache_from),
        )


@dataclass(frozen=True)
class Extends:
    """The service that a service extends; in the same file, if `file` is None."""

    service: str
    file: Text | None = None


@dataclass(frozen=True)
class Service:
    """A service, as `file` defines it.

    `needs` are the services that Compose starts with it. `replaced` are the keys with `!reset` or
    `!override`. A service with a provider has no container.
    """

    file: str
    image: Text | None = None
    build: ServiceBuild | None = None
    profiles: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    extends: Extends | None = None
    has_provider: bool = False
    replaced: frozenset[str] = frozenset()

    def merged(self, other: Service) -> Service:
        """This one with what `other` overrides; see `override` of compose-spec/compose-go."""
        base = self._without(other.replaced)
        build = other.build
        if base.build and build:
            build = base.build.merged(build)
        return Service(
            other.file,
            other.image or base.image,
            build or base.build,
            (*base.profiles, *other.profiles),
            (*base.needs, *other.needs),
            None,
            has_provider=other.has_provider or base.has_provider,
            replaced=base.replaced | other.replaced,
        )

    def _without(self, keys: frozenset[str]) -> Service:
        return replace(
            self,
            image=None if "image" in keys else self.image,
            build=None if "build" in keys else self.build,
            profiles=() if "profiles" in keys else self.profiles,
        )
