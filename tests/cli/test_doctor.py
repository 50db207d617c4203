"""The command `doctor`, against a sandbox."""

from __future__ import annotations

import json

import pytest

from command_line import CommandLine, organization_world, signed_in
from github_sandbox import Fault, Sandbox, World
from sandboxed_action import stored_triplet

ORGANIZATION = "organization:octo-org"


@pytest.fixture
def world() -> World:
    return organization_world()


@pytest.fixture
def github(cli: CommandLine, sandbox: Sandbox) -> CommandLine:
    return signed_in(cli, sandbox)


def test_a_repository_on_the_list_can_log_in(github: CommandLine) -> None:
    result = github.run("doctor", "octo-org/api")
    assert (result.code, result.err) == (0, "")
    assert result.out == (
        "octo-org/api\n\nACR: a codespace can log in, with the secrets of organization:octo-org\n"
    )


def test_a_repository_that_the_list_leaves_out_cannot(github: CommandLine) -> None:
    """Exit code 1, with the reason for each secret."""
    result = github.run("doctor", "octo-org/app")
    assert result.code == 1
    assert "ACR: a codespace cannot log in\n" in result.out
    assert result.out.count("octo-org/app is not one of its selected repositories") == 3


def test_json_has_where_each_secret_comes_from(github: CommandLine, world: World) -> None:
    """The repository's secret takes precedence over that of the organization."""
    world.put_secret("repository:octo-org/api", "ACR_CONTAINER_REGISTRY_PASSWORD", b"new")
    result = github.run("doctor", "octo-org/api", "--only", "acr", "--json")
    document = json.loads(result.out)
    assert result.code == 0
    assert document["can_log_in"] is True
    (registry,) = document["registries"]
    assert registry["secrets"] == {
        "ACR_CONTAINER_REGISTRY_SERVER": ORGANIZATION,
        "ACR_CONTAINER_REGISTRY_USER": ORGANIZATION,
        "ACR_CONTAINER_REGISTRY_PASSWORD": "repository:octo-org/api",
    }
    assert {problem["level"] for problem in registry["problems"]} == {"warning"}


def test_the_spec_tells_the_server(github: CommandLine) -> None:
    """The default one if it exists, or the one of the option, even if it has errors."""
    folder = github.folder / ".github"
    folder.mkdir()
    spec = "version: 1\nregistries: [{id: ACR, server: mycompany.azurecr.io}]\n"
    (folder / "codespaces-registries.yml").write_text(spec)
    assert "ACR (mycompany.azurecr.io): a codespace can" in github.run("doctor", "octo-org/api").out
    (github.folder / "wrong.yml").write_text(spec.replace("mycompany", "MyCompany"))
    result = github.run("doctor", "octo-org/api", "--spec-file", "wrong.yml")
    assert result.code == 1
    assert "error: the server in the spec: Codespaces would not match" in result.out
    missing = github.run("doctor", "octo-org/api", "--spec-file", "none.yml")
    assert (missing.code, missing.out) == (1, "")
    assert missing.err.startswith("none.yml: ")


def test_a_scope_that_cannot_be_read_is_a_warning(
    github: CommandLine, sandbox: Sandbox, world: World
) -> None:
    """The others still tell something."""
    stored_triplet(world, "user:octocat", repositories=["octo-org/app"])
    sandbox.fail(Fault(path="/orgs/octo-org/codespaces", status=403, times=None))
    result = github.run("doctor", "octo-org/app")
    assert result.code == 0
    assert "warning: the secrets of organization:octo-org are unknown: " in result.out
    assert "with the secrets of user:octocat" in result.out


def test_a_former_name_is_followed(github: CommandLine, world: World) -> None:
    world.rename("octo-org/api", "octo-org/service")
    result = github.run("doctor", "octo-org/api")
    assert result.code == 0
    assert result.out.startswith("octo-org/service\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "requires an argument"),
        (("octo-org",), "error: octo-org: must be owner/name"),
        (("octo-org/..",), "error: octo-org/..: must be owner/name"),
        (("octo-org/none",), "error: octo-org/none: no such repository, or the token cannot see"),
        (("octo-org/api", "--only", "a b"), "--only: "),
        (("octo-org/api", "--token-file", "none"), "--token-file none: cannot be read"),
    ],
)
def test_bad_input_is_an_error(
    github: CommandLine, arguments: tuple[str, ...], message: str
) -> None:
    result = github.run("doctor", *arguments)
    assert (result.code, result.out) == (1, "")
    assert message in result.err
    assert "Traceback" not in result.err


def test_a_registry_without_secrets_is_no_login(github: CommandLine) -> None:
    result = github.run("doctor", "octo-org/api", "--only", "GHCR")
    assert result.code == 1
    assert result.out.count("does not exist") == 3
