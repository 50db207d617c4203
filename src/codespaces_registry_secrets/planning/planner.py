"""Compute the plan: one change for each registry at each target. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from codespaces_registry_secrets.model.desired import Desired
from codespaces_registry_secrets.model.observed import Observed, ObservedTarget
from codespaces_registry_secrets.model.plan import Action, Change, Note, Plan
from codespaces_registry_secrets.model.repositories import SelectionResult, is_glob
from codespaces_registry_secrets.model.targets import ME, Repository, Target, User, Visibility
from codespaces_registry_secrets.planning import prune, safety_checks
from codespaces_registry_secrets.planning.access import (
    Member,
    compare_members,
    find_inconsistencies,
    plan_steps,
)
from codespaces_registry_secrets.planning.coverage import find_uncovered
from codespaces_registry_secrets.planning.lint import (
    lint_change,
    lint_dev_containers,
    lint_outside_changes,
    lint_triplets,
)
from codespaces_registry_secrets.planning.rotation import (
    RotationDecision,
    decide_rotation,
    find_up_to_date_members,
    is_half_written,
    stored_at,
)


def compute_plan(
    desired: Sequence[Desired],
    observed: Observed,
    removal_limit: float,
    unmanaged: Literal["listed", "pruned", "ignored"] = "ignored",
    other_triplets: Sequence[Desired] = (),
) -> Plan:
    """Compare the desired triplets with the state of GitHub.

    `removal_limit` is the largest share, 0 to 1, of a secret's selected repositories or of a
    target's triplets that one plan can remove. `unmanaged` is what to do with triplets that are at
    a target but not in the spec. `other_triplets` are the triplets of other shards, and globs of
    organizations that were replaced by their matches.
    """
    triplets = sorted((_resolve_target(triplet, observed) for triplet in desired), key=_sort_key)
    others = [_resolve_target(triplet, observed) for triplet in other_triplets]
    changes = list(_plan_changes(triplets, others, observed, removal_limit))
    notes = [*_rename_warnings(triplets), *lint_triplets(triplets)]
    # The triplets of other registries and shards can cover a server, too.
    is_whole_spec = unmanaged != "ignored" and all(is_glob(t.target.name) for t in others)
    if is_whole_spec:
        notes += find_uncovered(triplets, changes, observed)
    if unmanaged == "pruned":
        changes += prune.plan_deletions(triplets, others, observed, removal_limit)
    elif unmanaged == "listed":
        notes += prune.list_unmanaged(triplets, others, observed)
    changes.sort(key=lambda change: (change.target, change.registry))
    return Plan(tuple(changes), tuple(notes), at=observed.at)


def _resolve_target(triplet: Desired, observed: Observed) -> Desired:
    """The triplet at the target that GitHub resolves the spec's target to.

    `@me` becomes the token's user. The target of another user stays, to be blocked by that name.
    """
    declared = triplet.target
    if isinstance(declared, User) and declared != User(ME):
        return triplet
    if declared in observed.targets:
        target = observed.targets[declared].resolved
    else:
        target = observed.other_shards.get(declared)
    if target in {None, declared}:
        return triplet
    return replace(triplet, target=target, declared=declared)


def _sort_key(triplet: Desired) -> tuple[Target, str]:
    return (triplet.target, triplet.registry)


def _rename_warnings(triplets: Sequence[Desired]) -> Iterator[Note]:
    for triplet in triplets:
        if triplet.declared and isinstance(triplet.target, Repository):
            message = (
                f"{triplet.declared.name} was renamed to {triplet.target.name}; update the target"
            )
            yield Note("warning", message, triplet.where, triplet.target)


def _plan_changes(
    triplets: Sequence[Desired],
    others: Sequence[Desired],
    observed: Observed,
    removal_limit: float,
) -> Iterator[Change]:
    """A change for each triplet; each created secret counts toward the quota of its target."""
    declarations = Counter(map(_sort_key, (*triplets, *others)))
    stored = {t.target: len(_observed_target(t, observed).secrets) for t in triplets}
    for triplet in triplets:
        target = triplet.target
        try:
            safety_checks.check_duplicate(triplet, declarations[_sort_key(triplet)])
            change, created = _plan_change(triplet, observed, removal_limit)
            safety_checks.check_quota(target, stored[target], created)
            stored[target] += created
        except safety_checks.BlockedError as error:
            change = _unchanged(triplet, observed).blocked(str(error))
        yield change


def _observed_target(triplet: Desired, observed: Observed) -> ObservedTarget:
    return observed.targets[triplet.declared or triplet.target]


def _unchanged(triplet: Desired, observed: Observed) -> Change:
    return Change(
        target=triplet.target,
        registry=triplet.registry,
        action="none",
        reason="",
        where=triplet.where,
        declared=triplet.declared,
        credential=triplet.credential,
        stored_at=stored_at(triplet.registry, _observed_target(triplet, observed)),
    )


def _plan_change(triplet: Desired, observed: Observed, removal_limit: float) -> tuple[Change, int]:
    """The change for one triplet, and the number of secrets that it creates.

    Raises:
        BlockedError: the change cannot or must not be made.
    """
    observed_target = _observed_target(triplet, observed)
    safety_checks.check_target(triplet, observed_target, observed)
    selected = safety_checks.resolve_selection(triplet, observed)
    rotation = decide_rotation(triplet, observed_target, observed)
    up_to_date = find_up_to_date_members(triplet, observed_target, observed)
    members = compare_members(triplet, observed_target, selected, rotation, up_to_date)
    safety_checks.check_members(triplet, members)
    safety_checks.check_removal_limit(members, removal_limit)
    action = _choose_action(members)
    only_unknown = action == "rotate" and not rotation.drift
    names = _repository_names(observed_target, selected)
    added = sorted({names[i] for member in members for i in member.added})
    change = replace(
        _unchanged(triplet, observed),
        action=action,
        reason=_describe_reason(triplet, rotation, action, members),
        visibility=_visibility_change(members),
        added=tuple(added),
        removed=tuple(sorted({names[i] for member in members for i in member.removed})),
        selected_by=_selected_by(added, selected),
        steps=tuple(plan_steps(triplet, members)),
        notes=(
            *lint_change(triplet, members, selected),
            *lint_dev_containers(triplet, selected, observed.dev_containers),
            *lint_outside_changes(triplet, members, observed_target, observed.state),
        ),
        drift=any(member.access_differs for member in members)
        or not (action == "none" or only_unknown),
        half_written=is_half_written(triplet, observed_target, observed),
    )
    return change, sum(member.current is None for member in members)


def _choose_action(members: tuple[Member, ...]) -> Action:
    missing = sum(member.current is None for member in members)
    if missing:
        return "create" if missing == len(members) else "repair"
    if any(member.write for member in members):
        return "rotate"
    return "access" if any(member.access_differs for member in members) else "none"


def _describe_reason(
    triplet: Desired, rotation: RotationDecision, action: Action, members: tuple[Member, ...]
) -> str:
    if action == "create":
        return "does not exist"
    if action == "repair":
        return safety_checks.list_missing([m.name for m in members if m.current is None])
    if action == "none":
        inconsistent = any(find_inconsistencies(triplet, members))
        difference = "the three secrets differ in visibility or repositories"
        return f"values are up to date, but {difference}" if inconsistent else "up to date"
    difference = _describe_access_difference(members)
    if action == "access":
        return difference
    return "; ".join(filter(None, (rotation.reason, difference)))


def _describe_access_difference(members: tuple[Member, ...]) -> str:
    """How the access differs from the spec, with the members if not all differ; or empty."""
    differing = [member for member in members if member.access_differs]
    if not differing:
        return ""
    visibility = any(member.visibility_changes for member in differing)
    repositories = any(member.added or member.removed for member in differing)
    differences = ["visibility"] * visibility + ["selected repositories"] * repositories
    names = " and ".join(member.name for member in differing)
    of_members = "" if len(differing) == len(members) else f" of {names}"
    verb = "differ" if repositories else "differs"
    return f"{' and '.join(differences)}{of_members} {verb} from the spec"


def _visibility_change(members: tuple[Member, ...]) -> tuple[Visibility | None, Visibility] | None:
    for member in members:
        current = member.current.visibility if member.current else None
        if member.desired.visibility and current != member.desired.visibility:
            return current, member.desired.visibility
    return None


def _repository_names(
    observed_target: ObservedTarget, selected: SelectionResult | None
) -> Mapping[int, str]:
    """The full names by id of all repositories on current lists or in the selection."""
    lists = (s.selected.repositories for s in observed_target.secrets.values() if s.selected)
    listed = (repo for repositories in lists for repo in repositories)
    chosen = (*selected.repositories, *selected.undetermined) if selected else ()
    return {repo.id: repo.full_name for repo in (*listed, *chosen)}


def _selected_by(
    added: Sequence[str], selected: SelectionResult | None
) -> tuple[tuple[str, str], ...]:
    """For each added repository, what in the selection picked it."""
    selected_by = selected.selected_by if selected else {}
    return tuple((name, selected_by[name]) for name in added if name in selected_by)
