"""Users, organizations and repositories, to read only.

Source: docs.github.com/rest, the pages on users, organizations and repositories.
"""

from __future__ import annotations

from collections.abc import Callable

from github_sandbox import shapes
from github_sandbox.access import find_organization, find_repository, role_of, user_of
from github_sandbox.calls import Answer, Call, TokenRoute
from github_sandbox.directory import Repository
from github_sandbox.keyring import Token
from github_sandbox.refusals import not_found

# The types that leave something out; no repository here is a fork.
TYPES: dict[str, Callable[[Repository], bool]] = {
    "public": lambda repository: not repository.private,
    "private": lambda repository: repository.private,
    "forks": lambda _: False,
}


def get_user(call: Call[Token]) -> Answer:
    """The person behind the token; no App is one."""
    account = user_of(call)
    owned = call.world.repositories(account)
    return Answer(200, shapes.private_user(account, call.base, owned))


def get_account(call: Call[Token]) -> Answer:
    """Any account in short."""
    account = call.world.find_account(call.params["login"])
    if account is None:
        raise not_found()
    owned = call.world.repositories(account)
    return Answer(200, shapes.public_user(account, call.base, owned))


def get_organization(call: Call[Token]) -> Answer:
    """An organization; its plan is for its owners' eyes."""
    account = find_organization(call)
    body = shapes.organization_full(account, call.base, call.world.repositories(account))
    if role_of(call, account) == "owner":
        body |= shapes.organization_plan(account)
    return Answer(200, body)


def list_repositories(call: Call[Token]) -> Answer:
    """A page of the repositories of an organization that the token sees, newest first."""
    account = find_organization(call)
    wanted = TYPES.get(call.query.get("type", "all"), bool)
    seen = [
        repository
        for repository in call.world.repositories(account)
        if wanted(repository) and call.world.sees(call.caller, repository)
    ]
    shown, headers = call.page_of(seen)
    return Answer(200, [shapes.minimal_repository(one, call.base) for one in shown], headers)


def get_repository(call: Call[Token]) -> Answer:
    """One repository."""
    return Answer(200, shapes.full_repository(find_repository(call), call.base))


def routes() -> list[TokenRoute]:
    """Every endpoint of this module."""
    return [
        TokenRoute("GET", "/user", get_user, "users/users"),
        TokenRoute("GET", "/users/{login}", get_account, "users/users"),
        TokenRoute("GET", "/orgs/{organization}", get_organization, "orgs/orgs"),
        TokenRoute("GET", "/orgs/{organization}/repos", list_repositories, "repos/repos"),
        TokenRoute("GET", "/repos/{owner}/{repository}", get_repository, "repos/repos"),
        TokenRoute("GET", "/repositories/{repository_id}", get_repository, "repos/repos"),
    ]
