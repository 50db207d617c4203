"""Mark the credentials of a journal by their names, because a server also lists those of others."""

from __future__ import annotations

from hashlib import sha256

from codespaces_registry_secrets.generate.issuer import IssuerContext, IssuerError


def marker(context: IssuerContext) -> str:
    """The start of the names of all credentials of one journal, of lower-case letters and digits.

    It identifies the journal by the repository that runs the workflow and the name of its Actions
    secret: the same registry id is often used in several repositories, and none of them must
    mistake the credential of another for its own.

    Raises:
        IssuerError: the repository is unknown.
    """
    journal = f"{repository_of(context)}/{context.generator.store}".lower()
    return f"codespaces-registry-secrets-{sha256(journal.encode()).hexdigest()[:12]}"


def repository_of(context: IssuerContext) -> str:
    """The repository that runs the workflow: `OWNER/REPOSITORY`.

    Raises:
        IssuerError: it is unknown.
    """
    repository = context.environ.get("GITHUB_REPOSITORY")
    if not repository:
        raise IssuerError(
            "GITHUB_REPOSITORY is not set, so the repository of the workflow is unknown; set it to "
            "OWNER/REPOSITORY"
        )
    return repository
