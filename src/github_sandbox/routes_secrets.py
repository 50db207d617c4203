"""The Codespaces secrets of all three scopes: one set of handlers.

Source: docs.github.com/rest/codespaces, the pages on organization, repository and user secrets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from github_sandbox import shapes
from github_sandbox.access import (
    organization_scope,
    repository_scope,
    seen,
    shown,
    user_scope,
)
from github_sandbox.calls import Answer, Call, TokenRoute, page
from github_sandbox.directory import Repository
from github_sandbox.json_types import Body
from github_sandbox.keyring import Token
from github_sandbox.refusals import Refusal, invalid, not_found
from github_sandbox.secret_bodies import checked_name, repository_ids, text, visibility
from github_sandbox.vault import StoredSecret, Vault
from github_sandbox.world import Scope

NOT_SELECTED = "The visibility of this secret is not set to selected."


@dataclass(frozen=True)
class Site:
    """Where a request arrives: the scope, found and allowed, and its vault."""

    call: Call[Token]
    scope: Scope

    @property
    def vault(self) -> Vault:
        """The secrets and the key of the scope."""
        return self.call.world.vault(self.scope)

    @property
    def url(self) -> str:
        """The URL of the scope's list of secrets."""
        return f"{self.call.url.split('/codespaces/secrets')[0]}/codespaces/secrets"

    def secret(self) -> StoredSecret:
        """The secret in the path, or 404."""
        found = self.vault.secrets.get(self.call.params["name"].upper())
        if found is None:
            raise not_found()
        return found

    def shown(self, secret: StoredSecret) -> Body:
        """A secret as GitHub shows it: `updated_at` lags, though never behind `created_at`."""
        lagging = max(secret.created_at, secret.updated_at - self.call.world.updated_at_lag)
        updated_at = min(secret.updated_at, lagging)
        return shapes.secret(replace(secret, updated_at=updated_at), self.url)

    def listing(self) -> StoredSecret:
        """The secret in the path, or 409 unless it is for selected repositories."""
        secret = self.secret()
        if secret.visibility != "selected":
            raise Refusal(409, NOT_SELECTED)
        return secret

    def relist(self, secret: StoredSecret, ids: Iterable[int]) -> Answer:
        """Store a new list; the value keeps its age."""
        self.vault.secrets[secret.name] = replace(secret, repositories=tuple(ids))
        return Answer(204)

    def selectable(self, identity: int) -> Repository | None:
        """The repository of an id, if it may be selected here."""
        repository = self.call.world.repository_by_id(identity)
        if repository is None or not self.call.world.sees(self.call.caller, repository):
            return None
        foreign = self.scope.kind == "organization" and repository.owner.id != self.scope.id
        return None if foreign else repository

    def selected(self, *, required: bool) -> tuple[int, ...]:
        """The ids in the body; 422 when one may not be selected here."""
        ids = repository_ids(self.call.body, required=required)
        if not all(map(self.selectable, ids)):
            raise invalid("selected_repository_ids", "A repository id is not one of yours.")
        return ids


Handler = Callable[[Site], Answer]


def list_secrets(site: Site) -> Answer:
    """A page of the secrets, by name."""
    stored = site.vault.secrets
    bodies = [site.shown(stored[name]) for name in sorted(stored)]
    return page(site.call, "secrets", bodies, len(bodies))


def get_public_key(site: Site) -> Answer:
    """The key that values are sealed for."""
    return Answer(200, {"key_id": site.vault.key_id, "key": site.vault.key})


def get_secret(site: Site) -> Answer:
    """A secret, without its value."""
    return Answer(200, site.shown(site.secret()))


def put_secret(site: Site) -> Answer:
    """Create or update: the list that is not sent along is emptied."""
    world, body = site.call.world, site.call.body
    name = checked_name(site.call.params["name"])
    visible = visibility(body, site.scope.kind)
    sealed, key_id = text(body, "encrypted_value"), text(body, "key_id")
    listed = () if visible is None else site.selected(required=False)
    if listed and visible != "selected":
        raise invalid("selected_repository_ids", NOT_SELECTED)
    value = site.vault.open(sealed, key_id)
    old, now = site.vault.secrets.get(name), world.now()
    created_at = old.created_at if old else now
    new = site.vault.put(StoredSecret(name, value, created_at, now, visible, listed))
    return Answer(201, {}) if new else Answer(204)


def delete_secret(site: Site) -> Answer:
    """Delete it."""
    del site.vault.secrets[site.secret().name]
    return Answer(204)


def list_repositories(site: Site) -> Answer:
    """A page of the selected repositories that the token sees.

    The count is of all of them, save those of an organization that is shown in part.
    """
    call, world = site.call, site.call.world
    ids = site.secret().repositories
    selected = seen(call, filter(None, map(world.repository_by_id, ids)))
    total = len(ids) - sum(world.leaves_out(call.caller, one) for one in selected)
    listed, partial = shown(call, selected)
    bodies = [shapes.minimal_repository(one, call.base) for one in listed]
    answer = page(call, "repositories", bodies, total)
    return replace(answer, headers={**answer.headers, **partial})


def set_repositories(site: Site) -> Answer:
    """Replace the list."""
    secret = site.listing()
    return site.relist(secret, site.selected(required=True))


def add_repository(site: Site) -> Answer:
    """Put one more on the list."""
    secret = site.listing()
    return site.relist(secret, dict.fromkeys((*secret.repositories, named(site).id)))


def remove_repository(site: Site) -> Answer:
    """Take one off the list."""
    secret, gone = site.listing(), named(site).id
    return site.relist(secret, (one for one in secret.repositories if one != gone))


def named(site: Site) -> Repository:
    """The repository in the path, or 404."""
    repository = site.selectable(site.call.number("repository_id"))
    if repository is None:
        raise not_found()
    return repository


SECRETS: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "", list_secrets),
    ("GET", "/public-key", get_public_key),
    ("GET", "/{name}", get_secret),
    ("PUT", "/{name}", put_secret),
    ("DELETE", "/{name}", delete_secret),
)
LISTS: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/{name}/repositories", list_repositories),
    ("PUT", "/{name}/repositories", set_repositories),
    ("PUT", "/{name}/repositories/{repository_id}", add_repository),
    ("DELETE", "/{name}/repositories/{repository_id}", remove_repository),
)
SCOPES: tuple[tuple[str, Callable[[Call[Token]], Scope], str], ...] = (
    ("/orgs/{organization}", organization_scope, "organization"),
    ("/repos/{owner}/{repository}", repository_scope, "repository"),
    ("/repositories/{repository_id}", repository_scope, "repository"),
    ("/user", user_scope, "user"),
)


def routes() -> list[TokenRoute]:
    """Every endpoint of every scope; a repository's own secrets have no lists."""
    return [
        TokenRoute(
            method,
            f"{prefix}/codespaces/secrets{tail}",
            at(scope_of, handler),
            f"codespaces/{name}-secrets",
        )
        for prefix, scope_of, name in SCOPES
        for method, tail, handler in SECRETS + (() if name == "repository" else LISTS)
    ]


def at(
    scope_of: Callable[[Call[Token]], Scope], handler: Handler
) -> Callable[[Call[Token]], Answer]:
    """A handler of one scope: finds and allows the scope first."""
    return lambda call: handler(Site(call, scope_of(call)))
