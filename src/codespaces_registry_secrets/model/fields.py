"""Validated fields that inputs and spec share: ids, servers, sources, rotation, durations."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import PurePath, PurePosixPath
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from codespaces_registry_secrets.model.registries import KINDS, server_error
from codespaces_registry_secrets.model.triplet import Part, secret_name

_UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}
DURATION_FORM = "a duration such as `14d`, `36h` or `30m`"

CredentialKey = Literal["username", "password"]
RotateWhen = Literal["changed", "always", "missing"]

_RESERVED = ("INPUT_", "ACTIONS_", "GITHUB_", "RUNNER_")
RESERVED_NAME = (
    "names that start with INPUT_, ACTIONS_, GITHUB_ or RUNNER_ belong to the runner and to this "
    "Action; pass the value under another name"
)


IN_GIT = "is in a .git folder, where a checkout can keep its token; no file there is read"


def is_reserved(name: str) -> bool:
    """Whether the runner or this Action itself may keep something in the variable `name`.

    A spec also names the server that a value is sent to. It must not choose the token of the step,
    which is INPUT_TOKEN, or the runner's ACTIONS_RUNTIME_TOKEN.
    """
    return name.upper().startswith(_RESERVED)


def in_git(path: PurePath) -> bool:
    """Whether a path leads through `.git`, which is a file in a worktree."""
    return ".git" in map(str.lower, path.parts)


def parse_duration(text: str) -> timedelta | None:
    """The duration that `text` is, or None where it is none."""
    match = re.fullmatch(r"([0-9]{1,6})([dhm])", text.lower())
    return int(match[1]) * _UNITS[match[2]] if match else None


def format_duration(span: timedelta) -> str:
    """A duration in the largest unit that fits it; seconds are left out."""
    for unit, length in _UNITS.items():
        if abs(span) >= length:
            return f"{abs(span) // length}{unit}"
    return "less than a minute"


def field_error(message: str) -> PydanticCustomError:
    """A fault whose message is whole: pydantic would fill in `{…}` of a plain template."""
    return PydanticCustomError("spec", "{message}", {"message": message})


def pattern_validator(pattern: str | re.Pattern[str], message: str) -> BeforeValidator:
    """A text that `pattern` matches whole."""

    def check(value: object) -> object:
        if isinstance(value, str) and not re.fullmatch(pattern, value):
            raise field_error(message)
        return value

    return BeforeValidator(check)


def _duration(value: object) -> object:
    if not isinstance(value, str):
        return value
    span = parse_duration(value)
    if not span:
        raise field_error(f"must be {DURATION_FORM}")
    return span


def _id(value: object) -> object:
    """An id whose three secret names GitHub accepts ("Naming your secrets", docs.github.com)."""
    if not isinstance(value, str):
        return value
    upper = value.upper()
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
        message = (
            "an id has letters, digits and `_` only, starts with no digit and not with GITHUB_"
        )
        raise field_error(message)
    name = secret_name(upper, Part.SERVER)
    if name.startswith("GITHUB_"):
        message = f"choose another id: GitHub refuses secrets named GITHUB_…, such as {name}"
        raise field_error(message)
    return upper


def _kind(value: object) -> object:
    if isinstance(value, str) and value not in KINDS:
        kinds = ", ".join(KINDS)
        raise field_error(f"not a registry kind; one of {kinds}, or give `server`")
    return value


def _server(value: object) -> object:
    message = server_error(value) if isinstance(value, str) else None
    if message:
        raise field_error(message)
    return value


RegistryId = Annotated[str, BeforeValidator(_id)]
KindName = Annotated[str, BeforeValidator(_kind)]
ServerName = Annotated[str, BeforeValidator(_server)]


class StrictModel(BaseModel):
    """Frozen, and an unknown key is a fault. Numbers and booleans never pass as text."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, hide_input_in_errors=True, validate_default=False
    )


def _variable(value: object) -> object:
    if isinstance(value, str) and is_reserved(value):
        raise field_error(RESERVED_NAME)
    return value


def _file(value: object) -> object:
    if value == "":
        raise field_error("is empty; write the path of a file in the workspace")
    if isinstance(value, str) and in_git(PurePosixPath(value)):
        raise field_error(IN_GIT)
    return value


_Variable = Annotated[
    str | None,
    pattern_validator("[A-Za-z_][A-Za-z0-9_]*", "not the name of an environment variable"),
    BeforeValidator(_variable),
]


class Source(StrictModel):
    """Where a value comes from: exactly one of `env`, `secret`, `file`, `input`.

    `secret` is a variable too, whose value has the age of the Actions secret of the same name.
    """

    env: _Variable = None
    secret: _Variable = None
    file: Annotated[str | None, BeforeValidator(_file)] = None
    input: CredentialKey | None = None
    trim: bool = True
    encoding: Literal["base64"] | None = None

    @property
    def label(self) -> str:
        """`env:NAME`, `secret:NAME`, `file:PATH` or `input:NAME`: where the value is, never it."""
        named = {"env": self.env, "secret": self.secret, "file": self.file, "input": self.input}
        return next(f"{kind}:{name}" for kind, name in named.items() if name is not None)


class RotationPolicy(StrictModel):
    """When a credential that is stored is written again."""

    when: RotateWhen = "changed"
    max_age: Annotated[timedelta | None, BeforeValidator(_duration)] = Field(
        default=None, alias="max-age"
    )
