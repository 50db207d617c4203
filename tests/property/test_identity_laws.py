"""A repository is one thing, by however many names a spec calls it."""

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
# Each repository goes by its own name and by a former one.
FORMER: dict[Target, Target] = {
    Repository(f"octo-org/old-{number}"): now for number, now in enumerate(REPOSITORIES)
}
NAMES: tuple[Target, ...] = (*REPOSITORIES, *FORMER)
CREDENTIAL = Credential("ACR", "ghcr.io", "me", Source(env="PASSWORD"))


@dataclass(frozen=True)
class Scenario:
    """A spec, the part of it that other shards act on, and what is stored."""

    here: list[Desired]
    elsewhere: list[Desired]
    observed: Observed

    @property
    def plan(self) -> Plan:
        """With `prune`, and no limit."""
        return compute_plan(self.here, self.observed, 1.0, "pruned", self.elsewhere)


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    """Any ids at any names; each name can be looked up or not, and belongs to any shard."""
    pairs = draw(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(IDS)), unique=True))
    other_names = draw(st.sets(st.sampled_from(NAMES)))
    triplets = [
        Desired(name, id_, CREDENTIAL, RotationPolicy(when="missing"), None, None, Location())
        for name, id_ in pairs
    ]
    unseen = draw(st.sets(st.sampled_from(NAMES)))
    stored: dict[Target, set[str]] = {
        name: draw(st.sets(st.sampled_from(IDS))) for name in REPOSITORIES
    }
    here = [triplet for triplet in triplets if triplet.target not in other_names]
    elsewhere = [triplet for triplet in triplets if triplet.target in other_names]
    seen = {t.target: _seen(t.target, stored, unseen) for t in here}
    known = {
        t.target: None if t.target in unseen else FORMER.get(t.target, t.target) for t in elsewhere
    }
    return Scenario(here, elsewhere, Observed(seen, {}, {}, {}, known))


def _seen(name: Target, stored: dict[Target, set[str]], unseen: set[Target]) -> ObservedTarget:
    now = FORMER.get(name, name)
    if name in unseen:
        return ObservedTarget({}, NOW, error="GitHub answers 502")
    names = [secret_name(id_, part) for id_ in stored[now] for part in Part]
    return ObservedTarget({n: ObservedSecret(n, NOW) for n in names}, NOW, resolved=now)


def identity(triplet: Desired) -> tuple[Target, str]:
    """The triplet that is meant, whatever the repository is called."""
    return (FORMER.get(triplet.target, triplet.target), triplet.registry)


@given(scenarios())
def test_nothing_that_the_spec_names_is_ever_pruned(scenario: Scenario) -> None:
    """By whatever name, in whatever shard, and where nobody knows which repository is meant."""
    named = {identity(triplet) for triplet in (*scenario.here, *scenario.elsewhere)}

    deleted = {(c.target, c.registry) for c in scenario.plan.changes if c.action == "delete"}

    assert not deleted & named


@given(scenarios())
def test_each_triplet_of_a_repository_is_changed_once_at_most(scenario: Scenario) -> None:
    """Two names of one repository that both ask for an id are a duplicate, and neither writes."""
    writing = Counter((c.target, c.registry) for c in scenario.plan.changes if c.steps)
    here = [t for t in scenario.here if not scenario.observed.targets[t.target].error]
    times = Counter(map(identity, here))

    assert all(count == 1 for count in writing.values())
    assert not [key for key in writing if times[key] > 1]


@given(scenarios())
def test_whatever_is_unmanaged_is_deleted_where_all_names_are_known(scenario: Scenario) -> None:
    """The guards above do not keep `prune` from its work."""
    looked_up = {name: seen for name, seen in scenario.observed.targets.items() if not seen.error}
    here = [triplet for triplet in scenario.here if triplet.target in looked_up]
    sure = [t for t in scenario.elsewhere if scenario.observed.other_shards[t.target]]
    observed = replace(scenario.observed, targets=looked_up)
    named = {identity(triplet) for triplet in (*here, *sure)}

    changes = compute_plan(here, observed, 1.0, "pruned", sure).changes

    deleted = {(c.target, c.registry) for c in changes if c.action == "delete"}
    stored = {
        (seen.resolved, id_)
        for seen in looked_up.values()
        for id_ in IDS
        if secret_name(id_, Part.USER) in seen.secrets
    }
    assert deleted == stored - named
