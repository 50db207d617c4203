"""The inputs of the action `update-issue`: the result of a run, as its job output it.

The fields are the inputs of .github/actions/update-issue/action.yml, which a test compares.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from codespaces_registry_secrets.errors import (
    NO_REPOSITORY,
    ConfigError,
    InvalidConfigError,
    input_location,
)
from codespaces_registry_secrets.inputs import parsers
from codespaces_registry_secrets.inputs.action_inputs import config_errors
from codespaces_registry_secrets.model.fields import DURATION_FORMAT, parse_duration
from codespaces_registry_secrets.model.registries import GITHUB_API_URL


def _parse_count(text: str) -> int | None:
    return int(text) if re.fullmatch("[0-9]{1,9}", text) else None


def _parse_time(text: str) -> datetime | None:
    """An ISO 8601 time with its offset, such as the output `next-expiry`."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else None


_Count = Annotated[
    int | None, parsers.parse_with(_parse_count, "a number, such as the output of the Action")
]


class IssueInputs(BaseModel):
    """The inputs. A count is None if the run ended before it had outputs.

    Source: "Contexts reference", `needs.<job_id>.result`, docs.github.com.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    spec_file: str = Field(".github/codespaces-registries.yml", alias="INPUT_SPEC-FILE")
    result: Annotated[
        Literal["success", "failure", "cancelled", "skipped"] | None, parsers.ANY_CASE
    ] = Field(None, alias="INPUT_RESULT")
    blocked: _Count = Field(None, alias="INPUT_BLOCKED")
    failed: _Count = Field(None, alias="INPUT_FAILED")
    next_expiry: Annotated[
        datetime | None, parsers.parse_with(_parse_time, "a time such as `2026-01-31T09:30:00Z`")
    ] = Field(None, alias="INPUT_NEXT-EXPIRY")
    expiry_warning: Annotated[timedelta, parsers.parse_with(parse_duration, DURATION_FORMAT)] = (
        Field(timedelta(days=14), alias="INPUT_EXPIRY-WARNING")
    )
    github_token: Annotated[SecretStr, AfterValidator(parsers.check_token)] | None = Field(
        None, alias="INPUT_GITHUB-TOKEN"
    )
    api_url: Annotated[str, parsers.API_URL] = Field(GITHUB_API_URL, alias="INPUT_API-URL")
    repository: str = Field("", alias="GITHUB_REPOSITORY")
    server_url: str = Field("https://github.com", alias="GITHUB_SERVER_URL")
    run_id: str = Field("", alias="GITHUB_RUN_ID")

    @property
    def run_url(self) -> str:
        """The page of the run."""
        return f"{self.server_url}/{self.repository}/actions/runs/{self.run_id}"


def issue_token(environ: Mapping[str, str]) -> SecretStr | None:
    """The input `github-token`, valid or not, to be masked before anything is logged."""
    value = environ.get("INPUT_GITHUB-TOKEN", "").strip()
    return SecretStr(value) if value else None


def read_issue_inputs(environ: Mapping[str, str]) -> IssueInputs:
    """Read and validate the inputs of the step.

    Raises:
        InvalidConfigError: with every invalid and every missing input.
    """
    stripped = {name: value.strip() for name, value in environ.items()}
    variables = {name: value for name, value in stripped.items() if value}
    errors = list(_missing(variables))
    try:
        inputs = IssueInputs.model_validate(variables)
    except ValidationError as error:
        raise InvalidConfigError([*errors, *config_errors(error)]) from None
    if errors:
        raise InvalidConfigError(errors)
    return inputs


def _missing(variables: Mapping[str, str]) -> list[ConfigError]:
    required = {
        "result": "required: the result of the job that ran the Action, `needs.JOB.result`",
        "github-token": "required: a token with `issues: write`, such as `GITHUB_TOKEN`",
    }
    errors = [
        ConfigError(input_location(name), message)
        for name, message in required.items()
        if f"INPUT_{name.upper()}" not in variables
    ]
    if "GITHUB_REPOSITORY" not in variables:
        errors.append(ConfigError(input_location("github-token"), NO_REPOSITORY))
    return errors
