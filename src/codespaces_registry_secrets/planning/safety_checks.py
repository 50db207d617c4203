"""What keeps a change from being planned: it cannot, or must not, be done. Pure."""

from __future__ import annotations

from codespaces_registry_secrets.model.desired import Desired
from codespaces_registry_secrets.model.observed import Observed, ObservedTarget
from codespaces_registry_secrets.model.repositories import (
    SelectionResult,
    closest_name,
    select,
    transferred_message,
)
from codespaces_registry_secrets.model.targets import ME, Target, User
from codespaces_registry_secrets.planning.access import Member

# Source: "Managing your account-specific secrets for GitHub Codespaces", docs.github.com.
QUOTA = 100
# What `removal-limit` never speaks about.
FEW_REMOVALS = 3


class BlockedError(Exception):
    """Ends the planning of one change; the message is its reason, and what to do."""


def check_duplicate(triplet: Desired, times: int) -> None:
    """`@me` and its login can both be in a spec, and two names of one repository."""
    if times > 1:
        message = f"{triplet.registry} is declared for {triplet.target} twice; keep one of them"
        raise BlockedError(message)


def check_quota(target: Target, taken: int, created: int) -> None:
    """A scope has room for so many secrets, and the ones of others count too."""
    if created and taken + created > QUOTA:
        message = (
            f"{target} holds {taken} of at most {QUOTA} secrets, and {created} more are needed; "
            "delete some there"
        )
        raise BlockedError(message)


def check_target(triplet: Desired, seen: ObservedTarget, observed: Observed) -> None:
    """What could not be seen is not written, and nobody's secrets but the token's own user's."""
    target = triplet.target
    if seen.error:
        raise BlockedError(seen.error)
    if isinstance(target, User) and seen.resolved and target != seen.resolved:
        message = (
            f"the token belongs to {seen.resolved.name}, and nobody can manage another user's "
            f'secrets; use a token of {target.name}, or write `user: "{ME}"`'
        )
        raise BlockedError(message)
    if triplet.selection and target in observed.lookup_errors:
        raise BlockedError(observed.lookup_errors[target])


def check_removal_limit(three: tuple[Member, ...], limit: float) -> None:
    """No list loses more than `limit` of itself, as a share, unless that is just a few."""
    for member in three:
        if member.current is None or member.current.ids is None or member.desired.ids is None:
            continue
        lost, there = len(member.removed), len(member.current.ids)
        if lost > FEW_REMOVALS and lost > limit * there:
            message = (
                f"it would take {lost} of {there} repositories off {member.name}, which is more "
                f"than `removal-limit` allows ({limit:.0%}); if that is meant, run once with "
                "`removal-limit: 100%`"
            )
            raise BlockedError(message)


def resolve_selection(triplet: Desired, observed: Observed) -> SelectionResult | None:
    """What the selection comes to; refused where a name is unknown or nothing is left of it."""
    selection = triplet.selection
    if selection is None:
        return None
    selected = select(selection, observed.repository_index)
    # What is not there needs not be removed from a list.
    harmless = selection.include if selection.mode == "remove" else ()
    unknown = [_unknown(n, observed) for n in selected.unknown if n not in harmless]
    if unknown:
        message = f"no such repository, or the token cannot see it: {', '.join(unknown)}"
        raise BlockedError(message)
    if selected.transferred:
        raise BlockedError("; ".join(transferred_message(*names) for names in selected.transferred))
    if selection.mode == "exact" and not selection.empty and not selected.repositories:
        raise BlockedError(_nothing_selected(selected))
    return selected


def _nothing_selected(selected: SelectionResult) -> str:
    reasons = [f"{what} matches no repository" for what in selected.unmatched]
    if selected.archived:
        reasons.append(f"archived repositories are left out ({', '.join(selected.archived)})")
    why = "; ".join(reasons) or "`exclude` leaves nothing of it"
    return (
        f"the selection is empty: {why}. Write `repositories: []` if no repository may use the "
        "triplet"
    )


def _unknown(name: str, observed: Observed) -> str:
    close = closest_name(name, observed.repository_index)
    return f"{name} (did you mean {close}?)" if close else name


def check_members(triplet: Desired, three: tuple[Member, ...]) -> None:
    """Nothing is created without a value, and no list is sent that was not seen whole."""
    absent = [member.name for member in three if member.current is None]
    if absent and triplet.credential is None:
        message = (
            f"{', '.join(absent)} is missing, and the registry has no `username` and `password` "
            "to write; give both"
        )
        raise BlockedError(message)
    for member in three:
        _refuse_member(triplet, member)


def _refuse_member(triplet: Desired, member: Member) -> None:
    visibility = member.desired.visibility
    if triplet.selection and visibility in {"all", "private"}:
        message = (
            f"the visibility of {member.name} is `{visibility}`, where a list has no effect; "
            "write `visibility: selected`, or leave `repositories` out"
        )
        raise BlockedError(message)
    if member.visibility_changes and not member.write:
        why = "`rotate: missing` never overwrites one" if triplet.credential else "none is given"
        message = f"GitHub changes the visibility of {member.name} only with a value, and {why}"
        raise BlockedError(message)
    sends_list = member.write or (triplet.selection and triplet.selection.mode == "exact")
    if sends_list and not member.complete:
        message = (
            f"GitHub does not show the token the whole list of {member.name}, and sending back a "
            "part of it would take the rest away; use a token that sees every repository on it"
        )
        raise BlockedError(message)
