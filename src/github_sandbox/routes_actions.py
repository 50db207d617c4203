"""The Actions secrets that a repository's workflows may use, to read only.

Source: docs.github.com/rest/actions/secrets.
"""

from __future__ import annotations

from github_sandbox import shapes
from github_sandbox.access import actions_repository
from github_sandbox.calls import Answer, Call, TokenRoute, page
from github_sandbox.keyring import Token
from github_sandbox.refusals import not_found
from github_sandbox.world import Scope

REPOSITORIES = ("/repos/{owner}/{repository}", "/repositories/{repository_id}")


def get_secret(call: Call[Token]) -> Answer:
    """One of the repository's own secrets, without its value."""
    scope = Scope("repository", actions_repository(call).id)
    found = call.world.actions_secrets(scope).get(call.params["name"].upper())
    if found is None:
        raise not_found()
    return Answer(200, shapes.actions_secret(found))


def list_organization_secrets(call: Call[Token]) -> Answer:
    """A page of the organization's secrets that this repository may use, by name."""
    repository = actions_repository(call)
    stored = call.world.actions_secrets(Scope("organization", repository.owner.id))
    usable = [stored[name] for name in sorted(stored) if stored[name].is_for(repository.id)]
    return page(call, "secrets", [shapes.actions_secret(one) for one in usable], len(usable))


def routes() -> list[TokenRoute]:
    """Every endpoint of this module."""
    endpoints = (
        ("/actions/secrets/{name}", get_secret),
        ("/actions/organization-secrets", list_organization_secrets),
    )
    return [
        TokenRoute("GET", f"{prefix}{tail}", handler, "actions/secrets")
        for prefix in REPOSITORIES
        for tail, handler in endpoints
    ]
