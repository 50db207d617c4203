"""The action, reason, steps and notes that the planner computes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from codespaces_registry_secrets.errors import Location
from codespaces_registry_secrets.model.desired import Credential, Desired
from codespaces_registry_secrets.model.dev_containers import DevContainers, RegistryImages
from codespaces_registry_secrets.model.fields import RotationPolicy, Source
from codespaces_registry_secrets.model.observed import (
    Observed,
    ObservedSecret,
    ObservedTarget,
    SelectedRepositories,
)
from codespaces_registry_secrets.model.plan import Change, Step
from codespaces_registry_secrets.model.repositories import RepositoryInfo, Selection
from codespaces_registry_secrets.model.targets import Organization, Repository, User, Visibility
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
PASSWORD = "ACR_CONTAINER_REGISTRY_PASSWORD"


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


def test_create() -> None:
    """The three values in order, for the named repositories only."""
    change = planned(replace(DESIRED, selection=chosen("api", "web")), {})

    assert (change.action, change.reason) == ("create", "does not exist")
    assert change.steps == tuple(Step(part, True, "selected", (1, 2)) for part in Part)
    assert change.visibility == (None, "selected")
    assert change.added == ("octo-org/api", "octo-org/web")
    assert change.notes == ()


def test_a_new_triplet_without_repositories_is_warned_about() -> None:
    """`selected` is the default, and without repositories nothing can use the triplet."""
    change = planned(DESIRED, {})

    assert change.steps[0].replace == ()
    (note,) = change.notes
    assert (note.level, note.where) == ("warning", DESIRED.where)
    assert "no repository can use the triplet" in note.message


def test_repair_gives_a_missing_member_what_its_siblings_have() -> None:
    """Codespaces uses a triplet as a whole."""
    secrets = triplet(selected=listed(API, WEB))
    del secrets[PASSWORD]

    change = planned(replace(DESIRED, rotate=RotationPolicy(when="missing")), secrets)

    assert (change.action, change.reason) == ("repair", f"{PASSWORD} is missing")
    assert change.steps[0] == Step(Part.PASSWORD, True, "selected", (1, 2))


@pytest.mark.parametrize("when", ["changed", "missing", "always"])
def test_repair_writes_every_member_of_unknown_origin(when: Any) -> None:
    """The remaining members can belong to another credential, and a mix was never verified."""
    secrets = triplet()
    del secrets[PASSWORD]

    change = planned(replace(DESIRED, rotate=RotationPolicy(when=when)), secrets)

    assert [step.part for step in change.steps] == list(Part)


@pytest.mark.parametrize(
    ("present", "written"),
    [
        ((Part.PASSWORD,), (Part.USER, Part.SERVER)),
        ((Part.PASSWORD, Part.USER), (Part.SERVER,)),
        ((Part.USER, Part.SERVER), tuple(Part)),
        ((Part.SERVER,), tuple(Part)),
    ],
)
@pytest.mark.parametrize("when", ["changed", "missing"])
def test_repair_continues_an_interrupted_run(
    when: Any, present: tuple[Part, ...], written: tuple[Part, ...]
) -> None:
    """PASSWORD is written first and newer than its source, so that run wrote the others too."""
    desired = replace(DESIRED, credential=DATED, rotate=RotationPolicy(when=when))
    secrets = {name: s for name, s in triplet().items() if name.endswith(present)}
    target = ObservedTarget(secrets, NOW)
    source_changed = {"P": LONG_AGO - timedelta(days=1)}

    (change,) = compute_plan(
        [desired], Observed({ORGANIZATION: target}, REPOSITORY_INDEX, {}, source_changed), 0.3
    ).changes

    assert change.action == "repair"
    assert tuple(step.part for step in change.steps) == written


def test_repair_writes_a_member_that_is_older_than_the_source() -> None:
    """It holds the previous credential."""
    desired = replace(DESIRED, credential=DATED, rotate=RotationPolicy(when="missing"))
    secrets = triplet()
    del secrets[secret_name("ACR", Part.SERVER)]
    observed = Observed(
        {ORGANIZATION: ObservedTarget(secrets, NOW)}, REPOSITORY_INDEX, {}, {"P": NOW}
    )

    (change,) = compute_plan([desired], observed, 0.3).changes

    assert [step.part for step in change.steps] == list(Part)


def test_rotating_because_the_age_is_unknown_is_no_drift() -> None:
    """So that `check` can succeed."""
    change = planned(DESIRED, triplet())

    assert (change.action, change.drift) == ("rotate", False)
    assert change.reason == "cannot tell when the source last changed, so rewriting to be safe"
    assert change.steps == tuple(Step(part, True, "selected") for part in Part)


def test_rotate_always_is_drift() -> None:
    """The policy asks for the rotation."""
    change = planned(replace(DESIRED, rotate=RotationPolicy(when="always")), triplet())

    assert (change.action, change.drift) == ("rotate", True)
    assert change.reason == "the policy is `always`"


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


def test_an_up_to_date_triplet() -> None:
    """It needs no change."""
    change = planned(
        replace(DESIRED, rotate=RotationPolicy(when="missing"), selection=chosen("api")), triplet()
    )

    assert (change.action, change.drift, change.steps) == ("none", False, ())


BLOCKED: dict[str, tuple[dict[str, Any], dict[str, ObservedSecret], str]] = {
    "nothing to create with": (
        {"credential": None},
        {},
        "ACR_CONTAINER_REGISTRY_SERVER are missing; this registry manages access only. Add `username`",
    ),
    "nothing to repair with": (
        {"credential": None},
        {PASSWORD: ObservedSecret(PASSWORD, LONG_AGO, "all")},
        "ACR_CONTAINER_REGISTRY_USER and ACR_CONTAINER_REGISTRY_SERVER are missing",
    ),
    "a list with the visibility all": (
        {"selection": chosen("api")},
        triplet("all"),
        f"`repositories` has no effect because the visibility of {PASSWORD} is `all`; set",
    ),
    "a visibility without a value": (
        {"credential": None, "visibility": "private"},
        triplet(),
        f"GitHub changes the visibility of {PASSWORD} only together with its value, and this",
    ),
    "a visibility with a policy that never overwrites": (
        {"rotate": RotationPolicy(when="missing"), "visibility": "private"},
        triplet(),
        "only together with its value, and `rotate: missing` never overwrites a value",
    ),
    "an incomplete list to write back": (
        {},
        triplet(selected=listed(API, complete=False)),
        f"the token cannot see every selected repository of {PASSWORD}",
    ),
    "an incomplete list to replace": (
        {"credential": None, "selection": chosen("web")},
        triplet(selected=listed(API, complete=False)),
        f"the token cannot see every selected repository of {PASSWORD}",
    ),
    "an empty selection": (
        {"selection": chosen("none-*")},
        triplet(),
        "the selection is empty: `octo-org/none-*` matches no repository. Write `repositories: []`",
    ),
    "only archived repositories": (
        {"selection": chosen("old")},
        triplet(),
        "the selection is empty: archived repositories are left out (octo-org/old). Write",
    ),
    "an unknown repository": (
        {"selection": chosen("apy")},
        triplet(),
        "no such repository, or the token cannot see it: octo-org/apy (did you mean octo-org/api?)",
    ),
}


@pytest.mark.parametrize("case", BLOCKED.values(), ids=BLOCKED)
def test_blocked(case: tuple[dict[str, Any], dict[str, ObservedSecret], str]) -> None:
    """The reason is an error at the line of the target, and there are no steps."""
    changed, secrets, reason = case

    change = planned(replace(DESIRED, **changed), secrets)

    assert change.action == "blocked"
    assert reason in change.reason
    assert (change.steps, change.drift) == ((), True)
    assert change.credential == replace(DESIRED, **changed).credential
    (note,) = change.notes
    assert (note.level, note.where) == ("error", DESIRED.where)


def test_a_failed_lookup_of_repositories_blocks_only_a_selection() -> None:
    """A name that is missing then does not prove that the repository is missing."""
    observed_target = ObservedTarget(triplet(), NOW)
    observed = Observed(
        {ORGANIZATION: observed_target}, {}, {(ORGANIZATION, "ACR"): "GitHub returned 502"}, {}
    )
    other = replace(DESIRED, registry="GHCR")

    first, second = compute_plan(
        [replace(DESIRED, selection=chosen("api")), other], observed, 0.3
    ).changes

    assert (first.action, first.reason) == ("blocked", "GitHub returned 502")
    assert second.action == "create"


def test_a_scope_can_hold_100_secrets() -> None:
    """The triplets that fit are created, in order; the others are blocked."""
    others = {
        f"OTHER_{number}": ObservedSecret(f"OTHER_{number}", LONG_AGO, "all")
        for number in range(95)
    }
    observed = Observed({ORGANIZATION: ObservedTarget(others, NOW)}, {}, {}, {})
    desired = [replace(DESIRED, registry=name) for name in ("C", "B", "A")]

    changes = compute_plan(desired, observed, 0.3).changes

    assert [(c.registry, c.action) for c in changes] == [
        ("A", "create"),
        ("B", "blocked"),
        ("C", "blocked"),
    ]
    assert "has 98 of at most 100 secrets, and this change needs 3 more" in changes[1].reason


def test_at_me_is_the_user_of_the_token() -> None:
    """The plan has the login."""
    me = replace(DESIRED, target=User("@me"))

    change = planned(me, {}, resolved=USER)

    assert str(change.target) == "user:octocat"


def test_at_me_and_its_login_are_the_same_target() -> None:
    """A spec with both would write one triplet twice."""
    observed = Observed(
        {
            User("@me"): ObservedTarget({}, NOW, resolved=USER),
            USER: ObservedTarget({}, NOW, resolved=USER),
        },
        {},
        {},
        {},
    )
    desired = [replace(DESIRED, target=User("@me")), replace(DESIRED, target=USER)]

    both = compute_plan(desired, observed, 0.3)
    changes = both.changes

    assert not [note for note in both.all_notes if "another id at this target" in note.message]
    assert [change.action for change in changes] == ["blocked", "blocked"]
    assert changes[0].reason == "ACR is declared for user:octocat twice; keep one of them"


def test_another_users_secrets_are_blocked() -> None:
    """`/user` is always the token's own user."""
    change = planned(replace(DESIRED, target=User("hubot")), {}, resolved=USER)

    assert change.action == "blocked"
    assert "the token belongs to octocat" in change.reason


def test_a_target_that_could_not_be_read_is_blocked() -> None:
    """Its error is the reason."""
    change = planned(replace(DESIRED, target=Repository("o/r")), {}, error="GitHub returned 404")

    assert (change.action, change.reason) == ("blocked", "GitHub returned 404")


def test_targets_ignore_case() -> None:
    """As GitHub does for names."""
    assert Organization("Octo-Org") == ORGANIZATION
    assert hash(Organization("Octo-Org")) == hash(ORGANIZATION)
    assert Organization("octocat") != USER


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


def test_a_repository_is_removed_also_if_the_list_does_not_show_it() -> None:
    """The token possibly cannot see it, and removing it twice does no harm."""
    secrets = triplet(selected=listed(API, complete=False))
    desired = replace(DESIRED, credential=None, selection=chosen("web", mode="remove"))

    change = planned(desired, secrets)

    assert change.action == "access"
    assert change.steps == tuple(Step(part, False, None, None, (), (2,)) for part in Part)


def test_a_selection_has_notes_about_names_that_match_no_longer() -> None:
    """The rest of it is applied."""
    index = {**REPOSITORY_INDEX, "octo-org/former": API}
    target = ObservedTarget(triplet(), NOW)
    selection = chosen("former", "old", "none-*")

    (change,) = compute_plan(
        [replace(DESIRED, selection=selection)],
        Observed({ORGANIZATION: target}, index, {}, {}),
        0.3,
    ).changes

    assert [(note.level, note.message) for note in change.notes] == [
        ("warning", "ACR at organization:octo-org: `octo-org/none-*` matches no repository"),
        (
            "warning",
            "ACR at organization:octo-org: octo-org/former was renamed to octo-org/api; update the spec",
        ),
        (
            "notice",
            "ACR at organization:octo-org: left out because they are archived: octo-org/old",
        ),
    ]


def test_a_transferred_repository_is_blocked() -> None:
    """The new owner has to be named to get the credential."""
    index = {**REPOSITORY_INDEX, "octo-org/gone": RepositoryInfo("other-org/gone", 9)}
    target = ObservedTarget(triplet(), NOW)

    (change,) = compute_plan(
        [replace(DESIRED, selection=chosen("api", "gone"))],
        Observed({ORGANIZATION: target}, index, {}, {}),
        0.3,
    ).changes

    assert change.action == "blocked"
    assert change.reason.startswith(
        "octo-org/gone was transferred and now belongs to another owner (other-org/gone); update"
    )


def test_a_selection_that_needs_no_image_is_blocked() -> None:
    """It would clear the list, which takes `[]`."""
    selection = replace(chosen("api", "web"), images=RegistryImages("acr.io"))
    containers = {1: DevContainers(), 2: DevContainers()}
    target = ObservedTarget(triplet(), NOW)

    (change,) = compute_plan(
        [replace(DESIRED, selection=selection)],
        Observed({ORGANIZATION: target}, REPOSITORY_INDEX, {}, {}, dev_containers=containers),
        0.3,
    ).changes

    assert change.action == "blocked"
    assert change.reason.startswith(
        "the selection is empty: none of the selected repositories has a dev container that pulls "
        "from acr.io. Write"
    )
