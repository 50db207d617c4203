"""Properties of the digest that hold for any plan."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from codespaces_registry_secrets.errors import Location
from codespaces_registry_secrets.model.desired import Credential, Desired
from codespaces_registry_secrets.model.fields import Source
from codespaces_registry_secrets.model.observed import Observed
from codespaces_registry_secrets.model.plan import Change, Plan, Step
from codespaces_registry_secrets.model.targets import Organization, Repository, Shard, User
from codespaces_registry_secrets.model.triplet import Part
from codespaces_registry_secrets.planning.planner import compute_plan
from codespaces_registry_secrets.planning.sharding import shard_digests, split_by_shard
from property.test_planner_laws import desired_triplets, observed_states, plan

# Few values, so that two changes are often equal, or differ in one field.
NAMES = ("octo-org/api", "Octo-Org/API", "octo-org/web", "öcto/ß", "")
ids = st.lists(st.integers(1, 2), max_size=2, unique=True).map(tuple)
names = st.lists(st.sampled_from(NAMES), max_size=2).map(tuple)
texts = st.sampled_from(["", "up to date", "\ud800"])
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "target": st.sampled_from(
        [Organization("octo"), Organization("Octo"), Repository("octo/r"), User("octo")]
    ),
    "registry": st.sampled_from(["ACR", "GHCR"]),
    "action": st.sampled_from(["create", "rotate", "access", "delete", "none", "blocked"]),
    "reason": texts,
    "where": st.builds(Location, st.just("spec.yml"), st.integers(1, 2)),
    "visibility": st.sampled_from([None, (None, "selected"), ("all", "selected")]),
    "added": names,
    "removed": names,
    "selected_by": st.sampled_from([(), (("octo-org/api", "svc-*"),)]),
    "credential": st.none()
    | st.builds(
        Credential,
        name=st.just("ACR"),
        server=st.sampled_from(["ghcr.io", "GHCR.io"]),
        username=st.sampled_from(["me", "you", Source(env="U")]),
        password=st.sampled_from([Source(env="P"), Source(secret="P")]),
    ),
    "steps": st.lists(
        st.builds(
            Step,
            part=st.sampled_from(list(Part)),
            value=st.booleans(),
            visibility=st.sampled_from([None, "selected"]),
            replace=st.none() | ids,
            add=ids,
            remove=ids,
            delete=st.booleans(),
        ),
        max_size=2,
    ).map(tuple),
    "drift": st.booleans(),
}
changes = st.builds(Change, **FIELDS)


def reviewed(change: Change) -> Hashable:
    """What a reviewer sees of a change; written independently of the code of the digest."""
    credential = change.credential
    username, password = credential.labels.values() if credential else (None, None)
    return (
        *change.target.key,
        change.registry,
        change.action,
        *((credential.server, username, password) if credential else ()),
        change.visibility,
        tuple(sorted(name.lower() for name in change.added)),
        tuple(sorted(name.lower() for name in change.removed)),
        change.steps,
    )


@given(st.lists(changes, max_size=4), st.data())
def test_two_plans_have_one_digest_if_a_reviewer_sees_the_same(
    first: list[Change], data: st.DataObject
) -> None:
    """A second plan that is shuffled, with one field of one change drawn again."""
    second = data.draw(st.permutations(first))
    if second:
        field = data.draw(st.sampled_from(sorted(FIELDS)))
        second[0] = replace(second[0], **{field: data.draw(FIELDS[field])})

    same = Plan(tuple(first)).digest == Plan(tuple(second)).digest

    assert same == (Counter(map(reviewed, first)) == Counter(map(reviewed, second)))


@given(st.lists(changes, max_size=2), st.lists(changes, max_size=2))
def test_any_two_plans_have_one_digest_if_a_reviewer_sees_the_same(
    first: list[Change], second: list[Change]
) -> None:
    """Every digest has the form that `expect-digest` accepts."""
    digests = [Plan(tuple(listed)).digest for listed in (first, second)]

    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in digests)
    assert (digests[0] == digests[1]) == (
        Counter(map(reviewed, first)) == Counter(map(reviewed, second))
    )


@given(desired_triplets(), observed_states(), st.data())
def test_the_order_and_the_spelling_of_the_spec_leave_the_digest(
    desired: list[Desired], observed: Observed, data: st.DataObject
) -> None:
    """Also if an id is at a target twice, with two servers: both are blocked, in any order."""
    doubled = [
        replace(triplet, credential=Credential("ACR", "quay.io", "me", Source(env="P")))
        for triplet in desired[:1]
    ]
    spec = [*desired, *doubled]
    shuffled = data.draw(st.permutations(spec))
    respelled = [
        replace(
            t,
            target=type(t.target)(
                data.draw(st.sampled_from([t.target.name, t.target.name.upper()]))
            ),
        )
        for t in shuffled
    ]

    assert plan(respelled, observed).digest == plan(spec, observed).digest


@given(desired_triplets(), observed_states(), st.integers(1, 5))
def test_each_shard_plans_what_the_whole_plan_has_for_it(
    desired: list[Desired], observed: Observed, count: int
) -> None:
    """So that the shards of an approved plan are not refused, with `prune` too."""
    shards = [Shard(number, count) for number in range(1, count + 1)]
    whole = compute_plan(desired, observed, 0.3, "pruned")

    digests = shard_digests(whole, shards)

    for shard in shards:
        own, others = split_by_shard(desired, shard, ())
        part = compute_plan(own, observed, 0.3, "pruned", others)
        assert digests[shard] == part.digest
