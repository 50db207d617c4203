"""Unexpected responses affect only their target, and the outputs are correct."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from github_app import add_app, app_inputs
from github_sandbox import Fault, Sandbox, World
from sandboxed_action import ACR_SPEC, TRIPLET, Action, stored_triplet

SPEC = (
    ACR_SPEC
    + "    targets: [{repository: octo-org/app}, {repository: octo-org/svc-001}, {repository: octo-org/svc-002}]\n"
)
ENVIRONMENT = {"ACR_PASSWORD": "new"}
# Headers of GitHub, or of a proxy in front of it, that PyGithub cannot parse.
INVALID_HEADERS: Mapping[str, Mapping[str, str]] = {
    "a remainder without a limit": {"X-RateLimit-Remaining": "7", "X-RateLimit-Limit": ""},
    "a limit that is not a number": {"X-RateLimit-Limit": "many"},
    "a reset that is not a number": {"X-RateLimit-Reset": "soon"},
    "an invalid date": {"Date": "yesterday"},
    "an empty date": {"Date": ""},
    "a date out of range": {"Date": "Tue, 99 Nov 2026 10:00:00 GMT"},
}


def outcomes(plan: str) -> dict[str, str]:
    """Return the outcome of each target."""
    return {change["target"]: change["outcome"] for change in json.loads(plan)["changes"]}


@pytest.mark.parametrize("headers", INVALID_HEADERS.values(), ids=INVALID_HEADERS)
def test_invalid_headers_after_a_write_do_not_fail_other_targets(
    world: World, sandbox: Sandbox, action: Action, headers: Mapping[str, str]
) -> None:
    """An invalid response to a write; the others are applied, and the report is complete."""
    sandbox.fail(Fault("PUT", "/svc-001/.*_USER$", status=None, headers=headers, times=None))

    step = action.step(SPEC, ENVIRONMENT)

    target_outcomes = outcomes(step.outputs["plan"])
    assert (
        target_outcomes["repository:octo-org/app"]
        == target_outcomes["repository:octo-org/svc-002"]
        == "applied"
    )
    assert step.exit_code == (1 if "failed" in target_outcomes.values() else 0)
    assert "an error in this Action" not in step.stdout
    assert step.summary
    assert set(world.secrets("repository:octo-org/svc-002")) == set(TRIPLET)


@pytest.mark.parametrize("headers", INVALID_HEADERS.values(), ids=INVALID_HEADERS)
def test_invalid_headers_after_a_read_do_not_block_other_targets(
    sandbox: Sandbox, action: Action, headers: Mapping[str, str]
) -> None:
    """An invalid response to a read."""
    sandbox.fail(Fault("GET", "/svc-001/", status=None, headers=headers, times=None))

    step = action.step(SPEC, ENVIRONMENT)

    target_outcomes = outcomes(step.outputs["plan"])
    assert (
        target_outcomes["repository:octo-org/app"]
        == target_outcomes["repository:octo-org/svc-002"]
        == "applied"
    )
    assert "an error in this Action" not in step.stdout


@pytest.mark.parametrize(
    "fault",
    [
        Fault("POST", "/access_tokens", nth=2, status=201, body="[]", times=None),
        Fault("POST", "/access_tokens", nth=2, status=201, body='{"token": 7}', times=None),
        Fault("POST", "/access_tokens", nth=2, status=422, body="no", times=None),
        # Each try is repeated, with pauses.
        pytest.param(
            Fault("POST", "/access_tokens", nth=2, status=500, times=None), marks=pytest.mark.slow
        ),
        pytest.param(
            Fault("POST", "/access_tokens", nth=2, drop=True, times=None), marks=pytest.mark.slow
        ),
    ],
    ids=["a list", "a number", "rejected", "server error", "dropped"],
)
def test_an_installation_token_that_cannot_be_renewed_fails_its_targets(
    world: World, sandbox: Sandbox, action: Action, fault: Fault
) -> None:
    """Tokens of installations expire after an hour. In this test they expire at once."""
    add_app(world, {"octo-org": {"codespaces_secrets": "write", "metadata": "read"}})
    world.installation_token_lifetime = timedelta(minutes=4)
    sandbox.fail(fault)

    step = action.step(SPEC, ENVIRONMENT, **app_inputs())

    assert step.exit_code == 1
    assert "an error in this Action" not in step.stdout
    assert len(outcomes(step.outputs["plan"])) == 3


def test_changed_is_true_if_a_part_of_a_change_was_written(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """`ensure` sends one request for each repository, and the second one fails."""
    stored_triplet(world, "organization:octo-org", visibility="selected")
    selection = "{mode: ensure, include: [app, svc-001]}"
    spec = "version: 1\nregistries:\n  - id: ACR\n    targets:\n"
    spec += f"      - {{organization: octo-org, repositories: {selection}}}\n"
    sandbox.fail(Fault("PUT", "/repositories/", nth=2, status=422, times=None))

    step = action.step(spec)

    assert step.exit_code == 1
    assert (step.outputs["changed"], step.outputs["access-changed"]) == ("true", "0")


@pytest.mark.parametrize(("fault", "changed"), [
    (Fault("PUT", status=500, when="after", times=None), "true"),
    (Fault("PUT", drop=True, when="after", times=None), "true"),
    (Fault("PUT", status=403, times=None), "false"),
    (Fault("PUT", status=422, times=None), "false"),
])  # fmt: skip
def test_changed_is_true_if_a_write_was_possibly_executed(
    sandbox: Sandbox, action: Action, fault: Fault, changed: str
) -> None:
    """The response is lost. If GitHub rejects the request, nothing was written."""
    sandbox.fail(fault)

    step = action.step(SPEC, ENVIRONMENT)

    assert step.exit_code == 1
    assert step.outputs["changed"] == changed


def test_an_unexpected_error_affects_only_its_target(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """The public key is invalid for libsodium. The message has the error's type and place, and no value."""
    zeros = '{"key_id": "1", "key": "' + "A" * 43 + '="}'
    sandbox.fail(Fault("GET", "/svc-001/.*/public-key", status=200, body=zeros, times=None))

    step = action.step(SPEC, ENVIRONMENT)

    assert step.exit_code == 1
    assert (step.outputs["created"], step.outputs["failed"]) == ("2", "1")
    (error,) = step.annotations("error")
    assert "an error in this Action, please report it" in error
    assert step.summary


@pytest.mark.parametrize(
    "fault",
    [
        Fault("GET", "/orgs/octo-org/repos", status=None, headers={"Link": '<http://[>; rel="last"'}),
        Fault("GET", "/orgs/octo-org/repos", status=None, headers={"Link": '<http://[>; rel="next"'}),
        Fault("GET", "/orgs/octo-org/repos", status=200, body='[{"id": [1], "full_name": "o/a"}]'),
        Fault("GET", "/orgs/octo-org/repos", status=200, body='[{"id": 1, "full_name": "o/a", "topics": [[]]}]'),
    ],
    ids=["last page", "next page", "id", "topic"],
)  # fmt: skip
def test_an_invalid_list_blocks_only_its_target(
    sandbox: Sandbox, action: Action, fault: Fault
) -> None:
    """For invalid headers and bodies."""
    sandbox.fail(replace(fault, times=None))
    targets = '{organization: octo-org, repositories: ["svc-*"]}, {repository: octo-org/app}'
    spec = f"{SPEC[: SPEC.index('targets')]}targets: [{targets}]"

    step = action.step(spec, ENVIRONMENT)

    assert step.exit_code == 1
    assert (step.outputs["created"], step.outputs["blocked"]) == ("1", "1")
    assert "an error in this Action" not in step.stdout


@pytest.mark.parametrize(
    "link",
    [
        '<{url}/orgs/octo-org/repos?page=7>; rel="next"',
        '<{url}/orgs/octo-org/repos?page=3000000>; rel="last"',
        '<{url}/orgs/octo-org/repos?page=\u00b2>; rel="last"',
    ],
    ids=["itself", "millions", "not a number"],
)
def test_an_endless_list_blocks_its_target(sandbox: Sandbox, action: Action, link: str) -> None:
    """Its pages are empty, so the check for repeated pages does not apply."""
    headers = {"Link": link.format(url=action.url)}
    sandbox.fail(
        Fault("GET", "/orgs/octo-org/repos", status=200, body="[]", headers=headers, times=None)
    )
    targets = '{organization: octo-org, repositories: ["svc-*"]}'
    spec = f"{SPEC[: SPEC.index('targets')]}targets: [{targets}]"

    step = action.step(spec, ENVIRONMENT)

    assert step.exit_code == 1
    assert step.outputs["blocked"] == "1"
    assert len(sandbox.exchanges) < 20


@pytest.mark.parametrize("status", [403, 429])
def test_changed_is_true_if_an_earlier_attempt_was_executed(
    world: World, sandbox: Sandbox, action: Action, status: int
) -> None:
    """GitHub executed the write, but returned 502, and rejects the retry."""
    sandbox.fail(Fault("PUT", "/octo-org/app/.*_PASSWORD$", status=502, when="after"))
    headers = {"retry-after": "3600"} if status == 429 else {}
    sandbox.fail(
        Fault(
            "PUT", "/octo-org/app/.*_PASSWORD$", nth=2, status=status, headers=headers, times=None
        )
    )
    spec = f"{SPEC[: SPEC.index('targets')]}targets: [{{repository: octo-org/app}}]"

    step = action.step(spec, ENVIRONMENT)

    assert step.exit_code == 1
    assert len(world.secrets("repository:octo-org/app")) == 1
    assert step.outputs["changed"] == "true"


def test_an_unknown_age_of_a_source_affects_only_its_triplets(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """Only triplets with this source are rotated."""
    long_ago = datetime.now(UTC) - timedelta(days=9)
    entries = ""
    for name in ("ONE", "TWO", "SIX"):
        world.put_actions_secret("repository:octo-org/app", name, updated_at=long_ago)
        stored_triplet(world, "repository:octo-org/app", registry=name)
        entries += (
            f"  - {{id: {name}, server: {name.lower()}.example.com, username: me, "
            f"password: {{secret: {name}}}, targets: [{{repository: octo-org/app}}]}}\n"
        )
    sandbox.fail(Fault("GET", "/actions/secrets/TWO", status=403, times=None))

    step = action.step(
        f"version: 1\nregistries:\n{entries}", dict.fromkeys(["ONE", "TWO", "SIX"], "x")
    )

    assert step.exit_code == 0, step.stdout
    assert (step.outputs["rotated"], step.outputs["unchanged"]) == ("1", "2")
    assert step.stdout.count("cannot tell when the Actions secret") == 1


def test_an_app_that_is_not_installed_where_the_workflow_runs_is_a_warning(
    world: World, action: Action
) -> None:
    """It cannot read the age of a source there, so that one is written again."""
    add_app(world, {"octo-org": {"codespaces_secrets": "write", "metadata": "read"}})
    world.add_organization("other-org", owners=("octocat",))
    world.add_repository("other-org/infra")
    stored_triplet(world, "repository:octo-org/app")
    spec = ACR_SPEC.replace("env:", "secret:") + "    targets: [{repository: octo-org/app}]\n"
    action.run_in("other-org/infra", None)

    step = action.step(spec, ENVIRONMENT, **app_inputs())

    assert step.exit_code == 0, step.stdout
    (warning,) = step.annotations("warning")
    assert "cannot tell when the Actions secret ACR_PASSWORD last changed" in warning
    assert "install" in warning
    assert step.outputs["rotated"] == "1"


@pytest.mark.parametrize("expires", ["9999-12-31T23:59:59-09:00", "0001-01-01T00:00:00+09:00"])
def test_an_expiry_outside_the_range_of_utc_is_an_error_of_the_spec(
    sandbox: Sandbox, action: Action, expires: str
) -> None:
    """It is found before any request."""
    spec = SPEC.replace("    targets", f'    expires: "{expires}"\n    targets')

    step = action.step(spec, ENVIRONMENT)

    assert (step.exit_code, sandbox.exchanges) == (1, [])
    assert "expires: must be a date such as 2027-01-31" in step.stdout
