"""How to create the credential of a registry at its issuer, and what an issuer knows about it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

from codespaces_registry_secrets.model.fields import CredentialKey, Source
from codespaces_registry_secrets.model.registries import KeyFormat


@dataclass(frozen=True)
class Generator:
    """The key `generate` of a registry.

    `kind` names the issuer's module. `store` is the name of the Actions secret that contains the
    journal. `retire_after` is how long an old credential lives on after its successor is stored
    everywhere. `expires_in` is the lifetime of a new credential; None if the kind has no expiry.
    `options` are the other keys of the kind with their text, and `sources` those that name a
    source, or a user name as text. `server` and `registry_name` are the server of the registry and
    its key `name`.
    """

    kind: str
    store: str
    retire_after: timedelta
    expires_in: timedelta | None = None
    options: tuple[tuple[str, str], ...] = ()
    sources: tuple[tuple[str, Source | str], ...] = ()
    server: str = ""
    registry_name: str = ""

    def option(self, key: str) -> str:
        """The text of a key of the kind; empty if the spec does not set it."""
        return dict(self.options).get(key, "")

    @property
    def account(self) -> str:
        """Whose credentials the issuer lists, as in `GeneratorKind.account`."""
        return GENERATORS[self.kind].account({**dict(self.options), "name": self.registry_name})


@dataclass(frozen=True)
class GeneratedValue:
    """The user name or the password of a generated credential, instead of a source.

    `store` is the Actions secret of its journal. `id` is the credential's id at the issuer; None
    before it is created.
    """

    store: str
    kind: str
    key: CredentialKey
    id: str | None = None

    @property
    def label(self) -> str:
        """`generate:aws-iam-access-key`, for logs and outputs."""
        return f"generate:{self.kind}"


@dataclass(frozen=True)
class IssuedCredential:
    """A credential as its issuer lists it, without its password.

    `id` identifies it at the issuer and is not secret. `created` and `expires` are times by the
    clock of the issuer; `expires` is None if it does not expire. A disabled credential is rejected,
    but still counts toward the issuer's limit. One that is `replaceable` does not: it has expired,
    and a new one can take its place.
    """

    id: str
    created: datetime
    disabled: bool = False
    expires: datetime | None = None
    replaceable: bool = False


@dataclass(frozen=True)
class GeneratorKind:
    """The keys of a kind of `generate`, besides those of every kind.

    `required` and `optional` are text with a format. `one_of` are keys of which exactly one is
    required. `sources` are keys that name a source. `registries` are the kinds of registries that
    take these credentials; empty for a registry with `server`. `expires`: whether the lifetime of
    a credential can be set. `keyless`: whether the issuer knows the job by its ID token.
    `accounts` are the keys that tell whose credentials the issuer lists, each with the part of its
    text that does; empty if the names of the credentials tell which are of this Action.
    """

    registries: frozenset[str]
    required: Mapping[str, KeyFormat]
    optional: Mapping[str, KeyFormat] = field(default_factory=dict)
    one_of: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    expires: bool = False
    keyless: bool = True
    accounts: Mapping[str, str] = field(default_factory=dict)

    @property
    def keys(self) -> frozenset[str]:
        """All keys of the kind."""
        return frozenset((*self.required, *self.optional, *self.sources))

    def account(self, values: Mapping[str, object]) -> str:
        """Whose credentials the issuer lists, with these values of the keys; empty if unknown."""
        found = [re.match(part, str(values.get(key) or "")) for key, part in self.accounts.items()]
        return "/".join(match[1].lower() for match in found if match) if all(found) else ""


_UUID = KeyFormat(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", "a UUID")
_RESOURCE_GROUP = KeyFormat(r"[\w().-]{0,89}[\w()-]", "the name of a resource group")
_ACCOUNT = KeyFormat(
    r"[a-z0-9-]+@[a-z0-9.-]+\.gserviceaccount\.com", "the email address of a service account"
)
_URL = KeyFormat(
    r"https?://[A-Za-z0-9.\[\]:-]+(/[\w.~-]+)*/?", "a URL such as `https://gitlab.example.com`"
)
_GITLAB_PATH = KeyFormat(r"[\w.-]+(/[\w.-]+)*", "a path such as `team/app`, or a number in quotes")

# Sources: "IAM and AWS STS quotas" and "IAM identifiers", docs.aws.amazon.com; "Repository-scoped
# access tokens" of Azure Container Registry and "Naming rules", learn.microsoft.com; "Create
# service accounts" and "Workload Identity Federation", cloud.google.com; "Deploy tokens API",
# docs.gitlab.com; "Create project robot accounts", goharbor.io.
GENERATORS: Mapping[str, GeneratorKind] = {
    "aws-iam-access-key": GeneratorKind(
        frozenset({"ecr"}),
        {
            "user": KeyFormat(r"[\w+=,.@-]{1,64}", "the name of an IAM user"),
            "role": KeyFormat(
                r"arn:aws(-cn|-us-gov)?:iam::[0-9]{12}:role/[\w+=,.@/-]{1,512}",
                "the ARN of a role, `arn:aws:iam::123456789012:role/name`",
            ),
        },
        accounts={"role": r"arn:([\w-]+:iam::[0-9]+):", "user": "(.+)"},
    ),
    "azure-container-registry-token": GeneratorKind(
        frozenset({"acr"}),
        {
            "tenant": KeyFormat(rf"{_UUID.pattern}|[A-Za-z0-9.-]+", "a UUID or a domain"),
            "client-id": _UUID,
            "subscription": _UUID,
            "resource-group": _RESOURCE_GROUP,
            "token": KeyFormat(r"[A-Za-z0-9-]{5,50}", "the name of a token of the registry"),
        },
        expires=True,
        accounts={"name": "(.+)", "token": "(.+)"},
    ),
    "google-service-account-key": GeneratorKind(
        frozenset({"artifact-registry", "gcr"}),
        {
            "service-account": _ACCOUNT,
            "workload-identity-provider": KeyFormat(
                r"projects/[0-9]+/locations/global/workloadIdentityPools/[a-z0-9-]+/providers/"
                r"[a-z0-9-]+",
                "`projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER`",
            ),
        },
        {"through": _ACCOUNT},
        accounts={"service-account": "(.+)"},
    ),
    "gitlab-deploy-token": GeneratorKind(
        frozenset(),
        {"url": _URL},
        {"project": _GITLAB_PATH, "group": _GITLAB_PATH},
        one_of=frozenset({"project", "group"}),
        sources=frozenset({"token"}),
        expires=True,
        keyless=False,
    ),
    "harbor-robot": GeneratorKind(
        frozenset(),
        {
            "url": _URL,
            "project": KeyFormat(r"[a-z0-9]+([._-][a-z0-9]+)*", "the name of a project"),
        },
        sources=frozenset({"username", "password"}),
        expires=True,
        keyless=False,
    ),
}


def is_https_or_loopback(url: str) -> bool:
    """Whether a URL of the spec is one that a credential can be sent to."""
    try:
        parts = urlsplit(url)
        name = parts.hostname or ""
        valid_port = parts.port != 0
    except ValueError:
        return False
    if not name or not valid_port:
        return False
    if parts.scheme == "https" or name == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


# Registries whose credentials no job can create, and what to do instead. Sources: "Create access
# tokens" of the Docker Hub API, docs.docker.com: it rejects a personal access token; "Working with
# the Container registry", docs.github.com: it takes classic tokens only, and no API creates one.
NOT_GENERATED: Mapping[str, str] = {
    "dockerhub": (
        "Docker Hub's API creates no access token for a job: it rejects access tokens and OIDC. "
        "Create an organization access token by hand, store it as an Actions secret, set "
        "`username` and `password: {secret: NAME}`, and `expires` to be warned in time"
    ),
    "ghcr": (
        "GitHub has no API that creates a classic personal access token, and its registry accepts "
        'no other. Grant the repositories access to the package ("Manage Codespaces access"), or '
        "create a token by hand with `read:packages`, and set `username` and "
        "`password: {secret: NAME}`"
    ),
}
