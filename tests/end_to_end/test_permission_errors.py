"""Every refusal ends in a message that names the permission or the plan that is missing."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from github_app import add_app, private_pem
from github_sandbox import Fault, Sandbox, World
from sandboxed_action import ACR_TEMPLATE, Action, stored_triplet

SPEC = ACR_TEMPLATE + "    targets: [{{{target}}}]\n"
ORGANIZATION = "organization: octo-org"
REPOSITORY = "repository: octo-org/app"
USER = "user: octocat"
ENVIRONMENT = {"ACR_PASSWORD": "the password"}


def errors(action: Action, target: str, **inputs: str) -> list[str]:
    """The error annotations of a run that must fail."""
    step = action.step(SPEC.format(target=target), ENVIRONMENT, **inputs)
    assert step.exit_code == 1, step.stdout
    assert step.outputs.get("changed", "false") == "false"
    return step.annotations("error")


def test_a_wrong_token_stops_the_run(sandbox: Sandbox, action: Action) -> None:
    """401 says that the token is no good, once, whatever the number of targets."""
    many = "}, {".join(f"repository: octo-org/svc-{n:03}" for n in range(60))

    (message,) = errors(action, many, token="not-a-token")

    assert message.startswith("GitHub rejects the token (401: Bad credentials); it is wrong,")
    assert len(sandbox.exchanges) == 1


NARROW = [
    (ORGANIZATION, ("repo", "codespace"), "admin:org", "organization_codespaces_secrets: write"),
    (REPOSITORY, ("admin:org", "codespace"), "repo", "codespaces_secrets: write"),
    (USER, ("repo", "admin:org"), "codespace:secrets", "codespaces_user_secrets: write"),
]


@pytest.mark.parametrize("narrow", NARROW, ids=lambda narrow: narrow[0])
def test_a_classic_token_without_the_scope(
    world: World, action: Action, narrow: tuple[str, tuple[str, ...], str, str]
) -> None:
    """The scope is named, and what a token of the other kind would need."""
    target, scopes, scope, permission = narrow
    world.add_token("ghp_narrow", user="octocat", scopes=scopes)

    (message,) = errors(action, target, token="ghp_narrow")

    assert f"a classic token needs the scope {scope}" in message
    assert permission in message


@pytest.mark.parametrize("narrow", NARROW, ids=lambda narrow: narrow[0])
def test_a_fine_grained_token_without_the_permission(
    world: World, action: Action, narrow: tuple[str, tuple[str, ...], str, str]
) -> None:
    """The permission is named, with what GitHub says that it would accept."""
    target, _, _, permission = narrow
    owner = "octocat" if target == USER else "octo-org"
    world.add_fine_grained_token(
        "github_pat_narrow", user="octocat", owner=owner, permissions={"metadata": "read"}
    )

    (message,) = errors(action, target, token="github_pat_narrow")

    assert "Resource not accessible by personal access token" in message
    assert permission in message
    assert "GitHub would accept: " in message


@pytest.mark.parametrize("target", [ORGANIZATION, REPOSITORY])
def test_the_token_of_the_workflow_never_can(world: World, action: Action, target: str) -> None:
    """GITHUB_TOKEN has no such permission at all, and the message says so."""
    world.add_actions_token("ghs_workflow", repository="octo-org/app")

    (message,) = errors(action, target, token="ghs_workflow")

    assert "GITHUB_TOKEN can never have this permission" in message


def test_an_installation_token_at_user_scope(world: World, action: Action) -> None:
    """A token that someone made for an App cannot reach a user's secrets either."""
    world.add_actions_token("ghs_workflow", repository="octo-org/app")

    (message,) = errors(action, USER, token="ghs_workflow")

    assert "can never manage a user's secrets" in message
    assert "codespaces_user_secrets: write" in message


def test_an_app_at_user_scope_is_refused_without_a_request(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """With `app-id` that is known beforehand."""
    add_app(world, {"octo-org": {"codespaces_secrets": "write"}})

    (message,) = errors(action, USER, token="", app_id="1234", app_private_key=private_pem())

    assert "a GitHub App can never manage a user's secrets" in message
    assert "codespace:secrets" in message
    assert sandbox.exchanges == []


def test_an_app_that_is_not_installed(world: World, action: Action) -> None:
    """404 for the installation."""
    add_app(world, {})

    (message,) = errors(
        action, ORGANIZATION, token="", app_id="1234", app_private_key=private_pem()
    )

    assert "the GitHub App is not installed for this target" in message


@pytest.mark.parametrize("target", [ORGANIZATION, REPOSITORY])
def test_an_app_without_the_permission(world: World, action: Action, target: str) -> None:
    """The permission that its owner must grant is named."""
    add_app(world, {"octo-org": {"metadata": "read"}})

    (message,) = errors(action, target, token="", app_id="1234", app_private_key=private_pem())

    assert "a GitHub App needs" in message
    assert "codespaces_secrets: write" in message


def test_an_app_whose_key_is_another_ones(world: World, action: Action) -> None:
    """401 for the App itself speaks of id and key, not of a token."""
    add_app(world, {"octo-org": {}})

    other = generate_private_key(65537, 2048)

    (message,) = errors(
        action, ORGANIZATION, token="", app_id="1234", app_private_key=private_pem(other)
    )

    assert "`app-id` and `app-private-key` must belong together" in message


def test_an_app_that_does_not_exist(action: Action) -> None:
    """404 for the App itself speaks of its id."""
    (message,) = errors(
        action, ORGANIZATION, token="", app_id="4321", app_private_key=private_pem()
    )

    assert "there is no GitHub App with this `app-id`" in message


def test_single_sign_on(world: World, action: Action) -> None:
    """The page where the token is authorized is named."""
    world.require_sso("octo-org")

    (message,) = errors(action, ORGANIZATION)

    assert "the organization requires single sign-on; authorize the token at http" in message


def test_a_free_organization(world: World, action: Action) -> None:
    """404, which there means the plan."""
    world.add_organization("free-org", plan="free", owners=("octocat",))

    (message,) = errors(action, "organization: free-org")

    assert "is on the Free plan" in message
    assert "GitHub Team or GitHub Enterprise Cloud" in message


def test_an_organization_that_is_not_there(action: Action) -> None:
    """404 again; every cause is named, since GitHub does not tell them apart."""
    (message,) = errors(action, "organization: nobody")

    assert "organization:nobody is blocked: GitHub returned 404" in message
    assert "the token's user is not an owner of it" in message


def test_a_repository_that_is_not_there(action: Action) -> None:
    """404 names what the token would need to see it."""
    (message,) = errors(action, "repository: octo-org/nothing")

    assert "the repository does not exist, or the token cannot see it" in message
    assert "a classic token needs the scope repo" in message


def test_another_users_secrets(world: World, action: Action) -> None:
    """Nobody can manage them, so the login must be the token's own."""
    world.add_user("hubot")

    (message,) = errors(action, "user: hubot")

    assert "the token belongs to octocat and cannot manage the secrets of another user" in message


def test_an_archived_repository(world: World, action: Action) -> None:
    """GitHub takes no write there; that is known before one is tried."""
    world.add_repository("octo-org/attic", archived=True)

    (message,) = errors(action, "repository: octo-org/attic")

    assert "repository:octo-org/attic is blocked: the repository is archived" in message


def test_a_rate_limit_that_lasts_too_long(sandbox: Sandbox, action: Action) -> None:
    """Nothing is waited for beyond 15 minutes; the message says that nothing is lost."""
    body = '{"message": "API rate limit exceeded for user ID 1."}'
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "4102444800"}
    sandbox.fail(Fault(status=403, body=body, headers=headers, times=None))

    (message,) = errors(action, ORGANIZATION)

    assert "GitHub's rate limit is used up" in message


def test_an_unknown_repository_names_the_one_that_was_meant(world: World, action: Action) -> None:
    """At the line of the spec, with the nearest name that there is."""
    stored_triplet(world, "organization:octo-org", visibility="selected")
    target = f"{ORGANIZATION}, repositories: [svc-001, svc-002, svc-003, ap]"

    step = action.step(SPEC.format(target=target), ENVIRONMENT)

    assert step.exit_code == 1
    (message,) = step.annotations("error")
    assert message == (
        "input `spec`:8: registries[0].targets[0]: ACR at organization:octo-org is blocked: no "
        "such repository, or the token cannot see it: octo-org/ap (did you mean octo-org/app?)"
    )
    assert step.outputs["blocked"] == "1"


def test_one_targets_refusal_does_not_stop_the_others(world: World, action: Action) -> None:
    """What can be done is done, and the run is red."""
    spec = SPEC.format(target=f"{REPOSITORY}}}, {{repository: octo-org/nothing")

    step = action.step(spec, ENVIRONMENT)

    assert step.exit_code == 1
    assert len(world.secrets("repository:octo-org/app")) == 3
    assert (step.outputs["created"], step.outputs["blocked"]) == ("1", "1")


def test_an_app_writes_with_an_installation_token_of_each_owner(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """One App, two owners, one token for each."""
    granted = {"codespaces_secrets": "write", "organization_codespaces_secrets": "write"}
    add_app(world, {"octo-org": granted, "octocat": granted})
    targets = f"{REPOSITORY}}}, {{{ORGANIZATION}}}, {{repository: octocat/dotfiles"

    step = action.step(
        SPEC.format(target=targets),
        ENVIRONMENT,
        token="",
        app_id="1234",
        app_private_key=private_pem(),
    )

    assert step.exit_code == 0, step.stdout
    assert step.outputs["created"] == "3"
    made = [one for one in sandbox.exchanges if one.path.endswith("/access_tokens")]
    assert len(made) == 2
