"""The schema of a spec: the type and format of each key by itself.

`validation` checks the keys in combination.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from codespaces_registry_secrets.model.fields import (
    KindName,
    RegistryId,
    RotationPolicy,
    ServerName,
    Source,
    StrictModel,
    field_error,
    pattern_validator,
    validate_duration,
)
from codespaces_registry_secrets.model.generator import GENERATORS, NOT_GENERATED
from codespaces_registry_secrets.model.registries import IMAGE, NAMESPACE
from codespaces_registry_secrets.model.targets import ME, Visibility

_ACCOUNT = r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}"
_NO_DOTS = r"(?!\.{1,2}$)"  # in a URL, `.` and `..` are folders
_GLOB = r"[A-Za-z0-9._*?\[\]!-]{1,100}"
_ACCOUNT_GLOB = r"(?=[^*?\[]*[*?\[])([A-Za-z0-9_*?-]|\[!?[A-Za-z0-9_-]+\]){1,100}"
# The format of each key that names targets or repositories.
PATTERNS = {
    "organization": f"{_ACCOUNT}|{_ACCOUNT_GLOB}",
    "repository": rf"{_ACCOUNT}/{_NO_DOTS}{_GLOB}",
    "user": f"{_ACCOUNT}|{ME}",
    "repositories": rf"({_ACCOUNT}/)?{_NO_DOTS}{_GLOB}",
    "teams": rf"{_NO_DOTS}[A-Za-z0-9._-]{{1,255}}",
}


def _validate_pattern(value: object) -> object:
    """A repository name or a glob over names, with or without the owner in front."""
    if isinstance(value, str):
        if value.count("[") != value.count("]"):
            raise field_error("invalid glob: each `[` needs a `]`")
        if not re.fullmatch(PATTERNS["repositories"], value):
            raise field_error(
                "invalid repository: a name has only letters, digits, `.`, `_`, `-`, and a glob "
                "also `*`, `?`, `[…]`"
            )
    return value


def _parse_expiry(value: object) -> object:
    """A date or a time, as a time in UTC. A date means its first moment; UTC is the default."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise field_error("must be a date such as 2027-01-31") from None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    if isinstance(value, datetime):
        try:
            return value.replace(tzinfo=value.tzinfo or UTC).astimezone(UTC)
        except OverflowError:
            raise field_error("must be a date such as 2027-01-31") from None
    return value


def _reject_literal(value: object) -> object:
    if not isinstance(value, dict):
        message = (
            "must be a source such as {env: ACR_PASSWORD}; never write a password into the spec"
        )
        raise field_error(message)
    return value


def _expand_when(value: object) -> object:
    return {"when": value} if isinstance(value, str) else value


def _username_form(value: object) -> str:
    return "literal" if isinstance(value, str | int | float) else "source"


Username = Annotated[
    Annotated[str, Tag("literal")] | Annotated[Source, Tag("source")],
    Discriminator(_username_form),
]
Password = Annotated[Source, BeforeValidator(_reject_literal)]
Pattern = Annotated[str, BeforeValidator(_validate_pattern)]
Team = Annotated[
    str,
    pattern_validator(
        PATTERNS["teams"],
        "must be the name of a team as in its URL: letters, digits, `-`, `_` and `.`",
    ),
]
Image = Annotated[
    str,
    pattern_validator(IMAGE, "must be an image without its server, such as team/devbox:latest"),
]

Namespace = Annotated[
    str,
    pattern_validator(NAMESPACE, "must be the path before an image's name, such as octo-org"),
]


def _one_or_more(value: object) -> object:
    return [value] if isinstance(value, str) else value


PropertyValues = Annotated[
    tuple[str, ...], BeforeValidator(_one_or_more), Field(strict=False, min_length=1)
]


class DevContainerEntry(StrictModel):
    """Narrows a selection to the repositories whose dev containers pull from the registry.

    With `namespace`, only images in one of these namespaces count. `true` is one without keys.
    """

    namespace: Annotated[
        tuple[Namespace, ...], BeforeValidator(_one_or_more), Field(strict=False, min_length=1)
    ] = ()


def _expand_boolean(value: object) -> object:
    if value is None:
        raise field_error("has no value; set one, or remove the key")
    return ({} if value else None) if isinstance(value, bool) else value


class RepositoriesEntry(StrictModel):
    """The selected repositories in the long form. A plain list is `include` with `mode: exact`."""

    mode: Literal["exact", "ensure", "remove"] = "exact"
    include: tuple[Pattern, ...] = Field(default=(), strict=False)
    topics: tuple[str, ...] = Field(default=(), strict=False)
    properties: dict[str, PropertyValues] = Field(default_factory=dict)
    devcontainer: Annotated[DevContainerEntry | None, BeforeValidator(_expand_boolean)] = None
    teams: tuple[Team, ...] = Field(default=(), strict=False)
    exclude: tuple[Pattern, ...] = Field(default=(), strict=False)
    archived: bool = False


def _expand_list(value: object) -> object:
    return {"include": value} if isinstance(value, list) else value


class TargetEntry(StrictModel):
    """One target: exactly one of `organization`, `repository` and `user` is set."""

    organization: Annotated[
        str | None,
        pattern_validator(
            PATTERNS["organization"],
            "must be the login of an organization, or a glob such as octo-*",
        ),
    ] = None
    repository: Annotated[
        str | None,
        pattern_validator(
            PATTERNS["repository"], "must be owner/name, or a glob such as owner/svc-*"
        ),
    ] = None
    user: Annotated[
        str | None, pattern_validator(PATTERNS["user"], f"must be a login, or `{ME}`")
    ] = None
    visibility: Visibility | None = None
    repositories: Annotated[RepositoriesEntry | None, BeforeValidator(_expand_list)] = None


def _validate_generator_kind(value: object) -> object:
    if isinstance(value, str) and value in NOT_GENERATED:
        raise field_error(f"`kind: {value}` is not possible: {NOT_GENERATED[value]}")
    if isinstance(value, str) and value not in GENERATORS:
        raise field_error(f"unknown kind; use one of {', '.join(GENERATORS)}")
    return value


STORE = r"(?!(?i:GITHUB|INPUT|ACTIONS|RUNNER)_)[A-Za-z_][A-Za-z0-9_]*"
Duration = Annotated[timedelta, BeforeValidator(validate_duration)]


class GenerateEntry(StrictModel):
    """How to create the credential. The table `GENERATORS` says which keys a kind has."""

    kind: Annotated[str, BeforeValidator(_validate_generator_kind)]
    store: Annotated[
        str,
        pattern_validator(
            STORE,
            "must be the name of an Actions secret: letters, digits and `_`, no leading digit, and "
            "not GITHUB_, INPUT_, ACTIONS_ or RUNNER_ in front",
        ),
    ]
    retire_after: Duration = Field(default=timedelta(hours=24), alias="retire-after")
    expires_in: Duration | None = Field(default=None, alias="expires-in")
    user: str | None = None
    role: str | None = None
    tenant: str | None = None
    client_id: str | None = Field(default=None, alias="client-id")
    subscription: str | None = None
    resource_group: str | None = Field(default=None, alias="resource-group")
    service_account: str | None = Field(default=None, alias="service-account")
    workload_identity_provider: str | None = Field(default=None, alias="workload-identity-provider")
    through: str | None = None
    url: str | None = None
    project: str | None = None
    group: str | None = None
    token: Username | None = None
    username: Username | None = None
    password: Password | None = None


class RegistryEntry(StrictModel):
    """One registry and its targets, with `defaults` merged in."""

    id: RegistryId
    registry: KindName | None = None
    server: ServerName | None = None
    name: str | None = None
    suffix: str | None = None
    subdomain: str | None = None
    account: str | None = None
    region: str | None = None
    location: str | None = None
    username: Username | None = None
    password: Password | None = None
    generate: GenerateEntry | None = None
    rotate: Annotated[RotationPolicy, BeforeValidator(_expand_when)] = RotationPolicy()
    expires: Annotated[datetime | None, BeforeValidator(_parse_expiry)] = None
    images: tuple[Image, ...] = Field(default=(), strict=False)
    access_only: bool = Field(default=False, alias="access-only")
    targets: tuple[TargetEntry, ...] = Field(strict=False)


def _reject_other_types(value: object) -> object:
    """`true` and `1.0` in YAML equal 1 in Python, but are no version."""
    return value if type(value) is int else str(value)


class SpecModel(StrictModel):
    """A whole spec, with `defaults` merged into its registries."""

    version: Annotated[Literal[1], BeforeValidator(_reject_other_types)]
    registries: tuple[RegistryEntry, ...] = Field(strict=False)
