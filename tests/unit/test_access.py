"""Who can use the members of a triplet: what is added and removed, and what must not be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from codespaces_registry_secrets.model.desired import Credential
from codespaces_registry_secrets.model.fields import RotationPolicy
from codespaces_registry_secrets.model.observed import (
    Observed,
    ObservedSecret,
    ObservedTarget,
    SelectedRepositories,
)
from codespaces_registry_secrets.model.plan import Step
from codespaces_registry_secrets.model.repositories import (
    RepositoryInfo,
    SelectionResult,
)
from codespaces_registry_secrets.model.targets import Visibility
from codespaces_registry_secrets.model.triplet import Part
from codespaces_registry_secrets.planning.access import Access, desired_access
from codespaces_registry_secrets.planning.planner import compute_plan
from planner_cases import (
    API,
    DATED,
    DESIRED,
    LONG_AGO,
    NOW,
    ORGANIZATION,
    PASSWORD,
    REPOSITORY_INDEX,
    WEB,
    chosen,
    listed,
    planned,
    triplet,
)


def test_access_names_the_member_that_differs() -> None:
    """Unless all three differ."""
    secrets = triplet()
    secrets[PASSWORD] = replace(secrets[PASSWORD], selected=listed(WEB))

    change = planned(replace(DESIRED, credential=None, selection=chosen("api")), secrets)

    assert change.action == "access"
    assert change.reason == f"selected repositories of {PASSWORD} differ from the spec"
    assert change.steps == (Step(Part.PASSWORD, False, None, (1,)),)
    assert (change.added, change.removed) == (("octo-org/api",), ("octo-org/web",))


def test_ensure_adds_repositories_one_by_one() -> None:
    """It never replaces the list."""
    change = planned(
        replace(DESIRED, credential=None, selection=chosen("web", mode="ensure")), triplet()
    )

    assert change.steps == tuple(Step(part, False, None, None, (2,)) for part in Part)
    assert (change.added, change.removed) == (("octo-org/web",), ())


def test_ensure_works_with_an_incomplete_list() -> None:
    """It does not write the list back."""
    secrets = triplet(selected=listed(API, complete=False))

    change = planned(
        replace(DESIRED, credential=None, selection=chosen("web", mode="ensure")), secrets
    )

    assert change.action == "access"


def test_a_visibility_changes_together_with_the_value() -> None:
    """GitHub has no other way."""
    change = planned(replace(DESIRED, visibility="all"), triplet())

    assert change.visibility == ("selected", "all")
    assert {step.visibility for step in change.steps} == {"all"}
    assert {step.replace for step in change.steps} == {None}
    assert change.drift
    assert change.removed == ("octo-org/api",)


@pytest.mark.parametrize("credential", [None, DATED])
def test_different_members_are_a_warning_if_the_spec_sets_no_access(
    credential: Credential | None,
) -> None:
    """A repository that can use only some of the members cannot use the triplet."""
    desired = replace(DESIRED, credential=credential, rotate=RotationPolicy(when="missing"))
    lists, opened = triplet(), triplet()
    lists[PASSWORD] = replace(lists[PASSWORD], selected=listed(API, WEB))
    opened[PASSWORD] = replace(opened[PASSWORD], visibility="all", selected=None)

    (of_lists,), (of_visibility,) = planned(desired, lists).notes, planned(desired, opened).notes

    assert planned(desired, lists).reason == (
        "values are up to date, but the three secrets differ in visibility or repositories"
    )
    assert (of_lists.level, of_visibility.level) == ("warning", "warning")
    assert "differ in their selected repositories (PASSWORD 2, USER 1, SERVER 1); set" in (
        of_lists.message
    )
    assert "differ in visibility (PASSWORD `all`, USER `selected`, SERVER `selected`); set" in (
        of_visibility.message
    )


def test_different_members_are_drift_if_the_spec_sets_the_access() -> None:
    """They are made equal, so there is no warning."""
    secrets = triplet()
    secrets[PASSWORD] = replace(secrets[PASSWORD], selected=listed(API, WEB))
    desired = replace(DESIRED, credential=None, selection=chosen("api"))

    change = planned(desired, secrets)

    assert (change.action, change.drift, change.notes) == ("access", True, ())


@pytest.mark.parametrize(
    ("changed", "secrets", "difference"),
    [
        (
            {"selection": chosen("api", "web")},
            triplet(),
            "selected repositories differ from the spec",
        ),
        (
            {"selection": chosen("api", "web"), "visibility": "selected"},
            triplet(selected=listed(WEB)),
            "selected repositories differ from the spec",
        ),
        (
            {"selection": chosen("api")},
            triplet(selected=listed(API, WEB)),
            "selected repositories differ from the spec",
        ),
        ({"visibility": "private"}, triplet("all"), "visibility differs from the spec"),
        (
            {"visibility": "selected", "selection": chosen("api")},
            triplet("all"),
            "visibility and selected repositories differ from the spec",
        ),
        (
            {"visibility": "all"},
            {**triplet("all"), PASSWORD: triplet("private")[PASSWORD]},
            f"visibility of {PASSWORD} differs from the spec",
        ),
    ],
)
def test_the_reason_says_how_the_access_differs(
    changed: dict[str, Any], secrets: dict[str, ObservedSecret], difference: str
) -> None:
    """After the reason to write the values, if there is one."""
    change = planned(replace(DESIRED, rotate=RotationPolicy(when="always"), **changed), secrets)

    assert change.reason == f"the policy is `always`; {difference}"


@pytest.mark.parametrize("visibility", ["all", "private", "selected"])
def test_the_current_visibility_stays_if_the_spec_sets_none(visibility: Visibility) -> None:
    """So nothing is written because of it."""
    observed = Observed(
        {ORGANIZATION: ObservedTarget(triplet(visibility), NOW)},
        REPOSITORY_INDEX,
        {},
        {"P": LONG_AGO},
    )

    (change,) = compute_plan([replace(DESIRED, credential=DATED)], observed, 0.3).changes

    assert (change.action, change.visibility) == ("none", None)


@pytest.mark.parametrize(
    ("selected", "removed"),
    [
        (listed(API, WEB), ("octo-org/api",)),
        (listed(WEB), ()),
        (listed(WEB, complete=False), ("octo-org/api",)),
        (listed(complete=False), ("octo-org/api",)),
    ],
)
def test_remove_also_removes_what_the_token_cannot_see(
    selected: SelectedRepositories, removed: tuple[str, ...]
) -> None:
    """From an incomplete list: removing a repository that is not listed does no harm."""
    desired = replace(
        DESIRED, rotate=RotationPolicy(when="missing"), selection=chosen("api", mode="remove")
    )
    change = planned(desired, triplet(selected=selected))

    assert change.removed == removed
    assert [step.remove for step in change.steps] == [(1,)] * 3 * bool(removed)


@pytest.mark.parametrize(
    ("visibility", "kept"), [("all", True), ("private", False), ("selected", True)]
)
def test_a_repository_of_unknown_need_keeps_its_access(
    visibility: Visibility, *, kept: bool
) -> None:
    """It has access now by the stored visibility, or by the list; a public one not by `private`."""
    public = RepositoryInfo("octo-org/api", 1, private=False)
    secret = ObservedSecret(
        PASSWORD, LONG_AGO, visibility, listed(public) if visibility == "selected" else None
    )
    desired = replace(DESIRED, visibility="selected", selection=chosen("api"))
    selected = SelectionResult((), {}, (), (), (), (), (), undetermined=(public,))

    access = desired_access(desired, secret, selected)

    assert access == Access("selected", frozenset({1} if kept else ()))


@pytest.mark.parametrize(("count", "blocked"), [(3, False), (4, True)])
def test_three_repositories_can_always_be_removed(count: int, *, blocked: bool) -> None:
    """Whatever their share of the list is."""
    repositories = [RepositoryInfo(f"octo-org/r{n}", 10 + n) for n in range(count)]
    desired = replace(
        DESIRED,
        rotate=RotationPolicy(when="missing"),
        selection=chosen(),
    )

    change = planned(desired, triplet(selected=listed(*repositories)))

    assert (change.action == "blocked") == blocked


@pytest.mark.parametrize(
    ("mode", "add", "remove"), [("ensure", (2,), ()), ("remove", (), (2,)), ("exact", (), ())]
)
def test_a_value_is_written_together_with_the_access(
    mode: str, add: tuple[int, ...], remove: tuple[int, ...]
) -> None:
    """As additions and removals, because another run can change the list in the meantime."""
    stored = listed(API) if mode == "ensure" else listed(API, WEB)
    desired = replace(
        DESIRED, rotate=RotationPolicy(when="always"), selection=chosen("web", mode=mode)
    )
    change = planned(desired, triplet(selected=stored))

    whole = (2,) if mode == "exact" else None
    assert change.steps == tuple(Step(part, True, "selected", whole, add, remove) for part in Part)


def test_the_removal_limit_counts_for_each_member() -> None:
    """Also after one that does not exist."""
    secrets = triplet(selected=listed(*(RepositoryInfo(f"octo-org/r{n}", n) for n in range(4))))
    del secrets[PASSWORD]

    change = planned(replace(DESIRED, selection=chosen()), secrets)

    assert change.reason.startswith(
        "would remove 4 of 4 repositories from ACR_CONTAINER_REGISTRY_USER, more than"
    )


def test_a_repository_that_does_not_exist_is_removed_already() -> None:
    """It is on no list. A name under `exclude` must exist."""
    missing = RotationPolicy(when="missing")
    gone = replace(DESIRED, rotate=missing, selection=chosen("gone", mode="remove"))

    assert planned(gone, triplet()).action == "none"
    excluding = replace(chosen("api", mode="remove"), exclude=("octo-org/gone",))
    change = planned(replace(gone, selection=excluding), triplet())
    assert change.reason.startswith("no such repository, or the token cannot see it: octo-org/gone")
