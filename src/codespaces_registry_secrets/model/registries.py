"""Registries: kinds, servers, images, login names and key formats. Each rule is written once.

Codespaces compares servers character by character, so it never uses a login whose server has a
spelling that Docker would accept ("Allowing your codespace to access a private registry",
docs.github.com). Sources: each registry's own documentation, named at its pattern.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from codespaces_registry_secrets.model.allowlist import matches_glob

# The spelling of Docker Hub in Codespaces, and the host that Docker connects to for it.
DOCKER_HUB = "https://index.docker.io/v1/"
DOCKER_HUB_HOST = "registry-1.docker.io"
_DOCKER_HUB_HOSTS = frozenset(
    {DOCKER_HUB_HOST, "docker.io", "hub.docker.com", "index.docker.io", "www.docker.com"}
)

# "Getting started with the REST API" and "Using the REST API" of GitHub Enterprise Server,
# docs.github.com.
GITHUB_API_URL = "https://api.github.com"
ENTERPRISE_SERVER_API_PATH = "/api/v3"

# "Working with the Container registry", docs.github.com, also for GHE.com.
GHCR = "ghcr.io"
GITHUB = re.compile(rf"{re.escape(GHCR)}|containers\.(?P<subdomain>[a-z0-9-]+)\.ghe\.com")
# "About authentication to GitHub": GITHUB_TOKEN or the token of an App, a fine-grained personal
# access token, and every token that GitHub's API describes at `/user`.
GITHUB_INSTALLATION_TOKEN = b"ghs_"
GITHUB_FINE_GRAINED_TOKEN = b"github_pat_"
GITHUB_USER_TOKENS = (b"ghp_", b"gho_", b"ghu_", GITHUB_FINE_GRAINED_TOKEN)

# "Private registry authentication in Amazon ECR" and "Amazon ECR endpoints", docs.aws.amazon.com.
AWS_ACCOUNT = r"[0-9]{12}"
AWS_REGION = r"[a-z]{2}(?:-[a-z]+)+-[0-9]+"
ECR = re.compile(
    rf"{AWS_ACCOUNT}\.dkr\.ecr(?:-fips)?\.(?P<region>{AWS_REGION})"
    r"\.(?P<suffix>amazonaws\.com(?:\.cn)?)"
)
ECR_TOKEN_USER = "AWS"  # noqa: S105 - a user name; its password expires after 12 hours
# User names that mark the password as an identity token: Docker's credential stores write the
# first; Azure's registries require the second ("az acr login --expose-token").
IDENTITY_TOKEN_USERS = frozenset({b"<token>", b"00000000-0000-0000-0000-000000000000"})

# "AWS unique identifier prefixes": AKIA for the key of a user, ASIA for a temporary key.
ACCESS_KEY = re.compile(r"A[KS]IA[A-Z0-9]{12,124}")
TEMPORARY_ACCESS_KEY = re.compile(r"ASIA[A-Z0-9]{12,124}")

# "Configure authentication to Artifact Registry for Docker", cloud.google.com.
GOOGLE = re.compile(r"(?:[a-z]+\.)?gcr\.io|[a-z0-9-]+-docker\.pkg\.dev")
GOOGLE_TOKEN_USER = "oauth2accesstoken"  # noqa: S105 - a user name; its password lasts an hour
GOOGLE_KEY_USER = "_json_key"
GOOGLE_BASE64_KEY_USER = "_json_key_base64"

# The token servers on another host than their registry. ghcr.io, containers.*.ghe.com,
# *.azurecr.io, gcr.io, *.pkg.dev and quay.io are their own token servers; ECR uses Basic. Sources:
# "Token Authentication Specification", distribution.github.io; "Container registry authentication",
# docs.gitlab.com; "Getting Bearer token using Basic Authentication", azure.github.io/acr.
TOKEN_SERVERS = {DOCKER_HUB: "auth.docker.io", "registry.gitlab.com": "gitlab.com"}

# In a spec that `import` wrote, instead of a server that it cannot know. No server has `<`.
SERVER_PLACEHOLDER = "<server>"

# The grammar in the package `reference` of CNCF Distribution.
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
NAMESPACE = rf"{_COMPONENT}(?:/{_COMPONENT})*"
IMAGE = re.compile(
    rf"(?P<name>{NAMESPACE})"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?"
    r"(?:@(?P<digest>[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9A-Fa-f]{32,}))?"
)

_LABEL = "[a-z0-9]([a-z0-9-]*[a-z0-9])?"
_HOST = re.compile(rf"(?=.{{1,253}}(:|$)){_LABEL}(\.{_LABEL})*(:\d{{1,5}})?")
_SERVER_GLOB = re.compile(r"([a-z0-9.:/_*?-]|\[!?[a-z0-9._-]+\])+")

Keys = Mapping[str, str]


@dataclass(frozen=True)
class KeyFormat:
    """The format of a key in the spec: a pattern, and its description for messages."""

    pattern: str
    description: str


@dataclass(frozen=True)
class RegistryKind:
    """A kind of registry: its required and optional keys, and the server that they result in."""

    server: Callable[[Keys], str]
    required: Mapping[str, KeyFormat]
    optional: Mapping[str, KeyFormat]


def _ghcr(keys: Keys) -> str:
    return f"containers.{keys['subdomain']}.ghe.com" if "subdomain" in keys else GHCR


def _ecr(keys: Keys) -> str:
    suffix = "com.cn" if keys["region"].startswith("cn-") else "com"
    return f"{keys['account']}.dkr.ecr.{keys['region']}.amazonaws.{suffix}"


def _gcr(keys: Keys) -> str:
    return f"{keys['location']}.gcr.io" if "location" in keys else "gcr.io"


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

# The keys of the spec that are only valid with certain registry kinds.
KIND_KEYS = frozenset(key for kind in KINDS.values() for key in (*kind.required, *kind.optional))


def keys_of(kind: object) -> frozenset[str]:
    """The required and optional keys of a registry kind; empty if the kind is unknown."""
    known_kind = KINDS.get(kind) if isinstance(kind, str) else None
    return frozenset((*known_kind.required, *known_kind.optional)) if known_kind else frozenset()


def kinds_with(key: str) -> str:
    """The registry kinds that a key is valid with, separated by commas."""
    return ", ".join(kind for kind in KINDS if key in keys_of(kind))


def server_of(entry: Mapping[str, object]) -> str | None:
    """The server of a registry in the spec; None if it has none or an invalid one."""
    server, name = entry.get("server"), entry.get("registry")
    if isinstance(server, str):
        return server if server_error(server) is None else None
    kind = KINDS.get(name) if isinstance(name, str) else None
    keys = {key: value for key in keys_of(name) if isinstance(value := entry.get(key), str)}
    return kind.server(keys) if kind and kind.required.keys() <= keys.keys() else None


def server_error(server: str) -> str | None:
    """Why Codespaces would not match a server, with the right spelling; None if it would."""
    if server == SERVER_PLACEHOLDER:
        return (
            "fill in the server of this registry; GitHub does not show which one is stored. Use "
            f"the exact spelling, such as `{GHCR}` or `mycompany.azurecr.io`"
        )
    spelling = canonical_server(server)
    if spelling is None:
        return "must be a host name or host:port, such as `registry.example.com:5000`"
    if spelling != server:
        return f"Codespaces would not match this spelling; write `{spelling}`"
    return None


def server_pattern() -> str:
    """A pattern of the servers without an error, except Docker Hub; for the JSON Schema."""
    docker_hub = "|".join(map(re.escape, sorted(_DOCKER_HUB_HOSTS)))
    return rf"^(?!({docker_hub})$)(?!.*:443$){_HOST.pattern}$"


def canonical_server(server: str) -> str | None:
    """The spelling of a server that Codespaces matches; None if it contains no host name."""
    if server == DOCKER_HUB:
        return server
    without_scheme = re.sub(r"^[a-z]+://", "", server.strip().lower())
    host = without_scheme.partition("/")[0].removesuffix(":443")
    if host in _DOCKER_HUB_HOSTS:
        return DOCKER_HUB
    return host if _HOST.fullmatch(host) else None


def pattern_error(pattern: str) -> str | None:
    """Why a glob cannot match any server, with the right spelling; None if it can."""
    if not set("*?[") & set(pattern):
        return server_error(pattern)
    if not _SERVER_GLOB.fullmatch(pattern):
        return "a glob of servers has only letters, digits, `.`, `-`, `:`, `*`, `?` and `[…]`"
    host = re.sub(r"^[^/]*://", "", pattern).partition("/")[0]
    is_docker_hub = host == "docker.io" or host.endswith(".docker.io")
    spelling = DOCKER_HUB if is_docker_hub else host
    if spelling == pattern or matches_glob(pattern, DOCKER_HUB):
        return None
    return f"no server matches this spelling; write `{spelling}`"


def api_url_of_site(host: str) -> str | None:
    """The URL of the API for the web site of GitHub or GHE.com; None for any other host.

    Source: "Getting started with the REST API" and "About GHE.com", docs.github.com.
    """
    if host in {"github.com", "www.github.com"}:
        return GITHUB_API_URL
    site = re.fullmatch(r"(?!api\.)(?:[a-z0-9-]+\.)*(?P<subdomain>[a-z0-9-]+)\.ghe\.com", host)
    return f"https://{_ghe_api_host(site['subdomain'])}" if site else None


def ecr_api_url(region: str, suffix: str) -> str:
    """The URL of Amazon ECR's API, for the groups `region` and `suffix` of `ECR`."""
    return f"https://api.ecr.{region}.{suffix}"


def registry_uses_api(api_url: str, server: str) -> bool:
    """Whether a registry server belongs to the GitHub whose API is at `api_url`.

    A token must be sent only to the GitHub that issued it: `ghcr.io` belongs to github.com, and
    `containers.SUBDOMAIN.ghe.com` to `SUBDOMAIN.ghe.com`.
    """
    host = urlsplit(api_url).hostname or ""
    registry = GITHUB.fullmatch(server)
    if registry and registry["subdomain"]:
        return host == _ghe_api_host(registry["subdomain"])
    return registry is not None and not host.endswith(".ghe.com")


def _ghe_api_host(subdomain: str) -> str:
    return f"api.{subdomain}.ghe.com"
