"""The inputs `allowed-servers` and `allowed-owners` limit what a spec can name."""

from __future__ import annotations

from pathlib import Path

import pytest

from codespaces_registry_secrets.errors import InvalidConfigError
from codespaces_registry_secrets.inputs.action_inputs import Inputs, input_notes, read_inputs
from codespaces_registry_secrets.inputs.sources import Sources
from codespaces_registry_secrets.model.allowlist import (
    Allowlist,
    is_allowed,
    matches_glob,
    not_allowed_message,
)
from codespaces_registry_secrets.spec.load import load_desired
from codespaces_registry_secrets.spec.yaml_document import parse
from runner_environment import input_variables

DOCKER_HUB = "https://index.docker.io/v1/"
SPEC = """\
version: 1
defaults: {username: me, password: {env: P}}
registries:
  - id: ACR
    registry: acr
    name: mycompany
    targets:
      - organization: Octo-Org
        repositories: [api]
      - repository: other-org/app
      - user: octocat
        repositories: {include: [octocat/dotfiles, other-org/svc-*], exclude: [elsewhere/*]}
      - user: "@me"
  - id: HUB
    registry: dockerhub
    targets: [{repository: octo-org/app}]
  - id: OWN
    server: registry.example.com:5000
    targets: [{repository: octo-org/app}]
  - id: ACCESS
    access-only: true
    targets: [{organization: octo-org}]
"""


def read(**inputs: str) -> Inputs:
    """Read inputs; `_` in a name stands for `-`."""
    named = {name.replace("_", "-"): text for name, text in inputs.items()}
    return read_inputs(input_variables({"token": "t", **named}))


def errors(allowed: Allowlist | None, only: str = "", text: str = SPEC) -> list[str]:
    """The errors in the spec, without the name of its file."""
    sources = Sources({"P": "x"}, Path(), lambda _: None)
    ids = frozenset(filter(None, [only]))
    try:
        load_desired(parse(text, "spec.yml"), sources.find_error, only=ids, allowed=allowed)
    except InvalidConfigError as error:
        return [str(item).removeprefix("spec.yml") for item in error.errors]
    return []


@pytest.mark.parametrize(
    ("pattern", "name", "matched"),
    [
        ("ghcr.io", "ghcr.io", True),
        ("*.azurecr.io", "mycompany.azurecr.io", True),
        ("*.azurecr.io", "azurecr.io", False),
        ("*.azurecr.io", "mycompany.azurecr.io.example.com", False),
        ("registry.example.com:*", "registry.example.com:5000", True),
        ("registry.example.com", "registry.example.com:5000", False),
        ("[!a]*.gcr.io", "eu.gcr.io", True),
        ("[!a]*.gcr.io", "asia.gcr.io", False),
        (DOCKER_HUB, DOCKER_HUB, True),
        ("https://*/v1/", DOCKER_HUB, True),
        ("*", "ghcr.io", True),
        ("*", DOCKER_HUB, True),
        ("octo-*", "octo-org", True),
    ],
)
def test_a_star_in_a_glob_does_not_match_a_slash(pattern: str, name: str, matched: bool) -> None:
    """`*` alone matches everything, Docker Hub included."""
    assert matches_glob(pattern, name) == matched


def test_everything_is_allowed_without_patterns() -> None:
    """Patterns ignore letter case."""
    assert is_allowed((), "anything")
    assert is_allowed(("octo-*",), "Octo-Org")
    assert not is_allowed(("octo-*",), "other-org")


def test_a_server_that_is_not_allowed_has_its_location() -> None:
    """For each registry, those that `only` leaves out too, unless it has no server."""
    assert errors(Allowlist(servers=("*.azurecr.io",)), only="ACR") == [
        f":15: registries[1].registry: {DOCKER_HUB} is not allowed by the workflow's input `allowed-servers` (*.azurecr.io); correct the spec, or the input",
        ":18: registries[2].server: registry.example.com:5000 is not allowed by the workflow's input `allowed-servers` (*.azurecr.io); correct the spec, or the input",
    ]


def test_an_owner_that_is_not_allowed_has_its_location() -> None:
    """Of a target and of a listed repository. The owner of `@me` is not known yet."""
    assert errors(Allowlist(owners=("octo-*", "octocat"))) == [
        ":10: registries[0].targets[1].repository: other-org is not allowed by the workflow's input `allowed-owners` (octo-*, octocat); correct the spec, or the input",
        ":12: registries[0].targets[2].repositories.include[1]: other-org is not allowed by the workflow's input `allowed-owners` (octo-*, octocat); correct the spec, or the input",
    ]


def test_a_spec_within_the_allowlist_has_no_error() -> None:
    """Nor has one without an allowlist."""
    servers = ("*.azurecr.io", DOCKER_HUB, "registry.example.com:5000")
    assert errors(Allowlist(servers, ("octo-org", "other-org", "octocat"))) == []
    assert errors(Allowlist()) == []


def test_a_glob_of_organizations_needs_allowed_owners() -> None:
    """Its matches are not known yet, so it is not compared with them. A command has no inputs."""
    text = SPEC.replace("organization: Octo-Org", 'organization: "octo-*"')
    (error,) = errors(Allowlist(), only="HUB", text=text)

    assert error.startswith(
        ":8: registries[0].targets[0].organization: a glob of organizations needs the input "
        "`allowed-owners`, because anybody can create an organization whose name matches"
    )
    owners = ("octo-org", "other-org", "octocat")
    assert errors(Allowlist(owners=owners), text=text) == []
    assert errors(None, text=text) == []


def test_the_inputs_are_lists_in_any_letter_case() -> None:
    """Separated by commas or lines; empty entries are dropped."""
    inputs = read(
        allowed_servers=f"*.AzureCR.io,\n\n ghcr.io,{DOCKER_HUB}", allowed_owners="Octo-*"
    )

    assert inputs.allowed == Allowlist(("*.azurecr.io", "ghcr.io", DOCKER_HUB), ("octo-*",))
    assert read().allowed == Allowlist()


def test_a_host_that_only_ends_like_docker_hub_is_a_server_of_its_own() -> None:
    """`mydocker.io` is another domain than `docker.io`."""
    assert read(allowed_servers="*.mydocker.io").allowed_servers == ("*.mydocker.io",)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("servers", "docker.io", f"`docker.io`: Codespaces would not match this spelling; write `{DOCKER_HUB}`"),
        ("servers", "*.docker.io", f"`*.docker.io`: no server matches this spelling; write `{DOCKER_HUB}`"),
        ("servers", "https://*.azurecr.io/", "`https://*.azurecr.io/`: no server matches this spelling; write `*.azurecr.io`"),
        ("servers", "https://ghcr.io", "`https://ghcr.io`: Codespaces would not match this spelling; write `ghcr.io`"),
        ("servers", "ghcr.io, x[", "`x[`: a glob of servers has only letters, digits, `.`, `-`, `:`, `*`, `?` and `[…]`"),
        ("servers", "{a}, b c", "`{a}`: must be a host name or host:port, such as `registry.example.com:5000`; `b c`: must be a host name or host:port, such as `registry.example.com:5000`"),
        ("servers", " ,\n", "contains no entry; leave it empty to allow everything"),
        ("owners", "octo-org/app", "`octo-org/app`: must be the login of an owner, or a glob over logins"),
        ("owners", "octo-[", "`octo-[`: must be the login of an owner, or a glob over logins"),
    ],
)  # fmt: skip
def test_a_pattern_that_cannot_match_is_an_error(name: str, text: str, message: str) -> None:
    """It would reject everything."""
    with pytest.raises(InvalidConfigError) as caught:
        read(**{f"allowed_{name}": text})

    assert [str(error) for error in caught.value.errors] == [f"input `allowed-{name}`: {message}"]


@pytest.mark.parametrize(
    ("event", "inputs", "warned"),
    [
        ("pull_request", {}, True),
        ("pull_request_target", {"mode": "check"}, True),
        ("pull_request", {"verify": "off"}, False),
        ("pull_request", {"allowed_servers": "ghcr.io"}, False),
        ("push", {}, False),
        ("", {}, False),
    ],
)
def test_a_pull_request_that_can_send_credentials_anywhere_gets_a_warning(
    event: str, inputs: dict[str, str], warned: bool
) -> None:
    """Not without a login, and not with `allowed-servers`."""
    notes = list(input_notes(read(**inputs).model_copy(update={"event": event})))

    assert [note.level for note in notes] == ["warning"] * warned


def test_an_issuer_that_is_not_allowed_has_its_location() -> None:
    """The token for it is sent there, so it is limited as the servers are."""
    text = """\
version: 1
registries:
  - id: ACR
    server: registry.example.com
    generate: {kind: gitlab-deploy-token, store: S, url: 'https://gitlab.example.com', project: g/p, token: {env: P}}
    targets: [{repository: octo-org/app}]
"""
    servers = ("registry.example.com",)
    assert errors(Allowlist(servers=(*servers, "gitlab.example.com")), text=text) == []
    assert errors(Allowlist(servers=servers), text=text) == [
        ":5: registries[0].generate.url: "
        + not_allowed_message("gitlab.example.com", "allowed-servers", servers)
    ]
