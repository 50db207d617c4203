"""Read when the Actions secrets behind `{secret: NAME}` last changed.

Source: "REST API endpoints for GitHub Actions secrets", docs.github.com. A secret of the repository
takes precedence over an organization's secret of the same name, as in a workflow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from http import HTTPStatus

from codespaces_registry_secrets.errors import NO_REPOSITORY, GitHubError
from codespaces_registry_secrets.github import schemas
from codespaces_registry_secrets.github.auth import GitHubClients
from codespaces_registry_secrets.github.client import GitHubClient
from codespaces_registry_secrets.github.rate_limiter import READS_AT_ONCE
from codespaces_registry_secrets.github.try_read import try_read
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
    desired: Sequence[Desired], clients: GitHubClients, repository: str | None
) -> tuple[Mapping[str, datetime], tuple[Note, ...]]:
    """Read the times of last change by name, and warn about each secret whose time is unknown.

    `repository` is the one that runs the workflow. It takes one request for each name, and one list
    of the organization's secrets for all names that the repository itself does not have.
    """
    credentials = {c.where: c for t in desired if (c := t.credential) and c.secrets}
    names = sorted({name for credential in credentials.values() for name in credential.secrets})
    if not names or repository is None:
        return {}, tuple(_warnings(credentials.values(), dict.fromkeys(names, NO_REPOSITORY)))
    results = _read_times(names, clients, repository)
    times = {name: time for name, time in results.items() if isinstance(time, datetime)}
    reasons = {name: reason for name, reason in results.items() if isinstance(reason, str)}
    return times, tuple(_warnings(credentials.values(), reasons))


def _read_times(
    names: Sequence[str], clients: GitHubClients, repository: str
) -> Mapping[str, datetime | str]:
    """The time for each name, or why it is unknown; an error for one name affects no other."""
    target = _ActionsSecrets(repository)
    client = try_read(lambda: clients.for_target(target))
    if isinstance(client, GitHubError):
        return dict.fromkeys(names, str(client))
    results = run_first_then_others(
        partial(_read_repository_secret, client, target), names, READS_AT_ONCE
    )
    repository_times = {
        name: result for name, result in zip(names, results, strict=True) if result is not None
    }
    absent = {name.upper(): name for name in names if name not in repository_times}
    reason = f"neither {repository} nor its organization has an Actions secret of this name"
    organization_times = try_read(partial(_read_organization_secrets, absent, client, target))
    if isinstance(organization_times, GitHubError):
        organization_times, reason = {}, str(organization_times)
    return {**dict.fromkeys(absent.values(), reason), **repository_times, **organization_times}


def _read_repository_secret(
    client: GitHubClient, target: Target, name: str
) -> datetime | str | None:
    """The time of a secret of the repository, or why it is unknown; None if it does not exist."""
    url = f"/repos/{target.name}/actions/secrets/{name}"
    secret = try_read(partial(client.get, target, url, schemas.Secret))
    if isinstance(secret, GitHubError):
        return None if secret.status == HTTPStatus.NOT_FOUND else str(secret)
    return secret.updated_at


def _read_organization_secrets(
    absent: Mapping[str, str], client: GitHubClient, target: Target
) -> dict[str, datetime]:
    """The times of the organization's secrets that the repository can use.

    `absent` maps names in upper case, as GitHub lists them, to names in the spec. If it is empty,
    no request is sent.
    """
    if not absent:
        return {}
    url = f"/repos/{target.name}/actions/organization-secrets"
    pages = client.all_pages(target, url, schemas.Secrets)
    listed = (secret for page in pages for secret in page.secrets)
    return {absent[s.name]: s.updated_at for s in listed if s.name in absent}


def _warnings(credentials: Iterable[Credential], reasons: Mapping[str, str]) -> Iterable[Note]:
    for credential in credentials:
        for name in sorted(credential.secrets & reasons.keys()):
            message = (
                f"{credential.name}: cannot tell when the Actions secret {name} last changed: "
                f"{reasons[name]}"
            )
            yield Note("warning", message, credential.where)
