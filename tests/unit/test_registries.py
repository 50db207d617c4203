"""Registry kinds result in the exact server that Codespaces matches."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from codespaces_registry_secrets.inputs.sources import Sources
from codespaces_registry_secrets.model.registries import server_error
from codespaces_registry_secrets.spec.load import load_desired
from codespaces_registry_secrets.spec.schema import Image
from codespaces_registry_secrets.spec.yaml_document import parse
from codespaces_registry_secrets.verify.credential_checks import check

SERVERS = {
    "registry: dockerhub": "https://index.docker.io/v1/",
    "registry: ghcr": "ghcr.io",
    "registry: ghcr, subdomain: octocorp": "containers.octocorp.ghe.com",
    "registry: acr, name: mycompany": "mycompany.azurecr.io",
    "registry: acr, name: mycompany, suffix: azurecr.cn": "mycompany.azurecr.cn",
    'registry: ecr, account: "012345678901", region: eu-west-1': (
        "012345678901.dkr.ecr.eu-west-1.amazonaws.com"
    ),
    'registry: ecr, account: "123456789012", region: cn-north-1': (
        "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn"
    ),
    "registry: gcr": "gcr.io",
    "registry: gcr, location: eu": "eu.gcr.io",
    "registry: artifact-registry, location: europe-west4": "europe-west4-docker.pkg.dev",
    "server: registry.example.com:5000": "registry.example.com:5000",
    "server: https://index.docker.io/v1/": "https://index.docker.io/v1/",
    "server: localhost:5000": "localhost:5000",
}


@pytest.mark.parametrize(("keys", "server"), SERVERS.items(), ids=SERVERS)
def test_a_kind_results_in_its_server(keys: str, server: str) -> None:
    """Codespaces compares servers character by character."""
    text = f"""
version: 1
registries:
  - {{id: A, {keys}, username: me, password: {{env: P}}, targets: [{{repository: o/r}}]}}
"""
    sources = Sources({"P": "pass-word"}, Path(), lambda _: None)

    (triplet,) = load_desired(parse(text, "spec.yml"), sources.find_error)

    assert triplet.credential is not None
    assert triplet.credential.server == server


SPELLINGS = {
    "https://ghcr.io": "ghcr.io",
    "ghcr.io/": "ghcr.io",
    "ghcr.io/octo-org/app": "ghcr.io",
    "GHCR.io": "ghcr.io",
    "ghcr.io:443": "ghcr.io",
    " ghcr.io ": "ghcr.io",
    "docker.io": "https://index.docker.io/v1/",
    "hub.docker.com": "https://index.docker.io/v1/",
    "registry-1.docker.io": "https://index.docker.io/v1/",
    "index.docker.io": "https://index.docker.io/v1/",
    "https://index.docker.io/v1": "https://index.docker.io/v1/",
    "http://registry.example.com:5000/v2/": "registry.example.com:5000",
}


@pytest.mark.parametrize(("server", "right"), SPELLINGS.items(), ids=SPELLINGS)
def test_a_misspelt_server_is_reported_with_the_right_spelling(server: str, right: str) -> None:
    """Docker accepts these spellings, Codespaces does not."""
    assert server_error(server) == (f"Codespaces would not match this spelling; write `{right}`")
    assert server_error(right) is None


@pytest.mark.parametrize("server", ["", "two words", "-x.example.com", "a..b", "host:port"])
def test_an_invalid_server_is_reported_with_the_format(server: str) -> None:
    """It has no right spelling."""
    message = server_error(server)

    assert message is not None
    assert message.startswith("must be a host name or host:port")


@pytest.mark.parametrize(
    ("image", "valid"),
    [
        ("team/devbox:latest", True),
        ("team/dev__box", True),
        ("team/dev--box", True),
        (f"team/devbox@sha256:{'0' * 64}", True),
        (f"team/devbox:v1@sha512:{'f' * 128}", True),
        ("team/devbox@sha256:0", False),
        ("team//devbox", False),
        ("team/dev..box", False),
        ("team/dev___box", False),
        ("team/_devbox", False),
        ("Team/devbox", False),
    ],
)
def test_an_image_follows_the_grammar_of_docker(image: str, valid: bool) -> None:
    """The grammar of CNCF Distribution, checked before any login."""
    try:
        TypeAdapter(Image).validate_python(image)
    except ValidationError:
        assert not valid
    else:
        assert valid


@pytest.mark.parametrize("region", ["x", "eu-west", "eu-west-1-", "1-2-3"])
def test_a_host_without_a_region_is_not_ecr(region: str) -> None:
    """No access key is exchanged for it, so there is no advice about access keys."""
    server = f"123456789012.dkr.ecr.{region}.amazonaws.com"
    assert list(check(server, b"AWS", b"x")) == []
