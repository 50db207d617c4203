"""GitHub Apps: JWTs, installations and the tokens they are exchanged for.

Source: docs.github.com/rest/apps and "Generating a JSON Web Token (JWT) for a GitHub App".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import jwt

from github_sandbox import shapes
from github_sandbox.access import moved
from github_sandbox.calls import Answer, AppRoute, Call
from github_sandbox.directory import Account, Repository, utc_now
from github_sandbox.keyring import LEVELS, App, Installation
from github_sandbox.refusals import Refusal, not_found
from github_sandbox.world import World

EXCHANGE = "/app/installations/{installation_id}/access_tokens"
LIFETIME = timedelta(minutes=10)
NOT_GRANTED = "The permissions requested are not granted to this installation."
NOT_INSTALLED = (
    "There is at least one repository that does not exist or is not accessible to the parent "
    "installation."
)


def authenticate(world: World, credentials: str) -> App:
    """The App that signed a JWT: RS256, `iss` its id, `iat` past, `exp` within 10 minutes."""
    try:
        issuer = jwt.decode(credentials, options={"verify_signature": False})["iss"]
        app = world.app(int(issuer))
        if app is None:
            raise Refusal(404, "Integration not found")
        claims = jwt.decode(
            credentials,
            app.public_key_pem,
            algorithms=["RS256"],
            options={"require": ["exp", "iat"], "verify_iss": False},
        )
    except (jwt.InvalidTokenError, KeyError, TypeError, ValueError) as error:
        raise Refusal(401, "A JSON web token could not be decoded") from error
    if int(claims["exp"]) > (utc_now() + LIFETIME).timestamp():
        raise Refusal(401, "'Expiration time' claim ('exp') is too far in the future")
    return app


def list_installations(call: Call[App]) -> Answer:
    """A page of where the App is installed."""
    shown, headers = call.page_of(call.caller.installations)
    return Answer(200, [shapes.installation(one, call.caller, call.base) for one in shown], headers)


def get_account_installation(call: Call[App]) -> Answer:
    """The installation on an organization or a user."""
    return installed_on(call, call.world.find_account(call.params["login"]))


def get_repository_installation(call: Call[App]) -> Answer:
    """The installation on a repository's owner; a redirect where the repository moved."""
    if "repository_id" in call.params:
        found = call.world.repository_by_id(call.number("repository_id"))
        return installed_on(call, found.owner if found else None)
    full_name = "{owner}/{repository}".format_map(call.params)
    renamed = call.world.find_renamed(full_name)
    if renamed is not None:
        raise moved(call, renamed)
    repository = call.world.find_repository(full_name)
    return installed_on(call, repository.owner if repository else None)


def installed_on(call: Call[App], account: Account | None) -> Answer:
    """The installation on an account, or 404."""
    for installation in call.caller.installations:
        if installation.account == account:
            return Answer(200, shapes.installation(installation, call.caller, call.base))
    raise not_found()


def create_token(call: Call[App]) -> Answer:
    """A new installation token, with all that the installation has or the less that is asked."""
    number = call.number("installation_id")
    installation = next((one for one in call.caller.installations if one.id == number), None)
    if installation is None:
        raise not_found()
    repositories = wanted_repositories(call, installation)
    ids = frozenset(one.id for one in repositories) or None
    permissions = wanted_permissions(call, installation)
    value, token, expires = call.world.issue_installation_token(installation, permissions, ids)
    bodies = [shapes.full_repository(one, call.base) for one in repositories]
    return Answer(201, shapes.installation_token(value, token, expires, bodies))


def wanted_permissions(call: Call[App], installation: Installation) -> dict[str, str]:
    """The permissions in the body, all of which the installation must have; else all it has."""
    wanted = call.body.get("permissions")
    if not isinstance(wanted, Mapping) or not wanted:
        return dict(installation.permissions)
    granted = installation.permissions
    for name, level in wanted.items():
        if level not in LEVELS[: LEVELS.index(granted[name]) + 1 if name in granted else 0]:
            raise Refusal(422, NOT_GRANTED)
    return {name: str(level) for name, level in wanted.items()}


def wanted_repositories(call: Call[App], installation: Installation) -> list[Repository]:
    """The repositories in the body, by name or id, all of which must be the account's."""
    names, ids = call.body.get("repositories", []), call.body.get("repository_ids", [])
    if not isinstance(names, list) or not isinstance(ids, list):
        raise Refusal(422, NOT_INSTALLED)
    owned = {one.name.lower(): one for one in call.world.repositories(installation.account)}
    lowered = {str(name).lower() for name in names}
    known = [one.id for one in owned.values()]
    if not lowered <= set(owned) or not all(identity in known for identity in ids):
        raise Refusal(422, NOT_INSTALLED)
    return [one for name, one in owned.items() if name in lowered or one.id in ids]


def routes() -> list[AppRoute]:
    """Every endpoint that a JWT opens."""
    on_repository = "/repos/{owner}/{repository}/installation"
    by_id = "/repositories/{repository_id}/installation"
    return [
        AppRoute("GET", "/app/installations", list_installations, "apps/apps"),
        AppRoute("GET", "/orgs/{login}/installation", get_account_installation, "apps/apps"),
        AppRoute("GET", "/users/{login}/installation", get_account_installation, "apps/apps"),
        AppRoute("GET", on_repository, get_repository_installation, "apps/apps"),
        AppRoute("GET", by_id, get_repository_installation, "apps/apps"),
        AppRoute("POST", EXCHANGE, create_token, "apps/apps"),
    ]
