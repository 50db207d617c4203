"""The digest of a plan: what changes it, and what does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest

from codespaces_registry_secrets.errors import Location
from codespaces_registry_secrets.model.desired import Credential
from codespaces_registry_secrets.model.fields import Source
from codespaces_registry_secrets.model.generation import CredentialChange
from codespaces_registry_secrets.model.plan import Change, Note, Plan, Step
from codespaces_registry_secrets.model.targets import Organization, Repository, Shard, Target, User
from codespaces_registry_secrets.model.triplet import Part
from codespaces_registry_secrets.planning.approval import refuse_unexpected
from codespaces_registry_secrets.planning.sharding import shard_digests

CREDENTIAL = Credential("ACR", "mycompany.azurecr.io", "me", Source(secret="ACR_PASSWORD"))
PASSWORD = Step(Part.PASSWORD, value=True, visibility="selected", replace=(1, 2))
USER = Step(Part.USER, value=False, add=(2,), remove=(3,))
CHANGE = Change(
    target=Organization("octo-org"),
    registry="ACR",
    action="rotate",
    reason="its source was changed at 2026-01-31 09:30 UTC",
    where=Location("spec.yml", 8, "registries[0].targets[0]"),
    visibility=("private", "selected"),
    added=("octo-org/api", "octo-org/web"),
    removed=("octo-org/old",),
    selected_by=(("octo-org/api", "name"),),
    credential=CREDENTIAL,
    steps=(PASSWORD, USER),
)
UNCHANGED = replace(
    CHANGE, target=Repository("octo-org/app"), action="none", visibility=None, steps=()
)
DELETION = Change(
    target=Repository("octo-org/app"),
    registry="OLD",
    action="delete",
    reason="the spec does not name it",
    steps=(Step(Part.SERVER, value=False, delete=True),),
)
PLAN = Plan((CHANGE, UNCHANGED, DELETION))


def sourced(**fields: Any) -> Credential:
    """The credential with other fields."""
    return replace(CREDENTIAL, **fields)


def steps(number: int, **fields: Any) -> tuple[Step, ...]:
    """The steps of the change, one of them with other fields."""
    return tuple(
        replace(step, **fields) if n == number else step for n, step in enumerate(CHANGE.steps)
    )


def test_the_digest_is_the_same_on_every_machine_and_in_every_version() -> None:
    """A digest that was approved stays valid after an update of the Action.

    To change what a digest contains, raise DIGEST_VERSION: then no approved digest is valid.
    """
    assert PLAN.digest == "0a7695ef32b533d5fcf11159f72d4eaa98a07255c656786252f98c980f1e2310"
    assert Plan(()).digest == sha256(b'{"changes":[],"credentials":[],"version":2}').hexdigest()


@pytest.mark.parametrize(
    "fields",
    [
        {"target": Organization("octo-corp")},
        {"target": User("octo-org")},
        {"registry": "ACR2"},
        {"action": "repair"},
        {"action": "blocked"},
        {"credential": None},
        {"credential": sourced(server="attacker.azurecr.io")},
        {"credential": sourced(server="MyCompany.azurecr.io")},
        {"credential": sourced(password=Source(env="ACR_PASSWORD"))},
        {"credential": sourced(password=Source(secret="ACR_PASSWORD2"))},
        {"credential": sourced(username=Source(env="ACR_USER"))},
        {"visibility": None},
        {"visibility": ("all", "selected")},
        {"visibility": ("private", "all")},
        {"visibility": (None, "selected")},
        {"added": ("octo-org/api",)},
        {"added": ("octo-org/api", "octo-org/web", "octo-org/one-more")},
        {"added": ("octo-org/api", "octo-org/web2")},
        {"removed": ()},
        {"removed": ("octo-org/older",)},
        {"added": CHANGE.removed, "removed": CHANGE.added},
        {"steps": (PASSWORD,)},
        {"steps": steps(0, part=Part.SERVER)},
        {"steps": steps(0, value=False)},
        {"steps": steps(0, visibility="all")},
        {"steps": steps(0, replace=(1, 3))},
        {"steps": steps(0, replace=(1, 2, 3))},
        {"steps": steps(0, replace=None)},
        {"steps": steps(1, add=(3,), remove=(2,))},
        {"steps": steps(1, add=())},
        {"steps": steps(1, remove=(4,))},
        {"steps": steps(1, delete=True)},
    ],
    ids=str,
)
def test_every_difference_that_a_reviewer_sees_changes_the_digest(fields: dict[str, Any]) -> None:
    """Also the id of a repository: another one can have taken over the name."""
    other = replace(CHANGE, **fields)
    assert other != CHANGE

    assert Plan((other, UNCHANGED, DELETION)).digest != PLAN.digest


@pytest.mark.parametrize(
    "changes",
    [
        (CHANGE, UNCHANGED),
        (CHANGE, DELETION),
        (CHANGE, UNCHANGED, DELETION, DELETION),
        (CHANGE, replace(UNCHANGED, credential=sourced(server="ghcr.io")), DELETION),
        (CHANGE, replace(UNCHANGED, registry="HUB"), DELETION),
    ],
)
def test_an_unchanged_triplet_is_a_part_of_the_plan(changes: tuple[Change, ...]) -> None:
    """So is the server that it would be written with."""
    assert Plan(changes).digest != PLAN.digest


@pytest.mark.parametrize(
    "fields",
    [
        {"target": Organization("Octo-ORG")},
        {"reason": "the policy is `always`"},
        {"where": Location("spec.yml", 80)},
        {"declared": Organization("octo-former")},
        {"added": ("octo-org/web", "Octo-Org/API")},
        {"removed": ("octo-org/OLD",)},
        {"selected_by": (("octo-org/api", "svc-*"),)},
        {"notes": (Note("warning", "expires in 3d"),)},
        {"drift": False},
        {"credential": sourced(username="you")},
        {"credential": sourced(expires=datetime(2027, 1, 31, tzinfo=UTC))},
        {"credential": sourced(images=("team/devbox:latest",))},
        {"credential": sourced(where=Location("spec.yml", 3))},
    ],
    ids=str,
)
def test_what_only_explains_a_change_does_not_change_the_digest(fields: dict[str, Any]) -> None:
    """Nor does a literal user name, which readers of the log could guess by the digest."""
    assert Plan((replace(CHANGE, **fields), UNCHANGED, DELETION)).digest == PLAN.digest


@pytest.mark.parametrize(
    "other",
    [
        Plan((DELETION, UNCHANGED, CHANGE)),
        replace(PLAN, notes=(Note("notice", "2 triplets are not in the spec"),)),
        replace(PLAN, expiry=datetime(2027, 1, 31, tzinfo=UTC)),
        replace(PLAN, refused=True),
    ],
)
def test_order_notes_and_expiry_do_not_change_the_digest(other: Plan) -> None:
    """They can differ between two runs with the same plan."""
    assert other.digest == PLAN.digest


@pytest.mark.parametrize("reason", ["the registry rejects the credential", "delete some there"])
def test_a_blocked_change_has_the_same_digest_for_every_reason(reason: str) -> None:
    """It writes nothing, whatever it would have written."""
    blocked = replace(CHANGE, action="blocked", reason="", visibility=None, added=(), removed=())

    assert Plan((CHANGE.blocked(reason),)).digest == Plan((replace(blocked, steps=()),)).digest


@pytest.mark.parametrize("expected", [None, PLAN.digest])
def test_the_expected_plan_is_not_refused(expected: str | None) -> None:
    assert refuse_unexpected(PLAN, expected) is PLAN


def test_another_plan_is_refused_with_both_digests() -> None:
    """The error comes first, because it is the reason why nothing is written."""
    noted = replace(PLAN, notes=(Note("warning", "expires in 3d"),))

    refused = refuse_unexpected(noted, "0" * 64)

    error, *others = refused.notes
    assert (refused.refused, refused.changes, tuple(others)) == (True, PLAN.changes, noted.notes)
    assert error.level == "error"
    assert f"its digest is {PLAN.digest}, and `expect-digest` is {'0' * 64}. " in error.message
    assert str(error.where) == "input `expect-digest`"


def test_a_renamed_target_is_in_the_shard_of_its_name_in_the_spec() -> None:
    """The job of a shard knows only that name when it starts."""
    app, api = Repository("octo-org/app"), Repository("octo-org/api")
    first, second = Shard(1, 2), Shard(2, 2)
    assert (first.has(app), first.has(api)) == (True, False)
    renamed = replace(UNCHANGED, target=api, declared=app)

    digests = shard_digests(Plan((CHANGE, renamed)), [first, second])

    rest = [change for change in (CHANGE,) if first.has(change.target)]
    assert digests[first] == Plan((*rest, renamed)).digest
    assert digests[second] == Plan(tuple({CHANGE} - set(rest))).digest


@pytest.mark.parametrize("target", [Repository("octo-org/svc-*"), Organization("octo-*")])
def test_a_glob_that_could_not_be_looked_up_is_in_every_shard(target: Target) -> None:
    """As in the plan of each shard."""
    glob = replace(UNCHANGED, target=target).blocked("GitHub returned 502")

    digests = shard_digests(Plan((glob,)), [Shard(1, 2), Shard(2, 2)])

    assert set(digests.values()) == {Plan((glob,)).digest}


def test_only_a_single_shard_changes_credentials() -> None:
    """One of several shards stores what a run without a shard has created."""
    created = CredentialChange("ACR", "harbor-robot", "STORE", "generate", "there is none yet")
    plan = Plan((CHANGE,), credentials=(created,))
    target = CHANGE.target

    (whole,) = shard_digests(plan, [Shard(1, 1)]).values()
    halves = shard_digests(plan, [Shard(1, 2), Shard(2, 2)])

    assert whole == plan.digest
    assert {halves[shard] for shard in halves if shard.has(target)} == {Plan((CHANGE,)).digest}
