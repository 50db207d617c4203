"""Check the sandbox with githubkit, a client generated from GitHub's OpenAPI description."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from githubkit import AppAuthStrategy, GitHub, Response
from githubkit.exception import RequestFailed
from githubkit_schemas.latest.models import PrivateUser

from contract.sandbox_client import OWNER_TOKEN, seal, small_world
from github_app import APP_ID, add_app, private_pem
from github_sandbox import (
    Sandbox,
    World,
    routes_accounts,
    routes_actions,
    routes_apps,
    routes_comments,
    routes_issues,
    routes_releases,
    routes_repositories,
    routes_secrets,
    routes_teams,
    routes_variables,
)

PERMISSIONS = {"organization_codespaces_secrets": "write", "codespaces_secrets": "write"}
NAME = "ACR_CONTAINER_REGISTRY_USER"

Client = GitHub[Any]
AnyResponse = Response[Any, Any]


@pytest.fixture
def world() -> World:
    """The small world with an App and a secret at each scope."""
    world = small_world()
    add_app(world, {"octo-org": PERMISSIONS, "octocat": {"codespaces_secrets": "read"}})
    listed = ["octo-org/api", "octo-org/web"]
    world.put_secret(
        "organization:octo-org", NAME, b"v", visibility="selected", repositories=listed
    )
    world.put_secret("repository:octo-org/api", NAME, b"v")
    world.put_secret("user:octocat", NAME, b"v", repositories=listed)
    world.put_actions_secret("repository:octo-org/api", NAME)
    world.put_actions_secret("organization:octo-org", NAME)
    world.put_variable("octo-org/api", "STATE", "v")
    world.add_team("octo-org", "platform", repositories=listed)
    world.add_comment("octo-org/api", world.add_pull_request("octo-org/api"), "v", author="hubot")
    return world


@pytest.fixture
def github(sandbox: Sandbox) -> Iterator[Client]:
    """A client with the owner's token."""
    with client(sandbox, OWNER_TOKEN) as github:
        yield github


@pytest.fixture
def app(sandbox: Sandbox) -> Iterator[Client]:
    """A client that signs JWTs."""
    with client(sandbox, AppAuthStrategy(APP_ID, private_pem())) as app:
        yield app


def client(sandbox: Sandbox, auth: str | AppAuthStrategy) -> Client:
    """Create a client without retries and without a cache."""
    return GitHub(auth, base_url=sandbox.url, auto_retry=False, http_cache=False)


def seal_body(public_key: Any, **more: Any) -> Any:
    """Build a body with a value sealed with a public key."""
    key = public_key.parsed_data
    return {"encrypted_value": seal(key.key, b"new"), "key_id": key.key_id, **more}


def put_org(github: Client, name: str, **more: Any) -> AnyResponse:
    """Write an organization's secret."""
    rest = github.rest.codespaces
    data = seal_body(rest.get_org_public_key("octo-org"), **more)
    return rest.create_or_update_org_secret("octo-org", name, data=data)


def put_repo(github: Client, name: str, repository: str = "api") -> AnyResponse:
    """Write a repository's secret."""
    rest = github.rest.codespaces
    data = seal_body(rest.get_repo_public_key("octo-org", repository))
    return rest.create_or_update_repo_secret("octo-org", repository, name, data=data)


def put_user(github: Client, name: str, **more: Any) -> AnyResponse:
    """Write a user's secret."""
    rest = github.rest.codespaces
    data = seal_body(rest.get_public_key_for_authenticated_user(), **more)
    return rest.create_or_update_secret_for_authenticated_user(name, data=data)


def put_actions(github: Client, name: str, repository: str) -> AnyResponse:
    """Write an Actions secret of a repository."""
    rest = github.rest.actions
    data = seal_body(rest.get_repo_public_key("octo-org", repository))
    return rest.create_or_update_repo_secret("octo-org", repository, name, data=data)


def create_variable(
    github: Client, name: str, value: str = "v", repository: str = "api"
) -> AnyResponse:
    """Create a variable of a repository."""
    return github.rest.actions.create_repo_variable("octo-org", repository, name=name, value=value)


def comment_id(github: Client) -> int:
    """The id of the comment on the pull request."""
    comments: Any = github.rest.issues.list_comments("octo-org", "api", 1).parsed_data
    return int(comments[0].id)


def draft_id(github: Client, tag: str = "v1.0.0") -> int:
    """The id of a new draft of a release."""
    rest = github.rest.repos
    return rest.create_release("octo-org", "api", tag_name=tag, draft=True).parsed_data.id


def publish_release(github: Client) -> str:
    """Publish a release, and return its tag."""
    github.rest.repos.update_release("octo-org", "api", draft_id(github), draft=False)
    return "v1.0.0"


def id_of(github: Client, name: str) -> int:
    """The id of a repository."""
    return github.rest.repos.get("octo-org", name).parsed_data.id


ORG, REPO, USER, BY_ID = (
    f"{prefix}/codespaces/secrets"
    for prefix in (
        "/orgs/{organization}",
        "/repos/{owner}/{repository}",
        "/user",
        "/repositories/{repository_id}",
    )
)
ACTIONS, ACTIONS_BY_ID = (
    "/repos/{owner}/{repository}/actions",
    "/repositories/{repository_id}/actions",
)
VARIABLES, VARIABLES_BY_ID = f"{ACTIONS}/variables", f"{ACTIONS_BY_ID}/variables"
ISSUES, ISSUES_BY_ID = (
    ACTIONS.replace("actions", "issues"),
    ACTIONS_BY_ID.replace("actions", "issues"),
)
RELEASES, RELEASES_BY_ID = (
    ACTIONS.replace("actions", "releases"),
    ACTIONS_BY_ID.replace("actions", "releases"),
)
LIST, ENTRY = "/{name}/repositories", "/{name}/repositories/{repository_id}"

# Every endpoint that a token authenticates, and its call in githubkit. Endpoints under a
# repository's id are called by a former name of the repository, which redirects there.
TOKEN_CALLS: dict[str, Callable[[Client], AnyResponse]] = {
    "GET /user": lambda g: g.rest.users.get_authenticated(),
    "GET /user/repos": lambda g: g.rest.repos.list_for_authenticated_user(),
    "GET /user/orgs": lambda g: g.rest.orgs.list_for_authenticated_user(),
    "GET /users/{login}": lambda g: g.rest.users.get_by_username("hubot"),
    "GET /users/{login}/repos": lambda g: g.rest.repos.list_for_user("octocat"),
    "GET /orgs/{organization}": lambda g: g.rest.orgs.get("octo-org"),
    "GET /orgs/{organization}/repos": lambda g: g.rest.repos.list_for_org("octo-org"),
    f"GET {routes_accounts.PROPERTY_VALUES}": lambda g: (
        g.rest.orgs.custom_properties_for_repos_get_organization_values("octo-org")
    ),
    f"GET {routes_teams.TEAMS}": lambda g: g.rest.teams.list("octo-org"),
    f"POST {routes_teams.TEAMS}": lambda g: g.rest.teams.create("octo-org", name="operators"),
    f"DELETE {routes_teams.TEAMS}/{{slug}}": lambda g: g.rest.teams.delete_in_org(
        "octo-org", "platform"
    ),
    f"GET {routes_teams.TEAM_REPOSITORIES}": lambda g: g.rest.teams.list_repos_in_org(
        "octo-org", "platform"
    ),
    "GET /repos/{owner}/{repository}": lambda g: g.rest.repos.get("octo-org", "api"),
    "GET /repositories/{repository_id}": lambda g: g.rest.repos.get("octo-org", "former"),
    "POST /orgs/{organization}/repos": lambda g: g.rest.repos.create_in_org(
        "octo-org", name="new", private=True
    ),
    "PATCH /repos/{owner}/{repository}": lambda g: g.rest.repos.update(
        "octo-org", "api", name="new"
    ),
    "PATCH /repositories/{repository_id}": lambda g: g.rest.repos.update(
        "octo-org", "former", archived=True
    ),
    "DELETE /repos/{owner}/{repository}": lambda g: g.rest.repos.delete("octo-org", "api"),
    "DELETE /repositories/{repository_id}": lambda g: g.rest.repos.delete("octo-org", "former"),
    f"GET {ORG}": lambda g: g.rest.codespaces.list_org_secrets("octo-org"),
    f"GET {ORG}/public-key": lambda g: g.rest.codespaces.get_org_public_key("octo-org"),
    f"GET {ORG}/{{name}}": lambda g: g.rest.codespaces.get_org_secret("octo-org", NAME),
    f"PUT {ORG}/{{name}}": lambda g: put_org(g, "NEW", visibility="all"),
    f"DELETE {ORG}/{{name}}": lambda g: g.rest.codespaces.delete_org_secret("octo-org", NAME),
    f"GET {ORG}{LIST}": lambda g: g.rest.codespaces.list_selected_repos_for_org_secret(
        "octo-org", NAME
    ),
    f"PUT {ORG}{LIST}": lambda g: g.rest.codespaces.set_selected_repos_for_org_secret(
        "octo-org", NAME, selected_repository_ids=[id_of(g, "docs")]
    ),
    f"PUT {ORG}{ENTRY}": lambda g: g.rest.codespaces.add_selected_repo_to_org_secret(
        "octo-org", NAME, id_of(g, "docs")
    ),
    f"DELETE {ORG}{ENTRY}": lambda g: g.rest.codespaces.remove_selected_repo_from_org_secret(
        "octo-org", NAME, id_of(g, "api")
    ),
    f"GET {REPO}": lambda g: g.rest.codespaces.list_repo_secrets("octo-org", "api"),
    f"GET {REPO}/public-key": lambda g: g.rest.codespaces.get_repo_public_key("octo-org", "api"),
    f"GET {REPO}/{{name}}": lambda g: g.rest.codespaces.get_repo_secret("octo-org", "api", NAME),
    f"PUT {REPO}/{{name}}": lambda g: put_repo(g, "NEW"),
    f"DELETE {REPO}/{{name}}": lambda g: g.rest.codespaces.delete_repo_secret(
        "octo-org", "api", NAME
    ),
    f"GET {BY_ID}": lambda g: g.rest.codespaces.list_repo_secrets("octo-org", "former"),
    f"GET {BY_ID}/public-key": lambda g: g.rest.codespaces.get_repo_public_key(
        "octo-org", "former"
    ),
    f"GET {BY_ID}/{{name}}": lambda g: g.rest.codespaces.get_repo_secret(
        "octo-org", "former", NAME
    ),
    f"PUT {BY_ID}/{{name}}": lambda g: put_repo(g, "NEW", "former"),
    f"DELETE {BY_ID}/{{name}}": lambda g: g.rest.codespaces.delete_repo_secret(
        "octo-org", "former", NAME
    ),
    f"GET {USER}": lambda g: g.rest.codespaces.list_secrets_for_authenticated_user(),
    f"GET {USER}/public-key": lambda g: g.rest.codespaces.get_public_key_for_authenticated_user(),
    f"GET {USER}/{{name}}": lambda g: g.rest.codespaces.get_secret_for_authenticated_user(NAME),
    f"PUT {USER}/{{name}}": lambda g: put_user(g, "NEW", selected_repository_ids=[]),
    f"DELETE {USER}/{{name}}": lambda g: g.rest.codespaces.delete_secret_for_authenticated_user(
        NAME
    ),
    f"GET {USER}{LIST}": lambda g: (
        g.rest.codespaces.list_repositories_for_secret_for_authenticated_user(NAME)
    ),
    f"PUT {USER}{LIST}": lambda g: (
        g.rest.codespaces.set_repositories_for_secret_for_authenticated_user(
            NAME, selected_repository_ids=[id_of(g, "docs")]
        )
    ),
    f"PUT {USER}{ENTRY}": lambda g: (
        g.rest.codespaces.add_repository_for_secret_for_authenticated_user(NAME, id_of(g, "docs"))
    ),
    f"DELETE {USER}{ENTRY}": lambda g: (
        g.rest.codespaces.remove_repository_for_secret_for_authenticated_user(NAME, id_of(g, "api"))
    ),
    f"GET {ACTIONS}/secrets": lambda g: g.rest.actions.list_repo_secrets("octo-org", "api"),
    f"GET {ACTIONS}/secrets/public-key": lambda g: g.rest.actions.get_repo_public_key(
        "octo-org", "api"
    ),
    f"PUT {ACTIONS}/secrets/{{name}}": lambda g: put_actions(g, "NEW", "api"),
    f"DELETE {ACTIONS}/secrets/{{name}}": lambda g: g.rest.actions.delete_repo_secret(
        "octo-org", "api", NAME
    ),
    f"GET {ACTIONS_BY_ID}/secrets": lambda g: g.rest.actions.list_repo_secrets(
        "octo-org", "former"
    ),
    f"GET {ACTIONS_BY_ID}/secrets/public-key": lambda g: g.rest.actions.get_repo_public_key(
        "octo-org", "former"
    ),
    f"PUT {ACTIONS_BY_ID}/secrets/{{name}}": lambda g: put_actions(g, "NEW", "former"),
    f"DELETE {ACTIONS_BY_ID}/secrets/{{name}}": lambda g: g.rest.actions.delete_repo_secret(
        "octo-org", "former", NAME
    ),
    f"GET {ACTIONS}/secrets/{{name}}": lambda g: g.rest.actions.get_repo_secret(
        "octo-org", "api", NAME
    ),
    f"GET {ACTIONS}/organization-secrets": lambda g: g.rest.actions.list_repo_organization_secrets(
        "octo-org", "api"
    ),
    f"GET {ACTIONS_BY_ID}/secrets/{{name}}": lambda g: g.rest.actions.get_repo_secret(
        "octo-org", "former", NAME
    ),
    f"GET {ACTIONS_BY_ID}/organization-secrets": lambda g: (
        g.rest.actions.list_repo_organization_secrets("octo-org", "former")
    ),
    f"GET {VARIABLES}": lambda g: g.rest.actions.list_repo_variables("octo-org", "api"),
    f"POST {VARIABLES}": lambda g: create_variable(g, "NEW", repository="api"),
    f"GET {VARIABLES}/{{name}}": lambda g: g.rest.actions.get_repo_variable(
        "octo-org", "api", "STATE"
    ),
    f"PATCH {VARIABLES}/{{name}}": lambda g: g.rest.actions.update_repo_variable(
        "octo-org", "api", "STATE", value="new"
    ),
    f"DELETE {VARIABLES}/{{name}}": lambda g: g.rest.actions.delete_repo_variable(
        "octo-org", "api", "STATE"
    ),
    f"GET {VARIABLES_BY_ID}": lambda g: g.rest.actions.list_repo_variables("octo-org", "former"),
    f"POST {VARIABLES_BY_ID}": lambda g: create_variable(g, "NEW", repository="former"),
    f"GET {VARIABLES_BY_ID}/{{name}}": lambda g: g.rest.actions.get_repo_variable(
        "octo-org", "former", "STATE"
    ),
    f"PATCH {VARIABLES_BY_ID}/{{name}}": lambda g: g.rest.actions.update_repo_variable(
        "octo-org", "former", "STATE", value="new"
    ),
    f"DELETE {VARIABLES_BY_ID}/{{name}}": lambda g: g.rest.actions.delete_repo_variable(
        "octo-org", "former", "STATE"
    ),
    f"GET {ISSUES}": lambda g: g.rest.issues.list_for_repo("octo-org", "api"),
    f"POST {ISSUES}": lambda g: g.rest.issues.create("octo-org", "api", title="new"),
    f"PATCH {ISSUES}/{{number}}": lambda g: g.rest.issues.update("octo-org", "api", 1, title="new"),
    f"GET {ISSUES_BY_ID}": lambda g: g.rest.issues.list_for_repo("octo-org", "former"),
    f"POST {ISSUES_BY_ID}": lambda g: g.rest.issues.create("octo-org", "former", title="new"),
    f"PATCH {ISSUES_BY_ID}/{{number}}": lambda g: g.rest.issues.update(
        "octo-org", "former", 1, title="new"
    ),
    f"GET {ISSUES}/{{number}}/comments": lambda g: g.rest.issues.list_comments(
        "octo-org", "api", 1
    ),
    f"POST {ISSUES}/{{number}}/comments": lambda g: g.rest.issues.create_comment(
        "octo-org", "api", 1, body="new"
    ),
    f"PATCH {ISSUES}/comments/{{comment_id}}": lambda g: g.rest.issues.update_comment(
        "octo-org", "api", comment_id(g), body="new"
    ),
    f"GET {ISSUES_BY_ID}/{{number}}/comments": lambda g: g.rest.issues.list_comments(
        "octo-org", "former", 1
    ),
    f"POST {ISSUES_BY_ID}/{{number}}/comments": lambda g: g.rest.issues.create_comment(
        "octo-org", "former", 1, body="new"
    ),
    f"PATCH {ISSUES_BY_ID}/comments/{{comment_id}}": lambda g: g.rest.issues.update_comment(
        "octo-org", "former", comment_id(g), body="new"
    ),
    f"GET {RELEASES}": lambda g: g.rest.repos.list_releases("octo-org", "api"),
    f"POST {RELEASES}": lambda g: g.rest.repos.create_release("octo-org", "api", tag_name="v1.0.0"),
    f"GET {RELEASES}/tags/{{tag}}": lambda g: g.rest.repos.get_release_by_tag(
        "octo-org", "api", publish_release(g)
    ),
    f"PATCH {RELEASES}/{{release_id}}": lambda g: g.rest.repos.update_release(
        "octo-org", "api", draft_id(g), draft=False
    ),
    f"DELETE {RELEASES}/{{release_id}}": lambda g: g.rest.repos.delete_release(
        "octo-org", "api", draft_id(g)
    ),
    f"POST {RELEASES}/{{release_id}}/assets": lambda g: g.rest.repos.upload_release_asset(
        "octo-org", "api", draft_id(g), name="sbom.json", data=b"{}"
    ),
    f"GET {RELEASES_BY_ID}": lambda g: g.rest.repos.list_releases("octo-org", "former"),
    f"POST {RELEASES_BY_ID}": lambda g: g.rest.repos.create_release(
        "octo-org", "former", tag_name="v1.0.0"
    ),
    f"GET {RELEASES_BY_ID}/tags/{{tag}}": lambda g: g.rest.repos.get_release_by_tag(
        "octo-org", "former", publish_release(g)
    ),
    f"PATCH {RELEASES_BY_ID}/{{release_id}}": lambda g: g.rest.repos.update_release(
        "octo-org", "former", draft_id(g), draft=False
    ),
    f"DELETE {RELEASES_BY_ID}/{{release_id}}": lambda g: g.rest.repos.delete_release(
        "octo-org", "former", draft_id(g)
    ),
    f"POST {RELEASES_BY_ID}/{{release_id}}/assets": lambda g: g.rest.repos.upload_release_asset(
        "octo-org", "former", draft_id(g), name="sbom.json", data=b"{}"
    ),
}
# The same for the endpoints that a JWT authenticates.
APP_CALLS: dict[str, Callable[[Client], AnyResponse]] = {
    "GET /app/installations": lambda g: g.rest.apps.list_installations(),
    "GET /orgs/{login}/installation": lambda g: g.rest.apps.get_org_installation("octo-org"),
    "GET /users/{login}/installation": lambda g: g.rest.apps.get_user_installation("octocat"),
    "GET /repos/{owner}/{repository}/installation": lambda g: g.rest.apps.get_repo_installation(
        "octo-org", "api"
    ),
    "GET /repositories/{repository_id}/installation": lambda g: g.rest.apps.get_repo_installation(
        "octo-org", "former"
    ),
    f"POST {routes_apps.ACCESS_TOKENS}": lambda g: g.rest.apps.create_installation_access_token(
        installation_id(g), data=as_body({"repositories": ["api"], "permissions": PERMISSIONS})
    ),
}


def installation_id(app: Client) -> int:
    """The id of the organization's installation."""
    return app.rest.apps.get_org_installation("octo-org").parsed_data.id


def check_response(response: AnyResponse, endpoint: str, sandbox: Sandbox) -> None:
    """Check that the response came from the endpoint and matches its schema."""
    last, (method, path) = sandbox.exchanges[-1], endpoint.split()
    assert last.method == method
    assert re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), last.path)
    if response.status_code == 204:
        assert response.content == b""
    else:
        assert response.parsed_data is not None


@pytest.mark.parametrize("endpoint", TOKEN_CALLS)
def test_every_endpoint_responds_with_the_documented_schema(
    endpoint: str, github: Client, sandbox: Sandbox, world: World
) -> None:
    """A generated client calls each endpoint and validates the response."""
    world.rename("octo-org/api", "octo-org/former")
    world.rename("octo-org/former", "octo-org/api")
    check_response(TOKEN_CALLS[endpoint](github), endpoint, sandbox)


@pytest.mark.parametrize("endpoint", APP_CALLS)
def test_every_endpoint_for_apps_responds_with_the_documented_schema(
    endpoint: str, app: Client, sandbox: Sandbox, world: World
) -> None:
    """A generated client signs a JWT, calls each endpoint and validates the response."""
    world.rename("octo-org/api", "octo-org/former")
    world.rename("octo-org/former", "octo-org/api")
    check_response(APP_CALLS[endpoint](app), endpoint, sandbox)


def test_no_endpoint_is_left_out() -> None:
    """The tables above contain exactly the endpoints of the sandbox, except GraphQL's."""
    modules = (
        routes_accounts,
        routes_secrets,
        routes_actions,
        routes_variables,
        routes_comments,
        routes_issues,
        routes_releases,
        routes_repositories,
        routes_teams,
    )
    routes = [route for module in modules for route in module.routes()]
    assert sorted(TOKEN_CALLS) == sorted(f"{route.method} {route.path}" for route in routes)
    app_routes = routes_apps.routes()
    assert sorted(APP_CALLS) == sorted(f"{route.method} {route.path}" for route in app_routes)


def test_organization_secret_is_written_and_read(github: Client, world: World) -> None:
    """Created with 201, updated with 204, decrypted by the sandbox, read with its visibility."""
    listed = [id_of(github, "web")]
    more = {"visibility": "selected", "selected_repository_ids": listed}
    assert [put_org(github, "NEW", **more).status_code for _ in range(2)] == [201, 204]
    stored = world.secrets("organization:octo-org")["NEW"]
    assert (stored.value, stored.repositories) == (b"new", ("octo-org/web",))
    read = github.rest.codespaces.get_org_secret("octo-org", "new").parsed_data
    assert (read.name, read.visibility) == ("NEW", "selected")
    assert str(read.selected_repositories_url).endswith("/secrets/NEW/repositories")


def test_repository_secret_is_written_and_read(github: Client, world: World) -> None:
    """Created with 201, updated with 204, decrypted by the sandbox, read with its times."""
    assert [put_repo(github, "NEW").status_code for _ in range(2)] == [201, 204]
    stored = world.secrets("repository:octo-org/api")["NEW"]
    assert (stored.value, stored.visibility) == (b"new", None)
    read = github.rest.codespaces.get_repo_secret("octo-org", "api", "NEW").parsed_data
    assert (read.created_at, read.updated_at) == (stored.created_at, stored.updated_at)


def test_user_secret_is_written_and_read(github: Client, world: World) -> None:
    """Created with 201, updated with 204, decrypted by the sandbox, visibility `selected`."""
    more = {"selected_repository_ids": [id_of(github, "web")]}
    assert [put_user(github, "NEW", **more).status_code for _ in range(2)] == [201, 204]
    stored = world.secrets("user:octocat")["NEW"]
    assert (stored.value, stored.repositories) == (b"new", ("octo-org/web",))
    read = github.rest.codespaces.get_secret_for_authenticated_user("NEW").parsed_data
    assert read.visibility == "selected"


def test_actions_secrets_are_read(github: Client, world: World) -> None:
    """A repository's own by name, an organization's in a list; both have `updated_at`."""
    old = world.now() - timedelta(days=45)
    world.put_actions_secret("repository:octo-org/api", "OWN", updated_at=old)
    world.put_actions_secret("organization:octo-org", NAME, updated_at=old)
    own = github.rest.actions.get_repo_secret("octo-org", "api", "own").parsed_data
    assert (own.name, own.created_at, own.updated_at) == ("OWN", old, old)
    listed = github.rest.actions.list_repo_organization_secrets("octo-org", "api").parsed_data
    assert listed.total_count == 1
    assert [(secret.name, secret.updated_at) for secret in listed.secrets] == [(NAME, old)]


def test_custom_properties_are_read(github: Client, world: World) -> None:
    """One value, several and none, in a list that includes repositories without properties."""
    world.set_properties("octo-org/api", {"team": "core", "tiers": ["a", "b"], "tier": None})
    rest = github.rest.orgs
    listed: Any = rest.custom_properties_for_repos_get_organization_values("octo-org").parsed_data
    read = {
        repository.repository_full_name: [
            (value.property_name, value.value) for value in repository.properties
        ]
        for repository in listed
    }
    properties = [("team", "core"), ("tiers", ["a", "b"]), ("tier", None)]
    assert read.pop("octo-org/api") == properties
    assert read == {f"octo-org/{name}": [] for name in ("old", "docs", "web")}
    ids = {repository.repository_name: repository.repository_id for repository in listed}
    assert ids == {name: world.repository(f"octo-org/{name}").id for name in ids}


def test_topics_and_archival_are_in_every_list(github: Client, world: World) -> None:
    """The lists have the same topics and archival as the repository itself."""
    world.add_repository("octo-org/tagged", private=False, archived=True, topics=("a", "b"))
    world.set_repositories("organization:octo-org", NAME, ["octo-org/tagged"])
    rest = github.rest
    lists: list[Any] = [
        rest.repos.list_for_org("octo-org").parsed_data,
        rest.repos.list_for_user("octo-org").parsed_data,
        rest.repos.list_for_authenticated_user().parsed_data,
        rest.codespaces.list_selected_repos_for_org_secret(
            "octo-org", NAME
        ).parsed_data.repositories,
    ]
    for listed in lists:
        states = [
            (repository.topics, repository.archived)
            for repository in listed
            if repository.name == "tagged"
        ]
        assert states == [(["a", "b"], True)]


def test_the_own_user_is_a_private_user(github: Client) -> None:
    """`/user` is a `private-user`, not the `public-user` that the schema also allows."""
    assert isinstance(github.rest.users.get_authenticated().parsed_data, PrivateUser)


def test_all_pages_of_secrets_are_read(github: Client, world: World) -> None:
    """The paginator of githubkit finds each secret once."""
    for number in range(24):
        world.put_secret("organization:octo-org", f"MORE_{number}", b"v")
    walk = github.rest.paginate(
        github.rest.codespaces.list_org_secrets,
        map_func=lambda response: response.parsed_data.secrets,
        org="octo-org",
        per_page=10,
    )
    assert [secret.name for secret in walk] == sorted(world.secrets("organization:octo-org"))


def test_second_page_of_repositories_is_read(github: Client) -> None:
    """A list of selected repositories has pages, each with the total count."""
    page = github.rest.codespaces.list_selected_repos_for_org_secret(
        "octo-org", NAME, per_page=1, page=2
    ).parsed_data
    assert (page.total_count, [repository.name for repository in page.repositories]) == (2, ["web"])


def test_installation_token_writes_what_its_permissions_allow(app: Client, world: World) -> None:
    """The client exchanges a JWT for an installation token and writes with it."""
    strategy = app.auth.as_installation(installation_id(app))
    with app.with_auth(strategy) as installed:
        assert put_org(installed, "NEW", visibility="all").status_code == 201
    assert world.secrets("organization:octo-org")["NEW"].value == b"new"


def catch_error(call: Callable[[], AnyResponse]) -> AnyResponse:
    """Return the error response of a call, and check that it matches GitHub's schema."""
    with pytest.raises(RequestFailed) as caught:
        call()
    response: AnyResponse = caught.value.response
    assert response.parsed_data.documentation_url.startswith("https://docs.github.com/rest/")
    assert response.json()["status"] == str(response.status_code)
    return response


def test_an_invalid_value_is_rejected_with_the_documented_schema(github: Client) -> None:
    """A 422 is a `validation-error` that names the field."""
    data = {"encrypted_value": "bm9pc2U=", "key_id": "1", "visibility": "all"}
    response = catch_error(
        lambda: github.rest.codespaces.create_or_update_org_secret(
            "octo-org", "NEW", data=as_body(data)
        )
    )
    assert response.status_code == 422
    assert [error.field for error in response.parsed_data.errors] == ["key_id"]


def as_body(data: dict[str, Any]) -> Any:
    """Pass a body without type checking, as another client would send it."""
    return data


def test_an_absent_secret_is_rejected_with_the_documented_schema(github: Client) -> None:
    """A 404 is a `basic-error`."""
    rest = github.rest.codespaces
    response = catch_error(lambda: rest.delete_org_secret("octo-org", "ABSENT"))
    assert (response.status_code, response.parsed_data.message) == (404, "Not Found")


def test_a_missing_permission_is_rejected_with_the_documented_schema(
    sandbox: Sandbox, world: World
) -> None:
    """A 403 is a `basic-error`."""
    world.add_token("ghp_poor", user="octocat", scopes=("repo",))
    with client(sandbox, "ghp_poor") as underprivileged:
        rest = underprivileged.rest.codespaces
        response = catch_error(
            lambda: rest.set_repositories_for_secret_for_authenticated_user(
                NAME, selected_repository_ids=[]
            )
        )
    assert response.status_code == 403
