"""The message of a request that GitHub rejects names the missing permission, plan or App."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from github_app import add_app, app_inputs
from github_sandbox import Fault, Sandbox, World
from sandboxed_action import ACR_SPEC, Action, stored_triplet

ORGANIZATION = "organization: octo-org"
REPOSITORY = "repository: octo-org/app"
USER = "user: octocat"
ENVIRONMENT = {"ACR_PASSWORD": "the password"}


def spec(*targets: str) -> str:
    """Return a spec with these targets, each the inside of a YAML flow mapping."""
    return ACR_SPEC + f"    targets: [{', '.join(f'{{{target}}}' for target in targets)}]\n"


def errors(action: Action, *targets: str, **inputs: str) -> list[str]:
    """Return the error annotations of a run that must fail without a change."""
    step = action.step(spec(*targets), ENVIRONMENT, **inputs)
    assert step.exit_code == 1, step.stdout
    assert step.outputs.get("changed", "false") == "false"
    return step.annotations("error")


def test_an_invalid_token_stops_the_run(sandbox: Sandbox, action: Action) -> None:
    """After the first 401 there are no more requests, for any number of targets."""
    targets = [f"repository: octo-org/svc-{number:03}" for number in range(60)]

    (message,) = errors(action, *targets, token="not-a-token")

    assert message.startswith("GitHub rejects the token (401: Bad credentials); it is wrong,")
    assert len(sandbox.exchanges) == 1


# Target, scopes of the token, missing scope, and missing permission.
CASES = [
    (ORGANIZATION, ("repo", "codespace"), "admin:org", "organization_codespaces_secrets: write"),
    (REPOSITORY, ("admin:org", "codespace"), "repo", "codespaces_secrets: write"),
    (USER, ("repo", "admin:org"), "codespace:secrets", "codespaces_user_secrets: write"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_a_classic_token_without_the_scope_is_reported(
    world: World, action: Action, case: tuple[str, tuple[str, ...], str, str]
) -> None:
    """The message names the scope, and the permission for other tokens."""
    target, scopes, scope, permission = case
    world.add_token("ghp_narrow", user="octocat", scopes=scopes)

    (message,) = errors(action, target, token="ghp_narrow")

    assert f"a classic token needs the scope {scope}" in message
    assert permission in message


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_a_fine_grained_token_without_the_permission_is_reported(
    world: World, action: Action, case: tuple[str, tuple[str, ...], str, str]
) -> None:
    """The message names the permission, and those that GitHub accepts."""
    target, _, _, permission = case
    owner = "octocat" if target == USER else "octo-org"
    world.add_fine_grained_token(
        "github_pat_narrow", user="octocat", owner=owner, permissions={"metadata": "read"}
    )

    (message,) = errors(action, target, token="github_pat_narrow")

    assert "Resource not accessible by personal access token" in message
    assert permission in message
    assert "GitHub accepts these permissions: " in message


@pytest.mark.parametrize("target", [ORGANIZATION, REPOSITORY])
def test_github_token_can_never_have_the_permission(
    world: World, action: Action, target: str
) -> None:
    """No setting of a workflow gives it this permission."""
    world.add_actions_token("ghs_workflow", repository="octo-org/app")

    (message,) = errors(action, target, token="ghs_workflow")

    assert "GITHUB_TOKEN can never have this permission" in message


def test_an_installation_token_cannot_manage_user_secrets(world: World, action: Action) -> None:
    """The token of an App cannot manage a user's secrets."""
    world.add_actions_token("ghs_workflow", repository="octo-org/app")

    (message,) = errors(action, USER, token="ghs_workflow")

    assert "can never manage a user's secrets" in message
    assert "codespaces_user_secrets: write" in message


def test_an_app_with_a_user_target_is_rejected_without_a_request(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """With `app-id`, the run fails before any request."""
    add_app(world, {"octo-org": {"codespaces_secrets": "write"}})

    (message,) = errors(action, USER, **app_inputs())

    assert "a GitHub App can never manage a user's secrets" in message
    assert "codespace:secrets" in message
    assert sandbox.exchanges == []


def test_an_app_that_is_not_installed_is_reported(world: World, action: Action) -> None:
    """GitHub returns 404 for the installation."""
    add_app(world, {})

    (message,) = errors(action, ORGANIZATION, **app_inputs())

    assert "the GitHub App is not installed for this target" in message


@pytest.mark.parametrize("target", [ORGANIZATION, REPOSITORY])
def test_an_app_without_the_permission_is_reported(
    world: World, action: Action, target: str
) -> None:
    """The message names the permission that the App's owner must grant."""
    add_app(world, {"octo-org": {"metadata": "read"}})

    (message,) = errors(action, target, **app_inputs())

    assert "a GitHub App needs" in message
    assert "codespaces_secrets: write" in message


def test_a_private_key_of_another_app_is_reported(world: World, action: Action) -> None:
    """The message about this 401 is about `app-id` and `app-private-key`, not about a token."""
    add_app(world, {"octo-org": {}})

    other_key = generate_private_key(65537, 2048)

    (message,) = errors(action, ORGANIZATION, **app_inputs(other_key))

    assert "`app-id` and `app-private-key` must belong together" in message


def test_an_app_that_does_not_exist_is_reported(action: Action) -> None:
    """GitHub returns 404 for the App, and the message names `app-id`."""
    (message,) = errors(action, ORGANIZATION, **app_inputs(app_id=4321))

    assert "there is no GitHub App with this `app-id`" in message


def test_a_token_without_single_sign_on_is_reported(world: World, action: Action) -> None:
    """The message has the URL of the page that authorizes the token."""
    world.require_sso("octo-org")

    (message,) = errors(action, ORGANIZATION)

    assert "the organization requires single sign-on; authorize the token at http" in message


def test_an_organization_on_the_free_plan_is_reported(world: World, action: Action) -> None:
    """GitHub returns 404 because of the plan."""
    world.add_organization("free-org", plan="free", owners=("octocat",))

    (message,) = errors(action, "organization: free-org")

    assert "is on the Free plan" in message
    assert "GitHub Team or GitHub Enterprise Cloud" in message


def test_an_organization_that_does_not_exist_is_reported(action: Action) -> None:
    """The message names all possible causes, because GitHub returns 404 for each."""
    (message,) = errors(action, "organization: nobody")

    assert "organization:nobody is blocked: GitHub returned 404" in message
    assert "the token's user is not an owner of it" in message


def test_a_repository_that_does_not_exist_is_reported(action: Action) -> None:
    """The message names the scope that the token needs to see it."""
    (message,) = errors(action, "repository: octo-org/nothing")

    assert "the repository does not exist, or the token cannot see it" in message
    assert "a classic token needs the scope repo" in message


def test_a_target_of_another_user_is_blocked(world: World, action: Action) -> None:
    """A token can manage only the secrets of its own user."""
    world.add_user("hubot")

    (message,) = errors(action, "user: hubot")

    assert "the token belongs to octocat and cannot manage the secrets of another user" in message


def test_an_archived_repository_is_blocked(world: World, action: Action) -> None:
    """The plan blocks it, because GitHub rejects writes to it."""
    world.add_repository("octo-org/attic", archived=True)

    (message,) = errors(action, "repository: octo-org/attic")

    assert "repository:octo-org/attic is blocked: the repository is archived" in message


def test_an_archived_repository_that_is_in_no_list_yet_is_blocked(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """A list can lag behind, so what it lacks is read by its name."""
    names = ("octo-org/app", "octo-org/svc-001", "octo-org/attic")
    world.add_repository("octo-org/attic", archived=True)
    sandbox.fail(Fault("GET", "/orgs/octo-org/repos", status=200, body="[]", times=None))

    step = action.step(spec(*(f"repository: {name}" for name in names)), ENVIRONMENT)

    (message,) = step.annotations("error")
    assert "repository:octo-org/attic is blocked: the repository is archived" in message
    assert step.outputs["created"] == "2"
    read = {exchange.path for exchange in sandbox.exchanges}
    assert {f"/repos/{name}" for name in names} <= read


def test_a_repository_that_is_archived_during_the_run_is_reported(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """GitHub rejects the write; the next run blocks the target."""
    body = '{"message": "Repository was archived so is read-only."}'
    sandbox.fail(Fault("PUT", status=403, body=body, times=None))

    step = action.step(spec("repository: octo-org/app"), ENVIRONMENT)

    assert step.exit_code == 1
    assert "the repository is archived (Repository was archived so is read-only)" in step.stdout
    assert "unarchive it, or remove it from the spec" in step.stdout


def test_a_long_rate_limit_is_reported(sandbox: Sandbox, action: Action) -> None:
    """A run waits at most 15 minutes for a rate limit."""
    body = '{"message": "API rate limit exceeded for user ID 1."}'
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "4102444800"}
    sandbox.fail(Fault(status=403, body=body, headers=headers, times=None))

    (message,) = errors(action, ORGANIZATION)

    assert "GitHub's rate limit is used up" in message


def test_a_misspelled_repository_is_reported_with_a_suggestion(
    world: World, action: Action
) -> None:
    """The annotation is at the target's line of the spec."""
    stored_triplet(world, "organization:octo-org", visibility="selected")
    target = f"{ORGANIZATION}, repositories: [svc-001, svc-002, svc-003, ap]"

    step = action.step(spec(target), ENVIRONMENT)

    assert step.exit_code == 1
    (message,) = step.annotations("error")
    assert message == (
        "input `spec`:8: registries[0].targets[0]: ACR at organization:octo-org is blocked: no "
        "such repository, or the token cannot see it: octo-org/ap (did you mean octo-org/app?)"
    )
    assert step.outputs["blocked"] == "1"


def test_a_blocked_target_does_not_stop_the_others(world: World, action: Action) -> None:
    """The other target is written, and the run fails."""
    step = action.step(spec(REPOSITORY, "repository: octo-org/nothing"), ENVIRONMENT)

    assert step.exit_code == 1
    assert len(world.secrets("repository:octo-org/app")) == 3
    assert (step.outputs["created"], step.outputs["blocked"]) == ("1", "1")


def test_an_app_requests_one_installation_token_for_each_owner(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """The App is installed for two owners, and requests one token for each."""
    permissions = {"codespaces_secrets": "write", "organization_codespaces_secrets": "write"}
    add_app(world, {"octo-org": permissions, "octocat": permissions})
    text = spec(REPOSITORY, ORGANIZATION, "repository: octocat/dotfiles")

    step = action.step(text, ENVIRONMENT, **app_inputs())

    assert step.exit_code == 0, step.stdout
    assert step.outputs["created"] == "3"
    tokens = [
        exchange for exchange in sandbox.exchanges if exchange.path.endswith("/access_tokens")
    ]
    assert len(tokens) == 2
