"""Read the inputs of the step from the runner's environment, and report every error at once.

The fields are the inputs of action.yml; a test compares the two. The runner passes the input
`spec-file` as `INPUT_SPEC-FILE`, and as an empty string if it is not set and has no default.
Source: "Metadata syntax for GitHub Actions", docs.github.com.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
)
from pydantic_core import ErrorDetails

from codespaces_registry_secrets.errors import (
    NO_REPOSITORY,
    ConfigError,
    InvalidConfigError,
    input_location,
)
from codespaces_registry_secrets.inputs import parsers
from codespaces_registry_secrets.model.allowlist import Allowlist
from codespaces_registry_secrets.model.fields import (
    DURATION_FORMAT,
    RESERVED_NAME,
    KindName,
    RegistryId,
    RotateWhen,
    ServerName,
    is_reserved,
    parse_duration,
)
from codespaces_registry_secrets.model.plan import Note
from codespaces_registry_secrets.model.registries import GITHUB_API_URL
from codespaces_registry_secrets.model.targets import SHARD_FORMAT, Shard, Visibility, parse_shard

Mode = Literal["plan", "check", "apply"]
Verify = Literal["required", "auto", "off"]

# The inputs that describe one registry and one target without YAML.
SHORTHAND = ("id", "registry", "server", "target", "visibility", "repositories")

# The inputs that `comment` depends on.
COMMENT = ("comment", "github_token", "api_url", "spec", "spec_file", "id")


def _variable(field: str) -> str:
    return f"INPUT_{field.upper().replace('_', '-')}"


class Inputs(BaseModel):
    """The inputs of the step. `Sources` reads `username` and `password` when they are needed."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        alias_generator=_variable,
        hide_input_in_errors=True,
    )

    token: Annotated[SecretStr, AfterValidator(parsers.check_token)] | None = None
    app_id: Annotated[str, BeforeValidator(parsers.check_app_id)] | None = None
    app_private_key: Annotated[SecretStr, AfterValidator(parsers.check_private_key)] | None = None
    spec: str | None = Field(default=None, repr=False)
    spec_file: str = ".github/codespaces-registries.yml"
    mode: Annotated[Mode, parsers.ANY_CASE] = "apply"
    rotate: Annotated[RotateWhen | None, parsers.ANY_CASE] = None
    only: Annotated[frozenset[str], BeforeValidator(parsers.parse_ids)] = frozenset()
    verify: Annotated[Verify, parsers.ANY_CASE] = "auto"
    expiry_warning: Annotated[timedelta, parsers.parse_with(parse_duration, DURATION_FORMAT)] = (
        timedelta(days=14)
    )
    prune: Annotated[bool, BeforeValidator(parsers.parse_boolean)] = False
    removal_limit: Annotated[float, BeforeValidator(parsers.parse_share)] = 0.3
    writes_per_minute: Annotated[int, BeforeValidator(parsers.parse_positive)] = 60
    state: Annotated[str | None, BeforeValidator(parsers.parse_variable)] = None
    shard: Annotated[Shard | None, parsers.parse_with(parse_shard, SHARD_FORMAT)] = None
    expect_digest: Annotated[
        str | None, parsers.parse_with(parsers.parse_digest, parsers.DIGEST_FORMAT)
    ] = None
    credentials: Annotated[
        Mapping[str, SecretStr],
        parsers.parse_with(parsers.parse_credentials_json, parsers.CREDENTIALS_FORMAT),
    ] = Field(default={}, repr=False)
    allowed_servers: Annotated[
        tuple[str, ...],
        BeforeValidator(parsers.parse_patterns),
        AfterValidator(parsers.check_servers),
    ] = ()
    allowed_owners: Annotated[
        tuple[str, ...],
        BeforeValidator(parsers.parse_patterns),
        AfterValidator(parsers.check_owners),
    ] = ()
    comment: Annotated[bool, BeforeValidator(parsers.parse_boolean)] = False
    github_token: Annotated[SecretStr, AfterValidator(parsers.check_token)] | None = None
    api_url: Annotated[str, parsers.API_URL] = GITHUB_API_URL
    id: RegistryId | None = None
    registry: Annotated[KindName | None, parsers.ANY_CASE] = None
    server: ServerName | None = None
    target: Annotated[str | None, BeforeValidator(parsers.parse_target)] = None
    visibility: Annotated[Visibility | None, parsers.ANY_CASE] = None
    repositories: Annotated[tuple[str, ...] | None, BeforeValidator(parsers.parse_repositories)] = (
        None
    )

    workspace: Path = Field(default=Path(), alias="GITHUB_WORKSPACE")
    repository: str | None = Field(default=None, alias="GITHUB_REPOSITORY")
    event: str = Field(default="", alias="GITHUB_EVENT_NAME")
    event_path: Path | None = Field(default=None, alias="GITHUB_EVENT_PATH")
    workflow_ref: str = Field(default="", alias="GITHUB_WORKFLOW_REF")
    workflow: str = Field(default="", alias="GITHUB_WORKFLOW")
    job: str = Field(default="", alias="GITHUB_JOB")
    ecr_endpoint: str = Field(default="", alias="AWS_ENDPOINT_URL_ECR")

    @property
    def allowed(self) -> Allowlist:
        """The servers and owners that the spec can name."""
        return Allowlist(self.allowed_servers, self.allowed_owners)

    @property
    def unmanaged(self) -> Literal["listed", "pruned", "ignored"]:
        """What to do with triplets that the spec does not name.

        With `only` or the shorthand they are ignored: a part of a spec does not name the others.
        """
        if self.only or self.shorthand:
            return "ignored"
        return "pruned" if self.prune else "listed"

    @property
    def plans_shards(self) -> bool:
        """Whether the run outputs the shards that apply its plan. A shard has no shards itself."""
        return self.mode == "plan" and (self.shard is None or self.shard.of == 1)

    @property
    def shorthand(self) -> Mapping[str, object]:
        """The shorthand inputs that are set; empty if the spec is YAML."""
        values = {name: getattr(self, name) for name in SHORTHAND}
        return {name: value for name, value in values.items() if value is not None}


def secret_inputs(environ: Mapping[str, str]) -> Iterator[SecretStr]:
    """The secret inputs, valid or not, to be masked before anything is logged.

    Each value in `credentials` is masked separately too: JSON can spell it with escapes.
    """
    for name in ("token", "github_token", "app_private_key", "password", "credentials"):
        value = environ.get(_variable(name), "").strip()
        if value:
            yield SecretStr(value)
    credentials = parsers.parse_credentials_json(environ.get(_variable("credentials"), "")) or {}
    yield from (value for value in credentials.values() if value.get_secret_value())


def read_inputs(environ: Mapping[str, str]) -> Inputs:
    """Read and validate the inputs of the step.

    Raises:
        InvalidConfigError: with every invalid and every contradictory input.
    """
    # Strip each input except `spec`: error messages count the lines of its YAML.
    stripped = {name: value.strip() for name, value in environ.items()}
    variables = {name: value for name, value in stripped.items() if value}
    variables |= {name: environ[name] for name in variables if name == _variable("spec")}
    errors = [*_contradictions(variables), *_invalid_credential_names(variables)]
    try:
        inputs = Inputs.model_validate(variables)
    except ValidationError as error:
        errors += config_errors(error)
        raise InvalidConfigError(errors) from None
    if errors:
        raise InvalidConfigError(errors)
    return inputs


def read_comment_inputs(environ: Mapping[str, str]) -> Inputs | None:
    """The inputs that `comment` needs, even if others are invalid; None if one of these is."""
    names = {_variable(name) for name in COMMENT}
    variables = {
        name: value.strip()
        for name, value in environ.items()
        if value.strip() and (name in names or not name.startswith("INPUT_"))
    }
    try:
        return Inputs.model_validate(variables)
    except ValidationError:
        return None


def input_notes(inputs: Inputs) -> Iterator[Note]:
    """Warnings about inputs that are valid but risky."""
    is_pull_request = inputs.event.startswith("pull_request")
    if is_pull_request and inputs.verify != "off" and not inputs.allowed_servers:
        message = (
            "the author of this pull request can change which servers receive the credentials; "
            "list the registry servers in `allowed-servers`, or set `verify` to `off`"
        )
        yield Note("warning", message, input_location("allowed-servers"))


def _contradictions(variables: Mapping[str, str]) -> Iterator[ConfigError]:
    """Inputs that exclude or require each other."""
    has = {name: _variable(name) in variables for name in Inputs.model_fields}
    yield from _authentication_errors(has)
    if has["state"] and not variables.get("GITHUB_REPOSITORY"):
        yield _input_error("state", NO_REPOSITORY)
    shorthand = [name for name in SHORTHAND if has[name]]
    if shorthand and not has["id"]:
        yield _input_error("id", f"required when {_listed(shorthand)} is set")
    if has["registry"] and has["server"]:
        yield _input_error("server", "`registry` and `server` are mutually exclusive")
    if has["shard"] and variables.get(_variable("comment"), "").lower() == "true":
        message = "`comment` and `shard` are mutually exclusive: a shard plans only a part"
        yield _input_error("comment", message)
    prune = variables.get(_variable("prune"), "").lower() == "true"
    for name in ("only", "id"):
        if prune and has[name]:
            message = f"`prune` and `{name}` are mutually exclusive: `prune` needs the whole spec"
            yield _input_error("prune", message)
    default = Inputs.model_fields["spec_file"].default
    has_spec_file = variables.get(_variable("spec_file"), default) != default
    if has_spec_file and (has["id"] or has["spec"]):
        other = "spec" if has["spec"] else "id"
        yield _input_error("spec-file", f"`spec-file` and `{other}` are mutually exclusive")
    if shorthand and has["spec"]:
        message = f"`spec` and the shorthand ({_listed(shorthand)}) are mutually exclusive"
        yield _input_error("spec", message)


def _authentication_errors(has: Mapping[str, bool]) -> Iterator[ConfigError]:
    if has["token"] and (has["app_id"] or has["app_private_key"]):
        message = "`token` and `app-id`, `app-private-key` are mutually exclusive"
        yield _input_error("token", message)
    elif has["app_id"] != has["app_private_key"]:
        names = ("app-id", "app-private-key")
        missing, present = names if has["app_private_key"] else reversed(names)
        yield _input_error(missing, f"required when `{present}` is set")
    elif not has["token"] and not has["app_id"]:
        message = (
            "required, unless `app-id` and `app-private-key` are set: a personal access token that "
            "can manage Codespaces secrets; GITHUB_TOKEN never can"
        )
        yield _input_error("token", message)


def _invalid_credential_names(variables: Mapping[str, str]) -> Iterator[ConfigError]:
    """Names in `credentials` that are reserved, or that the environment sets too."""
    for name in parsers.parse_credentials_json(variables.get(_variable("credentials"), "")) or {}:
        if is_reserved(name):
            yield _input_error("credentials", f"{name}: {RESERVED_NAME}")
        elif name in variables:
            message = f"{name} is also an environment variable of the step; remove one of them"
            yield _input_error("credentials", message)


def config_errors(error: ValidationError) -> Iterator[ConfigError]:
    """The errors in inputs that pydantic found."""
    return map(_config_error, error.errors(include_url=False, include_input=False))


def _config_error(detail: ErrorDetails) -> ConfigError:
    name = str(detail["loc"][0]).removeprefix("INPUT_").lower()
    if detail["type"] == "literal_error":
        expected = str(detail["ctx"]["expected"]).replace("'", "`")
        return _input_error(name, f"must be {expected}")
    return _input_error(name, detail["msg"])


def _input_error(name: str, message: str) -> ConfigError:
    return ConfigError(input_location(name), message)


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
