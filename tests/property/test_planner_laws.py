"""Properties of the planner that hold for any spec and any state of GitHub."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import is_dataclass, replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from codespaces_registry_secrets.errors import Location
from codespaces_registry_secrets.model.desired import Credential, Desired
from codespaces_registry_secrets.model.dev_containers import DevContainers, RegistryImages
from codespaces_registry_secrets.model.fields import RotationPolicy, Source
from codespaces_registry_secrets.model.images import ImageReference
from codespaces_registry_secrets.model.observed import (
    Observed,
    ObservedSecret,
    ObservedTarget,
    SelectedRepositories,
)
from codespaces_registry_secrets.model.plan import Change, Plan, Step
from codespaces_registry_secrets.model.repositories import RepositoryInfo, Selection, select
from codespaces_registry_secrets.model.targets import (
    Organization,
    Repository,
    Target,
    User,
    Visibility,
)
from codespaces_registry_secrets.model.triplet import Part, secret_name
from codespaces_registry_secrets.planning.planner import compute_plan
from codespaces_registry_secrets.planning.rotation import TOLERANCE

REPOSITORIES = tuple(
    RepositoryInfo(f"octo-org/r{n}", n, topics=("codespaces",) if n > 3 else ()) for n in range(6)
)
REPOSITORY_INDEX = {repo.full_name: repo for repo in REPOSITORIES}
BY_ID = {repo.id: repo for repo in REPOSITORIES}
TARGETS: tuple[Target, ...] = (
    Organization("octo-org"),
    Repository("octo-org/r1"),
    User("octocat"),
)
NOW = datetime(2026, 11, 1, tzinfo=UTC)
VISIBILITIES: tuple[Visibility, ...] = ("all", "private", "selected")
IDS = ("ACR", "GHCR", "HUB")
CREDENTIAL = Credential("ACR", "ghcr.io", "me", Source(secret="PASSWORD_OF_ACR"))

lists = st.frozensets(st.sampled_from(REPOSITORIES)).map(
    lambda repos: SelectedRepositories(tuple(sorted(repos)), complete=True)
)
moments = st.integers(0, 300).map(lambda days: NOW - timedelta(days=days))
policies = st.builds(RotationPolicy, when=st.sampled_from(["changed", "always", "missing"]))
selections = st.builds(
    Selection,
    owner=st.just("octo-org"),
    mode=st.sampled_from(["exact", "ensure", "remove"]),
    include=st.lists(st.sampled_from([r.full_name for r in REPOSITORIES]), max_size=4).map(tuple),
    topics=st.sampled_from([(), ("codespaces",)]),
    images=st.none() | st.just(RegistryImages("ghcr.io")),
)
dev_containers = st.sampled_from(
    [
        DevContainers(),
        DevContainers((ImageReference("ghcr.io", "octo-org/app"),)),
        DevContainers((ImageReference("quay.io", "octo-org/app"),)),
        DevContainers(problems=("Dockerfile: cannot be read",)),
    ]
)


@st.composite
def desired_triplets(draw: st.DrawFn) -> list[Desired]:
    """A valid spec: each id at most once at each target."""
    pairs = st.tuples(st.sampled_from(TARGETS), st.sampled_from(IDS))
    chosen = draw(st.lists(pairs, unique=True, max_size=6))
    return [draw(_triplet(target, registry)) for target, registry in chosen]


@st.composite
def _triplet(draw: st.DrawFn, target: Target, registry: str) -> Desired:
    selection = draw(st.none() | selections) if target.has_list else None
    visibilities: tuple[Visibility, ...] = ("selected",) if selection else VISIBILITIES
    visibility = draw(st.none() | st.sampled_from(visibilities)) if target.has_visibility else None
    return Desired(
        target=target,
        registry=registry,
        credential=draw(st.none() | st.just(CREDENTIAL)),
        rotate=draw(policies),
        visibility=visibility,
        selection=selection,
        where=Location("spec.yml", 1),
    )


@st.composite
def observed_states(draw: st.DrawFn) -> Observed:
    """GitHub's state: any members of any triplets, and a secret that is no member."""
    targets = {target: draw(_target(target)) for target in TARGETS}
    changed = draw(st.dictionaries(st.just("PASSWORD_OF_ACR"), moments))
    read = draw(st.dictionaries(st.sampled_from(range(6)), dev_containers))
    return Observed(targets, REPOSITORY_INDEX, {}, changed, dev_containers=read)


@st.composite
def _target(draw: st.DrawFn, target: Target) -> ObservedTarget:
    names = [secret_name(registry, part) for registry in IDS for part in Part]
    present = draw(st.sets(st.sampled_from(names)))
    secrets = {name: draw(_secret(target, name)) for name in sorted(present)}
    others = {"OTHER": ObservedSecret("OTHER", NOW)}
    return ObservedTarget({**secrets, **others}, NOW, resolved=target)


@st.composite
def _secret(draw: st.DrawFn, target: Target, name: str) -> ObservedSecret:
    if not target.has_visibility:
        return ObservedSecret(name, draw(moments), None, draw(lists) if target.has_list else None)
    visibility = draw(st.sampled_from(VISIBILITIES))
    listed = draw(lists) if visibility == "selected" else None
    return ObservedSecret(name, draw(moments), visibility, listed)


def plan(desired: list[Desired], observed: Observed) -> Plan:
    """Compute a plan with the default removal limit."""
    return compute_plan(desired, observed, 0.3)


def apply_steps(computed: Plan, observed: Observed) -> Observed:
    """GitHub's state after a plan, by the rules of its API only."""
    targets = dict(observed.targets)
    for change in computed.changes:
        secrets = dict(targets[change.target].secrets)
        for step in change.steps:
            name = secret_name(change.registry, step.part)
            secrets[name] = _after(secrets.get(name), name, step, change.target)
        targets[change.target] = replace(targets[change.target], secrets=secrets)
    return replace(observed, targets=targets)


def _after(secret: ObservedSecret | None, name: str, step: Step, target: Target) -> ObservedSecret:
    before = (
        {repo.id for repo in secret.selected.repositories} if secret and secret.selected else set()
    )
    at = secret.updated_at if secret and not step.value else NOW
    visibility = step.visibility if step.value else secret.visibility if secret else None
    if not target.has_list or visibility in ("all", "private"):
        return ObservedSecret(name, at, visibility)
    ids = (
        set(step.replace)
        if step.replace is not None
        else (before | set(step.add)) - set(step.remove)
    )
    listed = SelectedRepositories(tuple(sorted(BY_ID[i] for i in ids)), complete=True)
    return ObservedSecret(name, at, visibility, listed)


def without_rotation(desired: Sequence[Desired]) -> list[Desired]:
    """The same spec with a policy that never rotates."""
    return [replace(triplet, rotate=RotationPolicy(when="missing")) for triplet in desired]


@given(desired_triplets(), observed_states())
def test_after_apply_the_plan_is_empty(desired: list[Desired], observed: Observed) -> None:
    """One run makes every change that is not blocked."""
    first = plan(desired, observed)

    second = plan(without_rotation(desired), apply_steps(first, observed))

    blocked = {(c.target, c.registry) for c in first.changes if c.action == "blocked"}
    left = [c for c in second.changes if (c.target, c.registry) not in blocked]
    assert {change.action for change in left} <= {"none"}


@given(desired_triplets(), observed_states(), st.randoms(use_true_random=False))
def test_the_order_of_the_spec_does_not_matter(
    desired: list[Desired], observed: Observed, shuffler: random.Random
) -> None:
    """A plan is sorted."""
    shuffled = desired.copy()
    shuffler.shuffle(shuffled)

    assert plan(shuffled, observed) == plan(desired, observed)


@given(desired_triplets(), observed_states())
def test_what_the_spec_does_not_name_is_never_touched(
    desired: list[Desired], observed: Observed
) -> None:
    """Every secret outside the spec's triplets stays the same."""
    named = {(t.target, secret_name(t.registry, part)) for t in desired for part in Part}

    after = apply_steps(plan(desired, observed), observed)

    for target, seen in observed.targets.items():
        for name, secret in seen.secrets.items():
            if (target, name) not in named:
                assert after.targets[target].secrets[name] == secret


@given(desired_triplets(), observed_states())
def test_a_list_loses_only_what_the_spec_removes(
    desired: list[Desired], observed: Observed
) -> None:
    """`ensure` removes nothing, and a plan names each repository that it removes."""
    computed = plan(desired, observed)
    after = apply_steps(computed, observed)
    by_identity = {(t.target, t.registry): t for t in desired}
    for change in computed.changes:
        triplet = by_identity[(change.target, change.registry)]
        for part in Part:
            name = secret_name(change.registry, part)
            lost = _listed(observed, change, name) - _listed(after, change, name)
            if triplet.selection is None or triplet.selection.mode == "ensure":
                list_ends = change.visibility is not None and change.visibility[1] != "selected"
                assert not lost or list_ends
            assert {repo.full_name for repo in lost} <= set(change.removed)


@given(desired_triplets(), observed_states())
def test_dev_containers_only_narrow_a_selection(desired: list[Desired], observed: Observed) -> None:
    """No list gets a repository that it would not get without `devcontainer`."""
    selects = [t for t in desired if t.selection and t.selection.mode != "remove"]
    wide = [replace(t, selection=replace(t.selection, images=None)) for t in selects if t.selection]
    allowed = {
        (c.target, c.registry): None if c.action == "blocked" else set(c.added)
        for c in plan(wide, observed).changes
    }
    for change in plan(selects, observed).changes:
        names = allowed[change.target, change.registry]
        assert names is None or set(change.added) <= names


@given(desired_triplets(), observed_states())
def test_a_repository_of_unknown_need_keeps_its_place(
    desired: list[Desired], observed: Observed
) -> None:
    """It gains no access and loses none.

    A missing member gets the access of the others, and a list that replaces the visibility `all` or
    `private` gets the repositories that had access by it.
    """
    narrowed = {(t.target, t.registry) for t in desired if t.selection and t.selection.images}
    unknown = {
        repo.full_name
        for repo in REPOSITORIES
        if (read := observed.dev_containers.get(repo.id)) is None or read.problems
    }
    selected = {
        (t.target, t.registry): set(select(t.selection, REPOSITORY_INDEX).selected_by)
        for t in desired
        if t.selection
    }
    for change in plan(desired, observed).changes:
        identity = (change.target, change.registry)
        if identity in narrowed:
            has_access_otherwise = change.action == "repair" or change.visibility is not None
            assert has_access_otherwise or not set(change.added) & unknown
            assert not set(change.removed) & unknown & selected[identity]


def _listed(observed: Observed, change: Change, name: str) -> set[RepositoryInfo]:
    secret = observed.targets[change.target].secrets.get(name)
    return set(secret.selected.repositories) if secret and secret.selected else set()


@given(desired_triplets(), observed_states())
def test_visibility_is_not_widened_beyond_the_spec(
    desired: list[Desired], observed: Observed
) -> None:
    """A secret becomes `all` or `private` only if the spec says so or a member was so before."""
    computed = plan(desired, observed)
    after = apply_steps(computed, observed)
    desired_visibilities = {(t.target, t.registry): t.visibility for t in desired}
    for change in computed.changes:
        seen = observed.targets[change.target].secrets
        names = [secret_name(change.registry, part) for part in Part]
        before = {seen[name].visibility for name in names if name in seen}
        for name in names:
            now = after.targets[change.target].secrets.get(name)
            if now and now.visibility in ("all", "private"):
                desired_visibility = desired_visibilities[(change.target, change.registry)]
                assert now.visibility == desired_visibility or now.visibility in before


@given(desired_triplets(), observed_states())
def test_a_value_is_written_only_if_the_policy_allows_it(
    desired: list[Desired], observed: Observed
) -> None:
    """`missing` overwrites no complete triplet; without a credential there is no value."""
    computed = plan(desired, observed)
    by_identity = {(t.target, t.registry): t for t in desired}
    for change in computed.changes:
        triplet = by_identity[(change.target, change.registry)]
        seen = observed.targets[change.target].secrets
        for step in change.steps:
            if step.value:
                assert triplet.credential is not None
                whole = all(secret_name(change.registry, part) in seen for part in Part)
                assert not (whole and triplet.rotate.when == "missing")


@given(desired_triplets(), observed_states())
def test_repair_leaves_no_mix_of_two_credentials(
    desired: list[Desired], observed: Observed
) -> None:
    """A member that is not written is newer than its source, and so is PASSWORD."""
    for change in plan(desired, observed).changes:
        written = {step.part for step in change.steps if step.value}
        if change.action != "repair" or written == set(Part):
            continue
        secrets = observed.targets[change.target].secrets
        stays = {secrets[secret_name(change.registry, part)] for part in set(Part) - written}
        source_changed = observed.source_changed_at["PASSWORD_OF_ACR"]
        assert Part.PASSWORD not in written
        assert min(secret.updated_at for secret in stays) >= source_changed - TOLERANCE


@given(desired_triplets(), observed_states())
def test_steps_come_in_the_order_of_writing(desired: list[Desired], observed: Observed) -> None:
    """SERVER last, so that Codespaces never uses an incomplete triplet."""
    order = list(Part)
    for change in plan(desired, observed).changes:
        places = [order.index(step.part) for step in change.steps]
        assert places == sorted(places)


def leaves(data: object) -> Iterator[object]:
    """The plain values in a plan, at any depth."""
    if isinstance(data, BaseModel):
        data = dict(data)
    if is_dataclass(data) and not isinstance(data, type):
        data = vars(data)
    if isinstance(data, Mapping):
        data = tuple(data.values())
    if isinstance(data, tuple):
        for part in data:
            yield from leaves(part)
    else:
        yield data


@given(desired_triplets(), observed_states())
def test_a_plan_holds_no_value_and_no_function(desired: list[Desired], observed: Observed) -> None:
    """It has only names, numbers and times."""
    plain = (str, int, float, datetime, timedelta, type(None))

    assert all(isinstance(leaf, plain) for leaf in leaves(plan(desired, observed)))


@given(desired_triplets(), observed_states())
def test_drift_means_steps(desired: list[Desired], observed: Observed) -> None:
    """Without drift there is no step, except for a rotation because the age is unknown."""
    for change in plan(desired, observed).changes:
        if not change.drift:
            assert not change.steps or (change.action == "rotate" and not change.added)
        elif change.action != "blocked":
            assert change.steps
