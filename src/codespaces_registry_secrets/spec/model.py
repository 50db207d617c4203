"""The shape of a spec: what each key alone must be. What keys mean together stands in `rules`."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag
from pydantic_core import PydanticCustomError

from codespaces_registry_secrets import values
from codespaces_registry_secrets.durations import FORM, duration
from codespaces_registry_secrets.model.registries import IMAGE
from codespaces_registry_secrets.spec.registries import KINDS, server_fault
from codespaces_registry_secrets.targets import ME, Visibility
from codespaces_registry_secrets.triplet import Part, secret_name
from codespaces_registry_secrets.workspace import IN_GIT, in_git

Rotation = Literal["changed", "always", "missing"]

_ACCOUNT = r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}"
_NO_DOTS = r"(?!\.{1,2}$)"  # which a URL takes for a folder
_GLOB = r"[A-Za-z0-9._*?\[\]!-]{1,100}"


def _fault(message: str) -> PydanticCustomError:
    """A fault whose message is whole: pydantic would fill in `{…}` of a plain template."""
    return PydanticCustomError("spec", "{message}", {"message": message})


def _id(value: object) -> object:
    """An id whose three secret names GitHub accepts ("Naming your secrets", docs.github.com)."""
    if not isinstance(value, str):
        return value
    upper = value.upper()
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
        message = (
            "an id has letters, digits and `_` only, starts with no digit and not with GITHUB_"
        )
        raise _fault(message)
    name = secret_name(upper, Part.SERVER)
    if name.startswith("GITHUB_"):
        message = f"choose another id: GitHub refuses secrets named GITHUB_…, such as {name}"
        raise _fault(message)
    return upper


def _kind(value: object) -> object:
    if isinstance(value, str) and value not in KINDS:
        kinds = ", ".join(KINDS)
        raise _fault(f"not a registry kind; one of {kinds}, or give `server`")
    return value


def _server(value: object) -> object:
    message = server_fault(value) if isinstance(value, str) else None
    if message:
        raise _fault(message)
    return value


def _matching(pattern: str | re.Pattern[str], message: str) -> BeforeValidator:
    def check(value: object) -> object:
        if isinstance(value, str) and not re.fullmatch(pattern, value):
            raise _fault(message)
        return value

    return BeforeValidator(check)


def _pattern(value: object) -> object:
    """A repository name or a glob over them; the owner may stand before it."""
    if isinstance(value, str):
        if value.count("[") != value.count("]"):
            raise _fault("bad glob: a `[` and its `]` come in pairs")
        if not re.fullmatch(rf"({_ACCOUNT}/)?{_NO_DOTS}{_GLOB}", value):
            raise _fault(
                "bad glob: a repository has letters, digits, `.`, `_`, `-`; a glob `*`, `?`, `[…]`"
            )
    return value


def _duration(value: object) -> object:
    if not isinstance(value, str):
        return value
    span = duration(value)
    if not span:
        raise _fault(f"must be {FORM}")
    return span


def _moment(value: object) -> object:
    """A date is the moment that it begins, in UTC, as is a time without a zone."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise _fault("must be a date such as 2027-01-31") from None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    if isinstance(value, datetime):
        try:
            return value.replace(tzinfo=value.tzinfo or UTC).astimezone(UTC)
        except OverflowError:
            raise _fault("must be a date such as 2027-01-31") from None
    return value


def _no_literal(value: object) -> object:
    if not isinstance(value, dict):
        message = (
            "a password never stands in a spec; write where it is, such as {env: ACR_PASSWORD}"
        )
        raise _fault(message)
    return value


class _Model(BaseModel):
    """Frozen, and an unknown key is a fault. Numbers and booleans never pass as text."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, hide_input_in_errors=True, validate_default=False
    )


def _variable(value: object) -> object:
    if isinstance(value, str) and values.is_reserved(value):
        raise _fault(values.RESERVED)
    return value


def _file(value: object) -> object:
    if value == "":
        raise _fault("is empty; write the path of a file in the workspace")
    if isinstance(value, str) and in_git(PurePosixPath(value)):
        raise _fault(IN_GIT)
    return value


_Variable = Annotated[
    str | None,
    _matching("[A-Za-z_][A-Za-z0-9_]*", "not the name of an environment variable"),
    BeforeValidator(_variable),
]


class Source(_Model):
    """Where a value comes from: exactly one of `env`, `secret`, `file`, `input`.

    `secret` is a variable too, whose value has the age of the Actions secret of the same name.
    """

    env: _Variable = None
    secret: _Variable = None
    file: Annotated[str | None, BeforeValidator(_file)] = None
    input: Literal["username", "password"] | None = None
    trim: bool = True
    encoding: Literal["base64"] | None = None

    @property
    def label(self) -> str:
        """`env:NAME`, `secret:NAME`, `file:PATH` or `input:NAME`: where the value is, never it."""
        named = {"env": self.env, "secret": self.secret, "file": self.file, "input": self.input}
        return next(f"{kind}:{name}" for kind, name in named.items() if name is not None)


class RotationPolicy(_Model):
    """When a credential that is stored is written again."""

    when: Rotation = "changed"
    max_age: Annotated[timedelta | None, BeforeValidator(_duration)] = Field(
        default=None, alias="max-age"
    )


def _when(value: object) -> object:
    return {"when": value} if isinstance(value, str) else value


def _form(value: object) -> str:
    return "literal" if isinstance(value, str | int | float) else "source"


Id = Annotated[str, BeforeValidator(_id)]
Kind = Annotated[str, BeforeValidator(_kind)]
Server = Annotated[str, BeforeValidator(_server)]
Username = Annotated[
    Annotated[str, Tag("literal")] | Annotated[Source, Tag("source")], Discriminator(_form)
]
Password = Annotated[Source, BeforeValidator(_no_literal)]
Pattern = Annotated[str, BeforeValidator(_pattern)]
Image = Annotated[
    str, _matching(IMAGE, "write an image without its server, such as team/devbox:latest")
]


def _one_or_more(value: object) -> object:
    return [value] if isinstance(value, str) else value


PropertyValues = Annotated[
    tuple[str, ...], BeforeValidator(_one_or_more), Field(strict=False, min_length=1)
]


class Repositories(_Model):
    """Which repositories; a plain list is `include` in `exact` mode."""

    mode: Literal["exact", "ensure", "remove"] = "exact"
    include: tuple[Pattern, ...] = Field(default=(), strict=False)
    topics: tuple[str, ...] = Field(default=(), strict=False)
    properties: dict[str, PropertyValues] = Field(default_factory=dict)
    exclude: tuple[Pattern, ...] = Field(default=(), strict=False)
    archived: bool = False


def _long_form(value: object) -> object:
    return {"include": value} if isinstance(value, list) else value


class TargetEntry(_Model):
    """One target: exactly one of `organization`, `repository`, `user`."""

    organization: Annotated[str | None, _matching(_ACCOUNT, "not the login of an organization")] = (
        None
    )
    repository: Annotated[
        str | None,
        _matching(
            rf"{_ACCOUNT}/{_NO_DOTS}{_GLOB}", "write a repository as owner/name, or a glob of names"
        ),
    ] = None
    user: Annotated[str | None, _matching(f"{_ACCOUNT}|{ME}", f"not a login, nor `{ME}`")] = None
    visibility: Visibility | None = None
    repositories: Annotated[Repositories | None, BeforeValidator(_long_form)] = None


class RegistryEntry(_Model):
    """One registry and its targets, `defaults` merged in."""

    id: Id
    registry: Kind | None = None
    server: Server | None = None
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


class SpecModel(_Model):
    """A whole spec."""

    version: Annotated[Literal[1], BeforeValidator(_version)]
    registries: tuple[RegistryEntry, ...] = Field(strict=False)
