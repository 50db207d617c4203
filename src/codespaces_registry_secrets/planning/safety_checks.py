"""Checks that block a change that cannot or must not be made. Pure."""

from __future__ import annotations

from codespaces_registry_secrets.model.desired import Desired
from codespaces_registry_secrets.model.observed import Observed, ObservedTarget
from codespaces_registry_secrets.model.repositories import (
    Selection,
    SelectionResult,
    closest_name,
    narrow,
    select,
    transferred_message,
)
from codespaces_registry_secrets.model.targets import ME, Target, User
from codespaces_registry_secrets.planning.access import Member

# Of one organization, repository or user.
# Source: "Managing your account-specific secrets for GitHub Codespaces", docs.github.com.
MAX_SECRETS = 100
# `removal-limit` applies only to more removals than these.
ALWAYS_ALLOWED_REMOVALS = 3


class BlockedError(Exception):
    """Stops planning one change. The message is the reason, and what to do."""


def check_duplicate(triplet: Desired, declarations: int) -> None:
    """Block a triplet that the spec declares twice.

    The spec can have both `@me` and the user's login, or two names of one repository.
    """
    if declarations > 1:
        message = f"{triplet.registry} is declared for {triplet.target} twice; keep one of them"
        raise BlockedError(message)


def check_target(triplet: Desired, observed_target: ObservedTarget, observed: Observed) -> None:
    """Block a target or a selection that could not be read, and another user than the token's."""
    target = triplet.target
    if observed_target.error:
        raise BlockedError(observed_target.error)
    token_user = observed_target.resolved
    if isinstance(target, User) and token_user and target != token_user:
        message = (
            f"the token belongs to {token_user.name} and cannot manage the secrets of another "
            f'user; use a token of {target.name}, or write `user: "{ME}"`'
        )
        raise BlockedError(message)
    error = observed.lookup_errors.get((triplet.declared or target, triplet.registry))
    if error:
        raise BlockedError(error)


def resolve_selection(triplet: Desired, observed: Observed) -> SelectionResult | None:
    """Resolve the selection of a triplet to repositories; None if it has no selection.

    Raises:
        BlockedError: a name is unknown, a repository has another owner now, or an exact selection
            is empty.
    """
    selection = triplet.selection
    if selection is None:
        return None
    selected = select(selection, observed.repository_index)
    if selection.images:
        selected = narrow(selected, selection.images, observed.dev_containers)
    # A repository that does not exist is on no list, so removing it is done already.
    ignored = selection.include if selection.mode == "remove" else ()
    unknown = [_suggest_name(n, observed) for n in selected.unknown if n not in ignored]
    if unknown:
        message = f"no such repository, or the token cannot see it: {', '.join(unknown)}"
        raise BlockedError(message)
    if selected.transferred:
        raise BlockedError("; ".join(transferred_message(*names) for names in selected.transferred))
    is_empty = not selected.repositories and not selected.undetermined
    if selection.mode == "exact" and not selection.empty and is_empty:
        raise BlockedError(_empty_selection_message(selection, selected))
    return selected


def _suggest_name(name: str, observed: Observed) -> str:
    close = closest_name(name, observed.repository_index)
    return f"{name} (did you mean {close}?)" if close else name


def _empty_selection_message(selection: Selection, selected: SelectionResult) -> str:
    reasons = [f"{pattern} matches no repository" for pattern in selected.unmatched]
    if selection.images and selected.selected_by:
        reasons.append(
            "none of the selected repositories has a dev container that pulls from "
            f"{selection.images.server}"
        )
    if selected.archived:
        reasons.append(f"archived repositories are left out ({', '.join(selected.archived)})")
    return (
        f"the selection is empty: {'; '.join(reasons) or '`exclude` removes every match'}. "
        "Write `repositories: []` if no repository should use the triplet"
    )


def check_members(triplet: Desired, members: tuple[Member, ...]) -> None:
    """Block a change that lacks a value, or that would write back an incomplete list."""
    missing = [member.name for member in members if member.current is None]
    if missing and triplet.credential is None:
        message = (
            f"{list_missing(missing)}; this registry manages access only. Add `username` and "
            f"`password` to create {'it' if len(missing) == 1 else 'them'}"
        )
        raise BlockedError(message)
    for member in members:
        _check_member(triplet, member)


def list_missing(names: list[str]) -> str:
    """`A is missing`, or `A and B are missing`."""
    listed = " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
    return f"{listed} {'is' if len(names) == 1 else 'are'} missing"


def _check_member(triplet: Desired, member: Member) -> None:
    visibility = member.desired.visibility
    if triplet.selection and visibility in {"all", "private"}:
        message = (
            f"`repositories` has no effect because the visibility of {member.name} is "
            f"`{visibility}`; set `visibility: selected`, or remove `repositories`"
        )
        raise BlockedError(message)
    if member.visibility_changes and not member.write:
        message = f"GitHub changes the visibility of {member.name} only together with its value"
        advice = (
            "`rotate: missing` never overwrites a value; run once with the input `rotate: always`"
            if triplet.credential
            else "this registry manages access only; add `username` and `password`"
        )
        raise BlockedError(f"{message}, and {advice}")
    writes_list = member.write or (triplet.selection and triplet.selection.mode == "exact")
    if writes_list and not member.complete:
        message = (
            f"the token cannot see every selected repository of {member.name}, and writing back an "
            "incomplete list would remove the others; use a token that can see all of them"
        )
        raise BlockedError(message)


def check_removal_limit(members: tuple[Member, ...], limit: float) -> None:
    """Block a change that removes more than `limit`, a share from 0 to 1, of a member's list."""
    for member in members:
        if member.current is None or member.current.ids is None or member.desired.ids is None:
            continue
        removed, listed = len(member.removed), len(member.current.ids)
        if exceeds_removal_limit(removed, listed, limit):
            message = (
                f"would remove {removed} of {listed} repositories from {member.name}, "
                f"{removal_limit_message(limit)}"
            )
            raise BlockedError(message)


def exceeds_removal_limit(removed: int, total: int, limit: float) -> bool:
    """Whether `removed` of `total` is not just a few and more than `limit`, a share from 0 to 1."""
    return removed > ALWAYS_ALLOWED_REMOVALS and removed > limit * total


def removal_limit_message(limit: float) -> str:
    """The end of a message about a change that exceeds the input `removal-limit`."""
    return (
        f"more than `removal-limit` allows ({limit:.0%}); if this is intended, run once with "
        "`removal-limit: 100%`"
    )


def check_quota(target: Target, stored: int, created: int) -> None:
    """Block a change that would exceed the target's limit of 100 secrets.

    Secrets of other tools count too.
    """
    if created and stored + created > MAX_SECRETS:
        message = (
            f"{target} has {stored} of at most {MAX_SECRETS} secrets, and this change needs "
            f"{created} more; delete some there"
        )
        raise BlockedError(message)
