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

from codespaces_registry_secrets.change import Note
from codespaces_registry_secrets.desired import Credential, Desired
from codespaces_registry_secrets.errors import FinalError, GitHubError
from codespaces_registry_secrets.github import answers
from codespaces_registry_secrets.github.pacing import READS_AT_ONCE
from codespaces_registry_secrets.github.session import Session
from codespaces_registry_secrets.github.sessions import Sessions
from codespaces_registry_secrets.targets import Repository, Target
from codespaces_registry_secrets.together import first_alone


@dataclass(frozen=True, eq=False)
class _ActionsSecrets(Repository):
    """The Actions secrets of a repository, which need another permission."""

    classic_scope = "repo"
    permission = "secrets: read"


def ages(
    desired: Sequence[Desired], sessions: Sessions, repository: str | None
) -> tuple[Mapping[str, datetime], tuple[Note, ...]]:
    """The times of last change by name, and a warning for each secret whose time is not known.

    One request for a name; one walk over the organization's secrets for all that the repository
    itself does not have. `repository` is the one that runs the workflow.
    """
    credentials = {c.where: c for t in desired if (c := t.credential) and c.secrets}
    names = sorted({name for credential in credentials.values() for name in credential.secrets})
    if not names or repository is None:
        why = "no repository runs this (GITHUB_REPOSITORY is not set)"
        return {}, tuple(_unknown(credentials.values(), {}, why))
    known: dict[str, datetime] = {}
    why = f"neither {repository} nor its organization has such an Actions secret"
    try:
        target = _ActionsSecrets(repository)
        session = sessions.of(target)
        for age in first_alone(partial(_own, session, target), names, READS_AT_ONCE):
            known |= age
        absent = {name.upper(): name for name in names if name not in known}
        known |= _shared(absent, session, target) if absent else {}
    except FinalError:
        raise
    except GitHubError as error:
        why = str(error)
    return known, tuple(_unknown(credentials.values(), known, why))


def _own(session: Session, target: Target, name: str) -> dict[str, datetime]:
    """The time of a secret of the repository itself; nothing where it has none."""
    try:
        url = f"/repos/{target.name}/actions/secrets/{name}"
        return {name: session.get(target, url, answers.Secret).updated_at}
    except GitHubError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return {}
        raise


def _shared(absent: Mapping[str, str], session: Session, target: Target) -> dict[str, datetime]:
    """The times of secrets of the organization that the repository may use."""
    url = f"/repos/{target.name}/actions/organization-secrets"
    pages = session.all_pages(target, url, answers.Secrets)
    listed = (secret for page in pages for secret in page.secrets)
    return {absent[s.name]: s.updated_at for s in listed if s.name in absent}


def _unknown(
    credentials: Iterable[Credential], known: Mapping[str, datetime], why: str
) -> Iterable[Note]:
    for credential in credentials:
        for name in sorted(credential.secrets - known.keys()):
            message = f"{credential.name}: the age of the secret {name} is not known: {why}"
            yield Note("warning", message, credential.where)
