"""The result of `doctor` as data. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from codespaces_registry_secrets.diagnosis.images import ImageDiagnosis
from codespaces_registry_secrets.model.repositories import RepositoryDetails
from codespaces_registry_secrets.model.targets import Target
from codespaces_registry_secrets.model.triplet import Part, secret_name

Level = Literal["error", "notice", "warning"]


@dataclass(frozen=True)
class Problem:
    """With an error a codespace cannot log in; otherwise it can, or that is unknown."""

    level: Level
    message: str


@dataclass(frozen=True)
class RegistryDiagnosis:
    """One registry. `used` is where the codespace gets each member from.

    `needed` is false if the dev containers are known to pull no image from its server.
    """

    registry: str
    server: str | None
    used: Mapping[Part, Target]
    problems: tuple[Problem, ...]
    needed: bool = True

    @property
    def can_log_in(self) -> bool | None:
        """Whether a codespace gets a login, as far as GitHub and the spec tell; None if unknown."""
        if any(problem.level == "error" for problem in self.problems):
            return False
        return True if len(self.used) == len(Part) else None


@dataclass(frozen=True)
class Diagnosis:
    """A repository: its registries, the images of its dev containers, and general problems."""

    repository: RepositoryDetails
    registries: tuple[RegistryDiagnosis, ...]
    images: tuple[ImageDiagnosis, ...]
    problems: tuple[Problem, ...]

    @property
    def can_log_in(self) -> bool | None:
        """Whether a codespace can log in to every registry that is needed; None if unknown.

        Without any registry it cannot.
        """
        answers = {registry.can_log_in for registry in self.registries if registry.needed}
        if False in answers or any(problem.level == "error" for problem in self.problems):
            return False
        return None if None in answers or not self.registries else True


def to_json(diagnosis: Diagnosis) -> Mapping[str, object]:
    """The diagnosis as plain data."""
    return {
        "version": 1,
        "repository": diagnosis.repository.full_name,
        "can_log_in": diagnosis.can_log_in,
        "problems": [vars(problem) for problem in diagnosis.problems],
        "images": [
            {
                "image": str(item.image),
                "server": item.image.server,
                "registry": item.registry,
                "can_pull": item.can_pull,
                "reason": item.reason,
            }
            for item in diagnosis.images
        ],
        "registries": [
            {
                "registry": item.registry,
                "server": item.server,
                "can_log_in": item.can_log_in,
                "needed": item.needed,
                "secrets": {
                    secret_name(item.registry, part): str(item.used[part])
                    if part in item.used
                    else None
                    for part in reversed(Part)
                },
                "problems": [vars(problem) for problem in item.problems],
            }
            for item in diagnosis.registries
        ],
    }
