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


def write_spec(github: CommandLine, *registries: str) -> None:
    (github.folder / ".github").mkdir()
    spec = f"version: 1\nregistries: [{', '.join(registries)}]\n"
    (github.folder / ".github/codespaces-registries.yml").write_text(spec)


DOCKERFILE = """
ARG VERSION=1.2
FROM mycompany.azurecr.io/team/base:$VERSION AS base
FROM quay.io/octo/tools
COPY --from=base /opt /opt
"""
CONFIGURATION = {
    "build": {"dockerfile": "Dockerfile"},
    "features": {"ghcr.io/devcontainers/features/node:1": {}, "ghcr.io/octo-org/tool:1": {}},
}


def add_dev_container(world: World, repository: str, configuration: object) -> None:
    text = json.dumps(configuration)
    world.put_file(repository, ".devcontainer/devcontainer.json", text)
    world.put_file(repository, ".devcontainer/Dockerfile", DOCKERFILE)


def test_each_image_of_the_dev_container_has_its_registry(
    github: CommandLine, world: World
) -> None:
    """Which triplet it uses, and what is missing: one notice a server."""
    add_dev_container(world, "octo-org/api", CONFIGURATION)
    write_spec(
        github, "{id: ACR, server: mycompany.azurecr.io}", "{id: GHCR, registry: ghcr, targets: []}"
    )
    result = github.run("doctor", "octo-org/api")
    assert (result.code, result.err) == (0, "")
    assert result.out.endswith(
        """
Images of the dev container
  ghcr.io/devcontainers/features/node: public, needs no login
  ghcr.io/octo-org/tool: GHCR, in the spec, but no secret of it is stored for this repository
  mycompany.azurecr.io/team/base: ACR, a codespace can log in
  quay.io/octo/tools: no triplet has the server quay.io
"""
    )
    notices = [line for line in result.out.splitlines() if line.startswith("  notice: ")]
    assert notices == [
        f"  notice: the dev container pulls from {image.partition('/')[0]}, and no triplet that the "
        f"codespace gets has this server: {image}; add one if the images are private"
        for image in ("ghcr.io/octo-org/tool", "quay.io/octo/tools")
    ]


def test_without_a_spec_the_servers_of_triplets_are_unknown(
    github: CommandLine, world: World
) -> None:
    add_dev_container(world, "octo-org/api", {"image": "mycompany.azurecr.io/app"})
    document = json.loads(github.run("doctor", "octo-org/api", "--json").out)
    assert document["images"] == [
        {
            "image": "mycompany.azurecr.io/app",
            "server": "mycompany.azurecr.io",
            "registry": None,
            "can_pull": None,
            "reason": "unknown: only a spec tells the server of ACR",
        }
    ]
    assert document["problems"] == []


def test_an_image_of_a_registry_without_a_login_is_told(github: CommandLine, world: World) -> None:
    """The list of the organization's triplet leaves the repository out."""
    add_dev_container(world, "octo-org/app", {"image": "mycompany.azurecr.io/app"})
    write_spec(github, "{id: ACR, server: mycompany.azurecr.io}")
    result = github.run("doctor", "octo-org/app")
    assert result.code == 1
    assert "  mycompany.azurecr.io/app: ACR, a codespace cannot log in\n" in result.out


def test_a_dev_container_that_cannot_be_read_is_a_warning(
    github: CommandLine, world: World, sandbox: Sandbox
) -> None:
    """The secrets are diagnosed all the same."""
    add_dev_container(world, "octo-org/api", {"image": "${localEnv:IMAGE}"})
    result = github.run("doctor", "octo-org/api")
    assert result.code == 0
    assert "  warning: .devcontainer/devcontainer.json: " in result.out
    sandbox.fail(Fault(path="/graphql", status=403, body="{}", times=None))
    result = github.run("doctor", "octo-org/api")
    assert result.code == 0
    assert "  warning: GitHub denied the request (); " in result.out
    assert "contents: read" in result.out
    assert "ACR: a codespace can log in" in result.out


def test_only_leaves_the_images_out(github: CommandLine, world: World, sandbox: Sandbox) -> None:
    add_dev_container(world, "octo-org/api", CONFIGURATION)
    result = github.run("doctor", "octo-org/api", "--only", "ACR")
    assert "Images" not in result.out
    assert not [e for e in sandbox.exchanges if e.path == "/graphql"]


def test_a_registry_that_no_image_comes_from_is_not_needed(
    github: CommandLine, world: World
) -> None:
    """Other repositories of the organization need it, so it is no problem of this one."""
    add_dev_container(world, "octo-org/app", {"image": "mcr.microsoft.com/devcontainers/base"})
    assert github.run("doctor", "octo-org/app").code == 1  # nothing tells the server
    write_spec(github, "{id: ACR, server: mycompany.azurecr.io}")
    result = github.run("doctor", "octo-org/app")
    assert result.code == 0
    headline = "ACR (mycompany.azurecr.io): not needed, no image of the dev container is there"
    assert result.out.splitlines()[2:4] == [headline, ""]
    (registry,) = json.loads(github.run("doctor", "octo-org/app", "--json").out)["registries"]
    assert (registry["needed"], registry["can_log_in"]) == (False, False)
    add_dev_container(world, "octo-org/app", {"image": "${localEnv:IMAGE}"})
    assert github.run("doctor", "octo-org/app").code == 1
