"""Users, organizations and repositories, to read only.

Source: docs.github.com/rest, the pages on users, organizations and repositories.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from github_sandbox import shapes
from github_sandbox.access import (
    find_organization,
    find_repository,
    properties_organization,
    role_of,
    shown,
    user_of,
)
from github_sandbox.calls import Answer, Call, TokenRoute
from github_sandbox.directory import Account, Repository
from github_sandbox.json_types import Body
from github_sandbox.keyring import Token
from github_sandbox.refusals import invalid, not_found

VALUES = "/orgs/{organization}/properties/values"
# The types that leave something out; no repository here is a fork.
TYPES: dict[str, Callable[[Repository], bool]] = {
    "public": lambda repository: not repository.private,
    "private": lambda repository: repository.private,
    "forks": lambda _: False,
}
# What the `type` of a user's own list says of the affiliation; nobody collaborates here.
AFFILIATIONS = {"owner": "owner", "member": "collaborator,organization_member"}
EVERY_AFFILIATION = "owner,collaborator,organization_member"


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
    return listing(call, filter(wanted, call.world.repositories(account)), minimal(call))


def list_public_repositories(call: Call[Token]) -> Answer:
    """A page of the public repositories that an account owns, by name."""
    account = call.world.find_account(call.params["login"])
    if account is None:
        raise not_found()
    owned = filter(TYPES["public"], call.world.repositories(account))
    return listing(call, sorted(owned, key=by_name), minimal(call))


def list_own_repositories(call: Call[Token]) -> Answer:
    """A page of what the token's user owns or reaches as a member, by name, as far as it sees."""
    user, kind = user_of(call), call.query.get("type", "all")
    if "type" in call.query and {"affiliation", "visibility"} & set(call.query):
        why = "If you specify visibility or affiliation, you cannot specify type."
        raise invalid("type", why, resource="Repository")
    default = AFFILIATIONS.get(kind, EVERY_AFFILIATION)
    affiliations = call.query.get("affiliation", default).split(",")
    wanted = TYPES.get(call.query.get("visibility", kind), bool)
    found = [
        repository
        for account in call.world.accounts()
        if affiliation(call, account, user) in affiliations
        for repository in filter(wanted, call.world.repositories(account))
    ]
    return listing(
        call, sorted(found, key=by_name), lambda one: shapes.full_repository(one, call.base)
    )


def affiliation(call: Call[Token], account: Account, user: Account) -> str | None:
    """How a user comes by the repositories of an account."""
    if account == user:
        return "owner"
    return "organization_member" if role_of(call, account) else None


def by_name(repository: Repository) -> str:
    """What the lists of users are sorted by."""
    return repository.full_name.lower()


def list_property_values(call: Call[Token]) -> Answer:
    """A page of the repositories of an organization that the token sees, with their properties.

    Source: docs.github.com/rest/orgs/custom-properties; `repository_query` is ignored.
    """
    world, account = call.world, properties_organization(call)
    return listing(
        call,
        world.repositories(account),
        lambda one: shapes.property_values(one, world.properties(one)),
    )


def minimal(call: Call[Token]) -> Callable[[Repository], Body]:
    """The shape of most lists."""
    return lambda one: shapes.minimal_repository(one, call.base)


def listing(
    call: Call[Token], repositories: Iterable[Repository], shape: Callable[[Repository], Body]
) -> Answer:
    """A page of those that the token is shown, in a shape."""
    listed, partial = shown(call, repositories)
    page, links = call.page_of(listed)
    return Answer(200, [shape(one) for one in page], {**links, **partial})


def get_repository(call: Call[Token]) -> Answer:
    """One repository."""
    return Answer(200, shapes.full_repository(find_repository(call), call.base))


def routes() -> list[TokenRoute]:
    """Every endpoint of this module."""
    return [
        TokenRoute("GET", "/user", get_user, "users/users"),
        TokenRoute("GET", "/user/repos", list_own_repositories, "repos/repos"),
        TokenRoute("GET", "/users/{login}", get_account, "users/users"),
        TokenRoute("GET", "/users/{login}/repos", list_public_repositories, "repos/repos"),
        TokenRoute("GET", "/orgs/{organization}", get_organization, "orgs/orgs"),
        TokenRoute("GET", "/orgs/{organization}/repos", list_repositories, "repos/repos"),
        TokenRoute("GET", VALUES, list_property_values, "orgs/custom-properties"),
        TokenRoute("GET", "/repos/{owner}/{repository}", get_repository, "repos/repos"),
        TokenRoute("GET", "/repositories/{repository_id}", get_repository, "repos/repos"),
    ]
