"""Triplets of an organization, and the changes that the planner makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from codespaces_registry_secrets.errors import Location
from codespaces_registry_secrets.model.desired import Credential, Desired
from codespaces_registry_secrets.model.fields import RotationPolicy, Source
from codespaces_registry_secrets.model.observed import (
    Observed,
    ObservedSecret,
    ObservedTarget,
    SelectedRepositories,
)
from codespaces_registry_secrets.model.plan import Change
from codespaces_registry_secrets.model.repositories import (
    RepositoryInfo,
    Selection,
)
from codespaces_registry_secrets.model.targets import Organization, User, Visibility
from codespaces_registry_secrets.model.triplet import Part, secret_name
from codespaces_registry_secrets.planning.planner import compute_plan

API, WEB, OLD = (
    RepositoryInfo("octo-org/api", 1),
    RepositoryInfo("octo-org/web", 2),
    RepositoryInfo("octo-org/old", 3, True),
)
REPOSITORY_INDEX = {repo.full_name: repo for repo in (API, WEB, OLD)}
LONG_AGO, NOW = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
ORGANIZATION = Organization("octo-org")
USER = User("octocat")
DESIRED = Desired(
    target=ORGANIZATION,
    registry="ACR",
    credential=Credential("ACR", "mycompany.azurecr.io", "me", Source(env="P")),
    rotate=RotationPolicy(),
    visibility=None,
    selection=None,
    where=Location("spec.yml", 7),
)
DATED = Credential("ACR", "mycompany.azurecr.io", "me", Source(secret="P"))
PASSWORD, SERVER = "ACR_CONTAINER_REGISTRY_PASSWORD", "ACR_CONTAINER_REGISTRY_SERVER"


def chosen(*include: str, mode: Any = "exact") -> Selection:
    """A selection of `octo-org`."""
    return Selection("octo-org", mode, tuple(f"octo-org/{name}" for name in include))


def listed(*repositories: RepositoryInfo, complete: bool = True) -> SelectedRepositories:
    """A list as GitHub shows it."""
    return SelectedRepositories(repositories, complete)


def triplet(
    visibility: Visibility | None = "selected", selected: SelectedRepositories | None = None
) -> dict[str, ObservedSecret]:
    """All three secrets of ACR, with the same access."""
    shown = (selected or listed(API)) if visibility in (None, "selected") else None
    names = [secret_name("ACR", part) for part in Part]
    return {name: ObservedSecret(name, LONG_AGO, visibility, shown) for name in names}


def planned(desired: Desired, secrets: Mapping[str, ObservedSecret], **fields: Any) -> Change:
    """The change for one desired triplet."""
    observed = Observed(
        {desired.target: ObservedTarget(secrets, NOW, **fields)}, REPOSITORY_INDEX, {}, {}
    )
    (change,) = compute_plan([desired], observed, 0.3).changes
    return change
