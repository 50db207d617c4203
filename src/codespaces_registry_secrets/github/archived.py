"""Which of the repositories that a plan writes to are archived, and take nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from functools import partial

from codespaces_registry_secrets.errors import GitHubError
from codespaces_registry_secrets.github.auth import Sessions
from codespaces_registry_secrets.github.client import Session
from codespaces_registry_secrets.github.rate_limiter import READS_AT_ONCE
from codespaces_registry_secrets.github.repositories import Found, attempt, named, pages
from codespaces_registry_secrets.model.plan import Plan
from codespaces_registry_secrets.model.repositories import Catalogue, Repo
from codespaces_registry_secrets.model.targets import Repository, Target
from codespaces_registry_secrets.runtime.concurrency import together

ARCHIVED = "it is archived and takes no secrets; unarchive it, or take it off the spec"


def archived(plan: Plan, known: Catalogue, sessions: Sessions) -> Mapping[Target, str]:
    """The repositories that must not be written to, and why. Those in `known` cost no request."""
    written = (change.target for change in plan.changes if change.steps)
    targets = {t.name.lower(): t for t in written if isinstance(t, Repository)}
    found: dict[str, Found] = {name: known for name in targets if name in known}
    found |= _walked({n: t for n, t in targets.items() if n not in found}, sessions)
    alone = named({t.name: t for name, t in targets.items() if name not in found}, sessions)
    found |= {name.lower(): what for name, what in alone.items()}
    reasons = {target: _reason(name, found[name]) for name, target in targets.items()}
    return {target: reason for target, reason in reasons.items() if reason}


def _reason(name: str, found: Found) -> str | None:
    if isinstance(found, GitHubError):
        return str(found)
    repository = found.get(name)
    return ARCHIVED if repository and repository.archived else None


def _walked(targets: Mapping[str, Target], sessions: Sessions) -> dict[str, Found]:
    """What walks over the owners' repositories find, which cost less than one request for each."""
    by_owner: defaultdict[str, dict[str, Target]] = defaultdict(dict)
    for name, target in targets.items():
        by_owner[target.owner.lower()][name] = target
    walks = [
        partial(attempt, partial(_part, owner, wanted), sessions, next(iter(wanted.values())))
        for owner, wanted in by_owner.items()
    ]
    walked = together(lambda walk: walk(), walks, READS_AT_ONCE)
    return {
        name: found
        for wanted, found in zip(by_owner.values(), walked, strict=True)
        if not isinstance(found, GitHubError)
        for name in wanted
        if name in found
    }


def _part(
    owner: str, wanted: Collection[str], target: Target, session: Session
) -> Mapping[str, Repo]:
    """An owner's repositories, page by page for as long as more are wanted than pages were read.

    It never costs more than twice what it would to ask for each alone.
    """
    found: dict[str, Repo] = {}
    walk = pages(owner, target, session, session.pages)
    read = 0
    while sum(name not in found for name in wanted) > read + 1:
        page = next(walk, None)
        if page is None:
            break
        read += 1
        for item in page:
            found[item.full_name.lower()] = item.repo
    return found
