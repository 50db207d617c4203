"""Read the spec from inline YAML, a file, or the shorthand inputs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from codespaces_registry_secrets.errors import InvalidConfigError, Location
from codespaces_registry_secrets.inputs.action_inputs import read_inputs
from codespaces_registry_secrets.inputs.sources import Sources
from codespaces_registry_secrets.model.desired import Desired
from codespaces_registry_secrets.spec.load import load_desired
from codespaces_registry_secrets.spec.locate import read_document
from codespaces_registry_secrets.spec.yaml_document import MAX_BYTES, parse

CREDENTIAL = {"INPUT_USERNAME": "me", "INPUT_PASSWORD": "pass-word"}


def loaded(workspace: Path, environ: Mapping[str, str]) -> tuple[Desired, ...]:
    """The desired state that the inputs describe."""
    environment = {
        "INPUT_TOKEN": "ghp_token",
        "GITHUB_WORKSPACE": str(workspace),
        "GITHUB_REPOSITORY": "octo-org/app",
        **environ,
    }
    inputs = read_inputs(environment)
    sources = Sources(environment, workspace, lambda _: None)
    return load_desired(
        read_document(inputs, has_credential=sources.has_credential),
        sources.find_error,
        inputs.rotate,
        inputs.only,
    )


def errors(workspace: Path, environ: Mapping[str, str]) -> list[str]:
    """The errors of the inputs and the spec."""
    with pytest.raises(InvalidConfigError) as caught:
        loaded(workspace, environ)
    return [str(error) for error in caught.value.errors]


def without_locations(triplet: Desired) -> Desired:
    """A desired triplet without the locations that it came from."""
    credential = triplet.credential and replace(triplet.credential, where=Location())
    return replace(triplet, credential=credential, where=Location())


SHORTHANDS = {
    "organization": (
        {
            "INPUT_TARGET": "organization:octo-org",
            "INPUT_VISIBILITY": "selected",
            "INPUT_REPOSITORIES": "api\n svc-* \n\n",
            "INPUT_REGISTRY": "ghcr",
        },
        "registry: ghcr",
        '{organization: octo-org, visibility: selected, repositories: [api, "svc-*"]}',
    ),
    "user": (
        {
            "INPUT_TARGET": "user:octocat",
            "INPUT_REPOSITORIES": "octo-org/app",
            "INPUT_SERVER": "registry.example.com:5000",
        },
        'server: "registry.example.com:5000"',
        "{user: octocat, repositories: [octo-org/app]}",
    ),
    "repository": (
        {"INPUT_TARGET": "repository:octo-org/api", "INPUT_REGISTRY": "dockerhub"},
        "registry: dockerhub",
        "{repository: octo-org/api}",
    ),
    "the repository that runs the workflow": (
        {"INPUT_REGISTRY": "dockerhub"},
        "registry: dockerhub",
        "{repository: octo-org/app}",
    ),
}


@pytest.mark.parametrize("case", SHORTHANDS.values(), ids=SHORTHANDS)
def test_the_shorthand_results_in_the_same_desired_state_as_yaml(
    tmp_path: Path, case: tuple[dict[str, str], str, str]
) -> None:
    """Only the locations differ."""
    inputs, server, target = case
    spec = f"""
version: 1
registries:
  - id: hub
    {server}
    username: {{input: username}}
    password: {{input: password}}
    targets: [{target}]
"""

    (short,) = loaded(tmp_path, {**CREDENTIAL, "INPUT_ID": "hub", **inputs})
    (long,) = loaded(tmp_path, {**CREDENTIAL, "INPUT_SPEC": spec})

    assert str(short.target) == str(long.target)
    assert without_locations(short) == without_locations(long)


def test_the_shorthand_without_a_credential_manages_access(tmp_path: Path) -> None:
    """It can add a repository to the list of an existing triplet."""
    environ = {"INPUT_ID": "ACR", "INPUT_TARGET": "organization:octo-org"}

    (triplet,) = loaded(tmp_path, {**environ, "INPUT_REPOSITORIES": "app"})

    assert triplet.credential is None
    assert triplet.selection is not None
    assert triplet.selection.include == ("octo-org/app",)


@pytest.mark.parametrize(
    ("inputs", "messages"),
    [
        (
            {"INPUT_SERVER": "https://x.example.com", **CREDENTIAL},
            [
                "input `server`: Codespaces would not match this spelling; write `x.example.com`",
            ],
        ),
        (
            {"INPUT_ID": "GitHub", "INPUT_REGISTRY": "ghcr", **CREDENTIAL},
            [
                "input `id`: choose another id: GitHub rejects secrets named GITHUB_…, such as GITHUB"
            ],
        ),
        (
            {"INPUT_REGISTRY": "acr", **CREDENTIAL},
            [
                "input `id`: `name` is required with `registry: acr`; add it, or set `server` instead"
            ],
        ),
        (
            {"INPUT_REGISTRY": "ghcr", "INPUT_USERNAME": "me"},
            ["input `password`: input `password` is not set; set it in the step's `with:`,"],
        ),
        (
            {"INPUT_REGISTRY": "ghcr", "INPUT_USERNAME": "me", "INPUT_PASSWORD": ""},
            ["input `password`: input `password` is empty; an Actions secret that does not exist"],
        ),
        (
            {"INPUT_TARGET": "octo-org"},
            [
                "input `target`: must be `organization:NAME`, `repository:NAME`, `user:NAME`",
            ],
        ),
        (
            {"INPUT_TARGET": "repository:octo-org/api", "INPUT_VISIBILITY": "all"},
            ["input `visibility`: only valid for an organization"],
        ),
        (
            {"INPUT_TARGET": "organization:octo-org", "INPUT_REPOSITORIES": "api, svc-[\nweb-["},
            [
                "input `repositories`: `svc-[`: invalid glob: each `[` needs a `]`",
                "input `repositories`: `web-[`: invalid glob: each `[` needs a `]`",
            ],
        ),
        (
            {"INPUT_TARGET": "organization:octo-org", "INPUT_VISIBILITY": "public"},
            ["input `visibility`: must be `all`, `private` or `selected`"],
        ),
    ],
)
def test_an_error_in_the_shorthand_names_the_input(
    tmp_path: Path, inputs: dict[str, str], messages: list[str]
) -> None:
    """It shows no line and no path of a spec that does not exist."""
    actual = errors(tmp_path, {"INPUT_ID": "ACR", **inputs})

    assert len(actual) == len(messages)
    for error, message in zip(actual, messages, strict=True):
        assert error.startswith(message)


@pytest.mark.parametrize(
    ("text", "included"),
    [
        ("api,web", ("octo-org/api", "octo-org/web")),
        ("api, \r\n svc-*\n\n,web", ("octo-org/api", "octo-org/svc-*", "octo-org/web")),
        ("[]", ()),
    ],
)
def test_repositories_of_the_shorthand_are_a_list(
    tmp_path: Path, text: str, included: tuple[str, ...]
) -> None:
    """Separated by commas and lines; `[]` clears the list, as in YAML."""
    environ = {"INPUT_ID": "ACR", "INPUT_TARGET": "organization:octo-org"}

    (triplet,) = loaded(tmp_path, {**environ, "INPUT_REPOSITORIES": text})

    assert triplet.selection is not None
    assert triplet.selection.mode == "exact"
    assert triplet.selection.include == included


def test_the_list_of_valid_ids_is_shortened(tmp_path: Path) -> None:
    """A spec with thousands of registries must not fill the log."""
    entries = "".join(f"  - {{id: R{n}, targets: [{{organization: o}}]}}\n" for n in range(30))
    environ = {"INPUT_SPEC": f"version: 1\nregistries:\n{entries}", "INPUT_ONLY": "acr"}

    (error,) = errors(tmp_path, environ)

    assert error.startswith(
        "input `only`: no registry of the spec has the id `ACR`; its ids are: R0,"
    )
    assert error.endswith(" and 10 more")


def test_the_file_is_read_if_no_other_spec_is_set(tmp_path: Path) -> None:
    """At the default path, or at the path in `spec-file`."""
    text = "version: 1\nregistries: [{id: ACR, targets: [{organization: octo-org}]}]\n"
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github" / "codespaces-registries.yml").write_text(text)
    (tmp_path / "other.yml").write_text(text.replace("ACR", "GHCR"))

    (usual,) = loaded(tmp_path, {})
    (other,) = loaded(tmp_path, {"INPUT_SPEC-FILE": "other.yml"})

    assert (usual.registry, other.registry) == ("ACR", "GHCR")


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (lambda path: None, "there is no such file; check out the repository before this step,"),
        (lambda path: path.write_bytes(b"\xff"), "is not UTF-8 text"),
        (lambda path: path.mkdir(), "cannot be read: Is a directory"),
        (os.mkfifo, "is not a regular file"),
        (lambda path: path.symlink_to("/dev/zero"), "is outside the workspace; only files inside"),
        (
            lambda path: path.symlink_to("/etc/passwd"),
            "is outside the workspace; only files inside",
        ),
        (
            lambda path: path.write_text("#" * (MAX_BYTES + 1)),
            "is larger than the limit of 1,048,576 bytes",
        ),
    ],
)
def test_a_file_that_cannot_be_read_is_an_error(
    tmp_path: Path, prepare: object, message: str
) -> None:
    """The message names the input and the file, and says why."""
    assert callable(prepare)
    prepare(tmp_path / "spec.yml")

    (error,) = errors(tmp_path, {"INPUT_SPEC-FILE": "spec.yml"})

    assert error.startswith(f"input `spec-file`: spec.yml: {message}")


@pytest.mark.parametrize("name", ["../../../etc/passwd", "/etc/passwd", "../outside.yml"])
def test_a_spec_file_outside_of_the_workspace_is_not_read(tmp_path: Path, name: str) -> None:
    """Neither through a relative nor through an absolute path."""
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (tmp_path / "outside.yml").write_text("version: 1\n")

    (error,) = errors(workspace, {"INPUT_SPEC-FILE": name})

    assert error == (
        f"input `spec-file`: {name}: is outside the workspace; only files inside it are read"
    )


def test_a_spec_that_is_too_large_is_not_parsed(tmp_path: Path) -> None:
    """Not even inline; parsing it would report a syntax error."""
    assert errors(tmp_path, {"INPUT_SPEC": "[" * (MAX_BYTES + 1)}) == [
        "input `spec`: the spec is larger than the limit of 1,048,576 bytes"
    ]


def test_the_rotate_input_overrides_every_policy(tmp_path: Path) -> None:
    """`missing` in the spec included."""
    text = """
version: 1
registries:
  - {id: A, rotate: missing, targets: [{organization: octo-org}]}
  - {id: B, targets: [{organization: octo-org}]}
"""

    plain = loaded(tmp_path, {"INPUT_SPEC": text})
    forced = loaded(tmp_path, {"INPUT_SPEC": text, "INPUT_ROTATE": "always"})

    assert [triplet.rotate.when for triplet in plain] == ["missing", "changed"]
    assert [triplet.rotate.when for triplet in forced] == ["always", "always"]


def test_an_inline_spec_that_is_not_utf_8_is_an_error(tmp_path: Path) -> None:
    """Python reads invalid bytes of an environment variable as lone surrogates."""
    with pytest.raises(InvalidConfigError, match="is not UTF-8 text"):
        parse("version: 1\nregistries: \udcff", "input `spec`")
