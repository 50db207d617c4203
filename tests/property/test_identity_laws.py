"""A repository is one target, even if a spec has several names for it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from codespaces_registry_secrets.errors import Location
from codespaces_registry_secrets.model.desired import Credential, Desired
from codespaces_registry_secrets.model.fields import RotationPolicy, Source
from codespaces_registry_secrets.model.observed import Observed, ObservedSecret, ObservedTarget
from codespaces_registry_secrets.model.plan import Plan
from codespaces_registry_secrets.model.targets import Repository, Target
from codespaces_registry_secrets.model.triplet import Part, secret_name
from codespaces_registry_secrets.planning.planner import compute_plan

NOW = datetime(2026, 11, 1, tzinfo=UTC)
IDS = ("ACR", "GHCR", "HUB")
REPOSITORIES = tuple(Repository(f"octo-org/r{number}") for number in range(3))
# Each repository has its current name and a former one.
FORMER: dict[Target, Target] = {
    Repository(f"octo-org/old-{number}"): now for number, now in enumerate(REPOSITORIES)
}
NAMES: tuple[Target, ...] = (*REPOSITORIES, *FORMER)
CREDENTIAL = Credential("ACR", "ghcr.io", "me", Source(env="PASSWORD"))


@dataclass(frozen=True)
class Scenario:
    """The triplets of a shard, those of other shards, and GitHub's state."""

    own: list[Desired]
    others: list[Desired]
    observed: Observed

    @property
    def plan(self) -> Plan:
        """The plan with `prune` and without a removal limit."""
        return compute_plan(self.own, self.observed, 1.0, "pruned", self.others)


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    """Any ids at any names; a name can fail to resolve, and belongs to any shard."""
    pairs = draw(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(IDS)), unique=True))
    other_names = draw(st.sets(st.sampled_from(NAMES)))
    triplets = [
        Desired(name, id_, CREDENTIAL, RotationPolicy(when="missing"), None, None, Location())
        for name, id_ in pairs
    ]
    unresolved = draw(st.sets(st.sampled_from(NAMES)))
    stored: dict[Target, set[str]] = {
        name: draw(st.sets(st.sampled_from(IDS))) for name in REPOSITORIES
    }
    own = [triplet for triplet in triplets if triplet.target not in other_names]
    others = [triplet for triplet in triplets if triplet.target in other_names]
    targets = {t.target: _observe(t.target, stored, unresolved) for t in own}
    current = {
        t.target: None if t.target in unresolved else FORMER.get(t.target, t.target) for t in others
    }
    return Scenario(own, others, Observed(targets, {}, {}, {}, current))


def _observe(
    name: Target, stored: dict[Target, set[str]], unresolved: set[Target]
) -> ObservedTarget:
    now = FORMER.get(name, name)
    if name in unresolved:
        return ObservedTarget({}, NOW, error="GitHub returned 502")
    names = [secret_name(id_, part) for id_ in stored[now] for part in Part]
    return ObservedTarget({n: ObservedSecret(n, NOW) for n in names}, NOW, resolved=now)


def identity(triplet: Desired) -> tuple[Target, str]:
    """The triplet at the current name of its repository."""
    return (FORMER.get(triplet.target, triplet.target), triplet.registry)


@given(scenarios())
def test_nothing_that_the_spec_names_is_ever_pruned(scenario: Scenario) -> None:
    """By any name, in any shard, even if a name could not be resolved."""
    named = {identity(triplet) for triplet in (*scenario.own, *scenario.others)}

    deleted = {(c.target, c.registry) for c in scenario.plan.changes if c.action == "delete"}

    assert not deleted & named


@given(scenarios())
def test_each_triplet_of_a_repository_is_changed_once_at_most(scenario: Scenario) -> None:
    """One id at two names of one repository is a duplicate, and neither writes."""
    writing = Counter((c.target, c.registry) for c in scenario.plan.changes if c.steps)
    own = [t for t in scenario.own if not scenario.observed.targets[t.target].error]
    times = Counter(map(identity, own))

    assert all(count == 1 for count in writing.values())
    assert not [key for key in writing if times[key] > 1]


@given(scenarios())
def test_every_unmanaged_triplet_is_deleted_if_all_names_are_resolved(scenario: Scenario) -> None:
    """The safety checks do not block other deletions."""
    resolved = {
        name: observed_target
        for name, observed_target in scenario.observed.targets.items()
        if not observed_target.error
    }
    own = [triplet for triplet in scenario.own if triplet.target in resolved]
    resolved_others = [t for t in scenario.others if scenario.observed.other_shards[t.target]]
    observed = replace(scenario.observed, targets=resolved)
    named = {identity(triplet) for triplet in (*own, *resolved_others)}

    changes = compute_plan(own, observed, 1.0, "pruned", resolved_others).changes

    deleted = {(c.target, c.registry) for c in changes if c.action == "delete"}
    stored = {
        (observed_target.resolved, id_)
        for observed_target in resolved.values()
        for id_ in IDS
        if secret_name(id_, Part.USER) in observed_target.secrets
    }
    assert deleted == stored - named
