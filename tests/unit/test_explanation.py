"""Who can use a triplet, in words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from codespaces_registry_secrets.diagnosis.explanation import (
    MAX_NAMES,
    MemberExplanation,
    TargetExplanation,
    describe_access,
)
from codespaces_registry_secrets.model.observed import SelectedRepositories
from codespaces_registry_secrets.model.repositories import RepositoryInfo
from codespaces_registry_secrets.model.targets import (
    Organization,
    Repository,
    Target,
    Visibility,
)
from codespaces_registry_secrets.model.triplet import Part

NOW = datetime(2026, 1, 31, tzinfo=UTC)
ORGANIZATION = Organization("octo-org")


def member(part: Part, visibility: Visibility | None, *repositories: str) -> MemberExplanation:
    """A secret that exists, with its selected repositories."""
    listed = tuple(RepositoryInfo(name, number) for number, name in enumerate(repositories))
    selected = SelectedRepositories(listed, complete=True) if visibility == "selected" else None
    return MemberExplanation(part.value, NOW, visibility=visibility, selected=selected)


def access(target: Target, **members: MemberExplanation) -> list[str]:
    """The lines about these members; a part that is not named does not exist."""
    explained = {part: members.get(part.value, MemberExplanation(part.value)) for part in Part}
    explanation = TargetExplanation(target, None, "none", "", (), explained)
    return list(describe_access(explanation))


def same(visibility: Visibility | None, *repositories: str) -> dict[str, MemberExplanation]:
    """Three members that agree."""
    return {part.value: member(part, visibility, *repositories) for part in Part}


@pytest.mark.parametrize(
    ("target", "visibility", "text"),
    [
        (Repository("octo-org/app"), None, "this repository"),
        (ORGANIZATION, "all", "all repositories of octo-org"),
        (ORGANIZATION, "private", "all private repositories of octo-org"),
        (ORGANIZATION, "selected", "no repository"),
    ],
)
def test_members_that_agree_are_one_line(
    target: Target, visibility: Visibility | None, text: str
) -> None:
    assert access(target, **same(visibility)) == [text]


def test_members_that_disagree_are_a_line_each() -> None:
    """Only one repository has the whole triplet."""
    members = same("selected", "octo-org/app")
    password = Part.PASSWORD.value
    members[password] = member(Part.PASSWORD, "all")
    lines = access(ORGANIZATION, **members)
    assert len(lines) == 3
    assert f"{password}: all repositories of octo-org" in lines
    assert f"{Part.USER.value}: octo-org/app" in lines


def test_a_long_list_is_cut() -> None:
    names = [f"octo-org/svc-{number:02}" for number in range(MAX_NAMES + 2)]
    (line,) = access(ORGANIZATION, **same("selected", *names))
    assert line == f"{', '.join(names[:MAX_NAMES])} and 2 more"


def test_a_triplet_that_does_not_exist_has_no_line() -> None:
    assert access(ORGANIZATION) == []
