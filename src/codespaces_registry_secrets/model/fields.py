"""Validated fields that inputs and spec share: ids, servers, sources, rotation, durations."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import PurePath, PurePosixPath
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from codespaces_registry_secrets.model.registries import KINDS, server_error
from codespaces_registry_secrets.model.triplet import Part, secret_name


class StrictModel(BaseModel):
    """A frozen model that rejects unknown keys, and numbers and booleans where text belongs."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, hide_input_in_errors=True, validate_default=False
    )


def field_error(message: str) -> PydanticCustomError:
    """A validation error with exactly this message.

    It is passed as a value because pydantic would replace `{…}` in a template.
    """
    return PydanticCustomError("spec", "{message}", {"message": message})


def pattern_validator(pattern: str | re.Pattern[str], message: str) -> BeforeValidator:
    """A validator that rejects text unless `pattern` matches all of it."""

    def check(value: object) -> object:
        if isinstance(value, str) and not re.fullmatch(pattern, value):
            raise field_error(message)
        return value

    return BeforeValidator(check)


def _validate_id(value: object) -> object:
    """An id in upper case; the secret names that it makes follow GitHub's rules.

    Source: "Naming your secrets", docs.github.com.
    """
    if not isinstance(value, str):
        return value
    upper = value.upper()
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
        raise field_error("an id has only letters, digits and `_`, and does not start with a digit")
    name = secret_name(upper, Part.SERVER)
    if name.startswith("GITHUB_"):
        message = f"choose another id: GitHub rejects secrets named GITHUB_…, such as {name}"
        raise field_error(message)
    return upper


def _validate_kind(value: object) -> object:
    if isinstance(value, str) and value not in KINDS:
        kinds = ", ".join(KINDS)
        raise field_error(f"unknown registry kind; use one of {kinds}, or set `server` instead")
    return value


def _validate_server(value: object) -> object:
    message = server_error(value) if isinstance(value, str) else None
    if message:
        raise field_error(message)
    return value


RegistryId = Annotated[str, BeforeValidator(_validate_id)]
KindName = Annotated[str, BeforeValidator(_validate_kind)]
ServerName = Annotated[str, BeforeValidator(_validate_server)]

CredentialKey = Literal["username", "password"]

_RESERVED = ("INPUT_", "ACTIONS_", "GITHUB_", "RUNNER_")
RESERVED_NAME = (
    "names that start with INPUT_, ACTIONS_, GITHUB_ or RUNNER_ are reserved for the runner and "
    "this Action; pass the value under another name"
)
IN_GIT = "is in a .git folder, which can hold the token of a checkout; files there are never read"


def is_reserved(name: str) -> bool:
    """Whether a source must not read the variable `name`.

    A spec also names the server that a value is sent to. Without this rule it could send away the
    token of the step (INPUT_TOKEN) or of the runner (ACTIONS_RUNTIME_TOKEN).
    """
    return name.upper().startswith(_RESERVED)


def in_git(path: PurePath) -> bool:
    """Whether a path contains `.git`, which is a folder in a checkout and a file in a worktree."""
    return ".git" in map(str.lower, path.parts)


def _validate_variable(value: object) -> object:
    if isinstance(value, str) and is_reserved(value):
        raise field_error(RESERVED_NAME)
    return value


def _validate_file(value: object) -> object:
    if value == "":
        raise field_error("is empty; set the path of a file in the workspace")
    if isinstance(value, str) and in_git(PurePosixPath(value)):
        raise field_error(IN_GIT)
    return value


_Variable = Annotated[
    str | None,
    pattern_validator("[A-Za-z_][A-Za-z0-9_]*", "must be the name of an environment variable"),
    BeforeValidator(_validate_variable),
]


class Source(StrictModel):
    """Where a secret value comes from: exactly one of `env`, `secret`, `file` and `input` is set.

    `env` names an environment variable. `secret` does too, and the value has the age of the Actions
    secret of the same name. `file` is a path in the workspace. `input` is an input of the step.
    `trim` removes one newline at the end of the value. `encoding` says how the value is encoded.
    """

    env: _Variable = None
    secret: _Variable = None
    file: Annotated[str | None, BeforeValidator(_validate_file)] = None
    input: CredentialKey | None = None
    trim: bool = True
    encoding: Literal["base64"] | None = None

    @property
    def label(self) -> str:
        """`env:NAME`, `secret:NAME`, `file:PATH` or `input:NAME`, for logs and outputs."""
        names = {"env": self.env, "secret": self.secret, "file": self.file, "input": self.input}
        return next(f"{kind}:{name}" for kind, name in names.items() if name is not None)


_UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}
DURATION_FORMAT = "a duration such as `14d`, `36h` or `30m`"


def parse_duration(text: str) -> timedelta | None:
    """Parse a duration such as `14d`; None if the text is not a duration."""
    match = re.fullmatch(r"([0-9]{1,6})([dhm])", text.lower())
    return int(match[1]) * _UNITS[match[2]] if match else None


def format_duration(span: timedelta) -> str:
    """Format a duration in the largest unit that fits: `14d`, `36h` is `1d`. Seconds are cut."""
    for unit, length in _UNITS.items():
        if abs(span) >= length:
            return f"{abs(span) // length}{unit}"
    return "less than a minute"


def format_time(time: datetime) -> str:
    """Format a time for messages: `2026-01-31 09:30 UTC`. `time` must be in UTC."""
    return time.strftime("%Y-%m-%d %H:%M UTC")


def validate_duration(value: object) -> object:
    """The duration that a text describes; other types are an error of the schema."""
    if not isinstance(value, str):
        return value
    span = parse_duration(value)
    if not span:
        raise field_error(f"must be {DURATION_FORMAT}")
    return span


RotateWhen = Literal["changed", "always", "missing"]


class RotationPolicy(StrictModel):
    """When to write a stored credential again.

    `when`: if a source changed, in every run, or never. `max_age`: also if the stored
    password is older than this, with `missing` also another secret of the triplet.
    """

    when: RotateWhen = "changed"
    max_age: Annotated[timedelta | None, BeforeValidator(validate_duration)] = Field(
        default=None, alias="max-age"
    )
