"""Registries: kinds with their exact servers, hosts, images and keys, each rule once.

Codespaces compares servers letter by letter, so a spelling that Docker would forgive is a login
that is never used ("Allowing your codespace to access a private registry", docs.github.com).

Sources: each registry's own documentation, named beside its pattern; for images, the grammar in the
package `reference` of CNCF Distribution.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from codespaces_registry_secrets.model.allowlist import matches_glob

# How Codespaces spells Docker Hub, and the host that Docker talks to when it reads this.
DOCKER_HUB = "https://index.docker.io/v1/"
DOCKER_HUB_HOST = "registry-1.docker.io"

# "Private registry authentication in Amazon ECR" and "Amazon ECR endpoints", docs.aws.amazon.com.
AWS_ACCOUNT = r"[0-9]{12}"
AWS_REGION = r"[a-z]{2}(?:-[a-z]+)+-[0-9]+"
ECR = re.compile(
    rf"{AWS_ACCOUNT}\.dkr\.ecr(?:-fips)?\.(?P<region>{AWS_REGION})"
    r"\.(?P<suffix>amazonaws\.com(?:\.cn)?)"
)
# "AWS unique identifier prefixes": AKIA of a user's key, ASIA of a temporary one.
ACCESS_KEY = re.compile(r"A[KS]IA[A-Z0-9]{12,124}")
# "Configure authentication to Artifact Registry for Docker", cloud.google.com.
GOOGLE = re.compile(r"(?:[a-z]+\.)?gcr\.io|[a-z0-9-]+-docker\.pkg\.dev")
# "Working with the Container registry", docs.github.com; there also for GHE.com.
GITHUB = re.compile(r"ghcr\.io|containers\.(?P<subdomain>[a-z0-9-]+)\.ghe\.com")

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
IMAGE = re.compile(
    rf"(?P<name>{_COMPONENT}(?:/{_COMPONENT})*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?"
    r"(?:@(?P<digest>[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9A-Fa-f]{32,}))?"
)

# The token servers that are another host than their registry. ghcr.io, containers.*.ghe.com,
# *.azurecr.io, gcr.io, *.pkg.dev and quay.io each name themselves; ECR takes Basic. Sources: "Token
# Authentication Specification", distribution.github.io; "Container registry authentication",
# docs.gitlab.com; "Getting Bearer token using Basic Authentication", azure.github.io/acr.
TOKEN_SERVERS = {DOCKER_HUB: "auth.docker.io", "registry.gitlab.com": "gitlab.com"}

_DOCKER_HUB_HOSTS = frozenset(
    {"docker.io", "hub.docker.com", "index.docker.io", "registry-1.docker.io", "www.docker.com"}
)
_HOST = re.compile(
    r"(?=.{1,253}(:|$))[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*(:\d{1,5})?"
)

_GLOB = re.compile(r"([a-z0-9.:/_*?-]|\[!?[a-z0-9._-]+\])+")

Keys = Mapping[str, str]


@dataclass(frozen=True)
class KeyFormat:
    """What a key of a kind must look like: the pattern, and the same in words."""

    pattern: str
    description: str


@dataclass(frozen=True)
class RegistryKind:
    """A kind of registry: the keys that it needs or may have, with their form, and its server."""

    server: Callable[[Keys], str]
    required: Mapping[str, KeyFormat]
    optional: Mapping[str, KeyFormat]


def _ecr(keys: Keys) -> str:
    suffix = "com.cn" if keys["region"].startswith("cn-") else "com"
    return f"{keys['account']}.dkr.ecr.{keys['region']}.amazonaws.{suffix}"


def _ghcr(keys: Keys) -> str:
    return f"containers.{keys['subdomain']}.ghe.com" if "subdomain" in keys else "ghcr.io"


def _gcr(keys: Keys) -> str:
    return f"{keys['location']}.gcr.io" if "location" in keys else "gcr.io"


_LABEL = "[a-z0-9]([a-z0-9-]*[a-z0-9])?"
_NAME = KeyFormat(_LABEL, "lower-case letters, digits and `-`")
_DOMAIN = KeyFormat(rf"{_LABEL}(\.{_LABEL})+", "a domain such as `azurecr.cn`")
_ACCOUNT = KeyFormat(AWS_ACCOUNT, "twelve digits, in quotes")
_REGION = KeyFormat(AWS_REGION, "a region such as `eu-west-1`")
_MULTI_REGION = KeyFormat("eu|asia|us", "`eu`, `asia` or `us`")
_LOCATION = KeyFormat(_LABEL, "a location such as `europe-west4` or `us`")

KINDS: Mapping[str, RegistryKind] = {
    "dockerhub": RegistryKind(lambda _: DOCKER_HUB, {}, {}),
    "ghcr": RegistryKind(_ghcr, {}, {"subdomain": _NAME}),
    "acr": RegistryKind(
        lambda keys: f"{keys['name']}.{keys.get('suffix', 'azurecr.io')}",
        {"name": _NAME},
        {"suffix": _DOMAIN},
    ),
    "ecr": RegistryKind(_ecr, {"account": _ACCOUNT, "region": _REGION}, {}),
    "gcr": RegistryKind(_gcr, {}, {"location": _MULTI_REGION}),
    "artifact-registry": RegistryKind(
        lambda keys: f"{keys['location']}-docker.pkg.dev", {"location": _LOCATION}, {}
    ),
}

# The keys of the spec that only a registry kind gives a meaning to.
KIND_KEYS = frozenset(key for kind in KINDS.values() for key in (*kind.required, *kind.optional))


def keys_of(kind: object) -> frozenset[str]:
    """The keys that a registry kind may have; none for what is no kind."""
    found = KINDS.get(kind) if isinstance(kind, str) else None
    return frozenset((*found.required, *found.optional)) if found else frozenset()


def kinds_with(key: str) -> str:
    """The registry kinds that may have a key, as a message lists them."""
    return ", ".join(kind for kind in KINDS if key in keys_of(kind))


def server_of(entry: Mapping[str, object]) -> str | None:
    """The server that a registry of a spec names; None where it names none, or an invalid one."""
    server, kind = entry.get("server"), entry.get("registry")
    if isinstance(server, str):
        return server if server_error(server) is None else None
    found = KINDS.get(kind) if isinstance(kind, str) else None
    keys = {key: value for key in keys_of(kind) if isinstance(value := entry.get(key), str)}
    return found.server(keys) if found and found.required.keys() <= keys.keys() else None


def pattern_error(pattern: str) -> str | None:
    """What is wrong with a glob over servers; None where it can match one."""
    if not set("*?[") & set(pattern):
        return server_error(pattern)
    if not _GLOB.fullmatch(pattern):
        return "a glob of servers has letters, digits, `.`, `-`, `:`, and `*`, `?`, `[…]`"
    host = re.sub(r"^[^/]*://", "", pattern).partition("/")[0]
    right = DOCKER_HUB if host.endswith("docker.io") else host
    if right == pattern or matches_glob(pattern, DOCKER_HUB):
        return None
    return f"no server matches this spelling; write `{right}`"


def server_error(server: str) -> str | None:
    """What is wrong with a server, and its right spelling; None where Codespaces matches it."""
    spelling = _spelling(server)
    if spelling is None:
        return "Codespaces matches a host name or host:port, such as `registry.example.com:5000`"
    if spelling != server:
        return f"Codespaces would not match this spelling; write `{spelling}`"
    return None


def _spelling(server: str) -> str | None:
    """The spelling of `server` that Codespaces matches, or None where it names no host."""
    if server == DOCKER_HUB:
        return server
    without_scheme = re.sub(r"^[a-z]+://", "", server.strip().lower())
    host = without_scheme.partition("/")[0].removesuffix(":443")
    if host in _DOCKER_HUB_HOSTS:
        return DOCKER_HUB
    return host if _HOST.fullmatch(host) else None
