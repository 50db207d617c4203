"""Which keys a registry inherits from `defaults`."""

from __future__ import annotations

from pathlib import Path

import pytest

from codespaces_registry_secrets.errors import InvalidConfigError
from codespaces_registry_secrets.inputs.sources import Sources
from codespaces_registry_secrets.model.desired import Desired
from codespaces_registry_secrets.spec.load import load_desired
from codespaces_registry_secrets.spec.yaml_document import parse


def loaded(defaults: str, *entries: str) -> dict[str, Desired]:
    """The desired state by registry id. Each registry has one target."""
    listed = "".join(
        f"  - {{id: R{number}, targets: [{{organization: octo-org}}], {entry}}}\n"
        for number, entry in enumerate(entries)
    )
    text = f"version: 1\ndefaults: {{{defaults}}}\nregistries:\n{listed}"
    desired = load_desired(
        parse(text, "spec.yml"), Sources({"P": "x"}, Path(), lambda _: None).find_error
    )
    return {triplet.registry: triplet for triplet in desired}


def errors(defaults: str, *entries: str) -> list[str]:
    """The errors of a spec with these `defaults`."""
    with pytest.raises(InvalidConfigError) as caught:
        loaded(defaults, *entries)
    return [str(error) for error in caught.value.errors]


LOGIN = "username: me, password: {env: P}"
ECR = "111122223333.dkr.ecr.eu-west-1.amazonaws.com"
KEYS = 'account: "111122223333", region: eu-west-1'
SERVERS = {
    "the keys of the kind": (KEYS, "registry: ecr", ECR),
    "one key of it": ("region: eu-west-1", 'registry: ecr, account: "111122223333"', ECR),
    "the keys of the same kind": (f"registry: ecr, {KEYS}", "registry: ecr", ECR),
    "kind and keys": (f"registry: ecr, {KEYS}", "rotate: always", ECR),
    "keys that its kind does not have": (KEYS, "registry: ghcr", "ghcr.io"),
    "keys of another kind": (f"registry: ecr, {KEYS}", "registry: ghcr", "ghcr.io"),
    "a key that another kind has too": ("registry: gcr, location: eu", "registry: ghcr", "ghcr.io"),
    "its own server": (KEYS, "server: r.example.com", "r.example.com"),
    "another server": ("server: r.example.com", "registry: ghcr", "ghcr.io"),
    "a server": ("server: r.example.com", "rotate: always", "r.example.com"),
}


@pytest.mark.parametrize(("defaults", "entry", "server"), SERVERS.values(), ids=SERVERS)
def test_the_keys_of_the_server_are_inherited_together(
    defaults: str, entry: str, server: str
) -> None:
    """Only the keys that belong to the registry's own kind."""
    other = f"registry: ecr, {KEYS}"

    credential = loaded(f"{defaults}, {LOGIN}", entry, other)["R0"].credential

    assert credential is not None
    assert credential.server == server


def test_an_access_only_registry_inherits_no_credential() -> None:
    """Nor any other key of a credential; other registries do."""
    defaults = f"{LOGIN}, registry: acr, name: mycompany, images: [a/b], expires: 2027-01-31"

    desired = loaded(defaults, "access-only: true", "access-only: false")

    assert desired["R0"].credential is None
    assert desired["R1"].credential is not None


def test_an_access_only_registry_inherits_targets() -> None:
    """Targets are no part of a credential."""
    text = """
version: 1
defaults: {username: me, password: {env: P}, server: r.example.com, targets: [{user: octocat}]}
registries: [{id: ACR, access-only: true}]
"""
    sources = Sources({}, Path(), lambda _: None)

    (triplet,) = load_desired(parse(text, "spec.yml"), sources.find_error)

    assert str(triplet.target) == "user:octocat"


def test_access_only_can_be_the_default() -> None:
    """A registry with a credential then sets `access-only: false`."""
    defaults = f"access-only: true, server: r.example.com, {LOGIN}"

    desired = loaded(defaults, "access-only: false", "rotate: always")

    assert desired["R0"].credential is not None
    assert desired["R1"].credential is None


ERRORS = {
    "a credential of its own": (
        LOGIN,
        "access-only: true, password: {env: P}, server: r.example.com",
        [
            "spec.yml:4: registries[0].password: `password` and `access-only: true` are mutually exclusive"
        ],
    ),
    "keys of another kind": (
        "registry: acr, name: x, region: eu-west-1",
        'registry: ecr, account: "111122223333"',
        [
            "spec.yml:4: registries[0]: `region` is required with `registry: ecr`; add it, or set `server` instead. The one in `defaults` is not inherited because `defaults` has another `registry` or `server`, or because this registry has `access-only: true`"
        ],
    ),
    "a key that no registry uses": (
        "region: eu-west-1",
        "registry: ghcr",
        ["spec.yml:2: defaults.region: only valid with `registry: ecr`"],
    ),
    "an error that no registry inherits": (
        "password: hunter2, rotate: never",
        "access-only: true",
        [
            "spec.yml:2: defaults.password: must be a source such as {env: ACR_PASSWORD}; never write a password into the spec",
            "spec.yml:2: defaults.rotate: must be `changed`, `always` or `missing`",
        ],
    ),
}


@pytest.mark.parametrize(("defaults", "entry", "messages"), ERRORS.values(), ids=ERRORS)
def test_what_cannot_be_inherited_has_its_message(
    defaults: str, entry: str, messages: list[str]
) -> None:
    """At the registry, or at `defaults` if the error is there."""
    assert errors(defaults, entry) == messages
