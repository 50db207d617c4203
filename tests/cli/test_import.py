"""The command `import`, against a sandbox."""

from __future__ import annotations

import pytest

from command_line import CommandLine, organization_world, signed_in
from github_sandbox import Fault, Sandbox, World
from sandboxed_action import stored_triplet

ORGANIZATION = "organization:octo-org"
APP = "repository:octo-org/app"


@pytest.fixture
def world() -> World:
    world = organization_world()
    stored_triplet(world, "user:octocat", repositories=["octocat/dotfiles"])
    world.put_secret(APP, "ACR_CONTAINER_REGISTRY_USER", b"old")
    return world


@pytest.fixture
def github(cli: CommandLine, sandbox: Sandbox) -> CommandLine:
    return signed_in(cli, sandbox)


def test_it_prints_a_spec_with_placeholders(github: CommandLine) -> None:
    """`validate` reports each server to fill in, and nothing else."""
    result = github.run("import", ORGANIZATION, APP, "user:@me")
    assert result.code == 0
    assert (
        result.out
        == """\
# The registry secrets that GitHub stores. It never returns their values.
version: 1

defaults:
  rotate: missing # write no secret that exists; remove it to rotate credentials

registries:
  - id: ACR
    server: "<server>" # fill in
    username: {env: ACR_USERNAME}
    password: {env: ACR_PASSWORD}
    targets:
      - organization: octo-org
        visibility: selected
        repositories: [api]
      # incomplete: without ACR_CONTAINER_REGISTRY_PASSWORD and ACR_CONTAINER_REGISTRY_SERVER
      # - repository: octo-org/app
      - user: octocat
        repositories: [octocat/dotfiles]
"""
    )
    assert result.err == (
        "warning: ACR at repository:octo-org/app is incomplete: no ACR_CONTAINER_REGISTRY_PASSWORD and "
        "ACR_CONTAINER_REGISTRY_SERVER\n"
    )
    checked = github.run("validate", "-", stdin=result.out)
    assert checked.code == 1
    assert checked.out.startswith("<stdin>:9:5: registries[0].server: fill in the server")
    assert len(checked.out.splitlines()) == 1


def test_a_given_server_makes_the_spec_valid(github: CommandLine) -> None:
    """The id is in any case."""
    result = github.run("import", ORGANIZATION, "--server", "acr=mycompany.azurecr.io")
    assert "server: mycompany.azurecr.io\n" in result.out
    assert github.run("validate", "-", stdin=result.out).code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "TARGET: required"),
        (("octo-org",), "octo-org: must be `organization:NAME`"),
        (("repository:octo-org/svc-*",), "repository:octo-org/svc-*: globs are not supported"),
        (("repository:octo-org",), "repository:octo-org: must be owner/name"),
        (("organization:../user",), "organization:../user: must be the login"),
        ((ORGANIZATION, "--server", "ACR"), "--server: ACR: must be ID=SERVER"),
        ((ORGANIZATION, "--server", "ACR=https://ghcr.io"), "Codespaces would not match"),
        ((ORGANIZATION, "--server", "X=ghcr.io"), "--server: X: no target has secrets for this"),
        (
            (ORGANIZATION, "--server", "A=ghcr.io", "--server", "a=ghcr.io"),
            "--server: a=ghcr.io: A has a server already",
        ),
        (("repository:octo-org/none",), "repository:octo-org/none: "),
        (("user:hubot",), "user:hubot: the token belongs to octocat; write user:@me"),
        (("repository:octo-org/api",), "there are no registry secrets at repository:octo-org/api"),
        ((ORGANIZATION, "--api-url", "http://example.com"), "--api-url: must start with https://"),
    ],
)
def test_what_cannot_be_imported_is_an_error(
    github: CommandLine, arguments: tuple[str, ...], message: str
) -> None:
    """And no spec is printed."""
    result = github.run("import", *arguments)
    assert (result.code, result.out) == (1, "")
    assert message in result.err
    assert "Traceback" not in result.err


def test_a_target_that_cannot_be_read_prints_no_spec(github: CommandLine, sandbox: Sandbox) -> None:
    """A spec without it would look complete."""
    sandbox.fail(Fault(path="/repos/octo-org/app", status=403, times=None))
    result = github.run("import", ORGANIZATION, APP)
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("error: repository:octo-org/app: ")


def test_without_a_token_it_says_how_to_pass_one(cli: CommandLine) -> None:
    """No request is sent."""
    result = cli.run("import", ORGANIZATION, PATH="/nonexistent:/usr/bin:/bin")
    assert (result.code, result.out) == (1, "")
    assert "no token" in result.err
