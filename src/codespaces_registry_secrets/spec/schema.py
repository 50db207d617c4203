"""The shape of a spec: what each key alone must be. What keys mean together stands in `rules`."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
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
)
from codespaces_registry_secrets.model.registries import IMAGE
from codespaces_registry_secrets.model.targets import ME, Visibility

_ACCOUNT = r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}"
_NO_DOTS = r"(?!\.{1,2}$)"  # which a URL takes for a folder
_GLOB = r"[A-Za-z0-9._*?\[\]!-]{1,100}"


def _pattern(value: object) -> object:
    """A repository name or a glob over them; the owner may stand before it."""
    if isinstance(value, str):
        if value.count("[") != value.count("]"):
            raise field_error("bad glob: a `[` and its `]` come in pairs")
        if not re.fullmatch(rf"({_ACCOUNT}/)?{_NO_DOTS}{_GLOB}", value):
            raise field_error(
                "bad glob: a repository has letters, digits, `.`, `_`, `-`; a glob `*`, `?`, `[…]`"
            )
    return value


def _moment(value: object) -> object:
    """A date is the moment that it begins, in UTC, as is a time without a zone."""
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


def _no_literal(value: object) -> object:
    if not isinstance(value, dict):
        message = (
            "a password never stands in a spec; write where it is, such as {env: ACR_PASSWORD}"
        )
        raise field_error(message)
    return value


def _when(value: object) -> object:
    return {"when": value} if isinstance(value, str) else value


def _form(value: object) -> str:
    return "literal" if isinstance(value, str | int | float) else "source"


Username = Annotated[
    Annotated[str, Tag("literal")] | Annotated[Source, Tag("source")], Discriminator(_form)
]
Password = Annotated[Source, BeforeValidator(_no_literal)]
Pattern = Annotated[str, BeforeValidator(_pattern)]
Image = Annotated[
    str, pattern_validator(IMAGE, "write an image without its server, such as team/devbox:latest")
]


def _one_or_more(value: object) -> object:
    return [value] if isinstance(value, str) else value


PropertyValues = Annotated[
    tuple[str, ...], BeforeValidator(_one_or_more), Field(strict=False, min_length=1)
]


class Repositories(StrictModel):
    """Which repositories; a plain list is `include` in `exact` mode."""

    mode: Literal["exact", "ensure", "remove"] = "exact"
    include: tuple[Pattern, ...] = Field(default=(), strict=False)
    topics: tuple[str, ...] = Field(default=(), strict=False)
    properties: dict[str, PropertyValues] = Field(default_factory=dict)
    exclude: tuple[Pattern, ...] = Field(default=(), strict=False)
    archived: bool = False


def _long_form(value: object) -> object:
    return {"include": value} if isinstance(value, list) else value


class TargetEntry(StrictModel):
    """One target: exactly one of `organization`, `repository`, `user`."""

    organization: Annotated[
        str | None, pattern_validator(_ACCOUNT, "not the login of an organization")
    ] = None
    repository: Annotated[
        str | None,
        pattern_validator(
            rf"{_ACCOUNT}/{_NO_DOTS}{_GLOB}", "write a repository as owner/name, or a glob of names"
        ),
    ] = None
    user: Annotated[
        str | None, pattern_validator(f"{_ACCOUNT}|{ME}", f"not a login, nor `{ME}`")
    ] = None
    visibility: Visibility | None = None
    repositories: Annotated[Repositories | None, BeforeValidator(_long_form)] = None


class RegistryEntry(StrictModel):
    """One registry and its targets, `defaults` merged in."""

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
    rotate: Annotated[RotationPolicy, BeforeValidator(_when)] = RotationPolicy()
    expires: Annotated[datetime | None, BeforeValidator(_moment)] = None
    images: tuple[Image, ...] = Field(default=(), strict=False)
    access_only: bool = Field(default=False, alias="access-only")
    targets: tuple[TargetEntry, ...] = Field(strict=False)


def _version(value: object) -> object:
    """YAML's `true` and `1.0` equal 1 in Python."""
    return value if type(value) is int else str(value)


class SpecModel(StrictModel):
    """A whole spec."""

    version: Annotated[Literal[1], BeforeValidator(_version)]
    registries: tuple[RegistryEntry, ...] = Field(strict=False)
