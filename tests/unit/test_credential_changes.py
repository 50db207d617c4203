"""What a plan does at the issuers, and which targets hold an old credential there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from codespaces_registry_secrets.model.desired import Credential
from codespaces_registry_secrets.model.generation import ObservedGeneration
from codespaces_registry_secrets.model.generator import GeneratedValue
from codespaces_registry_secrets.model.observed import Observed, ObservedSecret, ObservedTarget
from codespaces_registry_secrets.model.plan import Change, Note, Plan, Step
from codespaces_registry_secrets.model.state import MemberRecord, State
from codespaces_registry_secrets.model.targets import Repository, Target, User
from codespaces_registry_secrets.model.triplet import Part
from codespaces_registry_secrets.planning.credential_changes import (
    add_credential_changes,
    block_stores,
    find_departed,
)
from codespaces_registry_secrets.planning.generation import credential_lives, decide_generation
from generation_cases import DAY, NOW, SECOND, current, observe, previous

APP, GONE, NEAR = (Repository(f"octo-org/{name}") for name in ("app", "gone", "near"))
# A month-old credential replaced another one nine days ago, which is due to be disabled.
GENERATED = observe(current(9 * DAY), previous("old", 40 * DAY))
CREDENTIAL = Credential(
    "REG",
    "registry.example",
    GeneratedValue("STORE", "aws-iam-access-key", "username"),
    GeneratedValue("STORE", "aws-iam-access-key", "password"),
    generator=GENERATED.generator,
)
UNCHANGED = Change(APP, "REG", "none", "up to date", credential=CREDENTIAL)
WRITE = replace(UNCHANGED, action="rotate", steps=(Step(Part.PASSWORD, True),))
PASSWORD = "REG_CONTAINER_REGISTRY_PASSWORD"


def recorded(
    *targets: Target, age: timedelta = 10 * DAY, part: Part = Part.PASSWORD, registry: str = "REG"
) -> State:
    """A state that knows a member at these targets, written so long ago."""
    record = MemberRecord(bytes(16), NOW - age)
    return State("STATE", {(target, registry): {part: record} for target in targets}, {})


def observed(
    *generations: ObservedGeneration,
    state: State | None = None,
    departed: Mapping[Target, ObservedTarget] | None = None,
    unreadable: bool = False,
) -> Observed:
    """What GitHub shows, with what the run decides about the credentials."""
    return Observed(
        targets={APP: ObservedTarget({}, NOW)},
        repository_index={},
        lookup_errors={},
        source_changed_at={},
        state=state,
        state_unreadable=unreadable,
        departed=departed or {},
        generations={one.generator.store: decide_generation(one, NOW) for one in generations},
    )


def planned(*changes: Change, generation: ObservedGeneration = GENERATED, **fields: Any) -> Plan:
    """The plan with what happens to one credential at its issuer."""
    plan = Plan(changes, notes=(Note("notice", "earlier"),))
    return add_credential_changes(plan, {"STORE": generation}, observed(generation, **fields))


def actions(plan: Plan) -> list[tuple[str, str | None]]:
    """What happens to each credential."""
    return [(change.action, change.id) for change in plan.credentials]


def target_with(*names: str, **fields: Any) -> ObservedTarget:
    """A target with these secrets."""
    return ObservedTarget({name: ObservedSecret(name, NOW) for name in names}, NOW, **fields)


def test_old_credentials_come_before_the_current_one() -> None:
    """Reports show all that exist. Without a state, the retirement has a warning."""
    plan = planned(UNCHANGED)

    assert actions(plan) == [("disable", "old"), ("none", "new")]
    assert plan.lives == tuple(credential_lives(GENERATED))
    assert plan.changes == (UNCHANGED,)
    first, warning = plan.notes
    assert first == Note("notice", "earlier")
    assert (warning.level, warning.where) == ("warning", GENERATED.where)
    assert warning.message.startswith("REG: an old credential is retired after looking at the")


def test_the_credentials_of_several_registries_are_sorted() -> None:
    """By their ids. A change of one registry holds no other, and each has its own notes."""
    first = replace(
        GENERATED, registry="A", generator=replace(GENERATED.generator, store="A_STORE")
    )
    both = {"A_STORE": replace(first, issuer_error="HTTP 500", must_see=False), "STORE": GENERATED}
    plan = add_credential_changes(Plan((WRITE,)), both, observed(GENERATED, first))

    assert [(c.registry, c.action) for c in plan.credentials] == [
        ("A", "disable"),
        ("A", "none"),
        ("REG", "none"),
    ]
    assert [life.registry for life in plan.lives] == ["A", "A", "REG", "REG"]
    assert [note.message[:22] for note in plan.notes] == [
        "A: what exists at the ",
        "A: an old credential i",
    ]


def test_a_credential_that_is_not_available_is_not_stored() -> None:
    """The change is blocked and says why, as does an error at the place of the registry."""
    plan = planned(WRITE, generation=replace(GENERATED, error="the journal is damaged"))

    (change,) = plan.changes
    assert change.action == "blocked"
    assert change.reason == "there is no credential to store: the journal is damaged"
    assert actions(plan) == [("blocked", None)]
    assert plan.notes[1:] == (
        Note("error", "REG: no new credential: the journal is damaged", GENERATED.where),
    )


def test_only_changes_that_store_the_credential_are_blocked() -> None:
    """Not those of another registry, or without a value."""
    other = replace(WRITE, credential=None)

    plan = block_stores(Plan((WRITE, UNCHANGED, other)), {"STORE": "no"})

    assert plan.changes == (WRITE.blocked("no"), UNCHANGED, other)
    assert block_stores(plan, {"OTHER": "no"}) == plan


def test_an_unknown_list_of_the_issuer_is_a_warning() -> None:
    """Unless the run has to see it, which is an error of its own."""
    unknown = replace(GENERATED, listed=None, issuer_error="HTTP 500", must_see=False)

    plan = planned(UNCHANGED, generation=unknown)

    assert plan.notes[1:] == (
        Note("warning", "REG: what exists at the issuer is not known: HTTP 500", unknown.where),
    )
    must = planned(UNCHANGED, generation=replace(unknown, must_see=True))
    assert [note.level for note in must.notes[1:]] == ["error"]


@pytest.mark.parametrize(
    "departed",
    [
        {},
        {GONE: ObservedTarget({}, NOW, error="HTTP 500")},
        {GONE: target_with(PASSWORD)},
        {GONE: target_with(PASSWORD, resolved=NEAR)},
    ],
    ids=["not read", "unreadable", "has it", "renamed"],
)
def test_a_target_that_left_the_spec_holds_the_old_credential(
    departed: Mapping[Target, ObservedTarget],
) -> None:
    """As long as it can have it. The warning names it and the variable of the state."""
    plan = planned(UNCHANGED, state=recorded(GONE), departed=departed)

    assert actions(plan) == [("none", "new")]
    (warning,) = plan.notes[1:]
    assert warning.message == (
        "REG: old stays, because repository:octo-org/gone left the spec and can still have it; "
        "delete the triplet there, or add the target again. If it does not exist any more, delete "
        "the Actions variable STATE"
    )


@pytest.mark.parametrize(
    "departed",
    [
        {GONE: target_with()},
        {GONE: target_with("REG_CONTAINER_REGISTRY_USER", "ACR_CONTAINER_REGISTRY_PASSWORD")},
        {GONE: target_with(PASSWORD, resolved=APP)},
    ],
    ids=["no secrets", "no password", "renamed to one of the spec"],
)
def test_a_target_that_lost_the_credential_does_not_hold_it(
    departed: Mapping[Target, ObservedTarget],
) -> None:
    """Without a warning: the state knows all targets."""
    plan = planned(UNCHANGED, state=recorded(GONE), departed=departed)

    assert actions(plan) == [("disable", "old"), ("none", "new")]
    assert plan.notes[1:] == ()


def test_the_secrets_of_another_user_cannot_be_seen() -> None:
    """GitHub shows those of the token's own user, whoever is asked for."""
    hubot, octocat = User("hubot"), User("octocat")

    for resolved, expected in ((octocat, []), (hubot, ["disable"])):
        departed = {hubot: target_with(resolved=resolved)}
        plan = planned(UNCHANGED, state=recorded(hubot), departed=departed)
        assert [action for action, _ in actions(plan)[:-1]] == expected


def test_holders_are_sorted() -> None:
    """In the message."""
    plan = planned(UNCHANGED, state=recorded(NEAR, GONE))

    assert "because repository:octo-org/gone, repository:octo-org/near left" in (
        plan.notes[1].message
    )


def test_a_state_that_cannot_be_read_holds_the_old_credential() -> None:
    """Any target can have left the spec."""
    plan = planned(UNCHANGED, unreadable=True)

    assert actions(plan) == [("none", "new")]
    assert [note.message[:44] for note in plan.notes[1:]] == [
        "REG: old stays, because the state cannot be "
    ]


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (recorded(GONE), (GONE,)),
        (recorded(NEAR, GONE), (GONE, NEAR)),
        (recorded(GONE, age=9 * DAY + SECOND), (GONE,)),
        (recorded(GONE, age=9 * DAY), ()),
        (recorded(GONE, age=DAY, part=Part.USER), (GONE,)),
        (recorded(GONE, registry="OTHER"), ()),
        (recorded(APP), ()),
        (None, ()),
    ],
)
def test_targets_that_left_the_spec_are_read(
    state: State | None, expected: tuple[Target, ...]
) -> None:
    """Those that had the triplet before the current credential was created, if one retires now."""
    found = find_departed(Plan((UNCHANGED,)), {"STORE": GENERATED}, observed(state=state))

    assert found == expected


def test_no_target_is_read_if_no_credential_can_be_retired() -> None:
    """Which costs no request."""
    state = observed(state=recorded(GONE))
    for fresh in (observe(current(SECOND), previous("old", DAY)), observe(None)):
        assert find_departed(Plan(()), {"STORE": fresh}, state) == ()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (replace(WRITE, credential=None), (APP,)),
        (replace(UNCHANGED, credential=None), ()),
        (replace(UNCHANGED, credential=None).blocked("archived"), (APP,)),
        (UNCHANGED.blocked("archived"), ()),
        (replace(UNCHANGED, registry="OTHER"), (APP,)),
    ],
    ids=["to write", "stored", "blocked", "blocked of its own", "another registry"],
)
def test_another_entry_with_the_id_can_take_over_a_target(
    change: Change, expected: tuple[Target, ...]
) -> None:
    """The target has its triplet when that is stored."""
    found = find_departed(Plan((change,)), {"STORE": GENERATED}, observed(state=recorded(APP)))

    assert found == expected
