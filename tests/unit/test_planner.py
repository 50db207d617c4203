"""The action, reason, steps and notes that the planner computes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from codespaces_registry_secrets.model.dev_containers import DevContainers, RegistryImages
from codespaces_registry_secrets.model.fields import RotationPolicy
from codespaces_registry_secrets.model.observed import (
    Observed,
    ObservedSecret,
    ObservedTarget,
)
from codespaces_registry_secrets.model.plan import Note, Step
from codespaces_registry_secrets.model.repositories import RepositoryInfo
from codespaces_registry_secrets.model.targets import Organization, Repository, User
from codespaces_registry_secrets.model.triplet import Part, secret_name
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
    SERVER,
    USER,
    WEB,
    chosen,
    listed,
    planned,
    triplet,
)


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
        "are missing; this registry manages access only. Add `username` and `password` to create them$",
    ),
    "nothing to repair with": (
        {"credential": None},
        {PASSWORD: ObservedSecret(PASSWORD, LONG_AGO, "all")},
        "ACR_CONTAINER_REGISTRY_USER and ACR_CONTAINER_REGISTRY_SERVER are missing",
    ),
    "one member to create with nothing": (
        {"credential": None},
        dict(list(triplet().items())[:2]),
        "is missing; this registry manages access only. Add `username` and `password` to create it$",
    ),
    "a list with the visibility private": (
        {"visibility": "private", "selection": chosen("api")},
        triplet("private"),
        f"because the visibility of {PASSWORD} is `private`; set `visibility: selected`, or",
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
    "an incomplete list of one member to replace": (
        {"selection": chosen("web")},
        {**triplet(), SERVER: triplet(selected=listed(API, complete=False))[SERVER]},
        f"the token cannot see every selected repository of {SERVER}",
    ),
    "an incomplete list to write to a missing member": (
        {},
        {SERVER: triplet(selected=listed(API, complete=False))[SERVER]},
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
    "an unknown repository with no similar name": (
        {"selection": chosen("unlike-any-other")},
        triplet(),
        "no such repository, or the token cannot see it: octo-org/unlike-any-other$",
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
    assert reason in f"{change.reason}$"
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


@pytest.mark.parametrize(("others", "action"), [(97, "create"), (98, "blocked")])
def test_the_last_secret_of_a_scope_can_be_used(others: int, action: str) -> None:
    """Secrets of other tools count."""
    secrets = {f"S{number}": ObservedSecret(f"S{number}", LONG_AGO) for number in range(others)}

    assert planned(DESIRED, secrets).action == action


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


def test_a_source_that_did_not_change_is_no_reason() -> None:
    """Of a write because of the visibility."""
    desired = replace(DESIRED, credential=DATED, visibility="private")
    observed = Observed(
        {ORGANIZATION: ObservedTarget(triplet("all"), NOW)}, REPOSITORY_INDEX, {}, {"P": LONG_AGO}
    )

    (change,) = compute_plan([desired], observed, 0.3).changes

    assert (change.action, change.reason) == ("rotate", "visibility differs from the spec")


def test_a_plan_has_the_time_of_its_data() -> None:
    """By GitHub's clock: ages are computed against it."""
    observed = Observed({ORGANIZATION: ObservedTarget({}, NOW)}, REPOSITORY_INDEX, {}, {})

    assert compute_plan([DESIRED], observed, 0.3).at == NOW


def test_a_renamed_repository_is_a_warning() -> None:
    """The change has both names, so that a person finds it in the spec."""
    old, new = Repository("octo-org/old-name"), Repository("octo-org/new-name")
    desired = replace(DESIRED, target=old)
    observed = Observed({old: ObservedTarget({}, NOW, resolved=new)}, {}, {}, {})

    plan = compute_plan([desired], observed, 0.3)

    (change,) = plan.changes
    assert (change.target, change.declared) == (new, old)
    message = "octo-org/old-name was renamed to octo-org/new-name; update the target"
    assert plan.notes == (Note("warning", message, DESIRED.where, new),)


def test_a_change_says_when_the_credential_was_stored() -> None:
    """When the password was; without it, when the oldest other member was."""
    later = {
        name: replace(secret, updated_at=LONG_AGO + timedelta(days=number))
        for number, (name, secret) in enumerate(reversed(triplet().items()))
    }
    assert planned(DESIRED, later).stored_at == LONG_AGO + timedelta(days=2)
    del later[PASSWORD]
    assert planned(DESIRED, later).stored_at == LONG_AGO
    assert planned(DESIRED, {}).stored_at is None


def test_a_selection_is_reported_with_the_change() -> None:
    """What selected each added repository, and what it left out or did not find."""
    selection = chosen("api", "we*", "none-*", "old")

    change = planned(replace(DESIRED, selection=selection), {})

    assert change.selected_by == (("octo-org/api", "name"), ("octo-org/web", "`octo-org/we*`"))
    prefix = "ACR at organization:octo-org: "
    assert [(note.level, note.message.removeprefix(prefix)) for note in change.notes] == [
        ("warning", "`octo-org/none-*` matches no repository"),
        ("notice", "left out because they are archived: octo-org/old"),
    ]


def test_dev_containers_of_a_selection_are_reported_with_the_change() -> None:
    """If it is unknown whether they need the registry."""
    selection = replace(chosen("api"), images=RegistryImages("acr.io"))
    observed = Observed(
        {ORGANIZATION: ObservedTarget({}, NOW)},
        REPOSITORY_INDEX,
        {},
        {},
        dev_containers={API.id: DevContainers((), ("no such file",))},
    )

    (change,) = compute_plan([replace(DESIRED, selection=selection)], observed, 0.3).changes

    assert [n.message for n in change.notes if "pull from acr.io: no such file. " in n.message]


def test_a_transferred_repository_is_blocked() -> None:
    """The new owner is somebody else."""
    index = {**REPOSITORY_INDEX, "octo-org/gone": RepositoryInfo("other/gone", 9)}
    observed = Observed({ORGANIZATION: ObservedTarget({}, NOW)}, index, {}, {})

    (change,) = compute_plan(
        [replace(DESIRED, selection=chosen("api", "gone"))], observed, 0.3
    ).changes

    assert change.reason.startswith(
        "octo-org/gone was transferred and now belongs to another owner (other/gone); update the"
    )
