"""When the Actions secrets behind `{secret: NAME}` were changed last.

Source: "REST API endpoints for GitHub Actions secrets", docs.github.com. A secret of the repository
wins over one of the same name of its organization, as it does in a workflow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from http import HTTPStatus

from codespaces_registry_secrets.errors import FinalError, GitHubError
from codespaces_registry_secrets.github import schemas
from codespaces_registry_secrets.github.auth import GitHubClients
from codespaces_registry_secrets.github.client import GitHubClient
from codespaces_registry_secrets.github.rate_limiter import READS_AT_ONCE
from codespaces_registry_secrets.model.desired import Credential, Desired
from codespaces_registry_secrets.model.plan import Note
from codespaces_registry_secrets.model.targets import Repository, Target
from codespaces_registry_secrets.runtime.concurrency import run_first_then_others


@dataclass(frozen=True, eq=False)
class _ActionsSecrets(Repository):
    """The Actions secrets of a repository, which need another permission."""

    classic_scope = "repo"
    permission = "secrets: read"


def read_change_times(
    desired: Sequence[Desired], sessions: GitHubClients, repository: str | None
) -> tuple[Mapping[str, datetime], tuple[Note, ...]]:
    """The times of last change by name, and a warning for each secret whose time is not known.

    One request for a name; one walk over the organization's secrets for all that the repository
    itself does not have. `repository` is the one that runs the workflow.
    """
    credentials = {c.where: c for t in desired if (c := t.credential) and c.secrets}
    names = sorted({name for credential in credentials.values() for name in credential.secrets})
    if not names or repository is None:
        why = "no repository runs this (GITHUB_REPOSITORY is not set)"
        return {}, tuple(_unknown(credentials.values(), dict.fromkeys(names, why)))
    found = _looked_up(names, sessions, repository)
    known = {name: age for name, age in found.items() if isinstance(age, datetime)}
    reasons = {name: why for name, why in found.items() if isinstance(why, str)}
    return known, tuple(_unknown(credentials.values(), reasons))


def _looked_up(
    names: Sequence[str], sessions: GitHubClients, repository: str
) -> Mapping[str, datetime | str]:
    """For each name its time, or why it is not known; one failure takes no other along."""
    target = _ActionsSecrets(repository)
    try:
        session = sessions.for_target(target)
        ages = run_first_then_others(partial(_own, session, target), names, READS_AT_ONCE)
    except FinalError:
        raise
    except GitHubError as error:
        return dict.fromkeys(names, str(error))
    found = {name: age for name, age in zip(names, ages, strict=True) if age is not None}
    absent = {name.upper(): name for name in names if name not in found}
    nowhere = f"neither {repository} nor its organization has such an Actions secret"
    try:
        shared = _shared(absent, session, target) if absent else {}
    except FinalError:
        raise
    except GitHubError as error:
        shared, nowhere = {}, str(error)
    return {**dict.fromkeys(absent.values(), nowhere), **found, **shared}


def _own(session: GitHubClient, target: Target, name: str) -> datetime | str | None:
    """The time of a secret of the repository itself, or why it is not known; None without one."""
    try:
        url = f"/repos/{target.name}/actions/secrets/{name}"
        return session.get(target, url, schemas.Secret).updated_at
    except FinalError:
        raise
    except GitHubError as error:
        return None if error.status == HTTPStatus.NOT_FOUND else str(error)


def _shared(
    absent: Mapping[str, str], session: GitHubClient, target: Target
) -> dict[str, datetime]:
    """The times of secrets of the organization that the repository may use."""
    url = f"/repos/{target.name}/actions/organization-secrets"
    pages = session.all_pages(target, url, schemas.Secrets)
    listed = (secret for page in pages for secret in page.secrets)
    return {absent[s.name]: s.updated_at for s in listed if s.name in absent}


def _unknown(credentials: Iterable[Credential], reasons: Mapping[str, str]) -> Iterable[Note]:
    for credential in credentials:
        for name in sorted(credential.secrets & reasons.keys()):
            message = (
                f"{credential.name}: the age of the secret {name} is not known: {reasons[name]}"
            )
            yield Note("warning", message, credential.where)
